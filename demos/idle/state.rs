//! The state of the bars, and how keys change it. This file draws nothing.

use crossterm::event::{KeyCode, KeyEvent};

use crate::demos::recorded_lab::RECORDED;
use crate::lab::{ContestantRecord, IdleRecord, LabRecord, Options};
use crate::stage::KeyHint;

/// The keys while the demo has the keyboard.
pub(super) const KEYS: &[KeyHint] = &[
    KeyHint { keys: "d", about: "default options, or tuned as the documentation says" },
    KeyHint { keys: "a", about: "all libraries of the record, or those of the slide" },
    KeyHint { keys: "↑ ↓", about: "move through the libraries" },
];

/// The demo's state.
#[derive(Debug, Default)]
pub struct Idle {
    /// The libraries of the slide.
    pub(super) libraries: Vec<Library>,
    pub(super) is_tuned: bool,
    pub(super) shows_all: bool,
    /// The row under the cursor.
    pub(super) cursor: usize,
}

/// A library of the record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Library {
    /// The name as the slide has it.
    pub(super) title: String,
    /// The id in the record.
    id: String,
}

/// A library and what one of its idle connections takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) title: String,
    /// The resident memory of a connection in bytes; `None` if it was not measured.
    pub(super) bytes: Option<u64>,
    /// The number of connections that were open.
    pub(super) connections: usize,
}

impl Library {
    /// Returns the library as a slide names it: `x/net` is the record's `xnet`.
    pub(super) fn new(title: &str) -> Self {
        Self { title: title.to_owned(), id: title.replace('/', "") }
    }

    pub(super) fn is_known(&self) -> bool {
        RECORDED.contestant(&self.id).is_some()
    }
}

/// Returns the ids of the libraries in the record, without those of 2017.
pub(super) fn known_libraries(record: &LabRecord) -> Vec<String> {
    let is_listed = |contestant: &&ContestantRecord| {
        contestant.options == Options::Default && !contestant.id.ends_with("-2017")
    };
    record.contestants.iter().filter(is_listed).map(|contestant| contestant.id.clone()).collect()
}

impl Idle {
    pub(super) fn handle_key(&mut self, key: KeyEvent) {
        let last = self.rows().len().saturating_sub(1);
        match key.code {
            KeyCode::Char('d') => self.is_tuned = !self.is_tuned,
            KeyCode::Char('a') => {
                self.shows_all = !self.shows_all;
                self.cursor = 0;
            }
            KeyCode::Up | KeyCode::Char('k') => self.cursor = self.cursor.saturating_sub(1),
            KeyCode::Down | KeyCode::Char('j') => self.cursor = (self.cursor + 1).min(last),
            _ => {}
        }
    }

    /// Returns the rows, the least memory first, and last what was not measured.
    pub(super) fn rows(&self) -> Vec<Row> {
        let ids = if self.shows_all { known_libraries(&RECORDED) } else { Vec::new() };
        let title = |id: &String| {
            let named = self.libraries.iter().find(|library| library.id == *id);
            named.map_or_else(|| id.clone(), |library| library.title.clone())
        };
        let all = ids.iter().map(|id| Library { title: title(id), id: id.clone() });
        let shown: Vec<Library> =
            if self.shows_all { all.collect() } else { self.libraries.clone() };
        let mut rows: Vec<Row> = shown.into_iter().map(|library| self.row(library)).collect();
        rows.sort_by_key(|row| row.bytes.unwrap_or(u64::MAX));
        rows
    }

    fn row(&self, Library { title, id }: Library) -> Row {
        let id = if self.is_tuned { format!("{id}-tuned") } else { id };
        let idle = RECORDED.contestant(&id).and_then(|one| one.idle.as_ref());
        Row {
            title,
            bytes: idle.and_then(IdleRecord::bytes_a_connection),
            connections: idle.map_or(0, |idle| idle.connections),
        }
    }
}
