//! What was asked of a head, one line a rule: kept, broken, or nothing to ask.
//! It reads a finished judgement; nothing is judged here.

use super::head::{Head, LineKind};
use super::problem::{Problem, ProblemCode};
use super::{Judgement, Role};
use crate::wire::fault::Severity;
use crate::wire::frame::Side;
use crate::wire::words;

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// The rule is kept.
    Kept,
    /// The rule is broken, and the connection with it.
    Broken,
    /// Something to know, no reason to stop.
    Doubtful,
    /// The header is not there and need not be.
    Absent,
}

/// One rule that was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// A word or two: `GET, HTTP/1.1`, `Host`, `Upgrade`.
    pub name: &'static str,
    /// How it came out.
    pub mark: Mark,
    /// The line of the head that it is about: its number in [`Head::lines`].
    pub line: Option<usize>,
    /// What was found, in one clause.
    pub words: String,
    /// Where the rule is written.
    pub section: &'static str,
}

struct Row {
    name: &'static str,
    /// The header that is asked; none for the start line.
    header: Option<&'static str>,
    /// It must be there.
    required: bool,
    codes: &'static [ProblemCode],
    kept: &'static str,
    absent: &'static str,
    section: &'static str,
}

/// Every check of a head, in the order of RFC 6455 sections 4.2.1 (requests) and 4.1 (responses).
pub fn checks(head: &Head, judgement: &Judgement) -> Vec<Check> {
    let rows = match head.from {
        Side::Client => REQUEST,
        Side::Server => RESPONSE,
    };
    rows.iter().map(|row| check(row, head, judgement)).collect()
}

fn check(row: &Row, head: &Head, judgement: &Judgement) -> Check {
    let line = line_of(head, row.header);
    let about =
        |problem: &&Problem| row.codes.contains(&problem.code) || is_on_line(problem, head, row.header);
    let problem = judgement.problems.iter().filter(about).max_by_key(|problem| problem.severity);
    let (mark, words) = match (problem, line) {
        (Some(problem), _) => {
            let mark = if problem.severity == Severity::Fatal { Mark::Broken } else { Mark::Doubtful };
            (mark, problem.code.rule().what.to_owned())
        }
        (None, None) if !row.required => (Mark::Absent, row.absent.to_owned()),
        (None, _) if row.name == "accept" && judgement.accept.is_none() => {
            (Mark::Doubtful, "not compared: the key that was sent is not known".to_owned())
        }
        // A status other than 101 ends the questions: nothing was asked of this header.
        (None, None) => (Mark::Absent, "not asked: this is no handshake".to_owned()),
        (None, Some(_)) => (Mark::Kept, kept(row, head)),
    };
    Check { name: row.name, mark, line, words, section: row.section }
}

fn kept(row: &Row, head: &Head) -> String {
    match row.header.and_then(|name| head.joined(name)) {
        Some(value) => format!("{}: {}", words::harmless(&value), row.kept),
        None => row.kept.to_owned(),
    }
}

fn line_of(head: &Head, header: Option<&str>) -> Option<usize> {
    let wanted = |kind: LineKind| match (kind, header) {
        (LineKind::Start, None) => true,
        (LineKind::Field(index), Some(name)) => {
            head.fields().get(index).is_some_and(|field| head.is_named(field, name))
        }
        _ => false,
    };
    head.lines().iter().position(|line| wanted(line.kind))
}

/// Rules about lines (duplicates, folds, control characters) belong to the header on whose line they were broken.
fn is_on_line(problem: &Problem, head: &Head, header: Option<&str>) -> bool {
    const ABOUT_LINES: [ProblemCode; 4] = [
        ProblemCode::Duplicate,
        ProblemCode::SpaceBeforeColon,
        ProblemCode::ControlChar,
        ProblemCode::ObsFold,
    ];
    let Some(span) = problem.span.as_ref().filter(|_| ABOUT_LINES.contains(&problem.code)) else {
        return false;
    };
    match header {
        Some(name) => head.named(name).any(|field| field.line == *span),
        None => head.start_line() == *span,
    }
}

impl Head {
    /// The role of the byte at `offset`.
    pub fn role_at(&self, offset: usize) -> Option<Role> {
        self.parts().into_iter().find(|part| part.bytes.contains(&offset)).map(|part| part.role)
    }
}

use ProblemCode as P;

