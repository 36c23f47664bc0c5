//! [`KeyPress`]: a key with its modifiers, as the table of keys, the help and a file of keys name
//! it.

use std::fmt;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// The keys that have a name: as a file writes it, and as the help shows it.
const NAMED_KEYS: [(KeyCode, &str, &str); 15] = [
    (KeyCode::Right, "Right", "→"),
    (KeyCode::Left, "Left", "←"),
    (KeyCode::Up, "Up", "↑"),
    (KeyCode::Down, "Down", "↓"),
    (KeyCode::Enter, "Enter", "Enter"),
    (KeyCode::Tab, "Tab", "Tab"),
    (KeyCode::BackTab, "BackTab", "Shift+Tab"),
    (KeyCode::Backspace, "Backspace", "Backspace"),
    (KeyCode::Delete, "Delete", "Delete"),
    (KeyCode::Insert, "Insert", "Insert"),
    (KeyCode::Home, "Home", "Home"),
    (KeyCode::End, "End", "End"),
    (KeyCode::PageUp, "PageUp", "PageUp"),
    (KeyCode::PageDown, "PageDown", "PageDown"),
    (KeyCode::Char(' '), "Space", "Space"),
];

const MODIFIERS: [(KeyModifiers, &str); 3] =
    [(KeyModifiers::CONTROL, "Ctrl"), (KeyModifiers::ALT, "Alt"), (KeyModifiers::SHIFT, "Shift")];

/// A key with the modifiers that count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct KeyPress {
    pub(crate) code: KeyCode,
    pub(crate) modifiers: KeyModifiers,
}

impl KeyPress {
    /// A key without modifiers.
    pub(crate) const fn plain(code: KeyCode) -> Self {
        Self { code, modifiers: KeyModifiers::NONE }
    }

    /// A letter or sign without modifiers.
    pub(crate) const fn letter(letter: char) -> Self {
        Self::plain(KeyCode::Char(letter))
    }

    /// A letter with Ctrl.
    pub(crate) const fn control(letter: char) -> Self {
        Self { code: KeyCode::Char(letter), modifiers: KeyModifiers::CONTROL }
    }

    /// A key with Shift.
    pub(crate) const fn shift(code: KeyCode) -> Self {
        Self { code, modifiers: KeyModifiers::SHIFT }
    }

    /// Returns the key of an event. Shift on a character is already in the character (upper case,
    /// or another sign), and terminals differ in whether they report it. What is no modifier of
    /// ours, such as Caps Lock, does not count.
    pub(crate) fn of(event: &KeyEvent) -> Self {
        let counts = KeyModifiers::CONTROL | KeyModifiers::ALT | KeyModifiers::SHIFT;
        let modifiers = event.modifiers & counts;
        match event.code {
            KeyCode::Char(letter) if modifiers.contains(KeyModifiers::CONTROL) => Self {
                code: KeyCode::Char(letter.to_ascii_lowercase()),
                modifiers: modifiers - KeyModifiers::SHIFT,
            },
            KeyCode::Char(_) => {
                Self { code: event.code, modifiers: modifiers - KeyModifiers::SHIFT }
            }
            KeyCode::BackTab => Self::plain(KeyCode::BackTab),
            code => Self { code, modifiers },
        }
    }

    /// Parses a key's name in a file: `n`, `Right`, `F5`, `Ctrl-L`, `Shift-Right`. Returns `None`
    /// if there is no such key.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        let mut modifiers = KeyModifiers::NONE;
        let mut rest = name;
        // The key itself may be `-`.
        while let Some((before, behind)) = rest.split_once('-').filter(|(_, key)| !key.is_empty()) {
            let known = MODIFIERS.iter().find(|(_, name)| name.eq_ignore_ascii_case(before))?;
            modifiers |= known.0;
            rest = behind;
        }
        let mut code = parse_code(rest)?;
        if code == KeyCode::Tab && modifiers.contains(KeyModifiers::SHIFT) {
            // What a terminal sends for it is a key of its own.
            code = KeyCode::BackTab;
            modifiers -= KeyModifiers::SHIFT;
        }
        let event = KeyEvent::new(code, modifiers);
        let pressed = Self::of(&event);
        // Shift-a never arrives: it is A.
        (pressed.modifiers == modifiers).then_some(pressed)
    }

    /// Returns the letter or sign, if the key is one and nothing else is held with it.
    pub(crate) fn character(self) -> Option<char> {
        match self.code {
            KeyCode::Char(character) if self.modifiers.is_empty() => Some(character),
            _ => None,
        }
    }
}

