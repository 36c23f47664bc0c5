//! Percent escapes in the data of an event stream: sockjs-client runs `decodeURI` on it, because
//! sockjs-node escapes what would end a line, and the percent sign, in this way.

use std::borrow::Cow;

use crate::sockjs::json::{FrameError, FrameProblem};

/// The characters whose escapes `decodeURI` leaves alone (ECMA-262 section 19.2.6.2).
const RESERVED: &[u8] = b";/?:@&=+$,#";

/// Undoes percent escapes as `decodeURI` does.
///
/// # Errors
///
/// Fails on a percent sign without two hex digits and on escapes that are not UTF-8. There the client
/// loses the frame.
pub fn decode_uri(data: &[u8]) -> Result<Cow<'_, [u8]>, FrameError> {
    if !data.contains(&b'%') {
        return Ok(Cow::Borrowed(data));
    }
    let mut decoded = Vec::with_capacity(data.len());
    let (mut rest, mut at) = (data, 0_usize);
    while let Some(plain) = rest.iter().position(|byte| *byte == b'%') {
        let (before, escaped) = rest.split_at(plain);
        decoded.extend_from_slice(before);
        at = at.saturating_add(plain);
        let (taken, bytes) = read_escapes(escaped)
            .ok_or(FrameError { at, problem: FrameProblem::BadPercentEscape })?;
        match bytes.as_slice() {
            [reserved] if RESERVED.contains(reserved) => {
                decoded.extend_from_slice(escaped.get(..taken).unwrap_or_default());
            }
            bytes => decoded.extend_from_slice(bytes),
        }
        at = at.saturating_add(taken);
        rest = escaped.get(taken..).unwrap_or_default();
    }
    decoded.extend_from_slice(rest);
    Ok(Cow::Owned(decoded))
}

/// Returns how many bytes the escapes of one character take, and the bytes that they stand for.
fn read_escapes(escaped: &[u8]) -> Option<(usize, Vec<u8>)> {
    let first = read_escape(escaped)?;
    let count = match first {
        0x00..=0x7F => 1,
        0xC2..=0xDF => 2,
        0xE0..=0xEF => 3,
        0xF0..=0xF4 => 4,
        _ => return None,
    };
    let escapes = escaped.chunks_exact(3).take(count);
    let bytes: Vec<u8> = escapes.map(read_escape).collect::<Option<_>>()?;
    let is_whole = bytes.len() == count && std::str::from_utf8(&bytes).is_ok();
    is_whole.then_some((count.saturating_mul(3), bytes))
}

fn read_escape(escape: &[u8]) -> Option<u8> {
    let [b'%', high, low, ..] = *escape else { return None };
    let digit = |byte: u8| char::from(byte).to_digit(16);
    u8::try_from(digit(high)?.checked_mul(16)?.checked_add(digit(low)?)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_undone_as_a_browser_does() {
        // Each as `decodeURI` gives it in a browser's console.
        for (data, decoded) in [
            ("a[\"plain\"]", "a[\"plain\"]"),
            ("a[\"100%25\"]", "a[\"100%\"]"),
            ("a[\"%0D%0A%00\"]", "a[\"\r\n\0\"]"),
            ("%2525", "%25"),
            ("%2f%3B%23", "%2f%3B%23"),
            ("%C3%A9%e2%82%ac%F0%9F%98%80!", "é€😀!"),
        ] {
            assert_eq!(decode_uri(data.as_bytes()).unwrap(), decoded.as_bytes(), "{data}");
        }
    }

    #[test]
    fn what_is_no_escape_has_its_place() {
        for (data, at) in
            [("a%", 1), ("%25%2", 3), ("ab%zz", 2), ("%80", 0), ("%C3x", 0), ("%ED%A0%80", 0)]
        {
            let error = decode_uri(data.as_bytes()).unwrap_err();
            assert_eq!(error, FrameError { at, problem: FrameProblem::BadPercentEscape }, "{data}");
        }
    }
}
