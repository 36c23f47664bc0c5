//! `wiretalk inspect FILE --list`: the connections of a file in a table, or as JSON lines.

use std::io::{self, Write};
use std::process::ExitCode;

use crate::capture::{Capture, CapturedStream, StreamStart};
use crate::cli::inspect::args::ListArg;
use crate::cli::inspect::capture_file::{
    how_it_ended, kind_and_exchanges, lacks_websocket, no_websocket_text, numbered, tls_text,
};
use crate::cli::inspect::printer::Printer;
use crate::cli::inspect::record::{
    ListedConnectionRecord, Millis, NoteSubject, Record, RecordType,
};
use crate::inspect::{ConnectionSummary, describe_kinds};
use crate::text;
use crate::text::units::group_thousands;
use crate::wire::Trace;
use crate::wire::format::escape_controls;

/// The titles of the columns.
const TITLES: [&str; COLUMNS] = [
    "#", "client", "server", "kind", "path", "protocol", "frames", "bytes", "time", "problems",
    "tls", "end",
];
const COLUMNS: usize = 12;

/// The columns whose cells are aligned to the right.
const NUMERIC: [&str; 5] = ["#", "frames", "bytes", "time", "problems"];

/// The maximum width of a cell. A path may be longer than any screen.
const MAX_CELL_WIDTH: usize = 48;

/// Prints a list of the connections of `capture`. The exit status is 1 if the file has no
/// connection, or if one could not be read.
///
/// # Errors
///
/// If `out` fails.
pub(super) fn print<W: Write>(
    capture: &Capture,
    which: ListArg,
    json: bool,
    out: W,
) -> anyhow::Result<ExitCode> {
    let mut printer = Printer::for_file(json, true, out);
    for warning in capture.warnings() {
        printer.print(&Record::note(NoteSubject::File, std::time::Duration::ZERO, warning))?;
    }
    let is_listed = |(_, _, summary): &(usize, &CapturedStream<Trace>, ConnectionSummary)| {
        which == ListArg::All || summary.kind.is_websocket_or_attempt()
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
    if json {
        for (number, stream, summary) in listed {
            let record = record(number, stream, summary);
            writeln!(printer.out(), "{}", serde_json::to_string(&record)?)?;
        }
        printer.print_last(&last)?;
    } else {
        let rows: Vec<_> =
            listed.iter().map(|(number, stream, summary)| row(*number, stream, summary)).collect();
        write_table(&rows, printer.out())?;
        writeln!(printer.out(), "{last}")?;
    }
    printer.flush()?;
    let mut streams = capture.streams().iter();
    let all_read = streams.len() > 0 && streams.all(|stream| stream.failed.is_none());
    Ok(if all_read { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn record(
    number: usize,
    stream: &CapturedStream<Trace>,
    summary: ConnectionSummary,
) -> ListedConnectionRecord {
    let ended = how_it_ended(stream);
    let problem_count = summary.problems();
    ListedConnectionRecord {
        bytes_received: summary.bytes.server,
        bytes_sent: summary.bytes.client,
        client: stream.addresses.map(|addresses| addresses.client),
        connection: number,
        duration: Millis(summary.duration),
        ended_by: stream.ending.map(|ending| ending.by),
        ended_with: stream.ending.map(|ending| if ending.is_reset { "rst" } else { "fin" }),
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
        since_1970_s: stream.addresses.map(|_| stream.started_at.as_secs_f64()),
        status: summary.status,
        at: Millis(std::time::Duration::ZERO),
        tls: tls_text(&stream.tls),
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
    let end = match (stream.ending, &stream.failed) {
        (_, Some(_)) => String::new(),
        (Some(ending), None) => summary.short_ending(ending),
        (None, None) if stream.addresses.is_some() => "open".to_owned(),
        (None, None) => String::new(),
    };
    let end = if stream.start == StreamStart::Frames && stream.addresses.is_some() {
        format!("{end} (captured midway)")
    } else {
        end
    };
    let cells = [
        number.to_string(),
        client,
        server,
        kind,
        summary.path.clone().unwrap_or_default(),
        summary.subprotocol.clone().unwrap_or_default(),
        number_cell(frames),
        number_cell(summary.byte_count().get()),
        Some(summary.duration)
            .filter(|duration| !duration.is_zero())
            .map_or_else(String::new, text::units::duration),
        problems.unwrap_or_default(),
        tls_text(&stream.tls).unwrap_or_default(),
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
