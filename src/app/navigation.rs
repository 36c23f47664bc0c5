//! Moves between slides, between the steps of a slide, and over a slide that is larger than the
//! screen.

use crossterm::event::KeyCode;

use crate::app::slide::SlideProgress;
use crate::app::state::App;
use crate::deck;

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

    /// Reveals the next step of the slide, or opens the next slide after its last step.
    pub(crate) fn next_step(&mut self) {
        if self.progress.step + 1 < self.slide().steps() {
            self.progress.step += 1;
            self.focus = None;
        } else if self.slide_index + 1 < self.config.deck.slides.len() {
            self.open_slide(self.slide_index + 1, 0);
        }
    }

    /// Hides the last revealed step, or opens the previous slide with all its steps.
    pub(crate) fn previous_step(&mut self) {
        if self.progress.step > 0 {
            self.progress.step -= 1;
            self.focus = None;
        } else if let Some(before) = self.slide_index.checked_sub(1) {
            self.open_slide(before, usize::MAX);
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
        let step = self.slide().blocks.iter().scan((0, 0), |(step, demos), block| {
            *step += usize::from(*block == deck::Block::Pause);
            *demos += usize::from(matches!(block, deck::Block::Demo(_)));
            Some((*demos > index).then_some(*step))
        });
        let step = step.flatten().next().unwrap_or(0);
        self.progress.step = self.progress.step.max(step);
        self.progress.scroll =
            self.layout.scroll_to_demo(index, self.progress).min(self.layout.max_scroll());
    }

    /// Scrolls by `rows`, down if positive, as far as the slide goes.
    pub(crate) fn scroll(&mut self, rows: isize) {
        self.progress.scroll =
            self.progress.scroll.saturating_add_signed(rows).min(self.layout.max_scroll());
    }

    /// Scrolls by `columns`, to the right if positive, as far as the slide goes.
    pub(crate) fn scroll_horizontally(&mut self, columns: isize) {
        self.progress.scroll_x =
            self.progress.scroll_x.saturating_add_signed(columns).min(self.layout.max_scroll_x());
    }
}
