//! "When is it 5 to 10 times?": conditions by lanes. What is shown at first is a recorded run; Enter measures a cell here
//! and now, in about three seconds.

mod grid_view;

use std::sync::LazyLock;
use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use tokio::sync::mpsc;

use crate::race::grid::{COLUMNS, GridCell, GridRecord, ROWS};
use crate::race::{self, RaceConfig, RaceEvent, RaceOutcome, WorkerProgram};
use crate::scope::report_channel;
use crate::stage::{
    Demo, DemoEvent, Diagnostic, KeyHint, SettingSpec, Settings, Stage, ViewContext, WorkContext,
};

/// How long a cell may take.
const CELL_DURATION: Duration = Duration::from_secs(3);

/// A run of the whole grid: what `wiretalk race --matrix --json` has printed.
static RECORDED: LazyLock<GridRecord> =
    LazyLock::new(|| serde_json::from_str(include_str!("recorded.json")).unwrap_or_default());

/// The demo's state.
pub struct Grid {
    /// What was measured here since the slide was opened.
    measured: Vec<Vec<Option<MeasuredCell>>>,
    cursor: (usize, usize),
    /// The cell that is measured just now, and how many of its rounds are over.
    running: Option<(usize, usize)>,
    rounds_done: usize,
    /// The cells that are still to be measured after it, the next one last.
    queue: Vec<(usize, usize)>,
}

/// What came of a cell.
#[derive(Clone, Debug, PartialEq)]
struct MeasuredCell {
    cell: Option<GridCell>,
    pairs: usize,
    invalid_because: Vec<String>,
}

/// What the grid asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Cmd {
    /// Race; what ran before ends.
    Run(Box<RaceConfig>),
    /// End the run, and with it all load, at once.
    Stop,
}

/// What the race of a cell reports.
#[derive(Clone, Debug, PartialEq)]
pub struct Msg(RaceEvent);

impl Demo for Grid {
    const NAME: &'static str = "grid";
    const ABOUT: &'static str =
        "when is it 5 to 10 times? conditions by lanes, each cell measured again on Enter";
    const SETTINGS: &'static [SettingSpec] = &[];
    const KEYS: &'static [KeyHint] = &[
        KeyHint { keys: "↑ ↓ ← →", about: "choose a cell" },
        KeyHint { keys: "Enter Space", about: "measure it; again: stop" },
        KeyHint { keys: "r", about: "measure the whole row" },
        KeyHint { keys: "c", about: "measure the whole column" },
        KeyHint { keys: "0", about: "forget what was measured here" },
    ];
    const MIN_ROWS: u16 = 16;
    type Msg = Msg;
    type Cmd = Cmd;

    fn open(_: &Settings) -> Result<(Self, Vec<Cmd>), Diagnostic> {
        Ok((Self::new(), Vec::new()))
    }

    fn update(&mut self, event: DemoEvent<Msg>) -> Vec<Cmd> {
        match event {
            DemoEvent::Key(key) => self.handle_key(key),
            DemoEvent::Msg(Msg(event)) => self.apply_event(event),
            DemoEvent::Paste(_) | DemoEvent::Click(..) | DemoEvent::Wheel(_) | DemoEvent::Tick(_) => {
                Vec::new()
            }
        }
    }

    fn view(&self, area: Rect, buffer: &mut Buffer, context: &ViewContext) {
        grid_view::draw(self, area, buffer, context);
    }

    fn perform(cmd: Cmd, stage: &Stage<Msg>) {
        match cmd {
            Cmd::Stop => stage.stop("grid"),
            Cmd::Run(config) => {
                let program = stage.services().get::<WorkerProgram>().cloned().unwrap_or_default();
                stage.start("grid", |WorkContext { scope, mailbox }| async move {
                    let (_control_sender, controls) = mpsc::channel(1);
                    let (sender, reports) = report_channel();
                    let racing = race::run(&scope, &program, *config, sender, controls);
                    tokio::join!(racing, mailbox.forward(reports, Msg));
                });
            }
        }
    }
}

impl Grid {
    fn new() -> Self {
        Self {
            measured: vec![vec![None; COLUMNS.len()]; ROWS.len()],
            cursor: (2, 0),
            running: None,
            rounds_done: 0,
            queue: Vec::new(),
        }
    }

