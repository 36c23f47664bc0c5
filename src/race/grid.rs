//! "When is it 5 to 10 times?": conditions by lanes. Each cell is a race of its own or part of one,
//! always beside the base of the same run; no ratio comes from anywhere else.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::measure::{Ratio, to_u64_saturating};
use crate::net::LinkConditions;
use crate::race::{Lane, LaneKind, Placement, RaceConfig};

/// The conditions of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GridColumn {
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
pub enum GridExchange {
    /// One message of 32 bytes, beside one message on an open WebSocket.
    One,
    /// Ten messages, beside ten in flight on an open WebSocket.
    Ten,
    /// One message of 64 KiB, beside one on an open WebSocket.
    Large,
}

/// A lane of the grid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GridRow {
    /// What it is called.
    pub title: &'static str,
    /// What is exchanged.
    pub exchange: GridExchange,
    /// Who.
    pub lane: Lane,
}

const fn loopback_column(
    title: &'static str,
    placement: Placement,
    connections: usize,
) -> GridColumn {
    GridColumn { title, placement, connections, rtt: 0 }
}

const fn distant_column(title: &'static str, rtt: u64) -> GridColumn {
    GridColumn { title, placement: Placement::OwnCpus, connections: 1, rtt }
}

/// The conditions, near ones first.
pub const COLUMNS: [GridColumn; 7] = [
    loopback_column("2 CPUs", Placement::OwnCpus, 1),
    loopback_column("1 CPU", Placement::OneCpu, 1),
    loopback_column("c=64", Placement::OwnCpus, 64),
    distant_column("1 ms", 1),
    distant_column("10 ms", 10),
    distant_column("50 ms", 50),
    distant_column("100 ms", 100),
];

const fn row(title: &'static str, exchange: GridExchange, kind: LaneKind, tls: bool) -> GridRow {
    GridRow { title, exchange, lane: Lane { kind, tls } }
}

/// The lanes, cheap ones first.
pub const ROWS: [GridRow; 11] = [
    row("HTTP/1.1, by hand", GridExchange::One, LaneKind::HttpBare, false),
    row("HTTP/1.1, hyper", GridExchange::One, LaneKind::HttpHyper, false),
    row("HTTP/1.1, reqwest", GridExchange::One, LaneKind::HttpReqwest, false),
    row("HTTP/2, hyper", GridExchange::One, LaneKind::Http2, false),
    row("NEW HTTP/1.1", GridExchange::One, LaneKind::HttpNew, false),
    row("NEW HTTPS", GridExchange::One, LaneKind::HttpNew, true),
    row("NEW WebSocket", GridExchange::One, LaneKind::WsNew, false),
    row("NEW wss", GridExchange::One, LaneKind::WsNew, true),
    row("10 HTTP, awaited", GridExchange::Ten, LaneKind::HttpHyper, false),
    row("10 HTTP/2, in flight", GridExchange::Ten, LaneKind::Http2, false),
    row("64 KiB, hyper", GridExchange::Large, LaneKind::HttpHyper, false),
];

impl GridExchange {
    /// All three.
    pub const ALL: [Self; 3] = [Self::One, Self::Ten, Self::Large];

    const fn baseline(self) -> Lane {
        match self {
            Self::One | Self::Large => Lane::plain(LaneKind::Ws),
            Self::Ten => Lane::plain(LaneKind::WsPipelined),
        }
    }

    /// The race of these lanes beside the base under a column's conditions, with as many rounds as
    /// `time` allows for, three at least and fifteen at most.
    pub fn race_config(
        self,
        lanes: impl IntoIterator<Item = Lane>,
        column: &GridColumn,
        time: Duration,
    ) -> RaceConfig {
        let lanes: Vec<Lane> = lanes.into_iter().chain([self.baseline()]).collect();
        let rtt = Duration::from_millis(column.rtt);
        let round: Duration = lanes.iter().map(|&lane| slice_duration(lane, self, rtt)).sum();
        let pairs = to_u64_saturating(time.as_secs_f64() / round.as_secs_f64());
        RaceConfig {
            payload: if self == Self::Large { 64 * 1024 } else { 32 },
            burst: (self == Self::Ten).then_some(10),
            connections: column.connections,
            placement: column.placement,
            link: LinkConditions { rtt, ..LinkConditions::default() },
            pairs: usize::try_from(pairs).unwrap_or(usize::MAX).clamp(3, 15),
            lanes,
            ..RaceConfig::default()
        }
    }
}

