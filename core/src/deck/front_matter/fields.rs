//! The entries of the front matter's mapping, taken over into its values.

use crate::deck::front_matter::options;
use crate::deck::front_matter::settings::{
    ColumnMargin, FrontMatter, SourcesSetting, ThemeSetting,
};
use crate::deck::front_matter::yaml::{YamlEntry, YamlValue};
use crate::deck::options::DeckOptions;
use crate::deck::position::Position;
use crate::text::{did_you_mean, suggest};

/// The keys that have a meaning here.
pub(super) const KNOWN_KEYS: [&str; 10] = [
    "title",
    "sub_title",
    "event",
    "location",
    "date",
    "author",
    "authors",
    "theme",
    "sources",
    "options",
];

/// The keys that say how another tool reads the deck, which `dialect` goes by.
const DIALECT_KEYS: [&str; 3] = ["marp", "headingDivider", "patat"];

/// What the entries say, and what is wrong with them.
#[derive(Default)]
pub(super) struct Fields {
    pub(super) front_matter: FrontMatter,
    pub(super) options: DeckOptions,
    pub(super) warnings: Vec<(Position, String)>,
    /// The keys of other tools.
    foreign: Vec<(Position, String)>,
    /// The keys that were given.
    given: Vec<&'static str>,
}

impl Fields {
    /// Takes over all entries.
    pub(super) fn read(entries: &[YamlEntry]) -> Self {
        let mut fields = Self::default();
        for entry in entries {
            fields.apply(entry);
        }
        fields.report_foreign();
        fields
    }

    fn apply(&mut self, entry: &YamlEntry) {
        // Others write it as one word.
        let key = if entry.key == "subtitle" { "sub_title" } else { entry.key.as_str() };
        let Some(&key) = KNOWN_KEYS.iter().find(|&&known| known == key) else {
            return self.unknown(entry);
        };
        if self.given.contains(&key) {
            self.warn(entry.key_at, format!("`{key}` appears twice; the last one counts"));
        }
        self.given.push(key);
        match key {
            "author" | "authors" => self.authors(entry),
            "theme" => self.theme(entry),
            "sources" => {
                let path = self.single(entry);
                let position = entry.value_at;
                self.front_matter.sources = path.map(|path| SourcesSetting { path, position });
            }
            "options" => match &entry.value {
                YamlValue::Mapping(entries) => {
                    let warnings = &mut self.warnings;
                    options::apply(&mut self.options, entries, &mut |at, message| {
                        warnings.push((at, message));
                    });
                }
                YamlValue::Null => {}
                _ => self.warn(entry.value_at, "`options` must be a mapping".to_owned()),
            },
            _ => {
                let text = self.single(entry);
                let front_matter = &mut self.front_matter;
                *match key {
                    "title" => &mut front_matter.title,
                    "sub_title" => &mut front_matter.sub_title,
                    "event" => &mut front_matter.event,
                    "location" => &mut front_matter.location,
                    _ => &mut front_matter.date,
                } = text;
            }
        }
    }

    /// Returns the value as one line.
    fn single(&mut self, entry: &YamlEntry) -> Option<String> {
        if !matches!(entry.value, YamlValue::Null | YamlValue::Text(_)) {
            let key = &entry.key;
            let message = format!("`{key}` must be a single string; write `{key}: ...`");
            self.warn(entry.value_at, message);
        }
        entry.value.text().map(one_line)
    }

    fn authors(&mut self, entry: &YamlEntry) {
        let authors = match &entry.value {
            YamlValue::Null => return,
            YamlValue::Text(text) => Some(names(text)),
            YamlValue::List(values) => {
                values.iter().map(author).collect::<Option<Vec<_>>>().map(|all| all.concat())
            }
            value @ YamlValue::Mapping(_) => author(value),
            YamlValue::Other => None,
        };
        if let Some(authors) = authors {
            self.front_matter.authors.extend(authors);
        } else {
            let key = &entry.key;
            let message = format!("`{key}` must be a name or a list of names");
            self.warn(entry.value_at, message);
        }
    }

    fn theme(&mut self, entry: &YamlEntry) {
        let mut theme = ThemeSetting { position: entry.value_at, ..ThemeSetting::default() };
        match &entry.value {
            YamlValue::Null => return,
            YamlValue::Text(name) => {
                theme.name = Some(one_line(name)).filter(|name| !name.is_empty());
            }
            YamlValue::Mapping(entries) => {
                for inner in entries {
                    self.theme_entry(&mut theme, inner);
                }
            }
            _ => {
                let message =
                    "`theme` must be a name, or a mapping with `name`, `path` or `override`";
                self.warn(entry.value_at, message.to_owned());
            }
        }
        let says_nothing =
            ThemeSetting { position: theme.position, ..ThemeSetting::default() } == theme;
        if !says_nothing {
            self.front_matter.theme = Some(theme);
        }
    }

