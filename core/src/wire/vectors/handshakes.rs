//! Vectors of opening handshakes: requests and responses.

use serde_json::Value;

use super::{array, case_bytes, chunks, handshakes_file, number, text};
use crate::wire::Severity;
use crate::wire::format::hex;
use crate::wire::handshake::extension::parse_extensions;
use crate::wire::handshake::{
    ClientOffer, DEFAULT_MAX_HEAD_LEN, HandshakeOutcome, HeadContext, HeadReader, ProblemCode,
    ServerPolicy, ValidatedHead,
};

fn strings(value: &Value) -> Vec<String> {
    array(value).iter().map(|item| text(item).to_owned()).collect()
}

fn context(case: &Value) -> (HeadContext, usize) {
    let known = &case["context"];
    let limit =
        known["max_header_bytes"].as_u64().map_or(DEFAULT_MAX_HEAD_LEN, |limit| limit as usize);
    let protocols = strings(&known["protocols"]);
    if case["role_under_test"] == "client" {
        let key = known["key"].as_str().map(String::from);
        let extensions = parse_extensions(text(&known["extensions"]).as_bytes(), 0);
        return (
            HeadContext::Response(Some(ClientOffer { key, subprotocols: protocols, extensions })),
            limit,
        );
    }
    let policy = ServerPolicy {
        subprotocols: protocols,
        origins: strings(&known["origins"]),
        deflate: known["deflate"] == true,
        max_head_len: limit,
    };
    (HeadContext::Request(policy), limit)
}

fn read_head(case: &Value, bytes: &[u8], chunk: usize) -> (ValidatedHead, usize, Vec<u8>) {
    let (context, limit) = context(case);
    let mut reader = HeadReader::new(context.sender(), limit);
    let mut left = Vec::new();
    for piece in bytes.chunks(chunk) {
        let taken = reader.push(piece);
        left.extend_from_slice(&piece[taken..]);
    }
    (ValidatedHead::with_bytes_after(&reader, &context, &left), reader.bytes().len(), left)
}

fn assert_problems(head: &ValidatedHead, expect: &Value, name: &str) {
    let validation = &head.validation;
    let mut got: Vec<(&str, &str)> = validation
        .problems
        .iter()
        .map(|problem| (problem.code.name(), problem.severity.name()))
        .collect();
    let mut want: Vec<(&str, &str)> = array(&expect["problems"])
        .iter()
        .map(|problem| (text(&problem["code"]), text(&problem["severity"])))
        .collect();
    got.sort_unstable();
    want.sort_unstable();
    assert_eq!(got, want, "{name}");
    for expected in array(&expect["problems"]) {
        let problem = validation
            .problems
            .iter()
            .find(|problem| problem.code.name() == text(&expected["code"]))
            .unwrap();
        if let Some(span) = expected["span"].as_array() {
            let place = problem.span.clone().map(|span| [span.start as u64, span.len() as u64]);
            assert_eq!(place, Some([number(&span[0]), number(&span[1])]), "{name}");
        }
        if problem.code == ProblemCode::AcceptMismatch {
            assert_eq!(problem.hint.as_deref(), expected["hint"].as_str(), "{name}");
        }
    }
}

fn assert_response_headers(head: &ValidatedHead, expect: &Value, name: &str) {
    let validation = &head.validation;
    let value = |wanted: &str| {
        validation
            .response_headers
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(wanted))
            .map(|(_, value)| value.as_str())
    };
    for (header, expected) in expect["response_headers_include"].as_object().into_iter().flatten() {
        assert_eq!(value(header), expected.as_str(), "{name}: {header}");
    }
    for header in array(&expect["response_headers_absent"]) {
        assert_eq!(value(text(header)), None, "{name}");
    }
    if let Some(negotiated) = expect.get("negotiated") {
        assert_eq!(validation.subprotocol.as_deref(), negotiated["protocol"].as_str(), "{name}");
        assert_eq!(validation.extensions, strings(&negotiated["extensions"]), "{name}");
    }
}

fn outcome(case: &Value, head: &ValidatedHead) -> &'static str {
    match head.validation.outcome {
        HandshakeOutcome::Accept => "accept",
        HandshakeOutcome::Incomplete => "incomplete",
        HandshakeOutcome::Reject if case["role_under_test"] == "client" => "fail",
        HandshakeOutcome::Reject => "reject",
    }
}

fn assert_head(case: &Value, bytes: &[u8], chunk: usize) {
    let name = format!("{} in chunks of {chunk}", text(&case["name"]));
    let expect = &case["expect"];
    let (head, head_len, left) = read_head(case, bytes, chunk);
    let outcome = outcome(case, &head);
    let mut allowed = text(&expect["verdict"]).split("_or_");
    assert!(allowed.any(|allowed| allowed == outcome), "{name}: {outcome}");
    let validation = &head.validation;
    if expect.get("status").is_some() {
        assert_eq!(validation.status.map(u64::from), expect["status"].as_u64(), "{name}");
    }
    assert_problems(&head, expect, &name);
    assert_response_headers(&head, expect, &name);
    if let Some(expected) = expect["head_len"].as_u64() {
        assert_eq!(head.head.as_ref().map(|_| head_len as u64), Some(expected), "{name}");
    }
    if head.head.is_some() {
        assert_eq!(hex(&left), text(&expect["leftover_hex"]), "{name}");
    }
    let fatal = validation.problems.iter().any(|problem| problem.severity == Severity::Fatal);
    assert_eq!(fatal, validation.outcome == HandshakeOutcome::Reject, "{name}");
}

#[test]
fn every_handshake_vector_whole_byte_by_byte_and_in_threes() {
    let file = handshakes_file();
    for case in array(&file["cases"]) {
        let bytes = case_bytes(case);
        for chunk in chunks(bytes.len()) {
            assert_head(case, &bytes, chunk);
        }
    }
    assert!(array(&file["cases"]).len() >= 83);
}
