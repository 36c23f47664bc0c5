//! The steps of a SockJS case, for people and as JSON.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::conform::{Names, Notes, SockJsRequest, SockJsScript, SockJsStep};
use crate::text;
use crate::wire::format::{hex, quote};

/// The most lines of a request that are shown.
const MAX_LINES: usize = 20;

/// The most characters of a body.
const MAX_BODY: usize = 120;

/// Returns names for a case that is only shown.
fn example_names(script: &SockJsScript) -> Names {
    Names { base: format!("/{}", script.endpoint), ..Names::example() }
}

/// Returns the steps as JSON, with their bytes.
pub(super) fn json(script: &SockJsScript) -> Vec<Value> {
    let names = example_names(script);
    let bytes = |request: &SockJsRequest| hex(&request.to_bytes(&names, &Notes::default(), &[]));
    let step = |step: &SockJsStep| {
        let mut value = match step {
            SockJsStep::Request(_, request) | SockJsStep::KeptOrEnded(_, request) => {
                json!({"request_hex": bytes(request)})
            }
            SockJsStep::Poll(request, _) | SockJsStep::Retry { request, .. } => {
                json!({"request_hex": bytes(request), "again": true})
            }
            SockJsStep::Send(_, bytes) => json!({"send_hex": hex(bytes)}),
            SockJsStep::Message(_, text) => json!({"message": text}),
            SockJsStep::HangUp(_) => json!({"send": "FIN"}),
            SockJsStep::Pause(time) => json!({"pause_ms": time.as_millis()}),
            _ => json!({}),
        };
        if let Some(fields) = value.as_object_mut() {
            fields.extend(step.connection().map(|on| ("connection".to_owned(), json!(on))));
            fields.extend(step.expectation().map(|text| ("expects".to_owned(), json!(text))));
        }
        value
    };
    script.steps.iter().map(step).collect()
}

/// Returns the steps as lines.
pub(super) fn explain(script: &SockJsScript) -> String {
    let names = example_names(script);
    let mut out = format!("endpoint: {}\n", script.endpoint);
    for step in &script.steps {
        if let Some(action) = step.action() {
            let action = names.fill(&action, &Notes::default());
            let _ = writeln!(out, "\n{}", text::sanitize(&action));
        }
        match step {
            SockJsStep::Request(_, request)
            | SockJsStep::KeptOrEnded(_, request)
            | SockJsStep::Poll(request, _)
            | SockJsStep::Retry { request, .. } => add_request(&mut out, request, &names),
            SockJsStep::Send(_, bytes) => {
                let _ = writeln!(out, "  {}", hex(bytes));
            }
            _ => {}
        }
        if let Some(expectation) = step.expectation() {
            let expectation = names.fill(&expectation, &Notes::default());
            let _ = writeln!(out, "the server {}", text::sanitize(&expectation));
        }
    }
    out
}

fn add_request(out: &mut String, request: &SockJsRequest, names: &Names) {
    let plain = SockJsRequest { body: None, ..request.clone() };
    let head = plain.to_bytes(names, &Notes::default(), &[]);
    for line in String::from_utf8_lossy(&head).lines().take(MAX_LINES) {
        if !line.is_empty() {
            let _ = writeln!(out, "  {}", text::sanitize(line));
        }
    }
    if let Some(body) = request.body.as_deref().filter(|body| !body.is_empty()) {
        let _ = writeln!(out, "  body: {}", quote(body, MAX_BODY));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conform::{CaseKind, sockjs_cases};

    #[test]
    fn every_case_is_explained_with_what_is_sent_and_expected() {
        for case in sockjs_cases() {
            let CaseKind::SockJs(script) = &case.kind else { panic!("{}", case.id) };
            let text = explain(script);
            assert!(
                text.contains("the server ") && text.contains("HTTP/1."),
                "{}: {text}",
                case.id
            );
            let placeholders = ["{session}", "{host}", "{base}", "{key}", "{etag}"];
            let is_filled = placeholders.iter().all(|name| !text.contains(name));
            assert!(is_filled, "{}: {text}", case.id);
            assert_eq!(json(script).len(), script.steps.len());
        }
    }
}
