//! [`TlsAlert`]: an alert with its sender, its name and what usually causes it (RFC 8446 section
//! 6, RFC 5246 section 7.2).

use std::fmt;

use crate::wire::Side;

const LEVEL_FATAL: u8 = 2;

/// The descriptions that end a connection in order or announce nothing wrong: `close_notify`,
/// `user_canceled`, `no_renegotiation`.
const NOT_AN_ERROR: [u8; 3] = [0, 90, 100];

/// An alert of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TlsAlert {
    /// The side that sent it.
    pub from: Side,
    /// The number of its description in the TLS registry.
    pub description: u8,
}

impl TlsAlert {
    /// Parses the body of an alert record. Returns `None` if it isn't one, or if it reports no
    /// error: a warning of TLS 1.2, or an orderly end.
    pub(super) fn parse_error(from: Side, body: &[u8], is_tls_1_3: bool) -> Option<Self> {
        let &[level, description] = body else { return None };
        // In TLS 1.3 the level means nothing (RFC 8446 section 6).
        let fatal = is_tls_1_3 || level == LEVEL_FATAL;
        (fatal && !NOT_AN_ERROR.contains(&description)).then_some(Self { from, description })
    }

    /// Returns the name in the TLS registry.
    pub fn name(self) -> &'static str {
        name_and_cause(self.description).0
    }

    /// Returns what usually makes a peer send it; empty if there is nothing typical.
    pub fn usual_cause(self) -> &'static str {
        name_and_cause(self.description).1
    }
}

/// A sentence without its full stop: who sent what, and what usually causes it.
impl fmt::Display for TlsAlert {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, cause) = name_and_cause(self.description);
        write!(f, "the {} sent the alert {name} ({})", self.from.name(), self.description)?;
        if cause.is_empty() { Ok(()) } else { write!(f, ": {cause}") }
    }
}

/// Returns the name of a description in the TLS registry, and its usual cause.
fn name_and_cause(description: u8) -> (&'static str, &'static str) {
    match description {
        0 => ("close_notify", ""),
        10 => ("unexpected_message", "a message came in the wrong order, or it was no TLS at all"),
        20 => ("bad_record_mac", "a record was damaged on its way, or the keys differ"),
        22 => ("record_overflow", "a record was too long, or it was no TLS at all"),
        40 => (
            "handshake_failure",
            "client and server usually have no cipher suite, group or signature algorithm in \
             common, or the server asks for a client certificate",
        ),
        42 => ("bad_certificate", "the other side's certificate is damaged or its signature wrong"),
        43 => ("unsupported_certificate", "the other side's certificate is of the wrong kind"),
        44 => ("certificate_revoked", "the other side's certificate was revoked by its issuer"),
        45 => ("certificate_expired", "the other side's certificate has expired"),
        46 => (
            "certificate_unknown",
            "the other side's certificate is not accepted; a browser sends this for a certificate \
             that it does not trust",
        ),
        47 => ("illegal_parameter", "a field of the handshake has a value that is not allowed"),
        48 => (
            "unknown_ca",
            "the other side's certificate is not signed by an authority that is trusted here; a \
             self-signed certificate or a missing intermediate certificate is the usual cause",
        ),
        49 => ("access_denied", "the certificate is valid, but its owner may not connect"),
        50 => ("decode_error", "a message of the handshake could not be parsed"),
        51 => ("decrypt_error", "a signature or a Finished message of the handshake is wrong"),
        70 => ("protocol_version", "client and server have no TLS version in common"),
        71 => ("insufficient_security", "the server wants stronger cipher suites"),
        80 => ("internal_error", "its own fault, not the other side's: see its log"),
        86 => (
            "inappropriate_fallback",
            "the client tried an older TLS version although the server supports a newer one",
        ),
        90 => ("user_canceled", ""),
        100 => ("no_renegotiation", ""),
        109 => ("missing_extension", "the hello lacks an extension that is required"),
        110 => ("unsupported_extension", "the other side answered with an extension not offered"),
        112 => (
            "unrecognized_name",
            "the server has no certificate for the name that the client asked for (SNI)",
        ),
        113 => ("bad_certificate_status_response", "the stapled OCSP response is not valid"),
        115 => ("unknown_psk_identity", "the session or key that the client named is not known"),
        116 => ("certificate_required", "the server asks for a client certificate; none was sent"),
        120 => ("no_application_protocol", "client and server have no ALPN protocol in common"),
        _ => ("of unknown name", ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_errors_are_alerts() {
        let parse = |body: &[u8], is_tls_1_3| {
            TlsAlert::parse_error(Side::Server, body, is_tls_1_3).map(|alert| alert.description)
        };
        assert_eq!(parse(&[2, 40], false), Some(40));
        assert_eq!(parse(&[1, 112], false), None, "a warning of TLS 1.2");
        assert_eq!(parse(&[1, 112], true), Some(112), "TLS 1.3 ignores the level");
        assert_eq!((parse(&[1, 0], true), parse(&[2, 0], false)), (None, None));
        assert_eq!((parse(&[2], false), parse(&[2, 40, 0], false)), (None, None));
    }

    #[test]
    fn an_alert_says_who_sent_it_its_name_and_its_cause() {
        let alert = TlsAlert { from: Side::Client, description: 70 };
        let sentence = "the client sent the alert protocol_version (70): client and server have \
                        no TLS version in common";
        assert_eq!(alert.to_string(), sentence);
        let unknown = TlsAlert { from: Side::Server, description: 7 };
        assert_eq!(unknown.to_string(), "the server sent the alert of unknown name (7)");
    }
}
