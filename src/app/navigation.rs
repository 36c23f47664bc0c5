//! Moves between slides, between the steps of a slide, and over a slide that is larger than the
//! screen.

use crossterm::event::KeyCode;

use crate::app::state::{App, Overlay};
use crate::slide::SlideProgress;

impl App {
    /// Handles a key while a slide number is being typed.
    pub(crate) fn type_number(&mut self, code: KeyCode) {
        let Some(mut typed) = self.slide_number_input.take() else { return };
        match code {
            KeyCode::Char(digit) if digit.is_ascii_digit() && typed.len() < 6 => typed.push(digit),
            KeyCode::Backspace if !typed.is_empty() => {
                typed.pop();
            }
            KeyCode::Enter => {
                if let Ok(number) = typed.parse::<usize>() {
                    self.open_slide(number.clamp(1, self.config.deck.slides.len()) - 1, 0);
                }
                return;
            }
            // A seventh digit is ignored; any other key gives up the input.
            KeyCode::Char(digit) if digit.is_ascii_digit() => {}
            _ => return,
        }
        self.slide_number_input = Some(typed);
    }

    /// Shows the next rows of the slide that have not been in sight, or reveals its next step, or opens
    /// the next slide after its last step.
    pub(crate) fn next_step(&mut self) {
        if let Some(scroll) = self.layout.next_scroll(self.progress) {
            self.scroll_to(scroll);
        } else if self.progress.step + 1 < self.slide().steps() {
            self.progress.step += 1;
            self.scroll_to(self.layout.scroll_to_step(self.progress));
            self.focus = None;
        } else if self.slide_index + 1 < self.config.deck.slides.len() {
            self.open_slide(self.slide_index + 1, 0);
        }
    }

    /// Scrolls up to the top of the current step, or hides it, or opens the previous slide at its end.
    pub(crate) fn previous_step(&mut self) {
        if let Some(scroll) = self.layout.previous_scroll(self.progress) {
            self.scroll_to(scroll);
        } else if self.progress.step > 0 {
            self.progress.step -= 1;
            self.scroll_to(self.layout.scroll_to_step(self.progress));
            self.focus = None;
        } else if let Some(before) = self.slide_index.checked_sub(1) {
            self.open_slide(before, usize::MAX);
            self.scroll_to(usize::MAX);
        }
    }

    /// Opens the slide at index `at` with `step` as its last revealed step; both are clamped. The
    /// demos of the slide that is left end here, and their sockets close.
    pub(crate) fn open_slide(&mut self, at: usize, step: usize) {
        let same = at == self.slide_index && !self.slots.is_empty();
        self.slide_index = at.min(self.config.deck.slides.len() - 1);
        self.progress =
            SlideProgress { step: step.min(self.slide().steps() - 1), ..SlideProgress::default() };
        self.focus = None;
        self.last_focus = None;
        self.notes_scroll = 0;
        // Going to the slide that is already open rewinds its steps but keeps its demos running.
        if !same {
            // The old demos end before new ones open, because a new one may need the same port.
            self.slots.clear();
            self.slots = self
                .slide()
                .demos()
                .enumerate()
                .map(|(index, fence)| self.open_slot(index, fence))
                .collect();
        }
        self.lay_out();
    }

    /// Reveals the demo and scrolls so that as much of it as possible is visible.
    pub(crate) fn scroll_to_demo(&mut self, index: usize) {
        self.progress.step = self.progress.step.max(self.layout.step_of_demo(index));
        self.scroll_to(self.layout.scroll_to_demo(index, self.progress));
    }

    /// Opens the speaker notes at their beginning, or closes them.
    pub(crate) fn toggle_notes(&mut self) {
        self.overlay = (self.overlay != Some(Overlay::Notes)).then_some(Overlay::Notes);
        self.notes_scroll = 0;
    }

    /// Scrolls the speaker notes by `lines`, down if positive, as far as they go.
    pub(crate) fn scroll_notes(&mut self, lines: isize) {
        let wanted = self.notes_scroll.saturating_add_signed(lines);
        self.notes_scroll = wanted.min(self.notes().max_scroll());
    }

    /// Scrolls by `rows`, down if positive, as far as the slide goes.
    pub(crate) fn scroll(&mut self, rows: isize) {
        self.scroll_to(self.progress.scroll.saturating_add_signed(rows));
    }

    /// Scrolls down to row `scroll`, as far as the slide goes.
    fn scroll_to(&mut self, scroll: usize) {
        self.progress = self.layout.clamped(SlideProgress { scroll, ..self.progress });
    }

    /// Scrolls by `columns`, to the right if positive, as far as the slide goes.
    pub(crate) fn scroll_horizontally(&mut self, columns: isize) {
        let scroll_x = self.progress.scroll_x.saturating_add_signed(columns);
        self.progress = self.layout.clamped(SlideProgress { scroll_x, ..self.progress });
    }
}
