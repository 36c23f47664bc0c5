//! The cases themselves: as a table, as JSON, and one of them explained.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::cli::conform::sockjs_steps;
use crate::cli::conform::twins::{sockjs_twin, twins};
use crate::conform::{Case, CaseKind, ServerAddress, Step};
use crate::conformance::EXAMPLE_KEY;
use crate::text;
use crate::wire::format::hex;

/// The most bytes of a step that the explanation shows.
const MAX_SHOWN: usize = 64;

/// Stands for the server and the key in the bytes of a request.
fn example_request(case: &Case) -> Vec<u8> {
    let server = ServerAddress { authority: "127.0.0.1:9001".to_owned(), target: "/".to_owned() };
    case.request.to_bytes(&server, EXAMPLE_KEY)
}

/// Returns a line for each case.
pub(super) fn table(cases: &[Case]) -> String {
    let width = cases.iter().map(|case| case.id.len()).max().unwrap_or(0);
    let line = |case: &Case| format!("{:width$}  {} ({})\n", case.id, case.title, case.rule);
    let lines: String = cases.iter().map(line).collect();
    let count = u64::try_from(cases.len()).unwrap_or(u64::MAX);
    format!("{lines}\n{}\n", text::units::count(count, "case"))
}

/// Returns the cases as a JSON array, with their bytes.
pub(super) fn json(cases: &[Case]) -> String {
    let all: Vec<Value> = cases.iter().map(case_json).collect();
    format!("{:#}\n", Value::Array(all))
}

fn case_json(case: &Case) -> Value {
    let script = match &case.kind {
        CaseKind::SockJs(script) => Some(script),
        _ => None,
    };
    let steps: Vec<Value> = match script {
        Some(script) => sockjs_steps::json(script),
        None => case.steps.iter().map(step_json).collect(),
    };
    json!({
        "id": case.id,
        "group": case.group.name(),
        "title": case.title,
        "rule": case.rule,
        "autobahn": twins(&case.id),
        "sockjs_protocol": sockjs_twin(case),
        "endpoint": script.map(|script| script.endpoint.name()),
        "needs_echo": case.needs_echo,
        "is_violation": case.is_violation(),
        "request_hex": (case.kind == CaseKind::Steps && case.response.is_none())
            .then(|| hex(&example_request(case))),
        "response_hex": case.response.as_ref().map(|response| hex(&response.to_bytes(EXAMPLE_KEY))),
        "expects": case.expectations().first(),
        "steps": steps,
    })
}

fn step_json(step: &Step) -> Value {
    match step {
        Step::Send(bytes) => json!({"send_hex": hex(bytes)}),
        Step::Pause(time) => json!({"pause_ms": time.as_millis()}),
        Step::EndWrites => json!({"send": "FIN"}),
        Step::Expect(expectation) => json!({"expects": expectation.describe()}),
    }
}

/// Returns what a case sends and expects, for people.
pub(super) fn explain(case: &Case) -> String {
    let mut text = format!("{}: {}\n{}\n", case.id, case.title, case.rule);
    let twins = twins(&case.id);
    if !twins.is_empty() {
        let _ = writeln!(text, "Autobahn|Testsuite: {}", twins.join(", "));
    }
    if let CaseKind::SockJs(script) = &case.kind {
        if let Some(twin) = script.twin {
            let _ = writeln!(text, "SockJS protocol test: {twin}");
        }
        return text + &sockjs_steps::explain(script);
    }
    if case.kind != CaseKind::Steps {
        let peer = if case.response.is_some() { "client" } else { "server" };
        let _ = writeln!(text, "the {peer} {}", case.expectations().join("; "));
        return text;
    }
    let peer = if case.response.is_some() { "client" } else { "server" };
    if let Some(response) = &case.response {
        let _ = writeln!(text, "\nresponse");
        let bytes = response.to_bytes(EXAMPLE_KEY);
        for line in String::from_utf8_lossy(bytes.get(..1_000).unwrap_or(&bytes)).lines() {
            let _ = writeln!(text, "  {}", text::sanitize(line));
        }
        add_steps(&mut text, case, peer);
        return text;
    }
    let _ = writeln!(text, "\nrequest");
    let request = example_request(case);
    for line in String::from_utf8_lossy(request.get(..1_000).unwrap_or(&request)).lines() {
        let _ = writeln!(text, "  {}", text::sanitize(line));
    }
    let _ = writeln!(text, "the server {}", case.opening.describe());
    add_steps(&mut text, case, peer);
    text
}

fn add_steps(text: &mut String, case: &Case, peer: &str) {
    for step in &case.steps {
        let _ = match step {
            Step::Send(bytes) => writeln!(text, "\nsend\n  {}", shortened(bytes)),
            Step::Pause(time) => writeln!(text, "wait {} ms", time.as_millis()),
            Step::EndWrites => writeln!(text, "\nsend FIN"),
            Step::Expect(expectation) => {
                writeln!(text, "the {peer} {}", expectation.describe())
            }
        };
    }
}

/// Returns the beginning of `bytes` as hex, and how many more there are.
pub(super) fn shortened(bytes: &[u8]) -> String {
    let shown = bytes.get(..MAX_SHOWN).unwrap_or(bytes);
    let more = bytes.len().saturating_sub(shown.len());
    let more = if more > 0 { format!(" ... {more} more") } else { String::new() };
    format!("{}{more}", hex(shown))
}
