//! Text as a terminal may show it: widths in cells, control characters made visible, and the word that was meant.
//!
//! It does not wrap, colour or draw; that is the slide view's work.

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::UnicodeWidthStr as _;

/// The width of `text` in terminal cells, counted by grapheme cluster.
///
/// A flag or a family emoji is one grapheme of width 2, whatever its number of code points.
pub fn width(text: &str) -> usize {
    if text.is_ascii() {
        return text.len();
    }
    text.graphemes(true).map(grapheme_width).sum()
}

/// The width in cells of one grapheme cluster: 0, 1 or 2.
pub fn grapheme_width(grapheme: &str) -> usize {
    grapheme.width().min(2)
}

/// `text` with nothing in it that a terminal would obey.
///
/// C0 controls and DEL become their control pictures (U+2400..), C1 controls and the
/// bidirectional overrides, which can make a line read backwards, become U+FFFD. Line feed and
/// tab are controls like all others here: whoever gives them a meaning splits or expands first.
pub fn visible(text: &str) -> Cow<'_, str> {
    if text.chars().any(is_unprintable) {
        Cow::Owned(text.chars().map(picture).collect())
    } else {
        Cow::Borrowed(text)
    }
}

/// Whether a terminal would obey `c` instead of showing it.
pub fn is_unprintable(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn picture(c: char) -> char {
    match c {
        '\0'..='\x1f' => char::from_u32(0x2400 + c as u32).unwrap_or(char::REPLACEMENT_CHARACTER),
        '\x7f' => '\u{2421}',
        c if is_unprintable(c) => char::REPLACEMENT_CHARACTER,
        c => c,
    }
}

/// `line` with each tab replaced by blanks up to the next multiple of `stop` cells.
pub fn expand_tabs(line: &str, stop: usize) -> Cow<'_, str> {
    if !line.contains('\t') {
        return Cow::Borrowed(line);
    }
    let mut out = String::with_capacity(line.len() + stop);
    let mut column = 0;
    for grapheme in line.graphemes(true) {
        if grapheme == "\t" {
            let blanks = stop - column % stop;
            out.extend(std::iter::repeat_n(' ', blanks));
            column += blanks;
        } else {
            out.push_str(grapheme);
            column += grapheme_width(grapheme);
        }
    }
    Cow::Owned(out)
}

/// The longest start of `text` that fits `cells`, cut between graphemes.
pub fn prefix(text: &str, cells: usize) -> &str {
    let mut used = 0;
    for (at, grapheme) in text.grapheme_indices(true) {
        used += grapheme_width(grapheme);
        if used > cells {
            return &text[..at];
        }
    }
    text
}

/// `text` in at most `cells` cells; where something had to go, the last cell says so with `…`.
pub fn shorten(text: &str, cells: usize) -> Cow<'_, str> {
    if width(text) <= cells {
        return Cow::Borrowed(text);
    }
    match cells {
        0 => Cow::Borrowed(""),
        cells => Cow::Owned(format!("{}…", prefix(text, cells - 1))),
    }
}

/// Of `known`, the word that `word` was most likely meant to be: at most two letters away.
pub fn likely<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let near = |known: &&&str| distance(word, known) <= 2.min(known.len() / 2);
    known.iter().filter(near).min_by_key(|known| distance(word, known)).copied()
}

/// The Levenshtein distance in characters.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_are_counted_by_grapheme() {
        assert_eq!(width("Hello"), 5);
        assert_eq!(width("日本"), 4);
        assert_eq!(width("e\u{301}"), 1, "a letter and its combining accent are one cell");
        assert_eq!(width("👨‍👩‍👧"), 2, "one family is one wide grapheme");
    }

    #[test]
    fn nothing_that_a_terminal_obeys_is_left() {
        assert_eq!(visible("a\x1b[31mb"), "a␛[31mb");
        assert_eq!(visible("\u{9b}31m\x7f"), "\u{fffd}31m␡");
        assert_eq!(visible("\u{202e}abc"), "\u{fffd}abc");
        assert!(matches!(visible("plain ✓"), Cow::Borrowed(_)));
    }

    #[test]
    fn tabs_reach_the_next_stop() {
        assert_eq!(expand_tabs("\tif x {\ty", 4), "    if x {  y");
        assert_eq!(expand_tabs("日\tx", 4), "日  x");
    }

    #[test]
    fn cutting_never_splits_a_grapheme() {
        assert_eq!(prefix("日本語", 5), "日本");
        assert_eq!(shorten("handshake", 6), "hands…");
        assert_eq!(shorten("日本語", 4), "日…");
        assert_eq!(shorten("abc", 0), "");
        assert_eq!(shorten("abc", 3), "abc");
    }

    #[test]
    fn a_slip_of_the_finger_finds_its_word() {
        assert_eq!(likely("puase", &["pause", "section"]), Some("pause"));
        assert_eq!(likely("sektion", &["pause", "section"]), Some("section"));
        assert_eq!(likely("TODO", &["pause", "section"]), None);
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
