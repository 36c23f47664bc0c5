//! [`Printer`]: turns the bytes of connections into records and prints each as soon as it is
//! complete. It keeps no complete frame, so a flood of them costs no memory.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::{Duration, Instant};

use crate::cli::inspect::record::{
    EndRecord, Millis, NoteSubject, Record, RecordContext, RecordType, close_body,
};
use crate::scope::catch_panic_sync;
use crate::wire::decode::frame_assembler::{AssembledFrame, FrameAssembler};
use crate::wire::format::escape_controls;
use crate::wire::handshake::pair::{HandshakeEvent, HandshakePair};
use crate::wire::handshake::{HttpExchange, ServerPolicy, ValidatedHead};
use crate::wire::{AgreedExtensions, ByteLen, Decoder, Opcode, Side, Sides};

/// The maximum number of payload bytes kept of one frame: a header may claim 2^63 - 1.
const MAX_PAYLOAD_KEPT: usize = 1 << 20;

/// Prints records to `W`, as JSON or as text.
pub(super) struct Printer<W> {
    json: bool,
    /// Whether text records name their connection.
    show_numbers: bool,
    /// Whether to flush after each record.
    flush_each: bool,
    out: W,
    started_at: Instant,
    /// Open connections by their number.
    connections: BTreeMap<usize, ConnectionState>,
    /// Connections that are no longer decoded, each with the panic that ended its decoding.
    panicked: BTreeMap<usize, String>,
    /// Whether there was a panic.
    has_panicked: bool,
}

/// The code and the reason of a Close, if it has a code.
struct CloseContent(Option<(u16, String)>);

/// The state of an open connection.
struct ConnectionState {
    handshake: HandshakePair,
    /// Whether the body of the latest refusal was printed.
    is_body_printed: bool,
    /// The assemblers of both directions; `None` until the 101.
    assemblers: Option<Sides<FrameAssembler>>,
    byte_counts: Sides<ByteLen>,
    /// The first Close of each side; a later one breaks a rule and changes nothing.
    first_closes: Sides<Option<CloseContent>>,
    /// When the last bytes arrived, since the start.
    last_at: Duration,
}

impl<W: Write> Printer<W> {
    /// Creates a printer for live connections. `several` tells whether text records name their
    /// connection, and times count from `began`.
    pub(super) fn new(json: bool, several: bool, out: W, began: Instant) -> Self {
        Self {
            json,
            show_numbers: several,
            flush_each: true,
            out,
            started_at: began,
            connections: BTreeMap::new(),
            panicked: BTreeMap::new(),
            has_panicked: false,
        }
    }

    /// Creates a printer for a file. Nobody waits for single records, so `out` may buffer them.
    pub(super) fn for_file(json: bool, several: bool, out: W) -> Self {
        Self { flush_each: false, ..Self::new(json, several, out, Instant::now()) }
    }

    /// Returns the time from the start to `at`.
    pub(super) fn elapsed(&self, at: Instant) -> Duration {
        at.saturating_duration_since(self.started_at)
    }

    /// Returns the time from the start to now.
    pub(super) fn now(&self) -> Duration {
        self.started_at.elapsed()
    }

    /// Starts a connection without a handshake: its first bytes are frames.
    pub(super) fn start_mid_connection(&mut self, number: usize) {
        // Which extensions were agreed is unknown; RSV1 is reported as a fault.
        let frames = assemblers(AgreedExtensions::none());
        self.connections.insert(
            number,
            ConnectionState {
                handshake: HandshakePair::without_handshake(AgreedExtensions::none()),
                assemblers: Some(frames),
                ..ConnectionState::new()
            },
        );
    }

    /// Prints the records that `bytes` complete. A panic is reported and ends the decoding of this
    /// connection only.
    pub(super) fn print_completed(
        &mut self,
        number: usize,
        from: Side,
        at: Duration,
        bytes: &[u8],
    ) -> io::Result<()> {
        if self.panicked.contains_key(&number) {
            return Ok(());
        }
        let panic = match catch_panic_sync(|| self.try_print_completed(number, from, at, bytes)) {
            Ok(printed) => return printed,
            Err(panic) => panic,
        };
        self.has_panicked = true;
        // The message of a panic may quote bytes of a peer.
        let reason = escape_controls(&format!("internal error: {panic}"));
        let text =
            format!("this connection is no longer decoded: {reason}; this is a bug in wiretalk");
        self.panicked.insert(number, reason);
        self.print(&Record::note(NoteSubject::Connection(number), at, text))
    }

