//! [`Printer`]: what comes over connections, turned into records as soon as each is complete.
//! It remembers no frame that is complete, so a flood costs no memory.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::{Duration, Instant};

use crate::cli::inspect::record::{
    EndRecord, Millis, NoteSubject, Record, RecordContext, RecordType, close_body,
};
use crate::scope::catch_panic_now;
use crate::wire::decode::frame_assembler::{AssembledFrame, FrameAssembler};
use crate::wire::format::escape_controls;
use crate::wire::handshake::pair::HandshakePair;
use crate::wire::handshake::{ServerPolicy, ValidatedHead};
use crate::wire::{AgreedExtensions, ByteLen, Decoder, Opcode, Side, Sides};

/// Payload bytes of one frame that are kept.
const MAX_PAYLOAD_KEPT: usize = 1 << 20;

pub(super) struct Printer<W> {
    json: bool,
    /// Records name their connection where a person reads them.
    show_numbers: bool,
    flush_each: bool,
    out: W,
    started_at: Instant,
    connections: BTreeMap<usize, ConnectionState>,
    /// Connections whose bytes are not read any further.
    unread: BTreeMap<usize, String>,
    faulty: bool,
}

/// A Close with its code and reason, where it has them.
struct CloseContent(Option<(u16, String)>);

/// What is remembered of one connection.
struct ConnectionState {
    handshake: HandshakePair,
    heads_printed: Sides<bool>,
    assemblers: Option<Sides<FrameAssembler>>,
    byte_counts: Sides<ByteLen>,
    /// The first Close of each side with its code and reason.
    first_closes: Sides<Option<CloseContent>>,
    last_at: Duration,
}

impl<W: Write> Printer<W> {
    pub(super) fn new(json: bool, several: bool, out: W, began: Instant) -> Self {
        Self {
            json,
            show_numbers: several,
            flush_each: true,
            out,
            started_at: began,
            connections: BTreeMap::new(),
            unread: BTreeMap::new(),
            faulty: false,
        }
    }

    /// For what happened long ago: records may wait in `out` until it is full.
    pub(super) fn for_file(json: bool, several: bool, out: W) -> Self {
        Self { flush_each: false, ..Self::new(json, several, out, Instant::now()) }
    }

    /// When that is in the records of a live connection.
    pub(super) fn elapsed(&self, at: Instant) -> Duration {
        at.saturating_duration_since(self.started_at)
    }

    /// The time of a record of what happens now.
    pub(super) fn now(&self) -> Duration {
        self.started_at.elapsed()
    }

    /// A connection whose handshake nobody saw: its first bytes are frames.
    pub(super) fn start_mid_connection(&mut self, number: usize) {
        let frames = assemblers(AgreedExtensions::none());
        self.connections
            .insert(number, ConnectionState { assemblers: Some(frames), ..ConnectionState::new() });
    }

    /// Prints what these bytes complete. A panic over them costs their connection alone, and is
    /// told.
    pub(super) fn print_completed(
        &mut self,
        number: usize,
        from: Side,
        at: Duration,
        bytes: &[u8],
    ) -> io::Result<()> {
        if self.unread.contains_key(&number) {
            return Ok(());
        }
        let panic = match catch_panic_now(|| self.try_print_completed(number, from, at, bytes)) {
            Ok(printed) => return printed,
            Err(panic) => panic,
        };
        self.faulty = true;
        // the message may quote what a peer has sent
        let reason = escape_controls(&format!("internal error: {panic}"));
        let text = format!(
            "this connection is not read any further: {reason}; this is a fault of wiretalk"
        );
        self.unread.insert(number, reason);
        self.print(&Record::note(NoteSubject::Connection(number), at, text))
    }

    /// There was a fault of the program's own.
    pub(super) fn has_panicked(&self) -> bool {
        self.faulty
    }

