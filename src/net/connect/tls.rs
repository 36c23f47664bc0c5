//! TLS for clients: which certificates to trust, which name to request, and a key log for readers
//! of a capture. It looks at no bytes; the tap is above it, on the decrypted side.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rustls::crypto::ring;
use rustls::pki_types::pem::{Error as PemError, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ClientConfig, Error as RustlsError, KeyLog, RootCertStore};
use thiserror::Error;

use crate::net::connect::certificate::Certificate;
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
    /// The protocols to offer by ALPN (RFC 7301), the preferred one first; without any there is no offer.
    pub protocols: &'static [&'static [u8]],
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
            let verifier = ServerVerifier::new(provider, roots, trusted, self.ca.clone());
            let verifier = verifier.map_err(TlsOptionsError::Provider)?;
            builder.with_custom_certificate_verifier(Arc::new(verifier))
        };
        let mut config = match &self.certificate {
            None => builder.with_no_client_auth(),
            Some(path) => {
                let (chain, key) = client_certificate(path, self.key.as_deref())?;
                let key_path = self.key.as_deref().unwrap_or(path);
                let key = certified_key(chain, &key, path, key_path)?;
                builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(key)))
            }
        };
        config.alpn_protocols = self.protocols.iter().map(|name| name.to_vec()).collect();
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
        Err(_) if is_encrypted(key_path) => {
            Err(ClientCertificateError::EncryptedKey { path: key_path.to_owned() })
        }
        Err(PemError::NoItemsFound) => {
            Err(ClientCertificateError::NoKey { path: key_path.to_owned() })
        }
        Err(reason) => Err(file_error(key_path)(reason)),
    }
}

/// Joins the client's certificate and its key. Unlike rustls itself, it takes certificates of version
/// 1, which many servers accept.
fn certified_key(
    chain: Vec<CertificateDer<'static>>,
    key: &PrivateKeyDer<'static>,
    path: &Path,
    key_path: &Path,
) -> Result<CertifiedKey, ClientCertificateError> {
    let key = ring::sign::any_supported_type(key)
        .map_err(|_| ClientCertificateError::Unusable { key: key_path.to_owned() })?;
    let certificate = chain.first().and_then(Certificate::parse);
    let Some(certified) = certificate.and_then(|certificate| certificate.public_key_info()) else {
        return Err(ClientCertificateError::Damaged { path: path.to_owned() });
    };
    if key.public_key().is_some_and(|key| key.as_ref() != certified) {
        let (path, key) = (path.to_owned(), key_path.to_owned());
        return Err(ClientCertificateError::Mismatch { path, key });
    }
    Ok(CertifiedKey::new(chain, key))
}

