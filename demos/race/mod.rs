//! The race on a slide: lanes beside each other, the ratio in big digits, and where the time goes.
//!
//! The measuring is `wiretalk::race`'s; here is what its keys do. What they change stands in `settings`, what it looks like in
//! `race_view` and the files beside it.

mod bet;
mod export;
mod lane_cards;
mod lane_table;
mod latency_histogram;
mod overlays;
mod race_view;
mod ratio_panel;
mod settings;
mod status_lines;

use std::borrow::Cow;
use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use tokio::sync::mpsc;

use crate::race::{
    self, LaneRatio, LaneStats, RaceConfig, RaceControl, RaceEvent, RaceOutcome, RaceProgress, WorkerProgram,
};
use crate::scope::report_channel;
use crate::stage::{
    Demo, DemoEvent, Diagnostic, KeyHint, SettingSpec, Settings, Stage, ViewContext, WorkContext,
};
use bet::Bet;

/// How long `s` lets the server stand still.
const STALL_DURATION: Duration = Duration::from_millis(500);

/// The demo's state.
pub struct Race {
    config: RaceConfig,
    phase: RacePhase,
    overlay: RaceOverlay,
    bet: Bet,
    control: Option<RaceControlSender>,
    /// What came of the last key that does something outside.
    note: Option<String>,
    /// This is a debug build, whose times are longer than they need be; the picture says so.
    debug: bool,
}

/// How far the race is.
#[derive(Clone, Debug, PartialEq)]
enum RacePhase {
    Ready,
    /// Running; nothing is measured before the first report.
    Running(RaceProgress),
    /// Stopped by the reader.
    Stopped(RaceProgress),
    Over(Box<RaceOutcome>),
}

/// What lies over the race.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum RaceOverlay {
    None,
    /// The rules and keys, from this row on.
    Rules(u16),
    /// The choice of lanes, with its cursor.
    Lanes(usize),
}

/// Where a running race takes requests.
#[derive(Clone, Debug)]
pub struct RaceControlSender(mpsc::Sender<RaceControl>);

impl PartialEq for RaceControlSender {
    fn eq(&self, other: &Self) -> bool {
        self.0.same_channel(&other.0)
    }
}

/// What the race asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Cmd {
    /// Race; what ran before ends.
    Run(Box<RaceConfig>),
    /// End the run, and with it all load, at once.
    Stop,
    /// Let the server of the lane that runs stand still.
    Stall(RaceControlSender, Duration),
    /// Write the outcome beside the talk.
    Export(Box<RaceOutcome>),
}

/// What comes back.
#[derive(Clone, Debug, PartialEq)]
pub enum Msg {
    /// The race runs and takes requests.
    Running(RaceControlSender),
    /// The race reports.
    Event(RaceEvent),
    /// What came of something else, an export say, in words.
    Note(String),
}

impl Demo for Race {
    const NAME: &'static str = "race";
    const ABOUT: &'static str =
        "HTTP, WebSocket and their like beside each other, measured live on this machine";
    const SETTINGS: &'static [SettingSpec] = settings::SETTINGS;
    const KEYS: &'static [KeyHint] = settings::KEYS;
    const MIN_ROWS: u16 = 15;
    type Msg = Msg;
    type Cmd = Cmd;

    fn open(settings: &Settings) -> Result<(Self, Vec<Cmd>), Diagnostic> {
        let debug = cfg!(debug_assertions);
        Ok((Self { debug, ..Self::with_config(settings::race_config(settings)?) }, Vec::new()))
    }

    fn update(&mut self, event: DemoEvent<Msg>) -> Vec<Cmd> {
        match event {
            DemoEvent::Key(key) => self.handle_key(key),
            DemoEvent::Msg(Msg::Running(control)) => {
                self.control = Some(control);
                Vec::new()
            }
            DemoEvent::Msg(Msg::Event(event)) => self.apply_event(event),
            DemoEvent::Msg(Msg::Note(note)) => {
                self.note = Some(note);
                Vec::new()
            }
            DemoEvent::Paste(_) | DemoEvent::Click(..) | DemoEvent::Wheel(_) | DemoEvent::Tick(_) => {
                Vec::new()
            }
        }
    }

