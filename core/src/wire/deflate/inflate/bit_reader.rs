//! Bits of a byte stream, least significant first (RFC 1951 section 3.1.1), in any pieces.
//! It counts what it gave out; what the bits mean is known to its callers.

use crate::wire::size::ByteLen;

/// A few bytes ahead of what is decoded: up to 63 bits.
#[derive(Clone, Debug, Default)]
pub(super) struct BitReader {
    /// The next bits, the first one lowest; what lies above `count` is 0.
    word: u64,
    count: u32,
    /// Bytes taken from the input.
    bytes_read: ByteLen,
}

impl BitReader {
    /// Takes as many whole bytes as there is room for. Afterwards at least 56 bits are there, or the input is empty.
    #[inline]
    pub(super) fn refill(&mut self, input: &mut &[u8]) {
        if let Some(next) = input.first_chunk::<8>() {
            self.word |= u64::from_le_bytes(*next).wrapping_shl(self.count);
            // What there is room for is (63 - count) / 8 bytes; with them the count is 56 and what it was beyond whole bytes.
            let bytes = (!self.count & 0b11_1111) >> 3;
            *input = input.get(bytes as usize..).unwrap_or_default();
            self.bytes_read += bytes as usize;
            self.count |= 0b11_1000;
            self.word &= ones(self.count);
            return;
        }
        while self.count <= 55
            && let Some((byte, rest)) = input.split_first()
        {
            *input = rest;
            self.word |= u64::from(*byte).wrapping_shl(self.count);
            self.count = self.count.saturating_add(8);
            self.bytes_read += 1_usize;
        }
    }

    /// The next bits as they lie, the first one lowest; 0 where none has come yet.
    #[inline]
    pub(super) fn word(&self) -> u64 {
        self.word
    }

    /// How many of them are there.
    #[inline]
    pub(super) fn count(&self) -> u32 {
        self.count
    }

    /// The next `bits` as a number, if they are all there (at most 32).
    #[inline]
    pub(super) fn peek(&self, bits: u32) -> Option<u32> {
        if self.count >= bits { u32::try_from(self.word & ones(bits)).ok() } else { None }
    }

    /// Gives out `bits` that are known to be there: whoever skips has compared them with `count`.
    #[inline]
    pub(super) fn skip(&mut self, bits: u32) {
        debug_assert!(bits <= self.count, "only what was seen is skipped");
        self.word = self.word.wrapping_shr(bits);
        self.count = self.count.wrapping_sub(bits);
    }

    /// Gives out what is left of the byte at hand, and says how much that was.
    pub(super) fn align(&mut self) -> u32 {
        let rest = self.count % 8;
        self.skip(rest);
        rest
    }

    /// Up to `max` whole bytes from here on: first those read ahead, then the input's. None of both: nothing is there.
    pub(super) fn take_bytes<'i>(&mut self, input: &mut &'i [u8], max: usize) -> StoredBytes<'i> {
        if self.count >= 8 {
            let byte = (self.word & 0xff) as u8;
            self.skip(8);
            return StoredBytes::Byte(byte);
        }
        let (run, rest) = input.split_at(max.min(input.len()));
        *input = rest;
        self.bytes_read += run.len();
        StoredBytes::Slice(run)
    }

    /// Bits given out since the beginning.
    #[inline]
    pub(super) fn position(&self) -> u64 {
        self.bytes_read.get().saturating_mul(8).saturating_sub(self.count.into())
    }
}

/// The lowest `bits` are 1, of 63 at most.
#[inline]
pub(super) fn ones(bits: u32) -> u64 {
    !u64::MAX.wrapping_shl(bits)
}

/// Whole bytes of a stored block.
pub(super) enum StoredBytes<'i> {
    Byte(u8),
    Slice(&'i [u8]),
}
