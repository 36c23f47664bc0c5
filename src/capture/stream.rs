//! [`CapturedStream`]: one connection of a capture, as far as it could be read. [`StreamBuilder`]:
//! the stream while it is being read. The order of its packets is decided before they get here.

use std::io;
use std::num::Saturating;
use std::sync::Arc;
use std::time::Duration;

use crate::capture::byte_store::{BackingStore, ByteStore, Place};
use crate::capture::error::InternalError;
use crate::capture::resync::{HeldPiece, Resync};
use crate::capture::sink::StreamSink;
use crate::capture::tls::{self, KeyLog, Random, TlsOutput, TlsSession, TlsStatus};
use crate::net::AddressPair;
use crate::scope;
use crate::wire::format::byte_count;
use crate::wire::{ByteLen, Offset, Side, Sides};

/// The maximum number of warnings about one stream. Further ones are only counted.
const MAX_WARNINGS: usize = 20;

/// The maximum number of zeros that replace missing bytes of one stream. A file of a few bytes can
/// claim gaps of any length.
const MAX_FILLED_BYTES: ByteLen = ByteLen::new(16 << 20);

/// The maximum number of gaps kept of one stream. Further ones are warnings only.
const MOST_GAPS: usize = 1 << 16;

/// The kind of unit that a stream begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamStart {
    /// A head, because the beginning was captured.
    Head,
    /// Frames: the first byte of each direction is that of a frame.
    Frames,
    /// Any byte of any frame, because the capture begins in the middle of the connection.
    Midway,
}

/// Bytes of a stream that are missing in the capture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The side whose bytes are missing.
    pub from: Side,
    /// The offset in that side's stream, as for [`ByteStore::read`].
    pub offset: Offset,
    /// The number of missing bytes.
    pub missing: ByteLen,
    /// The number of them that are replaced by zeros, so that what follows keeps its position in
    /// the frame.
    pub filled: ByteLen,
    /// The number of captured bytes behind them that lie within frames whose beginning is missing.
    pub unframed: ByteLen,
}

impl Gap {
    /// Returns the offset of the first byte behind it that belongs to a known frame.
    pub(crate) fn end(&self) -> Offset {
        self.offset + self.filled + self.unframed
    }
}

/// How a TCP connection ended: its first FIN or RST.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamEnding {
    /// The side that sent it.
    pub by: Side,
    /// Whether it was an RST.
    pub is_reset: bool,
    /// Whether an RST came after a FIN.
    pub is_reset_after: bool,
    /// The time since the last data before it.
    pub silence: Duration,
}

/// One connection.
#[derive(Debug)]
pub struct CapturedStream<S> {
    /// The addresses of both ends; `None` for hex text and recordings.
    pub addresses: Option<AddressPair>,
    /// When its first packet was captured, since 1970; zero for hex text and recordings.
    pub started_at: Duration,
    /// The kind of unit that the stream begins with.
    pub start: StreamStart,
    /// Whether it was encrypted, and whether that could be undone.
    pub tls: TlsStatus,
    /// The result of its bytes. Times in it count from `started_at`.
    pub trace: S,
    /// The places of its bytes, for reading them again.
    pub store: ByteStore,
    /// The gaps in it.
    pub gaps: Vec<Gap>,
    /// How it ended; `None` if it was open at the end of the capture, or if the file has no packets.
    pub ending: Option<StreamEnding>,
    /// The warnings about it.
    pub warnings: Vec<String>,
    /// Why it could not be read. Nothing else is known of it then; other connections are not
    /// affected.
    pub failed: Option<InternalError>,
}

/// Reads a part of one connection. A panic costs this connection and no other: `fail` discards what
/// is known of it.
pub(super) fn guarded<C>(
    connection: &mut C,
    fail: impl FnOnce(&mut C, InternalError),
    read: impl FnOnce(&mut C) -> io::Result<()>,
) -> io::Result<()> {
    match scope::catch_panic_sync(|| read(connection)) {
        Ok(done) => done,
        Err(panic) => {
            fail(connection, InternalError(panic));
            Ok(())
        }
    }
}

