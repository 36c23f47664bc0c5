//! The stage's own keys, in one table that the dispatch, the help and a file of keys share.
//!
//! Demos have keys of their own, which the stage does not interpret.

use crossterm::event::{KeyCode, KeyEvent};

use crate::app::steering::keys::key_press::KeyPress;

/// The action of a key on the stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StageAction {
    Next,
    /// The key of a presentation clicker: [`Self::Next`], within a demo that has a next step.
    NextInDemo,
    Previous,
    NextSlide,
    PreviousSlide,
    First,
    Last,
    GoTo,
    Down,
    Up,
    ShiftRight,
    ShiftLeft,
    Overview,
    Sections,
    Search,
    NextHit,
    PreviousHit,
    Back,
    Focus,
    Restart,
    Allow,
    Notes,
    Warnings,
    Blank,
    Freeze,
    Laser,
    Redraw,
    Help,
    Quit,
    Suspend,
    /// Ctrl-C: the end without a question.
    Interrupt,
}

/// The time at which a key is the stage's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// While no demo has the keyboard.
    Stage,
    /// Always.
    Always,
    /// While a search is on, before any other meaning.
    Search,
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeyBinding {
    pub(crate) action: StageAction,
    /// The name in a file of keys; `None` for a key that cannot be changed.
    pub(crate) name: Option<&'static str>,
    pub(crate) reach: Reach,
    pub(crate) keys: &'static [KeyPress],
    pub(crate) about: &'static str,
}

const fn on_stage(
    action: StageAction,
    name: &'static str,
    keys: &'static [KeyPress],
    about: &'static str,
) -> KeyBinding {
    KeyBinding { action, name: Some(name), reach: Reach::Stage, keys, about }
}

const fn always(
    action: StageAction,
    name: Option<&'static str>,
    keys: &'static [KeyPress],
    about: &'static str,
) -> KeyBinding {
    KeyBinding { action, name, reach: Reach::Always, keys, about }
}

const fn plain(code: KeyCode) -> KeyPress {
    KeyPress::plain(code)
}

const fn letter(letter: char) -> KeyPress {
    KeyPress::letter(letter)
}

const fn control(letter: char) -> KeyPress {
    KeyPress::control(letter)
}

/// The keys as they are without a file of keys.
pub(crate) static KEY_BINDINGS: [KeyBinding; 32] = [
    on_stage(
        StageAction::Next,
        "next",
        &[plain(KeyCode::Right), letter(' '), letter('l'), letter('n')],
        "next step or slide",
    ),
    on_stage(
        StageAction::Previous,
        "previous",
        &[plain(KeyCode::Left), letter('h'), letter('p')],
        "back",
    ),
    always(
        StageAction::NextInDemo,
        Some("next-always"),
        &[plain(KeyCode::PageDown)],
        "next, also within a demo and its lesson",
    ),
    always(
        StageAction::Previous,
        Some("previous-always"),
        &[plain(KeyCode::PageUp)],
        "back, also while a demo has the keyboard",
    ),
    on_stage(
        StageAction::Down,
        "down",
        &[plain(KeyCode::Down), letter('j')],
        "scroll down; then the deeper slides below",
    ),
    on_stage(StageAction::Up, "up", &[plain(KeyCode::Up), letter('k')], "scroll up; back up"),
    on_stage(StageAction::NextSlide, "next-slide", &[letter('>')], "next slide, all its steps"),
    on_stage(
        StageAction::PreviousSlide,
        "previous-slide",
        &[letter('<')],
        "previous slide, its first step",
    ),
    on_stage(StageAction::First, "first", &[plain(KeyCode::Home)], "first slide; gg too"),
    on_stage(
        StageAction::Last,
        "last",
        &[plain(KeyCode::End), letter('G')],
        "last slide; 12 G: slide 12",
    ),
    on_stage(StageAction::GoTo, "go-to", &[letter('g')], "go to slide 12"),
    on_stage(StageAction::Overview, "overview", &[letter('o')], "overview of all slides"),
    on_stage(StageAction::Sections, "sections", &[letter('S')], "list of sections"),
    on_stage(StageAction::Search, "search", &[letter('/')], "search slides, notes and demos"),
    KeyBinding {
        action: StageAction::NextHit,
        name: Some("next-hit"),
        reach: Reach::Search,
        keys: &[letter('n')],
        about: "next hit, while a search is on; Esc ends it",
    },
    KeyBinding {
        action: StageAction::PreviousHit,
        name: Some("previous-hit"),
        reach: Reach::Search,
        keys: &[letter('N')],
        about: "previous hit",
    },
    on_stage(
        StageAction::Back,
        "back",
        &[plain(KeyCode::Backspace), control('o')],
        "back to where you were",
    ),
    on_stage(
        StageAction::ShiftRight,
        "shift-right",
        &[KeyPress::shift(KeyCode::Right)],
        "more of code and drawings that are too wide",
    ),
    on_stage(StageAction::ShiftLeft, "shift-left", &[KeyPress::shift(KeyCode::Left)], "and back"),
    on_stage(
        StageAction::Focus,
        "control",
        &[plain(KeyCode::Enter), plain(KeyCode::Tab)],
        "control the demo; Esc: back to the slides",
    ),
    on_stage(StageAction::Restart, "restart", &[letter('r')], "start the slide's demos again"),
    on_stage(
        StageAction::Allow,
        "allow",
        &[letter('a')],
        "allow what a demo asks for; its slide says what",
    ),
    on_stage(StageAction::Notes, "notes", &[letter('s')], "speaker notes"),
    on_stage(
        StageAction::Warnings,
        "warnings",
        &[letter('w')],
        "warnings about the slide, for its author",
    ),
    on_stage(
        StageAction::Blank,
        "blank",
        &[letter('b'), letter('.')],
        "blank screen; any key ends it",
    ),
    on_stage(
        StageAction::Freeze,
        "freeze",
        &[letter('f')],
        "hold this picture while you look elsewhere",
    ),
    on_stage(StageAction::Laser, "laser", &[letter('L')], "laser pointer: follows the mouse"),
    always(StageAction::Redraw, Some("redraw"), &[control('l')], "draw the screen again"),
    on_stage(StageAction::Help, "help", &[letter('?')], "these keys"),
    on_stage(StageAction::Quit, "quit", &[letter('q')], "end the talk"),
    always(StageAction::Suspend, None, &[control('z')], "back to the shell; fg returns"),
    always(StageAction::Interrupt, None, &[control('c')], "end the talk at once"),
];

