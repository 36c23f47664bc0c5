//! How bad a broken rule is, of the handshake or of a frame.

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

impl Severity {
    /// `info`, `warning` or `fatal`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Fatal => "fatal",
        }
    }
}
