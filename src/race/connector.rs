//! How a lane's client connects to its server: TCP, and TLS where the lane has it. The TLS settings
//! are made once; a lane that connects anew each time pays for the connection and for nothing else.

use std::io;
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;

use crate::net::{TlsSettings, connect_host};
use crate::race::error::LaneError;
use crate::race::process::ipc::{LaneTarget, TlsTrust};

/// The name in the certificate that our own servers make.
pub(super) const CERTIFICATE_NAME: &str = "race.localhost";

/// A connection of a lane.
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
    /// Where the server's ends of pipes go, in place of sockets.
    #[cfg(test)]
    pub(super) pipes: Option<piped::Pipes>,
}

impl LaneConnector {
    /// `protocol` is what TLS is to agree on (ALPN, RFC 7301).
    pub(super) fn new(target: LaneTarget, protocol: Option<&[u8]>) -> Result<Self, LaneError> {
        let name = match &target.trust {
            TlsTrust::Plain => return Ok(Self::over(target, None)),
            TlsTrust::Certificate(_) => CERTIFICATE_NAME.to_owned(),
            TlsTrust::Web => target.host.clone(),
        };
        let mut config = tls_config(&target.trust)?;
        config.alpn_protocols = protocol.into_iter().map(<[u8]>::to_vec).collect();
        let name = ServerName::try_from(name.clone()).map_err(|_| LaneError::ServerName(name))?;
        Ok(Self::over(target, Some(TlsSettings::new(config, name))))
    }

    fn over(goal: LaneTarget, tls: Option<TlsSettings>) -> Self {
        Self {
            target: goal,
            tls,
            #[cfg(test)]
            pipes: None,
        }
    }

    /// A new connection.
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

    /// What a request says as `Host`.
    pub(super) fn authority(&self) -> String {
        let LaneTarget { host, port, .. } = &self.target;
        if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
    }

    /// The URL, for libraries that want one. TLS is asked for the name that the certificate has.
    pub(super) fn url(&self, scheme: &str) -> String {
        let secure = if self.tls.is_some() { "s" } else { "" };
        format!("{scheme}{secure}://{}{}", self.authority(), self.target.path)
    }

    /// Whether the server is one of our own.
    pub(super) fn is_own_server(&self) -> bool {
        !matches!(self.target.trust, TlsTrust::Web)
    }
}

/// TLS 1.3 without resumption: each new connection is a stranger's.
pub(super) fn tls_config(trust: &TlsTrust) -> Result<ClientConfig, rustls::Error> {
    let mut roots = RootCertStore::empty();
    match trust {
        TlsTrust::Certificate(der) => {
            roots.add(CertificateDer::from(der.clone()))?;
        }
        TlsTrust::Plain | TlsTrust::Web => {
            roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned())
        }
    }
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.resumption = rustls::client::Resumption::disabled();
    Ok(config)
}

/// Pipes in place of sockets, for tests in a time that stands still.
#[cfg(test)]
pub(super) mod piped {
    use std::io;

    use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, duplex};
    use tokio::sync::mpsc;

    /// Either.
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
