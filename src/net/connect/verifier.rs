//! [`ServerVerifier`]: checks a server's certificate against the built-in roots, the certificates
//! of `--ca`, and the system's trust store. [`NoCertificateVerification`] accepts any.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, DigitallySignedStruct, Error as RustlsError, RootCertStore, SignatureScheme,
};

use crate::net::connect::certificate::{Certificate, date};
use crate::net::connect::tls_error::CertificateProblem;
use crate::net::describe_io_error;

/// The shortest RSA key whose signatures are accepted.
const MIN_RSA_BITS: usize = 2048;

/// Checks the certificates of servers.
#[derive(Debug)]
pub(super) struct ServerVerifier {
    provider: Arc<CryptoProvider>,
    /// Knows the built-in roots and the authorities of `--ca`.
    own: Arc<WebPkiServerVerifier>,
    /// Knows the system's trust store besides. It is read when the others do not suffice, because
    /// it has hundreds of files on some systems.
    system: OnceLock<SystemStore>,
    roots: RootCertStore,
    /// The certificates of `--ca`, each of which is trusted as a server's own too.
    trusted: Vec<CertificateDer<'static>>,
    /// The file of `--ca`.
    ca: Option<PathBuf>,
}

/// The system's trust store: the certificates of `SSL_CERT_FILE` and `SSL_CERT_DIR`, or otherwise
/// those of the operating system.
#[derive(Debug)]
struct SystemStore {
    /// `None` if it has no certificate that can be parsed.
    verifier: Option<Arc<WebPkiServerVerifier>>,
    /// Its certificates, each of which is trusted as a server's own too.
    trusted: Vec<CertificateDer<'static>>,
    /// The places named by the environment that cannot be used, and why; empty if there are none.
    unusable: String,
}

impl ServerVerifier {
    /// Creates a verifier that trusts `roots`, and the certificates in `trusted` as they are, which
    /// are those of the file `ca`.
    ///
    /// # Errors
    /// Fails if there are no roots.
    pub(super) fn new(
        provider: Arc<CryptoProvider>,
        roots: RootCertStore,
        trusted: Vec<CertificateDer<'static>>,
        ca: Option<PathBuf>,
    ) -> Result<Self, RustlsError> {
        let own = webpki_verifier(roots.clone(), &provider)?;
        Ok(Self { provider, own, system: OnceLock::new(), roots, trusted, ca })
    }

    /// Returns the system's trust store.
    fn system(&self) -> &SystemStore {
        self.system.get_or_init(|| {
            // A store that cannot be read is one without certificates: the built-in roots remain.
            let found = rustls_native_certs::load_native_certs();
            let mut roots = self.roots.clone();
            let (added, _) = roots.add_parsable_certificates(found.certs.iter().cloned());
            let verifier = webpki_verifier(roots, &self.provider).ok().filter(|_| added > 0);
            let unusable = unusable_stores(&found.errors, found.certs.is_empty());
            SystemStore { verifier, trusted: found.certs, unusable }
        })
    }
}

/// Describes which of `SSL_CERT_FILE` and `SSL_CERT_DIR` cannot be used.
fn unusable_stores(errors: &[rustls_native_certs::Error], is_empty: bool) -> String {
    const VARIABLES: [&str; 2] = ["SSL_CERT_FILE", "SSL_CERT_DIR"];
    let set = VARIABLES.iter().filter_map(|name| {
        std::env::var_os(name).map(|value| format!("{name} ({})", Path::new(&value).display()))
    });
    let set = set.collect::<Vec<_>>().join(" and ");
    let reason = errors.first().map(|error| match &error.kind {
        rustls_native_certs::ErrorKind::Io { inner, path } => {
            format!("{}: {}", path.display(), describe_io_error(inner))
        }
        rustls_native_certs::ErrorKind::Pem(_) => "it is damaged".to_owned(),
        _ => "it cannot be read".to_owned(),
    });
    match reason {
        _ if set.is_empty() => String::new(),
        Some(reason) => format!("{set} cannot be used: {reason}"),
        None if is_empty => format!("{set} holds no certificate"),
        None => String::new(),
    }
}

