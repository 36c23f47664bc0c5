//! The grid that answers "when is it 5 to 10 times?": lanes by conditions. Each cell is a race, or
//! part of one, that includes the baseline. Ratios across runs are never formed.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::measure::{Ratio, to_u64_saturating};
use crate::net::LinkConditions;
use crate::race::{Lane, LaneKind, Placement, RaceConfig};
use crate::text::units;

/// The conditions of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GridColumn {
    /// The heading, at most six cells wide.
    pub title: &'static str,
    /// Where the client and the server process run.
    pub placement: Placement,
    /// The number of connections of each lane.
    pub connections: usize,
    /// The round trip in milliseconds, 0 on loopback.
    pub rtt: u64,
}

/// What is exchanged in a row, which also decides the baseline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GridExchange {
    /// One message of 32 bytes, compared with one on an open WebSocket.
    One,
    /// Ten messages of 32 bytes, compared with ten in flight on an open WebSocket.
    Ten,
    /// One message of 64 KiB, compared with one on an open WebSocket.
    Large,
}

/// A row of the grid: a lane and what it exchanges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GridRow {
    /// The label.
    pub title: &'static str,
    /// The messages of an exchange, which also decide the baseline.
    pub exchange: GridExchange,
    /// The lane that is compared with the baseline.
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

/// The columns, from near to far.
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

/// The rows, cheap lanes first.
pub const ROWS: [GridRow; 11] = [
    row("HTTP/1.1, by hand", GridExchange::One, LaneKind::HttpBare, false),
    row("HTTP/1.1, hyper", GridExchange::One, LaneKind::HttpHyper, false),
    row("HTTP/1.1, reqwest", GridExchange::One, LaneKind::HttpReqwest, false),
    row("HTTP/2, hyper", GridExchange::One, LaneKind::Http2, false),
    row("HTTP, new each time", GridExchange::One, LaneKind::HttpNew, false),
    row("HTTPS, new each time", GridExchange::One, LaneKind::HttpNew, true),
    row("ws, new each time", GridExchange::One, LaneKind::WsNew, false),
    row("wss, new each time", GridExchange::One, LaneKind::WsNew, true),
    row("10 HTTP, in sequence", GridExchange::Ten, LaneKind::HttpHyper, false),
    row("10 HTTP/2, in flight", GridExchange::Ten, LaneKind::Http2, false),
    row("64 KiB, hyper", GridExchange::Large, LaneKind::HttpHyper, false),
];

impl GridExchange {
    /// All kinds of exchange.
    pub const ALL: [Self; 3] = [Self::One, Self::Ten, Self::Large];

    const fn baseline(self) -> Lane {
        match self {
            Self::One | Self::Large => Lane::plain(LaneKind::Ws),
            Self::Ten => Lane::plain(LaneKind::WsPipelined),
        }
    }

    /// Returns the race of `lanes` and the baseline under the conditions of a column. It has as
    /// many rounds as fit into `time`, but at least 3 and at most 15.
    pub fn race_config(
        self,
        lanes: impl IntoIterator<Item = Lane>,
        column: &GridColumn,
        time: Duration,
    ) -> RaceConfig {
        let lanes: Vec<Lane> = lanes.into_iter().chain([self.baseline()]).collect();
        let rtt = Duration::from_millis(column.rtt);
        let round: Duration = lanes.iter().map(|&lane| slice_duration(lane, self, rtt)).sum();
        // The seconds of a round are at least 0.15 for each lane, so this never divides by 0.
        let rounds = to_u64_saturating(time.as_secs_f64() / round.as_secs_f64());
        RaceConfig {
            payload: if self == Self::Large { 64 * 1024 } else { 32 },
            burst: (self == Self::Ten).then_some(10),
            connections: column.connections,
            placement: column.placement,
            link: LinkConditions { rtt, ..LinkConditions::default() },
            rounds: usize::try_from(rounds).unwrap_or(usize::MAX).clamp(3, 15),
            lanes,
            ..RaceConfig::default()
        }
    }
}

impl GridRow {
    /// Returns the race of this cell alone, which takes about `time`.
    pub fn race_config(&self, column: &GridColumn, time: Duration) -> RaceConfig {
        self.exchange.race_config([self.lane], column, time)
    }
}

/// A recorded run of the whole grid.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct GridRecord {
    /// The date as YYYY-MM-DD.
    pub date: String,
    /// The machine on which it ran.
    pub machine: String,
    /// The cells: one list for each of [`ROWS`], in it one cell for each of [`COLUMNS`]; `None` if
    /// it was not measured.
    pub cells: Vec<Vec<Option<GridCell>>>,
}

/// A ratio with its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct GridCell {
    /// The median of the paired ratios.
    pub ratio: f64,
    /// The lower end of the interval.
    pub low: f64,
    /// The upper end of the interval.
    pub high: f64,
}

impl From<Ratio> for GridCell {
    /// Rounds to three decimal places; the measurement has no more.
    fn from(Ratio { median, low, high, .. }: Ratio) -> Self {
        let round = |value: f64| (value * 1e3).round() / 1e3;
        Self { ratio: round(median), low: round(low), high: round(high) }
    }
}

impl GridCell {
    /// Returns the ratio with three significant digits.
    pub fn ratio_text(&self) -> String {
        units::ratio(self.ratio)
    }

    /// Whether the claim under test holds here: the ratio is 5 to 10, rounded at the upper end.
    pub fn is_claimed(&self) -> bool {
        (5.0..10.5).contains(&self.ratio)
    }

    /// Whether the ratio is five or more.
    pub fn is_large(&self) -> bool {
        self.ratio >= 5.0
    }
}

impl GridRecord {
    /// Returns the cell of a row and a column, both from 0.
    pub fn cell(&self, row: usize, column: usize) -> Option<GridCell> {
        *self.cells.get(row)?.get(column)?
    }

    /// Returns the grid as a Markdown table, with ratios of five or more in bold.
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

/// Recorded medians of the same comparison in Go: net/http kept alive, divided by gorilla's
/// WebSocket. They are a row of their own because another program measured them.
pub const GO_ROW: (&str, [Option<f64>; COLUMNS.len()]) =
    ("Go, kept alive, rec.", [Some(1.58), Some(2.57), None, None, None, None, None]);

/// Returns the length of a slice: 150 ms, or two exchanges if these take longer.
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
    fn the_table_has_a_line_for_each_row_and_marks_large_ratios() {
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
    fn every_cell_can_run_and_takes_about_three_seconds() {
        for row in ROWS {
            for column in &COLUMNS {
                let config = row.race_config(column, Duration::from_secs(3));
                assert_eq!(config.validate(), Ok(()), "{} {}", row.title, column.title);
                assert_eq!(config.baseline(), row.exchange.baseline());
                assert!(
                    (3..=15).contains(&config.rounds),
                    "{} {}: {}",
                    row.title,
                    column.title,
                    config.rounds
                );
            }
        }
        let cell = ROWS[2].race_config(&COLUMNS[0], Duration::from_secs(3));
        assert_eq!((cell.rounds, cell.lanes.len()), (10, 2));
    }
}
