//! Headless `wiretalk inspect FILE`: prints the connections of a file as records, in the
//! order of time, and copies them into another file with `--write`. `capture` detects the kind of
//! file and decodes it.

use std::collections::BTreeMap;
use std::io::{self, BufWriter, Write};
use std::num::NonZeroUsize;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;

use crate::capture::{
    Capture, CapturedStream, Http2Role, PcapngWriter, ReadOptions, ReplayData, ReplayEvent,
    StreamStart, TlsStatus, open, open_stream,
};
use crate::cli::inspect::printer::Printer;
use crate::cli::inspect::record::{NoteSubject, Record, RecordContext};
use crate::cli::inspect::record_selection::RecordSelection;
use crate::cli::inspect::replace_hint::suggest_replace;
use crate::inspect::{
    ConnectionKind, ConnectionSummary, Ending, InspectConfig, STANDARD_INPUT, describe_kinds,
    how_it_ended, last_activity,
};
use crate::text;
use crate::wire::format::byte_count;
use crate::wire::{ByteLen, Trace, TraceRow};

/// Opens the file at `path`, and copies its connections if the configuration names a file for that.
///
/// # Errors
///
/// If a file cannot be read or written, or both files are the same.
pub(super) fn open_and_copy(
    config: &InspectConfig,
    path: &Path,
    options: &ReadOptions,
) -> anyhow::Result<Capture> {
    // Before the writer truncates it: a copy reads its source again while it is written.
    if config.recording.as_ref().is_some_and(|recording| is_same_file(&recording.path, path)) {
        anyhow::bail!(
            "cannot read and write {} at the same time; give --write another file",
            path.display()
        );
    }
    // Records come in the order of time over all connections, so everything is read first.
    let capture = if path.as_os_str() == STANDARD_INPUT {
        open_stream(io::stdin(), path, options)?
    } else {
        open(path, options)?
    };
    if let Some(recording) = &config.recording {
        let (path, mut writer) =
            recording.create(1, PcapngWriter::create).map_err(suggest_replace)?;
        let written = capture.write(&mut writer);
        written.with_context(|| format!("could not write {}", path.display()))?;
    }
    Ok(capture)
}

/// Returns standard output with a buffer: on its own it flushes every line, and a capture may have
/// a million.
pub(super) fn buffered_stdout() -> impl Write {
    BufWriter::with_capacity(1 << 16, io::stdout())
}

