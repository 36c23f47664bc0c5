//! [`connect`]: opens a stream to the target of a URL, plain or within TLS. It knows nothing of the
//! protocol above.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use std::time::Duration;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use crate::net::connect::forward_proxy::{ForwardProxy, ProxyVariableError, ProxyVariables};
use crate::net::connect::loopback::connect_host;
use crate::net::connect::proxy_tunnel::{TunnelError, open_tunnel};
use crate::net::connect::socket::{MaybeTlsStream, Socket};
use crate::net::connect::target::{HostPort, Target};
use crate::net::connect::tls::{TlsOptions, TlsOptionsError};
use crate::net::connect::tls_error::{TlsError, unread_alert};
use crate::net::{describe_io_error, is_reset};

/// A connection could not be opened.
#[derive(Debug, Error)]
#[error("could not connect to {target}: {kind}")]
pub struct ConnectError {
    /// The target of the connection.
    pub target: Box<Target>,
    /// The cause.
    #[source]
    pub kind: ConnectErrorKind,
}

/// Why a connection could not be opened, with a hint if there is one.
#[derive(Debug, Error)]
pub enum ConnectErrorKind {
    /// The host's name could not be resolved.
    #[error("the name `{host}` is not known ({source}); is it spelled right?")]
    Resolve {
        /// The name of the host.
        host: String,
        /// The resolver's error.
        source: io::Error,
    },
    /// Nothing listens on the port.
    #[error("{}", describe_io_error(.0))]
    Refused(#[source] io::Error),
    /// No route leads to the host.
    #[error("{}", describe_io_error(.0))]
    Unreachable(#[source] io::Error),
    /// TCP was not open within this time.
    #[error(
        "no answer within {} s; is that the right address? --timeout waits longer",
        .0.as_secs_f32()
    )]
    Timeout(Duration),
    /// TCP failed for another reason.
    #[error("{}", describe_io_error(.0))]
    Io(#[source] io::Error),
    /// The path of a Unix socket is longer than an address of one can be.
    #[error("the path of the socket is longer than this system allows ({0} bytes)")]
    UnixPathTooLong(usize),
    /// The path is that of something other than a socket.
    #[error("{} is not a socket", .0.display())]
    NotASocket(PathBuf),
    /// The system has no Unix sockets.
    #[error("this system has no Unix sockets")]
    NoUnixSockets,
    /// A variable of the environment does not name a proxy.
    #[error(transparent)]
    ProxyVariable(#[from] ProxyVariableError),
    /// The proxy cannot be reached.
    #[error(
        "the proxy {proxy} cannot be reached: {reason}; NO_PROXY lists hosts to reach without it"
    )]
    ProxyUnreachable {
        /// The proxy, with the variable that names it.
        proxy: Box<ForwardProxy>,
        /// Why it cannot be reached.
        #[source]
        reason: Box<ConnectErrorKind>,
    },
    /// The proxy did not open a tunnel.
    #[error("the proxy {proxy} did not connect: {reason}")]
    Tunnel {
        /// The proxy, with the variable that names it.
        proxy: Box<ForwardProxy>,
        /// Why there is no tunnel.
        #[source]
        reason: TunnelError,
    },
    /// The proxy was reached, and did not answer in time.
    #[error(
        "the proxy {proxy} did not answer within {} s; --timeout waits longer",
        waited.as_secs_f32()
    )]
    TunnelTimeout {
        /// The proxy, with the variable that names it.
        proxy: Box<ForwardProxy>,
        /// The time that it had.
        waited: Duration,
    },
    /// TLS cannot be set up with these options.
    #[error(transparent)]
    TlsOptions(#[from] TlsOptionsError),
    /// TCP was open, but the TLS handshake was not complete in time.
    #[error(
        "TCP is open, but the TLS handshake was not complete within {} s; is it a ws:// server? \
         --timeout waits longer",
        .0.as_secs_f32()
    )]
    TlsTimeout(Duration),
    /// The TLS handshake failed.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// Prepared TLS settings for one server. A caller that connects often builds them once.
