//! `wiretalk inspect FILE --list`: the connections of a file in a table, or as JSON lines.

use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

use super::connection_words::{
    end_result, kind_and_exchanges, lacks_websocket, no_websocket_text, numbered,
};
use crate::capture::{Capture, CapturedStream, StreamEnding, StreamStart};
use crate::cli::inspect::args::ListArg;
use crate::cli::inspect::printed_sockjs::PrintedConversations;
use crate::cli::inspect::printer::Printer;
use crate::cli::inspect::record::{
    ListedConnectionRecord, Millis, NoteSubject, Record, RecordType,
};
use crate::inspect::{ConnectionSummary, describe_kinds, open_end_name};
use crate::text;
use crate::text::units::group_thousands;
use crate::wire::Trace;
use crate::wire::format::escape_controls;

/// The titles of the columns. `stream` is the number that Wireshark calls `tcp.stream`.
const TITLES: [&str; COLUMNS] = [
    "#", "stream", "client", "server", "kind", "path", "protocol", "frames", "bytes", "time",
    "problems", "tls", "end",
];
const COLUMNS: usize = 13;

/// The columns whose cells are aligned to the right.
const NUMERIC: [&str; 6] = ["#", "stream", "frames", "bytes", "time", "problems"];

/// The maximum width of a cell. A path may be longer than any screen.
const MAX_CELL_WIDTH: usize = 48;

