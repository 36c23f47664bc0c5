//! Holds the decoder and the handshake against the vectors of `tests/vectors/`: whole, byte by byte, in threes,
//! and at the very byte after which each fault is certain. What a vector means is said in its file's `doc`.

use serde_json::Value;

use super::extension::{Agreed, list};
use super::fault::{Code, Severity};
use super::frame::Side;
use super::handshake::{
    Asked, Context, DEFAULT_LIMIT, HeadReader, Opening, Outcome, Policy, ProblemCode,
};
use super::transcript::{Frame, Transcript, Verdict};
use super::words::hex;
use super::{Decoder, mask};

fn file(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn frames_file() -> Value {
    file(include_str!("../../tests/vectors/frames.json"))
}

fn handshakes_file() -> Value {
    file(include_str!("../../tests/vectors/handshakes.json"))
}

fn array(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap()
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}

fn case_bytes(case: &Value) -> Vec<u8> {
    let mut bytes = unhex(text(&case["hex"]));
    for unit in [&case["repeat"], &case["insert"]]
        .into_iter()
        .filter(|unit| !unit.is_null())
    {
        bytes.extend(unhex(text(&unit["unit_hex"])).repeat(number(&unit["times"]) as usize));
    }
    bytes.extend(unhex(text(&case["hex_after"])));
    bytes
}

fn chunks(len: usize) -> Vec<usize> {
    if len < 5000 {
        vec![len.max(1), 1, 3]
    } else {
        vec![len, 4096]
    }
}

fn said(case: &Value, bytes: &[u8], chunk: usize) -> Transcript {
    let from = if case["direction"] == "client" {
        Side::Client
    } else {
        Side::Server
    };
    let agreed = Agreed::parse(text(&case["extensions"])).unwrap();
    let mut said = Transcript::of(Decoder::new(from, agreed).stop_at_fatal());
    bytes.chunks(chunk).for_each(|piece| said.push(piece));
    said
}

/// The payload of an expected frame by the definition of RFC 6455 section 5.3, straight from the bytes.
fn expected_payload(frame: &Value, bytes: &[u8]) -> Vec<u8> {
    let start = (number(&frame["offset"]) + number(&frame["header_len"])) as usize;
    let mut payload = bytes[start..start + number(&frame["payload_len"]) as usize].to_vec();
    if let Some(key) = frame["masking_key"].as_str() {
        mask::apply(&mut payload, unhex(key).try_into().unwrap(), 0);
    }
    payload
}

fn listed(said: &Transcript) -> Vec<&Frame> {
    let impossible = said
        .arriving()
        .filter(|frame| frame.header.length_is_impossible());
    said.frames().iter().chain(impossible).collect()
}

fn assert_frame(got: &Frame, want: &Value, bytes: &[u8], name: &str) {
    let header = &got.header;
    let fields = serde_json::json!({
        "offset": got.offset, "fin": header.fin, "rsv1": header.rsv1, "rsv2": header.rsv2, "rsv3": header.rsv3,
        "opcode": header.opcode.bits(), "opcode_name": header.opcode.name(), "mask": header.key.is_some(),
        "len7": header.len7(), "ext_len_bytes": header.form.extra_bytes(), "header_len": header.len(),
        "payload_len": header.payload_len, "masking_key": header.key.map(|key| hex(&key)),
        "payload_complete": got.complete,
    });
    for (key, value) in fields.as_object().unwrap() {
        assert_eq!(value, &want[key], "{name}: {key}");
    }
    if got.complete {
        let payload = expected_payload(want, bytes);
        assert_eq!(got.payload(), payload, "{name}");
        if let Some(expected) = want["payload_hex"].as_str() {
            assert_eq!(hex(&payload), expected, "{name}");
        }
    }
}

/// Which data frame of the case begins a compressed message: only such data would have to be inflated.
fn is_compressed(case: &Value, first_frame: &Value) -> bool {
    text(&case["extensions"]).starts_with("permessage-deflate") && first_frame["rsv1"] == true
}

fn assert_messages(said: &Transcript, case: &Value, bytes: &[u8], name: &str) {
    let frames = array(&case["expect"]["frames"]);
    let expected = array(&case["expect"]["messages"]);
    let (compressed, plain): (Vec<&Value>, Vec<&Value>) = expected
        .iter()
        .partition(|message| is_compressed(case, &frames[number(&message["frames"][0]) as usize]));
    let joined = |message: &Value| -> Vec<u8> {
        array(&message["frames"])
            .iter()
            .flat_map(|at| expected_payload(&frames[number(at) as usize], bytes))
            .collect()
    };
    let got: Vec<_> = said
        .messages()
        .iter()
        .filter(|message| !message.compressed)
        .collect();
    assert_eq!(got.len(), plain.len(), "{name}");
    for (got, want) in got.iter().zip(plain) {
        assert_eq!(
            (got.kind.name(), &got.data),
            (text(&want["type"]), &joined(want)),
            "{name}"
        );
        assert_eq!(got.text(), want["text"].as_str().or(got.text()), "{name}");
        if let Some(expected) = want["hex"].as_str() {
            assert_eq!(hex(&got.data), expected, "{name}");
        }
    }
    // Not inflated yet: whole and in order, as they came.
    for want in compressed {
        let number_of = |at: &Value| number(at) as usize;
        let indices: Vec<usize> = array(&want["frames"]).iter().map(number_of).collect();
        let got = said
            .messages()
            .iter()
            .find(|message| message.frames == indices);
        let got = got.unwrap_or_else(|| panic!("{name}: no message of frames {indices:?}"));
        assert_eq!(
            (got.compressed, got.kind.name(), &got.data),
            (true, text(&want["type"]), &joined(want)),
            "{name}"
        );
    }
}

/// Faults that only inflating finds are marked in the data: the place where they are certain is an upper bound.
fn found_without_inflating(case: &Value) -> Vec<&Value> {
    array(&case["expect"]["violations"])
        .iter()
        .filter(|fault| fault["upper_bound"] != true)
        .collect()
}

fn assert_faults(said: &Transcript, case: &Value, name: &str) {
    let show = |code: &str, frame: u64, byte: u64, bits: Option<String>, after: u64| {
        format!("{code} frame {frame} byte {byte} bits {bits:?} after {after}")
    };
    let mut got: Vec<String> = said
        .faults()
        .iter()
        .map(|fault| {
            let bits = fault.bits.map(|bits| bits.to_string());
            show(
                fault.code.name(),
                fault.frame as u64,
                fault.byte_offset,
                bits,
                fault.detectable_after,
            )
        })
        .collect();
    let mut want: Vec<String> = found_without_inflating(case)
        .into_iter()
        .map(|fault| {
            let bits = fault["bits"].as_str().map(|bits| bits.replace(' ', ""));
            let byte = number(&fault["byte_offset"]);
            let after = number(&fault["detectable_after_bytes"]);
            show(
                text(&fault["code"]),
                number(&fault["frame"]),
                byte,
                bits,
                after,
            )
        })
        .collect();
    got.sort();
    want.sort();
    assert_eq!(got, want, "{name}");
}

fn assert_verdict(said: &Transcript, case: &Value, name: &str) {
    let expect = &case["expect"];
    if found_without_inflating(case).len() == array(&expect["violations"]).len() {
        assert_eq!(said.verdict().name(), text(&expect["verdict"]), "{name}");
    } else {
        assert_eq!(
            said.verdict(),
            Verdict::Ok,
            "{name}: all but the compressed data is right"
        );
    }
    let needs = said
        .needs()
        .map(|needs| (needs.have, needs.more, needs.phase.name()));
    let incomplete = &expect["incomplete"];
    let expected = (!incomplete.is_null()).then(|| {
        (
            number(&incomplete["have"]),
            number(&incomplete["need_more"]),
            text(&incomplete["phase"]),
        )
    });
    assert_eq!(needs, expected, "{name}");
    assert_eq!(
        said.decoder().open_message().is_some(),
        expect["open_fragmented_message"] == true,
        "{name}"
    );
}

#[test]
fn every_frame_vector_whole_byte_by_byte_and_in_threes() {
    let file = frames_file();
    let mut inflating = 0;
    for case in array(&file["cases"]) {
        let bytes = case_bytes(case);
        assert_eq!(bytes.len() as u64, number(&case["total_bytes"]));
        for chunk in chunks(bytes.len()) {
            let name = format!("{} in chunks of {chunk}", text(&case["name"]));
            let said = said(case, &bytes, chunk);
            let (got, want) = (listed(&said), array(&case["expect"]["frames"]));
            assert_eq!(got.len(), want.len(), "{name}");
            got.iter()
                .zip(want)
                .for_each(|(got, want)| assert_frame(got, want, &bytes, &name));
            assert_messages(&said, case, &bytes, &name);
            assert_faults(&said, case, &name);
            assert_verdict(&said, case, &name);
            inflating += usize::from(said.messages().iter().any(|message| message.compressed));
        }
    }
    assert!(array(&file["cases"]).len() >= 132 && inflating > 0);
}

#[test]
fn each_fault_is_told_at_the_very_byte_that_makes_it_certain() {
    let file = frames_file();
    let mut seen = 0;
    for case in array(&file["cases"]) {
        let bytes = case_bytes(case);
        for fault in found_without_inflating(case) {
            let code = Code::from_name(text(&fault["code"])).unwrap();
            let after = number(&fault["detectable_after_bytes"]) as usize;
            let told = |len: usize| {
                let said = said(case, &bytes[..len], len.max(1));
                said.faults()
                    .iter()
                    .any(|got| got.code == code && got.frame as u64 == number(&fault["frame"]))
            };
            assert!(
                told(after) && !told(after - 1),
                "{}: {code} after {after}",
                case["name"]
            );
            seen += 1;
        }
    }
    assert!(seen >= 70, "{seen}");
}

#[test]
fn the_table_of_rules_is_the_vectors_table() {
    let file = frames_file();
    let table = file["violation_codes"].as_object().unwrap();
    for (name, row) in table {
        let rule = Code::from_name(name)
            .unwrap_or_else(|| panic!("{name} is missing"))
            .rule();
        assert_eq!(rule.severity.name(), text(&row["severity"]), "{name}");
        assert_eq!(
            rule.close_code.map(u64::from),
            row["close_code"].as_u64(),
            "{name}"
        );
        assert_eq!(rule.section, text(&row["rfc"]), "{name}");
    }
    assert_eq!(Code::ALL.len(), table.len());
    let file = handshakes_file();
    let table = file["problem_codes"].as_object().unwrap();
    for code in ProblemCode::ALL {
        let row = &table[code.name()];
        assert_eq!(
            code.rule().severity.name(),
            text(&row["severity"]),
            "{code}"
        );
        assert_eq!(code.rule().section, text(&row["rfc"]), "{code}");
    }
    assert_eq!(ProblemCode::ALL.len(), table.len());
}

fn strings(value: &Value) -> Vec<String> {
    array(value)
        .iter()
        .map(|item| text(item).to_owned())
        .collect()
}

fn context(case: &Value) -> (Context, usize) {
    let known = &case["context"];
    let limit = known["max_header_bytes"]
        .as_u64()
        .map_or(DEFAULT_LIMIT, |limit| limit as usize);
    let protocols = strings(&known["protocols"]);
    if case["role_under_test"] == "client" {
        let key = known["key"].as_str().map(String::from);
        let extensions = list(text(&known["extensions"]).as_bytes(), 0);
        return (
            Context::Response(Asked {
                key,
                protocols,
                extensions,
            }),
            limit,
        );
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
    (
        Opening::new(&reader, &context, !left.is_empty()),
        reader.bytes().len(),
        left,
    )
}

fn assert_problems(opening: &Opening, expect: &Value, name: &str) {
    let judgement = &opening.judgement;
    let mut got: Vec<(&str, &str)> = judgement
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
        let problem = judgement
            .problems
            .iter()
            .find(|problem| problem.code.name() == text(&expected["code"]))
            .unwrap();
        if let Some(span) = expected["span"].as_array() {
            let place = problem
                .span
                .clone()
                .map(|span| [span.start as u64, span.len() as u64]);
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
    for (header, expected) in expect["response_headers_include"]
        .as_object()
        .into_iter()
        .flatten()
    {
        assert_eq!(value(header), expected.as_str(), "{name}: {header}");
    }
    for header in array(&expect["response_headers_absent"]) {
        assert_eq!(value(text(header)), None, "{name}");
    }
    if let Some(negotiated) = expect.get("negotiated") {
        assert_eq!(
            judgement.protocol.as_deref(),
            negotiated["protocol"].as_str(),
            "{name}"
        );
        assert_eq!(
            judgement.extensions,
            strings(&negotiated["extensions"]),
            "{name}"
        );
    }
}

#[test]
fn every_handshake_vector_whole_byte_by_byte_and_in_threes() {
    let file = handshakes_file();
    for case in array(&file["cases"]) {
        let (bytes, expect) = (case_bytes(case), &case["expect"]);
        for chunk in chunks(bytes.len()) {
            let name = format!("{} in chunks of {chunk}", text(&case["name"]));
            let (opening, head_len, left) = opened(case, &bytes, chunk);
            let outcome = match opening.judgement.outcome {
                Outcome::Accept => "accept",
                Outcome::Incomplete => "incomplete",
                Outcome::Refuse if case["role_under_test"] == "client" => "fail",
                Outcome::Refuse => "reject",
            };
            assert!(
                text(&expect["verdict"])
                    .split("_or_")
                    .any(|allowed| allowed == outcome),
                "{name}: {outcome}"
            );
            if expect.get("status").is_some() {
                assert_eq!(
                    opening.judgement.status.map(u64::from),
                    expect["status"].as_u64(),
                    "{name}"
                );
            }
            assert_problems(&opening, expect, &name);
            assert_answer(&opening, expect, &name);
            if let Some(expected) = expect["head_len"].as_u64() {
                assert_eq!(
                    opening.head.as_ref().map(|_| head_len as u64),
                    Some(expected),
                    "{name}"
                );
            }
            if opening.head.is_some() {
                assert_eq!(hex(&left), text(&expect["leftover_hex"]), "{name}");
            }
            let fatal = opening
                .judgement
                .problems
                .iter()
                .any(|problem| problem.severity == Severity::Fatal);
            assert_eq!(
                fatal,
                opening.judgement.outcome == Outcome::Refuse,
                "{name}"
            );
        }
    }
    assert!(array(&file["cases"]).len() >= 83);
}
