//! [`Mouth`]: what is still to be said, in order, and whether something may be put in between.
//! It knows no socket; whoever has one takes bytes from the front.

use crate::wire::handshake::{DEFAULT_MAX_HEAD_LEN, HeadReader};
use crate::wire::{AgreedExtensions, Decoder, DecoderEvent, MaskingKey, Opcode, Side, encode};

/// Answers wait while more than this is still to be sent, and only the last one is kept: RFC 6455 section 5.5.3 allows
/// to answer only the most recent ping.
const CROWDED: usize = 64 * 1024;

/// A Close, with its code where it has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Goodbye(pub(super) Option<u16>);

#[derive(Debug)]
pub(super) struct Mouth {
    waiting: Vec<u8>,
    gone: usize,
    early: Vec<u8>,
    /// Reads along, to know where frames end: bytes may be put on the wire that are half a frame, or none.
    decoder: Decoder,
    midway: bool,
    frames: bool,
    /// The body of a Close that is being said, its first two bytes.
    closing: Option<Vec<u8>>,
    close: Option<Goodbye>,
    pong: Option<Vec<u8>>,
}

impl Mouth {
    /// Begins with the request. What stands behind its head is taken for frames that came too early.
    pub(super) fn new(request: Vec<u8>) -> Self {
        let head = HeadReader::new(Side::Client, DEFAULT_MAX_HEAD_LEN).push(&request);
        let early = request.get(head..).unwrap_or_default().to_vec();
        let decoder = Decoder::new(Side::Client, AgreedExtensions::none());
        Self {
            waiting: request,
            gone: 0,
            early,
            decoder,
            midway: false,
            frames: false,
            closing: None,
            close: None,
            pong: None,
        }
    }

    /// The handshake is over.
    pub(super) fn frames_begin(&mut self) {
        self.frames = true;
        let early = std::mem::take(&mut self.early);
        self.follow(&early);
    }

    /// Puts bytes at the end, as they are.
    pub(super) fn say(&mut self, bytes: &[u8]) {
        self.follow(bytes);
        if self.gone > self.waiting.len() / 2 {
            self.waiting.drain(..self.gone);
            self.gone = 0;
        }
        self.waiting.extend_from_slice(bytes);
    }

    /// Answers a ping as soon as that is possible.
    pub(super) fn answer_ping(&mut self, payload: Vec<u8>, key: MaskingKey) {
        self.pong = Some(payload);
        self.late_pong(key);
    }

    /// A pong had to wait, and now need not.
    pub(super) fn pong_is_due(&self) -> bool {
        self.pong.is_some()
            && self.is_between_frames()
            && self.unsent().len() < CROWDED
            && self.close.is_none()
    }

    /// Says the pong that waits, if it may be said now.
    pub(super) fn late_pong(&mut self, key: MaskingKey) {
        if self.pong_is_due()
            && let Some(payload) = self.pong.take()
        {
            self.say(&encode::single_frame(Opcode::Pong, &payload, Some(key)));
        }
    }

    /// What is still to be sent.
    pub(super) fn unsent(&self) -> &[u8] {
        self.waiting.get(self.gone..).unwrap_or_default()
    }

    /// So much of it was sent.
    pub(super) fn sent(&mut self, count: usize) {
        self.gone = self.gone.saturating_add(count);
        if self.gone >= self.waiting.len() {
            self.waiting.clear();
            self.gone = 0;
        }
    }

    /// All frames so far are whole, so a further one may follow.
    pub(super) fn is_between_frames(&self) -> bool {
        self.frames && !self.midway && self.decoder.partial_header().is_empty()
    }

    /// A Close is among what was said, with its code where it has one.
    pub(super) fn close(&self) -> Option<Goodbye> {
        self.close
    }

    fn follow(&mut self, bytes: &[u8]) {
        if !self.frames {
            return;
        }
        let mut rest = bytes;
        while let Some(event) = self.decoder.next_event(&mut rest) {
            match event {
                DecoderEvent::FrameStart(begun) => {
                    self.midway = true;
                    self.closing = (begun.header.opcode == Opcode::Close).then(Vec::new);
                }
                DecoderEvent::Payload(piece) => {
                    if let Some(body) = &mut self.closing {
                        body.extend(piece.iter().take(2_usize.saturating_sub(body.len())));
                    }
                }
                DecoderEvent::FrameEnd(_) => {
                    self.midway = false;
                    if let Some(body) = self.closing.take() {
                        let code = body.first_chunk().map(|code| u16::from_be_bytes(*code));
                        self.close.get_or_insert(Goodbye(code));
                    }
                }
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: MaskingKey = [0; 4];

    fn open() -> Mouth {
        with_request(b"GET / HTTP/1.1\r\n\r\n")
    }

    fn with_request(request: &[u8]) -> Mouth {
        let mut mouth = Mouth::new(request.to_vec());
        mouth.sent(request.len());
        mouth.frames_begin();
        mouth
    }

    #[test]
    fn a_pong_waits_for_the_end_of_a_frame_that_was_begun_by_hand() {
        let mut mouth = open();
        mouth.say(&[0x82, 0x83, 0, 0, 0, 0, 1]);
        mouth.answer_ping(b"a".to_vec(), KEY);
        mouth.answer_ping(b"b".to_vec(), KEY);
        assert!(!mouth.pong_is_due());
        mouth.say(&[2, 3]);
        mouth.late_pong(KEY);
        assert_eq!(mouth.unsent(), [0x82, 0x83, 0, 0, 0, 0, 1, 2, 3, 0x8a, 0x81, 0, 0, 0, 0, b'b']);
    }

    #[test]
    fn a_frame_begun_behind_the_request_counts() {
        assert!(with_request(b"GET / HTTP/1.1\r\n\r\n\x81\x81").unsent().is_empty());
        assert!(!with_request(b"GET / HTTP/1.1\r\n\r\n\x81\x81").is_between_frames());
        assert!(with_request(b"GET / HTTP/1.1\r\n\r\n\x81\x80abcd").is_between_frames());
    }

    #[test]
    fn pings_cannot_make_it_grow() {
        let mut mouth = open();
        for _ in 0..100_000 {
            mouth.answer_ping(vec![0; 125], KEY);
        }
        assert!(mouth.unsent().len() < CROWDED + 200);
        mouth.sent(mouth.unsent().len());
        assert!(mouth.pong_is_due());
    }

    #[test]
    fn a_close_is_noticed_however_it_is_said() {
        let mut mouth = open();
        for byte in [0x88, 0x82, 1, 1, 1, 1, 0x02, 0xe9] {
            mouth.say(&[byte]);
        }
        assert_eq!(mouth.close(), Some(Goodbye(Some(1000))));
        mouth.answer_ping(b"a".to_vec(), KEY);
        assert!(!mouth.pong_is_due(), "nothing is said after a Close");
        let mut mouth = open();
        mouth.say(&[0x88, 0x00]);
        assert_eq!(mouth.close(), Some(Goodbye(None)));
    }
}
