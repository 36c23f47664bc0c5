//! The stage's own keys: the one table that the program obeys and the help shows.
//!
//! What a demo does with its keys is its own matter.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::stage::Hint;

/// What a key asks of the stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Next,
    Previous,
    First,
    Last,
    GoTo,
    ScrollDown,
    ScrollUp,
    ShiftRight,
    ShiftLeft,
    Focus,
    Allow,
    Notes,
    Help,
    Quit,
    Suspend,
}

#[derive(Clone, Copy)]
struct Binding {
    action: Action,
    keys: &'static [(KeyCode, KeyModifiers)],
    hint: Hint,
    /// Whether the stage keeps the key even while a demo has the others.
    always: bool,
}

const fn plain(code: KeyCode) -> (KeyCode, KeyModifiers) {
    (code, KeyModifiers::NONE)
}

const fn letter(letter: char) -> (KeyCode, KeyModifiers) {
    plain(KeyCode::Char(letter))
}

const fn control(letter: char) -> (KeyCode, KeyModifiers) {
    (KeyCode::Char(letter), KeyModifiers::CONTROL)
}

const fn row(
    action: Action,
    keys: &'static [(KeyCode, KeyModifiers)],
    shown: &'static str,
    about: &'static str,
) -> Binding {
    Binding { action, keys, hint: Hint { keys: shown, about }, always: false }
}

const fn always(binding: Binding) -> Binding {
    Binding { always: true, ..binding }
}

static TABLE: [Binding; 17] = [
    row(Action::Next, &[plain(KeyCode::Right), letter(' '), letter('n')], "→ Space n", "next step or slide"),
    row(Action::Previous, &[plain(KeyCode::Left), letter('p')], "← p", "back"),
    always(row(
        Action::Next,
        &[plain(KeyCode::PageDown)],
        "PageDown",
        "next, also while a demo has the keys",
    )),
    always(row(
        Action::Previous,
        &[plain(KeyCode::PageUp)],
        "PageUp",
        "back, also while a demo has the keys",
    )),
    row(Action::First, &[plain(KeyCode::Home)], "Home", "first slide"),
    row(Action::Last, &[plain(KeyCode::End)], "End", "last slide"),
    row(Action::GoTo, &[letter('g')], "g 12 Enter", "go to slide 12"),
    row(Action::ScrollDown, &[plain(KeyCode::Down)], "↓", "scroll down"),
    row(Action::ScrollUp, &[plain(KeyCode::Up)], "↑", "scroll up"),
    row(
        Action::ShiftRight,
        &[(KeyCode::Right, KeyModifiers::SHIFT)],
        "Shift+→",
        "more of code and drawings that are too wide",
    ),
    row(Action::ShiftLeft, &[(KeyCode::Left, KeyModifiers::SHIFT)], "Shift+←", "and back"),
    row(
        Action::Focus,
        &[plain(KeyCode::Enter), plain(KeyCode::Tab)],
        "Enter Tab",
        "give the keys to the demo; Esc takes them back",
    ),
    row(Action::Allow, &[letter('a')], "a", "allow what a demo asks for; its slide says what"),
    row(Action::Notes, &[letter('s')], "s", "speaker notes"),
    row(Action::Help, &[letter('?')], "?", "these keys"),
    always(row(Action::Suspend, &[control('z')], "Ctrl-Z", "back to the shell; fg returns")),
    always(row(Action::Quit, &[control('c')], "Ctrl-C", "end the talk; q too, unless a demo has the keys")),
];

/// `q` quits like Ctrl-C does, but belongs to a demo while that has the keys.
const QUIT: (KeyCode, KeyModifiers) = letter('q');

/// What `key` asks of the stage; `focused` tells whether a demo has the keys.
pub(crate) fn action(key: &KeyEvent, focused: bool) -> Option<Action> {
    let pressed = (key.code, modifiers(key));
    if !focused && pressed == QUIT {
        return Some(Action::Quit);
    }
    let bound = |binding: &&Binding| (binding.always || !focused) && binding.keys.contains(&pressed);
    TABLE.iter().find(bound).map(|binding| binding.action)
}

/// Whether `key` asks for a demo that has stopped to be opened anew. Any other demo may give it a meaning of its own.
pub(crate) fn is_restart(key: &KeyEvent) -> bool {
    (key.code, modifiers(key)) == control('r')
}

/// The table as the help shows it.
pub(crate) fn hints() -> Vec<Hint> {
    TABLE.iter().map(|binding| binding.hint).collect()
}

/// A shifted letter is that letter in upper case or another sign; its Shift tells nothing more.
fn modifiers(key: &KeyEvent) -> KeyModifiers {
    match key.code {
        KeyCode::Char(_) => key.modifiers - KeyModifiers::SHIFT,
        _ => key.modifiers,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(code: KeyCode, modifiers: KeyModifiers) -> KeyEvent {
        KeyEvent::new(code, modifiers)
    }

    #[test]
    fn a_focused_demo_leaves_the_stage_only_its_own_keys() {
        let plain = |code| press(code, KeyModifiers::NONE);
        assert_eq!(action(&plain(KeyCode::Right), false), Some(Action::Next));
        for code in [KeyCode::Right, KeyCode::Char('q'), KeyCode::Char('?'), KeyCode::Enter, KeyCode::Home] {
            assert_eq!(action(&plain(code), true), None, "{code:?} belongs to the demo");
        }
        assert_eq!(action(&plain(KeyCode::PageDown), true), Some(Action::Next));
        assert_eq!(action(&press(KeyCode::Char('c'), KeyModifiers::CONTROL), true), Some(Action::Quit));
    }

    /// Ctrl-C and Ctrl-Z as in any program, and the two keys of a clicker.
    const ALWAYS: [((KeyCode, KeyModifiers), Action); 4] = [
        (control('c'), Action::Quit),
        (control('z'), Action::Suspend),
        (plain(KeyCode::PageDown), Action::Next),
        (plain(KeyCode::PageUp), Action::Previous),
    ];

    #[test]
    fn every_key_does_what_the_help_says_and_a_focused_demo_has_all_but_four() {
        for (key, expected) in ALWAYS {
            assert_eq!(action(&press(key.0, key.1), true), Some(expected), "{key:?}");
        }
        for binding in &TABLE {
            for key in binding.keys {
                let pressed = press(key.0, key.1);
                assert_eq!(action(&pressed, false), Some(binding.action), "{key:?}");
                let always = ALWAYS.iter().find(|(kept, _)| kept == key).map(|(_, action)| *action);
                assert_eq!(action(&pressed, true), always, "{key:?} while a demo has the keys");
            }
        }
        let quit = press(QUIT.0, QUIT.1);
        assert_eq!((action(&quit, false), action(&quit, true)), (Some(Action::Quit), None));
    }

    #[test]
    fn no_key_means_two_things() {
        let keys: Vec<_> = TABLE.iter().flat_map(|binding| binding.keys).chain([&QUIT]).collect();
        for (index, key) in keys.iter().enumerate() {
            assert!(!keys[index + 1..].contains(key), "{key:?} is bound twice");
        }
    }

    #[test]
    fn shift_counts_for_arrows_and_not_for_signs() {
        assert_eq!(action(&press(KeyCode::Right, KeyModifiers::SHIFT), false), Some(Action::ShiftRight));
        assert_eq!(action(&press(KeyCode::Char('?'), KeyModifiers::SHIFT), false), Some(Action::Help));
    }
}
