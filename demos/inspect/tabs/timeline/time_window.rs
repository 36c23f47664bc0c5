//! The shown time window, and the cell of each moment.

use std::ops::Range;
use std::time::Duration;

use super::state::Zoom;
use crate::demos::inspect::session::Session;
use crate::wire::TraceRow;

/// The number of cells of a division.
pub(crate) const CELLS_PER_DIVISION: u64 = 10;

/// The largest scale: 1,000 s per division.
pub(crate) const MAX_SCALE: u8 = 24;

/// The maximum number of neighbouring frames that a fitting window considers.
const MAX_NEIGHBOURS: usize = 24;

/// A neighbour within six times this distance, in nanoseconds, is always included.
const NEIGHBOUR_GAP_NS: u64 = 20_000_000;

/// Returns the length of a division in nanoseconds: 10 µs, 20 µs, 50 µs, 100 µs ...
fn division_nanos(scale: u8) -> u64 {
    let step = [1, 2, 5][usize::from(scale % 3)];
    10_000 * step * 10_u64.pow(u32::from(scale.min(MAX_SCALE) / 3))
}

pub(crate) fn nanos(at: Duration) -> u64 {
    u64::try_from(at.as_nanos()).unwrap_or(u64::MAX)
}

/// A time window divided into cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TimeWindow {
    start: u64,
    cells: u16,
    scale: u8,
}

impl TimeWindow {
    /// Returns the window of the chosen scale around a row, or one that fits.
    pub(crate) fn for_row(session: &Session, zoom: Zoom, current: usize, cells: u16) -> Self {
        let scale = match zoom {
            Zoom::Message => return Self::fitting(session, current, cells),
            Zoom::Whole => return Self::whole(session, cells),
            Zoom::Scale(scale) => scale,
        };
        let cell = division_nanos(scale) / CELLS_PER_DIVISION;
        let middle = session
            .connection()
            .trace
            .rows()
            .get(current)
            .map_or(0, |row| nanos(row.completed_at()));
        // The frame stands in the first third, because what follows is usually of more interest.
        // Aligned to whole cells, so that marks do not jitter.
        let start = middle.saturating_sub(cell * u64::from(cells / 3)) / cell * cell;
        Self { start, cells, scale }
    }

    /// Returns a window that shows the message of a row and the frames shortly before and after it.
    pub(crate) fn fitting(session: &Session, current: usize, cells: u16) -> Self {
        let rows = session.connection().trace.rows();
        let own = session.connection().trace.message_rows(current);
        let (Some(&first), Some(&last)) = (own.first(), own.last()) else {
            return Self { start: 0, cells, scale: 0 };
        };
        let (mut first, mut last) = (first, last);
        let (mut from, mut to) = (
            nanos(session.connection().trace.started_at(&rows[first])),
            nanos(rows[last].completed_at()),
        );
        for _ in 0..MAX_NEIGHBOURS {
            // A gap counts as short if it is at most six times what is shown already, so a longer
            // window reaches further.
            let near = to.saturating_sub(from).saturating_mul(6).max(6 * NEIGHBOUR_GAP_NS);
            let before = first
                .checked_sub(1)
                .map(|row| from.saturating_sub(nanos(rows[row].completed_at())));
            let after = rows.get(last + 1).map(|row| nanos(row.completed_at()).saturating_sub(to));
            match (before.filter(|gap| *gap <= near), after.filter(|gap| *gap <= near)) {
                (Some(gap), after) if after.is_none_or(|after| gap <= after) => {
                    first -= 1;
                    from = from.min(nanos(session.connection().trace.started_at(&rows[first])));
                }
                (_, Some(_)) => {
                    last += 1;
                    to = to.max(nanos(rows[last].completed_at()));
                }
                _ => break,
            }
        }
        Self::between(from, to, cells)
    }

    /// Returns a window that shows all frames of the connection.
    pub(crate) fn whole(session: &Session, cells: u16) -> Self {
        let trace = &session.connection().trace;
        let (Some(first), Some(last)) = (trace.rows().first(), trace.rows().last()) else {
            return Self { start: 0, cells, scale: 0 };
        };
        Self::between(nanos(trace.started_at(first)), nanos(last.completed_at()), cells)
    }

    /// Returns the window of the smallest scale that has both moments.
    fn between(from: u64, to: u64, cells: u16) -> Self {
        // Some cells stay free at the right, for the labels of the last frames.
        let room = u64::from(cells.saturating_sub(14).max(4));
        let fits = |scale: &u8| {
            (to.saturating_sub(from)) / (division_nanos(*scale) / CELLS_PER_DIVISION) < room
        };
        let scale = (0..MAX_SCALE).find(fits).unwrap_or(MAX_SCALE);
        let cell = division_nanos(scale) / CELLS_PER_DIVISION;
        Self { start: from.saturating_sub(2 * cell) / cell * cell, cells, scale }
    }

    pub(crate) fn scale(self) -> u8 {
        self.scale
    }

    pub(crate) fn cells(self) -> u16 {
        self.cells
    }

    /// Returns the moment at the left edge.
    pub(crate) fn start(self) -> Duration {
        Duration::from_nanos(self.start)
    }

    pub(crate) fn division(self) -> Duration {
        Duration::from_nanos(division_nanos(self.scale))
    }

    fn cell_nanos(self) -> u64 {
        division_nanos(self.scale) / CELLS_PER_DIVISION
    }

    /// Returns the cell of a moment and `true`, or the cell at the nearest edge and `false` if it
    /// lies outside.
    pub(crate) fn cell_at(self, at: Duration) -> (u16, bool) {
        let at = nanos(at);
        let last = u64::from(self.cells.saturating_sub(1));
        match at.checked_sub(self.start) {
            None => (0, false),
            Some(after) => {
                let cell = after / self.cell_nanos();
                (cell.min(last) as u16, cell <= last)
            }
        }
    }

    /// Returns the range of rows that end within cell `x`. `rows` must be in order of time.
    pub(crate) fn rows_in(self, rows: &[TraceRow], x: u16) -> Range<usize> {
        let moment = |x: u16| self.start.saturating_add(self.cell_nanos().saturating_mul(x.into()));
        let index = |x| rows.partition_point(|row| nanos(row.completed_at()) < moment(x));
        let start = index(x);
        start..index(x + 1).max(start)
    }

    /// Returns the range of rows that end within the window.
    pub(crate) fn rows(self, rows: &[TraceRow]) -> Range<usize> {
        let end = self.rows_in(rows, self.cells.saturating_sub(1)).end;
        self.rows_in(rows, 0).start.min(end)..end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_increase_in_steps_of_one_two_five() {
        let scales: Vec<_> = (0..5).map(division_nanos).collect();
        assert_eq!(scales, [10_000, 20_000, 50_000, 100_000, 200_000]);
        assert_eq!(Duration::from_nanos(division_nanos(MAX_SCALE)), Duration::from_secs(1000));
    }

    #[test]
    fn a_moment_has_a_cell() {
        let window = TimeWindow { start: 5_000, cells: 10, scale: 0 };
        let x = |nanos| window.cell_at(Duration::from_nanos(nanos));
        assert_eq!(
            [x(0), x(5_000), x(6_999), x(14_999), x(15_000)],
            [(0, false), (0, true), (1, true), (9, true), (9, false)]
        );
    }
}
