//! A copy of a frame that is edited: any bit flipped, any byte changed, judged at once, and sent
//! only when asked.
//!
//! It is bytes and a cursor; how it is drawn and when it is sent is said elsewhere.

use std::ops::Range;

use crate::wire::explain::{FrameContext, field_span};
use crate::wire::frame::mask;
use crate::wire::{
    AgreedExtensions, ByteLen, Fault, FieldSpan, FragmentRole, Frame, Header, LengthForm, Offset,
    Opcode, Side, Transcript,
};

/// The longest frame that can be edited, in bytes.
pub(crate) const MAX_DRAFT_BYTES: usize = 70_000;

/// Bytes that would be a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Draft {
    bytes: Vec<u8>,
    original: Vec<u8>,
    context: FrameContext,
    /// A message is open where the frame stands.
    in_message: bool,
    agreed: AgreedExtensions,
}

impl Draft {
    /// A copy of a frame that was seen.
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

    /// The bytes as they were before they were edited.
    pub(crate) fn original(&self) -> &[u8] {
        &self.original
    }

    pub(crate) fn undo(&mut self) {
        self.bytes.clone_from(&self.original);
    }

    /// What its fields would mean.
    pub(crate) fn spans(&self) -> Vec<FieldSpan> {
        field_span::field_spans(&self.bytes, self.context)
    }

    /// What is wrong with it, where it stands; offsets count from its first byte.
    pub(crate) fn faults(&self) -> Vec<Fault> {
        let mut transcript = Transcript::new(self.context.from, self.agreed);
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

    /// The payload is shorter than the length says: the peer waits for so many more bytes.
    pub(crate) fn missing_bytes(&self) -> ByteLen {
        let mut transcript = Transcript::new(self.context.from, self.agreed);
        transcript.push(&self.bytes);
        transcript.needed().map_or(ByteLen::ZERO, |needs| needs.more)
    }

    /// Bytes beyond the length: the beginning of a next frame.
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

    /// Writes one hex digit over the upper or the lower half of a byte.
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
        if at < self.bytes.len() && self.bytes.len() > 1 {
            self.bytes.remove(at);
        }
    }

    /// Makes the length say what is there, in the shortest form; the rest of the header stays.
    pub(crate) fn fix_length(&mut self) {
        let Ok(header) = Header::parse(&self.bytes) else { return };
        let payload = self.bytes.split_off(header.len());
        let len = ByteLen::of(&payload);
        let header = Header { payload_len: len, length_form: LengthForm::shortest(len), ..header };
        self.bytes = [header.to_bytes(), payload].concat();
    }

    /// Masks the payload with another key; what it says stays the same. Without a key it gets one.
    pub(crate) fn mask_with(&mut self, key: [u8; 4]) {
        let Ok(header) = Header::parse(&self.bytes) else { return };
        let mut payload = self.bytes.split_off(header.len());
        if let Some(old) = header.masking_key {
            mask::apply(&mut payload, old, 0);
        }
        mask::apply(&mut payload, key, 0);
        self.bytes = [Header { masking_key: Some(key), ..header }.to_bytes(), payload].concat();
    }

    /// The first fragment that such a frame would go on with.
    fn first_fragment(&self) -> Vec<u8> {
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
    fn a_flipped_bit_is_judged_and_can_be_undone() {
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
    fn a_continuation_is_judged_where_it_stands() {
        let frames =
            encode::fragments(crate::wire::MessageKind::Text, &[b"a", b"b"], || Some(KEY)).concat();
        let mut draft = draft(&frames);
        assert_eq!(codes(&draft), []);
        draft.flip_bit(0, 7);
        assert_eq!(codes(&draft), [(FaultCode::NewDataInFragmented, 0)]);
    }

    #[test]
    fn length_and_mask_are_mended_on_demand() {
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
