//! [`Target`]: where a WebSocket URL leads (RFC 6455 section 3).
//! It looks no name up and opens nothing.

use std::fmt;

use thiserror::Error;

/// What a `ws://` or `wss://` URL says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// `wss://`: TLS first.
    pub tls: bool,
    /// A name or an address; IPv6 without its brackets.
    pub host: String,
    /// The port, 80 or 443 where the URL names none.
    pub port: u16,
    /// Path and query as they stand in the request line, `/` at least.
    pub path: String,
    has_explicit_port: bool,
}

/// A URL that isn't a WebSocket URL; the sentence says what is wrong with it and what would be
/// right.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{url}` isn't a WebSocket URL ({kind}); write for example ws://127.0.0.1:9001/chat")]
pub struct TargetError {
    /// The URL as it was given.
    pub url: String,
    /// What is wrong with it.
    pub kind: TargetErrorKind,
}

/// What is wrong with a WebSocket URL (RFC 6455 section 3, RFC 3986).
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TargetErrorKind {
    /// Another scheme than `ws` or `wss`, or none.
    #[error("it does not begin with ws:// or wss://")]
    Scheme,
    /// `http` or `https`.
    #[error("http:// is called ws:// here, and https:// wss://")]
    HttpScheme,
    /// A fragment.
    #[error("a # begins a fragment, which RFC 6455 section 3 forbids; as a character it is %23")]
    Fragment,
    /// A character in the path or query that has to be percent-encoded.
    #[error("{0:?} must be percent-encoded in a path")]
    NotPercentEncoded(char),
    /// A name or password before the host.
    #[error("a name and password belong into a header: Authorization")]
    UserInfo,
    /// `[` without its `]`.
    #[error("an IPv6 address ends with ]")]
    UnclosedBracket,
    /// Something else than an IPv6 address in brackets.
    #[error("[{0}] isn't an IPv6 address")]
    Ipv6(String),
    /// An IPv6 address without brackets.
    #[error("an IPv6 address stands in brackets: [::1]")]
    MissingBrackets,
    /// No host.
    #[error("it names no host")]
    NoHost,
    /// A host with a character that no host name has.
    #[error("`{0}` isn't a host name; a name that is not ASCII is written in its xn-- form")]
    HostName(String),
    /// Something else than `:` behind the `]`.
    #[error("behind the ] stands : and a port, or nothing")]
    AfterBracket,
    /// Something else than a number from 1 to 65535 as the port.
    #[error("`{0}` isn't a port; there are 1 to 65535")]
    Port(String),
}

impl Target {
    /// Reads a URL.
    ///
    /// # Errors
    /// If it isn't a `ws://` or `wss://` URL with a host, or has a fragment or a name and password
    /// in it.
    pub fn parse(url: &str) -> Result<Self, TargetError> {
        Self::from_url(url).map_err(|kind| TargetError { url: url.to_owned(), kind })
    }

    fn from_url(url: &str) -> Result<Self, TargetErrorKind> {
        let (scheme, rest) = url.split_once("://").ok_or(TargetErrorKind::Scheme)?;
        let tls = match scheme.to_ascii_lowercase().as_str() {
            "ws" => false,
            "wss" => true,
            "http" | "https" => return Err(TargetErrorKind::HttpScheme),
            _ => return Err(TargetErrorKind::Scheme),
        };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        if path.contains('#') {
            return Err(TargetErrorKind::Fragment);
        }
        if let Some(odd) = path.chars().find(|c| !c.is_ascii_graphic()) {
            return Err(TargetErrorKind::NotPercentEncoded(odd));
        }
        if authority.contains('@') {
            return Err(TargetErrorKind::UserInfo);
        }
        let (host, port) = split_authority(authority)?;
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        let named_port = port.is_some();
        Ok(Self {
            tls,
            host,
            port: port.unwrap_or(if tls { 443 } else { 80 }),
            path,
            has_explicit_port: named_port,
        })
    }

    /// What a request to it says as `Host`: the port only where the URL names one that is not the
    /// scheme's own (RFC 6455 section 4.1).
    pub fn authority(&self) -> String {
        let host =
            if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        let own = if self.tls { 443 } else { 80 };
        if self.has_explicit_port && self.port != own {
            format!("{host}:{}", self.port)
        } else {
            host
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}{}", if self.tls { "wss" } else { "ws" }, self.authority(), self.path)
    }
}

