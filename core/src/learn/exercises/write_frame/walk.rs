//! Walks through the bytes of an answer, field by field, beside the frames that are wanted. It
//! stops where they can no longer be compared: at the end, or at a length that is wrong.

use std::ops::Range;

use crate::learn::exercises::write_frame::finding::{Finding, Part};
use crate::learn::exercises::write_frame::wanted::{
    WantedBody, WantedFrame, WantedFrames, WantedMask, length_bytes,
};
use crate::wire::format::{byte_count, group_thousands, spaced_hex};
use crate::wire::frame::{MAX_HEADER_LEN, mask};
use crate::wire::{Header, Opcode};

/// The result of a walk.
#[derive(Clone, Debug, Default)]
pub(super) struct Walk {
    /// A finding for each field that was reached, in wire order.
    pub(super) findings: Vec<Finding>,
    /// The bytes behind the last frame, if all frames were reached.
    pub(super) extra: Option<Range<usize>>,
}

/// Walks through `raw`.
pub(super) fn walk(wanted: &WantedFrames, raw: &[u8]) -> Walk {
    let mut walk = Walk::default();
    let (mut at, mut left) = (0, wanted.message.as_slice());
    for (number, frame) in wanted.frames.iter().enumerate() {
        let is_last_piece = !wanted.frames.iter().skip(number.saturating_add(1)).any(is_piece);
        let bytes = raw.get(at..).unwrap_or_default();
        let mut walker =
            FrameWalk { number, frame, left, is_last_piece, at, bytes, findings: Vec::new() };
        let len = walker.run();
        walk.findings.append(&mut walker.findings);
        let Some((frame_len, piece_len)) = len else { return walk };
        at = at.saturating_add(frame_len);
        left = left.get(piece_len..).unwrap_or_default();
    }
    walk.extra = Some(at..raw.len());
    walk
}

fn is_piece(frame: &WantedFrame) -> bool {
    matches!(frame.body, WantedBody::Piece(_))
}

/// A walk through one frame.
struct FrameWalk<'a> {
    number: usize,
    frame: &'a WantedFrame,
    /// The part of the message that earlier frames don't have.
    left: &'a [u8],
    /// Whether the frame must have all of it.
    is_last_piece: bool,
    /// The offset of the frame's first byte.
    at: usize,
    /// The bytes from there on.
    bytes: &'a [u8],
    findings: Vec<Finding>,
}

