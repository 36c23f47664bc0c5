//! The negotiation of SOCKS5 (RFC 1928, RFC 1929) at the beginning of a connection: both sides up to
//! the reply that opens the tunnel.

use std::net::Ipv6Addr;

use super::negotiation::{Cursor, Negotiation, Outcome, Stop, host_text};
use crate::wire::Sides;

/// The methods (RFC 1928 section 3).
const NO_AUTHENTICATION: u8 = 0;
const USERNAME_PASSWORD: u8 = 2;
const NO_ACCEPTABLE_METHOD: u8 = 0xff;

/// Takes an address with its port (RFC 1928 section 4).
fn address(cursor: &mut Cursor<'_>) -> Result<String, Stop> {
    let host = match cursor.byte()? {
        1 => cursor.ipv4()?.to_string(),
        3 => host_text(cursor.counted()?),
        4 => format!("[{}]", Ipv6Addr::from(cursor.array::<16>()?)),
        _ => return Err(Stop::Other),
    };
    Ok(format!("{host}:{}", cursor.port()?))
}

/// Whether the first bytes of a client may begin a negotiation. No frame of a WebSocket does,
/// because opcode 5 is reserved.
pub(in crate::capture::stream) fn may_begin(client: &[u8]) -> bool {
    matches!(client, [5] | [5, 1..=255, ..])
}

/// Reads a negotiation from the first bytes of both sides.
pub(in crate::capture::stream) fn parse(client: &[u8], server: &[u8]) -> Negotiation {
    Negotiation::read(client, server, negotiate)
}

fn negotiate(Sides { client, server }: &mut Sides<Cursor<'_>>) -> Result<Outcome, Stop> {
    client.expect(5)?;
    let offered = client.counted()?;
    if offered.is_empty() {
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
            let status = server.byte()?;
            if status != 0 {
                let text = format!("refused the user name or the password (status {status})");
                return Ok(Outcome::Refused(text));
            }
        }
        NO_ACCEPTABLE_METHOD => return Ok(Outcome::Refused(no_method_text(offered))),
        // GSSAPI and private methods may encrypt what follows.
        _ => return Err(Stop::Other),
    }
    client.expect(5)?;
    let command = client.byte()?;
    client.expect(0)?;
    let target = address(client)?;
    if command != 1 {
        return Err(Stop::Other);
    }
    server.expect(5)?;
    let reply = server.byte()?;
    server.expect(0)?;
    address(server)?;
    if reply == 0 {
        return Ok(Outcome::Opened(format!("opened a tunnel to {target}")));
    }
    let why = reply_text(reply);
    Ok(Outcome::Refused(format!("refused a tunnel to {target}: {why} ({reply})")))
}

/// Returns the meaning of a reply (RFC 1928 section 6).
fn reply_text(reply: u8) -> &'static str {
    match reply {
        1 => "general SOCKS server failure",
        2 => "connection not allowed by ruleset",
        3 => "network unreachable",
        4 => "host unreachable",
        5 => "connection refused",
        6 => "TTL expired",
        7 => "command not supported",
        8 => "address type not supported",
        _ => "unknown reply",
    }
}

/// Returns the predicate for a proxy that takes none of the methods that a client offers.
fn no_method_text(offered: &[u8]) -> String {
    let mut names: Vec<String> = offered
        .iter()
        .map(|method| match *method {
            NO_AUTHENTICATION => "no authentication".to_owned(),
            1 => "GSSAPI".to_owned(),
            USERNAME_PASSWORD => "user name and password".to_owned(),
            other => format!("method {other}"),
        })
        .collect();
    names.dedup();
    format!(
        "accepts none of the methods of authentication that the client offers ({})",
        names.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::super::negotiation::MAX_LEN;
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
        let outcome = Outcome::Opened("opened a tunnel to example.test:443".to_owned());
        let done = parse(&[client, &b"\x16\x03"[..]].concat(), server);
        assert_eq!(done, Negotiation::Done { len, outcome });
    }

    #[test]
    fn a_refusal_is_the_end_and_other_bytes_are_left_alone() {
        let text = |client: &[u8], server: &[u8]| match parse(client, server) {
            Negotiation::Done { outcome: Outcome::Refused(text), .. } => text,
            other => format!("{other:?}"),
        };
        let to = b"\x05\x01\0\x05\x01\0\x01\xc0\x00\x02\x01\0\x50";
        assert_eq!(
            text(to, b"\x05\0\x05\x05\0\x01\0\0\0\0\0\0"),
            "refused a tunnel to 192.0.2.1:80: connection refused (5)"
        );
        assert_eq!(
            text(to, b"\x05\xff"),
            "accepts none of the methods of authentication that the client offers (no \
             authentication)"
        );
        assert_eq!(
            text(b"\x05\x01\x02\x01\x01a\x01b", b"\x05\x02\x01\x01"),
            "refused the user name or the password (status 1)"
        );
        assert_eq!(text(to, b"HTTP/1.1 400"), "Other");
        assert_eq!(text(b"\x05\x01\0\x06", b"\x05\0"), "Other");
        assert_eq!(text(&[5; MAX_LEN], b""), "Other");
        assert!(!may_begin(b"\x05\0") && !may_begin(b"GET") && may_begin(b"\x05"));
    }
}
