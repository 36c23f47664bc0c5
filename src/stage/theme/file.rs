//! Themes as TOML files.
//!
//! A file says `kind = "dark"` or `"light"`, and in `[colors]` which colours differ from the built-in
//! theme of that kind. This module opens no file.

use std::fmt::{Display, Formatter, Result as FmtResult};

use ratatui::style::Color;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::deck::{LineIndex, Position};
use crate::stage::theme::colors::{Brightness, Theme};
use crate::text::did_you_mean;

/// A theme as read from a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThemeFile {
    /// The purpose of the theme, in one line.
    pub about: String,
    /// The colours.
    pub colors: Theme,
}

/// What is wrong with a theme's file, and where. Displayed as `LINE:COLUMN: message`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThemeError {
    /// The position in the file.
    pub position: Position,
    /// What is wrong, and what would be right.
    pub message: String,
}

impl Display for ThemeError {
    fn fmt(&self, f: &mut Formatter) -> FmtResult {
        write!(f, "{}:{}: {}", self.position.line, self.position.column, self.message)
    }
}

impl std::error::Error for ThemeError {}

/// The keys at the top of a file.
const KEYS: [&str; 3] = ["about", "kind", "colors"];

impl ThemeFile {
    /// Reads a theme. The first fault ends the reading.
    ///
    /// # Errors
    ///
    /// If the text is not TOML, or says what no theme has.
    pub fn parse(text: &str) -> Result<Self, ThemeError> {
        let lines = LineIndex::new(text);
        let at = |offset: usize, message: String| ThemeError {
            position: lines.position(offset.min(text.len())),
            message,
        };
        let table = DeTable::parse(text).map_err(|error| {
            at(error.span().map_or(0, |span| span.start), error.message().to_owned())
        })?;
        read_table(table.get_ref()).map_err(|(offset, message)| at(offset, message))
    }
}

/// A sentence about a mistake, and the byte at which it stands.
type Fault = (usize, String);

fn read_table(table: &DeTable) -> Result<ThemeFile, Fault> {
    if let Some((key, _)) = table.iter().find(|(key, _)| !KEYS.contains(&key.get_ref().as_ref())) {
        let name = key.get_ref().as_ref();
        let guess = did_you_mean(name, &KEYS);
        let message = format!("a theme has no `{name}`{guess}; it has: {}", KEYS.join(", "));
        return Err((key.span().start, message));
    }
    let about = table.get("about").map(text_of).transpose()?.unwrap_or_default().to_owned();
    let mut colors = match table.get("kind") {
        None => Theme::DARK,
        Some(kind) => Theme::of(match text_of(kind)? {
            "dark" => Brightness::Dark,
            "light" => Brightness::Light,
            other => {
                let message = format!("unknown kind of theme `{other}`; expected dark or light");
                return Err((kind.span().start, message));
            }
        }),
    };
    let Some(entries) = table.get("colors") else { return Ok(ThemeFile { about, colors }) };
    let DeValue::Table(entries) = entries.get_ref() else {
        return Err((entries.span().start, "`colors` must be a table".to_owned()));
    };
    for (name, value) in entries {
        let place = colors
            .color_mut(name.get_ref())
            .ok_or_else(|| (name.span().start, unknown_color(name.get_ref())))?;
        *place = parse_color(text_of(value)?).map_err(|message| (value.span().start, message))?;
    }
    Ok(ThemeFile { about, colors })
}

fn text_of<'a>(value: &'a Spanned<DeValue>) -> Result<&'a str, Fault> {
    value.get_ref().as_str().ok_or_else(|| (value.span().start, "expected a string".to_owned()))
}

/// Returns the sentence about a colour that no theme has.
pub(super) fn unknown_color(name: &str) -> String {
    let known = Theme::COLOR_NAMES;
    let guess = did_you_mean(name, &known);
    format!("a theme has no colour `{name}`{guess}; it has: {}", known.join(", "))
}