    /// Whether decoding a connection has panicked.
    pub(super) fn has_panicked(&self) -> bool {
        self.has_panicked
    }

    fn try_print_completed(
        &mut self,
        number: usize,
        from: Side,
        at: Duration,
        bytes: &[u8],
    ) -> io::Result<()> {
        // Taken out of the map while it is used: after a panic, its half-changed state is gone.
        let mut connection = self.connections.remove(&number).unwrap_or_else(ConnectionState::new);
        let result = connection.push(from, at, bytes, |place, what| {
            let place = RecordContext { connection: number, ..place };
            let record = match what {
                Completed::Head(bytes, opening) => Record::handshake(place, bytes, Some(opening)),
                Completed::Body(bytes) => Record::bytes(place, bytes),
                Completed::Exchange(exchange) => Record::http(number, place.elapsed, exchange),
                Completed::Frame(frame) => Record::frame(place, frame),
            };
            self.print(&record)
        });
        self.connections.insert(number, connection);
        result
    }

    /// Prints the incomplete heads and frames of a connection, and its end. `ended` is the reason,
    /// as `Err` if the connection did not close cleanly.
    pub(super) fn print_end(
        &mut self,
        number: usize,
        ended: Result<String, String>,
    ) -> io::Result<()> {
        let unread =
            self.panicked.remove(&number).map(|reason| Err(format!("not fully decoded: {reason}")));
        // A panic matters more than how the connection ended.
        let ended = &unread.unwrap_or(ended);
        let mut connection = self.connections.remove(&number).unwrap_or_else(ConnectionState::new);
        for exchange in connection.handshake.finish() {
            self.print(&Record::http(number, connection.last_at, exchange))?;
        }
        for from in [Side::Client, Side::Server] {
            let context = RecordContext { connection: number, from, elapsed: connection.last_at };
            let head = connection.handshake.partial_head(from);
            if !head.is_empty() {
                self.print(&Record::handshake(context, head, None))?;
            }
            let body = connection.handshake.leftover(from);
            let is_printed = from == Side::Server && connection.is_body_printed;
            if !connection.handshake.is_open() && !body.is_empty() && !is_printed {
                self.print(&Record::bytes(context, body))?;
            }
            let unfinished = connection
                .assemblers
                .as_ref()
                .and_then(|assemblers| assemblers[from].partial_frame());
            if let Some(frame) = unfinished {
                self.print(&Record::frame(context, frame))?;
            }
        }
        self.print(&Record::End(connection.end_record(number, ended)))
    }

    /// Prints the last record of a proxy or of a file without exactly one connection.
    pub(super) fn print_last(&mut self, reason: &str) -> io::Result<()> {
        self.print(&Record::all_ended(self.now(), reason))
    }

    /// Returns the output of the records.
    pub(super) fn out(&mut self) -> &mut W {
        &mut self.out
    }

    pub(super) fn into_out(self) -> W {
        self.out
    }

    /// Flushes the output.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    /// Returns the numbers of all open connections, also of those that are no longer decoded.
    pub(super) fn open_connections(&self) -> Vec<usize> {
        self.connections.keys().chain(self.panicked.keys()).copied().collect()
    }

    /// Prints a record.
    pub(super) fn print(&mut self, record: &Record) -> io::Result<()> {
        // Formats the whole line first, so that a panic leaves no partial line.
        let line = if self.json {
            serde_json::to_string(record)?
        } else {
            record.text(self.show_numbers).to_string()
        };
        writeln!(self.out, "{line}")?;
        // The reader of a live connection must see each record at once.
        if self.flush_each { self.out.flush() } else { Ok(()) }
    }
}

/// Creates the assemblers of both directions, which begin with the first byte of a frame.
fn assemblers(agreed: AgreedExtensions) -> Sides<FrameAssembler> {
    Sides::each(|from| FrameAssembler::new(Decoder::new(from, agreed), MAX_PAYLOAD_KEPT))
}

