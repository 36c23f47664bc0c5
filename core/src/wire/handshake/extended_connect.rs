//! Validates the handshake of a WebSocket over HTTP/2: a CONNECT request with `:protocol websocket`
//! and its response (RFC 8441). The fields are those that HPACK decoded; there are no bytes of a
//! head, so problems have no span: their hint quotes the field.

use crate::wire::format;
use crate::wire::frame::Side;
use crate::wire::handshake::extension::is_token;
use crate::wire::handshake::head::Head;
use crate::wire::handshake::head_validator::HeadValidator;
use crate::wire::handshake::problem::{Problem, ProblemCode};
use crate::wire::handshake::request;
use crate::wire::handshake::response::{self, ClientOffer};
use crate::wire::handshake::validation::{HandshakeOutcome, HeadValidation};

/// A header field: its name and value, as decoded from HPACK.
pub type Field = (Vec<u8>, Vec<u8>);

/// The pseudo-header fields of a request that opens a WebSocket (RFC 8441 section 4).
const REQUEST_PSEUDO_FIELDS: [&str; 5] = [":method", ":protocol", ":scheme", ":authority", ":path"];

/// The fields that HTTP/2 does not have (RFC 9113 section 8.2.2).
const CONNECTION_SPECIFIC: [&str; 5] =
    ["connection", "proxy-connection", "keep-alive", "transfer-encoding", "upgrade"];

/// The maximum number of characters of a field that a hint quotes.
const MAX_CHARS_QUOTED: usize = 60;

/// Returns the value of the first field with this name, in any case.
pub fn value_of<'a>(fields: &'a [Field], name: &str) -> Option<&'a [u8]> {
    let mut named = fields.iter().filter(|(have, _)| have.eq_ignore_ascii_case(name.as_bytes()));
    named.next().map(|(_, value)| value.as_slice())
}

/// Whether a request asks for a WebSocket by extended CONNECT, however many rules it breaks.
pub fn is_websocket_request(fields: &[Field]) -> bool {
    value_of(fields, ":method") == Some(b"CONNECT")
        && value_of(fields, ":protocol")
            .is_some_and(|value| value.eq_ignore_ascii_case(b"websocket"))
}

/// Returns the status of a response; `None` if it isn't three digits.
pub fn status(fields: &[Field]) -> Option<u16> {
    let digits = value_of(fields, ":status")?;
    let is_valid = digits.len() == 3 && digits.iter().all(u8::is_ascii_digit);
    str::from_utf8(digits).ok().filter(|_| is_valid)?.parse().ok()
}

/// Validates a request for a WebSocket. `ends_stream` tells whether `END_STREAM` came with it.
pub fn validate_request(fields: &[Field], ends_stream: bool) -> HeadValidation {
    let mut problems = check_fields(fields, &REQUEST_PSEUDO_FIELDS);
    for name in REQUEST_PSEUDO_FIELDS {
        if value_of(fields, name).is_none() {
            problems.push(problem(ProblemCode::PseudoMissing, format!("there is no {name}")));
        }
    }
    let wrong = |name: &str, is_right: fn(&[u8]) -> bool| {
        value_of(fields, name).filter(|value| !is_right(value)).map(|value| {
            let value = format::quote(value, MAX_CHARS_QUOTED);
            problem(ProblemCode::PseudoValue, format!("{name} is {value}"))
        })
    };
    problems.extend(wrong(":scheme", |scheme| matches!(scheme, b"http" | b"https")));
    problems.extend(wrong(":path", |path| path.starts_with(b"/")));
    if ends_stream {
        problems.push(problem(ProblemCode::EndStreamInHandshake, "the client ends it".into()));
    }
    let head = websocket_fields(Side::Client, fields);
    let mut validator = HeadValidator::new(&head);
    request::check_offer(&mut validator);
    problems.extend(without_spans(&head, validator.problems));
    concluded(HeadValidation { problems, ..HeadValidation::default() })
}

/// Validates the response to a request for a WebSocket. Without a known request, rules that depend
/// on it are not checked.
pub fn validate_response(
    fields: &[Field],
    request: Option<&[Field]>,
    ends_stream: bool,
) -> HeadValidation {
    let status = status(fields);
    if !matches!(status, Some(200..=299)) {
        let problem = match (value_of(fields, ":status"), status) {
            (None, _) => problem(ProblemCode::PseudoMissing, "there is no :status".into()),
            (Some(_), Some(101)) => problem(
                ProblemCode::ConnectStatus,
                "101 is for HTTP/1.1; over HTTP/2 the status is 200".into(),
            ),
            (Some(value), _) => problem(
                ProblemCode::ConnectStatus,
                format!("it is {}", format::quote(value, MAX_CHARS_QUOTED)),
            ),
        };
        return concluded(HeadValidation { problems: vec![problem], ..HeadValidation::default() });
    }
    let mut problems = check_fields(fields, &[":status"]);
    if ends_stream {
        problems.push(problem(ProblemCode::EndStreamInHandshake, "the server ends it".into()));
    }
    let asked =
        request.map(|fields| ClientOffer::from_request(&websocket_fields(Side::Client, fields)));
    let head = websocket_fields(Side::Server, fields);
    let mut validator = HeadValidator::new(&head);
    let (subprotocol, (extensions, agreed)) =
        response::check_choice(&mut validator, asked.as_ref());
    problems.extend(without_spans(&head, validator.problems));
    concluded(HeadValidation {
        problems,
        subprotocol,
        extensions,
        agreed,
        ..HeadValidation::default()
    })
}

