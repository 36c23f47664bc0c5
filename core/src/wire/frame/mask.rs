//! Masking (RFC 6455 section 5.3): XOR with a four-byte key that repeats every four bytes.
//! Masking hides nothing, since the key is sent along with the payload (section 10.3). Senders
//! choose the keys.

use crate::wire::frame::MaskingKey;

/// Masks or unmasks `bytes` in place; the operation is its own inverse. `offset` is the payload
/// offset of the first byte, so a payload can be processed in pieces.
#[inline]
pub fn apply(bytes: &mut [u8], key: MaskingKey, offset: u64) {
    let wide = rotate_key(widen_key(key), offset);
    if !mask_blocks::<32>(bytes, wide) && !mask_blocks::<8>(bytes, wide) {
        for (byte, key) in bytes.iter_mut().zip(wide.to_ne_bytes()) {
            *byte ^= key;
        }
    }
}

/// Masks `bytes` in blocks of `N` bytes, where the last block may overlap the one before. Returns
/// false if there are fewer than `N` bytes.
#[inline]
fn mask_blocks<const N: usize>(bytes: &mut [u8], wide: u64) -> bool {
    // The last block is read before it is masked as part of the others, because XOR twice would
    // undo the masking.
    let Some(last) = bytes.last_chunk::<N>().copied() else { return false };
    let (blocks, rest) = bytes.as_chunks_mut::<N>();
    // `N` is a multiple of four, so the last block begins at the same key byte at which every block
    // ends.
    let wide_at_last = rotate_key(wide, rest.len() as u64);
    for block in blocks {
        *block = mask_block(*block, wide);
    }
    if let Some(end) = bytes.last_chunk_mut() {
        *end = mask_block(last, wide_at_last);
    }
    true
}

#[inline]
fn mask_block<const N: usize>(mut block: [u8; N], wide: u64) -> [u8; N] {
    for word in block.as_chunks_mut::<8>().0 {
        *word = (u64::from_ne_bytes(*word) ^ wide).to_ne_bytes();
    }
    block
}

/// Returns the key twice, in memory order.
fn widen_key(key: MaskingKey) -> u64 {
    // The compiler makes a shift and an OR of this product; eight single bytes stay eight for it.
    u64::from(u32::from_ne_bytes(key)).wrapping_mul(0x1_0000_0001)
}

/// Rotates the key for bytes from offset `at` on, so that it begins with the key byte that belongs
/// there.
#[inline]
fn rotate_key(wide: u64, at: u64) -> u64 {
    let bits = match at % 4 {
        0 => 0,
        1 => 8,
        2 => 16,
        _ => 24,
    };
    u64::from_ne_bytes(u64::from_le_bytes(wide.to_ne_bytes()).rotate_right(bits).to_le_bytes())
}

/// Returns `wire` unmasked, in a new vector.
pub fn unmask(wire: &[u8], key: MaskingKey) -> Vec<u8> {
    let mut plain = wire.to_vec();
    apply(&mut plain, key, 0);
    plain
}

/// Unmasks `wire` into the front of `plain` in one pass and returns whether all of it is ASCII. If
/// `plain` is shorter, only what fits is unmasked.
#[inline]
pub fn unmask_into(wire: &[u8], key: MaskingKey, plain: &mut [u8]) -> bool {
    let len = wire.len().min(plain.len());
    let (Some(wire), Some(plain)) = (wire.get(..len), plain.get_mut(..len)) else { return true };
    let wide = widen_key(key);
    let Some(last) = wire.last_chunk::<8>() else {
        let mut high = 0;
        for ((plain, wire), key) in plain.iter_mut().zip(wire).zip(key.iter().cycle()) {
            *plain = wire ^ key;
            high |= *plain;
        }
        return high < 0x80;
    };
    // Four accumulators instead of one, so that the OR operations don't depend on each other.
    let mut high = [0_u64; 4];
    let (blocks, rest) = wire.as_chunks::<32>();
    let (into, into_rest) = plain.as_chunks_mut::<32>();
    for (wire, plain) in blocks.iter().zip(into) {
        let (words, into) = (wire.as_chunks::<8>().0, plain.as_chunks_mut::<8>().0);
        for ((wire, plain), high) in words.iter().zip(into).zip(&mut high) {
            let word = u64::from_ne_bytes(*wire) ^ wide;
            *high |= word;
            *plain = word.to_ne_bytes();
        }
    }
    for (wire, plain) in rest.as_chunks::<8>().0.iter().zip(into_rest.as_chunks_mut::<8>().0) {
        let word = u64::from_ne_bytes(*wire) ^ wide;
        high[0] |= word;
        *plain = word.to_ne_bytes();
    }
    // Eight is a multiple of four, so the last eight bytes begin at the key byte at which every
    // word ends.
    let word = u64::from_ne_bytes(*last) ^ rotate_key(wide, len as u64);
    if let Some(end) = plain.last_chunk_mut() {
        *end = word.to_ne_bytes();
    }
    (high[0] | high[1] | high[2] | high[3] | word) & 0x8080_8080_8080_8080 == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn section_5_7_hello() {
        assert_eq!(unmask(&[0x7f, 0x9f, 0x4d, 0x51, 0x58], [0x37, 0xfa, 0x21, 0x3d]), b"Hello");
    }

    /// Random bytes are hardly ever ASCII, so the bytes that are not are placed one by one here.
    /// Two of them must not cancel each other out.
    #[test]
    fn text_is_ascii_unless_any_of_its_bytes_is_not() {
        let key = [0x37, 0xfa, 0x21, 0x3d];
        let is_ascii = |text: &[u8]| unmask_into(&unmask(text, key), key, &mut vec![0; text.len()]);
        for len in 0..=72 {
            let mut text = vec![0x7f; len];
            assert!(is_ascii(&text), "{len}");
            for first in 0..len {
                text[first] = 0x80;
                assert!(!is_ascii(&text), "byte {first} of {len}");
                for second in first + 1..len {
                    text[second] = 0x80;
                    assert!(!is_ascii(&text), "bytes {first} and {second} of {len}");
                    text[second] = 0x7f;
                }
                text[first] = 0x7f;
            }
        }
    }

    proptest! {
        #[test]
        fn pieces_of_any_size_match_the_definition(bytes in proptest::collection::vec(any::<u8>(), 0..70), key: MaskingKey, cut in 0_usize..70) {
            let defined: Vec<u8> = bytes.iter().enumerate().map(|(i, byte)| byte ^ key[i % 4]).collect();
            let cut = cut.min(bytes.len());
            let mut pieces = bytes.clone();
            apply(&mut pieces[..cut], key, 0);
            apply(&mut pieces[cut..], key, cut as u64);
            prop_assert_eq!(&pieces, &defined);
            let mut plain = [7; 80];
            prop_assert_eq!(unmask_into(&bytes, key, &mut plain), defined.is_ascii());
            prop_assert_eq!(&plain[..bytes.len()], &defined[..]);
            prop_assert!(plain[bytes.len()..].iter().all(|byte| *byte == 7));
            prop_assert_eq!(unmask(&defined, key), bytes);
        }
    }
}
