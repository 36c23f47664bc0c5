//! TLS as a client speaks it: whom to trust, which name to ask for, and the secrets for whoever reads a capture later.
//! No bytes are looked at here; the tap stands above, on the plain side.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, KeyLog, RootCertStore, SignatureScheme};

/// How to speak TLS. The default trusts the authorities that browsers trust, and asks for the URL's host.
#[derive(Clone, Debug, Default)]
pub struct TlsOptions {
    /// A PEM file with further authorities to trust.
    pub ca: Option<PathBuf>,
    /// Trust anybody: the certificate is not checked at all.
    pub insecure: bool,
    /// The name to ask for and to check, where it is not the URL's host.
    pub server_name: Option<String>,
    /// Where the connection's secrets are put.
    pub key_log: KeyLogBuffer,
}

/// The secrets of TLS connections, as lines of the NSS key log format (`LABEL CLIENT_RANDOM SECRET`), which Wireshark
/// reads. Clones share the lines.
#[derive(Clone, Debug, Default)]
pub struct KeyLogBuffer(Arc<Mutex<String>>);

/// One connection logs five lines of under 200 bytes.
const MAX_KEY_LOG_BYTES: usize = 1 << 20;

impl KeyLogBuffer {
    /// The lines so far; those that were taken are gone.
    pub fn take(&self) -> String {
        // the lock is held for a copy at most, and a line is whole or not there
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl KeyLog for KeyLogBuffer {
    fn log(&self, label: &str, client_random: &[u8], secret: &[u8]) {
        use crate::wire::format::hex;
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() < MAX_KEY_LOG_BYTES {
            *lines += &format!("{label} {} {}\n", hex(client_random), hex(secret));
        }
    }
}

impl TlsOptions {
    /// # Errors
    /// The file of authorities: what is wrong with it.
    pub(crate) fn config(&self) -> Result<ClientConfig, String> {
        let provider = Arc::new(ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?;
        let mut config = if self.insecure {
            builder
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(NoCertificateVerification(provider)))
        } else {
            builder.with_root_certificates(self.roots()?)
        }
        .with_no_client_auth();
        config.key_log = Arc::new(self.key_log.clone());
        Ok(config)
    }

    /// # Errors
    /// A name that certificates cannot have.
    pub(crate) fn server_name(&self, host: &str) -> Result<ServerName<'static>, String> {
        let name = self.server_name.as_deref().unwrap_or(host);
        ServerName::try_from(name.to_owned()).map_err(|_| {
            format!("`{name}` is no name that a certificate can have; give a DNS name or an address")
        })
    }

    fn roots(&self) -> Result<RootCertStore, String> {
        let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        let Some(path) = &self.ca else { return Ok(roots) };
        let wrong = |reason: &dyn std::fmt::Display| {
            format!("{}: {reason}; a file of CA certificates in PEM form would be right", path.display())
        };
        let before = roots.len();
        for certificate in CertificateDer::pem_file_iter(path).map_err(|error| wrong(&error))? {
            let certificate = certificate.map_err(|error| wrong(&error))?;
            roots.add(certificate).map_err(|error| wrong(&error))?;
        }
        if roots.len() == before { Err(wrong(&"it holds no certificate")) } else { Ok(roots) }
    }
}

/// Lets every certificate pass. That the peer holds its key is checked all the same.
#[derive(Debug)]
struct NoCertificateVerification(Arc<CryptoProvider>);

impl ServerCertVerifier for NoCertificateVerification {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

/// What went wrong in a TLS handshake, and what would be right.
pub(crate) fn describe_tls_error(error: &std::io::Error) -> String {
    use rustls::{CertificateError as Bad, Error};
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
    match inner {
        Some(Error::InvalidMessage(_)) => {
            "the server does not answer in TLS there; is it a ws:// server?".to_owned()
        }
        Some(Error::InvalidCertificate(Bad::UnknownIssuer)) => {
            "nobody that is trusted has signed the server's \
             certificate; name its authority's file, or do without the check"
                .to_owned()
        }
        Some(Error::InvalidCertificate(bad)) => format!("the server's certificate will not do: {bad}"),
        Some(Error::AlertReceived(alert)) => format!("the server refused TLS with the alert {alert:?}"),
        Some(error) => error.to_string(),
        None if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            "the server hung up during the TLS handshake; is it a ws:// server?".to_owned()
        }
        None => crate::net::describe_io_error(error),
    }
}