/// The keys in force: the table, with what a file of keys changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyMap {
    /// The keys of each row of [`KEY_BINDINGS`].
    rows: Vec<Vec<KeyPress>>,
}

impl Default for KeyMap {
    fn default() -> Self {
        Self { rows: KEY_BINDINGS.iter().map(|binding| binding.keys.to_vec()).collect() }
    }
}

impl KeyMap {
    /// Replaces the keys of row `row`.
    pub(super) fn set(&mut self, row: usize, keys: Vec<KeyPress>) {
        if let Some(place) = self.rows.get_mut(row) {
            *place = keys;
        }
    }

    /// Returns the rows of the table, each with its keys.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (&'static KeyBinding, &[KeyPress])> {
        KEY_BINDINGS.iter().zip(self.rows.iter().map(Vec::as_slice))
    }

    /// Returns the stage's action for `key`: `focused` is whether a demo has the keyboard,
    /// `searching` whether a search is on.
    pub(crate) fn action_for(
        &self,
        key: &KeyEvent,
        focused: bool,
        searching: bool,
    ) -> Option<StageAction> {
        let pressed = KeyPress::of(key);
        let bound = |reach: Reach| {
            self.rows()
                .find(|(binding, keys)| binding.reach == reach && keys.contains(&pressed))
                .map(|(binding, _)| binding.action)
        };
        let in_search = || bound(Reach::Search).filter(|_| searching);
        let on_stage = || in_search().or_else(|| bound(Reach::Stage)).filter(|_| !focused);
        bound(Reach::Always).or_else(on_stage)
    }

    /// Returns the first key of an action, as the screen names it, if it has one.
    pub(crate) fn name_of(&self, action: StageAction) -> Option<String> {
        let mut rows = self.rows().filter(|(binding, _)| binding.action == action);
        rows.find_map(|(_, keys)| keys.first()).map(KeyPress::to_string)
    }
}

/// Whether `key` restarts a demo that has stopped. A demo that runs may use the key for itself.
pub(crate) fn is_restart(key: &KeyEvent) -> bool {
    KeyPress::of(key) == control('r')
}

#[cfg(test)]
mod tests {
    use crossterm::event::KeyModifiers;

    use super::*;

    fn press(key: KeyPress) -> KeyEvent {
        KeyEvent::new(key.code, key.modifiers)
    }

    /// Ctrl-C, Ctrl-Z and Ctrl-L as in any program, and the two keys that a presentation clicker sends.
    const ALWAYS: [(KeyPress, StageAction); 5] = [
        (control('c'), StageAction::Interrupt),
        (control('z'), StageAction::Suspend),
        (control('l'), StageAction::Redraw),
        (plain(KeyCode::PageDown), StageAction::NextInDemo),
        (plain(KeyCode::PageUp), StageAction::Previous),
    ];

    #[test]
    fn every_key_does_what_the_help_says_and_a_focused_demo_has_all_but_five() {
        let map = KeyMap::default();
        for (key, expected) in ALWAYS {
            assert_eq!(map.action_for(&press(key), true, false), Some(expected), "{key}");
        }
        for (binding, keys) in map.rows() {
            for &key in keys {
                let searching = binding.reach == Reach::Search;
                let pressed = press(key);
                assert_eq!(map.action_for(&pressed, false, searching), Some(binding.action));
                let always =
                    ALWAYS.iter().find(|(kept, _)| *kept == key).map(|(_, action)| *action);
                assert_eq!(map.action_for(&pressed, true, searching), always, "{key}");
            }
        }
    }

    #[test]
    fn no_key_means_two_things_at_once() {
        for searches in [false, true] {
            let counts = |binding: &KeyBinding| (binding.reach == Reach::Search) == searches;
            let rows = KEY_BINDINGS.iter().filter(|binding| counts(binding));
            let keys: Vec<_> = rows.flat_map(|binding| binding.keys).collect();
            for (index, key) in keys.iter().enumerate() {
                assert!(!keys[index + 1..].contains(key), "{key} is bound twice");
            }
        }
    }

    #[test]
    fn n_goes_to_the_next_hit_while_a_search_is_on_and_to_the_next_slide_otherwise() {
        let (map, n) = (KeyMap::default(), press(letter('n')));
        assert_eq!(map.action_for(&n, false, true), Some(StageAction::NextHit));
        assert_eq!(map.action_for(&n, false, false), Some(StageAction::Next));
        assert_eq!(map.action_for(&n, true, true), None, "a demo with the keyboard gets it");
    }

    #[test]
    fn shift_counts_for_arrows_and_not_for_signs() {
        let map = KeyMap::default();
        let action = |code| map.action_for(&KeyEvent::new(code, KeyModifiers::SHIFT), false, false);
        assert_eq!(action(KeyCode::Right), Some(StageAction::ShiftRight));
        assert_eq!(action(KeyCode::Char('?')), Some(StageAction::Help));
    }
}
