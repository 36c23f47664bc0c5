//! Text that is safe and correct to show in a terminal: widths in cells, visible control
//! characters, spelling suggestions, numbers with their units.
//!
//! Wrapping, colouring and drawing are the slide view's work.

pub mod units;

mod names;

pub use names::{UnknownName, named_enum};

use std::borrow::Cow;

use strsim::levenshtein;
use unicode_segmentation::{GraphemeCursor, UnicodeSegmentation as _};
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// Returns the width of `text` in terminal cells, counted by grapheme cluster.
///
/// A flag or a family emoji is one grapheme of width 2, whatever its number of code points.
pub fn width(text: &str) -> usize {
    if text.is_ascii() {
        return text.len();
    }
    text.graphemes(true).map(grapheme_width).sum()
}

/// Returns the width of one grapheme cluster in cells: 0, 1 or 2.
pub fn grapheme_width(grapheme: &str) -> usize {
    // A cluster takes at most two cells, however many code points it consists of.
    grapheme.width().min(2)
}

/// Quotes `text` as one word of a POSIX shell.
pub fn shell_quote(text: &str) -> Cow<'_, str> {
    let is_plain = |char: char| char.is_ascii_alphanumeric() || "-_./:@%+=,".contains(char);
    if !text.is_empty() && text.chars().all(is_plain) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(format!("'{}'", text.replace('\'', r"'\''")))
}

/// Replaces every character of `text` that a terminal would interpret or hide.
///
/// C0 controls and DEL become their control pictures (U+2400..). Everything else that
/// [`is_terminal_control`] accepts becomes U+FFFD. Line feed and tab are replaced too: callers that
/// give them a meaning split or expand the text first.
pub fn sanitize(text: &str) -> Cow<'_, str> {
    if is_printable_ascii(text) {
        return Cow::Borrowed(text);
    }
    let mut odd = unprintable(text).peekable();
    if odd.peek().is_none() {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    let mut rest = 0;
    for (at, c) in odd {
        shown.push_str(&text[rest..at]);
        shown.push(control_picture(c));
        rest = at + c.len_utf8();
    }
    Cow::Owned(shown + &text[rest..])
}

/// Returns the characters of `text` that must not reach a terminal, each with its byte offset.
///
/// A zero width joiner inside an emoji (UAX #29, rule GB11) is allowed. It hides nothing, and
/// without it the emoji falls apart into several.
pub fn unprintable(text: &str) -> impl Iterator<Item = (usize, char)> + '_ {
    // Escape sequences and bidirectional controls from a deck or a peer could rewrite the screen.
    let odd = |&(_, c): &(usize, char)| is_terminal_control(c);
    text.char_indices().filter(odd).filter(|&(at, c)| c != JOINER || !joins(text, at))
}

const JOINER: char = '\u{200d}';

/// Whether the joiner at byte `at` connects two visible characters of one grapheme cluster.
fn joins(text: &str, at: usize) -> bool {
    let mut cursor = GraphemeCursor::new(at + JOINER.len_utf8(), text.len(), true);
    let ends_here = cursor.is_boundary(text, 0).unwrap_or(true);
    let next = text[at..].chars().nth(1);
    !ends_here && next.is_some_and(|next| next.width().unwrap_or(0) > 0)
}

/// Whether a terminal would interpret `c` instead of showing it, or would let it hide, join or
/// reorder its neighbours.
///
/// These are the C0 and C1 controls, DEL, Unicode's format characters (general category Cf:
/// bidirectional controls, zero width characters, U+FEFF, tags) and the line and paragraph
/// separators.
pub fn is_terminal_control(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_control();
    }
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') || is_format(c)
}

/// Whether `c` marks the direction of the text around it and overrides none: isolates and marks
/// (UAX #9 section 2). Prose may do without them; it is shown in its logical order anyway.
pub fn is_direction_mark(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2066}'..='\u{2069}')
}

/// Whether all of `text` is ASCII that any terminal shows as it is. Most text is, and this is the
/// fastest way to know.
fn is_printable_ascii(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

/// Whether `c` is in the general category Cf, or is unassigned and lies between its members.
fn is_format(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}' | '\u{890}' | '\u{891}'
        | '\u{8e2}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{110bd}' | '\u{110cd}'
        | '\u{13430}'..='\u{1343f}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e007f}')
}

