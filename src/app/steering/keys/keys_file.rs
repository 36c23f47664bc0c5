//! A file of keys: `action = ["key", ...]` in TOML, each in place of the keys that the action has
//! by default.
//!
//! An entry at fault changes nothing: its action keeps its default keys. Nor does a file that is no
//! TOML.

use std::fmt;
use std::ops::Range;

use crossterm::event::{KeyCode, KeyModifiers};
use toml::de::{DeTable, DeValue};

use crate::app::steering::keys::key_press::KeyPress;
use crate::app::steering::keys::key_table::{KEY_BINDINGS, KeyMap, Reach};
use crate::deck::{LineIndex, Position};
use crate::text;

/// A fault in an entry of a file of keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeysProblem {
    /// The place in the file.
    pub position: Position,
    /// The fault, and what would be right.
    pub message: String,
}

impl fmt::Display for KeysProblem {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}:{}: {}", self.position.line, self.position.column, self.message)
    }
}

/// The most keys that an action may have.
const MAX_KEYS: usize = 16;

/// Returns what is wrong with the text of a file of keys, and where.
pub fn check_keys(source: &str) -> Vec<(Position, String)> {
    let problems = read_keys(source).1.into_iter();
    problems.map(|problem| (problem.position, problem.message)).collect()
}

/// Reads the text of a file of keys. Returns the keys in force, and what is wrong with the file.
pub fn read_keys(source: &str) -> (KeyMap, Vec<KeysProblem>) {
    let lines = LineIndex::new(source);
    let at = |span: Range<usize>| lines.position(span.start);
    let (table, errors) = DeTable::parse_recoverable(source);
    let mut problems: Vec<KeysProblem> = errors
        .iter()
        .map(|error| KeysProblem {
            position: at(error.span().unwrap_or(0..0)),
            message: error.message().lines().collect::<Vec<_>>().join("; "),
        })
        .collect();
    if !problems.is_empty() {
        // What a parser makes of the rest is a guess.
        return (KeyMap::default(), problems);
    }
    let mut entries = Vec::new();
    for (name, value) in table.get_ref() {
        match read_entry(name.get_ref(), value.get_ref()) {
            Ok(entry) => entries.push(Entry { position: at(name.span()), ..entry }),
            Err(message) => problems.push(KeysProblem { position: at(name.span()), message }),
        }
    }
    let (map, conflicts) = apply(entries);
    problems.extend(conflicts);
    problems.sort_by_key(|problem| problem.position);
    (map, problems)
}

/// A row of the table with new keys.
struct Entry {
    row: usize,
    position: Position,
    keys: Vec<KeyPress>,
}

fn read_entry(name: &str, value: &DeValue) -> Result<Entry, String> {
    let Some(row) = KEY_BINDINGS.iter().position(|binding| binding.name == Some(name)) else {
        let names: Vec<&str> = KEY_BINDINGS.iter().filter_map(|binding| binding.name).collect();
        let hint = match text::suggest(name, &names) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("there are: {}", names.join(", ")),
        };
        return Err(format!("unknown action `{}`; {hint}", text::sanitize(name)));
    };
    let wrong = || format!("`{name}` takes a list of keys, such as [\"n\", \"Right\", \"Ctrl-L\"]");
    let DeValue::Array(values) = value else { return Err(wrong()) };
    if values.len() > MAX_KEYS {
        return Err(format!("`{name}` has {} keys; at most {MAX_KEYS} are read", values.len()));
    }
    let mut keys = Vec::new();
    for value in values {
        let DeValue::String(key) = value.get_ref() else { return Err(wrong()) };
        let parsed = KeyPress::parse(key).ok_or_else(|| {
            format!(
                "`{}` isn't a key; keys are letters and signs, Enter, Space, Right, PageDown, F5 \
                 and so on, with Ctrl-, Alt- or Shift- before them",
                text::sanitize(key)
            )
        })?;
        if let Some(use_of_it) = fixed(parsed) {
            return Err(format!(
                "`{}` can't be given to `{name}`: {use_of_it}",
                text::sanitize(key)
            ));
        }
        if !keys.contains(&parsed) {
            keys.push(parsed);
        }
    }
    Ok(Entry { row, position: Position::default(), keys })
}

