//! The feed on a slide: one price, polled and pushed, and how old it is on each screen.
//!
//! The measuring is `wiretalk::feed`'s; here is what its keys do and what it looks like.

mod lanes;
mod panes;
mod spread;
mod table;
mod view;
mod words;

use std::sync::Arc;
use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use tokio::sync::{mpsc, watch};

use crate::feed::{self, FeedConfig, FeedSnapshot, FeedEvent, Transport};
use crate::scope::Scope;
use crate::stage::{Complaint, Demo, Doc, Event, Hint, Look, Settings, Stage, Takes};

/// The pauses that `+` and `-` choose from, in ms.
const PAUSES: [u64; 8] = [50, 100, 250, 500, 1_000, 2_000, 5_000, 10_000];
/// The round trips that `d` goes through, in ms.
const ROUND_TRIPS: [u64; 6] = [0, 1, 10, 50, 100, 250];
/// The gaps that `g` goes through, in ms.
const GAPS: [u64; 5] = [100, 300, 700, 1_500, 4_000];

/// The demo's state.
pub struct Feed {
    course: FeedConfig,
    /// Counts the runs, so that a late report of a stopped one is known as such.
    run: u64,
    phase: Phase,
    /// Whether anything happens; `k` changes it.
    flowing: bool,
    switch: Option<Switch>,
    /// What the room has bet on: an index into [`words::BETS`].
    bet: Option<usize>,
    help: bool,
}

/// How far the comparison is.
#[derive(Clone, Debug, PartialEq)]
enum Phase {
    Ready,
    /// Running; `None` until the first report.
    Running(Option<Box<FeedSnapshot>>),
    /// At its end, or stopped by the reader.
    Over(Box<FeedSnapshot>),
    /// It could not start: why, in words.
    Failed(String),
}

/// The way to a running feed: a handle, so that what is asked stays plain data.
#[derive(Clone, Debug)]
pub struct Switch(Arc<watch::Sender<bool>>);

impl PartialEq for Switch {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// What the feed asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Cmd {
    /// Compare; what ran before ends. The number is that of the run.
    Run(u64, FeedConfig),
    /// End the run, and with it all load, at once.
    Stop,
    /// Let things happen, or not.
    Flow(Switch, bool),
}

/// What comes back, with the number of its run.
#[derive(Clone, Debug, PartialEq)]
pub enum Msg {
    /// It has begun, and can be silenced.
    Begun(u64, Switch),
    /// The feed reports.
    Report(u64, FeedEvent),
}

impl Demo for Feed {
    const NAME: &'static str = "feed";
    const ABOUT: &'static str =
        "one price, polled and pushed: how old the news is, and what it costs to hear it";
    const SETTINGS: &'static [Doc] = &[
        Doc {
            name: "gap",
            takes: Takes::Number(20..=60_000, 700),
            about: "ms from one event to the next, about",
        },
        Doc {
            name: "poll",
            takes: Takes::Number(10..=60_000, 1_000),
            about: "ms from an answer to the next question",
        },
        Doc { name: "rtt", takes: Takes::Number(0..=2_000, 50), about: "ms there and back, modelled" },
        Doc { name: "seconds", takes: Takes::Number(1..=600, 30), about: "how long it runs" },
        Doc {
            name: "ways",
            takes: Takes::Text("ws, sse, long, poll"),
            about: "what is compared, in this order: ws, sse, long, poll",
        },
    ];
    const KEYS: &'static [Hint] = &[
        Hint { keys: "Enter Space", about: "start; again: stop" },
        Hint { keys: "1 2 3 4", about: "the bet, before the start" },
        Hint { keys: "+ -", about: "a longer, a shorter pause between polls" },
        Hint { keys: "d", about: "the distance: 0, 1, 10, 50, 100, 250 ms there and back" },
        Hint { keys: "g", about: "the gap between events" },
        Hint { keys: "k", about: "silence: nothing happens any more; again: it goes on" },
        Hint { keys: "r", about: "back to the bet" },
        Hint { keys: "?", about: "the rules" },
    ];
    const ROWS: u16 = 16;
    type Msg = Msg;
    type Cmd = Cmd;

    fn open(settings: &Settings) -> Result<(Self, Vec<Cmd>), Complaint> {
        let ms = |name| Duration::from_millis(settings.number(name) as u64);
        let course = FeedConfig {
            transports: ways(settings.text("ways")).map_err(|told| settings.complain("ways", told))?,
            mean_gap: ms("gap"),
            poll_interval: ms("poll"),
            rtt: ms("rtt"),
            duration: Duration::from_secs(settings.number("seconds") as u64),
            ..FeedConfig::default()
        };
        let phase = Phase::Ready;
        Ok((Self { course, run: 0, phase, flowing: true, switch: None, bet: None, help: false }, Vec::new()))
    }

    fn update(&mut self, event: Event<Msg>) -> Vec<Cmd> {
        match event {
            Event::Key(key) => return self.key(key),
            Event::Msg(Msg::Begun(run, switch)) if run == self.run => self.switch = Some(switch),
            Event::Msg(Msg::Report(run, report)) if run == self.run => self.report(report),
            Event::Msg(_) | Event::Paste(_) | Event::Click(..) | Event::Wheel(_) | Event::Tick(_) => {}
        }
        Vec::new()
    }

    fn view(&self, area: Rect, buffer: &mut Buffer, look: &Look) {
        view::draw(self, area, buffer, look);
    }

    fn perform(cmd: Cmd, stage: &Stage<Msg>) {
        match cmd {
            Cmd::Stop => stage.end("feed"),
            // it fails only where the feed has ended already
            Cmd::Flow(switch, flowing) => drop(switch.0.send(flowing)),
            Cmd::Run(run, course) => {
                let (scope, mail) = (stage.begin("feed"), stage.mail());
                let failed = stage.mail();
                let started = scope.spawn_thread("feed", move |scope| drive(run, course, scope, mail));
                if let Err(error) = started {
                    let told = format!("could not start a thread: {error}");
                    let _ = failed.try_send(Msg::Report(run, FeedEvent::Finished(Err(told))));
                }
            }
        }
    }
}

