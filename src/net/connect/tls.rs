//! TLS for clients: which certificates to trust, which name to request, and a key log for readers
//! of a capture. It looks at no bytes; the tap is above it, on the decrypted side.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    AlertDescription, CertificateError, ClientConfig, DigitallySignedStruct, KeyLog, RootCertStore,
};
use rustls::{Error as RustlsError, SignatureScheme};
use thiserror::Error;

use crate::net::describe_io_error;

/// The options of TLS. By default the authorities that browsers trust are trusted, and the server
/// name is the URL's host.
#[derive(Clone, Debug, Default)]
pub struct TlsOptions {
    /// A PEM file with additional authorities to trust.
    pub ca: Option<PathBuf>,
    /// Whether to skip the check of the certificate.
    pub insecure: bool,
    /// The server name to request and to check; `None` stands for the URL's host.
    pub server_name: Option<String>,
    /// The buffer that receives the connection's secrets.
    pub key_log: KeyLogBuffer,
}

/// The secrets of TLS connections as lines of the NSS key log format (`LABEL CLIENT_RANDOM
/// SECRET`), which Wireshark reads. Clones share one buffer.
#[derive(Clone, Debug, Default)]
pub struct KeyLogBuffer(Arc<Mutex<String>>);

/// The maximum size of the key log in bytes. One connection logs five lines of under 200 bytes.
const MAX_KEY_LOG_BYTES: usize = 1 << 20;

