//! The way of a lane's client to its server: TCP, and TLS where the lane has it. The TLS settings are made once; a
//! lane that connects anew each time pays for the connection and for nothing else.

use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::net::{Stream, in_words};
use crate::race::order::{Goal, Trust};

/// The name in the certificate that our own servers make.
pub(super) const OUR_NAME: &str = "race.localhost";

/// Opens connections to one server.
#[derive(Clone)]
pub(super) struct Dial {
    pub(super) goal: Goal,
    tls: Option<(TlsConnector, ServerName<'static>)>,
}

impl Dial {
    /// `protocol` is what TLS is to agree on (ALPN, RFC 7301).
    pub(super) fn new(goal: Goal, protocol: Option<&[u8]>) -> Result<Self, String> {
        let name = match &goal.trust {
            Trust::Plain => return Ok(Self { goal, tls: None }),
            Trust::Certificate(_) => OUR_NAME.to_owned(),
            Trust::Web => goal.host.clone(),
        };
        let mut config = settings(&goal.trust)?;
        config.alpn_protocols = protocol.into_iter().map(<[u8]>::to_vec).collect();
        let name = ServerName::try_from(name.clone())
            .map_err(|_| format!("`{name}` is no name that a certificate can have"))?;
        Ok(Self { goal, tls: Some((TlsConnector::from(Arc::new(config)), name)) })
    }

    /// A new connection.
    pub(super) async fn open(&self) -> Result<Stream, String> {
        let Goal { host, port, .. } = &self.goal;
        let told =
            |error: std::io::Error| format!("could not connect to {host}:{port}: {}", in_words(&error));
        let stream = TcpStream::connect((host.as_str(), *port)).await.map_err(told)?;
        stream.set_nodelay(true).map_err(told)?;
        let Some((connector, name)) = &self.tls else { return Ok(Stream::Plain(stream)) };
        let stream = connector.connect(name.clone(), stream).await.map_err(told)?;
        Ok(Stream::Tls(Box::new(stream)))
    }

    /// What a request says as `Host`.
    pub(super) fn authority(&self) -> String {
        let Goal { host, port, .. } = &self.goal;
        if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
    }

    /// The URL, for libraries that want one. TLS is asked for the name that the certificate has.
    pub(super) fn url(&self, scheme: &str) -> String {
        let secure = if self.tls.is_some() { "s" } else { "" };
        format!("{scheme}{secure}://{}{}", self.authority(), self.goal.path)
    }

    /// The server's address, where it is one of ours.
    pub(super) fn is_ours(&self) -> bool {
        !matches!(self.goal.trust, Trust::Web)
    }
}

/// TLS 1.3 without resumption: each new connection is a stranger's.
pub(super) fn settings(trust: &Trust) -> Result<ClientConfig, String> {
    let mut roots = RootCertStore::empty();
    match trust {
        Trust::Certificate(der) => {
            roots.add(CertificateDer::from(der.clone())).map_err(|error| error.to_string())?;
        }
        Trust::Plain | Trust::Web => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
    }
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.resumption = rustls::client::Resumption::disabled();
    Ok(config)
}
