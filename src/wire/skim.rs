//! The quick way through what most connections consist of: whole, legal, uncompressed frames that lie in one piece.
//! It judges nothing that [`Decoder::step`] would judge otherwise; whatever is out of the ordinary is left to that.

use super::decoder::{Begun, Decoder};
use super::frame::{Header, LengthForm, Opcode, Side};
use super::mask;
use super::message::{Kind, Place};

/// Longer payloads are left to `step`, which hands them out in pieces.
const LONGEST: u64 = 128 * 1024;

/// A whole frame, and nothing is wrong with it.
#[derive(Clone, Copy, Debug)]
pub struct Skimmed<'a> {
    /// Its header and place.
    pub begun: Begun,
    /// Its payload, unmasked; for a text frame it is valid UTF-8.
    pub payload: &'a [u8],
}

impl Decoder {
    /// Takes one frame from the front of `input` if it is whole, legal and ordinary: text, binary, ping or pong, FIN = 1, no
    /// reserved bit, between two messages. None leaves `input` as it was: ask [`Decoder::step`].
    ///
    /// ```
    /// use wiretalk::wire::{Agreed, Decoder, Side};
    ///
    /// let mut decoder = Decoder::new(Side::Server, Agreed::none());
    /// let mut input: &[u8] = &[0x81, 0x02, b'h', b'i', 0x88, 0x00];
    /// assert_eq!(decoder.skim(&mut input).unwrap().payload, b"hi");
    /// assert!(decoder.skim(&mut input).is_none());
    /// assert_eq!(input, [0x88, 0x00]);
    /// ```
    #[inline]
    pub fn skim<'d, 'i: 'd>(&'d mut self, input: &mut &'i [u8]) -> Option<Skimmed<'d>> {
        if !self.is_between_frames() {
            return None;
        }
        let (header, wire, rest) = ordinary(input, self.judge.sender())?;
        if header.key.is_some_and(|key| self.judge.key_is_notable(key, !wire.is_empty())) {
            return None;
        }
        let (payload, ascii) = match header.key {
            None => (wire, false),
            Some(key) => {
                if self.scratch.len() < wire.len() {
                    self.scratch.resize(wire.len().max(1024), 0);
                }
                let plain = self.scratch.get_mut(..wire.len())?;
                let ascii = mask::copy(wire, key, plain);
                (&*plain, ascii)
            }
        };
        if header.opcode == Opcode::Text && !ascii && simdutf8::basic::from_utf8(payload).is_err() {
            return None;
        }
        *input = rest;
        let (place, kind) = self.judge.ordinary(&header);
        let begun = Begun {
            index: self.report.frame,
            offset: self.report.start,
            header,
            place,
            kind,
            compressed: false,
            after_fault: self.after_fault,
        };
        self.report.pass(header.frame_len());
        Some(Skimmed { begun, payload })
    }
}

/// The header and the payload of an ordinary frame that lies whole at the front of `input`, and what lies behind it.
#[inline]
fn ordinary(input: &[u8], from: Side) -> Option<(Header, &[u8], &[u8])> {
    let (&[first, second], input) = input.split_first_chunk()?;
    let masked = second & 0x80 != 0;
    if masked != (from == Side::Client) {
        return None;
    }
    let short = second & 0x7f;
    let (payload_len, input) = match (first, short) {
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
    if header.form != LengthForm::from_second_byte(second) || payload_len > LONGEST {
        return None;
    }
    let (key, input) = if masked {
        let (key, input) = input.split_first_chunk()?;
        (Some(*key), input)
    } else {
        (None, input)
    };
    let (payload, rest) = input.split_at_checked(header.payload_len.to_usize_saturating())?;
    Some((Header { key, ..header }, payload, rest))
}

impl super::judge::Judge {
    /// The key is one that a rule speaks of.
    #[inline]
    fn key_is_notable(&self, key: [u8; 4], masks_something: bool) -> bool {
        key == [0; 4] || masks_something && self.last_key == Some(key)
    }

    /// Takes an ordinary frame into account.
    #[inline]
    fn ordinary(&mut self, header: &Header) -> (Place, Option<Kind>) {
        self.last_key = header.key.or(self.last_key);
        let kind = match header.opcode {
            Opcode::Text => Kind::Text,
            Opcode::Binary => Kind::Binary,
            _ => return (Place::Control, None),
        };
        (Place::Opens { message: self.messages.pass() }, Some(kind))
    }
}
