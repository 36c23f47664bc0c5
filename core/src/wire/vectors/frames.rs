//! Vectors of frames: the bytes that one side sent after the handshake, and the tables of rules.

use flate2::{Decompress, FlushDecompress};
use serde_json::Value;

use super::{array, case_bytes, chunks, frames_file, handshakes_file, number, text, unhex};
use crate::wire::decode::fault::FaultCode;
use crate::wire::format::hex;
use crate::wire::frame::mask;
use crate::wire::handshake::ProblemCode;
use crate::wire::{AgreedExtensions, Decoder, Frame, Side, Transcript};

fn transcribe(case: &Value, bytes: &[u8], chunk: usize) -> Transcript {
    let from = if case["direction"] == "client" { Side::Client } else { Side::Server };
    let agreed = AgreedExtensions::parse(text(&case["extensions"])).unwrap();
    let mut transcript = Transcript::with_decoder(Decoder::new(from, agreed).stop_at_fatal());
    bytes.chunks(chunk).for_each(|piece| transcript.push(piece));
    transcript
}

/// Returns the payload of an expected frame, computed from the bytes by the definition of RFC 6455
/// section 5.3.
fn expected_payload(frame: &Value, bytes: &[u8]) -> Vec<u8> {
    let start = (number(&frame["offset"]) + number(&frame["header_len"])) as usize;
    let mut payload = bytes[start..start + number(&frame["payload_len"]) as usize].to_vec();
    if let Some(key) = frame["masking_key"].as_str() {
        mask::apply(&mut payload, unhex(key).try_into().unwrap(), 0);
    }
    payload
}

fn listed(transcript: &Transcript) -> Vec<&Frame> {
    let impossible =
        transcript.current_frame().filter(|frame| frame.header.has_impossible_length());
    transcript.frames().iter().chain(impossible).collect()
}

