//! Filtering and searching in the shown connection.
//!
//! `wire::query` implements the filter language and the search.

use super::connections::MAX_BYTES_SHOWN;
use super::query::{ActiveFilter, ActiveSearch};
use super::state::Session;
use crate::demos::inspect::messages::Cmd;
use crate::inspect::{FoundFrame, SearchJob};
use crate::wire::query::direction_search::HitPlace;
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
        let needle = needle.clone();
        let rows = self.connection().trace.rows().len();
        let from = self.current_row().map_or(0, |row| row + skip) % rows.max(1);
        self.search_number += 1;
        let connection = self.connection();
        let (trace, bytes) = (connection.trace.clone(), connection.searched_bytes());
        let job = SearchJob { number: self.search_number, needle, from_row: from, trace, bytes };
        self.notice = Some("searching …".to_owned());
        vec![Cmd::Find(Box::new(job))]
    }

    /// Shows the frame that was found, or a notice if there is none. The result of an earlier search
    /// is ignored: another connection may be shown by now.
    pub(crate) fn show_hit(&mut self, number: u64, found: Option<FoundFrame>) {
        let Some(ActiveSearch { text, .. }) = self.search.clone() else { return };
        if number != self.search_number {
            return;
        }
        let Some(FoundFrame { row, place }) = found else {
            self.notice = Some(format!("{text:?} is in no frame"));
            return;
        };
        self.filter = None;
        self.select_row(row);
        let header = self.connection().trace.rows().get(row).map_or(0, |row| row.header().len());
        let (byte, whose) = match place {
            HitPlace::Payload(at) => (usize::try_from(at).unwrap_or(usize::MAX), ""),
            HitPlace::AcrossFragments => (0, ", begun in a fragment before it"),
            HitPlace::Inflated => (0, ", in its inflated data"),
        };
        self.cursor.byte = header.saturating_add(byte).min(MAX_BYTES_SHOWN as usize - 1);
        self.notice = Some(format!("{text:?} found in frame {row}{whose} · n next"));
    }
}
