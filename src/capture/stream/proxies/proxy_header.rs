//! The header of the PROXY protocol, with which a load balancer tells a server who the client is
//! (version 1 as a line of text, version 2 as bytes; "The PROXY protocol", sections 2.1 and 2.2).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use thiserror::Error;

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
pub(in crate::capture::stream) enum ProxyHeader {
    /// A header of this length, and what it says for a sentence: its version and the addresses.
    Complete { len: usize, text: String },
    /// A line of this length that begins like version 1 and breaks its form, and what is wrong.
    Malformed { len: usize, what: String },
    /// The beginning of one.
    Incomplete,
    /// Something else.
    Other,
}

/// Reads a header at the beginning of `bytes`.
pub(in crate::capture::stream) fn parse(bytes: &[u8]) -> ProxyHeader {
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

/// What is wrong with a line of version 1, as a clause.
#[derive(Debug, Error)]
enum LineFault {
    #[error("it isn't ASCII")]
    NotAscii,
    #[error("its line ends in LF, not in CR LF")]
    BareLf,
    #[error("its protocol is {0}, not TCP4, TCP6 or UNKNOWN")]
    Protocol(String),
    #[error("the {0} is missing")]
    Missing(&'static str),
    #[error("there is more after the destination port")]
    TooMany,
    #[error("the {what} {word} isn't an IPv{version} address")]
    Address { what: &'static str, word: String, version: u8 },
    #[error("the {what} {word} isn't a port")]
    Port { what: &'static str, word: String },
}

fn parse_version_1(bytes: &[u8]) -> ProxyHeader {
    let line = bytes.get(..MAX_LINE_LEN).unwrap_or(bytes);
    let Some(end) = line.iter().position(|byte| *byte == b'\n') else {
        let is_full = line.len() == MAX_LINE_LEN;
        return if is_full { ProxyHeader::Other } else { ProxyHeader::Incomplete };
    };
    let len = end.saturating_add(1);
    let line = line.get(..end).unwrap_or_default();
    // A request whose method is PROXY is HTTP.
    let mut words = line.trim_ascii_end().rsplit(|byte| *byte == b' ');
    if words.next().is_some_and(|word| word.starts_with(b"HTTP/")) {
        return ProxyHeader::Other;
    }
    match text_of_line(line) {
        Ok(text) => ProxyHeader::Complete { len, text },
        Err(fault) => ProxyHeader::Malformed { len, what: fault.to_string() },
    }
}

/// Returns what a line of version 1, without its LF, says.
fn text_of_line(line: &[u8]) -> Result<String, LineFault> {
    const PARTS: [&str; 4] =
        ["source address", "destination address", "source port", "destination port"];
    let line = str::from_utf8(line).map_err(|_| LineFault::NotAscii)?;
    let line = line.strip_suffix('\r').ok_or(LineFault::BareLf)?;
    let mut words = line.split(' ').skip(1);
    let is_ipv4 = match words.next().unwrap_or_default() {
        "UNKNOWN" => return Ok("version 1: addresses unknown".to_owned()),
        "TCP4" => true,
        "TCP6" => false,
        other => return Err(LineFault::Protocol(quoted(other))),
    };
    let rest: Vec<&str> = words.collect();
    let &[source, destination, source_port, destination_port] = rest.as_slice() else {
        return Err(PARTS
            .get(rest.len())
            .map_or(LineFault::TooMany, |part| LineFault::Missing(part)));
    };
    let [source_name, destination_name, source_port_name, destination_port_name] = PARTS;
    let source = parse_address(source_name, source, is_ipv4)?;
    let destination = parse_address(destination_name, destination, is_ipv4)?;
    let source = SocketAddr::new(source, parse_port(source_port_name, source_port)?);
    let port = parse_port(destination_port_name, destination_port)?;
    Ok(format!("version 1: {source} → {}", SocketAddr::new(destination, port)))
}

fn quoted(word: &str) -> String {
    format::quote(word.as_bytes(), MAX_LINE_LEN)
}

fn parse_address(what: &'static str, word: &str, is_ipv4: bool) -> Result<IpAddr, LineFault> {
    let parsed: Option<IpAddr> = word.parse().ok();
    let version = if is_ipv4 { 4 } else { 6 };
    parsed.filter(|address| address.is_ipv4() == is_ipv4).ok_or_else(|| LineFault::Address {
        what,
        word: quoted(word),
        version,
    })
}

fn parse_port(what: &'static str, word: &str) -> Result<u16, LineFault> {
    word.parse().map_err(|_| LineFault::Port { what, word: quoted(word) })
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
fn pair<const N: usize>(bytes: &[u8], address: impl Fn([u8; N]) -> IpAddr) -> String {
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
            b"PROXY /chat HTTP/1.1\r\n",
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

    #[test]
    fn what_is_wrong_with_a_line_is_known() {
        for (line, expected) in [
            ("PROXY TCP4 192.0.2.1\r\n", "the destination address is missing"),
            ("PROXY TCP4 192.0.2.1 198.51.100.2 1\r\n", "the destination port is missing"),
            (
                "PROXY TCP4 192.0.2.1 198.51.100.2 1 2 3\r\n",
                "there is more after the destination port",
            ),
            ("PROXY TCP4 a b 1 2\r\n", "the source address \"a\" isn't an IPv4 address"),
            (
                "PROXY TCP6 ::1 192.0.2.1 1 2\r\n",
                "the destination address \"192.0.2.1\" isn't an IPv6 address",
            ),
            ("PROXY TCP6 ::1 ::2 70000 2\r\n", "the source port \"70000\" isn't a port"),
            ("PROXY UDP4 a b 1 2\r\n", "its protocol is \"UDP4\", not TCP4, TCP6 or UNKNOWN"),
            ("PROXY UNKNOWN\n", "its line ends in LF, not in CR LF"),
        ] {
            let expected = ProxyHeader::Malformed { len: line.len(), what: expected.to_owned() };
            assert_eq!(parse(&[line.as_bytes(), b"GET / HTTP/1.1\r\n"].concat()), expected);
        }
    }
}
