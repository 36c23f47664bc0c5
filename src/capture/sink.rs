//! [`StreamSink`]: receives the bytes of a captured stream; a [`Trace`] is one.

use std::time::Duration;

use crate::wire::decode::{FrameSearch, Resumption};
use crate::wire::handshake::{Content, HttpExchange};
use crate::wire::{ByteLen, Side, Trace};

/// Receives the bytes of one stream in order, while a capture is read.
pub(crate) trait StreamSink {
    /// Takes the next bytes of a side; `at` counts from the stream's first packet.
    fn push(&mut self, from: Side, at: Duration, bytes: &[u8]);

    /// Handles `missing` bytes of a side that are not in the capture. Returns for how many of them,
    /// at most `limit`, the frame in progress goes on.
    fn gap(&mut self, from: Side, at: Duration, missing: ByteLen, limit: ByteLen) -> ByteLen;

    /// Takes `len` bytes of a side that lie within messages or frames whose beginning was not
    /// captured.
    fn unframed(&mut self, from: Side, at: Duration, len: ByteLen);

    /// Resumes reading: the next byte of a side is the first of this unit. Returns whether that was
    /// not known before.
    fn resume(&mut self, from: Side, at: Duration, unit: Resumption) -> bool;

    /// Whether a unit of this kind may follow bytes that belong to nothing known.
    fn may_resume(&self, from: Side, unit: Resumption) -> bool;

    /// Whether the next bytes of a side are frames.
    fn sends_frames(&self, from: Side) -> bool;

    /// Returns a search for what a side sends after a gap, if that is not known.
    fn frame_search(&self, from: Side) -> Option<FrameSearch>;

    /// Returns a search that tells whether the client sends frames although the server is silent.
    fn early_frame_search(&self) -> Option<FrameSearch>;

    /// Whether a search must begin now, because bytes before the 101 were missing. Returns that once.
    fn take_out_of_step(&mut self, from: Side) -> bool;

    /// Notes the arrival of bytes that are neither HTTP/1.1 nor frames of a WebSocket.
    fn pass_over(&mut self, from: Side, at: Duration, len: usize);

    /// Takes an HTTP exchange whose bytes were passed over.
    fn exchange(&mut self, at: Duration, exchange: HttpExchange);

    /// Takes a part of an HTTP exchange whose bytes were passed over, and that may be SockJS.
    fn content(&mut self, at: Duration, content: &Content);

    /// Takes the target of the request of a WebSocket whose handshake was passed over.
    fn set_target(&mut self, target: &str);
}

impl StreamSink for Trace {
    fn push(&mut self, from: Side, at: Duration, bytes: &[u8]) {
        self.push(from, at, bytes);
    }

    fn gap(&mut self, from: Side, at: Duration, missing: ByteLen, limit: ByteLen) -> ByteLen {
        self.push_gap(from, at, missing, limit)
    }

    fn unframed(&mut self, from: Side, at: Duration, len: ByteLen) {
        self.push_unframed(from, at, len);
    }

    fn resume(&mut self, from: Side, at: Duration, unit: Resumption) -> bool {
        self.resume(from, at, unit)
    }

    fn may_resume(&self, from: Side, unit: Resumption) -> bool {
        self.may_resume(from, unit)
    }

    fn sends_frames(&self, from: Side) -> bool {
        self.sends_frames(from)
    }

    fn frame_search(&self, from: Side) -> Option<FrameSearch> {
        self.frame_search(from)
    }

    fn early_frame_search(&self) -> Option<FrameSearch> {
        self.early_frame_search()
    }

    fn take_out_of_step(&mut self, from: Side) -> bool {
        self.take_out_of_step(from)
    }

    fn pass_over(&mut self, from: Side, at: Duration, len: usize) {
        self.pass_over(from, at, len);
    }

    fn exchange(&mut self, at: Duration, exchange: HttpExchange) {
        self.add_exchange(at, exchange);
    }

    fn content(&mut self, at: Duration, content: &Content) {
        self.push_content(at, content);
    }

    fn set_target(&mut self, target: &str) {
        self.set_target(target);
    }
}
