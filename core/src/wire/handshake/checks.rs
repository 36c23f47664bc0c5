//! The checks of a head, one line per rule: passed, failed, or nothing to check.
//! It presents a finished validation and validates nothing itself.

use crate::wire::format;
use crate::wire::frame::Severity;
use crate::wire::frame::Side;
use crate::wire::handshake::head::{Head, HeadLineKind};
use crate::wire::handshake::problem::{Problem, ProblemCode};
use crate::wire::handshake::validation::HeadValidation;

/// The result of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckResult {
    /// The head follows the rule.
    Passed,
    /// The head breaks the rule, and the connection fails.
    Failed,
    /// Something is worth knowing, but the connection goes on.
    Warned,
    /// The header is not there and isn't required.
    Absent,
}

/// A rule that was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandshakeCheck {
    /// The name of the check: `GET, HTTP/1.1`, `Host`, `Upgrade`.
    pub name: &'static str,
    /// The result of the check.
    pub result: CheckResult,
    /// The line of the head that was checked, by its index in [`Head::lines`].
    pub line: Option<usize>,
    /// The finding, in one clause.
    pub finding: String,
    /// The section that states the rule.
    pub section: &'static str,
}

struct CheckSpec {
    name: &'static str,
    /// The header that is checked; `None` for the start line.
    header: Option<&'static str>,
    /// Whether the header is required.
    required: bool,
    codes: &'static [ProblemCode],
    passed: &'static str,
    absent: &'static str,
    section: &'static str,
}

/// Returns all checks of a head, in the order of RFC 6455 sections 4.2.1 (requests) and 4.1
/// (responses).
pub fn checks(head: &Head, validation: &HeadValidation) -> Vec<HandshakeCheck> {
    let rows = match head.from {
        Side::Client => REQUEST_CHECKS,
        Side::Server => RESPONSE_CHECKS,
    };
    rows.iter().map(|row| check(row, head, validation)).collect()
}

fn check(row: &CheckSpec, head: &Head, validation: &HeadValidation) -> HandshakeCheck {
    let line = line_of(head, row.header);
    let about = |problem: &&Problem| {
        row.codes.contains(&problem.code) || is_on_line(problem, head, row.header)
    };
    // A check has one result, so its severest problem decides.
    let problem = validation.problems.iter().filter(about).max_by_key(|problem| problem.severity);
    // After a status other than 101 the headers are not checked.
    let is_refusal = head.from == Side::Server && head.status().is_some_and(|status| status != 101);
    let (result, finding) = match (problem, line) {
        (Some(problem), _) => {
            let result = if problem.severity == Severity::Fatal {
                CheckResult::Failed
            } else {
                CheckResult::Warned
            };
            (result, problem.code.rule().summary.to_owned())
        }
        (None, _) if is_refusal && row.header.is_some() => {
            (CheckResult::Absent, "not checked, because the status isn't 101".to_owned())
        }
        (None, None) if !row.required => (CheckResult::Absent, row.absent.to_owned()),
        (None, _) if row.name == "accept" && validation.accept.is_none() => {
            (CheckResult::Warned, "not compared: the key of the request is unknown".to_owned())
        }
        (None, None) => {
            (CheckResult::Absent, "not checked, because this isn't a handshake".to_owned())
        }
        (None, Some(_)) => (CheckResult::Passed, passed_finding(row, head)),
    };
    HandshakeCheck { name: row.name, result, line, finding, section: row.section }
}

fn passed_finding(row: &CheckSpec, head: &Head) -> String {
    match row.header.and_then(|name| head.joined_value(name)) {
        Some(value) => format!("{}: {}", format::escape_controls(&value), row.passed),
        None => row.passed.to_owned(),
    }
}

fn line_of(head: &Head, header: Option<&str>) -> Option<usize> {
    let wanted = |kind: HeadLineKind| match (kind, header) {
        (HeadLineKind::Start, None) => true,
        (HeadLineKind::Field(index), Some(name)) => {
            head.fields().get(index).is_some_and(|field| head.is_named(field, name))
        }
        _ => false,
    };
    head.lines().iter().position(|line| wanted(line.kind))
}

/// Whether a problem of a line (a duplicate, a fold, a control character) belongs to the line of
/// this header.
fn is_on_line(problem: &Problem, head: &Head, header: Option<&str>) -> bool {
    const LINE_PROBLEMS: [ProblemCode; 4] = [
        ProblemCode::Duplicate,
        ProblemCode::SpaceBeforeColon,
        ProblemCode::ControlChar,
        ProblemCode::ObsFold,
    ];
    let Some(span) = problem.span.as_ref().filter(|_| LINE_PROBLEMS.contains(&problem.code)) else {
        return false;
    };
    match header {
        Some(name) => head.fields_named(name).any(|field| field.line == *span),
        None => head.start_line() == *span,
    }
}

use ProblemCode as P;

