//! [`Access`]: whom a server lets in, by the `Host` and the `Origin` of a request.
//!
//! Any web page may open connections to loopback. Its browser says whose page it is (`Origin`, RFC
//! 6454), which only matters where an answer may be read: a WebSocket server must look at it (RFC
//! 6455 section 10.2). And a page may have its own name lead to 127.0.0.1 (DNS rebinding), which
//! makes a server on loopback its own origin; what gives that away is `Host`.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;
use std::sync::Arc;

use crate::text::sanitize;

/// Whom a server lets in. The default: requests for loopback, from any origin that the kind of
/// server has no objection to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Access {
    /// Names that a request may be for, beside those of loopback.
    pub hosts: Arc<[HostName]>,
    /// Whose pages may open a WebSocket; none: what the kind of server does by default.
    pub origins: Option<Origins>,
}

/// Whose pages may open a WebSocket. A client that sends no `Origin` is no page, and always let in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Origins {
    /// All.
    #[default]
    Any,
    /// Those that come from this machine's loopback.
    Loopback,
    /// These.
    Only(Arc<[Origin]>),
}

/// Why a request's `Host` will not do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HostMismatch {
    /// HTTP/1.1 wants one, and a valid one (RFC 9112 section 3.2: 400).
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
                "an HTTP/1.1 request has one Host field, which says a host and perhaps a port (RFC \
                 9112 section 3.2)"
            }
            Self::Other => {
                "this server is localhost, 127.0.0.1 and [::1], and whatever `wiretalk serve \
                 --allow-host NAME` adds; any web page can make a name of its own lead here"
            }
        }
    }
}

impl Access {
    /// Judges what a request says as `Host`, or as the authority of its target, which goes before
    /// (RFC 9112 section 3.2.2).
    pub(crate) fn host(&self, value: &[u8]) -> Result<(), HostMismatch> {
        let host = str::from_utf8(value).ok().and_then(authority).ok_or(HostMismatch::Invalid)?;
        let known = host.is_loopback() || self.hosts.iter().any(|name| name.covers(&host));
        if known { Ok(()) } else { Err(HostMismatch::Other) }
    }

    /// The same where there may be none, or several.
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
    /// Whether a page of this origin is let in; what isn't an origin is not.
    pub(crate) fn allow(&self, value: &[u8]) -> bool {
        match self {
            Self::Any => true,
            Self::Loopback => read(value).is_some_and(|origin| origin.is_loopback()),
            Self::Only(origins) => read(value).is_some_and(|origin| origins.contains(&origin)),
        }
    }

    /// Only this one.
    pub fn only(origin: Origin) -> Self {
        Self::Only(Arc::new([origin]))
    }
}

fn read(value: &[u8]) -> Option<Origin> {
    str::from_utf8(value).ok()?.parse().ok()
}

/// A host, as a URI's authority names it (RFC 3986 section 3.2.2), in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Host {
    Name(String),
    Address(IpAddr),
}

impl Host {
    fn is_loopback(&self) -> bool {
        match self {
            // RFC 6761 section 6.3: nobody can have these lead elsewhere
            Self::Name(name) => name == "localhost" || name.ends_with(".localhost"),
            Self::Address(address) => address.is_loopback(),
        }
    }

    /// `None` where it is none. A dot at its end says that a name is complete; it is the same name.
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

/// `host` or `host:port`; an empty one is legal, and no loopback.
fn authority(text: &str) -> Option<Host> {
    split_port(text).and_then(|(host, _)| Host::parse(host))
}

/// The host, and the port if one is named. There may be nothing behind the colon.
fn split_port(text: &str) -> Option<(&str, Option<u16>)> {
    // the colons of an IPv6 address stand within its brackets
    let behind = text.split_once(']').map_or(text, |(_, behind)| behind);
    let Some((_, port)) = behind.split_once(':') else {
        return Some((text, None));
    };
    let host = text.strip_suffix(port)?.strip_suffix(':')?;
    if port.is_empty() {
        return Some((host, None));
    }
    let digits = port.bytes().all(|byte| byte.is_ascii_digit());
    Some((host, Some(port.parse().ok().filter(|_| digits)?)))
}

/// A name or address that requests may be for, whatever the port; with a dot before it, all names
/// below it too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostName {
    host: Host,
    includes_subdomains: bool,
}

impl HostName {
    /// An address.
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

/// A text that isn't a [`HostName`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{}` isn't a host name; write it as it stands in a URL, without a port: talk.example, 192.0.2.1, [2001:db8::1], or \
     .talk.example for all names below it too",
    sanitize(.0)
)]
pub struct HostNameError(pub String);

/// A text that isn't an [`Origin`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{}` isn't an origin; write scheme://host or scheme://host:port without a path, for example https://talk.example, or \
     null",
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

/// Whose page opens a WebSocket (RFC 6454 section 4): scheme, host and port, or nobody's in
/// particular (`null`), as pages from files are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(Option<Triple>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Triple {
    scheme: String,
    host: Host,
    /// None where it is the scheme's own.
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
    fn loopback_is_let_in_by_any_of_its_names_and_with_any_port() {
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
    fn whatever_else_a_name_may_look_like_it_is_another_server() {
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
    fn what_is_no_host_is_invalid() {
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
    fn names_that_are_given_are_let_in_and_with_a_dot_those_below() {
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
    fn pages_are_let_in_by_their_origin() {
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
