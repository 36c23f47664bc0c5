//! The state of the demo, and how keys and reports change it. This file draws nothing.

use crossterm::event::{KeyCode, KeyEvent};

use super::bet::BETS;
use super::exchange_bytes::ExchangePair;
use super::exchanges::ExchangeSpec;
use crate::stage::KeyHint;

/// The keys while the demo has the keyboard.
pub(super) const KEYS: &[KeyHint] = &[
    KeyHint { keys: "1 – 4", about: "place a bet, before the first exchange" },
    KeyHint { keys: "Enter Space n", about: "send; again: send once more" },
    KeyHint { keys: "b", about: "with a browser's headers and cookies; without" },
    KeyHint { keys: "1 2 3", about: "after it: 33 B, 1 KiB, 16 KiB of JSON" },
    KeyHint { keys: "r", about: "back to the bet" },
    KeyHint { keys: "?", about: "what is counted" },
];

/// The payloads that the keys 1, 2 and 3 choose, in bytes.
const PAYLOAD_CHOICES: [usize; 3] = [33, 1024, 16 * 1024];

/// The demo's state.
pub struct Weigh {
    pub(super) spec: ExchangeSpec,
    pub(super) phase: WeighPhase,
    /// The bet, as an index into [`BETS`].
    pub(super) bet: Option<usize>,
    pub(super) help: bool,
}

/// The phase of the exchanges.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum WeighPhase {
    Ready,
    /// Running. The result of the exchanges before, if any, stays on the screen, so that it does
    /// not flicker.
    Sending(Option<Box<ExchangePair>>),
    Done(Box<ExchangePair>),
    /// The exchanges failed, for this reason.
    Failed(String),
}

/// The command to run both exchanges. Those that are still running end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cmd(pub(super) ExchangeSpec);

/// The result of the exchanges, or why they failed.
#[derive(Clone, Debug, PartialEq)]
pub struct Msg(pub(super) Result<Box<ExchangePair>, String>);

impl Weigh {
    pub(super) fn handle_key(&mut self, key: KeyEvent) -> Vec<Cmd> {
        // Any key closes the page and does nothing else.
        if self.help {
            self.help = false;
            return Vec::new();
        }
        match key.code {
            KeyCode::Enter | KeyCode::Char(' ' | 'n') => return self.send(),
            KeyCode::Char('?') => self.help = true,
            KeyCode::Char('b') => {
                self.spec.browser = !self.spec.browser;
                return self.resend();
            }
            KeyCode::Char('r') if !matches!(self.phase, WeighPhase::Sending(_)) => {
                (self.phase, self.bet) = (WeighPhase::Ready, None);
            }
            KeyCode::Char(digit @ '1'..='9') if self.phase == WeighPhase::Ready => {
                let bet = digit as usize - '1' as usize;
                self.bet = (bet < BETS.len()).then_some(bet).or(self.bet);
            }
            KeyCode::Char(digit @ '1'..='3') => {
                self.spec.payload = PAYLOAD_CHOICES[digit as usize - '1' as usize];
                return self.resend();
            }
            _ => {}
        }
        Vec::new()
    }

    /// Places the bet that was clicked, if one was. A click on the page closes it.
    pub(super) fn click(&mut self, bet: Option<usize>) {
        if !std::mem::take(&mut self.help) && self.phase == WeighPhase::Ready {
            self.bet = bet.or(self.bet);
        }
    }

    pub(super) fn send(&mut self) -> Vec<Cmd> {
        let before = match std::mem::replace(&mut self.phase, WeighPhase::Ready) {
            WeighPhase::Done(pair) => Some(pair),
            WeighPhase::Sending(before) => before,
            WeighPhase::Ready | WeighPhase::Failed(_) => None,
        };
        self.phase = WeighPhase::Sending(before);
        vec![Cmd(self.spec)]
    }

    /// Sends again if something was sent before, so that the result on the screen always matches
    /// the settings. The bet was on the exchange before, so it ends.
    pub(super) fn resend(&mut self) -> Vec<Cmd> {
        if self.phase == WeighPhase::Ready {
            return Vec::new();
        }
        self.bet = None;
        self.send()
    }
}
