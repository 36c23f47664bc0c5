//! The race on a slide: lanes beside each other, the ratio in big digits, and where the time goes.
//!
//! The measuring is `wiretalk::race`'s; here is what its keys do. What they turn stands in `dials`, what it looks like in
//! `view` and the files beside it.

mod bet;
mod cards;
mod dials;
mod export;
mod lanes;
mod rules;
mod spread;
mod steps;
mod verdict;
mod view;

use std::borrow::Cow;
use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use tokio::sync::mpsc;

use crate::race::{self, RaceConfig, LaneStats, LaneRatio, RaceProgress, RaceOutcome, WorkerProgram, RaceEvent, RaceControl};
use crate::scope::Scope;
use crate::stage::{Complaint, Demo, Doc, Event, Hint, Look, Settings, Stage};
use bet::Bet;

/// How long `s` lets the server stand still.
const STALL: Duration = Duration::from_millis(500);

/// The demo's state.
pub struct Race {
    course: RaceConfig,
    /// Counts the runs, so that a late report of a stopped one is known as such.
    run: u64,
    phase: Phase,
    page: Page,
    bet: Bet,
    wishes: Option<Wishes>,
    /// What came of the last key that does something outside.
    note: Option<String>,
    /// This is a debug build, whose times are longer than they need be; the picture says so.
    debug: bool,
}

/// How far the race is.
#[derive(Clone, Debug, PartialEq)]
enum Phase {
    Ready,
    /// Running; nothing is measured before the first report.
    Running(RaceProgress),
    /// Stopped by the reader.
    Stopped(RaceProgress),
    Over(Box<RaceOutcome>),
}

/// What lies over the race.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Page {
    None,
    /// The rules and keys, from this row on.
    Rules(u16),
    /// The choice of lanes, with its cursor.
    Lanes(usize),
}

/// Where a running race takes wishes.
#[derive(Clone, Debug)]
pub struct Wishes(mpsc::Sender<RaceControl>);

impl PartialEq for Wishes {
    fn eq(&self, other: &Self) -> bool {
        self.0.same_channel(&other.0)
    }
}

/// What the race asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Cmd {
    /// Race; what ran before ends.
    Run {
        /// The number of this run.
        run: u64,
        /// What to run.
        course: Box<RaceConfig>,
    },
    /// End the run, and with it all load, at once.
    Stop,
    /// Let the server of the lane that runs stand still.
    Stall(Wishes, Duration),
    /// Write the outcome beside the talk.
    Export(Box<RaceOutcome>),
}

/// What comes back, with the number of its run.
#[derive(Clone, Debug, PartialEq)]
pub enum Msg {
    /// It runs, and takes wishes.
    Running(u64, Wishes),
    /// The race reports.
    Report(u64, RaceEvent),
    /// What came of something else, an export say, in words.
    Told(String),
}

impl Demo for Race {
    const NAME: &'static str = "race";
    const ABOUT: &'static str =
        "HTTP, WebSocket and their like beside each other, measured live on this machine";
    const SETTINGS: &'static [Doc] = dials::SETTINGS;
    const KEYS: &'static [Hint] = dials::KEYS;
    const ROWS: u16 = 15;
    type Msg = Msg;
    type Cmd = Cmd;

    fn open(settings: &Settings) -> Result<(Self, Vec<Cmd>), Complaint> {
        let debug = cfg!(debug_assertions);
        Ok((Self { debug, ..Self::of(dials::course(settings)?) }, Vec::new()))
    }

    fn update(&mut self, event: Event<Msg>) -> Vec<Cmd> {
        match event {
            Event::Key(key) => self.key(key),
            Event::Msg(Msg::Running(run, wishes)) if run == self.run => {
                self.wishes = Some(wishes);
                Vec::new()
            }
            Event::Msg(Msg::Report(run, report)) if run == self.run => self.report(report),
            Event::Msg(Msg::Told(told)) => {
                self.note = Some(told);
                Vec::new()
            }
            Event::Msg(_) | Event::Paste(_) | Event::Click(..) | Event::Wheel(_) | Event::Tick(_) => {
                Vec::new()
            }
        }
    }

    fn wants_escape(&self) -> bool {
        self.page != Page::None
    }

    fn view(&self, area: Rect, buffer: &mut Buffer, look: &Look) {
        view::draw(self, area, buffer, look);
    }

    fn perform(cmd: Cmd, stage: &Stage<Msg>) {
        match cmd {
            Cmd::Stop => stage.end("race"),
            Cmd::Stall(Wishes(wishes), time) => {
                // one wish at a time is enough
                let _ = wishes.try_send(RaceControl::Stall(time));
            }
            Cmd::Export(outcome) => {
                let mail = stage.mail();
                let _ = mail.try_send(Msg::Told(export::write(&outcome)));
            }
            Cmd::Run { run, course } => {
                let (scope, mail) = (stage.begin("race"), stage.mail());
                let program = stage.house().program.clone();
                let failed = stage.mail();
                let started = scope.spawn_thread("race", move |scope| async move {
                    let (wishes, wished) = mpsc::channel(1);
                    if mail.send(Msg::Running(run, Wishes(wishes))).await.is_ok() {
                        drive(&scope, &program, *course, wished, mail, |report| Msg::Report(run, report))
                            .await;
                    }
                });
                if let Err(error) = started {
                    let _ = failed.try_send(Msg::Told(format!("could not start a thread: {error}")));
                }
            }
        }
    }
}