/// The ways that a setting names.
fn ways(names: &str) -> Result<Vec<Transport>, String> {
    let mut ways = Vec::new();
    for name in names.split(',').map(str::trim) {
        let known = Transport::ALL.map(Transport::name).join(", ");
        let way =
            Transport::from_name(name).ok_or_else(|| format!("there is no way `{name}`; there are: {known}"))?;
        if ways.contains(&way) {
            return Err(format!("`{name}` is named twice; once is enough"));
        }
        ways.push(way);
    }
    Ok(ways)
}

impl Feed {
    fn key(&mut self, key: KeyEvent) -> Vec<Cmd> {
        if self.help {
            self.help = false;
            return Vec::new();
        }
        match key.code {
            KeyCode::Enter | KeyCode::Char(' ') => return self.start_or_stop(),
            KeyCode::Char('?') => self.help = true,
            KeyCode::Char('k') => return self.silence(),
            KeyCode::Char('r') => return self.reset(),
            KeyCode::Char('+' | '=') => {
                return self.pause(PAUSES.into_iter().find(|ms| *ms > self.pause_ms()));
            }
            KeyCode::Char('-') => {
                return self.pause(PAUSES.into_iter().rev().find(|ms| *ms < self.pause_ms()));
            }
            KeyCode::Char('d') => {
                self.course.rtt = after(&ROUND_TRIPS, self.course.rtt);
                return self.anew();
            }
            KeyCode::Char('g') => {
                self.course.mean_gap = after(&GAPS, self.course.mean_gap);
                return self.anew();
            }
            KeyCode::Char(digit @ '1'..='4')
                if self.phase == Phase::Ready && words::can_bet(&self.course) =>
            {
                self.bet = Some(digit as usize - '1' as usize);
            }
            _ => {}
        }
        Vec::new()
    }

    fn start_or_stop(&mut self) -> Vec<Cmd> {
        let Phase::Running(live) = &mut self.phase else { return self.start() };
        // a report of the run before must not count any more
        self.run += 1;
        self.phase = live.take().map_or(Phase::Ready, Phase::Over);
        self.switch = None;
        vec![Cmd::Stop]
    }

    fn start(&mut self) -> Vec<Cmd> {
        self.run += 1;
        self.phase = Phase::Running(None);
        (self.flowing, self.switch) = (true, None);
        vec![Cmd::Run(self.run, self.course.clone())]
    }

    /// Other conditions: what was measured under the old ones does not count.
    fn anew(&mut self) -> Vec<Cmd> {
        if matches!(self.phase, Phase::Running(_)) {
            return self.start();
        }
        self.phase = Phase::Ready;
        Vec::new()
    }

    fn reset(&mut self) -> Vec<Cmd> {
        let running = matches!(self.phase, Phase::Running(_));
        self.run += 1;
        self.phase = Phase::Ready;
        (self.bet, self.switch) = (None, None);
        if running { vec![Cmd::Stop] } else { Vec::new() }
    }

