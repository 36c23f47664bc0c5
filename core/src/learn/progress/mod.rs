//! [`Progress`]: what a learner has answered, read from the lines of a progress file.

mod event;
mod leitner;

use std::collections::BTreeMap;

pub use event::ProgressEvent;
pub use leitner::LeitnerBox;

/// The longest name of an item, in bytes.
const MAX_ITEM_LEN: usize = 200;
/// The most items that are remembered.
const MAX_ITEMS: usize = 20_000;

/// The answers to all items.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    items: BTreeMap<String, ItemProgress>,
}

/// The answers to an item.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ItemProgress {
    /// The box, which says how well it is known.
    pub known: LeitnerBox,
    /// The number of right answers.
    pub right: u32,
    /// The number of wrong answers.
    pub wrong: u32,
    /// The time of the last answer, in seconds since 1970.
    pub last: u64,
    /// Whether the last answer was right.
    pub last_right: bool,
}

/// A line that is no event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadLine {
    /// The number of the line, from 1.
    pub line: usize,
    /// Why it isn't an event.
    pub reason: String,
}

impl Progress {
    /// Reads the lines of a progress file. Lines that are no events are left out and listed.
    pub fn read(text: &str) -> (Self, Vec<BadLine>) {
        let (mut progress, mut bad) = (Self::default(), Vec::new());
        for (line, content) in (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
            match serde_json::from_str::<ProgressEvent>(content) {
                Ok(event) if event.item.len() > MAX_ITEM_LEN => {
                    bad.push(BadLine { line, reason: "the name is too long".to_owned() });
                }
                Ok(event) => progress.apply(&event),
                Err(error) => bad.push(BadLine { line, reason: error.to_string() }),
            }
        }
        (progress, bad)
    }

    /// Takes in one event.
    pub fn apply(&mut self, event: &ProgressEvent) {
        let Some(right) = event.right else {
            self.items.remove(&event.item);
            return;
        };
        if self.items.len() >= MAX_ITEMS && !self.items.contains_key(&event.item) {
            return;
        }
        let item = self.items.entry(event.item.clone()).or_default();
        item.known = item.known.after(right);
        let count = if right { &mut item.right } else { &mut item.wrong };
        *count = count.saturating_add(1);
        (item.last, item.last_right) = (event.at, right);
    }

    /// Returns the answers to an item; `None` if it is new.
    pub fn item(&self, name: &str) -> Option<&ItemProgress> {
        self.items.get(name)
    }

    /// Returns the names of all items that have an answer.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.items.keys().map(String::as_str)
    }

    /// Returns events that lead to the same progress, the fewest there are up to a box.
    pub fn to_events(&self) -> Vec<ProgressEvent> {
        let mut events = Vec::new();
        for (name, item) in &self.items {
            // Wrong answers first: they end in the first box, and the right ones lead out of it.
            let streak = u32::from(item.known.number());
            let answers = std::iter::repeat_n(true, item.right.saturating_sub(streak) as usize)
                .chain(std::iter::repeat_n(false, item.wrong as usize))
                .chain(std::iter::repeat_n(true, streak as usize));
            events.extend(answers.map(|right| ProgressEvent {
                at: item.last,
                item: name.clone(),
                right: Some(right),
            }));
        }
        events
    }
}

impl ItemProgress {
    /// Returns the time at which the item comes again, in seconds since 1970.
    pub fn due_at(&self) -> u64 {
        self.last.saturating_add(self.known.interval())
    }

    /// Whether the item is to be answered again.
    pub fn is_due(&self, now: u64) -> bool {
        self.due_at() <= now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(at: u64, item: &str, right: bool) -> ProgressEvent {
        ProgressEvent { at, item: item.to_owned(), right: Some(right) }
    }

    #[test]
    fn answers_are_counted_and_a_wrong_one_is_due_soon() {
        let lines: String =
            [answer(100, "q1", true), answer(200, "q1", false), answer(50, "q2", true)]
                .iter()
                .map(ProgressEvent::to_line)
                .collect();
        let (progress, bad) = Progress::read(&lines);
        assert_eq!(bad, []);
        let q1 = progress.item("q1").unwrap();
        assert_eq!((q1.right, q1.wrong, q1.last_right), (1, 1, false));
        assert!(!q1.is_due(200 + 599) && q1.is_due(200 + 600));
        assert!(!progress.item("q2").unwrap().is_due(50 + 23 * 3600));
        assert_eq!(progress.item("q3"), None);
    }

    #[test]
    fn a_reset_forgets_an_item() {
        let reset = ProgressEvent { at: 3, item: "q1".to_owned(), right: None };
        let lines = answer(1, "q1", true).to_line() + &reset.to_line();
        let (progress, bad) = Progress::read(&lines);
        assert_eq!((progress, bad), (Progress::default(), Vec::new()));
    }

    #[test]
    fn a_line_that_was_cut_short_costs_itself_alone() {
        let whole = answer(1, "q1", true).to_line();
        let text = format!("{whole}{{\"at\":2,\"it\n\n[]\n{whole}");
        let (progress, bad) = Progress::read(&text);
        assert_eq!(progress.item("q1").unwrap().right, 2);
        assert_eq!(bad.iter().map(|bad| bad.line).collect::<Vec<_>>(), [2, 4]);
    }

    #[test]
    fn the_events_of_a_progress_lead_to_it_again() {
        let mut progress = Progress::default();
        for right in [true, true, false, true, false, true, true] {
            progress.apply(&answer(9, "a", right));
        }
        for _ in 0..9 {
            progress.apply(&answer(9, "b", true));
        }
        progress.apply(&answer(9, "c", false));
        let mut again = Progress::default();
        for event in progress.to_events() {
            again.apply(&event);
        }
        assert_eq!(again, progress);
    }
}
