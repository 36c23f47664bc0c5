//! What is compared: the transports, how often something happens, and how far away the server is.
//! It is plain data, with the ages that theory predicts.

use std::ops::RangeInclusive;
use std::time::Duration;

use crate::text::named_enum;

/// How a client learns of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Transport {
    /// Request, pause, request again.
    Poll,
    /// Request what is newer than the last response. The server responds once there is something
    /// (RFC 6202 section 2).
    LongPoll,
    /// One request with a response that never ends (server-sent events, WHATWG HTML section 9.2).
    Sse,
    /// One handshake, then messages.
    WebSocket,
}

named_enum!(
    Transport,
    "transport":
    WebSocket = "ws",
    Sse = "sse",
    LongPoll = "long",
    Poll = "poll",
);

impl Transport {
    /// Returns the name on a slide.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Poll => "poll",
            Self::LongPoll => "long poll",
            Self::Sse => "SSE",
            Self::WebSocket => "WebSocket",
        }
    }

    /// Whether the server sends without a request for each event.
    pub const fn is_push(self) -> bool {
        matches!(self, Self::Sse | Self::WebSocket)
    }
}

/// The configuration of a comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedConfig {
    /// The transports, in the order in which they are shown.
    pub transports: Vec<Transport>,
    /// The approximate mean time between two events.
    pub mean_gap: Duration,
    /// How long a polling client pauses between a response and its next request.
    pub poll_interval: Duration,
    /// The modelled round trip to the server, in addition to what loopback takes.
    pub rtt: Duration,
    /// How long the comparison runs.
    pub duration: Duration,
    /// The seed of the prices and of the gaps between events.
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
    /// Returns the mean age that theory predicts for `transport` if events are random and far
    /// apart. A long poll has a best and a worst case (RFC 6202 section 2.2).
    pub fn expected_age(&self, transport: Transport) -> RangeInclusive<Duration> {
        let [transit, mean_wait] =
            [self.rtt, self.poll_interval].map(|time| time.checked_div(2).unwrap_or_default());
        match transport {
            // The server looks at the price once per pause and round trip. An event waits half of
            // that on average, and its response then takes half a round trip more.
            Transport::Poll => {
                let age = mean_wait.saturating_add(self.rtt);
                age..=age
            }
            // At worst an event just misses a response, and waits for that one and the next
            // request.
            Transport::LongPoll => transit..=transit.saturating_mul(3),
            Transport::Sse | Transport::WebSocket => transit..=transit,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn theory_matches_the_textbook() {
        let config =
            FeedConfig { poll_interval: Duration::from_millis(100), ..FeedConfig::default() };
        let expected = |transport| {
            let (low, high) = config.expected_age(transport).into_inner();
            (low.as_millis(), high.as_millis())
        };
        assert_eq!(Transport::ALL.map(expected), [(25, 25), (25, 25), (25, 75), (100, 100)]);
    }

    #[test]
    fn theory_saturates_at_the_longest_duration() {
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
        assert_eq!(error, "unknown transport `pigeon`; expected one of: ws, sse, long, poll");
    }
}
