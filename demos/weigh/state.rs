//! What the scales know, and how keys and reports change it. It draws nothing.

use crossterm::event::{KeyCode, KeyEvent};

use super::exchange_bytes::ExchangePair;
use super::exchanges::ExchangeSpec;
use crate::stage::KeyHint;

/// The keys while the demo has them.
pub(super) const KEYS: &[KeyHint] = &[
    KeyHint { keys: "Enter Space n", about: "send; again: send once more" },
    KeyHint { keys: "b", about: "with a browser's headers and cookies; without" },
    KeyHint { keys: "1 2 3", about: "33 B, 1 KiB, 16 KiB of JSON" },
    KeyHint { keys: "?", about: "what is counted" },
];

/// The payloads that the keys 1, 2 and 3 choose, in bytes.
const PAYLOAD_CHOICES: [usize; 3] = [33, 1024, 16 * 1024];

/// The demo's state.
pub struct Weigh {
    pub(super) spec: ExchangeSpec,
    pub(super) phase: WeighPhase,
    pub(super) help: bool,
}

/// How far it is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum WeighPhase {
    Ready,
    /// Under way; what was weighed before is still shown.
    Sending(Option<Box<ExchangePair>>),
    Done(Box<ExchangePair>),
    /// It did not work: why, in words.
    Failed(String),
}

/// What the scales ask for: one exchange each way. One that is still under way ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cmd(pub(super) ExchangeSpec);

/// What came of the exchanges.
#[derive(Clone, Debug, PartialEq)]
pub struct Msg(pub(super) Result<Box<ExchangePair>, String>);

impl Weigh {
    pub(super) fn handle_key(&mut self, key: KeyEvent) -> Vec<Cmd> {
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
            KeyCode::Char(digit @ '1'..='3') => {
                self.spec.payload = PAYLOAD_CHOICES[digit as usize - '1' as usize];
                return self.resend();
            }
            _ => {}
        }
        Vec::new()
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

    /// Sends once more where something was sent: what is on the scales is what the keys say.
    pub(super) fn resend(&mut self) -> Vec<Cmd> {
        if self.phase == WeighPhase::Ready { Vec::new() } else { self.send() }
    }
}