/// Returns what a key always does, if it cannot be given to another action.
fn fixed(key: KeyPress) -> Option<&'static str> {
    let unnamed = || KEY_BINDINGS.iter().find(|row| row.name.is_none() && row.keys.contains(&key));
    match key {
        KeyPress { code: KeyCode::Char('0'..='9'), modifiers: KeyModifiers::NONE } => {
            Some("digits are the number of a slide")
        }
        KeyPress { code: KeyCode::Char('i'), modifiers: KeyModifiers::CONTROL } => {
            Some("a terminal sends Tab for it")
        }
        KeyPress { code: KeyCode::Char('m'), modifiers: KeyModifiers::CONTROL } => {
            Some("a terminal sends Enter for it")
        }
        KeyPress { code: KeyCode::Char('['), modifiers: KeyModifiers::CONTROL } => {
            Some("a terminal sends Esc for it")
        }
        KeyPress { code: KeyCode::Char('P' | ']' | '_'), modifiers: KeyModifiers::ALT } => {
            Some("a terminal's responses begin with it")
        }
        _ => unnamed().map(|row| row.about),
    }
}

/// Puts the entries into the table. Of two actions with the same key, the one that the file changes
/// keeps its default keys; of two that it changes, the later one does.
fn apply(mut candidates: Vec<Entry>) -> (KeyMap, Vec<KeysProblem>) {
    candidates.sort_by_key(|entry| entry.position);
    let mut problems = Vec::new();
    // What is rejected keeps its default keys, and those may be what another entry wanted. So this
    // goes on until nothing more is rejected.
    loop {
        let conflict = (0..candidates.len())
            .rev()
            .find_map(|index| Some((index, conflict_of(&candidates, index)?)));
        let Some((index, message)) = conflict else { break };
        let entry = candidates.remove(index);
        problems.push(KeysProblem { position: entry.position, message });
    }
    let mut map = KeyMap::default();
    for entry in candidates {
        map.set(entry.row, entry.keys);
    }
    (map, problems)
}

/// Returns why the keys of an entry cannot be in force with those of all other rows.
fn conflict_of(entries: &[Entry], index: usize) -> Option<String> {
    let entry = entries.get(index)?;
    let own = &KEY_BINDINGS[entry.row];
    for (row, binding) in KEY_BINDINGS.iter().enumerate() {
        let changed = entries.iter().find(|other| other.row == row);
        let keys = changed.map_or(binding.keys, |other| &other.keys);
        if row == entry.row || !meet(own.reach, binding.reach) {
            continue;
        }
        if let Some(key) = entry.keys.iter().find(|key| keys.contains(key)) {
            let (name, other) = (own.name.unwrap_or_default(), binding.name.unwrap_or_default());
            return Some(format!(
                "`{key}` is already a key of `{other}`; give `{other}` other keys, or `{name}`"
            ));
        }
    }
    None
}

/// Whether keys of the two reaches compete. While a search is on, its keys come first on purpose.
fn meet(left: Reach, right: Reach) -> bool {
    left == right || left == Reach::Always || right == Reach::Always
}

#[cfg(test)]
mod tests {
    use crossterm::event::KeyEvent;

    use super::*;
    use crate::app::steering::keys::key_table::StageAction;

    fn problems(source: &str) -> Vec<String> {
        read_keys(source).1.iter().map(ToString::to_string).collect()
    }

    fn action(map: &KeyMap, name: &str) -> Option<StageAction> {
        let key = KeyPress::parse(name).unwrap();
        map.action_for(&KeyEvent::new(key.code, key.modifiers), false, false)
    }

