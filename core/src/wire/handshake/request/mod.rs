//! Validates a client's request as a strict server does (RFC 6455 section 4.2.1), and determines
//! the answer (section 4.2.2).
//! Requests over HTTP/2 (RFC 8441) are not supported.

mod target;

use crate::wire::frame::Severity;
use crate::wire::handshake::accept::{AcceptValue, decode_key};
use crate::wire::handshake::extension::{
    AgreedExtensions, DeflateParams, Extension, is_token, shift_range,
};
use crate::wire::handshake::head::reader::DEFAULT_MAX_HEAD_LEN;
use crate::wire::handshake::head::{FieldLine, Head};
use crate::wire::handshake::head_validator::{HeadValidator, SingleField};
use crate::wire::handshake::problem::ProblemCode;
use crate::wire::handshake::validation::{HandshakeOutcome, HeadValidation};

/// The requests that a server accepts, and the features that it supports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerPolicy {
    /// The subprotocols that the server supports.
    pub subprotocols: Vec<String>,
    /// The allowed origins; if empty, all are allowed.
    pub origins: Vec<String>,
    /// Whether the server supports permessage-deflate.
    pub deflate: bool,
    /// The longest head that the server accepts, in bytes.
    pub max_head_len: usize,
}

impl Default for ServerPolicy {
    fn default() -> Self {
        Self {
            subprotocols: Vec::new(),
            origins: Vec::new(),
            deflate: false,
            max_head_len: DEFAULT_MAX_HEAD_LEN,
        }
    }
}

/// The headers that may occur only once in a request (RFC 6455 section 11.3, RFC 9112 section 3.2,
/// RFC 6454 section 7.3).
const SINGLETON_FIELDS: [&str; 4] =
    ["Host", "Sec-WebSocket-Key", "Sec-WebSocket-Version", "Origin"];

/// Validates a request. `bytes_after` is what followed the head before it was answered: nothing may
/// (RFC 6455 section 4.1).
pub fn validate(head: &Head, policy: &ServerPolicy, bytes_after: &[u8]) -> HeadValidation {
    let mut validator = HeadValidator::new(head);
    check_start_line(&mut validator);
    validator.check_bare_lf();
    // RFC 9112 section 5.2: a server must reject a folded line or replace the fold. Rejecting is
    // the strict choice.
    validator.check_field_lines(Severity::Fatal);
    validator.check_duplicates(&SINGLETON_FIELDS);
    check_host(&mut validator);
    check_upgrade(&mut validator);
    let key = check_key(&mut validator);
    check_version(&mut validator);
    check_origin(&mut validator, policy);
    let protocol = choose_subprotocol(&mut validator, policy);
    let extension = choose_extension(&mut validator, policy);
    check_content(&mut validator);
    if !bytes_after.is_empty() {
        validator.report(ProblemCode::DataBefore101, head.blank_line_end());
    }
    conclude(validator, key, protocol, extension)
}

/// Checks what a request offers, whichever version of HTTP carries it.
pub(super) fn check_offer(validator: &mut HeadValidator<'_>) {
    validator.check_duplicates(&["Sec-WebSocket-Version", "Origin"]);
    check_version(validator);
    let policy = ServerPolicy::default();
    choose_subprotocol(validator, &policy);
    choose_extension(validator, &policy);
}

/// Returns the key of a request without validating it.
pub fn key_from_request(head: &Head) -> Option<String> {
    head.fields_named("Sec-WebSocket-Key")
        .next()
        .map(|field| String::from_utf8_lossy(&head.field_value(field)).into_owned())
}

fn check_start_line(validator: &mut HeadValidator<'_>) {
    if validator.check_start_line_controls() {
        return;
    }
    let head = validator.head;
    let [method, target, version] = validator.head.start_line_parts();
    // With a superfluous space, one part is empty or the last one contains a space.
    if method.is_empty() || target.is_empty() || head.slice(&version).contains(&b' ') {
        return validator.report(ProblemCode::RequestLine, Some(validator.head.start_line()));
    }
    let is_get = head.slice(&method) == b"GET";
    if !is_get {
        validator.report(ProblemCode::Method, Some(method));
    }
    if head.slice(&version) != b"HTTP/1.1" {
        validator.report(ProblemCode::HttpVersion, Some(version));
    }
    // Other methods have other forms of targets.
    if !is_get {
        return;
    }
    if !target::is_origin_or_absolute_form(head.slice(&target)) {
        validator.report(ProblemCode::Target, Some(target.clone()));
    }
    if let Some(at) = target::first_illegal_byte(head.slice(&target)) {
        validator.report(ProblemCode::TargetChar, Some(shift_range(&at, target.start)));
    }
    if let Some(at) = head.slice(&target).iter().position(|byte| *byte == b'#') {
        validator
            .report(ProblemCode::TargetFragment, Some(target.start.saturating_add(at)..target.end));
    }
}

