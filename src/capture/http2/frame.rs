//! [`FrameHeader`]: the header of an HTTP/2 frame (RFC 9113 section 4.1), and which bytes may be one.

/// The length of a header in bytes.
pub(super) const HEADER_LEN: usize = 9;

/// The first bytes of a client (RFC 9113 section 3.4).
pub(super) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The initial maximum length of a frame's payload (RFC 9113 section 6.5.2).
pub(super) const DEFAULT_MAX_FRAME_LEN: usize = 1 << 14;

/// `END_STREAM` of DATA and HEADERS; the same bit is ACK of SETTINGS and PING.
pub(super) const END_STREAM: u8 = 0x1;
pub(super) const ACK: u8 = 0x1;
pub(super) const END_HEADERS: u8 = 0x4;
pub(super) const PADDED: u8 = 0x8;
pub(super) const PRIORITY: u8 = 0x20;

/// The type of a frame (RFC 9113 section 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FrameType {
    Data,
    Headers,
    Priority,
    RstStream,
    Settings,
    PushPromise,
    Ping,
    GoAway,
    WindowUpdate,
    Continuation,
    /// An extension, which is passed over (RFC 9113 section 5.5).
    Unknown,
}

impl FrameType {
    fn of_number(number: u8) -> Self {
        match number {
            0 => Self::Data,
            1 => Self::Headers,
            2 => Self::Priority,
            3 => Self::RstStream,
            4 => Self::Settings,
            5 => Self::PushPromise,
            6 => Self::Ping,
            7 => Self::GoAway,
            8 => Self::WindowUpdate,
            9 => Self::Continuation,
            _ => Self::Unknown,
        }
    }
}

/// The header of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FrameHeader {
    /// The length of the payload, padding included.
    pub(super) len: usize,
    pub(super) frame_type: FrameType,
    pub(super) flags: u8,
    pub(super) stream: u32,
    /// The reserved bit before the stream identifier, which is 0.
    is_reserved_set: bool,
}

impl FrameHeader {
    pub(super) fn parse(bytes: [u8; HEADER_LEN]) -> Self {
        let [high, middle, low, number, flags, stream @ ..] = bytes;
        let len = usize::from(high) << 16 | usize::from(middle) << 8 | usize::from(low);
        let stream = u32::from_be_bytes(stream);
        Self {
            len,
            frame_type: FrameType::of_number(number),
            flags,
            stream: stream & 0x7fff_ffff,
            is_reserved_set: stream >> 31 == 1,
        }
    }

    pub(super) fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    /// Whether a header keeps the rules that nothing else decides. An extension may have any
    /// length and flags, so it proves nothing.
    fn is_plausible(&self, max_len: usize) -> bool {
        let (flags, on_stream, len_fits) = match self.frame_type {
            FrameType::Data => (END_STREAM | PADDED, true, true),
            FrameType::Headers => {
                (END_STREAM | END_HEADERS | PADDED | PRIORITY, true, self.len > 0)
            }
            FrameType::Priority => (0, true, self.len == 5),
            FrameType::RstStream => (0, true, self.len == 4),
            FrameType::Settings => {
                let is_ack = self.has(ACK);
                (ACK, false, if is_ack { self.len == 0 } else { self.len.is_multiple_of(6) })
            }
            FrameType::PushPromise => (END_HEADERS | PADDED, true, self.len > 4),
            FrameType::Ping => (ACK, false, self.len == 8),
            FrameType::GoAway => (0, false, self.len >= 8),
            // For a stream or for the whole connection.
            FrameType::WindowUpdate => (0, self.stream != 0, self.len == 4),
            FrameType::Continuation => (END_HEADERS, true, true),
            FrameType::Unknown => return false,
        };
        self.flags & !flags == 0
            && (self.stream != 0) == on_stream
            && len_fits
            && self.len <= max_len
            && !self.is_reserved_set
    }
}

/// Whether `bytes` are certain to begin with a frame: two headers follow each other, or the first
/// frame ends where the bytes end.
pub(super) fn begins_with_frame(bytes: &[u8], max_len: usize) -> bool {
    chain(bytes, max_len).is_some_and(|(headers, ends)| headers > 1 || ends)
}

