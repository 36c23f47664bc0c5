//! The outcome of a race as data: JSON, CSV, and an `HdrHistogram` interval log.

use std::time::Duration;

use serde_json::{Value, json};

use crate::measure::{IntervalLogError, LogInterval, RatioVerdict, write_interval_log as log};
use crate::race::{
    ExchangeCost, GapLayers, LaneRatio, LaneStats, LayerCost, RaceOutcome, SliceRecord, gap_layers,
};
use crate::text::units;

/// The version of the JSON schema. It increases when a name disappears or changes its meaning.
const SCHEMA: u32 = 1;

/// Returns everything that is known about the run.
pub fn json(outcome: &RaceOutcome) -> Value {
    let config = &outcome.config;
    let machine = &outcome.machine;
    json!({
        "schema": SCHEMA,
        "valid": outcome.is_valid(),
        "invalid_because": outcome.invalid_because,
        "placement": outcome.placement(),
        "sentence": outcome.summary(),
        "command": config.command(),
        "machine": {
            "cpu": machine.cpu,
            "cpus": machine.cpus,
            "kernel": machine.kernel,
            "congestion_control": machine.congestion_control,
        },
        "crates": machine.crates,
        "version": env!("CARGO_PKG_VERSION"),
        "build": if cfg!(debug_assertions) { "debug" } else { "release" },
        "seed": config.seed,
        "conditions": {
            "payload": config.payload,
            "connections": config.connections,
            "headers": config.headers,
            "burst": config.messages_per_exchange(),
            "rtt_ms": units::millis_f64(config.link.rtt),
            "jitter_ms": units::millis_f64(config.link.jitter),
            "bandwidth_bits_per_s": config.link.bandwidth,
            "distance": if config.real_net { "real" } else { "modelled" },
            "rate": config.rate,
            "pairs": config.rounds,
            "slice_ms": units::millis_f64(config.slice),
            "against": config.external.as_ref().map(ToString::to_string),
        },
        "foreign_cpu": outcome.foreign_cpu,
        "listen_overflows": outcome.listen_drops.map(|lost| lost.overflows),
        "listen_drops": outcome.listen_drops.map(|lost| lost.drops),
        "floor": {
            "lane": config.floor(),
            "drift": outcome.drift.relative_change,
            "chance": outcome.drift.p_value,
        },
        "lanes": outcome.lanes.iter().map(lane).collect::<Vec<_>>(),
        "ratios": outcome.ratios.iter().map(ratio).collect::<Vec<_>>(),
        "split_us": gap_layers(&outcome.lanes, config.baseline().tls).map(gap),
        "order": round_orders(&outcome.slices),
        "slices": outcome.slices.iter().map(slice).collect::<Vec<_>>(),
    })
}

/// Converts seconds to microseconds, rounded to a tenth.
fn micros_rounded(seconds: f64) -> f64 {
    (seconds * 1e7).round() / 10.0
}

fn us(duration: Duration) -> f64 {
    micros_rounded(duration.as_secs_f64())
}

fn lane(stats: &LaneStats) -> Value {
    let LaneStats { lane, times, service_times, bytes, client, server, failure, .. } = stats;
    let cpu = client
        .zip(*server)
        .and_then(|(client, server)| Some(micros_rounded(client.cpu? + server.cpu?)));
    let cost = |of: &Option<ExchangeCost>| {
        of.map(|of| json!({ "cpu_us": of.cpu.map(micros_rounded), "allocations": of.allocations }))
    };
    json!({
        "name": lane,
        "exchanges": times.count,
        "per_second": stats.rate(),
        "p50_us": us(times.p50),
        "p90_us": us(times.p90),
        "p99_us": us(times.p99),
        "max_us": us(times.max),
        "bytes_up": bytes.map(|(up, _)| up),
        "bytes_down": bytes.map(|(_, down)| down),
        "cpu_us": cpu,
        "client": cost(client),
        "server": cost(server),
        "naive": service_times.map(|service_times| json!({
            "p50_us": us(service_times.p50),
            "p90_us": us(service_times.p90),
            "p99_us": us(service_times.p99),
            "max_us": us(service_times.max),
        })),
        "failure": failure,
    })
}

fn gap(GapLayers { gap, layers }: GapLayers) -> Value {
    let step = |LayerCost { layer, cost }| json!({ "layer": layer, "cost": micros_rounded(cost) });
    json!({ "gap": micros_rounded(gap), "steps": layers.map(step) })
}

fn ratio(LaneRatio { lane, baseline: base, ratio }: &LaneRatio) -> Value {
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

/// Returns the lanes of each round in the order in which they ran.
fn round_orders(slices: &[SliceRecord]) -> Vec<Vec<String>> {
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

fn slice(slice: &SliceRecord) -> Value {
    let summary = &slice.summary;
    json!({
        "lane": slice.lane,
        "round": slice.round,
        "place": slice.position,
        "took_ms": units::millis_f64(slice.took),
        "exchanges": summary.count,
        "p50_us": us(summary.p50),
        "p90_us": us(summary.p90),
        "p99_us": us(summary.p99),
        "max_us": us(summary.max),
    })
}

/// Returns one CSV line for each slice, after a header line.
pub fn csv(outcome: &RaceOutcome) -> String {
    let mut text = "round,place,lane,took_ms,exchanges,p50_us,p90_us,p99_us,max_us\n".to_owned();
    for SliceRecord { lane, round, position, took, summary, .. } in &outcome.slices {
        let [p50, p90, p99, max] = [summary.p50, summary.p90, summary.p99, summary.max].map(us);
        text += &format!(
            "{round},{position},{lane},{:.3},{},{p50},{p90},{p99},{max}\n",
            took.as_secs_f64() * 1e3,
            summary.count
        );
    }
    text
}

/// Returns all times in nanoseconds as one interval for each slice, tagged with its lane.
///
/// # Errors
/// Fails if a tag is invalid, which does not happen: lane names are valid tags.
pub fn interval_log(outcome: &RaceOutcome) -> Result<Vec<u8>, IntervalLogError> {
    // Intervals are laid end to end, because the pauses between slices are not recorded.
    let mut at = Duration::ZERO;
    let intervals = outcome.slices.iter().map(|slice| {
        let start = at;
        at = at.saturating_add(slice.took);
        LogInterval {
            tag: slice.lane.name(),
            start,
            length: slice.took,
            counts: &slice.time_counts,
        }
    });
    let comment = format!("{}\ntimes in nanoseconds", outcome.config.command());
    log(&comment, intervals)
}