/// Prints a list of the connections of `capture`. The exit status is 1 if the file has no
/// connection, or if one could not be read.
///
/// # Errors
///
/// If `out` fails.
pub(in crate::cli::inspect) fn print<W: Write>(
    capture: &Capture,
    which: ListArg,
    json: bool,
    out: W,
) -> anyhow::Result<ExitCode> {
    let mut printer = Printer::for_file(json, true, out);
    for warning in capture.warnings() {
        printer.print(&Record::note(NoteSubject::File, Duration::ZERO, warning))?;
    }
    let is_listed = |(_, _, summary): &(usize, &CapturedStream<Trace>, ConnectionSummary)| {
        which == ListArg::All || summary.kind.is_looked_for()
    };
    let all = numbered(capture)
        .map(|(number, stream)| (number, stream, ConnectionSummary::of_stream(stream)));
    let listed: Vec<_> = all.filter(is_listed).collect();
    let count = u64::try_from(capture.streams().len()).unwrap_or(u64::MAX);
    let mut last = format!("{} in the file", text::units::count(count, "connection"));
    let kinds = describe_kinds(capture.streams().iter().map(kind_and_exchanges));
    if lacks_websocket(capture) {
        last = no_websocket_text(capture);
    } else if !kinds.is_empty() {
        last += &format!(": {kinds}");
    }
    let sessions = session_records(capture);
    if json {
        for (number, stream, summary) in listed {
            let record = record(number, stream, summary);
            writeln!(printer.out(), "{}", serde_json::to_string(&record)?)?;
        }
        for session in &sessions {
            printer.print(session)?;
        }
        printer.print_last(&last)?;
    } else {
        let rows: Vec<_> =
            listed.iter().map(|(number, stream, summary)| row(*number, stream, summary)).collect();
        write_table(&rows, printer.out())?;
        for session in &sessions {
            printer.print(session)?;
        }
        writeln!(printer.out(), "{last}")?;
    }
    printer.flush()?;
    let mut streams = capture.streams().iter();
    let all_read = streams.len() > 0 && streams.all(|stream| stream.failed.is_none());
    Ok(if all_read { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Returns the records of the SockJS sessions, over all connections.
fn session_records(capture: &Capture) -> Vec<Record> {
    let mut conversations = PrintedConversations::default();
    let began = capture.span().map_or(Duration::ZERO, |span| span.start);
    for (number, stream) in numbered(capture) {
        conversations.set_beginning(number, stream.started_at.saturating_sub(began));
        stream.trace.sockjs().rows().iter().for_each(|row| conversations.add(number, row));
    }
    conversations.take_records()
}

fn record(
    number: usize,
    stream: &CapturedStream<Trace>,
    summary: ConnectionSummary,
) -> ListedConnectionRecord {
    let ended = end_result(stream);
    let problem_count = summary.problems();
    ListedConnectionRecord {
        bytes_received: summary.bytes.server,
        bytes_sent: summary.bytes.client,
        client: stream.addresses.map(|addresses| addresses.client),
        connection: number,
        duration: Millis(summary.duration),
        ended_by: stream.ending.map(|ending| ending.by),
        ended_with: stream.ending.as_ref().map(StreamEnding::name),
        exchange_count: summary.exchanges,
        frames_received: summary.frames.server,
        frames_sent: summary.frames.client,
        kind: summary.kind.name(),
        ok: ended.is_ok(),
        path: summary.path,
        problem_count,
        protocol: summary.subprotocol,
        server: stream.addresses.map(|addresses| addresses.server),
        silence: stream.ending.map(|ending| Millis(ending.silence)),
        sockjs: summary.sockjs,
        since_1970_s: stream.addresses.map(|_| stream.started_at.as_secs_f64()),
        status: summary.status,
        tcp_stream: stream.tcp_stream,
        at: Millis(Duration::ZERO),
        tls: stream.tls.description(),
        record_type: RecordType::Connection,
        why: escape_controls(ended.as_ref().unwrap_or_else(|reason| reason)),
    }
}

/// Returns the cells of a connection, without control characters. An empty cell has a dash.
fn row(
    number: usize,
    stream: &CapturedStream<Trace>,
    summary: &ConnectionSummary,
) -> [String; COLUMNS] {
    let [client, server] = stream.addresses.map_or_else(Default::default, |addresses| {
        [addresses.client.to_string(), addresses.server.to_string()]
    });
    let number_cell = |count: u64| group_thousands(count);
    let frames = u64::try_from(summary.frame_count()).unwrap_or(u64::MAX);
    let problems = Some(summary.problems()).filter(|count| *count > 0).map(number_cell);
    let kind = match summary.status {
        // A WebSocket's is 101, which says nothing.
        Some(status) if status != 101 => format!("{} {status}", summary.kind.name()),
        _ => summary.kind.name().to_owned(),
    };
    let end = match stream.ending.filter(|_| stream.failed.is_none()) {
        Some(ending) => summary.short_ending(ending),
        None if stream.addresses.is_some() && stream.failed.is_none() => {
            open_end_name(stream.open_end).to_owned()
        }
        None => String::new(),
    };
    let end =
        if stream.start == StreamStart::Midway { format!("{end} (captured midway)") } else { end };
    let cells = [
        number.to_string(),
        stream.tcp_stream.map_or_else(String::new, |stream| stream.to_string()),
        client,
        server,
        kind,
        summary.path.clone().unwrap_or_default(),
        summary.subprotocol.clone().or_else(|| summary.sockjs.clone()).unwrap_or_default(),
        number_cell(frames),
        number_cell(summary.byte_count().get()),
        Some(summary.duration)
            .filter(|duration| !duration.is_zero())
            .map_or_else(String::new, text::units::duration),
        problems.unwrap_or_default(),
        stream.tls.description().unwrap_or_default(),
        end,
    ];
    cells.map(|cell| if cell.is_empty() { "–".to_owned() } else { escape_controls(&cell) })
}

/// Writes rows below their titles, each column as wide as its widest cell.
fn write_table(rows: &[[String; COLUMNS]], out: &mut impl Write) -> io::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let titles = TITLES.map(str::to_owned);
    let cell_width = |cell: &String| text::width(cell).min(MAX_CELL_WIDTH);
    let mut widths = titles.each_ref().map(cell_width);
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell_width(cell).max(*width);
        }
    }
    for row in std::iter::once(&titles).chain(rows) {
        let mut line = String::new();
        for ((cell, title), width) in row.iter().zip(TITLES).zip(widths) {
            // Not the last column, which nothing follows.
            let is_last = title == "end";
            let cell = if is_last { cell.into() } else { text::ellipsize(cell, width) };
            let pad = " ".repeat(width.saturating_sub(text::width(&cell)));
            line += &if NUMERIC.contains(&title) {
                format!("{pad}{cell}  ")
            } else {
                format!("{cell}{pad}  ")
            };
        }
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use serde_json::Value;

    use super::*;
    use crate::capture::{ConnectionEnd, PcapngWriter, ReadOptions, open};
    use crate::cli::inspect::file::print_capture;
    use crate::cli::inspect::record_selection::RecordSelection;
    use crate::net::AddressPair;
    use crate::wire::Side;
    use crate::wire::query::filter::Filter;

    const GET: &[u8] = b"GET /app.js HTTP/1.1\r\nHost: a\r\n\r\n";
    const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
    const REQUEST: &[u8] = b"GET /chat HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: \
        Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
    const SWITCHING: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\
        Connection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
    const FORBIDDEN: &[u8] = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n";
    const TLS: &[u8] = b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00";
    const FRAMES: &[u8] = b"\x81\x05Hello\x89\x00\x82\x02hi";

    /// The pieces that both sides of a connection send, in order.
    type Sent<'a> = &'a [(Side, &'a [u8])];

    const HTTP: Sent<'_> = &[(Side::Client, GET), (Side::Server, OK)];
    const WEBSOCKET: Sent<'_> = &[
        (Side::Client, GET),
        (Side::Server, OK),
        (Side::Client, REQUEST),
        (Side::Server, SWITCHING),
        (Side::Server, FRAMES),
    ];
    const REFUSED: Sent<'_> = &[(Side::Client, REQUEST), (Side::Server, FORBIDDEN)];
    const ENCRYPTED: Sent<'_> = &[(Side::Client, TLS)];

    /// Returns a capture of these connections, 1 ms between two packets, reset a minute later.
    fn capture(connections: &[Sent<'_>]) -> Capture {
        let mut writer = PcapngWriter::new(Vec::new(), None).unwrap();
        for (port, sent) in (40_001..).zip(connections) {
            let mut at = Duration::from_secs(1_700_000_000);
            let [client, server]: [SocketAddr; 2] =
                [([10, 0, 0, 1], port).into(), ([192, 0, 2, 7], 8080).into()];
            let flow = writer.open_plain(AddressPair { client, server }, at).unwrap();
            for (from, bytes) in *sent {
                at += Duration::from_millis(1);
                writer.write_data(flow, *from, at, bytes).unwrap();
            }
            let at = at + Duration::from_mins(1);
            writer.close(flow, ConnectionEnd::Reset(Side::Server), at).unwrap();
        }
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), writer.into_inner()).unwrap();
        open(file.path(), &ReadOptions::default()).unwrap()
    }

    fn list(capture: &Capture, which: ListArg, json: bool) -> String {
        let mut out = Vec::new();
        print(capture, which, json, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn records(capture: &Capture, number: Option<usize>, filter: Option<&str>) -> Vec<Value> {
        let selection = RecordSelection {
            connection: number.and_then(std::num::NonZeroUsize::new),
            filter: filter.map(|filter| Filter::parse(filter).unwrap()),
        };
        let mut out = Vec::new();
        print_capture(capture, selection, true, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn types(records: &[Value]) -> Vec<&str> {
        records.iter().filter_map(|record| record["type"].as_str()).collect()
    }

    #[test]
    fn websockets_and_attempts_are_listed_in_a_table_and_the_rest_is_counted() {
        let capture = capture(&[HTTP, WEBSOCKET, ENCRYPTED, REFUSED]);
        let known = "\
#  stream  client          server          kind         path   protocol  frames  bytes    time  problems  tls  end
2       1  10.0.0.1:40002  192.0.2.7:8080  WebSocket    /chat  –              3    359  5.0 ms         1  –    server RST, no Close, idle for 60.0 s
4       3  10.0.0.1:40004  192.0.2.7:8080  attempt 403  /chat  –              0    189  2.0 ms         1  –    server RST, idle for 60.0 s
4 connections in the file: 1 WebSocket, 1 attempt to open one, 1 with HTTP only (1 exchange), 1 with TLS that is not decrypted
";
        assert_eq!(list(&capture, ListArg::Websockets, false), known);
        let all = list(&capture, ListArg::All, false);
        assert_eq!(all.lines().count(), 6, "{all}");
        assert!(all.contains("HTTP 200") && all.contains("not decrypted"), "{all}");
    }

    #[test]
    fn as_json_each_listed_connection_is_a_record() {
        let capture = capture(&[HTTP, WEBSOCKET]);
        let text = list(&capture, ListArg::Websockets, true);
        let records: Vec<Value> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(types(&records), ["connection", "end"]);
        let facts = &records[0];
        for (field, value) in [
            ("connection", Value::from(2)),
            ("kind", "WebSocket".into()),
            ("path", "/chat".into()),
            ("frames_received", 3.into()),
            ("exchanges", 1.into()),
            ("duration_ms", 5.0.into()),
            ("ended_by", "server".into()),
            ("ended_with", "rst".into()),
            ("ok", false.into()),
            ("tls", Value::Null),
        ] {
            assert_eq!(facts[field], value, "{field}");
        }
        // Fields are in alphabetical order, as in every record.
        let fields: Vec<&str> = text.lines().next().unwrap().split('"').collect();
        let names: Vec<&&str> = fields
            .iter()
            .zip(fields.iter().skip(1))
            .filter(|(_, after)| after.starts_with(':'))
            .map(|(name, _)| name)
            .collect();
        assert!(names.is_sorted() && names.len() > 15, "{names:?}");
    }

    #[test]
    fn one_connection_alone_is_printed_if_its_number_is_given() {
        let capture = capture(&[HTTP, WEBSOCKET, REFUSED]);
        let alone = records(&capture, Some(2), None);
        assert!(alone.iter().all(|record| record["connection"] == 2), "{alone:?}");
        let head =
            ["connection", "http", "handshake", "handshake", "frame", "frame", "frame", "end"];
        assert_eq!(types(&alone), head);
        // Also if it is ordinary HTTP, which is not printed beside a WebSocket.
        assert_eq!(types(&records(&capture, Some(1), None)), ["connection", "http", "end"]);
        let selection = RecordSelection {
            connection: std::num::NonZeroUsize::new(4),
            ..RecordSelection::default()
        };
        let error = print_capture(&capture, selection, true, Vec::new()).unwrap_err();
        assert_eq!(error.to_string(), "connection 4 does not exist: the file has 3 connections");
    }

    #[test]
    fn a_filter_leaves_matching_frames_notes_connections_and_ends() {
        let capture = capture(&[HTTP, WEBSOCKET, WEBSOCKET]);
        let found = records(&capture, None, Some("op=data && len<5"));
        let frames: Vec<_> = found.iter().filter(|record| record["type"] == "frame").collect();
        assert_eq!(frames.iter().map(|frame| &frame["frame"]).collect::<Vec<_>>(), [2, 2]);
        assert_eq!(
            types(&found),
            ["connection", "connection", "frame", "frame", "end", "end", "end"]
        );
        let second = records(&capture, Some(3), Some("n=1"));
        assert_eq!(types(&second), ["connection", "frame", "end"]);
        assert_eq!(second[1]["opcode_name"], "ping");
    }

    #[test]
    fn a_file_without_a_websocket_says_what_its_connections_are() {
        let capture = capture(&[HTTP, HTTP]);
        let found = records(&capture, None, None);
        let expected = "no WebSocket can be seen in the file, which has 2 connections: 2 with HTTP \
                        only (2 exchanges)";
        assert_eq!((&found[0]["type"], &found[0]["text"]), (&"note".into(), &expected.into()));
        assert_eq!(list(&capture, ListArg::Websockets, false), format!("{expected}\n"));
        assert!(types(&found).contains(&"http"), "without a WebSocket, HTTP is shown");
    }

    #[test]
    fn beside_a_websocket_other_connections_are_only_counted() {
        let many = [&[HTTP; 40][..], &[WEBSOCKET], &[ENCRYPTED; 9], &[HTTP]].concat();
        let found = records(&capture(&many), None, None);
        let numbers = found.iter().filter_map(|record| record["connection"].as_u64());
        assert!(numbers.clone().count() > 5 && numbers.clone().all(|number| number == 41));
        assert_eq!(
            found.last().unwrap()["why"],
            "51 connections in the file; not shown: 41 with HTTP only (41 exchanges), 9 with TLS \
             that is not decrypted"
        );
    }
}
