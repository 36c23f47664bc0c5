//! The state of the notes, and how keys and reports change it. This file draws nothing.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crossterm::event::KeyCode;

use super::deck::{NotesDeck, NotesPage};
use crate::published_place::{PlaceFile, PublishedPlace};
use crate::stage::KeyHint;

pub(super) const KEYS: &[KeyHint] = &[KeyHint { keys: "↑ ↓", about: "scroll the notes" }];

/// The interval of the clock.
pub(super) const CLOCK: Duration = Duration::from_secs(1);

/// The files that the notes come from.
#[derive(Clone)]
pub struct NotesSource {
    /// The file with the place of the talk.
    pub place: PlaceFile,
    /// The file of the deck, if it has one.
    pub deck: Option<PathBuf>,
    /// Reads the deck, or says why it can't be read.
    pub read: Arc<dyn Fn() -> Result<NotesDeck, String> + Send + Sync>,
}

/// The command to follow the talk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Follow;

/// A place, or why it can't be read.
type ReadPlace = Result<Option<PublishedPlace>, String>;

/// A report.
#[derive(Clone, Debug, PartialEq)]
pub enum Msg {
    /// The deck was read.
    Deck(Result<NotesDeck, String>),
    /// The place was read.
    Place(ReadPlace),
    /// The time, in seconds since 1970.
    Clock(u64),
    /// The talk can't be followed, for this reason.
    Failed(String),
}

/// The notes of a talk that another terminal shows.
#[derive(Debug, Default)]
pub struct Notes {
    pub(super) deck: NotesDeck,
    /// Where the talk is; `None` while it isn't shown.
    pub(super) place: Option<PublishedPlace>,
    /// The time, in seconds since 1970.
    pub(super) now: u64,
    /// The rows that were scrolled.
    pub(super) scrolled: usize,
    /// Why the deck may be another one by now.
    pub(super) deck_problem: Option<String>,
    /// Why the place may be another one by now.
    pub(super) place_problem: Option<String>,
}

impl Notes {
    /// Creates the demo with the deck as it is now.
    pub fn new(deck: NotesDeck) -> (Self, Vec<Follow>) {
        (Self { deck, now: now(), ..Self::default() }, vec![Follow])
    }

    pub(super) fn apply(&mut self, message: Msg) {
        match message {
            Msg::Clock(now) => self.now = now,
            Msg::Deck(Ok(deck)) => (self.deck, self.deck_problem) = (deck, None),
            Msg::Deck(Err(reason)) => self.deck_problem = Some(reason),
            Msg::Failed(reason) | Msg::Place(Err(reason)) => self.place_problem = Some(reason),
            Msg::Place(Ok(place)) => {
                let slide = |place: &Option<PublishedPlace>| place.as_ref().map(|it| it.slide);
                if slide(&place) != slide(&self.place) {
                    self.scrolled = 0;
                }
                (self.place, self.place_problem, self.now) = (place, None, now());
            }
        }
    }

    pub(super) fn handle_key(&mut self, code: KeyCode) {
        match code {
            KeyCode::Up => self.scroll(-1),
            KeyCode::Down => self.scroll(1),
            KeyCode::PageUp => self.scroll(-10),
            KeyCode::PageDown => self.scroll(10),
            _ => {}
        }
    }

    pub(super) fn scroll(&mut self, rows: isize) {
        self.scrolled = self.scrolled.saturating_add_signed(rows).min(self.last_row());
    }

    /// Returns a bound of the rows that the notes can be scrolled by.
    fn last_row(&self) -> usize {
        let notes = self.page().map_or(&[][..], |page| &page.notes);
        notes.iter().map(|note| note.len() / 20 + note.lines().count() + 1).sum()
    }

    /// Returns why the notes may be out of date.
    pub(super) fn problem(&self) -> Option<&str> {
        self.place_problem.as_deref().or(self.deck_problem.as_deref())
    }

    /// Returns the open slide.
    pub(super) fn page(&self) -> Option<&NotesPage> {
        let place = self.place.as_ref()?;
        self.deck.pages.get(place.slide.checked_sub(1)?)
    }

    /// Returns the time since the talk began, in seconds.
    pub(super) fn elapsed(&self) -> u64 {
        self.place.as_ref().map_or(0, |place| self.now.saturating_sub(place.started))
    }

    /// Returns how the talk keeps to its plan: the seconds that it is behind, negative if it is
    /// ahead; `None` without a plan. While a slide's own time lasts, it is 0.
    pub(super) fn behind(&self) -> Option<i64> {
        let place = self.place.as_ref()?;
        if self.deck.planned_for(usize::MAX) == 0 {
            return None;
        }
        let begin = self.deck.planned_for(place.slide.saturating_sub(1));
        let end = self.deck.planned_for(place.slide);
        let elapsed = self.elapsed();
        let difference = |a: u64, b: u64| i64::try_from(a.saturating_sub(b)).unwrap_or(i64::MAX);
        Some(difference(elapsed, end) - difference(begin, elapsed))
    }
}

/// Returns the time, in seconds since 1970.
pub(super) fn now() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(planned: u64) -> NotesPage {
        NotesPage { planned, steps: 1, ..NotesPage::default() }
    }

    #[test]
    fn a_talk_is_behind_once_its_slide_has_used_up_its_time() {
        let deck = NotesDeck { pages: vec![page(60), page(0), page(120)] };
        let behind = |slide: usize, elapsed: u64| {
            let place = Some(PublishedPlace { slide, started: 1_000, step: 1 });
            let notes =
                Notes { deck: deck.clone(), place, now: 1_000 + elapsed, ..Notes::default() };
            notes.behind().unwrap()
        };
        assert_eq!([behind(1, 0), behind(1, 60), behind(1, 75)], [0, 0, 15]);
        assert_eq!([behind(3, 30), behind(3, 60), behind(3, 180), behind(3, 200)], [-30, 0, 0, 20]);
        let place = Some(PublishedPlace { slide: 1, started: 0, step: 1 });
        let unplanned =
            Notes { deck: NotesDeck { pages: vec![page(0)] }, place, ..Notes::default() };
        assert_eq!(unplanned.behind(), None);
    }

    #[test]
    fn another_slide_begins_at_the_top() {
        let long = NotesPage { notes: vec!["word ".repeat(400)], ..page(0) };
        let deck = NotesDeck { pages: vec![long.clone(), long] };
        let mut notes = Notes::new(deck.clone()).0;
        let place = |slide| Ok(Some(PublishedPlace { slide, started: 0, step: 1 }));
        notes.apply(Msg::Place(place(1)));
        notes.handle_key(KeyCode::Down);
        notes.apply(Msg::Place(place(1)));
        assert_eq!(notes.scrolled, 1);
        notes.apply(Msg::Deck(Err("gone".to_owned())));
        notes.apply(Msg::Place(place(2)));
        assert_eq!((notes.scrolled, notes.problem()), (0, Some("gone")));
        assert_eq!(notes.deck, deck, "the last deck that could be read stays");
    }
}
