//! The WebSocket of 2010: draft-hixie-thewebsocketprotocol-76, obsolete since RFC 6455 of December
//! 2011. The protocol test of SockJS still asks for it, because proxies once had to pass it: the
//! head of the response goes out before the last 8 bytes of the request arrive.
//!
//! It has text only, framed by 0x00 and 0xFF, and a closing handshake of 0xFF 0x00.

use md5::{Digest as _, Md5};
use thiserror::Error;

/// The number of bytes that a client sends behind the head of its request.
pub const NONCE: usize = 8;

/// The closing handshake, from either side.
pub const CLOSING: [u8; 2] = [0xFF, 0x00];

/// Returns the number in a key field: its digits, divided by its spaces (section 5.2). `None` if it
/// has no spaces, no digits, too many of them, or does not divide evenly.
pub fn key_number(key: &str) -> Option<u32> {
    let spaces = u64::try_from(key.bytes().filter(|byte| *byte == b' ').count()).ok()?;
    let digits: String = key.chars().filter(char::is_ascii_digit).collect();
    let number: u64 = digits.parse().ok()?;
    if number.checked_rem(spaces)? != 0 {
        return None;
    }
    u32::try_from(number.checked_div(spaces)?).ok()
}

/// Returns the 16 bytes that prove that the server understood the handshake (section 5.2).
pub fn challenge_response(key1: u32, key2: u32, nonce: [u8; NONCE]) -> [u8; 16] {
    let mut hash = Md5::new();
    hash.update(key1.to_be_bytes());
    hash.update(key2.to_be_bytes());
    hash.update(nonce);
    hash.finalize().into()
}

/// Appends a text frame.
pub fn push_frame(out: &mut Vec<u8>, text: &str) {
    out.push(0x00);
    out.extend_from_slice(text.as_bytes());
    out.push(0xFF);
}

/// A frame of a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HixieEvent {
    /// A text.
    Text(String),
    /// The closing handshake.
    Closing,
}

/// Why reading cannot go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum HixieError {
    /// A text that is not UTF-8.
    #[error("a text that is not UTF-8")]
    NotUtf8,
    /// A text longer than the reader may keep.
    #[error("a text of more than {0} bytes")]
    TooLong(usize),
    /// A type of frame that the draft does not define.
    #[error("a frame of the unknown type 0x{0:02x}")]
    UnknownType(u8),
}

/// Reads the frames of one direction.
#[derive(Clone, Debug)]
pub struct HixieReader {
    buffer: Vec<u8>,
    /// The bytes of the buffer in which no end of a text was found.
    searched: usize,
    limit: usize,
}

impl HixieReader {
    /// Begins behind the handshake. No text may be longer than `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self { buffer: Vec::new(), searched: 0, limit }
    }

    /// Takes bytes. [`HixieReader::next_event`] must be called until there is nothing left before
    /// the next ones.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// Returns the number of bytes that came of a frame that is not complete, once
    /// [`HixieReader::next_event`] has returned nothing; 0 between frames.
    pub fn unfinished_len(&self) -> usize {
        self.buffer.len()
    }

    /// Returns the next frame, once it is complete.
    ///
    /// # Errors
    /// If what came is no frame; nothing more can be read then.
    pub fn next_event(&mut self) -> Result<Option<HixieEvent>, HixieError> {
        match self.buffer.first() {
            None => Ok(None),
            Some(0x00) => {
                // 0xFF never occurs in UTF-8.
                let rest = self.buffer.get(self.searched..).unwrap_or_default();
                let Some(end) = memchr::memchr(0xFF, rest) else {
                    self.searched = self.buffer.len();
                    let long = self.buffer.len() > self.limit.saturating_add(1);
                    return if long { Err(HixieError::TooLong(self.limit)) } else { Ok(None) };
                };
                let end = end.saturating_add(std::mem::take(&mut self.searched));
                let frame: Vec<u8> = self.buffer.drain(..=end).collect();
                let text = frame.get(1..end).unwrap_or_default();
                if text.len() > self.limit {
                    return Err(HixieError::TooLong(self.limit));
                }
                let text = str::from_utf8(text).map_err(|_| HixieError::NotUtf8)?;
                Ok(Some(HixieEvent::Text(text.to_owned())))
            }
            Some(0xFF) => match self.buffer.get(1) {
                None => Ok(None),
                Some(0x00) => {
                    self.buffer.clear();
                    Ok(Some(HixieEvent::Closing))
                }
                Some(_) => Err(HixieError::UnknownType(0xFF)),
            },
            Some(byte) => Err(HixieError::UnknownType(*byte)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_drafts_own_example_is_answered() {
        // Section 1.2 of the draft.
        let key1 = key_number("18x 6]8vM;54 *(5:  {   U1]8  z [  8").unwrap();
        let key2 = key_number("1_ tx7X d  <  nw  334J702) 7]o}` 0").unwrap();
        assert_eq!((key1, key2), (155_712_099, 173_347_027));
        assert_eq!(&challenge_response(key1, key2, *b"Tm[K T2u"), b"fQJ,fN/4F4!~K~MH");
    }

    #[test]
    fn a_key_that_does_not_divide_is_none() {
        for key in ["", "123", "   ", "1 2 3x", "99999999999 ", "99999999999999999999999 "] {
            assert_eq!(key_number(key), None, "{key:?}");
        }
    }

    #[test]
    fn frames_are_read_in_pieces_of_any_size() {
        let mut bytes = Vec::new();
        push_frame(&mut bytes, "[\"a\"]");
        push_frame(&mut bytes, "");
        bytes.extend(CLOSING);
        for piece in 1..bytes.len() {
            let mut reader = HixieReader::new(5);
            let mut events = Vec::new();
            for chunk in bytes.chunks(piece) {
                reader.push(chunk);
                while let Some(event) = reader.next_event().unwrap() {
                    events.push(event);
                }
            }
            let texts = [HixieEvent::Text("[\"a\"]".into()), HixieEvent::Text(String::new())];
            assert_eq!(events[..2], texts);
            assert_eq!(events[2..], [HixieEvent::Closing]);
        }
    }

    #[test]
    fn bytes_of_a_long_text_are_searched_once() {
        let mut reader = HixieReader::new(1 << 20);
        reader.push(&[0]);
        for length in 2..100 {
            reader.push(b"a");
            assert_eq!(reader.next_event(), Ok(None));
            assert_eq!((reader.searched, reader.unfinished_len()), (length, length));
        }
        reader.push(b"\xFF\x00b\xFF");
        assert_eq!(reader.next_event(), Ok(Some(HixieEvent::Text("a".repeat(98)))));
        assert_eq!(reader.next_event(), Ok(Some(HixieEvent::Text("b".into()))));
        assert_eq!((reader.next_event(), reader.unfinished_len()), (Ok(None), 0));
    }

    #[test]
    fn what_is_no_frame_is_refused() {
        let read = |bytes: &[u8]| {
            let mut reader = HixieReader::new(3);
            reader.push(bytes);
            reader.next_event().unwrap_err()
        };
        assert_eq!(read(b"\x00abcd\xFF"), HixieError::TooLong(3));
        assert_eq!(read(b"\x00abcde"), HixieError::TooLong(3));
        assert_eq!(read(b"\x00\x80\xFF"), HixieError::NotUtf8);
        assert_eq!(read(b"\x81"), HixieError::UnknownType(0x81));
        assert_eq!(read(b"\xFF\x01"), HixieError::UnknownType(0xFF));
    }
}
