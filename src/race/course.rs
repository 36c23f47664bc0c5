//! What is raced over: lanes, servers, payload and every other dial.
//!
//! A course is plain data; whether it can be run at all is told before it starts.

use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::net::Distance;
use crate::race::{Against, Kind, Lane, Placement};
use crate::servers::{Header, browser_headers, reply_headers};

/// The largest payload, in bytes: the bundled servers refuse more.
pub const LARGEST: usize = 1024 * 1024;
/// The most connections of a lane.
pub const MOST_CONNECTIONS: usize = 256;
/// The most messages of an exchange.
pub const MOST_BURST: usize = 1000;
/// The longest round trip.
pub const FARTHEST: Duration = Duration::from_millis(500);

/// How large requests and replies are beside their payload.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Headers {
    /// What the libraries send by themselves.
    #[default]
    Minimal,
    /// What a browser and a server on the web send: cookies, policies, cache control.
    Browser,
}

impl Headers {
    /// What each request says beside what its library does.
    pub(super) fn of_requests(self) -> &'static [Header] {
        if self == Self::Browser { browser_headers() } else { &[] }
    }

    /// What each reply says beside what its library does.
    pub(super) fn of_replies(self) -> &'static [Header] {
        if self == Self::Browser { reply_headers() } else { &[] }
    }
}

/// A race: who, with what, how long.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Course {
    /// The contestants.
    pub lanes: Vec<Lane>,
    /// The bytes of body and message.
    pub payload: usize,
    /// The connections of each lane; each does one exchange at a time.
    pub connections: usize,
    /// The headers of requests and replies.
    pub headers: Headers,
    /// The messages of one exchange; none: 1, or 10 where a lane pipelines.
    pub burst: Option<usize>,
    /// How far away the servers are.
    pub distance: Distance,
    /// The distance is made by the kernel's own network, not modelled.
    pub real_net: bool,
    /// Exchanges a second of each lane, over all its connections; none: each follows the one before at once.
    pub rate: Option<u32>,
    /// Where the two ends run.
    pub placement: Placement,
    /// The number of rounds; each gives a pair.
    pub pairs: usize,
    /// How long a lane runs in one round, at least.
    pub slice: Duration,
    /// How long each lane runs before it counts.
    pub warm_up: Duration,
    /// The seed of the order of lanes and of the interval's resamples.
    pub seed: u64,
    /// Somebody else's servers.
    pub against: Option<Against>,
}

impl Default for Course {
    fn default() -> Self {
        Self {
            lanes: Lane::DEFAULT.to_vec(),
            payload: 32,
            connections: 1,
            headers: Headers::Minimal,
            burst: None,
            distance: Distance::default(),
            real_net: false,
            rate: None,
            placement: Placement::best(),
            pairs: 15,
            slice: Duration::from_millis(150),
            warm_up: Duration::from_millis(150),
            seed: 1,
            against: None,
        }
    }
}

/// Why a course cannot be run.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum CourseError {
    /// Nobody to race.
    #[error("a race needs at least one lane; name some, for example http-reqwest,ws")]
    Lanes,
    /// A lane twice.
    #[error("the lane {0} is named twice")]
    Twice(Lane),
    /// A dial beyond its end.
    #[error("{what} is {given}; it can be from {from} to {to}")]
    Range {
        /// Which dial.
        what: &'static str,
        /// What was given.
        given: String,
        /// The least.
        from: String,
        /// The most.
        to: String,
    },
    /// Two dials that exclude each other, or a lane that a server of others cannot have.
    #[error("{0}")]
    Clash(String),
}

fn range<T: PartialOrd + ToString>(what: &'static str, given: T, from: T, to: T) -> Result<(), CourseError> {
    if (&from..=&to).contains(&&given) {
        return Ok(());
    }
    let [given, from, to] = [given, from, to].map(|number| number.to_string());
    Err(CourseError::Range { what, given, from, to })
}

