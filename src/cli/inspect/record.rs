//! The records of `inspect --json`, one JSON object each, with field names that stay.
//! What they say was found by `wire`; the table in the README and `--help` list the fields.

use std::time::Duration;

use serde_json::{Value, json};

use crate::cli::decode::{fault, problem, verdict};
use crate::cli::inspect::lane::Seen;
use crate::wire::handshake::{HandshakeOutcome, ValidatedHead};
use crate::wire::{ByteLen, FrameStart, MessageKind, Needed, Opcode, Side, format, mask};

/// Where and when a record belongs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) connection: usize,
    pub(super) from: Side,
    pub(super) at: Duration,
}

/// Milliseconds with three decimals.
pub(super) fn millis(at: Duration) -> f64 {
    (at.as_secs_f64() * 1e6).round() / 1e3
}

/// A head. `opening` is none where the stream ended inside of it.
pub(super) fn handshake(place: Place, bytes: &[u8], opening: Option<&ValidatedHead>) -> Value {
    let judgement = opening.map(|opening| &opening.validation);
    let problems = judgement.map_or(&[][..], |judgement| &judgement.problems);
    let accept = judgement.and_then(|judgement| judgement.accept.as_ref());
    let outcome = judgement.map_or(HandshakeOutcome::Incomplete, |judgement| judgement.outcome);
    json!({
        "type": "handshake",
        "connection": place.connection,
        "t_ms": millis(place.at),
        "from": place.from.name(),
        "verdict": verdict(outcome, place.from),
        "head": String::from_utf8_lossy(bytes),
        "head_hex": str::from_utf8(bytes).is_err().then(|| format::hex(bytes)),
        "head_len": bytes.len(),
        "accept_expected": accept.map(|accept| &accept.value),
        "accept_received": judgement.and_then(|judgement| judgement.received_accept.as_ref()),
        "protocol": judgement.and_then(|judgement| judgement.subprotocol.as_ref()),
        "extensions": judgement.map_or(&[][..], |judgement| &judgement.extensions),
        "problems": problems.iter().map(|one| with_section(problem(one))).collect::<Vec<_>>(),
    })
}

/// A frame, complete or not.
pub(super) fn frame(place: Place, seen: &Seen) -> Value {
    let begun = seen.begun.as_ref();
    let header = begun.map(|begun| begun.header);
    let key = header.and_then(|header| header.masking_key);
    let mut raw = seen.head.clone();
    raw.extend_from_slice(&key.map_or_else(|| seen.payload.clone(), |key| mask::unmask(&seen.payload, key)));
    let close = close(seen);
    json!({
        "type": "frame",
        "connection": place.connection,
        "t_ms": millis(place.at),
        "from": place.from.name(),
        "frame": seen.index,
        "offset": seen.offset,
        "complete": seen.complete,
        "needs": seen.needs.map(needs),
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
        "payload_hex": format::hex(&seen.payload),
        "truncated": seen.came > ByteLen::of(&seen.payload),
        "text": begun.and_then(|begun| text(begun, seen)),
        "compressed": begun.is_some_and(|begun| begun.compressed),
        "message": begun.and_then(|begun| begun.role.message()),
        "after_fault": begun.is_some_and(|begun| begun.after_fault),
        "close_code": close.as_ref().map(|(code, _)| code),
        "close_reason": close.as_ref().map(|(_, reason)| reason),
        "raw_hex": format::hex(&raw),
        "violations": seen.faults.iter().map(|one| with_section(fault(one))).collect::<Vec<_>>(),
    })
}

/// Bytes behind an answer that is no 101.
pub(super) fn bytes(place: Place, bytes: &[u8]) -> Value {
    json!({
        "type": "bytes",
        "connection": place.connection,
        "t_ms": millis(place.at),
        "from": place.from.name(),
        "len": bytes.len(),
        "hex": format::hex(bytes),
        "text": std::str::from_utf8(bytes).ok(),
    })
}

/// The code and the reason of a complete Close; none where it has no code.
pub(super) fn close(seen: &Seen) -> Option<(u16, String)> {
    let is_close = seen.complete && seen.begun.is_some_and(|begun| begun.header.opcode == Opcode::Close);
    let (code, reason) = seen.payload.split_first_chunk().filter(|_| is_close)?;
    Some((u16::from_be_bytes(*code), String::from_utf8_lossy(reason).into_owned()))
}

fn text<'a>(begun: &FrameStart, seen: &'a Seen) -> Option<&'a str> {
    let is_text = begun.kind == Some(MessageKind::Text) && !begun.compressed;
    str::from_utf8(&seen.payload).ok().filter(|_| is_text && seen.complete)
}

fn needs(needs: Needed) -> Value {
    json!({ "have": needs.have, "need_more": needs.more, "phase": needs.part.name() })
}

/// The rule's section under a second name, which these records had first.
fn with_section(mut told: Value) -> Value {
    if let Value::Object(fields) = &mut told
        && let Some(section) = fields.get("rfc").cloned()
    {
        fields.insert("section".to_owned(), section);
    }
    told
}
