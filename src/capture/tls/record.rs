//! The record layer of TLS: content types, and the header of a record (RFC 8446 section 5.1, RFC
//! 5246 section 6.2.1). Nothing here decrypts.

pub(super) const CHANGE_CIPHER_SPEC: u8 = 20;
pub(super) const ALERT: u8 = 21;
pub(super) const HANDSHAKE: u8 = 22;
pub(super) const APPLICATION_DATA: u8 = 23;

pub(super) const TLS_1_3: u16 = 0x0304;
pub(super) const TLS_1_2: u16 = 0x0303;

/// The length of a record's header in bytes.
pub(super) const HEADER_LEN: usize = 5;

/// The maximum length of a record's body (RFC 5246 section 6.2.3).
const MAX_RECORD_LEN: usize = (1 << 14) + 2048;

/// Whether bytes at the beginning of a connection are a TLS record. One byte is enough to tell it
/// from HTTP.
pub(in crate::capture) fn looks_like_tls(bytes: &[u8]) -> bool {
    matches!(bytes, [20..=23] | [20..=23, 3] | [20..=23, 3, 0..=4, ..])
}

/// The header of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RecordHeader {
    /// The bytes as they were sent; TLS 1.3 authenticates them.
    pub(super) bytes: [u8; HEADER_LEN],
    /// The content type. TLS 1.3 hides the real one of encrypted records and writes application
    /// data here.
    pub(super) content_type: u8,
    /// The length of the body in bytes.
    pub(super) len: usize,
}

impl RecordHeader {
    /// Parses a header. Returns `None` if no record of TLS has it.
    pub(super) fn parse(bytes: [u8; HEADER_LEN]) -> Option<Self> {
        let [content_type, _, _, high, low] = bytes;
        let len = usize::from(u16::from_be_bytes([high, low]));
        (looks_like_tls(&bytes) && len <= MAX_RECORD_LEN).then_some(Self {
            bytes,
            content_type,
            len,
        })
    }

    /// Returns the version bytes.
    pub(super) fn version(&self) -> [u8; 2] {
        let [_, major, minor, _, _] = self.bytes;
        [major, minor]
    }
}
