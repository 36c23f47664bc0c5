//! [`Target`]: the parts of a WebSocket URL (RFC 6455 section 3). Parsing looks up no name and
//! opens nothing.

use std::fmt;

use thiserror::Error;

/// The parts of a `ws://` or `wss://` URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Whether the scheme is `wss`, so that TLS comes first.
    pub tls: bool,
    /// The host: a name or an address, IPv6 without its brackets.
    pub host: String,
    /// The port; 80 or 443 if the URL has none.
    pub port: u16,
    /// The path and query as they appear in the request line, at least `/`.
    pub path: String,
    has_explicit_port: bool,
}

/// The text isn't a WebSocket URL. The message says what is wrong and gives an example.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{url}` isn't a WebSocket URL ({kind}); write for example ws://127.0.0.1:9001/chat")]
pub struct TargetError {
    /// The URL that was given.
    pub url: String,
    /// The rule that it breaks.
    pub kind: TargetErrorKind,
}

/// Why a text isn't a WebSocket URL (RFC 6455 section 3, RFC 3986).
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TargetErrorKind {
    /// The scheme is neither `ws` nor `wss`, or is missing.
    #[error("it does not begin with ws:// or wss://")]
    Scheme,
    /// The scheme is `http` or `https`.
    #[error("use ws:// instead of http://, and wss:// instead of https://")]
    HttpScheme,
    /// The URL has a fragment.
    #[error("a # begins a fragment, which RFC 6455 section 3 forbids; as a character it is %23")]
    Fragment,
    /// The path or query contains a character that must be percent-encoded.
    #[error("{0:?} must be percent-encoded in a path")]
    NotPercentEncoded(char),
    /// A user name or password precedes the host.
    #[error("a user name and password belong in the Authorization header")]
    UserInfo,
    /// A `[` has no matching `]`.
    #[error("an IPv6 address must end with ]")]
    UnclosedBracket,
    /// The brackets contain something other than an IPv6 address.
    #[error("[{0}] isn't an IPv6 address")]
    Ipv6(String),
    /// An IPv6 address has no brackets.
    #[error("an IPv6 address needs brackets: [::1]")]
    MissingBrackets,
    /// The host is missing.
    #[error("it has no host")]
    NoHost,
    /// The host contains a character that no host name has.
    #[error("`{0}` isn't a host name; write a name that is not ASCII in its xn-- form")]
    HostName(String),
    /// Something other than `:` follows the `]`.
    #[error("only : and a port can follow the ]")]
    AfterBracket,
    /// The port is not a number from 1 to 65535.
    #[error("`{0}` isn't a port; a port is a number from 1 to 65535")]
    Port(String),
}

impl Target {
    /// Parses a URL.
    ///
    /// # Errors
    /// Fails if the text isn't a `ws://` or `wss://` URL with a host, or if it has a fragment, a
    /// user name or a password.
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
        // Control characters and spaces would end the request line early or inject a header.
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

    /// Returns the value of the `Host` header. The port is included only if the URL has one other
    /// than the scheme's default (RFC 6455 section 4.1).
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
        // `parse` accepts a leading plus sign, which a URL does not.
        Ok(number @ 1..) if !port.starts_with('+') => Ok(Some(number)),
        _ => Err(TargetErrorKind::Port(port.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn valid_urls_are_parsed() {
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
    fn invalid_urls_are_refused_with_their_reason() {
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
            "`ws://a:b/` isn't a WebSocket URL (`b` isn't a port; a port is a number \
             from 1 to 65535); write for example ws://127.0.0.1:9001/chat"
        );
    }
}