#[derive(Clone)]
pub(crate) struct TlsSettings {
    connector: TlsConnector,
    name: ServerName<'static>,
}

impl TlsSettings {
    /// Creates settings for a server whose certificate must be valid for `name`.
    pub(crate) fn new(config: ClientConfig, name: ServerName<'static>) -> Self {
        Self { connector: TlsConnector::from(Arc::new(config)), name }
    }

    /// Performs the TLS handshake over `stream`.
    ///
    /// # Errors
    /// Fails with the errors of tokio-rustls, which [`TlsError`] classifies.
    pub(crate) async fn connect<S>(&self, stream: S) -> io::Result<MaybeTlsStream<S>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        match self.connector.connect(self.name.clone(), stream).into_fallible().await {
            Ok(stream) => Ok(MaybeTlsStream::Tls(Box::new(stream))),
            Err((error, mut stream)) if is_reset(&error) => {
                Err(unread_alert(&mut stream).await.unwrap_or(error))
            }
            Err((error, _)) => Err(error),
        }
    }
}

/// The way to a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Route {
    /// The endpoint that is connected to, by us or by the proxy. The name in the request and in TLS
    /// is that of the URL.
    endpoint: HostPort,
    /// The proxy in between, if any.
    proxy: Option<ForwardProxy>,
}

impl Route {
    /// Returns the way without detours.
    pub(crate) fn direct(target: &Target) -> Self {
        Self { endpoint: target.endpoint(), proxy: None }
    }

    /// Returns the way through the proxy of the environment, if it names one, to `connect_to`
    /// instead of the URL's host, if it is given.
    ///
    /// # Errors
    /// Fails if the variable that decides does not name a proxy.
    pub(crate) fn new(
        target: &Target,
        connect_to: Option<&HostPort>,
        proxies: &ProxyVariables,
    ) -> Result<Self, ConnectError> {
        let endpoint = connect_to.cloned().unwrap_or_else(|| target.endpoint());
        let proxy = proxies.proxy_for(target).map_err(|error| ConnectError {
            target: Box::new(target.clone()),
            kind: error.into(),
        })?;
        Ok(Self { endpoint, proxy })
    }

    /// Describes a detour; `None` if there is none.
    pub(crate) fn detour(&self, target: &Target) -> Option<String> {
        let elsewhere = self.endpoint != target.endpoint();
        match &self.proxy {
            Some(proxy) => {
                Some(format!("connecting to {} through the proxy {proxy}", self.endpoint))
            }
            None => elsewhere.then(|| {
                format!("connecting to {} instead of {}", self.endpoint, target.endpoint())
            }),
        }
    }
}

/// Connects to `target`. TCP and TLS may take `connect_timeout` each.
///
/// # Errors
/// Fails if the name is not known, nothing listens there, the peer is late, or TLS fails.
pub async fn connect(
    target: &Target,
    tls: &TlsOptions,
    connect_timeout: Duration,
) -> Result<MaybeTlsStream, ConnectError> {
    connect_by(&Route::direct(target), target, tls, connect_timeout).await
}

/// Connects to `target` by a route. TCP, the proxy and TLS may take `connect_timeout` each.
///
/// # Errors
/// Those of [`connect`], and if the proxy refuses.
pub(crate) async fn connect_by(
    route: &Route,
    target: &Target,
    tls: &TlsOptions,
    connect_timeout: Duration,
) -> Result<MaybeTlsStream, ConnectError> {
    let opened = open(route, target, tls, connect_timeout).await;
    opened.map_err(|kind| ConnectError { target: Box::new(target.clone()), kind })
}