/// Something that has become complete.
enum Completed<'a> {
    /// A head: its bytes, and the result of its validation.
    Head(&'a [u8], &'a ValidatedHead),
    /// The body of a response that refused the handshake.
    Body(&'a [u8]),
    Exchange(HttpExchange),
    Frame(AssembledFrame),
}

impl ConnectionState {
    fn new() -> Self {
        Self {
            handshake: HandshakePair::new(ServerPolicy::default()),
            is_body_printed: false,
            assemblers: None,
            byte_counts: Sides::default(),
            first_closes: Sides::default(),
            last_at: Duration::ZERO,
        }
    }

    /// Takes bytes and calls `emit` for each head and frame that they complete.
    fn push(
        &mut self,
        from: Side,
        at: Duration,
        bytes: &[u8],
        mut emit: impl FnMut(RecordContext, Completed<'_>) -> io::Result<()>,
    ) -> io::Result<()> {
        self.last_at = at;
        self.byte_counts[from] += ByteLen::of(bytes);
        if self.handshake.sends_frames(from) {
            return self.push_frames(from, at, bytes, &mut emit);
        }
        let mut rest = bytes;
        while let Some(event) = self.handshake.next_event(from, &mut rest) {
            let context = |from| RecordContext { connection: 0, from, elapsed: at };
            match event {
                HandshakeEvent::Head(side) => {
                    self.is_body_printed = false;
                    if let Some(validated) = self.handshake.head(side) {
                        let head = Completed::Head(self.handshake.head_bytes(side), validated);
                        emit(context(side), head)?;
                    }
                }
                HandshakeEvent::RefusalBody => {
                    self.is_body_printed = true;
                    let body = self.handshake.leftover(Side::Server);
                    if !body.is_empty() {
                        emit(context(Side::Server), Completed::Body(body))?;
                    }
                }
                HandshakeEvent::Exchange(exchange) => {
                    emit(context(from), Completed::Exchange(exchange))?;
                }
                HandshakeEvent::Open(upgraded) => {
                    self.assemblers = Some(assemblers(upgraded.agreed));
                    // Frames that arrived before the 101 were held back until now.
                    self.push_frames(Side::Client, at, &upgraded.client_bytes, &mut emit)?;
                }
                HandshakeEvent::LateRequest(held) => {
                    self.push_frames(from, at, &held, &mut emit)?;
                }
            }
        }
        if self.handshake.sends_frames(from) {
            self.push_frames(from, at, rest, &mut emit)?;
        }
        Ok(())
    }

    fn push_frames(
        &mut self,
        from: Side,
        at: Duration,
        bytes: &[u8],
        emit: &mut impl FnMut(RecordContext, Completed<'_>) -> io::Result<()>,
    ) -> io::Result<()> {
        let Some(assemblers) = &mut self.assemblers else { return Ok(()) };
        let closes = &mut self.first_closes[from];
        let mut rest = bytes;
        while let Some(frame) = assemblers[from].next_frame(&mut rest) {
            if frame.start.is_some_and(|start| start.header.opcode == Opcode::Close) {
                closes.get_or_insert_with(|| CloseContent(close_body(&frame)));
            }
            emit(RecordContext { connection: 0, from, elapsed: at }, Completed::Frame(frame))?;
        }
        Ok(())
    }

    fn end_record(&self, number: usize, ended: &Result<String, String>) -> EndRecord {
        let Sides { client: sent, server: received } = &self.first_closes;
        let code_and_reason =
            |close: &Option<CloseContent>| close.as_ref().and_then(|close| close.0.clone()).unzip();
        let (close_code, close_reason) = code_and_reason(received);
        let (close_code_sent, _) = code_and_reason(sent);
        let frames = |from: Side| {
            self.assemblers.as_ref().map_or(0, |assemblers| assemblers[from].frame_count())
        };
        EndRecord {
            bytes_received: self.byte_counts.server,
            bytes_sent: self.byte_counts.client,
            close_code,
            close_code_sent,
            close_reason,
            close_received: received.is_some(),
            close_sent: sent.is_some(),
            connection: number,
            frames_received: frames(Side::Server),
            frames_sent: frames(Side::Client),
            ok: ended.is_ok(),
            at: Millis(self.last_at),
            record_type: RecordType::End,
            why: escape_controls(ended.as_ref().unwrap_or_else(|reason| reason)),
        }
    }
}
