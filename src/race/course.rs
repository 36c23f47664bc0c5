//! What is raced over: servers, payload, rounds.
//!
//! A course is plain data; whether it can be run at all is told before it starts.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use thiserror::Error;

/// The largest payload, in bytes: the bundled servers refuse more.
const LARGEST: usize = 1024 * 1024;

/// A contestant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lane {
    /// POST with reqwest over one connection that is kept alive.
    HttpReqwest,
    /// A binary message with tokio-tungstenite over one open connection.
    WebSocket,
}

impl Lane {
    /// Both contestants; the second is what the first is compared with.
    pub const ALL: [Self; 2] = [Self::HttpReqwest, Self::WebSocket];

    /// The name in tables and JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::HttpReqwest => "http-reqwest",
            Self::WebSocket => "ws",
        }
    }

    /// The name on a slide.
    pub const fn title(self) -> &'static str {
        match self {
            Self::HttpReqwest => "REST",
            Self::WebSocket => "WebSocket",
        }
    }

    /// What runs in it, in words.
    pub const fn about(self) -> &'static str {
        match self {
            Self::HttpReqwest => "reqwest, kept alive",
            Self::WebSocket => "tokio-tungstenite",
        }
    }
}

/// A race: where, with what, how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Course {
    /// The URL whose POST gives its body back.
    pub http: String,
    /// The URL whose WebSocket gives its messages back.
    pub websocket: String,
    /// The bytes of body and message.
    pub payload: usize,
    /// The number of rounds; each gives one pair.
    pub rounds: usize,
    /// How long one lane runs in one round.
    pub slice: Duration,
    /// How long each lane runs before it counts.
    pub warm_up: Duration,
    /// The seed of the order of lanes and of the interval's resamples.
    pub seed: u64,
}

impl Default for Course {
    fn default() -> Self {
        Self {
            http: String::new(),
            websocket: String::new(),
            payload: 32,
            rounds: 15,
            slice: Duration::from_millis(150),
            warm_up: Duration::from_millis(150),
            seed: 1,
        }
    }
}

/// Why a course cannot be run.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum CourseError {
    /// A URL of the wrong form.
    #[error("`{url}` is no {want} URL; write for example `{example}`")]
    Url {
        /// What was given.
        url: String,
        /// `http://` or `ws://`.
        want: &'static str,
        /// One that would do.
        example: &'static str,
    },
    /// A server that is not on this machine.
    #[error(
        "`{0}` is not on loopback; a race is load, and load goes only to this machine: \
         give 127.0.0.1, [::1] or localhost"
    )]
    NotLoopback(String),
    /// More than the servers take.
    #[error("a payload of {0} bytes is too large; the most is {LARGEST}")]
    Payload(usize),
    /// No rounds, no pairs.
    #[error("a race needs at least one round")]
    Rounds,
}

impl Course {
    /// A course between servers on this machine.
    pub fn between(http: SocketAddr, websocket: SocketAddr) -> Self {
        Self {
            http: format!("http://{http}/echo"),
            websocket: format!("ws://{websocket}/"),
            ..Self::default()
        }
    }

    /// Whether the course can be run.
    ///
    /// # Errors
    ///
    /// A URL of the wrong form or not on loopback, too large a payload, no rounds.
    pub fn check(&self) -> Result<(), CourseError> {
        on_loopback(&self.http, "http://", "http://127.0.0.1:8080/echo")?;
        on_loopback(&self.websocket, "ws://", "ws://127.0.0.1:8081/")?;
        if self.payload > LARGEST {
            return Err(CourseError::Payload(self.payload));
        }
        if self.rounds == 0 {
            return Err(CourseError::Rounds);
        }
        Ok(())
    }

    /// The bytes of each body and message: printable, and the same for both lanes.
    pub fn bytes(&self) -> Bytes {
        (b' '..=b'~').cycle().take(self.payload).collect()
    }
}

fn on_loopback(url: &str, want: &'static str, example: &'static str) -> Result<(), CourseError> {
    let wrong = || CourseError::Url { url: url.to_owned(), want, example };
    let parsed = reqwest::Url::parse(url).map_err(|_| wrong())?;
    if !url.starts_with(want) {
        return Err(wrong());
    }
    let loopback = match parsed.host().ok_or_else(wrong)?.to_string().trim_matches(['[', ']']) {
        "localhost" => true,
        host => host.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback()),
    };
    if loopback { Ok(()) } else { Err(CourseError::NotLoopback(url.to_owned())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(http: &str, websocket: &str) -> String {
        let course = Course { http: http.into(), websocket: websocket.into(), ..Course::default() };
        course.check().map_or_else(|error| error.to_string(), |()| "fine".to_owned())
    }

    #[test]
    fn only_this_machine_is_raced() {
        assert_eq!(told("http://127.0.0.1:1/echo", "ws://[::1]:2/"), "fine");
        assert_eq!(told("http://localhost/", "ws://127.9.9.9/"), "fine");
        assert!(told("http://192.168.1.2/", "ws://127.0.0.1/").contains("not on loopback"));
        assert!(told("http://127.0.0.1.example/", "ws://127.0.0.1/").contains("not on loopback"));
        assert!(told("127.0.0.1:80", "ws://127.0.0.1/").contains("no http:// URL"));
        assert!(told("http://127.0.0.1/", "http://127.0.0.1/").contains("no ws:// URL"));
    }

    #[test]
    fn both_lanes_carry_the_same_bytes() {
        let course = Course { payload: 200, ..Course::default() };
        assert_eq!(course.bytes().len(), 200);
        assert!(course.bytes().iter().all(|byte| (b' '..=b'~').contains(byte)));
        assert_eq!(
            Course {
                payload: LARGEST + 1,
                http: "http://[::1]/".into(),
                websocket: "ws://[::1]/".into(),
                ..course
            }
            .check(),
            Err(CourseError::Payload(LARGEST + 1))
        );
    }
}