async fn open(
    route: &Route,
    target: &Target,
    tls: &TlsOptions,
    connect_timeout: Duration,
) -> Result<MaybeTlsStream, ConnectErrorKind> {
    let stream = match (&target.unix_socket, &route.proxy) {
        (Some(path), _) => open_unix(path, connect_timeout).await?,
        (None, Some(proxy)) => open_through(proxy, &route.endpoint, connect_timeout).await?,
        (None, None) => open_tcp(&route.endpoint, connect_timeout).await?,
    };
    if !target.tls {
        return Ok(MaybeTlsStream::Plain(stream));
    }
    let tls = TlsSettings::new(tls.config()?, tls.server_name(&target.host)?);
    let shaken = timeout(connect_timeout, tls.connect(stream)).await;
    Ok(shaken
        .map_err(|_| ConnectErrorKind::TlsTimeout(connect_timeout))?
        .map_err(TlsError::from)?)
}

async fn open_tcp(to: &HostPort, connect_timeout: Duration) -> Result<Socket, ConnectErrorKind> {
    let connected = timeout(connect_timeout, connect_host(&to.host, to.port)).await;
    let connected = connected.map_err(|_| ConnectErrorKind::Timeout(connect_timeout))?;
    connected.map(Socket::Tcp).map_err(|error| ConnectErrorKind::of(error, &to.host))
}

#[cfg(unix)]
async fn open_unix(path: &Path, connect_timeout: Duration) -> Result<Socket, ConnectErrorKind> {
    let connected = timeout(connect_timeout, tokio::net::UnixStream::connect(path)).await;
    let connected = connected.map_err(|_| ConnectErrorKind::Timeout(connect_timeout))?;
    connected.map(Socket::Unix).map_err(|error| match error.kind() {
        io::ErrorKind::ConnectionRefused if !is_socket(path) => {
            ConnectErrorKind::NotASocket(path.to_owned())
        }
        io::ErrorKind::ConnectionRefused => ConnectErrorKind::Refused(error),
        io::ErrorKind::InvalidInput => ConnectErrorKind::UnixPathTooLong(path.as_os_str().len()),
        _ => ConnectErrorKind::Io(error),
    })
}

/// Whether a path is that of a socket, as far as that can be found out.
#[cfg(unix)]
fn is_socket(path: &Path) -> bool {
    use std::os::unix::fs::FileTypeExt as _;
    std::fs::metadata(path).map_or(true, |metadata| metadata.file_type().is_socket())
}

#[cfg(not(unix))]
async fn open_unix(_: &Path, _: Duration) -> Result<Socket, ConnectErrorKind> {
    Err(ConnectErrorKind::NoUnixSockets)
}

async fn open_through(
    proxy: &ForwardProxy,
    to: &HostPort,
    connect_timeout: Duration,
) -> Result<Socket, ConnectErrorKind> {
    let boxed = || Box::new(proxy.clone());
    let connected = open_tcp(&proxy.address, connect_timeout).await;
    let mut stream = connected.map_err(|reason| ConnectErrorKind::ProxyUnreachable {
        proxy: boxed(),
        reason: Box::new(reason),
    })?;
    let opened = timeout(connect_timeout, open_tunnel(&mut stream, proxy, to)).await;
    let waited = connect_timeout;
    let opened = opened.map_err(|_| ConnectErrorKind::TunnelTimeout { proxy: boxed(), waited })?;
    opened.map_err(|reason| ConnectErrorKind::Tunnel { proxy: boxed(), reason })?;
    Ok(stream)
}

