//! [`Printer`]: turns the bytes of connections into records and prints each as soon as it is
//! complete. It keeps no complete frame, so a flood of them costs no memory.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::{Duration, Instant};

use wiretalk_core::wire::sockjs::SockJsRow;

use crate::capture::StreamEnding;
use crate::cli::inspect::connection_state::{Completed, ConnectionState};
use crate::cli::inspect::printed_sockjs::PrintedConversations;
use crate::cli::inspect::record::{NoteSubject, Record, RecordContext};
use crate::cli::inspect::record_selection::RecordSelection;
use crate::scope::catch_panic_sync;
use crate::wire::decode::Resumption;
use crate::wire::explain::describe_non_http;
use crate::wire::format::escape_controls;
use crate::wire::handshake::{HttpExchange, begins_with_start_line};
use crate::wire::query::text_matcher::TextSet;
use crate::wire::{AgreedExtensions, ByteLen, Side};

/// Prints records to `W`, as JSON or as text.
pub(super) struct Printer<W> {
    json: bool,
    /// Whether text records name their connection.
    show_numbers: bool,
    /// Whether connections are live: then each record is flushed at once.
    is_live: bool,
    selection: RecordSelection,
    out: W,
    started_at: Instant,
    /// Open connections by their number.
    connections: BTreeMap<usize, ConnectionState>,
    /// What was said in SockJS so far.
    pub(super) sockjs: PrintedConversations,
    /// Connections that are no longer decoded, each with the panic that ended its decoding.
    panicked: BTreeMap<usize, String>,
    /// Whether there was a panic.
    has_panicked: bool,
}

impl<W: Write> Printer<W> {
    /// Creates a printer for live connections. `several` tells whether text records name their
    /// connection, and times count from `began`.
    pub(super) fn new(json: bool, several: bool, out: W, began: Instant) -> Self {
        Self {
            json,
            show_numbers: several,
            is_live: true,
            selection: RecordSelection::default(),
            out,
            started_at: began,
            connections: BTreeMap::new(),
            sockjs: PrintedConversations::default(),
            panicked: BTreeMap::new(),
            has_panicked: false,
        }
    }

    /// Creates a printer for a file. Nobody waits for single records, so `out` may buffer them.
    pub(super) fn for_file(json: bool, several: bool, out: W) -> Self {
        Self { is_live: false, ..Self::new(json, several, out, Instant::now()) }
    }

    /// Prints only the records of `selection` from now on.
    pub(super) fn with_selection(self, selection: RecordSelection) -> Self {
        Self { selection, ..self }
    }

    /// Returns the time from the start to `at`.
    pub(super) fn elapsed(&self, at: Instant) -> Duration {
        at.saturating_duration_since(self.started_at)
    }

    /// Returns the time from the start to now.
    pub(super) fn now(&self) -> Duration {
        self.started_at.elapsed()
    }

