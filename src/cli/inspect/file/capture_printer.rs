//! [`CapturePrinter`]: prints the connections of a capture as records: those of a file at once, in the
//! order of time, and those of a capture that grows as they come.

use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::process::ExitCode;
use std::time::Duration;

use super::connection_words::{
    connections, end_result, is_always_printed, kind_and_exchanges, lacks_websocket,
    no_websocket_text, numbered, print_rank,
};
use crate::capture::{
    Capture, CaptureFormat, CaptureSpan, CapturedStream, RecordedEnd, ReplayData, ReplayEvent,
    ReplayPositions, StreamStart,
};
use crate::cli::inspect::printer::Printer;
use crate::cli::inspect::record::{FileConnectionRecord, NoteSubject, Record, RecordContext};
use crate::cli::inspect::record_selection::RecordSelection;
use crate::inspect::{ConnectionKind, describe_kinds, last_activity, unread_extensions};
use crate::wire::format::byte_count;
use crate::wire::{ByteLen, Side, Trace, TraceRow};

/// Prints the records of `selection` in `capture`. The exit status is 1 if the file has no
/// connection, or if one of those that are asked for could not be read.
///
/// # Errors
///
/// If the selected connection does not exist, or the file or `out` fails.
pub(in crate::cli::inspect) fn print_capture<W: Write>(
    capture: &Capture,
    selection: RecordSelection,
    json: bool,
    out: W,
) -> anyhow::Result<ExitCode> {
    // True without connections too: the summary is then the only end record.
    let several = selection.connection.is_none() && capture.streams().len() != 1;
    CapturePrinter::new(selection, json, several, out).finish(capture)
}

/// Prints the connections of a capture, of which it gets snapshots while it grows.
pub(super) struct CapturePrinter<W> {
    printer: Printer<W>,
    /// The number of the only connection to print.
    only: Option<usize>,
    /// Whether there may be several connections, so that a last record sums them up.
    several: bool,
    /// What was printed of each connection.
    printed: Vec<PrintedConnection>,
    positions: ReplayPositions,
}

/// What was printed of a connection.
#[derive(Clone, Debug, Default)]
struct PrintedConnection {
    /// Whether it is one of those that are printed.
    is_shown: bool,
    /// Whether its first record was printed.
    has_started: bool,
    /// Whether a note said that compression is assumed.
    has_noted_assumption: bool,
    /// The number of bytes of both sides when its end was printed.
    len_at_end: Option<ByteLen>,
}

impl<W: Write> CapturePrinter<W> {
    /// Creates a printer of `selection`. `several` tells whether there may be several connections.
    pub(super) fn new(selection: RecordSelection, json: bool, several: bool, out: W) -> Self {
        let only = selection.connection.map(NonZeroUsize::get);
        let printer = Printer::for_file(json, several, out).with_selection(selection);
        Self { printer, only, several, printed: Vec::new(), positions: ReplayPositions::default() }
    }

    /// Prints what is new in a snapshot of a capture that grows. A connection is printed from its
    /// beginning on once it is known to be a WebSocket or an attempt to open one; its end is printed
    /// when nothing more of it can come.
    ///
    /// # Errors
    ///
    /// If the capture or the output fails.
    pub(super) fn print_snapshot(&mut self, capture: &Capture) -> anyhow::Result<()> {
        let only = self.only;
        self.show(capture, |number, stream| match ConnectionKind::of_stream(stream) {
            // The secrets may still come.
            ConnectionKind::Encrypted | ConnectionKind::Empty | ConnectionKind::NotCaptured => {
                false
            }
            ConnectionKind::Http | ConnectionKind::Other => only == Some(number),
            ConnectionKind::WebSocket
            | ConnectionKind::SockJs
            | ConnectionKind::Attempt
            | ConnectionKind::Unreadable => only.is_none_or(|only| only == number),
        })?;
        self.print_new(capture)?;
        Ok(self.printer.flush()?)
    }

