//! Which known implementations reject a broken frame: their reactions to the vectors of
//! `tests/vectors/frames.json`.
//! These are results for the tested versions and cases, with the number of cases. They say nothing
//! about other frames or other versions.

mod implementation;
mod results;

use std::fmt;

use crate::wire::decode::fault::FaultCode;
pub use implementation::Implementation;
use results::InteropRow;

/// The reaction of one implementation to the cases of one rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InteropResult {
    /// The implementation that was tested.
    pub implementation: &'static Implementation,
    /// The number of cases that it rejected.
    pub rejected: u8,
    /// The number of cases that it accepted.
    pub accepted: u8,
    /// The number of all cases. It is larger than the sum of the two if the implementation could
    /// not be tested with all (it has no permessage-deflate, for example).
    pub cases: u8,
    /// Its error message, if it rejected something that the RFC does not forbid.
    pub message: Option<&'static str>,
}

/// An [`InteropResult`] in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reaction {
    /// It rejected every case that it was tested with.
    Rejects,
    /// It accepted every case that it was tested with.
    Accepts,
    /// It rejected some cases and accepted others.
    Mixed,
    /// It was not tested with any case.
    NotTested,
}

/// Returns the number of cases behind the results for `code`; some rules have none. Counts only
/// cases that break no other rule and have a complete header.
pub fn case_count(code: FaultCode) -> u8 {
    find_row(code).map_or(0, |row| row.cases)
}

/// Returns the reaction of each implementation to frames that break the rule; empty if there is no
/// case.
///
/// ```
/// use wiretalk_core::wire::{FaultCode, explain::interop};
///
/// let results = interop::results_for(FaultCode::LenNotMinimal);
/// let ws = results.iter().find(|result| result.implementation.name == "ws").unwrap();
/// assert_eq!(ws.to_string(), "ws 8.23.0 (Node 20) accepts it (4 of 4 cases)");
/// ```
pub fn results_for(code: FaultCode) -> Vec<InteropResult> {
    let Some(row) = find_row(code) else { return Vec::new() };
    let answers = results::IMPLEMENTATIONS.iter().zip(row.rejected_accepted).map(
        |(peer, (refused, accepted))| {
            let message = row
                .messages
                .iter()
                .find(|(name, _)| *name == peer.name)
                .map(|(_, message)| *message);
            InteropResult {
                implementation: peer,
                rejected: refused,
                accepted,
                cases: row.cases,
                message,
            }
        },
    );
    answers.collect()
}

fn find_row(code: FaultCode) -> Option<&'static InteropRow> {
    results::RESULTS.iter().find(|row| row.code == code)
}

impl InteropResult {
    /// Returns the reaction in one word.
    pub fn reaction(&self) -> Reaction {
        match (self.rejected, self.accepted) {
            (0, 0) => Reaction::NotTested,
            (_, 0) => Reaction::Rejects,
            (0, _) => Reaction::Accepts,
            _ => Reaction::Mixed,
        }
    }
}

impl fmt::Display for InteropResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { implementation: peer, rejected: refused, accepted, cases, .. } = self;
        let of = format!("of {cases} case{}", if *cases == 1 { "" } else { "s" });
        write!(f, "{} ", peer.version)?;
        match self.reaction() {
            Reaction::NotTested => write!(f, "was not tested"),
            Reaction::Rejects => write!(f, "rejects it ({refused} {of})"),
            Reaction::Accepts => write!(f, "accepts it ({accepted} {of})"),
            Reaction::Mixed => write!(f, "rejects {refused} and accepts {accepted} {of}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Severity;
    use crate::wire::vectors::{array, frames_file, number, text};
    use serde_json::Value;
    use std::collections::BTreeSet;

    /// Whether no other rule could have been the reason, and the frame's header was complete.
    fn decides(case: &Value, code: FaultCode) -> bool {
        let faults = array(&case["expect"]["violations"]);
        let listed = array(&case["expect"]["frames"]).len() as u64;
        let found: BTreeSet<FaultCode> =
            faults.iter().map(|fault| text(&fault["code"]).parse::<FaultCode>().unwrap()).collect();
        let is_fatal = |code: &FaultCode| code.rule().severity == Severity::Fatal;
        let alone = if is_fatal(&code) {
            found.iter().copied().filter(is_fatal).eq([code])
        } else {
            found.iter().eq([&code])
        };
        alone && faults.iter().all(|fault| number(&fault["frame"]) < listed)
    }

    /// Returns the numbers of rejected and accepted cases, and the first words of a rejection that
    /// differs from the expected verdict.
    fn tally<'a>(cases: &[&'a Value], peer: &str) -> (u8, u8, Option<&'a str>) {
        let (mut refused, mut accepted, mut message) = (0, 0, None);
        for case in cases {
            let by = &case["verified_by"];
            let agrees = array(&by["verdict"]).iter().any(|name| name == peer);
            match (agrees, by["differs"][peer].as_str()) {
                (true, _) if case["expect"]["verdict"] == "fail" => refused += 1,
                (true, _) | (false, Some("accepted")) => accepted += 1,
                (false, Some(transcript)) => {
                    refused += 1;
                    message = message.or(Some(transcript));
                }
                (false, None) => {}
            }
        }
        (refused, accepted, message)
    }

    #[test]
    fn every_figure_is_what_the_vectors_say() {
        let file = frames_file();
        let mut tried = 0;
        for code in FaultCode::ALL {
            let deciding: Vec<&Value> =
                array(&file["cases"]).iter().filter(|case| decides(case, *code)).collect();
            assert_eq!(usize::from(case_count(*code)), deciding.len(), "{code}");
            for answer in results_for(*code) {
                let want = tally(&deciding, answer.implementation.name);
                let name = answer.implementation.name;
                assert_eq!(
                    (answer.rejected, answer.accepted, answer.message),
                    want,
                    "{code}: {name}"
                );
                tried += u32::from(want.0) + u32::from(want.1);
            }
        }
        assert!(tried > 200, "{tried}");
    }

    #[test]
    fn every_implementation_that_validates_is_listed_with_its_version() {
        let file = frames_file();
        let named = file["implementations"].as_object().unwrap();
        // tshark names header fields and validates nothing.
        assert_eq!(named.len(), results::IMPLEMENTATIONS.len() + 1);
        for peer in &results::IMPLEMENTATIONS {
            assert_eq!(named[peer.name], peer.version);
        }
    }

    #[test]
    fn an_answer_says_what_it_rests_on() {
        let result_of = |code, name| {
            results_for(code).into_iter().find(|answer| answer.implementation.name == name).unwrap()
        };
        assert_eq!(
            result_of(FaultCode::CloseCodeInvalid, "aiohttp").to_string(),
            "aiohttp 3.14.5 (Python reader) rejects 9 and accepts 1 of 10 cases"
        );
        assert_eq!(result_of(FaultCode::Inflate, "tungstenite").reaction(), Reaction::NotTested);
        assert_eq!(
            result_of(FaultCode::CloseCodeOutOfRange, "fastwebsockets").message,
            Some("Invalid close code")
        );
        assert!(
            results_for(FaultCode::Rsv1OnControl).is_empty(),
            "no vector breaks that rule alone"
        );
    }
}
