//! The syntax of request targets and Host (RFC 9112 section 3.2, RFC 3986).
//! `request` checks whether they are present and unique.

use std::ops::Range;

/// Whether the target is a path or an absolute http or https URI, the two forms that name a
/// resource (RFC 6455 section 4.2.1).
pub(super) fn is_origin_or_absolute_form(target: &[u8]) -> bool {
    let authority = ["http://", "https://"].iter().find_map(|scheme| {
        let (start, rest) = target.split_at_checked(scheme.len())?;
        start.eq_ignore_ascii_case(scheme.as_bytes()).then_some(rest)
    });
    match authority {
        Some(rest) => is_host(rest.split(|byte| b"/?#".contains(byte)).next().unwrap_or_default()),
        None => target.starts_with(b"/"),
    }
}

/// Returns the first bytes of a target that are not allowed in a URI: a single byte, or a `%` with
/// whatever is there instead of two hex digits. Everything after a `#` is ignored.
pub(super) fn first_illegal_byte(target: &[u8]) -> Option<Range<usize>> {
    let target = target.split(|byte| *byte == b'#').next().unwrap_or_default();
    let illegal = |rest: &[u8]| match rest {
        [b'%', high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => None,
        [b'%', ..] => Some(rest.len().min(3)),
        [byte, ..] if is_reg_name_byte(*byte) || b"/?:@".contains(byte) => None,
        _ => Some(1),
    };
    (0..target.len())
        .find_map(|at| illegal(target.get(at..)?).map(|len| at..at.saturating_add(len)))
}

/// Whether the value is a name or an address, optionally with a port (RFC 3986 sections 3.2.2 and
/// 3.2.3).
pub(super) fn is_host(value: &[u8]) -> bool {
    if let Some(literal) = value.strip_prefix(b"[") {
        let mut parts = literal.splitn(2, |byte| *byte == b']');
        let (Some(address), Some(port)) = (parts.next(), parts.next()) else { return false };
        return is_ip_literal(address)
            && (port.is_empty() || port.strip_prefix(b":").is_some_and(is_port));
    }
    let mut parts = value.splitn(2, |byte| *byte == b':');
    let name = parts.next().unwrap_or_default();
    !name.is_empty()
        && name.iter().all(|byte| is_reg_name_byte(*byte) || *byte == b'%')
        && first_illegal_byte(name).is_none()
        && parts.next().is_none_or(is_port)
}

fn is_ip_literal(address: &[u8]) -> bool {
    let future = |rest: &[u8]| rest.iter().all(|byte| is_reg_name_byte(*byte) || *byte == b':');
    match address {
        [b'v' | b'V', rest @ ..] => rest.contains(&b'.') && future(rest),
        _ => str::from_utf8(address).is_ok_and(|text| text.parse::<core::net::Ipv6Addr>().is_ok()),
    }
}

/// Whether the bytes are a port: digits only. An empty port means the default port.
fn is_port(port: &[u8]) -> bool {
    let digits = port.iter().all(u8::is_ascii_digit);
    digits
        && (port.is_empty() || str::from_utf8(port).is_ok_and(|port| port.parse::<u16>().is_ok()))
}

/// Whether the byte is `unreserved` or one of the `sub-delims` (RFC 3986 section 2).
fn is_reg_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc_9112_section_3_2_the_forms_of_a_target() {
        for good in
            ["/", "/chat?a=b", "http://a", "HTTPS://a.example:8443/chat", "http://[::1]:80/"]
        {
            assert!(is_origin_or_absolute_form(good.as_bytes()), "{good}");
        }
        for bad in
            ["", "*", "x", "chat", "example.com:80", "ws://a/", "http:///chat", "http://", "?a"]
        {
            assert!(!is_origin_or_absolute_form(bad.as_bytes()), "{bad}");
        }
    }

    #[test]
    fn rfc_3986_section_2_bytes_of_a_target() {
        for legal in ["/a-z0~9/%7e%7E", "/?q=a:b@c/d?e&f=(g)", "/a#{what follows is not looked at}"]
        {
            assert_eq!(first_illegal_byte(legal.as_bytes()), None, "{legal}");
        }
        for (target, range) in [
            ("/{a}", 1..2),
            ("/ü", 1..2),
            ("/%", 1..2),
            ("/%4", 1..3),
            ("/%zz/", 1..4),
            ("/a|b", 2..3),
        ] {
            assert_eq!(first_illegal_byte(target.as_bytes()), Some(range), "{target}");
        }
    }

    #[test]
    fn rfc_3986_section_3_2_hosts_and_ports() {
        for good in [
            "a",
            "a.example:80",
            "a:",
            "127.0.0.1:65535",
            "[::1]",
            "[::ffff:1.2.3.4]:1",
            "[v1.a:b]",
            "%41",
        ] {
            assert!(is_host(good.as_bytes()), "{good}");
        }
        for bad in [
            "", ":80", "a b", "a:b", "a:65536", "a:1:2", "::1", "[::1", "[::1]x", "[]", "u@a", "ü",
            "a/", "%4",
        ] {
            assert!(!is_host(bad.as_bytes()), "{bad}");
        }
    }
}
