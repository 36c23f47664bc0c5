//! [`FrameRecord`]: a frame, complete or not.

use serde::Serialize;

use super::fields::{Hex, Millis, RecordContext, RecordType, as_text};
use crate::cli::decode::FaultRecord;
use crate::wire::decode::frame_assembler::{AssembledFrame, AssembledMessage, PayloadGap};
use crate::wire::frame::mask;
use crate::wire::{
    ByteLen, Fault, FramePart, FrameStart, Header, InflateStop, MessageKind, Needed, Offset, Side,
};

/// A frame, complete or not.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(in crate::cli::inspect) struct FrameRecord {
    pub(in crate::cli::inspect) after_fault: bool,
    pub(in crate::cli::inspect) close_code: Option<u16>,
    pub(in crate::cli::inspect) close_reason: Option<String>,
    pub(in crate::cli::inspect) complete: bool,
    pub(in crate::cli::inspect) compressed: bool,
    pub(in crate::cli::inspect) connection: usize,
    pub(in crate::cli::inspect) fin: Option<bool>,
    /// The number of the frame in its direction, from 0.
    pub(in crate::cli::inspect) frame: usize,
    #[serde(serialize_with = "as_text")]
    pub(in crate::cli::inspect) from: Side,
    /// The gaps in the payload; the record lacks the field if there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(in crate::cli::inspect) gaps: Vec<FrameGapRecord>,
    pub(in crate::cli::inspect) header_len: Option<usize>,
    /// What stands where a frame should begin, if the bytes are another protocol, or else what its
    /// faults do not say themselves.
    pub(in crate::cli::inspect) hint: Option<&'static str>,
    pub(in crate::cli::inspect) mask: Option<bool>,
    pub(in crate::cli::inspect) masking_key: Option<Hex<[u8; 4]>>,
    /// The number of the message in its direction, from 0.
    pub(in crate::cli::inspect) message: Option<usize>,
    /// The data of the message that ends with this frame, joined and inflated, unless it is text or
    /// the payload of this frame alone.
    #[serde(rename = "message_hex")]
    pub(in crate::cli::inspect) message_data: Option<Hex<Vec<u8>>>,
    /// The length of the message that ends with this frame, after inflating; `None` if it could not
    /// be inflated to its end.
    pub(in crate::cli::inspect) message_len: Option<ByteLen>,
    /// The payload bytes of all its frames, as on the wire.
    pub(in crate::cli::inspect) message_payload_len: Option<ByteLen>,
    /// The text of the message that ends with this frame.
    pub(in crate::cli::inspect) message_text: Option<String>,
    /// Why the message that ends with this frame could not be inflated to its end.
    pub(in crate::cli::inspect) message_unknown: Option<&'static str>,
    /// The missing bytes of a frame that was cut off; `None` for an impossible length.
    pub(in crate::cli::inspect) needs: Option<NeedsRecord>,
    /// The number of payload bytes that are not in the file. `payload` and `raw` end before them.
    pub(in crate::cli::inspect) not_captured: ByteLen,
    pub(in crate::cli::inspect) offset: Offset,
    pub(in crate::cli::inspect) opcode: Option<u8>,
    pub(in crate::cli::inspect) opcode_name: Option<&'static str>,
    /// The unmasked payload, up to the limit of the printer.
    #[serde(rename = "payload_hex")]
    pub(in crate::cli::inspect) payload: Hex<Vec<u8>>,
    pub(in crate::cli::inspect) payload_len: Option<ByteLen>,
    /// The header and the payload as on the wire, up to the same limit.
    #[serde(rename = "raw_hex")]
    pub(in crate::cli::inspect) raw: Hex<Vec<u8>>,
    pub(in crate::cli::inspect) rsv1: Option<bool>,
    pub(in crate::cli::inspect) rsv2: Option<bool>,
    pub(in crate::cli::inspect) rsv3: Option<bool>,
    #[serde(rename = "t_ms")]
    pub(in crate::cli::inspect) at: Millis,
    pub(in crate::cli::inspect) text: Option<String>,
    /// Whether the bytes are another protocol's, which `hint` names.
    #[serde(skip)]
    pub(in crate::cli::inspect) is_non_frame: bool,
    /// Whether `payload` and `raw` hold only the beginning.
    pub(in crate::cli::inspect) truncated: bool,
    #[serde(rename = "type")]
    pub(in crate::cli::inspect) record_type: RecordType,
    pub(in crate::cli::inspect) violations: Vec<FaultRecord>,
}

