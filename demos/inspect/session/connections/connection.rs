//! One connection in the inspector: its list of frames, and the bytes of those that are shown.
//!
//! The bytes of a live connection are in memory. Those of a file are fetched when they are needed.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::byte_rings::ByteRings;
use super::byte_source::ByteSource;
use super::capture_gaps::CaptureGaps;
use super::connection_facts::ConnectionFacts;
use super::connection_status::ConnectionStatus;
use crate::capture::{CapturedStream, Http2WebSocket, LiveEnding, StoredBytes, StreamEnding};
use crate::inspect::{
    AbnormalClosure, Ending, SearchedBytes, closes_of, describe_ending, last_activity, proxied_end,
};
use crate::proxy::ProxyError;
use crate::scope::catch_panic_sync;
use crate::wire::handshake::Problem;
use crate::wire::{ByteLen, Frame, Offset, Side, Sides, Trace, TraceRow};

/// The maximum number of bytes of a frame that are shown.
pub(crate) const MAX_BYTES_SHOWN: u64 = 70_000;

/// The number of bytes of a frame that the list needs for its preview.
pub(crate) const PREVIEW_BYTES: u64 = 512;

/// The maximum number of fetched frames in memory. Beyond it all are dropped, and those in sight
/// are fetched again.
const MAX_FETCHED_FRAMES: usize = 4_000;

/// The maximum number of listed frames of a live connection: 80 MiB of rows. A capture may list
/// more, because it does not grow forever.
pub(crate) const MAX_LIVE_ROWS: usize = 1 << 21;

/// One connection.
#[derive(Debug)]
pub(crate) struct InspectedConnection {
    pub(crate) name: String,
    /// The number that the proxy gave it, from 1.
    pub(crate) number: usize,
    pub(crate) facts: ConnectionFacts,
    pub(crate) status: ConnectionStatus,
    pub(crate) trace: Arc<Trace>,
    pub(crate) bytes: ByteSource,
    pub(crate) started_at: Option<Instant>,
    /// The number of frames that the proxy holds, from the client and from the server.
    pub(crate) held_frames: [usize; 2],
    /// The frames that the proxy dropped, by sender and number.
    pub(crate) dropped_frames: Vec<(Side, usize)>,
    /// Whether a panic of ours has stopped the decoding of its bytes.
    pub(crate) faulty: bool,
    /// The same connection read with an assumed permessage-deflate, or without it: whichever is not
    /// shown. `None` unless the capture lacks the handshake and messages have RSV1.
    pub(crate) other_trace: Option<Arc<Trace>>,
    /// The first bytes of the frames that a capture does not have to their end.
    pub(crate) partial_frames: Sides<Vec<u8>>,
    /// The gaps in its streams; none in a live connection.
    pub(crate) gaps: CaptureGaps,
    /// The handshake of a WebSocket over HTTP/2.
    pub(crate) http2: Option<Box<Http2WebSocket>>,
    /// Its FIN or RST.
    pub(crate) ending: Option<StreamEnding>,
    /// What is worth knowing about it, in the order of its weight; none of a live connection.
    pub(crate) notes: Vec<String>,
    /// Finds out how a live connection ends.
    pub(crate) live_ending: LiveEnding,
    /// How it ended, if a WebSocket was open and not closed by both sides.
    pub(crate) abnormal: Option<AbnormalClosure>,
}

impl InspectedConnection {
    pub(crate) fn new(name: String) -> Self {
        let mut trace = Trace::new();
        trace.limit_rows(MAX_LIVE_ROWS);
        Self {
            name,
            number: 1,
            facts: ConnectionFacts::default(),
            status: ConnectionStatus::Connecting,
            trace: Arc::new(trace),
            bytes: ByteSource::Memory(ByteRings::default()),
            started_at: None,
            held_frames: [0; 2],
            dropped_frames: Vec::new(),
            faulty: false,
            other_trace: None,
            partial_frames: Sides::default(),
            gaps: CaptureGaps::default(),
            http2: None,
            ending: None,
            notes: Vec::new(),
            live_ending: LiveEnding::default(),
            abnormal: None,
        }
    }

