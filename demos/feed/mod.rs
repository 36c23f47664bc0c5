//! The feed on a slide: one price, polled and pushed, and how old it is at each client.
//!
//! `wiretalk::feed` does the measuring. `state` handles keys and reports, `settings` holds the
//! settings, `feed_view` and the files beside it draw, and `verdict_text` writes the sentences.

mod age_histogram;
mod age_panes;
mod feed_view;
mod parts;
mod settings;
mod state;
mod stats_table;
mod timeline_strip;
mod verdict_text;

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use tokio::sync::watch;

use crate::feed;
use crate::scope::report_channel;
use crate::stage::{
    Demo, DemoEvent, Diagnostic, KeyHint, SettingSpec, Settings, Stage, ViewContext, WorkContext,
};
pub use state::{Cmd, Feed, FeedHandle, Msg};

impl Demo for Feed {
    const NAME: &'static str = "feed";
    const ABOUT: &'static str =
        "one price, polled and pushed: how old it is on screen, and what that costs";
    const SETTINGS: &'static [SettingSpec] = settings::SETTINGS;
    const KEYS: &'static [KeyHint] = settings::KEYS;
    const MIN_ROWS: u16 = 16;
    type Msg = Msg;
    type Cmd = Cmd;

    fn open(settings: &Settings) -> Result<(Self, Vec<Cmd>), Diagnostic> {
        Ok((Self::with_config(settings::feed_config(settings)?), Vec::new()))
    }

    fn update(&mut self, event: DemoEvent<Msg>) -> Vec<Cmd> {
        match event {
            DemoEvent::Key(key) => return self.handle_key(key),
            DemoEvent::Click(at, area) => self.click(feed_view::bet_at(self, at, area)),
            DemoEvent::Msg(Msg::Started(handle)) => self.handle = Some(handle),
            DemoEvent::Msg(Msg::Event(event)) => self.apply_event(event),
            DemoEvent::Paste(_)
            | DemoEvent::Wheel(_)
            | DemoEvent::Tick(_)
            | DemoEvent::Focus
            | DemoEvent::Next
            | DemoEvent::Left => {}
        }
        Vec::new()
    }

    fn wants_escape(&self) -> bool {
        self.help
    }

    fn view(&self, area: Rect, buffer: &mut Buffer, context: &ViewContext) {
        feed_view::draw(self, area, buffer, context);
    }

