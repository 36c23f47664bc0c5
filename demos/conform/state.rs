//! The state of the grid, and how keys and reports change it. This file draws nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use crossterm::event::{KeyCode, KeyEvent};

use super::cell_page::CellPage;
use super::column::{Cell, Column, Findings, LiveFindings, Variant, rules_by_difference};
use super::suite::{GridSuite, SuiteKind};
use crate::conform::{Exchange, Verdict};
use crate::lab::LiveConfig;
use crate::stage::KeyHint;

/// The keys while the demo has the keyboard.
pub(super) const KEYS: &[KeyHint] = &[
    KeyHint { keys: "↑ ↓ ← →", about: "choose a cell" },
    KeyHint { keys: "Space", about: "bet on the column, then build, start and test it here" },
    KeyHint { keys: "Enter", about: "open the cell; in it: the exchange in the inspector" },
    KeyHint { keys: "a", about: "fill all columns from the record" },
    KeyHint { keys: "d", about: "defaults; tuned as the documentation says" },
    KeyHint { keys: "y", about: "now; the versions of 2017" },
    KeyHint { keys: "r", about: "stop a run and take the record" },
    KeyHint { keys: "0", about: "cover all columns again" },
];

/// The longest bet, in digits.
const MAX_BET_DIGITS: usize = 2;

/// The demo's state.
pub struct Conform {
    pub(super) suite: &'static GridSuite,
    pub(super) columns: Vec<Column>,
    /// The rules in the order in which they are shown.
    pub(super) rows: Vec<usize>,
    /// The row and column of the cursor.
    pub(super) cursor: (usize, usize),
    pub(super) variant: Variant,
    /// The libraries whose columns are filled.
    pub(super) filled: BTreeSet<String>,
    /// The bet on each library: how many rules it breaks.
    pub(super) bets: BTreeMap<String, usize>,
    /// The findings of runs on this machine, by contestant.
    pub(super) live: BTreeMap<String, LiveFindings>,
    pub(super) mode: Mode,
    pub(super) running: Option<Running>,
    /// A notice for the user: why a run failed.
    pub(super) notice: Option<String>,
    /// The folder of the contestants.
    pub(super) folder: PathBuf,
}

/// The meaning of the keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Mode {
    /// They move through the grid.
    #[default]
    Browse,
    /// They make a bet on the column of the cursor: its digits so far.
    Bet(String),
    /// They move through the cases of the cell of the cursor.
    Cell(CellPage),
}

/// A contestant that is being tested.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Running {
    pub(super) library: String,
    pub(super) contestant: String,
    pub(super) step: RunStep,
    pub(super) findings: LiveFindings,
}

/// The step of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunStep {
    /// It is being built.
    Building,
    /// It is being started.
    Starting,
    /// A case has its verdict.
    Played(usize, Verdict),
}

/// A command of the demo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cmd {
    /// Builds and starts a contestant, and plays all cases against it. An earlier run ends.
    Play(SuiteKind, LiveConfig),
    /// Plays all cases against our own server.
    PlayOwn(SuiteKind),
    /// Ends the run.
    Stop,
    /// Plays one case against our own server.
    PlayCase(SuiteKind, usize),
    /// Opens the inspector on the first connection of an exchange: the title, and the bytes.
    Inspect(String, Box<Exchange>),
}

/// A report of the demo's engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Msg {
    /// A step of the run.
    Step(RunStep),
    /// The run has ended, with all exchanges by the index of the case, or with the reason why there
    /// are none.
    Finished(Result<Vec<(usize, Exchange)>, String>),
    /// A case was played against our own server.
    CasePlayed(usize, Result<Box<Exchange>, String>),
}

impl Conform {
    pub(super) fn new(suite: &'static GridSuite, columns: Vec<Column>, folder: PathBuf) -> Self {
        let rows = rules_by_difference(suite, &columns);
        Self {
            suite,
            columns,
            rows,
            cursor: (0, 0),
            variant: Variant::default(),
            filled: BTreeSet::new(),
            bets: BTreeMap::new(),
            live: BTreeMap::new(),
            mode: Mode::Browse,
            running: None,
            notice: None,
            folder,
        }
    }

    pub(super) fn handle_key(&mut self, key: KeyEvent) -> Vec<Cmd> {
        self.notice = None;
        match std::mem::take(&mut self.mode) {
            Mode::Browse => self.browse(key),
            Mode::Bet(digits) => self.bet(key, digits),
            Mode::Cell(page) => self.look_at(key, page),
        }
    }

