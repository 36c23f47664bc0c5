//! [`VerdictGrid`]: a run that is under way, as a picture: groups as rows, a cell for each case, and
//! below them how far it is. It writes to no terminal and has no clock.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::conform::Verdict;
use crate::text;

/// The cell of a case that was not played yet.
const UNDECIDED: char = '·';

/// The fewest cells that a row of the grid is worth.
const MIN_CELLS: usize = 20;

/// A run that is under way.
#[derive(Debug)]
pub(super) struct VerdictGrid {
    /// The groups in the order of their first case, each with the indices of its cases.
    groups: Vec<(String, Vec<usize>)>,
    cases: Vec<CaseVerdicts>,
    /// The number of times that cases are played, all together.
    total: usize,
    played: usize,
    is_down: bool,
}

/// The verdicts of a case so far.
#[derive(Clone, Copy, Debug, Default)]
struct CaseVerdicts {
    /// The worst of all but the last.
    before: Option<Verdict>,
    last: Option<Verdict>,
}

impl CaseVerdicts {
    fn worst(self) -> Option<Verdict> {
        let all = [self.before, self.last].into_iter().flatten();
        all.max_by_key(|verdict| verdict.severity())
    }
}

/// The room of a picture, in cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Room {
    pub(super) width: usize,
    pub(super) height: usize,
}

impl VerdictGrid {
    /// Creates a grid of cases, of which `groups` are the subjects in the order of the cases. Each is
    /// played `repeat` times.
    pub(super) fn new<'g>(groups: impl IntoIterator<Item = &'g str>, repeat: usize) -> Self {
        let mut grid =
            Self { groups: Vec::new(), cases: Vec::new(), total: 0, played: 0, is_down: false };
        for (index, name) in groups.into_iter().enumerate() {
            match grid.groups.iter_mut().find(|(known, _)| known == name) {
                Some((_, cases)) => cases.push(index),
                None => grid.groups.push((name.to_owned(), vec![index])),
            }
            grid.cases.push(CaseVerdicts::default());
        }
        grid.total = grid.cases.len().saturating_mul(repeat.max(1));
        grid
    }

    /// Takes the verdict of a case.
    pub(super) fn played(&mut self, index: usize, verdict: Verdict) {
        self.played = self.played.saturating_add(1).min(self.total);
        if let Some(case) = self.cases.get_mut(index) {
            *case = CaseVerdicts { before: case.worst(), last: Some(verdict) };
        }
    }

    /// Takes another verdict of a case instead of its last one.
    pub(super) fn replayed(&mut self, index: usize, verdict: Verdict) {
        if let Some(case) = self.cases.get_mut(index) {
            case.last = Some(verdict);
        }
    }

    pub(super) fn set_down(&mut self, is_down: bool) {
        self.is_down = is_down;
    }

    /// Returns the picture, whose lines fit into `room`: the grid, or one line where there is no room for
    /// it.
    pub(super) fn lines(&self, room: Room, took: Duration, has_colors: bool) -> Vec<String> {
        self.grid(room, took, has_colors).unwrap_or_else(|| vec![self.line(room.width)])
    }

    /// Returns how far the run is as one line of at most `width` cells.
    fn line(&self, width: usize) -> String {
        let failed = self.worst_verdicts().filter(|verdict| verdict.is_failure()).count();
        let down = if self.is_down { "; the server is down" } else { "" };
        let line = format!("{} of {}, {failed} failed{down}", self.played, self.total);
        text::ellipsize(&line, width).into_owned()
    }

    /// Returns the grid; `None` if there is no room for it.
    fn grid(&self, room: Room, took: Duration, has_colors: bool) -> Option<Vec<String>> {
        let label = self.groups.iter().map(|(name, _)| text::width(name)).max()?.checked_add(2)?;
        let width = room.width.checked_sub(label)?;
        if width < MIN_CELLS {
            return None;
        }
        let rows = |cases: &Vec<usize>| cases.len().div_ceil(width);
        let all = self.groups.iter().map(|(_, cases)| rows(cases)).fold(0, usize::saturating_add);
        let mut lines = Vec::new();
        // A grid that cannot have the room is not drawn to find that out.
        if all < room.height {
            for (name, cases) in &self.groups {
                for (row, cases) in cases.chunks(width).enumerate() {
                    let name = if row == 0 { name } else { "" };
                    lines.push(format!("{name:label$}{}", self.cells(cases, has_colors)));
                }
            }
            lines.extend(self.summary(room.width, took, has_colors));
        }
        (lines.len() > all && lines.len() <= room.height).then_some(lines)
    }

    /// Returns the cells of some cases. Cells of the same colour share its escape sequences.
    fn cells(&self, cases: &[usize], has_colors: bool) -> String {
        let verdicts = cases.iter().map(|index| self.worst(*index)).collect::<Vec<_>>();
        let same = verdicts.chunk_by(|one, other| one == other);
        let cells = same.map(|same| {
            let verdict = same.first().copied().flatten();
            let cells = sign(verdict).to_string().repeat(same.len());
            if has_colors { colored(&cells, verdict) } else { cells }
        });
        cells.collect()
    }

    /// Returns the lines below the grid: how far the run is, and how often each verdict came, with its
    /// sign.
    fn summary(&self, width: usize, took: Duration, has_colors: bool) -> Vec<String> {
        let down = if self.is_down { "; the server is down" } else { "" };
        let state = format!("{} of {}, {} s{down}", self.played, self.total, took.as_secs());
        let mut counts: BTreeMap<Verdict, usize> = BTreeMap::new();
        for verdict in self.worst_verdicts() {
            let count = counts.entry(verdict).or_default();
            *count = count.saturating_add(1);
        }
        let words = counts.iter().map(|(verdict, count)| {
            let plain = format!("{} {count} {}", sign(Some(*verdict)), verdict.name());
            let shown = if has_colors { colored(&plain, Some(*verdict)) } else { plain.clone() };
            (text::width(&plain), shown)
        });
        let mut lines = vec![text::ellipsize(&state, width).into_owned()];
        let mut used = usize::MAX;
        for (cells, word) in words {
            let with_gap = used.saturating_add(2).saturating_add(cells);
            if let Some(line) = lines.last_mut().filter(|_| with_gap <= width) {
                *line += "  ";
                *line += &word;
                used = with_gap;
            } else {
                lines.push(word);
                used = cells;
            }
        }
        lines
    }

    /// Returns the worst verdict of a case; `None` if it was not played yet.
    fn worst(&self, index: usize) -> Option<Verdict> {
        self.cases.get(index)?.worst()
    }

    fn worst_verdicts(&self) -> impl Iterator<Item = Verdict> {
        self.cases.iter().filter_map(|case| case.worst())
    }
}

