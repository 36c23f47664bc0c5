//! The race on a slide: REST beside WebSocket on the bundled servers.
//!
//! The measuring is `wiretalk::race`'s; here is what its keys do and what it looks like.

mod view;

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::race::{self, Counters, Course, Live, Outcome, Report};
use crate::stage::{Complaint, Demo, Doc, Event, Hint, House, Look, Settings, Stage, Takes};

/// The payloads that the keys 1, 2 and 3 choose, in bytes.
const PAYLOADS: [usize; 3] = [32, 1024, 64 * 1024];

/// The demo's state.
pub struct Race {
    payload: usize,
    rounds: usize,
    /// Counts the runs, so that a late report of a stopped one is known as such.
    run: u64,
    phase: Phase,
    help: bool,
}

/// How far the race is.
#[derive(Clone, Debug, PartialEq)]
enum Phase {
    Ready,
    /// Running; `None` until the first report.
    Running(Option<Live>),
    /// Stopped by the reader.
    Stopped(Option<Live>),
    Over(Outcome),
    /// It could not start: why, in words.
    Failed(String),
}

/// What the race asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cmd {
    /// Race; what ran before ends.
    Run {
        /// The number of this run.
        run: u64,
        /// Bytes there and back.
        payload: usize,
        /// The number of rounds.
        rounds: usize,
    },
    /// End the run, and with it all load, at once.
    Stop,
}

/// What comes back, with the number of its run.
#[derive(Clone, Debug, PartialEq)]
pub enum Msg {
    /// The race reports.
    Report(u64, Report),
    /// There is nothing to race on.
    Failed(u64, String),
}

impl Demo for Race {
    const NAME: &'static str = "race";
    const ABOUT: &'static str = "REST beside WebSocket on the bundled servers, measured live on this machine";
    const SETTINGS: &'static [Doc] = &[
        Doc { name: "payload", takes: Takes::Number(0..=1024 * 1024, 32), about: "bytes there and back" },
        Doc { name: "rounds", takes: Takes::Number(1..=200, 15), about: "slices of each lane, 150 ms each" },
    ];
    const KEYS: &'static [Hint] = &[
        Hint { keys: "Enter Space", about: "start; again: stop" },
        Hint { keys: "1 2 3", about: "payload of 32 B, 1 KiB, 64 KiB" },
        Hint { keys: "?", about: "the rules of the race" },
    ];
    const ROWS: u16 = 12;
    type Msg = Msg;
    type Cmd = Cmd;

    fn open(settings: &Settings) -> Result<(Self, Vec<Cmd>), Complaint> {
        let payload = settings.number("payload") as usize;
        let rounds = settings.number("rounds") as usize;
        Ok((Self { payload, rounds, run: 0, phase: Phase::Ready, help: false }, Vec::new()))
    }

    fn update(&mut self, event: Event<Msg>) -> Vec<Cmd> {
        match event {
            Event::Key(key) => self.key(key),
            Event::Msg(Msg::Report(run, report)) if run == self.run => self.report(report),
            Event::Msg(Msg::Failed(run, why)) if run == self.run => {
                self.phase = Phase::Failed(why);
                Vec::new()
            }
            Event::Msg(_) | Event::Paste(_) | Event::Click(..) | Event::Wheel(_) | Event::Tick(_) => {
                Vec::new()
            }
        }
    }

    fn view(&self, area: Rect, buffer: &mut Buffer, look: &Look) {
        view::draw(self, area, buffer, look);
    }

    fn perform(cmd: Cmd, stage: &Stage<Msg>) {
        match cmd {
            Cmd::Stop => stage.end("race"),
            Cmd::Run { run, payload, rounds } => {
                let scope = stage.begin("race");
                let (house, mail) = (stage.house().clone(), stage.mail());
                let failed = stage.mail();
                let started = scope.thread("race", move |_scope| async move {
                    match course(&house, payload, rounds).await {
                        Ok((course, counters)) => drive(run, course, counters, mail).await,
                        Err(why) => {
                            let _ = mail.send(Msg::Failed(run, why)).await;
                        }
                    }
                });
                if let Err(error) = started {
                    let _ = failed.try_send(Msg::Failed(run, format!("could not start a thread: {error}")));
                }
            }
        }
    }
}

impl Race {
    fn key(&mut self, key: KeyEvent) -> Vec<Cmd> {
        if self.help {
            self.help = false;
            return Vec::new();
        }
        match key.code {
            KeyCode::Enter | KeyCode::Char(' ') => self.start_or_stop(),
            KeyCode::Char('?') => {
                self.help = true;
                Vec::new()
            }
            KeyCode::Char(digit @ '1'..='3') => {
                self.payload = PAYLOADS[digit as usize - '1' as usize];
                let running = matches!(self.phase, Phase::Running(_));
                self.phase = Phase::Ready;
                if running { vec![Cmd::Stop] } else { Vec::new() }
            }
            _ => Vec::new(),
        }
    }