    /// Creates a connection from a stream of a file.
    pub(crate) fn from_file(
        name: String,
        status: ConnectionStatus,
        stream: CapturedStream<Trace>,
    ) -> Self {
        let abnormal = AbnormalClosure::of_stream(&stream);
        let http2 = stream.http2_websocket().cloned().map(Box::new);
        let bytes = ByteSource::File(Arc::new(stream.store), HashMap::new());
        let (trace, ending) = (Arc::new(stream.trace), stream.ending);
        let gaps = CaptureGaps::new(&stream.gaps, &trace);
        Self { status, trace, bytes, gaps, http2, ending, abnormal, ..Self::new(name) }
    }

    /// Appends bytes of a live connection.
    pub(crate) fn push(&mut self, from: Side, at: Instant, bytes: &[u8]) {
        let at = self.since_start(at);
        self.live_ending.observe_bytes(from, at, bytes);
        self.ending = self.live_ending.ending();
        // Frames that are not listed cannot be shown, so their bytes must not push out those of
        // listed frames.
        if let ByteSource::Memory(rings) = &mut self.bytes
            && self.trace.dropped_rows() == 0
        {
            rings.push(from, bytes);
        }
        self.extend_trace(|trace| trace.push(from, at, bytes));
    }

    /// Takes a FIN or RST of a live connection.
    pub(crate) fn observe_end(&mut self, by: Side, is_reset: bool, at: Instant) {
        self.live_ending.observe_end(by, is_reset, self.since_start(at));
        self.ending = self.live_ending.ending();
    }

    fn since_start(&self, at: Instant) -> Duration {
        self.started_at.map_or(Duration::ZERO, |began| at.saturating_duration_since(began))
    }

    /// Decodes bytes. A panic ends only this connection, and its status shows why.
    fn extend_trace(&mut self, read: impl FnOnce(&mut Trace)) {
        if self.faulty {
            return;
        }
        // Only a running search shares a trace; it is copied at most once per search then.
        let trace = Arc::make_mut(&mut self.trace);
        if let Err(panic) = catch_panic_sync(|| read(trace)) {
            self.faulty = true;
            self.status = ConnectionStatus::Ended(Err(format!(
                "not read any further: {panic}; this is a bug in wiretalk"
            )));
        }
    }

    /// Returns the approximate number of bytes of memory that its list and payloads take.
    pub(crate) fn memory_used(&self) -> usize {
        let payloads = match &self.bytes {
            ByteSource::Memory(kept) => kept.len(),
            ByteSource::File(..) => 0,
        };
        size_of_val(self.trace.rows()) + self.trace.sockjs().memory_used() + payloads
    }

    /// Drops its frames and bytes. The connection itself stays in the list.
    pub(crate) fn drop_contents(&mut self) {
        self.trace = Arc::default();
        self.bytes = ByteSource::Memory(ByteRings::default());
        self.dropped_frames = Vec::new();
        self.status = ConnectionStatus::Ended(Ok("over; its frames are no longer kept".to_owned()));
    }

    /// Whether its list of frames is full.
    pub(crate) fn is_full(&self) -> bool {
        self.trace.is_full()
    }

    /// Drops its payloads, and lists no further frames.
    pub(crate) fn stop_listing(&mut self) {
        let listed = self.trace.rows().len();
        Arc::make_mut(&mut self.trace).limit_rows(listed);
        self.bytes = ByteSource::Memory(ByteRings::default());
    }

