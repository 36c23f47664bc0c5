//! [`Sender`]: what one side sends, frame by frame: legal frames, and whatever a violation adds.

use crate::learn::draws::Draws;
use crate::wire::frame::encode;
use crate::wire::{ByteLen, Header, MaskingKey, Opcode, Side};

/// Texts of messages, some of them with characters of several bytes.
const TEXTS: [&str; 14] = [
    "Hello",
    "ok",
    "été",
    "Grüße",
    "10 €",
    "tick",
    "naïve",
    "日本",
    "n=42",
    "bid 7",
    "état",
    "hi 👋",
    "{\"n\":3}",
    "42.31",
];

/// One side of a connection that has just been opened.
#[derive(Debug)]
pub(super) struct Sender {
    /// The side.
    pub(super) from: Side,
    /// The source of everything that varies.
    pub(super) draws: Draws,
    bytes: Vec<u8>,
    last_key: MaskingKey,
}

impl Sender {
    /// Creates a sender that has sent nothing.
    pub(super) fn new(from: Side, draws: Draws) -> Self {
        Self { from, draws, bytes: Vec::new(), last_key: [0; 4] }
    }

    /// Returns all that was sent.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Returns a masking key that is neither zero nor the one before.
    pub(super) fn fresh_key(&mut self) -> MaskingKey {
        let mut key = self.draws.bytes();
        while key == [0; 4] || key == self.last_key {
            key = self.draws.bytes();
        }
        self.last_key = key;
        key
    }

    /// Sends a frame with this header, masked if the side is to mask.
    pub(super) fn send(&mut self, header: Header, plain: &[u8]) {
        let masking_key = (self.from == Side::Client).then(|| self.fresh_key());
        self.send_unchanged(&Header { masking_key, ..header }, plain);
    }

    /// Sends a frame with this header as it is.
    pub(super) fn send_unchanged(&mut self, header: &Header, plain: &[u8]) {
        encode::append_frame(&mut self.bytes, header, plain);
    }

    /// Sends a whole frame.
    pub(super) fn send_whole(&mut self, opcode: Opcode, plain: &[u8]) {
        self.send(Header::new(opcode, ByteLen::of(plain)), plain);
    }

    /// Sends a fragment that is not the last.
    pub(super) fn send_open(&mut self, opcode: Opcode, plain: &[u8]) {
        self.send(Header { fin: false, ..Header::new(opcode, ByteLen::of(plain)) }, plain);
    }

    /// Sends a Close with a code and a reason.
    pub(super) fn send_close(&mut self, code: u16, reason: &[u8]) {
        self.send_whole(Opcode::Close, &[&code.to_be_bytes(), reason].concat());
    }

    /// Returns the text of a message.
    pub(super) fn text(&mut self) -> &'static str {
        self.draws.pick(&TEXTS).copied().unwrap_or_default()
    }

    /// Returns up to `most` bytes, at least one.
    pub(super) fn data(&mut self, most: usize) -> Vec<u8> {
        let len = self.draws.below(most).saturating_add(1);
        self.draws.bytes::<8>().into_iter().cycle().take(len).collect()
    }

    /// Sends a legal message or control frame.
    pub(super) fn send_legal(&mut self) {
        match self.draws.below(6) {
            0 | 1 => {
                let text = self.text();
                self.send_whole(Opcode::Text, text.as_bytes());
            }
            2 => {
                let data = self.data(6);
                self.send_whole(Opcode::Binary, &data);
            }
            3 => {
                let data = self.data(4);
                self.send_whole(Opcode::Ping, data.get(1..).unwrap_or_default());
            }
            4 => {
                let data = self.data(4);
                self.send_whole(Opcode::Pong, &data);
            }
            _ => self.send_fragments(),
        }
    }

    /// Sends a legal text in two fragments, perhaps cut within a character, perhaps with a ping
    /// between them.
    pub(super) fn send_fragments(&mut self) {
        let text = self.text().as_bytes();
        let cut = self.draws.below(text.len().saturating_sub(1)).saturating_add(1);
        let (first, second) = text.split_at(cut.min(text.len()));
        self.send_open(Opcode::Text, first);
        if self.draws.chance(1, 2) {
            let data = self.data(3);
            self.send_whole(Opcode::Ping, &data);
        }
        self.send_whole(Opcode::Continuation, second);
    }
}
