//! [`connect`]: a stream to where a URL leads, plain or within TLS.
//! What is said over it is not known here.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::net::{AddressPair, Target, TlsOptions, describe_io_error, loopback, tls};

/// A connection that is open.
#[derive(Debug)]
pub enum MaybeTlsStream<S = TcpStream> {
    /// The socket as it is.
    Plain(S),
    /// The plain side of TLS.
    Tls(Box<TlsStream<S>>),
}

/// A stream to `target`.
///
/// # Errors
/// A name that is not known, nobody listening, no answer within `connect_timeout`, a certificate that will not do: what,
/// where, and what would be right.
pub async fn connect(
    target: &Target,
    tls: &TlsOptions,
    connect_timeout: Duration,
) -> Result<MaybeTlsStream, String> {
    let failed = |reason: String| format!("could not connect to {target}: {reason}");
    let late = |_| {
        failed(format!("no answer within {} s; is that the right address?", connect_timeout.as_secs_f32()))
    };
    let connecting = loopback::connect(&target.host, target.port);
    let stream = timeout(connect_timeout, connecting).await.map_err(late)?;
    let stream = stream.map_err(|error| failed(describe_connect_error(&error, target)))?;
    stream.set_nodelay(true).map_err(|error| failed(describe_io_error(&error)))?;
    if !target.tls {
        return Ok(MaybeTlsStream::Plain(stream));
    }
    let config = tls.config().map_err(failed)?;
    let name = tls.server_name(&target.host).map_err(failed)?;
    let shaking = TlsConnector::from(Arc::new(config)).connect(name, stream);
    let stream = timeout(connect_timeout, shaking)
        .await
        .map_err(|_| {
            failed("TCP is open, but TLS was not within the time; is it a ws:// server?".to_owned())
        })?
        .map_err(|error| failed(tls::describe_tls_error(&error)))?;
    Ok(MaybeTlsStream::Tls(Box::new(stream)))
}

/// A name that is not known has no error kind of its own.
fn describe_connect_error(error: &io::Error, target: &Target) -> String {
    let named = target.host.parse::<std::net::IpAddr>().is_err();
    if named && error.raw_os_error().is_none() && error.kind() != io::ErrorKind::ConnectionRefused {
        return format!("the name `{}` is not known ({error}); is it spelt right?", target.host);
    }
    describe_io_error(error)
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
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Tls(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for MaybeTlsStream<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
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
