//! The negotiation of SOCKS5 (RFC 1928, RFC 1929) at the beginning of a connection: both sides up to
//! the reply that opens the tunnel.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::wire::{Sides, format};

/// The maximum number of bytes of a negotiation, of both sides.
pub(super) const MAX_LEN: usize = 2048;

/// The methods (RFC 1928 section 3).
const NO_AUTHENTICATION: u8 = 0;
const USERNAME_PASSWORD: u8 = 2;
const NO_ACCEPTABLE_METHOD: u8 = 0xff;

/// What a negotiation has come to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Negotiation {
    /// It goes on.
    Incomplete,
    /// It is over: how long it was, and how it ended, for a sentence. A tunnel follows if it
    /// succeeded.
    Done { len: Sides<usize>, text: String },
    /// The bytes are something else.
    Other,
}

/// Why parsing stops.
enum Stop {
    Incomplete,
    Other,
}

/// Bytes that are taken from the front.
struct Cursor<'a> {
    bytes: &'a [u8],
    taken: usize,
}

impl<'a> Cursor<'a> {
    fn take(&mut self, len: usize) -> Result<&'a [u8], Stop> {
        let end = self.taken.saturating_add(len);
        let taken = self.bytes.get(self.taken..end).ok_or(Stop::Incomplete)?;
        self.taken = end;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8, Stop> {
        self.take(1)?.first().copied().ok_or(Stop::Incomplete)
    }

    /// Takes a byte that can have only this value.
    fn expect(&mut self, value: u8) -> Result<(), Stop> {
        if self.byte()? == value { Ok(()) } else { Err(Stop::Other) }
    }

    /// Takes as many bytes as the next one says.
    fn counted(&mut self) -> Result<&'a [u8], Stop> {
        let len = self.byte()?;
        self.take(usize::from(len))
    }

    /// Takes an address with its port (RFC 1928 section 4).
    fn address(&mut self) -> Result<String, Stop> {
        let host = match self.byte()? {
            1 => {
                let octets = self.take(4)?.first_chunk::<4>().ok_or(Stop::Other)?;
                Ipv4Addr::from(*octets).to_string()
            }
            3 => format::escape_controls(&String::from_utf8_lossy(self.counted()?)),
            4 => {
                let octets = self.take(16)?.first_chunk::<16>().ok_or(Stop::Other)?;
                format!("[{}]", Ipv6Addr::from(*octets))
            }
            _ => return Err(Stop::Other),
        };
        let port = self.take(2)?.first_chunk::<2>().ok_or(Stop::Other)?;
        Ok(format!("{host}:{}", u16::from_be_bytes(*port)))
    }
}

/// Whether the first bytes of a client may begin a negotiation. No frame of a WebSocket does,
/// because opcode 5 is reserved.
pub(super) fn may_begin(client: &[u8]) -> bool {
    matches!(client, [5] | [5, 1..=255, ..])
}

/// Reads a negotiation from the first bytes of both sides.
pub(super) fn parse(client: &[u8], server: &[u8]) -> Negotiation {
    let mut cursors = Sides {
        client: Cursor { bytes: client, taken: 0 },
        server: Cursor { bytes: server, taken: 0 },
    };
    match negotiate(&mut cursors) {
        Ok(text) => {
            let len = Sides { client: cursors.client.taken, server: cursors.server.taken };
            Negotiation::Done { len, text }
        }
        Err(Stop::Incomplete) if client.len().saturating_add(server.len()) < MAX_LEN => {
            Negotiation::Incomplete
        }
        Err(Stop::Incomplete | Stop::Other) => Negotiation::Other,
    }
}

fn negotiate(Sides { client, server }: &mut Sides<Cursor<'_>>) -> Result<String, Stop> {
    client.expect(5)?;
    if client.counted()?.is_empty() {
        return Err(Stop::Other);
    }
    server.expect(5)?;
    match server.byte()? {
        NO_AUTHENTICATION => {}
        USERNAME_PASSWORD => {
            client.expect(1)?;
            client.counted()?;
            client.counted()?;
            server.expect(1)?;
            if server.byte()? != 0 {
                return Ok("refused the user name or password".to_owned());
            }
        }
        NO_ACCEPTABLE_METHOD => return Ok("accepted no method of authentication".to_owned()),
        // GSSAPI and private methods may encrypt what follows.
        _ => return Err(Stop::Other),
    }
    client.expect(5)?;
    let command = client.byte()?;
    client.expect(0)?;
    let target = client.address()?;
    if command != 1 {
        return Err(Stop::Other);
    }
    server.expect(5)?;
    let reply = server.byte()?;
    server.expect(0)?;
    server.address()?;
    Ok(match reply {
        0 => format!("opened a tunnel to {target}"),
        _ => format!("refused a tunnel to {target}: {}", reply_text(reply)),
    })
}

/// Returns the meaning of a reply (RFC 1928 section 6).
fn reply_text(reply: u8) -> &'static str {
    match reply {
        1 => "general failure",
        2 => "not allowed by ruleset",
        3 => "network unreachable",
        4 => "host unreachable",
        5 => "connection refused",
        6 => "TTL expired",
        7 => "command not supported",
        8 => "address type not supported",
        _ => "unknown reply",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc_1928_a_negotiation_is_read_up_to_the_tunnel_in_any_pieces() {
        let client = b"\x05\x02\0\x02\x01\x04user\x02pw\x05\x01\0\x03\x0cexample.test\x01\xbb";
        let server = b"\x05\x02\x01\0\x05\0\0\x01\0\0\0\0\0\0";
        for have in 0..client.len() {
            assert_eq!(parse(&client[..have], server), Negotiation::Incomplete, "{have}");
        }
        for have in 0..server.len() {
            assert_eq!(parse(client, &server[..have]), Negotiation::Incomplete, "{have}");
        }
        let len = Sides { client: client.len(), server: server.len() };
        let text = "opened a tunnel to example.test:443".to_owned();
        let done = parse(&[client, &b"\x16\x03"[..]].concat(), server);
        assert_eq!(done, Negotiation::Done { len, text });
    }

    #[test]
    fn a_refusal_is_the_end_and_other_bytes_are_left_alone() {
        let text = |client: &[u8], server: &[u8]| match parse(client, server) {
            Negotiation::Done { text, .. } => text,
            other => format!("{other:?}"),
        };
        let to = b"\x05\x01\0\x05\x01\0\x01\xc0\x00\x02\x01\0\x50";
        assert_eq!(
            text(to, b"\x05\0\x05\x05\0\x01\0\0\0\0\0\0"),
            "refused a tunnel to 192.0.2.1:80: connection refused"
        );
        assert_eq!(text(to, b"\x05\xff"), "accepted no method of authentication");
        assert_eq!(
            text(b"\x05\x01\x02\x01\x01a\x01b", b"\x05\x02\x01\x01"),
            "refused the user name or password"
        );
        assert_eq!(text(to, b"HTTP/1.1 400"), "Other");
        assert_eq!(text(b"\x05\x01\0\x06", b"\x05\0"), "Other");
        assert_eq!(text(&[5; MAX_LEN], b""), "Other");
        assert!(!may_begin(b"\x05\0") && !may_begin(b"GET") && may_begin(b"\x05"));
    }
}
