//! [`SendQueue`]: the bytes that are still to be sent, in order, and whether a frame may be added
//! now. It knows no socket; the owner of one takes bytes from the front.

use crate::wire::decode::frame_assembler::FrameAssembler;
use crate::wire::frame::encode;
use crate::wire::handshake::{DEFAULT_MAX_HEAD_LEN, HeadReader};
use crate::wire::{AgreedExtensions, Decoder, MaskingKey, Opcode, Side};

/// A pong waits while more bytes than this are still to be sent, and the pong of a later ping
/// replaces it: RFC 6455 section 5.5.3 allows answering only the most recent ping.
const PONG_BACKLOG_LIMIT: usize = 64 * 1024;

/// The number of payload bytes that are kept of a frame: the length of a close code.
const CLOSE_CODE_LEN: usize = 2;

/// A Close with its code, if it has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CloseStatus(pub(super) Option<u16>);

#[derive(Debug)]
pub(super) struct SendQueue {
    buffer: Vec<u8>,
    sent: usize,
    early_frames: Vec<u8>,
    /// Follows the frames that are sent, to know where they end: raw bytes may be part of a frame,
    /// or none at all.
    frames: FrameAssembler,
    is_open: bool,
    queued_close: Option<CloseStatus>,
    pending_pong: Option<Vec<u8>>,
}

impl SendQueue {
    /// Creates a queue that begins with the request. Bytes after its head are taken for frames that
    /// were sent early.
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

    /// Starts framing, because the handshake is over.
    pub(super) fn start_frames(&mut self) {
        self.is_open = true;
        let early = std::mem::take(&mut self.early_frames);
        self.track_frames(&early);
    }

    /// Appends bytes unchanged.
    pub(super) fn enqueue(&mut self, bytes: &[u8]) {
        self.track_frames(bytes);
        // Compacting only when half of the buffer is spent keeps the cost of moving bytes linear.
        if self.sent > self.buffer.len() / 2 {
            self.buffer.drain(..self.sent);
            self.sent = 0;
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// Answers a ping as soon as possible. An earlier pong that still waits is replaced.
    pub(super) fn answer_ping(&mut self, payload: Vec<u8>, key: MaskingKey) {
        self.pending_pong = Some(payload);
        self.enqueue_pending_pong(key);
    }

    /// Whether a pong waits that can be sent now.
    pub(super) fn pong_is_due(&self) -> bool {
        self.pending_pong.is_some()
            && self.is_between_frames()
            && self.pending().len() < PONG_BACKLOG_LIMIT
            && self.queued_close.is_none()
    }

    /// Queues the waiting pong if it can be sent now.
    pub(super) fn enqueue_pending_pong(&mut self, key: MaskingKey) {
        if self.pong_is_due()
            && let Some(payload) = self.pending_pong.take()
        {
            self.enqueue(&encode::single_frame(Opcode::Pong, &payload, Some(key)));
        }
    }

    /// Returns the bytes that are still to be sent.
    pub(super) fn pending(&self) -> &[u8] {
        self.buffer.get(self.sent..).unwrap_or_default()
    }

    /// Records that `count` more bytes have been sent.
    pub(super) fn advance(&mut self, count: usize) {
        self.sent = self.sent.saturating_add(count);
        if self.sent >= self.buffer.len() {
            self.buffer.clear();
            self.sent = 0;
        }
    }

    /// Whether the last frame is complete, so that another can follow.
    pub(super) fn is_between_frames(&self) -> bool {
        self.is_open && self.frames.is_between_frames()
    }

    /// Returns the first Close that was queued.
    pub(super) fn queued_close(&self) -> Option<CloseStatus> {
        self.queued_close
    }

    fn track_frames(&mut self, bytes: &[u8]) {
        if !self.is_open {
            return;
        }
        let mut rest = bytes;
        while let Some(frame) = self.frames.next_frame(&mut rest) {
            if frame.is_close() {
                let code = frame.payload.first_chunk().map(|code| u16::from_be_bytes(*code));
                // Nothing may follow the first Close (RFC 6455 section 5.5.1), so later ones do not
                // count.
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
    fn a_pong_waits_for_the_end_of_a_raw_frame() {
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
    fn a_frame_that_begins_after_the_request_counts() {
        assert!(with_request(b"GET / HTTP/1.1\r\n\r\n\x81\x81").pending().is_empty());
        assert!(!with_request(b"GET / HTTP/1.1\r\n\r\n\x81\x81").is_between_frames());
        assert!(with_request(b"GET / HTTP/1.1\r\n\r\n\x81\x80abcd").is_between_frames());
    }

    #[test]
    fn pings_cannot_make_the_queue_grow() {
        let mut queue = open();
        for _ in 0..100_000 {
            queue.answer_ping(vec![0; 125], KEY);
        }
        assert!(queue.pending().len() < PONG_BACKLOG_LIMIT + 200);
        queue.advance(queue.pending().len());
        assert!(queue.pong_is_due());
    }

    #[test]
    fn a_close_is_recognized_however_it_is_sent() {
        let mut queue = open();
        for byte in [0x88, 0x82, 1, 1, 1, 1, 0x02, 0xe9] {
            queue.enqueue(&[byte]);
        }
        assert_eq!(queue.queued_close(), Some(CloseStatus(Some(1000))));
        queue.answer_ping(b"a".to_vec(), KEY);
        assert!(!queue.pong_is_due(), "nothing follows a Close");
        let mut queue = open();
        queue.enqueue(&[0x88, 0x00]);
        assert_eq!(queue.queued_close(), Some(CloseStatus(None)));
    }
}
