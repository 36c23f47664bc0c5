//! Moves between slides, between the steps of a slide, and over a slide that is larger than the
//! screen.

use crossterm::event::{KeyCode, KeyEvent};

use crate::app::overlay::Overlay;
use crate::app::state::App;
use crate::app::steering::jump_history::DeckPlace;
use crate::app::steering::keys::{KeyPress, StageAction};
use crate::slide::SlideProgress;

/// The most digits of a slide number.
const MAX_DIGITS: usize = 6;

impl App {
    /// Returns the open slide and its step.
    pub fn place(&self) -> DeckPlace {
        DeckPlace { slide: self.slide_index, step: self.progress.step }
    }

    /// Returns where the talk begins.
    pub(crate) fn first_place(&self) -> DeckPlace {
        DeckPlace { slide: self.steering.route.first(&self.config.deck.slides), step: 0 }
    }

    /// Returns the last slide of the talk.
    pub(crate) fn last_slide(&self) -> usize {
        self.steering.route.last(&self.config.deck.slides)
    }

    /// Handles a key of a slide number: `12 G`, `g 12 Enter`, `g g`. Returns `false` if the key
    /// has nothing to do with one; then the number is given up.
    pub(crate) fn type_number(&mut self, key: &KeyEvent, action: Option<StageAction>) -> bool {
        let digit = KeyPress::of(key).character().filter(char::is_ascii_digit);
        let Some(mut typed) = self.steering.number.take() else {
            let starts = digit.filter(|_| self.focus.is_none());
            self.steering.number = starts.map(|digit| digit.to_string());
            return starts.is_some();
        };
        match (digit, key.code, action) {
            (Some(digit), ..) => {
                if typed.len() < MAX_DIGITS {
                    typed.push(digit);
                }
                self.steering.number = Some(typed);
            }
            (_, KeyCode::Backspace, _) => {
                self.steering.number = typed.pop().map(|_| typed);
            }
            (_, KeyCode::Enter, _) | (_, _, Some(StageAction::Last)) if !typed.is_empty() => {
                let number = typed.parse::<usize>().unwrap_or(usize::MAX);
                self.jump(number.max(1) - 1);
            }
            (_, _, Some(StageAction::GoTo)) if typed.is_empty() => {
                self.jump(self.first_place().slide);
            }
            (_, KeyCode::Enter | KeyCode::Esc, _) => {}
            _ => return false,
        }
        true
    }

    /// Shows the next rows of the slide that have not been in sight, or reveals its next step, or
    /// opens the next slide after its last step.
    pub(crate) fn next_step(&mut self) {
        if let Some(scroll) = self.next_scroll() {
            self.scroll_to(scroll);
        } else if self.progress.step + 1 < self.slide().steps() {
            self.progress.step += 1;
            self.scroll_to_step();
            self.focus = None;
        } else {
            self.next_slide(0);
        }
    }

    /// Returns the scroll position that shows rows of the current step that have not been in sight
    /// yet; `None` if there are none.
    fn next_scroll(&self) -> Option<usize> {
        if self.fits_without_layout() {
            return None;
        }
        self.layout().next_scroll(self.progress)
    }

    /// Shows the next step of the demo in sight that has one, such as a lesson; otherwise that of
    /// the slide.
    pub(crate) fn next_in_demo(&mut self) {
        if self.slots.is_empty() {
            return self.next_step();
        }
        let in_sight = |index: &usize| {
            let areas = self.layout().demo_areas(self.progress);
            areas.get(*index).is_some_and(Option::is_some)
        };
        let takes_next =
            |index: &usize| matches!(self.slots.get(*index), Some(Ok(demo)) if demo.takes_next());
        let found = (0..self.slots.len()).filter(takes_next).find(in_sight);
        // What of the slide is below the screen comes first, because the demo may be there.
        if self.next_scroll().is_some() {
            return self.next_step();
        }
        match found.and_then(|index| self.slots.get_mut(index)) {
            Some(Ok(demo)) => {
                self.steering.demo_has_run = true;
                demo.next();
            }
            _ => self.next_step(),
        }
    }

    /// Scrolls up to the top of the current step, or hides it, or opens the previous slide at its
    /// end.
    pub(crate) fn previous_step(&mut self) {
        if let Some(scroll) = self.previous_scroll() {
            self.scroll_to(scroll);
        } else if self.progress.step > 0 {
            self.progress.step -= 1;
            self.scroll_to_step();
            self.focus = None;
        } else {
            self.previous_slide(usize::MAX);
        }
    }

    /// Returns the scroll position one screen up; `None` at the top of the current step.
    fn previous_scroll(&self) -> Option<usize> {
        if self.fits_without_layout() {
            return None;
        }
        self.layout().previous_scroll(self.progress)
    }

