//! The outcome of a race as data: JSON, comma-separated values, and an `HdrHistogram` interval log.

use std::time::Duration;

use serde_json::{Value, json};

use crate::measure::{LogInterval, RatioVerdict, write_interval_log as log};
use crate::race::{Figures, LaneRatio, Outcome, Slice, Use, split};

/// The version of the JSON's schema: it counts up when a name changes its meaning or goes.
const SCHEMA: u32 = 1;

/// Everything that is known of the run.
pub fn json(outcome: &Outcome) -> Value {
    let course = &outcome.course;
    let machine = &outcome.machine;
    json!({
        "schema": SCHEMA,
        "valid": outcome.valid(),
        "invalid_because": outcome.invalid_because,
        "placement": outcome.placement(),
        "sentence": outcome.sentence(),
        "command": course.command(),
        "machine": {
            "cpu": machine.cpu,
            "cpus": machine.cpus,
            "kernel": machine.kernel,
            "congestion_control": machine.congestion_control,
        },
        "crates": machine.crates,
        "version": env!("CARGO_PKG_VERSION"),
        "build": if cfg!(debug_assertions) { "debug" } else { "release" },
        "seed": course.seed,
        "conditions": {
            "payload": course.payload,
            "connections": course.connections,
            "headers": course.headers,
            "burst": course.messages(),
            "rtt_ms": millis(course.distance.rtt),
            "jitter_ms": millis(course.distance.jitter),
            "bandwidth_bits_per_s": course.distance.bandwidth,
            "distance": if course.real_net { "real" } else { "modelled" },
            "rate": course.rate,
            "pairs": course.pairs,
            "slice_ms": millis(course.slice),
            "against": course.against.as_ref().map(ToString::to_string),
        },
        "foreign_cpu": outcome.foreign,
        "listen_overflows": outcome.lost.map(|lost| lost.overflows),
        "listen_drops": outcome.lost.map(|lost| lost.drops),
        "floor": { "lane": course.floor(), "drift": outcome.drift.relative_change, "chance": outcome.drift.p_value },
        "lanes": outcome.lanes.iter().map(lane).collect::<Vec<_>>(),
        "ratios": outcome.ratios.iter().map(ratio).collect::<Vec<_>>(),
        "split_us": split(&outcome.lanes, course.base().tls).map(|split| json!({
            "gap": micros(split.gap),
            "steps": split.steps.map(|step| json!({ "layer": step.layer, "cost": micros(step.cost) })),
        })),
        "order": order(&outcome.slices),
        "slices": outcome.slices.iter().map(slice).collect::<Vec<_>>(),
    })
}

fn millis(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}

/// Microseconds with a tenth.
fn micros(seconds: f64) -> f64 {
    (seconds * 1e7).round() / 10.0
}

fn us(duration: Duration) -> f64 {
    micros(duration.as_secs_f64())
}

fn lane(figures: &Figures) -> Value {
    let Figures { lane, times, naive, bytes, client, server, failure, .. } = figures;
    let cpu = client.zip(*server).and_then(|(client, server)| Some(micros(client.cpu? + server.cpu?)));
    let end = |of: &Option<Use>| {
        of.map(|of| json!({ "cpu_us": of.cpu.map(micros), "allocations": of.allocations }))
    };
    json!({
        "name": lane,
        "exchanges": times.count,
        "per_second": figures.rate(),
        "p50_us": us(times.p50),
        "p90_us": us(times.p90),
        "p99_us": us(times.p99),
        "max_us": us(times.max),
        "bytes_up": bytes.map(|(up, _)| up),
        "bytes_down": bytes.map(|(_, down)| down),
        "cpu_us": cpu,
        "client": end(client),
        "server": end(server),
        "naive": naive.map(|naive| json!({
            "p50_us": us(naive.p50),
            "p90_us": us(naive.p90),
            "p99_us": us(naive.p99),
            "max_us": us(naive.max),
        })),
        "failure": failure,
    })
}

fn ratio(LaneRatio { lane, base, ratio }: &LaneRatio) -> Value {
    let verdict = match ratio.verdict() {
        RatioVerdict::Slower => "slower",
        RatioVerdict::Faster => "faster",
        RatioVerdict::NoDifference => "no difference",
    };
    json!({
        "lane": lane,
        "base": base,
        "ratio": ratio.median,
        "low": ratio.low,
        "high": ratio.high,
        "pairs": ratio.pairs,
        "verdict": verdict,
    })
}

/// The lanes of each round as they were shuffled.
fn order(slices: &[Slice]) -> Vec<Vec<String>> {
    let mut rounds: Vec<Vec<String>> = Vec::new();
    for slice in slices {
        while rounds.len() <= slice.round {
            rounds.push(Vec::new());
        }
        if let Some(round) = rounds.get_mut(slice.round) {
            round.push(slice.lane.name());
        }
    }
    rounds
}

fn slice(slice: &Slice) -> Value {
    let times = &slice.summary;
    json!({
        "lane": slice.lane,
        "round": slice.round,
        "place": slice.place,
        "took_ms": millis(slice.took),
        "exchanges": times.count,
        "p50_us": us(times.p50),
        "p90_us": us(times.p90),
        "p99_us": us(times.p99),
        "max_us": us(times.max),
    })
}

/// A line for each slice, with a head.
pub fn csv(outcome: &Outcome) -> String {
    let mut text = "round,place,lane,took_ms,exchanges,p50_us,p90_us,p99_us,max_us\n".to_owned();
    for Slice { lane, round, place, took, summary, .. } in &outcome.slices {
        let [p50, p90, p99, max] = [summary.p50, summary.p90, summary.p99, summary.max].map(us);
        text += &format!(
            "{round},{place},{lane},{:.3},{},{p50},{p90},{p99},{max}\n",
            took.as_secs_f64() * 1e3,
            summary.count
        );
    }
    text
}

/// All times in nanoseconds, an interval for each slice, its lane as the tag.
///
/// # Errors
/// None that a race's own lanes can cause.
pub fn interval_log(outcome: &Outcome) -> Result<Vec<u8>, String> {
    let mut at = Duration::ZERO;
    let intervals = outcome.slices.iter().map(|slice| {
        let start = at;
        at = at.saturating_add(slice.took);
        LogInterval { tag: slice.lane.name(), start, length: slice.took, counts: &slice.times }
    });
    let comment = format!("{}\ntimes in nanoseconds", outcome.course.command());
    log(&comment, intervals)
}
