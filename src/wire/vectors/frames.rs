//! Frames: the bytes one side sent after the handshake, and the tables of rules.

use serde_json::Value;

use super::{array, case_bytes, chunks, frames_file, handshakes_file, number, text, unhex};
use crate::wire::fault::Code;
use crate::wire::handshake::ProblemCode;
use crate::wire::words::hex;
use crate::wire::{Agreed, Decoder, Frame, Side, Transcript, Verdict, mask};

fn said(case: &Value, bytes: &[u8], chunk: usize) -> Transcript {
    let from = if case["direction"] == "client" { Side::Client } else { Side::Server };
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
    let impossible = said.arriving().filter(|frame| frame.header.length_is_impossible());
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
    let got: Vec<_> = said.messages().iter().filter(|message| !message.compressed).collect();
    assert_eq!(got.len(), plain.len(), "{name}");
    for (got, want) in got.iter().zip(plain) {
        assert_eq!((got.kind.name(), &got.data), (text(&want["type"]), &joined(want)), "{name}");
        assert_eq!(got.text(), want["text"].as_str().or(got.text()), "{name}");
        if let Some(expected) = want["hex"].as_str() {
            assert_eq!(hex(&got.data), expected, "{name}");
        }
    }
    // Not inflated yet: whole and in order, as they came.
    for want in compressed {
        let number_of = |at: &Value| number(at) as usize;
        let indices: Vec<usize> = array(&want["frames"]).iter().map(number_of).collect();
        let got = said.messages().iter().find(|message| message.frames == indices);
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
    array(&case["expect"]["violations"]).iter().filter(|fault| fault["upper_bound"] != true).collect()
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
            show(fault.code.name(), fault.frame as u64, fault.byte_offset, bits, fault.detectable_after)
        })
        .collect();
    let mut want: Vec<String> = found_without_inflating(case)
        .into_iter()
        .map(|fault| {
            let bits = fault["bits"].as_str().map(|bits| bits.replace(' ', ""));
            let byte = number(&fault["byte_offset"]);
            let after = number(&fault["detectable_after_bytes"]);
            show(text(&fault["code"]), number(&fault["frame"]), byte, bits, after)
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
        assert_eq!(said.verdict(), Verdict::Ok, "{name}: all but the compressed data is right");
    }
    let needs = said.needs().map(|needs| (needs.have, needs.more, needs.phase.name()));
    let incomplete = &expect["incomplete"];
    let expected = (!incomplete.is_null())
        .then(|| (number(&incomplete["have"]), number(&incomplete["need_more"]), text(&incomplete["phase"])));
    assert_eq!(needs, expected, "{name}");
    assert_eq!(said.decoder().open_message().is_some(), expect["open_fragmented_message"] == true, "{name}");
}

/// Holds the decoder against one case; says whether it has compressed messages.
pub(in crate::wire) fn hold(case: &Value) -> bool {
    let bytes = case_bytes(case);
    assert_eq!(bytes.len() as u64, number(&case["total_bytes"]));
    let mut inflating = false;
    for chunk in chunks(bytes.len()) {
        let name = format!("{} in chunks of {chunk}", text(&case["name"]));
        let said = said(case, &bytes, chunk);
        let (got, want) = (listed(&said), array(&case["expect"]["frames"]));
        assert_eq!(got.len(), want.len(), "{name}");
        got.iter().zip(want).for_each(|(got, want)| assert_frame(got, want, &bytes, &name));
        assert_messages(&said, case, &bytes, &name);
        assert_faults(&said, case, &name);
        assert_verdict(&said, case, &name);
        inflating |= said.messages().iter().any(|message| message.compressed);
    }
    inflating
}

#[test]
fn every_frame_vector_whole_byte_by_byte_and_in_threes() {
    let file = frames_file();
    let mut inflating = 0;
    for case in array(&file["cases"]) {
        inflating += usize::from(hold(case));
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
            assert!(told(after) && !told(after - 1), "{}: {code} after {after}", case["name"]);
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
        let rule = Code::from_name(name).unwrap_or_else(|| panic!("{name} is missing")).rule();
        assert_eq!(rule.severity.name(), text(&row["severity"]), "{name}");
        assert_eq!(rule.close_code.map(u64::from), row["close_code"].as_u64(), "{name}");
        assert_eq!(rule.section, text(&row["rfc"]), "{name}");
    }
    assert_eq!(Code::ALL.len(), table.len());
    let file = handshakes_file();
    let table = file["problem_codes"].as_object().unwrap();
    for code in ProblemCode::ALL {
        let row = &table[code.name()];
        assert_eq!(code.rule().severity.name(), text(&row["severity"]), "{code}");
        assert_eq!(code.rule().section, text(&row["rfc"]), "{code}");
    }
    assert_eq!(ProblemCode::ALL.len(), table.len());
}