impl GridRow {
    /// The race of this cell alone, in about `time`.
    pub fn race_config(&self, column: &GridColumn, time: Duration) -> RaceConfig {
        self.exchange.race_config([self.lane], column, time)
    }
}

/// A run of the whole grid, to be shown as recorded.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct GridRecord {
    /// The day, as YYYY-MM-DD.
    pub date: String,
    /// The machine it ran on.
    pub machine: String,
    /// The lanes in the order of [`ROWS`], in each the conditions in that of [`COLUMNS`].
    pub cells: Vec<Vec<Option<GridCell>>>,
}

/// A ratio with its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct GridCell {
    /// The median of the paired ratios.
    pub ratio: f64,
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

impl From<Ratio> for GridCell {
    /// With three digits after the point: no more was measured.
    fn from(Ratio { median, low, high, .. }: Ratio) -> Self {
        let round = |value: f64| (value * 1e3).round() / 1e3;
        Self { ratio: round(median), low: round(low), high: round(high) }
    }
}

impl GridCell {
    /// Three digits.
    pub fn ratio_text(&self) -> String {
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

impl GridRecord {
    /// The cell of a lane under a column's conditions.
    pub fn cell(&self, row: usize, column: usize) -> Option<GridCell> {
        *self.cells.get(row)?.get(column)?
    }

    /// As a Markdown table; cells of five times and more stand out.
    pub fn to_markdown(&self) -> String {
        let mut table = "| ws open = 1 |".to_owned();
        for column in &COLUMNS {
            table += &format!(" {} |", column.title);
        }
        table += &format!("\n| :-- |{}\n", " --: |".repeat(COLUMNS.len()));
        for (index, row) in ROWS.iter().enumerate() {
            table += &format!("| {} |", row.title);
            for column in 0..COLUMNS.len() {
                let text = self.cell(index, column).map_or_else(
                    || "–".to_owned(),
                    |cell| {
                        if cell.is_large() {
                            format!("**{}**", cell.ratio_text())
                        } else {
                            cell.ratio_text()
                        }
                    },
                );
                table += &format!(" {text} |");
            }
            table.push('\n');
        }
        let (title, cells) = GO_ROW;
        table += &format!("| *{title}* |");
        for cell in cells {
            table += &cell.map_or_else(|| " – |".to_owned(), |ratio| format!(" *{ratio:.2}* |"));
        }
        table + "\n"
    }
}

/// The same question in Go, recorded: net/http kept alive by gorilla's WebSocket, medians. It is a
/// row of its own because another program measured it.
pub const GO_ROW: (&str, [Option<f64>; COLUMNS.len()]) =
    ("Go, kept alive, rec.", [Some(1.58), Some(2.57), None, None, None, None, None]);

/// How long a slice lasts: 150 ms, or two exchanges where these take longer.
fn slice_duration(lane: Lane, exchange: GridExchange, rtt: Duration) -> Duration {
    let trips = match (lane.kind, lane.tls, exchange) {
        (LaneKind::HttpNew, false, _) => 2,
        (LaneKind::HttpNew, true, _) | (LaneKind::WsNew, false, _) => 3,
        (LaneKind::WsNew, true, _) => 4,
        (kind, _, GridExchange::Ten) if !kind.is_pipelined() => 10,
        _ => 1,
    };
    rtt.saturating_mul(trips).saturating_mul(2).max(Duration::from_millis(150))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_a_line_for_each_row_and_marks_what_is_large() {
        let cell = |ratio| Some(GridCell { ratio, low: ratio, high: ratio });
        let cells = vec![vec![cell(1.0), cell(7.454), cell(12.34)]];
        let table = GridRecord { cells, ..GridRecord::default() }.to_markdown();
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
                let config = row.race_config(column, Duration::from_secs(3));
                assert_eq!(config.validate(), Ok(()), "{} {}", row.title, column.title);
                assert_eq!(config.baseline(), row.exchange.baseline());
                assert!(
                    (3..=15).contains(&config.pairs),
                    "{} {}: {}",
                    row.title,
                    column.title,
                    config.pairs
                );
            }
        }
        let cell = ROWS[2].race_config(&COLUMNS[0], Duration::from_secs(3));
        assert_eq!((cell.pairs, cell.lanes.len()), (10, 2));
    }
}
