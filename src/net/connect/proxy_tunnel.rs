//! [`open_tunnel`]: asks a proxy to connect to a server. Afterwards the stream is as one to the
//! server itself.

use std::borrow::Cow;
use std::io;
use std::net::IpAddr;

use thiserror::Error;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::lookup_host;

use crate::net::connect::forward_proxy::{ForwardProxy, ProxyProtocol};
use crate::net::connect::target::{HostPort, UserInfo};
use crate::net::describe_io_error;
use crate::wire::format;

/// The maximum length of the head of a proxy's response.
const MAX_HEAD_LEN: usize = 16 * 1024;

/// Why a proxy did not open a tunnel.
#[derive(Debug, Error)]
pub enum TunnelError {
    /// The connection to the proxy broke.
    #[error("{}", describe_io_error(.0))]
    Io(#[from] io::Error),
    /// It hung up before its answer was complete.
    #[error("it hung up before it answered; is it that kind of proxy?")]
    HungUp,
    /// It refused CONNECT with this status line, which has no control characters.
    #[error("it answered `{status_line}`{}", status_hint(status_line, *has_credentials))]
    Refused {
        /// The first line of its response.
        status_line: String,
        /// Whether it was given a user name and password.
        has_credentials: bool,
    },
    /// What it sent is not the protocol.
    #[error("it does not answer as {0} does")]
    Protocol(&'static str),
    /// It takes neither of our kinds of authentication.
    #[error("it asks for authentication; write its user name and password into its URL")]
    NoAuthentication,
    /// It refused the user name and password.
    #[error("it refused the user name and password of its URL")]
    BadCredentials,
    /// SOCKS: it could not connect.
    #[error("it could not connect to {to}: {reason}")]
    Socks {
        /// The server.
        to: String,
        /// The reason of its reply (RFC 1928 section 6).
        reason: Cow<'static, str>,
    },
    /// The server's name is not known here, and the proxy is not to look it up.
    #[error("the name `{0}` is not known here; with socks5h:// the proxy looks it up")]
    Resolve(String),
    /// A name is longer than the protocol allows.
    #[error("{0} is longer than the 255 bytes that SOCKS allows")]
    TooLong(&'static str),
}

fn status_hint(status_line: &str, has_credentials: bool) -> &'static str {
    match status_line.split(' ').nth(1) {
        Some("407") if has_credentials => "; it refused the user name and password of its URL",
        Some("407") => "; write its user name and password into its URL",
        Some("403") => "; it does not allow this host or port",
        Some("405" | "501" | "400") => "; is it a proxy that knows CONNECT?",
        Some("502" | "503" | "504") => "; it cannot reach the server",
        _ => "",
    }
}

/// Asks `proxy`, to which `stream` is connected, for a connection to `to`.
///
/// # Errors
/// Fails if the proxy refuses, or is none.
pub(super) async fn open_tunnel<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    proxy: &ForwardProxy,
    to: &HostPort,
) -> Result<(), TunnelError> {
    let user_info = proxy.user_info.as_ref();
    let opened = match proxy.protocol {
        ProxyProtocol::Http => connect_http(stream, user_info, to).await,
        ProxyProtocol::Socks5 => {
            let found = lookup_host((to.host.as_str(), to.port)).await;
            let ip = found.ok().and_then(|mut addresses| addresses.next());
            let ip = ip.ok_or_else(|| TunnelError::Resolve(to.host.clone()))?.ip();
            connect_socks(stream, user_info, to, Some(ip)).await
        }
        ProxyProtocol::Socks5h => connect_socks(stream, user_info, to, to.host.parse().ok()).await,
    };
    match opened {
        Err(TunnelError::Io(error)) if error.kind() == io::ErrorKind::UnexpectedEof => {
            Err(TunnelError::HungUp)
        }
        other => other,
    }
}

/// Opens a tunnel with CONNECT (RFC 9110 section 9.3.6).
async fn connect_http<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    user_info: Option<&UserInfo>,
    to: &HostPort,
) -> Result<(), TunnelError> {
    let credentials = user_info.map_or_else(String::new, |user_info| {
        format!("Proxy-Authorization: {}\r\n", user_info.basic())
    });
    let request = format!("CONNECT {to} HTTP/1.1\r\nHost: {to}\r\n{credentials}\r\n");
    stream.write_all(request.as_bytes()).await?;
    stream.flush().await?;
    let head = read_head(stream).await?;
    let line = head.split(|byte| *byte == b'\r' || *byte == b'\n').next().unwrap_or_default();
    let line = String::from_utf8_lossy(line);
    let mut words = line.split(' ');
    if !words.next().is_some_and(|version| version.starts_with("HTTP/")) {
        return Err(TunnelError::Protocol("an HTTP proxy"));
    }
    // Any 2xx means that the tunnel is open.
    if words.next().is_some_and(|status| status.len() == 3 && status.starts_with('2')) {
        return Ok(());
    }
    Err(TunnelError::Refused {
        status_line: format::escape_controls(&line),
        has_credentials: user_info.is_some(),
    })
}