impl FrameWalk<'_> {
    /// Returns the length of the frame, and of the piece of the message in it, if the next frame
    /// can be compared too.
    fn run(&mut self) -> Option<(usize, usize)> {
        // What is missing doesn't count, because each part is compared only as far as it is there.
        let mut padded = [0; MAX_HEADER_LEN];
        for (to, from) in padded.iter_mut().zip(self.bytes) {
            *to = *from;
        }
        let header = Header::parse(&padded).ok()?;
        self.first_byte(&header);
        let is_framed = self.mask_bit(&header)? & self.length(&header)?;
        // The end of the frame isn't known then.
        if !is_framed {
            return None;
        }
        self.key(&header)?;
        if let WantedBody::HeaderOf(_) = self.frame.body {
            return Some((header.len(), 0));
        }
        self.payload(&header)
    }

    fn first_byte(&mut self, header: &Header) {
        let [first, _] = self.frame.header(0).first_two_bytes();
        if self.bytes.is_empty() {
            return;
        }
        let fin = u8::from(self.frame.fin);
        let typed_fin = u8::from(header.fin);
        self.find(
            Part::Fin,
            header.fin == self.frame.fin,
            0..1,
            format!("FIN is {typed_fin} here"),
            format!("FIN is {fin}: the first byte is {first:02x}"),
        );
        let (typed, opcode) = (header.opcode, self.frame.opcode);
        self.find(
            Part::Opcode,
            typed == opcode,
            0..1,
            format!("the opcode here is 0x{:X}, {typed}", typed.bits()),
            format!(
                "the opcode of a {opcode} is 0x{:X}: the first byte is {first:02x}",
                opcode.bits()
            ),
        );
    }

    fn mask_bit(&mut self, header: &Header) -> Option<bool> {
        self.bytes.get(1)?;
        let is_masked = self.frame.mask.key().is_some();
        let lesson = if is_masked {
            "MASK is 1, since a client masks every frame"
        } else {
            "MASK is 0, since a server never masks"
        };
        let typed = u8::from(header.masking_key.is_some());
        let right = header.masking_key.is_some() == is_masked;
        self.find(Part::Masked, right, 1..2, format!("MASK is {typed} here"), lesson.to_owned());
        Some(right)
    }

    /// Compares the seven bits and the extended length as far as it is there. `None` if some of it
    /// is missing.
    fn length(&mut self, header: &Header) -> Option<bool> {
        let wanted = match &self.frame.body {
            WantedBody::Bytes(bytes) => self.frame.header(bytes.len() as u64),
            WantedBody::HeaderOf(len) => self.frame.header(*len),
            WantedBody::Piece(_) => return Some(self.piece_length(header)),
        };
        let len = wanted.payload_len.get();
        let lesson = format!("the length is {}: {}", group_thousands(len), length_bytes(&wanted));
        if header.len7() != wanted.len7() {
            let remark = match header.len7() {
                126 => "126 says that two bytes with the length follow".to_owned(),
                127 => "127 says that eight bytes with the length follow".to_owned(),
                len => format!("the length here is {len}"),
            };
            self.find(Part::Length, false, 1..2, remark, lesson);
            return Some(false);
        }
        let end = wanted.length_form.header_len(false);
        let (expected, typed) = (wanted.to_bytes(), self.bytes.get(..end).unwrap_or(self.bytes));
        let differs =
            |at: &usize| typed.get(*at).is_some_and(|byte| Some(byte) != expected.get(*at));
        if let Some(wrong) = (2..end).find(differs) {
            let remark = "this byte of the length is wrong".to_owned();
            self.find(Part::Length, false, wrong..wrong.saturating_add(1), remark, lesson);
            return Some(false);
        }
        if typed.len() < end {
            return None;
        }
        self.find(Part::Length, true, 1..end, lesson.clone(), lesson);
        Some(true)
    }

    fn piece_length(&mut self, header: &Header) -> bool {
        let (typed, left) = (usize::from(header.len7()), self.left.len());
        let right = if self.is_last_piece { typed == left } else { typed <= left };
        let remark = format!("the length here is {typed}");
        let lesson = if self.is_last_piece {
            format!("the length is {left}: the last fragment has what the others left")
        } else {
            format!("the length is at most {left}: the text has {}", byte_count(left as u64))
        };
        self.find(Part::Length, right, 1..2, remark, lesson);
        right
    }

    fn key(&mut self, header: &Header) -> Option<()> {
        let Some(typed) = header.masking_key else { return Some(()) };
        let start = header.length_form.header_len(false);
        let there = self.bytes.get(start..header.len().min(self.bytes.len())).unwrap_or_default();
        if let WantedMask::Key(key) = self.frame.mask {
            let lesson = format!("the key is {}, as the task says", spaced_hex(&key, 4));
            let wrong = there.iter().zip(key).position(|(typed, key)| *typed != key);
            if let Some(wrong) = wrong {
                let at = start.saturating_add(wrong);
                let remark = "this byte of the key is wrong".to_owned();
                self.find(Part::Key, false, at..at.saturating_add(1), remark, lesson);
            } else if there.len() == key.len() {
                self.find(Part::Key, true, start..header.len(), lesson.clone(), lesson);
            }
        } else if there.len() == typed.len() {
            let remark = format!("{} is the key", spaced_hex(&typed, 4));
            self.find(Part::Key, true, start..header.len(), remark.clone(), remark);
        }
        (there.len() == typed.len()).then_some(())
    }

    /// Compares the payload as far as it is there. `None` if some of it is missing.
    fn payload(&mut self, header: &Header) -> Option<(usize, usize)> {
        let start = header.len();
        let len = header.payload_len.to_usize_saturating();
        let end = start.saturating_add(len);
        let (expected, piece_len) = match &self.frame.body {
            WantedBody::Bytes(bytes) => (bytes.as_slice(), 0),
            _ => (self.left.get(..len).unwrap_or(self.left), len),
        };
        let key = header.masking_key;
        let wire = self.bytes.get(start..end.min(self.bytes.len())).unwrap_or_default();
        let typed = key.map_or_else(|| wire.to_vec(), |key| mask::unmask(wire, key));
        let parts = match self.frame.opcode {
            Opcode::Close if len > 2 => vec![(Part::Code, 0..2), (Part::Reason, 2..len)],
            Opcode::Close if len == 2 => vec![(Part::Code, 0..2)],
            _ => vec![(Part::Payload, 0..len)],
        };
        for (part, place) in parts.into_iter().filter(|(_, place)| !place.is_empty()) {
            let is_text = matches!(self.frame.opcode, Opcode::Text | Opcode::Continuation)
                || part == Part::Reason;
            let masking = Masking { key, start, is_text };
            self.compare(part, place, (&typed, expected), &masking);
        }
        (wire.len() == len).then_some((end, piece_len))
    }

    /// Compares a part of the payload, at `place` in it, byte by byte.
    fn compare(
        &mut self,
        part: Part,
        place: Range<usize>,
        (typed, expected): (&[u8], &[u8]),
        masking: &Masking,
    ) {
        let differs =
            |at: &usize| typed.get(*at).is_some_and(|byte| Some(byte) != expected.get(*at));
        let behind = |at: usize| masking.start.saturating_add(at);
        if let Some(wrong) = place.clone().find(differs) {
            let byte = expected.get(wrong).copied().unwrap_or_default();
            let at = behind(wrong);
            let typed = typed.get(wrong).copied().unwrap_or_default();
            let lesson = masking.lesson(self.at.saturating_add(at), byte, wrong);
            let remark = masking.remark(typed, wrong);
            self.find(part, false, at..at.saturating_add(1), remark, lesson);
        } else if typed.len() >= place.end {
            let remark = part.right().to_owned();
            self.find(part, true, behind(place.start)..behind(place.end), remark.clone(), remark);
        }
    }

    fn find(
        &mut self,
        part: Part,
        right: bool,
        bytes: Range<usize>,
        remark: String,
        lesson: String,
    ) {
        let bytes = self.at.saturating_add(bytes.start)..self.at.saturating_add(bytes.end);
        self.findings.push(Finding { frame: self.number, part, right, bytes, remark, lesson });
    }
}

/// The masking of a payload, its offset in the frame, and whether it is text.
struct Masking {
    key: Option<[u8; 4]>,
    start: usize,
    is_text: bool,
}

impl Masking {
    fn key_byte(&self, at: usize) -> Option<u8> {
        self.key.and_then(|key| key.iter().cycle().nth(at % 4).copied())
    }

    /// Returns the byte that belongs at offset `at` of the payload, which is byte `number` of all.
    fn lesson(&self, number: usize, plain: u8, at: usize) -> String {
        match self.key_byte(at) {
            Some(key) => {
                format!("byte {number} is {:02x}: {plain:02x} XOR {key:02x}", plain ^ key)
            }
            None => format!("byte {number} is {plain:02x}"),
        }
    }

    fn remark(&self, typed: u8, at: usize) -> String {
        let shown = match typed {
            b' '..=b'~' if self.is_text => format!("{:?}", char::from(typed)),
            _ => format!("0x{typed:02x}"),
        };
        match self.key_byte(at) {
            Some(key) => {
                format!("{:02x} XOR {key:02x} is {shown} here", typed ^ key)
            }
            None => format!("that's {shown} here"),
        }
    }
}
