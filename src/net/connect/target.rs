//! [`Target`]: the parts of a WebSocket URL (RFC 6455 section 3). Parsing looks up no name and
//! opens nothing.

use std::fmt;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{AsciiSet, percent_decode_str, utf8_percent_encode};
use thiserror::Error;

/// The parts of a `ws://` or `wss://` URL, or of a `ws+unix:` or `wss+unix:` one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Whether the scheme is `wss`, so that TLS comes first.
    pub tls: bool,
    /// The host: a name or an address, IPv6 without its brackets. `localhost` for a Unix socket.
    pub host: String,
    /// The port; 80 or 443 if the URL has none.
    pub port: u16,
    /// The path and query as they appear in the request line, at least `/`.
    pub path: String,
    /// The path of the Unix socket to connect to instead of the host.
    pub unix_socket: Option<PathBuf>,
    /// The user name and password of the URL.
    pub user_info: Option<UserInfo>,
    has_explicit_port: bool,
}

/// A user name and a password, percent-decoded (RFC 3986 section 3.2.1).
#[derive(Clone, PartialEq, Eq)]
pub struct UserInfo {
    pub(super) user: Vec<u8>,
    pub(super) password: Vec<u8>,
}

/// The host and port of an endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostPort {
    /// A name or an address, IPv6 without its brackets.
    pub host: String,
    /// The port, from 1.
    pub port: u16,
}

/// The text isn't a WebSocket URL. The message says what is wrong and gives an example.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{url}` isn't a WebSocket URL ({kind}); write for example ws://127.0.0.1:9001/chat")]
pub struct TargetError {
    /// The URL that was given, without its user name and password.
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
    /// A user name or password contains a character that must be percent-encoded.
    #[error("{0:?} must be percent-encoded in a user name or password")]
    UserInfo(char),
    /// A `%` is not followed by two hex digits.
    #[error("a % must be followed by two hex digits; as a character it is %25")]
    Percent,
    /// A user name or password precedes the host, which is not possible here.
    #[error("a user name and password cannot be given here")]
    UserInfoNotSupported,
    /// The URL names a Unix socket, which is not possible here.
    #[error("a Unix socket cannot be given here")]
    UnixSocketNotSupported,
    /// The path of a Unix socket is not absolute.
    #[error("a Unix socket needs an absolute path: ws+unix:/run/app.sock:/chat")]
    UnixSocketPath,
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
    #[error("`{0}` isn't a host name")]
    HostName(String),
    /// Something other than `:` follows the `]`.
    #[error("only : and a port can follow the ]")]
    AfterBracket,
    /// The port is missing.
    #[error("it has no port")]
    NoPort,
    /// The port is not a number from 1 to 65535.
    #[error("`{0}` isn't a port; a port is a number from 1 to 65535")]
    Port(String),
}

impl Target {
    /// Whether the text begins like a URL of a WebSocket server, valid or not.
    pub fn has_scheme(text: &str) -> bool {
        // A slash that is missing does not make it a file.
        let is_short = ["ws:/", "wss:/", "http:/", "https:/"].iter().any(|scheme| {
            text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
        });
        text.contains("://") || is_short || unix_url(text).is_some()
    }

    /// Parses a URL.
    ///
    /// # Errors
    /// Fails if the text isn't a `ws://` or `wss://` URL with a host, nor a `ws+unix:` URL with an
    /// absolute path, or if it has a fragment.
    pub fn parse(url: &str) -> Result<Self, TargetError> {
        Self::from_url(url).map_err(|kind| TargetError { url: without_user_info(url), kind })
    }

    /// Parses a URL that names a host, and neither a Unix socket nor a user.
    ///
    /// # Errors
    /// The same as those of [`Self::parse`], and if there is one of these.
    pub fn parse_host_only(url: &str) -> Result<Self, TargetError> {
        let target = Self::parse(url)?;
        let kind = match (&target.user_info, &target.unix_socket) {
            (Some(_), _) => TargetErrorKind::UserInfoNotSupported,
            (None, Some(_)) => TargetErrorKind::UnixSocketNotSupported,
            (None, None) => return Ok(target),
        };
        Err(TargetError { url: target.to_string(), kind })
    }

