//! What the records and the list of a capture say alike: numbers of connections, their kinds, how they
//! ended.

use crate::capture::{Capture, CapturedStream};
use crate::inspect::{ConnectionKind, ConnectionSummary, Ending, describe_kinds, how_it_ended};
use crate::text;
use crate::wire::Trace;

/// Returns the connections of a file with their numbers, from 1.
pub(super) fn numbered(capture: &Capture) -> impl Iterator<Item = (usize, &CapturedStream<Trace>)> {
    (1..).zip(capture.streams())
}

/// Returns the words for a number of connections: `3 connections`.
pub(super) fn connections(count: usize) -> String {
    text::units::count(u64::try_from(count).unwrap_or(u64::MAX), "connection")
}

/// Returns what [`describe_kinds`] needs of a connection.
pub(super) fn kind_and_exchanges(stream: &CapturedStream<Trace>) -> (ConnectionKind, u64) {
    let summary = ConnectionSummary::of_stream(stream);
    (summary.kind, summary.exchanges)
}

/// Whether a file has connections, none of which opened a WebSocket or tried to.
pub(super) fn lacks_websocket(capture: &Capture) -> bool {
    let mut kinds = capture.streams().iter().map(ConnectionKind::of_stream).peekable();
    kinds.peek().is_some() && !kinds.any(ConnectionKind::is_looked_for)
}

/// Returns the sentence for a file without a WebSocket: what its connections are instead.
pub(super) fn no_websocket_text(capture: &Capture) -> String {
    format!(
        "no WebSocket can be seen in the file, which has {}: {}",
        connections(capture.streams().len()),
        describe_kinds(capture.streams().iter().map(kind_and_exchanges))
    )
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

/// Returns how much a connection is what people look for in a file. Those of the highest rank in
/// the file are printed, the others are only counted.
pub(super) fn print_rank(stream: &CapturedStream<Trace>) -> u8 {
    match ConnectionKind::of_stream(stream) {
        ConnectionKind::WebSocket | ConnectionKind::SockJs | ConnectionKind::Attempt => 2,
        // There may be a WebSocket in it.
        ConnectionKind::Encrypted | ConnectionKind::NotCaptured => 1,
        ConnectionKind::Http
        | ConnectionKind::Other
        | ConnectionKind::Empty
        | ConnectionKind::Unreadable => 0,
    }
}

/// Whether a connection is printed beside any other, because it could not be read.
pub(super) fn is_always_printed(stream: &CapturedStream<Trace>) -> bool {
    stream.failed.is_some()
}
