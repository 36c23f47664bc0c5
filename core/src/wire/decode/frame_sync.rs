//! Where frames begin in bytes whose beginning was not captured. Nothing marks a frame (RFC 6455
//! section 5.2), so a chain of headers that keep every rule is taken for frames.

use crate::wire::frame::{Header, LengthForm, Opcode};
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
pub(super) fn may_be_header(beginning: &[u8], masked: bool) -> bool {
    let has_reserved = beginning
        .first()
        .is_some_and(|byte| byte & 0x30 != 0 || Opcode::from_bits(*byte).is_reserved());
    !has_reserved && beginning.get(1).is_none_or(|byte| (byte & 0x80 != 0) == masked)
}

/// Whether a header keeps the rules that nothing else decides. RSV1 may mean compression.
pub(super) fn is_plausible(header: &Header) -> bool {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::frame::encode;

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
