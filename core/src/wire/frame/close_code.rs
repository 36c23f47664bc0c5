//! Close codes (RFC 6455 section 7.4): what each is called, what it says, and whether it may be sent at all.
//! Reading a Close frame's body is the decoder's business.

/// What may be done with a close code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseCodeStatus {
    /// May be sent.
    Sendable,
    /// Only ever reported by a program to itself: 1004, 1005, 1006, 1015.
    NeverSent,
    /// 0-999: not used.
    Unused,
    /// 1016-2999: kept for the protocol, not assigned.
    Unassigned,
    /// 5000 and above: the RFC speaks of no such range.
    OutOfRange,
}

/// One close code explained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CloseCode {
    /// The number.
    pub code: u16,
    /// A name of two or three words.
    pub name: &'static str,
    /// One sentence for somebody who sees it for the first time.
    pub meaning: &'static str,
    /// May it be on the wire?
    pub status: CloseCodeStatus,
    /// Where it is written.
    pub section: &'static str,
}

impl CloseCode {
    /// Looks `code` up. Every number has an answer.
    pub fn new(code: u16) -> Self {
        let assigned = ASSIGNED.iter().find(|row| row.0 == code);
        if let Some(&(_, name, meaning, section)) = assigned {
            let never = matches!(code, 1004..=1006 | 1015);
            let status = if never { CloseCodeStatus::NeverSent } else { CloseCodeStatus::Sendable };
            return Self { code, name, meaning, status, section };
        }
        let range = RANGES.iter().find(|row| code <= row.0);
        let &(_, name, meaning, status) = range.expect("the last range ends at the largest number");
        Self { code, name, meaning, status, section: "RFC 6455 §7.4.2" }
    }
}

type AssignedCode = (u16, &'static str, &'static str, &'static str);

/// Section 7.4.2, each range by its last number.
static RANGES: [(u16, &str, &str, CloseCodeStatus); 5] = [
    (999, "unused", "codes below 1000 are not used", CloseCodeStatus::Unused),
    (
        2999,
        "unassigned",
        "kept for the protocol itself and not assigned yet, so nobody may send it",
        CloseCodeStatus::Unassigned,
    ),
    (
        3999,
        "registered",
        "for libraries and frameworks, who register it with IANA",
        CloseCodeStatus::Sendable,
    ),
    (
        4999,
        "private",
        "for the two applications alone: they agree on what it means",
        CloseCodeStatus::Sendable,
    ),
    (
        u16::MAX,
        "out of range",
        "no range of the RFC covers it: some receivers refuse it, some do not",
        CloseCodeStatus::OutOfRange,
    ),
];

/// Section 7.4.1 and the IANA registry, which holds 1012-1014.
static ASSIGNED: [AssignedCode; 16] = [
    (1000, "normal closure", "the work is done, nothing is wrong", "RFC 6455 §7.4.1"),
    (1001, "going away", "the server goes down, or the page was left", "RFC 6455 §7.4.1"),
    (1002, "protocol error", "the other side broke a rule of the protocol", "RFC 6455 §7.4.1"),
    (1003, "unsupported data", "a kind of data that this side does not accept", "RFC 6455 §7.4.1"),
    (
        1004,
        "reserved",
        "a meaning might be defined in the future; until then it is not sent",
        "RFC 6455 §7.4.1",
    ),
    (
        1005,
        "no code received",
        "what a program reports when the Close had no code; it never travels itself",
        "RFC 6455 §7.4.1",
    ),
    (
        1006,
        "abnormal closure",
        "what a program reports when the connection broke without a Close; it never travels itself",
        "RFC 6455 §7.4.1",
    ),
    (
        1007,
        "invalid payload",
        "the data does not fit its type, such as text that is not UTF-8",
        "RFC 6455 §7.4.1",
    ),
    (1008, "policy violation", "refused for a reason that no other code describes", "RFC 6455 §7.4.1"),
    (1009, "message too big", "larger than this side is willing to process", "RFC 6455 §7.4.1"),
    (
        1010,
        "extension missing",
        "the client needed an extension that the server did not agree to",
        "RFC 6455 §7.4.1",
    ),
    (1011, "internal error", "the server met a condition that it did not expect", "RFC 6455 §7.4.1"),
    (1012, "service restart", "the service restarts; clients may come back after a while", "RFC 6455 §11.7"),
    (
        1013,
        "try again later",
        "the service is overloaded; clients should wait before they come back",
        "RFC 6455 §11.7",
    ),
    (
        1014,
        "bad gateway",
        "a server in between got an invalid answer from the one behind it",
        "RFC 6455 §11.7",
    ),
    (
        1015,
        "TLS handshake failed",
        "what a program reports when TLS could not be set up; it never travels itself",
        "RFC 6455 §7.4.1",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn section_7_4_which_codes_may_travel() {
        // 5000 and above are doubtful: the RFC does not forbid them in so many words
        let refused = |code| {
            !matches!(CloseCode::new(code).status, CloseCodeStatus::Sendable | CloseCodeStatus::OutOfRange)
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
