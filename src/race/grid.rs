//! "When is it 5 to 10 times?": conditions by lanes. Each cell is a race of its own or part of one, always beside the base
//! of the same run; no ratio comes from anywhere else.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::measure::{Ratio, to_u64_saturating};
use crate::net::Distance;
use crate::race::{Course, Kind, Lane, Placement};

/// The conditions of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// What it is called, in six cells at most.
    pub title: &'static str,
    /// Where the two ends run.
    pub placement: Placement,
    /// Connections of each lane.
    pub connections: usize,
    /// The round trip in milliseconds.
    pub rtt: u64,
}

/// What an exchange is in a row, and what its times are compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exchange {
    /// One message of 32 bytes, beside one message on an open WebSocket.
    One,
    /// Ten messages, beside ten in flight on an open WebSocket.
    Ten,
    /// One message of 64 KiB, beside one on an open WebSocket.
    Large,
}

/// A lane of the grid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// What it is called.
    pub title: &'static str,
    /// What is exchanged.
    pub exchange: Exchange,
    /// Who.
    pub lane: Lane,
}

const fn near(title: &'static str, placement: Placement, connections: usize) -> Column {
    Column { title, placement, connections, rtt: 0 }
}

const fn far(title: &'static str, rtt: u64) -> Column {
    Column { title, placement: Placement::OwnCpus, connections: 1, rtt }
}

/// The conditions, near ones first.
pub const COLUMNS: [Column; 7] = [
    near("2 CPUs", Placement::OwnCpus, 1),
    near("1 CPU", Placement::OneCpu, 1),
    near("c=64", Placement::OwnCpus, 64),
    far("1 ms", 1),
    far("10 ms", 10),
    far("50 ms", 50),
    far("100 ms", 100),
];

const fn row(title: &'static str, exchange: Exchange, kind: Kind, tls: bool) -> Row {
    Row { title, exchange, lane: Lane { kind, tls } }
}

/// The lanes, cheap ones first.
pub const ROWS: [Row; 11] = [
    row("HTTP/1.1, by hand", Exchange::One, Kind::HttpBare, false),
    row("HTTP/1.1, hyper", Exchange::One, Kind::HttpHyper, false),
    row("HTTP/1.1, reqwest", Exchange::One, Kind::HttpReqwest, false),
    row("HTTP/2, hyper", Exchange::One, Kind::Http2, false),
    row("NEW HTTP/1.1", Exchange::One, Kind::HttpNew, false),
    row("NEW HTTPS", Exchange::One, Kind::HttpNew, true),
    row("NEW WebSocket", Exchange::One, Kind::WsNew, false),
    row("NEW wss", Exchange::One, Kind::WsNew, true),
    row("10 HTTP, awaited", Exchange::Ten, Kind::HttpHyper, false),
    row("10 HTTP/2, in flight", Exchange::Ten, Kind::Http2, false),
    row("64 KiB, hyper", Exchange::Large, Kind::HttpHyper, false),
];

impl Exchange {
    /// All three.
    pub const ALL: [Self; 3] = [Self::One, Self::Ten, Self::Large];

    const fn base(self) -> Lane {
        match self {
            Self::One | Self::Large => Lane::plain(Kind::Ws),
            Self::Ten => Lane::plain(Kind::WsPipelined),
        }
    }

    /// The race of these lanes beside the base under a column's conditions, with as many rounds as `time` allows for,
    /// three at least and fifteen at most.
    pub fn course(self, lanes: impl IntoIterator<Item = Lane>, column: &Column, time: Duration) -> Course {
        let lanes: Vec<Lane> = lanes.into_iter().chain([self.base()]).collect();
        let rtt = Duration::from_millis(column.rtt);
        let round: Duration = lanes.iter().map(|&lane| slice(lane, self, rtt)).sum();
        let pairs = to_u64_saturating(time.as_secs_f64() / round.as_secs_f64());
        Course {
            payload: if self == Self::Large { 64 * 1024 } else { 32 },
            burst: (self == Self::Ten).then_some(10),
            connections: column.connections,
            placement: column.placement,
            distance: Distance { rtt, ..Distance::default() },
            pairs: usize::try_from(pairs).unwrap_or(usize::MAX).clamp(3, 15),
            lanes,
            ..Course::default()
        }
    }
}

impl Row {
    /// The race of this cell alone, in about `time`.
    pub fn course(&self, column: &Column, time: Duration) -> Course {
        self.exchange.course([self.lane], column, time)
    }
}

