//! The little of HTTP/1.1 (RFC 9112) that both ends of the hand-written lane need: where a head
//! ends, and how long the body after it is. Chunked bodies are not understood; the echo sends none.

use thiserror::Error;

/// More than this before the empty line is no head.
const MAX_HEAD_BYTES: usize = 64 * 1024;

/// A head that is complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct HttpHead {
    /// The bytes up to the body.
    pub(super) len: usize,
    /// The bytes of the body.
    pub(super) body_len: usize,
}

/// What the fields of that name say, in the lines of a head.
pub(super) fn named<'h>(head: &'h [u8], name: &'static [u8]) -> impl Iterator<Item = &'h [u8]> {
    head.split(|&byte| byte == b'\n').skip(1).filter_map(move |line| {
        let (field, value) = line.split_at_checked(memchr::memchr(b':', line)?)?;
        let value = value.strip_prefix(b":")?;
        field.eq_ignore_ascii_case(name).then(|| value.trim_ascii())
    })
}

/// A head that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(super) enum HeadError {
    /// No empty line within [`MAX_HEAD_BYTES`].
    #[error("that isn't HTTP/1.1: its head does not end")]
    Endless,
    #[error("`{0}` isn't a content length")]
    ContentLength(String),
}

/// The head at the beginning of `bytes`; `None` while it is not complete.
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