fn parse_code(name: &str) -> Option<KeyCode> {
    let named = |key: &&(KeyCode, &str, &str)| key.1.eq_ignore_ascii_case(name);
    if let Some((code, ..)) = NAMED_KEYS.iter().find(named) {
        return Some(*code);
    }
    let mut characters = name.chars();
    let first = characters.next()?;
    if characters.as_str().is_empty() {
        return (!first.is_control() && first != ' ').then_some(KeyCode::Char(first));
    }
    let number: u8 = name.strip_prefix(['F', 'f'])?.parse().ok()?;
    (1..=24).contains(&number).then_some(KeyCode::F(number))
}

impl fmt::Display for KeyPress {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        for (modifier, name) in MODIFIERS {
            if self.modifiers.contains(modifier) {
                write!(f, "{name}{}", if modifier == KeyModifiers::SHIFT { '+' } else { '-' })?;
            }
        }
        let control = self.modifiers.contains(KeyModifiers::CONTROL);
        if let Some((.., shown)) = NAMED_KEYS.iter().find(|key| key.0 == self.code) {
            return f.write_str(shown);
        }
        match self.code {
            KeyCode::Char(letter) if control => write!(f, "{}", letter.to_ascii_uppercase()),
            KeyCode::Char(letter) => write!(f, "{letter}"),
            KeyCode::F(number) => write!(f, "F{number}"),
            code => write!(f, "{code}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_gives_the_key_that_the_terminal_reports() {
        let event = KeyEvent::new;
        let cases = [
            ("n", event(KeyCode::Char('n'), KeyModifiers::NONE)),
            ("G", event(KeyCode::Char('G'), KeyModifiers::SHIFT)),
            ("?", event(KeyCode::Char('?'), KeyModifiers::SHIFT)),
            ("space", event(KeyCode::Char(' '), KeyModifiers::NONE)),
            ("Ctrl-L", event(KeyCode::Char('l'), KeyModifiers::CONTROL)),
            ("ctrl-l", event(KeyCode::Char('l'), KeyModifiers::CONTROL)),
            ("Ctrl--", event(KeyCode::Char('-'), KeyModifiers::CONTROL)),
            ("-", event(KeyCode::Char('-'), KeyModifiers::NONE)),
            ("Shift-Right", event(KeyCode::Right, KeyModifiers::SHIFT)),
            ("F5", event(KeyCode::F(5), KeyModifiers::NONE)),
            ("BackTab", event(KeyCode::BackTab, KeyModifiers::SHIFT)),
            ("é", event(KeyCode::Char('é'), KeyModifiers::NONE)),
        ];
        for (name, event) in cases {
            assert_eq!(KeyPress::parse(name), Some(KeyPress::of(&event)), "{name}");
        }
        for name in ["", "nn", "Shift-a", "Hyper-a", "F0", "F25", "F-1", "Ctrl-", "\x1b", " "] {
            assert_eq!(KeyPress::parse(name), None, "{name:?} is no key");
        }
    }

    #[test]
    fn the_help_shows_keys_as_they_are_printed_on_a_keyboard() {
        for (name, shown) in [
            ("Right", "→"),
            ("Shift-Left", "Shift+←"),
            ("Ctrl-o", "Ctrl-O"),
            ("Alt-x", "Alt-x"),
            ("F12", "F12"),
        ] {
            assert_eq!(KeyPress::parse(name).unwrap().to_string(), shown);
        }
    }
}