/// The colours that have a name, which are those of CSS Color 4 section 6.1 that are basic.
const NAMED: [(&str, u32); 17] = [
    ("aqua", 0x00_ff_ff),
    ("black", 0x00_00_00),
    ("blue", 0x00_00_ff),
    ("fuchsia", 0xff_00_ff),
    ("gray", 0x80_80_80),
    ("green", 0x00_80_00),
    ("grey", 0x80_80_80),
    ("lime", 0x00_ff_00),
    ("maroon", 0x80_00_00),
    ("navy", 0x00_00_80),
    ("olive", 0x80_80_00),
    ("purple", 0x80_00_80),
    ("red", 0xff_00_00),
    ("silver", 0xc0_c0_c0),
    ("teal", 0x00_80_80),
    ("white", 0xff_ff_ff),
    ("yellow", 0xff_ff_00),
];

/// Parses `#rrggbb` or `#rgb`, with or without the `#`, or the name of a basic colour.
pub(super) fn parse_color(text: &str) -> Result<Color, String> {
    let digits = text.strip_prefix('#').unwrap_or(text);
    let named = NAMED.iter().find(|(name, _)| name.eq_ignore_ascii_case(text));
    let number = named.map(|(_, value)| *value).or_else(|| {
        let hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let doubled: String = match digits.len() {
            3 if hex => digits.chars().flat_map(|digit| [digit, digit]).collect(),
            6 if hex => digits.to_owned(),
            _ => return None,
        };
        u32::from_str_radix(&doubled, 16).ok()
    });
    let [_, r, g, b] = number
        .ok_or_else(|| {
            let names = NAMED.map(|(name, _)| name);
            let guess = did_you_mean(text, &names);
            format!("`{text}` isn't a colour{guess}; expected one like #1d222d, or a basic name")
        })?
        .to_be_bytes();
    Ok(Color::Rgb(r, g, b))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> String {
        ThemeFile::parse(text).unwrap_err().to_string()
    }

    #[test]
    fn what_a_file_does_not_say_is_that_of_its_kind() {
        let file = ThemeFile::parse("kind = \"light\"\n[colors]\naccent = \"#123456\"\n").unwrap();
        let mut expected = Theme::LIGHT;
        expected.accent = Color::Rgb(0x12, 0x34, 0x56);
        assert_eq!(file.colors, expected);
        assert_eq!(ThemeFile::parse("").unwrap().colors, Theme::DARK);
    }

    #[test]
    fn colours_are_written_in_four_ways() {
        for text in ["#ff0000", "ff0000", "#f00", "Red"] {
            assert_eq!(parse_color(text), Ok(Color::Rgb(255, 0, 0)), "{text}");
        }
        for text in ["", "#", "#ff00", "#ggg", "#äää", "redd", "#ff00000"] {
            assert!(parse_color(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_fault_has_its_line_and_column_and_says_what_is_right() {
        assert!(
            fault("about = \"x\"\nkind = \"drak\"\n")
                .starts_with("2:8: unknown kind of theme `drak`")
        );
        let unknown = fault("[colors]\ntext = \"#fff\"\n  pannel = \"#000\"\n");
        assert!(unknown.starts_with("3:3: a theme has no colour `pannel`"), "{unknown}");
        assert!(unknown.contains("did you mean `panel`?"), "{unknown}");
        assert!(fault("[colors]\ntext = \"#ff\"\n").starts_with("2:8: `#ff` isn't a colour"));
        assert!(fault("[colors]\ntext = 7\n").starts_with("2:8: expected a string"));
        assert!(fault("[color]\n").starts_with("1:2: a theme has no `color` (did you mean"));
        assert!(fault("colors = 1\n").starts_with("1:10: `colors` must be a table"));
        assert!(fault("kind = \"dark\"\nkind = \"dark\"\n").starts_with("2:"));
        assert!(fault("[colors\n").starts_with("1:"));
    }
}