/// Returns the problem of a client that uses extended CONNECT although the server has not announced
/// it.
pub fn unannounced() -> Problem {
    let hint = "SETTINGS_ENABLE_CONNECT_PROTOCOL (8) must be 1".to_owned();
    problem(ProblemCode::ConnectSetting, hint)
}

fn problem(code: ProblemCode, hint: String) -> Problem {
    Problem { code, severity: code.rule().severity, span: None, hint: Some(hint) }
}

fn concluded(validation: HeadValidation) -> HeadValidation {
    let is_fatal = validation.problems.iter().any(Problem::is_fatal);
    let outcome = if is_fatal { HandshakeOutcome::Reject } else { HandshakeOutcome::Accept };
    HeadValidation { outcome, ..validation }
}

/// Checks the rules that hold for every field of a message; `pseudo` are the pseudo-header fields
/// that it may have.
fn check_fields(fields: &[Field], pseudo: &[&str]) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut seen_regular = false;
    for (at, (name, value)) in fields.iter().enumerate() {
        let line = || {
            let line = [name.as_slice(), b": ", value].concat();
            format::quote(&line, MAX_CHARS_QUOTED)
        };
        let is_any =
            |names: &[&str]| names.iter().any(|other| name.eq_ignore_ascii_case(other.as_bytes()));
        let mut report = |code| problems.push(problem(code, line()));
        if name.starts_with(b":") {
            let is_repeated = fields.iter().take(at).any(|(earlier, _)| earlier == name);
            if seen_regular || is_repeated || !is_any(pseudo) {
                report(ProblemCode::PseudoValue);
            }
            continue;
        }
        seen_regular = true;
        // `te: trailers` is the only one that may stay.
        let is_te = is_any(&["te"]) && value != b"trailers";
        if !is_token(name) {
            report(ProblemCode::FieldName);
        } else if name.iter().any(u8::is_ascii_uppercase) {
            report(ProblemCode::FieldNameCase);
        }
        if has_control_byte(value) {
            report(ProblemCode::ControlChar);
        }
        if is_te || is_any(&CONNECTION_SPECIFIC) {
            report(ProblemCode::ConnectionSpecific);
        }
        if is_any(&["sec-websocket-key", "sec-websocket-accept"]) {
            report(ProblemCode::KeyOverHttp2);
        }
    }
    problems
}

fn has_control_byte(value: &[u8]) -> bool {
    value.iter().any(|byte| byte.is_ascii_control() && *byte != b'\t')
}

/// Returns the fields that mean the same over HTTP/1.1 as a head, for the checks that both versions
/// share. A value with a line end would be another field there, so it is left out.
fn websocket_fields(from: Side, fields: &[Field]) -> Head {
    // The checks do not look at the start line.
    let mut raw = b"-\r\n".to_vec();
    for (name, value) in fields {
        let is_shared = name.eq_ignore_ascii_case(b"origin")
            || name.to_ascii_lowercase().starts_with(b"sec-websocket-");
        if is_shared && is_token(name) && !has_control_byte(value) {
            raw.extend([name.as_slice(), b": ", value, b"\r\n"].concat());
        }
    }
    raw.extend(b"\r\n");
    Head::new(from, &raw)
}

