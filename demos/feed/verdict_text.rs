//! The sentences of the feed: the bet, the verdict, figures with their units.
//!
//! Every figure in them is computed from the measurements.

use std::time::Duration;

use crate::feed::{FeedConfig, FeedSnapshot, Transport, TransportStats};
use crate::measure::EQUIVALENCE_BAND;
use crate::text;
use crate::text::units;
use crate::wire::format::group_thousands;

/// The choices of the bet: how many polling requests are made per push request.
pub(super) const BETS: [&str; 4] = ["one", "up to 9", "10 to 29", "30 or more"];

/// The number of ages below which there is no verdict.
const MIN_SAMPLES: u64 = 3;

/// The upper edges of all [`BETS`] but the last, in polling requests per push request.
const BET_UPPER_EDGES: [f64; 3] = [1.5, 9.5, 29.5];

/// Whether there is something to bet on: a transport that polls and one that pushes.
pub(super) fn can_bet(config: &FeedConfig) -> bool {
    config.transports.contains(&Transport::Poll)
        && config.transports.iter().any(|transport| transport.is_push())
}

/// Returns the question of the bet.
pub(super) fn question(config: &FeedConfig) -> String {
    let seconds = config.duration.as_secs();
    format!("In {seconds} s, how many polling requests per push request?")
}

/// Returns the winning bet as an index into [`BETS`]; `None` if no transport polls or none pushes.
pub(super) fn winning_bet(snapshot: &FeedSnapshot) -> Option<usize> {
    let (poll, push) = poll_and_push(snapshot)?;
    let times = poll.requests as f64 / push.requests.max(1) as f64;
    Some(BET_UPPER_EDGES.iter().filter(|edge| times > **edge).count())
}

/// Describes whether the bet was right. If the run was stopped early, a bet that is not right yet
/// stays open.
pub(super) fn bet_result(
    bet: Option<usize>,
    snapshot: &FeedSnapshot,
    config: &FeedConfig,
) -> Option<String> {
    let (bet, (poll, push)) = (bet?, poll_and_push(snapshot)?);
    let (right, early) = (Some(bet) == winning_bet(snapshot), snapshot.elapsed < config.duration);
    // A bet is on the whole run, so a wrong one stays open if the run was stopped early.
    let sign = match (right, early) {
        (true, _) => "✓",
        (false, true) => "–",
        (false, false) => "✗",
    };
    let when =
        if early { format!(" after {} s", snapshot.elapsed.as_secs()) } else { String::new() };
    let (polls, pushes) = (group_thousands(poll.requests), group_thousands(push.requests));
    Some(format!("{sign} You bet on {}; it was {polls} to {pushes}{when}.", BETS[bet]))
}

/// Returns the polling transport and the pushing one to compare it with.
fn poll_and_push(snapshot: &FeedSnapshot) -> Option<(&TransportStats, &TransportStats)> {
    let poll = snapshot
        .transports
        .iter()
        .find(|stats| stats.transport == Transport::Poll && stats.failure.is_none())?;
    Some((poll, freshest_push(snapshot)?))
}

/// Returns WebSocket, or SSE if there is no WebSocket.
fn freshest_push(snapshot: &FeedSnapshot) -> Option<&TransportStats> {
    let pushes = snapshot
        .transports
        .iter()
        .filter(|stats| stats.transport.is_push() && stats.failure.is_none());
    // `max_by_key` returns the last maximum: true is greater than false.
    pushes.max_by_key(|stats| stats.transport == Transport::WebSocket)
}

/// Returns the findings, one sentence each, the most important first. Empty while there are too few
/// samples.
pub(super) fn verdict(snapshot: &FeedSnapshot, config: &FeedConfig) -> Vec<String> {
    let enough = |stats: &TransportStats| stats.ages.count >= MIN_SAMPLES;
    let mut sentences = Vec::new();
    if let Some((poll, push)) =
        poll_and_push(snapshot).filter(|(poll, push)| enough(poll) && enough(push))
    {
        sentences.push(freshness_sentence(poll, push, config));
        sentences.push(cost_sentence(poll, push));
    }
    // Second place: it is the surprise of the talk, and the last sentences may not fit.
    if let Some(tie) = push_comparison(snapshot) {
        sentences.insert(sentences.len().min(1), tie);
    }
    let long = snapshot
        .transports
        .iter()
        .find(|stats| stats.transport == Transport::LongPoll && enough(stats));
    if let (Some(long), true) = (long, sentences.len() < 4) {
        sentences.push(format!(
            "Long polling: {} for {} events.",
            units::count(long.requests, "request"),
            snapshot.events
        ));
    }
    sentences
}

