//! Opening handshakes: requests and responses.

use serde_json::Value;

use super::{array, case_bytes, chunks, handshakes_file, number, text};
use crate::wire::Severity;
use crate::wire::extension::list;
use crate::wire::handshake::{
    Asked, Context, DEFAULT_LIMIT, HeadReader, Opening, Outcome, Policy, ProblemCode,
};
use crate::wire::words::hex;

fn strings(value: &Value) -> Vec<String> {
    array(value).iter().map(|item| text(item).to_owned()).collect()
}

fn context(case: &Value) -> (Context, usize) {
    let known = &case["context"];
    let limit = known["max_header_bytes"].as_u64().map_or(DEFAULT_LIMIT, |limit| limit as usize);
    let protocols = strings(&known["protocols"]);
    if case["role_under_test"] == "client" {
        let key = known["key"].as_str().map(String::from);
        let extensions = list(text(&known["extensions"]).as_bytes(), 0);
        return (Context::Response(Asked { key, protocols, extensions }), limit);
    }
    let policy = Policy {
        protocols,
        origins: strings(&known["origins"]),
        deflate: known["deflate"] == true,
        max_header_bytes: limit,
    };
    (Context::Request(policy), limit)
}

fn opened(case: &Value, bytes: &[u8], chunk: usize) -> (Opening, usize, Vec<u8>) {
    let (context, limit) = context(case);
    let mut reader = HeadReader::new(context.sender(), limit);
    let mut left = Vec::new();
    for piece in bytes.chunks(chunk) {
        let taken = reader.push(piece);
        left.extend_from_slice(&piece[taken..]);
    }
    (Opening::new(&reader, &context, !left.is_empty()), reader.bytes().len(), left)
}

fn assert_problems(opening: &Opening, expect: &Value, name: &str) {
    let judgement = &opening.judgement;
    let mut got: Vec<(&str, &str)> =
        judgement.problems.iter().map(|problem| (problem.code.name(), problem.severity.name())).collect();
    let mut want: Vec<(&str, &str)> = array(&expect["problems"])
        .iter()
        .map(|problem| (text(&problem["code"]), text(&problem["severity"])))
        .collect();
    got.sort_unstable();
    want.sort_unstable();
    assert_eq!(got, want, "{name}");
    for expected in array(&expect["problems"]) {
        let problem =
            judgement.problems.iter().find(|problem| problem.code.name() == text(&expected["code"])).unwrap();
        if let Some(span) = expected["span"].as_array() {
            let place = problem.span.clone().map(|span| [span.start as u64, span.len() as u64]);
            assert_eq!(place, Some([number(&span[0]), number(&span[1])]), "{name}");
        }
        if problem.code == ProblemCode::AcceptMismatch {
            assert_eq!(problem.hint.as_deref(), expected["hint"].as_str(), "{name}");
        }
    }
}

fn assert_answer(opening: &Opening, expect: &Value, name: &str) {
    let judgement = &opening.judgement;
    let value = |wanted: &str| {
        judgement
            .answer
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
        assert_eq!(judgement.protocol.as_deref(), negotiated["protocol"].as_str(), "{name}");
        assert_eq!(judgement.extensions, strings(&negotiated["extensions"]), "{name}");
    }
}

fn outcome(case: &Value, opening: &Opening) -> &'static str {
    match opening.judgement.outcome {
        Outcome::Accept => "accept",
        Outcome::Incomplete => "incomplete",
        Outcome::Refuse if case["role_under_test"] == "client" => "fail",
        Outcome::Refuse => "reject",
    }
}

fn assert_opening(case: &Value, bytes: &[u8], chunk: usize) {
    let name = format!("{} in chunks of {chunk}", text(&case["name"]));
    let expect = &case["expect"];
    let (opening, head_len, left) = opened(case, bytes, chunk);
    let outcome = outcome(case, &opening);
    let mut allowed = text(&expect["verdict"]).split("_or_");
    assert!(allowed.any(|allowed| allowed == outcome), "{name}: {outcome}");
    let judgement = &opening.judgement;
    if expect.get("status").is_some() {
        assert_eq!(judgement.status.map(u64::from), expect["status"].as_u64(), "{name}");
    }
    assert_problems(&opening, expect, &name);
    assert_answer(&opening, expect, &name);
    if let Some(expected) = expect["head_len"].as_u64() {
        assert_eq!(opening.head.as_ref().map(|_| head_len as u64), Some(expected), "{name}");
    }
    if opening.head.is_some() {
        assert_eq!(hex(&left), text(&expect["leftover_hex"]), "{name}");
    }
    let fatal = judgement.problems.iter().any(|problem| problem.severity == Severity::Fatal);
    assert_eq!(fatal, judgement.outcome == Outcome::Refuse, "{name}");
}

#[test]
fn every_handshake_vector_whole_byte_by_byte_and_in_threes() {
    let file = handshakes_file();
    for case in array(&file["cases"]) {
        let bytes = case_bytes(case);
        for chunk in chunks(bytes.len()) {
            assert_opening(case, &bytes, chunk);
        }
    }
    assert!(array(&file["cases"]).len() >= 83);
}
