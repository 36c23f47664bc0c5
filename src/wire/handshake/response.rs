//! A server's response, judged as a strict client does (RFC 6455 section 4.1).
//! What HTTP makes of other statuses than 101 (redirects, passwords) is not followed.

use super::accept::Accept;
use super::fields::{Case, Single};
use super::head::Head;
use super::problem::ProblemCode;
use super::request::key_of;
use super::{Judgement, Outcome};
use crate::wire::extension::{Agreed, Deflate, Offer};
use crate::wire::fault::Severity;
use crate::wire::words;

/// What the client asked for, so far as the answer depends on it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// The key that was sent; without it the accept value cannot be checked.
    pub key: Option<String>,
    /// The subprotocols that were offered.
    pub protocols: Vec<String>,
    /// The extensions that were offered.
    pub extensions: Vec<Offer>,
}

impl Asked {
    /// What a request asks for, whatever it is worth.
    pub fn of(request: &Head) -> Self {
        let case = Case::new(request);
        let protocols =
            request.named("Sec-WebSocket-Protocol").flat_map(|field| case.elements(field)).collect();
        let extensions =
            request.named("Sec-WebSocket-Extensions").flat_map(|field| case.extensions(field)).collect();
        Self { key: key_of(request), protocols, extensions }
    }
}

/// Headers that may stand only once in a response (RFC 6455 section 11.3).
const ONCE: [&str; 3] = ["Sec-WebSocket-Accept", "Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions"];

/// Judges a response.
pub fn judge(head: &Head, asked: &Asked) -> Judgement {
    let mut case = Case::new(head);
    let switched = status_line(&mut case);
    case.bare_line_ends();
    let mut judgement = Judgement { accept: asked.key.as_deref().map(Accept::new), ..Judgement::default() };
    if switched {
        case.field_lines(Severity::Warning);
        case.duplicates(&ONCE);
        upgrade(&mut case);
        judgement.received_accept = accept(&mut case, judgement.accept.as_ref());
        judgement.protocol = protocol(&mut case, asked);
        (judgement.extensions, judgement.agreed) = extensions(&mut case, asked);
        content(&mut case);
    }
    let fatal = case.problems.iter().any(super::Problem::is_fatal);
    judgement.outcome = if fatal { Outcome::Refuse } else { Outcome::Accept };
    judgement.problems = case.problems;
    judgement
}

/// Does the status line say 101? Then the server speaks WebSocket from the next byte on, whatever else is wrong.
pub fn is_switching(head: &Head) -> bool {
    let [_, status, _] = head.start_parts();
    head.slice(&status) == b"101"
}

fn status_line(case: &mut Case<'_>) -> bool {
    let line = case.head.start_line();
    let [version, status, _] = case.head.start_parts();
    if case.start_line_control() {
        return is_switching(case.head);
    }
    if status.is_empty() && !version.is_empty() {
        case.add(ProblemCode::StatusLine, Some(line));
        return false;
    }
    if case.head.slice(&version) != b"HTTP/1.1" {
        case.add(ProblemCode::HttpVersion, Some(version));
    }
    if is_switching(case.head) {
        if status.end == line.end {
            let hint = "the blank behind 101 is missing".to_owned();
            case.add_with(ProblemCode::StatusLine, Severity::Warning, Some(status), Some(hint));
        }
        return true;
    }
    let hint =
        case.head.joined("Sec-WebSocket-Version").map(|versions| format!("server-versions: {versions}"));
    case.add_with(ProblemCode::Status, Severity::Fatal, Some(status), hint);
    false
}

/// RFC 9110 section 8.6 and RFC 9112 section 6.1: a 101 has no content to measure or to encode.
fn content(case: &mut Case<'_>) {
    let forbidden = [
        ("Content-Length", ProblemCode::ContentLength1xx),
        ("Transfer-Encoding", ProblemCode::TransferEncoding1xx),
    ];
    for (name, code) in forbidden {
        if let Some(line) = case.head.named(name).next().map(|field| field.line.clone()) {
            case.add(code, Some(line));
        }
    }
}

/// Section 4.1: the value *is* websocket, while Connection *contains* upgrade.
fn upgrade(case: &mut Case<'_>) {
    case.token_list("Upgrade", ProblemCode::UpgradeMissing, ProblemCode::UpgradeValue, |tokens| {
        !tokens.is_empty() && tokens.iter().all(|token| token == "websocket")
    });
    case.token_list("Connection", ProblemCode::ConnectionMissing, ProblemCode::ConnectionToken, |tokens| {
        tokens.iter().any(|token| token == "upgrade")
    });
}

