//! [`KeyLog`]: the secrets of connections from a TLS key log (`SSLKEYLOGFILE`).
//! [`super::record_decryptor`] derives keys from them.

use std::collections::HashMap;

use thiserror::Error;

use crate::wire::format;

/// The random in a connection's `ClientHello`, by which key logs name the connection.
pub(in crate::capture) type Random = [u8; 32];

/// The purpose of a secret: the label of its line in a key log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum SecretLabel {
    /// The master secret of TLS 1.2.
    Master,
    ClientEarly,
    ClientHandshake,
    ServerHandshake,
    ClientTraffic,
    ServerTraffic,
}

/// The labels of the secrets that decrypt something.
const LABELS: [(&str, SecretLabel); 6] = [
    ("CLIENT_RANDOM", SecretLabel::Master),
    ("CLIENT_EARLY_TRAFFIC_SECRET", SecretLabel::ClientEarly),
    ("CLIENT_HANDSHAKE_TRAFFIC_SECRET", SecretLabel::ClientHandshake),
    ("SERVER_HANDSHAKE_TRAFFIC_SECRET", SecretLabel::ServerHandshake),
    ("CLIENT_TRAFFIC_SECRET_0", SecretLabel::ClientTraffic),
    ("SERVER_TRAFFIC_SECRET_0", SecretLabel::ServerTraffic),
];

/// The maximum number of lines with a mistake that are kept.
const MAX_FAULTS: usize = 5;

/// The secrets of any number of connections.
#[derive(Debug, Default)]
pub(in crate::capture) struct KeyLog {
    secrets: HashMap<(SecretLabel, Random), Vec<u8>>,
    randoms: std::collections::HashSet<Random>,
}