    /// Starts a connection without a handshake: its first bytes are frames, or any of a message or of a
    /// frame if it is read from midway on.
    pub(super) fn start_mid_connection(
        &mut self,
        number: usize,
        agreed: AgreedExtensions,
        is_midway: bool,
    ) {
        let texts = self.selection.texts();
        let connection = if is_midway {
            ConnectionState::midway(agreed, texts)
        } else {
            ConnectionState::mid_connection(agreed, texts)
        };
        self.connections.insert(number, connection);
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
        if self.panicked.contains_key(&number) || !self.selection.has_connection(number) {
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

    /// Takes out a connection to push something to it; `None` if it is not decoded.
    fn take_connection(&mut self, number: usize) -> Option<ConnectionState> {
        let is_decoded =
            !self.panicked.contains_key(&number) && self.selection.has_connection(number);
        is_decoded.then(|| {
            let known = self.connections.remove(&number);
            known.unwrap_or_else(|| ConnectionState::new(self.selection.texts()))
        })
    }

    /// Prints the records that end because `missing` bytes were not captured. `within_frame` of them
    /// belong to the frame in progress.
    pub(super) fn print_gap(
        &mut self,
        number: usize,
        from: Side,
        at: Duration,
        missing: ByteLen,
        within_frame: ByteLen,
    ) -> io::Result<()> {
        let Some(mut connection) = self.take_connection(number) else { return Ok(()) };
        let result = connection.push_gap(from, at, missing, within_frame, |place, what| {
            self.print_completion(number, place, what)
        });
        self.connections.insert(number, connection);
        result
    }

    /// Counts the bytes of an exchange that are not in the file.
    pub(super) fn count_exchange(&mut self, number: usize, exchange: &HttpExchange) {
        if let Some(mut connection) = self.take_connection(number) {
            connection.count_exchange(exchange);
            self.connections.insert(number, connection);
        }
    }

    /// Whether what a side sends next is read as frames.
    pub(super) fn reads_frames(&self, number: usize, from: Side) -> bool {
        let connection = self.connection(number);
        connection.is_some_and(|connection| connection.handshake.sends_frames(from))
    }

    /// Counts bytes that lie within messages or frames whose beginning was not captured.
    pub(super) fn skip_unframed(&mut self, number: usize, from: Side, at: Duration, len: ByteLen) {
        if let Some(mut connection) = self.take_connection(number) {
            connection.push_unframed(from, at, len);
            self.connections.insert(number, connection);
        }
    }

    /// Resumes reading: the next byte of a side is the first of this unit.
    pub(super) fn resume(
        &mut self,
        number: usize,
        from: Side,
        at: Duration,
        unit: Resumption,
    ) -> io::Result<()> {
        let Some(mut connection) = self.take_connection(number) else { return Ok(()) };
        let result = connection
            .resume(from, at, unit, |place, what| self.print_completion(number, place, what));
        self.connections.insert(number, connection);
        result
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
        let mut connection = self
            .connections
            .remove(&number)
            .unwrap_or_else(|| ConnectionState::new(self.selection.texts()));
        let result = connection
            .push(from, at, bytes, |place, what| self.print_completion(number, place, what));
        self.connections.insert(number, connection);
        result
    }

    fn print_completion(
        &mut self,
        number: usize,
        place: RecordContext,
        what: Completed<'_>,
    ) -> io::Result<()> {
        let place = RecordContext { connection: number, ..place };
        let record = match what {
            Completed::Head(bytes, opening) => Record::handshake(place, bytes, opening),
            Completed::Body(bytes) => Record::bytes(place, bytes),
            Completed::NonFrames(bytes, found) => {
                Record::known_bytes(place, bytes, Some(found.continuation_hint()))
            }
            Completed::Exchange(exchange) => Record::http(number, place.elapsed, exchange),
            Completed::SockJs(row) => return self.print_sockjs(number, row),
            Completed::Frame(frame, row, texts) => {
                if !self.selection.has_frame(&frame, place.from, place.elapsed, row, texts) {
                    return Ok(());
                }
                Record::frame(place, frame)
            }
        };
        self.print(&record)
    }

    /// Begins to read a WebSocket whose request had this target and was not HTTP/1.1.
    pub(super) fn set_target(&mut self, number: usize, target: &str) {
        if let Some(mut connection) = self.take_connection(number) {
            connection.sockjs.open_at(target);
            self.connections.insert(number, connection);
        }
    }

    /// Prints a row of SockJS.
    pub(super) fn print_sockjs(&mut self, number: usize, row: &SockJsRow) -> io::Result<()> {
        self.sockjs.add(number, row);
        self.print(&Record::sockjs(number, row))
    }

    /// Prints what became of the sessions of SockJS.
    fn print_conversations(&mut self) -> io::Result<()> {
        self.sockjs.take_records().iter().try_for_each(|record| self.print(record))
    }

    /// Takes a FIN or RST of a live connection.
    pub(super) fn observe_end(&mut self, number: usize, by: Side, is_reset: bool, at: Duration) {
        if self.selection.has_connection(number) && !self.panicked.contains_key(&number) {
            let texts = self.selection.texts();
            let connection =
                self.connections.entry(number).or_insert_with(|| ConnectionState::new(texts));
            connection.observe_end(by, is_reset, at);
        }
    }

    /// Returns a live connection that has not been printed to its end.
    pub(super) fn connection(&self, number: usize) -> Option<&ConnectionState> {
        self.connections.get(&number)
    }

    /// Prints the incomplete heads and frames of a live connection, and its end. `ended` is the
    /// reason, as `Err` if the connection did not close cleanly.
    pub(super) fn print_end(
        &mut self,
        number: usize,
        ended: Result<String, String>,
    ) -> io::Result<()> {
        let connection = self.connection(number);
        let ending = connection.and_then(ConnectionState::live_ending);
        let last = connection.map_or(Duration::ZERO, ConnectionState::last_data_at);
        let at = ending.map_or(last, |ending| ending.at.max(last));
        self.print_incomplete(number)?;
        self.print_end_at(number, ended, ending, at)
    }

    /// Prints the incomplete heads and frames of a connection of which nothing more comes.
    pub(super) fn print_incomplete(&mut self, number: usize) -> io::Result<()> {
        let Some(mut connection) = self.connections.remove(&number) else { return Ok(()) };
        let result = self.print_rest_of(number, &mut connection);
        self.connections.insert(number, connection);
        result
    }

    fn print_rest_of(&mut self, number: usize, connection: &mut ConnectionState) -> io::Result<()> {
        let latest = connection.last_data_at();
        let answer_hint = connection.handshake.non_http_answer().map(describe_non_http);
        for exchange in connection.handshake.finish() {
            self.print(&Record::http(number, latest, exchange))?;
        }
        for from in [Side::Client, Side::Server] {
            // The records of a file stay in the order of time.
            let elapsed = if self.is_live { connection.last_at[from] } else { latest };
            let context = RecordContext { connection: number, from, elapsed };
            let head = connection.handshake.partial_head(from);
            if begins_with_start_line(from, head) {
                self.print(&Record::handshake(context, head, None))?;
            } else if !head.is_empty() {
                let hint = answer_hint.filter(|_| from == Side::Server);
                self.print(&Record::known_bytes(context, head, hint))?;
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
            if let Some(frame) = unfinished.filter(|frame| {
                let (at, row) = (context.elapsed, connection.frame_count);
                self.selection.has_frame(frame, from, at, row, TextSet::default())
            }) {
                self.print(&Record::frame(context, frame))?;
            }
        }
        Ok(())
    }

    /// Prints the end of a connection at a time, and forgets it. `ending` is the packet that ended it.
    pub(super) fn print_end_at(
        &mut self,
        number: usize,
        ended: Result<String, String>,
        ending: Option<StreamEnding>,
        at: Duration,
    ) -> io::Result<()> {
        let unread =
            self.panicked.remove(&number).map(|reason| Err(format!("not fully decoded: {reason}")));
        if !self.show_numbers {
            self.print_conversations()?;
        }
        // A panic matters more than how the connection ended.
        let ended = &unread.unwrap_or(ended);
        let connection = self
            .connections
            .remove(&number)
            .unwrap_or_else(|| ConnectionState::new(self.selection.texts()));
        self.print(&Record::End(connection.end_record(number, ended, ending, at)))
    }

    /// Prints the last record of a proxy or of a file without exactly one connection.
    pub(super) fn print_last(&mut self, reason: &str) -> io::Result<()> {
        self.print_conversations()?;
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

    /// Prints a record, if it is one of the selection.
    pub(super) fn print(&mut self, record: &Record) -> io::Result<()> {
        if !self.selection.includes(record) {
            return Ok(());
        }
        // Formats the whole line first, so that a panic leaves no partial line.
        let line = if self.json {
            serde_json::to_string(record)?
        } else {
            record.text(self.show_numbers).to_string()
        };
        writeln!(self.out, "{line}")?;
        // The reader of a live connection must see each record at once.
        if self.is_live { self.out.flush() } else { Ok(()) }
    }
}