/// Reads the head of a response and nothing behind it, which belongs to the server.
async fn read_head<S: AsyncRead + Unpin>(stream: &mut S) -> Result<Vec<u8>, TunnelError> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") && !head.ends_with(b"\n\n") {
        if head.len() >= MAX_HEAD_LEN || head.len() == 5 && head != b"HTTP/" {
            return Err(TunnelError::Protocol("an HTTP proxy"));
        }
        head.push(stream.read_u8().await?);
    }
    Ok(head)
}

/// Opens a tunnel with SOCKS 5 (RFC 1928), with a user name and password if there are any (RFC
/// 1929). `ip` is the server's address; without it, the proxy looks up the name.
async fn connect_socks<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    user_info: Option<&UserInfo>,
    to: &HostPort,
    ip: Option<IpAddr>,
) -> Result<(), TunnelError> {
    const NOT_SOCKS: TunnelError = TunnelError::Protocol("a SOCKS 5 proxy");
    // Version 5, then the offered methods: 0 is none, 2 is a user name and password.
    let greeting: &[u8] = if user_info.is_some() { &[5, 2, 0, 2] } else { &[5, 1, 0] };
    stream.write_all(greeting).await?;
    let mut chosen = [0; 2];
    stream.read_exact(&mut chosen).await?;
    match (chosen, user_info) {
        ([5, 0], _) => {}
        ([5, 2], Some(user_info)) => authenticate_socks(stream, user_info).await?,
        ([5, 0xff], _) => return Err(TunnelError::NoAuthentication),
        _ => return Err(NOT_SOCKS),
    }
    // Command 1 is CONNECT.
    let mut request = vec![5, 1, 0];
    match ip {
        Some(IpAddr::V4(ip)) => request.extend([&[1], &ip.octets()[..]].concat()),
        Some(IpAddr::V6(ip)) => request.extend([&[4], &ip.octets()[..]].concat()),
        None => request
            .extend([&[3], &with_length("the host's name", to.host.as_bytes())?[..]].concat()),
    }
    request.extend(to.port.to_be_bytes());
    stream.write_all(&request).await?;
    let mut reply = [0; 4];
    stream.read_exact(&mut reply).await?;
    let [version, status, _, address_type] = reply;
    if version != 5 {
        return Err(NOT_SOCKS);
    }
    if status != 0 {
        return Err(TunnelError::Socks { to: to.to_string(), reason: socks_reason(status) });
    }
    // The address that the proxy connects from means nothing to us, but it must be read.
    let len = match address_type {
        1 => 4,
        4 => 16,
        3 => usize::from(stream.read_u8().await?),
        _ => return Err(NOT_SOCKS),
    };
    let mut rest = vec![0; len.saturating_add(2)];
    stream.read_exact(&mut rest).await?;
    Ok(())
}

/// Authenticates with a user name and password (RFC 1929).
async fn authenticate_socks<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    user_info: &UserInfo,
) -> Result<(), TunnelError> {
    let user = with_length("the user name", &user_info.user)?;
    let password = with_length("the password", &user_info.password)?;
    stream.write_all(&[&[1][..], &user, &password].concat()).await?;
    let mut answer = [0; 2];
    stream.read_exact(&mut answer).await?;
    if answer == [1, 0] { Ok(()) } else { Err(TunnelError::BadCredentials) }
}

/// Returns bytes with their length in one byte before them.
fn with_length(name: &'static str, bytes: &[u8]) -> Result<Vec<u8>, TunnelError> {
    let len = u8::try_from(bytes.len()).map_err(|_| TunnelError::TooLong(name))?;
    Ok([&[len], bytes].concat())
}