    fn theme_entry(&mut self, theme: &mut ThemeSetting, entry: &YamlEntry) {
        match (entry.key.as_str(), &entry.value) {
            ("name" | "path" | "override", YamlValue::Null) => {}
            ("name", _) => theme.name = self.single(entry),
            ("path", _) => theme.path = self.single(entry),
            ("override", YamlValue::Mapping(entries)) => {
                for inner in entries {
                    if inner.key == "column_layout" {
                        self.column_layout(theme, inner);
                    } else {
                        flatten(std::slice::from_ref(inner), "", &mut theme.colors);
                    }
                }
            }
            ("override", _) => {
                self.warn(entry.value_at, "`override` must be a mapping".to_owned());
            }
            (key, _) => {
                let meant = did_you_mean(key, &["name", "path", "override"]);
                let message = format!(
                    "unknown theme key `{key}`{meant}; expected one of: name, path, override"
                );
                self.warn(entry.key_at, message);
            }
        }
    }

    /// Takes over the space between columns, which is no colour.
    fn column_layout(&mut self, theme: &mut ThemeSetting, entry: &YamlEntry) {
        let Some(entries) = self.mapping(entry, "margin: ...") else { return };
        for entry in entries {
            if entry.key != "margin" {
                let message =
                    format!("unknown key `{}` of `column_layout`; expected: margin", entry.key);
                self.warn(entry.key_at, message);
                continue;
            }
            for entry in self.mapping(entry, "fixed: 4").unwrap_or_default() {
                match column_margin(entry) {
                    Ok(margin) => theme.column_margin = Some(margin),
                    Err((at, problem)) => self.warn(at, problem),
                }
            }
        }
    }

    /// Returns the entries of a mapping; `None` if it is something else, which is reported.
    fn mapping<'e>(&mut self, entry: &'e YamlEntry, example: &str) -> Option<&'e [YamlEntry]> {
        match &entry.value {
            YamlValue::Mapping(entries) => return Some(entries),
            YamlValue::Null => {}
            _ => {
                let message = format!("`{}` must be a mapping, such as `{example}`", entry.key);
                self.warn(entry.value_at, message);
            }
        }
        None
    }

    fn unknown(&mut self, entry: &YamlEntry) {
        let key = &entry.key;
        if DIALECT_KEYS.contains(&key.as_str()) {
            return;
        }
        match suggest(key, &KNOWN_KEYS) {
            Some(meant) => {
                let known = KNOWN_KEYS.join(", ");
                let message = format!(
                    "unknown front matter key `{key}` (did you mean `{meant}`?); expected one of: \
                     {known}"
                );
                self.warn(entry.key_at, message);
            }
            None => self.foreign.push((entry.key_at, key.clone())),
        }
    }

    fn report_foreign(&mut self) {
        let Some(&(at, _)) = self.foreign.first() else { return };
        if self.options.allows_foreign_keys {
            return;
        }
        let names: Vec<String> = self.foreign.iter().map(|(_, key)| format!("`{key}`")).collect();
        let (has, keys) = if names.len() == 1 { ("has", "key") } else { ("have", "keys") };
        let message = format!(
            "front matter {keys} of other tools {has} no effect: {}; those with one: {}",
            names.join(", "),
            KNOWN_KEYS.join(", ")
        );
        self.warn(at, message);
    }

    fn warn(&mut self, at: Position, message: String) {
        self.warnings.push((at, message));
    }
}

/// Returns the names that one element of a list of authors gives.
fn author(value: &YamlValue) -> Option<Vec<String>> {
    match value {
        YamlValue::Null => Some(Vec::new()),
        YamlValue::Text(text) => Some(names(text)),
        YamlValue::Mapping(entries) => {
            let name = entries.iter().find(|entry| entry.key == "name")?;
            name.value.text().map(names)
        }
        _ => None,
    }
}

/// Returns the names in `text`, one on each line.
fn names(text: &str) -> Vec<String> {
    text.lines().map(|line| line.trim().to_owned()).filter(|name| !name.is_empty()).collect()
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Reads one way to give the space between columns.
fn column_margin(entry: &YamlEntry) -> Result<ColumnMargin, (Position, String)> {
    let (most, kind): (u16, fn(u16) -> ColumnMargin) = match entry.key.as_str() {
        "fixed" => (ColumnMargin::MAX_FIXED, ColumnMargin::Fixed),
        "percent" => (ColumnMargin::MAX_PERCENT, ColumnMargin::Percent),
        key => {
            let meant = did_you_mean(key, &["fixed", "percent"]);
            let message = format!("unknown margin `{key}`{meant}; expected one of: fixed, percent");
            return Err((entry.key_at, message));
        }
    };
    let number = entry.value.text().and_then(|text| text.parse().ok());
    let number = number.filter(|number| *number <= most);
    number.map(kind).ok_or_else(|| {
        (entry.value_at, format!("`{}` must be a number from 0 to {most}", entry.key))
    })
}

/// Collects the texts within nested mappings, each with the names of all keys that lead to it.
fn flatten(entries: &[YamlEntry], prefix: &str, found: &mut Vec<(String, String)>) {
    for entry in entries {
        let name = format!("{prefix}{}", entry.key);
        match &entry.value {
            YamlValue::Text(text) => found.push((name, one_line(text))),
            YamlValue::Mapping(inner) => flatten(inner, &format!("{name}."), found),
            _ => {}
        }
    }
}