fn webpki_verifier(
    roots: RootCertStore,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<WebPkiServerVerifier>, RustlsError> {
    let builder = WebPkiServerVerifier::builder_with_provider(roots.into(), Arc::clone(provider));
    builder.build().map_err(|error| RustlsError::General(error.to_string()))
}

impl ServerCertVerifier for ServerVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, RustlsError> {
        let verify = |verifier: &WebPkiServerVerifier| {
            verifier.verify_server_cert(end_entity, intermediates, name, ocsp, now)
        };
        let error = match verify(&self.own) {
            Ok(verified) => return Ok(verified),
            Err(error) => error,
        };
        let certificate = Certificate::parse(end_entity);
        // A certificate that the user gave is trusted as it is, although the rules for chains do
        // not allow one of an authority, of version 1 or without names for a server.
        let is_in = |list: &[CertificateDer<'_>]| list.iter().any(|trusted| trusted == end_entity);
        if is_in(&self.trusted)
            && let Some(certificate) = &certificate
        {
            check_trusted(certificate, name, now)?;
            return Ok(ServerCertVerified::assertion());
        }
        if is_final(&error) {
            return Err(self.explain(error, certificate.as_ref(), intermediates).into());
        }
        // The same holds for what the user has put into the system's trust store.
        let system = self.system();
        if is_in(&system.trusted)
            && let Some(certificate) = &certificate
        {
            check_trusted(certificate, name, now)?;
            return Ok(ServerCertVerified::assertion());
        }
        let error = match system.verifier.as_deref().map(verify) {
            Some(Ok(verified)) => return Ok(verified),
            Some(Err(error)) => error,
            None => error,
        };
        let problem = self.explain(error, certificate.as_ref(), intermediates);
        Err(match system.unusable.as_str() {
            "" => problem.into(),
            stores => CertificateProblem::WithoutStores {
                problem: Box::new(problem),
                stores: stores.to_owned(),
            }
            .into(),
        })
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, RustlsError> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, cert, signed, algorithms)
            .or_else(|error| verify_raw(&self.provider, message, cert, signed, error))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, RustlsError> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, cert, signed, algorithms)
            .or_else(|error| verify_raw(&self.provider, message, cert, signed, error))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// Verifies a handshake's signature with the key of a certificate of version 1, which rustls does
/// not parse.
///
/// # Errors
/// Fails with `error`, or with what the certificate explains of it, if the signature is wrong or the
/// certificate is of another version.
fn verify_raw(
    provider: &CryptoProvider,
    message: &[u8],
    cert: &CertificateDer<'_>,
    signed: &DigitallySignedStruct,
    error: RustlsError,
) -> Result<HandshakeSignatureValid, RustlsError> {
    let Some(certificate) = Certificate::parse(cert) else { return Err(error) };
    if let Some(problem) = short_key(&certificate) {
        return Err(problem.into());
    }
    let Some((algorithm_id, key)) = certificate.public_key().filter(|_| certificate.is_version_1())
    else {
        return Err(error);
    };
    let mapping = provider.signature_verification_algorithms.mapping.iter();
    let mut fitting = mapping
        .filter(|(scheme, _)| *scheme == signed.scheme)
        .flat_map(|(_, algorithms)| algorithms.iter())
        .filter(|algorithm| algorithm.public_key_alg_id().as_ref() == algorithm_id);
    fitting
        .any(|algorithm| algorithm.verify_signature(&key, message, signed.signature()).is_ok())
        .then(HandshakeSignatureValid::assertion)
        .ok_or(error)
}

/// Returns the problem of an RSA key that is too short for any signature to be accepted.
fn short_key(certificate: &Certificate) -> Option<CertificateProblem> {
    let bits = certificate.rsa_key_bits().filter(|bits| *bits < MIN_RSA_BITS)?;
    Some(CertificateProblem::ShortKey { bits })
}

/// Whether no other trust store would change the result.
fn is_final(error: &RustlsError) -> bool {
    matches!(
        error,
        RustlsError::InvalidCertificate(
            CertificateError::Expired
                | CertificateError::ExpiredContext { .. }
                | CertificateError::NotValidYet
                | CertificateError::NotValidYetContext { .. }
                | CertificateError::NotValidForName
                | CertificateError::NotValidForNameContext { .. }
                | CertificateError::Revoked
        )
    )
}

/// Checks the dates and the name of a certificate that the user trusts as it is.
fn check_trusted(
    certificate: &Certificate,
    name: &ServerName<'_>,
    now: UnixTime,
) -> Result<(), CertificateProblem> {
    let now = Duration::from_secs(now.as_secs());
    if now > certificate.not_after() {
        return Err(CertificateProblem::Expired { on: date(certificate.not_after()) });
    }
    if now < certificate.not_before() {
        return Err(CertificateProblem::NotYetValid { from: date(certificate.not_before()) });
    }
    let wanted = name.to_str();
    let mut names = certificate.names();
    // As in curl, the common name counts only without other names.
    if names.is_empty() {
        names.extend(certificate.common_name());
    }
    // A certificate without any name has nothing to compare: that it is the one given suffices.
    if names.is_empty() || names.iter().any(|name| matches_name(name, &wanted)) {
        return Ok(());
    }
    Err(CertificateProblem::WrongName { wanted: wanted.into_owned(), names })
}

/// Whether a name of a certificate is `wanted`. A wildcard stands for the whole first label (RFC
/// 9525 section 6.3).
fn matches_name(name: &str, wanted: &str) -> bool {
    name.eq_ignore_ascii_case(wanted)
        || name
            .strip_prefix("*.")
            .zip(wanted.split_once('.'))
            .is_some_and(|(domain, (_, rest))| domain.eq_ignore_ascii_case(rest))
}

impl ServerVerifier {
    /// Returns the problem behind an error, with what the certificate itself explains.
    fn explain(
        &self,
        error: RustlsError,
        certificate: Option<&Certificate>,
        intermediates: &[CertificateDer<'_>],
    ) -> CertificateProblem {
        use CertificateProblem as Problem;
        let problem = match error {
            RustlsError::InvalidCertificate(reason) => Problem::from(reason),
            other => Problem::Invalid(other.to_string()),
        };
        let (Some(certificate), Problem::UnknownIssuer { .. } | Problem::Invalid(_)) =
            (certificate, &problem)
        else {
            return problem;
        };
        let ca = self.ca.clone();
        let unknown = matches!(problem, Problem::UnknownIssuer { .. });
        let refused_kind = certificate.is_authority() || certificate.is_version_1();
        if certificate.is_self_issued() && (unknown || refused_kind) {
            Problem::SelfSigned { ca }
        } else if unknown {
            let (issuer, has_chain) = (Some(certificate.issuer()), !intermediates.is_empty());
            Problem::UnknownIssuer { issuer, has_chain, ca }
        } else if certificate.is_version_1() {
            Problem::Version1
        } else if certificate.is_authority() {
            Problem::Authority
        } else {
            short_key(certificate).unwrap_or(problem)
        }
    }
}

/// Accepts every certificate. The handshake's signature is still checked, so the peer must hold the
/// certificate's key.
#[derive(Debug)]
pub(super) struct NoCertificateVerification(pub(super) Arc<CryptoProvider>);

impl ServerCertVerifier for NoCertificateVerification {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, RustlsError> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, RustlsError> {
        verify_tls12_signature(message, cert, signed, &self.0.signature_verification_algorithms)
            .or_else(|error| verify_raw(&self.0, message, cert, signed, error))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, RustlsError> {
        verify_tls13_signature(message, cert, signed, &self.0.signature_verification_algorithms)
            .or_else(|error| verify_raw(&self.0, message, cert, signed, error))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_match_whole_or_by_their_first_label() {
        for (name, wanted, matches) in [
            ("a.test", "A.test", true),
            ("*.test", "a.test", true),
            ("*.test", "a.b.test", false),
            ("*.test", "test", false),
            ("a.test", "b.test", false),
            ("127.0.0.1", "127.0.0.1", true),
        ] {
            assert_eq!(matches_name(name, wanted), matches, "{name} {wanted}");
        }
    }
}
