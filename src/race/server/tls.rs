//! TLS 1.3 for a lane's server, with a certificate made at start-up. Only the lane's own client
//! trusts it.

use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::PrivatePkcs8KeyDer;
use tokio_rustls::TlsAcceptor;

use crate::race::connector::CERTIFICATE_NAME;
use crate::race::error::LaneServerError;

/// Creates an acceptor and returns its certificate (DER). The ALPN protocol (RFC 7301) is h2 if
/// `http2` is set, otherwise HTTP/1.1.
pub(super) fn acceptor(http2: bool) -> Result<(TlsAcceptor, Vec<u8>), LaneServerError> {
    let made = rcgen::generate_simple_self_signed(vec![CERTIFICATE_NAME.to_owned()])?;
    let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let certificate = made.cert.der().clone();
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key.into())?;
    config.alpn_protocols = vec![if http2 { b"h2".to_vec() } else { b"http/1.1".to_vec() }];
    Ok((TlsAcceptor::from(Arc::new(config)), certificate.to_vec()))
}
