//! Filter, search, and what is copied.
//!
//! The filter's language, the search and the copies' forms are `wire`'s.

use crossterm::event::KeyCode;

use super::Cmd;
use super::connection::ByteSource;
use super::state::{InputLine, InputMode, Inspect};
use crate::wire::query::copy_as::Excerpt;
use crate::wire::query::filter::Filter;
use crate::wire::query::search;
use crate::wire::query::search::Needle;
use crate::wire::{Side, Trace, format};

/// A filter, and the rows that pass it.
#[derive(Clone, Debug)]
pub(super) struct ActiveFilter {
    pub(super) text: String,
    filter: Filter,
    /// In order.
    pub(super) rows: Vec<u32>,
    /// The rows that were asked already.
    rows_tested: usize,
}

impl ActiveFilter {
    /// Asks the rows that have come since.
    pub(super) fn extend(&mut self, trace: &Trace) {
        let all = trace.rows().len();
        self.rows.extend(self.filter.rows(trace, self.rows_tested.min(all)..all).map(|row| row as u32));
        self.rows_tested = all;
    }

    /// Forgets the rows: they belong to another connection.
    pub(super) fn reset(&mut self) {
        self.rows.clear();
        self.rows_tested = 0;
    }
}

/// What was searched for.
#[derive(Clone, Debug)]
pub(super) struct ActiveSearch {
    pub(super) text: String,
    pub(super) needle: Needle,
}

impl Inspect {
    /// Applies what was typed as a filter; an empty line shows everything again.
    pub(super) fn set_filter(&mut self, line: InputLine) -> Vec<Cmd> {
        if line.text.trim().is_empty() {
            self.filter = None;
            return Vec::new();
        }
        match Filter::parse(&line.text) {
            Ok(filter) => {
                let mut active_filter =
                    ActiveFilter { text: line.text, filter, rows: Vec::new(), rows_tested: 0 };
                active_filter.extend(&self.connection().trace);
                self.filter = Some(active_filter);
                Vec::new()
            }
            Err(error) => self.reject_input(line, error.to_string()),
        }
    }

    pub(super) fn set_search(&mut self, line: InputLine) -> Vec<Cmd> {
        match Needle::parse(&line.text) {
            Ok(needle) => {
                self.search = Some(ActiveSearch { text: line.text, needle });
                self.search_next(0)
            }
            Err(error) => self.reject_input(line, error.to_string()),
        }
    }

    /// Goes to the next frame that holds what is searched for; `skip` is 1 to leave the current one.
    pub(super) fn search_next(&mut self, skip: usize) -> Vec<Cmd> {
        let Some(ActiveSearch { needle, .. }) = &self.search else {
            self.notice = Some("nothing is searched for yet: / asks".to_owned());
            return Vec::new();
        };
        let connection = self.connection();
        let rows = connection.trace.rows().len();
        let from = self.current_row().map_or(0, |row| row + skip).min(rows);
        if let ByteSource::File(store, _) = &connection.bytes {
            let needle = Box::new(needle.clone());
            return vec![Cmd::Find(self.run, store.clone(), connection.trace.clone(), from, needle)];
        }
        let hit =
            |row: &usize| connection.frame(*row).is_some_and(|frame| search::find(&frame, needle).is_some());
        let found = (from..rows).chain(0..from).find(hit);
        self.show_hit(found);
        Vec::new()
    }

    /// Shows the frame that was found.
    pub(super) fn show_hit(&mut self, row: Option<usize>) {
        let Some(ActiveSearch { text, needle }) = self.search.clone() else { return };
        let Some(row) = row else {
            self.notice = Some(format!("{text:?} stands in no frame"));
            return;
        };
        self.filter = None;
        self.select_row(row);
        if let Some(frame) = self.frame(row)
            && let Some(place) = search::find(&frame, &needle)
        {
            self.cursor.byte = frame.header.len() + place.start;
        }
        self.notice = Some(format!("{text:?} found in frame {row} · n next"));
    }

    /// Puts the frame that is shown on the clipboard, in the form that the key names.
    pub(super) fn copy_frame(&mut self, code: KeyCode) -> Vec<Cmd> {
        self.mode = InputMode::Browse;
        let Some((row, _, frame)) = self.current_frame() else { return Vec::new() };
        let response =
            self.connection().trace.head(Side::Server).and_then(|validated| validated.head.as_ref());
        let agreed = response.and_then(|head| head.joined_value("Sec-WebSocket-Extensions"));
        let Some(excerpt) = Excerpt::from_frames(std::slice::from_ref(&frame), agreed.as_deref()) else {
            return Vec::new();
        };
        let url = match &self.source {
            super::InspectSource::Url(options) => options.url.clone(),
            _ if self.connection().name.starts_with("ws") => self.connection().name.clone(),
            _ => "ws://127.0.0.1:9001/".to_owned(),
        };
        let (what, text) = match code {
            KeyCode::Char('h') => ("hex", excerpt.spaced_hex()),
            // what a peer has sent may be pasted into a shell, where a line feed is a command's end
            KeyCode::Char('t') => {
                let text = String::from_utf8_lossy(&frame.payload()).into_owned();
                let escaped = format::escape_controls(&text);
                let what = if escaped == text { "text" } else { "text, its control characters escaped" };
                (what, escaped)
            }
            KeyCode::Char('j') => ("test vector", excerpt.vector(&format!("frame-{row}"))),
            KeyCode::Char('c') => ("command", excerpt.decode_command()),
            KeyCode::Char('s') => match excerpt.inspect_command(&url) {
                Some(command) => ("command that sends it", command),
                None => return Vec::new(),
            },
            KeyCode::Char('r') => ("Rust program", excerpt.tungstenite_program(&url)),
            KeyCode::Char('p') => ("Python program", excerpt.python_program(&url)),
            _ => return Vec::new(),
        };
        self.notice = Some(format!("copied: {what}, {}", format::byte_count(text.len() as u64)));
        vec![Cmd::Copy(text)]
    }
}

#[cfg(test)]
mod tests {
    use super::super::state::tests::{press, seen};
    use super::*;
    use crate::wire::Side;

    #[test]
    fn a_copied_text_holds_nothing_that_a_shell_or_a_terminal_obeys() {
        for (payload, copied, message) in [
            (&b"plain"[..], "plain", "copied: text, 5 bytes"),
            (
                b"rm -rf x\n\x1b[2J",
                r"rm -rf x\n\u{1b}[2J",
                "copied: text, its control characters escaped, 19 bytes",
            ),
        ] {
            let frame = [&[0x81, payload.len() as u8], payload].concat();
            let (mut inspect, _inbox) = seen(&[(Side::Server, &frame)]);
            press(&mut inspect, KeyCode::Char('y'));
            let commands = press(&mut inspect, KeyCode::Char('t'));
            assert!(matches!(&commands[..], [Cmd::Copy(text)] if text == copied), "{commands:?}");
            assert_eq!(inspect.notice.as_deref(), Some(message));
        }
    }
}
