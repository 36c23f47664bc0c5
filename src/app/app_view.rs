//! Draws the whole screen from the state, and changes nothing.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Position, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Text};
use ratatui::widgets::{Block, BorderType, Borders, Clear, Paragraph, Widget as _, Wrap};

use crate::app::consent_panel;
use crate::app::footer::{self, Footer};
use crate::app::key_bindings;
use crate::app::slide::DemoArea;
use crate::app::state::{App, DemoSlot, Overlay};
use crate::stage::{self, OpenRefusal, ViewContext};
use crate::text;

impl App {
    /// Draws the talk into `buffer`.
    pub fn view(&self, buffer: &mut Buffer) {
        let area = self.area.intersection(buffer.area);
        if area.is_empty() {
            return;
        }
        buffer.set_style(buffer.area, self.theme.base());
        self.layout.draw(self.progress, buffer);
        for (index, (slot, demo_area)) in
            self.slots.iter().zip(self.layout.demo_areas(self.progress)).enumerate()
        {
            if let Some(place) = demo_area {
                self.draw_demo(slot, place, self.focus == Some(index), buffer);
            }
        }
        self.draw_footer(area, buffer);
        match self.overlay {
            Some(Overlay::Help) => self.draw_help(area, buffer),
            Some(Overlay::Notes) => self.draw_notes(area, buffer),
            None => {}
        }
        // Last, so that views can use true colour whatever the terminal supports.
        self.config.color_depth.downgrade(&self.theme, buffer);
    }

    /// Draws a demo. One that is partly out of sight is drawn into a buffer of its own, and its
    /// visible rows are copied, so a demo never needs to know that it is scrolled.
    fn draw_demo(&self, slot: &DemoSlot, demo_area: DemoArea, focused: bool, buffer: &mut Buffer) {
        let context = ViewContext { theme: &self.theme, focused };
        let whole = Rect { height: demo_area.total_rows, ..demo_area.visible };
        if demo_area.hidden_rows == 0 && demo_area.visible.height == demo_area.total_rows {
            return draw_slot(slot, whole, buffer, &context);
        }
        let mut beside = Buffer::empty(whole);
        beside.set_style(whole, self.theme.base());
        draw_slot(slot, whole, &mut beside, &context);
        for y in 0..demo_area.visible.height {
            for x in demo_area.visible.left()..demo_area.visible.right() {
                buffer[(x, demo_area.visible.y + y)] =
                    beside[(x, whole.y + demo_area.hidden_rows + y)].clone();
            }
        }
    }

    fn draw_footer(&self, area: Rect, buffer: &mut Buffer) {
        let last = Rect { y: area.bottom() - 1, height: 1, ..area };
        let steps = self.slide().steps();
        let footer = Footer {
            section: self.slide().section.as_deref(),
            slide: self.slide_index + 1,
            slides: self.config.deck.slides.len(),
            step: (self.progress.step + 1, steps),
            minutes: self.elapsed_minutes,
            key_owner: self.key_owner(),
            servers: &self.servers,
            standalone: self.config.standalone.is_some(),
        };
        footer.draw(last, buffer, &self.theme);
        let error =
            self.reload_error.as_ref().map(|why| format!("showing the last version: {why}"));
        if let Some(hint) = error
            .or_else(|| self.notice.clone())
            .or_else(|| self.layout.overflow_hint(self.progress))
            && area.height > 1
        {
            let row = Rect {
                y: area.bottom() - 2,
                height: 1,
                width: area.width.saturating_sub(2),
                ..area
            };
            footer::draw_overflow_hint(&hint, row, buffer, &self.theme);
        }
    }

    fn draw_help(&self, area: Rect, buffer: &mut Buffer) {
        let mut hints = key_bindings::hints();
        for demo in self.slots.iter().flatten() {
            if usize::from(area.height) > hints.len() + demo.keys().len() + 6 {
                hints.push(stage::KeyHint { keys: "", about: "" });
                hints.push(stage::KeyHint { keys: "", about: "while the demo has the keyboard:" });
                hints.extend(demo.keys());
            }
        }
        stage::draw_key_table("Keys", &hints, area, buffer, &self.theme);
    }

    fn draw_notes(&self, area: Rect, buffer: &mut Buffer) {
        let theme = &self.theme;
        let notes = self.slide().notes.join("\n\n");
        let message =
            if notes.is_empty() { "this slide has no speaker note".to_owned() } else { notes };
        let text: Text = message
            .lines()
            .map(|line| Line::raw(text::sanitize(line.trim()).into_owned()))
            .collect();
        let paragraph = Paragraph::new(text).wrap(Wrap { trim: true });
        let inner = area.width.saturating_sub(6).clamp(1, 100);
        let rows = message
            .lines()
            .map(|line| text::width(line.trim()) / usize::from(inner) + 1)
            .sum::<usize>() as u16;
        let height = (rows + 2).min(area.height * 2 / 3).max(3.min(area.height));
        let frame = area.centered_horizontally(Constraint::Length((inner + 4).min(area.width)));
        let frame = Rect { y: area.bottom().saturating_sub(height + 1), height, ..frame }
            .intersection(area);
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

/// Draws the demo, or why it is not open.
fn draw_slot(slot: &DemoSlot, area: Rect, buffer: &mut Buffer, context: &ViewContext) {
    match slot {
        Ok(demo) => demo.view(area, buffer, context),
        Err(OpenRefusal::Asks(effects)) => {
            consent_panel::draw_consent(effects, area, buffer, context);
        }
        Err(OpenRefusal::Complaints(diagnostics)) => {
            let inner = stage::draw_panel("this demo cannot open", area, buffer, context);
            let style = Style::new().fg(context.theme.bad).add_modifier(Modifier::BOLD);
            for (row, diagnostic) in diagnostics.iter().enumerate() {
                let message = format!("line {}: {}", diagnostic.position.line, diagnostic.message);
                stage::draw_line(
                    &Line::styled(text::sanitize(&message).into_owned(), style),
                    row as u16,
                    inner,
                    buffer,
                );
            }
            if buffer.area.contains(Position::new(inner.x, inner.y)) && diagnostics.is_empty() {
                stage::draw_line(&Line::raw("no reason was given"), 0, inner, buffer);
            }
        }
    }
}
