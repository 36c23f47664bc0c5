//! Close codes (RFC 6455 section 7.4): their names and meanings, and whether they may be sent.
//! The decoder reads the body of a Close frame.

/// Whether a close code may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseCodeStatus {
    /// An endpoint may send it.
    Sendable,
    /// A library reports it to its own program and never sends it: 1004, 1005, 1006, 1015.
    NeverSent,
    /// 0 to 999: not used.
    Unused,
    /// 1016 to 2999: reserved for the protocol and not assigned.
    Unassigned,
    /// 5000 and above: the RFC defines no such range.
    OutOfRange,
}

/// One close code with its explanation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CloseCode {
    /// The number on the wire.
    pub code: u16,
    /// The name, in one to three words.
    pub name: &'static str,
    /// One clause that explains the code to a beginner.
    pub meaning: &'static str,
    /// Whether an endpoint may send it.
    pub status: CloseCodeStatus,
    /// The section that defines the code.
    pub section: &'static str,
}

impl CloseCode {
    /// Looks up `code`. Every number has an answer.
    pub fn new(code: u16) -> Self {
        let assigned = ASSIGNED.iter().find(|row| row.0 == code);
        if let Some(&(_, name, meaning, section)) = assigned {
            let never = matches!(code, 1004..=1006 | 1015);
            let status = if never { CloseCodeStatus::NeverSent } else { CloseCodeStatus::Sendable };
            return Self { code, name, meaning, status, section };
        }
        // The ranges are in ascending order, so the first one that reaches `code` contains it.
        let range = RANGES.iter().find(|row| code <= row.0);
        let &(_, name, meaning, status) = range.expect("the last range ends at the largest number");
        Self { code, name, meaning, status, section: "RFC 6455 §7.4.2" }
    }
}

type AssignedCode = (u16, &'static str, &'static str, &'static str);

/// The ranges of section 7.4.2, each by its last number.
static RANGES: [(u16, &str, &str, CloseCodeStatus); 5] = [
    (999, "unused", "codes below 1000 are not used", CloseCodeStatus::Unused),
    (
        2999,
        "unassigned",
        "reserved for the protocol and not assigned yet, so nobody may send it",
        CloseCodeStatus::Unassigned,
    ),
    (
        3999,
        "registered",
        "for libraries and frameworks, which register it with IANA",
        CloseCodeStatus::Sendable,
    ),
    (
        4999,
        "private",
        "for private use: the two applications agree on what it means",
        CloseCodeStatus::Sendable,
    ),
    (
        u16::MAX,
        "out of range",
        "outside every range of the RFC: some receivers reject it, others don't",
        CloseCodeStatus::OutOfRange,
    ),
];

/// The codes of section 7.4.1 and those of the IANA registry (1012 to 1014).
static ASSIGNED: [AssignedCode; 16] = [
    (
        1000,
        "normal closure",
        "the connection has done its job, and nothing is wrong",
        "RFC 6455 §7.4.1",
    ),
    (1001, "going away", "the server is going down, or the user left the page", "RFC 6455 §7.4.1"),
    (1002, "protocol error", "the other side broke a rule of the protocol", "RFC 6455 §7.4.1"),
    (1003, "unsupported data", "a type of data that this side does not accept", "RFC 6455 §7.4.1"),
    (
        1004,
        "reserved",
        "a meaning may be defined in the future; until then it must not be sent",
        "RFC 6455 §7.4.1",
    ),
    (
        1005,
        "no code received",
        "what a library reports when the Close had no code; it is never sent",
        "RFC 6455 §7.4.1",
    ),
    (
        1006,
        "abnormal closure",
        "what a library reports when the connection broke without a Close; it is never sent",
        "RFC 6455 §7.4.1",
    ),
    (
        1007,
        "invalid payload",
        "the data does not fit its type, such as text that is not UTF-8",
        "RFC 6455 §7.4.1",
    ),
    (
        1008,
        "policy violation",
        "rejected for a reason that no other code describes",
        "RFC 6455 §7.4.1",
    ),
    (1009, "message too big", "larger than this side is willing to process", "RFC 6455 §7.4.1"),
    (
        1010,
        "extension missing",
        "the client needed an extension that the server did not agree to",
        "RFC 6455 §7.4.1",
    ),
    (
        1011,
        "internal error",
        "the server ran into a condition that it did not expect",
        "RFC 6455 §7.4.1",
    ),
    (
        1012,
        "service restart",
        "the service is restarting; clients may reconnect after a while",
        "RFC 6455 §11.7",
    ),
    (
        1013,
        "try again later",
        "the service is overloaded; clients should wait before they reconnect",
        "RFC 6455 §11.7",
    ),
    (
        1014,
        "bad gateway",
        "a gateway got an invalid response from the server behind it",
        "RFC 6455 §11.7",
    ),
    (
        1015,
        "TLS handshake failed",
        "what a library reports when the TLS handshake failed; it is never sent",
        "RFC 6455 §7.4.1",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn section_7_4_which_codes_may_travel() {
        // 5000 and above are doubtful: the RFC does not explicitly forbid them.
        let refused = |code| {
            !matches!(
                CloseCode::new(code).status,
                CloseCodeStatus::Sendable | CloseCodeStatus::OutOfRange
            )
        };
        let refused: Vec<u16> = (0..=u16::MAX).filter(|code| refused(*code)).collect();
        let expected: Vec<u16> = (0..1000).chain([1004, 1005, 1006]).chain(1015..3000).collect();
        assert_eq!(refused, expected);
    }

    #[test]
    fn beyond_4999_is_doubtful_and_not_refused() {
        assert_eq!(CloseCode::new(4999).status, CloseCodeStatus::Sendable);
        assert_eq!(CloseCode::new(5000).status, CloseCodeStatus::OutOfRange);
        assert_eq!(CloseCode::new(u16::MAX).status, CloseCodeStatus::OutOfRange);
    }
}
