//! [`Access`]: decides which requests a server admits, by their `Host` and `Origin`.
//!
//! Any web page may open connections to loopback. The browser states the origin of the page
//! (`Origin`, RFC 6454) but does not block a WebSocket, so the server must check it (RFC 6455
//! section 10.2). A page may also let its own name resolve to 127.0.0.1 (DNS rebinding), which
//! makes the server on loopback part of the page's own origin. `Host` gives that away.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;
use std::sync::Arc;

use crate::text::sanitize;

/// The requests that a server admits. By default they must be for loopback, and may come from any
/// origin that the kind of server accepts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Access {
    /// Names that a request may be for, in addition to those of loopback.
    pub hosts: Arc<[HostName]>,
    /// The origins whose pages may open a WebSocket; `None` leaves it to the kind of server.
    pub origins: Option<Origins>,
}

/// The origins whose pages may open a WebSocket. A client without an `Origin` header isn't a page
/// and is always admitted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Origins {
    /// All origins.
    #[default]
    Any,
    /// Origins on this machine's loopback.
    Loopback,
    /// These origins.
    Only(Arc<[Origin]>),
}

/// Why the `Host` of a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HostMismatch {
    /// HTTP/1.1 requires one valid Host (RFC 9112 section 3.2: 400).
    Invalid,
    /// It names another server (RFC 9110 section 15.5.20: 421).
    Other,
}

impl HostMismatch {
    pub(crate) fn status(self) -> u16 {
        match self {
            Self::Invalid => 400,
            Self::Other => 421,
        }
    }

    pub(crate) fn description(self) -> &'static str {
        match self {
            Self::Invalid => {
                "an HTTP/1.1 request must have one Host field with a host and an optional port \
                 (RFC 9112 section 3.2)"
            }
            Self::Other => {
                "this server answers for localhost, 127.0.0.1, [::1], and names added with \
                 `wiretalk serve --allow-host NAME`; any web page can point a name of its own at \
                 this address"
            }
        }
    }
}

impl Access {
    /// Checks the value of `Host`, or the authority of the target, which takes precedence (RFC 9112
    /// section 3.2.2).
    pub(crate) fn host(&self, value: &[u8]) -> Result<(), HostMismatch> {
        let host = str::from_utf8(value).ok().and_then(authority).ok_or(HostMismatch::Invalid)?;
        let known = host.is_loopback() || self.hosts.iter().any(|name| name.covers(&host));
        if known { Ok(()) } else { Err(HostMismatch::Other) }
    }

    /// Checks `Host` where there may be none or several of them.
    pub(crate) fn only_host<'v>(
        &self,
        mut values: impl Iterator<Item = &'v [u8]>,
    ) -> Result<(), HostMismatch> {
        match (values.next(), values.next()) {
            (Some(value), None) => self.host(value),
            _ => Err(HostMismatch::Invalid),
        }
    }
}

impl Origins {
    /// Whether a page of this origin is admitted. A malformed origin is not.
    pub(crate) fn allow(&self, value: &[u8]) -> bool {
        match self {
            Self::Any => true,
            Self::Loopback => read(value).is_some_and(|origin| origin.is_loopback()),
            Self::Only(origins) => read(value).is_some_and(|origin| origins.contains(&origin)),
        }
    }

    /// Allows only this origin.
    pub fn only(origin: Origin) -> Self {
        Self::Only(Arc::new([origin]))
    }
}

fn read(value: &[u8]) -> Option<Origin> {
    str::from_utf8(value).ok()?.parse().ok()
}

/// A host as in the authority of a URI (RFC 3986 section 3.2.2), in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Host {
    Name(String),
    Address(IpAddr),
}

impl Host {
    fn is_loopback(&self) -> bool {
        match self {
            // RFC 6761 section 6.3 reserves these names for loopback.
            Self::Name(name) => name == "localhost" || name.ends_with(".localhost"),
            Self::Address(address) => address.is_loopback(),
        }
    }

    /// Parses a host; `None` if `text` isn't one. A final dot only marks a name as complete, so it
    /// is ignored.
    fn parse(text: &str) -> Option<Self> {
        if let Some(address) = text.strip_prefix('[') {
            return Some(Self::Address(
                address.strip_suffix(']')?.parse::<Ipv6Addr>().ok()?.into(),
            ));
        }
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~%!$&'()*+,;=".contains(&byte);
        if !text.bytes().all(legal) {
            return None;
        }
        let name = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
        Some(
            name.parse::<Ipv4Addr>()
                .map_or(Self::Name(name), |address| Self::Address(address.into())),
        )
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Address(IpAddr::V4(address)) => write!(f, "{address}"),
            Self::Address(IpAddr::V6(address)) => write!(f, "[{address}]"),
        }
    }
}

