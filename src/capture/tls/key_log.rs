//! [`KeyLog`]: the secrets of connections from a TLS key log (`SSLKEYLOGFILE`).
//! [`super::record_decryptor`] derives keys from them.

use std::collections::HashMap;

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

/// The secrets of any number of connections.
#[derive(Debug, Default)]
pub(in crate::capture) struct KeyLog {
    secrets: HashMap<(SecretLabel, Random), Vec<u8>>,
    randoms: std::collections::HashSet<Random>,
}

impl KeyLog {
    /// Adds the lines of a key log. As in other tools, comments, unknown labels and malformed lines
    /// are ignored.
    pub(in crate::capture) fn add_lines(&mut self, lines: &[u8]) {
        for line in lines.split(|byte| matches!(byte, b'\n' | b'\r')) {
            if let Some((label, random, secret)) =
                std::str::from_utf8(line).ok().and_then(parse_line)
            {
                self.randoms.insert(random);
                self.secrets.insert((label, random), secret);
            }
        }
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

fn parse_line(line: &str) -> Option<(SecretLabel, Random, Vec<u8>)> {
    let mut fields = line.split_ascii_whitespace();
    let label = match fields.next()? {
        "CLIENT_RANDOM" => SecretLabel::Master,
        "CLIENT_EARLY_TRAFFIC_SECRET" => SecretLabel::ClientEarly,
        "CLIENT_HANDSHAKE_TRAFFIC_SECRET" => SecretLabel::ClientHandshake,
        "SERVER_HANDSHAKE_TRAFFIC_SECRET" => SecretLabel::ServerHandshake,
        "CLIENT_TRAFFIC_SECRET_0" => SecretLabel::ClientTraffic,
        "SERVER_TRAFFIC_SECRET_0" => SecretLabel::ServerTraffic,
        _ => return None,
    };
    let random = parse_hex(fields.next()?)?.try_into().ok()?;
    // The length of a SHA-256 or SHA-384 hash, or of the 48-byte master secret of TLS 1.2.
    let secret = parse_hex(fields.next()?).filter(|secret| matches!(secret.len(), 32 | 48))?;
    Some((label, random, secret))
}

fn parse_hex(hex: &str) -> Option<Vec<u8>> {
    // Bounds the work for a line of arbitrary length: 48 bytes are 96 digits.
    if hex.len() > 96 { None } else { format::unhex(hex) }
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
        secrets.add_lines(lines.as_bytes());
        let random = [10; 32];
        assert_eq!(secrets.secret(SecretLabel::Master, &random), Some(&[1; 48][..]));
        assert_eq!(secrets.secret(SecretLabel::ServerTraffic, &random), Some(&[3; 32][..]));
        assert_eq!(secrets.secret(SecretLabel::ClientTraffic, &random), None);
        assert_eq!((secrets.connection_count(), secrets.has_secrets_for(&random)), (1, true));
    }
}