fn freshness_sentence(poll: &TransportStats, push: &TransportStats, config: &FeedConfig) -> String {
    // The lower bound only keeps the division from overflowing.
    let ratio = poll.mean.as_secs_f64() / push.mean.as_secs_f64().max(1e-9);
    let (old, new) = (units::age(poll.mean), units::age(push.mean));
    let pause = units::setting(config.poll_interval);
    if (ratio - 1.0).abs() <= EQUIVALENCE_BAND {
        return format!(
            "Push and polling with a pause of {pause} are equally fresh here ({new}, {old})."
        );
    }
    let times =
        if ratio < 10.0 { format!("{ratio:.1}") } else { group_thousands(ratio.round() as u64) };
    if ratio < 1.0 {
        return format!("Polling is fresher here: {old} against {new}.");
    }
    format!(
        "Push is {times}x fresher than polling with a pause of {pause}: {new} against {old}, mean \
         age."
    )
}

fn cost_sentence(poll: &TransportStats, push: &TransportStats) -> String {
    let nothing = match poll.empty {
        0 => String::new(),
        count => format!(", {} for nothing", group_thousands(count)),
    };
    format!(
        "Polling asked {}{nothing}; push asked {}.",
        count_times(poll.requests),
        count_times(push.requests)
    )
}

/// Compares the two transports that push.
fn push_comparison(snapshot: &FeedSnapshot) -> Option<String> {
    let of = |transport| {
        let found = snapshot.transports.iter().find(|stats| stats.transport == transport);
        found.filter(|stats| stats.ages.count >= MIN_SAMPLES && stats.failure.is_none())
    };
    let (sse, websocket) = (of(Transport::Sse)?, of(Transport::WebSocket)?);
    let difference = sse.mean.abs_diff(websocket.mean);
    // Equal within a tenth, or within what nobody can see on a screen.
    if difference.as_secs_f64() <= EQUIVALENCE_BAND * websocket.mean.as_secs_f64()
        || difference < Duration::from_millis(1)
    {
        return Some(
            "SSE ties WebSocket: the win is that the server may speak first, not the framing."
                .to_owned(),
        );
    }
    Some(format!(
        "SSE and WebSocket differ here: {} against {}.",
        units::age(sse.mean),
        units::age(websocket.mean)
    ))
}

fn count_times(count: u64) -> String {
    if count == 1 { "once".to_owned() } else { format!("{} times", group_thousands(count)) }
}

/// Joins as many of `sentences` as fit into `rows` rows of `width` cells, at least one. A cut
/// sentence could say the opposite of the whole one.
pub(super) fn sentences_that_fit(sentences: &[String], width: u16, rows: u16) -> String {
    let mut joined = String::new();
    for sentence in sentences {
        let more =
            if joined.is_empty() { sentence.clone() } else { format!("{joined} {sentence}") };
        if !joined.is_empty() && wrapped_rows(&more, width.into()) > usize::from(rows) {
            break;
        }
        joined = more;
    }
    joined
}

/// Returns the number of rows that `text` takes when wrapped between words.
fn wrapped_rows(text: &str, width: usize) -> usize {
    let (mut rows, mut used) = (1, 0);
    for word in text.split(' ').map(text::width) {
        if used > 0 && used + 1 + word > width {
            rows += 1;
            used = word;
        } else {
            used += usize::from(used > 0) + word;
        }
    }
    rows
}