/// A run of the whole grid, to be shown as recorded.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The day, as YYYY-MM-DD.
    pub date: String,
    /// The machine it ran on.
    pub machine: String,
    /// The lanes in the order of [`ROWS`], in each the conditions in that of [`COLUMNS`].
    pub cells: Vec<Vec<Option<Cell>>>,
}

/// A ratio with its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cell {
    /// The median of the paired ratios.
    pub ratio: f64,
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

impl From<Ratio> for Cell {
    /// With three digits after the point: no more was measured.
    fn from(Ratio { median, low, high, .. }: Ratio) -> Self {
        let round = |value: f64| (value * 1e3).round() / 1e3;
        Self { ratio: round(median), low: round(low), high: round(high) }
    }
}

impl Cell {
    /// Three digits.
    pub fn in_words(&self) -> String {
        match self.ratio {
            99.95.. => format!("{:.0}", self.ratio),
            9.995.. => format!("{:.1}", self.ratio),
            ratio => format!("{ratio:.2}"),
        }
    }

    /// What the claim says: five times or more.
    pub fn is_large(&self) -> bool {
        self.ratio >= 5.0
    }
}

impl Record {
    /// The cell of a lane under a column's conditions.
    pub fn cell(&self, row: usize, column: usize) -> Option<Cell> {
        *self.cells.get(row)?.get(column)?
    }

    /// As a Markdown table; cells of five times and more stand out.
    pub fn table(&self) -> String {
        let mut table = "| ws open = 1 |".to_owned();
        for column in &COLUMNS {
            table += &format!(" {} |", column.title);
        }
        table += &format!("\n| :-- |{}\n", " --: |".repeat(COLUMNS.len()));
        for (index, row) in ROWS.iter().enumerate() {
            table += &format!("| {} |", row.title);
            for column in 0..COLUMNS.len() {
                let told = self.cell(index, column).map_or_else(
                    || "–".to_owned(),
                    |cell| {
                        if cell.is_large() { format!("**{}**", cell.in_words()) } else { cell.in_words() }
                    },
                );
                table += &format!(" {told} |");
            }
            table.push('\n');
        }
        let (title, cells) = GO;
        table += &format!("| *{title}* |");
        for cell in cells {
            table += &cell.map_or_else(|| " – |".to_owned(), |ratio| format!(" *{ratio:.2}* |"));
        }
        table + "\n"
    }
}

/// The same question in Go, recorded: net/http kept alive by gorilla's WebSocket, medians. It is a row of its own because
/// another program measured it.
pub const GO: (&str, [Option<f64>; COLUMNS.len()]) =
    ("Go, kept alive, rec.", [Some(1.58), Some(2.57), None, None, None, None, None]);

/// How long a slice lasts: 150 ms, or two exchanges where these take longer.
fn slice(lane: Lane, exchange: Exchange, rtt: Duration) -> Duration {
    let trips = match (lane.kind, lane.tls, exchange) {
        (Kind::HttpNew, false, _) => 2,
        (Kind::HttpNew, true, _) | (Kind::WsNew, false, _) => 3,
        (Kind::WsNew, true, _) => 4,
        (kind, _, Exchange::Ten) if !kind.overlaps() => 10,
        _ => 1,
    };
    rtt.saturating_mul(trips).saturating_mul(2).max(Duration::from_millis(150))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_a_line_for_each_row_and_marks_what_is_large() {
        let cell = |ratio| Some(Cell { ratio, low: ratio, high: ratio });
        let cells = vec![vec![cell(1.0), cell(7.454), cell(12.34)]];
        let table = Record { cells, ..Record::default() }.table();
        let lines: Vec<&str> = table.lines().collect();
        assert_eq!(lines.len(), ROWS.len() + 3);
        assert_eq!(lines[2], "| HTTP/1.1, by hand | 1.00 | **7.45** | **12.3** | – | – | – | – |");
        let pipes = |line: &str| line.matches('|').count();
        assert!(lines.iter().all(|line| pipes(line) == COLUMNS.len() + 2), "{table}");
    }

    #[test]
    fn every_cell_can_be_run_and_takes_about_three_seconds() {
        for row in ROWS {
            for column in &COLUMNS {
                let course = row.course(column, Duration::from_secs(3));
                assert_eq!(course.check(), Ok(()), "{} {}", row.title, column.title);
                assert_eq!(course.base(), row.exchange.base());
                assert!((3..=15).contains(&course.pairs), "{} {}: {}", row.title, column.title, course.pairs);
            }
        }
        let cell = ROWS[2].course(&COLUMNS[0], Duration::from_secs(3));
        assert_eq!((cell.pairs, cell.lanes.len()), (10, 2));
    }
}
