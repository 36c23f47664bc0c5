//! Reads the bits of a byte stream, least significant first (RFC 1951 section 3.1.1), in pieces of
//! any size.
//! It counts the bits that it has returned. Its callers know their meaning.

use crate::wire::size::ByteLen;

/// A buffer of up to 63 bits ahead of the decoder.
#[derive(Clone, Debug, Default)]
pub(super) struct BitReader {
    /// The next bits, with the first one lowest. Bits from `count` on are 0.
    word: u64,
    count: u32,
    /// The number of bytes taken from the input.
    bytes_read: ByteLen,
}

impl BitReader {
    /// Takes as many whole bytes as fit. Afterwards there are at least 56 bits, or the input is
    /// empty.
    #[inline]
    pub(super) fn refill(&mut self, input: &mut &[u8]) {
        if let Some(next) = input.first_chunk::<8>() {
            self.word |= u64::from_le_bytes(*next).wrapping_shl(self.count);
            // (63 - count) / 8 whole bytes fit. After them the count is 56 plus its former
            // remainder modulo 8, which is `count | 0b11_1000`.
            let bytes = (!self.count & 0b11_1111) >> 3;
            *input = input.get(bytes as usize..).unwrap_or_default();
            self.bytes_read += bytes as usize;
            self.count |= 0b11_1000;
            // Eight bytes were merged in, but only whole ones that fit were taken: the surplus bits
            // are cleared.
            self.word &= low_mask(self.count);
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

    /// Returns the next bits, with the first one lowest; bits that have not arrived are 0.
    #[inline]
    pub(super) fn word(&self) -> u64 {
        self.word
    }

    /// Returns how many bits of `word` have arrived.
    #[inline]
    pub(super) fn count(&self) -> u32 {
        self.count
    }

    /// Returns the next `bits` bits (at most 32) as a number, if they have all arrived.
    #[inline]
    pub(super) fn peek(&self, bits: u32) -> Option<u32> {
        if self.count >= bits { u32::try_from(self.word & low_mask(bits)).ok() } else { None }
    }

    /// Consumes `bits` bits. The caller has checked that they are there.
    #[inline]
    pub(super) fn skip(&mut self, bits: u32) {
        debug_assert!(bits <= self.count, "only bits that have arrived can be skipped");
        self.word = self.word.wrapping_shr(bits);
        self.count = self.count.wrapping_sub(bits);
    }

    /// Consumes the rest of the current byte and returns its number of bits.
    pub(super) fn align(&mut self) -> u32 {
        // Bits are read ahead in whole bytes, so what remains modulo 8 belongs to the current byte.
        let rest = self.count % 8;
        self.skip(rest);
        rest
    }

    /// Returns up to `max` whole bytes, first those that were read ahead, then those of the input.
    /// An empty slice means that there are none.
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

    /// Returns the number of bits consumed since the beginning.
    #[inline]
    pub(super) fn position(&self) -> u64 {
        self.bytes_read.get().saturating_mul(8).saturating_sub(self.count.into())
    }
}

/// Returns a mask of the lowest `bits` bits (at most 63).
#[inline]
pub(super) fn low_mask(bits: u32) -> u64 {
    !u64::MAX.wrapping_shl(bits)
}

/// Whole bytes of a stored block, from the read-ahead word or from the input.
pub(super) enum StoredBytes<'i> {
    Byte(u8),
    Slice(&'i [u8]),
}