    fn wants_escape(&self) -> bool {
        self.overlay != RaceOverlay::None
    }

    fn view(&self, area: Rect, buffer: &mut Buffer, context: &ViewContext) {
        race_view::draw(self, area, buffer, context);
    }

    fn perform(cmd: Cmd, stage: &Stage<Msg>) {
        match cmd {
            Cmd::Stop => stage.stop("race"),
            Cmd::Stall(RaceControlSender(control_sender), time) => {
                // one request at a time is enough
                let _ = control_sender.try_send(RaceControl::Stall(time));
            }
            Cmd::Export(outcome) => {
                let mailbox = stage.mailbox();
                let _ = mailbox.try_send(Msg::Note(export::write(&outcome)));
            }
            Cmd::Run(config) => {
                let program = stage.services().get::<WorkerProgram>().cloned().unwrap_or_default();
                stage.start("race", |WorkContext { scope, mailbox }| async move {
                    let (control_sender, controls) = mpsc::channel(1);
                    if mailbox.send(Msg::Running(RaceControlSender(control_sender))).await.is_err() {
                        return;
                    }
                    let (sender, reports) = report_channel();
                    let racing = race::run(&scope, &program, *config, sender, controls);
                    tokio::join!(racing, mailbox.forward(reports, Msg::Event));
                });
            }
        }
    }
}

impl Race {
    fn with_config(config: RaceConfig) -> Self {
        Self {
            config,
            phase: RacePhase::Ready,
            overlay: RaceOverlay::None,
            bet: Bet::default(),
            control: None,
            note: None,
            debug: false,
        }
    }

    fn handle_key(&mut self, key: KeyEvent) -> Vec<Cmd> {
        self.note = None;
        match (self.overlay, key.code) {
            (RaceOverlay::Rules(from), KeyCode::Down) => {
                self.show_overlay(RaceOverlay::Rules((from + 1).min(40)))
            }
            (RaceOverlay::Rules(from), KeyCode::Up) => {
                self.show_overlay(RaceOverlay::Rules(from.saturating_sub(1)))
            }
            (RaceOverlay::Rules(_), _) => self.show_overlay(RaceOverlay::None),
            (RaceOverlay::Lanes(cursor), code) => self.choose_lanes(code, cursor),
            (_, KeyCode::Enter | KeyCode::Char(' ')) => self.start_or_stop(),
            (_, KeyCode::Char('?')) => self.show_overlay(RaceOverlay::Rules(0)),
            (_, KeyCode::Char('l')) => self.show_overlay(RaceOverlay::Lanes(0)),
            (_, code @ (KeyCode::Left | KeyCode::Right)) => self.place_bet(code == KeyCode::Right),
            (_, KeyCode::Char('s')) => self.stall(),
            (_, KeyCode::Char('e')) => self.export(),
            (_, code) => self.change_setting(code),
        }
    }

    fn show_overlay(&mut self, overlay: RaceOverlay) -> Vec<Cmd> {
        self.overlay = overlay;
        Vec::new()
    }

    fn is_running(&self) -> bool {
        matches!(self.phase, RacePhase::Running(_))
    }

    fn start_or_stop(&mut self) -> Vec<Cmd> {
        if let RacePhase::Running(progress) = &mut self.phase {
            self.phase = RacePhase::Stopped(std::mem::take(progress));
            return vec![Cmd::Stop];
        }
        self.start()
    }

    fn start(&mut self) -> Vec<Cmd> {
        self.control = None;
        self.phase = RacePhase::Running(RaceProgress::default());
        vec![Cmd::Run(Box::new(self.config.clone()))]
    }