/// As a factor of a time; more than fits is as much as fits.
fn factor(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

impl Course {
    /// Whether the course can be run.
    ///
    /// # Errors
    ///
    /// What cannot be, and what could.
    pub fn check(&self) -> Result<(), CourseError> {
        if self.lanes.is_empty() {
            return Err(CourseError::Lanes);
        }
        for (index, lane) in self.lanes.iter().enumerate() {
            if self.lanes.iter().take(index).any(|other| other == lane) {
                return Err(CourseError::Twice(*lane));
            }
        }
        range("the payload in bytes", self.payload, 0, LARGEST)?;
        range("the number of connections", self.connections, 1, MOST_CONNECTIONS)?;
        range("the number of messages in a burst", self.messages(), 1, MOST_BURST)?;
        range("the number of pairs", self.pairs, 1, 10_000)?;
        if self.distance.rtt > FARTHEST {
            let [given, to] =
                [self.distance.rtt, FARTHEST].map(|trip| (trip.as_secs_f64() * 1e3).to_string());
            let what = "the round trip in ms";
            return Err(CourseError::Range { what, given, from: "0".to_owned(), to });
        }
        if self.distance.jitter > self.distance.rtt {
            return Err(CourseError::Clash(
                "the jitter is larger than the round trip; the most is as large".into(),
            ));
        }
        if let Some(rate) = self.rate {
            range("the rate in exchanges a second", rate, 1, 1_000_000)?;
        }
        if self.distance.bandwidth == Some(0) {
            return Err(CourseError::Clash(
                "a bandwidth of 0 lets nothing through; give for example 10mbit".into(),
            ));
        }
        if self.real_net && self.against.is_some() {
            return Err(CourseError::Clash(
                "--real-net is between our own ends; it has no way to other servers".into(),
            ));
        }
        self.against.as_ref().map_or(Ok(()), |against| against.check(self)).map_err(CourseError::Clash)
    }

    /// The messages of one exchange.
    pub fn messages(&self) -> usize {
        let pipelines = self.lanes.iter().any(|lane| lane.kind == Kind::WsPipelined);
        self.burst.unwrap_or(if pipelines { 10 } else { 1 })
    }

    /// The bytes of each body and message: printable, and the same for all lanes.
    pub fn bytes(&self) -> Bytes {
        (b' '..=b'~').cycle().take(self.payload).collect()
    }

    /// What each WebSocket may read at once, in bytes. The library's default of 128 KiB makes every connection 20 times
    /// as large, and slower; large payloads get a larger one.
    pub fn read_buffer(&self) -> usize {
        if self.payload >= 64 * 1024 { 16 * 1024 } else { 4096 }
    }

    /// How long an exchange may take before its lane is given up.
    pub(super) fn patience(&self) -> Duration {
        let Distance { rtt, jitter, bandwidth } = self.distance;
        let (messages, connections) = (factor(self.messages()), factor(self.connections));
        // there and back, with the headers
        let bits = (self.payload as u64).saturating_add(8 * 1024).saturating_mul(8 * 2);
        let seconds = |bandwidth: u64| bits.checked_div(bandwidth).unwrap_or(bits).saturating_add(1);
        let sending = bandwidth.map_or(Duration::ZERO, |bandwidth| Duration::from_secs(seconds(bandwidth)));
        let trips = rtt.saturating_add(jitter).saturating_mul(6).saturating_mul(messages);
        let sending = sending.saturating_mul(messages).saturating_mul(connections);
        Duration::from_secs(5).saturating_add(trips).saturating_add(sending)
    }

    /// The lane that the others are compared with: the open WebSocket where it runs, otherwise the last one.
    pub fn base(&self) -> Lane {
        let open = |tls| self.lanes.iter().find(|lane| **lane == Lane { kind: Kind::Ws, tls }).copied();
        let other =
            || self.lanes.iter().rev().find(|lane| lane.kind.is_websocket()).or(self.lanes.last()).copied();
        open(false).or_else(|| open(true)).or_else(other).unwrap_or(Lane::plain(Kind::Ws))
    }

    /// The lane whose steadiness tells of the machine: the floor where it runs, otherwise the base.
    pub fn floor(&self) -> Lane {
        let floor = Lane::plain(Kind::Tcp);
        if self.lanes.contains(&floor) { floor } else { self.base() }
    }

    /// How long a run takes if nothing takes longer than a slice.
    pub fn length(&self) -> Duration {
        let slices = factor(self.lanes.len().saturating_mul(self.pairs));
        let warming_up = self.warm_up.saturating_mul(factor(self.lanes.len()));
        self.slice.saturating_mul(slices).saturating_add(warming_up)
    }

    /// The conditions in words, for a verdict.
    pub fn conditions(&self) -> String {
        let mut said = vec![match self.messages() {
            0 | 1 => format!("{} bytes there and back", self.payload),
            messages => format!("{messages} messages of {} bytes an exchange", self.payload),
        }];
        said.push(match self.connections {
            1 => "one connection each".to_owned(),
            count => format!("{count} connections each"),
        });
        if self.headers == Headers::Browser {
            said.push("browser-sized headers".to_owned());
        }
        said.push(self.way());
        if let Some(rate) = self.rate {
            said.push(format!("{rate} exchanges a second, each timed from when it was due"));
        }
        said.join(", ")
    }

    /// Where the servers are, in words.
    pub fn way(&self) -> String {
        let how = if self.real_net { "real network stack" } else { "modelled" };
        let Distance { rtt, jitter, bandwidth } = self.distance;
        match (&self.against, self.distance.is_none()) {
            (Some(against), _) => format!("servers of others ({})", against.hosts()),
            (None, true) if self.real_net => "real network stack, no distance".to_owned(),
            (None, true) => "loopback".to_owned(),
            (None, false) => {
                let mut said = format!("{} ms away", millis(rtt));
                if !jitter.is_zero() {
                    said += &format!(" ± {} ms", millis(jitter.checked_div(2).unwrap_or_default()));
                }
                if let Some(bandwidth) = bandwidth {
                    said += &format!(" at {}", bits(bandwidth));
                }
                format!("{said} ({how})")
            }
        }
    }

    /// The command that runs the same again.
    pub fn command(&self) -> String {
        let lanes: Vec<String> = self.lanes.iter().map(|lane| lane.name()).collect();
        let mut command = format!(
            "wiretalk race --lanes {} --payload {} --connections {} --placement {} --pairs {} --seed {}",
            lanes.join(","),
            self.payload,
            self.connections,
            self.placement,
            self.pairs,
            self.seed
        );
        let mut option = |name: &str, value: String| command += &format!(" --{name} {value}");
        if self.headers == Headers::Browser {
            option("headers", "browser".to_owned());
        }
        if let Some(burst) = self.burst {
            option("burst", burst.to_string());
        }
        let Distance { rtt, jitter, bandwidth } = self.distance;
        if !rtt.is_zero() {
            option("rtt", format!("{}ms", millis(rtt)));
        }
        if !jitter.is_zero() {
            option("jitter", format!("{}ms", millis(jitter)));
        }
        if let Some(bandwidth) = bandwidth {
            option("bandwidth", format!("{bandwidth}bit"));
        }
        if let Some(rate) = self.rate {
            option("rate", rate.to_string());
        }
        if let Some(against) = &self.against {
            option("against", against.to_string());
            if let Some(bound) = against.bound {
                option("max-requests", bound.requests.to_string());
                option("max-time", format!("{}s", bound.time.as_secs_f64()));
            }
        }
        if self.real_net { command + " --real-net" } else { command }
    }
}

/// Milliseconds without needless digits.
fn millis(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}

/// Bits a second with the unit that fits.
fn bits(count: u64) -> String {
    match count {
        1_000_000.. => format!("{} Mbit/s", count as f64 / 1e6),
        1_000.. => format!("{} kbit/s", count as f64 / 1e3),
        _ => format!("{count} bit/s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(course: &Course) -> String {
        course.check().map_or_else(|error| error.to_string(), |()| "fine".to_owned())
    }

    #[test]
    fn a_dial_beyond_its_end_is_told() {
        assert_eq!(told(&Course::default()), "fine");
        assert!(told(&Course { payload: LARGEST + 1, ..Course::default() }).contains("from 0 to 1048576"));
        assert!(
            told(&Course { connections: 257, ..Course::default() })
                .contains("is 257; it can be from 1 to 256")
        );
        assert!(told(&Course { lanes: vec![], ..Course::default() }).contains("at least one lane"));
        let twice = vec![Lane::plain(Kind::Ws), Lane::plain(Kind::Ws)];
        assert_eq!(told(&Course { lanes: twice, ..Course::default() }), "the lane ws is named twice");
        let distance = Distance { jitter: Duration::from_millis(1), ..Distance::default() };
        assert!(told(&Course { distance, ..Course::default() }).contains("larger than the round trip"));
    }

    #[test]
    fn no_dial_wraps_round_into_its_range() {
        for beyond in [u64::MAX, u64::MAX / 1000, u64::MAX / 1_000_000, 1 << 32] {
            let rtt = Duration::from_millis(beyond);
            let far = Course { distance: Distance { rtt, ..Distance::default() }, ..Course::default() };
            assert!(told(&far).starts_with("the round trip in ms is "), "{}", told(&far));
        }
        // 2^64 ms, which a u64 of milliseconds holds as 0
        let rtt = Duration::from_secs_f64(18_446_744_073_709_551_616.0 / 1000.0);
        let distance = Distance { rtt, ..Distance::default() };
        assert!(told(&Course { distance, ..Course::default() }).contains("can be from 0 to 500"));
        let rtt = FARTHEST + Duration::from_nanos(1);
        let distance = Distance { rtt, ..Distance::default() };
        assert!(told(&Course { distance, ..Course::default() }).contains("can be from 0 to 500"));
        let huge = [
            Course { payload: usize::MAX, ..Course::default() },
            Course { connections: usize::MAX, ..Course::default() },
            Course { burst: Some(usize::MAX), ..Course::default() },
            Course { pairs: usize::MAX, ..Course::default() },
            Course { rate: Some(u32::MAX), ..Course::default() },
        ];
        for course in huge {
            assert!(told(&course).contains(" can be from "), "{}", told(&course));
            // whoever asks before the check gets an answer too
            assert!(course.patience() >= Duration::from_secs(5) && course.length() > Duration::ZERO);
        }
        let widest = Distance { rtt: Duration::MAX, jitter: Duration::MAX, bandwidth: Some(0) };
        let course =
            Course { payload: usize::MAX, connections: usize::MAX, distance: widest, ..Course::default() };
        assert_eq!(course.patience(), Duration::MAX);
    }

    #[test]
    fn all_lanes_carry_the_same_bytes() {
        let course = Course { payload: 200, ..Course::default() };
        assert_eq!(course.bytes().len(), 200);
        assert!(course.bytes().iter().all(|byte| (b' '..=b'~').contains(byte)));
    }

    #[test]
    fn pipelining_is_ten_messages_unless_told_otherwise() {
        let lanes = vec![Lane::plain(Kind::HttpHyper), Lane::plain(Kind::WsPipelined)];
        let course = Course { lanes, ..Course::default() };
        assert_eq!((course.messages(), course.base().name().as_str()), (10, "ws-pipelined"));
        assert_eq!(Course { burst: Some(3), ..course }.messages(), 3);
        assert_eq!((Course::default().messages(), Course::default().base()), (1, Lane::plain(Kind::Ws)));
    }

    #[test]
    fn the_command_says_all_that_is_not_the_default() {
        let distance = Distance { rtt: Duration::from_millis(80), ..Distance::default() };
        let course = Course {
            placement: Placement::OneCpu,
            distance,
            headers: Headers::Browser,
            rate: Some(100),
            ..Course::default()
        };
        assert_eq!(
            course.command(),
            "wiretalk race --lanes tcp,http-bare,http-hyper,http-reqwest,ws --payload 32 --connections 1 \
             --placement one-cpu --pairs 15 --seed 1 --headers browser --rtt 80ms --rate 100"
        );
        assert!(course.conditions().contains("browser-sized headers, 80 ms away (modelled), 100 exchanges"));
    }
}
