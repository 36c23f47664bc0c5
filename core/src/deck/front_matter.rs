//! The YAML block at the very top of a deck: title, author, date, theme.
//!
//! It is cut off before the Markdown is parsed, because the Markdown parser's own metadata option
//! also swallows slides in the middle of a deck.

use saphyr_parser::{Event, Parser, ScanError, Span};

use crate::deck::{LineIndex, Position, Warning};
use crate::text;
use crate::text::did_you_mean;

/// The values of the front matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FrontMatter {
    /// The talk's title.
    pub title: Option<String>,
    /// The line below the title.
    pub sub_title: Option<String>,
    /// The event at which the talk is given.
    pub event: Option<String>,
    /// The place of the event.
    pub location: Option<String>,
    /// The date, as the author wrote it.
    pub date: Option<String>,
    /// The names of the speakers.
    pub authors: Vec<String>,
    /// The theme that the deck asks for.
    pub theme: Option<ThemeSetting>,
}

/// The theme that a deck asks for. Whether there is such a theme is not known here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ThemeSetting {
    /// The name of a theme.
    pub name: Option<String>,
    /// The path of a theme's file, relative to the deck.
    pub path: Option<String>,
    /// Colours that replace those of the theme: a colour's name and its value, as written.
    pub colors: Vec<(String, String)>,
    /// The position of the value in the file.
    pub position: Position,
}

const KNOWN_KEYS: [&str; 4] = ["title", "author", "date", "theme"];

/// Parses the front matter of `source`. The offset is the byte where the Markdown begins.
pub(super) fn parse_front_matter(
    source: &str,
    lines: &LineIndex,
) -> (FrontMatter, usize, Vec<Warning>) {
    let mut warnings = Vec::new();
    let Some(open) = opening_delimiter(source) else {
        return (
            FrontMatter::default(),
            // Editors on Windows put a byte order mark in front; it isn't part of the text.
            source.len() - source.trim_start_matches('\u{feff}').len(),
            warnings,
        );
    };
    let Some((yaml, end)) = closing_fence(source, open) else {
        let message = "the front matter is never closed; end it with a line `---`";
        warnings.push(Warning::new(0, Position::default(), lines, message));
        return (FrontMatter::default(), open, warnings);
    };
    let mut front_matter = FrontMatter::default();
    let mut warn = |line: usize, column: usize, message: String| {
        let at = Position { line: line + 1, column };
        warnings.push(Warning::new(0, at, lines, message));
    };
    match parse_entries(yaml) {
        Ok(entries) => {
            for entry in entries {
                entry.apply(&mut front_matter, &mut warn);
            }
        }
        Err(error) => {
            let at = error.marker();
            warn(
                at.line(),
                at.col() + 1,
                format!("the front matter is not valid YAML: {}", error.info()),
            );
        }
    }
    (front_matter, end, warnings)
}

/// Returns the offset after the first line, if that line is `---`.
fn opening_delimiter(source: &str) -> Option<usize> {
    let start = source.len() - source.trim_start_matches('\u{feff}').len();
    let line = source[start..].split_inclusive('\n').next()?;
    (line.trim_end() == "---" && line.ends_with('\n')).then_some(start + line.len())
}

/// Returns the YAML from `open` on and the offset after its closing line.
fn closing_fence(source: &str, open: usize) -> Option<(&str, usize)> {
    let mut at = open;
    for line in source[open..].split_inclusive('\n') {
        let next = at + line.len();
        // YAML 1.2 section 9.1: `...` ends a document too.
        if matches!(line.trim_end(), "---" | "...") {
            return Some((&source[open..at], next));
        }
        at = next;
    }
    None
}

struct YamlEntry {
    key: String,
    value: Option<String>,
    key_span: Span,
    value_span: Span,
}

impl YamlEntry {
    fn apply(self, front_matter: &mut FrontMatter, warn: &mut impl FnMut(usize, usize, String)) {
        let Self { key, value, key_span, value_span } = self;
        let Some(value) = value else {
            let message = format!("`{key}` must be a single string; write `{key}: ...`");
            return warn(value_span.start.line(), value_span.start.col() + 1, message);
        };
        let value = text::sanitize(&value).into_owned();
        match key.as_str() {
            "title" => front_matter.title = Some(value),
            "author" => front_matter.authors = vec![value],
            "date" => front_matter.date = Some(value),
            "theme" => {
                let start = value_span.start;
                let position = Position { line: start.line() + 1, column: start.col() + 1 };
                let name = Some(value);
                front_matter.theme =
                    Some(ThemeSetting { name, position, ..ThemeSetting::default() });
            }
            _ => {
                let meant = did_you_mean(&key, &KNOWN_KEYS);
                let message = format!(
                    "unknown front matter key `{key}`{meant}; expected one of: {}",
                    KNOWN_KEYS.join(", ")
                );
                warn(key_span.start.line(), key_span.start.col() + 1, message);
            }
        }
    }
}