fn control_picture(c: char) -> char {
    match c {
        '\0'..='\x1f' => char::from_u32(0x2400 + c as u32).unwrap_or(char::REPLACEMENT_CHARACTER),
        '\x7f' => '\u{2421}',
        _ => char::REPLACEMENT_CHARACTER,
    }
}

/// Replaces each tab of `line` by spaces up to the next multiple of `stop` cells.
pub fn expand_tabs(line: &str, stop: usize) -> Cow<'_, str> {
    if !line.contains('\t') {
        return Cow::Borrowed(line);
    }
    let mut out = String::with_capacity(line.len() + stop);
    let mut column = 0;
    // A tab is a grapheme cluster of its own, so no part begins or ends within one.
    for (index, part) in line.split('\t').enumerate() {
        if index > 0 {
            let blanks = stop - column % stop;
            out.extend(std::iter::repeat_n(' ', blanks));
            column += blanks;
        }
        out.push_str(part);
        column += width(part);
    }
    Cow::Owned(out)
}

/// Returns the longest prefix of `text` that fits into `cells` cells, cut between grapheme
/// clusters.
pub fn prefix_within(text: &str, cells: usize) -> &str {
    let mut used = 0;
    for (at, grapheme) in text.grapheme_indices(true) {
        used += grapheme_width(grapheme);
        if used > cells {
            return &text[..at];
        }
    }
    text
}

/// Shortens `text` to at most `cells` cells. A shortened text ends with `…`.
pub fn ellipsize(text: &str, cells: usize) -> Cow<'_, str> {
    if width(text) <= cells {
        return Cow::Borrowed(text);
    }
    match cells {
        0 => Cow::Borrowed(""),
        cells => Cow::Owned(format!("{}…", prefix_within(text, cells - 1))),
    }
}

/// Shortens `text` to at most `cells` cells from its beginning: a shortened text begins with `…`.
pub fn ellipsize_start(text: &str, cells: usize) -> Cow<'_, str> {
    if width(text) <= cells {
        return Cow::Borrowed(text);
    }
    let Some(room) = cells.checked_sub(1) else { return Cow::Borrowed("") };
    let graphemes = text.grapheme_indices(true).rev();
    let mut start = text.len();
    for (at, _) in graphemes {
        if width(text.get(at..).unwrap_or_default()) > room {
            break;
        }
        start = at;
    }
    Cow::Owned(format!("…{}", text.get(start..).unwrap_or_default()))
}

/// Returns the word of `known` that `word` is most likely a misspelling of: at most two edits away.
pub fn suggest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    // Two edits turn any two-letter word into any other, so a short word allows half its length.
    let distances = known.iter().map(|known| (levenshtein(word, known), *known));
    let near = distances.filter(|(distance, known)| *distance <= 2.min(known.len() / 2));
    near.min_by_key(|(distance, _)| *distance).map(|(_, known)| known)
}

/// Returns `` (did you mean `pause`?)``, with a leading space to follow the word in an error
/// message, or an empty string if no word of `known` is near.
pub fn did_you_mean(word: &str, known: &[&str]) -> String {
    suggest(word, known).map_or_else(String::new, |meant| format!(" (did you mean `{meant}`?)"))
}

