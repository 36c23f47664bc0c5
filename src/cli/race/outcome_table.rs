//! Formats the outcome of a race as a table.

use crate::measure::{Drift, RatioVerdict, to_u64_saturating};
use crate::race::{GapLayers, LACKING, LaneRatio, LaneStats, LayerCost, RaceOutcome, gap_layers};
use crate::text::{sanitize, units};
use crate::wire::format::group_thousands;

/// The number of columns; the last one is the ratio to the baseline.
const COLUMN_COUNT: usize = 10;
/// The cells of a line.
type TableLine = [String; COLUMN_COUNT];

/// Returns the table of the lanes, the costs of the layers, and the summary.
pub(super) fn render(outcome: &RaceOutcome) -> String {
    let base = format!("ratio to {}", outcome.config.baseline());
    let head = [
        "lane", "exch/s", "p50 µs", "p90 µs", "p99 µs", "max µs", "up B", "down B", "CPU µs", &base,
    ];
    let ratio = |of: &LaneStats| outcome.ratios.iter().find(|ratio| ratio.lane == of.lane);
    let lines = outcome.lanes.iter().map(|figures| lane_line(figures, ratio(figures)));
    let lines: Vec<TableLine> = std::iter::once(head.map(str::to_owned)).chain(lines).collect();
    let mut table = align_columns(&lines);
    for LaneStats { lane, failure, .. } in &outcome.lanes {
        if let Some(reason) = failure {
            table += &format!("{lane} failed: {}\n", sanitize(reason));
        }
    }
    if outcome.lanes.iter().any(|figures| figures.service_times.is_some()) {
        table += &service_times(outcome);
    }
    if outcome.config.external.is_some() {
        // The counters are in the server process of a lane.
        table += "bytes and CPU are unknown for external servers, because the server counts them\n";
    }
    table += &layer_costs(outcome);
    table += &format!("\n{}\n", sanitize(&outcome.summary()));
    let foreign = match outcome.foreign_cpu {
        Some(share) => format!(", other programs used {:.1} %", share * 100.0),
        None if !LACKING.is_empty() => {
            ", CPU use of other programs unknown on this system".to_owned()
        }
        None => String::new(),
    };
    let lost = outcome.listen_drops.filter(|lost| lost.objection().is_some());
    let lost = lost.map_or_else(String::new, |lost| {
        format!(", {} connections lost at a listener", lost.drops)
    });
    table
        + &format!("{}{foreign}, {}{lost}\n", outcome.machine.summary(), drift_text(outcome.drift))
}

/// Formats the drift of the floor, and how often scatter alone would cause such a drift.
fn drift_text(Drift { relative_change: share, p_value: chance }: Drift) -> String {
    let scatter = chance.map_or_else(String::new, |chance| {
        format!(" (scatter alone: {:.0} in 100)", chance * 100.0)
    });
    format!("floor {:+.1} %{scatter}", share * 100.0)
}

/// Returns the cells of a lane. A figure that is not known is a dash.
fn lane_line(figures: &LaneStats, ratio: Option<&LaneRatio>) -> TableLine {
    let LaneStats { lane, times, bytes, client, server, .. } = figures;
    let dash = || "–".to_owned();
    let time = |time| if times.count == 0 { dash() } else { units::micros_cell(time) };
    let (up, down) =
        bytes.map_or((dash(), dash()), |(up, down)| (format!("{up:.0}"), format!("{down:.0}")));
    let used =
        client.zip(*server).and_then(|(client, server)| Some((client.cpu? + server.cpu?) * 1e6));
    let ratio = ratio.filter(|of| of.lane != of.baseline).map_or_else(
        String::new,
        |LaneRatio { ratio, .. }| {
            let same = if ratio.verdict() == RatioVerdict::NoDifference { " =" } else { "" };
            format!("{:.2} [{:.2}–{:.2}]{same}", ratio.median, ratio.low, ratio.high)
        },
    );
    [
        lane.name(),
        group_thousands(to_u64_saturating(figures.rate())),
        time(times.p50),
        time(times.p90),
        time(times.p99),
        time(times.max),
        up,
        down,
        used.map_or_else(dash, |cpu| format!("{cpu:.0}")),
        ratio,
    ]
}

/// Joins the cells with two blanks between columns. Aligns the first and the last column to the
/// left and the others to the right, like names and numbers.
fn align_columns(lines: &[TableLine]) -> String {
    let mut widths = [0; COLUMN_COUNT];
    for line in lines {
        for (width, cell) in widths.iter_mut().zip(line) {
            *width = cell.chars().count().max(*width);
        }
    }
    let mut table = String::new();
    for line in lines {
        let mut text = String::new();
        for (column, (cell, width)) in line.iter().zip(widths).enumerate() {
            text += &match column {
                0 => format!("{cell:<width$}"),
                column if column == COLUMN_COUNT - 1 => format!("  {cell}"),
                _ => format!("  {cell:>width$}"),
            };
        }
        table += text.trim_end();
        table.push('\n');
    }
    table
}

