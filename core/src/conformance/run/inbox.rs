//! [`Inbox`]: what the server sent and no step has asked for yet.

use std::collections::VecDeque;

use crate::wire::decode::frame_assembler::AssembledFrame;
use crate::wire::frame::message::MessageKind;
use crate::wire::frame::{Opcode, encode};
use crate::wire::{Fault, MaskingKey, Side};

/// The most messages, and the most pongs, that wait. Later ones are not kept.
const MAX_WAITING: usize = 1_024;

/// The most bytes of pongs that answer the server's pings in a case. Further pings have no answer: a
/// flood of them would leave no room for the case.
const MAX_ANSWERS: usize = 64 << 10;

/// The masking key of what answers a server's own pings and Closes.
pub(super) const ANSWER_KEY: MaskingKey = [0x6a, 0x1f, 0xc3, 0x85];

/// A Close of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ReceivedClose {
    /// Its code; `None` if it has no body.
    pub(super) code: Option<u16>,
}

/// The messages, pongs and the Close that the server sent.
#[derive(Debug)]
pub(super) struct Inbox {
    from: Side,
    /// The masking keys of its frames.
    keys: Vec<MaskingKey>,
    messages: VecDeque<(MessageKind, Vec<u8>)>,
    pongs: VecDeque<Vec<u8>>,
    close: Option<ReceivedClose>,
    fault: Option<Fault>,
    answers: Vec<u8>,
    /// The bytes of pongs, sent or waiting.
    answered: usize,
    /// The bytes of messages that wait, beyond which further ones are not kept.
    max_message_bytes: usize,
    /// Whether anything came at all.
    pub(super) has_received: bool,
}

impl Inbox {
    /// Creates an inbox for what `from` sends.
    pub(super) fn new(from: Side, max_message_bytes: usize) -> Self {
        Self {
            from,
            keys: Vec::new(),
            messages: VecDeque::new(),
            pongs: VecDeque::new(),
            close: None,
            fault: None,
            answers: Vec::new(),
            answered: 0,
            max_message_bytes,
            has_received: false,
        }
    }

    pub(super) fn take(&mut self, frame: AssembledFrame) {
        self.has_received = true;
        self.take_faults(&frame.faults);
        let Some(start) = frame.start else { return };
        if let (Some(key), true) = (start.header.masking_key, self.keys.len() < MAX_WAITING) {
            self.keys.push(key);
        }
        match start.header.opcode {
            Opcode::Ping if self.close.is_none() && self.answered < MAX_ANSWERS => {
                let key = (self.from == Side::Server).then_some(ANSWER_KEY);
                let pong = encode::single_frame(Opcode::Pong, &frame.payload, key);
                self.answered = self.answered.saturating_add(pong.len());
                self.answers.extend(pong);
            }
            Opcode::Pong if self.pongs.len() < MAX_WAITING => self.pongs.push_back(frame.payload),
            Opcode::Ping | Opcode::Pong => {}
            Opcode::Close => {
                let code = frame.payload.first_chunk().map(|code| u16::from_be_bytes(*code));
                self.close.get_or_insert(ReceivedClose { code });
            }
            _ => {
                if let Some(message) = frame.message
                    && self.messages.len() < MAX_WAITING
                    && self.message_bytes() < self.max_message_bytes
                {
                    self.messages.push_back((message.end.kind, message.data));
                }
            }
        }
    }

    pub(super) fn masking_keys(&self) -> &[MaskingKey] {
        &self.keys
    }

    /// Whether a message or a pong waits: the peer takes the connection for open.
    pub(super) fn has_frame(&self) -> bool {
        !self.messages.is_empty() || !self.pongs.is_empty()
    }

    /// Returns the number of bytes that wait: of messages, pongs and answers.
    pub(super) fn held_bytes(&self) -> usize {
        let pongs = self.pongs.iter().map(Vec::len).fold(0, usize::saturating_add);
        self.message_bytes().saturating_add(pongs).saturating_add(self.answers.len())
    }

    fn message_bytes(&self) -> usize {
        self.messages.iter().fold(0, |sum: usize, (_, data)| sum.saturating_add(data.len()))
    }

    /// Takes the faults of a frame, which may still be arriving.
    pub(super) fn take_faults(&mut self, faults: &[Fault]) {
        if self.fault.is_none() {
            self.fault = faults.iter().find(|fault| fault.is_fatal()).copied();
        }
    }

    /// Returns the first rule that a frame of the server breaks.
    pub(super) fn fault(&self) -> Option<&Fault> {
        self.fault.as_ref()
    }

    pub(super) fn close(&self) -> Option<ReceivedClose> {
        self.close
    }

    /// Takes the pongs that answer the server's pings.
    pub(super) fn take_answer(&mut self) -> Option<Vec<u8>> {
        Some(std::mem::take(&mut self.answers)).filter(|answers| !answers.is_empty())
    }

    pub(super) fn next_message(&mut self) -> Option<(MessageKind, Vec<u8>)> {
        self.messages.pop_front()
    }

    pub(super) fn has_message(&self) -> bool {
        !self.messages.is_empty()
    }

    /// Takes the pong with this payload and those before it: a server may answer only the latest of
    /// several pings (RFC 6455 section 5.5.3).
    pub(super) fn take_pong(&mut self, data: &[u8]) -> bool {
        let found = self.pongs.iter().position(|pong| pong == data);
        if let Some(index) = found {
            self.pongs.drain(..=index);
        }
        found.is_some()
    }

    /// Returns a pong that nothing asked for.
    pub(super) fn other_pong(&self) -> Option<&[u8]> {
        self.pongs.front().map(Vec::as_slice)
    }
}

/// Returns the Close that answers the peer's.
pub(super) fn close_reply(close: ReceivedClose, key: Option<MaskingKey>) -> Vec<u8> {
    let body = close.code.map(u16::to_be_bytes);
    let body = body.as_ref().map_or(&[][..], |code| code);
    encode::single_frame(Opcode::Close, body, key)
}