    /// Opens the next slide of the talk at `step`, if there is one.
    pub(crate) fn next_slide(&mut self, step: usize) {
        if let Some(next) = self.steering.route.next(&self.config.deck.slides, self.slide_index) {
            self.steering.hits = None;
            self.open_slide(next, step);
        }
    }

    /// Opens the previous slide of the talk at `step`, if there is one.
    pub(crate) fn previous_slide(&mut self, step: usize) {
        let route = self.steering.route;
        if let Some(before) = route.previous(&self.config.deck.slides, self.slide_index) {
            self.steering.hits = None;
            self.open_slide(before, step);
            self.steering.goes_back = true;
            self.scroll_to_end(step);
        }
    }

    /// Scrolls down. At the lower end of the slide it opens the deeper slide below, if there is
    /// one.
    pub(crate) fn down(&mut self) {
        if self.progress.scroll < self.layout().max_scroll(self.progress.step) {
            self.scroll(1);
        } else if self.count_below() > 0 {
            self.open_slide(self.slide_index + 1, 0);
        }
    }

    /// Scrolls up. At the upper end of a deeper slide it opens the one above.
    pub(crate) fn up(&mut self) {
        if self.progress.scroll > 0 {
            self.scroll(-1);
        } else if let Some(above) = self.slide_above() {
            self.open_slide(above, usize::MAX);
            self.scroll_to_end(usize::MAX);
        }
    }

    /// Returns the number of deeper slides below the open one.
    pub(crate) fn count_below(&self) -> usize {
        self.steering.route.count_below(&self.config.deck.slides, self.slide_index)
    }

    /// Returns the slide that the open one stands below.
    pub(crate) fn slide_above(&self) -> Option<usize> {
        self.steering.route.above(&self.config.deck.slides, self.slide_index)
    }

    /// Opens a slide that does not follow from the open one, and remembers the way back.
    pub(crate) fn jump(&mut self, slide: usize) {
        let here = self.place();
        self.steering.hits = None;
        self.open_slide(slide, 0);
        if self.slide_index != here.slide {
            self.steering.history.push(here);
        }
    }

    /// Goes back to where the last jump came from.
    pub(crate) fn jump_back(&mut self) {
        match self.steering.history.pop(self.slide_index) {
            Some(place) => self.open_slide(place.slide, place.step),
            None => self.notice = Some("there's no earlier place to go back to".to_owned()),
        }
    }

    /// Ends what the demos of the open slide do, and keeps what they show for the slide at index
    /// `at`.
    pub(crate) fn leave_slide(&mut self, at: Option<usize>) {
        let left = std::mem::take(&mut self.slots);
        if let Some(at) = at.filter(|_| !left.is_empty()) {
            let fences: Vec<_> = self.slide().demos().cloned().collect();
            self.kept.keep(at, fences.into_iter(), left);
        }
    }

    /// Opens the slide at index `at` with `step` as its last revealed step; both are clamped. What
    /// the demos of the slide that is left do ends here, and their sockets close.
    pub(crate) fn open_slide(&mut self, at: usize, step: usize) {
        let at = at.min(self.config.deck.slides.len() - 1);
        // Going to the slide that is already open rewinds its steps but keeps its demos running.
        let same = at == self.slide_index && !self.slots.is_empty();
        if !same {
            self.leave_slide(Some(self.slide_index));
        }
        if at != self.slide_index {
            // Whoever changed the slide was not typing at the demo of this one.
            self.steering.typing.end_word();
        }
        self.slide_index = at;
        self.steering.goes_back = false;
        self.progress =
            SlideProgress { step: step.min(self.slide().steps() - 1), ..SlideProgress::default() };
        self.focus = None;
        self.last_focus = None;
        if matches!(self.overlay, Some(Overlay::Notes(_))) {
            self.overlay = Some(Overlay::Notes(0));
        }
        // The old demos have ended by now, because a new one may need the same port.
        if !same {
            let fences: Vec<_> = self.slide().demos().cloned().collect();
            self.slots = fences
                .iter()
                .enumerate()
                .map(|(index, fence)| {
                    let kept = self.kept.take(at, fence);
                    kept.unwrap_or_else(|| self.open_slot(index, fence))
                })
                .collect();
        }
        self.invalidate_layout();
    }

    /// Reveals the demo and scrolls so that as much of it as possible is visible.
    pub(crate) fn scroll_to_demo(&mut self, index: usize) {
        self.progress.step = self.progress.step.max(self.layout().step_of_demo(index));
        self.scroll_to(self.layout().scroll_to_demo(index, self.progress));
    }

    /// Scrolls by `rows`, down if positive, as far as the slide goes.
    pub(crate) fn scroll(&mut self, rows: isize) {
        self.scroll_to(self.progress.scroll.saturating_add_signed(rows));
    }

