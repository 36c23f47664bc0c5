//! [`NotesDeck`]: what of a deck its speaker needs beside the slides.

use crate::deck::{Deck, Depth, Slide};

/// The slides of a deck, with their notes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NotesDeck {
    /// The slides.
    pub pages: Vec<NotesPage>,
}

/// A slide, with its notes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NotesPage {
    /// Its title.
    pub title: String,
    /// Its notes.
    pub notes: Vec<String>,
    /// Whether it stands below another one, and the talk passes over it.
    pub is_deeper: bool,
    /// The number of its steps.
    pub steps: usize,
    /// The time that is planned for it, in seconds.
    pub planned: u64,
}

impl NotesDeck {
    /// Takes the notes out of a deck.
    pub fn of(deck: &Deck) -> Self {
        let page = |slide: &Slide| NotesPage {
            title: slide.title().unwrap_or_default(),
            planned: slide.notes.iter().find_map(|note| planned(note)).unwrap_or(0),
            notes: slide.notes.clone(),
            is_deeper: slide.depth != Depth::Core,
            steps: slide.steps(),
        };
        Self { pages: deck.slides.iter().map(page).collect() }
    }

    /// Returns the time that is planned for the first `count` slides, in seconds.
    pub(super) fn planned_for(&self, count: usize) -> u64 {
        self.pages.iter().take(count).map(|page| page.planned).sum()
    }
}

/// Returns the time in seconds that a note plans: the number before `min` in its first line.
fn planned(note: &str) -> Option<u64> {
    let words: Vec<&str> = note.trim().lines().next()?.split_whitespace().collect();
    let minutes = words.windows(2).find_map(|pair| {
        let is_unit = matches!(pair[1].trim_end_matches(['.', ',']), "min" | "minute" | "minutes");
        pair[0].parse::<f64>().ok().filter(|minutes| is_unit && (0.0..1_000.0).contains(minutes))
    })?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 60,000")]
    let seconds = (minutes * 60.0).round() as u64;
    Some(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plan_is_the_number_of_minutes_in_the_first_line() {
        for (note, seconds) in [
            ("Core, 1.5 min.\nSay it in 3 min.", Some(90)),
            ("2 minutes", Some(120)),
            ("Core.\n1 min", None),
            ("", None),
            ("-1 min", None),
            ("1e300 min", None),
        ] {
            assert_eq!(planned(note), seconds, "{note}");
        }
    }
}
