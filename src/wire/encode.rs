//! Frames onto the wire, legal or not: a [`Header`] says what is claimed, the payload is what is really sent.
//! It draws no masking keys; the caller passes one, since randomness is not pure.

use super::frame::{Header, Key, Opcode};
use super::mask;
use super::message::Kind;
use super::size::ByteLen;

/// A frame as it goes on the wire: the header as given (it may lie about the length), the payload masked where there is a key.
///
/// ```
/// use wiretalk::wire::{Header, Opcode, encode};
///
/// let header = Header { key: Some([0x37, 0xfa, 0x21, 0x3d]), ..Header::new(Opcode::Text, 5) };
/// assert_eq!(encode::frame(&header, b"Hello"), [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58]);
/// ```
pub fn frame(header: &Header, plain: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(header.len().saturating_add(plain.len()));
    append(&mut bytes, header, plain);
    bytes
}

/// The same behind what is there already.
pub fn append(bytes: &mut Vec<u8>, header: &Header, plain: &[u8]) {
    bytes.extend(header.to_bytes());
    let start = bytes.len();
    bytes.extend_from_slice(plain);
    if let Some(key) = header.key {
        mask::apply(bytes.get_mut(start..).unwrap_or_default(), key, 0);
    }
}

/// One whole legal frame; clients pass a key, servers none (RFC 6455 section 5.1).
pub fn whole(opcode: Opcode, plain: &[u8], key: Option<Key>) -> Vec<u8> {
    frame(&Header { key, ..Header::new(opcode, ByteLen::of(plain)) }, plain)
}

/// A Close frame (RFC 6455 section 5.5.1), with any code; a reason over 123 bytes makes it illegal.
pub fn close(code: u16, reason: &str, key: Option<Key>) -> Vec<u8> {
    let body = [&code.to_be_bytes(), reason.as_bytes()].concat();
    whole(Opcode::Close, &body, key)
}

/// A message cut into fragments (RFC 6455 section 5.4): a frame a piece, the last with FIN = 1.
/// `keys` gives each frame its key and is asked once for each.
pub fn fragments(kind: Kind, pieces: &[&[u8]], keys: impl FnMut() -> Option<Key>) -> Vec<Vec<u8>> {
    message(kind, pieces, false, keys)
}

/// As [`fragments`], for pieces that are compressed ([`Deflater::message`](super::deflate::Deflater::message), cut anywhere):
/// the first frame says so with RSV1 = 1, the others must not (RFC 7692 section 6.1).
pub fn compressed(kind: Kind, pieces: &[&[u8]], keys: impl FnMut() -> Option<Key>) -> Vec<Vec<u8>> {
    message(kind, pieces, true, keys)
}

fn message(
    kind: Kind,
    pieces: &[&[u8]],
    compressed: bool,
    mut keys: impl FnMut() -> Option<Key>,
) -> Vec<Vec<u8>> {
    let first = kind.opcode();
    let last = pieces.len().saturating_sub(1);
    let piece = |(index, plain): (usize, &&[u8])| {
        let opcode = if index == 0 { first } else { Opcode::Continuation };
        let fin = index == last;
        let rsv1 = compressed && index == 0;
        frame(&Header { fin, rsv1, key: keys(), ..Header::new(opcode, ByteLen::of(plain)) }, plain)
    };
    pieces.iter().enumerate().map(piece).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Agreed, Side, Transcript};
    use proptest::prelude::*;

    #[test]
    fn section_5_7_fragments() {
        let frames = fragments(Kind::Text, &[b"Hel", b"lo"], || None);
        assert_eq!(frames, [&[0x01, 0x03, 0x48, 0x65, 0x6c][..], &[0x80, 0x02, 0x6c, 0x6f]]);
    }

    #[test]
    fn rfc_7692_section_7_2_3_1_rsv1_on_the_first_fragment_only() {
        let frames = compressed(Kind::Text, &[&[0xf2, 0x48, 0xcd], &[0xc9, 0xc9, 0x07, 0x00]], || None);
        assert_eq!(frames.concat(), [0x41, 3, 0xf2, 0x48, 0xcd, 0x80, 4, 0xc9, 0xc9, 0x07, 0x00]);
    }

    #[test]
    fn a_close_carries_code_and_reason() {
        assert_eq!(close(1001, "bye", None), [0x88, 0x05, 0x03, 0xe9, b'b', b'y', b'e']);
    }

    fn any_header() -> impl Strategy<Value = Header> {
        (any::<[u8; 2]>(), proptest::option::of(any::<Key>())).prop_map(|([first, second], key)| Header {
            key,
            ..Header::parse(&[first, second & 0x7f, 0, 0, 0, 0, 0, 0, 0, 0])
                .expect("ten bytes are enough without a key")
        })
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded(header in any_header(), plain in proptest::collection::vec(any::<u8>(), 0..300)) {
            let form = header.form;
            let len = if form == crate::wire::LengthForm::Bits7 { plain.len().min(125) } else { plain.len() };
            let header = Header { payload_len: ByteLen::from_usize(len), ..header };
            let bytes = frame(&header, &plain[..len]);
            let mut said = Transcript::new(Side::Client, Agreed::none());
            said.push(&bytes);
            prop_assert_eq!(said.frames().len(), 1);
            prop_assert_eq!(said.frames()[0].header, header);
            prop_assert_eq!(said.frames()[0].payload(), &plain[..len]);
            prop_assert_eq!(said.frames()[0].raw(), &bytes[..]);
            prop_assert_eq!(said.needs(), None);
        }
    }
}
