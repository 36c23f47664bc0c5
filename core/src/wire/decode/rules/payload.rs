//! Checks the rules that a frame's payload and its end decide: the text of messages (RFC 6455
//! section 8.1), the body of a Close (section 5.5.1), and compressed data (RFC 7692 section 7.2).

use crate::wire::decode::fault::{Detail, FaultCode};
use crate::wire::decode::frame_faults::FrameFaults;
use crate::wire::decode::rules::frame_validator::{FrameValidator, MessageEnd};
use crate::wire::deflate::inflate::InflateStop;
use crate::wire::frame::message::{MessageKind, OpenMessage};
use crate::wire::frame::{Header, Opcode};
use crate::wire::size::ByteLen;

impl FrameValidator {
    /// Validates the next piece of the payload, already unmasked; `done` bytes of it came before.
    pub(crate) fn validate_payload(
        &mut self,
        header: &Header,
        plain: &[u8],
        done: ByteLen,
        faults: &mut FrameFaults,
    ) {
        let at = done + header.len();
        if header.opcode == Opcode::Close {
            return self.close_body.validate(header, plain, done, faults);
        }
        // Pings, pongs and orphans carry no message data. Their payload can be anything.
        let Some(open) =
            self.messages.open.as_mut().filter(|_| self.role.message_number().is_some())
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
            // The bytes may be data of an extension.
            if self.has_unread_extension {
                return;
            }
            let byte = at + index;
            faults.add(FaultCode::Utf8, byte, None, byte + 1, Detail::byte_at(plain, index));
        }
    }

    /// Checks the rules that only the end of a frame decides, and returns the message that ends
    /// with it.
    pub(crate) fn finish_frame(
        &mut self,
        header: &Header,
        faults: &mut FrameFaults,
    ) -> Option<MessageEnd> {
        let end = header.frame_len();
        // An empty frame has no last payload byte to highlight. Its length byte shows where the
        // text ended.
        let last = if header.payload_len == ByteLen::ZERO { ByteLen::new(1) } else { end - 1 };
        if header.opcode == Opcode::Close {
            self.close_seen |= !self.follows_guess;
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
        self.role.message_number()?;
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
            if inflater.is_assumed() || self.has_unread_extension {
                open.is_invalid |= open.invalid_byte.is_some();
            } else {
                validate_inflated_text(&mut open, inflater.stop, header, faults);
            }
        } else if let (false, Some((have, of))) = (open.is_invalid, open.utf8.pending()) {
            open.is_invalid = true;
            if self.has_unread_extension {
                return None;
            }
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

    /// Reports why inflating has stopped, once for each message, in the frame whose bytes make it
    /// certain.
    pub(crate) fn report_inflate_stop(&mut self, header: &Header, faults: &mut FrameFaults) {
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
    faults: &mut FrameFaults,
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
