//! The records of `inspect --json`, one JSON object each, with field names that stay.
//! What they say was found by `wire`; the table in the README and `--help` list the fields.

use std::time::Duration;

use serde_json::{Value, json};

use crate::cli::decode::{fault_json, problem_json, verdict_name};
use crate::text::units;
use crate::wire::decode::frame_assembler::AssembledFrame;
use crate::wire::frame::mask;
use crate::wire::handshake::{HandshakeOutcome, ValidatedHead};
use crate::wire::{ByteLen, FrameStart, MessageKind, Needed, Opcode, Side, format};

/// Where and when a record belongs.
#[derive(Clone, Copy, Debug)]
pub(super) struct RecordContext {
    pub(super) connection: usize,
    pub(super) from: Side,
    pub(super) elapsed: Duration,
}

/// A head. `validated` is none where the stream ended inside of it.
pub(super) fn handshake_record(
    context: RecordContext,
    bytes: &[u8],
    validated: Option<&ValidatedHead>,
) -> Value {
    let validation = validated.map(|validated| &validated.validation);
    let problems = validation.map_or(&[][..], |validation| &validation.problems);
    let accept = validation.and_then(|validation| validation.accept.as_ref());
    let outcome = validation.map_or(HandshakeOutcome::Incomplete, |validation| validation.outcome);
    json!({
        "type": "handshake",
        "connection": context.connection,
        "t_ms": units::millis(context.elapsed),
        "from": context.from.name(),
        "verdict": verdict_name(outcome, context.from),
        "head": String::from_utf8_lossy(bytes),
        "head_hex": str::from_utf8(bytes).is_err().then(|| format::hex(bytes)),
        "head_len": bytes.len(),
        "accept_expected": accept.map(|accept| &accept.value),
        "accept_received": validation.and_then(|validation| validation.received_accept.as_ref()),
        "protocol": validation.and_then(|validation| validation.subprotocol.as_ref()),
        "extensions": validation.map_or(&[][..], |validation| &validation.extensions),
        "problems": problems.iter().map(|one| with_section(problem_json(one))).collect::<Vec<_>>(),
    })
}

/// A frame, complete or not.
pub(super) fn frame_record(context: RecordContext, frame: &AssembledFrame) -> Value {
    let start = frame.start.as_ref();
    let header = start.map(|start| start.header);
    let key = header.and_then(|header| header.masking_key);
    let mut raw = frame.header_bytes();
    raw.extend_from_slice(
        &key.map_or_else(|| frame.payload.clone(), |key| mask::unmask(&frame.payload, key)),
    );
    let close = close_body(frame);
    json!({
        "type": "frame",
        "connection": context.connection,
        "t_ms": units::millis(context.elapsed),
        "from": context.from.name(),
        "frame": frame.index,
        "offset": frame.offset,
        "complete": frame.is_complete(),
        "needs": frame.needed.map(needed_json),
        "fin": header.map(|header| header.fin),
        "rsv1": header.map(|header| header.rsv1),
        "rsv2": header.map(|header| header.rsv2),
        "rsv3": header.map(|header| header.rsv3),
        "opcode": header.map(|header| header.opcode.bits()),
        "opcode_name": header.map(|header| header.opcode.name()),
        "mask": header.map(|header| header.masking_key.is_some()),
        "masking_key": key.map(|key| format::hex(&key)),
        "header_len": header.map(|header| header.len()),
        "payload_len": header.map(|header| header.payload_len),
        "payload_hex": format::hex(&frame.payload),
        "truncated": frame.payload_received > ByteLen::of(&frame.payload),
        "text": start.and_then(|start| text_payload(start, frame)),
        "compressed": start.is_some_and(|start| start.compressed),
        "message": start.and_then(|start| start.role.message()),
        "after_fault": start.is_some_and(|start| start.after_fault),
        "close_code": close.as_ref().map(|(code, _)| code),
        "close_reason": close.as_ref().map(|(_, reason)| reason),
        "raw_hex": format::hex(&raw),
        "violations": frame.faults.iter().map(|one| with_section(fault_json(one))).collect::<Vec<_>>(),
    })
}

/// Bytes behind an answer that is no 101.
pub(super) fn bytes_record(context: RecordContext, bytes: &[u8]) -> Value {
    json!({
        "type": "bytes",
        "connection": context.connection,
        "t_ms": units::millis(context.elapsed),
        "from": context.from.name(),
        "len": bytes.len(),
        "hex": format::hex(bytes),
        "text": std::str::from_utf8(bytes).ok(),
    })
}

/// The code and the reason of a complete Close; none where it has no code.
pub(super) fn close_body(frame: &AssembledFrame) -> Option<(u16, String)> {
    let is_close = frame.is_complete()
        && frame.start.is_some_and(|start| start.header.opcode == Opcode::Close);
    let (code, reason) = frame.payload.split_first_chunk().filter(|_| is_close)?;
    Some((u16::from_be_bytes(*code), String::from_utf8_lossy(reason).into_owned()))
}

fn text_payload<'a>(start: &FrameStart, frame: &'a AssembledFrame) -> Option<&'a str> {
    let is_text = start.kind == Some(MessageKind::Text) && !start.compressed;
    str::from_utf8(&frame.payload).ok().filter(|_| is_text && frame.is_complete())
}

fn needed_json(needs: Needed) -> Value {
    json!({ "have": needs.have, "need_more": needs.more, "phase": needs.part.name() })
}

/// The rule's section under a second name, which these records had first.
fn with_section(mut fault: Value) -> Value {
    if let Value::Object(fields) = &mut fault
        && let Some(section) = fields.get("rfc").cloned()
    {
        fields.insert("section".to_owned(), section);
    }
    fault
}
