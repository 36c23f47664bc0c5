//! The outcome of a race as a table for people.

use std::time::Duration;

use crate::measure::Verdict;
use crate::race::{Figures, LaneRatio, Outcome, split};
use crate::text::visible;
use crate::wire::words::grouped;

/// The lanes, where the time goes, and the verdict; it fits 100 columns.
pub(super) fn table(outcome: &Outcome) -> String {
    let mut table = format!(
        "{:<17}{:>9}{:>9}{:>9}{:>9}{:>9}{:>7}{:>7}{:>8}  ratio to {}\n",
        "lane",
        "exch/s",
        "p50 µs",
        "p90 µs",
        "p99 µs",
        "max µs",
        "up B",
        "down B",
        "CPU µs",
        outcome.course.base()
    );
    for figures in &outcome.lanes {
        table += &row(figures, outcome.ratios.iter().find(|of| of.lane == figures.lane));
    }
    if outcome.lanes.iter().any(|figures| figures.naive.is_some()) {
        table += &naive(outcome);
    }
    if outcome.course.against.is_some() {
        table += "bytes and CPU are counted at the server's end, and these servers are not ours\n";
    }
    table += &steps(outcome);
    table += &format!("\n{}\n", visible(&outcome.sentence()));
    let foreign =
        outcome.foreign.map_or_else(String::new, |share| format!(", others had {:.1} %", share * 100.0));
    table + &format!("{}{foreign}, floor {:+.1} %\n", outcome.machine.summary(), outcome.drift * 100.0)
}

fn row(figures: &Figures, ratio: Option<&LaneRatio>) -> String {
    let Figures { lane, times, bytes, client, server, failure, .. } = figures;
    if let (Some(why), 0) = (failure, times.count) {
        return format!("{:<17}{}\n", lane.name(), visible(why));
    }
    let dash = || "–".to_owned();
    let (up, down) = bytes.map_or((dash(), dash()), |(up, down)| (format!("{up:.0}"), format!("{down:.0}")));
    let cpu = client
        .zip(*server)
        .map_or_else(dash, |(client, server)| format!("{:.0}", (client.cpu + server.cpu) * 1e6));
    let mut line = format!(
        "{:<17}{:>9}{:>9}{:>9}{:>9}{:>9}{up:>7}{down:>7}{cpu:>8}",
        lane.name(),
        grouped(figures.rate() as u64),
        micros(times.p50),
        micros(times.p90),
        micros(times.p99),
        micros(times.max),
    );
    if let Some(LaneRatio { ratio, .. }) = ratio.filter(|of| of.lane != of.base) {
        line += &format!("  {:.2} [{:.2}–{:.2}]", ratio.median, ratio.low, ratio.high);
        if ratio.verdict() == Verdict::NoDifference {
            line += " =";
        }
    }
    match failure {
        Some(why) => format!("{line}\n{:<17}failed: {}\n", "", visible(why)),
        None => line + "\n",
    }
}

/// A time in microseconds, four digits at most before it turns to thousands.
fn micros(time: Duration) -> String {
    match time.as_secs_f64() * 1e6 {
        micros @ ..10_000.0 => format!("{micros:.1}"),
        micros => grouped(micros.round() as u64),
    }
}

fn naive(outcome: &Outcome) -> String {
    let mut told = "\nfrom when they really began (what a closed loop would have told)\n".to_owned();
    for figures in &outcome.lanes {
        if let Some(naive) = figures.naive {
            let [p50, p90, p99, max] = [naive.p50, naive.p90, naive.p99, naive.max].map(micros);
            told += &format!("{:<26}{p50:>9}{p90:>9}{p99:>9}{max:>9}\n", figures.lane.name());
        }
    }
    told
}

fn steps(outcome: &Outcome) -> String {
    let tls = outcome.course.base().tls;
    let Some(split) = split(&outcome.lanes, tls) else { return String::new() };
    let steps: Vec<String> =
        split.steps.iter().map(|step| format!("{} {:+.1}", step.layer, step.cost * 1e6)).collect();
    format!("\nof the {:+.1} µs from ws to http-reqwest: {}\n", split.gap * 1e6, steps.join(", "))
}
