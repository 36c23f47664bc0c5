//! Masking (RFC 6455 section 5.3): XOR with a four-byte key that starts again every four bytes.
//! It hides nothing from anybody who sees the frame, since the key travels in it (section 10.3); choosing keys is left to the sender.

use super::frame::Key;

/// Masks or unmasks `bytes` in place; doing it twice gives the bytes back.
/// `phase` is the payload index of the first byte, so a payload may come in pieces.
pub fn apply(bytes: &mut [u8], key: Key, phase: u64) {
    let turn = (phase % 4) as usize;
    let key = [key[turn], key[(turn + 1) % 4], key[(turn + 2) % 4], key[(turn + 3) % 4]];
    let wide = u64::from_ne_bytes([key[0], key[1], key[2], key[3], key[0], key[1], key[2], key[3]]);
    let (words, rest) = bytes.as_chunks_mut::<8>();
    for word in words {
        *word = (u64::from_ne_bytes(*word) ^ wide).to_ne_bytes();
    }
    for (byte, key) in rest.iter_mut().zip(key.iter().cycle()) {
        *byte ^= key;
    }
}

/// The bytes unmasked into a new vector.
pub fn unmasked(wire: &[u8], key: Key) -> Vec<u8> {
    let mut plain = Vec::new();
    copy(wire, key, &mut plain);
    plain
}

/// The bytes unmasked into `plain`, whose memory is used again.
pub fn copy(wire: &[u8], key: Key, plain: &mut Vec<u8>) {
    plain.clear();
    plain.extend_from_slice(wire);
    apply(plain, key, 0);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn section_5_7_hello() {
        assert_eq!(unmasked(&[0x7f, 0x9f, 0x4d, 0x51, 0x58], [0x37, 0xfa, 0x21, 0x3d]), b"Hello");
    }

    proptest! {
        #[test]
        fn pieces_of_any_size_match_the_definition(bytes in proptest::collection::vec(any::<u8>(), 0..70), key: Key, cut in 0_usize..70) {
            let defined: Vec<u8> = bytes.iter().enumerate().map(|(i, byte)| byte ^ key[i % 4]).collect();
            let cut = cut.min(bytes.len());
            let mut pieces = bytes.clone();
            apply(&mut pieces[..cut], key, 0);
            apply(&mut pieces[cut..], key, cut as u64);
            prop_assert_eq!(&pieces, &defined);
            prop_assert_eq!(unmasked(&defined, key), bytes);
        }
    }
}
