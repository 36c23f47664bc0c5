//! [`ForwardProxy`]: the proxy between us and the server that the environment asks for, by the
//! rules of curl. Reaching the server through it is [`super::proxy_tunnel`]'s task.

use std::fmt;
use std::net::IpAddr;

use thiserror::Error;

use crate::net::connect::target::{HostPort, Target, TargetErrorKind, UserInfo, split_authority};

/// The port of a proxy whose URL has none, as in curl.
const DEFAULT_PORT: u16 = 1080;

/// The variables of the environment that name proxies, as they were when they were read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProxyVariables(Vec<(&'static str, String)>);

/// The variables, in the order in which they are asked for each kind of URL. As in curl, the lower
/// case comes first, and the scheme of WebSocket before that of HTTP.
const FOR_WS: &[&str] =
    &["ws_proxy", "WS_PROXY", "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"];
const FOR_WSS: &[&str] =
    &["wss_proxy", "WSS_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"];
const EXCEPTIONS: &[&str] = &["no_proxy", "NO_PROXY"];

/// The protocol between us and a proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ProxyProtocol {
    /// HTTP with CONNECT (RFC 9110 section 9.3.6).
    Http,
    /// SOCKS 5 (RFC 1928) with an address that is looked up here.
    Socks5,
    /// SOCKS 5 with the host's name, which the proxy looks up.
    Socks5h,
}

/// A proxy of the environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForwardProxy {
    pub(super) protocol: ProxyProtocol,
    pub(super) address: HostPort,
    pub(super) user_info: Option<UserInfo>,
    /// The variable that names it.
    pub(super) variable: &'static str,
}

/// A variable of the environment doesn't name a proxy.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "the environment variable {variable} isn't the URL of a proxy ({reason}); write for example \
     http://127.0.0.1:3128, or socks5h://127.0.0.1:1080, or unset it"
)]
pub struct ProxyVariableError {
    /// The name of the variable.
    pub variable: &'static str,
    /// What is wrong. The value itself may have a password.
    pub reason: ProxyUrlError,
}

/// Why a value isn't the URL of a proxy.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ProxyUrlError {
    /// The scheme is not supported.
    #[error("{0}:// is not supported")]
    Scheme(String),
    /// The host, port or user name is not valid.
    #[error(transparent)]
    Address(#[from] TargetErrorKind),
}

impl ProxyVariables {
    /// Reads the environment of this process.
    pub fn from_env() -> Self {
        // In a CGI program, HTTP_PROXY is the client's header `Proxy` (httpoxy).
        let is_cgi = std::env::var_os("REQUEST_METHOD").is_some();
        Self::from_lookup(|name| {
            std::env::var(name).ok().filter(|_| !(is_cgi && name == "HTTP_PROXY"))
        })
    }

    /// Returns an environment with one variable.
    #[cfg(test)]
    pub(crate) fn of(name: &'static str, value: &str) -> Self {
        Self(vec![(name, value.to_owned())])
    }

    fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Self {
        let names = [FOR_WS, FOR_WSS, EXCEPTIONS].concat();
        let found = names.into_iter().filter_map(|name| Some((name, lookup(name)?)));
        Self(found.collect())
    }

    /// Returns the proxy for a target; `None` if it is to be reached directly.
    ///
    /// # Errors
    /// Fails if the variable that decides isn't the URL of a proxy.
    pub(super) fn proxy_for(
        &self,
        target: &Target,
    ) -> Result<Option<ForwardProxy>, ProxyVariableError> {
        let names = if target.tls { FOR_WSS } else { FOR_WS };
        // An empty variable is one that is not set.
        let Some((variable, url)) = self.first(names).filter(|(_, url)| !url.is_empty()) else {
            return Ok(None);
        };
        if target.unix_socket.is_some() || self.is_excepted(&target.host, target.port) {
            return Ok(None);
        }
        match parse_proxy(url) {
            Ok((protocol, address, user_info)) => {
                Ok(Some(ForwardProxy { protocol, address, user_info, variable }))
            }
            Err(reason) => Err(ProxyVariableError { variable, reason }),
        }
    }

