//! The stage's own keys, in one table that both the dispatch and the help use.
//!
//! Demos have keys of their own, which the stage does not interpret.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::stage::KeyHint;

/// The action of a key on the stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StageAction {
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
    Warnings,
    Help,
    Quit,
    Suspend,
}

#[derive(Clone, Copy)]
struct KeyBinding {
    action: StageAction,
    keys: &'static [(KeyCode, KeyModifiers)],
    hint: KeyHint,
    /// Whether the stage keeps the key even while a demo has the keyboard.
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

const fn binding(
    action: StageAction,
    keys: &'static [(KeyCode, KeyModifiers)],
    shown: &'static str,
    about: &'static str,
) -> KeyBinding {
    KeyBinding { action, keys, hint: KeyHint { keys: shown, about }, always: false }
}

const fn always(binding: KeyBinding) -> KeyBinding {
    KeyBinding { always: true, ..binding }
}

static KEY_BINDINGS: [KeyBinding; 18] = [
    binding(
        StageAction::Next,
        &[plain(KeyCode::Right), letter(' '), letter('n')],
        "→ Space n",
        "next step or slide",
    ),
    binding(StageAction::Previous, &[plain(KeyCode::Left), letter('p')], "← p", "back"),
    always(binding(
        StageAction::Next,
        &[plain(KeyCode::PageDown)],
        "PageDown",
        "next, also while a demo has the keyboard",
    )),
    always(binding(
        StageAction::Previous,
        &[plain(KeyCode::PageUp)],
        "PageUp",
        "back, also while a demo has the keyboard",
    )),
    binding(StageAction::First, &[plain(KeyCode::Home)], "Home", "first slide"),
    binding(StageAction::Last, &[plain(KeyCode::End)], "End", "last slide"),
    binding(StageAction::GoTo, &[letter('g')], "g 12 Enter", "go to slide 12"),
    binding(StageAction::ScrollDown, &[plain(KeyCode::Down)], "↓", "scroll down"),
    binding(StageAction::ScrollUp, &[plain(KeyCode::Up)], "↑", "scroll up"),
    binding(
        StageAction::ShiftRight,
        &[(KeyCode::Right, KeyModifiers::SHIFT)],
        "Shift+→",
        "more of code and drawings that are too wide",
    ),
    binding(StageAction::ShiftLeft, &[(KeyCode::Left, KeyModifiers::SHIFT)], "Shift+←", "and back"),
    binding(
        StageAction::Focus,
        &[plain(KeyCode::Enter), plain(KeyCode::Tab)],
        "Enter Tab",
        "control the demo; Esc: back to the slides",
    ),
    binding(
        StageAction::Allow,
        &[letter('a')],
        "a",
        "allow what a demo asks for; its slide says what",
    ),
    binding(StageAction::Notes, &[letter('s')], "s", "speaker notes"),
    binding(StageAction::Warnings, &[letter('w')], "w", "warnings about the slide, for its author"),
    binding(StageAction::Help, &[letter('?')], "?", "these keys"),
    always(binding(
        StageAction::Suspend,
        &[control('z')],
        "Ctrl-Z",
        "back to the shell; fg returns",
    )),
    always(binding(
        StageAction::Quit,
        &[control('c')],
        "Ctrl-C",
        "end the talk; q too, unless a demo has the keyboard",
    )),
];

/// `q` quits like Ctrl-C, but belongs to the demo while one has the keyboard.
const QUIT_KEY: (KeyCode, KeyModifiers) = letter('q');

/// Returns the stage's action for `key`. `focused` is whether a demo has the keyboard.
pub(crate) fn action_for(key: &KeyEvent, focused: bool) -> Option<StageAction> {
    let pressed = (key.code, modifiers(key));
    if !focused && pressed == QUIT_KEY {
        return Some(StageAction::Quit);
    }
    let bound =
        |binding: &&KeyBinding| (binding.always || !focused) && binding.keys.contains(&pressed);
    KEY_BINDINGS.iter().find(bound).map(|binding| binding.action)
}

/// Whether `key` restarts a demo that has stopped. A demo that runs may use the key for itself.
pub(crate) fn is_restart(key: &KeyEvent) -> bool {
    (key.code, modifiers(key)) == control('r')
}

/// Returns the table as the help shows it.
pub(crate) fn hints() -> Vec<KeyHint> {
    KEY_BINDINGS.iter().map(|binding| binding.hint).collect()
}

/// Returns the modifiers that count. Shift on a character is already in the character (upper case,
/// or another sign), and terminals differ in whether they report it.
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
        assert_eq!(action_for(&plain(KeyCode::Right), false), Some(StageAction::Next));
        for code in
            [KeyCode::Right, KeyCode::Char('q'), KeyCode::Char('?'), KeyCode::Enter, KeyCode::Home]
        {
            assert_eq!(action_for(&plain(code), true), None, "{code:?} belongs to the demo");
        }
        assert_eq!(action_for(&plain(KeyCode::PageDown), true), Some(StageAction::Next));
        assert_eq!(
            action_for(&press(KeyCode::Char('c'), KeyModifiers::CONTROL), true),
            Some(StageAction::Quit)
        );
    }

    /// Ctrl-C and Ctrl-Z as in any program, and the two keys that a presentation clicker sends.
    const ALWAYS: [((KeyCode, KeyModifiers), StageAction); 4] = [
        (control('c'), StageAction::Quit),
        (control('z'), StageAction::Suspend),
        (plain(KeyCode::PageDown), StageAction::Next),
        (plain(KeyCode::PageUp), StageAction::Previous),
    ];

    #[test]
    fn every_key_does_what_the_help_says_and_a_focused_demo_has_all_but_four() {
        for (key, expected) in ALWAYS {
            assert_eq!(action_for(&press(key.0, key.1), true), Some(expected), "{key:?}");
        }
        for binding in &KEY_BINDINGS {
            for key in binding.keys {
                let pressed = press(key.0, key.1);
                assert_eq!(action_for(&pressed, false), Some(binding.action), "{key:?}");
                let always = ALWAYS.iter().find(|(kept, _)| kept == key).map(|(_, action)| *action);
                assert_eq!(action_for(&pressed, true), always, "{key:?} while a demo has the keys");
            }
        }
        let quit = press(QUIT_KEY.0, QUIT_KEY.1);
        assert_eq!(
            (action_for(&quit, false), action_for(&quit, true)),
            (Some(StageAction::Quit), None)
        );
    }

    #[test]
    fn no_key_means_two_things() {
        let keys: Vec<_> =
            KEY_BINDINGS.iter().flat_map(|binding| binding.keys).chain([&QUIT_KEY]).collect();
        for (index, key) in keys.iter().enumerate() {
            assert!(!keys[index + 1..].contains(key), "{key:?} is bound twice");
        }
    }

    #[test]
    fn shift_counts_for_arrows_and_not_for_signs() {
        assert_eq!(
            action_for(&press(KeyCode::Right, KeyModifiers::SHIFT), false),
            Some(StageAction::ShiftRight)
        );
        assert_eq!(
            action_for(&press(KeyCode::Char('?'), KeyModifiers::SHIFT), false),
            Some(StageAction::Help)
        );
    }
}
