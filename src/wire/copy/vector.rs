//! A case as `tests/vectors/frames.json` has them, from what a `Transcript` says of the bytes.
//! Who else was fed them is not known here.

use serde::Serialize;

use crate::wire::words::hex;
use crate::wire::{Agreed, ByteLen, Code, Decoder, Fault, Frame, Message, Offset, Side, Transcript};

#[derive(Serialize)]
struct Case<'a> {
    name: &'a str,
    direction: &'static str,
    hex: String,
    total_bytes: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    extensions: Option<&'a str>,
    expect: Expect<'a>,
}

#[derive(Serialize)]
struct Expect<'a> {
    verdict: &'static str,
    frames: Vec<FrameRow>,
    messages: Vec<MessageRow<'a>>,
    violations: Vec<Violation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    incomplete: Option<Incomplete>,
    open_fragmented_message: bool,
}

#[derive(Serialize)]
struct FrameRow {
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
struct MessageRow<'a> {
    r#type: &'static str,
    frames: &'a [usize],
    wire_len: ByteLen,
    len: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
    hex: String,
}

#[derive(Serialize)]
struct Violation {
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
struct Incomplete {
    have: ByteLen,
    need_more: ByteLen,
    phase: &'static str,
}

/// One line of JSON. As everywhere in that file, judging stops after the frame with the first fatal fault. An agreed header that
/// cannot be read counts as no extension.
pub(super) fn case(name: &str, from: Side, extensions: Option<&str>, bytes: &[u8]) -> String {
    let agreed = extensions.map_or_else(Agreed::none, |header| Agreed::parse(header).unwrap_or_default());
    let mut said = Transcript::of(Decoder::new(from, agreed).stop_at_fatal());
    said.push(bytes);
    let case = Case {
        name,
        direction: from.name(),
        hex: hex(bytes),
        total_bytes: bytes.len(),
        extensions: extensions.filter(|_| agreed.deflate.is_some()),
        expect: expect(&said),
    };
    serde_json::to_string(&case).expect("every key is a string")
}

fn expect(said: &Transcript) -> Expect<'_> {
    let impossible = said.arriving().filter(|frame| frame.header.length_is_impossible());
    // what could not be inflated has no data that a vector could name
    let plain = said.messages().iter().filter(|message| message.uninflated.is_none());
    Expect {
        verdict: said.verdict().name(),
        frames: said.frames().iter().chain(impossible).map(frame).collect(),
        messages: plain.map(|one| message(one, said)).collect(),
        violations: said.faults().iter().map(|fault| violation(fault, said)).collect(),
        incomplete: said.needs().map(|needs| Incomplete {
            have: needs.have,
            need_more: needs.more,
            phase: needs.phase.name(),
        }),
        open_fragmented_message: said.decoder().open_message().is_some(),
    }
}

fn frame(frame: &Frame) -> FrameRow {
    let header = &frame.header;
    FrameRow {
        offset: frame.offset,
        fin: header.fin,
        rsv1: header.rsv1,
        rsv2: header.rsv2,
        rsv3: header.rsv3,
        opcode: header.opcode.bits(),
        opcode_name: header.opcode.name(),
        mask: header.key.is_some(),
        len7: header.len7(),
        ext_len_bytes: header.form.extra_bytes(),
        header_len: header.len(),
        payload_len: header.payload_len,
        frame_len: frame.complete.then(|| header.frame_len()),
        masking_key: header.key.map(|key| hex(&key)),
        payload_complete: frame.complete,
        payload_hex: frame.complete.then(|| hex(&frame.payload())),
    }
}

fn message<'a>(message: &'a Message, said: &Transcript) -> MessageRow<'a> {
    let lens = message.frames.iter().filter_map(|index| said.frames().get(*index));
    MessageRow {
        r#type: message.kind.name(),
        frames: &message.frames,
        wire_len: lens.map(|frame| frame.header.payload_len).sum(),
        len: message.data.len(),
        text: message.text(),
        hex: hex(&message.data),
    }
}

fn violation(fault: &Fault, said: &Transcript) -> Violation {
    let detail = fault.detail.to_string();
    let inflated = said.frames().get(fault.frame).is_some_and(|frame| frame.context.compressed);
    Violation {
        code: fault.code.name(),
        severity: fault.severity().name(),
        frame: fault.frame,
        byte_offset: fault.byte_offset,
        detectable_after_bytes: fault.detectable_after,
        rfc: fault.section(),
        bits: fault.bits.map(|bits| bits.to_string()),
        close_code: fault.close_code(),
        detail: (!detail.is_empty()).then_some(detail),
        upper_bound: fault.code == Code::Inflate || fault.code == Code::Utf8 && inflated,
    }
}
