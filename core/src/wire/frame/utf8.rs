//! Validates UTF-8 (RFC 3629) piece by piece and finds the earliest byte at which it is invalid.
//! It keeps no text, only the state inside a sequence.

/// Validates text that comes in pieces. A character may be split anywhere, even between two frames
/// (RFC 6455 section 5.6).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Utf8Validator {
    /// The number of continuation bytes that are still missing, 0 to 3.
    missing_bytes: u8,
    /// The length of the open sequence in bytes; 0 if none is open.
    sequence_len: u8,
    /// The range of the next continuation byte. Only the second byte of a sequence can have a
    /// narrower range than 80 to BF.
    low: u8,
    high: u8,
}

impl Utf8Validator {
    /// Creates a validator that has seen nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Validates the next piece.
    ///
    /// # Errors
    /// Returns the index in `piece` of the first byte that no valid sequence can have there. The
    /// validator must not be used after that.
    pub fn push(&mut self, piece: &[u8]) -> Result<(), usize> {
        // First the rest of a sequence that an earlier piece began.
        let (pending, rest) = piece.split_at(piece.len().min(self.missing_bytes.into()));
        for (index, byte) in pending.iter().enumerate() {
            self.push_byte(*byte).map_err(|()| index)?;
        }
        // The standard library is faster than a loop over bytes; only what it rejects is walked
        // byte by byte.
        let Err(stop) = str::from_utf8(rest) else {
            return Ok(());
        };
        let valid = pending.len().saturating_add(stop.valid_up_to());
        for (index, byte) in piece.iter().enumerate().skip(valid) {
            self.push_byte(*byte).map_err(|()| index)?;
        }
        Ok(())
    }

    /// Returns how many bytes of an unfinished sequence have arrived, and how many it has; `None`
    /// between two characters.
    pub fn pending(&self) -> Option<(u8, u8)> {
        (self.missing_bytes > 0)
            .then_some((self.sequence_len.saturating_sub(self.missing_bytes), self.sequence_len))
    }

    fn push_byte(&mut self, byte: u8) -> Result<(), ()> {
        if let Some(missing) = self.missing_bytes.checked_sub(1) {
            if !(self.low..=self.high).contains(&byte) {
                return Err(());
            }
            self.missing_bytes = missing;
            (self.low, self.high) = (0x80, 0xbf);
            return Ok(());
        }
        // RFC 3629 section 4: these ranges exclude overlong forms (C0, C1, E0, F0), surrogates (ED)
        // and everything above U+10FFFF (F4).
        // An ASCII byte never gets here: it is valid where no sequence is open, so the standard
        // library has passed it.
        (self.sequence_len, self.low, self.high) = match byte {
            0xc2..=0xdf => (2, 0x80, 0xbf),
            0xe0 => (3, 0xa0, 0xbf),
            0xed => (3, 0x80, 0x9f),
            0xe1..=0xef => (3, 0x80, 0xbf),
            0xf0 => (4, 0x90, 0xbf),
            0xf4 => (4, 0x80, 0x8f),
            0xf1..=0xf3 => (4, 0x80, 0xbf),
            _ => return Err(()),
        };
        self.missing_bytes = self.sequence_len.saturating_sub(1);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn broken_at(bytes: &[u8]) -> Option<usize> {
        Utf8Validator::new().push(bytes).err()
    }

    #[test]
    fn the_earliest_broken_byte() {
        assert_eq!(broken_at(b"ok\x80"), Some(2));
        assert_eq!(broken_at(b"ok\xe0\x80\xaf"), Some(3), "overlong is broken at its second byte");
        assert_eq!(broken_at(b"ok\xed\xa0\x80"), Some(3), "surrogate");
        assert_eq!(broken_at(b"ok\xf4\x90\x80\x80"), Some(3), "above U+10FFFF");
        assert_eq!(broken_at(b"ok\xc1"), Some(2));
        assert_eq!(broken_at(b"\xe2\x82A"), Some(2));
    }

    /// Cut anywhere, a character is pending with what has arrived of it, and whole when the rest
    /// has; its bytes are those of the standard library.
    #[test]
    fn every_character_may_be_cut_anywhere() {
        for c in ('\0'..=char::MAX).step_by(61).chain(['\u{80}', '\u{7ff}', '\u{ffff}']) {
            let (mut bytes, mut text) = ([0; 4], Utf8Validator::new());
            let bytes = c.encode_utf8(&mut bytes).as_bytes();
            for (index, byte) in bytes.iter().enumerate() {
                assert_eq!(text.push(&[*byte]), Ok(()), "byte {index} of {c:?}");
                let (have, of) = (index as u8 + 1, bytes.len() as u8);
                assert_eq!(text.pending(), (have < of).then_some((have, of)), "{c:?}");
            }
        }
    }

    #[test]
    fn a_cut_character_is_pending() {
        let mut text = Utf8Validator::new();
        text.push(b"D\xf0\x9f").unwrap();
        assert_eq!(text.pending(), Some((2, 4)));
        text.push(b"\x98\x80!").unwrap();
        assert_eq!(text.pending(), None);
    }

    proptest! {
        #[test]
        fn any_cut_gives_the_answer_of_the_standard_library(
            bytes in prop_oneof![proptest::collection::vec(any::<u8>(), 0..24), any::<String>().prop_map(String::into_bytes)],
            cut in 0_usize..24,
        ) {
            let whole = str::from_utf8(&bytes);
            let cut = cut.min(bytes.len());
            let mut text = Utf8Validator::new();
            let pieces = text.push(&bytes[..cut]).and_then(|()| text.push(&bytes[cut..]).map_err(|at| at + cut));
            prop_assert_eq!(pieces.is_ok() && text.pending().is_none(), whole.is_ok());
            prop_assert_eq!(pieces.err(), broken_at(&bytes));
            if let (Err(at), Err(error)) = (pieces, whole) {
                prop_assert!(at >= error.valid_up_to());
            }
        }
    }
}
