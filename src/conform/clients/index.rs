//! The answers to ordinary HTTP: the list of the paths as text and JSON, and a page that connects to
//! each of them.

use crate::conform::Case;
use crate::wire::handshake::Head;

const PAGE: &str = include_str!("page.html");

/// Returns the path of a case.
pub(super) fn path(case: &Case) -> String {
    format!("/{}", case.id)
}

/// Returns the response to a request for `target`. At `/`, the field Accept decides about the form.
pub(super) fn response(request: &Head, target: &str, cases: &[&Case]) -> Vec<u8> {
    let accept = request.joined_value("Accept").unwrap_or_default();
    let form = match target {
        "/" if accept.contains("text/html") => "/index.html",
        "/" if accept.contains("application/json") => "/index.json",
        "/" => "/index.txt",
        other => other,
    };
    match form {
        "/index.html" => with_body("200 OK", "text/html; charset=utf-8", PAGE),
        "/index.json" => with_body("200 OK", "application/json", &json(cases)),
        "/index.txt" => with_body("200 OK", "text/plain; charset=utf-8", &text(cases)),
        _ if cases.iter().any(|case| path(case) == target) => {
            with_body("426 Upgrade Required", "text/plain", "connect with a WebSocket\n")
        }
        _ => with_body("404 Not Found", "text/plain", "no such case; / lists all paths\n"),
    }
}

fn text(cases: &[&Case]) -> String {
    cases.iter().map(|case| path(case) + "\n").collect()
}

fn json(cases: &[&Case]) -> String {
    let paths: Vec<String> = cases.iter().map(|case| path(case)).collect();
    serde_json::Value::from(paths).to_string() + "\n"
}

fn with_body(status: &str, kind: &str, body: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nCache-Control: \
         no-store\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}