/// What the streams of one capture share while it is read.
#[derive(Debug)]
pub(super) struct ReadContext<M> {
    pub(super) key_log: KeyLog,
    pub(super) backing: Arc<BackingStore>,
    pub(super) make_sink: M,
}

#[derive(Debug)]
enum StreamMode {
    Undecided,
    Plain,
    Tls(Box<TlsSession>),
}

/// A stream while it is read.
#[derive(Debug)]
pub(super) struct StreamBuilder<S> {
    started_at: u64,
    /// Whether a SYN was captured, so that the first byte is the connection's first.
    pub(super) saw_syn: bool,
    /// Whether bytes of a side were captured.
    has_sent: Sides<bool>,
    mode: StreamMode,
    warnings: Warnings,
    plaintext: Option<PlaintextSink<S>>,
    failed: Option<InternalError>,
}

/// The receiver of a stream's plaintext.
#[derive(Debug)]
struct PlaintextSink<S> {
    start: StreamStart,
    sink: S,
    store: ByteStore,
    gaps: Vec<Gap>,
    /// The number of zeros that replace missing bytes.
    filled: ByteLen,
    resync: Resync,
}

#[derive(Debug, Default)]
struct Warnings {
    messages: Vec<String>,
    suppressed: Saturating<u64>,
}

impl Warnings {
    fn warn(&mut self, what: String) {
        if self.messages.len() < MAX_WARNINGS {
            self.messages.push(what);
        } else {
            self.suppressed += 1;
        }
    }

    fn into_messages(mut self) -> Vec<String> {
        if self.suppressed.0 > 0 {
            self.messages.push(format!("and {} more warnings", self.suppressed));
        }
        self.messages
    }
}

impl<S: StreamSink> StreamBuilder<S> {
    /// Creates a stream without bytes; `started_at` is the time of the first packet in nanoseconds
    /// since 1970.
    pub(super) fn new(started_at: u64) -> Self {
        let (mode, warnings) = (StreamMode::Undecided, Warnings::default());
        let has_sent = Sides::default();
        Self { started_at, saw_syn: false, has_sent, mode, warnings, plaintext: None, failed: None }
    }

    /// Stops reading the stream and discards what was read.
    pub(super) fn fail(&mut self, why: InternalError) {
        *self = Self { failed: Some(why), ..Self::new(self.started_at) };
    }

    pub(super) fn has_failed(&self) -> bool {
        self.failed.is_some()
    }

    pub(super) fn warn(&mut self, what: String) {
        self.warnings.warn(what);
    }

    /// Returns the client random, as in key logs, if only the secrets are missing.
    pub(super) fn missing_secrets_for(&self) -> Option<Random> {
        if let StreamMode::Tls(session) = &self.mode { session.missing_secrets_for() } else { None }
    }

