//! Validates a server's response as a strict client does (RFC 6455 section 4.1).
//! Other HTTP statuses (redirects, authentication) are not followed.

mod client_offer;
mod extensions;
mod subprotocol;

pub use client_offer::ClientOffer;

use crate::wire::frame::Severity;
use crate::wire::handshake::accept::AcceptValue;
use crate::wire::handshake::extension::AgreedExtensions;
use crate::wire::handshake::head::Head;
use crate::wire::handshake::head_validator::{HeadValidator, SingleField};
use crate::wire::handshake::problem::ProblemCode;
use crate::wire::handshake::validation::{HandshakeOutcome, HeadValidation};
use extensions::check_extensions;
use subprotocol::check_subprotocol;

/// The headers that may occur only once in a response (RFC 6455 section 11.3).
const SINGLETON_FIELDS: [&str; 3] =
    ["Sec-WebSocket-Accept", "Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions"];

/// Validates a response to the request that made the offer `asked`. Without a known request, rules
/// that depend on it are not checked.
pub fn validate(head: &Head, asked: Option<&ClientOffer>) -> HeadValidation {
    let mut validator = HeadValidator::new(head);
    let upgraded = check_status_line(&mut validator);
    validator.check_bare_lf();
    validator.check_leading_blank_lines();
    let mut validation = HeadValidation {
        accept: asked.and_then(|asked| asked.key.as_deref()).map(AcceptValue::new),
        ..HeadValidation::default()
    };
    // The rules of the handshake apply only to a 101. Any other response is plain HTTP.
    if upgraded {
        // RFC 9112 section 5.2: a user agent replaces a fold by spaces, so a client goes on.
        validator.check_field_lines(Severity::Warning);
        validator.check_duplicates(&SINGLETON_FIELDS);
        check_upgrade(&mut validator);
        validation.received_accept = check_accept(&mut validator, validation.accept.as_ref());
        (validation.subprotocol, (validation.extensions, validation.agreed)) =
            check_choice(&mut validator, asked);
        check_content(&mut validator);
    }
    let fatal = validator.problems.iter().any(super::Problem::is_fatal);
    validation.outcome = if fatal { HandshakeOutcome::Reject } else { HandshakeOutcome::Accept };
    validation.problems = validator.problems;
    validation
}

/// Checks what a response chooses of an offer, whichever version of HTTP carries it. Returns the
/// subprotocol, and the extensions as the response writes them and for the decoders.
pub(super) fn check_choice(
    validator: &mut HeadValidator<'_>,
    asked: Option<&ClientOffer>,
) -> (Option<String>, (Vec<String>, AgreedExtensions)) {
    (check_subprotocol(validator, asked), check_extensions(validator, asked))
}

/// Whether the status is 101. Then the server speaks WebSocket from the next byte on, whatever else
/// is wrong.
pub fn is_switching_protocols(head: &Head) -> bool {
    let [_, status, _] = head.start_line_parts();
    head.slice(&status) == b"101"
}

fn check_status_line(validator: &mut HeadValidator<'_>) -> bool {
    let line = validator.head.start_line();
    let [version, status, _] = validator.head.start_line_parts();
    if validator.check_start_line_controls() {
        return is_switching_protocols(validator.head);
    }
    // Without a space the line has no status, so its syntax is reported instead of a wrong status.
    if status.is_empty() && !version.is_empty() {
        validator.report(ProblemCode::StatusLine, Some(line));
        return false;
    }
    if validator.head.slice(&version) != b"HTTP/1.1" {
        validator.report(ProblemCode::HttpVersion, Some(version));
    }
    if is_switching_protocols(validator.head) {
        if status.end == line.end {
            let hint = "the space after 101 is missing".to_owned();
            validator.report_with(
                ProblemCode::StatusLine,
                Severity::Warning,
                Some(status),
                Some(hint),
            );
        }
        return true;
    }
    let hint = validator
        .head
        .joined_value("Sec-WebSocket-Version")
        .map(|versions| format!("server-versions: {versions}"));
    validator.report_with(ProblemCode::Status, Severity::Fatal, Some(status), hint);
    false
}

/// Reports headers that describe content: a 101 has none (RFC 9110 section 8.6, RFC 9112 section
/// 6.1).
fn check_content(validator: &mut HeadValidator<'_>) {
    let forbidden = [
        ("Content-Length", ProblemCode::ContentLength1xx),
        ("Transfer-Encoding", ProblemCode::TransferEncoding1xx),
    ];
    for (name, code) in forbidden {
        if let Some(line) = validator.head.fields_named(name).next().map(|field| field.line.clone())
        {
            validator.report(code, Some(line));
        }
    }
}

