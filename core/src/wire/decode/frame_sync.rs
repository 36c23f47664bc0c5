//! Where frames begin in bytes whose beginning was not captured. Nothing marks a frame (RFC 6455
//! section 5.2), so a chain of headers that keep every rule is taken for frames.

use crate::wire::decode::decoder::{Decoder, DecoderEvent};
use crate::wire::frame::message::FragmentRole;
use crate::wire::frame::{Header, LengthForm, Opcode, Side};
use crate::wire::handshake::extension::{AgreedExtensions, DeflateParams};
use crate::wire::size::ByteLen;

/// Whether the frames that `bytes` look like are masked (RFC 6455 section 5.1); `None` if they do
/// not look like frames. The last frame may go on after `bytes`.
pub fn masking_of_frames(bytes: &[u8]) -> Option<bool> {
    let mut rest = bytes;
    let mut is_masked = None;
    while !rest.is_empty() {
        let Ok(header) = Header::parse(rest) else {
            // A header that goes on after the bytes says nothing if it is the only one.
            return is_masked.filter(|masked| may_be_header(rest, *masked));
        };
        let masked = header.masking_key.is_some();
        if !is_plausible(&header) || is_masked.is_some_and(|before| before != masked) {
            return None;
        }
        is_masked = Some(masked);
        let len = header.frame_len().min(ByteLen::of(rest)).to_usize_saturating();
        rest = rest.get(len..).unwrap_or_default();
    }
    is_masked
}

/// Whether bytes may be the beginning of a header with this MASK bit.
fn may_be_header(beginning: &[u8], masked: bool) -> bool {
    let has_reserved = beginning
        .first()
        .is_some_and(|byte| byte & 0x30 != 0 || Opcode::from_bits(*byte).is_reserved());
    !has_reserved && beginning.get(1).is_none_or(|byte| (byte & 0x80 != 0) == masked)
}

/// Whether a header keeps the rules that nothing else decides. RSV1 may mean compression.
fn is_plausible(header: &Header) -> bool {
    let is_known = matches!(
        header.opcode,
        Opcode::Continuation
            | Opcode::Text
            | Opcode::Binary
            | Opcode::Close
            | Opcode::Ping
            | Opcode::Pong
    );
    let is_control = header.opcode.is_control();
    is_known
        && !header.rsv2
        && !header.rsv3
        && !(is_control && (header.rsv1 || !header.fin || header.payload_len > ByteLen::new(125)))
        && !(header.opcode == Opcode::Continuation && header.rsv1)
        && !(header.opcode == Opcode::Close && header.payload_len == 1)
        && LengthForm::shortest(header.payload_len) == header.length_form
        && !header.has_impossible_length()
}

/// Whether the messages of a connection whose handshake was not seen are compressed with
/// permessage-deflate: every first fragment has RSV1 = 1, and the data of at least one message
/// inflates without a fault. `sent` is what each side sent, from the first byte of a frame on; what
/// came before is not known, so a message may refer back to data that is not there.
pub fn are_messages_compressed(sent: &[(Side, &[u8])]) -> bool {
    let mut has_inflated = false;
    for (from, bytes) in sent {
        let deflate = Some(DeflateParams::default());
        let mut decoder = Decoder::new(*from, AgreedExtensions { deflate });
        // Earlier messages are as lost as those of a gap.
        decoder.resume_after_gap();
        let (mut rest, mut has_fault) = (*bytes, false);
        while let Some(event) = decoder.next_event(&mut rest) {
            match event {
                DecoderEvent::FrameStart(start) => {
                    let is_first = matches!(start.role, FragmentRole::First { .. });
                    if is_first && !start.header.rsv1 {
                        return false;
                    }
                    has_fault &= !is_first;
                }
                DecoderEvent::Fault(fault) => has_fault |= fault.is_fatal(),
                // An empty message proves nothing: almost any byte inflates to nothing.
                DecoderEvent::MessageEnd(end) => {
                    has_inflated |=
                        !has_fault && end.inflate_stop.is_none() && end.data_len > ByteLen::ZERO;
                }
                _ => {}
            }
        }
    }
    has_inflated
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::MessageKind;
    use crate::wire::deflate::deflater::Deflater;
    use crate::wire::frame::encode;

    fn compressed(texts: &[&str]) -> Vec<Vec<u8>> {
        let mut deflater = Deflater::new(DeflateParams::default(), Side::Server);
        texts
            .iter()
            .flat_map(|text| {
                let payload = deflater.compress_message(text.as_bytes());
                encode::compressed_fragments(MessageKind::Text, &[&payload], || None)
            })
            .collect()
    }

    #[test]
    fn compressed_messages_are_recognized_from_the_middle_of_a_connection_on() {
        let frames = compressed(&["tick tock, the first one", "tick tock, the second one", "last"]);
        assert!(are_messages_compressed(&[(Side::Server, &frames.concat())]));
        let behind = frames[1..].concat();
        assert!(
            are_messages_compressed(&[(Side::Client, b""), (Side::Server, &behind)]),
            "the second refers back to the first, the third does not"
        );
    }

    #[test]
    fn plain_messages_and_other_meanings_of_rsv1_are_not_taken_for_compression() {
        let frames = compressed(&["tick tock, the first one"]).concat();
        let plain = encode::single_frame(Opcode::Text, b"plain", None);
        let mixed = [frames.clone(), plain.clone()].concat();
        let masked = encode::single_frame(Opcode::Text, b"plain", Some([1, 2, 3, 4]));
        for sent in
            [&plain, &mixed, &b"\xc1\x05Hello".to_vec(), &b"\xc1\x01\0".to_vec(), &Vec::new()]
        {
            assert!(!are_messages_compressed(&[(Side::Server, sent)]), "{sent:?}");
        }
        assert!(
            !are_messages_compressed(&[(Side::Server, &frames), (Side::Client, &masked)]),
            "the other side sends without compression"
        );
    }

    #[test]
    fn frames_are_told_from_other_bytes() {
        let masked = encode::single_frame(Opcode::Text, b"hello", Some([1, 2, 3, 4]));
        let plain = encode::single_frame(Opcode::Text, b"hello", None);
        let ping = encode::single_frame(Opcode::Ping, b"", None);
        assert_eq!(masking_of_frames(&masked), Some(true));
        assert_eq!(masking_of_frames(&[plain.clone(), ping].concat()), Some(false));
        assert_eq!(masking_of_frames(&plain[..4]), Some(false), "it goes on");
        assert_eq!(masking_of_frames(&[plain.clone(), masked].concat()), None, "both kinds");
        assert_eq!(masking_of_frames(&[&plain[..], b"\xff\xff"].concat()), None, "not a header");
        assert_eq!(masking_of_frames(b"GET / HTTP/1.1\r\n"), None);
        assert_eq!(masking_of_frames(b"\x81"), None, "too few bytes");
        assert_eq!(masking_of_frames(b""), None);
    }
}
