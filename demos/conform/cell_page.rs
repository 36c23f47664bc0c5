//! [`CellPage`]: the place in the list of a cell's cases.

/// The place in the list of a cell's cases.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct CellPage {
    /// The index of the chosen case in the list.
    pub(super) chosen: usize,
}

impl CellPage {
    /// Moves the choice within a list of `len` cases.
    pub(super) fn move_by(&mut self, by: isize, len: usize) {
        self.chosen = self.chosen.saturating_add_signed(by).min(len.saturating_sub(1));
    }

    /// Returns the chosen case.
    pub(super) fn case(self, cases: &[usize]) -> Option<usize> {
        cases.get(self.chosen.min(cases.len().saturating_sub(1))).copied()
    }
}
