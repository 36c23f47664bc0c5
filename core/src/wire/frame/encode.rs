//! Encodes frames, legal or not: a [`Header`] says what is claimed, the payload is what is really
//! sent.
//! The caller passes the masking keys in, because drawing random keys isn't pure.

use crate::wire::frame::mask;
use crate::wire::frame::message::MessageKind;
use crate::wire::frame::{Header, MaskingKey, Opcode};
use crate::wire::size::ByteLen;

/// Encodes a frame: the header as given (its length may be wrong), then the payload, masked if the
/// header has a key.
///
/// ```
/// use wiretalk_core::wire::{Header, Opcode, frame::encode};
///
/// let header = Header { masking_key: Some([0x37, 0xfa, 0x21, 0x3d]), ..Header::new(Opcode::Text,
/// 5) }; assert_eq!(encode::frame(&header, b"Hello"), [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f,
/// 0x9f, 0x4d, 0x51, 0x58]);
/// ```
pub fn frame(header: &Header, plain: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(header.len().saturating_add(plain.len()));
    append_frame(&mut bytes, header, plain);
    bytes
}

/// Appends the frame that [`frame`] encodes to `bytes`.
pub fn append_frame(bytes: &mut Vec<u8>, header: &Header, plain: &[u8]) {
    bytes.extend(header.to_bytes());
    let start = bytes.len();
    bytes.extend_from_slice(plain);
    if let Some(key) = header.masking_key {
        mask::apply(bytes.get_mut(start..).unwrap_or_default(), key, 0);
    }
}

/// Encodes one whole legal frame. Clients pass a key, servers don't (RFC 6455 section 5.1).
pub fn single_frame(opcode: Opcode, plain: &[u8], key: Option<MaskingKey>) -> Vec<u8> {
    frame(&Header { masking_key: key, ..Header::new(opcode, ByteLen::of(plain)) }, plain)
}

/// Encodes a Close frame (RFC 6455 section 5.5.1) with any code. A reason of more than 123 bytes
/// makes it illegal.
pub fn close_frame(code: u16, reason: &str, key: Option<MaskingKey>) -> Vec<u8> {
    let body = [&code.to_be_bytes(), reason.as_bytes()].concat();
    single_frame(Opcode::Close, &body, key)
}

/// Encodes a message in fragments (RFC 6455 section 5.4): one frame per piece, with FIN = 1 on the
/// last one. `keys` is called once per frame.
pub fn fragments(
    kind: MessageKind,
    pieces: &[&[u8]],
    keys: impl FnMut() -> Option<MaskingKey>,
) -> Vec<Vec<u8>> {
    encode_fragments(kind, pieces, false, keys)
}

/// Encodes compressed pieces (the output of
/// [`Deflater::compress_message`](crate::wire::deflate::deflater::Deflater::compress_message), cut
/// anywhere) in fragments, as [`fragments`] does. Only the first frame has RSV1 = 1 (RFC 7692
/// section 6.1).
pub fn compressed_fragments(
    kind: MessageKind,
    pieces: &[&[u8]],
    keys: impl FnMut() -> Option<MaskingKey>,
) -> Vec<Vec<u8>> {
    encode_fragments(kind, pieces, true, keys)
}

fn encode_fragments(
    kind: MessageKind,
    pieces: &[&[u8]],
    compressed: bool,
    mut keys: impl FnMut() -> Option<MaskingKey>,
) -> Vec<Vec<u8>> {
    let first = kind.opcode();
    let last = pieces.len().saturating_sub(1);
    let piece = |(index, plain): (usize, &&[u8])| {
        let opcode = if index == 0 { first } else { Opcode::Continuation };
        let fin = index == last;
        // RFC 7692 section 6.1: only the first frame of a message is marked.
        let rsv1 = compressed && index == 0;
        frame(
            &Header { fin, rsv1, masking_key: keys(), ..Header::new(opcode, ByteLen::of(plain)) },
            plain,
        )
    };
    pieces.iter().enumerate().map(piece).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{AgreedExtensions, Side, Transcript};
    use proptest::prelude::*;

    #[test]
    fn section_5_7_fragments() {
        let frames = fragments(MessageKind::Text, &[b"Hel", b"lo"], || None);
        assert_eq!(frames, [&[0x01, 0x03, 0x48, 0x65, 0x6c][..], &[0x80, 0x02, 0x6c, 0x6f]]);
    }

    #[test]
    fn section_5_7_a_masked_hello_in_one_frame_and_in_two() {
        let key = Some([0x37, 0xfa, 0x21, 0x3d]);
        let whole = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
        assert_eq!(single_frame(Opcode::Text, b"Hello", key), whole);
        // each frame's masking begins with the first byte of its own key
        let mut keys = [[0x37, 0xfa, 0x21, 0x3d], [0; 4]].into_iter();
        let frames = fragments(MessageKind::Text, &[b"Hel", b"lo"], || keys.next());
        let first = [0x01, 0x83, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d];
        assert_eq!(frames, [&first[..], &[0x80, 0x82, 0, 0, 0, 0, b'l', b'o']]);
    }

    #[test]
    fn rfc_7692_section_7_2_3_1_rsv1_on_the_first_fragment_only() {
        let frames = compressed_fragments(
            MessageKind::Text,
            &[&[0xf2, 0x48, 0xcd], &[0xc9, 0xc9, 0x07, 0x00]],
            || None,
        );
        assert_eq!(frames.concat(), [0x41, 3, 0xf2, 0x48, 0xcd, 0x80, 4, 0xc9, 0xc9, 0x07, 0x00]);
    }

    #[test]
    fn a_close_carries_code_and_reason() {
        assert_eq!(close_frame(1001, "bye", None), [0x88, 0x05, 0x03, 0xe9, b'b', b'y', b'e']);
    }

    fn any_header() -> impl Strategy<Value = Header> {
        (any::<[u8; 2]>(), proptest::option::of(any::<MaskingKey>())).prop_map(
            |([first, second], key)| Header {
                masking_key: key,
                ..Header::parse(&[first, second & 0x7f, 0, 0, 0, 0, 0, 0, 0, 0])
                    .expect("ten bytes are enough without a key")
            },
        )
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded(header in any_header(), plain in proptest::collection::vec(any::<u8>(), 0..300)) {
            let form = header.length_form;
            let len = if form == crate::wire::LengthForm::Bits7 { plain.len().min(125) } else { plain.len() };
            let header = Header { payload_len: ByteLen::from_usize(len), ..header };
            let bytes = frame(&header, &plain[..len]);
            let mut transcript = Transcript::new(Side::Client, AgreedExtensions::none());
            transcript.push(&bytes);
            prop_assert_eq!(transcript.frames().len(), 1);
            prop_assert_eq!(transcript.frames()[0].header, header);
            prop_assert_eq!(transcript.frames()[0].payload(), &plain[..len]);
            prop_assert_eq!(transcript.frames()[0].raw(), &bytes[..]);
            prop_assert_eq!(transcript.needed(), None);
        }
    }
}
