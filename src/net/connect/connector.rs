//! [`connect`]: a stream to where a URL leads, plain or within TLS.
//! What is said over it is not known here.

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

/// A connection that is open.
#[derive(Debug)]
pub enum MaybeTlsStream<S = TcpStream> {
    /// The socket as it is.
    Plain(S),
    /// The plain side of TLS.
    Tls(Box<TlsStream<S>>),
}

/// A connection that could not be opened: where to, and why.
#[derive(Debug, Error)]
#[error("could not connect to {target}: {kind}")]
pub struct ConnectError {
    /// Where to.
    pub target: Box<Target>,
    /// Why not.
    #[source]
    pub kind: ConnectErrorKind,
}

/// Why a connection could not be opened, and what would be right.
#[derive(Debug, Error)]
pub enum ConnectErrorKind {
    /// The host's name has no address.
    #[error("the name `{host}` is not known ({source}); is it spelt right?")]
    Resolve {
        /// The name.
        host: String,
        /// What the resolver says.
        source: io::Error,
    },
    /// Nothing listens at the port.
    #[error("{}", describe_io_error(.0))]
    Refused(#[source] io::Error),
    /// No route leads to the host.
    #[error("{}", describe_io_error(.0))]
    Unreachable(#[source] io::Error),
    /// TCP was not open within this time.
    #[error("no answer within {} s; is that the right address?", .0.as_secs_f32())]
    Timeout(Duration),
    /// TCP failed in another way.
    #[error("{}", describe_io_error(.0))]
    Io(#[source] io::Error),
    /// TLS cannot be spoken with these options.
    #[error(transparent)]
    TlsOptions(#[from] TlsOptionsError),
    /// TCP was open, but the TLS handshake was not over in time.
    #[error("TCP is open, but TLS was not within the time; is it a ws:// server?")]
    TlsTimeout,
    /// The TLS handshake failed.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// TLS with one server, prepared: whoever connects often makes the settings once.
#[derive(Clone)]
pub(crate) struct TlsSettings {
    connector: TlsConnector,
    name: ServerName<'static>,
}

impl TlsSettings {
    /// TLS by `config` with a server that has a certificate for `name`.
    pub(crate) fn new(config: ClientConfig, name: ServerName<'static>) -> Self {
        Self { connector: TlsConnector::from(Arc::new(config)), name }
    }

    /// The TLS handshake over `stream`.
    ///
    /// # Errors
    /// As tokio-rustls gives them; [`TlsError`] tells them apart.
    pub(crate) async fn connect<S>(&self, stream: S) -> io::Result<MaybeTlsStream<S>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let stream = self.connector.connect(self.name.clone(), stream).await?;
        Ok(MaybeTlsStream::Tls(Box::new(stream)))
    }
}

/// A stream to `target`. TCP and TLS have `connect_timeout` each.
///
/// # Errors
/// If the host's name is not known, nothing listens there, nothing answers in time, or TLS fails.
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
            // a name that is not known has no error kind of its own, and no number of the system's
            _ if named && error.raw_os_error().is_none() => {
                Self::Resolve { host: target.host.clone(), source: error }
            }
            NetworkUnreachable | HostUnreachable => Self::Unreachable(error),
            _ => Self::Io(error),
        }
    }
}

impl MaybeTlsStream {
    /// What TLS has come to, in words; none on a plain connection.
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

    /// Both ends, ours being the client.
    ///
    /// # Errors
    /// If the system does not know them any more.
    pub fn addresses(&self) -> io::Result<AddressPair> {
        Ok(AddressPair { client: self.tcp().local_addr()?, server: self.tcp().peer_addr()? })
    }

    /// The connection below.
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
#[expect(clippy::disallowed_methods, reason = "a peer in a test listens as it likes")]
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
    fn what_the_system_says_is_told_apart() {
        use io::ErrorKind as Io;
        let kind = |url: &str, error: io::Error| ConnectErrorKind::of(error, &target(url));
        // what getaddrinfo gives has no number of the system's
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
    fn the_sentences_are_whole() {
        for (kind, sentence) in [
            (
                ConnectErrorKind::Resolve {
                    host: "name".to_owned(),
                    source: io::Error::other("no address"),
                },
                "the name `name` is not known (no address); is it spelt right?",
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
                "TCP is open, but TLS was not within the time; is it a ws:// server?",
            ),
        ] {
            let error = ConnectError { target: Box::new(target("ws://name/")), kind };
            assert_eq!(error.to_string(), format!("could not connect to ws://name/: {sentence}"));
        }
    }

    #[tokio::test]
    async fn a_port_where_nobody_listens_and_a_file_of_authorities_that_is_not_there() {
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
        assert_eq!(crate::net::error_chain(&error), error.to_string(), "the cause is told once");
    }

    #[tokio::test]
    async fn a_server_without_tls_and_one_that_hangs_up() {
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
            // all of it is read, so that the end of the stream is no reset
            let _ = tokio::io::AsyncReadExt::read(&mut stream, &mut [0; 4096]).await;
        };
        let (connected, ()) = tokio::join!(connect(&target, &tls, MINUTE), silent);
        let kind = connected.unwrap_err().kind;
        assert!(matches!(kind, ConnectErrorKind::Tls(TlsError::HungUp)), "{kind:?}");
    }
}
