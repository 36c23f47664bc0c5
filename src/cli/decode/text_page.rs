//! [`TextPage`]: plain text in 80 columns, made of lines and wrapped paragraphs.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// The width of a page, in columns.
const PAGE_WIDTH: usize = 80;

/// A text that grows line by line.
#[derive(Debug, Default)]
pub(in crate::cli) struct TextPage {
    text: String,
}

impl TextPage {
    /// Adds a line, without wrapping it: the line must fit.
    pub(in crate::cli) fn line(&mut self, line: &str) {
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }

    pub(in crate::cli) fn blank_line(&mut self) {
        self.line("");
    }

    /// Adds `head` and, behind it, `text` wrapped. Further lines are indented to the first word of
    /// `text`.
    pub(in crate::cli) fn paragraph(&mut self, head: &str, text: &str) {
        let indent = head.width();
        let mut line = head.to_owned();
        let mut empty = true;
        for word in text.split(' ').filter(|word| !word.is_empty()) {
            for piece in split_word(word, PAGE_WIDTH.saturating_sub(indent)) {
                let gap = usize::from(!empty);
                if line.width().saturating_add(gap).saturating_add(piece.width()) > PAGE_WIDTH {
                    self.line(&line);
                    line = " ".repeat(indent);
                } else if gap == 1 {
                    line.push(' ');
                }
                line.push_str(&piece);
                empty = false;
            }
        }
        self.line(&line);
    }

    /// Adds a paragraph whose last line ends with `tail` at the right margin. Without room for it,
    /// `tail` gets a line of its own.
    pub(in crate::cli) fn paragraph_with_tail(&mut self, head: &str, text: &str, tail: &str) {
        self.paragraph(head, text);
        // Reopens the last line.
        self.text.truncate(self.text.trim_end().len());
        let used = self.text.rsplit('\n').next().unwrap_or_default().width();
        let room = PAGE_WIDTH.saturating_sub(tail.width());
        if let Some(gap) = room.checked_sub(used).filter(|gap| *gap >= 2) {
            self.text.push_str(&" ".repeat(gap));
        } else {
            self.blank_line();
            self.text.push_str(&" ".repeat(room));
        }
        self.line(tail);
    }

    pub(in crate::cli) fn into_text(self) -> String {
        self.text
    }
}

/// Cuts a word into pieces of at most `width` columns.
fn split_word(word: &str, width: usize) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut used = 0;
    for char in word.chars() {
        let wide = char.width().unwrap_or(0);
        if wide.saturating_add(used) > width {
            pieces.push(String::new());
            used = 0;
        }
        used = wide.saturating_add(used);
        pieces.last_mut().expect("it begins with one").push(char);
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tail_is_at_the_right_margin() {
        let mut page = TextPage::default();
        page.paragraph_with_tail("head  ", "text", "tail");
        page.paragraph_with_tail("head  ", &"x".repeat(70), "tail");
        let text = page.into_text();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], format!("head  text{}tail", " ".repeat(66)));
        assert_eq!(lines[1], format!("head  {}", "x".repeat(70)));
        assert_eq!(lines[2], format!("{}tail", " ".repeat(76)));
    }

    #[test]
    fn words_wrap_below_the_first_word_and_long_ones_are_cut() {
        let mut page = TextPage::default();
        page.paragraph("head  ", &format!("{} {}", "word ".repeat(15), "x".repeat(100)));
        let text = page.into_text();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], format!("head  {}", "word ".repeat(15).trim_end()));
        assert_eq!(lines[1], format!("      {}", "x".repeat(74)));
        assert_eq!(lines[2], format!("      {}", "x".repeat(26)));
    }
}