impl FrameRecord {
    /// Creates the record of a frame, complete or not.
    pub(in crate::cli::inspect) fn new(context: RecordContext, frame: AssembledFrame) -> Self {
        let start_header = frame.start.map(|start| start.header);
        let key = start_header.and_then(|header| header.masking_key);
        let header = start_header.or_else(|| header_without_key(&frame));
        let mut raw = frame.header_bytes();
        raw.extend(wire_bytes(&frame.payload, key, ByteLen::ZERO));
        let gaps = frame.gaps.iter().map(|gap| FrameGapRecord::new(gap, header));
        let non_frame = frame.non_frame;
        let (close_code, close_reason) = close_body(&frame).unzip();
        let close_reason = close_reason.flatten();
        let violations = frame.faults.iter();
        let message = frame.message.as_deref();
        Self {
            after_fault: frame.start.is_some_and(|start| start.after_fault),
            close_code,
            close_reason,
            complete: frame.is_complete(),
            compressed: frame.start.is_some_and(|start| start.compressed),
            connection: context.connection,
            fin: header.map(|header| header.fin),
            frame: frame.frame_number,
            from: context.from,
            gaps: gaps.collect(),
            header_len: header.map(|header| header.len()),
            hint: non_frame
                .map(|found| match frame.faults.first() {
                    Some(_) => found.hint(),
                    None => found.continuation_hint(),
                })
                .or_else(|| frame.faults.iter().find_map(Fault::hint)),
            mask: header.map(|header| header.masking_key.is_some()),
            masking_key: key.map(Hex),
            message: frame
                .start
                .filter(|_| non_frame.is_none())
                .and_then(|start| start.role.message_number()),
            message_data: message.and_then(|message| message_data(message, &frame.payload)),
            message_len: message
                .filter(|message| message.end.inflate_stop.is_none())
                .map(|message| message.end.data_len),
            message_payload_len: message.map(|message| message.end.payload_len),
            message_text: message.and_then(message_text),
            message_unknown: message.and_then(|message| message.end.inflate_stop.map(why_unknown)),
            needs: frame.needed.map(NeedsRecord::new),
            not_captured: frame.not_captured,
            offset: frame.offset,
            opcode: header.map(|header| header.opcode.bits()),
            opcode_name: header.map(|header| header.opcode.name()),
            payload_len: header.map(|header| header.payload_len),
            raw: Hex(raw),
            rsv1: header.map(|header| header.rsv1),
            rsv2: header.map(|header| header.rsv2),
            rsv3: header.map(|header| header.rsv3),
            at: Millis(context.elapsed),
            is_non_frame: non_frame.is_some(),
            text: frame.start.and_then(|start| text_payload(&start, &frame)),
            truncated: frame.payload_received > ByteLen::of(&frame.payload),
            record_type: RecordType::Frame,
            violations: violations.map(|fault| FaultRecord::new(fault).with_section()).collect(),
            payload: Hex(frame.payload),
        }
    }
}

/// Bytes of a frame that were not captured.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(in crate::cli::inspect) struct FrameGapRecord {
    pub(in crate::cli::inspect) missing: ByteLen,
    /// The offset of the first missing byte in the frame.
    pub(in crate::cli::inspect) offset: ByteLen,
    /// The bytes from there up to the next gap, as on the wire.
    #[serde(rename = "raw_hex")]
    pub(in crate::cli::inspect) raw: Hex<Vec<u8>>,
}

