//! [`is_loopback`]: the hosts that are this machine by their spelling alone, and TCP connections to
//! any host.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use tokio::net::{TcpStream, ToSocketAddrs};

/// Whether `host`, as a URL spells it (IPv6 without brackets), can be nothing but this machine: an
/// address of 127.0.0.0/8, `::1`, `localhost` or a name within `localhost` (RFC 6761 section 6.3).
///
/// Nothing is looked up. Anything else that may lead to loopback counts as remote: other names,
/// `0.0.0.0`, IPv4-mapped addresses, addresses in decimal, octal or hex.
pub(crate) fn is_loopback(host: &str) -> bool {
    is_localhost(host) || host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
}

fn is_localhost(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    host == "localhost" || host.ends_with(".localhost")
}

/// Opens a TCP connection with `TCP_NODELAY`, so that a small request does not wait for the peer's
/// delayed acknowledgement.
///
/// # Errors
/// As for [`TcpStream::connect`].
pub(crate) async fn connect_tcp(address: impl ToSocketAddrs) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Opens a TCP connection to a host. As in browsers, names within `localhost` lead to loopback
/// without a lookup.
///
/// # Errors
/// As for [`connect_tcp`].
pub(crate) async fn connect_host(host: &str, port: u16) -> io::Result<TcpStream> {
    // RFC 6761 section 6.3: a resolver must not be trusted with these names.
    if !is_localhost(host) {
        return connect_tcp((host, port)).await;
    }
    let addresses = [
        SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port),
        SocketAddr::new(Ipv6Addr::LOCALHOST.into(), port),
    ];
    connect_tcp(&addresses[..]).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Target;

    #[test]
    fn loopback_is_recognized_by_its_spelling_alone() {
        for url in [
            "ws://127.0.0.1:9/",
            "ws://127.1.2.3/",
            "ws://[::1]:9/",
            "ws://localhost/",
            "WS://LocalHost:9/",
            "ws://app.localhost:9/x",
        ] {
            assert!(is_loopback(&Target::parse(url).unwrap().host), "{url}");
        }
        for url in [
            "ws://example.com/",
            "ws://127.0.0.1.example.com/",
            "ws://localhost.example.com/",
            "ws://notlocalhost/",
            "ws://localhost./",
            "ws://0.0.0.0:9/",
            "ws://[::]:9/",
            "ws://[::ffff:127.0.0.1]:9/",
            "ws://[::127.0.0.1]:9/",
            "ws://2130706433:9/",
            "ws://0x7f000001:9/",
            "ws://0177.0.0.1:9/",
            "ws://127.1:9/",
            "ws://192.168.0.1/",
            // What precedes the @ is a user and no host (RFC 3986 section 3.2.1).
            "ws://127.0.0.1@example.com/",
            "ws://127.0.0.1%2f@example.com/",
            "ws://localhost:80@example.com/",
        ] {
            assert!(!is_loopback(&Target::parse(url).unwrap().host), "{url}");
        }
        // A host that two readers would understand differently isn't accepted in a URL at all.
        for url in [
            "ws://example.com\\@127.0.0.1/",
            "ws://a@example.com@127.0.0.1/",
            "ws://127.0.0.1#@example.com/",
            "ws://example.com#@127.0.0.1/",
            "ws://127.0.0.1 .example.com/",
        ] {
            assert!(Target::parse(url).is_err(), "{url}");
        }
    }

    #[tokio::test]
    async fn a_name_within_localhost_is_not_looked_up() {
        let listener = crate::net::listen(([127, 0, 0, 1], 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let name = "no-resolver-knows-this.localhost";
        let (stream, _) = tokio::join!(connect_host(name, port), listener.accept());
        assert!(stream.unwrap().peer_addr().unwrap().ip().is_loopback());
    }
}
