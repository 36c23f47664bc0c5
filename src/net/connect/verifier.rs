//! [`ServerVerifier`]: checks a server's certificate against the built-in roots, the certificates
//! of `--ca`, and the system's trust store. [`NoCertificateVerification`] accepts any.

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

/// Checks the certificates of servers.
#[derive(Debug)]
pub(super) struct ServerVerifier {
    provider: Arc<CryptoProvider>,
    /// Knows the built-in roots and the authorities of `--ca`.
    own: Arc<WebPkiServerVerifier>,
    /// Knows the system's trust store besides. It is read when the others do not suffice, because
    /// it has hundreds of files on some systems; `None` if it has no certificate.
    system: OnceLock<Option<Arc<WebPkiServerVerifier>>>,
    roots: RootCertStore,
    /// The certificates of `--ca`, each of which is trusted as a server's own too.
    trusted: Vec<CertificateDer<'static>>,
}

impl ServerVerifier {
    /// Creates a verifier that trusts `roots`, and the certificates in `trusted` as they are.
    ///
    /// # Errors
    /// Fails if there are no roots.
    pub(super) fn new(
        provider: Arc<CryptoProvider>,
        roots: RootCertStore,
        trusted: Vec<CertificateDer<'static>>,
    ) -> Result<Self, RustlsError> {
        let own = webpki_verifier(roots.clone(), &provider)?;
        Ok(Self { provider, own, system: OnceLock::new(), roots, trusted })
    }

    /// Returns the verifier with the system's trust store: the certificates of `SSL_CERT_FILE` and
    /// `SSL_CERT_DIR`, or otherwise those of the operating system.
    fn system(&self) -> Option<&Arc<WebPkiServerVerifier>> {
        let verifier = self.system.get_or_init(|| {
            // A store that cannot be read is one without certificates: the built-in roots remain.
            let found = rustls_native_certs::load_native_certs().certs;
            let mut roots = self.roots.clone();
            let (added, _) = roots.add_parsable_certificates(found);
            if added == 0 { None } else { webpki_verifier(roots, &self.provider).ok() }
        });
        verifier.as_ref()
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
        // A certificate that the user gave is trusted as it is, although the rules for chains do
        // not allow one of an authority, of version 1 or without names for a server.
        if self.trusted.iter().any(|trusted| trusted == end_entity)
            && let Some(certificate) = Certificate::parse(end_entity)
        {
            check_trusted(&certificate, name, now)?;
            return Ok(ServerCertVerified::assertion());
        }
        let error = if error == CertificateError::UnknownIssuer.into()
            && let Some(system) = self.system()
        {
            match verify(system) {
                Ok(verified) => return Ok(verified),
                Err(error) => error,
            }
        } else {
            error
        };
        Err(explain(error, end_entity))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, RustlsError> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, cert, signed, algorithms)
            .or_else(|error| verify_raw(&self.provider, message, cert, signed).ok_or(error))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, RustlsError> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, cert, signed, algorithms)
            .or_else(|error| verify_raw(&self.provider, message, cert, signed).ok_or(error))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// Verifies a handshake's signature with the key of a certificate of version 1, which rustls does
/// not parse. Returns `None` if the signature is wrong or the certificate is of another version.
fn verify_raw(
    provider: &CryptoProvider,
    message: &[u8],
    cert: &CertificateDer<'_>,
    signed: &DigitallySignedStruct,
) -> Option<HandshakeSignatureValid> {
    let certificate = Certificate::parse(cert).filter(Certificate::is_version_1)?;
    let (algorithm_id, key) = certificate.public_key()?;
    let mapping = provider.signature_verification_algorithms.mapping.iter();
    let mut fitting = mapping
        .filter(|(scheme, _)| *scheme == signed.scheme)
        .flat_map(|(_, algorithms)| algorithms.iter())
        .filter(|algorithm| algorithm.public_key_alg_id().as_ref() == algorithm_id);
    fitting
        .any(|algorithm| algorithm.verify_signature(&key, message, signed.signature()).is_ok())
        .then(HandshakeSignatureValid::assertion)
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

/// Returns the error with what the certificate itself explains.
fn explain(error: RustlsError, end_entity: &CertificateDer<'_>) -> RustlsError {
    let RustlsError::InvalidCertificate(reason) = error else { return error };
    let problem = CertificateProblem::from(reason);
    let (
        Some(certificate),
        CertificateProblem::UnknownIssuer { .. } | CertificateProblem::Invalid(_),
    ) = (Certificate::parse(end_entity), &problem)
    else {
        return problem.into();
    };
    let unknown = matches!(problem, CertificateProblem::UnknownIssuer { .. });
    let refused_kind = certificate.is_authority() || certificate.is_version_1();
    if certificate.is_self_issued() && (unknown || refused_kind) {
        CertificateProblem::SelfSigned.into()
    } else if unknown {
        CertificateProblem::UnknownIssuer { issuer: Some(certificate.issuer()) }.into()
    } else if certificate.is_authority() {
        CertificateProblem::Authority.into()
    } else {
        problem.into()
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
            .or_else(|error| verify_raw(&self.0, message, cert, signed).ok_or(error))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, RustlsError> {
        verify_tls13_signature(message, cert, signed, &self.0.signature_verification_algorithms)
            .or_else(|error| verify_raw(&self.0, message, cert, signed).ok_or(error))
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
