//! The grid of the libraries on a slide: rules by libraries, from the lab's record, or tested here
//! while the room looks on.
//!
//! `suite` is the protocol that it is about, `rules` has the rows, `column` what is known about a
//! library, `notice` what a page would notice of a failure, `state` the demo's state. `engine` carries
//! out its commands; `grid_view`, `cell_view` and `notice_view` draw it.

mod cell_page;
mod cell_view;
mod column;
mod engine;
mod exchange_lines;
mod grid_view;
mod notice;
mod notice_view;
mod rules;
mod state;
mod suite;

use std::path::PathBuf;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::stage::{
    Demo, DemoEvent, Diagnostic, KeyHint, SettingSpec, SettingType, Settings, Stage, ViewContext,
};
use cell_page::CellPage;
use column::Column;
use state::Mode;
pub use state::{Cmd, Conform, Msg, RunStep};
use suite::GridSuite;
pub use suite::SuiteKind;

/// The cells that the grid takes where the open cell stands beside it.
const GRID_WIDTH: u16 = 96;

/// The cells that an open cell needs to stand beside the grid.
const MIN_CELL_WIDTH: u16 = 72;

/// The folder of the contestants, in the sources that this program was built from. Neither a deck nor the
/// current folder names another one: what is built there runs.
const CONTESTANTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/demos/libraries");

impl Demo for Conform {
    const NAME: &'static str = "conform";
    const ABOUT: &'static str =
        "the rules of the protocol by libraries: recorded, or tested live on the slide";
    const SETTINGS: &'static [SettingSpec] = &[
        SettingSpec {
            name: "libraries",
            value_type: SettingType::Text(""),
            about: "the columns: libraries of the lab's record, and `strict` or `wiretalk`, our own",
        },
        SettingSpec {
            name: "suite",
            value_type: SettingType::Choice(&["websocket", "sockjs"]),
            about: "the protocol to test",
        },
        SettingSpec {
            name: "filled",
            value_type: SettingType::Choice(&["no", "yes"]),
            about: "show the record at once, without a bet",
        },
    ];
    const KEYS: &'static [KeyHint] = state::KEYS;
    const MIN_ROWS: u16 = 16;
    type Msg = Msg;
    type Cmd = Cmd;

    fn open(settings: &Settings) -> Result<(Self, Vec<Cmd>), Diagnostic> {
        let kind = suite_kind(settings);
        let suite = GridSuite::of(kind);
        let names = match settings.text("libraries") {
            "" => kind.libraries(),
            names => names,
        };
        let columns: Vec<Column> =
            column_names(names).map(|name| Column::new(name, suite)).collect();
        if let Some(unknown) = columns.iter().find(|column| !column.is_known()) {
            let message = format!(
                "the record has no library `{}`; it has: {}",
                unknown.title,
                column::known_libraries(suite).join(", ")
            );
            return Err(settings.invalid("libraries", message));
        }
        let mut conform = Self::new(suite, columns, PathBuf::from(CONTESTANTS));
        if settings.text("filled") == "yes" {
            conform.fill_all();
        }
        Ok((conform, Vec::new()))
    }

    fn check(settings: &Settings) -> Result<(), Diagnostic> {
        // The record and the cases take 20 ms to load. The usual columns are known without them.
        let is_usual = |name| column_names(suite_kind(settings).libraries()).any(|it| it == name);
        if column_names(settings.text("libraries")).all(is_usual) {
            return Ok(());
        }
        Self::open(settings).map(drop)
    }

    fn update(&mut self, event: DemoEvent<Msg>) -> Vec<Cmd> {
        match event {
            DemoEvent::Key(key) => self.handle_key(key),
            DemoEvent::Msg(message) => self.apply(message),
            DemoEvent::Click(at, area) if self.mode == Mode::Browse => {
                self.cursor = grid_view::cell_at(self, area, at).unwrap_or(self.cursor);
                Vec::new()
            }
            DemoEvent::Wheel(by) if self.mode == Mode::Browse => {
                let last = self.rows.len().saturating_sub(1);
                self.cursor.0 = self.cursor.0.saturating_add_signed(by).min(last);
                Vec::new()
            }
            DemoEvent::Paste(_)
            | DemoEvent::Click(..)
            | DemoEvent::Wheel(_)
            | DemoEvent::Tick(_)
            | DemoEvent::Focus
            | DemoEvent::Next
            | DemoEvent::Left => Vec::new(),
        }
    }

    fn wants_escape(&self) -> bool {
        self.mode != Mode::Browse
    }

    fn view(&self, area: Rect, buffer: &mut Buffer, context: &ViewContext) {
        // Where there is room, the cell of the cursor is open beside the grid.
        let beside = area.width.saturating_sub(GRID_WIDTH);
        let right = Rect { x: area.x.saturating_add(GRID_WIDTH), width: beside, ..area };
        let right = (beside >= MIN_CELL_WIDTH).then_some(right);
        let width = if right.is_some() { GRID_WIDTH } else { area.width };
        let left = Rect { width, ..area };
        match (&self.mode, right) {
            (Mode::Browse | Mode::Bet(_), None) => grid_view::draw(self, left, buffer, context),
            (Mode::Cell(page), None) => cell_view::draw(self, *page, left, buffer, context),
            (mode, Some(right)) => {
                grid_view::draw(self, left, buffer, context);
                let page = if let Mode::Cell(page) = mode { *page } else { CellPage::default() };
                cell_view::draw(self, page, right, buffer, context);
            }
        }
    }

    fn perform(cmd: Cmd, stage: &Stage<Msg>) {
        match cmd {
            Cmd::Play(suite, config) => engine::play(stage, suite, config),
            Cmd::PlayOwn(suite) => engine::play_own(stage, suite),
            Cmd::Stop => engine::stop(stage),
            Cmd::PlayCase(suite, case) => engine::play_case(stage, suite, case),
            Cmd::Inspect(title, exchange) => engine::inspect(stage, title, *exchange),
        }
    }
}

