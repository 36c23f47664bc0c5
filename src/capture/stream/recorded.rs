//! The bytes of a stream that a recording or another text holds: they are in no capture, nothing
//! carries them, and what is missing is known.

use std::io;
use std::time::Duration;

use super::builder::{ReadContext, StreamBuilder, guarded};
use super::captured_stream::StreamStart;
use crate::capture::http2::{Http2Head, Http2WebSocket};
use crate::capture::plaintext::{Piece, PlaintextSink};
use crate::capture::sink::StreamSink;
use crate::wire::decode::Resumption;
use crate::wire::handshake::HttpExchange;
use crate::wire::handshake::extended_connect::{
    Field, status, validate_request, validate_response,
};
use crate::wire::{ByteLen, Side};

/// A head of HTTP/2 in a recording.
#[derive(Debug, PartialEq)]
pub(in crate::capture) struct RecordedHead {
    pub(in crate::capture) from: Side,
    pub(in crate::capture) at: Duration,
    pub(in crate::capture) stream_id: u32,
    pub(in crate::capture) fields: Vec<Field>,
    pub(in crate::capture) block_len: usize,
}

/// Bytes that a capture lacked when it was recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::capture) struct RecordedGap {
    pub(in crate::capture) from: Side,
    /// Their number; 0 if it is not known.
    pub(in crate::capture) missing: ByteLen,
    /// The number of them that belong to the frame in progress.
    pub(in crate::capture) within_frame: ByteLen,
}

impl<S: StreamSink> StreamBuilder<S> {
    /// Takes bytes. Those of a connection that could not be read are ignored.
    pub(in crate::capture) fn push_and_spill<M: FnMut(StreamStart) -> S>(
        &mut self,
        from: Side,
        at: Duration,
        bytes: &[u8],
        shared: &mut ReadContext<M>,
    ) -> io::Result<()> {
        if bytes.is_empty() || self.has_failed() {
            return Ok(());
        }
        let place = shared.backing.spill(bytes)?;
        guarded(self, Self::fail, |stream| {
            let is_open = stream.http2.as_ref().is_none_or(|websocket| websocket.is_open);
            let mut layers = shared.layers(&mut stream.output, false, StreamStart::Frames(None));
            layers.push_plain_or_body(Piece { from, at, place, bytes, framing: None }, is_open);
            if let Some(plaintext) = &mut stream.output.plaintext {
                plaintext.know_frames();
            }
            Ok(())
        })
    }

    /// Resumes reading with a unit of this kind, if it was lost what the side sends next.
    pub(in crate::capture) fn resume_known(
        &mut self,
        from: Side,
        at: Duration,
        unit: Option<Resumption>,
    ) {
        if let (Some(websocket), Some(Resumption::Frame)) = (&mut self.http2, unit) {
            // The response that opened it may not have been captured.
            websocket.is_open = true;
        } else if let (Some(plaintext), Some(unit)) = (&mut self.output.plaintext, unit) {
            plaintext.resume_known(from, at, unit);
        }
    }

    /// Takes bytes that lie within frames whose beginning was not captured.
    pub(in crate::capture) fn push_unframed<M: FnMut(StreamStart) -> S>(
        &mut self,
        from: Side,
        at: Duration,
        bytes: &[u8],
        shared: &mut ReadContext<M>,
    ) -> io::Result<()> {
        let place = shared.backing.spill(bytes)?;
        self.with_plaintext(shared, |plaintext| {
            plaintext.push_known_unframed(Piece { from, at, place, bytes, framing: None });
        });
        Ok(())
    }

    /// Takes a gap that was noted. The part within a frame comes with that frame.
    pub(in crate::capture) fn push_known_gap<M: FnMut(StreamStart) -> S>(
        &mut self,
        gap: RecordedGap,
        at: Duration,
        shared: &mut ReadContext<M>,
    ) {
        let RecordedGap { from, missing, within_frame } = gap;
        let between = missing - within_frame;
        if between > ByteLen::ZERO || missing == ByteLen::ZERO {
            self.with_plaintext(shared, |plaintext| {
                plaintext.push_gap_between_frames(from, at, between);
            });
        }
    }

