//! [`TypingGuard`]: tells text that is typed at a slide from single keys.
//!
//! Whoever types at a demo that does not have the keyboard should not steer the talk with the word.
//! So on a slide with such a demo a letter waits for a moment: another letter within it means
//! typing, and neither does anything. Time is passed in.

use std::time::{Duration, Instant};

use crossterm::event::{KeyCode, KeyEvent};

use crate::app::steering::keys::key_press::KeyPress;

/// The time within which two letters belong to the same word. Nobody presses two keys on purpose
/// so fast, and a word is rarely typed more slowly.
const BURST: Duration = Duration::from_millis(150);
/// The time within which a word goes on, once it is known to be one.
const PAUSE: Duration = Duration::from_secs(1);
/// The number of letters without a meaning, one after another, that are taken for typing.
const MAX_MEANINGLESS: u8 = 2;

/// What is to be done with a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GuardVerdict {
    /// It acts at once. The key before it, if it still waits, acts first.
    Act,
    /// It waits until [`TypingGuard::wake_at`].
    Wait,
    /// It was typed, and does nothing.
    Typed,
}

/// What is known of the last keys.
#[derive(Clone, Debug, Default)]
pub(crate) struct TypingGuard {
    waiting: Option<KeyEvent>,
    /// The last letter, and when it came.
    last: Option<(char, Instant)>,
    /// Whether the last letter was part of a word.
    typing: bool,
    meaningless: u8,
}

impl TypingGuard {
    /// Judges a key that came at `now`. `guards` is whether the slide has a demo that could be
    /// meant, `means` whether the key means something to the stage, and `begins` whether it only
    /// begins a longer command, so that it may act at once.
    pub(crate) fn pass(
        &mut self,
        key: &KeyEvent,
        now: Instant,
        KeyMeaning { guards, means, begins }: KeyMeaning,
    ) -> GuardVerdict {
        let limit = if self.typing { PAUSE } else { BURST };
        let quick = |(_, at): (char, Instant)| now.saturating_duration_since(at) < limit;
        let before = self.last.filter(|last| quick(*last));
        let Some(letter) = KeyPress::of(key).character().filter(|key| key.is_alphabetic()) else {
            // Spaces, line ends and corrections between letters are part of what is typed.
            let joins = matches!(
                key.code,
                KeyCode::Char(' ' | '0'..='9' | '.' | ',' | '\'' | '-')
                    | KeyCode::Enter
                    | KeyCode::Backspace
                    | KeyCode::Tab
            );
            if joins && self.typing && before.is_some() {
                self.last = before.map(|(letter, _)| (letter, now));
                return GuardVerdict::Typed;
            }
            self.typing = false;
            return GuardVerdict::Act;
        };
        self.last = Some((letter, now));
        self.typing = match before {
            // The same letter again is a key that is held down.
            Some((last, _)) => guards && (self.typing || last != letter),
            None => false,
        };
        if self.typing {
            self.waiting = None;
            return GuardVerdict::Typed;
        }
        self.meaningless = if means { 0 } else { self.meaningless.saturating_add(1) };
        if guards && self.meaningless >= MAX_MEANINGLESS {
            self.typing = true;
            return GuardVerdict::Typed;
        }
        if !guards || !means || begins || before.is_some() {
            return GuardVerdict::Act;
        }
        self.waiting = Some(*key);
        GuardVerdict::Wait
    }

    /// Returns the time at which the waiting key acts; `None` if none waits.
    pub(crate) fn wake_at(&self) -> Option<Instant> {
        self.waiting.and(self.last).and_then(|(_, at)| at.checked_add(BURST))
    }

    /// Returns the waiting key, which acts now.
    pub(crate) fn take_waiting(&mut self) -> Option<KeyEvent> {
        self.waiting.take()
    }

    /// Forgets what was typed: what comes next is not part of it.
    pub(crate) fn end_word(&mut self) {
        self.last = None;
        self.typing = false;
    }
}