/// What is wrong with a line of a key log, as the end of a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(in crate::capture) enum KeyLogFault {
    /// It does not begin like a line of a key log.
    #[error("isn't a key log line: a label, the connection's random and its secret in hex")]
    NoLine,
    /// It ends after the label or the random.
    #[error("is cut off: {0} has a label, the connection's random and a secret")]
    Short(&'static str),
    /// The random is not 32 bytes in hex.
    #[error("has a random that isn't 32 bytes in hex ({0})")]
    Random(&'static str),
    /// The secret is not in hex.
    #[error("has a secret that isn't in hex ({0})")]
    NotHex(&'static str),
    /// The secret has the wrong length.
    #[error("has a secret with {1} hex digits; 64 or 96 are right ({0}), so it may be cut off")]
    SecretLength(&'static str, usize),
}

/// What was found in the lines of a key log.
#[derive(Debug, Default)]
pub(in crate::capture) struct KeyLogLines {
    /// The number of lines with a secret.
    pub(in crate::capture) secrets: usize,
    /// The number of other lines whose form is right.
    pub(in crate::capture) other_labels: usize,
    /// The lines, from 1, that are ignored because something is wrong with them. Only the first
    /// ones are kept.
    pub(in crate::capture) faults: Vec<(usize, KeyLogFault)>,
    /// The number of all of them.
    pub(in crate::capture) fault_count: usize,
}

impl KeyLogLines {
    /// Whether there are lines, and none of them is like those of a key log.
    pub(in crate::capture) fn is_something_else(&self) -> bool {
        let is_other = |(_, fault): &(usize, KeyLogFault)| *fault == KeyLogFault::NoLine;
        let has_other = self.fault_count > 0 && self.faults.iter().all(is_other);
        self.secrets == 0 && self.other_labels == 0 && has_other
    }
}

impl KeyLog {
    /// Adds the lines of a key log in UTF-8, or in UTF-16 with a byte order mark. Comments and
    /// lines with unknown labels are ignored, as in other tools, and so are lines with mistakes.
    pub(in crate::capture) fn add_lines(&mut self, lines: &[u8]) -> KeyLogLines {
        let utf8 = from_utf16(lines);
        let lines = utf8.as_ref().map_or(lines, String::as_bytes);
        let lines = lines.strip_prefix(b"\xef\xbb\xbf").unwrap_or(lines);
        let mut found = KeyLogLines::default();
        for (number, line) in (1..).zip(lines.split(|byte| *byte == b'\n')) {
            let line = line.trim_ascii();
            if line.is_empty() || line.starts_with(b"#") {
                continue;
            }
            match parse_line(line) {
                Ok(Some((label, random, secret))) => {
                    self.randoms.insert(random);
                    self.secrets.insert((label, random), secret);
                    found.secrets = found.secrets.saturating_add(1);
                }
                Ok(None) => found.other_labels = found.other_labels.saturating_add(1),
                Err(fault) => {
                    found.fault_count = found.fault_count.saturating_add(1);
                    if found.faults.len() < MAX_FAULTS {
                        found.faults.push((number, fault));
                    }
                }
            }
        }
        found
    }

    pub(super) fn secret(&self, label: SecretLabel, random: &Random) -> Option<&[u8]> {
        self.secrets.get(&(label, *random)).map(Vec::as_slice)
    }

    /// Whether there is any secret of this connection.
    pub(in crate::capture) fn has_secrets_for(&self, random: &Random) -> bool {
        self.randoms.contains(random)
    }

    /// Returns the number of connections that have secrets.
    pub(in crate::capture) fn connection_count(&self) -> usize {
        self.randoms.len()
    }
}

/// Returns the label, the random and the secret of a line; `None` if nothing here needs its secret.
fn parse_line(line: &[u8]) -> Result<Option<(SecretLabel, Random, Vec<u8>)>, KeyLogFault> {
    let line = str::from_utf8(line).map_err(|_| KeyLogFault::NoLine)?;
    let mut fields = line.split_ascii_whitespace();
    let name = fields.next().unwrap_or_default();
    let Some(&(name, label)) = LABELS.iter().find(|(known, _)| *known == name) else {
        let is_label =
            |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
        let is_other = name.starts_with(|first: char| first.is_ascii_uppercase())
            && name.bytes().all(is_label)
            && fields.by_ref().take(2).filter(|field| is_hex(field)).count() == 2;
        return if is_other { Ok(None) } else { Err(KeyLogFault::NoLine) };
    };
    let (Some(random), Some(secret)) = (fields.next(), fields.next()) else {
        return Err(KeyLogFault::Short(name));
    };
    let random = parse_hex(random).and_then(|random| random.try_into().ok());
    let random = random.ok_or(KeyLogFault::Random(name))?;
    if !is_hex(secret) {
        return Err(KeyLogFault::NotHex(name));
    }
    // The length of a SHA-256 or SHA-384 hash, or of the 48-byte master secret of TLS 1.2.
    let bytes = parse_hex(secret).filter(|secret| matches!(secret.len(), 32 | 48));
    let bytes = bytes.ok_or(KeyLogFault::SecretLength(name, secret.len()))?;
    Ok(Some((label, random, bytes)))
}

fn is_hex(field: &str) -> bool {
    field.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn parse_hex(hex: &str) -> Option<Vec<u8>> {
    // Bounds the work for a line of arbitrary length: 48 bytes are 96 digits.
    if hex.len() > 96 { None } else { format::unhex(hex) }
}

/// Returns text in UTF-16 with a byte order mark, as PowerShell writes it, in UTF-8.
fn from_utf16(bytes: &[u8]) -> Option<String> {
    let (mark, rest) = bytes.split_first_chunk::<2>()?;
    let unit: fn([u8; 2]) -> u16 = match mark {
        b"\xff\xfe" => u16::from_le_bytes,
        b"\xfe\xff" => u16::from_be_bytes,
        _ => return None,
    };
    let units = rest.as_chunks::<2>().0.iter().map(|pair| unit(*pair));
    Some(
        char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_found_among_other_lines() {
        let random = "0a".repeat(32);
        let lines = format!(
            "# a comment\r\nCLIENT_RANDOM {random} {}\nEXPORTER_SECRET {random} \
             {}\nCLIENT_TRAFFIC_SECRET_0 {random} zz\nSERVER_TRAFFIC_SECRET_0 {random} \
             {}\nSERVER_TRAFFIC_SECRET_0 0a {}",
            "01".repeat(48),
            "02".repeat(32),
            "03".repeat(32),
            "04".repeat(32)
        );
        let mut secrets = KeyLog::default();
        let found = secrets.add_lines(lines.as_bytes());
        assert_eq!((found.secrets, found.other_labels, found.fault_count), (2, 1, 2));
        assert_eq!(
            found.faults,
            [
                (4, KeyLogFault::NotHex("CLIENT_TRAFFIC_SECRET_0")),
                (6, KeyLogFault::Random("SERVER_TRAFFIC_SECRET_0")),
            ]
        );
        let random = [10; 32];
        assert_eq!(secrets.secret(SecretLabel::Master, &random), Some(&[1; 48][..]));
        assert_eq!(secrets.secret(SecretLabel::ServerTraffic, &random), Some(&[3; 32][..]));
        assert_eq!(secrets.secret(SecretLabel::ClientTraffic, &random), None);
        assert_eq!((secrets.connection_count(), secrets.has_secrets_for(&random)), (1, true));
    }

    #[test]
    fn utf_16_is_read_and_what_is_wrong_with_a_line_is_known() {
        let random = "0a".repeat(32);
        let line = format!("CLIENT_RANDOM {random} {}", "01".repeat(48));
        let utf16: Vec<u8> =
            std::iter::once(0xfeff).chain(line.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        for bytes in [utf16, [b"\xef\xbb\xbf", line.as_bytes()].concat()] {
            let mut secrets = KeyLog::default();
            assert_eq!(secrets.add_lines(&bytes).secrets, 1);
            assert!(secrets.has_secrets_for(&[10; 32]));
        }
        let fault = |line: &str| KeyLog::default().add_lines(line.as_bytes()).faults.pop();
        assert_eq!(fault("# only a comment\r\n\r\n"), None);
        let cut = &line[..line.len() - 7];
        assert_eq!(fault(cut), Some((1, KeyLogFault::SecretLength("CLIENT_RANDOM", 89))));
        let no_secret = format!("\nCLIENT_RANDOM {random}");
        assert_eq!(fault(&no_secret), Some((2, KeyLogFault::Short("CLIENT_RANDOM"))));
        assert_eq!(fault("81 05 48"), Some((1, KeyLogFault::NoLine)));
        assert_eq!(fault("\u{0}\u{1}"), Some((1, KeyLogFault::NoLine)));
    }
}