/// Formats the service times of a race at a fixed rate. Its table counts from when an exchange was
/// due, so waiting behind a slow one counts too (coordinated omission).
fn service_times(outcome: &RaceOutcome) -> String {
    let mut text =
        "\nservice times, from when an exchange really began (as a closed loop reports them)\n"
            .to_owned();
    for figures in &outcome.lanes {
        if let Some(naive) = figures.service_times {
            let [p50, p90, p99, max] =
                [naive.p50, naive.p90, naive.p99, naive.max].map(units::micros_cell);
            text += &format!("{:<26}{p50:>9}{p90:>9}{p99:>9}{max:>9}\n", figures.lane.name());
        }
    }
    text
}

/// Formats how much each layer adds between the `ws` and the `http-reqwest` lanes, in microseconds.
fn layer_costs(outcome: &RaceOutcome) -> String {
    let tls = outcome.config.baseline().tls;
    let Some(GapLayers { gap, layers }) = gap_layers(&outcome.lanes, tls) else {
        return String::new();
    };
    let costs = layers.map(|LayerCost { layer, cost }| format!("{layer} {:+.1}", cost * 1e6));
    format!("\nof the {:+.1} µs from ws to http-reqwest: {}\n", gap * 1e6, costs.join(", "))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::measure::{HistogramSummary, Ratio};
    use crate::race::{Lane, LaneKind, ListenDrops};

    fn figures(kind: LaneKind, micros: u64, bytes: f64) -> LaneStats {
        let us = Duration::from_micros;
        let times = HistogramSummary {
            count: 7270,
            p50: us(micros),
            p90: us(micros),
            p99: us(189),
            max: us(1_234_567),
        };
        LaneStats {
            lane: Lane::plain(kind),
            times,
            running_time: us(micros) * 7270,
            bytes: Some((bytes, bytes)),
            ..LaneStats::default()
        }
    }

    #[test]
    fn columns_are_aligned_with_their_heads_and_never_touch() {
        let mut lanes = vec![
            figures(LaneKind::HttpReqwest, 133, 10_486_470.0),
            figures(LaneKind::Ws, 90, 38.0),
        ];
        lanes.push(LaneStats {
            lane: Lane::plain(LaneKind::WsNew),
            failure: Some("refused\x1b".into()),
            ..LaneStats::default()
        });
        let ratio = Ratio { median: 1.47, low: 1.46, high: 1.49, pairs: 15 };
        let ratios = vec![LaneRatio {
            lane: Lane::plain(LaneKind::HttpReqwest),
            baseline: Lane::plain(LaneKind::Ws),
            ratio,
        }];
        let table = render(&RaceOutcome { lanes, ratios, ..RaceOutcome::default() });
        let head: Vec<&str> = table.lines().take(5).collect();
        assert_eq!(
            head,
            [
                "lane          exch/s  p50 µs  p90 µs  p99 µs     max µs      up B    down B  CPU µs  ratio to ws",
                "http-reqwest   7,518   133.0   133.0   189.0  1,234,567  10486470  10486470       –  1.47 [1.46–1.49]",
                "ws            11,111    90.0    90.0   189.0  1,234,567        38        38       –",
                "ws-new             0       –       –       –          –         –         –       –",
                "ws-new failed: refused␛",
            ]
        );
        assert!(table.contains("http-reqwest takes 1.47 times as long as ws"), "{table}");
    }

    #[test]
    fn lost_connections_are_listed_if_there_are_any() {
        let with =
            |lost| render(&RaceOutcome { listen_drops: Some(lost), ..RaceOutcome::default() });
        let some = ListenDrops { overflows: 515, drops: 520 };
        assert!(
            with(some).ends_with("floor +0.0 %, 520 connections lost at a listener\n"),
            "{}",
            with(some)
        );
        assert!(with(ListenDrops::default()).ends_with("floor +0.0 %\n"));
    }

    #[test]
    fn a_drift_is_reported_with_its_probability_by_scatter_alone() {
        assert_eq!(
            drift_text(Drift { relative_change: 0.171, p_value: Some(0.14) }),
            "floor +17.1 % (scatter alone: 14 in 100)"
        );
        assert_eq!(drift_text(Drift { relative_change: -0.02, p_value: None }), "floor -2.0 %");
    }
}
