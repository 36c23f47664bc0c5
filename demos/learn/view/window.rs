//! [`Window`]: the rows of a task that are in sight where not all of them have room.

use std::ops::Range;

use crate::demos::learn::task_page::Focus;

/// The fewest rows under which a part of the task is held.
const MIN_ROOM: usize = 9;

/// The parts of a task, by their rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TaskParts {
    /// The number of rows.
    pub(super) len: usize,
    /// The row with the cursor.
    pub(super) cursor: usize,
    /// The rows of what the task is about that the hints and the verdict point at.
    pub(super) key_rows: Vec<usize>,
    /// The rows of the answer.
    pub(super) form: Range<usize>,
    /// The rows of the problem of an answer that wasn't judged.
    pub(super) refusal: Range<usize>,
    /// The rows of the newest hint.
    pub(super) hint: Range<usize>,
    /// The first row of the verdict, if there is one.
    pub(super) verdict: Option<usize>,
}

/// The rows that are in sight.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Window {
    /// Rows that are held at the top, because the others are scrolled past them.
    pub(super) held: Vec<usize>,
    /// The first of the other rows.
    pub(super) first: usize,
    /// The number of rows below those that are in sight.
    pub(super) below: usize,
}

impl Window {
    /// Finds the rows that fit into `room`: those in focus, and as many of the others as possible.
    pub(super) fn of(parts: &TaskParts, focus: Focus, scrolled: isize, room: usize) -> Self {
        let first = parts.first_row(focus, scrolled, room);
        let is_in_sight = |row: &usize| (first..first + room).contains(row);
        if room < MIN_ROOM || parts.key_rows.iter().all(is_in_sight) {
            return Self { held: Vec::new(), first, below: parts.below(first, room) };
        }
        // A line stands between both.
        let room = room.saturating_sub(parts.key_rows.len() + 1);
        let first = parts.first_row(focus, scrolled, room);
        Self { held: parts.key_rows.clone(), first, below: parts.below(first, room) }
    }
}

impl Window {
    /// Returns the number of rows above those that are in sight, but for those that are held.
    pub(super) fn above(&self) -> usize {
        let held = self.held.iter().filter(|row| **row < self.first).count();
        self.first.saturating_sub(held)
    }
}

impl TaskParts {
    fn below(&self, first: usize, room: usize) -> usize {
        self.len.saturating_sub(first + room)
    }

    fn first_row(&self, focus: Focus, scrolled: isize, room: usize) -> usize {
        let last = self.len.saturating_sub(room);
        let first = self.focused_row(focus, room).min(last);
        first.saturating_add_signed(scrolled).min(last)
    }

    /// Returns the first row that shows the focus, and as many of the other parts as fit.
    fn focused_row(&self, focus: Focus, room: usize) -> usize {
        let cursor = self.cursor..(self.cursor + 2).min(self.len);
        let focused = match (self.verdict, focus) {
            (Some(verdict), _) => verdict..self.len,
            (None, Focus::Hint) => self.hint.clone(),
            (None, Focus::Refusal) => self.refusal.clone(),
            (None, Focus::Cursor) => cursor.clone(),
            (None, Focus::End) => return self.len,
        };
        if focused.len() >= room {
            return focused.start;
        }
        let mut rows = focused;
        let key_rows = self.key_rows.first().zip(self.key_rows.last());
        let others = [Some(cursor), Some(self.form.clone()), key_rows.map(|(a, b)| *a..*b + 1)];
        let more = [Some(self.hint.clone()), Some(self.refusal.clone())];
        for other in others.into_iter().chain(more).flatten().filter(|rows| !rows.is_empty()) {
            let both = rows.start.min(other.start)..rows.end.max(other.end);
            if both.len() <= room {
                rows = both;
            }
        }
        rows.end.saturating_sub(room)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A task of 2 rows, 4 rows of bytes, 10 fields and a hint of 4 rows.
    const PARTS: TaskParts = TaskParts {
        len: 22,
        cursor: 7,
        key_rows: Vec::new(),
        form: 7..18,
        refusal: 18..18,
        hint: 18..22,
        verdict: None,
    };

    #[test]
    fn the_newest_hint_is_in_sight_with_the_bytes_that_it_is_about() {
        let parts = TaskParts { key_rows: vec![2, 3, 4, 5], ..PARTS };
        let all = Window::of(&parts, Focus::Hint, 0, 22);
        assert_eq!(all, Window::default());
        let most = Window::of(&parts, Focus::Hint, 0, 20);
        assert_eq!(most, Window { held: Vec::new(), first: 2, below: 0 });
        let few = Window::of(&parts, Focus::Hint, 0, 12);
        assert_eq!(few, Window { held: vec![2, 3, 4, 5], first: 15, below: 0 });
        let tiny = Window::of(&parts, Focus::Hint, 0, 3);
        assert_eq!(tiny, Window { held: Vec::new(), first: 18, below: 1 });
    }

    #[test]
    fn a_long_verdict_begins_at_the_top_and_is_scrolled_both_ways() {
        let parts = TaskParts { len: 40, verdict: Some(18), hint: 18..18, ..PARTS };
        let first = |scrolled: isize| Window::of(&parts, Focus::Cursor, scrolled, 12).first;
        assert_eq!([first(0), first(3), first(-5), first(100), first(-100)], [18, 21, 13, 28, 0]);
    }
}
