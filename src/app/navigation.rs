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

#[cfg(test)]
mod tests {
    use crossterm::event::Event as Input;
    use ratatui::buffer::Buffer;
    use ratatui::layout::{Rect, Size};

    use super::*;
    use crate::app::config::AppConfig;
    use crate::app::state::AppEvent;
    use crate::stage::Registry;

    const SIZE: (u16, u16) = (60, 16);

    fn app(source: &str) -> App {
        let config = AppConfig::bare(source, Registry::new(&[]));
        App::new(config, Size { width: SIZE.0, height: SIZE.1 })
    }

    fn press(app: &mut App, code: KeyCode) -> String {
        app.update(AppEvent::Input(Input::Key(code.into())));
        let mut buffer = Buffer::empty(Rect::new(0, 0, SIZE.0, SIZE.1));
        app.view(&mut buffer);
        let rows = buffer.content.chunks(SIZE.0.into());
        rows.map(|row| row.iter().map(|cell| cell.symbol()).collect::<String>() + "\n").collect()
    }

    #[test]
    fn next_and_previous_show_every_row_before_they_leave_a_slide() {
        let rows: String = (1..=40).map(|number| format!("- item {number}.\n")).collect();
        let mut app = app(&format!("## Long\n\n{rows}\n---\n\n## Next\n"));
        let mut screens = vec![press(&mut app, KeyCode::F(1))];
        assert!(screens[0].contains("more rows: ↓"), "{}", screens[0]);
        while app.slide_index() == 0 && screens.len() < 20 {
            screens.push(press(&mut app, KeyCode::Right));
        }
        assert!(screens.last().unwrap().contains("Next"));
        for number in 1..=40 {
            let item = format!("item {number}. ");
            assert!(screens.iter().any(|screen| screen.contains(&item)), "{item} is never shown");
        }
        // The way back shows the same, from the end.
        let back = press(&mut app, KeyCode::Left);
        assert!(back.contains("item 40. ") && !back.contains("item 1. "), "{back}");
        let mut presses = 0;
        while app.progress.scroll > 0 && presses < 20 {
            press(&mut app, KeyCode::Left);
            presses += 1;
        }
        assert_eq!((app.slide_index(), presses), (0, screens.len() - 2));
    }

    #[test]
    fn a_step_scrolls_to_what_it_reveals() {
        let rows: String = (1..=8).map(|number| format!("- item {number}\n")).collect();
        let source = format!("## T\n\n{rows}\n<!-- pause -->\n\n{rows}\nthe end\n");
        let mut app = app(&source);
        assert!(press(&mut app, KeyCode::Right).contains("the end"));
        assert!(!press(&mut app, KeyCode::Left).contains("the end"));
    }

    #[test]
    fn s_closes_the_notes_that_it_opened_and_arrows_scroll_them() {
        let note: String = (1..=30).map(|number| format!("line {number}\n")).collect();
        let mut app = app(&format!("# T\n\n<!-- speaker_note:\n{note}-->\n"));
        assert!(press(&mut app, KeyCode::Char('s')).contains("more: ↓"));
        for _ in 0..40 {
            press(&mut app, KeyCode::Down);
        }
        assert!(press(&mut app, KeyCode::Down).contains("line 30"));
        assert!(!press(&mut app, KeyCode::Char('s')).contains("Speaker notes"));
        assert!(
            press(&mut app, KeyCode::Char('s')).contains("line 1 "),
            "from the beginning again"
        );
    }

    #[test]
    fn warnings_stand_on_the_slide_only_if_the_author_wants_them() {
        let mut app = app("# T\n\n<!-- pasue -->\n");
        assert!(!app.config.warnings.is_empty());
        assert!(!press(&mut app, KeyCode::F(1)).contains("deck.md:3"));
        assert!(press(&mut app, KeyCode::Char('w')).contains("deck.md:3"));
        assert!(!press(&mut app, KeyCode::Char('w')).contains("deck.md:3"));
    }
}
