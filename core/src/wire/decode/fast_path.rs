//! A fast path for what most connections consist of: whole, legal, uncompressed frames in one
//! piece.
//! It must give the same results as [`Decoder::next_event`], so it leaves everything unusual to
//! that.

use crate::wire::decode::decoder::{Decoder, FrameStart};
use crate::wire::frame::mask;
use crate::wire::frame::message::{FragmentRole, MessageKind};
use crate::wire::frame::{Header, LengthForm, Opcode, Side};

/// The longest payload on the fast path, in bytes. Longer ones are left to `next_event`, which
/// returns them in pieces.
const MAX_SIMPLE_PAYLOAD: u64 = 128 * 1024;

/// A whole frame without faults.
#[derive(Clone, Copy, Debug)]
pub struct SimpleFrame<'a> {
    /// The frame's header, number and offset.
    pub start: FrameStart,
    /// The payload, unmasked. In a text frame it is valid UTF-8.
    pub payload: &'a [u8],
}

impl Decoder {
    /// Takes one frame from the front of `input` if it is whole, legal and ordinary: text, binary,
    /// ping or pong, with FIN = 1 and no reserved bit, between two messages. Returns `None`
    /// otherwise and leaves `input` as it was; call [`Decoder::next_event`] then.
    ///
    /// ```
    /// use wiretalk_core::wire::{AgreedExtensions, Decoder, Side};
    ///
    /// let mut decoder = Decoder::new(Side::Server, AgreedExtensions::none());
    /// let mut input: &[u8] = &[0x81, 0x02, b'h', b'i', 0x88, 0x00];
    /// assert_eq!(decoder.next_simple_frame(&mut input).unwrap().payload, b"hi");
    /// assert!(decoder.next_simple_frame(&mut input).is_none());
    /// assert_eq!(input, [0x88, 0x00]);
    /// ```
    #[inline]
    pub fn next_simple_frame<'d, 'i: 'd>(
        &'d mut self,
        input: &mut &'i [u8],
    ) -> Option<SimpleFrame<'d>> {
        if !self.can_take_simple_frame() {
            return None;
        }
        let (header, wire, rest) = parse_simple_header(input, self.validator.sender())?;
        if header
            .masking_key
            .is_some_and(|key| self.validator.masking_key_has_fault(key, !wire.is_empty()))
        {
            return None;
        }
        let (payload, ascii) = match header.masking_key {
            None => (wire, false),
            Some(key) => {
                // At least 1 KiB, so that a series of slowly growing messages does not reallocate
                // each time.
                if self.scratch.len() < wire.len() {
                    self.scratch.resize(wire.len().max(1024), 0);
                }
                let plain = self.scratch.get_mut(..wire.len())?;
                let ascii = mask::unmask_into(wire, key, plain);
                (&*plain, ascii)
            }
        };
        if header.opcode == Opcode::Text && !ascii && simdutf8::basic::from_utf8(payload).is_err() {
            return None;
        }
        *input = rest;
        let (role, kind) = self.validator.accept_simple_frame(&header);
        let frame_start = FrameStart {
            frame_number: self.faults.frame_number,
            offset: self.faults.frame_offset,
            header,
            role,
            kind,
            compressed: false,
            after_fault: self.after_fault,
        };
        self.faults.advance_frame(header.frame_len());
        Some(SimpleFrame { start: frame_start, payload })
    }
}

/// Returns the header and the payload of an ordinary frame that lies whole at the front of `input`,
/// and the bytes after it.
#[inline]
fn parse_simple_header(input: &[u8], from: Side) -> Option<(Header, &[u8], &[u8])> {
    let (&[first, second], input) = input.split_first_chunk()?;
    let masked = second & 0x80 != 0;
    if masked != (from == Side::Client) {
        return None;
    }
    let short = second & 0x7f;
    let (payload_len, input) = match (first, short) {
        // 0x81, 0x82, 0x89, 0x8a: FIN = 1, no reserved bit, and text, binary, ping or pong. Control
        // frames have no extended length.
        (0x81 | 0x82, 126) => {
            let (extended, input) = input.split_first_chunk()?;
            (u64::from(u16::from_be_bytes(*extended)), input)
        }
        (0x81 | 0x82, 127) => {
            let (extended, input) = input.split_first_chunk()?;
            (u64::from_be_bytes(*extended), input)
        }
        (0x81 | 0x82 | 0x89 | 0x8a, 0..=125) => (u64::from(short), input),
        _ => return None,
    };
    let header = Header::new(Opcode::from_bits(first), payload_len);
    // `Header::new` has chosen the shortest form; another one on the wire is a fault.
    if header.length_form != LengthForm::from_second_byte(second)
        || payload_len > MAX_SIMPLE_PAYLOAD
    {
        return None;
    }
    let (key, input) = if masked {
        let (key, input) = input.split_first_chunk()?;
        (Some(*key), input)
    } else {
        (None, input)
    };
    let (payload, rest) = input.split_at_checked(header.payload_len.to_usize_saturating())?;
    Some((Header { masking_key: key, ..header }, payload, rest))
}

impl crate::wire::decode::rules::frame_validator::FrameValidator {
    /// Whether the key breaks a rule: it is zero, or the same as before.
    #[inline]
    fn masking_key_has_fault(&self, key: [u8; 4], masks_something: bool) -> bool {
        key == [0; 4] || masks_something && self.last_masking_key == Some(key)
    }

    /// Updates the state for an ordinary frame.
    #[inline]
    fn accept_simple_frame(&mut self, header: &Header) -> (FragmentRole, Option<MessageKind>) {
        self.last_masking_key = header.masking_key.or(self.last_masking_key);
        let kind = match header.opcode {
            Opcode::Text => MessageKind::Text,
            Opcode::Binary => MessageKind::Binary,
            _ => return (FragmentRole::Control, None),
        };
        (FragmentRole::First { message: self.messages.count_single_frame() }, Some(kind))
    }
}
