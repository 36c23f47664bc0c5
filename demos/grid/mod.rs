//! "When is it 5 to 10 times?": a grid of lanes and conditions. It first shows a recorded run.
//! Enter measures a cell on this machine, in about three seconds.

mod grid_view;
mod state;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use tokio::sync::mpsc;

use crate::race::{self, WorkerProgram};
use crate::scope::report_channel;
use crate::stage::{
    self, Demo, DemoEvent, Diagnostic, KeyHint, SettingSpec, Settings, Stage, ViewContext,
    WorkContext,
};
pub use state::{Cmd, Grid, Msg};

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
        KeyHint { keys: "?", about: "the rules and marks of the grid" },
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
            DemoEvent::Click(at, area) => {
                self.click(grid_view::cell_at(area, at));
                Vec::new()
            }
            DemoEvent::Wheel(notches) => {
                stage::arrow_keys(notches).flat_map(|key| self.handle_key(key)).collect()
            }
            DemoEvent::Paste(_)
            | DemoEvent::Tick(_)
            | DemoEvent::Focus
            | DemoEvent::Next
            | DemoEvent::Left => Vec::new(),
        }
    }

    fn wants_escape(&self) -> bool {
        self.help.is_some()
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
                    // Nothing stalls the servers of a grid, so no control request is ever sent.
                    let (_control_sender, controls) = mpsc::channel(1);
                    let (sender, reports) = report_channel();
                    let racing = race::run(&scope, &program, *config, sender, controls);
                    tokio::join!(racing, mailbox.forward(reports, Msg));
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crossterm::event::KeyCode;

    use super::state::{CELL_DURATION, RECORDED};
    use super::*;
    use crate::measure::Ratio;
    use crate::race::grid::{COLUMNS, ROWS};
    use crate::race::{LaneRatio, RaceEvent, RaceOutcome, RaceProgress};

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

    /// Every cell of the picture is picked by a click on its figure.
    #[test]
    fn a_click_picks_the_cell_under_it() {
        for (width, height) in [(76, 16), (96, 22), (190, 45)] {
            let area = Rect::new(2, 3, width, height);
            let mut grid = Grid::new();
            let mut picked = std::collections::BTreeSet::new();
            for at in area.positions() {
                // A cell that is none, so that a click that picks nothing is noticed.
                grid.cursor = (usize::MAX, usize::MAX);
                grid.update(DemoEvent::Click(at, area));
                if grid.cursor.0 == usize::MAX {
                    continue;
                }
                // The picture shows the cursor where it was picked.
                let mut buffer = Buffer::empty(area);
                let context = ViewContext { theme: &crate::stage::Theme::DARK, focused: true };
                if picked.insert(grid.cursor) {
                    grid.view(area, &mut buffer, &context);
                    let row: String = (area.left()..area.right())
                        .map(|x| buffer[(x, at.y)].symbol().to_owned())
                        .collect();
                    assert!(row.contains('▶') && row.contains('['), "{at:?}: {row}");
                }
            }
            assert_eq!(picked.len(), ROWS.len() * COLUMNS.len(), "{width}x{height}");
        }
        let mut grid = Grid::new();
        press(&mut grid, KeyCode::Char('?'));
        grid.update(DemoEvent::Click(
            ratatui::layout::Position::new(40, 6),
            Rect::new(0, 0, 96, 22),
        ));
        assert_eq!(
            (grid.cursor, grid.help),
            (Grid::new().cursor, None),
            "a click closes the rules"
        );
    }

    #[test]
    fn the_wheel_moves_through_the_conditions() {
        let mut grid = Grid::new();
        let column = grid.cursor.1;
        grid.update(DemoEvent::Wheel(-99));
        assert_eq!(grid.cursor, (0, column));
        grid.update(DemoEvent::Wheel(2));
        assert_eq!(grid.cursor, (2, column));
    }

    #[test]
    fn the_rules_open_and_any_key_closes_them() {
        let mut grid = Grid::new();
        press(&mut grid, KeyCode::Char('?'));
        assert!(grid.wants_escape());
        assert_eq!(
            press(&mut grid, KeyCode::Enter),
            [],
            "it closes the rules and measures nothing"
        );
        assert!(!grid.wants_escape() && grid.running.is_none());
    }

    #[test]
    fn the_recorded_run_is_complete_and_names_its_machine_and_date() {
        assert!(!RECORDED.machine.is_empty() && RECORDED.date.len() == 10, "{RECORDED:?}");
        for (index, row) in ROWS.iter().enumerate() {
            for (place, column) in COLUMNS.iter().enumerate() {
                assert!(RECORDED.cell(index, place).is_some(), "{}, {}", row.title, column.title);
            }
        }
    }
}