/// Like [`begins_with_frame`], for a place where nothing says that a frame begins: three headers, or
/// two whose frames end where the bytes end.
pub(super) fn has_frame_chain(bytes: &[u8], max_len: usize) -> bool {
    chain(bytes, max_len).is_some_and(|(headers, ends)| headers > 2 || headers > 1 && ends)
}

/// Follows at most three frames from the first byte. Returns the number of headers, and whether the
/// last frame ends where the bytes end; `None` if one of them is no header.
fn chain(bytes: &[u8], max_len: usize) -> Option<(usize, bool)> {
    let mut rest = bytes;
    for headers in 0..3_usize {
        let Some((header, behind)) = rest.split_first_chunk() else {
            return Some((headers, rest.is_empty() && headers > 0));
        };
        let header = FrameHeader::parse(*header);
        if !header.is_plausible(max_len) {
            return None;
        }
        let Some(behind) = behind.get(header.len..) else {
            return Some((headers.saturating_add(1), false));
        };
        rest = behind;
    }
    Some((3, rest.is_empty()))
}

/// Whether bytes are the beginning of a SETTINGS frame that is the first of a server; `None` if too
/// few have arrived to tell. HTTP/1.1 and TLS begin differently.
pub(in crate::capture) fn begins_with_settings(bytes: &[u8]) -> Option<bool> {
    let Some(header) = bytes.first_chunk() else {
        let expected = [Some(0), None, None, Some(4), Some(0), Some(0), Some(0), Some(0), Some(0)];
        let fits = bytes
            .iter()
            .zip(expected)
            .all(|(byte, expected)| expected.is_none_or(|expected| *byte == expected));
        return (!fits || bytes.is_empty()).then_some(false);
    };
    let header = FrameHeader::parse(*header);
    Some(
        header.frame_type == FrameType::Settings
            && !header.has(ACK)
            && header.is_plausible(DEFAULT_MAX_FRAME_LEN),
    )
}

/// Whether bytes are the preface of a client; `None` if too few have arrived to tell.
pub(in crate::capture) fn begins_with_preface(bytes: &[u8]) -> Option<bool> {
    match bytes.get(..PREFACE.len()) {
        Some(start) => Some(start == PREFACE),
        None if PREFACE.starts_with(bytes) && !bytes.is_empty() => None,
        None => Some(false),
    }
}

/// Whether bytes in the middle of a connection are frames.
pub(in crate::capture) fn looks_like_frames(bytes: &[u8]) -> bool {
    begins_with_frame(bytes, DEFAULT_MAX_FRAME_LEN)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTINGS: &[u8] = b"\0\0\x06\x04\0\0\0\0\0\0\x08\0\0\0\x01";
    const DATA: &[u8] = b"\0\0\x07\0\0\0\0\0\x01\x81\x05Hello";

    #[test]
    fn frames_are_told_from_other_bytes() {
        assert!(looks_like_frames(SETTINGS) && looks_like_frames(DATA));
        assert!(looks_like_frames(&[SETTINGS, &DATA[..10]].concat()));
        for other in [
            &b"\x81\x05Hello"[..],
            b"\0\0\0\0",
            b"GET / HTTP/1.1\r\n\r\n",
            b"\0\0\x07\0\0\0\0\0\x01\x81\x05Hell",
            b"\0\0\x06\x04\0\0\0\0\x01\0\x08\0\0\0\x01",
            b"\0\0\x00\x0a\0\0\0\0\0",
            b"",
        ] {
            assert!(!looks_like_frames(other), "{other:?}");
        }
    }

    #[test]
    fn rfc_9113_section_3_4_the_beginning_is_recognized_in_any_pieces() {
        for len in 1..PREFACE.len() {
            assert_eq!(begins_with_preface(&PREFACE[..len]), None, "{len}");
        }
        assert_eq!(begins_with_preface(PREFACE), Some(true));
        assert_eq!(begins_with_preface(b"PROXY"), Some(false));
        for len in 1..HEADER_LEN {
            assert_eq!(begins_with_settings(&SETTINGS[..len]), None, "{len}");
        }
        assert_eq!(begins_with_settings(SETTINGS), Some(true));
        assert_eq!(begins_with_settings(b"HT"), Some(false));
        assert_eq!(begins_with_settings(b"\0\0\x06\x04\x01\0\0\0\0"), Some(false));
    }
}