impl FrameGapRecord {
    fn new(gap: &PayloadGap, header: Option<Header>) -> Self {
        let key = header.and_then(|header| header.masking_key);
        Self {
            missing: gap.missing,
            offset: gap.offset + header.map_or(0, |header| header.len()),
            raw: Hex(wire_bytes(&gap.payload, key, gap.offset + gap.missing)),
        }
    }
}

/// The bytes that an incomplete frame has, those that it still needs, and the part that comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(in crate::cli::inspect) struct NeedsRecord {
    pub(in crate::cli::inspect) have: ByteLen,
    pub(in crate::cli::inspect) need_more: ByteLen,
    #[serde(rename = "phase", serialize_with = "as_text")]
    pub(in crate::cli::inspect) part: FramePart,
}

impl NeedsRecord {
    fn new(needed: Needed) -> Self {
        Self { have: needed.have, need_more: needed.more, part: needed.part }
    }
}

/// Returns the header of a frame that lacks nothing of it but the masking key. Its key is not that of
/// the frame.
fn header_without_key(frame: &AssembledFrame) -> Option<Header> {
    frame.needed.filter(|needed| needed.part == FramePart::MaskingKey)?;
    let mut bytes = frame.partial_header.clone();
    bytes.resize(Header::required_len(&bytes), 0);
    Header::parse(&bytes).ok()
}

/// Returns payload that stands at an offset as it is on the wire. Masking is its own inverse (RFC 6455
/// section 5.3).
fn wire_bytes(payload: &[u8], key: Option<[u8; 4]>, offset: ByteLen) -> Vec<u8> {
    let mut bytes = payload.to_vec();
    if let Some(key) = key {
        mask::apply(&mut bytes, key, offset.get());
    }
    bytes
}

/// Returns the code and the reason of a Close, or `None` if it has no code or its code was not
/// captured. A reason that was not captured to its end is not known.
pub(in crate::cli::inspect) fn close_body(frame: &AssembledFrame) -> Option<(u16, Option<String>)> {
    let is_whole = frame.is_complete();
    let is_close = (is_whole || frame.not_captured > ByteLen::ZERO) && frame.is_close();
    let (code, reason) = frame.payload.split_first_chunk().filter(|_| is_close)?;
    let reason = is_whole.then(|| String::from_utf8_lossy(reason).into_owned());
    Some((u16::from_be_bytes(*code), reason))
}

/// Returns why a message could not be inflated to its end, as a clause.
fn why_unknown(stop: InflateStop) -> &'static str {
    match stop {
        InflateStop::Limit => "it inflates to more than 32 MiB",
        InflateStop::ContextLost => {
            "it may refer back to an earlier message that could not be inflated (RFC 7692 section \
             7.2.2)"
        }
        InflateStop::NotCaptured => {
            "it, or data that it refers back to, was not captured (RFC 7692 section 7.2.2)"
        }
        InflateStop::InvalidData(_) => "it is not valid DEFLATE data",
    }
}

/// Returns the text of a message, unless it was longer than the printer keeps.
fn message_text(message: &AssembledMessage) -> Option<String> {
    let is_text = message.end.kind == MessageKind::Text && message.is_whole();
    str::from_utf8(&message.data).ok().filter(|_| is_text).map(str::to_owned)
}

/// Returns the data of a binary message that is not the payload of its last frame, unless it was
/// longer than the printer keeps.
fn message_data(message: &AssembledMessage, last_payload: &[u8]) -> Option<Hex<Vec<u8>>> {
    let is_new = message.end.kind == MessageKind::Binary
        && message.is_whole()
        && message.data != last_payload;
    is_new.then(|| Hex(message.data.clone()))
}

/// Returns the payload of a complete, uncompressed frame of a text message. A fragment may begin or
/// end inside a character (RFC 6455 section 5.6) and then has no text.
fn text_payload(start: &FrameStart, frame: &AssembledFrame) -> Option<String> {
    let is_text =
        start.kind == Some(MessageKind::Text) && !start.compressed && frame.non_frame.is_none();
    let text = str::from_utf8(&frame.payload).ok().filter(|_| is_text && frame.is_complete());
    text.map(str::to_owned)
}