static REQUEST: &[Row] = &[
    Row {
        name: "GET, HTTP/1.1",
        header: None,
        required: true,
        codes: &[P::RequestLine, P::Method, P::HttpVersion, P::Target, P::TargetChar, P::TargetFragment],
        kept: "a GET request of HTTP/1.1",
        absent: "",
        section: "RFC 6455 §4.2.1(1)",
    },
    Row {
        name: "Host",
        header: Some("Host"),
        required: true,
        codes: &[P::HostMissing, P::HostSyntax],
        kept: "which name the client means",
        absent: "",
        section: "RFC 6455 §4.2.1(2)",
    },
    Row {
        name: "Upgrade",
        header: Some("Upgrade"),
        required: true,
        codes: &[P::UpgradeMissing, P::UpgradeValue],
        kept: "compared without case",
        absent: "",
        section: "RFC 6455 §4.2.1(3)",
    },
    Row {
        name: "Connection",
        header: Some("Connection"),
        required: true,
        codes: &[P::ConnectionMissing, P::ConnectionToken],
        kept: "the list contains the token upgrade",
        absent: "",
        section: "RFC 6455 §4.2.1(4)",
    },
    Row {
        name: "key",
        header: Some("Sec-WebSocket-Key"),
        required: true,
        codes: &[P::KeyMissing, P::KeyBase64, P::KeyLength],
        kept: "16 bytes in base64",
        absent: "",
        section: "RFC 6455 §4.2.1(5)",
    },
    Row {
        name: "version",
        header: Some("Sec-WebSocket-Version"),
        required: true,
        codes: &[P::VersionMissing, P::VersionSyntax, P::VersionUnsupported],
        kept: "the version of the RFC",
        absent: "",
        section: "RFC 6455 §4.2.1(6)",
    },
    Row {
        name: "Origin",
        header: Some("Origin"),
        required: false,
        codes: &[P::Origin],
        kept: "the page that asks; the server decides whether it may",
        absent: "no Origin: the client is no browser",
        section: "RFC 6455 §10.2",
    },
    Row {
        name: "subprotocol",
        header: Some("Sec-WebSocket-Protocol"),
        required: false,
        codes: &[P::SubprotocolSyntax, P::SubprotocolDuplicate],
        kept: "offered, the server may choose one",
        absent: "no subprotocol offered",
        section: "RFC 6455 §4.1(10)",
    },
    Row {
        name: "extensions",
        header: Some("Sec-WebSocket-Extensions"),
        required: false,
        codes: &[P::ExtParam],
        kept: "offered, the server may agree",
        absent: "no extension offered: RSV1 will have to stay 0",
        section: "RFC 6455 §4.1(11)",
    },
];

static RESPONSE: &[Row] = &[
    Row {
        name: "status 101",
        header: None,
        required: true,
        codes: &[P::StatusLine, P::Status, P::HttpVersion],
        kept: "the server switches protocols",
        absent: "",
        section: "RFC 6455 §4.1(1)",
    },
    Row {
        name: "Upgrade",
        header: Some("Upgrade"),
        required: true,
        codes: &[P::UpgradeMissing, P::UpgradeValue],
        kept: "compared without case",
        absent: "",
        section: "RFC 6455 §4.1(2)",
    },
    Row {
        name: "Connection",
        header: Some("Connection"),
        required: true,
        codes: &[P::ConnectionMissing, P::ConnectionToken],
        kept: "the list contains the token upgrade",
        absent: "",
        section: "RFC 6455 §4.1(3)",
    },
    Row {
        name: "accept",
        header: Some("Sec-WebSocket-Accept"),
        required: true,
        codes: &[P::AcceptMissing, P::AcceptMismatch],
        kept: "matches the key: the server really read this request",
        absent: "",
        section: "RFC 6455 §4.1(4)",
    },
    Row {
        name: "extensions",
        header: Some("Sec-WebSocket-Extensions"),
        required: false,
        codes: &[P::ExtParam, P::ExtNotOffered, P::ExtDuplicate],
        kept: "agreed, as it was offered",
        absent: "no extension agreed: RSV1 must stay 0 from now on",
        section: "RFC 6455 §4.1(5)",
    },
    Row {
        name: "subprotocol",
        header: Some("Sec-WebSocket-Protocol"),
        required: false,
        codes: &[P::SubprotocolNotOffered, P::SubprotocolMultiple, P::SubprotocolIgnored],
        kept: "chosen from what was offered",
        absent: "no subprotocol offered, none chosen",
        section: "RFC 6455 §4.1(6)",
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::handshake::{Asked, Policy, request, response};

    fn rows(head: &Head, judgement: &Judgement) -> Vec<String> {
        checks(head, judgement)
            .into_iter()
            .map(|check| format!("{:?} {:?} {}: {}", check.line, check.mark, check.name, check.words))
            .collect()
    }

    #[test]
    fn a_request_checked_line_by_line() {
        let text = b"GET /chat HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\nConnection: Upgrade\r\n\
            Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
            Sec-WebSocket-Version: 8\r\n\r\n";
        let head = Head::new(Side::Client, text);
        assert_eq!(
            rows(&head, &request::judge(&head, &Policy::default(), false)),
            [
                "Some(0) Kept GET, HTTP/1.1: a GET request of HTTP/1.1",
                "Some(1) Kept Host: a: which name the client means",
                "None Broken Upgrade: there is no Upgrade",
                "Some(2) Kept Connection: keep-alive, Upgrade: the list contains the token upgrade",
                "Some(4) Broken key: a header that may stand only once stands twice",
                "Some(6) Broken version: a version other than 13",
                "None Absent Origin: no Origin: the client is no browser",
                "None Absent subprotocol: no subprotocol offered",
                "None Absent extensions: no extension offered: RSV1 will have to stay 0",
            ]
        );
    }

    #[test]
    fn a_response_that_is_no_101_is_asked_nothing_more() {
        let head = Head::new(Side::Server, b"HTTP/1.1 404 Not Found\r\n\r\n");
        assert_eq!(
            rows(&head, &response::judge(&head, &Asked::default()))[..3],
            [
                "Some(0) Broken status 101: the status is not 101",
                "None Absent Upgrade: not asked: this is no handshake",
                "None Absent Connection: not asked: this is no handshake",
            ]
        );
    }
}