    /// Takes the next bytes of a side, which are in the file from `file_offset` on.
    pub(super) fn push<M: FnMut(StreamStart) -> S>(
        &mut self,
        from: Side,
        captured_at: u64,
        file_offset: Offset,
        bytes: &[u8],
        shared: &mut ReadContext<M>,
    ) -> io::Result<()> {
        // The first bytes of either side decide; one byte is enough to tell TLS from HTTP.
        if matches!(self.mode, StreamMode::Undecided) {
            self.mode = if tls::looks_like_tls(bytes) {
                StreamMode::Tls(Box::default())
            } else {
                StreamMode::Plain
            };
        }
        let at = Duration::from_nanos(captured_at.saturating_sub(self.started_at));
        let Self { mode, plaintext, warnings, saw_syn, has_sent, .. } = self;
        let StreamMode::Tls(session) = mode else {
            let location = Place::File(file_offset);
            let is_new = plaintext.is_none();
            let is_first = !std::mem::replace(&mut has_sent[from], true);
            let start =
                if *saw_syn || is_head(bytes) { StreamStart::Head } else { StreamStart::Midway };
            let sink = plaintext_sink(plaintext, start, shared);
            if is_new && sink.start == StreamStart::Midway {
                sink.begin_midway();
            }
            if is_first && !*saw_syn && sink.start == StreamStart::Head && !is_head(bytes) {
                sink.begin_side_midway(from, at);
            }
            sink.push(from, at, location, bytes);
            return Ok(());
        };
        let ReadContext { key_log, backing, make_sink } = shared;
        // The session cannot stop midway, so the first error of the spill is kept.
        let mut failed = None;
        let mut alerts = Vec::new();
        let result = session.push(from, bytes, key_log, &mut |from, output| match output {
            TlsOutput::Plaintext(plain) => match backing.spill(plain) {
                Ok(location) if !plain.is_empty() => {
                    plaintext_sink_with(plaintext, StreamStart::Head, backing, make_sink)
                        .push(from, at, location, plain);
                }
                Ok(_) => {}
                Err(error) => failed = Some(error),
            },
            // Of a connection without plaintext so far, nothing was missed.
            TlsOutput::Gap { max_plaintext } => {
                if let Some(plaintext) = plaintext {
                    plaintext.push_gap(from, at, max_plaintext);
                }
            }
            TlsOutput::Alert(alert) => alerts.push(alert),
        });
        for alert in alerts {
            warnings.warn(format!("TLS: {alert}"));
        }
        if let Err(error) = result {
            warnings.warn(error.to_string());
        }
        failed.map_or(Ok(()), Err)
    }

    /// Takes bytes that are in no file. Those of a connection that could not be read are ignored.
    pub(super) fn push_and_spill<M: FnMut(StreamStart) -> S>(
        &mut self,
        from: Side,
        at: Duration,
        bytes: &[u8],
        shared: &mut ReadContext<M>,
    ) -> io::Result<()> {
        if bytes.is_empty() || self.has_failed() {
            return Ok(());
        }
        let location = shared.backing.spill(bytes)?;
        guarded(self, Self::fail, |flow| {
            plaintext_sink(&mut flow.plaintext, head_or_frames(bytes), shared)
                .push(from, at, location, bytes);
            Ok(())
        })
    }

    /// Takes a gap in the bytes of a side.
    pub(super) fn push_gap(&mut self, from: Side, captured_at: u64, missing: ByteLen) {
        let time = Duration::from_nanos(captured_at.saturating_sub(self.started_at));
        let mut what = format!("{missing} bytes of the {} are missing in the capture", from.name());
        if let StreamMode::Tls(session) = &mut self.mode {
            // The session says when it has found the next record, and how much is missing.
            if !session.push_gap(from, missing) {
                what += ", and nothing after them can be decrypted";
            }
        } else if let Some(plaintext) = &mut self.plaintext {
            let offset = plaintext.push_gap(from, time, missing);
            what += &format!(" after its first {offset}");
        }
        self.warnings.warn(what);
    }

    /// Returns the memory that bytes take which are held back.
    pub(super) fn held_bytes(&self) -> usize {
        self.plaintext.as_ref().map_or(0, |plaintext| plaintext.resync.held_bytes())
    }

    /// Passes on what is held back, because nothing more comes or memory is short.
    pub(super) fn pass_on_held(&mut self) {
        if let Some(plaintext) = &mut self.plaintext {
            plaintext.pass_on_held();
        }
    }

