//! References to sources in a text: `[F12]`, or `[F12, S3]`.

/// A reference to one source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reference<'a> {
    /// The source's id.
    pub(super) id: &'a str,
    /// The index of the line in the text, from 0.
    pub(super) line: usize,
    /// The byte at which the id begins in its line.
    pub(super) at: usize,
    /// Whether it stands in brackets.
    pub(super) is_bracketed: bool,
}

/// The maximum number of digits in an id.
const MAX_DIGITS: usize = 4;

/// Whether `word` has the form of a source's id: a capital letter and a number, such as `F12`.
pub(super) fn is_id(word: &str) -> bool {
    let Some((letter, digits)) = word.split_at_checked(1) else { return false };
    letter.bytes().all(|byte| byte.is_ascii_uppercase())
        && (1..=MAX_DIGITS).contains(&digits.len())
        && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// Returns the references in `note`, in order: every id in brackets, and on lines that begin with
/// `Source:` or `Sources:` the bare ids too. Code in backticks holds none, nor does the text of a
/// link.
pub(super) fn references(note: &str) -> Vec<Reference<'_>> {
    let mut found = Vec::new();
    for (line, text) in note.lines().enumerate() {
        let names_sources = ["Source:", "Sources:"].iter().any(|it| text.trim().starts_with(it));
        // Every second part is code; a backtick without a partner begins none.
        let parts: Vec<&str> = text.split('`').collect();
        let mut at = 0;
        for (index, part) in parts.iter().enumerate() {
            let is_code = index % 2 == 1 && index + 1 < parts.len();
            if !is_code {
                let mut add = |id, offset: usize, is_bracketed| {
                    let at = at + offset;
                    found.push(Reference { id, line, at, is_bracketed });
                };
                in_brackets(part, &mut add);
                if names_sources {
                    bare(part, &mut add);
                }
            }
            at += part.len() + 1;
        }
    }
    found.sort_by_key(|reference| (reference.line, reference.at));
    found
}

/// Passes each id in brackets to `add`, with its offset. Brackets that hold anything else hold none.
fn in_brackets<'a>(part: &'a str, add: &mut impl FnMut(&'a str, usize, bool)) {
    for (open, _) in part.match_indices('[') {
        let inside = part.get(open + 1..).unwrap_or_default();
        let Some((inside, after)) = inside.split_once(']') else { continue };
        if after.starts_with(['(', ':']) || !inside.split(',').all(|word| is_id(word.trim())) {
            continue;
        }
        let mut at = open + 1;
        for word in inside.split(',') {
            add(word.trim(), at + word.len() - word.trim_start().len(), true);
            at += word.len() + 1;
        }
    }
}

/// Passes each id that is a word outside of brackets to `add`, with its offset.
fn bare<'a>(part: &'a str, add: &mut impl FnMut(&'a str, usize, bool)) {
    let is_in_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '/' | '#' | '@');
    let (mut at, mut depth) = (0, 0_usize);
    for word in part.split_inclusive(|c: char| !is_in_word(c)) {
        let id = word.trim_end_matches(|c: char| !is_in_word(c));
        if depth == 0 && is_id(id) {
            add(id, at, false);
        }
        match word.chars().next_back() {
            Some('[') => depth += 1,
            Some(']') => depth = depth.saturating_sub(1),
            _ => {}
        }
        at += word.len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(note: &str) -> Vec<(&str, bool)> {
        references(note).iter().map(|it| (it.id, it.is_bracketed)).collect()
    }

    #[test]
    fn brackets_hold_references_and_the_rest_does_not() {
        assert_eq!(ids("Masks [F12], and [S3, F1]."), [("F12", true), ("S3", true), ("F1", true)]);
        for none in [
            "Press F5, then S1.",
            "In code, `[F12]` is an index.",
            "[F12](https://a.example) is a link",
            "[F12]: https://a.example",
            "[F12, and more] [f1] [F] [F12345] [1] [FF1] []",
            "[F12",
        ] {
            assert_eq!(ids(none), [], "{none}");
        }
    }

    #[test]
    fn a_line_of_sources_holds_bare_ones_too() {
        assert_eq!(ids("Sources: F1, [F2]; S3."), [("F1", false), ("F2", true), ("S3", false)]);
        assert_eq!(ids("Sources: conn.go@F1, #F2, a-F3, PDF4, `F5`"), []);
        assert_eq!(ids("Say F1.\nSource: F2"), [("F2", false)]);
    }

    #[test]
    fn a_place_is_the_byte_in_its_line() {
        let note = "ö\nSources: `x` [F1, F2] F3";
        let places: Vec<_> = references(note).iter().map(|it| (it.line, it.at)).collect();
        assert_eq!(places, [(1, 14), (1, 18), (1, 22)]);
        let line = note.lines().nth(1).unwrap();
        assert!(references(note).iter().all(|it| line[it.at..].starts_with(it.id)));
        assert_eq!(ids("an odd ` and [F1]"), [("F1", true)]);
    }
}