fn accept(case: &mut Case<'_>, right: Option<&Accept>) -> Option<String> {
    let field = match case.single("Sec-WebSocket-Accept") {
        Single::One(field) => field,
        Single::Missing => {
            case.add(ProblemCode::AcceptMissing, None);
            return None;
        }
        Single::Spoiled => return None,
    };
    let received = String::from_utf8_lossy(&case.head.value(field)).into_owned();
    if let Some(right) = right.filter(|right| right.value != received) {
        let hint = right.mistake(&received).map(|mistake| mistake.name().to_owned());
        case.add_with(ProblemCode::AcceptMismatch, Severity::Fatal, Some(field.value.clone()), hint);
    }
    Some(received)
}

fn protocol(case: &mut Case<'_>, asked: &Asked) -> Option<String> {
    let field = match case.single("Sec-WebSocket-Protocol") {
        Single::One(field) => field,
        Single::Missing => {
            if !asked.protocols.is_empty() {
                let hint = "browsers fail the connection here".to_owned();
                case.add_with(ProblemCode::SubprotocolIgnored, Severity::Info, None, Some(hint));
            }
            return None;
        }
        Single::Spoiled => return None,
    };
    let chosen = case.elements(field);
    match chosen.as_slice() {
        [one] if asked.protocols.contains(one) => return Some(one.clone()),
        [] | [_] => case.add(ProblemCode::SubprotocolNotOffered, Some(field.value.clone())),
        _ => case.add(ProblemCode::SubprotocolMultiple, Some(field.value.clone())),
    }
    None
}

fn extensions(case: &mut Case<'_>, asked: &Asked) -> (Vec<String>, Agreed) {
    let nothing = (Vec::new(), Agreed::none());
    let Single::One(field) = case.single("Sec-WebSocket-Extensions") else {
        return nothing;
    };
    let accepted = case.extensions(field);
    let same = |one: &Offer, other: &Offer| one.name.eq_ignore_ascii_case(&other.name);
    let earlier = |at: usize| accepted.iter().take(at);
    if accepted.iter().enumerate().any(|(at, one)| earlier(at).any(|other| same(one, other))) {
        case.add(ProblemCode::ExtDuplicate, Some(field.value.clone()));
        return nothing;
    }
    let mut agreed = Agreed::none();
    for extension in &accepted {
        if !asked.extensions.iter().any(|offer| same(offer, extension)) {
            let hint = format!("it is called {}", words::quoted(extension.name.as_bytes(), 40));
            let span = Some(extension.name_span.clone());
            case.add_with(ProblemCode::ExtNotOffered, Severity::Fatal, span, Some(hint));
        }
        if extension.is_deflate() {
            agreed.deflate = deflate(case, extension, asked);
        }
    }
    (accepted.iter().map(Offer::to_string).collect(), agreed)
}

/// RFC 7692 section 7.1: the answer has valid parameters, and one of the offers allows them.
fn deflate(case: &mut Case<'_>, accepted: &Offer, asked: &Asked) -> Option<Deflate> {
    let answer = match Deflate::read(accepted, false) {
        Ok(answer) => answer,
        Err(span) => {
            case.add(ProblemCode::ExtParam, Some(span));
            return None;
        }
    };
    let offers = asked.extensions.iter().filter(|offer| offer.is_deflate());
    let offers: Vec<Deflate> = offers.filter_map(|offer| Deflate::read(offer, true).ok()).collect();
    if !offers.is_empty() && !offers.iter().any(|offer| answers(answer, *offer)) {
        let allows = |name: &str| offers.iter().any(|offer| allows(name, answer, *offer));
        let blamed = accepted.params.iter().find(|param| !allows(&param.name));
        let span = blamed.map_or(accepted.name_span.clone(), |param| param.span.clone());
        let hint = blamed
            .is_none()
            .then(|| "the offer asked for a limit that the answer does not confirm".to_owned());
        case.add_with(ProblemCode::ExtParam, Severity::Fatal, Some(span), hint);
    }
    Some(answer)
}

/// Sections 7.1.1.1 and 7.1.2.1: what the client demanded of the server must be confirmed, and nothing asked of it that it did not offer.
fn answers(answer: Deflate, offer: Deflate) -> bool {
    let confirmed = offer.server_no_context_takeover <= answer.server_no_context_takeover
        && (offer.server_max_window_bits.is_none() || answer.server_max_window_bits.is_some());
    confirmed
        && allows("client_max_window_bits", answer, offer)
        && allows("server_max_window_bits", answer, offer)
}

