//! Formats the result of `decode` as one JSON object, with stable field names.
//! `wire` makes all decisions.

use serde_json::{Value, json};
use wiretalk_core::wire::sockjs::SockJsRow;

use super::decoded_handshake::DecodedHandshake;
use super::fault_record::{FaultRecord, ProblemRecord};
use crate::wire::explain::NonFrame;
use crate::wire::format::hex;
use crate::wire::handshake::{CheckResult, HandshakeCheck, HandshakeOutcome};
use crate::wire::{Fault, Frame, Header, Message, Needed, Side, Transcript};

/// Returns the object for frames, as a line. `format` names the form that the bytes were read from.
/// `sockjs` are its rows, if they are asked for.
pub(super) fn frames_json(
    transcript: &Transcript,
    format: &str,
    sockjs: Option<&[SockJsRow]>,
) -> String {
    // A frame with an impossible length is listed by its header alone: it can never be complete.
    let impossible =
        transcript.current_frame().filter(|frame| frame.header.has_impossible_length());
    let frames: Vec<Value> = transcript.frames().iter().chain(impossible).map(frame_json).collect();
    let mut object = json!({
        "verdict": transcript.verdict().name(),
        "format": format,
        "from": transcript.decoder().sender().name(),
        "frames": frames,
        "messages": transcript.messages().iter().map(message_json).collect::<Vec<_>>(),
        "violations": transcript.faults().iter().map(FaultRecord::new).collect::<Vec<_>>(),
        "incomplete": transcript.needed().map(|needs| incomplete_json(&needs)),
        "open_fragmented_message": transcript.decoder().open_message().is_some(),
        "hint": hint(transcript),
    });
    if let (Some(rows), Some(fields)) = (sockjs, object.as_object_mut()) {
        fields.insert("sockjs".to_owned(), super::sockjs_text::rows_json(rows));
    }
    json_line(&object)
}

/// Returns what the bytes are if they are no frames, or else what a fault does not say itself.
fn hint(transcript: &Transcript) -> Option<&'static str> {
    let non_frame = transcript.decoder().non_frame().map(NonFrame::hint);
    non_frame.or_else(|| transcript.faults().iter().find_map(Fault::hint))
}

fn frame_json(frame: &Frame) -> Value {
    let Header { fin, rsv1, rsv2, rsv3, opcode, payload_len, masking_key: key, .. } = frame.header;
    json!({
        "index": frame.frame_number,
        "offset": frame.offset,
        "fin": fin,
        "rsv1": rsv1,
        "rsv2": rsv2,
        "rsv3": rsv3,
        "opcode": opcode.bits(),
        "opcode_name": opcode.name(),
        "mask": key.is_some(),
        "len7": frame.header.len7(),
        "ext_len_bytes": frame.header.length_form.extra_bytes(),
        "header_len": frame.header.len(),
        "payload_len": payload_len,
        "frame_len": frame.complete.then(|| frame.header.frame_len()),
        "masking_key": key.map(|key| hex(&key)),
        "payload_complete": frame.complete,
        "payload_hex": hex(&frame.payload()),
        "message": frame.role.message_number(),
    })
}

fn message_json(message: &Message) -> Value {
    let is_whole = message.compressed && message.inflate_stop.is_none();
    let inflated_len = is_whole.then_some(message.data.len());
    json!({
        "type": message.kind.name(),
        "frames": message.frames,
        "len": message.data.len(),
        "payload_len": message.payload_len,
        "text": message.text(),
        "hex": hex(&message.data),
        "compressed": message.compressed,
        "inflated_len": inflated_len,
        "ratio": message.ratio(),
    })
}

fn incomplete_json(needs: &Needed) -> Value {
    json!({ "have": needs.have, "need_more": needs.more, "phase": needs.part.name() })
}

/// Returns the object for a handshake, as a line. `format` names the form that the bytes were read
/// from.
pub(super) fn handshake_json(handshake: &DecodedHandshake, format: &str) -> String {
    let validation = &handshake.validated.validation;
    // Without a head, nothing tells where the handshake would end.
    let understood = handshake.validated.head.is_some();
    let leftover = (understood && !handshake.leftover.is_empty()).then(|| hex(&handshake.leftover));
    let headers: serde_json::Map<String, Value> = validation
        .response_headers
        .iter()
        .map(|(name, value)| (name.clone(), json!(value)))
        .collect();
    let accepted = validation.outcome == HandshakeOutcome::Accept;
    json_line(&json!({
        "verdict": verdict_name(validation.outcome, handshake.from),
        "format": format,
        "status": validation.status,
        "problems": validation.problems.iter().map(ProblemRecord::new).collect::<Vec<_>>(),
        "head_len": understood.then_some(handshake.head_bytes.len()),
        "leftover_hex": leftover,
        "response_headers": (handshake.from == Side::Client).then_some(headers),
        "negotiated": accepted.then(|| json!({
            "protocol": validation.subprotocol,
            "extensions": validation.extensions,
        })),
        "accept": validation.accept.as_ref().map(|accept| json!({
            "key": accept.key,
            "sha1": hex(&accept.digest),
            "expected": accept.value,
            "received": validation.received_accept,
        })),
        "checks": handshake.validated.checks().iter().map(check_json).collect::<Vec<_>>(),
    }))
}

/// Returns the value of `verdict`. A server rejects a request; for a client a bad response fails
/// the connection (RFC 6455 section 4.1).
pub(in crate::cli) fn verdict_name(outcome: HandshakeOutcome, from: Side) -> &'static str {
    match (outcome, from) {
        (HandshakeOutcome::Accept, _) => "accept",
        (HandshakeOutcome::Reject, Side::Client) => "reject",
        (HandshakeOutcome::Reject, Side::Server) => "fail",
        (HandshakeOutcome::Incomplete, _) => "incomplete",
    }
}

fn check_json(check: &HandshakeCheck) -> Value {
    let mark = match check.result {
        CheckResult::Passed => "kept",
        CheckResult::Failed => "broken",
        CheckResult::Warned => "doubtful",
        CheckResult::Absent => "absent",
    };
    json!({
        "name": check.name,
        "mark": mark,
        "line": check.line,
        "words": check.finding,
        "rfc": check.section,
    })
}

fn json_line(value: &Value) -> String {
    format!("{value}\n")
}
