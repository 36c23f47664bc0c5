//! [`Evidence`]: what a decoder finds in the bytes of an exhibit, and the bytes that prove it.

use std::ops::Range;

use crate::learn::exercise::Exhibit;
use crate::wire::keep::transcript::Transcript;
use crate::wire::{AgreedExtensions, DeflateParams, Fault, FaultCode, FieldSpan, Frame, Side};

/// The one fault of an exhibit.
#[derive(Debug)]
pub(super) struct Evidence {
    transcript: Transcript,
    /// The fault.
    pub(super) fault: Fault,
    /// The bytes that prove it, any of which may be pointed at.
    pub(super) span: Range<usize>,
    /// All bytes.
    pub(super) bytes: Vec<u8>,
}

impl Evidence {
    /// Decodes an exhibit. `None` if it is not of bytes, or has not exactly one fault.
    pub(super) fn find(exhibit: &Exhibit) -> Option<Self> {
        let Exhibit::Bytes { from, bytes, deflate } = exhibit else { return None };
        let transcript = decode(*from, bytes, *deflate);
        let [fault] = *transcript.faults() else { return None };
        let mut evidence = Self { transcript, fault, span: 0..0, bytes: bytes.clone() };
        let first = fault.byte_offset.to_usize_saturating();
        let end = fault.detectable_after.to_usize_saturating();
        evidence.span = evidence.first_of_character(first)..end.max(first.saturating_add(1));
        Some(evidence)
    }

    /// Returns the frame that contains a byte.
    pub(super) fn frame_at(&self, byte: usize) -> Option<&Frame> {
        let frames = self.transcript.frames().iter().chain(self.transcript.current_frame());
        frames.rev().find(|frame| frame.offset.to_usize_saturating() <= byte)
    }

    /// Returns the guilty frame.
    pub(super) fn frame(&self) -> Option<&Frame> {
        self.frame_at(self.span.start)
    }

    /// Returns the number of frames.
    pub(super) fn frame_count(&self) -> usize {
        let last = usize::from(self.transcript.current_frame().is_some());
        self.transcript.frames().len().saturating_add(last)
    }

    /// Returns the fields that a byte of the exhibit belongs to, in wire order.
    pub(super) fn fields_at(&self, byte: usize) -> Vec<FieldSpan> {
        let Some(frame) = self.frame_at(byte) else { return Vec::new() };
        let within = byte.saturating_sub(frame.offset.to_usize_saturating());
        frame.field_spans().into_iter().filter(|span| span.bytes.contains(&within)).collect()
    }

    /// Returns the field that the fault is in.
    pub(super) fn field(&self) -> Option<FieldSpan> {
        let at = self.fault.byte_offset.to_usize_saturating();
        let fields = self.fields_at(at);
        let has_bits = |span: &&FieldSpan| {
            self.fault.bits.is_none_or(|bits| span.bits.clone().any(|bit| bits.contains(bit)))
        };
        fields.iter().find(has_bits).cloned()
    }

    /// Returns the first byte of the character in the same frame that a byte of text breaks; the
    /// byte itself where it is not about text.
    fn first_of_character(&self, byte: usize) -> usize {
        if !matches!(self.fault.code, FaultCode::Utf8 | FaultCode::CloseReasonUtf8) {
            return byte;
        }
        let Some(frame) = self.frame_at(byte) else { return byte };
        let start = frame.offset.to_usize_saturating().saturating_add(frame.header.len());
        let (payload, index) = (frame.payload(), byte.saturating_sub(start));
        let mut before = payload.get(..index).unwrap_or_default().iter().rev().zip(1..4);
        let lead = before.find(|(byte, _)| !matches!(byte, 0x80..=0xbf));
        match lead {
            Some((lead, distance)) if character_len(*lead) > distance => {
                byte.saturating_sub(distance)
            }
            _ => byte,
        }
    }
}

/// Decodes what a side sends, as a client or server that reads on after a fault.
fn decode(from: Side, bytes: &[u8], deflate: bool) -> Transcript {
    let deflate = deflate.then(DeflateParams::default);
    let mut transcript =
        Transcript::new(from, AgreedExtensions { deflate, ..AgreedExtensions::none() });
    transcript.push(bytes);
    transcript
}

/// Returns the number of bytes of a character with this first byte (RFC 3629 section 4).
fn character_len(lead: u8) -> usize {
    match lead {
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => 1,
    }
}
