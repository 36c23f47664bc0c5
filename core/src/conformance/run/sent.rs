//! [`SentFrames`]: where the frames end that a case has sent, so that nothing of ours comes between
//! the bytes of one.

use crate::wire::frame::Opcode;

/// The bytes of a header without its masking key, in the longest form.
const MAX_HEADER: usize = 10;

/// Reads what a case sends, as frames, legal or not.
#[derive(Clone, Debug, Default)]
pub(in crate::conformance) struct SentFrames {
    /// The bytes of a header that is not complete.
    header: Vec<u8>,
    /// The bytes of the masking key and the payload that are still to come.
    missing: u64,
    has_close: bool,
    has_data: bool,
}

impl SentFrames {
    pub(in crate::conformance) fn push(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let payload = usize::try_from(self.missing).unwrap_or(usize::MAX).min(bytes.len());
            if let Some((_, after)) = bytes.split_at_checked(payload).filter(|_| payload > 0) {
                self.missing = self.missing.saturating_sub(payload as u64);
                bytes = after;
                continue;
            }
            let Some((first, after)) = bytes.split_first() else { return };
            bytes = after;
            self.header.push(*first);
            self.read_header();
        }
    }

    fn read_header(&mut self) {
        let [_, second, length @ ..] = self.header.as_slice() else {
            self.read_opcode();
            return;
        };
        let wanted = match second & 0x7f {
            126 => 2,
            127 => MAX_HEADER.saturating_sub(2),
            _ => 0,
        };
        if length.len() < wanted {
            return;
        }
        let short = u64::from(second & 0x7f);
        let in_bytes = length.iter().fold(0, |sum: u64, byte| (sum << 8) | u64::from(*byte));
        let key = if second & 0x80 == 0 { 0 } else { 4 };
        let len = if wanted == 0 { short } else { in_bytes };
        self.missing = len.saturating_add(key);
        self.header.clear();
    }

    fn read_opcode(&mut self) {
        let opcode = self.header.first().map(|first| Opcode::from_bits(first & 0x0f));
        self.has_close |= opcode == Some(Opcode::Close);
        self.has_data |=
            matches!(opcode, Some(Opcode::Text | Opcode::Binary | Opcode::Continuation));
    }

    /// Whether what was sent ends with a whole frame.
    pub(in crate::conformance) fn is_whole(&self) -> bool {
        self.header.is_empty() && self.missing == 0
    }

    /// Whether a Close was sent, or begun.
    pub(in crate::conformance) fn has_close(&self) -> bool {
        self.has_close
    }

    /// Whether a frame of a message was sent, or begun.
    pub(in crate::conformance) fn has_data(&self) -> bool {
        self.has_data
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_ends_where_its_length_says_however_it_is_cut() {
        let long = [&[0x82, 126, 0x01, 0x2c][..], &[7; 300]].concat();
        let longer = [&[0x82, 127, 0, 0, 0, 0, 0, 0, 0x01, 0x2c][..], &[7; 300]].concat();
        let frames: [&[u8]; 5] =
            [b"\x81\x8c\x5f\xcb\xec\x09Hello, world", b"\x89\x00", b"\x8a\x80abcd", &long, &longer];
        for frame in frames {
            let mut sent = SentFrames::default();
            for (index, byte) in frame.iter().enumerate() {
                sent.push(&[*byte]);
                assert_eq!(sent.is_whole(), index + 1 == frame.len(), "{index} of {frame:02x?}");
            }
        }
        let mut sent = SentFrames::default();
        sent.push(&frames.concat());
        assert!(sent.is_whole() && sent.has_data() && !sent.has_close());
        sent.push(b"\x88");
        assert!(!sent.is_whole() && sent.has_close());
    }

    #[test]
    fn a_frame_that_claims_more_than_ever_comes_does_not_end() {
        let mut sent = SentFrames::default();
        sent.push(&[0xff; 64]);
        assert!(!sent.is_whole() && !sent.has_data());
        sent.push(&[0; 4096]);
        assert!(!sent.is_whole());
    }
}