    fn pause_ms(&self) -> u64 {
        self.course.poll_interval.as_millis() as u64
    }

    fn pause(&mut self, ms: Option<u64>) -> Vec<Cmd> {
        let Some(ms) = ms else { return Vec::new() };
        self.course.poll_interval = Duration::from_millis(ms);
        self.anew()
    }

    fn silence(&mut self) -> Vec<Cmd> {
        let Some(switch) = &self.switch else { return Vec::new() };
        self.flowing = !self.flowing;
        vec![Cmd::Flow(switch.clone(), self.flowing)]
    }

    fn report(&mut self, report: FeedEvent) {
        match report {
            FeedEvent::Progress(live) => self.phase = Phase::Running(Some(live)),
            FeedEvent::Finished(Ok(live)) => self.phase = Phase::Over(live),
            FeedEvent::Finished(Err(why)) => self.phase = Phase::Failed(why),
        }
        if !matches!(self.phase, Phase::Running(_)) {
            self.switch = None;
        }
    }
}

/// The choice behind the one that is taken now; the first behind the last.
fn after(choices: &[u64], now: Duration) -> Duration {
    let next = choices.iter().find(|ms| u128::from(**ms) > now.as_millis());
    Duration::from_millis(*next.unwrap_or(&choices[0]))
}