/// What a key would do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeyMeaning {
    /// Whether the slide has a demo that could be meant.
    pub(crate) guards: bool,
    /// Whether the key means something to the stage.
    pub(crate) means: bool,
    /// Whether it only begins a longer command.
    pub(crate) begins: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Passes the keys, each this many milliseconds after the one before. Letters in `meant` mean
    /// something. Returns what was done, with `!` before what was typed.
    fn played(meant: &str, keys: &[(u64, char)]) -> String {
        let mut guard = TypingGuard::default();
        let mut now = Instant::now();
        let mut done = String::new();
        for &(later, key) in keys {
            let next = now + Duration::from_millis(later);
            if guard.wake_at().is_some_and(|at| at <= next) {
                done.extend(guard.take_waiting().and_then(|key| key.code.as_char()));
            }
            now = next;
            let code = if key == '\n' { KeyCode::Enter } else { KeyCode::Char(key) };
            let meaning =
                KeyMeaning { guards: true, means: meant.contains(key), begins: key == 'g' };
            match guard.pass(&code.into(), now, meaning) {
                GuardVerdict::Act => {
                    done.extend(guard.take_waiting().and_then(|key| key.code.as_char()));
                    done.push(key);
                }
                GuardVerdict::Wait => {}
                GuardVerdict::Typed => done.extend(['!', key]),
            }
        }
        done.extend(guard.take_waiting().and_then(|key| key.code.as_char()));
        done
    }

    fn typed(text: &str, every: u64) -> Vec<(u64, char)> {
        text.chars().map(|letter| (every, letter)).collect()
    }

    #[test]
    fn a_word_steers_nothing() {
        for every in [0, 20, 149] {
            assert_eq!(played("qsno", &typed("question", every)), "!u!e!s!t!i!o!n", "{every} ms");
            assert_eq!(played("sng", &typed("some thing\n", every)), "!o!m!e! !t!h!i!n!g!\n");
        }
        assert_eq!(played("g", &typed("gone", 50)), "g!o!n!e", "a key that asks for more acts");
    }

    #[test]
    fn single_letters_act() {
        assert_eq!(played("nps", &typed("npsn", 150)), "npsn");
        assert_eq!(played("n", &typed("nnnn", 30)), "nnnn", "a key that is held down");
        assert_eq!(played("gG", &[(0, 'g'), (40, 'g')]), "gg");
        assert_eq!(played("G", &[(0, '1'), (40, '2'), (40, 'G')]), "12G");
        assert_eq!(played("n?/", &[(0, 'n'), (20, '?')]), "n?", "a sign begins no word");
        assert_eq!(played("n ", &[(0, 'n'), (20, ' ')]), "n ");
    }

    #[test]
    fn letters_without_meaning_are_taken_for_a_slow_word() {
        assert_eq!(played("", &[(0, 'c'), (400, 'd'), (400, 'e')]), "c!d!e");
        assert_eq!(played("n", &[(0, 'c'), (400, 'n'), (400, 'd')]), "cnd");
        let slow = [(0, 'c'), (400, 'd'), (900, 'n'), (900, ' '), (1000, 'n')];
        assert_eq!(played("n ", &slow), "c!d!n! n", "and a word goes on until a pause");
    }

    #[test]
    fn where_no_demo_is_meant_every_letter_acts_at_once() {
        let mut guard = TypingGuard::default();
        let now = Instant::now();
        let meaning = KeyMeaning { guards: false, means: true, begins: false };
        for letter in ['n', 'p', 's'] {
            let key = KeyCode::Char(letter).into();
            assert_eq!(guard.pass(&key, now, meaning), GuardVerdict::Act);
        }
        assert_eq!(guard.wake_at(), None);
        let guards = KeyMeaning { guards: true, ..meaning };
        let key = KeyCode::Char('x').into();
        assert_eq!(guard.pass(&key, now, guards), GuardVerdict::Typed, "the word goes on");
    }
}
