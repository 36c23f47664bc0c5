//! A ```` ```demo NAME ```` fence: the demo's name and its settings as written.
//!
//! The registry of demos checks whether the demo exists and knows these settings.

use toml::de::{DeTable, DeValue};

use crate::deck::{LineIndex, Position};

/// A demo fence on a slide.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DemoFence {
    /// The word after `demo`; empty if there is none.
    pub name: String,
    /// The position of the name in the file.
    pub position: Position,
    /// The settings in the order of the file.
    pub settings: Vec<Setting>,
}

impl DemoFence {
    /// Forgets where the fence stands in the file.
    pub(super) fn forget_positions(&mut self) {
        self.position = Position::default();
        for setting in &mut self.settings {
            setting.position = Position::default();
        }
    }

    /// Whether another fence opens the same demo with the same settings.
    pub fn same_content(&self, other: &Self) -> bool {
        let without_positions = |fence: &Self| {
            let mut fence = fence.clone();
            fence.forget_positions();
            fence
        };
        without_positions(self) == without_positions(other)
    }
}

/// One `key = value` of a demo fence.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    /// The name left of the `=`.
    pub key: String,
    /// The value right of the `=`.
    pub value: SettingValue,
    /// The position of the key in the file.
    pub position: Position,
}

/// A setting's value.
#[derive(Clone, Debug, PartialEq)]
pub enum SettingValue {
    /// `"text"`
    Text(String),
    /// `42`
    Number(i64),
    /// `true`
    Flag(bool),
    /// A TOML value of another type, by its name; no demo takes one.
    Other(&'static str),
}

impl SettingValue {
    /// Returns the value's type for use in a sentence: `a string`, `a whole number`.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Text(_) => "a string",
            Self::Number(_) => "a whole number",
            Self::Flag(_) => "true or false",
            Self::Other(kind) => kind,
        }
    }
}

/// Parses a fence's body. `first` is the line number of its first line in the file.
///
/// Returns the settings that could be read and the errors in the others, each with its position.
pub(super) fn parse_settings(body: &str, first: usize) -> (Vec<Setting>, Vec<(Position, String)>) {
    let lines = LineIndex::new(body);
    let place = |offset| {
        let at = lines.position(offset);
        Position { line: at.line + first - 1, ..at }
    };
    let (table, errors) = DeTable::parse_recoverable(body);
    let errors = errors.iter().map(|error| {
        let at = error.span().map_or(0, |span| span.start);
        (
            place(at),
            format!(
                "the demo's settings are not valid TOML: {}; write `key = value`",
                error.message()
            ),
        )
    });
    let mut settings: Vec<Setting> = table
        .get_ref()
        .iter()
        .map(|(key, value)| Setting {
            key: key.get_ref().to_string(),
            value: convert_value(value.get_ref()),
            position: place(key.span().start),
        })
        .collect();
    // A TOML table has no order; warnings and help follow the order in the file.
    settings.sort_by_key(|setting| setting.position);
    (settings, errors.collect())
}

fn convert_value(value: &DeValue) -> SettingValue {
    match value {
        DeValue::String(text) => SettingValue::Text(text.to_string()),
        DeValue::Boolean(flag) => SettingValue::Flag(*flag),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map_or(SettingValue::Other("an out-of-range integer"), SettingValue::Number),
        DeValue::Float(_) => SettingValue::Other("a decimal number"),
        DeValue::Datetime(_) => SettingValue::Other("a date"),
        DeValue::Array(_) => SettingValue::Other("a list"),
        DeValue::Table(_) => SettingValue::Other("a table"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_keep_their_order_and_place() {
        let (settings, errors) = parse_settings("text = \"Hello\"\nsize = 0x20\nlive = true\n", 12);
        assert_eq!(errors, []);
        let found: Vec<_> =
            settings.iter().map(|s| (s.key.as_str(), s.value.clone(), s.position.line)).collect();
        assert_eq!(
            found,
            [
                ("text", SettingValue::Text("Hello".into()), 12),
                ("size", SettingValue::Number(32), 13),
                ("live", SettingValue::Flag(true), 14),
            ]
        );
    }

    #[test]
    fn a_value_that_no_demo_takes_is_named() {
        for (value, name) in [
            ("\"x\"", "a string"),
            ("-1", "a whole number"),
            ("false", "true or false"),
            ("9223372036854775808", "an out-of-range integer"),
            ("0.5", "a decimal number"),
            ("2026-01-01", "a date"),
            ("[1]", "a list"),
            ("{ a = 1 }", "a table"),
        ] {
            let (settings, errors) = parse_settings(&format!("x = {value}"), 1);
            assert_eq!((settings[0].value.type_name(), errors), (name, vec![]), "{value}");
        }
    }

    #[test]
    fn a_broken_line_is_reported_and_the_others_stand() {
        let (settings, errors) = parse_settings("text = \"Hello\"\nsize 32\n", 5);
        assert_eq!(settings[0].key, "text");
        assert_eq!(errors[0].0.line, 6, "{errors:?}");
        assert!(errors[0].1.contains("write `key = value`"));
    }
}
