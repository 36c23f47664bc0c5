//! The state of the race on a slide, and how keys and reports change it. This file draws nothing.

use std::borrow::Cow;
use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent};
use tokio::sync::mpsc;

use super::bet::Bet;
use super::burst::BurstSwitch;
use super::lanes;
use super::settings;
use crate::race::{
    LaneRatio, LaneStats, RaceConfig, RaceControl, RaceEvent, RaceOutcome, RaceProgress,
};

/// How long `s` stalls the server.
pub(super) const STALL_DURATION: Duration = Duration::from_millis(500);

/// The demo's state.
pub struct Race {
    pub(super) config: RaceConfig,
    pub(super) phase: RacePhase,
    pub(super) overlay: RaceOverlay,
    pub(super) bet: Bet,
    /// The burst that `b` switches to.
    pub(super) burst: BurstSwitch,
    /// The last result before the one on the screen.
    pub(super) previous: Option<PreviousResult>,
    pub(super) control: Option<RaceControlSender>,
    /// A message about the last key: the result of an export, or why the key does nothing.
    pub(super) note: Option<String>,
    /// Whether this is a debug build, whose times are too long. The slide says so.
    pub(super) debug: bool,
}

/// The phase of the race.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum RacePhase {
    Ready,
    /// Running, with the latest progress; blank before the first report.
    Running(RaceProgress),
    /// Stopped by the user.
    Stopped(RaceProgress),
    Over(Box<RaceOutcome>),
}

/// The result of an earlier run, which stays beside the new one.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct PreviousResult {
    pub(super) ratios: Vec<LaneRatio>,
    /// The messages of an exchange in that run.
    pub(super) messages: usize,
    /// Whether that run counts.
    pub(super) is_valid: bool,
}

/// The page that is drawn over the race.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RaceOverlay {
    None,
    /// The rules and keys, scrolled to this row.
    Rules(u16),
    /// The choice of lanes, with the index of the lane under the cursor.
    Lanes(usize),
}

/// The sender of requests to a running race. Two senders are equal if they belong to the same run.
#[derive(Clone, Debug)]
pub struct RaceControlSender(pub(super) mpsc::Sender<RaceControl>);

impl PartialEq for RaceControlSender {
    fn eq(&self, other: &Self) -> bool {
        self.0.same_channel(&other.0)
    }
}

/// A command of the race.
#[derive(Clone, Debug, PartialEq)]
pub enum Cmd {
    /// Starts the race. An earlier one ends.
    Run(Box<RaceConfig>),
    /// Ends the race and all its load at once.
    Stop,
    /// Stalls the server of the running lane for this time.
    Stall(RaceControlSender, Duration),
    /// Writes the outcome to files.
    Export(Box<RaceOutcome>),
}

/// A message to the race.
#[derive(Clone, Debug, PartialEq)]
pub enum Msg {
    /// The race has started and accepts requests.
    Running(RaceControlSender),
    /// A report of the race engine.
    Event(RaceEvent),
    /// A message for the user, such as the result of an export.
    Note(String),
}

impl Race {
    pub(super) fn with_config(config: RaceConfig) -> Self {
        Self {
            config,
            phase: RacePhase::Ready,
            overlay: RaceOverlay::None,
            bet: Bet::default(),
            burst: BurstSwitch::default(),
            previous: None,
            control: None,
            note: None,
            debug: false,
        }
    }

