//! Filtering and searching in the connection that is shown.
//!
//! The filter's language and the search itself are `wire`'s.

use super::connections::ByteSource;
use super::query::{ActiveFilter, ActiveSearch};
use super::state::Session;
use crate::demos::inspect::messages::Cmd;
use crate::wire::query::search;
use crate::wire::query::search::Needle;

impl Session {
    /// Applies what was typed as a filter; an empty line shows everything again.
    ///
    /// # Errors
    /// What is wrong with it.
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

    /// Searches for what was typed, from the current frame on.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn set_search(&mut self, text: &str) -> Result<Vec<Cmd>, String> {
        let needle = Needle::parse(text).map_err(|error| error.to_string())?;
        self.search = Some(ActiveSearch { text: text.to_owned(), needle });
        Ok(self.search_next(0))
    }

    /// Goes to the next frame that holds what is searched for; `skip` is 1 to leave the current
    /// one.
    pub(crate) fn search_next(&mut self, skip: usize) -> Vec<Cmd> {
        let Some(ActiveSearch { needle, .. }) = &self.search else {
            self.notice = Some("nothing is searched for yet: / asks".to_owned());
            return Vec::new();
        };
        let connection = self.connection();
        let rows = connection.trace.rows().len();
        let from = self.current_row().map_or(0, |row| row + skip).min(rows);
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

    /// Shows the frame that was found.
    pub(crate) fn show_hit(&mut self, row: Option<usize>) {
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
}
