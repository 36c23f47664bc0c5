//! The whole screen from the state: it reads and draws, and changes nothing.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Position, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Text};
use ratatui::widgets::{Block, BorderType, Borders, Clear, Paragraph, Widget as _, Wrap};

use crate::app::consent;
use crate::app::footer::{self, Footer};
use crate::app::keys;
use crate::app::slide::DemoArea;
use crate::app::state::{App, Overlay, Stand};
use crate::stage::{self, Closed, Look};
use crate::text;

impl App {
    /// Draws the talk into `buffer`.
    pub fn view(&self, buffer: &mut Buffer) {
        let area = self.area.intersection(buffer.area);
        if area.is_empty() {
            return;
        }
        buffer.set_style(buffer.area, self.theme.base());
        self.sheet.view(self.progress, buffer);
        for (index, (stand, place)) in self.stands.iter().zip(self.sheet.demos(self.progress)).enumerate() {
            if let Some(place) = place {
                self.view_demo(stand, place, self.focus == Some(index), buffer);
            }
        }
        self.view_footer(area, buffer);
        match self.overlay {
            Some(Overlay::Help) => self.view_help(area, buffer),
            Some(Overlay::Notes) => self.view_notes(area, buffer),
            None => {}
        }
        self.show.depth.apply(buffer);
    }

    /// A demo that is scrolled half out of sight is drawn whole beside the screen, then copied.
    fn view_demo(&self, stand: &Stand, place: DemoArea, focused: bool, buffer: &mut Buffer) {
        let look = Look { theme: self.theme, focused };
        let whole = Rect { height: place.whole, ..place.area };
        if place.hidden == 0 && place.area.height == place.whole {
            return view_stand(stand, whole, buffer, &look);
        }
        let mut beside = Buffer::empty(whole);
        beside.set_style(whole, self.theme.base());
        view_stand(stand, whole, &mut beside, &look);
        for y in 0..place.area.height {
            for x in place.area.left()..place.area.right() {
                buffer[(x, place.area.y + y)] = beside[(x, whole.y + place.hidden + y)].clone();
            }
        }
    }

    fn view_footer(&self, area: Rect, buffer: &mut Buffer) {
        let last = Rect { y: area.bottom() - 1, height: 1, ..area };
        let steps = self.slide().steps();
        let footer = Footer {
            section: self.slide().section.as_deref(),
            slide: self.at + 1,
            slides: self.show.deck.slides.len(),
            step: (self.progress.step + 1, steps),
            minutes: self.minutes,
            keys: self.keys(),
            lamps: &self.lamps,
            alone: self.show.alone,
        };
        footer.view(last, buffer, self.theme);
        if let Some(told) = self.show.notice.clone().or_else(|| self.sheet.more(self.progress))
            && area.height > 1
        {
            let row = Rect { y: area.bottom() - 2, height: 1, width: area.width.saturating_sub(2), ..area };
            footer::more(&told, row, buffer, self.theme);
        }
    }

    fn view_help(&self, area: Rect, buffer: &mut Buffer) {
        let mut hints = keys::hints();
        for live in self.stands.iter().flatten() {
            if usize::from(area.height) > hints.len() + live.keys().len() + 6 {
                hints.push(stage::Hint { keys: "", about: "" });
                hints.push(stage::Hint { keys: "", about: "while the demo has the keys:" });
                hints.extend(live.keys());
            }
        }
        stage::keys("Keys", &hints, area, buffer, self.theme);
    }

    fn view_notes(&self, area: Rect, buffer: &mut Buffer) {
        let theme = self.theme;
        let notes = self.slide().notes.join("\n\n");
        let told = if notes.is_empty() { "this slide has no speaker note".to_owned() } else { notes };
        let text: Text =
            told.lines().map(|line| Line::raw(text::sanitize(line.trim()).into_owned())).collect();
        let paragraph = Paragraph::new(text).wrap(Wrap { trim: true });
        let inner = area.width.saturating_sub(6).clamp(1, 100);
        let rows =
            told.lines().map(|line| text::width(line.trim()) / usize::from(inner) + 1).sum::<usize>() as u16;
        let height = (rows + 2).min(area.height * 2 / 3).max(3.min(area.height));
        let frame = area.centered_horizontally(Constraint::Length((inner + 4).min(area.width)));
        let frame = Rect { y: area.bottom().saturating_sub(height + 1), height, ..frame }.intersection(area);
        Clear.render(frame, buffer);
        let block = Block::new()
            .borders(Borders::ALL)
            .border_type(BorderType::Rounded)
            .border_style(Style::new().fg(theme.accent))
            .style(Style::new().fg(theme.text).bg(theme.panel))
            .title(Line::styled(" Speaker notes ", theme.heading()));
        let inside = block.inner(frame);
        block.render(frame, buffer);
        let inside = Rect { x: inside.x + 1, width: inside.width.saturating_sub(2), ..inside };
        paragraph.render(inside, buffer);
    }
}

fn view_stand(stand: &Stand, area: Rect, buffer: &mut Buffer, look: &Look) {
    match stand {
        Ok(live) => live.view(area, buffer, look),
        Err(Closed::Asks(effects)) => consent::draw(effects, area, buffer, look),
        Err(Closed::Complaints(complaints)) => {
            let inner = stage::panel("this demo cannot open", area, buffer, look);
            let style = Style::new().fg(look.theme.bad).add_modifier(Modifier::BOLD);
            for (row, complaint) in complaints.iter().enumerate() {
                let told = format!("line {}: {}", complaint.at.line, complaint.message);
                stage::line(
                    &Line::styled(text::sanitize(&told).into_owned(), style),
                    row as u16,
                    inner,
                    buffer,
                );
            }
            if buffer.area.contains(Position::new(inner.x, inner.y)) && complaints.is_empty() {
                stage::line(&Line::raw("no reason was given"), 0, inner, buffer);
            }
        }
    }
}