    /// Returns the stream, unless it carried no data.
    pub(super) fn finish<M: FnMut(StreamStart) -> S>(
        mut self,
        addresses: Option<AddressPair>,
        shared: &mut ReadContext<M>,
    ) -> Option<CapturedStream<S>> {
        self.pass_on_held();
        let tls = match &self.mode {
            StreamMode::Tls(session) => session.status(),
            StreamMode::Undecided | StreamMode::Plain => TlsStatus::Plaintext,
        };
        if self.plaintext.is_none() && tls == TlsStatus::Plaintext && self.failed.is_none() {
            return None;
        }
        let PlaintextSink { start, sink, store, gaps, .. } =
            self.plaintext.unwrap_or_else(|| PlaintextSink {
                start: StreamStart::Head,
                sink: (shared.make_sink)(StreamStart::Head),
                store: ByteStore::new(Arc::clone(&shared.backing)),
                gaps: Vec::new(),
                filled: ByteLen::ZERO,
                resync: Resync::default(),
            });
        for gap in gaps.iter().filter(|gap| gap.unframed > ByteLen::ZERO).take(MAX_WARNINGS) {
            self.warnings.warn(describe_unframed(gap));
        }
        let started_at = Duration::from_nanos(self.started_at);
        let (warnings, failed) = (self.warnings.into_messages(), self.failed);
        Some(CapturedStream {
            addresses,
            started_at,
            start,
            tls,
            trace: sink,
            store,
            gaps,
            ending: None,
            warnings,
            failed,
        })
    }
}

/// Says which captured bytes could not be read as frames.
fn describe_unframed(gap: &Gap) -> String {
    let Gap { from, offset, unframed, .. } = gap;
    let (bytes, whose) = (byte_count(*unframed), from.name());
    if *offset == Offset::START {
        format!("the first {bytes} of the {whose} belong to a frame that began before the capture")
    } else {
        format!(
            "{bytes} of the {whose} behind the missing ones belong to a frame whose beginning was \
             not captured"
        )
    }
}

impl<S: StreamSink> PlaintextSink<S> {
    fn push(&mut self, from: Side, at: Duration, location: Place, bytes: &[u8]) {
        if self.resync.is_idle() {
            self.store.add(from, location, ByteLen::of(bytes));
            self.sink.push(from, at, bytes);
            if self.sink.take_out_of_step(Side::Client) {
                self.resync.search(Side::Client, self.sink.frame_search(Side::Client));
            }
        } else if self.resync.hold(from, at, location, bytes) {
            self.conclude_search();
        }
    }

    /// Handles the first bytes of a side that are not HTTP although the other side's are: an unknown
    /// number of bytes was sent before the capture began.
    fn begin_side_midway(&mut self, from: Side, at: Duration) {
        self.pass_on_held();
        let (missing, unframed) = (ByteLen::ZERO, ByteLen::ZERO);
        let filled = self.sink.gap(from, at, missing, missing);
        self.gaps.push(Gap { from, offset: Offset::START, missing, filled, unframed });
        self.resync.search(from, self.sink.frame_search(from));
    }

    /// Searches the first frame of both sides.
    fn begin_midway(&mut self) {
        for from in [Side::Client, Side::Server] {
            self.sink.unframed(from, Duration::ZERO, ByteLen::ZERO);
            self.resync.search(from, self.sink.frame_search(from));
        }
    }

    /// Passes on everything that is held.
    fn pass_on_held(&mut self) {
        // What is passed on may open the connection, and begin another search with that.
        while self.resync.held_bytes() > 0 {
            self.conclude_search();
        }
    }

    /// Passes on what was held during a search. It goes on for a side whose frames were not found.
    fn conclude_search(&mut self) {
        let (held, unknown) = self.resync.conclude();
        for HeldPiece { from, at, place, bytes, unframed } in held {
            if self.sink.take_out_of_step(Side::Client) {
                self.resync.search(Side::Client, self.sink.frame_search(Side::Client));
            }
            if !self.resync.is_idle() && unframed == ByteLen::ZERO {
                self.push(from, at, place, &bytes);
                continue;
            }
            self.store.add(from, place, ByteLen::of(&bytes));
            let (before, frames) = bytes.split_at(unframed.to_usize_saturating().min(bytes.len()));
            if !before.is_empty() {
                self.push_unframed(from, at, unframed, ByteLen::of(frames));
            }
            if !frames.is_empty() {
                self.sink.push(from, at, frames);
            }
        }
        let out_of_step = self.sink.take_out_of_step(Side::Client).then_some(Side::Client);
        for from in unknown.into_iter().chain(out_of_step) {
            self.resync.search(from, self.sink.frame_search(from));
        }
    }

