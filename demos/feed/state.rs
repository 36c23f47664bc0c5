//! The state of the feed on a slide, and how keys and reports change it. This file draws nothing.

use std::sync::Arc;
use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent};
use tokio::sync::watch;

use super::verdict_text;
use crate::feed::{FeedConfig, FeedEvent, FeedSnapshot};

/// The poll pauses that `+` and `-` choose from, in ms.
const POLL_INTERVALS_MS: [u64; 8] = [50, 100, 250, 500, 1_000, 2_000, 5_000, 10_000];
/// The round-trip times that `d` cycles through, in ms.
pub(super) const RTTS_MS: [u64; 6] = [0, 1, 10, 50, 100, 250];
/// The mean gaps between events that `g` cycles through, in ms.
const MEAN_GAPS_MS: [u64; 5] = [100, 300, 700, 1_500, 4_000];

/// The demo's state.
pub struct Feed {
    pub(super) config: FeedConfig,
    pub(super) phase: FeedPhase,
    /// Whether the source produces events; `k` toggles it.
    pub(super) running: bool,
    pub(super) handle: Option<FeedHandle>,
    /// The bet, as an index into [`verdict_text::BETS`].
    pub(super) bet: Option<usize>,
    pub(super) help: bool,
}

/// The phase of the comparison.
#[derive(Clone, Debug)]
pub(super) enum FeedPhase {
    Ready,
    /// Running; `None` until the first report.
    Running(Option<Box<FeedSnapshot>>),
    /// Finished, or stopped by the user.
    Over(Box<FeedSnapshot>),
    /// The comparison could not start or broke off, for this reason.
    Failed(String),
}

/// A handle to a running feed. Two handles are equal if they belong to the same run, so that tests
/// can compare commands.
#[derive(Clone, Debug)]
pub struct FeedHandle(pub(super) Arc<watch::Sender<bool>>);

impl PartialEq for FeedHandle {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// A command of the feed.
#[derive(Clone, Debug, PartialEq)]
pub enum Cmd {
    /// Starts the comparison. An earlier run ends.
    Run(FeedConfig),
    /// Ends the run and all its load at once.
    Stop,
    /// Turns the events of the source on or off.
    SetRunning(FeedHandle, bool),
}

/// A message to the feed.
#[derive(Debug)]
pub enum Msg {
    /// The comparison has begun, and can be silenced with this handle.
    Started(FeedHandle),
    /// A report of the feed engine.
    Event(FeedEvent),
}

impl Feed {
    /// Creates a comparison that has not begun.
    pub(super) fn with_config(config: FeedConfig) -> Self {
        Self {
            config,
            phase: FeedPhase::Ready,
            running: true,
            handle: None,
            bet: None,
            help: false,
        }
    }

    /// Returns the latest snapshot of a run or its result.
    pub(super) fn latest_snapshot(&self) -> Option<&FeedSnapshot> {
        match &self.phase {
            FeedPhase::Running(Some(snapshot)) | FeedPhase::Over(snapshot) => Some(snapshot),
            FeedPhase::Ready | FeedPhase::Running(None) | FeedPhase::Failed(_) => None,
        }
    }

    pub(super) fn handle_key(&mut self, key: KeyEvent) -> Vec<Cmd> {
        // Any key closes the page of rules and does nothing else.
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
            KeyCode::Char(digit @ '1'..='4') if self.takes_bets() => {
                self.bet = Some(digit as usize - '1' as usize);
            }
            _ => {}
        }
        Vec::new()
    }

    /// Places the bet that was clicked, if one was. A click on the rules closes them.
    pub(super) fn click(&mut self, bet: Option<usize>) {
        if !std::mem::take(&mut self.help) && self.takes_bets() {
            self.bet = bet.or(self.bet);
        }
    }

    fn takes_bets(&self) -> bool {
        matches!(self.phase, FeedPhase::Ready) && verdict_text::can_bet(&self.config)
    }

    pub(super) fn start_or_stop(&mut self) -> Vec<Cmd> {
        let FeedPhase::Running(snapshot) = &mut self.phase else { return self.start() };
        // What was measured until now stays on the screen. Without any report there is nothing to
        // show.
        self.phase = snapshot.take().map_or(FeedPhase::Ready, FeedPhase::Over);
        self.handle = None;
        vec![Cmd::Stop]
    }

    pub(super) fn start(&mut self) -> Vec<Cmd> {
        self.phase = FeedPhase::Running(None);
        (self.running, self.handle) = (true, None);
        vec![Cmd::Run(self.config.clone())]
    }

    /// Restarts a run under changed conditions. What was measured under the old ones is dropped,
    /// because a mean over both would describe neither.
    pub(super) fn restart(&mut self) -> Vec<Cmd> {
        if matches!(self.phase, FeedPhase::Running(_)) {
            return self.start();
        }
        self.phase = FeedPhase::Ready;
        Vec::new()
    }

    pub(super) fn reset(&mut self) -> Vec<Cmd> {
        let running = matches!(self.phase, FeedPhase::Running(_));
        self.phase = FeedPhase::Ready;
        (self.bet, self.handle) = (None, None);
        if running { vec![Cmd::Stop] } else { Vec::new() }
    }

    pub(super) fn poll_interval_ms(&self) -> u64 {
        self.config.poll_interval.as_millis() as u64
    }

    pub(super) fn set_poll_interval(&mut self, ms: Option<u64>) -> Vec<Cmd> {
        let Some(ms) = ms else { return Vec::new() };
        self.config.poll_interval = Duration::from_millis(ms);
        self.restart()
    }

    pub(super) fn toggle_running(&mut self) -> Vec<Cmd> {
        let Some(handle) = &self.handle else { return Vec::new() };
        self.running = !self.running;
        vec![Cmd::SetRunning(handle.clone(), self.running)]
    }

    pub(super) fn apply_event(&mut self, event: FeedEvent) {
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

/// Returns the choice after `now`, and the first one after the last. A value from a fence need not
/// be one of them.
pub(super) fn next_choice(choices: &[u64], now: Duration) -> Duration {
    let next = choices.iter().find(|ms| u128::from(**ms) > now.as_millis());
    Duration::from_millis(*next.unwrap_or(&choices[0]))
}
