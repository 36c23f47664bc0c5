//! [`ListPage`]: the list of what there is to learn, its cursor and its search.

use crossterm::event::{KeyCode, KeyEvent};

use super::text_line::TextLine;
use crate::learn::{Catalog, CatalogItem};

/// The list on the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ListPage {
    /// The indexes in the catalogue of the items that are shown.
    pub(super) found: Vec<usize>,
    /// The item under the cursor, among those that are shown.
    pub(super) cursor: usize,
    /// The text that is searched for.
    pub(super) search: TextLine,
    /// Whether the search is being typed.
    pub(super) is_searching: bool,
    /// The item whose progress is to be forgotten, once that is confirmed.
    pub(super) asks_reset: Option<String>,
}

impl ListPage {
    /// Shows the whole catalogue.
    pub(super) fn new(catalog: &Catalog) -> Self {
        Self {
            found: (0..catalog.items.len()).collect(),
            cursor: 0,
            search: TextLine::default(),
            is_searching: false,
            asks_reset: None,
        }
    }

    /// Changes the search by a key.
    pub(super) fn search_key(&mut self, key: KeyEvent, catalog: &Catalog) {
        match key.code {
            KeyCode::Enter => self.is_searching = false,
            KeyCode::Esc => self.end_search(catalog),
            _ => {
                self.search.handle_key(key);
                self.search(catalog);
            }
        }
    }

    /// Adds pasted text to the search.
    pub(super) fn paste(&mut self, text: &str, catalog: &Catalog) {
        self.search.insert(text);
        self.search(catalog);
    }

    /// Shows the whole catalogue again.
    pub(super) fn end_search(&mut self, catalog: &Catalog) {
        (self.is_searching, self.search) = (false, TextLine::default());
        self.search(catalog);
    }

    /// Finds the items that contain all words of the search.
    fn search(&mut self, catalog: &Catalog) {
        let wanted = self.search.text.to_lowercase();
        let words: Vec<&str> = wanted.split_whitespace().collect();
        let is_found = |(_, item): &(usize, &CatalogItem)| {
            let text = format!("{} {} {}", item.name, item.section, item.title).to_lowercase();
            words.iter().all(|word| text.contains(word))
        };
        let found = catalog.items.iter().enumerate().filter(is_found);
        self.found = found.map(|(index, _)| index).collect();
        self.cursor = 0;
    }

    /// Returns the item under the cursor.
    pub(super) fn chosen<'a>(&self, catalog: &'a Catalog) -> Option<&'a CatalogItem> {
        catalog.items.get(*self.found.get(self.cursor)?)
    }

    /// Moves the cursor by a key. Returns whether the key does that.
    pub(super) fn handle_move(&mut self, code: KeyCode) -> bool {
        let last = self.found.len().saturating_sub(1);
        self.cursor = match code {
            KeyCode::Up | KeyCode::Char('k') => self.cursor.saturating_sub(1),
            KeyCode::Down | KeyCode::Char('j') => (self.cursor + 1).min(last),
            KeyCode::Home | KeyCode::Char('g') => 0,
            KeyCode::End | KeyCode::Char('G') => last,
            _ => return false,
        };
        true
    }

    /// Moves the cursor by so many items, down or up.
    pub(super) fn move_by(&mut self, items: isize) {
        let last = self.found.len().saturating_sub(1);
        self.cursor = self.cursor.saturating_add_signed(items).min(last);
    }

    /// Puts the cursor on an item, if it is shown.
    pub(super) fn go_to(&mut self, name: &str, catalog: &Catalog) {
        let is_it = |index: &usize| catalog.items.get(*index).is_some_and(|item| item.name == name);
        let place = self.found.iter().position(is_it);
        self.cursor = place.unwrap_or(self.cursor);
    }
}
