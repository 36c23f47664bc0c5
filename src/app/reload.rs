//! Takes over a deck that was saved again while it is shown.

use std::mem;
use std::time::Instant;

use crossterm::event::{Event as Input, KeyModifiers};

use crate::app::deck_update::{DeckUpdate, ReloadTarget, SlideMoves};
use crate::app::overlay::Overlay;
use crate::app::slots::DemoSlot;
use crate::app::state::{App, AppEvent};
use crate::deck::{DemoFence, Slide};

/// The most input that waits for the rest of a deck.
const MAX_HELD: usize = 1024;

impl App {
    /// Shows a deck in place of the one before: at the first slide that has changed, unless the
    /// open one has. What has not changed goes on: the step, the scrolling and the demos.
    pub(crate) fn reload(&mut self, update: DeckUpdate) {
        let moves = SlideMoves::between(&self.config.deck.slides, &update.deck.slides);
        let open = self.slide_index;
        let target = if self.config.is_beginning {
            // Nothing was written: the rest of the deck is there.
            ReloadTarget::Stay(open.min(update.deck.slides.len().saturating_sub(1)))
        } else {
            moves.target(open)
        };
        self.kept.follow(&moves);
        self.steering.history.follow(&moves);
        if let ReloadTarget::Open(_) = target {
            // Before the deck changes, because the demos belong to the fences of this one.
            let at = moves.of(open);
            self.leave_slide(at);
        }
        let old = mem::replace(&mut self.config.deck, update.deck);
        self.prepared = None;
        self.config.warnings = update.warnings;
        self.config.themes = update.themes;
        self.select_theme();
        self.reload_error = None;
        // What a search has found may be elsewhere by now.
        self.steering.hits = None;
        if matches!(self.overlay, Some(Overlay::List(_))) {
            self.overlay = None;
        }
        self.renew_pictures();
        match target {
            ReloadTarget::Stay(at) => self.stay_on_slide(at, &old.slides[open]),
            // The author wants to see what was written, wherever on the slide it stands.
            ReloadTarget::Open(at) => self.open_slide(at, usize::MAX),
        }
    }

    /// Keeps input for later while only the beginning of the deck is there, because what it asks for
    /// may be in the rest. Returns input that doesn't wait: a new size, Ctrl-C, and what is too much.
    pub(crate) fn hold(&mut self, input: Input) -> Option<Input> {
        let is_urgent = match &input {
            Input::Resize(..) => true,
            Input::Key(key) => key.modifiers.contains(KeyModifiers::CONTROL),
            _ => false,
        };
        if !self.config.is_beginning || is_urgent || self.held.len() >= MAX_HELD {
            return Some(input);
        }
        self.held.push(input);
        None
    }

    /// Handles the input that has waited for the rest of the deck.
    pub(crate) fn release_held(&mut self, now: Instant) {
        self.config.is_beginning = false;
        for input in mem::take(&mut self.held) {
            self.handle(AppEvent::Input(input), now);
        }
    }

    /// Shows a message above the footer until the first key press.
    pub fn set_notice(&mut self, notice: String) {
        self.notice = Some(notice);
        self.dirty = true;
    }

    /// Says in the footer why the file could not be read again. The slides stay as they are.
    pub(crate) fn set_reload_error(&mut self, reason: String) {
        self.dirty |= self.reload_error.as_ref() != Some(&reason);
        self.reload_error = Some(reason);
    }

    /// Takes over the new version of the open slide, which was `old` and is now at index `at`.
    fn stay_on_slide(&mut self, at: usize, old: &Slide) {
        self.slide_index = at;
        let now: Vec<DemoFence> = self.slide().demos().cloned().collect();
        let mut before: Vec<Option<(&DemoFence, DemoSlot)>> =
            old.demos().zip(mem::take(&mut self.slots)).map(Some).collect();
        let mut focus = None;
        let mut kept: Vec<Option<DemoSlot>> = Vec::new();
        for (index, fence) in now.iter().enumerate() {
            // Of fences that are alike, each takes over a demo of its own.
            let same = |it: &Option<(&DemoFence, DemoSlot)>| {
                it.as_ref().is_some_and(|(own, _)| own.same_content(fence))
            };
            let found = before.iter().position(same);
            if found.is_some() && found == self.focus {
                focus = Some(index);
            }
            kept.push(found.and_then(|found| before[found].take()).map(|(_, slot)| slot));
        }
        // Demos that are gone end before new ones open, because these may need their ports.
        drop(before);
        let opened = kept
            .into_iter()
            .zip(&now)
            .enumerate()
            .map(|(index, (slot, fence))| slot.unwrap_or_else(|| self.open_slot(index, fence)));
        self.slots = opened.collect();
        self.focus = focus;
        self.last_focus = focus;
        self.progress.step = self.progress.step.min(self.slide().steps() - 1);
        self.invalidate_layout();
    }
}

#[cfg(test)]
mod tests {
    use crossterm::event::{KeyCode, KeyEvent};

    use super::*;
    use crate::app::AppConfig;
    use crate::app::testing::{DEMOS, SIZE, press, screen};
    use crate::deck::parse;
    use crate::stage::{Registry, Theme};

    fn app(slides: &[&str]) -> App {
        App::new(AppConfig::bare(&slides.join(DIVIDER), Registry::new(&DEMOS)), SIZE)
    }

    const DIVIDER: &str = "\n\n---\n\n";
    const DEMO: &str = "```demo echo\n```";

