//! The feed on a slide: one price, polled and pushed, and how old it is on each screen.
//!
//! The measuring is `wiretalk::feed`'s; here is what its keys do and what it looks like.

mod age_histogram;
mod age_panes;
mod feed_view;
mod stats_table;
mod timeline_strip;
mod verdict_text;

use std::sync::Arc;
use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use tokio::sync::watch;

use crate::feed::{self, FeedConfig, FeedEvent, FeedSnapshot, Transport};
use crate::scope::report_channel;
use crate::stage::{
    Demo, DemoEvent, Diagnostic, KeyHint, SettingSpec, SettingType, Settings, Stage, ViewContext, WorkContext,
};
use crate::text::UnknownName;

/// The pauses that `+` and `-` choose from, in ms.
const POLL_INTERVALS_MS: [u64; 8] = [50, 100, 250, 500, 1_000, 2_000, 5_000, 10_000];
/// The round trips that `d` goes through, in ms.
const RTTS_MS: [u64; 6] = [0, 1, 10, 50, 100, 250];
/// The gaps that `g` goes through, in ms.
const MEAN_GAPS_MS: [u64; 5] = [100, 300, 700, 1_500, 4_000];

/// The demo's state.
pub struct Feed {
    config: FeedConfig,
    phase: FeedPhase,
    /// Whether anything happens; `k` changes it.
    running: bool,
    handle: Option<FeedHandle>,
    /// What the room has bet on: an index into [`verdict_text::BETS`].
    bet: Option<usize>,
    help: bool,
}

/// How far the comparison is.
#[derive(Clone, Debug)]
enum FeedPhase {
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
pub struct FeedHandle(Arc<watch::Sender<bool>>);

impl PartialEq for FeedHandle {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// What the feed asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Cmd {
    /// Compare; what ran before ends.
    Run(FeedConfig),
    /// End the run, and with it all load, at once.
    Stop,
    /// Let things happen, or not.
    SetRunning(FeedHandle, bool),
}

/// What comes back.
#[derive(Debug)]
pub enum Msg {
    /// The comparison has begun, and can be silenced.
    Started(FeedHandle),
    /// The feed reports.
    Event(FeedEvent),
}

impl Demo for Feed {
    const NAME: &'static str = "feed";
    const ABOUT: &'static str =
        "one price, polled and pushed: how old the news is, and what it costs to hear it";
    const SETTINGS: &'static [SettingSpec] = &[
        SettingSpec {
            name: "gap",
            value_type: SettingType::Number(20..=60_000, 700),
            about: "ms from one event to the next, about",
        },
        SettingSpec {
            name: "poll",
            value_type: SettingType::Number(10..=60_000, 1_000),
            about: "ms from an answer to the next question",
        },
        SettingSpec {
            name: "rtt",
            value_type: SettingType::Number(0..=2_000, 50),
            about: "ms there and back, modelled",
        },
        SettingSpec {
            name: "seconds",
            value_type: SettingType::Number(1..=600, 30),
            about: "how long it runs",
        },
        SettingSpec {
            name: "ways",
            value_type: SettingType::Text("ws, sse, long, poll"),
            about: "what is compared, in this order: ws, sse, long, poll",
        },
    ];
    const KEYS: &'static [KeyHint] = &[
        KeyHint { keys: "Enter Space", about: "start; again: stop" },
        KeyHint { keys: "1 2 3 4", about: "the bet, before the start" },
        KeyHint { keys: "+ -", about: "a longer, a shorter pause between polls" },
        KeyHint { keys: "d", about: "the distance: 0, 1, 10, 50, 100, 250 ms there and back" },
        KeyHint { keys: "g", about: "the gap between events" },
        KeyHint { keys: "k", about: "silence: nothing happens any more; again: it goes on" },
        KeyHint { keys: "r", about: "back to the bet" },
        KeyHint { keys: "?", about: "the rules" },
    ];
    const MIN_ROWS: u16 = 16;
    type Msg = Msg;
    type Cmd = Cmd;

    fn open(settings: &Settings) -> Result<(Self, Vec<Cmd>), Diagnostic> {
        let ms = |name| Duration::from_millis(settings.number(name) as u64);
        let config = FeedConfig {
            transports: parse_transports(settings.text("ways"))
                .map_err(|error| settings.invalid("ways", error))?,
            mean_gap: ms("gap"),
            poll_interval: ms("poll"),
            rtt: ms("rtt"),
            duration: Duration::from_secs(settings.number("seconds") as u64),
            ..FeedConfig::default()
        };
        let phase = FeedPhase::Ready;
        Ok((Self { config, phase, running: true, handle: None, bet: None, help: false }, Vec::new()))
    }

    fn update(&mut self, event: DemoEvent<Msg>) -> Vec<Cmd> {
        match event {
            DemoEvent::Key(key) => return self.handle_key(key),
            DemoEvent::Msg(Msg::Started(handle)) => self.handle = Some(handle),
            DemoEvent::Msg(Msg::Event(event)) => self.apply_event(event),
            DemoEvent::Paste(_) | DemoEvent::Click(..) | DemoEvent::Wheel(_) | DemoEvent::Tick(_) => {}
        }
        Vec::new()
    }

    fn view(&self, area: Rect, buffer: &mut Buffer, context: &ViewContext) {
        feed_view::draw(self, area, buffer, context);
    }

    fn perform(cmd: Cmd, stage: &Stage<Msg>) {
        match cmd {
            Cmd::Stop => stage.stop("feed"),
            // it fails only where the feed has ended already
            Cmd::SetRunning(handle, running) => drop(handle.0.send(running)),
            Cmd::Run(config) => stage.start("feed", |WorkContext { scope, mailbox }| async move {
                let handle = FeedHandle(Arc::new(watch::Sender::new(true)));
                let running = handle.0.subscribe();
                if mailbox.send(Msg::Started(handle)).await.is_err() {
                    return;
                }
                let (sender, reports) = report_channel();
                tokio::join!(feed::run(config, scope, running, sender), mailbox.forward(reports, Msg::Event));
            }),
        }
    }
}