    fn browse(&mut self, key: KeyEvent) -> Vec<Cmd> {
        let (row, column) = self.cursor;
        match key.code {
            KeyCode::Up | KeyCode::Char('k') => self.cursor.0 = row.saturating_sub(1),
            KeyCode::Down | KeyCode::Char('j') => {
                self.cursor.0 = (row + 1).min(self.rows.len().saturating_sub(1));
            }
            KeyCode::Left | KeyCode::Char('h') => self.cursor.1 = column.saturating_sub(1),
            KeyCode::Right | KeyCode::Char('l') => {
                self.cursor.1 = (column + 1).min(self.columns.len().saturating_sub(1));
            }
            KeyCode::Home => self.cursor.0 = 0,
            KeyCode::End => self.cursor.0 = self.rows.len().saturating_sub(1),
            KeyCode::Char(' ') if self.running.is_none() => return self.begin_column(),
            KeyCode::Enter if self.shown_cell(row, column).is_some() => {
                self.mode = Mode::Cell(CellPage::default());
            }
            KeyCode::Enter => return self.begin_column(),
            KeyCode::Char('a') => self.fill_all(),
            KeyCode::Char('d') if self.suite.has_variants => {
                self.variant.tuned = !self.variant.tuned;
            }
            KeyCode::Char('y') if self.suite.has_variants => {
                self.variant.of_2017 = !self.variant.of_2017;
            }
            KeyCode::Char('r') => return self.stop(),
            KeyCode::Char('0') => {
                let commands = self.stop();
                (self.filled, self.bets, self.live) = Default::default();
                return commands;
            }
            _ => {}
        }
        Vec::new()
    }

    /// Fills all columns, those of our own server only with a run.
    pub(super) fn fill_all(&mut self) {
        self.filled = self.columns.iter().map(|column| column.library.clone()).collect();
    }

    /// Asks for a bet on the column of the cursor, unless it was made.
    fn begin_column(&mut self) -> Vec<Cmd> {
        let Some(column) = self.columns.get(self.cursor.1) else { return Vec::new() };
        if column.contestant(self.variant).is_none() || self.running.is_some() {
            return Vec::new();
        }
        if self.bets.contains_key(&column.library) || self.filled.contains(&column.library) {
            return self.play();
        }
        self.mode = Mode::Bet(String::new());
        Vec::new()
    }

    fn bet(&mut self, key: KeyEvent, mut digits: String) -> Vec<Cmd> {
        match key.code {
            KeyCode::Esc => return Vec::new(),
            KeyCode::Enter | KeyCode::Char(' ') => {
                let library = self.columns.get(self.cursor.1).map(|column| column.library.clone());
                // Without a digit nobody bets.
                self.bets.extend(library.zip(digits.parse().ok()));
                return self.play();
            }
            KeyCode::Char(digit @ '0'..='9') if digits.len() < MAX_BET_DIGITS => digits.push(digit),
            KeyCode::Backspace => drop(digits.pop()),
            _ => {}
        }
        self.mode = Mode::Bet(digits);
        Vec::new()
    }

    fn look_at(&mut self, key: KeyEvent, mut page: CellPage) -> Vec<Cmd> {
        let cases = self.cases_of_cursor();
        let case = page.case(&cases);
        let mut commands = Vec::new();
        match key.code {
            KeyCode::Esc | KeyCode::Char('q') | KeyCode::Backspace => return commands,
            KeyCode::Up | KeyCode::Char('k') => page.move_by(-1, cases.len()),
            KeyCode::Down | KeyCode::Char('j') => page.move_by(1, cases.len()),
            KeyCode::Enter => return self.inspect(case, page),
            KeyCode::Char('s') => {
                commands.extend(case.map(|case| Cmd::PlayCase(self.suite.kind, case)));
            }
            KeyCode::Char(' ') if self.running.is_none() => return self.play(),
            _ => {}
        }
        self.mode = Mode::Cell(page);
        commands
    }

    /// Opens the inspector on the exchange of a case. Without its bytes, says where they come from.
    fn inspect(&mut self, case: Option<usize>, page: CellPage) -> Vec<Cmd> {
        let found = case.zip(self.findings(self.cursor.1));
        let exchange = found.and_then(|(case, findings)| findings.exchange(case)).cloned();
        let has_bytes = Exchange::has_sent;
        let title = self.exchange_title(case);
        self.mode = Mode::Cell(page);
        if let Some(exchange) = exchange.filter(has_bytes) {
            return vec![Cmd::Inspect(title, Box::new(exchange))];
        }
        self.notice = Some(
            "no bytes are recorded: Space tests the library here, s plays the case against our own \
             server"
                .to_owned(),
        );
        Vec::new()
    }

    fn exchange_title(&self, case: Option<usize>) -> String {
        let id = case
            .and_then(|case| self.suite.table.cases.get(case))
            .map_or("", |case| case.id.as_str());
        let column = self.columns.get(self.cursor.1).map_or("", |column| column.title.as_str());
        format!("{column}, {id}")
    }

