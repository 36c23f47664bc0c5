//! The little of HTTP/1.1 (RFC 9112) that both ends of the hand-written lane need: where a head ends, and how long the
//! body after it is. Chunked bodies are not understood; the echo sends none.

/// More than this before the empty line is no head.
const LONGEST: usize = 64 * 1024;

/// The end of the last field and the empty line.
const END: &[u8] = b"\r\n\r\n";

/// A head that is complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    /// The bytes up to the body.
    pub(super) end: usize,
    /// The bytes of the body.
    pub(super) body: usize,
}

impl Head {
    /// Splits bytes that begin with this head into the head, its body and what follows; `None` while the body is not complete.
    pub(super) fn split<'b>(&self, bytes: &'b [u8]) -> Option<(&'b [u8], &'b [u8], &'b [u8])> {
        let (head, behind) = bytes.split_at_checked(self.end)?;
        let (body, rest) = behind.split_at_checked(self.body)?;
        Some((head, body, rest))
    }
}

/// What the fields of that name say, in the lines of a head.
pub(super) fn named<'h>(head: &'h [u8], name: &'static [u8]) -> impl Iterator<Item = &'h [u8]> {
    head.split(|&byte| byte == b'\n').skip(1).filter_map(move |line| {
        let (have, value) = line.split_at_checked(memchr::memchr(b':', line)?)?;
        have.eq_ignore_ascii_case(name).then(|| value.strip_prefix(b":").unwrap_or(value).trim_ascii())
    })
}

/// The head at the beginning of `bytes`; `None` while it is not complete.
pub(super) fn head(bytes: &[u8]) -> Result<Option<Head>, String> {
    let whole = memchr::memmem::find(bytes, END).and_then(|at| bytes.get(..at.saturating_add(END.len())));
    let Some(head) = whole else {
        let too_long = bytes.len() > LONGEST;
        return if too_long {
            Err("that is no HTTP/1.1: its head does not end".to_owned())
        } else {
            Ok(None)
        };
    };
    let mut body = 0;
    for value in named(head, b"content-length") {
        let length = std::str::from_utf8(value).ok().and_then(|value| value.parse().ok());
        body = length.ok_or_else(|| format!("`{}` is no content length", String::from_utf8_lossy(value)))?;
    }
    Ok(Some(Head { end: head.len(), body }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_ends_with_an_empty_line_and_says_how_long_its_body_is() {
        let whole = b"POST / HTTP/1.1\r\nHost: a\r\nCONTENT-LENGTH:  32 \r\n\r\n0123";
        assert_eq!(head(whole), Ok(Some(Head { end: whole.len() - 4, body: 32 })));
        assert_eq!(head(&whole[..whole.len() - 6]), Ok(None));
        assert_eq!(head(b"HTTP/1.1 200 OK\r\n\r\n"), Ok(Some(Head { end: 19, body: 0 })));
    }

    #[test]
    fn nonsense_is_told() {
        assert!(head(b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n").unwrap_err().contains("`-1`"));
        assert!(head(&vec![b'x'; LONGEST + 1]).is_err());
    }
}
