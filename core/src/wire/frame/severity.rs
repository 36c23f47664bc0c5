//! How bad a broken rule is, of the handshake or of a frame.

use crate::text::named_enum;

/// How bad a broken rule is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing; nobody made a mistake.
    Info,
    /// Bad practice, or doubtful: the connection goes on.
    Warning,
    /// A receiver fails the connection (RFC 6455 section 7.1.7).
    Fatal,
}

named_enum!(Severity, "severity": Info = "info", Warning = "warning", Fatal = "fatal");