impl KeyLogBuffer {
    /// Takes the lines that have been logged since the last call.
    pub fn take(&self) -> String {
        // A panic cannot leave half a line behind, so a poisoned lock is safe to use.
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
    /// Builds the configuration of rustls.
    ///
    /// # Errors
    /// Fails if the file of authorities cannot be used.
    pub(crate) fn config(&self) -> Result<ClientConfig, TlsOptionsError> {
        let provider = Arc::new(ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(TlsOptionsError::Provider)?;
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

    /// Returns the server name to request: the option, or otherwise `host`.
    ///
    /// # Errors
    /// Fails if no certificate can contain the name.
    pub(crate) fn server_name(&self, host: &str) -> Result<ServerName<'static>, TlsOptionsError> {
        let name = self.server_name.as_deref().unwrap_or(host);
        ServerName::try_from(name.to_owned())
            .map_err(|_| TlsOptionsError::ServerName(name.to_owned()))
    }

    fn roots(&self) -> Result<RootCertStore, TlsOptionsError> {
        let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        let Some(path) = &self.ca else { return Ok(roots) };
        add_authorities(&mut roots, path)
            .map_err(|reason| TlsOptionsError::Authorities { path: path.clone(), reason })?;
        Ok(roots)
    }
}

fn add_authorities(roots: &mut RootCertStore, path: &Path) -> Result<(), AuthoritiesError> {
    let before = roots.len();
    for certificate in CertificateDer::pem_file_iter(path)? {
        roots.add(certificate?)?;
    }
    // A file without certificates is most likely the wrong file.
    if roots.len() == before { Err(AuthoritiesError::Empty) } else { Ok(()) }
}

/// Why TLS cannot be set up with these options.
#[derive(Debug, Error)]
pub enum TlsOptionsError {
    /// The file of additional authorities cannot be used.
    #[error("{}: {reason}; expected a file of CA certificates in PEM form", path.display())]
    Authorities {
        /// The path of the file.
        path: PathBuf,
        /// Why the file cannot be used.
        #[source]
        reason: AuthoritiesError,
    },
    /// No certificate can contain the name.
    #[error("`{0}` isn't a valid name for a certificate; give a DNS name or an address")]
    ServerName(String),
    /// The cryptographic provider supports none of our protocol versions.
    #[error(transparent)]
    Provider(RustlsError),
}

/// Why a file of authorities cannot be used.
#[derive(Debug, Error)]
pub enum AuthoritiesError {
    /// The file cannot be read, or isn't PEM (RFC 7468).
    #[error(transparent)]
    Pem(#[from] rustls::pki_types::pem::Error),
    /// The file contains a certificate that isn't a valid trust anchor.
    #[error(transparent)]
    Certificate(#[from] RustlsError),
    /// The file contains no certificate.
    #[error("it holds no certificate")]
    Empty,
}

/// Accepts every certificate. The handshake's signature is still checked, so the peer must hold the
/// certificate's key.
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

/// Why a TLS handshake failed, with a hint if there is one.
#[derive(Debug, Error)]
pub enum TlsError {
    /// The server's first bytes are not a TLS record (RFC 8446 section 5.1).
    #[error("the server did not answer with TLS; is it a ws:// server?")]
    NotTls,
    /// The stream ended during the handshake.
    #[error("the server hung up during the TLS handshake; is it a ws:// server?")]
    HungUp,
    /// The certificate's chain does not end in a trusted authority.
    #[error(
        "the server's certificate is not signed by a trusted authority; give the authority's file, \
         or turn off the check"
    )]
    UnknownIssuer,
    /// The certificate is not valid for another reason: it has expired, or is for another name.
    #[error("the server's certificate is not valid: {0}")]
    Certificate(CertificateError),
    /// The server sent an alert (RFC 8446 section 6).
    #[error("the server refused TLS with the alert {0:?}")]
    Alert(AlertDescription),
    /// The peer broke the protocol in another way.
    #[error(transparent)]
    Protocol(RustlsError),
    /// The connection below TLS broke.
    #[error("{}", describe_io_error(.0))]
    Io(#[source] io::Error),
}

/// Classifies an error of tokio-rustls: an I/O error that may contain one of rustls.
impl From<io::Error> for TlsError {
    fn from(error: io::Error) -> Self {
        let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<RustlsError>());
        match inner.cloned() {
            Some(RustlsError::InvalidMessage(_)) => Self::NotTls,
            Some(RustlsError::InvalidCertificate(CertificateError::UnknownIssuer)) => {
                Self::UnknownIssuer
            }
            Some(RustlsError::InvalidCertificate(reason)) => Self::Certificate(reason),
            Some(RustlsError::AlertReceived(alert)) => Self::Alert(alert),
            Some(other) => Self::Protocol(other),
            None if error.kind() == io::ErrorKind::UnexpectedEof => Self::HungUp,
            None => Self::Io(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tls_error(error: RustlsError) -> TlsError {
        io::Error::new(io::ErrorKind::InvalidData, error).into()
    }

    #[test]
    fn errors_of_rustls_are_classified() {
        let issuer = tls_error(RustlsError::InvalidCertificate(CertificateError::UnknownIssuer));
        assert!(matches!(issuer, TlsError::UnknownIssuer), "{issuer:?}");
        assert_eq!(
            issuer.to_string(),
            "the server's certificate is not signed by a trusted authority; give the authority's \
             file, or turn off the check"
        );
        let expired = tls_error(RustlsError::InvalidCertificate(CertificateError::Expired));
        assert!(matches!(expired, TlsError::Certificate(CertificateError::Expired)), "{expired:?}");
        let alert = tls_error(RustlsError::AlertReceived(AlertDescription::HandshakeFailure));
        assert_eq!(alert.to_string(), "the server refused TLS with the alert HandshakeFailure");
        let reset = TlsError::from(io::Error::from(io::ErrorKind::ConnectionReset));
        assert!(matches!(reset, TlsError::Io(_)), "{reset:?}");
    }

    #[test]
    fn unusable_options_are_told_apart() {
        let empty = tempfile::NamedTempFile::new().unwrap();
        let options = TlsOptions { ca: Some(empty.path().into()), ..TlsOptions::default() };
        let error = options.config().unwrap_err();
        let reason = "it holds no certificate; expected a file of CA certificates in PEM form";
        assert_eq!(error.to_string(), format!("{}: {reason}", empty.path().display()));
        let TlsOptionsError::Authorities { reason: AuthoritiesError::Empty, .. } = error else {
            panic!("{error:?}")
        };
        let error = TlsOptions::default().server_name("a b").unwrap_err();
        assert!(matches!(&error, TlsOptionsError::ServerName(name) if name == "a b"), "{error:?}");
    }
}