    /// Records bytes whose frame is not known; the store has them, and `behind` bytes more.
    fn push_unframed(&mut self, from: Side, at: Duration, len: ByteLen, behind: ByteLen) {
        self.sink.unframed(from, at, len);
        let offset = Offset::START + (self.store.len(from) - behind - len);
        let last = self.gaps.iter_mut().rev().find(|gap| gap.from == from);
        if let Some(gap) = last.filter(|gap| gap.end() == offset) {
            gap.unframed += len;
        } else if self.gaps.len() < MOST_GAPS {
            let (missing, filled) = (ByteLen::ZERO, ByteLen::ZERO);
            self.gaps.push(Gap { from, offset, missing, filled, unframed: len });
        }
    }

    /// Takes a gap and returns its offset in the bytes of `from`.
    fn push_gap(&mut self, from: Side, at: Duration, missing: ByteLen) -> Offset {
        self.pass_on_held();
        let offset = Offset::START + self.store.len(from);
        let filled = self.sink.gap(from, at, missing, MAX_FILLED_BYTES - self.filled);
        self.filled += filled;
        self.store.add(from, Place::Missing, filled);
        if self.gaps.len() < MOST_GAPS {
            self.gaps.push(Gap { from, offset, missing, filled, unframed: ByteLen::ZERO });
        }
        if filled < missing {
            self.resync.search(from, self.sink.frame_search(from));
        }
        offset
    }
}

fn plaintext_sink<'a, S, M: FnMut(StreamStart) -> S>(
    plaintext: &'a mut Option<PlaintextSink<S>>,
    start: StreamStart,
    shared: &mut ReadContext<M>,
) -> &'a mut PlaintextSink<S> {
    plaintext_sink_with(plaintext, start, &shared.backing, &mut shared.make_sink)
}

/// Returns the receiver of the plaintext, which is created with `start`.
fn plaintext_sink_with<'a, S, M: FnMut(StreamStart) -> S>(
    plaintext: &'a mut Option<PlaintextSink<S>>,
    start: StreamStart,
    backing: &Arc<BackingStore>,
    make_sink: &mut M,
) -> &'a mut PlaintextSink<S> {
    plaintext.get_or_insert_with(|| PlaintextSink {
        start,
        sink: make_sink(start),
        store: ByteStore::new(Arc::clone(backing)),
        gaps: Vec::new(),
        filled: ByteLen::ZERO,
        resync: Resync::default(),
    })
}

/// Returns what bytes of a text begin with.
fn head_or_frames(first: &[u8]) -> StreamStart {
    if is_head(first) { StreamStart::Head } else { StreamStart::Frames }
}

/// Whether bytes begin like an HTTP request. No legal frame does, because these letters would set
/// reserved bits (RFC 6455 section 5.2).
pub(super) fn is_request(bytes: &[u8]) -> bool {
    let methods =
        ["GET ", "POST ", "PUT ", "HEAD ", "OPTIONS ", "DELETE ", "PATCH ", "CONNECT ", "PRI "];
    methods.iter().any(|method| bytes.starts_with(method.as_bytes()))
}

/// Whether bytes begin like an HTTP response.
pub(super) fn is_response(bytes: &[u8]) -> bool {
    bytes.starts_with(b"HTTP/")
}

fn is_head(bytes: &[u8]) -> bool {
    is_request(bytes) || is_response(bytes)
}
