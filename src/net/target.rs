//! [`Target`]: where a WebSocket URL leads (RFC 6455 section 3).
//! It looks no name up and opens nothing.

use std::fmt;

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

impl Target {
    /// Reads a URL.
    ///
    /// # Errors
    /// What is wrong with it, and what would be right.
    pub fn parse(url: &str) -> Result<Self, String> {
        let wrong = |reason: &str| {
            format!("`{url}` is no WebSocket URL ({reason}); write for example ws://127.0.0.1:9001/chat")
        };
        let (scheme, rest) =
            url.split_once("://").ok_or_else(|| wrong("it does not begin with ws:// or wss://"))?;
        let tls = match scheme.to_ascii_lowercase().as_str() {
            "ws" => false,
            "wss" => true,
            "http" | "https" => return Err(wrong("http:// is called ws:// here, and https:// wss://")),
            _ => return Err(wrong("it does not begin with ws:// or wss://")),
        };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        if path.contains('#') {
            return Err(wrong(
                "a # begins a fragment, which RFC 6455 section 3 forbids; as a character it is %23",
            ));
        }
        if let Some(odd) = path.chars().find(|c| !c.is_ascii_graphic()) {
            return Err(wrong(&format!("{odd:?} must be percent-encoded in a path")));
        }
        if authority.contains('@') {
            return Err(wrong("a name and password belong into a header: Authorization"));
        }
        let (host, port) = split_authority(authority).map_err(|reason| wrong(&reason))?;
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

    /// What a request to it says as `Host`: the port only where the URL names one that is not the scheme's own
    /// (RFC 6455 section 4.1).
    pub fn authority(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        let own = if self.tls { 443 } else { 80 };
        if self.has_explicit_port && self.port != own { format!("{host}:{}", self.port) } else { host }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}{}", if self.tls { "wss" } else { "ws" }, self.authority(), self.path)
    }
}

fn split_authority(authority: &str) -> Result<(String, Option<u16>), String> {
    let (host, port) = if let Some(rest) = authority.strip_prefix('[') {
        let (host, port) = rest.split_once(']').ok_or("an IPv6 address ends with ]")?;
        if host.parse::<std::net::Ipv6Addr>().is_err() {
            return Err(format!("[{host}] is no IPv6 address"));
        }
        (host, port.strip_prefix(':').or_else(|| port.is_empty().then_some("")))
    } else if authority.matches(':').count() > 1 {
        return Err("an IPv6 address stands in brackets: [::1]".to_owned());
    } else {
        let (host, port) = authority.split_once(':').unwrap_or((authority, ""));
        (host, Some(port))
    };
    let known = |c: char| c.is_ascii_alphanumeric() || "-._~".contains(c) || authority.starts_with('[');
    match host {
        "" => Err("it names no host".to_owned()),
        host if !host.chars().all(known) => {
            Err(format!("`{host}` is no host name; a name that is not ASCII is written in its xn-- form"))
        }
        host => {
            Ok((host.to_owned(), parse_port(port.ok_or("behind the ] stands : and a port, or nothing")?)?))
        }
    }
}

fn parse_port(port: &str) -> Result<Option<u16>, String> {
    match port.parse::<u16>() {
        _ if port.is_empty() => Ok(None),
        Ok(number @ 1..) if !port.starts_with('+') => Ok(Some(number)),
        _ => Err(format!("`{port}` is no port; there are 1 to 65535")),
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
        for (url, reason) in [
            ("http://x/", "http:// is called ws:// here"),
            ("127.0.0.1:9001", "does not begin with ws:// or wss://"),
            ("ws:///x", "names no host"),
            ("ws://a:b/", "`b` is no port"),
            ("ws://a:0/", "`0` is no port"),
            ("ws://a:+1/", "`+1` is no port"),
            ("ws://a:65536/", "is no port"),
            ("ws://::1/", "stands in brackets"),
            ("ws://[::g]/", "is no IPv6 address"),
            ("ws://[::1]x/", "behind the ]"),
            ("ws://a/b#c", "%23"),
            ("ws://a/b c", "percent-encoded"),
            ("ws://a/\r\nX: y", "percent-encoded"),
            ("ws://me:pw@a/", "Authorization"),
            ("ws://bücher.example/", "xn--"),
        ] {
            let error = Target::parse(url).unwrap_err();
            assert!(error.contains(reason) && error.contains("ws://127.0.0.1:9001/chat"), "{error}");
        }
    }
}
