//! The severity of a broken rule of the handshake or of frames.

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

impl Severity {
    /// Returns `info`, `warning` or `fatal`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Fatal => "fatal",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_rise_with_the_severity() {
        let all = [Severity::Info, Severity::Warning, Severity::Fatal];
        assert_eq!(all.map(Severity::name), ["info", "warning", "fatal"]);
        assert!(all.is_sorted());
    }
}
