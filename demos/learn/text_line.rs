//! [`TextLine`]: a line of text that is edited.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// The most bytes that a line may have.
const MAX_LEN: usize = 4096;

/// A line with a cursor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct TextLine {
    pub(super) text: String,
    /// The byte that the cursor stands before.
    pub(super) cursor: usize,
}

impl TextLine {
    pub(super) fn new(text: &str) -> Self {
        Self { text: text.to_owned(), cursor: text.len() }
    }

    /// Handles a key of editing. Returns whether it was one.
    pub(super) fn handle_key(&mut self, key: KeyEvent) -> bool {
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Char('a') if ctrl => self.cursor = 0,
            KeyCode::Char('e') if ctrl => self.cursor = self.text.len(),
            KeyCode::Char('u') if ctrl => {
                self.text.drain(..self.cursor);
                self.cursor = 0;
            }
            KeyCode::Char('w') if ctrl => self.delete_word(),
            KeyCode::Char(_) if ctrl || key.modifiers.contains(KeyModifiers::ALT) => return false,
            KeyCode::Char(letter) => self.insert(letter.encode_utf8(&mut [0; 4])),
            KeyCode::Left => self.cursor = self.before(),
            KeyCode::Right => self.cursor = self.after(),
            KeyCode::Home => self.cursor = 0,
            KeyCode::End => self.cursor = self.text.len(),
            KeyCode::Backspace => {
                let before = self.before();
                self.text.drain(before..self.cursor);
                self.cursor = before;
            }
            KeyCode::Delete => {
                let after = self.after();
                self.text.drain(self.cursor..after);
            }
            _ => return false,
        }
        true
    }

    /// Inserts a text at the cursor, as far as there is room for it. Control characters are left
    /// out.
    pub(super) fn insert(&mut self, text: &str) {
        for letter in text.chars().filter(|letter| !letter.is_control()) {
            if self.text.len() + letter.len_utf8() > MAX_LEN {
                return;
            }
            self.text.insert(self.cursor, letter);
            self.cursor += letter.len_utf8();
        }
    }

    fn delete_word(&mut self) {
        let head = self.text[..self.cursor].trim_end();
        let start = head.rfind(' ').map_or(0, |blank| blank + 1);
        self.text.drain(start..self.cursor);
        self.cursor = start;
    }

    fn before(&self) -> usize {
        self.text[..self.cursor].char_indices().next_back().map_or(0, |(at, _)| at)
    }

    fn after(&self) -> usize {
        self.text[self.cursor..].chars().next().map_or(self.cursor, |c| self.cursor + c.len_utf8())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_edited_by_characters_and_words() {
        let mut line = TextLine::new("81 é");
        line.handle_key(KeyCode::Backspace.into());
        assert_eq!(line, TextLine::new("81 "));
        line.insert("05\x1b[A\n");
        assert_eq!(line.text, "81 05[A", "no control character comes in");
        line.handle_key(KeyEvent::new(KeyCode::Char('w'), KeyModifiers::CONTROL));
        line.handle_key(KeyCode::Home.into());
        line.handle_key(KeyCode::Delete.into());
        line.handle_key(KeyCode::Char('8').into());
        assert_eq!((line.text.as_str(), line.cursor), ("81 ", 1));
        assert!(!line.handle_key(KeyCode::Enter.into()));
        line.insert(&"x".repeat(10_000));
        assert_eq!(line.text.len(), MAX_LEN);
    }
}
