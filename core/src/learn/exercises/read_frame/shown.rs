//! [`ShownFrame`]: the frame that an exercise asks about, decoded from its exhibit.

use std::ops::Range;

use crate::learn::exercise::Exhibit;
use crate::wire::explain::field_span::{Field, FieldSpan};
use crate::wire::{AgreedExtensions, Frame, Header, Transcript};

/// The last frame of an exhibit.
#[derive(Clone, Debug)]
pub(super) struct ShownFrame {
    /// The frame.
    pub(super) frame: Frame,
    /// The offset of its first byte in the exhibit.
    pub(super) start: usize,
    /// The text of its message, inflated, if the frame ends one.
    pub(super) text: Option<String>,
    spans: Vec<FieldSpan>,
}

/// The extension that an exhibit with compression was agreed with. No message refers to an earlier
/// one.
pub(super) const DEFLATE: &str =
    "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

impl ShownFrame {
    /// Decodes an exhibit. `None` if it has no frame with a whole header.
    pub(super) fn of(exhibit: &Exhibit) -> Option<Self> {
        let Exhibit::Bytes { from, bytes, deflate } = exhibit else { return None };
        let none = AgreedExtensions::none();
        let agreed = if *deflate { AgreedExtensions::parse(DEFLATE).unwrap_or(none) } else { none };
        let mut transcript = Transcript::new(*from, agreed);
        transcript.push(bytes);
        let frame = transcript.current_frame().or(transcript.frames().last())?.clone();
        let message = transcript.messages().last();
        let message = message.filter(|message| message.frames.last() == Some(&frame.frame_number));
        Some(Self {
            start: frame.offset.to_usize_saturating(),
            text: message.and_then(|message| message.text()).map(str::to_owned),
            spans: frame.field_spans(),
            frame,
        })
    }

    /// Returns the frame's header.
    pub(super) fn header(&self) -> &Header {
        &self.frame.header
    }

    /// Returns one of the frame's bytes, by its offset in the frame.
    pub(super) fn byte(&self, at: usize) -> u8 {
        self.frame.raw().get(at).copied().unwrap_or_default()
    }

    /// Returns the place of bytes of the frame in the exhibit.
    pub(super) fn place(&self, bytes: Range<usize>) -> Range<usize> {
        self.start.saturating_add(bytes.start)..self.start.saturating_add(bytes.end)
    }

    /// Returns the place of a field in the exhibit, and its explanation. If the frame doesn't have
    /// it, `otherwise` is the field that shows so.
    pub(super) fn span(&self, field: Field, otherwise: Field) -> Option<FieldSpan> {
        let found = |field| self.spans.iter().find(|span| span.field == field);
        let mut span = found(field).or_else(|| found(otherwise))?.clone();
        span.bytes = self.place(span.bytes);
        Some(span)
    }

    /// Returns the first byte's bits as its fields divide them: `1 000 0001`.
    pub(super) fn first_bits(&self) -> String {
        let byte = self.byte(0);
        format!("{} {:03b} {:04b}", byte >> 7, byte >> 4 & 7, byte & 15)
    }

    /// Returns the second byte's bits as its fields divide them: `1 0000101`.
    pub(super) fn second_bits(&self) -> String {
        let byte = self.byte(1);
        format!("{} {:07b}", byte >> 7, byte & 0x7f)
    }
}