    fn start_or_stop(&mut self) -> Vec<Cmd> {
        // a report of the run before must not count for this one
        self.run += 1;
        if let Phase::Running(live) = &mut self.phase {
            self.phase = Phase::Stopped(live.take());
            return vec![Cmd::Stop];
        }
        self.phase = Phase::Running(None);
        vec![Cmd::Run { run: self.run, payload: self.payload, rounds: self.rounds }]
    }

    fn report(&mut self, report: Report) -> Vec<Cmd> {
        match report {
            Report::Live(live) => self.phase = Phase::Running(Some(live)),
            Report::End(outcome) => self.phase = Phase::Over(outcome),
        }
        Vec::new()
    }
}

/// The course on the bundled servers, as soon as they are up.
async fn course(house: &House, payload: usize, rounds: usize) -> Result<(Course, Counters), String> {
    let addresses = house.addresses().await?;
    let servers = house.servers.as_ref().ok_or("the bundled servers were not started")?;
    let course = Course { payload, rounds, ..Course::between(addresses.http, addresses.websocket) };
    let counters = Counters { http: servers.http.traffic(), websocket: servers.websocket.traffic() };
    Ok((course, counters))
}

/// Runs the race and hands its reports on with the number of the run.
async fn drive(run: u64, course: Course, counters: Counters, mail: tokio::sync::mpsc::Sender<Msg>) {
    let (reports, mut inbox) = tokio::sync::mpsc::channel(8);
    let forward = async {
        while let Some(report) = inbox.recv().await {
            let last = matches!(report, Report::End(_));
            let sent = if last {
                mail.send(Msg::Report(run, report)).await.is_ok()
            } else {
                // the screen may be slow; the race is not
                let _ = mail.try_send(Msg::Report(run, report));
                true
            };
            if last || !sent {
                return;
            }
        }
    };
    tokio::join!(race::run(course, Some(counters), reports), forward);
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::deck::{Fence, Setting, Value};
    use crate::measure::Summary;
    use crate::race::{Figures, Lane};
    use crate::stage::settings;

    fn open(payload: i64) -> Race {
        let setting = Setting {
            key: "payload".into(),
            value: Value::Number(payload),
            at: crate::deck::Place::default(),
        };
        let fence = Fence { name: "race".into(), settings: vec![setting], ..Fence::default() };
        let (race, commands) = Race::open(&settings(&fence, Race::SETTINGS).unwrap()).unwrap();
        assert_eq!(commands, [], "a race never starts by being looked at");
        race
    }

    fn press(race: &mut Race, code: KeyCode) -> Vec<Cmd> {
        race.update(Event::Key(code.into()))
    }

    fn live() -> Live {
        let times = Summary { count: 10, p50: Duration::from_micros(90), ..Summary::default() };
        let figures = |lane| Figures { lane, times, busy: Duration::from_millis(1), bytes: None };
        Live { round: 1, running: None, lanes: Lane::ALL.map(figures).to_vec(), ratio: None }
    }

    #[test]
    fn enter_starts_and_stops() {
        let mut race = open(64);
        assert_eq!(press(&mut race, KeyCode::Enter), [Cmd::Run { run: 1, payload: 64, rounds: 15 }]);
        race.update(Event::Msg(Msg::Report(1, Report::Live(live()))));
        assert_eq!(press(&mut race, KeyCode::Char(' ')), [Cmd::Stop]);
        assert_eq!(race.phase, Phase::Stopped(Some(live())));
        race.update(Event::Msg(Msg::Report(1, Report::Live(live()))));
        assert!(matches!(race.phase, Phase::Stopped(_)), "a late report changes nothing");
        assert_eq!(press(&mut race, KeyCode::Enter), [Cmd::Run { run: 3, payload: 64, rounds: 15 }]);
    }

    #[test]
    fn another_payload_ends_the_run() {
        let mut race = open(64);
        press(&mut race, KeyCode::Enter);
        assert_eq!(press(&mut race, KeyCode::Char('2')), [Cmd::Stop]);
        assert_eq!((race.payload, &race.phase), (1024, &Phase::Ready));
        assert_eq!(press(&mut race, KeyCode::Char('3')), []);
    }

    #[test]
    fn what_cannot_run_is_told() {
        let mut race = open(64);
        press(&mut race, KeyCode::Enter);
        race.update(Event::Msg(Msg::Failed(1, "no servers".into())));
        assert_eq!(race.phase, Phase::Failed("no servers".into()));
    }
}
