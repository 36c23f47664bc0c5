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
        let (header, length) = ordinary(input, self.judge.sender())?;
        if header.key.is_some_and(|key| self.judge.key_is_notable(key, header.payload_len > 0)) {
            return None;
        }
        let (frame, rest) = input.split_at(length);
        let wire = &frame[header.len()..];
        let (payload, ascii) = match header.key {
            None => (wire, false),
            Some(key) => {
                if self.scratch.len() < wire.len() {
                    self.scratch.resize(wire.len().max(1024), 0);
                }
                let ascii = mask::copy(wire, key, &mut self.scratch);
                (&self.scratch[..wire.len()], ascii)
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
        self.report.frame += 1;
        self.report.start += length as u64;
        Some(Skimmed { begun, payload })
    }
}

/// The header of an ordinary frame that lies whole at the front of `input`, and the length of that frame.
#[inline]
fn ordinary(input: &[u8], from: Side) -> Option<(Header, usize)> {
    let (first, second) = (*input.first()?, *input.get(1)?);
    let masked = second & 0x80 != 0;
    if masked != (from == Side::Client) {
        return None;
    }
    let short = u64::from(second & 0x7f);
    let (payload_len, extra) = match (first, short) {
        (0x81 | 0x82, 126) => (u64::from(u16::from_be_bytes([*input.get(2)?, *input.get(3)?])), 2),
        (0x81 | 0x82, 127) => (u64::from_be_bytes(*input.get(2..10)?.first_chunk()?), 8),
        (0x81 | 0x82 | 0x89 | 0x8a, 0..=125) => (short, 0),
        _ => return None,
    };
    let form = LengthForm::shortest(payload_len);
    if form.extra_bytes() != extra || payload_len > LONGEST {
        return None;
    }
    let at = 2 + extra;
    let key = if masked { Some(*input.get(at..at + 4)?.first_chunk()?) } else { None };
    let header = Header { form, key, ..Header::new(Opcode::from_bits(first), payload_len) };
    let length = header.len() + payload_len as usize;
    (input.len() >= length).then_some((header, length))
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