/// Prints the records of `selection` in `capture`. The exit status is 1 if the file has no
/// connection, or if one of those that are asked for could not be read.
///
/// # Errors
///
/// If the selected connection does not exist, or the file or `out` fails.
pub(super) fn print_capture<W: Write>(
    capture: &Capture,
    selection: RecordSelection,
    json: bool,
    out: W,
) -> anyhow::Result<ExitCode> {
    let count = capture.streams().len();
    let only = selection.connection.map(NonZeroUsize::get);
    if let Some(number) = only.filter(|number| *number > count) {
        anyhow::bail!("connection {number} does not exist: the file has {}", connections(count));
    }
    // True without connections too: the summary is then the only end record.
    let several = only.is_none() && count != 1;
    let mut printer = Printer::for_file(json, several, out).with_selection(selection);
    for warning in capture.warnings() {
        print_note(&mut printer, None, warning)?;
    }
    if only.is_none() && lacks_websocket(capture) {
        print_note(&mut printer, None, &no_websocket_text(capture))?;
    }
    let threshold = capture.streams().iter().map(print_rank).max().unwrap_or_default();
    let is_shown = |number: usize, stream: &CapturedStream<Trace>| match only {
        Some(only) => only == number,
        None => print_rank(stream) >= threshold || is_always_printed(stream),
    };
    let shown = || numbered(capture).filter(|(number, stream)| is_shown(*number, stream));
    for (number, stream) in shown() {
        print_connection(&mut printer, number, stream)?;
    }
    let mut http2_exchanges = Http2Exchanges::default();
    capture.replay(|event| match capture.streams().get(event.stream) {
        Some(stream)
            if stream.failed.is_none() && is_shown(event.stream.saturating_add(1), stream) =>
        {
            if stream.is_http2_connection() {
                let number = event.stream.saturating_add(1);
                return Ok(http2_exchanges.print_until(&mut printer, number, stream, event.at)?);
            }
            print_replay_event(&mut printer, stream, &event)
        }
        _ => Ok(()),
    })?;
    for (number, stream) in shown() {
        if stream.is_http2_connection() {
            http2_exchanges.print_until(&mut printer, number, stream, Duration::MAX)?;
        }
        print_end(&mut printer, number, stream)?;
    }
    if several {
        let mut text = format!("{} in the file", connections(count));
        let hidden = numbered(capture).filter(|(number, stream)| !is_shown(*number, stream));
        let hidden = describe_kinds(hidden.map(|(_, stream)| kind_and_exchanges(stream)));
        if !hidden.is_empty() {
            text += &format!("; not shown: {hidden}");
        }
        printer.print_last(&text)?;
    }
    printer.flush()?;
    let mut asked =
        numbered(capture).filter(|(number, _)| only.is_none_or(|only| only == *number)).peekable();
    let all_read = asked.peek().is_some()
        && asked.all(|(_, stream)| stream.failed.is_none())
        && !printer.has_panicked();
    Ok(if all_read { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Returns the connections of a file with their numbers, from 1.
pub(super) fn numbered(capture: &Capture) -> impl Iterator<Item = (usize, &CapturedStream<Trace>)> {
    (1..).zip(capture.streams())
}

/// Returns the words for a number of connections: `3 connections`.
fn connections(count: usize) -> String {
    text::units::count(u64::try_from(count).unwrap_or(u64::MAX), "connection")
}

/// Returns how much a connection is what people look for in a file. Those of the highest rank in
/// the file are printed, the others are only counted.
fn print_rank(stream: &CapturedStream<Trace>) -> u8 {
    match ConnectionKind::of_stream(stream) {
        ConnectionKind::WebSocket | ConnectionKind::Attempt => 2,
        // There may be a WebSocket in it.
        ConnectionKind::Encrypted => 1,
        ConnectionKind::Http
        | ConnectionKind::Other
        | ConnectionKind::Empty
        | ConnectionKind::Unreadable => 0,
    }
}

/// Whether a connection is printed beside any other, because it could not be read.
fn is_always_printed(stream: &CapturedStream<Trace>) -> bool {
    stream.failed.is_some()
}

/// Returns what [`describe_kinds`] needs of a connection.
pub(super) fn kind_and_exchanges(stream: &CapturedStream<Trace>) -> (ConnectionKind, u64) {
    let summary = ConnectionSummary::of_stream(stream);
    (summary.kind, summary.exchanges)
}

/// Whether a file has connections, none of which opened a WebSocket or tried to.
pub(super) fn lacks_websocket(capture: &Capture) -> bool {
    let mut kinds = capture.streams().iter().map(ConnectionKind::of_stream).peekable();
    kinds.peek().is_some() && !kinds.any(ConnectionKind::is_websocket_or_attempt)
}

/// Returns the sentence for a file without a WebSocket: what its connections are instead.
pub(super) fn no_websocket_text(capture: &Capture) -> String {
    format!(
        "no WebSocket can be seen in the file, which has {}: {}",
        connections(capture.streams().len()),
        describe_kinds(capture.streams().iter().map(kind_and_exchanges))
    )
}

/// Prints the warnings about a connection, what of it is incomplete, and its end.
fn print_end<W: Write>(
    printer: &mut Printer<W>,
    number: usize,
    stream: &CapturedStream<Trace>,
) -> io::Result<()> {
    for warning in &stream.warnings {
        // What is said at the end stands there in the order of time too.
        let at = last_activity(&stream.trace);
        printer.print(&Record::note(NoteSubject::Connection(number), at, warning))?;
    }
    if let Some(reason) = &stream.failed {
        let text = format!("connection {number} could not be read: {reason}");
        print_note(printer, Some(number), &text)?;
    }
    printer.print_end_in_file(number, end_result(stream), stream.ending)
}

/// Returns how a connection of a capture ended, as `Err` if it was not closed cleanly or could not
/// be read.
pub(super) fn end_result(stream: &CapturedStream<Trace>) -> Result<String, String> {
    if let Some(reason) = &stream.failed {
        return Err(format!("could not be read: {reason}"));
    }
    match how_it_ended(stream) {
        Ending { text, is_clean: true } => Ok(text),
        Ending { text, is_clean: false } => Err(text),
    }
}

/// Returns the version and the cipher suite of TLS, or that it was not decrypted; `None` without
/// TLS.
pub(super) fn tls_text(status: &TlsStatus) -> Option<String> {
    match status {
        TlsStatus::Plaintext => None,
        TlsStatus::Decrypted { version, suite } => {
            Some(format!("{version} with {suite}, decrypted"))
        }
        TlsStatus::Encrypted(_) => Some("not decrypted".to_owned()),
    }
}

/// Whether both paths lead to the same file, through any links. Only a regular file is opened for
/// that: opening a FIFO would block until it has a reader.
fn is_same_file(one: &Path, other: &Path) -> bool {
    one.is_file() && same_file::is_same_file(one, other).unwrap_or(false)
}

/// Prints the record of a connection: its addresses, its start and its TLS state.
fn print_connection<W: Write>(
    printer: &mut Printer<W>,
    number: usize,
    stream: &CapturedStream<Trace>,
) -> io::Result<()> {
    // The capture began after the handshake, so the first bytes are frames.
    let is_midway = stream.start == StreamStart::Midway;
    if stream.start != StreamStart::Head && !stream.is_unopened_http2() {
        printer.start_mid_connection(number, stream.trace.agreed(), is_midway);
    }
    let since_1970_s = stream.started_at.as_secs_f64();
    if let Some(addresses) = stream.addresses {
        let http2_stream = stream.http2.as_ref().map(|role| match role {
            Http2Role::Connection => 0,
            Http2Role::WebSocket(websocket) => websocket.stream_id,
        });
        let tls = tls_text(&stream.tls);
        let record = Record::file_connection(number, addresses, since_1970_s, tls, http2_stream);
        printer.print(&record)?;
    }
    if is_midway {
        let text = "the capture begins in the middle of this connection: its handshake is not in \
                    the file";
        print_note(printer, Some(number), text)?;
    }
    let is_compressed = |row: &TraceRow| row.is_compressed();
    if stream.trace.agreed().is_assumed && stream.trace.rows().iter().any(is_compressed) {
        let text = "messages have RSV1, but the extensions that were agreed on are not in the file: \
                    they are read as with --extensions permessage-deflate";
        print_note(printer, Some(number), text)?;
    }
    if let TlsStatus::Encrypted(reason) = &stream.tls {
        print_note(printer, Some(number), &format!("this connection is encrypted: {reason}"))?;
    }
    Ok(())
}

/// The exchanges of HTTP/2 connections that were printed, in the order of time.
#[derive(Default)]
struct Http2Exchanges {
    /// How many there were of each connection, by its number.
    printed: BTreeMap<usize, usize>,
}

impl Http2Exchanges {
    /// Prints the exchanges of a connection that were complete at `at`.
    fn print_until<W: Write>(
        &mut self,
        printer: &mut Printer<W>,
        number: usize,
        stream: &CapturedStream<Trace>,
        at: Duration,
    ) -> io::Result<()> {
        let printed = self.printed.entry(number).or_default();
        let rest = stream.trace.exchanges().all().get(*printed..).unwrap_or_default();
        for (completed_at, exchange) in rest.iter().take_while(|(time, _)| *time <= at) {
            printer.print(&Record::http(number, *completed_at, exchange.clone()))?;
            *printed = printed.saturating_add(1);
        }
        Ok(())
    }
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
            let from = event.from;
            let text = if bytes == ByteLen::ZERO {
                format!("what the {from} sent before is missing: it was not captured")
            } else {
                let bytes = byte_count(bytes);
                format!("{bytes} of the {from} are missing here: they were not captured")
            };
            printer.print(&Record::note(NoteSubject::Connection(number), event.at, text))?;
            printer.print_gap(number, event.from, event.at, bytes, within_frame)?;
        }
        ReplayData::Unframed(bytes) => {
            printer.skip_unframed(number, event.from, event.at, ByteLen::of(bytes));
        }
        ReplayData::Resumed(unit) => printer.resume(number, event.from, event.at, unit)?,
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::wire::Side;
    use crate::wire::format::hex;

    const REQUEST: &[u8] =
        b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

    const KNOWN_TEXT: &str = include_str!("../../../tests/records/known.txt");

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
            note.contains("internal error: panicked at src/cli/inspect/capture_file.rs:"),
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
    }
}
