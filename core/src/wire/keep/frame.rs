//! A frame that is kept with its bytes, and the beginning of one whose header is incomplete.

use std::ops::Range;

use crate::wire::decode::decoder::FrameStart;
use crate::wire::explain::FrameContext;
use crate::wire::explain::field_span::{self, FieldSpan};
use crate::wire::format;
use crate::wire::frame::message::FragmentRole;
use crate::wire::frame::{Header, mask};
use crate::wire::size::{ByteLen, Offset};

/// A frame with its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The frame's number in its direction, from 0.
    pub frame_number: usize,
    /// The offset of its first byte, counted from the first frame byte of the direction.
    pub offset: Offset,
    /// The frame's header.
    pub header: Header,
    /// The frame's role in the messages of its direction.
    pub role: FragmentRole,
    /// Whether an earlier frame had a fatal fault, so that a receiver would not have read this
    /// one.
    pub after_fault: bool,
    /// Whether all of the payload has arrived.
    pub complete: bool,
    /// What else the meaning of its fields depends on.
    pub context: FrameContext,
    pub(super) raw: Vec<u8>,
    /// The ranges of `raw` that were not captured.
    missing: Vec<Range<usize>>,
}

/// A piece of a payload: captured or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PayloadPiece {
    /// Bytes that were captured.
    Bytes(Vec<u8>),
    /// The number of bytes that were not captured.
    Missing(usize),
}

impl PayloadPiece {
    /// Joins pieces with blanks: `show` gives the captured ones, and a gap is its length, as in
    /// `"abc" … 12 bytes not captured … "d"`.
    pub fn join(pieces: &[Self], show: impl Fn(&[u8]) -> String) -> String {
        let piece = |piece: &Self| match piece {
            Self::Bytes(bytes) => show(bytes),
            Self::Missing(len) => {
                format!("… {} not captured …", format::byte_count(ByteLen::from_usize(*len)))
            }
        };
        pieces.iter().map(piece).collect::<Vec<_>>().join(" ")
    }
}

impl Frame {
    /// Creates a frame from `raw`, which is the header and as much of the payload as has arrived.
    pub(super) fn new(frame_start: &FrameStart, context: FrameContext, raw: Vec<u8>) -> Self {
        let &FrameStart { frame_number, offset, header, role, after_fault, .. } = frame_start;
        let complete = header.frame_len() == ByteLen::of(&raw);
        let missing = Vec::new();
        Self { frame_number, offset, header, role, after_fault, complete, context, raw, missing }
    }

    /// Marks ranges of [`Self::raw`] as not captured. They are in ascending order, and zeros stand
    /// there. A header is always captured: without it there is no frame.
    #[must_use]
    pub fn with_missing(mut self, missing: Vec<Range<usize>>) -> Self {
        self.missing = missing;
        self
    }

    /// Returns the ranges of [`Self::raw`] that were not captured, in ascending order.
    pub fn missing(&self) -> &[Range<usize>] {
        &self.missing
    }

    /// Returns the unmasked payload in order, with a piece for each range that was not captured.
    pub fn payload_pieces(&self) -> Vec<PayloadPiece> {
        self.pieces_of(&self.payload())
    }

    /// Returns the payload as received, with a piece for each range that was not captured.
    pub fn wire_pieces(&self) -> Vec<PayloadPiece> {
        self.pieces_of(self.payload_on_wire())
    }

    fn pieces_of(&self, payload: &[u8]) -> Vec<PayloadPiece> {
        let (mut pieces, mut at) = (Vec::new(), 0);
        let add_bytes = |pieces: &mut Vec<PayloadPiece>, range: Range<usize>| {
            let bytes = payload.get(range).filter(|bytes| !bytes.is_empty());
            pieces.extend(bytes.map(|bytes| PayloadPiece::Bytes(bytes.to_vec())));
        };
        for range in &self.missing {
            let [start, end] =
                [range.start, range.end].map(|at| at.saturating_sub(self.header.len()));
            add_bytes(&mut pieces, at..start);
            pieces.push(PayloadPiece::Missing(end.saturating_sub(start)));
            at = end;
        }
        add_bytes(&mut pieces, at..payload.len());
        pieces
    }

    /// Returns the bytes as received, header and payload.
    pub fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// Returns the payload as received, still masked if the frame is masked. Zeros stand for bytes
    /// that were not captured.
    pub fn payload_on_wire(&self) -> &[u8] {
        self.raw.get(self.header.len()..).unwrap_or_default()
    }

    /// Returns the unmasked payload, which is still compressed if the message is. What stands for
    /// bytes that were not captured means nothing; [`Self::payload_pieces`] tells them apart.
    pub fn payload(&self) -> Vec<u8> {
        match self.header.masking_key {
            Some(key) => mask::unmask(self.payload_on_wire(), key),
            None => self.payload_on_wire().to_vec(),
        }
    }

    /// Computes every field with its bytes, bits, value and meaning.
    pub fn field_spans(&self) -> Vec<FieldSpan> {
        let mut spans = field_span::field_spans(&self.raw, self.context);
        for span in &mut spans {
            let missing = self.missing.iter().map(|range| {
                let (start, end) =
                    (range.start.max(span.bytes.start), range.end.min(span.bytes.end));
                end.saturating_sub(start)
            });
            let missing: usize = missing.sum();
            // A value that is known in part is not explained, because its meaning would be a guess.
            if missing > 0 {
                let all = format::byte_count(span.bytes.len() as u64);
                let lacking = format::group_thousands(missing as u64);
                span.value = format!("{lacking} of {all} not captured");
                "the capture lacks these bytes, so nothing is said about them"
                    .clone_into(&mut span.meaning);
            }
        }
        spans
    }

    /// Returns the code and the reason of a Close frame; `None` if there is no code, if it was not
    /// captured, or if the header cannot be that of a Close (such as the first byte of HTTP text,
    /// `H`). A reason ends where bytes were not captured.
    pub fn close_body(&self) -> Option<(u16, Vec<u8>)> {
        if !self.header.is_close() {
            return None;
        }
        match self.payload_pieces().into_iter().next()? {
            PayloadPiece::Bytes(body) => {
                let (code, reason) = body.split_first_chunk()?;
                Some((u16::from_be_bytes(*code), reason.to_vec()))
            }
            PayloadPiece::Missing(_) => None,
        }
    }
}

/// The first bytes of a frame whose header is incomplete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartialHeader<'a> {
    /// The number that the frame will have.
    pub frame_number: usize,
    /// The offset of its first byte, counted from the first frame byte of the direction.
    pub offset: Offset,
    /// The bytes that have arrived.
    pub raw: &'a [u8],
    pub(super) context: FrameContext,
}

impl PartialHeader<'_> {
    /// Returns the fields that have arrived.
    pub fn field_spans(&self) -> Vec<FieldSpan> {
        field_span::field_spans(self.raw, self.context)
    }
}
