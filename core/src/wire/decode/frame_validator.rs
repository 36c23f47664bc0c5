//! The state that the rules of RFC 6455 sections 5, 7.4 and 8.1 and RFC 7692 section 6 depend on,
//! and the payload rules.
//! `header_rules` checks the headers; `decoder` divides the bytes into headers and payloads.

use crate::wire::decode::close_body::CloseBody;
use crate::wire::decode::fault::{Detail, FaultCode};
use crate::wire::decode::fault_sink::FaultSink;
use crate::wire::deflate::inflate::{InflateStop, MessageInflater};
use crate::wire::frame::message::{FragmentRole, MessageKind, MessageTracker, OpenMessage};
use crate::wire::frame::{Header, MaskingKey, Opcode, Side};
use crate::wire::handshake::extension::AgreedExtensions;
use crate::wire::size::ByteLen;

/// A data message that ended without a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageEnd {
    /// The message's number in its direction, from 0, in the order in which messages began.
    pub number: usize,
    /// The type of the message.
    pub kind: MessageKind,
    /// Whether the payload is compressed (RFC 7692).
    pub compressed: bool,
    /// The payload bytes of all its frames, before inflating.
    pub payload_len: ByteLen,
    /// The length of its data in bytes. It differs from `payload_len` if the message is
    /// compressed.
    pub data_len: ByteLen,
    /// Why the data was not inflated completely; `None` if it was.
    pub inflate_stop: Option<InflateStop>,
}

/// The state that the rules of one direction depend on: the sender, the agreed extensions, and
/// earlier frames.
#[derive(Clone, Debug)]
pub(crate) struct FrameValidator {
    pub(super) from: Side,
    /// Inflates messages, if permessage-deflate was agreed.
    pub(crate) inflater: Option<MessageInflater>,
    pub(crate) messages: MessageTracker,
    pub(crate) role: FragmentRole,
    pub(super) close_seen: bool,
    pub(super) last_masking_key: Option<MaskingKey>,
    pub(super) close_body: CloseBody,
}

impl FrameValidator {
    pub(crate) fn new(from: Side, agreed: AgreedExtensions) -> Self {
        Self {
            from,
            inflater: agreed.deflate.map(|deflate| MessageInflater::new(deflate, from)),
            messages: MessageTracker::default(),
            role: FragmentRole::Control,
            close_seen: false,
            last_masking_key: None,
            close_body: CloseBody::default(),
        }
    }

    pub(crate) fn uses_deflate(&self) -> bool {
        self.inflater.is_some()
    }

    /// Whether no message is open and no Close was sent.
    pub(super) fn is_between_messages(&self) -> bool {
        !self.close_seen && self.messages.open.is_none()
    }

    pub(crate) fn sender(&self) -> Side {
        self.from
    }

    /// Validates the next piece of the payload, already unmasked; `done` bytes of it came before.
    pub(crate) fn validate_payload(
        &mut self,
        header: &Header,
        plain: &[u8],
        done: ByteLen,
        faults: &mut FaultSink,
    ) {
        let at = done + header.len();
        if header.opcode == Opcode::Close {
            return self.close_body.validate(header, plain, done, faults);
        }
        // Pings, pongs and orphans carry no message data. Their payload can be anything.
        let Some(open) = self.messages.open.as_mut().filter(|_| self.role.message().is_some())
        else {
            return;
        };
        // The validator keeps its state from frame to frame, because a character may be split
        // between fragments (section 5.6).
        open.payload_len += plain.len();
        if open.kind == MessageKind::Text
            && !open.compressed
            && !open.is_invalid
            && let Err(index) = open.utf8.push(plain)
        {
            open.is_invalid = true;
            let byte = at + index;
            faults.add(FaultCode::Utf8, byte, None, byte + 1, Detail::byte_at(plain, index));
        }
    }

    /// Checks the rules that only the end of a frame decides, and returns the message that ends
    /// with it.
    pub(crate) fn finish_frame(
        &mut self,
        header: &Header,
        faults: &mut FaultSink,
    ) -> Option<MessageEnd> {
        let end = header.frame_len();
        // An empty frame has no last payload byte to highlight. Its length byte shows where the
        // text ended.
        let last = if header.payload_len == ByteLen::ZERO { ByteLen::new(1) } else { end - 1 };
        if header.opcode == Opcode::Close {
            self.close_seen = true;
            if let (false, Some((have, of))) =
                (self.close_body.reason_is_invalid(), self.close_body.pending())
            {
                faults.add(
                    FaultCode::CloseReasonUtf8,
                    last,
                    None,
                    end,
                    Detail::IncompleteCharacter(have, of),
                );
            }
        }
        self.role.message()?;
        if !header.fin {
            self.messages.open.as_mut()?.has_complete_frame = true;
            return None;
        }
        let mut open = self.messages.open.take()?;
        let inflater = self.inflater.as_ref().filter(|_| open.compressed);
        if let Some(inflater) = inflater {
            if inflater.lacks_final_zero() {
                faults.add(FaultCode::DeflateTail, payload_offset(header), None, end, Detail::None);
            }
            validate_inflated_text(&mut open, inflater.stop, header, faults);
        } else if let (false, Some((have, of))) = (open.is_invalid, open.utf8.pending()) {
            open.is_invalid = true;
            faults.add(FaultCode::Utf8, last, None, end, Detail::IncompleteCharacter(have, of));
        }
        (!open.is_invalid).then_some(MessageEnd {
            number: open.number,
            kind: open.kind,
            compressed: open.compressed,
            payload_len: open.payload_len,
            data_len: inflater.map_or(open.payload_len, |inflater| inflater.data_len.into()),
            inflate_stop: inflater.and_then(|inflater| inflater.stop),
        })
    }

