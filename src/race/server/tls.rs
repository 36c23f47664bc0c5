//! TLS 1.3 for a lane's server, with a certificate made at start-up that nobody but its own client trusts.

use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::PrivateKeyDer;
use tokio_rustls::TlsAcceptor;

use crate::race::connector::CERTIFICATE_NAME;

/// An acceptor and its certificate (DER). With `http2` that is what is agreed on (ALPN, RFC 7301), otherwise HTTP/1.1.
pub(super) fn acceptor(http2: bool) -> Result<(TlsAcceptor, Vec<u8>), String> {
    let describe = |error: &dyn std::fmt::Display| format!("could not make a certificate: {error}");
    let made = rcgen::generate_simple_self_signed(vec![CERTIFICATE_NAME.to_owned()])
        .map_err(|error| describe(&error))?;
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).map_err(|error| describe(&error))?;
    let certificate = made.cert.der().clone();
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(|error| describe(&error))?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .map_err(|error| describe(&error))?;
    config.alpn_protocols = vec![if http2 { b"h2".to_vec() } else { b"http/1.1".to_vec() }];
    Ok((TlsAcceptor::from(Arc::new(config)), certificate.to_vec()))
}
