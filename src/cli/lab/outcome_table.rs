//! The results as a table: a row for each contestant.

use std::fmt::Write as _;

use crate::conform::Verdict;
use crate::lab::{CONNECTION_COUNTS, ContestantRecord, IdleRecord, LabRecord, VerdictsRecord};
use crate::text::{sanitize, units, width};

/// The cell of something that is not known.
const UNKNOWN: &str = "-";

/// Returns the table, what could not be found out, and where it was.
pub(super) fn render(record: &LabRecord) -> String {
    let has_figures =
        record.contestants.iter().any(|one| !one.load.is_empty() || one.idle.is_some());
    let mut rows = vec![head(has_figures)];
    rows.extend(record.contestants.iter().map(|one| row(one, has_figures)));
    let mut text = align(&rows);
    text.push('\n');
    for one in &record.contestants {
        for error in &one.errors {
            let _ = writeln!(text, "{}: {}", one.id, sanitize(error));
        }
        text += &remarks(one);
    }
    if has_figures {
        text += "latency and throughput are ratios to raw TCP in the same run, with 1, 64 and 256 \
                 connections; those with an asterisk do not count\n";
    }
    let cases = units::count(u64::try_from(record.cases.len()).unwrap_or(u64::MAX), "case");
    let _ = writeln!(text, "{cases}; {}, {}, {}", record.machine, record.kernel, record.date);
    text
}

fn head(has_figures: bool) -> Vec<String> {
    let mut head =
        vec!["contestant", "version", "pass", "tolerated", "fail", "not offered", "n/a", "varies"];
    head.extend(["lines", "packages", "MiB"]);
    if has_figures {
        head.extend(["KiB/conn", "latency", "throughput"]);
    }
    head.into_iter().map(str::to_owned).collect()
}

fn row(one: &ContestantRecord, has_figures: bool) -> Vec<String> {
    let unknown = || UNKNOWN.to_owned();
    let number = |number: Option<usize>| number.map_or_else(unknown, |number| number.to_string());
    let verdicts = one.verdicts.as_ref();
    let count = |verdict| number(verdicts.map(|verdicts| verdicts.count(verdict)));
    // A version of Go that is no release is as long as the rest of the row.
    let version = one.version.split('-').next().unwrap_or_default();
    let mut row = vec![
        one.id.clone(),
        version.to_owned(),
        count(Verdict::Pass),
        count(Verdict::Tolerated),
        number(verdicts.map(VerdictsRecord::failures)),
        count(Verdict::NotOffered),
        count(Verdict::NotApplicable),
        number(verdicts.map(VerdictsRecord::varying)),
        number(one.source_lines),
        number(one.packages),
        one.started_bytes.map_or_else(unknown, mebibytes),
    ];
    if has_figures {
        let idle = one.idle.as_ref().and_then(IdleRecord::bytes_a_connection);
        row.push(idle.map_or_else(unknown, |bytes| format!("{:.1}", bytes as f64 / 1024.0)));
        row.push(ratios(one, |load| load.latency.median));
        row.push(ratios(one, |load| load.throughput.median));
    }
    row
}

fn mebibytes(bytes: u64) -> String {
    format!("{:.1}", bytes as f64 / f64::from(1 << 20))
}

/// Returns a ratio for each number of connections.
fn ratios(one: &ContestantRecord, ratio: impl Fn(&crate::lab::LoadRecord) -> f64) -> String {
    let cell = |connections: &usize| {
        let load = one.load.iter().find(|load| load.connections == *connections);
        load.map_or_else(
            || UNKNOWN.to_owned(),
            |load| {
                let mark = if load.invalid_because.is_empty() { "" } else { "*" };
                format!("{:.2}{mark}", ratio(load))
            },
        )
    };
    CONNECTION_COUNTS.iter().map(cell).collect::<Vec<_>>().join(" ")
}

/// Returns what restricts the figures of a contestant, a line each.
fn remarks(one: &ContestantRecord) -> String {
    let mut text = String::new();
    for load in &one.load {
        if !load.invalid_because.is_empty() {
            let reasons = load.invalid_because.join("; ");
            let connections = u64::try_from(load.connections).unwrap_or(u64::MAX);
            let connections = units::count(connections, "connection");
            let _ = writeln!(text, "{}: {connections}: {}", one.id, sanitize(&reasons));
        }
    }
    if let Some(idle) = &one.idle
        && let Some(reason) = &idle.fewer_because
    {
        let IdleRecord { connections, wanted, .. } = idle;
        let _ = writeln!(
            text,
            "{}: {connections} of {wanted} idle connections: {}",
            one.id,
            sanitize(reason)
        );
    }
    text
}