static REQUEST_CHECKS: &[CheckSpec] = &[
    CheckSpec {
        name: "GET, HTTP/1.1",
        header: None,
        required: true,
        codes: &[
            P::RequestLine,
            P::Method,
            P::HttpVersion,
            P::Target,
            P::TargetChar,
            P::TargetFragment,
        ],
        passed: "a GET request of HTTP/1.1",
        absent: "",
        section: "RFC 6455 §4.2.1(1)",
    },
    CheckSpec {
        name: "Host",
        header: Some("Host"),
        required: true,
        codes: &[P::HostMissing, P::HostSyntax],
        passed: "the name of the server that the client wants",
        absent: "",
        section: "RFC 6455 §4.2.1(2)",
    },
    CheckSpec {
        name: "Upgrade",
        header: Some("Upgrade"),
        required: true,
        codes: &[P::UpgradeMissing, P::UpgradeValue],
        passed: "compared without case",
        absent: "",
        section: "RFC 6455 §4.2.1(3)",
    },
    CheckSpec {
        name: "Connection",
        header: Some("Connection"),
        required: true,
        codes: &[P::ConnectionMissing, P::ConnectionToken],
        passed: "the list contains the token upgrade",
        absent: "",
        section: "RFC 6455 §4.2.1(4)",
    },
    CheckSpec {
        name: "key",
        header: Some("Sec-WebSocket-Key"),
        required: true,
        codes: &[P::KeyMissing, P::KeyBase64, P::KeyLength],
        passed: "16 bytes in base64",
        absent: "",
        section: "RFC 6455 §4.2.1(5)",
    },
    CheckSpec {
        name: "version",
        header: Some("Sec-WebSocket-Version"),
        required: true,
        codes: &[P::VersionMissing, P::VersionSyntax, P::VersionUnsupported],
        passed: "the version of the RFC",
        absent: "",
        section: "RFC 6455 §4.2.1(6)",
    },
    CheckSpec {
        name: "Origin",
        header: Some("Origin"),
        required: false,
        codes: &[P::Origin],
        passed: "the page that connects; the server decides whether it may",
        absent: "no Origin: the client isn't a browser",
        section: "RFC 6455 §10.2",
    },
    CheckSpec {
        name: "subprotocol",
        header: Some("Sec-WebSocket-Protocol"),
        required: false,
        codes: &[P::SubprotocolSyntax, P::SubprotocolDuplicate],
        passed: "offered; the server may choose one",
        absent: "no subprotocol offered",
        section: "RFC 6455 §4.1(10)",
    },
    CheckSpec {
        name: "extensions",
        header: Some("Sec-WebSocket-Extensions"),
        required: false,
        codes: &[P::ExtParam],
        passed: "offered; the server may accept it",
        absent: "no extension offered, so RSV1 must stay 0",
        section: "RFC 6455 §4.1(11)",
    },
];

static RESPONSE_CHECKS: &[CheckSpec] = &[
    CheckSpec {
        name: "status 101",
        header: None,
        required: true,
        codes: &[P::StatusLine, P::Status, P::HttpVersion],
        passed: "the server switches protocols",
        absent: "",
        section: "RFC 6455 §4.1(1)",
    },
    CheckSpec {
        name: "Upgrade",
        header: Some("Upgrade"),
        required: true,
        codes: &[P::UpgradeMissing, P::UpgradeValue],
        passed: "compared without case",
        absent: "",
        section: "RFC 6455 §4.1(2)",
    },
    CheckSpec {
        name: "Connection",
        header: Some("Connection"),
        required: true,
        codes: &[P::ConnectionMissing, P::ConnectionToken],
        passed: "the list contains the token upgrade",
        absent: "",
        section: "RFC 6455 §4.1(3)",
    },
    CheckSpec {
        name: "accept",
        header: Some("Sec-WebSocket-Accept"),
        required: true,
        codes: &[P::AcceptMissing, P::AcceptMismatch],
        passed: "matches the key: the server has read this request",
        absent: "",
        section: "RFC 6455 §4.1(4)",
    },
    CheckSpec {
        name: "extensions",
        header: Some("Sec-WebSocket-Extensions"),
        required: false,
        codes: &[P::ExtParam, P::ExtNotOffered, P::ExtDuplicate],
        passed: "agreed as offered",
        absent: "no extension agreed, so RSV1 must stay 0",
        section: "RFC 6455 §4.1(5)",
    },
    CheckSpec {
        name: "subprotocol",
        header: Some("Sec-WebSocket-Protocol"),
        required: false,
        codes: &[P::SubprotocolNotOffered, P::SubprotocolMultiple, P::SubprotocolIgnored],
        passed: "chosen from what was offered",
        absent: "no subprotocol offered, none chosen",
        section: "RFC 6455 §4.1(6)",
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::handshake::{ClientOffer, ServerPolicy, request, response};

    fn rows(head: &Head, validation: &HeadValidation) -> Vec<String> {
        checks(head, validation)
            .into_iter()
            .map(|check| {
                format!("{:?} {:?} {}: {}", check.line, check.result, check.name, check.finding)
            })
            .collect()
    }

    #[test]
    fn a_request_checked_line_by_line() {
        let text = b"GET /chat HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\nConnection: Upgrade\r\n\
            Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
            Sec-WebSocket-Version: 8\r\n\r\n";
        let head = Head::new(Side::Client, text);
        assert_eq!(
            rows(&head, &request::validate(&head, &ServerPolicy::default(), b"")),
            [
                "Some(0) Passed GET, HTTP/1.1: a GET request of HTTP/1.1",
                "Some(1) Passed Host: a: the name of the server that the client wants",
                "None Failed Upgrade: there is no Upgrade",
                "Some(2) Passed Connection: keep-alive, Upgrade: the list contains the token \
                 upgrade",
                "Some(4) Failed key: a header that may occur only once occurs twice",
                "Some(6) Failed version: a version other than 13",
                "None Absent Origin: no Origin: the client isn't a browser",
                "None Absent subprotocol: no subprotocol offered",
                "None Absent extensions: no extension offered, so RSV1 must stay 0",
            ]
        );
    }

    #[test]
    fn a_response_that_is_no_101_is_asked_nothing_more() {
        let text = b"HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n";
        let head = Head::new(Side::Server, text);
        assert_eq!(
            rows(&head, &response::validate(&head, Some(&ClientOffer::default())))[..3],
            [
                "Some(0) Failed status 101: the status is not 101",
                "None Absent Upgrade: not checked, because the status isn't 101",
                "Some(1) Absent Connection: not checked, because the status isn't 101",
            ]
        );
    }
}