    /// Returns the host and port to connect to.
    pub fn endpoint(&self) -> HostPort {
        HostPort { host: self.host.clone(), port: self.port }
    }

    /// Whether both lead to the same server, so that one may see the other's credentials.
    pub(crate) fn is_same_origin(&self, other: &Self) -> bool {
        self.tls == other.tls
            && self.host.eq_ignore_ascii_case(&other.host)
            && self.port == other.port
            && self.unix_socket == other.unix_socket
    }

    fn from_url(url: &str) -> Result<Self, TargetErrorKind> {
        if let Some((tls, rest)) = unix_url(url) {
            return Self::from_unix_url(tls, rest);
        }
        let (scheme, rest) = url.split_once("://").ok_or(TargetErrorKind::Scheme)?;
        let tls = match scheme.to_ascii_lowercase().as_str() {
            "ws" => false,
            "wss" => true,
            "http" | "https" => return Err(TargetErrorKind::HttpScheme),
            _ => return Err(TargetErrorKind::Scheme),
        };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let path = encode_path(path)?;
        let (user_info, authority) = match authority.rsplit_once('@') {
            Some((user_info, authority)) => (Some(UserInfo::parse(user_info)?), authority),
            None => (None, authority),
        };
        let (host, port) = split_authority(authority).map_err(|kind| match kind {
            // A password with a slash ends the authority early, and must not be quoted.
            TargetErrorKind::Port(_) | TargetErrorKind::MissingBrackets if path.contains('@') => {
                TargetErrorKind::UserInfo(path.chars().next().unwrap_or('/'))
            }
            kind => kind,
        })?;
        let path = if path.starts_with('/') { path } else { format!("/{path}") };
        let named_port = port.is_some();
        Ok(Self {
            tls,
            host,
            port: port.unwrap_or(if tls { 443 } else { 80 }),
            path,
            unix_socket: None,
            user_info,
            has_explicit_port: named_port,
        })
    }

    /// Parses what follows `ws+unix:`, as the `ws` library of npm has it: the path of the socket,
    /// and after a colon the path of the request.
    fn from_unix_url(tls: bool, rest: &str) -> Result<Self, TargetErrorKind> {
        let rest = rest.strip_prefix("//").unwrap_or(rest);
        let (socket, path) = rest.split_once(':').unwrap_or((rest, "/"));
        if !socket.starts_with('/') || socket.chars().any(char::is_control) {
            return Err(TargetErrorKind::UnixSocketPath);
        }
        // Further slashes would be taken for the beginning of an authority when it is parsed again.
        let socket = format!("/{}", socket.trim_start_matches('/'));
        let path = encode_path(path)?;
        let path = if path.starts_with('/') { path } else { format!("/{path}") };
        Ok(Self {
            tls,
            host: "localhost".to_owned(),
            port: if tls { 443 } else { 80 },
            path,
            unix_socket: Some(PathBuf::from(socket)),
            user_info: None,
            has_explicit_port: false,
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

/// The URL without its user name and password, which are no business of a screen or a log.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "wss" } else { "ws" };
        match &self.unix_socket {
            Some(socket) => write!(f, "{scheme}+unix:{}:{}", socket.display(), self.path),
            None => write!(f, "{scheme}://{}{}", self.authority(), self.path),
        }
    }
}

impl UserInfo {
    pub(super) fn parse(text: &str) -> Result<Self, TargetErrorKind> {
        // The characters of RFC 3986 section 3.2.1. Others would let two readers find two hosts.
        let allowed = |c: char| c.is_ascii_alphanumeric() || "-._~!$&'()*+,;=:%".contains(c);
        if let Some(odd) = text.chars().find(|c| !allowed(*c)) {
            return Err(TargetErrorKind::UserInfo(odd));
        }
        check_percent_encoding(text)?;
        let (user, password) = text.split_once(':').unwrap_or((text, ""));
        let decode = |text: &str| percent_decode_str(text).collect();
        Ok(Self { user: decode(user), password: decode(password) })
    }

    /// Returns the value of an `Authorization` or `Proxy-Authorization` header (RFC 7617).
    pub(crate) fn basic(&self) -> String {
        format!("Basic {}", STANDARD.encode([&self.user, &b":"[..], &self.password].concat()))
    }
}

/// Leaves the password out.
impl fmt::Debug for UserInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UserInfo({:?})", String::from_utf8_lossy(&self.user))
    }
}