    /// Returns a frame with its bytes, up to [`MAX_BYTES_SHOWN`]; `None` if they are gone or not
    /// fetched yet.
    pub(crate) fn frame(&self, row_index: usize) -> Option<Frame> {
        let row = self.trace.rows().get(row_index)?;
        let (raw, missing) = match &self.bytes {
            ByteSource::Memory(rings) => {
                let max_bytes = row.len().min(MAX_BYTES_SHOWN.into()).to_usize_saturating();
                (rings.read(row.from(), self.stream_offset(row), max_bytes)?, Vec::new())
            }
            ByteSource::File(_, fetched) => {
                let StoredBytes { bytes, missing } = fetched.get(&row_index)?.0.clone();
                (bytes, missing)
            }
        };
        // Without its whole header a frame cannot be explained.
        (raw.len() >= row.header().len()).then(|| self.trace.frame(row, raw).with_missing(missing))
    }

    /// Returns when the last bytes arrived, since the start of the connection.
    pub(crate) fn last_activity(&self) -> Duration {
        last_activity(&self.trace)
    }

    /// Ends a live connection at a time.
    pub(crate) fn end(&mut self, result: Result<String, String>, at: Instant) {
        if let (Err(how), Some(started_at)) = (&result, self.started_at) {
            let age = at.saturating_duration_since(started_at);
            self.abnormal = AbnormalClosure::of_trace(&self.trace, how, age, self.ending);
        }
        self.status = ConnectionStatus::Ended(result);
    }

    /// Ends a proxied connection at a time, with the error of the proxy if there was one.
    pub(crate) fn end_proxied(&mut self, result: &Result<(), ProxyError>, at: Instant) {
        if let Some(by) = result.as_ref().err().and_then(ProxyError::reset_by) {
            self.observe_end(by, true, at);
        }
        let closes = self.trace.is_open().then(|| closes_of(&self.trace));
        let ending = self.ending.map(|ending| describe_ending(ending, closes));
        let Ending { text, is_clean } = proxied_end(result, ending);
        self.end(if is_clean { Ok(text) } else { Err(text) }, at);
    }

    /// Whether it is read with a permessage-deflate that the capture does not show.
    pub(crate) fn assumes_deflate(&self) -> bool {
        self.other_trace.is_some() && self.trace.agreed().is_assumed
    }

    /// Reads it with the assumed permessage-deflate, or without it again. Frames and bytes stay the
    /// same. Returns `false` if nothing is assumed.
    pub(crate) fn toggle_assumed_deflate(&mut self) -> bool {
        let Some(other) = &mut self.other_trace else { return false };
        std::mem::swap(other, &mut self.trace);
        true
    }

    /// Takes over what the user has done with `earlier`, a shorter part of the same connection.
    pub(crate) fn take_over(&mut self, earlier: Self) {
        if earlier.other_trace.is_some() && !earlier.assumes_deflate() {
            self.toggle_assumed_deflate();
        }
        if let (ByteSource::File(_, fetched), ByteSource::File(_, known)) =
            (&mut self.bytes, earlier.bytes)
        {
            *fetched = known;
        }
    }

    /// Returns the problems of a side's head: of HTTP/1.1, or of the handshake over HTTP/2.
    pub(crate) fn head_problems(&self, from: Side) -> &[Problem] {
        let of_http2 = self.http2.as_deref().and_then(|websocket| match from {
            Side::Client => websocket.request.as_ref(),
            Side::Server => websocket.response.as_ref(),
        });
        match (of_http2, self.trace.head(from)) {
            (Some(head), _) => &head.validation.problems,
            (None, Some(head)) => &head.validation.problems,
            (None, None) => &[],
        }
    }

    /// Returns how many bytes of a frame were not captured.
    pub(crate) fn missing_len(&self, row: &TraceRow) -> ByteLen {
        match &self.bytes {
            ByteSource::File(store, _) if row.has_gap() => {
                let start = self.stream_offset(row);
                store.missing_len(row.from(), start..start + row.len())
            }
            _ => ByteLen::ZERO,
        }
    }

    /// Returns the number of the first frame of a side that the proxy holds. An incomplete frame
    /// counts among those that are held.
    fn first_held_frame(&self, from: Side) -> usize {
        let waiting = self.held_frames[usize::from(from == Side::Server)];
        let begun = usize::from(self.trace.partial_frame(from).is_some());
        let complete = self
            .trace
            .rows()
            .iter()
            .rev()
            .find(|row| row.from() == from)
            .map_or(0, |row| row.frame_number() + 1);
        complete - waiting.saturating_sub(begun).min(complete)
    }

