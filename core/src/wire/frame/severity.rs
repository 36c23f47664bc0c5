//! The severity of a broken rule of the handshake or of frames.

use crate::text::named_enum;

/// The severity of a broken rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing; nothing is wrong.
    Info,
    /// Bad practice or doubtful; the connection goes on.
    Warning,
    /// The receiver must fail the connection (RFC 6455 section 7.1.7).
    Fatal,
}

named_enum!(Severity, "severity": Info = "info", Warning = "warning", Fatal = "fatal");
