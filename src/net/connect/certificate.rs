//! [`Certificate`]: what an X.509 certificate says of itself (RFC 5280). Nothing is verified here.

use std::net::IpAddr;
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use time::OffsetDateTime;
use x509_cert::certificate::{CertificateInner, Rfc5280, Version};
use x509_cert::der::asn1::{ObjectIdentifier, Uint};
use x509_cert::der::{Decode as _, Encode as _};
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{BasicConstraints, SubjectAltName};

/// The algorithm `rsaEncryption` (RFC 3279 section 2.3.1).
const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

/// A parsed certificate.
#[derive(Debug)]
pub(super) struct Certificate(CertificateInner<Rfc5280>);

impl Certificate {
    /// Parses a certificate. Returns `None` if it isn't one of X.509.
    pub(super) fn parse(der: &CertificateDer<'_>) -> Option<Self> {
        CertificateInner::from_der(der).ok().map(Self)
    }

    /// Returns the DNS names and addresses that it is for, without the common name.
    pub(super) fn names(&self) -> Vec<String> {
        let extension = self.0.tbs_certificate().get_extension::<SubjectAltName>();
        let Ok(Some((_, names))) = extension else { return Vec::new() };
        names.0.iter().filter_map(name_text).collect()
    }

    /// Returns the common name of its owner, which is empty in many self-signed certificates.
    pub(super) fn common_name(&self) -> Option<String> {
        let name = self.0.tbs_certificate().subject().common_name().ok()??;
        Some(name.value().into_owned())
    }

    /// Returns the distinguished name of its issuer (RFC 4514).
    pub(super) fn issuer(&self) -> String {
        self.0.tbs_certificate().issuer().to_string()
    }

    /// Whether it names itself as its issuer.
    pub(super) fn is_self_issued(&self) -> bool {
        self.0.tbs_certificate().issuer() == self.0.tbs_certificate().subject()
    }

    /// Whether it is that of an authority, which may sign others.
    pub(super) fn is_authority(&self) -> bool {
        let extension = self.0.tbs_certificate().get_extension::<BasicConstraints>();
        extension.is_ok_and(|found| found.is_some_and(|(_, constraints)| constraints.ca))
    }

    /// Whether it is of version 1, which has no extensions and thus no names.
    pub(super) fn is_version_1(&self) -> bool {
        self.0.tbs_certificate().version() == Version::V1
    }

    /// Returns from when it is valid, since 1970.
    pub(super) fn not_before(&self) -> Duration {
        self.0.tbs_certificate().validity().not_before.to_unix_duration()
    }

    /// Returns until when it is valid, since 1970.
    pub(super) fn not_after(&self) -> Duration {
        self.0.tbs_certificate().validity().not_after.to_unix_duration()
    }

    /// Returns the length of its key in bits, if it is one of RSA (RFC 8017 appendix A.1.1).
    pub(super) fn rsa_key_bits(&self) -> Option<usize> {
        let info = self.0.tbs_certificate().subject_public_key_info();
        if info.algorithm.oid != RSA_ENCRYPTION {
            return None;
        }
        let key = info.subject_public_key.as_bytes()?;
        let numbers: Vec<Uint> = Vec::from_der(key).ok()?;
        let modulus = numbers.first()?.as_bytes();
        let unused = usize::try_from(modulus.first()?.leading_zeros()).ok()?;
        modulus.len().saturating_mul(8).checked_sub(unused)
    }

    /// Returns the DER of its key with the algorithm.
    pub(super) fn public_key_info(&self) -> Option<Vec<u8>> {
        self.0.tbs_certificate().subject_public_key_info().to_der().ok()
    }

    /// Returns the DER of the algorithm of its key, without the outer tag and length, and the bits
    /// of the key.
    pub(super) fn public_key(&self) -> Option<(Vec<u8>, Vec<u8>)> {
        let info = self.0.tbs_certificate().subject_public_key_info();
        let mut algorithm = info.algorithm.oid.to_der().ok()?;
        if let Some(parameters) = &info.algorithm.parameters {
            algorithm.extend(parameters.to_der().ok()?);
        }
        Some((algorithm, info.subject_public_key.as_bytes()?.to_vec()))
    }
}

fn name_text(name: &GeneralName) -> Option<String> {
    match name {
        GeneralName::DnsName(name) => Some(name.as_str().to_owned()),
        GeneralName::IpAddress(octets) => {
            let octets = octets.as_bytes();
            let v4 = <[u8; 4]>::try_from(octets).map(IpAddr::from);
            let ip = v4.or_else(|_| <[u8; 16]>::try_from(octets).map(IpAddr::from));
            ip.ok().map(|ip| ip.to_string())
        }
        _ => None,
    }
}

/// Returns a date in UTC as `2026-03-01`.
pub(super) fn date(since_1970: Duration) -> String {
    let seconds = i64::try_from(since_1970.as_secs()).unwrap_or(i64::MAX);
    // The calendar of the library ends with the year 9999, as that of X.509 does.
    OffsetDateTime::from_unix_timestamp(seconds).map_or_else(
        |_| "9999-12-31".to_owned(),
        |time| format!("{:04}-{:02}-{:02}", time.year(), u8::from(time.month()), time.day()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_dates() {
        assert_eq!(date(Duration::ZERO), "1970-01-01");
        assert_eq!(date(Duration::from_secs(1_772_323_199)), "2026-02-28");
        assert_eq!(date(Duration::from_hours(492_312)), "2026-03-01");
        assert_eq!(date(Duration::MAX), "9999-12-31");
    }

    #[test]
    fn a_certificate_says_its_names_and_its_issuer() {
        let names = ["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
        let made = rcgen::generate_simple_self_signed(names.clone()).unwrap();
        let certificate = Certificate::parse(made.cert.der()).unwrap();
        assert_eq!(certificate.names(), names);
        assert!(certificate.is_self_issued() && !certificate.is_authority());
        assert!(certificate.not_before() < certificate.not_after());
        assert!(Certificate::parse(&CertificateDer::from(vec![0x30, 0])).is_none());
    }
}