    /// Takes `missing` bytes that the recording of a frame lacks.
    pub(in crate::capture) fn push_gap_within_frame<M: FnMut(StreamStart) -> S>(
        &mut self,
        from: Side,
        at: Duration,
        missing: ByteLen,
        shared: &mut ReadContext<M>,
    ) {
        if missing > ByteLen::ZERO {
            self.with_plaintext(shared, |plaintext| {
                plaintext.push_gap_within_frame(from, at, missing);
            });
        }
    }

    /// Takes an exchange whose bytes are not in the recording.
    pub(in crate::capture) fn push_exchange<M: FnMut(StreamStart) -> S>(
        &mut self,
        exchange: HttpExchange,
        at: Duration,
        shared: &mut ReadContext<M>,
    ) {
        self.with_plaintext(shared, |plaintext| plaintext.sink.exchange(at, exchange));
    }

    /// Begins with any byte of any frame of both sides.
    pub(in crate::capture) fn begin_midway<M: FnMut(StreamStart) -> S>(
        &mut self,
        shared: &mut ReadContext<M>,
    ) {
        let mut layers = shared.layers(&mut self.output, false, StreamStart::Frames(None));
        layers.begin(StreamStart::Midway);
        self.with_plaintext(shared, |plaintext| {
            for from in [Side::Client, Side::Server] {
                plaintext.sink.unframed(from, Duration::ZERO, ByteLen::ZERO);
            }
        });
    }

    /// Begins with a head, unless the stream has begun otherwise.
    pub(in crate::capture) fn begin<M: FnMut(StreamStart) -> S>(
        &mut self,
        shared: &mut ReadContext<M>,
    ) {
        self.with_plaintext(shared, |_| {});
    }

    /// Makes the stream a WebSocket on this stream of HTTP/2.
    pub(in crate::capture) fn begin_http2(&mut self, stream_id: u32, is_open: bool) {
        self.http2.get_or_insert_with(|| {
            Box::new(Http2WebSocket { stream_id, request: None, response: None, is_open })
        });
    }

    /// Whether the stream is a WebSocket on a stream of HTTP/2.
    pub(in crate::capture) fn is_over_http2(&self) -> bool {
        self.http2.is_some()
    }

    /// Takes a head of a WebSocket over HTTP/2. The response decides what follows.
    pub(in crate::capture) fn take_http2_head<M: FnMut(StreamStart) -> S>(
        &mut self,
        head: RecordedHead,
        shared: &mut ReadContext<M>,
    ) {
        let RecordedHead { from, at, stream_id, fields, block_len } = head;
        self.begin_http2(stream_id, false);
        let Some(websocket) = &mut self.http2 else { return };
        if from == Side::Client {
            let validation = validate_request(&fields, false);
            websocket.request = Some(Http2Head { at, fields, block_len, validation });
            return;
        }
        let request = websocket.request.as_ref().map(|head| head.fields.as_slice());
        let validation = validate_response(&fields, request, false);
        let agreed = validation.agreed;
        websocket.is_open = matches!(status(&fields), Some(200..=299));
        websocket.response = Some(Http2Head { at, fields, block_len, validation });
        let mut layers = shared.layers(&mut self.output, false, StreamStart::Frames(None));
        layers.begin(StreamStart::Http2(agreed));
    }

    /// Changes what was received; what does not begin with frames begins with a head.
    fn with_plaintext<M: FnMut(StreamStart) -> S>(
        &mut self,
        shared: &mut ReadContext<M>,
        change: impl FnOnce(&mut PlaintextSink<S>),
    ) {
        if self.has_failed() {
            return;
        }
        // The stream cannot fail here, and nothing is to be returned.
        let _ = guarded(self, Self::fail, |stream| {
            let mut layers = shared.layers(&mut stream.output, false, StreamStart::Frames(None));
            layers.begin(StreamStart::Head);
            if let Some(plaintext) = &mut stream.output.plaintext {
                plaintext.know_frames();
                change(plaintext);
            }
            Ok(())
        });
    }
}