/// Returns the keys and values of a YAML mapping. A value that isn't a plain scalar comes as
/// `None`.
fn parse_entries(yaml: &str) -> Result<Vec<YamlEntry>, ScanError> {
    let mut entries = Vec::new();
    let mut key: Option<(String, Span)> = None;
    // Depth 1 is the mapping itself. Whatever is nested deeper counts as one value, without a text.
    let mut depth = 0_usize;
    for event in Parser::new_from_str(yaml) {
        let (event, span) = event?;
        let value = match event {
            Event::MappingStart(..) | Event::SequenceStart(..) => {
                depth += 1;
                (depth == 2).then_some(None)
            }
            Event::MappingEnd | Event::SequenceEnd => {
                depth = depth.saturating_sub(1);
                None
            }
            Event::Scalar(text, ..) if depth == 1 => Some(Some(text.into_owned())),
            _ => None,
        };
        match (value, key.take()) {
            (Some(value), Some((name, key_span))) => {
                entries.push(YamlEntry { key: name, value, key_span, value_span: span });
            }
            (Some(Some(name)), None) => key = Some((name, span)),
            (_, kept) => key = kept,
        }
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(source: &str) -> (FrontMatter, &str, Vec<String>) {
        let (front_matter, end, warnings) = parse_front_matter(source, &LineIndex::new(source));
        let messages = warnings
            .iter()
            .map(|w| format!("{}:{}: {}", w.position.line, w.position.column, w.message));
        (front_matter, &source[end..], messages.collect())
    }

    #[test]
    fn the_four_keys() {
        let source =
            "---\ntitle: \"It's: here\"\nauthor: A\ndate: 2017-08-18\ntheme: light\n---\n# Hi\n";
        let (front_matter, body, warnings) = read(source);
        assert_eq!(front_matter.title.as_deref(), Some("It's: here"));
        assert_eq!(front_matter.authors, ["A"]);
        assert_eq!(front_matter.date.as_deref(), Some("2017-08-18"));
        let theme = front_matter.theme.unwrap();
        assert_eq!(theme.name.as_deref(), Some("light"));
        assert_eq!(theme.position, Position { line: 5, column: 8 });
        assert_eq!((body, warnings), ("# Hi\n", vec![]));
        assert!(read("---\ntheme: dark\n...\n").0.theme.is_some());
    }

    #[test]
    fn what_is_odd_is_reported_with_its_place_and_the_rest_stands() {
        let (front_matter, _, warnings) = read("---\ntitel: x\ndate: [1]\nauthor: B\n---\n");
        assert_eq!(front_matter.authors, ["B"]);
        assert_eq!(
            warnings,
            [
                "2:1: unknown front matter key `titel` (did you mean `title`?); expected one of: \
                 title, author, date, theme",
                "3:7: `date` must be a single string; write `date: ...`",
            ]
        );
    }

    #[test]
    fn broken_yaml_and_an_open_end_lose_no_slide() {
        let (_, body, warnings) = read("---\ntitle: \"x\n---\n# Hi\n");
        assert_eq!(body, "# Hi\n");
        assert!(warnings[0].contains("is not valid YAML"), "{warnings:?}");
        let (_, _, warnings) = read("---\nauthor: A\ntitle: @x\n---\n");
        let place = "3:8: the front matter is not valid YAML: ";
        assert!(warnings.len() == 1 && warnings[0].starts_with(place), "{warnings:?}");
        let (_, body, warnings) = read("---\ntitle: x\n# Hi\n");
        assert_eq!(body, "title: x\n# Hi\n");
        assert_eq!(warnings, ["1:1: the front matter is never closed; end it with a line `---`"]);
    }

    #[test]
    fn a_deck_without_front_matter_begins_at_its_first_byte() {
        assert_eq!(read("# Hi\n---\n").1, "# Hi\n---\n");
        assert_eq!(read("\u{feff}# Hi\n").1, "# Hi\n");
    }
}
