//! A demo's settings: the table of those that it accepts, and the values that a fence gives.
//!
//! One table for each demo is the source of the checks here, of `wiretalk demos` and of the
//! defaults.

use std::fmt::{Display, Write as _};
use std::ops::RangeInclusive;

use crate::deck::{DemoFence, Position, Setting, SettingValue};
use crate::text::did_you_mean;

/// One setting that a demo accepts.
#[derive(Clone, Debug)]
pub struct SettingSpec {
    /// The name in the fence.
    pub name: &'static str,
    /// The type, bounds and default.
    pub value_type: SettingType,
    /// A description in one line.
    pub about: &'static str,
}

/// The type, bounds and default of a setting.
#[derive(Clone, Debug)]
pub enum SettingType {
    /// Any text.
    Text(&'static str),
    /// A whole number: its bounds, then the default.
    Number(RangeInclusive<i64>, i64),
    /// One of these words; the first is the default.
    Choice(&'static [&'static str]),
}

impl SettingType {
    /// Describes the accepted values, as they follow "takes".
    pub fn describe(&self) -> String {
        match self {
            Self::Text(_) => "a string".to_owned(),
            Self::Number(range, _) => {
                format!("a whole number from {} to {}", range.start(), range.end())
            }
            Self::Choice(words) => words.iter().fold("one of".to_owned(), |mut text, word| {
                // Writing to a string cannot fail.
                let _ = write!(text, "{} \"{word}\"", if text == "one of" { "" } else { "," });
                text
            }),
        }
    }

    /// Returns the default as it is written in a fence.
    pub fn default_literal(&self) -> String {
        match self {
            Self::Text(text) => format!("\"{text}\""),
            Self::Number(_, number) => number.to_string(),
            Self::Choice(words) => format!("\"{}\"", words[0]),
        }
    }

    fn accepts(&self, value: &SettingValue) -> bool {
        match (self, value) {
            (Self::Text(_), SettingValue::Text(_)) => true,
            (Self::Number(range, _), SettingValue::Number(number)) => range.contains(number),
            (Self::Choice(words), SettingValue::Text(text)) => words.contains(&text.as_str()),
            _ => false,
        }
    }
}

/// A problem of a demo fence, with its position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// The line and column in the deck.
    pub position: Position,
    /// What is wrong, and what is expected.
    pub message: String,
}

/// Validated settings: every setting of the table has a value of its type.
#[derive(Clone, Debug)]
pub struct Settings {
    specs: &'static [SettingSpec],
    given: Vec<Setting>,
    fence_position: Position,
}

/// Validates the settings of `fence` against `specs`.
///
/// # Errors
///
/// Returns all problems in the order of the file: unknown names, wrong types and values out of
/// bounds.
pub fn settings(
    fence: &DemoFence,
    specs: &'static [SettingSpec],
) -> Result<Settings, Vec<Diagnostic>> {
    let diagnostics: Vec<Diagnostic> = fence
        .settings
        .iter()
        .filter_map(|setting| {
            diagnose(&fence.name, setting, specs)
                .map(|message| Diagnostic { position: setting.position, message })
        })
        .collect();
    if diagnostics.is_empty() {
        Ok(Settings { specs, given: fence.settings.clone(), fence_position: fence.position })
    } else {
        Err(diagnostics)
    }
}

fn diagnose(demo: &str, setting: &Setting, specs: &[SettingSpec]) -> Option<String> {
    let Setting { key, value, .. } = setting;
    let Some(spec) = specs.iter().find(|spec| spec.name == key) else {
        let names: Vec<&str> = specs.iter().map(|spec| spec.name).collect();
        let meant = did_you_mean(key, &names);
        return Some(format!(
            "the {demo} demo has no setting `{key}`{meant}; expected one of: {}",
            names.join(", ")
        ));
    };
    (!spec.value_type.accepts(value)).then(|| {
        let given = match value {
            SettingValue::Text(text) => format!("\"{text}\""),
            SettingValue::Number(number) => number.to_string(),
            other => other.type_name().to_owned(),
        };
        format!("`{key}` of the {demo} demo takes {}, not {given}", spec.value_type.describe())
    })
}

