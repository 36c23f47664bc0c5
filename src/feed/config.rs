//! What is compared: the transports, how often something happens, how far away the server is.
//! It is plain data, with what theory says of it.

use std::ops::RangeInclusive;
use std::time::Duration;

use crate::text::named_enum;

/// A way in which a client learns of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Transport {
    /// Ask, pause, ask again.
    Poll,
    /// Ask for what is newer than the last answer; the server answers when there is something (RFC
    /// 6202 section 2).
    LongPoll,
    /// One request with an answer that never ends (WHATWG HTML, server-sent events).
    Sse,
    /// One handshake, then messages.
    WebSocket,
}

named_enum!(Transport, "way": WebSocket = "ws", Sse = "sse", LongPoll = "long", Poll = "poll");

impl Transport {
    /// The name on a slide.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Poll => "poll",
            Self::LongPoll => "long poll",
            Self::Sse => "SSE",
            Self::WebSocket => "WebSocket",
        }
    }

    /// Whether the server speaks without being asked each time.
    pub const fn is_push(self) -> bool {
        matches!(self, Self::Sse | Self::WebSocket)
    }
}

/// One comparison: under which conditions, and for how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedConfig {
    /// The transports, in the order they are shown in.
    pub transports: Vec<Transport>,
    /// About how long it is from one event to the next.
    pub mean_gap: Duration,
    /// How long a polling client waits between an answer and its next question.
    pub poll_interval: Duration,
    /// The round trip to the server: modelled, on top of what loopback takes.
    pub rtt: Duration,
    /// How long it runs.
    pub duration: Duration,
    /// The seed of prices and gaps.
    pub seed: u64,
}

impl Default for FeedConfig {
    fn default() -> Self {
        Self {
            transports: Transport::ALL.to_vec(),
            mean_gap: Duration::from_millis(700),
            poll_interval: Duration::from_secs(1),
            rtt: Duration::from_millis(50),
            duration: Duration::from_secs(30),
            seed: 1,
        }
    }
}

impl FeedConfig {
    /// The mean age that theory gives `transport`, where events come at random and far apart; a
    /// long poll has its best and its worst case (RFC 6202 section 2.2).
    pub fn expected_age(&self, transport: Transport) -> RangeInclusive<Duration> {
        let [transit, mean_wait] =
            [self.rtt, self.poll_interval].map(|time| time.checked_div(2).unwrap_or_default());
        match transport {
            // between two looks of the server at the price lie the pause and a round trip, half of
            // which is the mean wait
            Transport::Poll => {
                let age = mean_wait.saturating_add(self.rtt);
                age..=age
            }
            Transport::LongPoll => transit..=transit.saturating_mul(3),
            Transport::Sse | Transport::WebSocket => transit..=transit,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn theory_is_that_of_the_textbook() {
        let config =
            FeedConfig { poll_interval: Duration::from_millis(100), ..FeedConfig::default() };
        let expected = |transport| {
            let (low, high) = config.expected_age(transport).into_inner();
            (low.as_millis(), high.as_millis())
        };
        assert_eq!(Transport::ALL.map(expected), [(25, 25), (25, 25), (25, 75), (100, 100)]);
    }

    #[test]
    fn theory_of_the_longest_times_ends_at_the_longest_time() {
        let config = FeedConfig {
            poll_interval: Duration::MAX,
            rtt: Duration::MAX,
            ..FeedConfig::default()
        };
        let ends = [Transport::Poll, Transport::LongPoll]
            .map(|transport| *config.expected_age(transport).end());
        assert_eq!(ends, [Duration::MAX; 2]);
    }

    #[test]
    fn every_transport_is_found_by_its_name() {
        assert_eq!(
            Transport::ALL.map(|transport| transport.name().parse()),
            Transport::ALL.map(Ok)
        );
        let error = "pigeon".parse::<Transport>().unwrap_err().to_string();
        assert_eq!(error, "unknown way `pigeon`; there are: ws, sse, long, poll");
    }
}