fn socks_reason(status: u8) -> Cow<'static, str> {
    Cow::Borrowed(match status {
        1 => "a general failure",
        2 => "its rules do not allow it",
        3 => "the network is unreachable",
        4 => "the host is unreachable",
        5 => "the connection was refused",
        6 => "the time to live expired",
        7 => "it does not support CONNECT",
        8 => "it does not support that kind of address",
        other => return format!("reply {other}, which RFC 1928 does not define").into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Target;
    use crate::net::connect::forward_proxy::ProxyVariables;

    /// Opens a tunnel to `a.test:81` through a proxy that answers each of `answers` to what it
    /// gets. Returns the result, everything that the proxy got, and what was left unread.
    async fn tunnel(
        url: &str,
        answers: &[&[u8]],
    ) -> (Result<(), TunnelError>, Vec<Vec<u8>>, Vec<u8>) {
        let target = Target::parse("ws://a.test:81/").unwrap();
        let proxy = ProxyVariables::of("ALL_PROXY", url).proxy_for(&target).unwrap().unwrap();
        let (mut ours, mut theirs) = tokio::io::duplex(4096);
        let peer = async {
            let mut asked = Vec::new();
            for answer in answers {
                let mut bytes = vec![0; 4096];
                let count = theirs.read(&mut bytes).await.unwrap();
                bytes.truncate(count);
                asked.push(bytes);
                theirs.write_all(answer).await.unwrap();
            }
            drop(theirs);
            asked
        };
        let to = target.endpoint();
        let (opened, asked) = tokio::join!(open_tunnel(&mut ours, &proxy, &to), peer);
        let mut rest = Vec::new();
        ours.read_to_end(&mut rest).await.unwrap();
        (opened, asked, rest)
    }

    #[tokio::test]
    async fn an_http_proxy_is_asked_with_connect_and_the_servers_bytes_are_left() {
        let answer = b"HTTP/1.0 200 OK\r\nVia: x\r\n\r\nserver";
        let (opened, asked, rest) = tunnel("http://me:p%40ss@p:1", &[answer]).await;
        assert!(opened.is_ok(), "{opened:?}");
        let expected = "CONNECT a.test:81 HTTP/1.1\r\nHost: a.test:81\r\nProxy-Authorization: \
                        Basic bWU6cEBzcw==\r\n\r\n";
        assert_eq!(String::from_utf8_lossy(&asked[0]), expected);
        assert_eq!(rest, b"server");
    }

    #[tokio::test]
    async fn what_a_proxy_refuses_is_reported_with_what_helps() {
        for (url, answers, sentence) in [
            (
                "p:1",
                &[&b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"[..]][..],
                "it answered `HTTP/1.1 407 Proxy Authentication Required`; write its user name \
                 and password into its URL",
            ),
            (
                "me:pw@p:1",
                &[&b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"[..]][..],
                "it answered `HTTP/1.1 407 Proxy Authentication Required`; it refused the user \
                 name and password of its URL",
            ),
            (
                "socks5h://p:1",
                &[b"\x05\x00", b"\x05\x63\x00\x01\0\0\0\0\0\0"],
                "it could not connect to a.test:81: reply 99, which RFC 1928 does not define",
            ),
            ("p:1", &[b"\x05\xff\0\0\0"], "it does not answer as an HTTP proxy does"),
            ("p:1", &[b"HTTP/1.1"], "it hung up before it answered; is it that kind of proxy?"),
            ("socks5h://p:1", &[b"HTTP"], "it does not answer as a SOCKS 5 proxy does"),
            (
                "socks5h://p:1",
                &[b"\x05\xff"],
                "it asks for authentication; write its user name and password into its URL",
            ),
            (
                "socks5h://me:pw@p:1",
                &[b"\x05\x02", b"\x01\x01"],
                "it refused the user name and password of its URL",
            ),
            (
                "socks5h://p:1",
                &[b"\x05\x00", b"\x05\x05\x00\x01\0\0\0\0\0\0"],
                "it could not connect to a.test:81: the connection was refused",
            ),
        ] {
            let (opened, ..) = tunnel(url, answers).await;
            assert_eq!(opened.unwrap_err().to_string(), sentence);
        }
    }

    #[tokio::test]
    async fn a_socks_proxy_gets_name_and_credentials() {
        let bound = b"\x05\x00\x00\x03\x01x\x00\x00rest";
        let (opened, asked, rest) =
            tunnel("socks5h://me:pw@p:1", &[b"\x05\x02", b"\x01\x00", bound]).await;
        assert!(opened.is_ok(), "{opened:?}");
        assert_eq!(asked[1], b"\x01\x02me\x02pw");
        assert_eq!(asked[2], b"\x05\x01\x00\x03\x06a.test\x00\x51");
        assert_eq!(rest, b"rest");
    }
}