fn check_host(validator: &mut HeadValidator<'_>) {
    match validator.single_field("Host") {
        SingleField::Missing => validator.report(ProblemCode::HostMissing, None),
        SingleField::Present(field) if !target::is_host(&validator.head.field_value(field)) => {
            validator.report(ProblemCode::HostSyntax, Some(field.line.clone()));
        }
        SingleField::Present(_) | SingleField::Unusable => {}
    }
}

/// Checks that the request has no content (RFC 6455 section 4.1). `Content-Length: 0` is allowed
/// but superfluous.
fn check_content(validator: &mut HeadValidator<'_>) {
    let head = validator.head;
    let announced = ["Transfer-Encoding", "Content-Length"];
    for (name, field) in
        announced.iter().flat_map(|name| head.fields_named(name).map(move |field| (*name, field)))
    {
        let none = name == "Content-Length" && head.field_value(field) == b"0";
        let (severity, hint) = if none {
            (Severity::Warning, Some("it announces no content, so it can be left out".to_owned()))
        } else {
            (Severity::Fatal, None)
        };
        validator.report_with(
            ProblemCode::RequestContent,
            severity,
            Some(field.line.clone()),
            hint,
        );
    }
}

fn check_upgrade(validator: &mut HeadValidator<'_>) {
    let has =
        |token: &'static str| move |tokens: &[String]| tokens.iter().any(|have| have == token);
    validator.check_token_list(
        "Upgrade",
        ProblemCode::UpgradeMissing,
        ProblemCode::UpgradeValue,
        has("websocket"),
    );
    validator.check_token_list(
        "Connection",
        ProblemCode::ConnectionMissing,
        ProblemCode::ConnectionToken,
        has("upgrade"),
    );
}

fn check_key(validator: &mut HeadValidator<'_>) -> Option<String> {
    let field = match validator.single_field("Sec-WebSocket-Key") {
        SingleField::Present(field) => field,
        SingleField::Missing => {
            let is_hixie = validator.head.fields_named("Sec-WebSocket-Key1").next().is_some();
            let hint = is_hixie.then(|| {
                "this is the draft hixie-76, with two keys and eight bytes after the head, which \
                 nothing speaks any more"
                    .to_owned()
            });
            let severity = ProblemCode::KeyMissing.rule().severity;
            validator.report_with(ProblemCode::KeyMissing, severity, None, hint);
            return None;
        }
        SingleField::Unusable => return None,
    };
    let key = field_text(validator, field);
    match decode_key(&key).map(|bytes| bytes.len()) {
        Some(16) => return Some(key),
        Some(_) => validator.report(ProblemCode::KeyLength, Some(field.line.clone())),
        None => validator.report(ProblemCode::KeyBase64, Some(field.line.clone())),
    }
    None
}

fn check_version(validator: &mut HeadValidator<'_>) {
    let field = match validator.single_field("Sec-WebSocket-Version") {
        SingleField::Present(field) => field,
        SingleField::Missing => return validator.report(ProblemCode::VersionMissing, None),
        SingleField::Unusable => return,
    };
    let version = field_text(validator, field);
    // RFC 6455 section 4.3: 0 to 255, no leading zeros, digits only (`parse` alone would take a
    // plus sign).
    let well_formed = version.parse::<u8>().is_ok_and(|number| number.to_string() == version);
    if !well_formed {
        validator.report(ProblemCode::VersionSyntax, Some(field.line.clone()));
    } else if version != "13" {
        validator.report(ProblemCode::VersionUnsupported, Some(field.line.clone()));
    }
}

fn check_origin(validator: &mut HeadValidator<'_>, policy: &ServerPolicy) {
    if let SingleField::Present(field) = validator.single_field("Origin")
        && !policy.origins.is_empty()
        && !policy.origins.contains(&field_text(validator, field))
    {
        validator.report(ProblemCode::Origin, Some(field.line.clone()));
    }
}