    #[test]
    fn a_file_replaces_the_keys_of_the_actions_that_it_names() {
        let (map, problems) = read_keys(
            "# my clicker\nnext = [\"Right\", \"F5\"]\nblank = [\"Shift-F5\"]\nlaser = []\n",
        );
        assert_eq!(problems, []);
        assert_eq!(action(&map, "F5"), Some(StageAction::Next));
        assert_eq!(action(&map, "n"), None, "a default key of an action with other keys");
        assert_eq!(action(&map, "Shift-F5"), Some(StageAction::Blank));
        assert_eq!(action(&map, "L"), None);
        assert_eq!(action(&map, "p"), Some(StageAction::Previous), "what it does not name");
        let exchanged = "notes = [\"o\"]\noverview = [\"s\"]\n";
        assert_eq!(read_keys(exchanged).1, [], "two actions may exchange their keys");
    }

    #[test]
    fn a_key_that_never_arrives_is_refused() {
        for name in ["Ctrl-I", "Ctrl-m", "Ctrl-[", "Alt-P", "Alt-]", "Alt-_"] {
            let found = problems(&format!("blank = [\"{name}\"]\n"));
            assert!(found.len() == 1 && found[0].contains(name), "{name}: {found:?}");
        }
        let (map, found) = read_keys("blank = [\"Shift-Tab\"]\n");
        assert_eq!(found, []);
        let tab = KeyEvent::new(KeyCode::BackTab, KeyModifiers::SHIFT);
        assert_eq!(map.action_for(&tab, false, false), Some(StageAction::Blank));
    }

    #[test]
    fn a_wrong_entry_is_told_with_its_place_and_its_action_keeps_its_keys() {
        let source = "nxt = [\"x\"]\nnotes = \"x\"\nhelp = [\"Shfit-x\"]\nblank = [\"7\"]\n\
                      freeze = [\"Ctrl-C\"]\n";
        assert_eq!(
            problems(source),
            [
                "1:1: unknown action `nxt`; did you mean `next`?",
                "2:1: `notes` takes a list of keys, such as [\"n\", \"Right\", \"Ctrl-L\"]",
                "3:1: `Shfit-x` isn't a key; keys are letters and signs, Enter, Space, Right, \
                 PageDown, F5 and so on, with Ctrl-, Alt- or Shift- before them",
                "4:1: `7` can't be given to `blank`: digits are the number of a slide",
                "5:1: `Ctrl-C` can't be given to `freeze`: end the talk at once",
            ]
        );
        assert_eq!(read_keys(source).0, KeyMap::default());
        assert_eq!(read_keys("next = [\n").0, KeyMap::default());
        assert!(problems("next = [\n")[0].starts_with("1:"), "{:?}", problems("next = [\n"));
    }

    #[test]
    fn of_two_actions_with_one_key_the_changed_one_keeps_its_default() {
        assert_eq!(
            problems("next = [\"s\"]\n"),
            ["1:1: `s` is already a key of `notes`; give `notes` other keys, or `next`"]
        );
        let (map, found) = read_keys("next = [\"x\"]\nnotes = [\"x\"]\n");
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].position.line, 2);
        assert_eq!(action(&map, "x"), Some(StageAction::Next));
        assert_eq!(action(&map, "s"), Some(StageAction::Notes));
        // `next` wants what `notes` gave up, but `notes` keeps it.
        let (map, found) = read_keys("next = [\"s\"]\nnotes = [\"g\"]\n");
        assert_eq!(found.len(), 2);
        assert_eq!(map, KeyMap::default());
        assert_eq!(read_keys("previous = [\"PageDown\"]\n").1.len(), 1, "a key for any time");
        assert_eq!(read_keys("next-hit = [\"l\"]\n").1, [], "its own time");
    }

    #[test]
    fn no_row_of_the_table_is_out_of_reach_of_a_file() {
        for (row, binding) in KEY_BINDINGS.iter().enumerate() {
            let Some(name) = binding.name else { continue };
            let (map, problems) = read_keys(&format!("{name} = [\"F24\"]\n"));
            assert_eq!(problems, [], "{name}");
            let keys: Vec<_> = map.rows().map(|(_, keys)| keys.to_vec()).collect();
            assert_eq!(keys[row], [KeyPress::plain(KeyCode::F(24))]);
        }
    }
}