    /// Scrolls to the end of a slide that was opened with all its steps.
    fn scroll_to_end(&mut self, step: usize) {
        if step == usize::MAX {
            self.scroll_to(usize::MAX);
        }
    }

    /// Scrolls to what the current step reveals or points out.
    fn scroll_to_step(&mut self) {
        if !self.fits_without_layout() {
            self.scroll_to(self.layout().scroll_to_step(self.progress));
        }
    }

    /// Scrolls down to row `scroll`, as far as the slide goes.
    fn scroll_to(&mut self, scroll: usize) {
        if self.fits_without_layout() {
            return;
        }
        self.progress = self.layout().clamped(SlideProgress { scroll, ..self.progress });
    }

    /// Scrolls by `columns`, to the right if positive, as far as the slide goes.
    pub(crate) fn scroll_horizontally(&mut self, columns: isize) {
        let scroll_x = self.progress.scroll_x.saturating_add_signed(columns);
        self.progress = self.layout().clamped(SlideProgress { scroll_x, ..self.progress });
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use crossterm::event::{Event as Input, KeyCode};
    use ratatui::layout::Size;

    use super::*;
    use crate::app::config::AppConfig;
    use crate::app::state::AppEvent;
    use crate::app::testing::{self, screen};
    use crate::stage::Registry;

    fn app(source: &str) -> App {
        let config = AppConfig::bare(source, Registry::new(&[]));
        App::new(config, Size { width: 60, height: 16 })
    }

    fn press(app: &mut App, code: KeyCode) -> String {
        testing::press(app, code);
        screen(app)
    }

    #[test]
    fn next_and_previous_show_every_row_before_they_leave_a_slide() {
        let rows =
            (1..=40).map(|number| format!("- item {number}.\n")).collect::<Vec<_>>().concat();
        let mut app = app(&format!("## Long\n\n{rows}\n---\n\n## Next\n"));
        let mut screens = vec![press(&mut app, KeyCode::F(1))];
        assert!(screens[0].contains("more rows: ↓"), "{}", screens[0]);
        while app.slide_index() == 0 && screens.len() < 20 {
            screens.push(press(&mut app, KeyCode::Right));
        }
        assert!(screens.last().unwrap().contains("Next"));
        for number in 1..=40 {
            let item = format!("item {number}.");
            assert!(screens.iter().any(|screen| screen.contains(&item)), "{item} is never shown");
        }
        // The way back shows the same, from the end.
        let back = press(&mut app, KeyCode::Left);
        assert!(back.contains("item 40.") && !back.contains("item 1."), "{back}");
        let mut presses = 0;
        while app.progress.scroll > 0 && presses < 20 {
            press(&mut app, KeyCode::Left);
            presses += 1;
        }
        assert_eq!((app.slide_index(), presses), (0, screens.len() - 2));
    }

    #[test]
    fn keys_that_come_at_once_lead_to_the_same_places() {
        let deck = include_str!("../../../slides/tour.md");
        let text = "some words of a paragraph, ".repeat(9);
        let long =
            (2..30).map(|count| format!("---\n\n## Slide\n\n{}\n", "- item\n".repeat(count)));
        let plain = format!("# One\n\n---\n\n{text}\n\n{}", long.collect::<String>());
        for (source, size) in [(deck, (80, 24)), (deck, (100, 30)), (&plain, (60, 20))] {
            let [mut at_once, mut one_by_one] = [(); 2].map(|()| {
                let config = AppConfig::bare(source, Registry::new(&[]));
                App::new(config, Size { width: size.0, height: size.1 })
            });
            for code in [KeyCode::Right, KeyCode::Left] {
                let mut passed_over = 0;
                for _ in 0..80 {
                    for app in [&mut at_once, &mut one_by_one] {
                        app.handle(AppEvent::Input(Input::Key(code.into())), Instant::now());
                    }
                    screen(&one_by_one);
                    assert_eq!(at_once.place(), one_by_one.place());
                    assert_eq!(at_once.progress.scroll, one_by_one.progress.scroll);
                    passed_over += usize::from(at_once.layout.get().is_none());
                }
                assert!(passed_over > 10, "{code:?}: {passed_over} of 80 without a layout");
            }
        }
    }

    #[test]
    fn a_step_scrolls_to_what_it_reveals() {
        let rows = (1..=8).map(|number| format!("- item {number}\n")).collect::<Vec<_>>().concat();
        let source = format!("## T\n\n{rows}\n<!-- pause -->\n\n{rows}\nthe end\n");
        let mut app = app(&source);
        assert!(press(&mut app, KeyCode::Right).contains("the end"));
        assert!(!press(&mut app, KeyCode::Left).contains("the end"));
    }

    #[test]
    fn s_closes_the_notes_that_it_opened_and_arrows_scroll_them() {
        let note = (1..=30).map(|number| format!("line {number}\n")).collect::<Vec<_>>().concat();
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