impl HostPort {
    /// Parses `HOST:PORT`, an IPv6 address in brackets.
    ///
    /// # Errors
    /// Fails if it isn't a host and a port.
    pub fn parse(text: &str) -> Result<Self, TargetErrorKind> {
        let (host, port) = split_authority(text)?;
        Ok(Self { host, port: port.ok_or(TargetErrorKind::NoPort)? })
    }
}

impl fmt::Display for HostPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port } = self;
        if host.contains(':') { write!(f, "[{host}]:{port}") } else { write!(f, "{host}:{port}") }
    }
}

/// Returns whether a URL of a Unix socket uses TLS, and what follows its scheme.
fn unix_url(url: &str) -> Option<(bool, &str)> {
    let (scheme, rest) = url.split_once(':')?;
    match scheme.to_ascii_lowercase().as_str() {
        "ws+unix" => Some((false, rest)),
        "wss+unix" => Some((true, rest)),
        _ => None,
    }
}

/// Removes the user name and password from a text that may be no URL, so that an error can quote it.
/// In doubt more is removed.
pub(crate) fn without_user_info(url: &str) -> String {
    match url.rsplit_once('@') {
        None => url.to_owned(),
        Some((before, rest)) => {
            let (scheme, after) = before.split_once(":/").unwrap_or_default();
            let after = after.trim_start_matches('/');
            let start = before.strip_suffix(after).filter(|_| !scheme.is_empty());
            format!("{}{rest}", start.unwrap_or_default())
        }
    }
}

/// Returns a path and query as the request line has them: characters beyond ASCII are percent-encoded
/// as UTF-8 (RFC 3987 section 3.1), as browsers do.
fn encode_path(path: &str) -> Result<String, TargetErrorKind> {
    if path.contains('#') {
        return Err(TargetErrorKind::Fragment);
    }
    // Control characters and spaces would end the request line early or inject a header.
    if let Some(odd) = path
        .chars()
        .find(|c| c.is_ascii() && !c.is_ascii_graphic() || c.is_control() || c.is_whitespace())
    {
        return Err(TargetErrorKind::NotPercentEncoded(odd));
    }
    check_percent_encoding(path)?;
    // Only what is not ASCII is encoded: the set names none of ASCII.
    Ok(utf8_percent_encode(path, &AsciiSet::EMPTY).to_string())
}

/// Checks that two hex digits follow each `%` (RFC 3986 section 2.1).
fn check_percent_encoding(text: &str) -> Result<(), TargetErrorKind> {
    let is_encoded = text.split('%').skip(1).all(|after| {
        after.as_bytes().first_chunk::<2>().is_some_and(|two| two.iter().all(u8::is_ascii_hexdigit))
    });
    if is_encoded { Ok(()) } else { Err(TargetErrorKind::Percent) }
}

/// Returns a host in ASCII: an internationalized name in its xn-- form (RFC 5891).
fn ascii_host(host: &str) -> Result<String, TargetErrorKind> {
    if host.is_ascii() {
        return Ok(host.to_owned());
    }
    match url::Host::parse(host) {
        Ok(url::Host::Domain(name)) => Ok(name),
        _ => Err(TargetErrorKind::HostName(host.to_owned())),
    }
}