impl ConnectErrorKind {
    fn of(error: io::Error, host: &str) -> Self {
        use io::ErrorKind::{ConnectionRefused, HostUnreachable, NetworkUnreachable};
        let named = host.parse::<std::net::IpAddr>().is_err();
        match error.kind() {
            ConnectionRefused => Self::Refused(error),
            // A failed lookup has no `ErrorKind` of its own and no errno, which tells it from other
            // errors.
            _ if named && error.raw_os_error().is_none() => {
                Self::Resolve { host: host.to_owned(), source: error }
            }
            NetworkUnreachable | HostUnreachable => Self::Unreachable(error),
            _ => Self::Io(error),
        }
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a test's peer needs no backlog")]
mod tests {
    use tokio::io::AsyncWriteExt as _;
    use tokio::net::TcpListener;

    use super::*;
    use crate::net::connect::tls::AuthoritiesError;

    const MINUTE: Duration = Duration::from_mins(1);

    fn target(url: &str) -> Target {
        Target::parse(url).unwrap()
    }

    #[test]
    fn system_errors_are_classified() {
        use io::ErrorKind as Io;
        let kind = |url: &str, error: io::Error| ConnectErrorKind::of(error, &target(url).host);
        // getaddrinfo's errors have no errno.
        let lookup = || io::Error::other("failed to lookup address information");
        assert!(matches!(kind("ws://name/", lookup()), ConnectErrorKind::Resolve { .. }));
        assert!(matches!(kind("ws://192.0.2.1/", lookup()), ConnectErrorKind::Io(_)));
        assert!(matches!(
            kind("ws://name/", Io::ConnectionRefused.into()),
            ConnectErrorKind::Refused(_)
        ));
        for unreachable in [Io::HostUnreachable, Io::NetworkUnreachable] {
            let found = kind("ws://192.0.2.1/", unreachable.into());
            assert!(matches!(found, ConnectErrorKind::Unreachable(_)), "{found:?}");
        }
    }

    #[test]
    fn error_messages_are_complete_sentences() {
        for (kind, sentence) in [
            (
                ConnectErrorKind::Resolve {
                    host: "name".to_owned(),
                    source: io::Error::other("no address"),
                },
                "the name `name` is not known (no address); is it spelled right?",
            ),
            (
                ConnectErrorKind::Refused(io::ErrorKind::ConnectionRefused.into()),
                "connection refused; is a server listening there?",
            ),
            (
                ConnectErrorKind::Timeout(MINUTE),
                "no answer within 60 s; is that the right address? --timeout waits longer",
            ),
            (
                ConnectErrorKind::TlsTimeout(MINUTE),
                "TCP is open, but the TLS handshake was not complete within 60 s; is it a ws:// \
                 server? --timeout waits longer",
            ),
        ] {
            let error = ConnectError { target: Box::new(target("ws://name/")), kind };
            assert_eq!(error.to_string(), format!("could not connect to ws://name/: {sentence}"));
        }
    }

    #[tokio::test]
    async fn a_closed_port_and_a_missing_file_of_authorities_are_reported() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let tls = TlsOptions { ca: Some("/nowhere.pem".into()), ..TlsOptions::default() };
        let error = connect(&target(&format!("wss://{address}/")), &tls, MINUTE).await.unwrap_err();
        let ConnectErrorKind::TlsOptions(TlsOptionsError::Authorities { reason, .. }) = &error.kind
        else {
            panic!("{error:?}")
        };
        assert!(matches!(reason, AuthoritiesError::Pem(_)), "{reason:?}");
        drop(listener);
        let url = format!("ws://{address}/");
        let error = connect(&target(&url), &TlsOptions::default(), MINUTE).await.unwrap_err();
        assert!(matches!(error.kind, ConnectErrorKind::Refused(_)), "{error:?}");
        assert_eq!(error.target.to_string(), url);
        assert_eq!(crate::net::error_chain(&error), error.to_string(), "the cause appears once");
    }

    #[tokio::test]
    async fn a_server_without_tls_and_one_that_hangs_up_are_told_apart() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let target = target(&format!("wss://{}/", listener.local_addr().unwrap()));
        let tls = TlsOptions::default();
        let plain = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
            stream
        };
        let (connected, _stream) = tokio::join!(connect(&target, &tls, MINUTE), plain);
        let kind = connected.unwrap_err().kind;
        assert!(matches!(kind, ConnectErrorKind::Tls(TlsError::NotTls)), "{kind:?}");
        let silent = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            // Everything is read, so that closing sends a FIN and not a reset.
            let _ = tokio::io::AsyncReadExt::read(&mut stream, &mut [0; 4096]).await;
        };
        let (connected, ()) = tokio::join!(connect(&target, &tls, MINUTE), silent);
        let kind = connected.unwrap_err().kind;
        assert!(matches!(kind, ConnectErrorKind::Tls(TlsError::HungUp)), "{kind:?}");
    }
}