    fn first(&self, names: &[&str]) -> Option<(&'static str, &str)> {
        names.iter().find_map(|wanted| {
            let found = self.0.iter().find(|(name, _)| name == wanted);
            found.map(|(name, value)| (*name, value.trim()))
        })
    }

    /// Whether a host is reached without a proxy: it is in the list, or within a domain or network
    /// in it, or the list is `*`. An entry with a port is for that port alone, as in Go and Python.
    fn is_excepted(&self, host: &str, port: u16) -> bool {
        let Some((_, list)) = self.first(EXCEPTIONS) else { return false };
        if list == "*" {
            return true;
        }
        let entries = list
            .split([',', ' '])
            .filter(|entry| !entry.is_empty())
            .map(split_port)
            .filter_map(|(entry, only)| only.is_none_or(|only| only == port).then_some(entry));
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        match host.parse::<IpAddr>() {
            Ok(ip) => entries.into_iter().any(|entry| network_contains(entry, ip)),
            Err(_) => entries.into_iter().any(|entry| {
                let domain = entry.trim_matches('.').to_ascii_lowercase();
                host == domain
                    || host.strip_suffix(&domain).is_some_and(|before| before.ends_with('.'))
            }),
        }
    }
}

/// Splits an entry of the list of exceptions into a host, domain or network and a port.
fn split_port(entry: &str) -> (&str, Option<u16>) {
    match entry.rsplit_once(':') {
        // What has more colons is an IPv6 address, unless it has brackets.
        Some((host, port)) if !host.contains(':') || host.ends_with(']') => {
            port.parse().map_or((entry, None), |port| (host, Some(port)))
        }
        _ => (entry, None),
    }
}

/// Whether an address is `network`, or in it (`192.0.2.0/24`).
fn network_contains(network: &str, ip: IpAddr) -> bool {
    let (address, prefix) = network.split_once('/').unwrap_or((network, ""));
    let address = address.trim_start_matches('[').trim_end_matches(']');
    let Ok(address) = address.parse::<IpAddr>() else { return false };
    let (address, ip, bits) = match (address, ip) {
        // Both are compared as the upper bits of 128.
        (IpAddr::V4(a), IpAddr::V4(b)) => {
            (u128::from(a.to_bits()) << 96, u128::from(b.to_bits()) << 96, 32)
        }
        (IpAddr::V6(a), IpAddr::V6(b)) => (a.to_bits(), b.to_bits(), 128),
        _ => return false,
    };
    let prefix = if prefix.is_empty() { Some(bits) } else { prefix.parse::<u32>().ok() };
    let Some(prefix) = prefix.filter(|prefix| *prefix <= bits) else { return false };
    let differing = address ^ ip;
    differing.leading_zeros() >= prefix
}