/// Chooses the first name in the client's order that the server supports (section 4.2.2).
fn choose_subprotocol(validator: &mut HeadValidator<'_>, policy: &ServerPolicy) -> Option<String> {
    let mut offered: Vec<String> = Vec::new();
    let head = validator.head;
    for field in head
        .fields_named("Sec-WebSocket-Protocol")
        .filter(|field| !validator.has_control_character(field))
        .collect::<Vec<_>>()
    {
        let names = head.list_elements(field);
        let no_token = names.is_empty() || names.iter().any(|name| !is_token(name.as_bytes()));
        let repeated = names.iter().enumerate().any(|(at, name)| {
            offered.contains(name) || names.iter().take(at).any(|earlier| earlier == name)
        });
        if no_token {
            validator.report(ProblemCode::SubprotocolSyntax, Some(field.value.clone()));
        } else if repeated {
            validator.report(ProblemCode::SubprotocolDuplicate, Some(field.value.clone()));
        }
        offered.extend(names);
    }
    offered.into_iter().find(|name| policy.subprotocols.contains(name))
}

/// Chooses the first offer that can be accepted. Invalid offers are declined with a warning (RFC
/// 7692 section 5).
fn choose_extension(
    validator: &mut HeadValidator<'_>,
    policy: &ServerPolicy,
) -> Option<(Extension, DeflateParams)> {
    let head = validator.head;
    let lines: Vec<&FieldLine> = head.fields_named("Sec-WebSocket-Extensions").collect();
    let offers: Vec<Extension> =
        lines.into_iter().flat_map(|field| head.extensions(field)).collect();
    // Extensions with other names are unknown here, and a server ignores what it does not support.
    let mut chosen = None;
    for offer in offers.into_iter().filter(Extension::is_deflate) {
        match DeflateParams::from_offer(&offer) {
            Ok(deflate) if policy.deflate && chosen.is_none() => chosen = Some((offer, deflate)),
            Ok(_) => {}
            Err(span) => {
                validator.report_with(ProblemCode::ExtParam, Severity::Warning, Some(span), None);
            }
        }
    }
    chosen
}

/// Accepts an offer as it is. The client's window is limited only if the offer names a size (RFC
/// 7692 section 7.1.2.2).
fn grant(offer: Extension, deflate: DeflateParams) -> (String, AgreedExtensions) {
    let mut accepted = offer;
    // Without a value the parameter only says that the client could be limited; in a response it
    // would need one.
    accepted.params.retain(|param| param.name != "client_max_window_bits" || param.value.is_some());
    let client_max_window_bits = deflate.client_max_window_bits.filter(Option::is_some);
    (
        accepted.to_string(),
        AgreedExtensions {
            deflate: Some(DeflateParams { client_max_window_bits, ..deflate }),
            ..AgreedExtensions::none()
        },
    )
}

fn conclude(
    validator: HeadValidator<'_>,
    key: Option<String>,
    protocol: Option<String>,
    extension: Option<(Extension, DeflateParams)>,
) -> HeadValidation {
    // The first fatal problem decides the status, so the order of the checks matters.
    let fatal =
        validator.problems.iter().find(|problem| problem.is_fatal()).map(|problem| problem.code);
    let accept = key.map(|key| AcceptValue::new(&key));
    let mut validation =
        HeadValidation { accept, problems: validator.problems, ..HeadValidation::default() };
    if let Some(code) = fatal {
        let status = status_for(code);
        validation.outcome = HandshakeOutcome::Reject;
        validation.status = Some(status);
        validation.response_headers = rejection_headers(status).into_iter().map(header).collect();
        return validation;
    }
    validation.outcome = HandshakeOutcome::Accept;
    validation.status = Some(101);
    validation.response_headers =
        vec![header(("Upgrade", "websocket")), header(("Connection", "Upgrade"))];
    // RFC 6455 section 4.2.2: the order of the headers is free; this one follows the RFC's example.
    if let Some(accept) = &validation.accept {
        validation.response_headers.push(header(("Sec-WebSocket-Accept", &accept.value)));
    }
    if let Some(name) = &protocol {
        validation.response_headers.push(header(("Sec-WebSocket-Protocol", name)));
    }
    validation.subprotocol = protocol;
    if let Some((offer, deflate)) = extension {
        let (text, agreed) = grant(offer, deflate);
        validation.response_headers.push(header(("Sec-WebSocket-Extensions", &text)));
        (validation.extensions, validation.agreed) = (vec![text], agreed);
    }
    validation
}

fn header((name, value): (&str, &str)) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

