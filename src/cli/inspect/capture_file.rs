//! Headless `wiretalk inspect FILE`: prints the connections of a file as records, in the
//! order of time, and copies them into another file with `--write`. `capture` detects the kind of
//! file and decodes it.

use std::collections::BTreeMap;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;

use crate::capture::{
    Capture, CapturedStream, Http2Role, PcapngWriter, ReadOptions, ReplayData, ReplayEvent,
    StreamEnding, StreamStart, TlsStatus, open, open_stream,
};
use crate::cli::inspect::printer::Printer;
use crate::cli::inspect::record::{NoteSubject, Record, RecordContext};
use crate::cli::inspect::replace_hint::suggest_replace;
use crate::inspect::{InspectConfig, STANDARD_INPUT};
use crate::wire::format::byte_count;
use crate::wire::{Opcode, Side, Trace};

/// The silence before the end of a connection from which on it is worth telling.
const LONG_SILENCE: Duration = Duration::from_secs(1);

/// Opens the file at `path` and prints its records.
///
/// # Errors
///
/// If a file or standard output cannot be read or written, or both files are the same.
pub(super) fn run(
    config: &InspectConfig,
    path: &Path,
    options: &ReadOptions,
    json: bool,
) -> anyhow::Result<ExitCode> {
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
    // Standard output flushes every line; a capture may have a million.
    print_capture(&capture, json, BufWriter::with_capacity(1 << 16, io::stdout()))
}

/// Prints the records of `capture`. The exit status is 1 if the file has no connection, or if one
/// could not be read.
fn print_capture<W: Write>(capture: &Capture, json: bool, out: W) -> anyhow::Result<ExitCode> {
    // True without connections too: the summary is then the only end record.
    let several = capture.streams().len() != 1;
    let mut printer = Printer::for_file(json, several, out);
    for warning in capture.warnings() {
        print_note(&mut printer, None, warning)?;
    }
    // Among connections that opened a WebSocket, or tried to, others are only counted.
    let has_websocket = capture.streams().iter().any(is_of_interest);
    let is_shown = |stream: &CapturedStream<Trace>| !has_websocket || is_of_interest(stream);
    let shown = || (1..).zip(capture.streams()).filter(|(_, stream)| is_shown(stream));
    for (number, stream) in shown() {
        print_connection(&mut printer, number, stream)?;
    }
    let mut http2_exchanges = Http2Exchanges::default();
    capture.replay(|event| match capture.streams().get(event.stream) {
        Some(stream) if stream.failed.is_none() && is_shown(stream) => {
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
        for warning in &stream.warnings {
            print_note(&mut printer, Some(number), warning)?;
        }
        let ended = match &stream.failed {
            None => how_it_ended(stream),
            Some(reason) => {
                print_note(
                    &mut printer,
                    Some(number),
                    &format!("connection {number} could not be read: {reason}"),
                )?;
                Err(format!("could not be read: {reason}"))
            }
        };
        printer.print_end_in_file(number, ended, stream.ending)?;
    }
    if several {
        let count = capture.streams().len();
        let mut text =
            format!("{count} connection{} in the file", if count == 1 { "" } else { "s" });
        let others = count.saturating_sub(shown().count());
        if others > 0 {
            text += &format!(", {others} of them without a WebSocket: not shown");
        }
        printer.print_last(&text)?;
    }
    printer.flush()?;
    let mut streams = capture.streams().iter();
    let all_read = streams.len() > 0
        && streams.all(|stream| stream.failed.is_none())
        && !printer.has_panicked();
    Ok(if all_read { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Whether a connection opened a WebSocket or tried to, or may have: it is encrypted or could not be
/// read.
fn is_of_interest(stream: &CapturedStream<Trace>) -> bool {
    let trace = &stream.trace;
    let has_tried = [Side::Client, Side::Server].iter().any(|from| trace.head(*from).is_some());
    trace.is_open()
        || stream.http2_websocket().is_some()
        || has_tried
        || stream.failed.is_some()
        || matches!(stream.tls, TlsStatus::Encrypted(_))
}

/// Returns how a connection of a capture ended, as `Err` if it was not closed cleanly.
fn how_it_ended(stream: &CapturedStream<Trace>) -> Result<String, String> {
    let Some(ending) = stream.ending else {
        let is_captured = stream.addresses.is_some();
        return Ok(if is_captured {
            "end of the capture, the connection was still open"
        } else {
            "end of the capture"
        }
        .to_owned());
    };
    let StreamEnding { by, is_reset, is_reset_after, silence, .. } = ending;
    let mut text = format!("the {by} {}", ending.action());
    if silence >= LONG_SILENCE {
        text += &format!(" after {:.1} s without data", silence.as_secs_f64());
    }
    if is_reset_after && !is_reset {
        text += ", which was reset (RST) later";
    }
    if !stream.trace.is_open() || stream.is_unopened_http2() {
        return Ok(text);
    }
    let closes = |side| {
        let mut rows = stream.trace.rows().iter();
        rows.any(|row| row.from() == side && row.opcode() == Opcode::Close)
    };
    match (closes(Side::Client), closes(Side::Server)) {
        (true, true) => Ok(text + ", after the closing handshake"),
        (false, false) => Err(text + ", without a Close: applications see code 1006"),
        (client, _) => {
            let side = if client { Side::Client } else { Side::Server };
            Err(text + &format!(", after a Close of the {side} only"))
        }
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
    if stream.start != StreamStart::Head && !stream.is_unopened_http2() {
        printer.start_mid_connection(number, stream.trace.agreed());
    }
    let since_1970_s = stream.started_at.as_secs_f64();
    let tls = match &stream.tls {
        TlsStatus::Plaintext => None,
        TlsStatus::Decrypted { version, suite } => {
            Some(format!("{version} with {suite}, decrypted"))
        }
        TlsStatus::Encrypted(_) => Some("not decrypted".to_owned()),
    };
    if let Some(addresses) = stream.addresses {
        let http2_stream = stream.http2.as_ref().map(|role| match role {
            Http2Role::Connection => 0,
            Http2Role::WebSocket(websocket) => websocket.stream_id,
        });
        let record = Record::file_connection(number, addresses, since_1970_s, tls, http2_stream);
        printer.print(&record)?;
    }
    if stream.start == StreamStart::Frames && stream.addresses.is_some() {
        let text = "the capture begins in the middle of this connection: its handshake is not in \
                    the file";
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
            let text = format!(
                "{} of the {} are missing here: they were not captured",
                byte_count(bytes),
                event.from
            );
            printer.print(&Record::note(NoteSubject::Connection(number), event.at, text))?;
            printer.print_gap(number, event.from, event.at, bytes, within_frame)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
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
        let status = print_capture(capture, true, &mut out).unwrap();
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
            print_capture(&capture, json, &mut out).unwrap();
            let printed = String::from_utf8(out).unwrap();
            // The last record has the time of printing.
            let lines: Vec<&str> = printed.split_inclusive('\n').collect();
            let (last, lines) = lines.split_last().unwrap();
            assert_eq!(lines.concat(), known);
            assert!(last.contains("2 connections in the file"), "{last}");
        }
    }
}
