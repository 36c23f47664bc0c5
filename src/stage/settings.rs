//! A demo's settings: what it takes, and what a slide gave it.
//!
//! One table a demo is the source of everything: the checks here, `wiretalk demos`, and the
//! defaults.

use std::fmt::Write as _;
use std::ops::RangeInclusive;

use crate::deck::{Fence, Position, Setting, SettingValue};
use crate::text::suggest;

/// One setting a demo takes.
#[derive(Clone, Debug)]
pub struct Doc {
    /// Its name in the fence.
    pub name: &'static str,
    /// What it takes, and what it is if the slide does not say.
    pub takes: Takes,
    /// What it does, in one line.
    pub about: &'static str,
}

/// The type, bounds and default of a setting.
#[derive(Clone, Debug)]
pub enum Takes {
    /// Any text.
    Text(&'static str),
    /// A whole number within bounds, then the default.
    Number(RangeInclusive<i64>, i64),
    /// One of these words; the first is the default.
    Choice(&'static [&'static str]),
}

impl Takes {
    /// What would be right, in words.
    pub fn in_words(&self) -> String {
        match self {
            Self::Text(_) => "a text".to_owned(),
            Self::Number(range, _) => format!("a whole number from {} to {}", range.start(), range.end()),
            Self::Choice(words) => words.iter().fold("one of".to_owned(), |mut text, word| {
                let _ = write!(text, "{} \"{word}\"", if text == "one of" { "" } else { "," });
                text
            }),
        }
    }

    /// The default as it would be written in a fence.
    pub fn default_in_words(&self) -> String {
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

/// What is wrong with a demo fence, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// Line and column in the deck.
    pub at: Position,
    /// What is wrong and what would be right.
    pub message: String,
}

/// Settings that were held against their table: every one of it has a value of its type.
#[derive(Clone, Debug)]
pub struct Settings {
    docs: &'static [Doc],
    given: Vec<Setting>,
    at: Position,
}

/// Holds the settings of `fence` against `docs`; each that does not fit is a complaint.
///
/// # Errors
///
/// All complaints, in the order of the file: unknown names, wrong types, values out of bounds,
/// and names given twice.
pub fn settings(fence: &Fence, docs: &'static [Doc]) -> Result<Settings, Vec<Complaint>> {
    let complaints: Vec<Complaint> = fence
        .settings
        .iter()
        .filter_map(|setting| {
            complaint(&fence.name, setting, docs).map(|message| Complaint { at: setting.position, message })
        })
        .collect();
    if complaints.is_empty() {
        Ok(Settings { docs, given: fence.settings.clone(), at: fence.position })
    } else {
        Err(complaints)
    }
}

fn complaint(demo: &str, setting: &Setting, docs: &[Doc]) -> Option<String> {
    let Setting { key, value, .. } = setting;
    let Some(doc) = docs.iter().find(|doc| doc.name == key) else {
        let names: Vec<&str> = docs.iter().map(|doc| doc.name).collect();
        let meant =
            suggest(key, &names).map_or_else(String::new, |meant| format!("did you mean `{meant}`? "));
        return Some(format!("the {demo} demo has no setting `{key}`; {meant}it has: {}", names.join(", ")));
    };
    (!doc.takes.accepts(value)).then(|| {
        let given = match value {
            SettingValue::Text(text) => format!("\"{text}\""),
            SettingValue::Number(number) => number.to_string(),
            other => other.type_name().to_owned(),
        };
        format!("`{key}` of the {demo} demo takes {}, not {given}", doc.takes.in_words())
    })
}

impl Settings {
    /// The value of a text or a choice.
    ///
    /// # Panics
    ///
    /// If the demo's own table has no text of that name.
    pub fn text(&self, name: &str) -> &str {
        match (self.given(name), self.doc(name)) {
            (Some(SettingValue::Text(text)), _) => text,
            (_, Takes::Text(default)) => default,
            (_, Takes::Choice(words)) => words[0],
            (_, Takes::Number(..)) => panic!("`{name}` is a number"),
        }
    }

    /// The value of a number.
    ///
    /// # Panics
    ///
    /// If the demo's own table has no number of that name.
    pub fn number(&self, name: &str) -> i64 {
        match (self.given(name), self.doc(name)) {
            (Some(SettingValue::Number(number)), _) => *number,
            (_, Takes::Number(_, default)) => *default,
            _ => panic!("`{name}` is no number"),
        }
    }

    /// Where the value of `name` stands in the deck; where the slide does not give it, the demo's name.
    pub fn place(&self, name: &str) -> Position {
        self.given.iter().find(|setting| setting.key == name).map_or(self.at, |setting| setting.position)
    }

    /// A complaint about the value of `name`, for what only the demo itself can judge.
    pub fn complain(&self, name: &str, message: impl Into<String>) -> Complaint {
        Complaint { at: self.place(name), message: message.into() }
    }

    fn given(&self, name: &str) -> Option<&SettingValue> {
        self.given.iter().find(|setting| setting.key == name).map(|setting| &setting.value)
    }

    fn doc(&self, name: &str) -> &'static Takes {
        let doc = self.docs.iter().find(|doc| doc.name == name);
        &doc.unwrap_or_else(|| panic!("the demo's table has no `{name}`")).takes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static DOCS: [Doc; 3] = [
        Doc { name: "text", takes: Takes::Text("Hello"), about: "what is sent" },
        Doc { name: "payload", takes: Takes::Number(0..=1024, 32), about: "bytes" },
        Doc { name: "show", takes: Takes::Choice(&["frames", "handshake"]), about: "the view" },
    ];

    fn fence(settings: &[(&str, SettingValue)]) -> Fence {
        let settings = settings.iter().enumerate().map(|(line, (key, value))| Setting {
            key: (*key).to_owned(),
            value: value.clone(),
            position: Position { line: line + 2, column: 1 },
        });
        Fence { name: "toy".into(), position: Position::default(), settings: settings.collect() }
    }

    #[test]
    fn what_is_not_given_has_its_default() {
        let found = settings(&fence(&[("payload", SettingValue::Number(7))]), &DOCS).unwrap();
        assert_eq!((found.text("text"), found.number("payload"), found.text("show")), ("Hello", 7, "frames"));
    }

    #[test]
    fn every_misfit_is_told_with_what_would_be_right() {
        let given = [
            ("txt", SettingValue::Text("x".into())),
            ("payload", SettingValue::Number(-1)),
            ("show", SettingValue::Text("all".into())),
        ];
        let told: Vec<String> = settings(&fence(&given), &DOCS)
            .unwrap_err()
            .into_iter()
            .map(|complaint| format!("{}: {}", complaint.at.line, complaint.message))
            .collect();
        assert_eq!(
            told,
            [
                "2: the toy demo has no setting `txt`; did you mean `text`? it has: text, payload, show",
                "3: `payload` of the toy demo takes a whole number from 0 to 1024, not -1",
                "4: `show` of the toy demo takes one of \"frames\", \"handshake\", not \"all\"",
            ]
        );
    }
}
