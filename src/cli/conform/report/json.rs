//! The results as JSON.

use serde_json::{Value, json};

use crate::cli::conform::twins::twins;
use crate::conform::{Case, CaseOutcome, ConformConfig, ConformOutcome, Exchange};
use crate::wire::format::hex;

/// The version of `schemas/conform.schema.json`.
const SCHEMA: u8 = 1;

/// Returns the report as one JSON object.
pub(in crate::cli::conform) fn report(
    config: &ConformConfig,
    cases: &[Case],
    outcome: &ConformOutcome,
) -> String {
    let counts: serde_json::Map<String, Value> = outcome
        .counts()
        .iter()
        .map(|(verdict, number)| (verdict.name().to_owned(), json!(number)))
        .collect();
    let all: Vec<Value> =
        cases.iter().zip(&outcome.cases).map(|(case, result)| case_json(case, result)).collect();
    let report = json!({
        "schema": SCHEMA,
        "wiretalk": env!("CARGO_PKG_VERSION"),
        "peer": outcome.peer.name(),
        "url": config.target.to_string(),
        "seed": config.seed,
        "repeat": config.repeat,
        "echo": outcome.traits.has_echo,
        "needs_origin": outcome.traits.needs_origin,
        "took_ms": millis(outcome.took),
        "counts": counts,
        "cases": all,
    });
    format!("{report:#}\n")
}

fn case_json(case: &Case, result: &CaseOutcome) -> Value {
    let varies = result.varies().map(|(times, all)| json!({"times": times, "of": all}));
    let worst = result.worst();
    let finding = worst.map(|exchange| &exchange.finding);
    json!({
        "id": case.id,
        "group": case.group.name(),
        "title": case.title,
        "rule": case.rule,
        "autobahn": twins(&case.id),
        "expects": case.expectations(),
        "verdict": result.verdict().name(),
        "reason": finding.map(|finding| &finding.reason),
        "varies": varies,
        "exchange": worst.map(exchange_json),
    })
}

fn exchange_json(exchange: &Exchange) -> Value {
    json!({
        "sent_hex": hex(&exchange.sent),
        "sent_len": exchange.sent_len,
        "received_hex": hex(&exchange.received),
        "received_len": exchange.received_len,
        "took_ms": millis(exchange.took),
    })
}

fn millis(time: std::time::Duration) -> f64 {
    (time.as_secs_f64() * 1e6).round() / 1e3
}
