//! TLS for clients: which certificates to trust, which name to request, and a key log for readers
//! of a capture. It looks at no bytes; the tap is above it, on the decrypted side.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rustls::crypto::ring;
use rustls::pki_types::pem::{Error as PemError, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, Error as RustlsError, KeyLog, RootCertStore};
use thiserror::Error;

use crate::net::connect::verifier::{NoCertificateVerification, ServerVerifier};
use crate::net::describe_io_error;

/// The options of TLS. By default the authorities that browsers trust are trusted, and those of the
/// system; the server name is the URL's host.
#[derive(Clone, Debug, Default)]
pub struct TlsOptions {
    /// A PEM file with additional certificates to trust: of authorities, or the server's own.
    pub ca: Option<PathBuf>,
    /// A PEM file with the client's certificate and the chain to its authority.
    pub certificate: Option<PathBuf>,
    /// A PEM file with the key of the client's certificate (PKCS#8, SEC1 or PKCS#1); `None` if
    /// `certificate` has it too.
    pub key: Option<PathBuf>,
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
            .map_err(TlsOptionsError::Provider)?
            .dangerous();
        let builder = if self.insecure {
            let verifier = NoCertificateVerification(provider);
            builder.with_custom_certificate_verifier(Arc::new(verifier))
        } else {
            let (roots, trusted) = self.roots()?;
            let verifier = ServerVerifier::new(provider, roots, trusted);
            let verifier = verifier.map_err(TlsOptionsError::Provider)?;
            builder.with_custom_certificate_verifier(Arc::new(verifier))
        };
        let mut config = match &self.certificate {
            None => builder.with_no_client_auth(),
            Some(path) => {
                let (chain, key) = client_certificate(path, self.key.as_deref())?;
                builder.with_client_auth_cert(chain, key).map_err(|reason| {
                    ClientCertificateError::of(reason, path, self.key.as_deref())
                })?
            }
        };
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

    /// Returns the built-in roots with those of `ca`, and the certificates of `ca`.
    fn roots(&self) -> Result<(RootCertStore, Vec<CertificateDer<'static>>), TlsOptionsError> {
        let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        let Some(path) = &self.ca else { return Ok((roots, Vec::new())) };
        let added = add_authorities(&mut roots, path)
            .map_err(|reason| TlsOptionsError::Authorities { path: path.clone(), reason })?;
        Ok((roots, added))
    }
}

fn add_authorities(
    roots: &mut RootCertStore,
    path: &Path,
) -> Result<Vec<CertificateDer<'static>>, AuthoritiesError> {
    let mut certificates = Vec::new();
    for certificate in CertificateDer::pem_file_iter(path)? {
        let certificate = certificate?;
        roots.add(certificate.clone())?;
        certificates.push(certificate);
    }
    // A file without certificates is most likely the wrong file.
    if certificates.is_empty() { Err(AuthoritiesError::Empty) } else { Ok(certificates) }
}

/// Reads the client's certificate with its chain, and its key.
fn client_certificate(
    path: &Path,
    key: Option<&Path>,
) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), ClientCertificateError> {
    let file_error = |path: &Path| {
        let path = path.to_owned();
        move |reason| ClientCertificateError::File { path, reason }
    };
    let chain = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(file_error(path))?;
    if chain.is_empty() {
        return Err(ClientCertificateError::NoCertificate { path: path.to_owned() });
    }
    let key_path = key.unwrap_or(path);
    match PrivateKeyDer::from_pem_file(key_path) {
        Ok(key) => Ok((chain, key)),
        Err(PemError::NoItemsFound) if is_encrypted(key_path) => {
            Err(ClientCertificateError::EncryptedKey { path: key_path.to_owned() })
        }
        Err(PemError::NoItemsFound) => {
            Err(ClientCertificateError::NoKey { path: key_path.to_owned() })
        }
        Err(reason) => Err(file_error(key_path)(reason)),
    }
}

/// Whether a PEM file without a usable key has one that is encrypted (RFC 5958 section 3).
fn is_encrypted(path: &Path) -> bool {
    std::fs::read(path).is_ok_and(|bytes| {
        memchr::memmem::find(&bytes, b"-----BEGIN ENCRYPTED PRIVATE KEY-----").is_some()
    })
}

