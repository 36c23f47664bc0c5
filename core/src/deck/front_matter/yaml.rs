//! YAML as a tree of values with their positions.
//!
//! Only what front matter needs: one document, and no aliases, because a value that stands for
//! another can grow without bound.

use saphyr_parser::{Event, Parser, ScalarStyle};

use crate::deck::position::Position;
use crate::text;

/// The maximum nesting depth of values. Anything deeper counts as [`YamlValue::Other`].
const MAX_DEPTH: usize = 16;

/// A key of a mapping with its value.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::deck) struct YamlEntry {
    pub(in crate::deck) key: String,
    pub(in crate::deck) key_at: Position,
    pub(in crate::deck) value: YamlValue,
    pub(in crate::deck) value_at: Position,
}

/// A YAML value. Its texts have no control characters but line breaks.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::deck) enum YamlValue {
    /// `null`, `~` or nothing at all.
    Null,
    /// A scalar of any other type, as written.
    Text(String),
    List(Vec<YamlValue>),
    Mapping(Vec<YamlEntry>),
    /// An alias, or a value that is nested too deep.
    Other,
}

impl YamlValue {
    /// Returns the text of a scalar; `None` for anything else, and for an empty one.
    pub(in crate::deck) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) if !text.trim().is_empty() => Some(text),
            _ => None,
        }
    }
}

/// A list or a mapping whose end has not come yet.
enum Open {
    List(Vec<YamlValue>, Position),
    Mapping { entries: Vec<YamlEntry>, key: Option<(String, Position)>, at: Position },
}

/// Parses YAML whose first line is line `first` of the file. Returns `None` if it is not a mapping,
/// and the position and reason if it is not YAML.
pub(in crate::deck) fn parse_mapping(
    yaml: &str,
    first: usize,
) -> Result<Option<Vec<YamlEntry>>, (Position, String)> {
    let mut tree = Tree::default();
    for event in Parser::new_from_str(yaml) {
        // The parser counts lines from 1 and columns from 0.
        let place = |line: usize, column| Position {
            line: (first + line).saturating_sub(1),
            column: column + 1,
        };
        let (event, span) = event.map_err(|error| {
            let at = error.marker();
            (place(at.line(), at.col()), error.info().to_owned())
        })?;
        if event == Event::DocumentEnd {
            break;
        }
        tree.push(event, place(span.start.line(), span.start.col()));
    }
    Ok(match tree.root {
        Some(YamlValue::Mapping(entries)) => Some(entries),
        _ => None,
    })
}

#[derive(Default)]
struct Tree {
    root: Option<YamlValue>,
    open: Vec<Open>,
    /// The number of lists and mappings that are open beyond [`MAX_DEPTH`].
    too_deep: usize,
}

impl Tree {
    fn push(&mut self, event: Event, at: Position) {
        let opens = matches!(event, Event::SequenceStart(..) | Event::MappingStart(..));
        if self.too_deep > 0 || (opens && self.open.len() == MAX_DEPTH) {
            match event {
                Event::SequenceStart(..) | Event::MappingStart(..) => self.too_deep += 1,
                Event::SequenceEnd | Event::MappingEnd => {
                    self.too_deep -= 1;
                    if self.too_deep == 0 {
                        self.add(YamlValue::Other, at);
                    }
                }
                _ => {}
            }
            return;
        }
        match event {
            Event::SequenceStart(..) => self.open.push(Open::List(Vec::new(), at)),
            Event::MappingStart(..) => {
                self.open.push(Open::Mapping { entries: Vec::new(), key: None, at });
            }
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(Open::List(values, at)) => self.add(YamlValue::List(values), at),
                Some(Open::Mapping { entries, at, .. }) => {
                    self.add(YamlValue::Mapping(entries), at);
                }
                None => {}
            },
            Event::Scalar(text, style, ..) => self.add(scalar(&text, style), at),
            Event::Alias(_) => self.add(YamlValue::Other, at),
            _ => {}
        }
    }

    fn add(&mut self, value: YamlValue, at: Position) {
        match self.open.last_mut() {
            None => self.root = Some(value),
            Some(Open::List(values, _)) => values.push(value),
            Some(Open::Mapping { entries, key, .. }) => match key.take() {
                None => *key = Some((value.text().unwrap_or("").to_owned(), at)),
                Some((key, key_at)) => {
                    entries.push(YamlEntry { key, key_at, value, value_at: at });
                }
            },
        }
    }
}

/// Returns a scalar's value. Only a plain one can be null (YAML 1.2, section 10.3.2).
fn scalar(text: &str, style: ScalarStyle) -> YamlValue {
    let plain = style == ScalarStyle::Plain;
    if plain && matches!(text, "" | "~" | "null" | "Null" | "NULL") {
        return YamlValue::Null;
    }
    let lines = text.split('\n').map(|line| text::sanitize(line));
    YamlValue::Text(lines.collect::<Vec<_>>().join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mapping_keeps_order_and_places() {
        let entries = parse_mapping("a: x\nb:\n  - 1\n  - {c: ~}\n", 2).unwrap().unwrap();
        assert_eq!(entries[0].key_at, Position { line: 2, column: 1 });
        assert_eq!(entries[0].value_at, Position { line: 2, column: 4 });
        let YamlValue::List(values) = &entries[1].value else { panic!("{entries:?}") };
        assert_eq!(values[0], YamlValue::Text("1".to_owned()));
        let YamlValue::Mapping(inner) = &values[1] else { panic!("{values:?}") };
        assert_eq!((inner[0].key.as_str(), &inner[0].value), ("c", &YamlValue::Null));
        assert_eq!(inner[0].key_at, Position { line: 5, column: 6 });
    }

    #[test]
    fn null_is_plain_and_the_rest_is_text() {
        let value = |yaml: &str| parse_mapping(yaml, 1).unwrap().unwrap().remove(0).value;
        for null in ["a:", "a: ~", "a: null", "a: # none"] {
            assert_eq!(value(null), YamlValue::Null, "{null}");
        }
        assert_eq!(value("a: 'null'"), YamlValue::Text("null".to_owned()));
        assert_eq!(value("a: |\n  x\n  y\u{1b}"), YamlValue::Text("x\ny␛\n".to_owned()));
        assert_eq!(value("a: &x 1").text(), Some("1"));
        assert_eq!(parse_mapping("a: &x 1\nb: *x", 1).unwrap().unwrap()[1].value, YamlValue::Other);
    }

    #[test]
    fn what_is_no_mapping_is_none_and_what_is_broken_has_a_place() {
        for other in ["", "# only a comment", "text", "- a\n- b", "a b\nc d"] {
            assert_eq!(parse_mapping(other, 1), Ok(None), "{other}");
        }
        let (at, _) = parse_mapping("a: b\nc: @x\n", 2).unwrap_err();
        assert_eq!(at, Position { line: 3, column: 4 });
    }

    #[test]
    fn nesting_has_a_bound() {
        let yaml = format!("a: {}{}\nb: 1\n", "[".repeat(40), "]".repeat(40));
        let entries = parse_mapping(&yaml, 1).unwrap().unwrap();
        let mut depth = 0;
        let mut value = &entries[0].value;
        while let YamlValue::List(values) = value {
            depth += 1;
            value = &values[0];
        }
        assert_eq!((depth, value), (MAX_DEPTH - 1, &YamlValue::Other));
        assert_eq!(entries[1].value.text(), Some("1"));
    }
}
