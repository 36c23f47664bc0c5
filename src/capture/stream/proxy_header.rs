//! The header of the PROXY protocol, with which a load balancer tells a server who the client is
//! (version 1 as a line of text, version 2 as bytes; "The PROXY protocol", sections 2.1 and 2.2).

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::wire::format;

/// The first bytes of version 2.
const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";

/// The length of version 2 without addresses.
const FIXED_LEN: usize = 16;

/// The maximum length of a line of version 1, with its CR LF.
const MAX_LINE_LEN: usize = 107;

/// The maximum length of a header of version 2. Real ones have some hundred bytes.
const MAX_LEN: usize = 4096;

/// What the first bytes of a client are.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ProxyHeader {
    /// A header of this length, and what it says for a sentence: its version and the addresses.
    Complete { len: usize, text: String },
    /// The beginning of one.
    Incomplete,
    /// Something else.
    Other,
}

/// Reads a header at the beginning of `bytes`.
pub(super) fn parse(bytes: &[u8]) -> ProxyHeader {
    let begins = |start: &[u8]| match bytes.get(..start.len()) {
        Some(have) => Some(have == start),
        None if start.starts_with(bytes) && !bytes.is_empty() => None,
        None => Some(false),
    };
    match (begins(SIGNATURE), begins(b"PROXY ")) {
        (Some(true), _) => parse_version_2(bytes),
        (_, Some(true)) => parse_version_1(bytes),
        (Some(false), Some(false)) => ProxyHeader::Other,
        (None, _) | (_, None) => ProxyHeader::Incomplete,
    }
}

fn parse_version_1(bytes: &[u8]) -> ProxyHeader {
    let line = bytes.get(..MAX_LINE_LEN).unwrap_or(bytes);
    match line.windows(2).position(|two| two == b"\r\n") {
        None if line.len() < MAX_LINE_LEN => ProxyHeader::Incomplete,
        None => ProxyHeader::Other,
        Some(end) => match text_of_line(line.get(..end).unwrap_or_default()) {
            Some(text) => ProxyHeader::Complete { len: end.saturating_add(2), text },
            None => ProxyHeader::Other,
        },
    }
}

/// Returns what a line of version 1 says; `None` if it breaks the form.
fn text_of_line(line: &[u8]) -> Option<String> {
    let words: Vec<&str> = str::from_utf8(line).ok()?.split(' ').collect();
    match words.as_slice() {
        ["PROXY", "TCP4" | "TCP6", source, destination, source_port, destination_port] => {
            let source = SocketAddr::new(source.parse().ok()?, source_port.parse().ok()?);
            let destination =
                SocketAddr::new(destination.parse().ok()?, destination_port.parse().ok()?);
            Some(format!("version 1: {source} → {destination}"))
        }
        ["PROXY", "UNKNOWN", ..] => Some("version 1: addresses unknown".to_owned()),
        _ => None,
    }
}

fn parse_version_2(bytes: &[u8]) -> ProxyHeader {
    let Some([version_command, family, high, low]) =
        bytes.get(SIGNATURE.len()..).and_then(<[u8]>::first_chunk)
    else {
        return ProxyHeader::Incomplete;
    };
    let len = FIXED_LEN.saturating_add(usize::from(u16::from_be_bytes([*high, *low])));
    if version_command >> 4 != 2 || len > MAX_LEN {
        return ProxyHeader::Other;
    }
    let Some(addresses) = bytes.get(FIXED_LEN..len) else { return ProxyHeader::Incomplete };
    let what = match (version_command & 0x0f, family >> 4) {
        // The balancer speaks for itself, for example to check that the server is alive.
        (0, _) => "a connection of the proxy itself".to_owned(),
        (_, 1) => pair(addresses, |octets: [u8; 4]| Ipv4Addr::from(octets).into()),
        (_, 2) => pair(addresses, |octets: [u8; 16]| Ipv6Addr::from(octets).into()),
        (_, 3) => "addresses of Unix sockets".to_owned(),
        _ => "addresses unknown".to_owned(),
    };
    ProxyHeader::Complete { len, text: format!("version 2: {what}") }
}

/// Returns both addresses as text. They stand in the header first, then both ports.
fn pair<const N: usize>(bytes: &[u8], address: impl Fn([u8; N]) -> std::net::IpAddr) -> String {
    let found = || {
        let (source, rest) = bytes.split_first_chunk::<N>()?;
        let (destination, rest) = rest.split_first_chunk::<N>()?;
        let [ports @ .., _] =
            [rest.first_chunk::<2>()?, rest.get(2..)?.first_chunk::<2>()?, &[0; 2]];
        let [source_port, destination_port] = ports.map(|port| u16::from_be_bytes(*port));
        let source = SocketAddr::new(address(*source), source_port);
        let destination = SocketAddr::new(address(*destination), destination_port);
        Some(format!("{source} → {destination}"))
    };
    found().unwrap_or_else(|| format!("addresses cut off: {}", format::spaced_hex(bytes, 12)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version_2(command: u8, family: u8, addresses: &[u8]) -> Vec<u8> {
        let len = (addresses.len() as u16).to_be_bytes();
        [SIGNATURE, &[command, family], &len, addresses].concat()
    }

    #[test]
    fn both_versions_are_read_in_any_pieces() {
        let line = b"PROXY TCP4 192.0.2.1 198.51.100.2 56324 443\r\n".to_vec();
        let v4 = version_2(0x21, 0x11, &[192, 0, 2, 1, 198, 51, 100, 2, 0xdc, 0x04, 1, 0xbb]);
        let mut v6 = [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1].repeat(2);
        v6.extend([0, 80, 0x1f, 0x90, 4, 0, 0]);
        let cases = [
            (line, "version 1: 192.0.2.1:56324 → 198.51.100.2:443"),
            (b"PROXY UNKNOWN\r\n".to_vec(), "version 1: addresses unknown"),
            (v4, "version 2: 192.0.2.1:56324 → 198.51.100.2:443"),
            (version_2(0x21, 0x21, &v6), "version 2: [2001:db8::1]:80 → [2001:db8::1]:8080"),
            (version_2(0x20, 0, &[]), "version 2: a connection of the proxy itself"),
            (version_2(0x21, 0, &[1, 2]), "version 2: addresses unknown"),
            (version_2(0x21, 0x11, &[1, 2]), "version 2: addresses cut off: 01 02"),
        ];
        for (header, text) in cases {
            for len in 1..header.len() {
                assert_eq!(parse(&header[..len]), ProxyHeader::Incomplete, "{text}, {len}");
            }
            let expected = ProxyHeader::Complete { len: header.len(), text: text.to_owned() };
            assert_eq!(parse(&[&header[..], b"GET /"].concat()), expected);
        }
    }

    #[test]
    fn what_is_no_header_is_left_alone() {
        let long = [&b"PROXY "[..], &[b'x'; 200]].concat();
        let huge = version_2(0x21, 0x11, &[0; 5000]);
        let other_version = version_2(0x11, 0x11, &[0; 12]);
        for bytes in [
            &b"PUT / HTTP/1.1"[..],
            b"PROXY TCP4 192.0.2.1 198.51.100.2 1\r\n",
            b"PROXY TCP4 a b 1 2\r\n",
            b"\r\n\r\nGET",
            b"\x05\x01\0",
            b"",
            &long,
            &huge,
            &other_version,
        ] {
            assert_eq!(parse(bytes), ProxyHeader::Other, "{bytes:?}");
        }
    }
}