/// The ways that a setting names.
fn parse_transports(names: &str) -> Result<Vec<Transport>, String> {
    let mut transports = Vec::new();
    for name in names.split(',').map(str::trim) {
        let transport = name.parse().map_err(|error: UnknownName| error.to_string())?;
        if transports.contains(&transport) {
            return Err(format!("`{name}` is named twice; once is enough"));
        }
        transports.push(transport);
    }
    Ok(transports)
}

impl Feed {
    fn handle_key(&mut self, key: KeyEvent) -> Vec<Cmd> {
        if self.help {
            self.help = false;
            return Vec::new();
        }
        match key.code {
            KeyCode::Enter | KeyCode::Char(' ') => return self.start_or_stop(),
            KeyCode::Char('?') => self.help = true,
            KeyCode::Char('k') => return self.toggle_running(),
            KeyCode::Char('r') => return self.reset(),
            KeyCode::Char('+' | '=') => {
                return self.set_poll_interval(
                    POLL_INTERVALS_MS.into_iter().find(|ms| *ms > self.poll_interval_ms()),
                );
            }
            KeyCode::Char('-') => {
                return self.set_poll_interval(
                    POLL_INTERVALS_MS.into_iter().rev().find(|ms| *ms < self.poll_interval_ms()),
                );
            }
            KeyCode::Char('d') => {
                self.config.rtt = next_choice(&RTTS_MS, self.config.rtt);
                return self.restart();
            }
            KeyCode::Char('g') => {
                self.config.mean_gap = next_choice(&MEAN_GAPS_MS, self.config.mean_gap);
                return self.restart();
            }
            KeyCode::Char(digit @ '1'..='4')
                if matches!(self.phase, FeedPhase::Ready) && verdict_text::can_bet(&self.config) =>
            {
                self.bet = Some(digit as usize - '1' as usize);
            }
            _ => {}
        }
        Vec::new()
    }

