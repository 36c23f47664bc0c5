//! [`SendQueue`]: what is still to be sent, in order, and whether something may be put in between.
//! It knows no socket; whoever has one takes bytes from the front.

use crate::wire::decode::frame_assembler::FrameAssembler;
use crate::wire::frame::encode;
use crate::wire::handshake::{DEFAULT_MAX_HEAD_LEN, HeadReader};
use crate::wire::{AgreedExtensions, Decoder, MaskingKey, Opcode, Side};

/// Answers wait while more than this is still to be sent, and only the last one is kept: RFC 6455
/// section 5.5.3 allows to answer only the most recent ping.
const PONG_BACKLOG_LIMIT: usize = 64 * 1024;

/// The length of a close code, which is all that is kept of a payload.
const CLOSE_CODE_LEN: usize = 2;

/// A Close, with its code where it has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CloseStatus(pub(super) Option<u16>);

#[derive(Debug)]
pub(super) struct SendQueue {
    buffer: Vec<u8>,
    sent: usize,
    early_frames: Vec<u8>,
    /// Reads along, to know where frames end: bytes may be put on the wire that are half a frame,
    /// or none.
    frames: FrameAssembler,
    is_open: bool,
    queued_close: Option<CloseStatus>,
    pending_pong: Option<Vec<u8>>,
}

impl SendQueue {
    /// Begins with the request. What stands behind its head is taken for frames that came too
    /// early.
    pub(super) fn new(request: Vec<u8>) -> Self {
        let head = HeadReader::new(Side::Client, DEFAULT_MAX_HEAD_LEN).push(&request);
        let early = request.get(head..).unwrap_or_default().to_vec();
        let decoder = Decoder::new(Side::Client, AgreedExtensions::none());
        Self {
            buffer: request,
            sent: 0,
            early_frames: early,
            frames: FrameAssembler::new(decoder, CLOSE_CODE_LEN),
            is_open: false,
            queued_close: None,
            pending_pong: None,
        }
    }

    /// The handshake is over.
    pub(super) fn start_frames(&mut self) {
        self.is_open = true;
        let early = std::mem::take(&mut self.early_frames);
        self.track_frames(&early);
    }

    /// Puts bytes at the end, as they are.
    pub(super) fn enqueue(&mut self, bytes: &[u8]) {
        self.track_frames(bytes);
        if self.sent > self.buffer.len() / 2 {
            self.buffer.drain(..self.sent);
            self.sent = 0;
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// Answers a ping as soon as that is possible.
    pub(super) fn answer_ping(&mut self, payload: Vec<u8>, key: MaskingKey) {
        self.pending_pong = Some(payload);
        self.enqueue_pending_pong(key);
    }

    /// A pong had to wait, and now need not.
    pub(super) fn pong_is_due(&self) -> bool {
        self.pending_pong.is_some()
            && self.is_between_frames()
            && self.pending().len() < PONG_BACKLOG_LIMIT
            && self.queued_close.is_none()
    }

    /// Queues the pong that waits, if it may go now.
    pub(super) fn enqueue_pending_pong(&mut self, key: MaskingKey) {
        if self.pong_is_due()
            && let Some(payload) = self.pending_pong.take()
        {
            self.enqueue(&encode::single_frame(Opcode::Pong, &payload, Some(key)));
        }
    }

    /// What is still to be sent.
    pub(super) fn pending(&self) -> &[u8] {
        self.buffer.get(self.sent..).unwrap_or_default()
    }

    /// So much of it was sent.
    pub(super) fn advance(&mut self, count: usize) {
        self.sent = self.sent.saturating_add(count);
        if self.sent >= self.buffer.len() {
            self.buffer.clear();
            self.sent = 0;
        }
    }

    /// All frames so far are whole, so a further one may follow.
    pub(super) fn is_between_frames(&self) -> bool {
        self.is_open && self.frames.is_between_frames()
    }

    /// A Close is among what was queued, with its code where it has one.
    pub(super) fn queued_close(&self) -> Option<CloseStatus> {
        self.queued_close
    }

    fn track_frames(&mut self, bytes: &[u8]) {
        if !self.is_open {
            return;
        }
        let mut rest = bytes;
        while let Some(frame) = self.frames.next_frame(&mut rest) {
            if frame.start.is_some_and(|start| start.header.opcode == Opcode::Close) {
                let code = frame.payload.first_chunk().map(|code| u16::from_be_bytes(*code));
                self.queued_close.get_or_insert(CloseStatus(code));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: MaskingKey = [0; 4];

    fn open() -> SendQueue {
        with_request(b"GET / HTTP/1.1\r\n\r\n")
    }

    fn with_request(request: &[u8]) -> SendQueue {
        let mut queue = SendQueue::new(request.to_vec());
        queue.advance(request.len());
        queue.start_frames();
        queue
    }

    #[test]
    fn a_pong_waits_for_the_end_of_a_frame_that_was_begun_by_hand() {
        let mut queue = open();
        queue.enqueue(&[0x82, 0x83, 0, 0, 0, 0, 1]);
        queue.answer_ping(b"a".to_vec(), KEY);
        queue.answer_ping(b"b".to_vec(), KEY);
        assert!(!queue.pong_is_due());
        queue.enqueue(&[2, 3]);
        queue.enqueue_pending_pong(KEY);
        assert_eq!(
            queue.pending(),
            [0x82, 0x83, 0, 0, 0, 0, 1, 2, 3, 0x8a, 0x81, 0, 0, 0, 0, b'b']
        );
    }

    #[test]
    fn a_frame_begun_behind_the_request_counts() {
        assert!(with_request(b"GET / HTTP/1.1\r\n\r\n\x81\x81").pending().is_empty());
        assert!(!with_request(b"GET / HTTP/1.1\r\n\r\n\x81\x81").is_between_frames());
        assert!(with_request(b"GET / HTTP/1.1\r\n\r\n\x81\x80abcd").is_between_frames());
    }

    #[test]
    fn pings_cannot_make_it_grow() {
        let mut queue = open();
        for _ in 0..100_000 {
            queue.answer_ping(vec![0; 125], KEY);
        }
        assert!(queue.pending().len() < PONG_BACKLOG_LIMIT + 200);
        queue.advance(queue.pending().len());
        assert!(queue.pong_is_due());
    }

    #[test]
    fn a_close_is_noticed_however_it_is_sent() {
        let mut queue = open();
        for byte in [0x88, 0x82, 1, 1, 1, 1, 0x02, 0xe9] {
            queue.enqueue(&[byte]);
        }
        assert_eq!(queue.queued_close(), Some(CloseStatus(Some(1000))));
        queue.answer_ping(b"a".to_vec(), KEY);
        assert!(!queue.pong_is_due(), "nothing is said after a Close");
        let mut queue = open();
        queue.enqueue(&[0x88, 0x00]);
        assert_eq!(queue.queued_close(), Some(CloseStatus(None)));
    }
}
