//! Connects a lane's client to its server: TCP, then TLS if the lane has it. TLS is configured
//! once, so a lane that reconnects pays for the connection and nothing else.

use std::io;
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;

use crate::net::{TlsSettings, connect_host};
use crate::race::error::LaneError;
use crate::race::process::ipc::{LaneTarget, TlsTrust};

/// The name in the certificates of the bundled servers.
pub(super) const CERTIFICATE_NAME: &str = "race.localhost";

/// A connection of a lane, plain or TLS.
pub(super) type Stream = crate::net::MaybeTlsStream<Socket>;

#[cfg(not(test))]
type Socket = TcpStream;
#[cfg(test)]
type Socket = piped::Socket;

/// Opens connections to one server.
#[derive(Clone)]
pub(super) struct LaneConnector {
    pub(super) target: LaneTarget,
    tls: Option<TlsSettings>,
    /// Where tests send the server's ends of pipes that replace sockets.
    #[cfg(test)]
    pub(super) pipes: Option<piped::Pipes>,
}

impl LaneConnector {
    /// Creates a connector; `protocol` is the ALPN protocol to negotiate (RFC 7301).
    pub(super) fn new(target: LaneTarget, protocol: Option<&[u8]>) -> Result<Self, LaneError> {
        let name = match &target.trust {
            TlsTrust::NoTls => return Ok(Self::over(target, None)),
            TlsTrust::Certificate(_) => CERTIFICATE_NAME.to_owned(),
            TlsTrust::WebRoots => target.host.clone(),
        };
        let mut config = tls_config(&target.trust)?;
        config.alpn_protocols = protocol.into_iter().map(<[u8]>::to_vec).collect();
        let name = ServerName::try_from(name.clone()).map_err(|_| LaneError::ServerName(name))?;
        Ok(Self::over(target, Some(TlsSettings::new(config, name))))
    }

    fn over(target: LaneTarget, tls: Option<TlsSettings>) -> Self {
        Self {
            target,
            tls,
            #[cfg(test)]
            pipes: None,
        }
    }

    /// Opens a new connection.
    pub(super) async fn connect(&self) -> Result<Stream, LaneError> {
        let LaneTarget { host, port, .. } = &self.target;
        let failed = |source| LaneError::Connect { host: host.clone(), port: *port, source };
        let stream = self.socket().await.map_err(failed)?;
        let Some(tls) = &self.tls else { return Ok(Stream::Plain(stream)) };
        tls.connect(stream).await.map_err(failed)
    }

    async fn tcp(&self) -> io::Result<TcpStream> {
        connect_host(&self.target.host, self.target.port).await
    }

    #[cfg(not(test))]
    async fn socket(&self) -> io::Result<Socket> {
        self.tcp().await
    }

    #[cfg(test)]
    async fn socket(&self) -> io::Result<Socket> {
        match &self.pipes {
            Some(pipes) => piped::open(pipes).await,
            None => Ok(Box::new(self.tcp().await?)),
        }
    }

    /// Returns the value of the `Host` header.
    pub(super) fn authority(&self) -> String {
        // A host with colons is an IPv6 address, which needs brackets (RFC 3986 section 3.2.2).
        let LaneTarget { host, port, .. } = &self.target;
        if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
    }

    /// Returns the URL of the server, with the scheme `scheme` or, with TLS, `scheme` + `s`.
    pub(super) fn url(&self, scheme: &str) -> String {
        let secure = if self.tls.is_some() { "s" } else { "" };
        format!("{scheme}{secure}://{}{}", self.authority(), self.target.path)
    }

    /// Whether the server is a bundled one.
    pub(super) fn is_bundled_server(&self) -> bool {
        !matches!(self.target.trust, TlsTrust::WebRoots)
    }
}

/// Returns a TLS 1.3 configuration without resumption: every new connection pays for a full
/// handshake.
pub(super) fn tls_config(trust: &TlsTrust) -> Result<ClientConfig, rustls::Error> {
    let mut roots = RootCertStore::empty();
    match trust {
        TlsTrust::Certificate(der) => {
            roots.add(CertificateDer::from(der.clone()))?;
        }
        TlsTrust::NoTls | TlsTrust::WebRoots => {
            roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        }
    }
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.resumption = rustls::client::Resumption::disabled();
    Ok(config)
}

/// Pipes that replace sockets, for tests in paused time.
#[cfg(test)]
pub(super) mod piped {
    use std::io;

    use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, duplex};
    use tokio::sync::mpsc;

    /// A pipe or a socket.
    pub(crate) trait Either: AsyncRead + AsyncWrite + Send + Unpin {}

    impl<S: AsyncRead + AsyncWrite + Send + Unpin> Either for S {}

    pub(in crate::race) type Socket = Box<dyn Either>;
    pub(in crate::race) type Pipes = mpsc::Sender<DuplexStream>;

    pub(super) async fn open(pipes: &Pipes) -> io::Result<Socket> {
        let (ours, theirs) = duplex(64 << 10);
        pipes.send(theirs).await.map_err(|_| io::ErrorKind::ConnectionRefused)?;
        Ok(Box::new(ours))
    }
}
