//! The results as JSON.

use serde_json::{Value, json};

use crate::cli::conform::twins::{sockjs_twin, twins};
use crate::conform::{
    Case, CaseOutcome, ConformConfig, ConformOutcome, ConnectionBytes, Exchange, Transferred,
};
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
        "suite": if config.sockjs.is_some() { "sockjs" } else { "websocket" },
        "url": config.url(),
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
        "sockjs_protocol": sockjs_twin(case),
        "expects": case.expectations(),
        "verdict": result.verdict().name(),
        "reason": finding.map(|finding| &finding.reason),
        "varies": varies,
        "exchange": worst.map(exchange_json),
    })
}

fn exchange_json(exchange: &Exchange) -> Value {
    let further: Vec<Value> = exchange.connections.iter().skip(1).map(connection_json).collect();
    let order: Vec<Value> = exchange.order.iter().map(transferred_json).collect();
    let mut exchange_json = connection_json(exchange.first());
    if let Some(fields) = exchange_json.as_object_mut() {
        fields.insert("further_connections".to_owned(), further.into());
        fields.insert("order".to_owned(), order.into());
        fields.insert("took_ms".to_owned(), json!(millis(exchange.took)));
    }
    exchange_json
}

fn connection_json(connection: &ConnectionBytes) -> Value {
    json!({
        "sent_hex": hex(&connection.sent),
        "sent_len": connection.sent_len,
        "received_hex": hex(&connection.received),
        "received_len": connection.received_len,
    })
}

fn transferred_json(transferred: &Transferred) -> Value {
    json!({
        "connection": transferred.connection,
        "from": transferred.from.name(),
        "len": transferred.len,
        "at_ms": millis(transferred.at),
    })
}

fn millis(time: std::time::Duration) -> f64 {
    (time.as_secs_f64() * 1e6).round() / 1e3
}
