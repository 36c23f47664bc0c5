//! [`Cmd`] and [`Msg`]: the commands for the inspector's engine, and the messages that come back.

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::{OwnedSemaphorePermit, mpsc};

use super::connect_options::ConnectOptions;
use crate::capture::{self, ByteStore, Capture, StoredBytes, StreamStart};
use crate::clients::{SessionCommand, SessionEvent};
use crate::inspect::{FoundFrame, InspectSource, SearchJob, TextScan, TextScanJob};
use crate::proxy;
use crate::wire::{AgreedExtensions, ByteLen, Offset, Sides, Trace, TraceRow};

/// A command for the inspector's engine. The number is that of the run, from 1.
#[derive(Clone, Debug)]
pub enum Cmd {
    /// Starts a run of a source, which ends the previous run.
    Open(u64, InspectSource, Box<ConnectOptions>),
    /// Sends a command to the open connection.
    Send(CommandSender, SessionCommand),
    /// Sends a command to the running proxy.
    Proxy(ProxyCommandSender, proxy::ProxyCommand),
    /// Reads frames from a file: the index of each row, the row, and its offset in the stream. The
    /// last number is the maximum number of bytes to read of each frame.
    Read(Arc<ByteStore>, Vec<(usize, TraceRow, Offset)>, u64),
    /// Searches the frames of a connection.
    Find(Box<SearchJob>),
    /// Looks for the texts of a filter, or stops that.
    Scan(Option<Box<TextScanJob>>),
    /// Copies a text to the clipboard.
    Copy(String),
    /// Records that a bet of a lesson was settled.
    RecordBet {
        /// The lesson's name.
        lesson: &'static str,
        /// The step, from 0.
        step: usize,
        /// Whether the bet was right.
        right: bool,
    },
}

/// The queue of an open connection. As a handle, it lets a [`Cmd`] be plain data.
#[derive(Clone, Debug)]
pub struct CommandSender(pub(crate) mpsc::Sender<SessionCommand>);

/// The queue of a running proxy.
#[derive(Clone, Debug)]
pub struct ProxyCommandSender(pub(crate) mpsc::Sender<proxy::ProxyCommand>);

/// The number of bytes that are kept of a frame that is not complete at the end of a file.
const PARTIAL_FRAME_BYTES: ByteLen = ByteLen::new(4096);

/// The connections of a file.
#[derive(Debug)]
pub struct LoadedCapture {
    pub(crate) streams: Vec<LoadedStream>,
    /// Notices for the user: warnings, and the result of a copy.
    pub(crate) notes: Vec<String>,
}

/// What has come of a capture on standard input.
#[derive(Debug)]
pub struct LoadedSnapshot {
    /// The connections; `None` if nothing can be read so far.
    pub(crate) loaded: Option<LoadedCapture>,
    /// Whether its format can be read while it grows.
    pub(crate) grows: bool,
    /// The number of bytes that were read.
    pub(crate) bytes: u64,
    /// Whether nothing more comes.
    pub(crate) is_last: bool,
    /// The next snapshot is made once this is dropped, so that no two of them wait.
    pub(crate) turn: Option<OwnedSemaphorePermit>,
}

/// A connection of a file, with the beginning of the frame of each side that is not complete.
#[derive(Debug)]
pub(crate) struct LoadedStream {
    pub(crate) stream: capture::CapturedStream<Trace>,
    pub(crate) partial_frames: Sides<Vec<u8>>,
    /// The connection read without the permessage-deflate that is only assumed.
    pub(crate) without_deflate: Option<Trace>,
}

impl LoadedCapture {
    /// Takes the connections of a capture, and reads what will be shown of incomplete frames.
    pub(crate) fn new(capture: Capture, notes: Vec<String>) -> Self {
        let load = |stream: capture::CapturedStream<Trace>| {
            let partial = |from| {
                let partial = stream.trace.partial_frame(from)?;
                let start = stream.trace.stream_offset(from, partial.offset);
                let end = start + partial.have.min(PARTIAL_FRAME_BYTES);
                // What is there no longer, because the file has changed, is left out.
                let StoredBytes { mut bytes, missing } =
                    stream.store.read(from, start..end).ok()?;
                // What stands after a gap cannot be shown without it.
                bytes.truncate(missing.first().map_or(bytes.len(), |gap| gap.start));
                Some(bytes)
            };
            let partial_frames = Sides::each(|from| partial(from).unwrap_or_default());
            let trace = &stream.trace;
            let is_assumed = trace.agreed().is_assumed
                && trace.rows().iter().any(TraceRow::is_compressed)
                && stream.start == StreamStart::Midway;
            let without_deflate =
                is_assumed.then(|| stream.retrace(AgreedExtensions::none()).ok()).flatten();
            LoadedStream { stream, partial_frames, without_deflate }
        };
        Self { streams: capture.into_streams().into_iter().map(load).collect(), notes }
    }
}

/// A message of the inspector's engine.
#[derive(Debug)]
pub enum Msg {
    /// A connection is being opened: its URL, the start time, and the queue for its commands.
    Connecting(String, Instant, CommandSender),
    /// The source could not be opened, for this reason.
    Failed(String),
    /// An event of our own connection.
    Session(SessionEvent),
    /// The proxy listens: its address, the start time, and the queue for its commands.
    ProxyUp(String, Instant, ProxyCommandSender),
    /// An event of the proxy.
    Proxy(proxy::ProxyEvent),
    /// The naive proxy took the bytes of a frame for this request.
    ParsedRequest(String),
    /// A file was read.
    Loaded(Box<LoadedCapture>),
    /// More of standard input was read.
    Snapshot(Box<LoadedSnapshot>),
    /// Frames of a file: the index of each row and its bytes. The last number is the maximum number
    /// of bytes per frame that was requested.
    Read(Vec<(usize, StoredBytes)>, u64),
    /// The result of the search of that number: a frame, or `None` without a hit.
    Found(u64, Option<FoundFrame>),
    /// The texts of a filter were looked for in some frames.
    Scanned(Box<TextScan>),
}
