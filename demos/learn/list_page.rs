//! [`ListPage`]: the list of what there is to learn, its cursor and its search.

use crossterm::event::KeyCode;

use super::text_line::TextLine;
use crate::learn::{Catalog, CatalogItem};

/// The list on the screen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ListPage {
    /// The index of the item under the cursor, among those that are shown.
    pub(super) cursor: usize,
    /// The text that is searched for.
    pub(super) search: TextLine,
    /// Whether the search is being typed.
    pub(super) is_searching: bool,
    /// The item whose progress is to be forgotten, once that is confirmed.
    pub(super) asks_reset: Option<String>,
}

impl ListPage {
    /// Returns the items that contain all words of the search.
    pub(super) fn items<'a>(&self, catalog: &'a Catalog) -> Vec<&'a CatalogItem> {
        let wanted = self.search.text.to_lowercase();
        let words: Vec<&str> = wanted.split_whitespace().collect();
        let is_found = |item: &&CatalogItem| {
            let text = format!("{} {} {}", item.name, item.section, item.title).to_lowercase();
            words.iter().all(|word| text.contains(word))
        };
        catalog.items.iter().filter(is_found).collect()
    }

    /// Returns the item under the cursor.
    pub(super) fn chosen<'a>(&self, catalog: &'a Catalog) -> Option<&'a CatalogItem> {
        self.items(catalog).get(self.cursor).copied()
    }

    /// Moves the cursor. Returns whether the key does that.
    pub(super) fn handle_move(&mut self, code: KeyCode, catalog: &Catalog) -> bool {
        let last = self.items(catalog).len().saturating_sub(1);
        self.cursor = match code {
            KeyCode::Up | KeyCode::Char('k') => self.cursor.saturating_sub(1),
            KeyCode::Down | KeyCode::Char('j') => (self.cursor + 1).min(last),
            KeyCode::Home | KeyCode::Char('g') => 0,
            KeyCode::End | KeyCode::Char('G') => last,
            _ => return false,
        };
        true
    }

    /// Puts the cursor on an item.
    pub(super) fn go_to(&mut self, name: &str, catalog: &Catalog) {
        let place = self.items(catalog).iter().position(|item| item.name == name);
        self.cursor = place.unwrap_or(self.cursor);
    }
}