    fn start_or_stop(&mut self) -> Vec<Cmd> {
        let FeedPhase::Running(snapshot) = &mut self.phase else { return self.start() };
        self.phase = snapshot.take().map_or(FeedPhase::Ready, FeedPhase::Over);
        self.handle = None;
        vec![Cmd::Stop]
    }

    fn start(&mut self) -> Vec<Cmd> {
        self.phase = FeedPhase::Running(None);
        (self.running, self.handle) = (true, None);
        vec![Cmd::Run(self.config.clone())]
    }

    /// Other conditions: what was measured under the old ones does not count.
    fn restart(&mut self) -> Vec<Cmd> {
        if matches!(self.phase, FeedPhase::Running(_)) {
            return self.start();
        }
        self.phase = FeedPhase::Ready;
        Vec::new()
    }

    fn reset(&mut self) -> Vec<Cmd> {
        let running = matches!(self.phase, FeedPhase::Running(_));
        self.phase = FeedPhase::Ready;
        (self.bet, self.handle) = (None, None);
        if running { vec![Cmd::Stop] } else { Vec::new() }
    }

    fn poll_interval_ms(&self) -> u64 {
        self.config.poll_interval.as_millis() as u64
    }

    fn set_poll_interval(&mut self, ms: Option<u64>) -> Vec<Cmd> {
        let Some(ms) = ms else { return Vec::new() };
        self.config.poll_interval = Duration::from_millis(ms);
        self.restart()
    }

    fn toggle_running(&mut self) -> Vec<Cmd> {
        let Some(handle) = &self.handle else { return Vec::new() };
        self.running = !self.running;
        vec![Cmd::SetRunning(handle.clone(), self.running)]
    }

    fn apply_event(&mut self, event: FeedEvent) {
        match event {
            FeedEvent::Progress(snapshot) => self.phase = FeedPhase::Running(Some(snapshot)),
            FeedEvent::Finished(Ok(live)) => self.phase = FeedPhase::Over(live),
            FeedEvent::Finished(Err(error)) => self.phase = FeedPhase::Failed(error.to_string()),
        }
        if !matches!(self.phase, FeedPhase::Running(_)) {
            self.handle = None;
        }
    }
}