/// Whether a PEM file without a usable key has one that is encrypted (RFC 5958 section 3, or RFC 1421
/// section 4.6.1.1 for the forms of OpenSSL).
fn is_encrypted(path: &Path) -> bool {
    const MARKS: [&[u8]; 2] = [b"-----BEGIN ENCRYPTED PRIVATE KEY-----", b"Proc-Type: 4,ENCRYPTED"];
    std::fs::read(path)
        .is_ok_and(|bytes| MARKS.iter().any(|mark| memchr::memmem::find(&bytes, mark).is_some()))
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
    /// The certificate cannot be parsed.
    #[error("{}: its first certificate is damaged; expected one of X.509", path.display())]
    Damaged {
        /// The path of the certificate.
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
    fn unusable_options_have_errors_of_their_own() {
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

    /// A certificate of version 1 with the common name `localhost`, as `openssl x509 -req -signkey`
    /// makes them. It is valid from 2020 to 2120.
    const VERSION_1: &str = "\
-----BEGIN CERTIFICATE-----
MIIBETCBuAIBATAKBggqhkjOPQQDAjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwIBcN
MjAwMTAxMDAwMDAwWhgPMjEyMDAxMDEwMDAwMDBaMBQxEjAQBgNVBAMMCWxvY2Fs
aG9zdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABJkUHEp6VHw1XtgoNYu4cZxm
hXmPVLTH2iywj4ZZhYYg/78Ii19hGoV1hdP3mVE8/wqNNgR8gQ5aXTsquld3TBcw
CgYIKoZIzj0EAwIDSAAwRQIhANwU7/g/erEN2H8sJY1vNCElTGZZVdz9ZQYs6L90
QtILAiBMgUaPFJa7iFAlLu24gMWn+4s6KMFC4FFI2ZC8ZGQ/HA==
-----END CERTIFICATE-----";

    const VERSION_1_KEY: &str = "\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgs7FsyLRPWjG7zsN4
5TAs4/+n67R7KusAi4GB+luk4kWhRANCAASZFBxKelR8NV7YKDWLuHGcZoV5j1S0
x9ossI+GWYWGIP+/CItfYRqFdYXT95lRPP8KjTYEfIEOWl07KrpXd0wX
-----END PRIVATE KEY-----";

    /// A certificate in memory with its key, both PEM.
    struct Identity {
        certificate: String,
        key: String,
    }

    /// Makes a self-signed certificate for `localhost`, after `change`.
    fn self_signed(change: impl FnOnce(&mut rcgen::CertificateParams)) -> Identity {
        let mut params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        change(&mut params);
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap().pem();
        Identity { certificate, key: key.serialize_pem() }
    }

    fn authority() -> Identity {
        self_signed(|params| {
            params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        })
    }

    fn pem_file(pem: &str) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), pem).unwrap();
        file
    }

    /// Shakes hands with a server that has `identity`, and asks for a client certificate that
    /// `client_ca` has signed, if there is one. Then each side sends a byte.
    async fn shake(
        options: TlsOptions,
        name: &str,
        identity: &Identity,
        client_ca: Option<&Identity>,
    ) -> Result<(), String> {
        use rustls::server::WebPkiClientVerifier;
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let provider = Arc::new(ring::default_provider());
        let chain = |pem: &str| CertificateDer::from_pem_slice(pem.as_bytes()).unwrap();
        let builder = rustls::ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .unwrap();
        let builder = match client_ca {
            None => builder.with_no_client_auth(),
            Some(ca) => {
                let mut roots = RootCertStore::empty();
                roots.add(chain(&ca.certificate)).unwrap();
                let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), provider);
                builder.with_client_cert_verifier(verifier.build().unwrap())
            }
        };
        let key = PrivateKeyDer::from_pem_slice(identity.key.as_bytes()).unwrap();
        let key = ring::sign::any_supported_type(&key).unwrap();
        // Not `with_single_cert`, which checks what other servers do not.
        let certified = rustls::sign::CertifiedKey::new(vec![chain(&identity.certificate)], key);
        let resolver = rustls::sign::SingleCertAndKey::from(certified);
        let config = builder.with_cert_resolver(Arc::new(resolver));
        let (ours, theirs) = tokio::io::duplex(1 << 16);
        let serve = async {
            let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
            if let Ok(mut stream) = acceptor.accept(theirs).await {
                let _ = stream.write_all(b"x").await;
                let _ = stream.flush().await;
                let _ = stream.read_u8().await;
            }
        };
        let connect = async {
            let config = options.config().map_err(|error| error.to_string())?;
            let name = options.server_name(name).map_err(|error| error.to_string())?;
            let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
            let shaken = connector.connect(name, ours).await;
            let mut stream = shaken.map_err(|error| {
                crate::net::connect::tls_error::TlsError::from(error).to_string()
            })?;
            // In TLS 1.3, the server's opinion about the client comes after the handshake.
            stream.read_u8().await.map_err(|error| describe_io_error(&error))?;
            stream.write_all(b"x").await.map_err(|error| describe_io_error(&error))
        };
        tokio::join!(connect, serve).0
    }

    #[tokio::test]
    async fn a_certificate_that_is_given_is_enough_whatever_kind_it_is() {
        let plain = self_signed(|_| {});
        let version_1 =
            Identity { certificate: VERSION_1.to_owned(), key: VERSION_1_KEY.to_owned() };
        for identity in [plain, authority(), version_1] {
            let refused = shake(TlsOptions::default(), "localhost", &identity, None).await;
            let sentence = "the server's certificate is self-signed; give it with --ca FILE to \
                            trust it, or skip the check with --insecure";
            assert_eq!(refused.unwrap_err(), sentence);
            let ca = pem_file(&identity.certificate);
            let with_ca = TlsOptions { ca: Some(ca.path().into()), ..TlsOptions::default() };
            assert_eq!(shake(with_ca.clone(), "localhost", &identity, None).await, Ok(()));
            let named = shake(with_ca, "b.test", &identity, None).await.unwrap_err();
            assert!(named.contains("is not valid for b.test, only for localhost"), "{named}");
            let insecure = TlsOptions { insecure: true, ..TlsOptions::default() };
            assert_eq!(shake(insecure, "b.test", &identity, None).await, Ok(()));
        }
    }

    /// A certificate that is given is trusted as the server's own, but not one that merely has the
    /// same names and another key.
    #[tokio::test]
    async fn another_certificate_of_the_same_name_is_not_trusted() {
        let ca = pem_file(&authority().certificate);
        let options = TlsOptions { ca: Some(ca.path().into()), ..TlsOptions::default() };
        let impostor = authority();
        let refused = shake(options.clone(), "localhost", &impostor, None).await.unwrap_err();
        let expected = format!(
            "the server's certificate is self-signed and not in {}; --ca trusts it if it is in that \
             file, or skip the check with --insecure",
            ca.path().display()
        );
        assert!(refused.starts_with(&expected), "{refused}");
        let version_1 =
            Identity { certificate: VERSION_1.to_owned(), key: VERSION_1_KEY.to_owned() };
        let refused = shake(options, "localhost", &version_1, None).await.unwrap_err();
        assert!(refused.contains("self-signed"), "{refused}");
        // The right certificate with another key proves nothing.
        let ca = pem_file(VERSION_1);
        let options = TlsOptions { ca: Some(ca.path().into()), ..TlsOptions::default() };
        let stolen = Identity { certificate: VERSION_1.to_owned(), key: impostor.key };
        let refused = shake(options, "localhost", &stolen, None).await;
        assert!(refused.is_err(), "{refused:?}");
    }

    #[tokio::test]
    async fn dates_of_a_certificate_are_checked_and_reported_as_dates() {
        for (from, until, text) in
            [(2020, 2021, "expired on 2021-01-01"), (2100, 2101, "is not valid before 2100-01-01")]
        {
            let identity = self_signed(|params| {
                params.not_before = rcgen::date_time_ymd(from, 1, 1);
                params.not_after = rcgen::date_time_ymd(until, 1, 1);
            });
            let ca = pem_file(&identity.certificate);
            let options = TlsOptions { ca: Some(ca.path().into()), ..TlsOptions::default() };
            let refused = shake(options, "localhost", &identity, None).await.unwrap_err();
            assert!(refused.contains(text), "{refused}");
        }
    }

    #[tokio::test]
    async fn a_client_certificate_is_sent_and_a_missing_one_is_asked_for() {
        let (server, client) = (self_signed(|_| {}), self_signed(|_| {}));
        let ca = pem_file(&server.certificate);
        let (certificate, key) = (pem_file(&client.certificate), pem_file(&client.key));
        let both = pem_file(&format!("{}{}", client.certificate, client.key));
        let options = TlsOptions { ca: Some(ca.path().into()), ..TlsOptions::default() };
        let missing = shake(options.clone(), "localhost", &server, Some(&client)).await;
        assert!(missing.unwrap_err().contains("certificate_required (116; --cert and --key"));
        let version_1 = pem_file(VERSION_1);
        let version_1_key = pem_file(VERSION_1_KEY);
        let with_version_1 = TlsOptions {
            certificate: Some(version_1.path().into()),
            key: Some(version_1_key.path().into()),
            ..options.clone()
        };
        assert!(with_version_1.config().is_ok(), "a certificate of version 1 is taken");
        for (certificate, key) in
            [(certificate.path(), Some(key.path().to_owned())), (both.path(), None)]
        {
            let options =
                TlsOptions { certificate: Some(certificate.into()), key, ..options.clone() };
            let sent = shake(options, "localhost", &server, Some(&client)).await;
            assert_eq!(sent, Ok(()));
        }
    }

    #[test]
    fn unusable_client_certificates_have_errors_of_their_own() {
        let (mine, other) = (self_signed(|_| {}), self_signed(|_| {}));
        let certificate = pem_file(&mine.certificate);
        let error = |key: &str, certificate: &Path| {
            let key = pem_file(key);
            let options = TlsOptions {
                certificate: Some(certificate.into()),
                key: Some(key.path().into()),
                ..TlsOptions::default()
            };
            options.config().unwrap_err().to_string()
        };
        let encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAA=\n\
                         -----END ENCRYPTED PRIVATE KEY-----\n";
        let encrypted_too = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\
                             DEK-Info: AES-256-CBC,00\n\nMAA=\n-----END RSA PRIVATE KEY-----\n";
        let damaged = "-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n";
        for (key, words) in [
            (other.key.as_str(), "its private key is not that of the certificate in"),
            (encrypted, "its private key is encrypted; decrypt it with `openssl pkey -in"),
            (encrypted_too, "its private key is encrypted; decrypt it with `openssl pkey -in"),
            (damaged, "its private key cannot be used; expected RSA"),
            ("", "it holds no private key"),
        ] {
            let error = error(key, certificate.path());
            assert!(error.contains(words), "{error}");
        }
        let missing = error(&mine.key, Path::new("/nowhere.pem"));
        assert_eq!(missing, "/nowhere.pem: no such file or directory; expected a PEM file");
    }
}
