//! Breaks styled text into lines of a given width, between words, ideographs or graphemes.

use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_segmentation::UnicodeSegmentation as _;

use crate::slide::text::line_break::{may_break, unbreakable_parts};
use crate::text;

/// A piece of text in one style. A piece that is `"\n"` ends its line.
pub(crate) type StyledText = (String, Style);

/// Breaks `pieces` into lines of at most `width` cells: between words, or inside a word that is
/// wider than a line. Blanks vanish where a line begins or ends, and nowhere else. Returns at least
/// one line.
pub(crate) fn wrap(pieces: &[StyledText], width: usize) -> Vec<Line<'static>> {
    let mut breaker = LineBreaker { width: width.max(1), ..LineBreaker::default() };
    for (text, style) in pieces {
        if text == "\n" {
            breaker.end_word();
            breaker.end_line();
            continue;
        }
        for part in text.split_inclusive(' ') {
            // A word may run over several pieces, so it ends at a blank and not at the end of a
            // piece.
            breaker.push_letters(part.trim_end_matches(' '), *style);
            if part.ends_with(' ') {
                breaker.end_word();
                breaker.blanks.push(" ", *style);
            }
        }
    }
    breaker.end_word();
    breaker.end_line();
    breaker.lines
}

/// Returns the width of `pieces` in cells before wrapping; that of the longest line if they hold
/// line breaks.
pub(crate) fn natural_width(pieces: &[StyledText]) -> usize {
    pieces.split(|(text, _)| text == "\n").map(line_width).max().unwrap_or(0)
}

/// Returns the width of the widest word in cells.
pub(crate) fn longest_word(pieces: &[StyledText]) -> usize {
    let all: String = pieces.iter().map(|(text, _)| text.as_str()).collect();
    unbreakable_parts(&all).map(text::width).max().unwrap_or(0)
}

fn line_width(pieces: &[StyledText]) -> usize {
    pieces.iter().map(|(text, _)| text::width(text)).sum()
}

#[derive(Default)]
struct StyledLine {
    pieces: Vec<StyledText>,
    width: usize,
}

impl StyledLine {
    fn last_char(&self) -> Option<char> {
        self.pieces.last()?.0.chars().next_back()
    }

    fn push(&mut self, text: &str, style: Style) {
        if text.is_empty() {
            return;
        }
        self.width += text::width(text);
        match self.pieces.last_mut() {
            Some((last, of)) if *of == style => last.push_str(text),
            _ => self.pieces.push((text.to_owned(), style)),
        }
    }
}

#[derive(Default)]
struct LineBreaker {
    width: usize,
    lines: Vec<Line<'static>>,
    line: StyledLine,
    word: StyledLine,
    /// The blanks between the line and the word.
    blanks: StyledLine,
}

impl LineBreaker {
    /// Appends letters to the word. It ends where a line may end between two of them.
    fn push_letters(&mut self, letters: &str, style: Style) {
        let mut start = 0;
        let mut last = self.word.last_char();
        for (at, letter) in letters.char_indices() {
            if last.is_some_and(|last| may_break(last, letter)) {
                self.word.push(&letters[start..at], style);
                self.end_word();
                start = at;
            }
            last = Some(letter);
        }
        self.word.push(&letters[start..], style);
    }

    fn end_word(&mut self) {
        let word = std::mem::take(&mut self.word);
        if word.pieces.is_empty() {
            return;
        }
        let blanks = std::mem::take(&mut self.blanks);
        if self.line.width > 0 {
            if self.line.width + blanks.width + word.width > self.width {
                self.end_line();
            } else {
                for (text, style) in blanks.pieces {
                    self.line.push(&text, style);
                }
            }
        }
        for (text, style) in word.pieces {
            self.push_word(&text, style);
        }
    }

    /// Appends a word. One that is wider than the line continues on the next.
    fn push_word(&mut self, word: &str, style: Style) {
        if self.line.width + text::width(word) <= self.width {
            return self.line.push(word, style);
        }
        for grapheme in word.graphemes(true) {
            if self.line.width > 0 && self.line.width + text::grapheme_width(grapheme) > self.width
            {
                self.end_line();
            }
            self.line.push(grapheme, style);
        }
    }

    fn end_line(&mut self) {
        let line = std::mem::take(&mut self.line);
        self.blanks = StyledLine::default();
        self.lines
            .push(line.pieces.into_iter().map(|(text, style)| Span::styled(text, style)).collect());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(pieces: &[(&str, Style)], width: usize) -> Vec<String> {
        let pieces: Vec<StyledText> =
            pieces.iter().map(|(text, style)| ((*text).to_owned(), *style)).collect();
        wrap(&pieces, width).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn words_stay_whole_and_blanks_vanish_at_the_break() {
        let plain = Style::new();
        assert_eq!(lines(&[("the quick brown fox", plain)], 10), ["the quick", "brown fox"]);
        assert_eq!(lines(&[("a", plain), ("\n", plain), ("b", plain)], 10), ["a", "b"]);
        assert_eq!(lines(&[("日本 語", plain)], 4), ["日本", "語"]);
        assert_eq!(lines(&[("", plain)], 4), [""]);
        assert_eq!(lines(&[("  a  b  ", plain)], 10), ["a  b"]);
        assert_eq!(lines(&[("a   b  c", plain)], 4), ["a", "b  c"]);
        assert_eq!(lines(&[("abcdef  g", plain)], 4), ["abcd", "ef", "g"]);
    }

    #[test]
    fn a_word_may_change_its_style_and_still_is_one_word() {
        let found = lines(
            &[("see un", Style::new()), ("believ", Style::new().bold()), ("able", Style::new())],
            12,
        );
        assert_eq!(found, ["see", "unbelievable"]);
    }

    #[test]
    fn a_word_wider_than_the_line_is_broken_between_graphemes() {
        assert_eq!(lines(&[("abcdefgh ij", Style::new())], 3), ["abc", "def", "gh", "ij"]);
        assert_eq!(lines(&[("日本語", Style::new())], 5), ["日本", "語"]);
    }

    #[test]
    fn ideographs_fill_their_lines_whatever_stands_beside_them() {
        let text = "長い日本語の文です。WebSocketと";
        assert_eq!(lines(&[(text, Style::new())], 12), ["長い日本語の", "文です。", "WebSocketと"]);
        let styled = [("ab 日本", Style::new()), ("語です", Style::new().bold())];
        assert_eq!(lines(&styled, 9), ["ab 日本語", "です"]);
    }

    #[test]
    fn widths_of_text_before_it_is_broken() {
        let pieces = [("ab cde".to_owned(), Style::new()), ("\n".to_owned(), Style::new())];
        assert_eq!((natural_width(&pieces), longest_word(&pieces)), (6, 3));
    }
}