fn assert_frame(got: &Frame, want: &Value, bytes: &[u8], name: &str) {
    let header = &got.header;
    let fields = serde_json::json!({
        "offset": got.offset, "fin": header.fin, "rsv1": header.rsv1, "rsv2": header.rsv2, "rsv3": header.rsv3,
        "opcode": header.opcode.bits(), "opcode_name": header.opcode.name(), "mask": header.masking_key.is_some(),
        "len7": header.len7(), "ext_len_bytes": header.length_form.extra_bytes(), "header_len": header.len(),
        "payload_len": header.payload_len, "masking_key": header.masking_key.map(|key| hex(&key)),
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

fn assert_messages(transcript: &Transcript, case: &Value, name: &str) {
    let expected = array(&case["expect"]["messages"]);
    assert_eq!(transcript.messages().len(), expected.len(), "{name}");
    for (got, want) in transcript.messages().iter().zip(expected) {
        assert_eq!(got.kind.name(), text(&want["type"]), "{name}");
        let frames: Vec<u64> = got.frames.iter().map(|frame| *frame as u64).collect();
        assert_eq!(frames, array(&want["frames"]).iter().map(number).collect::<Vec<_>>(), "{name}");
        assert_eq!(got.inflate_stop, None, "{name}");
        assert_eq!(got.text(), want["text"].as_str().or(got.text()), "{name}");
        assert_eq!(got.payload_len, number(&want["wire_len"]), "{name}");
        assert_eq!(got.data.len() as u64, number(&want["len"]), "{name}");
        if let Some(expected) = want["hex"].as_str() {
            assert_eq!(hex(&got.data), expected, "{name}");
            continue;
        }
        // A vector has only a digest of long messages. They are compared with the payload, inflated
        // by zlib.
        let payload: Vec<u8> =
            got.frames.iter().flat_map(|frame| transcript.frames()[*frame].payload()).collect();
        let plain = if got.compressed { zlib(&payload, got.data.len()) } else { payload };
        assert!(got.data == plain, "{name}");
    }
}

/// Inflates a first message with zlib.
fn zlib(payload: &[u8], len: usize) -> Vec<u8> {
    let mut plain = vec![0; len + 1];
    let mut zlib = Decompress::new(false);
    zlib.decompress(payload, &mut plain, FlushDecompress::Sync).unwrap();
    plain.truncate(zlib.total_out() as usize);
    plain
}

fn all_faults(case: &Value) -> &[Value] {
    array(&case["expect"]["violations"])
}

/// Whether the offset of a fault is an upper bound. A fault that only inflating finds may be found
/// earlier.
fn is_upper_bound(fault: &Value) -> bool {
    fault["upper_bound"] == true
}

fn assert_faults(transcript: &Transcript, case: &Value, name: &str) {
    let show = |code: &str, frame: u64, byte: u64| format!("{code} frame {frame} byte {byte}");
    let mut got: Vec<(String, u64, Option<String>)> = transcript
        .faults()
        .iter()
        .map(|fault| {
            let bits = fault.bits.map(|bits| bits.to_string());
            let shown = show(fault.code.name(), fault.frame as u64, fault.byte_offset.get());
            (shown, fault.detectable_after.get(), bits)
        })
        .collect();
    let mut want: Vec<(String, u64, Option<String>, bool)> = all_faults(case)
        .iter()
        .map(|fault| {
            let bits = fault["bits"].as_str().map(|bits| bits.replace(' ', ""));
            let (frame, byte) = (number(&fault["frame"]), number(&fault["byte_offset"]));
            let after = number(&fault["detectable_after_bytes"]);
            (show(text(&fault["code"]), frame, byte), after, bits, is_upper_bound(fault))
        })
        .collect();
    got.sort();
    want.sort();
    assert_eq!(got.len(), want.len(), "{name}: {got:?}");
    for ((got, after, bits), (want, wanted_after, wanted_bits, upper_bound)) in
        got.iter().zip(&want)
    {
        assert_eq!(got, want, "{name}");
        // Of some faults the vectors name the byte only.
        assert!(wanted_bits.is_none() || bits == wanted_bits, "{name}: {got} bits {bits:?}");
        assert!(
            after == wanted_after || *upper_bound && after < wanted_after,
            "{name}: {got} after {after}, not {wanted_after}"
        );
    }
}

fn assert_verdict(transcript: &Transcript, case: &Value, name: &str) {
    let expect = &case["expect"];
    assert_eq!(transcript.verdict().name(), text(&expect["verdict"]), "{name}");
    let needed = transcript
        .needed()
        .map(|needed| (needed.have.get(), needed.more.get(), needed.part.name()));
    let incomplete = &expect["incomplete"];
    let expected = (!incomplete.is_null()).then(|| {
        (number(&incomplete["have"]), number(&incomplete["need_more"]), text(&incomplete["phase"]))
    });
    assert_eq!(needed, expected, "{name}");
    assert_eq!(
        transcript.decoder().open_message().is_some(),
        expect["open_fragmented_message"] == true,
        "{name}"
    );
}

/// Checks the decoder with one case. Returns whether the case has compressed messages.
pub(in crate::wire) fn check_case(case: &Value) -> bool {
    let bytes = case_bytes(case);
    assert_eq!(bytes.len() as u64, number(&case["total_bytes"]));
    let mut inflating = false;
    for chunk in chunks(bytes.len()) {
        let name = format!("{} in chunks of {chunk}", text(&case["name"]));
        let transcript = transcribe(case, &bytes, chunk);
        let (got, want) = (listed(&transcript), array(&case["expect"]["frames"]));
        assert_eq!(got.len(), want.len(), "{name}");
        got.iter().zip(want).for_each(|(got, want)| assert_frame(got, want, &bytes, &name));
        assert_messages(&transcript, case, &name);
        assert_faults(&transcript, case, &name);
        assert_verdict(&transcript, case, &name);
        inflating |= transcript.messages().iter().any(|message| message.compressed);
    }
    inflating
}

#[test]
fn every_frame_vector_whole_byte_by_byte_and_in_threes() {
    let file = frames_file();
    let mut inflating = 0;
    for case in array(&file["cases"]) {
        inflating += usize::from(check_case(case));
    }
    assert!(array(&file["cases"]).len() >= 132 && inflating > 0);
}

#[test]
fn each_fault_is_reported_at_the_very_byte_that_makes_it_certain() {
    let file = frames_file();
    let mut seen = 0;
    for case in array(&file["cases"]) {
        let bytes = case_bytes(case);
        for fault in all_faults(case).iter().filter(|fault| !is_upper_bound(fault)) {
            let code = text(&fault["code"]).parse::<FaultCode>().unwrap();
            let after = number(&fault["detectable_after_bytes"]) as usize;
            let is_reported = |len: usize| {
                let transcript = transcribe(case, &bytes[..len], len.max(1));
                transcript
                    .faults()
                    .iter()
                    .any(|got| got.code == code && got.frame as u64 == number(&fault["frame"]))
            };
            assert!(
                is_reported(after) && !is_reported(after - 1),
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
        let rule = name.parse::<FaultCode>().unwrap_or_else(|error| panic!("{error}")).rule();
        assert_eq!(rule.severity.name(), text(&row["severity"]), "{name}");
        assert_eq!(rule.close_code.map(u64::from), row["close_code"].as_u64(), "{name}");
        assert_eq!(rule.section, text(&row["rfc"]), "{name}");
    }
    // No vector inflates that much or lacks the end of its data, so the table has no names for
    // these rules.
    let own = [FaultCode::InflateLimit, FaultCode::ContextLost, FaultCode::DeflateTail];
    assert!(own.iter().all(|code| !table.contains_key(code.name())));
    assert_eq!(FaultCode::ALL.len(), table.len() + own.len());
    let file = handshakes_file();
    let table = file["problem_codes"].as_object().unwrap();
    for (name, row) in table {
        let code = ProblemCode::ALL.iter().find(|code| code.name() == name);
        let rule = code.unwrap_or_else(|| panic!("{name} is missing")).rule();
        assert_eq!(rule.severity.name(), text(&row["severity"]), "{name}");
        assert_eq!(rule.section, text(&row["rfc"]), "{name}");
    }
}