/// Pads the cells of all rows: names to the right, numbers to the left.
fn align(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let cell = |row: &Vec<String>, column: usize| row.get(column).cloned().unwrap_or_default();
    let widths: Vec<usize> = (0..columns)
        .map(|column| rows.iter().map(|row| width(&cell(row, column))).max().unwrap_or(0))
        .collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (column, widest) in widths.iter().enumerate() {
            let cell = cell(row, column);
            let pad = " ".repeat(widest.saturating_sub(width(&cell)));
            line += &match column {
                0 => format!("{cell}{pad}"),
                1 => format!("  {cell}{pad}"),
                _ => format!("  {pad}{cell}"),
            };
        }
        text += line.trim_end();
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::{CaseRecord, LoadRecord, Options, RatioRecord};

    fn contestant(id: &str) -> ContestantRecord {
        let case = CaseRecord {
            verdict: Verdict::Fail,
            varies: Some((1, 5)),
            reason: "did that".to_owned(),
        };
        let verdicts = VerdictsRecord {
            has_echo: true,
            needs_origin: false,
            counts: [("pass", 500), ("fail", 2), ("died", 1)]
                .map(|(name, count)| (name.to_owned(), count))
                .into(),
            cases: [("close/a".to_owned(), case)].into(),
        };
        ContestantRecord {
            id: id.to_owned(),
            library: id.to_owned(),
            package: id.to_owned(),
            version: "v0.0.0-20170809000501-1c05540f6879".to_owned(),
            options: Options::Default,
            source_lines: Some(31),
            packages: Some(1),
            started_bytes: Some(7 << 20),
            tested_bytes: None,
            verdicts: Some(verdicts),
            load: Vec::new(),
            idle: None,
            measured: None,
            errors: Vec::new(),
        }
    }

    fn record(contestants: Vec<ContestantRecord>) -> LabRecord {
        LabRecord {
            cases: vec!["close/a".to_owned()],
            machine: "2 x CPU".to_owned(),
            kernel: "linux 6".to_owned(),
            date: "2026-11-29".to_owned(),
            contestants,
            ..LabRecord::default()
        }
    }

    #[test]
    fn a_row_has_the_verdicts_of_a_contestant() {
        let failed = ContestantRecord {
            verdicts: None,
            errors: vec!["build: no \x1b[2J".to_owned()],
            ..contestant("ws")
        };
        let text = render(&record(vec![contestant("xnet-2017"), failed]));
        let expected = "\
contestant  version  pass  tolerated  fail  not offered  n/a  varies  lines  packages  MiB
xnet-2017   v0.0.0    500          0     3            0    0       1     31         1  7.0
ws          v0.0.0      -          -     -            -    -       -     31         1  7.0

ws: build: no ␛[2J
1 case; 2 x CPU, linux 6, 2026-11-29
";
        assert_eq!(text, expected);
    }

    #[test]
    fn a_ratio_that_does_not_count_is_marked_and_explained() {
        let ratio = |median| RatioRecord { median, low: median, high: median, pairs: 15 };
        let load = |connections, reasons: &[&str]| LoadRecord {
            connections,
            median_us: 1.0,
            per_second: 1.0,
            latency: ratio(1.256),
            throughput: ratio(0.5),
            invalid_because: reasons.iter().map(|reason| (*reason).to_owned()).collect(),
        };
        let idle = IdleRecord {
            wanted: 10_000,
            connections: 100,
            fewer_because: Some("RLIMIT_NOFILE".to_owned()),
            before_bytes: 0,
            open_bytes: 204_800,
        };
        let measured = ContestantRecord {
            load: vec![load(1, &[]), load(256, &["other programs", "drift"])],
            idle: Some(idle),
            ..contestant("gws")
        };
        let text = render(&record(vec![measured]));
        assert!(text.contains("  KiB/conn       latency    throughput\n"), "{text}");
        assert!(text.contains("     2.0  1.26 - 1.26*  0.50 - 0.50*\n"), "{text}");
        assert!(text.contains("gws: 256 connections: other programs; drift\n"), "{text}");
        assert!(text.contains("gws: 100 of 10000 idle connections: RLIMIT_NOFILE\n"), "{text}");
    }
}
