//! [`Verdict`]: how a server did in one case.

use crate::text::named_enum;

/// The result of one case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// The server did what the rule demands or recommends.
    Pass,
    /// The server did something else that the rule allows.
    Tolerated,
    /// The server broke the rule.
    Fail,
    /// The case is about something optional that the server does not offer.
    NotOffered,
    /// The case needs an echo, and the server does not echo.
    NotApplicable,
    /// The server accepted the connection and never answered.
    NoAnswer,
    /// The server no longer accepts connections after the case.
    Died,
}

named_enum!(Verdict, "verdict":
    Pass = "pass",
    Tolerated = "tolerated",
    Fail = "fail",
    NotOffered = "not-offered",
    NotApplicable = "not-applicable",
    NoAnswer = "no-answer",
    Died = "died",
);

impl Verdict {
    /// Returns how much worse the verdict is than others: of several the most severe one counts.
    pub fn severity(self) -> u8 {
        match self {
            Self::NotApplicable => 0,
            Self::NotOffered => 1,
            Self::Pass => 2,
            Self::Tolerated => 3,
            Self::Fail => 4,
            Self::NoAnswer => 5,
            Self::Died => 6,
        }
    }

    /// Whether the server broke a rule, or broke down.
    pub fn is_failure(self) -> bool {
        matches!(self, Self::Fail | Self::NoAnswer | Self::Died)
    }
}

/// A verdict with its reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The verdict.
    pub verdict: Verdict,
    /// What the server did, as a clause without a subject: `closed with 1002`.
    pub reason: String,
    /// What it should have done, as such a clause; empty where nothing was expected yet.
    pub expected: String,
}

impl Finding {
    /// Creates a finding.
    pub fn new(verdict: Verdict, reason: impl Into<String>) -> Self {
        Self { verdict, reason: reason.into(), expected: String::new() }
    }
}