/// Checks Upgrade and Connection. By section 4.1 the value of Upgrade *is* websocket, while
/// Connection only *contains* upgrade.
fn check_upgrade(validator: &mut HeadValidator<'_>) {
    validator.check_token_list(
        "Upgrade",
        ProblemCode::UpgradeMissing,
        ProblemCode::UpgradeValue,
        |tokens| !tokens.is_empty() && tokens.iter().all(|token| token == "websocket"),
    );
    validator.check_token_list(
        "Connection",
        ProblemCode::ConnectionMissing,
        ProblemCode::ConnectionToken,
        |tokens| tokens.iter().any(|token| token == "upgrade"),
    );
}

fn check_accept(
    validator: &mut HeadValidator<'_>,
    expected: Option<&AcceptValue>,
) -> Option<String> {
    let field = match validator.single_field("Sec-WebSocket-Accept") {
        SingleField::Present(field) => field,
        SingleField::Missing => {
            validator.report(ProblemCode::AcceptMissing, None);
            return None;
        }
        SingleField::Unusable => return None,
    };
    let received = String::from_utf8_lossy(&validator.head.field_value(field)).into_owned();
    if let Some(expected) = expected.filter(|expected| expected.value != received) {
        let hint = expected.mistake(&received).map(|mistake| mistake.name().to_owned());
        validator.report_with(
            ProblemCode::AcceptMismatch,
            Severity::Fatal,
            Some(field.value.clone()),
            hint,
        );
    }
    Some(received)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::frame::Side;
    use crate::wire::handshake::extension::parse_extensions;

    const RESPONSE: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: \
                            Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";

    fn problems(from: &str, to: &str, more: &str, offered: &str) -> Vec<String> {
        assert!(RESPONSE.contains(from), "{from}");
        let text = format!("{}{more}\r\n", RESPONSE.replacen(from, to, 1));
        let asked = ClientOffer {
            key: Some("dGhlIHNhbXBsZSBub25jZQ==".into()),
            subprotocols: vec!["chat".into(), "mqtt".into()],
            extensions: parse_extensions(offered.as_bytes(), 0),
        };
        let validation = validate(&Head::new(Side::Server, text.as_bytes()), Some(&asked));
        let relevant = validation
            .problems
            .iter()
            .filter(|problem| problem.code != ProblemCode::SubprotocolIgnored);
        let show = |problem: &crate::wire::handshake::Problem| {
            let place = problem.span.clone().map_or("-", |span| &text[span]);
            let hint = problem.hint.as_ref().map(|hint| format!(" ({hint})")).unwrap_or_default();
            format!("{} {place:?}{hint}", problem.code)
        };
        relevant.map(show).collect()
    }

    #[test]
    fn rfc_9112_section_5_2_a_fold_is_white_space_wherever_it_stands() {
        let offered = "permessage-deflate; client_max_window_bits";
        let of =
            |name: &str, lines: &str| problems("", "", &format!("{name}:{lines}\r\n"), offered);
        let folded = |lines: Vec<String>| -> Vec<String> {
            assert!(lines[0].starts_with("H_OBS_FOLD"), "{lines:?}");
            lines[1..].to_vec()
        };
        let accept = |value: &str| problems(": s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", value, "", "");
        assert!(folded(accept(":\r\n s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")).is_empty());
        assert!(folded(accept(": s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n \t")).is_empty());
        let echoed = folded(accept(":\r\n dGhlIHNhbXBsZSBub25jZQ=="));
        assert_eq!(echoed, ["H_ACCEPT_MISMATCH \"dGhlIHNhbXBsZSBub25jZQ==\" (key-echoed)"]);
        let extensions = |lines| folded(of("Sec-WebSocket-Extensions", lines));
        assert!(extensions(" \r\n permessage-deflate\r\n ").is_empty());
        let twice = extensions(" permessage-deflate,\r\n permessage-deflate");
        assert!(twice[0].starts_with("H_EXT_DUPLICATE"), "{twice:?}");
        let odd = extensions(" permessage-deflate;\r\n  turbo");
        assert!(odd[0].starts_with("H_EXT_PARAM \"turbo\""), "{odd:?}");
        assert!(folded(of("Sec-WebSocket-Protocol", " \r\n mqtt\r\n ")).is_empty());
        let other = folded(of("Sec-WebSocket-Protocol", " \r\n soap"));
        assert_eq!(other, ["H_SUBPROTOCOL_NOT_OFFERED \"soap\""]);
    }

    #[test]
    fn rules_that_the_vectors_do_not_touch() {
        for (from, to, more, expected) in [
            (
                "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n",
                "",
                "",
                "H_ACCEPT_MISSING \"-\"",
            ),
            (
                "s3pPLMBi",
                "S3PPLMBi",
                "",
                "H_ACCEPT_MISMATCH \"S3PPLMBiTxaQ9kYGzzhZRbK+xOo=\" (case-changed)",
            ),
            (": websocket", ": websocket, h2c", "", "H_UPGRADE_VALUE \"Upgrade: websocket, h2c\""),
            (
                "H",
                "H",
                "Sec-WebSocket-Protocol: chat, mqtt\r\n",
                "H_SUBPROTOCOL_MULTIPLE \"chat, mqtt\"",
            ),
            ("H", "H", "X: a\u{0}b\r\n", "H_CONTROL_CHAR \"X: a\\0b\""),
            ("\r\nUp", "\nUp", "", "H_BARE_LF \"\\n\""),
            ("HTTP", "\r\nHTTP", "", "H_BLANK_LINE_BEFORE \"\\r\\n\""),
            ("H", "H", "nocolon\r\n", "H_FIELD_LINE \"nocolon\""),
            ("H", "H", "X Y: z\r\n", "H_FIELD_NAME \"X Y: z\""),
            ("H", "H", "Content-Length: 0\r\n", "H_CONTENT_LENGTH_1XX \"Content-Length: 0\""),
            (
                "H",
                "H",
                "Transfer-Encoding: x\r\n",
                "H_TRANSFER_ENCODING_1XX \"Transfer-Encoding: x\"",
            ),
            (
                " Switching Protocols",
                "",
                "",
                "H_STATUS_LINE \"101\" (the space after 101 is missing)",
            ),
            (" 101", "  101", "", "H_STATUS_LINE \"HTTP/1.1  101 Switching Protocols\""),
            ("Switching ", "\u{1b}[2J", "", "H_CONTROL_CHAR \"HTTP/1.1 101 \\u{1b}[2JProtocols\""),
            ("Switching ", "\r", "", "H_CONTROL_CHAR \"HTTP/1.1 101 \\rProtocols\""),
        ] {
            assert_eq!(problems(from, to, more, ""), [expected], "{from:?} -> {to:?}");
        }
    }

    #[test]
    fn a_refusal_names_the_versions_that_the_server_knows() {
        let more =
            "Sec-WebSocket-Version: 13, 8\r\nSec-WebSocket-Version: 7\r\nContent-Length: 0\r\n";
        assert_eq!(
            problems("101 Switching Protocols", "426 Upgrade Required", more, ""),
            ["H_STATUS \"426\" (server-versions: 13, 8, 7)"]
        );
    }

    #[test]
    fn rfc_7692_section_7_1_an_answer_must_fit_an_offer() {
        let answer = |params: &str, offered: &str| {
            problems(
                "H",
                "H",
                &format!("Sec-WebSocket-Extensions: permessage-deflate{params}\r\n"),
                offered,
            )
        };
        let none: [&str; 0] = [];
        assert_eq!(answer("; server_max_window_bits=9", "permessage-deflate"), none);
        assert_eq!(
            answer("; client_max_window_bits=9", "permessage-deflate; client_max_window_bits"),
            none
        );
        assert_eq!(
            answer("; client_max_window_bits=9", "permessage-deflate"),
            ["H_EXT_PARAM \"client_max_window_bits=9\""]
        );
        assert_eq!(
            answer("; server_max_window_bits=12", "permessage-deflate; server_max_window_bits=10"),
            ["H_EXT_PARAM \"server_max_window_bits=12\""]
        );
        assert_eq!(
            answer("", "permessage-deflate; server_max_window_bits=10, permessage-deflate"),
            none,
            "the second offer asks for nothing"
        );
        assert_eq!(
            answer("", "permessage-deflate; server_no_context_takeover"),
            ["H_EXT_PARAM \"permessage-deflate\" (the offer asked for a limit that the response \
              does not confirm)"]
        );
    }
}