/// Parses `host` or `host:port`. An empty host is legal, but isn't loopback.
fn authority(text: &str) -> Option<Host> {
    split_port(text).and_then(|(host, _)| Host::parse(host))
}

/// Splits off the port, if there is one. The colon may be followed by nothing (RFC 3986 section
/// 3.2.3).
fn split_port(text: &str) -> Option<(&str, Option<u16>)> {
    // The colons of an IPv6 address are within its brackets.
    let behind = text.split_once(']').map_or(text, |(_, behind)| behind);
    let Some((_, port)) = behind.split_once(':') else {
        return Some((text, None));
    };
    let host = text.strip_suffix(port)?.strip_suffix(':')?;
    if port.is_empty() {
        return Some((host, None));
    }
    // `parse` accepts a leading plus sign, which a port must not have.
    let digits = port.bytes().all(|byte| byte.is_ascii_digit());
    Some((host, Some(port.parse().ok().filter(|_| digits)?)))
}

/// A name or address that requests may be for, with any port. With a leading dot it includes all
/// subdomains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostName {
    host: Host,
    includes_subdomains: bool,
}

impl HostName {
    /// Creates the entry for an address.
    pub fn address(address: IpAddr) -> Self {
        Self { host: Host::Address(address), includes_subdomains: false }
    }

    fn covers(&self, asked: &Host) -> bool {
        let below = |name: &str, asked: &str| {
            asked.strip_suffix(name).is_some_and(|rest| rest.ends_with('.'))
        };
        match (&self.host, asked) {
            (Host::Name(name), Host::Name(asked)) if self.includes_subdomains => {
                name == asked || below(name, asked)
            }
            (own, asked) => own == asked,
        }
    }
}

/// The text isn't a [`HostName`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{}` isn't a host name; write it as in a URL, without a port: talk.example, \
     192.0.2.1, [2001:db8::1], or .talk.example for all its subdomains too",
    sanitize(.0)
)]
pub struct HostNameError(pub String);

/// The text isn't an [`Origin`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{}` isn't an origin; write scheme://host or scheme://host:port without a path, for \
     example https://talk.example, or null",
    sanitize(.0)
)]
pub struct OriginError(pub String);

impl FromStr for HostName {
    type Err = HostNameError;

    fn from_str(text: &str) -> Result<Self, HostNameError> {
        let wrong = || HostNameError(text.to_owned());
        let (name, below) = text.strip_prefix('.').map_or((text, false), |name| (name, true));
        let host = Host::parse(name)
            .filter(|host| *host != Host::Name(String::new()))
            .ok_or_else(wrong)?;
        match host {
            Host::Address(_) if below => Err(wrong()),
            host => Ok(Self { host, includes_subdomains: below }),
        }
    }
}

/// The origin of a page (RFC 6454 section 4): scheme, host and port, or an opaque origin (`null`),
/// for example of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(Option<Triple>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Triple {
    scheme: String,
    host: Host,
    /// The port; `None` stands for the scheme's default.
    port: Option<u16>,
}

impl Origin {
    fn is_loopback(&self) -> bool {
        self.0.as_ref().is_some_and(|triple| triple.host.is_loopback())
    }
}

impl FromStr for Origin {
    type Err = OriginError;

