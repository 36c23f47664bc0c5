//! Parses what matters of handshake messages: the two hellos with randoms, version and cipher suite
//! (RFC 8446 section 4.1), and key updates. It checks nothing that is not needed to decrypt.

use super::key_log::Random;

const CLIENT_HELLO: u8 = 1;
const SERVER_HELLO: u8 = 2;
pub(super) const KEY_UPDATE: u8 = 24;
const ENCRYPT_THEN_MAC: u16 = 22;
const SUPPORTED_VERSIONS: u16 = 43;

/// The random of a `HelloRetryRequest`, which is a `ServerHello` that asks for another
/// `ClientHello` (RFC 8446 section 4.1.3).
const RETRY_REQUEST_RANDOM: Random = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];

/// A hello.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hello {
    Client {
        random: Random,
    },
    Server {
        random: Random,
        suite: u16,
        version: u16,
        /// Whether the server agrees to RFC 7366.
        encrypt_then_mac: bool,
    },
}

/// Parses a handshake message as a hello. Returns `None` for any other message, including a
/// `HelloRetryRequest`.
pub(super) fn parse(message: &[u8]) -> Option<Hello> {
    let (&[kind, _, _, _], body) = message.split_first_chunk()?;
    let (legacy, body) = read_u16(body)?;
    let (&random, body): (&Random, _) = body.split_first_chunk()?;
    match kind {
        CLIENT_HELLO => Some(Hello::Client { random }),
        SERVER_HELLO if random != RETRY_REQUEST_RANDOM => {
            let (session, body) = body.split_first()?;
            let (suite, body) = read_u16(body.get(usize::from(*session)..)?)?;
            // One byte of compression method, then two bytes with the length of the extensions.
            // TLS 1.3 puts 1.2 into the legacy field and the real version into an extension
            // (section 4.2.1).
            let extensions = body.get(3..).unwrap_or_default();
            let version = extension(extensions, SUPPORTED_VERSIONS)
                .and_then(|value| read_u16(value))
                .map_or(legacy, |(version, _)| version);
            let encrypt_then_mac = extension(extensions, ENCRYPT_THEN_MAC).is_some();
            Some(Hello::Server { random, suite, version, encrypt_then_mac })
        }
        _ => None,
    }
}

/// Returns the value of the extension of this number.
fn extension(mut extensions: &[u8], number: u16) -> Option<&[u8]> {
    loop {
        let (kind, behind) = read_u16(extensions)?;
        let (len, behind) = read_u16(behind)?;
        let (value, behind) = behind.split_at_checked(len.into())?;
        if kind == number {
            return Some(value);
        }
        extensions = behind;
    }
}

/// Removes two bytes from the front.
fn read_u16(bytes: &[u8]) -> Option<(u16, &[u8])> {
    bytes.split_first_chunk().map(|(two, rest)| (u16::from_be_bytes(*two), rest))
}

/// Whether handshake messages contain a `KeyUpdate`, which must be the last one of its record (RFC
/// 8446 section 5.1).
pub(super) fn contains_key_update(mut messages: &[u8]) -> bool {
    while let Some((&header, rest)) = messages.split_first_chunk::<4>() {
        if header[0] == KEY_UPDATE {
            return true;
        }
        messages = rest.get(message_len(header)..).unwrap_or_default();
    }
    false
}

/// Returns the length in a handshake message's header, without the header (RFC 8446 section 4).
pub(super) fn message_len([_, a, b, c]: [u8; 4]) -> usize {
    usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c)
}