/// Puts what a span marks into the hint, because the bytes that it counts in were never sent.
fn without_spans(head: &Head, problems: Vec<Problem>) -> impl Iterator<Item = Problem> {
    problems.into_iter().map(|problem| {
        let marked = problem.span.as_ref().map(|span| head.slice(span));
        let quoted = marked.map(|bytes| format::quote(bytes, MAX_CHARS_QUOTED));
        let hint = match (problem.hint, quoted) {
            (Some(hint), Some(quoted)) => Some(format!("{quoted}: {hint}")),
            (hint, quoted) => hint.or(quoted),
        };
        Problem { span: None, hint, ..problem }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(lines: &[(&str, &str)]) -> Vec<Field> {
        lines
            .iter()
            .map(|(name, value)| (name.as_bytes().into(), value.as_bytes().into()))
            .collect()
    }

    /// Returns the request of RFC 8441 section 5.1.
    fn request() -> Vec<(&'static str, &'static str)> {
        vec![
            (":method", "CONNECT"),
            (":protocol", "websocket"),
            (":scheme", "https"),
            (":path", "/chat"),
            (":authority", "server.example.com"),
            ("sec-websocket-protocol", "chat, superchat"),
            ("sec-websocket-extensions", "permessage-deflate"),
            ("sec-websocket-version", "13"),
            ("origin", "http://www.example.com"),
        ]
    }

    fn codes(validation: &HeadValidation) -> Vec<String> {
        let shown = |problem: &Problem| {
            assert_eq!(problem.span, None);
            format!("{} {}", problem.code, problem.hint.clone().unwrap_or_default())
        };
        validation.problems.iter().map(shown).collect()
    }

    #[test]
    fn rfc_8441_section_5_1_the_example_is_accepted_and_agrees_on_what_it_says() {
        let request = fields(&request());
        assert!(is_websocket_request(&request));
        let validation = validate_request(&request, false);
        assert_eq!(codes(&validation), [""; 0]);
        assert_eq!(validation.outcome, HandshakeOutcome::Accept);
        let response = fields(&[
            (":status", "200"),
            ("sec-websocket-protocol", "chat"),
            ("sec-websocket-extensions", "permessage-deflate; server_no_context_takeover"),
        ]);
        let validation = validate_response(&response, Some(&request), false);
        assert_eq!(codes(&validation), [""; 0]);
        assert_eq!(validation.subprotocol.as_deref(), Some("chat"));
        assert!(
            validation.agreed.deflate.is_some_and(|deflate| deflate.server_no_context_takeover)
        );
    }

    #[test]
    fn rfc_8441_section_4_each_rule_of_the_request_is_checked() {
        let without = |name: &str| {
            let mut lines = request();
            lines.retain(|(have, _)| *have != name);
            codes(&validate_request(&fields(&lines), false))
        };
        assert_eq!(without(":scheme"), ["H_PSEUDO_MISSING there is no :scheme"]);
        assert_eq!(without(":path"), ["H_PSEUDO_MISSING there is no :path"]);
        assert_eq!(without(":authority"), ["H_PSEUDO_MISSING there is no :authority"]);
        assert_eq!(without("sec-websocket-version"), ["H_VERSION_MISSING "]);
        let with = |name: &'static str, value: &'static str| {
            let mut lines = request();
            lines.push((name, value));
            codes(&validate_request(&fields(&lines), false))
        };
        for (name, value, expected) in [
            ("connection", "Upgrade", r#"H_CONNECTION_SPECIFIC "connection: Upgrade""#),
            ("upgrade", "websocket", r#"H_CONNECTION_SPECIFIC "upgrade: websocket""#),
            ("te", "gzip", r#"H_CONNECTION_SPECIFIC "te: gzip""#),
            ("sec-websocket-key", "x", r#"H_KEY_OVER_HTTP2 "sec-websocket-key: x""#),
            ("X-A", "b", r#"H_FIELD_NAME_CASE "X-A: b""#),
            ("x a", "b", r#"H_FIELD_NAME "x a: b""#),
            ("x-a", "b\r\nc", r#"H_CONTROL_CHAR "x-a: b\r\nc""#),
            (":path", "/x", r#"H_PSEUDO_VALUE ":path: /x""#),
        ] {
            assert_eq!(with(name, value), [expected], "{name}: {value}");
        }
        let replaced = |name: &str, value: &'static str| {
            let mut lines = request();
            lines.iter_mut().filter(|(have, _)| *have == name).for_each(|line| line.1 = value);
            codes(&validate_request(&fields(&lines), false))
        };
        assert_eq!(replaced(":scheme", "wss"), [r#"H_PSEUDO_VALUE :scheme is "wss""#]);
        assert_eq!(replaced(":path", "chat"), [r#"H_PSEUDO_VALUE :path is "chat""#]);
        let old = replaced("sec-websocket-version", "8");
        assert_eq!(old, [r#"H_VERSION_UNSUPPORTED "sec-websocket-version: 8""#]);
        let ended = codes(&validate_request(&fields(&request()), true));
        assert_eq!(ended, ["H_END_STREAM the client ends it"]);
        assert!(!is_websocket_request(&fields(&[(":method", "CONNECT"), (":authority", "a")])));
    }

    #[test]
    fn a_response_opens_with_2xx_and_what_was_offered() {
        let request = fields(&request());
        let answer = |lines: &[(&str, &str)]| {
            codes(&validate_response(&fields(lines), Some(&request), false))
        };
        assert_eq!(answer(&[(":status", "403")]), [r#"H_CONNECT_STATUS it is "403""#]);
        assert!(
            answer(&[(":status", "101")])[0].starts_with("H_CONNECT_STATUS 101 is for HTTP/1.1")
        );
        assert_eq!(answer(&[]), ["H_PSEUDO_MISSING there is no :status"]);
        assert_eq!(
            answer(&[(":status", "204"), ("sec-websocket-protocol", "mqtt")]),
            [r#"H_SUBPROTOCOL_NOT_OFFERED "mqtt""#]
        );
        let accept =
            [(":status", "200"), ("sec-websocket-protocol", "chat"), ("sec-websocket-accept", "x")];
        assert_eq!(answer(&accept), [r#"H_KEY_OVER_HTTP2 "sec-websocket-accept: x""#]);
    }
}