fn suite_kind(settings: &Settings) -> SuiteKind {
    if settings.text("suite") == "sockjs" { SuiteKind::SockJs } else { SuiteKind::WebSocket }
}

/// Returns the names in a list of columns, which commas divide.
fn column_names(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').map(str::trim).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use crossterm::event::KeyCode;

    use super::*;
    use crate::conform::{ConnectionBytes, Exchange, Finding, Verdict};
    use crate::deck::{DemoFence, Position, Setting, SettingValue};
    use crate::lab::LiveConfig;
    use crate::stage::{Theme, settings};

    fn settings_of(given: &[(&str, &str)]) -> Settings {
        let setting = |(key, value): &(&str, &str)| Setting {
            key: (*key).to_owned(),
            value: SettingValue::Text((*value).to_owned()),
            position: Position { line: 7, column: 1 },
        };
        let settings_given = given.iter().map(setting).collect();
        let fence =
            DemoFence { name: "conform".into(), settings: settings_given, ..DemoFence::default() };
        settings(&fence, Conform::SETTINGS).unwrap()
    }

    fn open(given: &[(&str, &str)]) -> Result<Conform, Diagnostic> {
        let (conform, commands) = Conform::open(&settings_of(given))?;
        assert_eq!(commands, [], "nothing is built or started by looking");
        Ok(conform)
    }

    #[test]
    fn a_click_picks_a_cell_and_the_wheel_moves_the_rows() {
        let mut conform = open(&[]).unwrap();
        let area = Rect::new(1, 2, 98, 24);
        // Three rows of heads below the border, then the rules; two columns to the right of the
        // titles.
        let at = ratatui::layout::Position::new(area.x + 2 + 24 + 20, area.y + 1 + 3 + 4);
        conform.update(DemoEvent::Click(at, area));
        assert_eq!(conform.cursor, (4, 1));
        conform.update(DemoEvent::Wheel(2));
        assert_eq!(conform.cursor, (6, 1));
        conform.update(DemoEvent::Wheel(-99));
        assert_eq!(conform.cursor, (0, 1));
        // A click on the heads picks nothing.
        let heads = ratatui::layout::Position::new(at.x, area.y + 2);
        conform.update(DemoEvent::Click(heads, area));
        assert_eq!(conform.cursor, (0, 1));
    }

    fn press(conform: &mut Conform, keys: &str) -> Vec<Cmd> {
        let mut commands = Vec::new();
        for key in keys.chars() {
            let code = match key {
                '>' => KeyCode::Right,
                'v' => KeyCode::Down,
                '⏎' => KeyCode::Enter,
                '⎋' => KeyCode::Esc,
                letter => KeyCode::Char(letter),
            };
            commands.extend(conform.update(DemoEvent::Key(code.into())));
        }
        commands
    }

    fn report(conform: &mut Conform, message: Msg) -> Vec<Cmd> {
        conform.update(DemoEvent::Msg(message))
    }

    fn picture(conform: &Conform, width: u16, height: u16) -> String {
        let area = Rect::new(0, 0, width, height);
        let mut buffer = Buffer::empty(area);
        conform.view(area, &mut buffer, &ViewContext { theme: &Theme::DARK, focused: true });
        let rows = buffer.content.chunks(width.max(1).into());
        rows.map(|row| row.iter().map(ratatui::buffer::Cell::symbol).collect::<String>() + "\n")
            .collect()
    }

    fn exchange(verdict: Verdict, reason: &str) -> Exchange {
        let sent = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n\x81\x85\x01\x02\x03\x04Hello".to_vec();
        let received = b"HTTP/1.1 101 Switching Protocols\r\n\r\n\x88\x02\x03\xea".to_vec();
        let (sent_len, received_len) = (sent.len() as u64, received.len() as u64);
        let connection = ConnectionBytes { sent, sent_len, received, received_len };
        Exchange {
            connections: vec![connection],
            ..Exchange::without_bytes(Finding::new(verdict, reason))
        }
    }

    /// Returns the index of a case of the first rule in sight.
    fn first_case(conform: &Conform) -> usize {
        conform.suite.table.cases_of(conform.rows[0])[0]
    }

    #[test]
    fn a_column_is_covered_until_the_bet_and_fills_with_the_verdicts_of_the_run() {
        let mut conform = open(&[("libraries", "strict, gorilla")]).unwrap();
        let covered = picture(&conform, 76, 18);
        assert!(covered.contains("░░") && !covered.contains("✗ 1"), "{covered}");
        assert_eq!(press(&mut conform, " "), []);
        assert!(picture(&conform, 76, 18).contains("how many of"), "the bet is asked for");
        assert_eq!(press(&mut conform, "12⏎"), [Cmd::PlayOwn(SuiteKind::WebSocket)]);
        let case = first_case(&conform);
        report(&mut conform, Msg::Step(RunStep::Played(case, Verdict::Fail)));
        assert!(picture(&conform, 76, 18).contains("✗ 1/1*"), "{}", picture(&conform, 76, 18));
        let played = vec![(case, exchange(Verdict::Pass, "closed with 1002"))];
        report(&mut conform, Msg::Finished(Ok(played)));
        let filled = picture(&conform, 76, 18);
        assert!(filled.contains("✓*") && filled.contains("0 (12)"), "{filled}");
        assert!(filled.contains("░░"), "the other column is still covered:\n{filled}");
    }

    #[test]
    fn a_run_that_fails_fills_the_column_from_the_record_and_says_why() {
        let mut conform = open(&[("libraries", "gorilla")]).unwrap();
        let config = LiveConfig { folder: CONTESTANTS.into(), contestant: "gorilla".to_owned() };
        assert_eq!(
            press(&mut conform, " ⏎"),
            [Cmd::Play(SuiteKind::WebSocket, config)],
            "without a bet, too"
        );
        report(&mut conform, Msg::Step(RunStep::Building));
        assert!(picture(&conform, 76, 18).contains("gorilla: being built"));
        report(&mut conform, Msg::Finished(Err("go is not here".to_owned())));
        let shown = picture(&conform, 76, 18);
        assert!(shown.contains("from the record: go is not here"), "{shown}");
        assert!(!shown.contains("░░"), "{shown}");
        assert_eq!(press(&mut conform, "0"), []);
        assert!(picture(&conform, 76, 18).contains("░░"), "covered again");
    }

    #[test]
    fn the_record_of_a_running_column_is_a_key_away() {
        let mut conform = open(&[("libraries", "gorilla")]).unwrap();
        assert_eq!(press(&mut conform, " ⏎").len(), 1);
        assert_eq!(press(&mut conform, " "), [], "one run at a time");
        assert_eq!(press(&mut conform, "r"), [Cmd::Stop]);
        assert_eq!((conform.running.clone(), conform.findings(0).is_some()), (None, true));
    }

    #[test]
    fn tuned_and_2017_are_other_contestants() {
        let mut conform = open(&[("libraries", "gorilla, coder"), ("filled", "yes")]).unwrap();
        let name = |conform: &Conform, column: usize| {
            conform.columns[column].contestant(conform.variant).unwrap_or_default()
        };
        assert_eq!((name(&conform, 0), name(&conform, 1)), ("gorilla".into(), "coder".into()));
        press(&mut conform, "d");
        assert_eq!(name(&conform, 0), "gorilla-tuned");
        press(&mut conform, "y");
        let both = (name(&conform, 0), name(&conform, 1));
        assert_eq!(both, ("gorilla-2017-tuned".into(), String::new()), "no coder in 2017");
        press(&mut conform, "d>");
        let shown = picture(&conform, 76, 18);
        assert!(shown.contains("there is no such version") && shown.contains("1.2.0"), "{shown}");
    }

    #[test]
    fn an_open_cell_shows_both_sides_and_leads_into_the_inspector() {
        let mut conform = open(&[("libraries", "strict")]).unwrap();
        press(&mut conform, " ⏎");
        let case = first_case(&conform);
        let played = exchange(Verdict::Fail, "echoed the message");
        report(&mut conform, Msg::Finished(Ok(vec![(case, played.clone())])));
        assert_eq!(press(&mut conform, "⏎"), []);
        assert!(conform.wants_escape());
        let shown = picture(&conform, 100, 24);
        for expected in ["it echoed the message", "81 85 ", "88 02 ", "close 1002", "came back"] {
            let shown = shown.replace("8185", "81 85").replace("8802", "88 02");
            assert!(shown.contains(expected), "{expected}:\n{shown}");
        }
        let id = &conform.suite.table.cases[case].id;
        let opened = Cmd::Inspect(format!("strict, {id}"), Box::new(played));
        assert_eq!(press(&mut conform, "⏎"), [opened]);
        assert_eq!(press(&mut conform, "s"), [Cmd::PlayCase(SuiteKind::WebSocket, case)]);
        press(&mut conform, "⎋");
        assert!(!conform.wants_escape());
    }

    #[test]
    fn a_recorded_cell_has_no_bytes_and_offers_a_run() {
        let mut conform = open(&[("libraries", "gorilla"), ("filled", "yes")]).unwrap();
        assert_eq!(press(&mut conform, "⏎⏎"), []);
        let shown = picture(&conform, 76, 18);
        assert!(shown.contains("no bytes are recorded"), "{shown}");
        let ran = press(&mut conform, " ");
        assert!(matches!(&ran[..], [Cmd::Play(_, config)] if config.contestant == "gorilla"));
    }

    #[test]
    fn a_library_that_the_record_lacks_is_named_with_the_others() {
        let error = open(&[("libraries", "gorilla, curl")]).err().unwrap();
        assert!(
            error.message.starts_with("the record has no library `curl`; it has: "),
            "{error:?}"
        );
        assert_eq!(error.position.line, 7);
    }

    #[test]
    fn a_check_without_the_record_agrees_with_what_opens() {
        for suite in ["websocket", "sockjs"] {
            for libraries in
                ["", "gorilla, strict", "ours, node", "tungstenite", "curl", "ours, curl"]
            {
                let given = [("suite", suite), ("libraries", libraries)];
                let checked = Conform::check(&settings_of(&given)).is_ok();
                assert_eq!(checked, open(&given).is_ok(), "{given:?}");
            }
            let columns = open(&[("suite", suite)]).unwrap().columns;
            assert!(columns.len() == 6 && columns.iter().all(Column::is_known));
        }
    }

    #[test]
    fn a_cell_of_sockjs_says_whether_a_page_would_notice() {
        let mut conform = open(&[("suite", "sockjs"), ("filled", "yes")]).unwrap();
        for (title, expected) in
            [("/info", "A page would notice."), ("jsonp polling", "No page would notice.")]
        {
            let is_titled = |rule: &usize| conform.suite.table.rules[*rule].title == title;
            conform.cursor = (conform.rows.iter().position(is_titled).unwrap(), 0);
            press(&mut conform, "⏎");
            let mut shown = picture(&conform, 100, 40);
            for _ in 0..conform.cases_of_cursor().len() {
                if !shown.contains(expected) {
                    press(&mut conform, "v");
                    shown = picture(&conform, 100, 40);
                }
            }
            for part in [expected, "the text", "sockjs-client 1.6.1", "▲ "] {
                assert!(shown.contains(part), "{part}:\n{shown}");
            }
            press(&mut conform, "⎋");
        }
        press(&mut conform, ">>>>>");
        conform.filled.remove("wiretalk");
        assert_eq!(press(&mut conform, " 0⏎"), [Cmd::PlayOwn(SuiteKind::SockJs)]);
    }

    #[test]
    fn it_can_be_drawn_at_any_size() {
        let mut conform = open(&[("filled", "yes")]).unwrap();
        for keys in ["", "⏎", "⎋vvvv>>", " "] {
            press(&mut conform, keys);
            for (width, height) in [(0, 0), (1, 1), (3, 2), (20, 5), (40, 12), (76, 18), (200, 60)]
            {
                picture(&conform, width, height);
            }
        }
    }
}
