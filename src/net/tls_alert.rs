//! [`describe_alert`]: the names of TLS alerts and what usually causes them (RFC 8446 section 6, RFC
//! 5246 section 7.2). [`received_alert_text`]: an alert on a connection of our own.

use rustls::AlertDescription;

/// Returns the name of a description in the TLS registry, and its usual cause,
/// which is empty if there is nothing typical.
pub(crate) fn describe_alert(description: u8) -> (&'static str, &'static str) {
    match description {
        0 => ("close_notify", ""),
        10 => ("unexpected_message", "a message came in the wrong order, or it wasn't TLS at all"),
        20 => ("bad_record_mac", "a record was damaged on its way, or the keys differ"),
        22 => ("record_overflow", "a record was too long, or it wasn't TLS at all"),
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

/// Returns an alert that a server sent, with its name, its number, its usual cause, and the option
/// that helps.
pub(crate) fn received_alert_text(alert: AlertDescription) -> String {
    let number = u8::from(alert);
    let (name, cause) = describe_alert(number);
    let hint = match alert {
        AlertDescription::CertificateRequired | AlertDescription::HandshakeFailure => {
            "; --cert and --key give one"
        }
        AlertDescription::UnrecognisedName => "; --server-name asks for another name",
        _ => "",
    };
    let colon = if cause.is_empty() { "" } else { ": " };
    format!("the alert {name} ({number}){colon}{cause}{hint}")
}

/// Returns an alert that ended an open connection, in few words.
pub(crate) fn brief_alert_text(alert: AlertDescription) -> String {
    let number = u8::from(alert);
    let (name, _) = describe_alert(number);
    let hint = match alert {
        AlertDescription::CertificateRequired => "; --cert and --key give a client certificate",
        AlertDescription::BadCertificate
        | AlertDescription::UnknownCA
        | AlertDescription::CertificateExpired
        | AlertDescription::CertificateUnknown => "; it does not accept the client certificate",
        _ => "",
    };
    format!("the server sent the TLS alert {name} ({number}{hint})")
}
