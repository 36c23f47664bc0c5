//! Creates a case in the format of `tests/vectors/frames.json` from a `Transcript`.
//! The reactions of other implementations are not part of it.

use serde::Serialize;

use crate::wire::format::hex;
use crate::wire::{
    AgreedExtensions, ByteLen, Decoder, Fault, FaultCode, Frame, Message, Offset, Side, Transcript,
};

#[derive(Serialize)]
struct VectorCase<'a> {
    name: &'a str,
    direction: &'static str,
    hex: String,
    total_bytes: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    extensions: Option<&'a str>,
    expect: ExpectedResult<'a>,
}

#[derive(Serialize)]
struct ExpectedResult<'a> {
    verdict: &'static str,
    frames: Vec<ExpectedFrame>,
    messages: Vec<ExpectedMessage<'a>>,
    violations: Vec<ExpectedViolation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    incomplete: Option<ExpectedIncomplete>,
    open_fragmented_message: bool,
}

#[derive(Serialize)]
struct ExpectedFrame {
    offset: Offset,
    fin: bool,
    rsv1: bool,
    rsv2: bool,
    rsv3: bool,
    opcode: u8,
    opcode_name: &'static str,
    mask: bool,
    len7: u8,
    ext_len_bytes: usize,
    header_len: usize,
    payload_len: ByteLen,
    #[serde(skip_serializing_if = "Option::is_none")]
    frame_len: Option<ByteLen>,
    masking_key: Option<String>,
    payload_complete: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload_hex: Option<String>,
}

#[derive(Serialize)]
struct ExpectedMessage<'a> {
    r#type: &'static str,
    frames: &'a [usize],
    wire_len: ByteLen,
    len: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
    hex: String,
}

#[derive(Serialize)]
struct ExpectedViolation {
    code: &'static str,
    severity: &'static str,
    frame: usize,
    byte_offset: Offset,
    detectable_after_bytes: Offset,
    rfc: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    bits: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    close_code: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    upper_bound: bool,
}

#[derive(Serialize)]
struct ExpectedIncomplete {
    have: ByteLen,
    need_more: ByteLen,
    phase: &'static str,
}

/// Returns a case as one line of JSON. As everywhere in that file, decoding stops after the frame
/// with the first fatal fault. An invalid extensions header counts as no extension.
pub(super) fn vector_case(
    name: &str,
    from: Side,
    extensions: Option<&str>,
    bytes: &[u8],
) -> String {
    let agreed = extensions.map_or_else(AgreedExtensions::none, |header| {
        AgreedExtensions::parse(header).unwrap_or_default()
    });
    let mut transcript = Transcript::with_decoder(Decoder::new(from, agreed).stop_at_fatal());
    transcript.push(bytes);
    let case = VectorCase {
        name,
        direction: from.name(),
        hex: hex(bytes),
        total_bytes: bytes.len(),
        extensions: extensions.filter(|_| agreed.deflate.is_some()),
        expect: expected_result(&transcript),
    };
    serde_json::to_string(&case).expect("every key is a string")
}

fn expected_result(transcript: &Transcript) -> ExpectedResult<'_> {
    let impossible =
        transcript.current_frame().filter(|frame| frame.header.has_impossible_length());
    // A message that could not be inflated has no data to compare with.
    let plain = transcript.messages().iter().filter(|message| message.inflate_stop.is_none());
    ExpectedResult {
        verdict: transcript.verdict().name(),
        frames: transcript.frames().iter().chain(impossible).map(expected_frame).collect(),
        messages: plain.map(|one| expected_message(one, transcript)).collect(),
        violations: transcript
            .faults()
            .iter()
            .map(|fault| expected_violation(fault, transcript))
            .collect(),
        incomplete: transcript.needed().map(|needed| ExpectedIncomplete {
            have: needed.have,
            need_more: needed.more,
            phase: needed.part.name(),
        }),
        open_fragmented_message: transcript.decoder().open_message().is_some(),
    }
}

fn expected_frame(frame: &Frame) -> ExpectedFrame {
    let header = &frame.header;
    ExpectedFrame {
        offset: frame.offset,
        fin: header.fin,
        rsv1: header.rsv1,
        rsv2: header.rsv2,
        rsv3: header.rsv3,
        opcode: header.opcode.bits(),
        opcode_name: header.opcode.name(),
        mask: header.masking_key.is_some(),
        len7: header.len7(),
        ext_len_bytes: header.length_form.extra_bytes(),
        header_len: header.len(),
        payload_len: header.payload_len,
        frame_len: frame.complete.then(|| header.frame_len()),
        masking_key: header.masking_key.map(|key| hex(&key)),
        payload_complete: frame.complete,
        payload_hex: frame.complete.then(|| hex(&frame.payload())),
    }
}

fn expected_message<'a>(message: &'a Message, transcript: &Transcript) -> ExpectedMessage<'a> {
    let lens = message.frames.iter().filter_map(|index| transcript.frames().get(*index));
    ExpectedMessage {
        r#type: message.kind.name(),
        frames: &message.frames,
        wire_len: lens.map(|frame| frame.header.payload_len).sum(),
        len: message.data.len(),
        text: message.text(),
        hex: hex(&message.data),
    }
}

fn expected_violation(fault: &Fault, transcript: &Transcript) -> ExpectedViolation {
    let detail = fault.detail.to_string();
    let inflated =
        transcript.frames().get(fault.frame).is_some_and(|frame| frame.context.compressed);
    ExpectedViolation {
        code: fault.code.name(),
        severity: fault.severity().name(),
        frame: fault.frame,
        byte_offset: fault.byte_offset,
        detectable_after_bytes: fault.detectable_after,
        rfc: fault.section(),
        bits: fault.bits.map(|bits| bits.to_string()),
        close_code: fault.close_code(),
        detail: (!detail.is_empty()).then_some(detail),
        upper_bound: fault.code == FaultCode::Inflate || fault.code == FaultCode::Utf8 && inflated,
    }
}
