//! [`TlsError`]: why a TLS handshake failed, in words, with the option of `wiretalk inspect` that
//! helps. [`unread_alert`]: the alert that says so and was not read.

use std::io;
use std::path::{Path, PathBuf};

use rustls::pki_types::UnixTime;
use rustls::{AlertDescription, CertificateError, Error as RustlsError, OtherError};
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncReadExt as _};

use crate::net::connect::certificate::date;
use crate::net::{describe_io_error, received_alert_text};

/// Why a TLS handshake failed, with a hint if there is one.
#[derive(Debug, Error)]
pub enum TlsError {
    /// The server's first bytes are not a TLS record (RFC 8446 section 5.1).
    #[error("the server did not answer with TLS; is it a ws:// server?")]
    NotTls,
    /// The stream ended during the handshake.
    #[error("the server hung up during the TLS handshake; is it a ws:// server?")]
    HungUp,
    /// The certificate is not accepted.
    #[error("the server's certificate {0}")]
    Certificate(#[from] CertificateProblem),
    /// The server sent an alert (RFC 8446 section 6).
    #[error("the server refused TLS: it sent {}", received_alert_text(*.0))]
    Alert(AlertDescription),
    /// Client and server have nothing in common.
    #[error(
        "client and server cannot agree on TLS ({}); wiretalk speaks TLS 1.3, and TLS 1.2 with \
         ECDHE and AES-GCM or ChaCha20",
        words(.0)
    )]
    Incompatible(String),
    /// The peer broke the protocol in another way.
    #[error("TLS failed: {}", words(.0))]
    Protocol(String),
    /// The connection below TLS broke.
    #[error("the TLS handshake broke off: {}", describe_io_error(.0))]
    Io(#[source] io::Error),
}

/// Why a server's certificate is not accepted. The sentence continues after "the server's
/// certificate".
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CertificateProblem {
    /// It is signed with its own key, and nobody said that it is trusted.
    #[error(
        "is self-signed{}, or skip the check with --insecure",
        match ca {
            None => "; give it with --ca FILE to trust it".to_owned(),
            Some(ca) => format!(" and not in {}; --ca trusts it if it is in that file", ca.display()),
        }
    )]
    SelfSigned {
        /// The file of `--ca`, which does not have it.
        ca: Option<PathBuf>,
    },
    /// Its chain does not end in a trusted authority.
    #[error(
        "is not signed by a trusted authority{}{}",
        issuer.as_ref().map_or_else(String::new, |issuer| format!(" (its issuer is {issuer})")),
        authority_hint(*has_chain, ca.as_deref())
    )]
    UnknownIssuer {
        /// The distinguished name of its issuer, if the certificate can be parsed.
        issuer: Option<String>,
        /// Whether the server sent other certificates with it.
        has_chain: bool,
        /// The file of `--ca`, whose authorities have not signed it either.
        ca: Option<PathBuf>,
    },
    /// It is of X.509 version 1, which has neither names nor purposes.
    #[error(
        "is of X.509 version 1, which names no host; make one of version 3 (openssl x509 -req \
         -extfile FILE with subjectAltName), give exactly it with --ca FILE to trust it, or skip \
         the check with --insecure"
    )]
    Version1,
    /// Its key is an RSA key that is too short.
    #[error("has an RSA key of {bits} bits; expected at least 2048: make a longer key")]
    ShortKey {
        /// The length of the modulus.
        bits: usize,
    },
    /// Besides, a place that `SSL_CERT_FILE` or `SSL_CERT_DIR` names cannot be used.
    #[error("{problem}; {stores}")]
    WithoutStores {
        /// What is wrong with the certificate.
        problem: Box<CertificateProblem>,
        /// The places, and why they cannot be used.
        stores: String,
    },
    /// It is that of an authority, and no server may use it unless exactly it is trusted.
    #[error(
        "is that of an authority (CA:TRUE) and not of a server; give exactly it with --ca FILE to \
         trust it, or skip the check with --insecure"
    )]
    Authority,
    /// It was valid until this date.
    #[error("expired on {on}; is this machine's clock right? --insecure skips the check")]
    Expired {
        /// The last date on which it was valid, in UTC.
        on: String,
    },
    /// It is not valid before this date.
    #[error(
        "is not valid before {from}; is this machine's clock right? --insecure skips the check"
    )]
    NotYetValid {
        /// The first date on which it is valid, in UTC.
        from: String,
    },
    /// It is for other names.
    #[error(
        "is not valid for {wanted}, {}; give one of its names with --server-name, or skip the \
         check with --insecure",
        names_text(names)
    )]
    WrongName {
        /// The name that was asked for.
        wanted: String,
        /// The names that it is for.
        names: Vec<String>,
    },
    /// It breaks another rule.
    #[error("is not valid: {0}; --insecure skips the check")]
    Invalid(String),
}

