//! [`connect`]: opens a stream to the target of a URL, plain or within TLS. It knows nothing of the
//! protocol above.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::net::connect::loopback::connect_host;
use crate::net::{AddressPair, Target, TlsError, TlsOptions, TlsOptionsError, describe_io_error};

/// An open connection, plain or within TLS.
#[derive(Debug)]
pub enum MaybeTlsStream<S = TcpStream> {
    /// The socket itself.
    Plain(S),
    /// The decrypted side of TLS.
    Tls(Box<TlsStream<S>>),
}

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
    #[error("no answer within {} s; is that the right address?", .0.as_secs_f32())]
    Timeout(Duration),
    /// TCP failed for another reason.
    #[error("{}", describe_io_error(.0))]
    Io(#[source] io::Error),
    /// TLS cannot be set up with these options.
    #[error(transparent)]
    TlsOptions(#[from] TlsOptionsError),
    /// TCP was open, but the TLS handshake was not complete in time.
    #[error("TCP is open, but the TLS handshake timed out; is it a ws:// server?")]
    TlsTimeout,
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
        let stream = self.connector.connect(self.name.clone(), stream).await?;
        Ok(MaybeTlsStream::Tls(Box::new(stream)))
    }
}

/// Connects to `target`. TCP and TLS may take `connect_timeout` each.
///
/// # Errors
/// Fails if the host's name is not known, nothing listens there, the peer does not answer in time,
/// or TLS fails.
pub async fn connect(
    target: &Target,
    tls: &TlsOptions,
    connect_timeout: Duration,
) -> Result<MaybeTlsStream, ConnectError> {
    let opened = open(target, tls, connect_timeout).await;
    opened.map_err(|kind| ConnectError { target: Box::new(target.clone()), kind })
}

async fn open(
    target: &Target,
    tls: &TlsOptions,
    connect_timeout: Duration,
) -> Result<MaybeTlsStream, ConnectErrorKind> {
    let connecting = connect_host(&target.host, target.port);
    let connected = timeout(connect_timeout, connecting).await;
    let connected = connected.map_err(|_| ConnectErrorKind::Timeout(connect_timeout))?;
    let stream = connected.map_err(|error| ConnectErrorKind::of(error, target))?;
    if !target.tls {
        return Ok(MaybeTlsStream::Plain(stream));
    }
    let tls = TlsSettings::new(tls.config()?, tls.server_name(&target.host)?);
    let shaken = timeout(connect_timeout, tls.connect(stream)).await;
    Ok(shaken.map_err(|_| ConnectErrorKind::TlsTimeout)?.map_err(TlsError::from)?)
}

impl ConnectErrorKind {
    fn of(error: io::Error, target: &Target) -> Self {
        use io::ErrorKind::{ConnectionRefused, HostUnreachable, NetworkUnreachable};
        let named = target.host.parse::<std::net::IpAddr>().is_err();
        match error.kind() {
            ConnectionRefused => Self::Refused(error),
            // A failed lookup has no `ErrorKind` of its own and no errno, which tells it from other
            // errors.
            _ if named && error.raw_os_error().is_none() => {
                Self::Resolve { host: target.host.clone(), source: error }
            }
            NetworkUnreachable | HostUnreachable => Self::Unreachable(error),
            _ => Self::Io(error),
        }
    }
}

impl MaybeTlsStream {
    /// Describes the negotiated TLS version and cipher suite; `None` on a plain connection.
    pub fn tls_summary(&self) -> Option<String> {
        let Self::Tls(stream) = self else { return None };
        let (_, session) = stream.get_ref();
        let version = match session.protocol_version() {
            Some(rustls::ProtocolVersion::TLSv1_3) => "TLS 1.3",
            Some(rustls::ProtocolVersion::TLSv1_2) => "TLS 1.2",
            _ => "TLS",
        };
        let suite = session.negotiated_cipher_suite().map(|suite| format!("{:?}", suite.suite()));
        Some(format!("{version} with {}", suite.unwrap_or_default()))
    }

    /// Returns the addresses of both ends; this end is the client.
    ///
    /// # Errors
    /// Fails if the socket is no longer connected.
    pub fn addresses(&self) -> io::Result<AddressPair> {
        Ok(AddressPair { client: self.tcp().local_addr()?, server: self.tcp().peer_addr()? })
    }

    /// Returns the TCP connection below.
    pub fn tcp(&self) -> &TcpStream {
        match self {
            Self::Plain(stream) => stream,
            Self::Tls(stream) => stream.get_ref().0,
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for MaybeTlsStream<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Tls(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for MaybeTlsStream<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, buf),
            Self::Tls(stream) => Pin::new(stream).poll_write(cx, buf),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
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
        let kind = |url: &str, error: io::Error| ConnectErrorKind::of(error, &target(url));
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
                "no answer within 60 s; is that the right address?",
            ),
            (
                ConnectErrorKind::TlsTimeout,
                "TCP is open, but the TLS handshake timed out; is it a ws:// server?",
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