    fn perform(cmd: Cmd, stage: &Stage<Msg>) {
        match cmd {
            Cmd::Stop => stage.stop("feed"),
            // Fails only if the feed has already ended.
            Cmd::SetRunning(handle, running) => drop(handle.0.send(running)),
            Cmd::Run(config) => stage.start("feed", |WorkContext { scope, mailbox }| async move {
                // The handle is sent before the first report, so that `k` works from the start.
                let handle = FeedHandle(Arc::new(watch::Sender::new(true)));
                let running = handle.0.subscribe();
                if mailbox.send(Msg::Started(handle)).await.is_err() {
                    return;
                }
                let (sender, reports) = report_channel();
                tokio::join!(
                    feed::run(config, scope, running, sender),
                    mailbox.forward(reports, Msg::Event)
                );
            }),
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::time::Duration;

    use crossterm::event::KeyCode;

    use super::state::{FeedPhase, RTTS_MS, next_choice};
    use super::*;
    use crate::deck::{DemoFence, Setting, SettingValue};
    use crate::feed::{
        AgeHistogram, FeedConfig, FeedError, FeedEvent, FeedSnapshot, TimelineMark, Transport,
        TransportStats,
    };
    use crate::measure::HistogramSummary;
    use crate::stage::settings;

    fn fence(given: &[(&str, SettingValue)]) -> DemoFence {
        let setting = |(key, value): &(&str, SettingValue)| Setting {
            key: (*key).to_owned(),
            value: value.clone(),
            position: crate::deck::Position::default(),
        };
        DemoFence {
            name: "feed".into(),
            settings: given.iter().map(setting).collect(),
            ..DemoFence::default()
        }
    }

    /// Opens a demo with the transports that `transports` names.
    pub(in crate::demos::feed) fn open(transports: &str) -> Feed {
        let fence = fence(&[("ways", SettingValue::Text(transports.into()))]);
        let (feed, commands) = Feed::open(&settings(&fence, Feed::SETTINGS).unwrap()).unwrap();
        assert_eq!(commands, [], "a feed never starts by being looked at");
        feed
    }

    /// Returns a report after 6 s: three events, the last of which polling has not received yet.
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
                ages: HistogramSummary { count: 3, max: late * 2, ..HistogramSummary::default() },
                mean: late,
                spread,
                price: Some(42.03),
                behind: if *transport == Transport::Poll { ms(1_000) } else { ms(0) },
                max_behind: late * 2,
                requests: if transport.is_push() { 1 } else { 6 },
                empty: 2,
                bytes: (400, 600),
                marks: received
                    .iter()
                    .map(|at| TimelineMark { at: *at + late, is_new: true })
                    .collect(),
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
    fn esc_closes_the_rules_before_it_gives_the_keyboard_back() {
        let mut feed = open("ws, poll");
        assert!(!feed.wants_escape());
        press(&mut feed, '?');
        assert!(feed.wants_escape());
        feed.update(DemoEvent::Key(KeyCode::Esc.into()));
        assert!(!feed.wants_escape());
    }

    #[test]
    fn enter_starts_and_stops() {
        let mut feed = open("ws, poll");
        let config = FeedConfig {
            transports: vec![Transport::WebSocket, Transport::Poll],
            ..FeedConfig::default()
        };
        assert_eq!(press(&mut feed, ' '), [Cmd::Run(config.clone())]);
        let snapshot = snapshot(&[Transport::WebSocket, Transport::Poll]);
        deliver(&mut feed, Msg::Event(FeedEvent::Progress(Box::new(snapshot))));
        assert_eq!(press(&mut feed, ' '), [Cmd::Stop]);
        assert!(matches!(feed.phase, FeedPhase::Over(_)), "what was measured stays");
        assert_eq!(press(&mut feed, ' '), [Cmd::Run(config)]);
        deliver(&mut feed, Msg::Event(FeedEvent::Finished(Err(FeedError::ServerEnded))));
        assert!(
            matches!(&feed.phase, FeedPhase::Failed(why) if why == "the feed's server has ended")
        );
        assert_eq!(feed.tick_interval(), None, "nothing ticks, ever");
    }

    #[test]
    fn changed_conditions_restart_the_run() {
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
    fn k_silences_a_running_feed() {
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
    fn a_click_places_the_bet_under_it() {
        for (width, height) in [(76, 16), (97, 24)] {
            let area = Rect::new(2, 1, width, height);
            let mut feed = open("ws, poll");
            let mut placed = std::collections::BTreeSet::new();
            for at in area.positions().step_by(3) {
                feed.bet = None;
                feed.update(DemoEvent::Click(at, area));
                placed.extend(feed.bet);
            }
            assert!(placed.into_iter().eq(0..4), "{width}x{height}");
        }
    }

    #[test]
    fn bets_are_accepted_only_before_the_start() {
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
    fn an_unknown_transport_is_reported_with_the_known_ones() {
        let message = |transports: &str| {
            let fence = fence(&[("ways", SettingValue::Text(transports.into()))]);
            Feed::open(&settings(&fence, Feed::SETTINGS).unwrap()).map(|_| ()).unwrap_err().message
        };
        assert_eq!(
            message("ws, pigeon"),
            "unknown transport `pigeon`; expected one of: ws, sse, long, poll"
        );
        assert_eq!(message("ws, ws"), "`ws` is named twice; once is enough");
    }
}