    fn try_print_completed(
        &mut self,
        number: usize,
        from: Side,
        at: Duration,
        bytes: &[u8],
    ) -> io::Result<()> {
        let mut connection = self.connections.remove(&number).unwrap_or_else(ConnectionState::new);
        let result = connection.push(from, at, bytes, |place, what| {
            let place = RecordContext { connection: number, ..place };
            let record = match what {
                Completed::Head(bytes, opening) => Record::handshake(place, bytes, Some(opening)),
                Completed::Frame(frame) => Record::frame(place, frame),
            };
            self.print(&record)
        });
        self.connections.insert(number, connection);
        result
    }

    /// Prints what a connection left unfinished, and how it ended.
    pub(super) fn print_end(
        &mut self,
        number: usize,
        ended: Result<String, String>,
    ) -> io::Result<()> {
        let unread =
            self.unread.remove(&number).map(|reason| Err(format!("not read to its end: {reason}")));
        let ended = &unread.unwrap_or(ended);
        let connection = self.connections.remove(&number).unwrap_or_else(ConnectionState::new);
        for from in [Side::Client, Side::Server] {
            let context = RecordContext { connection: number, from, elapsed: connection.last_at };
            let head = connection.handshake.head_bytes(from);
            if connection.handshake.head(from).is_none() && !head.is_empty() {
                self.print(&Record::handshake(context, head, None))?;
            }
            let body = connection.handshake.leftover(from);
            if connection.assemblers.is_none() && !body.is_empty() {
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

    /// Prints the last record where there were several connections, or none.
    pub(super) fn print_last(&mut self, reason: &str) -> io::Result<()> {
        self.print(&Record::all_ended(self.now(), reason))
    }

    /// Where the records go.
    pub(super) fn out(&mut self) -> &mut W {
        &mut self.out
    }

    pub(super) fn into_out(self) -> W {
        self.out
    }

    /// Hands on what waits.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    /// The numbers of the connections that are open, those among them that are not read any
    /// further.
    pub(super) fn open_connections(&self) -> Vec<usize> {
        self.connections.keys().chain(self.unread.keys()).copied().collect()
    }

    /// Prints a record.
    pub(super) fn print(&mut self, record: &Record) -> io::Result<()> {
        // the whole line first: a panic over a record leaves no half of it
        let line = if self.json {
            serde_json::to_string(record)?
        } else {
            record.text(self.show_numbers).to_string()
        };
        writeln!(self.out, "{line}")?;
        // whoever reads a live connection wants each record at once
        if self.flush_each { self.out.flush() } else { Ok(()) }
    }
}

/// For both directions, from the first frame byte on.
fn assemblers(agreed: AgreedExtensions) -> Sides<FrameAssembler> {
    Sides::each(|from| FrameAssembler::new(Decoder::new(from, agreed), MAX_PAYLOAD_KEPT))
}

enum Completed<'a> {
    Head(&'a [u8], &'a ValidatedHead),
    Frame(AssembledFrame),
}

impl ConnectionState {
    fn new() -> Self {
        Self {
            handshake: HandshakePair::new(ServerPolicy::default()),
            heads_printed: Sides::default(),
            assemblers: None,
            byte_counts: Sides::default(),
            first_closes: Sides::default(),
            last_at: Duration::ZERO,
        }
    }

    fn push(
        &mut self,
        from: Side,
        at: Duration,
        bytes: &[u8],
        mut emit: impl FnMut(RecordContext, Completed<'_>) -> io::Result<()>,
    ) -> io::Result<()> {
        self.last_at = at;
        self.byte_counts[from] += ByteLen::of(bytes);
        if self.assemblers.is_some() {
            return self.push_frames(from, at, bytes, &mut emit);
        }
        let upgraded = self.handshake.push(from, bytes);
        for from in [Side::Client, Side::Server] {
            if let Some(validated) = self.handshake.head(from).filter(|_| !self.heads_printed[from])
            {
                self.heads_printed[from] = true;
                let context = RecordContext { connection: 0, from, elapsed: at };
                emit(context, Completed::Head(self.handshake.head_bytes(from), validated))?;
            }
        }
        let Some(upgraded) = upgraded else { return Ok(()) };
        self.assemblers = Some(assemblers(upgraded.agreed));
        for from in [Side::Client, Side::Server] {
            self.push_frames(from, at, &upgraded.frame_bytes[from], &mut emit)?;
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