    fn handle_key(&mut self, key: KeyEvent) -> Vec<Cmd> {
        let (row, column) = self.cursor;
        match key.code {
            KeyCode::Up | KeyCode::Char('k') => self.cursor.0 = row.saturating_sub(1),
            KeyCode::Down | KeyCode::Char('j') => self.cursor.0 = (row + 1).min(ROWS.len() - 1),
            KeyCode::Left => self.cursor.1 = column.saturating_sub(1),
            KeyCode::Right => self.cursor.1 = (column + 1).min(COLUMNS.len() - 1),
            KeyCode::Enter | KeyCode::Char(' ') if self.running.is_some() => return self.stop(),
            KeyCode::Enter | KeyCode::Char(' ') => return self.measure(vec![self.cursor]),
            KeyCode::Char('r') => {
                return self.measure((0..COLUMNS.len()).map(|column| (row, column)).collect());
            }
            KeyCode::Char('c') => return self.measure((0..ROWS.len()).map(|row| (row, column)).collect()),
            KeyCode::Char('0') => {
                let commands = if self.running.is_some() { self.stop() } else { Vec::new() };
                self.measured = Self::new().measured;
                return commands;
            }
            _ => {}
        }
        Vec::new()
    }

    /// Measures these cells one after the other.
    fn measure(&mut self, mut cells: Vec<(usize, usize)>) -> Vec<Cmd> {
        cells.reverse();
        self.queue = cells;
        self.measure_next()
    }

    fn measure_next(&mut self) -> Vec<Cmd> {
        self.rounds_done = 0;
        self.running = self.queue.pop();
        let Some((row, column)) = self.running else { return Vec::new() };
        self.cursor = (row, column);
        let config = Box::new(ROWS[row].race_config(&COLUMNS[column], CELL_DURATION));
        vec![Cmd::Run(config)]
    }

    fn stop(&mut self) -> Vec<Cmd> {
        self.running = None;
        self.queue.clear();
        vec![Cmd::Stop]
    }

    fn apply_event(&mut self, event: RaceEvent) -> Vec<Cmd> {
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
    fn from_outcome(outcome: &RaceOutcome, row: usize) -> Self {
        let ratio = outcome.ratios.iter().find(|of| of.lane == ROWS[row].lane).map(|of| of.ratio);
        Self {
            cell: ratio.map(GridCell::from),
            pairs: ratio.map_or(0, |ratio| ratio.pairs),
            invalid_because: outcome.invalid_because.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::Ratio;
    use crate::race::{LaneRatio, RaceProgress};

    fn press(grid: &mut Grid, code: KeyCode) -> Vec<Cmd> {
        grid.update(DemoEvent::Key(code.into()))
    }

    fn runs(row: usize, column: usize) -> Vec<Cmd> {
        vec![Cmd::Run(Box::new(ROWS[row].race_config(&COLUMNS[column], CELL_DURATION)))]
    }

    fn end(row: usize, median: f64) -> RaceEvent {
        let config = ROWS[row].race_config(&COLUMNS[0], CELL_DURATION);
        let ratio = Ratio { median, low: median, high: median, pairs: 10 };
        let ratios = vec![LaneRatio { lane: ROWS[row].lane, baseline: config.baseline(), ratio }];
        RaceEvent::Finished(Box::new(RaceOutcome { config, ratios, ..RaceOutcome::default() }))
    }

    #[test]
    fn enter_measures_the_cell_and_again_stops() {
        let mut grid = Grid::new();
        press(&mut grid, KeyCode::Down);
        press(&mut grid, KeyCode::Right);
        assert_eq!(press(&mut grid, KeyCode::Enter), runs(3, 1));
        let progress = RaceProgress { round: 4, ..RaceProgress::default() };
        grid.update(DemoEvent::Msg(Msg(RaceEvent::Progress(progress))));
        assert_eq!((grid.rounds_done, grid.running), (4, Some((3, 1))));
        assert_eq!(press(&mut grid, KeyCode::Enter), [Cmd::Stop]);
        assert_eq!((grid.running, &grid.measured[3][1]), (None, &None));
    }

    #[test]
    fn a_column_is_measured_cell_by_cell() {
        let mut grid = Grid::new();
        assert_eq!(press(&mut grid, KeyCode::Char('c')), runs(0, 0));
        assert_eq!(grid.update(DemoEvent::Msg(Msg(end(0, 1.0)))), runs(1, 0));
        assert_eq!(grid.measured[0][0].as_ref().unwrap().cell.unwrap().ratio_text(), "1.00");
        assert_eq!(press(&mut grid, KeyCode::Char('0')), [Cmd::Stop]);
        assert_eq!((grid.running, grid.measured[0][0].clone()), (None, None));
    }

    #[test]
    fn the_recorded_run_is_whole_and_says_where_it_was() {
        assert!(!RECORDED.machine.is_empty() && RECORDED.date.len() == 10, "{RECORDED:?}");
        for (index, row) in ROWS.iter().enumerate() {
            for (place, column) in COLUMNS.iter().enumerate() {
                assert!(RECORDED.cell(index, place).is_some(), "{}, {}", row.title, column.title);
            }
        }
    }
}