fn allows(name: &str, answer: Deflate, offer: Deflate) -> bool {
    match name {
        "client_max_window_bits" => {
            match (answer.client_max_window_bits.flatten(), offer.client_max_window_bits) {
                (Some(_), None) => false,
                (Some(bits), Some(Some(most))) => bits <= most,
                _ => true,
            }
        }
        "server_max_window_bits" => match (answer.server_max_window_bits, offer.server_max_window_bits) {
            (Some(bits), Some(most)) => bits <= most,
            _ => true,
        },
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::extension::list;
    use crate::wire::frame::Side;

    const RESPONSE: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";

    fn problems(from: &str, to: &str, more: &str, offered: &str) -> Vec<String> {
        assert!(RESPONSE.contains(from), "{from}");
        let text = format!("{}{more}\r\n", RESPONSE.replacen(from, to, 1));
        let asked = Asked {
            key: Some("dGhlIHNhbXBsZSBub25jZQ==".into()),
            protocols: vec!["chat".into(), "mqtt".into()],
            extensions: list(offered.as_bytes(), 0),
        };
        let judgement = judge(&Head::new(Side::Server, text.as_bytes()), &asked);
        let relevant =
            judgement.problems.iter().filter(|problem| problem.code != ProblemCode::SubprotocolIgnored);
        let show = |problem: &super::super::Problem| {
            let place = problem.span.clone().map_or("-", |span| &text[span]);
            let hint = problem.hint.as_ref().map(|hint| format!(" ({hint})")).unwrap_or_default();
            format!("{} {place:?}{hint}", problem.code)
        };
        relevant.map(show).collect()
    }

    #[test]
    fn rfc_9112_section_5_2_a_fold_is_white_space_wherever_it_stands() {
        let offered = "permessage-deflate; client_max_window_bits";
        let of = |name: &str, told: &str| problems("", "", &format!("{name}:{told}\r\n"), offered);
        let folded = |told: Vec<String>| -> Vec<String> {
            assert!(told[0].starts_with("H_OBS_FOLD"), "{told:?}");
            told[1..].to_vec()
        };
        let accept = |value: &str| problems(": s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", value, "", "");
        assert!(folded(accept(":\r\n s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")).is_empty());
        assert!(folded(accept(": s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n \t")).is_empty());
        let echoed = folded(accept(":\r\n dGhlIHNhbXBsZSBub25jZQ=="));
        assert_eq!(echoed, ["H_ACCEPT_MISMATCH \"dGhlIHNhbXBsZSBub25jZQ==\" (key-echoed)"]);
        let extensions = |told| folded(of("Sec-WebSocket-Extensions", told));
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
            ("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n", "", "", "H_ACCEPT_MISSING \"-\""),
            ("s3pPLMBi", "S3PPLMBi", "", "H_ACCEPT_MISMATCH \"S3PPLMBiTxaQ9kYGzzhZRbK+xOo=\" (case-changed)"),
            (": websocket", ": websocket, h2c", "", "H_UPGRADE_VALUE \"Upgrade: websocket, h2c\""),
            ("H", "H", "Sec-WebSocket-Protocol: chat, mqtt\r\n", "H_SUBPROTOCOL_MULTIPLE \"chat, mqtt\""),
            ("H", "H", "X: a\u{0}b\r\n", "H_CONTROL_CHAR \"X: a\\0b\""),
            ("\r\nUp", "\nUp", "", "H_BARE_LF \"\\n\""),
            ("H", "H", "nocolon\r\n", "H_FIELD_LINE \"nocolon\""),
            ("H", "H", "X Y: z\r\n", "H_FIELD_NAME \"X Y: z\""),
            ("H", "H", "Content-Length: 0\r\n", "H_CONTENT_LENGTH_1XX \"Content-Length: 0\""),
            ("H", "H", "Transfer-Encoding: x\r\n", "H_TRANSFER_ENCODING_1XX \"Transfer-Encoding: x\""),
            (" Switching Protocols", "", "", "H_STATUS_LINE \"101\" (the blank behind 101 is missing)"),
            (" 101", "  101", "", "H_STATUS_LINE \"HTTP/1.1  101 Switching Protocols\""),
            ("Switching ", "\u{1b}[2J", "", "H_CONTROL_CHAR \"HTTP/1.1 101 \\u{1b}[2JProtocols\""),
            ("Switching ", "\r", "", "H_CONTROL_CHAR \"HTTP/1.1 101 \\rProtocols\""),
        ] {
            assert_eq!(problems(from, to, more, ""), [expected], "{from:?} -> {to:?}");
        }
    }

    #[test]
    fn a_refusal_names_the_versions_that_the_server_knows() {
        let more = "Sec-WebSocket-Version: 13, 8\r\nSec-WebSocket-Version: 7\r\nContent-Length: 0\r\n";
        assert_eq!(
            problems("101 Switching Protocols", "426 Upgrade Required", more, ""),
            ["H_STATUS \"426\" (server-versions: 13, 8, 7)"]
        );
    }

    #[test]
    fn rfc_7692_section_7_1_an_answer_must_fit_an_offer() {
        let answer = |params: &str, offered: &str| {
            problems("H", "H", &format!("Sec-WebSocket-Extensions: permessage-deflate{params}\r\n"), offered)
        };
        let none: [&str; 0] = [];
        assert_eq!(answer("; server_max_window_bits=9", "permessage-deflate"), none);
        assert_eq!(answer("; client_max_window_bits=9", "permessage-deflate; client_max_window_bits"), none);
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
            [
                "H_EXT_PARAM \"permessage-deflate\" (the offer asked for a limit that the answer does not confirm)"
            ]
        );
    }
}