    pub(super) fn handle_key(&mut self, key: KeyEvent) -> Vec<Cmd> {
        self.note = None;
        match (self.overlay, key.code) {
            (RaceOverlay::Rules(from), KeyCode::Down) => {
                // Bounded, so that scrolling back need not undo presses beyond the end of the page.
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

    /// Places the bet that was clicked, if one was. A click on a page closes it.
    pub(super) fn click(&mut self, choice: Option<usize>) -> Vec<Cmd> {
        if self.overlay != RaceOverlay::None {
            return self.show_overlay(RaceOverlay::None);
        }
        if let Some(choice) = choice.filter(|_| self.phase == RacePhase::Ready) {
            self.bet = Bet::on(choice);
        }
        Vec::new()
    }

    pub(super) fn show_overlay(&mut self, overlay: RaceOverlay) -> Vec<Cmd> {
        self.overlay = overlay;
        Vec::new()
    }

    pub(super) fn is_running(&self) -> bool {
        matches!(self.phase, RacePhase::Running(_))
    }

    pub(super) fn start_or_stop(&mut self) -> Vec<Cmd> {
        if let RacePhase::Running(progress) = &mut self.phase {
            self.phase = RacePhase::Stopped(std::mem::take(progress));
            return vec![Cmd::Stop];
        }
        self.start()
    }

    pub(super) fn start(&mut self) -> Vec<Cmd> {
        self.keep_result();
        self.control = None;
        self.phase = RacePhase::Running(RaceProgress::default());
        vec![Cmd::Run(Box::new(self.config.clone()))]
    }

    pub(super) fn place_bet(&mut self, more: bool) -> Vec<Cmd> {
        // Once there are results it would be no bet.
        if self.phase == RacePhase::Ready {
            self.bet.cycle(more);
        } else {
            self.note = Some("bets are placed before the start; 0 resets the race".to_owned());
        }
        Vec::new()
    }

    /// Changes the setting of a key. A running race restarts, because slices under different
    /// conditions are no pairs.
    pub(super) fn change_setting(&mut self, code: KeyCode) -> Vec<Cmd> {
        if code == KeyCode::Char('0') {
            let stop = self.is_running();
            (self.phase, self.bet, self.previous) = (RacePhase::Ready, Bet::default(), None);
            return if stop { vec![Cmd::Stop] } else { Vec::new() };
        }
        let before = (self.config.clone(), self.burst.clone());
        match code {
            KeyCode::Char('b') => self.burst.toggle(&mut self.config),
            KeyCode::Char('t') => self.burst.toggle_tls(&mut self.config),
            _ if settings::change_setting(&mut self.config, code) => {}
            _ => return Vec::new(),
        }
        if let Err(error) = self.config.validate() {
            (self.config, self.burst) = before;
            self.note = Some(error.to_string());
            return Vec::new();
        }
        self.restart_or_reset()
    }

    /// Restarts a running race after a change, or makes its result the previous one.
    pub(super) fn restart_or_reset(&mut self) -> Vec<Cmd> {
        if self.is_running() {
            return self.start();
        }
        if self.keep_result() {
            // Its bet is settled; what comes now is another question.
            self.bet = Bet::default();
        }
        self.phase = RacePhase::Ready;
        Vec::new()
    }

    /// Keeps the result on the screen as the previous one. Returns whether there was one.
    fn keep_result(&mut self) -> bool {
        let RacePhase::Over(outcome) = &self.phase else { return false };
        if !outcome.ratios.is_empty() {
            self.previous = Some(PreviousResult {
                ratios: outcome.ratios.clone(),
                messages: outcome.config.messages_per_exchange(),
                is_valid: outcome.is_valid(),
            });
        }
        true
    }

    pub(super) fn choose_lanes(&mut self, code: KeyCode, cursor: usize) -> Vec<Cmd> {
        let last = lanes::all_lanes().len() - 1;
        match code {
            KeyCode::Up | KeyCode::Char('k') => {
                self.show_overlay(RaceOverlay::Lanes(cursor.saturating_sub(1)))
            }
            KeyCode::Down | KeyCode::Char('j') => {
                self.show_overlay(RaceOverlay::Lanes((cursor + 1).min(last)))
            }
            KeyCode::Char(' ') => {
                if lanes::toggle_lane(&mut self.config, lanes::all_lanes()[cursor]) {
                    self.restart_or_reset()
                } else {
                    Vec::new()
                }
            }
            _ => self.show_overlay(RaceOverlay::None),
        }
    }

    pub(super) fn stall(&mut self) -> Vec<Cmd> {
        let Some(control) = self.control.clone().filter(|_| self.is_running()) else {
            self.note = Some("s stalls the server, but only while a race runs".to_owned());
            return Vec::new();
        };
        // In a closed loop the client waits too, so a stall slows only one exchange (coordinated
        // omission).
        let note = match self.config.rate {
            Some(_) => "the server stalls for 500 ms",
            None => "the server stalls for 500 ms; at a fixed rate (o) you see who had to wait",
        };
        self.note = Some(note.to_owned());
        vec![Cmd::Stall(control, STALL_DURATION)]
    }

    pub(super) fn export(&mut self) -> Vec<Cmd> {
        if let RacePhase::Over(outcome) = &self.phase {
            return vec![Cmd::Export(outcome.clone())];
        }
        self.note = Some("nothing to export until a race has finished".to_owned());
        Vec::new()
    }

    pub(super) fn apply_event(&mut self, event: RaceEvent) -> Vec<Cmd> {
        self.phase = match event {
            RaceEvent::Progress(progress) => RacePhase::Running(progress),
            RaceEvent::Finished(outcome) => RacePhase::Over(outcome),
        };
        Vec::new()
    }

    /// Returns the lanes as measured, or blank ones before the first report.
    pub(super) fn lane_stats(&self) -> Cow<'_, [LaneStats]> {
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

    pub(super) fn ratios(&self) -> &[LaneRatio] {
        match &self.phase {
            RacePhase::Running(progress) | RacePhase::Stopped(progress) => &progress.ratios,
            RacePhase::Over(outcome) => &outcome.ratios,
            RacePhase::Ready => &[],
        }
    }
}