/// The choice behind the one that is taken now; the first behind the last.
fn next_choice(choices: &[u64], now: Duration) -> Duration {
    let next = choices.iter().find(|ms| u128::from(**ms) > now.as_millis());
    Duration::from_millis(*next.unwrap_or(&choices[0]))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::deck::{Fence, Setting, SettingValue};
    use crate::feed::FeedError;
    use crate::feed::{AgeHistogram, TimelineMark, TransportStats};
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

    /// A demo on the transports that `transports` names.
    pub(in crate::demos::feed) fn open(transports: &str) -> Feed {
        let fence = fence(&[("ways", SettingValue::Text(transports.into()))]);
        let (feed, commands) = Feed::open(&settings(&fence, Feed::SETTINGS).unwrap()).unwrap();
        assert_eq!(commands, [], "a feed never starts by being looked at");
        feed
    }

    /// What an engine would report after 6 s: three events, and the last not yet heard by the poll.
    pub(in crate::demos::feed) fn snapshot(transports: &[Transport]) -> FeedSnapshot {
        let ms = Duration::from_millis;
        let recent = vec![ms(1_000), ms(2_500), ms(5_000)];
        let stats = |transport: &Transport| {
            let late = if *transport == Transport::Poll { ms(540) } else { ms(25) };
            let mut spread = AgeHistogram::default();
            let received = if *transport == Transport::Poll { &recent[..2] } else { &recent[..] };
            for _ in received {
                spread.record(late);
            }
            TransportStats {
                transport: *transport,
                ages: HistogramSummary { count: 3, p99: late * 2, ..HistogramSummary::default() },
                mean: late,
                spread,
                price: Some(42.03),
                behind: if *transport == Transport::Poll { ms(1_000) } else { ms(0) },
                max_behind: late * 2,
                requests: if transport.is_push() { 1 } else { 6 },
                empty: 2,
                bytes: (400, 600),
                marks: received.iter().map(|at| TimelineMark { at: *at + late, is_new: true }).collect(),
                failure: None,
            }
        };
        let all_stats = transports.iter().map(stats).collect();
        FeedSnapshot {
            elapsed: ms(6_000),
            events: 3,
            price: 42.07,
            recent: recent.clone(),
            transports: all_stats,
        }
    }

    fn press(feed: &mut Feed, letter: char) -> Vec<Cmd> {
        feed.update(DemoEvent::Key(KeyCode::Char(letter).into()))
    }

    fn deliver(feed: &mut Feed, message: Msg) {
        assert_eq!(feed.update(DemoEvent::Msg(message)), []);
    }

    fn feed_handle() -> FeedHandle {
        FeedHandle(Arc::new(watch::Sender::new(true)))
    }

    #[test]
    fn enter_starts_and_stops() {
        let mut feed = open("ws, poll");
        let config =
            FeedConfig { transports: vec![Transport::WebSocket, Transport::Poll], ..FeedConfig::default() };
        assert_eq!(press(&mut feed, ' '), [Cmd::Run(config.clone())]);
        let snapshot = snapshot(&[Transport::WebSocket, Transport::Poll]);
        deliver(&mut feed, Msg::Event(FeedEvent::Progress(Box::new(snapshot))));
        assert_eq!(press(&mut feed, ' '), [Cmd::Stop]);
        assert!(matches!(feed.phase, FeedPhase::Over(_)), "what was measured stays");
        assert_eq!(press(&mut feed, ' '), [Cmd::Run(config)]);
        deliver(&mut feed, Msg::Event(FeedEvent::Finished(Err(FeedError::ServerEnded))));
        assert!(matches!(&feed.phase, FeedPhase::Failed(why) if why == "the feed's server has ended"));
        assert_eq!(feed.tick_interval(), None, "nothing ticks, ever");
    }

    #[test]
    fn other_conditions_begin_anew() {
        let mut feed = open("ws, poll");
        assert_eq!(press(&mut feed, '+'), []);
        assert_eq!(feed.config.poll_interval, Duration::from_secs(2));
        press(&mut feed, ' ');
        let mut expect = feed.config.clone();
        expect.poll_interval = Duration::from_secs(1);
        assert_eq!(press(&mut feed, '-'), [Cmd::Run(expect.clone())]);
        expect.rtt = Duration::from_millis(100);
        assert_eq!(press(&mut feed, 'd'), [Cmd::Run(expect.clone())]);
        expect.mean_gap = Duration::from_millis(1_500);
        assert_eq!(press(&mut feed, 'g'), [Cmd::Run(expect)]);
        for _ in 0..20 {
            press(&mut feed, '-');
        }
        assert_eq!(feed.config.poll_interval, Duration::from_millis(50));
        let through: Vec<_> = (0..7)
            .map(|_| {
                next_choice(&RTTS_MS, {
                    press(&mut feed, 'd');
                    feed.config.rtt
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
        let handle = feed_handle();
        deliver(&mut feed, Msg::Started(handle.clone()));
        assert_eq!(press(&mut feed, 'k'), [Cmd::SetRunning(handle.clone(), false)]);
        assert_eq!(press(&mut feed, 'k'), [Cmd::SetRunning(handle, true)]);
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
        assert!(feed.bet.is_none() && matches!(feed.phase, FeedPhase::Ready), "{:?}", feed.phase);
        let mut alone = open("ws");
        press(&mut alone, '1');
        assert_eq!(alone.bet, None, "there is nothing to bet on");
    }

    #[test]
    fn a_wrong_transport_is_reported_with_what_would_be_right() {
        let message = |transports: &str| {
            let fence = fence(&[("ways", SettingValue::Text(transports.into()))]);
            Feed::open(&settings(&fence, Feed::SETTINGS).unwrap()).map(|_| ()).unwrap_err().message
        };
        assert_eq!(message("ws, pigeon"), "unknown way `pigeon`; there are: ws, sse, long, poll");
        assert_eq!(message("ws, ws"), "`ws` is named twice; once is enough");
    }
}