    /// Prints the rest of a capture, its ends and its summary, and returns the exit status.
    ///
    /// # Errors
    ///
    /// If the selected connection does not exist, or the capture or the output fails.
    pub(super) fn finish(mut self, capture: &Capture) -> anyhow::Result<ExitCode> {
        let (count, only) = (capture.streams().len(), self.only);
        if let Some(number) = only.filter(|number| *number > count) {
            anyhow::bail!(
                "connection {number} does not exist: the file has {}",
                connections(count)
            );
        }
        for warning in capture.warnings() {
            print_note(&mut self.printer, None, warning)?;
        }
        if only.is_none() && lacks_websocket(capture) {
            print_note(&mut self.printer, None, &no_websocket_text(capture))?;
        }
        let threshold = capture.streams().iter().map(print_rank).max().unwrap_or_default();
        self.show(capture, |number, stream| match only {
            Some(only) => only == number,
            None => print_rank(stream) >= threshold || is_always_printed(stream),
        })?;
        self.print_new(capture)?;
        self.note_late_bytes(capture)?;
        if self.several {
            self.print_summary(capture)?;
        }
        self.printer.flush()?;
        let mut asked = numbered(capture)
            .filter(|(number, _)| only.is_none_or(|only| only == *number))
            .peekable();
        let all_read = asked.peek().is_some()
            && asked.all(|(_, stream)| stream.failed.is_none())
            && !self.printer.has_panicked();
        Ok(if all_read { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    /// Returns the output.
    pub(super) fn into_out(self) -> W {
        self.printer.into_out()
    }

    /// Chooses the connections that are known to be wanted now.
    fn show(
        &mut self,
        capture: &Capture,
        is_wanted: impl Fn(usize, &CapturedStream<Trace>) -> bool,
    ) -> io::Result<()> {
        self.printed.resize(capture.streams().len(), PrintedConnection::default());
        for ((number, stream), printed) in numbered(capture).zip(&mut self.printed) {
            printed.is_shown |= is_wanted(number, stream);
            if printed.has_started && !printed.has_noted_assumption {
                printed.has_noted_assumption =
                    note_assumed_deflate(&mut self.printer, number, stream)?;
            }
        }
        Ok(())
    }

    /// Prints what has happened since the last time, in the order of time.
    fn print_new(&mut self, capture: &Capture) -> anyhow::Result<()> {
        let Self { printer, printed, positions, .. } = self;
        let (streams, span) = (capture.streams(), capture.span());
        let is_open =
            |printed: &PrintedConnection| printed.is_shown && printed.len_at_end.is_none();
        let is_wanted: Vec<bool> = printed.iter().map(is_open).collect();
        let wants = |number: usize| is_wanted.get(number).is_some_and(|wanted| *wanted);
        capture.replay_from(positions, wants, |event| {
            let (Some(stream), Some(printed)) =
                (streams.get(event.stream), printed.get_mut(event.stream))
            else {
                return Ok(());
            };
            let number = event.stream.saturating_add(1);
            match event.data {
                ReplayData::Start => {
                    print_connection(printer, number, stream, span)?;
                    printed.has_started = true;
                    printed.has_noted_assumption = note_assumed_deflate(printer, number, stream)?;
                }
                ReplayData::Exhausted => print_rest(printer, number, stream)?,
                ReplayData::End => {
                    printer.print_end_at(number, end_result(stream), stream.ending, event.at)?;
                    printed.len_at_end = Some(total_len(stream));
                }
                ReplayData::Exchange(exchange) => {
                    // Those of HTTP/2 share their bytes with WebSockets.
                    if !stream.is_http2_connection() {
                        printer.count_exchange(number, exchange);
                    }
                    printer.print(&Record::http(number, event.at, exchange.clone()))?;
                }
                ReplayData::SockJs(row) => printer.print_sockjs(number, row)?,
                _ if stream.failed.is_some() || stream.is_http2_connection() => {}
                _ => print_replay_event(printer, stream, &event)?,
            }
            Ok(())
        })
    }

    /// Says of what came after the end of a connection that it was not printed.
    fn note_late_bytes(&mut self, capture: &Capture) -> io::Result<()> {
        for ((number, stream), printed) in numbered(capture).zip(&self.printed) {
            let Some(len) = printed.len_at_end else { continue };
            let late = total_len(stream) - len;
            if late > ByteLen::ZERO {
                let text = format!("{} came after the reset and are not shown", byte_count(late));
                let at = last_activity(&stream.trace);
                self.printer.print(&Record::note(NoteSubject::Connection(number), at, text))?;
            }
        }
        Ok(())
    }

    fn print_summary(&mut self, capture: &Capture) -> io::Result<()> {
        let mut text = format!("{} in the file", connections(capture.streams().len()));
        if capture.format() == CaptureFormat::Packets && capture.packets() == 0 {
            text += ", which has no packets";
        }
        let all = capture.streams().iter().zip(&self.printed);
        let hidden = all.filter(|(_, printed)| !printed.is_shown);
        let hidden = describe_kinds(hidden.map(|(stream, _)| kind_and_exchanges(stream)));
        if !hidden.is_empty() {
            text += &format!("; not shown: {hidden}");
        }
        self.printer.print_last(&text)
    }
}

/// Returns the number of bytes that both sides sent.
fn total_len(stream: &CapturedStream<Trace>) -> ByteLen {
    stream.store.len(Side::Client) + stream.store.len(Side::Server)
}

/// Prints the warnings about a connection, and what of it is incomplete.
fn print_rest<W: Write>(
    printer: &mut Printer<W>,
    number: usize,
    stream: &CapturedStream<Trace>,
) -> io::Result<()> {
    // A recording has the notes of its beginning too.
    let known = notes_at_start(stream);
    // What is said at the end stands there in the order of time too.
    let at = last_activity(&stream.trace);
    for warning in stream.warnings.iter().filter(|warning| !known.contains(warning)) {
        printer.print(&Record::note(NoteSubject::Connection(number), at, warning))?;
    }
    if let Some(reason) = &stream.failed {
        let text = format!("connection {number} could not be read: {reason}");
        print_note(printer, Some(number), &text)?;
    }
    let (Ok(how) | Err(how)) = end_result(stream);
    if let Some(RecordedEnd { is_clean: false, why, .. }) = &stream.recorded_end
        && *why != how
    {
        let text = format!("when it was recorded, the connection ended: {why}");
        printer.print(&Record::note(NoteSubject::Connection(number), at, text))?;
    }
    printer.print_incomplete(number)
}

/// Prints the record of a connection: its addresses, its start and its TLS state.
fn print_connection<W: Write>(
    printer: &mut Printer<W>,
    number: usize,
    stream: &CapturedStream<Trace>,
    span: Option<CaptureSpan>,
) -> io::Result<()> {
    // The capture began after the handshake, so the first bytes are frames.
    let is_midway = stream.start == StreamStart::Midway;
    if stream.start != StreamStart::Head && !stream.is_unopened_http2() {
        printer.start_mid_connection(number, stream.trace.agreed(), is_midway);
    }
    let start = span.map_or(Duration::ZERO, |span| stream.started_at.saturating_sub(span.start));
    printer.sockjs.set_beginning(number, start);
    let request = stream.http2_websocket().and_then(|websocket| websocket.request.as_ref());
    if let Some(target) = request.and_then(|request| request.value(":path")) {
        printer.set_target(number, &target);
    }
    if let Some(record) = FileConnectionRecord::new(number, stream, span) {
        printer.print(&Record::FileConnection(record))?;
    }
    notes_at_start(stream).iter().try_for_each(|text| print_note(printer, Some(number), text))
}

/// Returns the notes about how a connection begins and how it is read.
fn notes_at_start(stream: &CapturedStream<Trace>) -> Vec<String> {
    let mut notes = Vec::new();
    if stream.start == StreamStart::Midway {
        notes.push(
            "the capture begins in the middle of this connection: its handshake is not in the file"
                .to_owned(),
        );
    }
    notes.extend(unread_extensions(&stream.trace));
    notes.extend(stream.tls.unread());
    notes
}

/// Says once that compression is assumed. Returns whether it is.
fn note_assumed_deflate<W: Write>(
    printer: &mut Printer<W>,
    number: usize,
    stream: &CapturedStream<Trace>,
) -> io::Result<bool> {
    let is_compressed = |row: &TraceRow| row.is_compressed();
    let is_assumed =
        stream.trace.agreed().is_assumed && stream.trace.rows().iter().any(is_compressed);
    if is_assumed {
        let text = "messages have RSV1, but the extensions that were agreed on are not in the file: \
                    they are read as with --extensions permessage-deflate";
        print_note(printer, Some(number), text)?;
    }
    Ok(is_assumed)
}

fn print_note<W: Write>(
    printer: &mut Printer<W>,
    number: Option<usize>,
    text: &str,
) -> io::Result<()> {
    let subject = number.map_or(NoteSubject::File, NoteSubject::Connection);
    printer.print(&Record::note(subject, Duration::ZERO, text))
}

/// Prints the records of an event. `event.stream` counts from 0, connections from 1.
fn print_replay_event<W: Write>(
    printer: &mut Printer<W>,
    stream: &CapturedStream<Trace>,
    event: &ReplayEvent<'_>,
) -> anyhow::Result<()> {
    let number = event.stream.saturating_add(1);
    let context = RecordContext { connection: number, from: event.from, elapsed: event.at };
    match event.data {
        ReplayData::Http2Head(head) => {
            let stream_id = stream.http2_websocket().map_or(0, |websocket| websocket.stream_id);
            printer.print(&Record::http2_handshake(context, stream_id, head))?;
        }
        // What follows a refusal is no frame.
        ReplayData::Bytes(bytes) if stream.is_unopened_http2() => {
            printer.print(&Record::bytes(context, bytes))?;
        }
        ReplayData::Bytes(bytes) => printer.print_completed(number, event.from, event.at, bytes)?,
        ReplayData::Missing { bytes, within_frame } => {
            // A frame that ends in the gap comes before the note about it.
            printer.print_gap(number, event.from, event.at, bytes, within_frame)?;
            let is_encrypted = stream.tls.is_unread(event.from);
            let loses_frames = within_frame < bytes && printer.reads_frames(number, event.from);
            let gap = Record::gap(context, bytes, within_frame, is_encrypted, loses_frames);
            printer.print(&gap)?;
        }
        ReplayData::Unframed(bytes) => {
            printer.print(&Record::unframed(context, bytes))?;
            printer.skip_unframed(number, event.from, event.at, ByteLen::of(bytes));
        }
        ReplayData::Resumed(unit) => printer.resume(number, event.from, event.at, unit)?,
        ReplayData::Start
        | ReplayData::Exchange(_)
        | ReplayData::SockJs(_)
        | ReplayData::Exhausted
        | ReplayData::End => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use std::path::Path;

    use super::*;
    use crate::capture::{ConnectionEnd, PcapngWriter, ReadOptions, open};
    use crate::net::AddressPair;
    use crate::wire::Side;
    use crate::wire::format::hex;

    const REQUEST: &[u8] =
        b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

    const KNOWN_TEXT: &str = include_str!("../../../../tests/records/known.txt");

    /// Standard output that panics where one record is written to it.
    struct Fragile(Vec<u8>);

    impl Write for Fragile {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            assert!(
                !bytes.windows(6).any(|six| six == b"broken"),
                "a record\n with {:?}",
                "\u{1b}[2J"
            );
            self.0.extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// Returns a recording with a connection for each message, which the server sends.
    fn capture(messages: &[&str]) -> Capture {
        let mut lines = String::new();
        for (number, message) in messages.iter().enumerate() {
            let frame = crate::wire::frame::encode::single_frame(
                crate::wire::Opcode::Text,
                message.as_bytes(),
                None,
            );
            let response = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: \
                            Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
            for (kind, from, field, bytes) in [
                ("handshake", "client", "head_hex", REQUEST),
                ("handshake", "server", "head_hex", response.as_bytes()),
                ("frame", "server", "raw_hex", &frame),
            ] {
                let record =
                    json!({ "type": kind, "connection": number, "from": from, field: hex(bytes) });
                lines += &format!("{record}\n");
            }
            lines += &format!("{}\n", json!({ "type": "end", "connection": number }));
        }
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), lines).unwrap();
        open(file.path(), &ReadOptions::default()).unwrap()
    }

    fn print_to_string(capture: &Capture) -> (Vec<Value>, String) {
        let mut out = Fragile(Vec::new());
        let status = print_capture(capture, RecordSelection::default(), true, &mut out).unwrap();
        let text = String::from_utf8(out.0).unwrap();
        (
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect(),
            format!("{status:?}"),
        )
    }

    /// Returns all records but notes, which are about what has come so far, and the summary, which a
    /// file with one connection lacks.
    fn kept(records: Vec<Value>) -> Vec<Value> {
        let is_kept =
            |record: &Value| record["type"] != "note" && record["connection"] != Value::Null;
        records.into_iter().filter(is_kept).collect()
    }

    /// Returns what records hold of a connection. Bytes of unknown frames that follow each other on one
    /// side are joined: how many pieces they came in says nothing.
    fn recorded(records: Vec<Value>) -> Vec<Value> {
        let mut joined: Vec<Value> = Vec::new();
        for mut record in kept(records) {
            // Ordinary HTTP, and bytes held before a gap, are counted without being recorded.
            if record["type"] == "end" {
                for field in ["bytes_sent", "bytes_received", "ok", "why"] {
                    record[field].take();
                }
            }
            let before = joined.iter_mut().rev().find(|before| before["from"] == record["from"]);
            match before {
                Some(before) if before["type"] == "unframed" && record["type"] == "unframed" => {
                    let all = [&*before, &record].map(|one| one["hex"].as_str().unwrap()).concat();
                    before["len"] = json!(all.len() / 2);
                    before["hex"] = json!(all);
                }
                _ => joined.push(record),
            }
        }
        joined
    }

    fn texts(records: &[Value]) -> Vec<&str> {
        records.iter().filter_map(|record| record["text"].as_str()).collect()
    }

    #[test]
    fn a_panic_ends_only_its_connection_is_reported_and_makes_the_exit_status_1() {
        let (records, status) = print_to_string(&capture(&["one", "broken", "three"]));
        assert_eq!(status, format!("{:?}", ExitCode::FAILURE));
        let texts = texts(&records);
        assert!(texts.contains(&"one") && texts.contains(&"three"), "{texts:?}");
        let note = texts
            .iter()
            .find(|text| text.starts_with("this connection is no longer decoded: "))
            .unwrap();
        assert!(
            note.contains("internal error: panicked at src/cli/inspect/file/capture_printer.rs:"),
            "{note}"
        );
        assert!(!note.chars().any(char::is_control), "{note:?}");
        let ends = records
            .iter()
            .filter(|record| record["type"] == "end" && record["connection"] != Value::Null);
        assert_eq!(ends.map(|end| end["ok"] == true).collect::<Vec<_>>(), [true, false, true]);
    }

    #[test]
    fn an_unreadable_connection_is_reported_and_makes_the_exit_status_1() {
        let mut capture = capture(&["one", "two"]);
        capture.fail(0, "a test");
        let (records, status) = print_to_string(&capture);
        assert_eq!(status, format!("{:?}", ExitCode::FAILURE));
        assert!(
            texts(&records)
                .contains(&"connection 1 could not be read: internal error: panicked: a test")
        );
        assert!(texts(&records).contains(&"two") && !texts(&records).contains(&"one"));
        let (records, status) = print_to_string(&self::capture(&["one", "two"]));
        assert_eq!(
            (texts(&records), status),
            (vec!["one", "two"], format!("{:?}", ExitCode::SUCCESS))
        );
    }

    #[test]
    fn the_records_of_several_connections_are_in_the_order_of_start_ms_and_t_ms() {
        let connection = |number: u64, start_ms: f64| {
            json!({ "type": "connection", "connection": number, "t_ms": 0, "start_ms": start_ms,
                "since_1970_s": 100.0 + start_ms / 1e3, "client": "192.0.2.1:5000",
                "server": "192.0.2.2:80" })
        };
        let frame = |number: u64, at: f64, bytes: &str| {
            json!({ "type": "frame", "connection": number, "from": "server", "t_ms": at,
                "raw_hex": bytes })
        };
        let end = |number: u64, at: f64| {
            json!({ "type": "end", "connection": number, "t_ms": at, "ok": true, "why": "x",
                "ended_by": "server", "ended_with": "fin", "silence_ms": 1 })
        };
        // One connection is within the other, and the second frame is cut off.
        let lines = [
            connection(1, 250.5),
            frame(1, 1.0, "810161"),
            frame(1, 900.0, "810162"),
            frame(1, 950.0, "8105"),
            end(1, 60_000.0),
            connection(2, 500.0),
            frame(2, 2.0, "810163"),
            frame(2, 3.0, "8105"),
            end(2, 100.0),
        ];
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), lines.map(|line| format!("{line}\n")).concat()).unwrap();
        let capture = open(file.path(), &ReadOptions::default()).unwrap();
        let records = kept(print_to_string(&capture).0);
        let order: Vec<(&str, u64)> = records
            .iter()
            .map(|one| (one["type"].as_str().unwrap(), one["connection"].as_u64().unwrap()))
            .collect();
        let expected = [
            ("connection", 1),
            ("frame", 1),
            ("connection", 2),
            ("frame", 2),
            ("frame", 2),
            ("end", 2),
            ("frame", 1),
            ("frame", 1),
            ("end", 1),
        ];
        assert_eq!(order, expected);
        let times: Vec<f64> = records
            .iter()
            .map(|one| {
                let start = if one["connection"] == 1 { 250.5 } else { 500.0 };
                start + one["t_ms"].as_f64().unwrap()
            })
            .collect();
        assert!(times.is_sorted(), "{times:?}");
        assert_eq!(records[0]["start_ms"], 250.5);
    }

    /// Returns the records of a file, and its last line in words.
    fn printed(file: &Path) -> (Vec<Value>, String) {
        let capture = open(file, &ReadOptions::default()).unwrap();
        let mut words = Vec::new();
        print_capture(&capture, RecordSelection::default(), false, &mut words).unwrap();
        let words = String::from_utf8(words).unwrap();
        (print_to_string(&capture).0, words.lines().last().unwrap().to_owned())
    }

    #[test]
    fn a_close_whose_code_was_not_captured_is_none_without_a_code() {
        let start = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: \
                      Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
        for (close, lost, code, words) in [
            (&b"\x88\x05"[..], 5, None, "not captured"),
            (b"\x88\x05\x03", 4, None, "not captured"),
            (b"\x88\x05\x03\xe8", 3, Some(1000), "1000"),
            (b"\x88\0", 0, None, "a Close without a code"),
        ] {
            let file = tempfile::NamedTempFile::new().unwrap();
            let mut writer = PcapngWriter::new(Vec::new(), None).unwrap();
            let at = Duration::from_secs(1);
            let flow = writer.open_plain(AddressPair::UNKNOWN, at).unwrap();
            writer.write_data(flow, Side::Client, at, REQUEST).unwrap();
            writer.write_data(flow, Side::Server, at, &[start, close].concat()).unwrap();
            writer.skip_missing(flow, Side::Server, ByteLen::new(lost));
            writer.close(flow, ConnectionEnd::Closed(Side::Server), at).unwrap();
            std::fs::write(file.path(), writer.into_inner()).unwrap();
            let (records, last) = printed(file.path());
            let end = records.last().unwrap();
            assert_eq!((&end["close_received"], &end["close_code"]), (&json!(true), &json!(code)));
            let expected = if words == "not captured" { json!(true) } else { Value::Null };
            assert_eq!(end["close_code_not_captured"], expected, "{close:02x?}");
            assert_eq!(end["close_code_sent_not_captured"], Value::Null);
            assert!(last.ends_with(&format!("; close code received: {words}")), "{last}");
        }
    }

    #[test]
    fn a_connection_whose_tls_handshake_failed_is_not_ok() {
        let refused = "tests/captures/tls12-unknown-ca.pcapng";
        let (records, last) = printed(&Path::new(env!("CARGO_MANIFEST_DIR")).join(refused));
        let why = "TLS handshake refused: the client sent the alert unknown_ca (48)";
        let end = records.last().unwrap();
        assert_eq!(end["ok"], false);
        assert!(end["why"].as_str().unwrap().starts_with(why) && last.contains(why), "{last}");
        // The ClientHello of that file.
        let file = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(refused)).unwrap();
        let hello = file.windows(6).position(|six| six[..2] == [22, 3] && six[5] == 1).unwrap();
        let len = usize::from(u16::from_be_bytes([file[hello + 3], file[hello + 4]])) + 5;
        let hello = &file[hello..hello + len];
        let unanswered = "TLS handshake without an answer";
        for (end, ok) in [(Some(ConnectionEnd::Reset(Side::Server)), false), (None, true)] {
            let file = tempfile::NamedTempFile::new().unwrap();
            let mut writer = PcapngWriter::new(Vec::new(), None).unwrap();
            let at = Duration::from_secs(1);
            let flow = writer.open_plain(AddressPair::UNKNOWN, at).unwrap();
            writer.write_data(flow, Side::Client, at, hello).unwrap();
            if let Some(end) = end {
                writer.close(flow, end, at).unwrap();
            }
            std::fs::write(file.path(), writer.into_inner()).unwrap();
            let (records, _) = printed(file.path());
            let end = records.last().unwrap();
            assert_eq!(end["ok"], ok);
            assert_eq!(end["why"].as_str().unwrap().starts_with(unanswered), !ok, "{end}");
        }
    }