    /// Starts a run of the column of the cursor.
    fn play(&mut self) -> Vec<Cmd> {
        let Some(column) = self.columns.get(self.cursor.1) else { return Vec::new() };
        let Some(contestant) = column.contestant(self.variant) else { return Vec::new() };
        let library = column.library.clone();
        let command = if column.is_own() {
            Cmd::PlayOwn(self.suite.kind)
        } else {
            let (folder, contestant) = (self.folder.clone(), contestant.clone());
            Cmd::Play(self.suite.kind, LiveConfig { folder, contestant })
        };
        let (step, findings) = (RunStep::Building, LiveFindings::default());
        self.running = Some(Running { library, contestant, step, findings });
        vec![command]
    }

    /// Ends the run, and fills its column from the record.
    fn stop(&mut self) -> Vec<Cmd> {
        let Some(running) = self.running.take() else { return Vec::new() };
        self.filled.insert(running.library);
        vec![Cmd::Stop]
    }

    pub(super) fn apply(&mut self, message: Msg) -> Vec<Cmd> {
        match message {
            Msg::Step(step) => {
                if let Some(running) = &mut self.running {
                    running.step = step;
                    if let RunStep::Played(case, verdict) = step {
                        running.findings.verdicts.insert(case, verdict);
                    }
                }
            }
            Msg::Finished(result) => self.finish(result),
            Msg::CasePlayed(case, Ok(exchange)) => {
                let id = self.suite.table.cases.get(case).map_or("", |case| case.id.as_str());
                return vec![Cmd::Inspect(format!("our own server, {id}"), exchange)];
            }
            Msg::CasePlayed(_, Err(reason)) => self.notice = Some(reason),
        }
        Vec::new()
    }

    fn finish(&mut self, result: Result<Vec<(usize, Exchange)>, String>) {
        let Some(running) = self.running.take() else { return };
        self.filled.insert(running.library);
        match result {
            Ok(exchanges) => {
                let verdict =
                    |(case, exchange): &(usize, Exchange)| (*case, exchange.finding.verdict);
                let findings = LiveFindings {
                    verdicts: exchanges.iter().map(verdict).collect(),
                    exchanges: exchanges.into_iter().collect(),
                };
                self.live.insert(running.contestant, findings);
            }
            Err(reason) => self.notice = Some(format!("from the record: {reason}")),
        }
    }

    /// Returns what a column shows; `None` while it is covered, or if there is no such version.
    pub(super) fn findings(&self, column: usize) -> Option<Findings<'_>> {
        let column = self.columns.get(column)?;
        let contestant = column.contestant(self.variant)?;
        let running = self.running.as_ref().filter(|running| running.contestant == contestant);
        if let Some(running) = running.filter(|running| !running.findings.verdicts.is_empty()) {
            return Some(Findings::Live(&running.findings));
        }
        if running.is_some() && !self.filled.contains(&column.library) {
            return None;
        }
        if let Some(live) = self.live.get(&contestant) {
            return Some(Findings::Live(live));
        }
        let is_filled = self.filled.contains(&column.library);
        let record = self.suite.record.contestant(&contestant).filter(|_| is_filled)?;
        Some(Findings::Recorded(self.suite.record, record))
    }

    /// Returns the cell at a place of the grid, if it is filled.
    pub(super) fn shown_cell(&self, row: usize, column: usize) -> Option<Cell> {
        let rule = *self.rows.get(row)?;
        let cell = self.findings(column)?.cell(&self.suite.table, rule);
        (cell.played + cell.left_out > 0).then_some(cell)
    }

    /// Returns the cases of the cursor's cell that were played, the worst verdicts first.
    pub(super) fn cases_of_cursor(&self) -> Vec<usize> {
        let (row, column) = self.cursor;
        let (Some(rule), Some(findings)) = (self.rows.get(row), self.findings(column)) else {
            return Vec::new();
        };
        let verdict = |case: &usize| findings.verdict(&self.suite.table, *case);
        let cases = self.suite.table.cases_of(*rule).iter().copied();
        let mut cases: Vec<usize> = cases.filter(|case| verdict(case).is_some()).collect();
        cases.sort_by_key(|case| std::cmp::Reverse(verdict(case).map(severity)));
        cases
    }
}

/// Returns how far up a verdict stands in a list.
fn severity(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Died | Verdict::NoAnswer => 4,
        Verdict::Fail => 3,
        Verdict::Tolerated => 2,
        Verdict::Pass => 1,
        Verdict::NotOffered | Verdict::NotApplicable => 0,
    }
}
