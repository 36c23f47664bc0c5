//! The state of the grid, and how keys and reports change it. This file draws nothing.

use std::sync::LazyLock;
use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent};

use crate::race::grid::{COLUMNS, GridCell, GridRecord, ROWS};
use crate::race::{RaceConfig, RaceEvent, RaceOutcome};

/// The time that the measurement of a cell takes.
pub(super) const CELL_DURATION: Duration = Duration::from_secs(3);

/// The last row to which the rules are scrolled.
const MAX_RULES_ROW: u16 = 20;

/// A recorded run of the whole grid: the output of `wiretalk race --matrix --json`.
pub(super) static RECORDED: LazyLock<GridRecord> =
    // A file that does not parse gives an empty record. A test checks that every cell is there.
    LazyLock::new(|| serde_json::from_str(include_str!("recorded.json")).unwrap_or_default());

/// The demo's state.
pub struct Grid {
    /// The cells measured since the slide was opened, by row and column.
    pub(super) measured: Vec<Vec<Option<MeasuredCell>>>,
    pub(super) cursor: (usize, usize),
    /// The row and column of the cell that is being measured.
    pub(super) running: Option<(usize, usize)>,
    pub(super) rounds_done: usize,
    /// The cells that are measured after it. The next one is the last, so that it can be popped.
    pub(super) queue: Vec<(usize, usize)>,
    /// The first row in sight of the rules; `None` while they are closed.
    pub(super) help: Option<u16>,
}

/// The result of a cell.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct MeasuredCell {
    pub(super) cell: Option<GridCell>,
    pub(super) pairs: usize,
    pub(super) invalid_because: Vec<String>,
}

/// A command of the grid.
#[derive(Clone, Debug, PartialEq)]
pub enum Cmd {
    /// Starts a race. An earlier one ends.
    Run(Box<RaceConfig>),
    /// Ends the race and all its load at once.
    Stop,
}

/// A report of the race of a cell.
#[derive(Clone, Debug, PartialEq)]
pub struct Msg(pub(super) RaceEvent);

impl Grid {
    pub(super) fn new() -> Self {
        Self {
            measured: vec![vec![None; COLUMNS.len()]; ROWS.len()],
            // The row that the talk is about: reqwest on a warm connection.
            cursor: (2, 0),
            running: None,
            rounds_done: 0,
            queue: Vec::new(),
            help: None,
        }
    }

    pub(super) fn handle_key(&mut self, key: KeyEvent) -> Vec<Cmd> {
        if let Some(from) = self.help {
            self.help = match key.code {
                // Bounded, so that scrolling back need not undo presses beyond the end of the page.
                KeyCode::Down => Some((from + 1).min(MAX_RULES_ROW)),
                KeyCode::Up => Some(from.saturating_sub(1)),
                _ => None,
            };
            return Vec::new();
        }
        let (row, column) = self.cursor;
        match key.code {
            KeyCode::Up | KeyCode::Char('k') => self.cursor.0 = row.saturating_sub(1),
            KeyCode::Down | KeyCode::Char('j') => self.cursor.0 = (row + 1).min(ROWS.len() - 1),
            KeyCode::Char('?') => self.help = Some(0),
            KeyCode::Left => self.cursor.1 = column.saturating_sub(1),
            KeyCode::Right => self.cursor.1 = (column + 1).min(COLUMNS.len() - 1),
            KeyCode::Enter | KeyCode::Char(' ') if self.running.is_some() => return self.stop(),
            KeyCode::Enter | KeyCode::Char(' ') => return self.measure(vec![self.cursor]),
            KeyCode::Char('r') => {
                return self.measure((0..COLUMNS.len()).map(|column| (row, column)).collect());
            }
            KeyCode::Char('c') => {
                return self.measure((0..ROWS.len()).map(|row| (row, column)).collect());
            }
            KeyCode::Char('0') => {
                let commands = if self.running.is_some() { self.stop() } else { Vec::new() };
                self.measured = Self::new().measured;
                return commands;
            }
            _ => {}
        }
        Vec::new()
    }

    /// Moves the cursor to what was clicked, or closes the rules.
    pub(super) fn click(&mut self, cell: Option<(usize, usize)>) {
        if self.help.take().is_some() {
            return;
        }
        // While cells are measured the cursor is on the running one.
        if let Some(cell) = cell.filter(|_| self.running.is_none()) {
            self.cursor = cell;
        }
    }

    /// Measures these cells one after the other. At the same time they would disturb each other.
    pub(super) fn measure(&mut self, mut cells: Vec<(usize, usize)>) -> Vec<Cmd> {
        cells.reverse();
        self.queue = cells;
        self.measure_next()
    }

    pub(super) fn measure_next(&mut self) -> Vec<Cmd> {
        self.rounds_done = 0;
        self.running = self.queue.pop();
        let Some((row, column)) = self.running else { return Vec::new() };
        // The cursor follows, so that the status line describes the running cell.
        self.cursor = (row, column);
        let config = Box::new(ROWS[row].race_config(&COLUMNS[column], CELL_DURATION));
        vec![Cmd::Run(config)]
    }

    pub(super) fn stop(&mut self) -> Vec<Cmd> {
        self.running = None;
        self.queue.clear();
        vec![Cmd::Stop]
    }

    pub(super) fn apply_event(&mut self, event: RaceEvent) -> Vec<Cmd> {
        match event {
            RaceEvent::Progress(progress) => self.rounds_done = progress.round,
            RaceEvent::Finished(outcome) => {
                if let Some((row, column)) = self.running {
                    self.measured[row][column] = Some(MeasuredCell::from_outcome(&outcome, row));
                }
                return self.measure_next();
            }
        }
        Vec::new()
    }
}

impl MeasuredCell {
    pub(super) fn from_outcome(outcome: &RaceOutcome, row: usize) -> Self {
        let ratio = outcome.ratios.iter().find(|of| of.lane == ROWS[row].lane).map(|of| of.ratio);
        Self {
            cell: ratio.map(GridCell::from),
            pairs: ratio.map_or(0, |ratio| ratio.pairs),
            invalid_because: outcome.invalid_because.clone(),
        }
    }
}