/// Why TLS cannot be set up with these options.
#[derive(Debug, Error)]
pub enum TlsOptionsError {
    /// The file of additional authorities cannot be used.
    #[error("{}: {reason}; expected a file of certificates in PEM form", path.display())]
    Authorities {
        /// The path of the file.
        path: PathBuf,
        /// Why the file cannot be used.
        #[source]
        reason: AuthoritiesError,
    },
    /// The client's certificate or its key cannot be used.
    #[error(transparent)]
    ClientCertificate(#[from] ClientCertificateError),
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
    #[error("{}", pem_text(.0))]
    Pem(#[from] PemError),
    /// The file contains a certificate that isn't a valid trust anchor.
    #[error("one of its certificates cannot be parsed")]
    Certificate(#[from] RustlsError),
    /// The file contains no certificate.
    #[error("it holds no certificate")]
    Empty,
}

/// Why the client's certificate cannot be used.
#[derive(Debug, Error)]
pub enum ClientCertificateError {
    /// A file cannot be read, or isn't PEM (RFC 7468).
    #[error("{}: {}; expected a PEM file", path.display(), pem_text(reason))]
    File {
        /// The path of the file.
        path: PathBuf,
        /// Why it cannot be read.
        #[source]
        reason: PemError,
    },
    /// The file of `--cert` contains no certificate.
    #[error("{}: it holds no certificate; expected a client certificate in PEM form", path.display())]
    NoCertificate {
        /// The path of the file.
        path: PathBuf,
    },
    /// The file contains no key.
    #[error(
        "{}: it holds no private key; expected one in PEM form (PKCS#8, SEC1 or PKCS#1), here or \
         in the file of --key",
        path.display()
    )]
    NoKey {
        /// The path of the file.
        path: PathBuf,
    },
    /// The key is encrypted with a passphrase.
    #[error(
        "{0}: its private key is encrypted; decrypt it with `openssl pkey -in {0} -out plain.pem`",
        path.display()
    )]
    EncryptedKey {
        /// The path of the file.
        path: PathBuf,
    },
    /// The key is of another certificate.
    #[error("{}: its private key is not that of the certificate in {}", key.display(), path.display())]
    Mismatch {
        /// The path of the certificate.
        path: PathBuf,
        /// The path of the key.
        key: PathBuf,
    },
    /// The key is of a kind that is not supported, or damaged.
    #[error(
        "{}: its private key cannot be used; expected RSA of 2048 bits or more, ECDSA with P-256 or \
         P-384, or Ed25519",
        key.display()
    )]
    Unusable {
        /// The path of the key.
        key: PathBuf,
    },
}

impl ClientCertificateError {
    fn of(reason: RustlsError, path: &Path, key: Option<&Path>) -> Self {
        let (path, key) = (path.to_owned(), key.unwrap_or(path).to_owned());
        match reason {
            RustlsError::InconsistentKeys(_) => Self::Mismatch { path, key },
            _ => Self::Unusable { key },
        }
    }
}

/// Describes an error of a PEM file.
fn pem_text(error: &PemError) -> String {
    match error {
        PemError::Io(error) => describe_io_error(error),
        PemError::NoItemsFound => "it holds nothing that is expected".to_owned(),
        PemError::MissingSectionEnd { .. } => "a section of it has no end".to_owned(),
        PemError::IllegalSectionStart { .. } => "a section of it begins wrongly".to_owned(),
        _ => "its Base64 is damaged".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unusable_options_are_told_apart() {
        let empty = tempfile::NamedTempFile::new().unwrap();
        let options = TlsOptions { ca: Some(empty.path().into()), ..TlsOptions::default() };
        let error = options.config().unwrap_err();
        let reason = "it holds no certificate; expected a file of certificates in PEM form";
        assert_eq!(error.to_string(), format!("{}: {reason}", empty.path().display()));
        let TlsOptionsError::Authorities { reason: AuthoritiesError::Empty, .. } = error else {
            panic!("{error:?}")
        };
        let error = TlsOptions::default().server_name("a b").unwrap_err();
        assert!(matches!(&error, TlsOptionsError::ServerName(name) if name == "a b"), "{error:?}");
    }
}