fn parse_proxy(url: &str) -> Result<(ProxyProtocol, HostPort, Option<UserInfo>), ProxyUrlError> {
    let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
    let protocol = match scheme.to_ascii_lowercase().as_str() {
        "http" => ProxyProtocol::Http,
        "socks5" => ProxyProtocol::Socks5,
        "socks5h" => ProxyProtocol::Socks5h,
        other => return Err(ProxyUrlError::Scheme(other.to_owned())),
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let (user_info, authority) = match authority.rsplit_once('@') {
        Some((user_info, authority)) => (Some(UserInfo::parse(user_info)?), authority),
        None => (None, authority),
    };
    let (host, port) = split_authority(authority)?;
    Ok((protocol, HostPort { host, port: port.unwrap_or(DEFAULT_PORT) }, user_info))
}

/// The URL without its user name and password.
impl fmt::Display for ForwardProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.protocol {
            ProxyProtocol::Http => "http",
            ProxyProtocol::Socks5 => "socks5",
            ProxyProtocol::Socks5h => "socks5h",
        };
        write!(f, "{scheme}://{} ({})", self.address, self.variable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxy(variables: &[(&str, &str)], url: &str) -> Option<String> {
        let lookup = |name: &str| {
            let found = variables.iter().find(|(have, _)| *have == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        let target = Target::parse(url).unwrap();
        let found = ProxyVariables::from_lookup(lookup).proxy_for(&target).unwrap();
        found.map(|proxy| proxy.to_string())
    }

    #[test]
    fn the_variable_for_the_scheme_decides() {
        let all = [
            ("http_proxy", "a:1"),
            ("HTTP_PROXY", "b:2"),
            ("HTTPS_PROXY", "http://c"),
            ("ALL_PROXY", "socks5h://d:4"),
        ];
        let found = |url| proxy(&all, url).unwrap();
        assert_eq!(found("ws://x/"), "http://a:1 (http_proxy)");
        assert_eq!(found("wss://x/"), "http://c:1080 (HTTPS_PROXY)");
        assert_eq!(proxy(&all[3..], "ws://x/").unwrap(), "socks5h://d:4 (ALL_PROXY)");
        let with_scheme = [all[0], ("ws_proxy", "e:5")];
        assert_eq!(proxy(&with_scheme, "ws://x/").unwrap(), "http://e:5 (ws_proxy)");
        assert_eq!(proxy(&all[..1], "wss://x/"), None);
        assert_eq!(proxy(&[("http_proxy", ""), all[3]], "ws://x/"), None);
        assert_eq!(proxy(&all, "ws+unix:/run/x"), None);
    }

    #[test]
    fn exceptions_are_hosts_domains_and_networks() {
        for (list, url, direct) in [
            ("*", "ws://x/", true),
            ("x", "ws://X/", true),
            ("x", "ws://y.x/", true),
            (".x", "ws://y.x/", true),
            ("x", "ws://yx/", false),
            ("a, x", "ws://x/", true),
            ("a x", "ws://x./", true),
            ("127.0.0.1", "ws://127.0.0.1/", true),
            ("127.0.0.0/8", "ws://127.9.9.9/", true),
            ("127.0.0.0/8", "ws://128.0.0.1/", false),
            ("0.0.0.0/0", "ws://128.0.0.1/", true),
            ("127.0.0.0/33", "ws://127.0.0.1/", false),
            ("::1", "ws://[::1]/", true),
            ("[fe80::]/10", "ws://[fe80::1]/", true),
            ("fe80::/10", "ws://[fe80::1]/", true),
            ("0.0.1", "ws://127.0.0.1/", false),
            ("127.0.0.1:81", "ws://127.0.0.1:81/", true),
            ("127.0.0.1:81", "ws://127.0.0.1/", false),
            ("x:80", "ws://y.x/", true),
            ("[::1]:81", "ws://[::1]:81/", true),
            ("[::1]:81", "ws://[::1]:82/", false),
            ("fe80::1", "ws://[fe80::1]/", true),
            ("", "ws://x/", false),
        ] {
            let found = proxy(&[("ALL_PROXY", "p:1"), ("NO_PROXY", list)], url);
            assert_eq!(found.is_none(), direct, "{list} {url}");
        }
    }

    #[test]
    fn a_value_that_is_no_proxy_is_refused_without_its_password() {
        for (value, reason) in [
            ("https://me:secret@p", "https:// is not supported"),
            ("http://me:secret@", "it has no host"),
            ("http://me:secret@p:x", "`x` isn't a port; a port is a number from 1 to 65535"),
        ] {
            let variables = ProxyVariables::of("ALL_PROXY", value);
            let error = variables.proxy_for(&Target::parse("ws://x/").unwrap()).unwrap_err();
            assert!(
                error
                    .to_string()
                    .contains(&format!("ALL_PROXY isn't the URL of a proxy ({reason})")),
                "{error}"
            );
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }
}
