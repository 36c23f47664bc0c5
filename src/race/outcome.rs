//! What a race has shown: figures by lane, the ratio, and a sentence.
//!
//! Nothing here is measured; it is worked out from what was.

use std::time::Duration;

use crate::measure::{Ratio, Summary, Verdict};
use crate::race::{Course, Lane};

/// A lane's figures so far.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Figures {
    /// Which lane.
    pub lane: Lane,
    /// The times of its exchanges.
    pub times: Summary,
    /// The time it has run, warm-up not counted.
    pub busy: Duration,
    /// Bytes an exchange from client to server and back, counted at the server's sockets as TCP
    /// payload; `None` if the server is not ours, others used it, or no slice is complete yet.
    pub bytes: Option<(f64, f64)>,
}

impl Figures {
    /// Exchanges a second while the lane ran; 0 before it did.
    pub fn rate(&self) -> f64 {
        if self.busy.is_zero() { 0.0 } else { self.times.count as f64 / self.busy.as_secs_f64() }
    }
}

/// The end of a race.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// What was run.
    pub course: Course,
    /// The lanes in the order of [`Lane::ALL`].
    pub lanes: Vec<Figures>,
    /// REST time by WebSocket time; `None` if there was no pair.
    pub ratio: Option<Ratio>,
    /// Why the run does not count; empty if it does.
    pub invalid_because: Vec<String>,
}

impl Outcome {
    /// Whether the run counts.
    pub fn valid(&self) -> bool {
        self.invalid_because.is_empty()
    }

    /// The result in one sentence, with its conditions.
    pub fn sentence(&self) -> String {
        if !self.valid() {
            return format!("This run does not count: {}.", self.invalid_because.join("; "));
        }
        let Some(ratio) = self.ratio else { return "Nothing was measured.".to_owned() };
        let interval = format!("95 % interval {:.2} to {:.2}, {} pairs", ratio.low, ratio.high, ratio.pairs);
        let conditions = format!(
            "{} bytes there and back, one connection each, one exchange at a time, loopback, both ends unpinned",
            self.course.payload
        );
        match ratio.verdict() {
            Verdict::NoDifference => {
                format!("No difference worth the name: {:.2} times ({interval}); {conditions}.", ratio.median)
            }
            Verdict::Slower => {
                format!(
                    "REST takes {:.2} times as long as WebSocket ({interval}); {conditions}.",
                    ratio.median
                )
            }
            Verdict::Faster => {
                format!("REST takes only {:.2} of WebSocket's time ({interval}); {conditions}.", ratio.median)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(ratio: Option<Ratio>, invalid: &[&str]) -> Outcome {
        let invalid_because = invalid.iter().map(|&reason| reason.to_owned()).collect();
        Outcome { course: Course::default(), lanes: Vec::new(), ratio, invalid_because }
    }

    #[test]
    fn the_sentence_carries_its_conditions() {
        let ratio = |median, low, high| Some(Ratio { median, low, high, pairs: 15 });
        assert_eq!(
            outcome(ratio(1.47, 1.45, 1.49), &[]).sentence(),
            "REST takes 1.47 times as long as WebSocket (95 % interval 1.45 to 1.49, 15 pairs); 32 bytes there and \
             back, one connection each, one exchange at a time, loopback, both ends unpinned."
        );
        assert!(
            outcome(ratio(1.03, 0.98, 1.08), &[])
                .sentence()
                .starts_with("No difference worth the name: 1.03")
        );
        assert!(outcome(ratio(0.59, 0.5, 0.6), &[]).sentence().starts_with("REST takes only 0.59 of"));
        assert_eq!(
            outcome(None, &["the server left"]).sentence(),
            "This run does not count: the server left."
        );
    }

    #[test]
    fn a_rate_is_exchanges_by_the_time_the_lane_ran() {
        let times = Summary { count: 50, ..Summary::default() };
        let figures = Figures { lane: Lane::WebSocket, times, busy: Duration::from_millis(500), bytes: None };
        assert!((figures.rate() - 100.0).abs() < 1e-9);
    }
}
