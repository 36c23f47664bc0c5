//! The negotiation of SOCKS4 and `SOCKS4a` at the beginning of a connection ("SOCKS: A protocol for
//! TCP proxy across firewalls", "SOCKS 4A: A Simple Extension to SOCKS 4 Protocol"): one request of
//! the client and one reply.

use super::negotiation::{Cursor, Negotiation, Outcome, Stop, host_text};
use crate::wire::Sides;

const VERSION: u8 = 4;
const CONNECT: u8 = 1;
const GRANTED: u8 = 90;

/// Whether the first bytes of a client may begin a negotiation. No frame of a WebSocket does,
/// because opcode 4 is reserved.
pub(in crate::capture::stream) fn may_begin(client: &[u8]) -> bool {
    matches!(client, [VERSION] | [VERSION, CONNECT, ..])
}

/// Reads a negotiation from the first bytes of both sides.
pub(in crate::capture::stream) fn parse(client: &[u8], server: &[u8]) -> Negotiation {
    Negotiation::read(client, server, negotiate)
}

fn negotiate(Sides { client, server }: &mut Sides<Cursor<'_>>) -> Result<Outcome, Stop> {
    client.expect(VERSION)?;
    client.expect(CONNECT)?;
    let (port, address) = (client.port()?, client.ipv4()?);
    client.until_zero()?;
    // SOCKS4a: an address that cannot be, 0.0.0.x, says that a name follows.
    let host = match address.octets() {
        [0, 0, 0, last] if last != 0 => host_text(client.until_zero()?),
        _ => address.to_string(),
    };
    server.expect(0)?;
    let reply = server.byte()?;
    server.take(6)?;
    let why = match reply {
        GRANTED => return Ok(Outcome::Opened(format!("opened a tunnel to {host}:{port}"))),
        91 => "request rejected or failed",
        92 => "the client's identd could not be reached",
        93 => "the client's identd names another user",
        _ => return Err(Stop::Other),
    };
    Ok(Outcome::Refused(format!("refused a tunnel to {host}:{port}: {why} ({reply})")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_follows_an_address_that_cannot_be() {
        let plain = b"\x04\x01\x01\xbb\xc0\0\x02\x01me\0";
        let named = b"\x04\x01\x01\xbb\0\0\0\x01me\0example.test\0";
        let granted = [&[0, 90][..], &[0; 6]].concat();
        for (client, host) in [(&plain[..], "192.0.2.1"), (named, "example.test")] {
            for have in 0..client.len() {
                assert_eq!(parse(&client[..have], &granted), Negotiation::Incomplete, "{have}");
            }
            for have in 0..granted.len() {
                assert_eq!(parse(client, &granted[..have]), Negotiation::Incomplete, "{have}");
            }
            let len = Sides { client: client.len(), server: granted.len() };
            let outcome = Outcome::Opened(format!("opened a tunnel to {host}:443"));
            let more = [client, b"GET /"].concat();
            assert_eq!(parse(&more, &granted), Negotiation::Done { len, outcome });
        }
        assert!(may_begin(b"\x04\x01\x23") && !may_begin(b"\x04\x02") && !may_begin(b"GET"));
    }

    #[test]
    fn a_refusal_has_its_code() {
        let client = b"\x04\x01\x01\xbb\xc0\0\x02\x01\0";
        let reply = |code: u8| parse(client, &[&[0, code][..], &[0; 6]].concat());
        let Negotiation::Done { outcome: Outcome::Refused(text), .. } = reply(91) else { panic!() };
        assert_eq!(text, "refused a tunnel to 192.0.2.1:443: request rejected or failed (91)");
        assert_eq!(reply(0), Negotiation::Other);
        assert_eq!(parse(client, b"HTTP/1.1"), Negotiation::Other);
        assert_eq!(parse(&[&client[..8], &[b'x'; 4096]].concat(), b""), Negotiation::Other);
    }
}