/// Returns a count with its noun: `no warnings`, `1 warning`, `2 warnings`.
pub fn counted(count: usize, what: &str) -> String {
    match count {
        0 => format!("no {what}s"),
        1 => format!("1 {what}"),
        count => format!("{count} {what}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_leaves_the_quotes_of_a_shell() {
        assert_eq!(shell_quote("ws://127.0.0.1:9001/"), "ws://127.0.0.1:9001/");
        assert_eq!(shell_quote("a; rm 'b'"), r"'a; rm '\''b'\'''");
        assert_eq!(shell_quote("ws://h/?a&b"), "'ws://h/?a&b'");
    }

    #[test]
    fn widths_are_counted_by_grapheme() {
        assert_eq!(width("Hello"), 5);
        assert_eq!(width("日本"), 4);
        assert_eq!(width("e\u{301}"), 1, "a letter and its combining accent are one cell");
        assert_eq!(width("👨‍👩‍👧"), 2, "one family is one wide grapheme");
    }

    #[test]
    fn a_text_is_cut_at_its_end_or_at_its_beginning() {
        for (cells, end, start) in [
            (5, "a日本", "a日本"),
            (4, "a日…", "…本"),
            (3, "a…", "…本"),
            (1, "…", "…"),
            (0, "", ""),
        ] {
            assert_eq!(
                (&*ellipsize("a日本", cells), &*ellipsize_start("a日本", cells)),
                (end, start)
            );
        }
    }

    #[test]
    fn nothing_that_a_terminal_obeys_is_left() {
        assert_eq!(sanitize("a\x1b[31mb"), "a␛[31mb");
        assert_eq!(sanitize("\u{9b}31m\x7f"), "\u{fffd}31m␡");
        assert_eq!(sanitize("\u{202e}abc"), "\u{fffd}abc");
        assert_eq!(sanitize("a\u{200b}b\u{feff}\u{e0041}"), "a\u{fffd}b\u{fffd}\u{fffd}");
        assert!(matches!(sanitize("plain ✓"), Cow::Borrowed(_)));
    }

    /// The ranges are those of another implementation's tables.
    #[test]
    fn every_format_character_and_separator_of_unicode_is_terminal_control() {
        let class = regex_syntax::parse(r"[\p{Cf}\p{Cc}\p{Zl}\p{Zp}]").unwrap();
        let regex_syntax::hir::HirKind::Class(regex_syntax::hir::Class::Unicode(class)) =
            class.kind()
        else {
            panic!("{class:?}")
        };
        let mut count = 0;
        for c in class.iter().flat_map(|range| range.start()..=range.end()) {
            assert!(is_terminal_control(c), "U+{:04X}", c as u32);
            assert!(!sanitize(&format!("a{c}b")).contains(c), "U+{:04X}", c as u32);
            assert!(
                !crate::wire::format::escape_controls(&format!("a{c}b")).contains(c),
                "U+{:04X}",
                c as u32
            );
            count += 1;
        }
        assert!(count > 200, "{count}");
        for c in ['é', '日', '\u{301}', '✓', '\u{fe0f}', '\u{2027}', '\u{a0}'] {
            assert!(!is_terminal_control(c), "U+{:04X}", c as u32);
        }
    }

    #[test]
    fn the_joiner_of_an_emoji_stays_and_any_other_goes() {
        for emoji in ["👨‍👩‍👧", "🏳\u{fe0f}\u{200d}🌈", "👩\u{200d}⚕\u{fe0f}"] {
            assert_eq!(sanitize(emoji), emoji);
            assert_eq!(sanitize(&format!("{emoji}\x1b")), format!("{emoji}␛"));
        }
        assert_eq!(sanitize("pay\u{200d}pal"), "pay\u{fffd}pal");
        assert_eq!(sanitize("👨\u{200d}"), "👨\u{fffd}");
        assert_eq!(sanitize("\u{200d}\u{200d}👨"), "\u{fffd}\u{fffd}👨");
        assert_eq!(sanitize("a\u{200d}\u{301}"), "a\u{fffd}\u{301}");
    }

    #[test]
    fn tabs_reach_the_next_stop() {
        assert_eq!(expand_tabs("\tif x {\ty", 4), "    if x {  y");
        assert_eq!(expand_tabs("日\tx", 4), "日  x");
        assert_eq!(expand_tabs("a\tb\tc", 4), "a   b   c");
        assert_eq!(expand_tabs("é\t日本\tx\t", 4), "é   日本    x   ");
    }

    #[test]
    fn cutting_never_splits_a_grapheme() {
        assert_eq!(prefix_within("日本語", 5), "日本");
        assert_eq!(ellipsize("handshake", 6), "hands…");
        assert_eq!(ellipsize("日本語", 4), "日…");
        assert_eq!(ellipsize("abc", 0), "");
        assert_eq!(ellipsize("abc", 3), "abc");
    }

    #[test]
    fn a_slip_of_the_finger_finds_its_word() {
        assert_eq!(suggest("puase", &["pause", "section"]), Some("pause"));
        assert_eq!(suggest("sektion", &["pause", "section"]), Some("section"));
        assert_eq!(suggest("TODO", &["pause", "section"]), None);
        assert_eq!(suggest("og", &["op"]), Some("op"));
        assert_eq!(suggest("no", &["op"]), None, "nothing of it is left");
        assert_eq!(did_you_mean("puase", &["pause"]), " (did you mean `pause`?)");
        assert_eq!(did_you_mean("TODO", &["pause"]), "");
    }
}