pub(super) fn split_authority(authority: &str) -> Result<(String, Option<u16>), TargetErrorKind> {
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
    let host = ascii_host(host)?;
    if host.is_empty() {
        return Err(TargetErrorKind::NoHost);
    }
    if !host.chars().all(known) {
        return Err(TargetErrorKind::HostName(host));
    }
    Ok((host, parse_port(port.ok_or(TargetErrorKind::AfterBracket)?)?))
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
            (
                "ws://Bücher.example/ü?q=ä%20",
                false,
                "xn--bcher-kva.example",
                80,
                "/%C3%BC?q=%C3%A4%20",
                "xn--bcher-kva.example",
            ),
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
            ("ws://m\\e@a/", Kind::UserInfo('\\')),
            ("ws://a@b@c/", Kind::UserInfo('@')),
            ("ws+unix:run/app.sock", Kind::UnixSocketPath),
            ("ws+unix://run/app.sock", Kind::UnixSocketPath),
            ("ws+unix:/run/app.sock:/a b", Kind::NotPercentEncoded(' ')),
            ("ws://bü_\u{ad}|cher/", Kind::HostName("bü_\u{ad}|cher".into())),
            ("ws://a/%zz", Kind::Percent),
            ("ws://a/?100%", Kind::Percent),
            ("ws://a/\u{2028}", Kind::NotPercentEncoded('\u{2028}')),
            ("ws:/a:1/", Kind::Scheme),
        ] {
            let expected = TargetError { url: without_user_info(url), kind };
            assert_eq!(Target::parse(url).unwrap_err(), expected, "{url}");
        }
        assert_eq!(
            Target::parse("ws://a:b/").unwrap_err().to_string(),
            "`ws://a:b/` isn't a WebSocket URL (`b` isn't a port; a port is a number \
             from 1 to 65535); write for example ws://127.0.0.1:9001/chat"
        );
    }

    #[test]
    fn user_names_are_decoded_and_never_shown() {
        let target = Target::parse("ws://me%40home:p%3aw@a:81/x").unwrap();
        assert_eq!((target.host.as_str(), target.port), ("a", 81));
        let user_info = target.user_info.as_ref().unwrap();
        assert_eq!(user_info.basic(), format!("Basic {}", STANDARD.encode("me@home:p:w")));
        assert_eq!(target.to_string(), "ws://a:81/x");
        assert!(!format!("{target:?}").contains("p:w"));
        let error = Target::parse_host_only("ws://me:secret@a/").unwrap_err();
        assert_eq!(error.kind, TargetErrorKind::UserInfoNotSupported);
        assert!(!error.to_string().contains("secret"), "{error}");
        for (url, shown) in [
            ("ws://me:secret@a:99999/x", "ws://a:99999/x"),
            ("ws://me:secret@a b/", "ws://a b/"),
            ("ws://me:sec/secret@a/", "ws://a/"),
            ("ws://me:secret%@a/", "ws://a/"),
            ("ws:/me:secret@a/", "ws:/a/"),
            ("wx://me:secret@a/", "wx://a/"),
            ("me:secret@a://", "a://"),
        ] {
            let error = Target::parse(url).unwrap_err();
            assert_eq!(error.url, shown, "{error}");
            assert!(!error.to_string().contains("sec"), "{error}");
        }
        assert!(Target::has_scheme("ws:/a/") && !Target::has_scheme("ws/a.pcap"));
    }

    #[test]
    fn unix_sockets_are_named_as_the_ws_library_names_them() {
        for (url, tls, socket, path) in [
            ("ws+unix:/run/app.sock", false, "/run/app.sock", "/"),
            ("ws+unix:/run/app.sock:/chat?x=1", false, "/run/app.sock", "/chat?x=1"),
            ("WSS+unix:///run/app.sock:/chat", true, "/run/app.sock", "/chat"),
            ("ws+unix:////run/app.sock:", false, "/run/app.sock", "/"),
        ] {
            let target = Target::parse(url).unwrap();
            let found = (target.tls, target.unix_socket.clone().unwrap(), target.path.as_str());
            assert_eq!(found, (tls, PathBuf::from(socket), path), "{url}");
            assert_eq!(target.authority(), "localhost");
            assert_eq!(Target::parse(&target.to_string()).unwrap(), target);
            let error = Target::parse_host_only(url).unwrap_err();
            assert_eq!(error.kind, TargetErrorKind::UnixSocketNotSupported);
        }
    }

    #[test]
    fn an_endpoint_is_a_host_and_a_port() {
        for (text, host, port) in [("a:1", "a", 1), ("[::1]:9001", "::1", 9001)] {
            let endpoint = HostPort::parse(text).unwrap();
            assert_eq!((endpoint.host.as_str(), endpoint.port), (host, port));
            assert_eq!(endpoint.to_string(), text);
        }
        for text in ["a", "a:", "::1:1", ":1", "a:0", "a:65536", "a/b:1"] {
            assert!(HostPort::parse(text).is_err(), "{text}");
        }
    }
}