    /// Returns what the proxy did with a frame, in a word; `None` if it was forwarded.
    pub(crate) fn proxy_disposition(&self, row: &TraceRow) -> Option<&'static str> {
        let (from, number) = (row.from(), row.frame_number());
        if self.dropped_frames.contains(&(from, number)) {
            return Some("✗ dropped");
        }
        (self.held_frames[usize::from(from == Side::Server)] > 0
            && number >= self.first_held_frame(from))
        .then_some("❚❚ held")
    }

    /// Records that the proxy dropped the first held frame of a side.
    pub(crate) fn drop_first_held(&mut self, from: Side) {
        self.dropped_frames.push((from, self.first_held_frame(from)));
        let waiting = &mut self.held_frames[usize::from(from == Side::Server)];
        *waiting = waiting.saturating_sub(1);
    }

    /// Returns at most `max_bytes` bytes of the incomplete frame of a side; `None` if there is
    /// none, or if its bytes are gone.
    pub(crate) fn partial_frame_bytes(&self, from: Side, max_bytes: u64) -> Option<Vec<u8>> {
        let partial = self.trace.partial_frame(from)?;
        let len = partial.have.min(max_bytes.into()).to_usize_saturating();
        match &self.bytes {
            ByteSource::Memory(rings) => {
                rings.read(from, self.trace.stream_offset(from, partial.offset), len)
            }
            ByteSource::File(..) => {
                let bytes = &self.partial_frames[from];
                Some(bytes[..bytes.len().min(len)].to_vec())
            }
        }
    }

    /// Returns at most `max_bytes` bytes of a direction from `at` on. For a file, only the bytes of
    /// a fetched frame that begins at `at` are known.
    pub(crate) fn read(&self, from: Side, at: Offset, max_bytes: usize) -> Option<Vec<u8>> {
        match &self.bytes {
            ByteSource::Memory(rings) => rings.read(from, at, max_bytes),
            ByteSource::File(_, fetched) => {
                let rows = self.trace.rows();
                let row_index = fetched.keys().find(|row_index| {
                    rows[**row_index].from() == from && self.stream_offset(&rows[**row_index]) == at
                })?;
                let bytes = &fetched[row_index].0.bytes;
                Some(bytes[..bytes.len().min(max_bytes)].to_vec())
            }
        }
    }

    /// Returns the offset of a frame's first byte in its direction.
    pub(crate) fn stream_offset(&self, row: &TraceRow) -> Offset {
        self.trace.stream_offset(row.from(), row.offset())
    }

    /// Returns where its bytes are, as of now.
    pub(crate) fn searched_bytes(&self) -> SearchedBytes {
        self.searched_bytes_from(Sides::each(|_| Offset::START))
    }

    /// Returns where its bytes from `start` on are, as of now.
    pub(crate) fn searched_bytes_from(&self, start: Sides<Offset>) -> SearchedBytes {
        match &self.bytes {
            ByteSource::File(store, _) => SearchedBytes::File(Arc::clone(store), self.gaps.all()),
            ByteSource::Memory(rings) => {
                let copy = |from| rings.snapshot(from, start[from]);
                SearchedBytes::Memory(Box::new(Sides::each(copy)))
            }
        }
    }

    /// Returns those of `rows` whose bytes must still be fetched, at most `max_bytes_per_frame`
    /// bytes each.
    pub(crate) fn rows_to_fetch(
        &self,
        rows: impl Iterator<Item = usize>,
        max_bytes_per_frame: u64,
    ) -> Vec<(usize, TraceRow, Offset)> {
        let ByteSource::File(_, fetched) = &self.bytes else { return Vec::new() };
        let lacks = |row_index: &usize| {
            let len = self.trace.rows()[*row_index].len();
            fetched.get(row_index).is_none_or(|(bytes, asked)| {
                *asked < max_bytes_per_frame && ByteLen::of(&bytes.bytes) < len
            })
        };
        let known = |row_index: usize| {
            let row = self.trace.rows()[row_index];
            (row_index, row, self.stream_offset(&row))
        };
        rows.filter(lacks).map(known).collect()
    }

    /// Stores fetched bytes.
    pub(crate) fn store_fetched(
        &mut self,
        found: Vec<(usize, StoredBytes)>,
        max_bytes_per_frame: u64,
    ) {
        let ByteSource::File(_, fetched) = &mut self.bytes else { return };
        if fetched.len() + found.len() > MAX_FETCHED_FRAMES {
            fetched.clear();
        }
        for (row, bytes) in found {
            // A preview that arrives late must not replace the whole frame.
            if fetched.get(&row).is_none_or(|(known, _)| known.bytes.len() <= bytes.bytes.len()) {
                fetched.insert(row, (bytes, max_bytes_per_frame));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demos::inspect::testing::{REQUEST, RESPONSE};
    use crate::wire::Opcode;
    use crate::wire::frame::encode;

    #[test]
    fn a_panic_while_decoding_ends_only_its_connection() {
        let mut connection = InspectedConnection::new("odd".into());
        connection.push(Side::Client, Instant::now(), REQUEST);
        connection.extend_trace(|_| panic!("injected"));
        let ConnectionStatus::Ended(Err(reason)) = &connection.status else {
            panic!("{:?}", connection.status)
        };
        assert!(reason.contains("injected") && reason.contains("bug in wiretalk"), "{reason}");
        connection.push(Side::Server, Instant::now(), RESPONSE);
        assert!(connection.trace.head(Side::Server).is_none(), "it is not read any further");
    }

    #[test]
    fn frames_that_are_not_listed_push_out_no_bytes() {
        let mut connection = InspectedConnection::new("flood".into());
        for (from, bytes) in [(Side::Client, REQUEST), (Side::Server, RESPONSE)] {
            connection.push(from, Instant::now(), bytes);
        }
        let flood = b"\x81\x00".repeat(MAX_LIVE_ROWS / 16);
        for _ in 0..20 {
            connection.push(Side::Server, Instant::now(), &flood);
        }
        assert_eq!(connection.trace.rows().len(), MAX_LIVE_ROWS);
        assert_eq!(connection.trace.dropped_rows() as usize, MAX_LIVE_ROWS / 16 * 4);
        assert!(connection.frame(0).is_some() && connection.frame(MAX_LIVE_ROWS - 1).is_some());
        assert!(connection.memory_used() < 120 << 20, "{}", connection.memory_used());
    }

    #[test]
    fn the_oldest_held_frame_is_dropped_first_and_an_incomplete_one_counts_as_held() {
        let mut connection = InspectedConnection::new("proxy".into());
        let frame = |text: &[u8]| encode::single_frame(Opcode::Text, text, Some([1, 2, 3, 4]));
        let begun =
            [frame(b"one"), frame(b"two"), frame(b"three"), frame(b"four")[..3].to_vec()].concat();
        for (from, bytes) in
            [(Side::Client, REQUEST), (Side::Server, RESPONSE), (Side::Client, &begun)]
        {
            connection.push(from, Instant::now(), bytes);
        }
        let fates = |connection: &InspectedConnection| -> Vec<_> {
            connection.trace.rows().iter().map(|row| connection.proxy_disposition(row)).collect()
        };
        assert_eq!(fates(&connection), [None; 3]);
        connection.held_frames = [3, 0];
        assert_eq!(fates(&connection), [None, Some("❚❚ held"), Some("❚❚ held")]);
        connection.drop_first_held(Side::Client);
        assert_eq!(connection.held_frames, [2, 0]);
        assert_eq!(fates(&connection), [None, Some("✗ dropped"), Some("❚❚ held")]);
        connection.held_frames = [0, 0];
        assert_eq!(fates(&connection), [None, Some("✗ dropped"), None]);
    }
}