    fn from_str(text: &str) -> Result<Self, OriginError> {
        if text == "null" {
            return Ok(Self(None));
        }
        let triple = || {
            let (scheme, rest) = text.split_once("://")?;
            let letters =
                scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
            let scheme = Some(scheme.to_ascii_lowercase()).filter(|_| {
                letters && scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            })?;
            let (host, port) = split_port(rest)?;
            let host = Host::parse(host).filter(|host| *host != Host::Name(String::new()))?;
            // A default port and none are the same origin (RFC 6454 section 4).
            let port = port
                .filter(|port| !matches!((scheme.as_str(), port), ("http", 80) | ("https", 443)));
            Some(Triple { scheme, host, port })
        };
        triple().map(|triple| Self(Some(triple))).ok_or_else(|| OriginError(text.to_owned()))
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            None => f.write_str("null"),
            Some(Triple { scheme, host, port: None }) => write!(f, "{scheme}://{host}"),
            Some(Triple { scheme, host, port: Some(port) }) => {
                write!(f, "{scheme}://{host}:{port}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowing(names: &[&str]) -> Access {
        Access { hosts: names.iter().map(|name| name.parse().unwrap()).collect(), origins: None }
    }

    #[test]
    fn loopback_is_admitted_by_any_of_its_names_with_any_port() {
        let access = Access::default();
        for host in [
            "localhost",
            "LOCALHOST:8080",
            "localhost.",
            "race.localhost:1",
            "127.0.0.1",
            "127.1.2.3:65535",
            "[::1]",
            "[::1]:80",
            "localhost:",
        ] {
            assert_eq!(access.host(host.as_bytes()), Ok(()), "{host}");
        }
    }

    #[test]
    fn names_that_merely_resemble_loopback_are_other_servers() {
        let access = Access::default();
        for host in [
            "evil.example",
            "localhost.evil.example",
            "evil-localhost",
            "notlocalhost",
            "127.0.0.1.evil.example",
            "127.1",
            "0.0.0.0",
            "128.0.0.1",
            "[::]",
            "[::ffff:127.0.0.1]",
            "a,b",
            "[2001:db8::1]",
            "10.0.0.1",
            "",
            ":80",
            "%6cocalhost",
        ] {
            assert_eq!(access.host(host.as_bytes()), Err(HostMismatch::Other), "{host}");
        }
    }

    #[test]
    fn a_malformed_host_is_invalid() {
        let access = allowing(&["a"]);
        for host in [
            "local host",
            "localhost:x",
            "localhost:65536",
            "localhost:+1",
            "[::1",
            "::1",
            "[localhost]",
            "a@localhost",
            "localhost/",
            "localhost\0",
            "http://localhost",
            "[::1]x",
            "a\u{e9}",
            "localhost:80:80",
        ] {
            assert_eq!(access.host(host.as_bytes()), Err(HostMismatch::Invalid), "{host:?}");
        }
        assert_eq!(access.host(b"\xff"), Err(HostMismatch::Invalid));
        let [one, other] = [&b"localhost"[..], b"localhost"];
        assert_eq!(access.only_host([one].into_iter()), Ok(()));
        assert_eq!(access.only_host([one, other].into_iter()), Err(HostMismatch::Invalid));
        assert_eq!(access.only_host([].into_iter()), Err(HostMismatch::Invalid));
    }

    #[test]
    fn given_names_are_admitted_and_with_a_dot_their_subdomains() {
        let access = allowing(&["Talk.Example", ".stage.example", "192.0.2.1", "[2001:DB8::1]"]);
        for host in [
            "talk.example",
            "TALK.example:80",
            "stage.example",
            "a.b.stage.example",
            "192.0.2.1:8",
            "[2001:db8:0::1]",
        ] {
            assert_eq!(access.host(host.as_bytes()), Ok(()), "{host}");
        }
        for host in ["a.talk.example", "backstage.example", "192.0.2.2"] {
            assert_eq!(access.host(host.as_bytes()), Err(HostMismatch::Other), "{host}");
        }
        for wrong in [
            "",
            ".",
            "talk.example:80",
            "http://talk.example",
            "a b",
            "\x1b[2J",
            ".127.0.0.1",
            "a/b",
        ] {
            let error = wrong.parse::<HostName>().unwrap_err().to_string();
            assert!(error.contains("isn't a host name") && !error.contains('\x1b'), "{error}");
        }
    }

    #[test]
    fn an_origin_is_a_scheme_a_host_and_a_port() {
        for (text, normal) in [
            ("https://talk.example", "https://talk.example"),
            ("HTTPS://Talk.Example:443", "https://talk.example"),
            ("http://[::1]:80", "http://[::1]"),
            ("http://[::1]:8080", "http://[::1]:8080"),
            ("chrome-extension://abc", "chrome-extension://abc"),
            ("null", "null"),
        ] {
            assert_eq!(text.parse::<Origin>().unwrap().to_string(), normal);
        }
        for wrong in [
            "",
            "\x1b[2J",
            "talk.example",
            "https://",
            "https://:80",
            "https://a/",
            "https://a b",
            "://a",
            "1a://b",
            "https://a:x",
            "https://a#b",
            "https://me@a",
            "Null",
            "https://a\r\nb",
            "*",
        ] {
            let error = wrong.parse::<Origin>().unwrap_err().to_string();
            assert!(
                error.contains("isn't an origin") && !error.contains(['\x1b', '\n']),
                "{error}"
            );
        }
    }

    #[test]
    fn pages_are_admitted_by_their_origin() {
        let only = Origins::only("https://talk.example".parse().unwrap());
        let cases: [(&[u8], [bool; 3]); 9] = [
            (b"https://talk.example", [true, false, true]),
            (b"https://talk.example:443", [true, false, true]),
            (b"https://talk.example.evil.example", [true, false, false]),
            (b"http://talk.example", [true, false, false]),
            (b"http://localhost:3000", [true, true, false]),
            (b"http://127.0.0.1", [true, true, false]),
            (b"http://127.0.0.1.evil.example", [true, false, false]),
            (b"null", [true, false, false]),
            (b"\xff", [true, false, false]),
        ];
        for (origin, expected) in cases {
            let allowed =
                [&Origins::Any, &Origins::Loopback, &only].map(|origins| origins.allow(origin));
            assert_eq!(allowed, expected, "{:?}", String::from_utf8_lossy(origin));
        }
    }
}
