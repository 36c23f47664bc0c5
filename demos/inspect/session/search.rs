//! Filtering and searching in the shown connection.
//!
//! `wire::query` implements the filter language and the search.

use super::connections::ByteSource;
use super::query::{ActiveFilter, ActiveSearch};
use super::state::Session;
use crate::demos::inspect::messages::Cmd;
use crate::wire::query::search;
use crate::wire::query::search::Needle;

impl Session {
    /// Applies a typed filter. An empty line removes the filter.
    ///
    /// # Errors
    /// Fails if the line is not a valid filter.
    pub(crate) fn set_filter(&mut self, text: &str) -> Result<(), String> {
        if text.trim().is_empty() {
            self.filter = None;
            return Ok(());
        }
        let mut active = ActiveFilter::parse(text)?;
        active.extend(&self.connection().trace);
        self.filter = Some(active);
        Ok(())
    }

    /// Searches for typed text or bytes, from the current frame on.
    ///
    /// # Errors
    /// Fails if the line cannot be searched for.
    pub(crate) fn set_search(&mut self, text: &str) -> Result<Vec<Cmd>, String> {
        let needle = Needle::parse(text).map_err(|error| error.to_string())?;
        self.search = Some(ActiveSearch { text: text.to_owned(), needle });
        Ok(self.search_next(0))
    }

    /// Goes to the next match. `skip` is 1 to begin after the current frame.
    pub(crate) fn search_next(&mut self, skip: usize) -> Vec<Cmd> {
        let Some(ActiveSearch { needle, .. }) = &self.search else {
            self.notice = Some("no search yet: / starts one".to_owned());
            return Vec::new();
        };
        let connection = self.connection();
        let rows = connection.trace.rows().len();
        let from = self.current_row().map_or(0, |row| row + skip).min(rows);
        // Reading a file takes long, so a thread searches it.
        if let ByteSource::File(store, _) = &connection.bytes {
            let needle = Box::new(needle.clone());
            return vec![Cmd::Find(store.clone(), connection.trace.clone(), from, needle)];
        }
        let hit = |row: &usize| {
            connection.frame(*row).is_some_and(|frame| search::find(&frame, needle).is_some())
        };
        let found = (from..rows).chain(0..from).find(hit);
        self.show_hit(found);
        Vec::new()
    }

    /// Shows the frame that was found, or a notice if there is none.
    pub(crate) fn show_hit(&mut self, row: Option<usize>) {
        let Some(ActiveSearch { text, needle }) = self.search.clone() else { return };
        let Some(row) = row else {
            self.notice = Some(format!("{text:?} is in no frame"));
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
}