    fn save(app: &mut App, slides: &[&str]) {
        let (deck, warnings) = parse(&slides.join(DIVIDER));
        let themes = app.config.themes;
        app.update(AppEvent::Reloaded(Box::new(DeckUpdate { deck, warnings, themes })));
    }

    /// Opens a slide and types a word into its demo.
    fn type_into(app: &mut App, slide: usize, word: &str) {
        app.open_slide(slide, usize::MAX);
        press(app, KeyCode::Enter);
        word.chars().for_each(|letter| press(app, KeyCode::Char(letter)));
        assert!(screen(app).contains(word));
    }

    #[tokio::test]
    async fn what_has_not_changed_goes_on() {
        let slide = format!("# A\n\n<!-- pause -->\n\n{DEMO}\n\n<!-- pause -->\n\nend");
        let (slide, changed) = (slide.as_str(), slide.replace("end", "the end"));
        let mut app = app(&["first", slide]);
        app.open_slide(1, 1);
        press(&mut app, KeyCode::Enter);
        press(&mut app, KeyCode::Char('k'));
        save(&mut app, &["first", &changed]);
        assert_eq!((app.slide_index, app.progress.step, app.focus), (1, 1, Some(0)));
        save(&mut app, &[&changed]);
        assert_eq!((app.slide_index, app.progress.step), (0, 1), "a slide before it was removed");
        assert!(screen(&app).contains(": k"), "the demo runs on");
        save(&mut app, &[&format!("# A\n\n{DEMO}\n\n{DEMO}")]);
        assert!(screen(&app).contains(": k") && app.slots.len() == 2);
        save(&mut app, &["# A"]);
        assert_eq!((app.slots.len(), app.focus, app.progress.step), (0, None, 0));
    }

    #[tokio::test]
    async fn of_demos_that_are_alike_each_goes_on() {
        let slide = format!("{DEMO}\n\n{DEMO}\n\nend");
        let mut app = app(&[&slide]);
        for word in ["one", "two"] {
            type_into(&mut app, 0, word);
            press(&mut app, KeyCode::Tab);
        }
        app.focus = Some(1);
        save(&mut app, &[&slide.replace("end", "the end")]);
        let shown = screen(&app);
        assert!(shown.contains("one") && shown.contains("two"), "{shown}");
        assert_eq!(app.focus, Some(1));
    }

    #[tokio::test]
    async fn the_open_slide_may_be_removed() {
        // The last slide, and one whose place another takes.
        for (open, left) in [(2, ["a", DEMO]), (1, ["a", "c"])] {
            let slides = if open == 2 { ["a", DEMO, DEMO] } else { ["a", DEMO, "c"] };
            let mut app = app(&slides);
            type_into(&mut app, open, "word");
            let mut lighter = app.config.themes;
            lighter = if lighter.of(crate::stage::Brightness::Dark) == &Theme::DARK {
                Theme::LIGHT.into()
            } else {
                lighter
            };
            let (deck, warnings) = parse(&left.join(DIVIDER));
            let update = DeckUpdate { deck, warnings, themes: lighter };
            app.update(AppEvent::Reloaded(Box::new(update)));
            assert!(app.slide_index < left.len());
            let demos = app.slide().demos().count();
            assert_eq!(app.slots.len(), demos, "{left:?}");
            assert!(!screen(&app).contains("word"), "{left:?}");
        }
    }

    #[tokio::test]
    async fn a_demo_that_was_left_follows_its_slide() {
        let mut app = app(&["a", DEMO, "c"]);
        type_into(&mut app, 1, "word");
        app.open_slide(2, 0);
        save(&mut app, &["new", "a", DEMO, "c"]);
        assert_eq!(app.slide_index, 0, "what is new is shown");
        app.open_slide(2, 0);
        assert!(screen(&app).contains("word"));
    }

    #[tokio::test]
    async fn keys_wait_for_the_rest_of_a_long_deck() {
        let begun = || {
            let config = AppConfig::bare(&["a", "b"].join(DIVIDER), Registry::new(&DEMOS));
            App::new(AppConfig { is_beginning: true, ..config }, SIZE)
        };
        let mut app = begun();
        assert!(screen(&app).contains("1/…"), "{}", screen(&app));
        for key in [KeyCode::Char('4'), KeyCode::Char('G'), KeyCode::Left] {
            press(&mut app, key);
        }
        assert_eq!(app.slide_index, 0);
        save(&mut app, &["a", "b", "c", "d"]);
        assert_eq!((app.slide_index, screen(&app).contains("3/4")), (2, true), "{}", screen(&app));
        let mut app = begun();
        press(&mut app, KeyCode::Right);
        app.update(AppEvent::ReloadFailed("gone".to_owned()));
        assert_eq!(app.slide_index, 1, "there is no more than that");
        let mut app = begun();
        let quit = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
        app.update(AppEvent::Input(Input::Key(quit)));
        assert!(app.exit.is_some(), "Ctrl-C doesn't wait");
    }

    #[tokio::test]
    async fn an_error_is_shown_until_the_deck_can_be_read_again() {
        let mut app = app(&["words"]);
        app.update(AppEvent::ReloadFailed("deck.md: gone".to_owned()));
        assert_eq!(app.reload_error.as_deref(), Some("deck.md: gone"));
        press(&mut app, KeyCode::Down);
        let shown = screen(&app);
        assert!(shown.contains("words") && shown.contains("deck.md: gone"), "{shown}");
        save(&mut app, &["words"]);
        assert_eq!(app.reload_error, None);
    }
}