    fn place_bet(&mut self, more: bool) -> Vec<Cmd> {
        if self.phase == RacePhase::Ready {
            self.bet.cycle(more);
        } else {
            self.note = Some("bets are placed before the start; 0 clears the table".to_owned());
        }
        Vec::new()
    }

    /// Turns a dial. A race that runs begins anew under the new conditions: rounds of different ones are no pairs.
    fn change_setting(&mut self, code: KeyCode) -> Vec<Cmd> {
        if code == KeyCode::Char('0') {
            let stop = self.is_running();
            (self.phase, self.bet) = (RacePhase::Ready, Bet::default());
            return if stop { vec![Cmd::Stop] } else { Vec::new() };
        }
        let before = self.config.clone();
        if !settings::change_setting(&mut self.config, code) {
            return Vec::new();
        }
        if let Err(error) = self.config.validate() {
            self.config = before;
            self.note = Some(error.to_string());
            return Vec::new();
        }
        self.restart_or_reset()
    }

    /// What a change of the course means for what runs or is shown.
    fn restart_or_reset(&mut self) -> Vec<Cmd> {
        if self.is_running() {
            return self.start();
        }
        self.phase = RacePhase::Ready;
        Vec::new()
    }

    fn choose_lanes(&mut self, code: KeyCode, cursor: usize) -> Vec<Cmd> {
        let last = settings::all_lanes().len() - 1;
        match code {
            KeyCode::Up | KeyCode::Char('k') => {
                self.show_overlay(RaceOverlay::Lanes(cursor.saturating_sub(1)))
            }
            KeyCode::Down | KeyCode::Char('j') => {
                self.show_overlay(RaceOverlay::Lanes((cursor + 1).min(last)))
            }
            KeyCode::Char(' ') => {
                if settings::toggle_lane(&mut self.config, settings::all_lanes()[cursor]) {
                    self.restart_or_reset()
                } else {
                    Vec::new()
                }
            }
            _ => self.show_overlay(RaceOverlay::None),
        }
    }

    fn stall(&mut self) -> Vec<Cmd> {
        let Some(control) = self.control.clone().filter(|_| self.is_running()) else {
            self.note = Some("s lets the server stand still while a race runs".to_owned());
            return Vec::new();
        };
        let note = match self.config.rate {
            Some(_) => "the server stands still for 500 ms",
            None => "the server stands still for 500 ms; at a fixed rate (o) you see who had to wait",
        };
        self.note = Some(note.to_owned());
        vec![Cmd::Stall(control, STALL_DURATION)]
    }

    fn export(&mut self) -> Vec<Cmd> {
        if let RacePhase::Over(outcome) = &self.phase {
            return vec![Cmd::Export(outcome.clone())];
        }
        self.note = Some("there is nothing to export before a race is over".to_owned());
        Vec::new()
    }

    fn apply_event(&mut self, event: RaceEvent) -> Vec<Cmd> {
        self.phase = match event {
            RaceEvent::Progress(progress) => RacePhase::Running(progress),
            RaceEvent::Finished(outcome) => RacePhase::Over(outcome),
        };
        Vec::new()
    }

