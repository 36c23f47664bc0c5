//! Takes over a deck that was saved again while it is shown.

use std::mem;

use crate::app::deck_update::DeckUpdate;
use crate::app::overlay::Overlay;
use crate::app::slots::DemoSlot;
use crate::app::state::App;
use crate::deck::{DemoFence, Slide};
use crate::slide::SlideProgress;

/// Where two versions of a deck differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Difference {
    /// The number of slides before the first that differs.
    before: usize,
    /// The number of slides behind the last that differs.
    behind: usize,
}

impl Difference {
    /// Returns where `old` and `new` differ; `None` if they show the same.
    fn between(old: &[Slide], new: &[Slide]) -> Option<Self> {
        let same = |(old, new): &(&Slide, &Slide)| old.same_content(new);
        let before = old.iter().zip(new).take_while(same).count();
        if before == old.len() && before == new.len() {
            return None;
        }
        let (old, new) = (&old[before..], &new[before..]);
        let behind = old.iter().rev().zip(new.iter().rev()).take_while(same).count();
        Some(Self { before, behind })
    }

    /// Returns what to show once `old` slides, of which the one at index `open` is shown, have
    /// become `new` ones.
    fn target(self, open: usize, old: usize, new: usize) -> Target {
        let changed = self.before..new - self.behind;
        let from_end = old - open;
        match () {
            // Slides were removed only, and the open one is not among them.
            () if changed.is_empty() && open < self.before => Target::Stay(open),
            () if changed.is_empty() && from_end <= self.behind => Target::Stay(new - from_end),
            () if changed.contains(&open) && open < old - self.behind => Target::Stay(open),
            () => Target::Open(self.before.min(new - 1)),
        }
    }
}

/// What to show after a reload, by index in the new deck.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Target {
    /// The slide that was open, or its new version.
    Stay(usize),
    /// Another slide.
    Open(usize),
}