/// Returns the headers of a rejection. A 426 names the versions that the server supports (RFC 6455
/// section 4.4) and the protocol to upgrade to (RFC 9110 section 15.5.22). A 405 names the allowed
/// methods (RFC 9110 section 15.5.6).
fn rejection_headers(status: u16) -> Vec<(&'static str, &'static str)> {
    match status {
        405 => vec![("Allow", "GET"), ("Connection", "close")],
        426 => vec![
            ("Upgrade", "websocket"),
            ("Connection", "Upgrade"),
            ("Sec-WebSocket-Version", "13"),
        ],
        _ => vec![("Connection", "close")],
    }
}

fn status_for(code: ProblemCode) -> u16 {
    match code {
        ProblemCode::Method => 405,
        // Section 4.4: a version that isn't understood is answered like one that isn't supported.
        ProblemCode::VersionUnsupported | ProblemCode::VersionSyntax => 426,
        ProblemCode::Origin => 403,
        _ => 400,
    }
}

fn field_text(validator: &HeadValidator<'_>, field: &FieldLine) -> String {
    String::from_utf8_lossy(&validator.head.field_value(field)).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::frame::Side;

    const REQUEST: &str = "GET /chat HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: \
                           Upgrade\r\nSec-WebSocket-Key: \
                           dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";

    fn validated(
        from: &str,
        to: &str,
        more: &str,
        policy: &ServerPolicy,
    ) -> (Option<u16>, Vec<String>, HeadValidation) {
        assert!(REQUEST.contains(from), "{from}");
        let text = format!("{}{more}\r\n", REQUEST.replacen(from, to, 1));
        let validation = validate(&Head::new(Side::Client, text.as_bytes()), policy, b"");
        let at = |problem: &crate::wire::handshake::Problem| {
            let place = problem.span.clone().map_or("-", |span| &text[span]);
            format!("{} {place:?}", problem.code)
        };
        (validation.status, validation.problems.iter().map(at).collect(), validation)
    }

    fn problems(from: &str, to: &str, more: &str) -> (Option<u16>, Vec<String>) {
        let (status, problems, _) =
            validated(from, to, more, &ServerPolicy { deflate: true, ..ServerPolicy::default() });
        (status, problems)
    }

    #[test]
    fn rules_that_the_vectors_do_not_touch() {
        for (from, to, more, status, expected) in [
            ("/chat", "/chat#top", "", 400, vec!["H_TARGET_FRAGMENT \"#top\""]),
            ("Host: a\r\n", "", "", 400, vec!["H_HOST_MISSING \"-\""]),
            ("Host: a", "Host: a\r\nHost: a", "", 400, vec!["H_DUPLICATE \"Host: a\""]),
            ("Host: a", "Host: a\u{1}b", "", 400, vec!["H_CONTROL_CHAR \"Host: a\\u{1}b\""]),
            ("\r\nHost", "\nHost", "", 101, vec!["H_BARE_LF \"\\n\""]),
            ("GET", "get", "", 405, vec!["H_METHOD \"get\""]),
            ("Host: a", "X: y\r\nHost:\r\n a", "", 400, vec!["H_OBS_FOLD \"Host:\\r\\n a\""]),
            (
                "Sec-WebSocket-Version: 13",
                "Sec-WebSocket-Version:\r\n 13\r\n ",
                "",
                400,
                vec!["H_OBS_FOLD \"Sec-WebSocket-Version:\\r\\n 13\\r\\n \""],
            ),
            (
                "Host: a",
                " Host: a",
                "",
                400,
                vec!["H_OBS_FOLD \" Host: a\"", "H_HOST_MISSING \"-\""],
            ),
            ("Host: a", "Host: a\r\n\rx", "", 400, vec!["H_CONTROL_CHAR \"\\rx\""]),
            (" HTTP/1.1", "", "", 400, vec!["H_HTTP_VERSION \"\""]),
            ("dGhlIHNhbXBsZSBub25jZQ==", "", "", 400, vec!["H_KEY_LENGTH \"Sec-WebSocket-Key: \""]),
            (": 13", ": 256", "", 426, vec!["H_VERSION_SYNTAX \"Sec-WebSocket-Version: 256\""]),
            (": 13", ": +13", "", 426, vec!["H_VERSION_SYNTAX \"Sec-WebSocket-Version: +13\""]),
            (": websocket", ": h2c, WebSocket", "", 101, vec![]),
            ("Host: a", "Host: a\r\nX: a\tb", "", 101, vec![]),
            (
                "Connection: Upgrade",
                "Connection: Upgrade\u{7f}",
                "",
                400,
                vec!["H_CONTROL_CHAR \"Connection: Upgrade\\u{7f}\""],
            ),
            (
                "/chat",
                "/chat",
                "Sec-WebSocket-Extensions: permessage-deflate; a; a, permessage-deflate; \
                 turbo=1\r\n",
                101,
                vec!["H_EXT_PARAM \"a\"", "H_EXT_PARAM \"turbo=1\""],
            ),
        ] {
            let expected: Vec<String> = expected.into_iter().map(String::from).collect();
            assert_eq!(problems(from, to, more), (Some(status), expected), "{from:?} -> {to:?}");
        }
    }

    #[test]
    fn rfc_9112_section_3_the_request_line() {
        let line = |target: &str| format!("GET {target} HTTP/1.1");
        for (target, code) in [
            ("", "H_REQUEST_LINE"),
            (" /", "H_REQUEST_LINE"),
            ("/ ", "H_REQUEST_LINE"),
            ("/my chat", "H_REQUEST_LINE"),
            ("/a\rb", "H_CONTROL_CHAR"),
            ("/\0", "H_CONTROL_CHAR"),
            ("/\u{1b}[2J", "H_CONTROL_CHAR"),
            ("/\t", "H_CONTROL_CHAR"),
        ] {
            let expected = format!("{code} {:?}", line(target));
            assert_eq!(problems("/chat", target, ""), (Some(400), vec![expected]), "{target:?}");
        }
        for target in ["x", "*", "example.com:80", "ws://a/"] {
            let expected = format!("H_TARGET {target:?}");
            assert_eq!(problems("/chat", target, ""), (Some(400), vec![expected]));
        }
        for (target, at) in [("/?q={1}", "{"), ("/a%2", "%2"), ("/100%", "%")] {
            let expected = format!("H_TARGET_CHAR {at:?}");
            assert_eq!(problems("/chat", target, ""), (Some(101), vec![expected]), "a warning");
        }
    }

    #[test]
    fn rfc_9112_section_5_every_field_line_is_a_token_a_colon_and_a_value() {
        for (line, code) in [
            ("nocolon", "H_FIELD_LINE"),
            (": z", "H_FIELD_NAME"),
            ("X Y: z", "H_FIELD_NAME"),
            ("X(): z", "H_FIELD_NAME"),
            ("Ü: z", "H_FIELD_NAME"),
            ("X : z", "H_SPACE_BEFORE_COLON"),
            ("X\u{1}: z", "H_CONTROL_CHAR"),
        ] {
            let expected = format!("{code} {line:?}");
            assert_eq!(problems("H", "H", &format!("{line}\r\n")), (Some(400), vec![expected]));
        }
    }

    #[test]
    fn rfc_6455_section_4_1_a_handshake_has_no_content() {
        for line in [
            "Content-Length: 5",
            "Content-Length: ",
            "Content-Length: 00",
            "Transfer-Encoding: chunked",
        ] {
            let expected = format!("H_REQUEST_CONTENT {line:?}");
            assert_eq!(problems("H", "H", &format!("{line}\r\n")), (Some(400), vec![expected]));
        }
        let (status, found) = problems("H", "H", "Content-Length: 0\r\n");
        assert_eq!((status, found.len()), (Some(101), 1), "a warning");
    }

    #[test]
    fn rfc_9112_section_3_2_a_host_is_one_name_or_address() {
        for host in ["", "a b", "a, b", "a:99999", "user@a", "http://a/"] {
            let expected = format!("H_HOST_SYNTAX {:?}", format!("Host: {host}"));
            assert_eq!(
                problems("Host: a", &format!("Host: {host}"), ""),
                (Some(400), vec![expected])
            );
        }
    }

    #[test]
    fn rfc_7692_section_7_1_what_is_offered_is_granted() {
        let more = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits; \
                    server_max_window_bits=10; server_no_context_takeover, permessage-deflate\r\n";
        let (_, _, validation) = validated(
            "/chat",
            "/chat",
            more,
            &ServerPolicy { deflate: true, ..ServerPolicy::default() },
        );
        assert_eq!(
            validation.extensions,
            ["permessage-deflate; server_max_window_bits=10; server_no_context_takeover"]
        );
        let (_, _, validation) = validated("/chat", "/chat", more, &ServerPolicy::default());
        assert!(validation.extensions.is_empty());
    }

    #[test]
    fn the_clients_order_decides_between_subprotocols() {
        let policy = ServerPolicy {
            subprotocols: vec!["mqtt".into(), "chat".into()],
            ..ServerPolicy::default()
        };
        let (_, _, validation) =
            validated("/chat", "/chat", "Sec-WebSocket-Protocol: soap, chat, mqtt\r\n", &policy);
        assert_eq!(validation.subprotocol.as_deref(), Some("chat"));
    }
}
