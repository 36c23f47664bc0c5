//! [`TlsAlert`]: an alert with its sender, its name and what usually causes it (RFC 8446 section
//! 6, RFC 5246 section 7.2).

use std::fmt;

use crate::net::describe_alert;
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
    /// Parses the body of an alert record. Returns `None` if it isn't one. The flag tells whether
    /// it reports an error: a warning of TLS 1.2 and an orderly end do not.
    pub(super) fn parse(from: Side, body: &[u8], is_tls_1_3: bool) -> Option<(Self, bool)> {
        let &[level, description] = body else { return None };
        // In TLS 1.3 the level means nothing (RFC 8446 section 6).
        let fatal = is_tls_1_3 || level == LEVEL_FATAL;
        Some((Self { from, description }, fatal && !NOT_AN_ERROR.contains(&description)))
    }

    /// Returns the name in the TLS registry.
    pub fn name(self) -> &'static str {
        describe_alert(self.description).0
    }

    /// Returns what usually makes a peer send it; empty if there is nothing typical.
    pub fn usual_cause(self) -> &'static str {
        describe_alert(self.description).1
    }
}

/// A sentence without its full stop: who sent what, and what usually causes it.
impl fmt::Display for TlsAlert {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, cause) = describe_alert(self.description);
        write!(f, "the {} sent the alert {name} ({})", self.from.name(), self.description)?;
        if cause.is_empty() { Ok(()) } else { write!(f, ": {cause}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alert_is_an_error_or_not() {
        let parse = |body: &[u8], is_tls_1_3| {
            TlsAlert::parse(Side::Server, body, is_tls_1_3)
                .map(|(alert, is_error)| (alert.description, is_error))
        };
        assert_eq!(parse(&[2, 40], false), Some((40, true)));
        assert_eq!(parse(&[1, 112], false), Some((112, false)), "a warning of TLS 1.2");
        assert_eq!(parse(&[1, 112], true), Some((112, true)), "TLS 1.3 ignores the level");
        let close_notify = Some((0, false));
        assert_eq!((parse(&[1, 0], true), parse(&[2, 0], false)), (close_notify, close_notify));
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