impl App {
    /// Shows a deck in place of the one before: at the first slide that has changed, unless the
    /// open one has. What has not changed goes on: the step, the scrolling and the demos.
    pub(crate) fn reload(&mut self, update: DeckUpdate) {
        let old = mem::replace(&mut self.config.deck, update.deck);
        self.config.warnings = update.warnings;
        self.set_themes(update.themes);
        self.forget_pictures();
        self.reload_error = None;
        self.kept.follow(&old.slides, &self.config.deck.slides);
        // What a search has found may be elsewhere by now.
        self.steering.hits = None;
        if matches!(self.overlay, Some(Overlay::List(_))) {
            self.overlay = None;
        }
        let slides = &self.config.deck.slides;
        let difference = Difference::between(&old.slides, slides);
        match difference.map(|it| it.target(self.slide_index, old.slides.len(), slides.len())) {
            None => self.stay_on_slide(self.slide_index, &old.slides[self.slide_index]),
            Some(Target::Stay(at)) => self.stay_on_slide(at, &old.slides[self.slide_index]),
            // The author wants to see what was written, wherever on the slide it stands.
            Some(Target::Open(at)) => self.open_slide(at, usize::MAX),
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
        let progress = self.progress;
        self.slide_index = at;
        let before: Vec<DemoFence> = old.demos().cloned().collect();
        let now: Vec<DemoFence> = self.slide().demos().cloned().collect();
        let mut kept: Vec<Option<DemoSlot>> =
            mem::take(&mut self.slots).into_iter().map(Some).collect();
        let focused = self.focus.and_then(|index| before.get(index));
        let focus = focused.and_then(|fence| now.iter().position(|it| it.same_content(fence)));
        let same = |fence: &DemoFence| before.iter().position(|it| it.same_content(fence));
        let mut slots: Vec<Option<DemoSlot>> =
            now.iter().map(|fence| kept.get_mut(same(fence)?)?.take()).collect();
        // Demos that are gone end before new ones open, because these may need their ports.
        drop(kept);
        for (index, fence) in now.iter().enumerate() {
            if slots[index].is_none() {
                slots[index] = Some(self.open_slot(index, fence));
            }
        }
        self.slots = slots.into_iter().flatten().collect();
        self.focus = focus;
        self.last_focus = focus;
        let step = progress.step.min(self.slide().steps() - 1);
        self.progress = SlideProgress { step, ..progress };
        self.lay_out();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

    use crossterm::event::{Event as Input, KeyCode};
    use ratatui::buffer::Buffer;
    use ratatui::layout::{Rect, Size};

    use super::*;
    use crate::app::AppConfig;
    use crate::app::state::AppEvent;
    use crate::deck::parse;
    use crate::stage::{
        Demo, DemoEntry, DemoEvent, Diagnostic, KeyHint, Registry, SettingSpec, Settings, Stage,
        ViewContext,
    };

    static OPENED: AtomicU32 = AtomicU32::new(0);

    /// A demo that counts how often one was opened.
    struct Counted;

    static COUNTED: [DemoEntry; 1] = [DemoEntry::of::<Counted>()];

    impl Demo for Counted {
        const NAME: &'static str = "counted";
        const ABOUT: &'static str = "";
        const SETTINGS: &'static [SettingSpec] = &[];
        const KEYS: &'static [KeyHint] = &[];
        const MIN_ROWS: u16 = 1;
        type Msg = ();
        type Cmd = ();

        fn open(_: &Settings) -> Result<(Self, Vec<()>), Diagnostic> {
            OPENED.fetch_add(1, Relaxed);
            Ok((Self, Vec::new()))
        }

        fn update(&mut self, _: DemoEvent<()>) -> Vec<()> {
            Vec::new()
        }

        fn view(&self, _: Rect, _: &mut Buffer, _: &ViewContext) {}

        fn perform((): (), _: &Stage<()>) {}
    }

    fn app(source: &str) -> App {
        let config = AppConfig::bare(source, Registry::new(&COUNTED));
        App::new(config, Size { width: 60, height: 20 })
    }

    fn press(app: &mut App, code: KeyCode) {
        app.update(AppEvent::Input(Input::Key(code.into())));
    }

    fn save(app: &mut App, source: &str) {
        let (deck, warnings) = parse(source);
        let themes = app.config.themes;
        app.update(AppEvent::Reloaded(Box::new(DeckUpdate { deck, warnings, themes })));
    }

    /// Returns a deck of slides with these texts.
    fn deck_of(texts: &[&str]) -> String {
        texts.join("\n\n---\n\n")
    }

    fn target(old: &[&str], new: &[&str], open: usize) -> Option<Target> {
        let slides = |texts| parse(&deck_of(texts)).0.slides;
        Difference::between(&slides(old), &slides(new))
            .map(|it| it.target(open, old.len(), new.len()))
    }

    #[test]
    fn a_reload_goes_to_what_has_changed() {
        let old = ["a", "b", "c", "d"];
        for (new, open, expected) in [
            (&["a", "b", "c", "d"][..], 2, None),
            (&["a", "b", "X", "d"], 0, Some(Target::Open(2))),
            (&["a", "b", "X", "d"], 2, Some(Target::Stay(2))),
            (&["a", "X", "Y", "d"], 2, Some(Target::Stay(2))),
            (&["a", "b", "new", "c", "d"], 3, Some(Target::Open(2))),
            (&["a", "b", "c", "d", "new"], 0, Some(Target::Open(4))),
            (&["a", "c", "d"], 3, Some(Target::Stay(2))),
            (&["a", "c", "d"], 0, Some(Target::Stay(0))),
            (&["a", "c", "d"], 1, Some(Target::Open(1))),
            (&["a", "b", "c"], 3, Some(Target::Open(2))),
            (&["X"], 3, Some(Target::Open(0))),
        ] {
            assert_eq!(target(&old, new, open), expected, "{new:?} while {open} is open");
        }
    }

    #[tokio::test]
    async fn what_has_not_changed_goes_on() {
        let slide = "# A\n\n<!-- pause -->\n\n```demo counted\n```\n\n<!-- pause -->\n\nend";
        let mut app = app(&deck_of(&["first", slide]));
        for code in [KeyCode::Right, KeyCode::Right, KeyCode::Enter] {
            press(&mut app, code);
        }
        // A demo is also opened to learn what it would do outside of the talk.
        let opened = OPENED.load(Relaxed);
        assert_eq!((app.slide_index, app.progress.step, app.focus), (1, 1, Some(0)));
        save(&mut app, &deck_of(&["first", &slide.replace("end", "the end")]));
        assert_eq!((app.slide_index, app.progress.step, app.focus), (1, 1, Some(0)));
        save(&mut app, &deck_of(&[&slide.replace("end", "the end")]));
        assert_eq!((app.slide_index, app.progress.step), (0, 1), "a slide before it was removed");
        assert_eq!(OPENED.load(Relaxed), opened, "the demo runs on");
        save(&mut app, &deck_of(&["# A\n\n```demo counted\n```\n\n```demo counted\n```"]));
        assert_eq!((app.slots.len(), OPENED.load(Relaxed)), (2, 2 * opened));
        save(&mut app, "# A");
        assert_eq!((app.slots.len(), app.focus, app.progress.step), (0, None, 0));
    }

    #[tokio::test]
    async fn an_error_is_shown_until_the_deck_can_be_read_again() {
        let mut app = app("words");
        app.update(AppEvent::ReloadFailed("deck.md: gone".to_owned()));
        assert_eq!(app.reload_error.as_deref(), Some("deck.md: gone"));
        press(&mut app, KeyCode::Down);
        let mut buffer = Buffer::empty(app.area);
        app.view(&mut buffer);
        let shown: String = buffer.content.iter().map(ratatui::buffer::Cell::symbol).collect();
        assert!(shown.contains("words") && shown.contains("deck.md: gone"), "{shown}");
        save(&mut app, "words");
        assert_eq!(app.reload_error, None);
    }
}