fn split_authority(authority: &str) -> Result<(String, Option<u16>), TargetErrorKind> {
    let (host, port) = if let Some(rest) = authority.strip_prefix('[') {
        let (host, port) = rest.split_once(']').ok_or(TargetErrorKind::UnclosedBracket)?;
        if host.parse::<std::net::Ipv6Addr>().is_err() {
            return Err(TargetErrorKind::Ipv6(host.to_owned()));
        }
        (host, port.strip_prefix(':').or_else(|| port.is_empty().then_some("")))
    } else if authority.matches(':').count() > 1 {
        return Err(TargetErrorKind::MissingBrackets);
    } else {
        let (host, port) = authority.split_once(':').unwrap_or((authority, ""));
        (host, Some(port))
    };
    let known =
        |c: char| c.is_ascii_alphanumeric() || "-._~".contains(c) || authority.starts_with('[');
    match host {
        "" => Err(TargetErrorKind::NoHost),
        host if !host.chars().all(known) => Err(TargetErrorKind::HostName(host.to_owned())),
        host => Ok((host.to_owned(), parse_port(port.ok_or(TargetErrorKind::AfterBracket)?)?)),
    }
}

fn parse_port(port: &str) -> Result<Option<u16>, TargetErrorKind> {
    match port.parse::<u16>() {
        _ if port.is_empty() => Ok(None),
        Ok(number @ 1..) if !port.starts_with('+') => Ok(Some(number)),
        _ => Err(TargetErrorKind::Port(port.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_that_will_do() {
        for (url, tls, host, port, path, authority) in [
            ("ws://127.0.0.1:9001/chat", false, "127.0.0.1", 9001, "/chat", "127.0.0.1:9001"),
            ("WSS://Example.com", true, "Example.com", 443, "/", "Example.com"),
            ("ws://[::1]:81?a=b", false, "::1", 81, "/?a=b", "[::1]:81"),
            ("ws://[::1]/", false, "::1", 80, "/", "[::1]"),
            ("wss://a:443/x?y=/z", true, "a", 443, "/x?y=/z", "a"),
            ("wss://a:80/", true, "a", 80, "/", "a:80"),
        ] {
            let target = Target::parse(url).unwrap();
            let found = (target.tls, target.host.as_str(), target.port, target.path.as_str());
            assert_eq!(found, (tls, host, port, path), "{url}");
            assert_eq!(target.authority(), authority, "{url}");
        }
    }

    #[test]
    fn urls_that_will_not_do_say_what_would() {
        use TargetErrorKind as Kind;
        for (url, kind) in [
            ("http://x/", Kind::HttpScheme),
            ("127.0.0.1:9001", Kind::Scheme),
            ("ftp://x/", Kind::Scheme),
            ("ws:///x", Kind::NoHost),
            ("ws://a:b/", Kind::Port("b".into())),
            ("ws://a:0/", Kind::Port("0".into())),
            ("ws://a:+1/", Kind::Port("+1".into())),
            ("ws://a:65536/", Kind::Port("65536".into())),
            ("ws://::1/", Kind::MissingBrackets),
            ("ws://[::1/", Kind::UnclosedBracket),
            ("ws://[::g]/", Kind::Ipv6("::g".into())),
            ("ws://[::1]x/", Kind::AfterBracket),
            ("ws://a/b#c", Kind::Fragment),
            ("ws://a/b c", Kind::NotPercentEncoded(' ')),
            ("ws://a/\r\nX: y", Kind::NotPercentEncoded('\r')),
            ("ws://me:pw@a/", Kind::UserInfo),
            ("ws://bücher.example/", Kind::HostName("bücher.example".into())),
        ] {
            assert_eq!(
                Target::parse(url).unwrap_err(),
                TargetError { url: url.to_owned(), kind },
                "{url}"
            );
        }
        assert_eq!(
            Target::parse("ws://a:b/").unwrap_err().to_string(),
            "`ws://a:b/` isn't a WebSocket URL (`b` isn't a port; there are 1 to 65535); write \
             for example ws://127.0.0.1:9001/chat"
        );
    }
}