/// Returns what helps with an unknown issuer.
fn authority_hint(has_chain: bool, ca: Option<&Path>) -> String {
    let given = ca.map_or_else(String::new, |ca| format!(", nor by one in {}", ca.display()));
    let chain = if has_chain {
        ""
    } else {
        "; the server sent no intermediate certificate: if that issuer is one, the server must \
         send it"
    };
    format!(
        "{given}{chain}; give the authority's certificate with --ca FILE, or skip the check with \
         --insecure"
    )
}

/// Names at most this many names of a certificate, because some have hundreds.
const MAX_NAMES: usize = 4;

fn names_text(names: &[String]) -> String {
    let shown = names.iter().take(MAX_NAMES).map(String::as_str).collect::<Vec<_>>().join(", ");
    match names.len().checked_sub(MAX_NAMES) {
        _ if names.is_empty() => "and names no host at all".to_owned(),
        None | Some(0) => format!("only for {shown}"),
        Some(more) => format!("only for {shown} and {more} more"),
    }
}

/// Classifies an error of tokio-rustls: an I/O error that may contain one of rustls.
impl From<io::Error> for TlsError {
    fn from(error: io::Error) -> Self {
        let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<RustlsError>());
        match inner.cloned() {
            Some(RustlsError::InvalidMessage(_)) => Self::NotTls,
            Some(RustlsError::InvalidCertificate(reason)) => Self::Certificate(reason.into()),
            Some(RustlsError::AlertReceived(alert)) => Self::Alert(alert),
            Some(RustlsError::PeerIncompatible(reason)) => {
                Self::Incompatible(format!("{reason:?}"))
            }
            Some(RustlsError::PeerMisbehaved(reason)) => Self::Protocol(format!("{reason:?}")),
            Some(other) => Self::Protocol(other.to_string()),
            None if error.kind() == io::ErrorKind::UnexpectedEof => Self::HungUp,
            None => Self::Io(error),
        }
    }
}

/// The verifier of this program puts its own problem into the error. Everything else is translated.
impl From<CertificateError> for CertificateProblem {
    fn from(error: CertificateError) -> Self {
        let day = |time: UnixTime| date(std::time::Duration::from_secs(time.as_secs()));
        match error {
            CertificateError::Other(OtherError(inner)) => match inner.downcast_ref::<Self>() {
                Some(own) => own.clone(),
                None => Self::Invalid(words(&inner.to_string())),
            },
            CertificateError::ExpiredContext { not_after, .. } => {
                Self::Expired { on: day(not_after) }
            }
            CertificateError::NotValidYetContext { not_before, .. } => {
                Self::NotYetValid { from: day(not_before) }
            }
            CertificateError::NotValidForNameContext { expected, presented } => {
                Self::WrongName { wanted: expected.to_str().into_owned(), names: presented }
            }
            CertificateError::UnknownIssuer => {
                Self::UnknownIssuer { issuer: None, has_chain: true, ca: None }
            }
            CertificateError::BadEncoding => Self::Invalid("its encoding is damaged".to_owned()),
            CertificateError::BadSignature => Self::Invalid("its signature is wrong".to_owned()),
            CertificateError::Revoked => Self::Invalid("it was revoked".to_owned()),
            CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
                Self::Invalid("it is not meant for servers (extended key usage)".to_owned())
            }
            CertificateError::UnsupportedSignatureAlgorithmContext { .. }
            | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
                Self::Invalid("it is signed with an algorithm that is not supported".to_owned())
            }
            other => Self::Invalid(words(&format!("{other:?}"))),
        }
    }
}

impl From<CertificateProblem> for RustlsError {
    fn from(problem: CertificateProblem) -> Self {
        CertificateError::Other(OtherError(std::sync::Arc::new(problem))).into()
    }
}