    /// Whether the current frame is part of a compressed message.
    pub(crate) fn is_in_compressed_message(&self) -> bool {
        self.role.message().is_some()
            && self.messages.open.as_ref().is_some_and(|open| open.compressed)
    }

    /// Inflates from the front of `input`. `None` ends the message and flushes the rest. Returns
    /// whether [`Self::inflated`] has output.
    pub(crate) fn inflate(&mut self, input: Option<&mut &[u8]>) -> bool {
        let (Some(inflater), Some(open)) = (&mut self.inflater, &mut self.messages.open) else {
            return false;
        };
        let piece = match input {
            Some(input) => inflater.push(input),
            None => inflater.end_message(),
        };
        if open.kind == MessageKind::Text
            && open.invalid_byte.is_none()
            && let Err(index) = open.utf8.push(piece)
        {
            open.invalid_byte = piece.get(index).copied();
        }
        !piece.is_empty()
    }

    /// Releases the inflater's memory between messages, if it can. Call only between frames, once
    /// the output is consumed.
    pub(crate) fn release_idle_memory(&mut self) {
        if let (Some(inflater), None) = (&mut self.inflater, &self.messages.open) {
            inflater.release_memory();
        }
    }

    /// Returns the data that was inflated last.
    pub(crate) fn inflated(&self) -> &[u8] {
        self.inflater.as_ref().map_or(&[], MessageInflater::output)
    }

    /// Reports why inflating has stopped, once for each message, in the frame whose bytes make it
    /// certain.
    pub(crate) fn report_inflate_stop(&mut self, header: &Header, faults: &mut FaultSink) {
        let (Some(inflater), Some(open)) = (&self.inflater, &mut self.messages.open) else {
            return;
        };
        let (start, end) = (ByteLen::from_usize(header.len()), header.frame_len());
        // `after` counts the compressed bytes of the whole message, so those of earlier frames are
        // subtracted.
        let certain =
            |after: u64| (start + (ByteLen::new(after) - open.earlier_payload_len)).min(end);
        match inflater.stop {
            Some(InflateStop::InvalidData(fault)) if !open.is_invalid => {
                open.is_invalid = true;
                let after = certain(fault.detectable_after());
                faults.add(
                    FaultCode::Inflate,
                    payload_offset(header),
                    None,
                    after,
                    Detail::Inflate(fault),
                );
            }
            Some(InflateStop::Limit) if !open.limit_reported => {
                open.limit_reported = true;
                let after = certain(inflater.limit_exceeded_after);
                let limit = Detail::InflateLimit(inflater.limit.into());
                faults.add(FaultCode::InflateLimit, payload_offset(header), None, after, limit);
            }
            _ => {}
        }
    }
}

/// Returns the offset reported for faults that only inflating finds: the first payload byte. If
/// there is no payload, or none can follow, it is the second header byte, which holds the length.
fn payload_offset(header: &Header) -> ByteLen {
    let is_without = header.payload_len == ByteLen::ZERO || header.has_impossible_length();
    ByteLen::from_usize(if is_without { 1 } else { header.len() })
}

/// Validates inflated text when its message ends. The fault does not name a byte of the
/// DEFLATE data: that would not help a reader.
fn validate_inflated_text(
    open: &mut OpenMessage,
    stopped: Option<InflateStop>,
    header: &Header,
    faults: &mut FaultSink,
) {
    let cut_off =
        open.utf8.pending().filter(|_| stopped.is_none() && open.kind == MessageKind::Text);
    let detail = match (open.invalid_byte, cut_off) {
        _ if open.is_invalid => return,
        (Some(byte), _) => Detail::Byte(byte),
        (None, Some((have, of))) => Detail::IncompleteCharacter(have, of),
        (None, None) => return,
    };
    open.is_invalid = true;
    faults.add(FaultCode::Utf8, payload_offset(header), None, header.frame_len(), detail);
}