/// Returns the expected mean age of a transport as a short formula with its result. T is the poll
/// pause.
pub(super) fn theory(transport: Transport, config: &FeedConfig) -> String {
    let (low, high) = config.expected_age(transport).into_inner();
    match transport {
        Transport::Poll => format!("T/2+RTT = {}", units::age(low)),
        Transport::LongPoll => {
            format!("{} … {}", units::age(low).trim_end_matches(" ms"), units::age(high))
        }
        Transport::Sse | Transport::WebSocket => format!("RTT/2 = {}", units::age(low)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feed::AgeHistogram;
    use crate::measure::HistogramSummary;

    fn standing(transport: Transport, ms: u64, requests: u64) -> TransportStats {
        let mean = Duration::from_millis(ms);
        let ages = HistogramSummary { count: 20, p99: mean * 2, ..HistogramSummary::default() };
        TransportStats {
            transport,
            ages,
            mean,
            spread: AgeHistogram::default(),
            price: Some(42.0),
            behind: Duration::ZERO,
            max_behind: Duration::ZERO,
            requests,
            empty: requests.saturating_sub(3),
            bytes: (0, 0),
            marks: Vec::new(),
            failure: None,
        }
    }

    fn live(transports: Vec<TransportStats>) -> FeedSnapshot {
        FeedSnapshot {
            elapsed: Duration::from_secs(30),
            events: 20,
            price: 42.0,
            recent: Vec::new(),
            transports,
        }
    }

    #[test]
    fn the_verdict_states_what_was_measured() {
        let config = FeedConfig::default();
        let sides = live(vec![
            standing(Transport::WebSocket, 25, 1),
            standing(Transport::Sse, 26, 1),
            standing(Transport::Poll, 550, 28),
        ]);
        assert_eq!(
            verdict(&sides, &config),
            [
                "Push is 22x fresher than polling with a pause of 1 s: 25 ms against 550 ms, mean \
                 age.",
                "SSE ties WebSocket: the win is that the server may speak first, not the framing.",
                "Polling asked 28 times, 25 for nothing; push asked once.",
            ]
        );
        let even =
            live(vec![standing(Transport::WebSocket, 100, 1), standing(Transport::Poll, 105, 28)]);
        assert!(verdict(&even, &config)[0].contains("equally fresh"));
        let differ =
            live(vec![standing(Transport::WebSocket, 100, 1), standing(Transport::Sse, 150, 1)]);
        assert_eq!(
            verdict(&differ, &config),
            ["SSE and WebSocket differ here: 150 ms against 100 ms."]
        );
        let mut early = sides;
        early.transports.iter_mut().for_each(|transport| transport.ages.count = 2);
        assert_eq!(verdict(&early, &config), [""; 0]);
    }

    #[test]
    fn a_bet_is_settled_by_the_counted_requests() {
        let config = FeedConfig::default();
        let settled = |bet, requests, seconds| {
            let sides = vec![
                standing(Transport::Poll, 500, requests),
                standing(Transport::WebSocket, 25, 1),
            ];
            let snapshot = FeedSnapshot { elapsed: Duration::from_secs(seconds), ..live(sides) };
            super::bet_result(Some(bet), &snapshot, &config).unwrap()
        };
        assert_eq!(settled(1, 9, 30), "✓ You bet on up to 9; it was 9 to 1.");
        assert_eq!(settled(0, 1_280, 30), "✗ You bet on one; it was 1,280 to 1.");
        assert_eq!(settled(2, 4, 8), "– You bet on 10 to 29; it was 4 to 1 after 8 s.");
        let which = |requests| {
            winning_bet(&live(vec![
                standing(Transport::Poll, 500, requests),
                standing(Transport::Sse, 25, 1),
            ]))
        };
        assert_eq!([1, 2, 9, 10, 29, 30].map(which), [0, 1, 1, 2, 2, 3].map(Some));
        assert_eq!(
            winning_bet(&live(vec![standing(Transport::Poll, 500, 7)])),
            None,
            "nobody pushes"
        );
    }

    #[test]
    fn only_whole_sentences_are_shown() {
        let sentences = ["One two three.", "Four five.", "Six."].map(str::to_owned);
        assert_eq!(sentences_that_fit(&sentences, 14, 1), "One two three.");
        assert_eq!(sentences_that_fit(&sentences, 14, 2), "One two three. Four five.");
        assert_eq!(sentences_that_fit(&sentences, 15, 2), "One two three. Four five. Six.");
        assert_eq!(
            sentences_that_fit(&sentences, 3, 1),
            "One two three.",
            "something is said at any size"
        );
        assert_eq!(
            [50, 1_000, 1_500].map(|ms| units::setting(Duration::from_millis(ms))),
            ["50 ms", "1 s", "1.5 s"]
        );
    }

    #[test]
    fn times_have_three_digits_and_their_unit() {
        let us = Duration::from_micros;
        assert_eq!(
            [us(690), us(25_230), us(25_000), us(479_400), us(1_013_000), us(12_340_000)]
                .map(units::age),
            ["0.69 ms", "25.2 ms", "25 ms", "479 ms", "1,013 ms", "12.3 s"]
        );
        assert_eq!(
            Transport::ALL.map(|transport| theory(transport, &FeedConfig::default())),
            ["RTT/2 = 25 ms", "RTT/2 = 25 ms", "25 … 75 ms", "T/2+RTT = 550 ms"]
        );
    }
}