/// Runs the feed and hands its reports on with the number of the run.
async fn drive(run: u64, course: FeedConfig, scope: Scope, mail: mpsc::Sender<Msg>) {
    let switch = Switch(Arc::new(watch::Sender::new(true)));
    let flowing = switch.0.subscribe();
    if mail.send(Msg::Begun(run, switch)).await.is_err() {
        return;
    }
    let (reports, mut inbox) = mpsc::channel(8);
    let forward = async {
        while let Some(report) = inbox.recv().await {
            if matches!(report, FeedEvent::Finished(_)) {
                // the reader is gone only if nobody wants it
                let _ = mail.send(Msg::Report(run, report)).await;
                return;
            }
            // the screen may be slow; the feed is not
            let _ = mail.try_send(Msg::Report(run, report));
        }
    };
    tokio::join!(feed::run(course, scope, flowing, reports), forward);
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::deck::{Fence, Setting, SettingValue};
    use crate::feed::{TimelineMark, AgeHistogram, TransportStats};
    use crate::measure::HistogramSummary;
    use crate::stage::settings;

    fn fence(given: &[(&str, SettingValue)]) -> Fence {
        let setting = |(key, value): &(&str, SettingValue)| Setting {
            key: (*key).to_owned(),
            value: value.clone(),
            position: crate::deck::Position::default(),
        };
        Fence { name: "feed".into(), settings: given.iter().map(setting).collect(), ..Fence::default() }
    }

    /// A demo on the ways that `ways` names.
    pub(in crate::demos::feed) fn open(ways: &str) -> Feed {
        let fence = fence(&[("ways", SettingValue::Text(ways.into()))]);
        let (feed, commands) = Feed::open(&settings(&fence, Feed::SETTINGS).unwrap()).unwrap();
        assert_eq!(commands, [], "a feed never starts by being looked at");
        feed
    }

    /// What an engine would report after 6 s: three events, and the last not yet heard by the poll.
    pub(in crate::demos::feed) fn live(ways: &[Transport]) -> FeedSnapshot {
        let ms = Duration::from_millis;
        let recent = vec![ms(1_000), ms(2_500), ms(5_000)];
        let standing = |way: &Transport| {
            let late = if *way == Transport::Poll { ms(540) } else { ms(25) };
            let mut spread = AgeHistogram::default();
            let heard = if *way == Transport::Poll { &recent[..2] } else { &recent[..] };
            for _ in heard {
                spread.record(late);
            }
            TransportStats {
                transport: *way,
                ages: HistogramSummary { count: 3, p99: late * 2, ..HistogramSummary::default() },
                mean: late,
                spread,
                price: Some(42.03),
                behind: if *way == Transport::Poll { ms(1_000) } else { ms(0) },
                max_behind: late * 2,
                requests: if way.is_push() { 1 } else { 6 },
                empty: 2,
                bytes: (400, 600),
                marks: heard.iter().map(|at| TimelineMark { at: *at + late, is_new: true }).collect(),
                failure: None,
            }
        };
        let standings = ways.iter().map(standing).collect();
        FeedSnapshot { elapsed: ms(6_000), events: 3, price: 42.07, recent: recent.clone(), transports: standings }
    }

    fn press(feed: &mut Feed, letter: char) -> Vec<Cmd> {
        feed.update(Event::Key(KeyCode::Char(letter).into()))
    }

    fn tell(feed: &mut Feed, message: Msg) {
        assert_eq!(feed.update(Event::Msg(message)), []);
    }

    fn switch() -> Switch {
        Switch(Arc::new(watch::Sender::new(true)))
    }

    #[test]
    fn enter_starts_and_stops_and_what_comes_late_does_not_count() {
        let mut feed = open("ws, poll");
        let course = FeedConfig { transports: vec![Transport::WebSocket, Transport::Poll], ..FeedConfig::default() };
        assert_eq!(press(&mut feed, ' '), [Cmd::Run(1, course.clone())]);
        let report = |run| Msg::Report(run, FeedEvent::Progress(Box::new(live(&[Transport::WebSocket, Transport::Poll]))));
        tell(&mut feed, report(1));
        assert_eq!(press(&mut feed, ' '), [Cmd::Stop]);
        assert!(matches!(feed.phase, Phase::Over(_)), "what was measured stays");
        tell(&mut feed, report(1));
        assert!(matches!(feed.phase, Phase::Over(_)));
        assert_eq!(press(&mut feed, ' '), [Cmd::Run(3, course)]);
        tell(&mut feed, Msg::Report(3, FeedEvent::Finished(Err("no sockets".into()))));
        assert_eq!(feed.phase, Phase::Failed("no sockets".into()));
        assert_eq!(feed.pace(), None, "nothing ticks, ever");
    }

    #[test]
    fn other_conditions_begin_anew() {
        let mut feed = open("ws, poll");
        assert_eq!(press(&mut feed, '+'), []);
        assert_eq!(feed.course.poll_interval, Duration::from_secs(2));
        press(&mut feed, ' ');
        let mut expect = feed.course.clone();
        expect.poll_interval = Duration::from_secs(1);
        assert_eq!(press(&mut feed, '-'), [Cmd::Run(2, expect.clone())]);
        expect.rtt = Duration::from_millis(100);
        assert_eq!(press(&mut feed, 'd'), [Cmd::Run(3, expect.clone())]);
        expect.mean_gap = Duration::from_millis(1_500);
        assert_eq!(press(&mut feed, 'g'), [Cmd::Run(4, expect)]);
        for _ in 0..20 {
            press(&mut feed, '-');
        }
        assert_eq!(feed.course.poll_interval, Duration::from_millis(50));
        let through: Vec<_> = (0..7)
            .map(|_| {
                after(&ROUND_TRIPS, {
                    press(&mut feed, 'd');
                    feed.course.rtt
                })
            })
            .collect();
        assert_eq!(through[0], through[6], "it goes round");
    }

    #[test]
    fn k_silences_the_feed_that_runs() {
        let mut feed = open("ws, poll");
        assert_eq!(press(&mut feed, 'k'), [], "nothing runs");
        press(&mut feed, ' ');
        assert_eq!(press(&mut feed, 'k'), [], "it has not begun yet");
        let switch = switch();
        tell(&mut feed, Msg::Begun(1, switch.clone()));
        assert_eq!(press(&mut feed, 'k'), [Cmd::Flow(switch.clone(), false)]);
        assert_eq!(press(&mut feed, 'k'), [Cmd::Flow(switch, true)]);
        tell(&mut feed, Msg::Begun(0, self::switch()));
        press(&mut feed, ' ');
        assert_eq!(press(&mut feed, 'k'), []);
    }

    #[test]
    fn a_bet_is_taken_before_the_start_only() {
        let mut feed = open("ws, poll");
        press(&mut feed, '2');
        press(&mut feed, '4');
        assert_eq!(feed.bet, Some(3));
        press(&mut feed, ' ');
        press(&mut feed, '1');
        assert_eq!(feed.bet, Some(3));
        assert_eq!(press(&mut feed, 'r'), [Cmd::Stop]);
        assert_eq!((feed.bet, &feed.phase), (None, &Phase::Ready));
        let mut alone = open("ws");
        press(&mut alone, '1');
        assert_eq!(alone.bet, None, "there is nothing to bet on");
    }

    #[test]
    fn a_wrong_way_is_told_with_what_would_be_right() {
        let told = |ways: &str| {
            let fence = fence(&[("ways", SettingValue::Text(ways.into()))]);
            Feed::open(&settings(&fence, Feed::SETTINGS).unwrap()).map(|_| ()).unwrap_err().message
        };
        assert_eq!(told("ws, pigeon"), "there is no way `pigeon`; there are: ws, sse, long, poll");
        assert_eq!(told("ws, ws"), "`ws` is named twice; once is enough");
    }
}