/// Returns the alert that explains why nothing more could be written. A server that refuses sends it
/// and closes, maybe before the client has sent the rest of its messages.
pub(super) async fn unread_alert(stream: &mut (impl AsyncRead + Unpin)) -> Option<io::Error> {
    let mut record = [0; 7];
    stream.read_exact(&mut record).await.ok()?;
    // An alert of two bytes (RFC 8446 sections 5.1 and 6): its level and its description.
    let [21, 3, _, 0, 2, _, description] = record else { return None };
    let alert = RustlsError::AlertReceived(AlertDescription::from(description));
    Some(io::Error::new(io::ErrorKind::InvalidData, alert))
}

/// Turns the name of a variant into words: libraries have no other text for some errors.
fn words(name: &str) -> String {
    let is_name = name.chars().all(|c| c.is_ascii_alphanumeric());
    if !is_name {
        return name.to_owned();
    }
    let mut words = String::new();
    let mut before = None::<char>;
    for c in name.chars() {
        if c.is_ascii_uppercase() && before.is_some_and(|before| before.is_ascii_lowercase()) {
            words.push(' ');
        }
        words.push(c.to_ascii_lowercase());
        before = Some(c);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tls_error(error: RustlsError) -> TlsError {
        io::Error::new(io::ErrorKind::InvalidData, error).into()
    }

    #[test]
    fn errors_of_rustls_become_words() {
        use rustls::{PeerIncompatible, PeerMisbehaved};
        let time = |secs| UnixTime::since_unix_epoch(std::time::Duration::from_secs(secs));
        for (error, sentence) in [
            (
                CertificateError::UnknownIssuer.into(),
                "the server's certificate is not signed by a trusted authority; give the \
                 authority's certificate with --ca FILE, or skip the check with --insecure",
            ),
            (
                CertificateError::ExpiredContext {
                    time: time(1_800_000_000),
                    not_after: time(1_772_323_200),
                }
                .into(),
                "the server's certificate expired on 2026-03-01; is this machine's clock right? \
                 --insecure skips the check",
            ),
            (
                CertificateError::NotValidForNameContext {
                    expected: rustls::pki_types::ServerName::try_from("a.test").unwrap(),
                    presented: vec!["b.test".to_owned()],
                }
                .into(),
                "the server's certificate is not valid for a.test, only for b.test; give one of \
                 its names with --server-name, or skip the check with --insecure",
            ),
            (
                RustlsError::AlertReceived(AlertDescription::CertificateRequired),
                "the server refused TLS: it sent the alert certificate_required (116): the server \
                 asks for a client certificate; none was sent; --cert and --key give one",
            ),
            (
                PeerIncompatible::ServerDoesNotSupportTls12Or13.into(),
                "client and server cannot agree on TLS (server does not support tls12or13); \
                 wiretalk speaks TLS 1.3, and TLS 1.2 with ECDHE and AES-GCM or ChaCha20",
            ),
            (
                PeerMisbehaved::UnsolicitedServerHelloExtension.into(),
                "TLS failed: unsolicited server hello extension",
            ),
        ] {
            assert_eq!(tls_error(error).to_string(), sentence);
        }
        let reset = TlsError::from(io::Error::from(io::ErrorKind::ConnectionReset));
        assert_eq!(reset.to_string(), "the TLS handshake broke off: the peer reset the connection");
        let unsigned =
            CertificateProblem::UnknownIssuer { issuer: None, has_chain: false, ca: None };
        assert!(unsigned.to_string().contains("the server sent no intermediate certificate"));
    }

    #[tokio::test]
    async fn an_alert_that_was_not_read_is_found() {
        let mut refused = &b"\x15\x03\x03\x00\x02\x02\x28"[..];
        let error = TlsError::from(unread_alert(&mut refused).await.unwrap());
        assert!(matches!(error, TlsError::Alert(AlertDescription::HandshakeFailure)), "{error:?}");
        for other in [&b"\x15\x03\x03\x00\x1a\x02\x28"[..], b"\x15\x03"] {
            assert!(unread_alert(&mut &*other).await.is_none());
        }
    }

    #[test]
    fn names_of_a_certificate_are_listed_in_part() {
        let names = |count: usize| (0..count).map(|n| n.to_string()).collect::<Vec<_>>();
        assert_eq!(names_text(&names(0)), "and names no host at all");
        assert_eq!(names_text(&names(4)), "only for 0, 1, 2, 3");
        assert_eq!(names_text(&names(6)), "only for 0, 1, 2, 3 and 2 more");
    }
}
