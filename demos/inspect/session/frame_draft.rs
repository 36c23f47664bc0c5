//! A copy of a frame that is edited bit by bit or byte by byte and validated after every change.

use std::ops::Range;

use crate::wire::explain::{FrameContext, field_span};
use crate::wire::frame::mask;
use crate::wire::{
    AgreedExtensions, ByteLen, Fault, FieldSpan, FragmentRole, Frame, Header, LengthForm, Offset,
    Opcode, Side, Transcript,
};

/// The maximum length of a frame that can be edited, in bytes.
pub(crate) const MAX_DRAFT_BYTES: usize = 70_000;

/// The frame being edited: any bytes, legal or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Draft {
    bytes: Vec<u8>,
    original: Vec<u8>,
    context: FrameContext,
    /// Whether a message is open at the frame's position in the stream.
    in_message: bool,
    agreed: AgreedExtensions,
}

impl Draft {
    /// Creates a copy of a frame.
    pub(crate) fn from_frame(frame: &Frame, agreed: AgreedExtensions) -> Self {
        let mut raw = frame.raw().to_vec();
        raw.truncate(MAX_DRAFT_BYTES);
        let continues = matches!(frame.role, FragmentRole::Continuation { .. });
        Self {
            original: raw.clone(),
            bytes: raw,
            context: frame.context,
            in_message: continues,
            agreed,
        }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn is_changed(&self) -> bool {
        self.bytes != self.original
    }

    /// Returns the bytes before they were edited.
    pub(crate) fn original(&self) -> &[u8] {
        &self.original
    }

    pub(crate) fn undo(&mut self) {
        self.bytes.clone_from(&self.original);
    }

    /// Returns its fields with their meanings.
    pub(crate) fn spans(&self) -> Vec<FieldSpan> {
        field_span::field_spans(&self.bytes, self.context)
    }

    /// Returns the faults of the frame at its position in the stream. Offsets count from its first
    /// byte.
    pub(crate) fn faults(&self) -> Vec<Fault> {
        let mut transcript = Transcript::new(self.context.from, self.agreed);
        // A fragment that opens a message makes the validator expect a continuation.
        let before = if self.in_message { self.first_fragment() } else { Vec::new() };
        transcript.push(&before);
        transcript.push(&self.bytes);
        let index = usize::from(self.in_message);
        let start = Offset::START + before.len();
        let shift = |fault: &Fault| Fault {
            byte_offset: fault.byte_offset.counted_from(start),
            detectable_after: fault.detectable_after.counted_from(start),
            ..*fault
        };
        transcript.faults_of(index).map(shift).collect()
    }

    /// Returns the number of bytes that are missing because the length is larger than the payload.
    /// The peer would wait for them.
    pub(crate) fn missing_bytes(&self) -> ByteLen {
        let mut transcript = Transcript::new(self.context.from, self.agreed);
        transcript.push(&self.bytes);
        transcript.needed().map_or(ByteLen::ZERO, |needs| needs.more)
    }

    /// Returns the range of bytes beyond the length, which a receiver takes for the start of the
    /// next frame.
    pub(crate) fn trailing_bytes(&self) -> Range<usize> {
        let end = Header::parse(&self.bytes)
            .map_or(self.bytes.len(), |header| header.frame_len().to_usize_saturating());
        end.min(self.bytes.len())..self.bytes.len()
    }

    pub(crate) fn flip_bit(&mut self, at: usize, bit: u8) {
        if let Some(byte) = self.bytes.get_mut(at) {
            *byte ^= 0x80 >> (bit & 7);
        }
    }

    /// Writes one hex digit over the upper or lower half of a byte.
    pub(crate) fn set_hex_digit(&mut self, at: usize, lower: bool, digit: u8) {
        if let Some(byte) = self.bytes.get_mut(at) {
            *byte = if lower { *byte & 0xf0 | digit } else { *byte & 0x0f | digit << 4 };
        }
    }

    pub(crate) fn insert_byte(&mut self, at: usize) {
        if self.bytes.len() < MAX_DRAFT_BYTES {
            self.bytes.insert(at.min(self.bytes.len()), 0);
        }
    }

    pub(crate) fn remove_byte(&mut self, at: usize) {
        // One byte stays, because the cursor needs a byte to stand on.
        if at < self.bytes.len() && self.bytes.len() > 1 {
            self.bytes.remove(at);
        }
    }

    /// Sets the length to that of the payload, in the shortest form. The rest of the header stays.
    pub(crate) fn fix_length(&mut self) {
        let Ok(header) = Header::parse(&self.bytes) else { return };
        let payload = self.bytes.split_off(header.len());
        let len = ByteLen::of(&payload);
        let header = Header { payload_len: len, length_form: LengthForm::shortest(len), ..header };
        self.bytes = [header.to_bytes(), payload].concat();
    }

    /// Masks the payload with another key. The unmasked payload stays the same. A frame without a
    /// key gets one.
    pub(crate) fn mask_with(&mut self, key: [u8; 4]) {
        let Ok(header) = Header::parse(&self.bytes) else { return };
        let mut payload = self.bytes.split_off(header.len());
        if let Some(old) = header.masking_key {
            mask::apply(&mut payload, old, 0);
        }
        mask::apply(&mut payload, key, 0);
        self.bytes = [Header { masking_key: Some(key), ..header }.to_bytes(), payload].concat();
    }

    /// Returns a first fragment that the frame could continue.
    fn first_fragment(&self) -> Vec<u8> {
        // An unlikely key, because the same key in both frames would be reported as reused.
        let key = (self.context.from == Side::Client).then_some([1, 2, 3, 5]);
        let opcode = match self.context.kind {
            Some(crate::wire::MessageKind::Binary) => Opcode::Binary,
            _ => Opcode::Text,
        };
        let header = Header { fin: false, masking_key: key, ..Header::new(opcode, 1) };
        crate::wire::frame::encode::frame(&header, b"a")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::AgreedExtensions;
    use crate::wire::decode::fault::FaultCode;
    use crate::wire::frame::encode;

    const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

    fn draft(raw: &[u8]) -> Draft {
        let mut transcript = Transcript::new(Side::Client, AgreedExtensions::none());
        transcript.push(raw);
        Draft::from_frame(
            &transcript.frames()[transcript.frames().len() - 1],
            AgreedExtensions::none(),
        )
    }

    fn codes(draft: &Draft) -> Vec<(FaultCode, u64)> {
        draft.faults().iter().map(|fault| (fault.code, fault.byte_offset.get())).collect()
    }

    #[test]
    fn a_flipped_bit_is_validated_and_can_be_undone() {
        let mut draft = draft(&encode::single_frame(Opcode::Text, b"Hello", Some(KEY)));
        assert_eq!(codes(&draft), []);
        draft.flip_bit(0, 7);
        assert_eq!(codes(&draft), [(FaultCode::ContWithoutStart, 0)]);
        draft.flip_bit(0, 1);
        assert_eq!(codes(&draft).len(), 2);
        assert!(
            draft.is_changed()
                && draft.original()[0] != draft.bytes()[0]
                && draft.original()[1..] == draft.bytes()[1..]
        );
        draft.undo();
        assert!(!draft.is_changed());
    }

    #[test]
    fn a_continuation_is_validated_at_its_position() {
        let frames =
            encode::fragments(crate::wire::MessageKind::Text, &[b"a", b"b"], || Some(KEY)).concat();
        let mut draft = draft(&frames);
        assert_eq!(codes(&draft), []);
        draft.flip_bit(0, 7);
        assert_eq!(codes(&draft), [(FaultCode::NewDataInFragmented, 0)]);
    }

    #[test]
    fn length_and_mask_can_be_fixed() {
        let mut draft = draft(&encode::single_frame(Opcode::Text, b"Hello", Some(KEY)));
        draft.insert_byte(11);
        assert_eq!(
            (draft.missing_bytes().get(), draft.trailing_bytes()),
            (1, 11..12),
            "the added byte begins another frame"
        );
        draft.fix_length();
        assert_eq!(
            (draft.missing_bytes().get(), draft.trailing_bytes(), draft.bytes()[1]),
            (0, 12..12, 0x86)
        );
        draft.mask_with([9, 8, 7, 6]);
        let plain = mask::unmask(&draft.bytes()[6..], [9, 8, 7, 6]);
        assert_eq!(&plain[..5], b"Hello");
        draft.set_hex_digit(0, true, 0xf);
        draft.set_hex_digit(0, false, 0);
        draft.remove_byte(11);
        assert_eq!((draft.bytes()[0], draft.missing_bytes().get()), (0x0f, 1));
    }
}
