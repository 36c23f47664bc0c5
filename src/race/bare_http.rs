//! Parses the small part of HTTP/1.1 (RFC 9112) that both ends of the hand-written lane need: where
//! a head ends and how long its body is. Chunked bodies are not supported, because the echo server
//! sends none.

use thiserror::Error;

/// The maximum length of a head in bytes. It keeps a peer that never ends its head from filling
/// memory.
const MAX_HEAD_BYTES: usize = 64 * 1024;

/// A complete head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct HttpHead {
    /// The length of the head in bytes, including the empty line. The body begins here.
    pub(super) len: usize,
    /// The length of the body in bytes, 0 without `Content-Length`.
    pub(super) body_len: usize,
}

/// Returns the values of all fields called `name` in a head. Names are compared without regard to
/// case (RFC 9110 section 5.1).
pub(super) fn named<'h>(head: &'h [u8], name: &'static [u8]) -> impl Iterator<Item = &'h [u8]> {
    // The first line is the request or status line, not a field.
    head.split(|&byte| byte == b'\n').skip(1).filter_map(move |line| {
        let (field, value) = line.split_at_checked(memchr::memchr(b':', line)?)?;
        let value = value.strip_prefix(b":")?;
        field.eq_ignore_ascii_case(name).then(|| value.trim_ascii())
    })
}

/// Why a head cannot be parsed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(super) enum HeadError {
    /// There is no empty line within [`MAX_HEAD_BYTES`].
    #[error("that isn't HTTP/1.1: its head does not end")]
    Endless,
    #[error("`{0}` isn't a content length")]
    ContentLength(String),
}

/// Parses the head at the beginning of `bytes`. Returns `None` while the head is incomplete.
pub(super) fn parse_head(bytes: &[u8]) -> Result<Option<HttpHead>, HeadError> {
    let Some(end) = memchr::memmem::find(bytes, b"\r\n\r\n") else {
        return if bytes.len() > MAX_HEAD_BYTES { Err(HeadError::Endless) } else { Ok(None) };
    };
    let mut body = 0;
    for value in named(bytes.get(..end).unwrap_or_default(), b"content-length") {
        let length = std::str::from_utf8(value).ok().and_then(|value| value.parse().ok());
        body = length
            .ok_or_else(|| HeadError::ContentLength(String::from_utf8_lossy(value).into_owned()))?;
    }
    Ok(Some(HttpHead { len: end.saturating_add(4), body_len: body }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_ends_with_an_empty_line_and_says_how_long_its_body_is() {
        let whole = b"POST / HTTP/1.1\r\nHost: a\r\nCONTENT-LENGTH:  32 \r\n\r\n0123";
        assert_eq!(parse_head(whole), Ok(Some(HttpHead { len: whole.len() - 4, body_len: 32 })));
        assert_eq!(parse_head(&whole[..whole.len() - 6]), Ok(None));
        assert_eq!(
            parse_head(b"HTTP/1.1 200 OK\r\n\r\n"),
            Ok(Some(HttpHead { len: 19, body_len: 0 }))
        );
    }

    #[test]
    fn nonsense_is_refused() {
        let negative = b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n";
        assert_eq!(parse_head(negative), Err(HeadError::ContentLength("-1".to_owned())));
        assert_eq!(parse_head(&vec![b'x'; MAX_HEAD_BYTES + 1]), Err(HeadError::Endless));
    }
}
