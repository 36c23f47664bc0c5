//! The `options:` of the front matter, taken over into [`DeckOptions`].
//!
//! The names and meanings are presenterm's.

use crate::deck::front_matter::yaml::{YamlEntry, YamlValue};
use crate::deck::options::DeckOptions;
use crate::deck::position::Position;
use crate::text::did_you_mean;

const OPTION_NAMES: [&str; 10] = [
    "implicit_slide_ends",
    "end_slide_shorthand",
    "h1_slide_titles",
    "incremental_lists",
    "incremental_tables",
    "strict_front_matter_parsing",
    "list_item_newlines",
    "command_prefix",
    "image_attributes_prefix",
    "auto_render_languages",
];

/// Takes over the entries of `options:`, and passes what is wrong with them to `warn`.
pub(super) fn apply(
    options: &mut DeckOptions,
    entries: &[YamlEntry],
    warn: &mut impl FnMut(Position, String),
) {
    for entry in entries {
        if let Some(message) = apply_entry(options, entry) {
            let unknown = !OPTION_NAMES.contains(&entry.key.as_str());
            warn(if unknown { entry.key_at } else { entry.value_at }, message);
        }
    }
}

/// Takes over one entry, and returns what is wrong with it.
fn apply_entry(options: &mut DeckOptions, entry: &YamlEntry) -> Option<String> {
    let key = entry.key.as_str();
    if let Some(flag) = flag(options, key) {
        match entry.value.text() {
            Some("true") => *flag = true,
            Some("false") => *flag = false,
            None if entry.value == YamlValue::Null => {}
            _ => return Some(format!("`{key}` must be `true` or `false`")),
        }
        return None;
    }
    match (key, &entry.value) {
        ("strict_front_matter_parsing", value) => match value.text() {
            Some("true") => options.allows_foreign_keys = false,
            Some("false") => options.allows_foreign_keys = true,
            _ => return Some(format!("`{key}` must be `true` or `false`")),
        },
        ("list_item_newlines", value) => match value.text().map(str::parse) {
            Some(Ok(number @ 1..)) => options.list_item_newlines = number,
            _ => return Some(format!("`{key}` must be a number from 1 to 255")),
        },
        ("command_prefix" | "image_attributes_prefix", YamlValue::Null) => {}
        ("command_prefix", YamlValue::Text(text)) => options.command_prefix.clone_from(text),
        ("image_attributes_prefix", YamlValue::Text(text)) => {
            options.image_attributes_prefix = Some(text.clone());
        }
        ("command_prefix" | "image_attributes_prefix", _) => {
            return Some(format!("`{key}` must be a single string"));
        }
        ("auto_render_languages", YamlValue::List(values)) => {
            options.auto_render_languages =
                values.iter().filter_map(|value| value.text().map(str::to_lowercase)).collect();
        }
        ("auto_render_languages", _) => {
            return Some(format!("`{key}` must be a list of languages"));
        }
        _ => {
            let meant = did_you_mean(key, &OPTION_NAMES);
            let known = OPTION_NAMES.join(", ");
            return Some(format!("unknown option `{key}`{meant}; expected one of: {known}"));
        }
    }
    None
}

/// Returns the option `key`, if it is one that is on or off.
fn flag<'o>(options: &'o mut DeckOptions, key: &str) -> Option<&'o mut bool> {
    Some(match key {
        "implicit_slide_ends" => &mut options.implicit_slide_ends,
        "end_slide_shorthand" => &mut options.end_slide_shorthand,
        "h1_slide_titles" => &mut options.h1_slide_titles,
        "incremental_lists" => &mut options.incremental_lists,
        "incremental_tables" => &mut options.incremental_tables,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deck::front_matter::yaml::parse_mapping;

    fn read(yaml: &str) -> (DeckOptions, Vec<String>) {
        let mut options = DeckOptions::default();
        let mut warnings = Vec::new();
        let entries = parse_mapping(yaml, 1).unwrap().unwrap();
        apply(&mut options, &entries, &mut |at, message| {
            warnings.push(format!("{}:{}: {message}", at.line, at.column));
        });
        (options, warnings)
    }

    #[test]
    fn every_option_is_read() {
        let names = OPTION_NAMES[..5].iter();
        let mut yaml = names.map(|name| format!("{name}: true\n")).collect::<Vec<_>>().concat();
        yaml += "strict_front_matter_parsing: false\nlist_item_newlines: 2\ncommand_prefix: 'cmd:'\nimage_attributes_prefix: ''\n\
                 auto_render_languages:\n  - Mermaid\n";
        let (mut options, warnings) = read(&yaml);
        assert_eq!(warnings, [] as [&str; 0]);
        for name in &OPTION_NAMES[..5] {
            assert_eq!(flag(&mut options, name), Some(&mut true), "{name}");
        }
        assert!(options.allows_foreign_keys);
        assert_eq!(options.list_item_newlines, 2);
        assert_eq!(options.command_prefix, "cmd:");
        assert_eq!(options.image_attributes_prefix.as_deref(), Some(""));
        assert_eq!(options.auto_render_languages, ["mermaid"]);
    }

    #[test]
    fn what_no_option_takes_is_told_where_it_stands() {
        let (options, warnings) = read(
            "incremental_list: true\nh1_slide_titles: maybe\nlist_item_newlines: 0\n\
             auto_render_languages: d2\ncommand_prefix: [a]\nimplicit_slide_ends:\n",
        );
        assert_eq!(options, DeckOptions::default());
        assert!(warnings[0].starts_with("1:1: unknown option `incremental_list` (did you mean"));
        assert_eq!(
            warnings[1..],
            [
                "2:18: `h1_slide_titles` must be `true` or `false`",
                "3:21: `list_item_newlines` must be a number from 1 to 255",
                "4:24: `auto_render_languages` must be a list of languages",
                "5:17: `command_prefix` must be a single string",
            ]
        );
    }
}