impl Race {
    fn of(course: RaceConfig) -> Self {
        Self {
            course,
            run: 0,
            phase: Phase::Ready,
            page: Page::None,
            bet: Bet::default(),
            wishes: None,
            note: None,
            debug: false,
        }
    }

    fn key(&mut self, key: KeyEvent) -> Vec<Cmd> {
        self.note = None;
        match (self.page, key.code) {
            (Page::Rules(from), KeyCode::Down) => self.turn(Page::Rules((from + 1).min(40))),
            (Page::Rules(from), KeyCode::Up) => self.turn(Page::Rules(from.saturating_sub(1))),
            (Page::Rules(_), _) => self.turn(Page::None),
            (Page::Lanes(cursor), code) => self.choose(code, cursor),
            (_, KeyCode::Enter | KeyCode::Char(' ')) => self.start_or_stop(),
            (_, KeyCode::Char('?')) => self.turn(Page::Rules(0)),
            (_, KeyCode::Char('l')) => self.turn(Page::Lanes(0)),
            (_, code @ (KeyCode::Left | KeyCode::Right)) => self.place_bet(code == KeyCode::Right),
            (_, KeyCode::Char('s')) => self.stall(),
            (_, KeyCode::Char('e')) => self.export(),
            (_, code) => self.dial(code),
        }
    }

    fn turn(&mut self, page: Page) -> Vec<Cmd> {
        self.page = page;
        Vec::new()
    }

    fn is_running(&self) -> bool {
        matches!(self.phase, Phase::Running(_))
    }

    fn start_or_stop(&mut self) -> Vec<Cmd> {
        if let Phase::Running(live) = &mut self.phase {
            // a report of this run must not count for the next one
            self.run += 1;
            self.phase = Phase::Stopped(std::mem::take(live));
            return vec![Cmd::Stop];
        }
        self.start()
    }

    fn start(&mut self) -> Vec<Cmd> {
        self.run += 1;
        self.wishes = None;
        self.phase = Phase::Running(RaceProgress::default());
        vec![Cmd::Run { run: self.run, course: Box::new(self.course.clone()) }]
    }

    fn place_bet(&mut self, more: bool) -> Vec<Cmd> {
        if self.phase == Phase::Ready {
            self.bet.turn(more);
        } else {
            self.note = Some("bets are placed before the start; 0 clears the table".to_owned());
        }
        Vec::new()
    }

    /// Turns a dial. A race that runs begins anew under the new conditions: rounds of different ones are no pairs.
    fn dial(&mut self, code: KeyCode) -> Vec<Cmd> {
        if code == KeyCode::Char('0') {
            let stop = self.is_running();
            self.run += 1;
            (self.phase, self.bet) = (Phase::Ready, Bet::default());
            return if stop { vec![Cmd::Stop] } else { Vec::new() };
        }
        let before = self.course.clone();
        if !dials::turn(&mut self.course, code) {
            return Vec::new();
        }
        if let Err(why) = self.course.validate() {
            self.course = before;
            self.note = Some(why.to_string());
            return Vec::new();
        }
        self.changed()
    }

    /// What a change of the course means for what runs or is shown.
    fn changed(&mut self) -> Vec<Cmd> {
        if self.is_running() {
            return self.start();
        }
        self.run += 1;
        self.phase = Phase::Ready;
        Vec::new()
    }

    fn choose(&mut self, code: KeyCode, cursor: usize) -> Vec<Cmd> {
        let last = dials::all_lanes().len() - 1;
        match code {
            KeyCode::Up | KeyCode::Char('k') => self.turn(Page::Lanes(cursor.saturating_sub(1))),
            KeyCode::Down | KeyCode::Char('j') => self.turn(Page::Lanes((cursor + 1).min(last))),
            KeyCode::Char(' ') => {
                if dials::switch(&mut self.course, dials::all_lanes()[cursor]) {
                    self.changed()
                } else {
                    Vec::new()
                }
            }
            _ => self.turn(Page::None),
        }
    }

    fn stall(&mut self) -> Vec<Cmd> {
        let Some(wishes) = self.wishes.clone().filter(|_| self.is_running()) else {
            self.note = Some("s lets the server stand still while a race runs".to_owned());
            return Vec::new();
        };
        let told = match self.course.rate {
            Some(_) => "the server stands still for 500 ms",
            None => "the server stands still for 500 ms; at a fixed rate (o) you see who had to wait",
        };
        self.note = Some(told.to_owned());
        vec![Cmd::Stall(wishes, STALL)]
    }

    fn export(&mut self) -> Vec<Cmd> {
        if let Phase::Over(outcome) = &self.phase {
            return vec![Cmd::Export(outcome.clone())];
        }
        self.note = Some("there is nothing to export before a race is over".to_owned());
        Vec::new()
    }