    /// Both formats are compared byte by byte: programs read the JSON, and printing a recording
    /// again reproduces it.
    #[test]
    fn known_records_are_printed_unchanged() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/records/known.jsonl");
        let capture = open(&path, &ReadOptions::default()).unwrap();
        let known =
            [(true, std::fs::read_to_string(path).unwrap()), (false, KNOWN_TEXT.to_owned())];
        for (json, known) in known {
            let mut out = Vec::new();
            print_capture(&capture, RecordSelection::default(), json, &mut out).unwrap();
            let printed = String::from_utf8(out).unwrap();
            // The last record has the time of printing.
            let lines: Vec<&str> = printed.split_inclusive('\n').collect();
            let (last, lines) = lines.split_last().unwrap();
            assert_eq!(lines.concat(), known);
            assert!(last.contains("2 connections in the file"), "{last}");
        }
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig {
            // By chance, other bytes look like frames, so the cases are always the same.
            rng_seed: proptest::test_runner::RngSeed::Fixed(7692), ..Default::default()
        })]

        #[test]
        fn records_of_a_damaged_capture_say_what_was_sent(
            damaged in crate::capture::damaged::damaged_capture(),
        ) {
            let sent = damaged.sent();
            let file = tempfile::NamedTempFile::new().unwrap();
            std::fs::write(file.path(), damaged.file(&sent)).unwrap();
            let capture = open(file.path(), &ReadOptions::default()).unwrap();
            for record in print_to_string(&capture).0 {
                let from = match record["from"].as_str() {
                    Some("client") => Side::Client,
                    _ => Side::Server,
                };
                if record["type"] != "frame" {
                    continue;
                }
                proptest::prop_assert_eq!(&record["violations"], &json!([]));
                if record["complete"] == true {
                    let is_sent = |frame: &Vec<u8>| record["raw_hex"] == hex(frame);
                    proptest::prop_assert!(sent.frames[from].iter().any(is_sent), "{}", record);
                }
                if let Some(text) = record["message_text"].as_str() {
                    let is_sent = |message: &Vec<u8>| message == text.as_bytes();
                    proptest::prop_assert!(sent.messages[from].iter().any(is_sent), "{}", record);
                }
            }
        }

        #[test]
        fn records_that_are_opened_again_give_the_same_records(
            damaged in crate::capture::damaged::damaged_capture(),
        ) {
            let opened = |bytes: &[u8]| {
                let file = tempfile::NamedTempFile::new().unwrap();
                std::fs::write(file.path(), bytes).unwrap();
                open(file.path(), &ReadOptions::default()).unwrap()
            };
            let records = print_to_string(&opened(&damaged.file(&damaged.sent()))).0;
            let lines: Vec<String> = records.iter().map(|record| format!("{record}\n")).collect();
            let again = print_to_string(&opened(lines.concat().as_bytes())).0;
            let (records, again) = (recorded(records), recorded(again));
            for (record, again) in records.iter().zip(&again) {
                proptest::prop_assert_eq!(record, again);
            }
            proptest::prop_assert_eq!(records.len(), again.len());
        }

        #[test]
        fn records_of_snapshots_are_those_of_the_file(
            damaged in crate::capture::damaged::damaged_capture(),
            cuts in proptest::collection::vec(proptest::prelude::any::<usize>(), 1..12),
        ) {
            let file = damaged.file(&damaged.sent());
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % file.len()).collect();
            cuts.sort_unstable();
            let mut growing = crate::capture::GrowingFile::new(&file, &ReadOptions::default());
            let mut out = Vec::new();
            let selection = RecordSelection::default();
            let mut printer = CapturePrinter::new(selection, true, true, &mut out);
            for cut in cuts {
                if let Some(part) = growing.read(cut, true) {
                    printer.print_snapshot(&part).unwrap();
                }
            }
            let whole = growing.read(file.len(), false).unwrap();
            printer.finish(&whole).unwrap();
            let as_file = print_to_string(&whole).0;
            let printed = String::from_utf8(out).unwrap();
            let printed: Vec<Value> =
                printed.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
            proptest::prop_assert_eq!(kept(printed), kept(as_file));
        }
    }
}
