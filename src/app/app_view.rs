//! Draws the whole screen from the state, and changes nothing.

use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::{Position, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::Line;

use crate::app::footer::{self, Footer, KeyOwner};
use crate::app::overlay::{Overlay, draw_help};
use crate::app::slots::{self, DemoSlot};
use crate::app::state::App;
use crate::app::steering::{Laser, Showing, StageAction};
use crate::deck::Warning;
use crate::slide::{AreaOnScreen, SpeakerNotes, draw_warnings};
use crate::stage::{self, OpenRefusal, ViewContext};
use crate::text;

impl App {
    /// Returns a cell in the colours of text, with nothing in it.
    pub(crate) fn blank_cell(&self) -> Cell {
        let mut cell = Cell::EMPTY;
        cell.set_style(Style::new().fg(self.theme.text).bg(self.theme.background));
        cell
    }

    /// Returns the talk on a screen of this area.
    pub fn frame(&self, area: Rect) -> Buffer {
        let mut buffer = Buffer::filled(area, self.blank_cell());
        self.view(&mut buffer);
        buffer
    }

    /// Draws the talk into `buffer`, whose cells are [`App::blank_cell`].
    pub(crate) fn view(&self, buffer: &mut Buffer) {
        let area = self.area.intersection(buffer.area);
        if area.is_empty() {
            return;
        }
        match &self.steering.showing {
            Showing::Blank => {}
            Showing::Still(_) => self.draw_footer(area, buffer),
            Showing::Slide => {
                self.view_slide(buffer);
                self.draw_author_warnings(area, buffer);
                self.draw_notice(area, buffer);
                self.draw_footer(area, buffer);
                self.draw_overlay(buffer);
                self.draw_laser(area, buffer);
            }
        }
        // Late, so that views can use true colour whatever the terminal supports.
        self.config.color_depth.downgrade(&self.theme, self.terminal_brightness, buffer);
        match &self.steering.showing {
            Showing::Slide if self.transition.draw(area, buffer) => {}
            Showing::Slide if self.overlay.is_none() => self.draw_pictures(buffer),
            // Its cells are finished already.
            Showing::Still(still) => {
                let above = Rect { height: area.height - 1, ..area };
                stage::copy_cells(still, 0, above, buffer);
                self.mark_laser_on_still(above, buffer);
            }
            _ => {}
        }
    }

    /// Draws the slide with its demos into `buffer`, whose cells are [`App::blank_cell`].
    pub(crate) fn view_slide(&self, buffer: &mut Buffer) {
        self.layout().draw(self.progress, buffer);
        for (index, (slot, demo_area)) in
            self.slots.iter().zip(self.layout().demo_areas(self.progress)).enumerate()
        {
            if let Some(place) = demo_area {
                self.draw_demo(slot, place, self.focus == Some(index), buffer);
            }
        }
    }

    /// Draws the warnings about the slide into its corner, for its author.
    fn draw_author_warnings(&self, area: Rect, buffer: &mut Buffer) {
        if self.shows_warnings {
            let own = |warning: &&Warning| warning.slide == self.slide_index;
            let warnings = self.config.warnings.iter().filter(own);
            let above = Rect { height: area.height - 1, ..area };
            draw_warnings(warnings, &self.config.file, above, buffer, &self.theme);
        }
    }

    fn draw_overlay(&self, buffer: &mut Buffer) {
        let above = self.overlay_area().intersection(buffer.area);
        match &self.overlay {
            Some(Overlay::Help(page)) => {
                let more = self.steering.keys.name_of(StageAction::Help).unwrap_or_default();
                draw_help(&self.help(), *page, &more, above, buffer, &self.theme);
            }
            Some(Overlay::Notes(from)) => self.notes().draw(*from, buffer, &self.theme),
            Some(Overlay::Overview(overview)) => {
                overview.draw(&self.overview_input(), above, buffer);
            }
            Some(Overlay::List(list)) => list.draw(above, buffer, &self.theme),
            None => {}
        }
    }

    /// Colours the cells at the laser pointer. What stands in them can still be read.
    fn draw_laser(&self, area: Rect, buffer: &mut Buffer) {
        let style = Style::new().fg(self.theme.background).bg(self.theme.bad);
        self.style_laser(style.add_modifier(Modifier::BOLD), area, buffer);
    }

    /// Shows the laser pointer on a picture that is held, whose colours are those of the terminal.
    fn mark_laser_on_still(&self, area: Rect, buffer: &mut Buffer) {
        self.style_laser(Style::new().add_modifier(Modifier::REVERSED), area, buffer);
    }

    fn style_laser(&self, style: Style, area: Rect, buffer: &mut Buffer) {
        let Some(Laser { at: Some(at) }) = self.steering.laser else { return };
        let spot = Rect { x: at.x.saturating_sub(1), y: at.y, width: 3, height: 1 };
        buffer.set_style(spot.intersection(area).intersection(buffer.area), style);
    }

    /// Returns the speaker notes of the open slide, laid out for the screen.
    pub(crate) fn notes(&self) -> SpeakerNotes {
        SpeakerNotes::new(&self.slide().notes, self.area)
    }

    /// Draws a demo. One that is partly out of sight is drawn into a buffer of its own, and its
    /// visible rows are copied, so a demo never needs to know that it is scrolled.
    fn draw_demo(
        &self,
        slot: &DemoSlot,
        demo_area: AreaOnScreen,
        focused: bool,
        buffer: &mut Buffer,
    ) {
        let context = ViewContext { theme: &self.theme, focused };
        let whole = Rect { height: demo_area.total_rows, ..demo_area.visible };
        if demo_area.hidden_rows == 0 && demo_area.visible.height == demo_area.total_rows {
            return draw_slot(slot, whole, buffer, &context);
        }
        let mut beside = Buffer::filled(whole, self.blank_cell());
        draw_slot(slot, whole, &mut beside, &context);
        stage::copy_cells(&beside, demo_area.hidden_rows, demo_area.visible, buffer);
    }

    fn draw_footer(&self, area: Rect, buffer: &mut Buffer) {
        let key_owner = self.key_owner();
        // A slide without a footer shows one only while it has to say something.
        if self.slide().hides_footer && matches!(key_owner, KeyOwner::Slide | KeyOwner::Offer) {
            return;
        }
        let last = Rect { y: area.bottom() - 1, height: 1, ..area };
        let steps = self.slide().steps();
        let footer = Footer {
            section: self.slide().section.as_deref(),
            slide: self.slide_index + 1,
            slides: self.config.deck.slides.len(),
            is_beginning: self.config.is_beginning,
            step: (self.progress.step + 1, steps),
            below: self.count_below(),
            is_below: self.slide_above().is_some(),
            minutes: self.elapsed_minutes,
            key_owner,
            keys: &self.steering.keys,
            servers: &self.servers,
            standalone: self.config.standalone.is_some(),
            help_key: self.slots.first().and_then(|slot| slot.as_ref().ok()?.help_key()),
        };
        footer.draw(last, buffer, &self.theme);
    }

    /// Draws the row above the footer: a message, or how much of the slide is out of sight.
    fn draw_notice(&self, area: Rect, buffer: &mut Buffer) {
        let error =
            self.reload_error.as_ref().map(|why| format!("showing the last version: {why}"));
        if let Some(hint) = error
            .or_else(|| self.notice.clone())
            .or_else(|| self.layout().overflow_hint(self.progress))
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
}

/// Draws the demo, or why it is not open.
fn draw_slot(slot: &DemoSlot, area: Rect, buffer: &mut Buffer, context: &ViewContext) {
    match slot {
        Ok(demo) => demo.view(area, buffer, context),
        Err(OpenRefusal::Asks(effects)) => {
            slots::draw_consent(effects, area, buffer, context);
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
