//! The list of sources: Markdown in which each entry begins with its id.
//!
//! ```text
//! - **F12** The shortest form of a length is mandatory.
//!   [RFC 6455, section 5.2](https://www.rfc-editor.org/rfc/rfc6455#section-5.2), read 2026-11-22.
//! ```

use crate::deck::position::{LineIndex, Position};
use crate::deck::sources::reference::is_id;
use crate::deck::warning::Warning;

/// An entry of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SourceEntry<'a> {
    pub(super) id: &'a str,
    /// The position of the id.
    position: Position,
    /// The entry's lines after the id.
    text: Vec<&'a str>,
}

/// Returns the entries of a list of sources.
pub(super) fn read_list(list: &str) -> Vec<SourceEntry<'_>> {
    let mut entries: Vec<SourceEntry> = Vec::new();
    let mut is_within = false;
    for (line, number) in list.lines().zip(1..) {
        if let Some((id, column, rest)) = first_line(line) {
            let position = Position { line: number, column };
            entries.push(SourceEntry { id, position, text: vec![rest] });
            is_within = true;
        } else if line.starts_with(['#', '-', '*', '|']) {
            // A heading, or an item of another list.
            is_within = false;
        } else if let Some(entry) = entries.last_mut().filter(|_| is_within) {
            entry.text.push(line);
        }
    }
    entries
}

/// Splits the first line of an entry into its id, the id's column and the text after it.
fn first_line(line: &str) -> Option<(&str, usize, &str)> {
    let item = line.strip_prefix("- ").or_else(|| line.strip_prefix("* "))?;
    let (id, rest) = item.trim_start().strip_prefix("**")?.split_once("**")?;
    let column = line.find("**").unwrap_or_default() + 3;
    is_id(id).then_some((id, column, rest))
}

/// Finds what is wrong with the entries of `list`, in file order.
pub(super) fn check_list(entries: &[SourceEntry], list: &str) -> Vec<Warning> {
    let lines = LineIndex::new(list);
    let mut warnings = Vec::new();
    let mut warn = |entry: &SourceEntry, message: String| {
        warnings.push(Warning::new(0, entry.position, &lines, message));
    };
    for (index, entry) in entries.iter().enumerate() {
        let id = entry.id;
        let earlier = entries.iter().take(index).find(|earlier| earlier.id == id);
        if let Some(earlier) = earlier {
            let line = earlier.position.line;
            warn(
                entry,
                format!("duplicate source `{id}`, first on line {line}; give it another number"),
            );
        }
        if !entry.has_link() {
            let form = "[text](https://...)";
            warn(entry, format!("the source `{id}` has no link; add its URL, or {form}"));
        }
        if !entry.has_date() {
            let form = "read YYYY-MM-DD";
            warn(entry, format!("the source `{id}` has no date; add when it was read: {form}"));
        }
    }
    warnings
}

impl SourceEntry<'_> {
    fn has_link(&self) -> bool {
        self.text.iter().any(|line| {
            let target = line.split_once("](").and_then(|(_, after)| after.split_once(')'));
            ["https://", "http://"].iter().any(|scheme| line.contains(scheme))
                || target.is_some_and(|(target, _)| !target.trim().is_empty())
        })
    }

    fn has_date(&self) -> bool {
        let is_in_date = |c: char| c.is_ascii_digit() || c == '-';
        let mut words = self.text.iter().flat_map(|line| line.split(|c| !is_in_date(c)));
        words.any(is_date)
    }
}

/// Whether `word` is a date such as `2026-11-22`.
fn is_date(word: &str) -> bool {
    let parts: Vec<&str> = word.split('-').collect();
    let [year, month, day] = parts.as_slice() else { return false };
    let within = |text: &str, len: usize, range: std::ops::RangeInclusive<u16>| {
        text.len() == len && text.parse().is_ok_and(|number: u16| range.contains(&number))
    };
    within(year, 4, 1900..=9999) && within(month, 2, 1..=12) && within(day, 2, 1..=31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(list: &str) -> Vec<String> {
        let warnings = check_list(&read_list(list), list);
        warnings.iter().map(|it| format!("{}: {}", it.position.line, it.message)).collect()
    }

    #[test]
    fn an_entry_goes_on_to_the_next_item_or_heading() {
        let list = "# Sources\n\n- **F1** One\n  more,\n\n  read 2026-11-22.\n- **S2** Two\n\
                    ## More\nhttps://a.example 2026-11-22\n- F3 is no entry\n* **T4** Four\n";
        let entries = read_list(list);
        let ids: Vec<_> = entries.iter().map(|it| (it.id, it.position.line)).collect();
        assert_eq!(ids, [("F1", 3), ("S2", 7), ("T4", 11)]);
        assert_eq!(entries[0].text, [" One", "  more,", "", "  read 2026-11-22."]);
        assert_eq!(entries[1].text, [" Two"]);
        assert_eq!(entries[0].position, Position { line: 3, column: 5 });
    }

    #[test]
    fn an_entry_has_a_link_and_a_date_and_its_own_number() {
        let whole = "- **F1** One: <https://a.example>, read 2026-11-22.\n\
                     - **F2** Two: [record](../a.json), 2026-02-01.\n";
        assert_eq!(problems(whole), [] as [&str; 0]);
        let link = "the source `F1` has no link; add its URL, or [text](https://...)";
        let date = "the source `F1` has no date; add when it was read: read YYYY-MM-DD";
        assert_eq!(problems("- **F1** One\n"), [format!("1: {link}"), format!("1: {date}")]);
        for no_link in ["a [b] (c)", "a [b]()", "www.a.example"] {
            assert_eq!(problems(&format!("- **F1** {no_link} 2026-11-22")), [format!("1: {link}")]);
        }
        for no_date in ["2026-13-01", "2026-11-00", "22-11-2026", "2026-11", "12026-11-22-1"] {
            let list = format!("- **F1** [a](b) {no_date}");
            assert_eq!(problems(&list), [format!("1: {date}")], "{no_date}");
        }
        let twice = format!("{whole}- **F1** [a](b) 2026-11-22");
        assert_eq!(
            problems(&twice),
            ["3: duplicate source `F1`, first on line 1; give it another number"]
        );
    }
}