impl Settings {
    /// Returns the value of a text or a choice.
    ///
    /// # Panics
    ///
    /// Panics if the demo's own table has no text or choice of this name.
    pub fn text(&self, name: &str) -> &str {
        match (self.given_value(name), self.value_type(name)) {
            (Some(SettingValue::Text(text)), _) => text,
            (_, SettingType::Text(default)) => default,
            (_, SettingType::Choice(words)) => words[0],
            (_, SettingType::Number(..)) => panic!("`{name}` is a number"),
        }
    }

    /// Returns the value of a number.
    ///
    /// # Panics
    ///
    /// Panics if the demo's own table has no number of this name.
    pub fn number(&self, name: &str) -> i64 {
        match (self.given_value(name), self.value_type(name)) {
            (Some(SettingValue::Number(number)), _) => *number,
            (_, SettingType::Number(_, default)) => *default,
            _ => panic!("`{name}` is not a number"),
        }
    }

    /// Whether the fence gives the setting `name`.
    pub fn is_given(&self, name: &str) -> bool {
        self.given_value(name).is_some()
    }

    /// Returns the position of the setting `name` in the deck, or that of the fence if it does not
    /// set it.
    pub fn position(&self, name: &str) -> Position {
        self.given
            .iter()
            .find(|setting| setting.key == name)
            .map_or(self.fence_position, |setting| setting.position)
    }

    /// Creates a diagnostic about the value of `name`, for problems that only the demo itself can
    /// find.
    pub fn invalid(&self, name: &str, message: impl Display) -> Diagnostic {
        Diagnostic { position: self.position(name), message: message.to_string() }
    }

    fn given_value(&self, name: &str) -> Option<&SettingValue> {
        self.given.iter().find(|setting| setting.key == name).map(|setting| &setting.value)
    }

    fn value_type(&self, name: &str) -> &'static SettingType {
        let spec = self.specs.iter().find(|spec| spec.name == name);
        // A mistake in the demo's own code. Each demo's tests open it, which finds this.
        &spec.unwrap_or_else(|| panic!("the demo's table has no `{name}`")).value_type
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static DOCS: [SettingSpec; 3] = [
        SettingSpec { name: "text", value_type: SettingType::Text("Hello"), about: "what is sent" },
        SettingSpec {
            name: "payload",
            value_type: SettingType::Number(0..=1024, 32),
            about: "bytes",
        },
        SettingSpec {
            name: "show",
            value_type: SettingType::Choice(&["frames", "handshake"]),
            about: "the view",
        },
    ];

    fn fence(settings: &[(&str, SettingValue)]) -> DemoFence {
        let settings = settings.iter().enumerate().map(|(line, (key, value))| Setting {
            key: (*key).to_owned(),
            value: value.clone(),
            position: Position { line: line + 2, column: 1 },
        });
        DemoFence {
            name: "toy".into(),
            position: Position::default(),
            settings: settings.collect(),
        }
    }

    #[test]
    fn a_setting_that_is_not_given_has_its_default() {
        let found = settings(&fence(&[("payload", SettingValue::Number(7))]), &DOCS).unwrap();
        assert_eq!(
            (found.text("text"), found.number("payload"), found.text("show")),
            ("Hello", 7, "frames")
        );
    }

    #[test]
    fn every_invalid_setting_is_reported_with_what_is_expected() {
        let given = [
            ("txt", SettingValue::Text("x".into())),
            ("payload", SettingValue::Number(-1)),
            ("show", SettingValue::Text("all".into())),
        ];
        let messages: Vec<String> = settings(&fence(&given), &DOCS)
            .unwrap_err()
            .into_iter()
            .map(|diagnostic| format!("{}: {}", diagnostic.position.line, diagnostic.message))
            .collect();
        assert_eq!(
            messages,
            [
                "2: the toy demo has no setting `txt` (did you mean `text`?); expected one of: \
                 text, payload, show",
                "3: `payload` of the toy demo takes a whole number from 0 to 1024, not -1",
                "4: `show` of the toy demo takes one of \"frames\", \"handshake\", not \"all\"",
            ]
        );
    }
}
