//! The lab's figures of a library, as a row of a table. Nothing is typed in: all of them come from
//! the record.

use crate::demos::recorded_lab::RECORDED;
use crate::lab::{ContestantRecord, IdleRecord, LoadRecord, VerdictsRecord};

/// The heads of the columns.
pub(super) const HEADS: [&str; 5] = ["fail/tuned", "idle KiB", "1 conn", "256 conns", "lines/pkgs"];

/// Returns the cells of a library: how many cases it fails as it is and tuned, the memory of an idle
/// connection, the time of an echo against raw TCP, and its size. What was not measured is `–`.
pub(super) fn row(library: &str) -> [String; 5] {
    let none = || "–".to_owned();
    let Some(record) = RECORDED.contestant(library) else { return std::array::from_fn(|_| none()) };
    let tuned = RECORDED.contestant(&format!("{library}-tuned"));
    let failures =
        |record: &ContestantRecord| record.verdicts.as_ref().map(VerdictsRecord::failures);
    let pair = |left: Option<usize>, right: Option<usize>| {
        let text = |number: Option<usize>| number.map_or_else(none, |number| number.to_string());
        format!("{}/{}", text(left), text(right))
    };
    let idle = record.idle.as_ref().and_then(IdleRecord::bytes_a_connection);
    [
        pair(failures(record), tuned.and_then(failures)),
        idle.map_or_else(none, |bytes| format!("{:.1}", bytes as f64 / 1024.0)),
        latency(record, 1).unwrap_or_else(none),
        latency(record, 256).unwrap_or_else(none),
        pair(record.source_lines, record.packages),
    ]
}

/// Returns how many times as long as raw TCP an echo takes on that many connections. `!` marks a run
/// that does not count.
fn latency(record: &ContestantRecord, connections: usize) -> Option<String> {
    let load: &LoadRecord = record.load.iter().find(|load| load.connections == connections)?;
    let mark = if load.invalid_because.is_empty() { "" } else { "!" };
    Some(format!("{:.2}x{mark}", load.latency.median))
}