    fn report(&mut self, report: RaceEvent) -> Vec<Cmd> {
        self.phase = match report {
            RaceEvent::Progress(live) => Phase::Running(live),
            RaceEvent::Finished(outcome) => Phase::Over(outcome),
        };
        Vec::new()
    }

    /// The lanes as they are measured, or blank ones before the first report.
    fn figures(&self) -> Cow<'_, [LaneStats]> {
        let measured = match &self.phase {
            Phase::Running(live) | Phase::Stopped(live) => &live.lanes[..],
            Phase::Over(outcome) => &outcome.lanes,
            Phase::Ready => &[],
        };
        if measured.is_empty() {
            let blank = |&lane| LaneStats { lane, ..LaneStats::default() };
            return self.course.lanes.iter().map(blank).collect();
        }
        measured.into()
    }

    fn ratios(&self) -> &[LaneRatio] {
        match &self.phase {
            Phase::Running(live) | Phase::Stopped(live) => &live.ratios,
            Phase::Over(outcome) => &outcome.ratios,
            Phase::Ready => &[],
        }
    }
}

/// Runs a race and hands its reports on, each as `message` wraps it: for this demo and for the grid.
pub(in crate::demos) async fn drive<M>(
    scope: &Scope,
    program: &WorkerProgram,
    course: RaceConfig,
    wished: mpsc::Receiver<RaceControl>,
    mail: mpsc::Sender<M>,
    message: impl Fn(RaceEvent) -> M,
) {
    let (reports, mut inbox) = mpsc::channel(8);
    let forward = async {
        while let Some(report) = inbox.recv().await {
            if matches!(report, RaceEvent::Finished(_)) {
                // the slide is gone only if nobody wants the outcome
                let _ = mail.send(message(report)).await;
                return;
            }
            // the screen may be slow; the race is not
            let _ = mail.try_send(message(report));
        }
    };
    tokio::join!(race::run(scope, program, course, reports, wished), forward);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deck::{Fence, Setting, SettingValue};
    use crate::race::{LaneKind, Lane};
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
        race.update(Event::Key(code.into()))
    }

    fn runs(race: &Race, run: u64) -> Vec<Cmd> {
        vec![Cmd::Run { run, course: Box::new(race.course.clone()) }]
    }

    fn live() -> RaceProgress {
        RaceProgress { round: 1, lanes: vec![LaneStats::default()], ..RaceProgress::default() }
    }

    #[test]
    fn enter_starts_and_stops() {
        let mut race = open(64);
        assert_eq!(press(&mut race, KeyCode::Enter), runs(&race, 1));
        assert_eq!(race.course.payload, 64);
        race.update(Event::Msg(Msg::Report(1, RaceEvent::Progress(live()))));
        assert_eq!(press(&mut race, KeyCode::Char(' ')), [Cmd::Stop]);
        assert_eq!(race.phase, Phase::Stopped(live()));
        race.update(Event::Msg(Msg::Report(1, RaceEvent::Progress(live()))));
        assert!(matches!(race.phase, Phase::Stopped(_)), "a late report changes nothing");
        assert_eq!(press(&mut race, KeyCode::Enter), runs(&race, 3));
    }

    #[test]
    fn a_dial_that_is_turned_while_it_runs_begins_anew() {
        let mut race = open(64);
        press(&mut race, KeyCode::Enter);
        assert_eq!(press(&mut race, KeyCode::Char('2')), runs(&race, 2));
        assert_eq!(race.course.payload, 1024);
        race.update(Event::Msg(Msg::Report(1, RaceEvent::Progress(live()))));
        assert_eq!(race.phase, Phase::Running(RaceProgress::default()), "what was measured before is no pair of it");
        assert_eq!(press(&mut race, KeyCode::Char('0')), [Cmd::Stop]);
        assert_eq!(press(&mut race, KeyCode::Char('3')), []);
        assert_eq!((race.course.payload, &race.phase), (64 * 1024, &Phase::Ready));
    }

    #[test]
    fn a_lane_is_switched_on_and_off_but_the_last_one_stays() {
        let mut race = open(32);
        press(&mut race, KeyCode::Char('l'));
        assert!(race.wants_escape());
        for _ in dials::all_lanes() {
            let Page::Lanes(cursor) = race.page else { panic!("the choice is open") };
            if race.course.lanes.contains(&dials::all_lanes()[cursor]) {
                press(&mut race, KeyCode::Char(' '));
            }
            press(&mut race, KeyCode::Down);
        }
        assert_eq!(race.course.lanes, [Lane::plain(LaneKind::Ws)]);
        press(&mut race, KeyCode::Esc);
        assert!(!race.wants_escape());
    }

    #[test]
    fn a_stall_is_for_the_race_that_runs() {
        let mut race = open(32);
        assert_eq!(press(&mut race, KeyCode::Char('s')), []);
        press(&mut race, KeyCode::Enter);
        let wishes = Wishes(mpsc::channel(1).0);
        race.update(Event::Msg(Msg::Running(1, wishes.clone())));
        assert_eq!(press(&mut race, KeyCode::Char('s')), [Cmd::Stall(wishes, STALL)]);
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