/// Returns the letter of a verdict. What fails has a capital one, so that it is found without colour.
fn sign(verdict: Option<Verdict>) -> char {
    match verdict {
        None => UNDECIDED,
        Some(Verdict::Pass) => 'p',
        Some(Verdict::Tolerated) => 't',
        Some(Verdict::NotOffered) => 'o',
        Some(Verdict::NotApplicable) => 'n',
        Some(Verdict::Fail) => 'F',
        Some(Verdict::NoAnswer) => 'A',
        Some(Verdict::Died) => 'D',
    }
}

/// Returns cells in the colour of a verdict, one of the 16 that every terminal has.
fn colored(cells: &str, verdict: Option<Verdict>) -> String {
    let style = match verdict {
        None => return cells.to_owned(),
        Some(Verdict::Pass) => "32",
        Some(Verdict::Tolerated) => "33",
        Some(Verdict::NotOffered) => "36",
        Some(Verdict::NotApplicable) => "2",
        Some(Verdict::Fail) => "1;31",
        Some(Verdict::NoAnswer) => "1;35",
        Some(Verdict::Died) => "7;31",
    };
    format!("\x1b[{style}m{cells}\x1b[0m")
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOOK: Duration = Duration::from_millis(12_900);

    /// Returns a grid of 30 cases about `lengths` and four about `ping`, of which some were played.
    fn grid() -> VerdictGrid {
        let groups = [&["lengths"; 30][..], &["ping"; 4]].concat();
        let mut grid = VerdictGrid::new(groups, 1);
        let verdicts = [
            Verdict::Pass,
            Verdict::Pass,
            Verdict::Tolerated,
            Verdict::Fail,
            Verdict::NotOffered,
            Verdict::NotApplicable,
            Verdict::NoAnswer,
            Verdict::Died,
        ];
        for (index, verdict) in verdicts.into_iter().enumerate() {
            grid.played(index, verdict);
        }
        grid.played(33, Verdict::Pass);
        grid
    }

    fn picture(grid: &VerdictGrid, width: usize, height: usize) -> Vec<String> {
        grid.lines(Room { width, height }, TOOK, false)
    }

    #[test]
    fn groups_are_rows_and_cases_are_cells() {
        assert_eq!(
            picture(&grid(), 60, 20),
            [
                "lengths  pptFonAD······················",
                "ping     ···p",
                "9 of 34, 12 s",
                "p 3 pass  t 1 tolerated  F 1 fail  o 1 not-offered",
                "n 1 not-applicable  A 1 no-answer  D 1 died",
            ]
        );
    }

    #[test]
    fn a_group_that_is_wider_than_the_terminal_has_more_rows() {
        assert_eq!(
            picture(&grid(), 29, 20)[..3],
            ["lengths  pptFonAD············", "         ··········", "ping     ···p",]
        );
    }

    #[test]
    fn where_the_grid_has_no_room_one_line_is_left() {
        let mut grid = grid();
        assert_eq!(picture(&grid, 28, 20), ["9 of 34, 3 failed"], "too narrow");
        assert_eq!(picture(&grid, 60, 4), ["9 of 34, 3 failed"], "too short");
        grid.set_down(true);
        assert_eq!(picture(&grid, 60, 3), ["9 of 34, 3 failed; the server is down"]);
        assert_eq!(picture(&grid, 60, 20)[2], "9 of 34, 12 s; the server is down");
        assert_eq!(picture(&grid, 10, 1), ["9 of 34, …"]);
        assert_eq!(picture(&grid, 0, 0), [""]);
    }

    #[test]
    fn no_line_is_wider_than_the_room_and_no_picture_higher() {
        let grid = grid();
        for width in 0..80 {
            for height in 1..12 {
                let lines = picture(&grid, width, height);
                assert!(lines.len() <= height, "{width}x{height}: {lines:#?}");
                assert!(lines.iter().all(|line| text::width(line) <= width), "{lines:#?}");
            }
        }
    }

    #[test]
    fn colours_are_those_of_every_terminal_and_change_no_letter() {
        let (grid, room) = (grid(), Room { width: 60, height: 20 });
        let colored = grid.lines(room, TOOK, true).join("\n");
        assert!(colored.contains("\x1b[32mpp\x1b[0m\x1b[33mt\x1b[0m\x1b[1;31mF\x1b[0m"));
        let mut plain = String::new();
        for (index, part) in colored.split('\x1b').enumerate() {
            let (sequence, rest) = part.split_once('m').filter(|_| index > 0).unwrap_or(("", part));
            assert!(!sequence.contains("38;") && !sequence.contains("48;"), "{sequence}");
            plain += rest;
        }
        assert_eq!(plain, picture(&grid, 60, 20).join("\n"));
    }

    #[test]
    fn the_worst_of_several_verdicts_counts_and_a_replay_replaces_the_last() {
        let mut grid = VerdictGrid::new(["utf8", "utf8"], 2);
        grid.played(0, Verdict::Fail);
        grid.played(1, Verdict::Tolerated);
        grid.played(0, Verdict::Pass);
        assert_eq!(picture(&grid, 40, 9)[..2], ["utf8  Ft", "3 of 4, 12 s"]);
        let mut grid = VerdictGrid::new(["utf8"], 1);
        grid.played(0, Verdict::NoAnswer);
        grid.replayed(0, Verdict::Pass);
        assert_eq!(picture(&grid, 40, 9)[..2], ["utf8  p", "1 of 1, 12 s"]);
    }
}