    /// The lanes as they are measured, or blank ones before the first report.
    fn lane_stats(&self) -> Cow<'_, [LaneStats]> {
        let measured = match &self.phase {
            RacePhase::Running(progress) | RacePhase::Stopped(progress) => &progress.lanes[..],
            RacePhase::Over(outcome) => &outcome.lanes,
            RacePhase::Ready => &[],
        };
        if measured.is_empty() {
            let blank = |&lane| LaneStats { lane, ..LaneStats::default() };
            return self.config.lanes.iter().map(blank).collect();
        }
        measured.into()
    }

    fn ratios(&self) -> &[LaneRatio] {
        match &self.phase {
            RacePhase::Running(progress) | RacePhase::Stopped(progress) => &progress.ratios,
            RacePhase::Over(outcome) => &outcome.ratios,
            RacePhase::Ready => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deck::{Fence, Setting, SettingValue};
    use crate::race::{Lane, LaneKind};
    use crate::stage::settings;

    fn open(payload: i64) -> Race {
        let setting = Setting {
            key: "payload".into(),
            value: SettingValue::Number(payload),
            position: crate::deck::Position::default(),
        };
        let fence = Fence { name: "race".into(), settings: vec![setting], ..Fence::default() };
        let (race, commands) = Race::open(&settings(&fence, Race::SETTINGS).unwrap()).unwrap();
        assert_eq!(commands, [], "a race never starts by being looked at");
        race
    }

    fn press(race: &mut Race, code: KeyCode) -> Vec<Cmd> {
        race.update(DemoEvent::Key(code.into()))
    }

    fn runs(race: &Race) -> Vec<Cmd> {
        vec![Cmd::Run(Box::new(race.config.clone()))]
    }

    fn live() -> RaceProgress {
        RaceProgress { round: 1, lanes: vec![LaneStats::default()], ..RaceProgress::default() }
    }

    #[test]
    fn enter_starts_and_stops() {
        let mut race = open(64);
        assert_eq!(press(&mut race, KeyCode::Enter), runs(&race));
        assert_eq!(race.config.payload, 64);
        race.update(DemoEvent::Msg(Msg::Event(RaceEvent::Progress(live()))));
        assert_eq!(press(&mut race, KeyCode::Char(' ')), [Cmd::Stop]);
        assert_eq!(race.phase, RacePhase::Stopped(live()));
        assert_eq!(press(&mut race, KeyCode::Enter), runs(&race));
    }

    #[test]
    fn a_dial_that_is_turned_while_it_runs_begins_anew() {
        let mut race = open(64);
        press(&mut race, KeyCode::Enter);
        race.update(DemoEvent::Msg(Msg::Event(RaceEvent::Progress(live()))));
        assert_eq!(press(&mut race, KeyCode::Char('2')), runs(&race));
        assert_eq!(race.config.payload, 1024);
        assert_eq!(
            race.phase,
            RacePhase::Running(RaceProgress::default()),
            "what was measured before is no pair of it"
        );
        assert_eq!(press(&mut race, KeyCode::Char('0')), [Cmd::Stop]);
        assert_eq!(press(&mut race, KeyCode::Char('3')), []);
        assert_eq!((race.config.payload, &race.phase), (64 * 1024, &RacePhase::Ready));
    }

    #[test]
    fn a_lane_is_switched_on_and_off_but_the_last_one_stays() {
        let mut race = open(32);
        press(&mut race, KeyCode::Char('l'));
        assert!(race.wants_escape());
        for _ in settings::all_lanes() {
            let RaceOverlay::Lanes(cursor) = race.overlay else { panic!("the choice is open") };
            if race.config.lanes.contains(&settings::all_lanes()[cursor]) {
                press(&mut race, KeyCode::Char(' '));
            }
            press(&mut race, KeyCode::Down);
        }
        assert_eq!(race.config.lanes, [Lane::plain(LaneKind::Ws)]);
        press(&mut race, KeyCode::Esc);
        assert!(!race.wants_escape());
    }

    #[test]
    fn a_stall_is_for_the_race_that_runs() {
        let mut race = open(32);
        assert_eq!(press(&mut race, KeyCode::Char('s')), []);
        press(&mut race, KeyCode::Enter);
        let control = RaceControlSender(mpsc::channel(1).0);
        race.update(DemoEvent::Msg(Msg::Running(control.clone())));
        assert_eq!(press(&mut race, KeyCode::Char('s')), [Cmd::Stall(control, STALL_DURATION)]);
    }

    #[test]
    fn bets_are_placed_before_the_start() {
        let mut race = open(32);
        press(&mut race, KeyCode::Right);
        let placed = race.bet;
        press(&mut race, KeyCode::Enter);
        press(&mut race, KeyCode::Right);
        assert_eq!(race.bet, placed);
        assert!(race.note.is_some());
    }
}
