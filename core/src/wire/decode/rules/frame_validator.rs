//! The state that the rules of RFC 6455 sections 5, 7.4 and 8.1 and RFC 7692 section 6 depend on.
//! The rules are in `header`, `fragmentation` and `payload`; `decoder` divides
//! the bytes into headers and payloads.

use crate::wire::decode::rules::close_body::CloseBody;
use crate::wire::deflate::inflate::{InflateStop, MessageInflater};
use crate::wire::frame::message::{FragmentRole, MessageKind, MessageTracker};
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
    pub(in crate::wire::decode) from: Side,
    /// Inflates messages, if permessage-deflate was agreed.
    pub(crate) inflater: Option<MessageInflater>,
    /// Whether extensions were agreed on whose frames cannot be read.
    pub(super) has_unread_extension: bool,
    pub(crate) messages: MessageTracker,
    pub(crate) role: FragmentRole,
    pub(in crate::wire::decode) close_seen: bool,
    /// Whether frames were lost, so that the beginning of the next one was a guess. What then looks like
    /// a Close may lie within a payload.
    pub(super) follows_guess: bool,
    pub(in crate::wire::decode) last_masking_key: Option<MaskingKey>,
    pub(super) close_body: CloseBody,
}

impl FrameValidator {
    pub(crate) fn new(from: Side, agreed: AgreedExtensions) -> Self {
        Self {
            from,
            inflater: agreed
                .deflate
                .map(|deflate| MessageInflater::new(deflate, from).assumed(agreed.is_assumed)),
            has_unread_extension: agreed.has_unread,
            messages: MessageTracker::default(),
            role: FragmentRole::Control,
            close_seen: false,
            follows_guess: false,
            last_masking_key: None,
            close_body: CloseBody::default(),
        }
    }

    pub(crate) fn uses_deflate(&self) -> bool {
        self.inflater.is_some()
    }

    /// Whether no message is open and no Close was sent.
    pub(in crate::wire::decode) fn is_between_messages(&self) -> bool {
        !self.close_seen && self.messages.open.is_none()
    }

    pub(crate) fn sender(&self) -> Side {
        self.from
    }

    /// Whether the current frame is part of a compressed message.
    pub(crate) fn is_in_compressed_message(&self) -> bool {
        self.role.message_number().is_some()
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

    /// Records that payload of the current frame was not captured. Nothing that depends on it is
    /// judged.
    pub(in crate::wire::decode) fn skip_payload(&mut self, header: &Header, missing: ByteLen) {
        if header.opcode == Opcode::Close {
            self.close_body.mark_gap();
        }
        let Some(open) =
            self.messages.open.as_mut().filter(|_| self.role.message_number().is_some())
        else {
            return;
        };
        open.payload_len += missing;
        open.is_invalid = true;
        if let (true, Some(inflater)) = (open.compressed, &mut self.inflater) {
            inflater.mark_not_captured();
        }
    }

    /// Records that an unknown number of frames was not captured.
    pub(in crate::wire::decode) fn lose_frames(&mut self) {
        self.messages.lose_frames();
        self.follows_guess = true;
        self.role = FragmentRole::Control;
        self.last_masking_key = None;
        self.close_body = CloseBody::default();
        if let Some(inflater) = &mut self.inflater {
            inflater.mark_not_captured();
        }
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
}
