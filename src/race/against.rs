//! Somebody else's servers: where they are, and how much load they get at most.
//!
//! The contract: a POST to the first gives its body back, a binary WebSocket message to the second comes back as it is.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::net::Target;
use crate::race::Course;

/// Servers that are not ours.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Against {
    /// The URL whose POST gives its body back.
    pub http: String,
    /// The URL whose WebSocket gives its messages back.
    pub websocket: String,
    /// The most load; it must be given for anything but loopback.
    pub bound: Option<Bound>,
}

/// The most that a server of others is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bound {
    /// Exchanges of all lanes together.
    pub requests: u64,
    /// From the first slice on.
    pub time: Duration,
}

impl Against {
    /// `HTTP_URL,WS_URL`
    ///
    /// # Errors
    /// What is wrong with it, and what would be right.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (http, websocket) = text.split_once(',').ok_or(
            "it takes two URLs with a comma between them, for example \
             http://127.0.0.1:8080/echo,ws://127.0.0.1:8081/",
        )?;
        let against =
            Self { http: http.trim().to_owned(), websocket: websocket.trim().to_owned(), bound: None };
        against.http()?;
        against.websocket()?;
        Ok(against)
    }

    /// Where the POSTs go.
    ///
    /// # Errors
    /// What is wrong with the URL.
    pub fn http(&self) -> Result<Target, String> {
        let url = &self.http;
        let wrong = || format!("`{url}` is no HTTP URL; write for example http://127.0.0.1:8080/echo");
        let rest = url.strip_prefix("http").filter(|rest| rest.starts_with(':') || rest.starts_with("s:"));
        Target::parse(&format!("ws{}", rest.ok_or_else(wrong)?)).map_err(|_| wrong())
    }

    /// Where the messages go.
    ///
    /// # Errors
    /// What is wrong with the URL.
    pub fn websocket(&self) -> Result<Target, String> {
        Target::parse(&self.websocket)
    }

    /// Both hosts, or the one.
    pub(super) fn hosts(&self) -> String {
        let host =
            |target: Result<Target, String>| target.map(|target| target.authority()).unwrap_or_default();
        let (http, websocket) = (host(self.http()), host(self.websocket()));
        if http == websocket { http } else { format!("{http} and {websocket}") }
    }

    /// Whether the course can be run on these servers.
    pub(super) fn check(&self, course: &Course) -> Result<(), String> {
        let (http, websocket) = (self.http()?, self.websocket()?);
        for lane in &course.lanes {
            let tls = match lane.kind {
                kind if kind.is_websocket() => websocket.tls,
                kind if kind.is_http() => http.tls,
                _ => {
                    return Err(format!(
                        "the lane {lane} needs our own server; against others there are the lanes http-* and ws*"
                    ));
                }
            };
            if lane.tls != tls {
                let (with, url) = if tls { ("with", "s://") } else { ("without", "://") };
                return Err(format!("a URL with {url} wants lanes {with} +tls, and {lane} is named"));
            }
        }
        if !course.distance.is_none() {
            return Err(
                "a distance is modelled in our own servers; those of others are where they are".to_owned()
            );
        }
        match [http, websocket].iter().find(|target| !is_loopback(&target.host)) {
            Some(far) if self.bound.is_none() => Err(format!(
                "`{}` is not on loopback, and a race is load; say how much it may be at most: \
                 --max-requests 10000 --max-time 30s",
                far.authority()
            )),
            _ => Ok(()),
        }
    }
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
}

impl fmt::Display for Against {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{},{}", self.http, self.websocket)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::race::{Kind, Lane};

    fn told(urls: &str, bound: Option<Bound>) -> String {
        let against = Against::parse(urls).map(|against| Against { bound, ..against });
        let lanes = vec![Lane::plain(Kind::HttpReqwest), Lane::plain(Kind::Ws)];
        let checked = against.and_then(|against| {
            let course = Course { lanes, against: Some(against), ..Course::default() };
            course.check().map_err(|error| error.to_string())
        });
        checked.map_or_else(|why| why, |()| "fine".to_owned())
    }

    #[test]
    fn load_goes_elsewhere_only_within_a_bound() {
        assert_eq!(told("http://127.0.0.1:1/echo,ws://[::1]:2/", None), "fine");
        assert_eq!(told("http://localhost/,ws://127.9.9.9/", None), "fine");
        assert!(told("http://192.168.1.2/,ws://127.0.0.1/", None).contains("--max-requests"));
        assert!(told("http://127.0.0.1.example/,ws://127.0.0.1/", None).contains("not on loopback"));
        let bound = Some(Bound { requests: 100, time: Duration::from_secs(1) });
        assert_eq!(told("http://192.168.1.2/,ws://127.0.0.1/", bound), "fine");
    }

    #[test]
    fn a_wrong_url_is_told_with_a_right_one() {
        assert!(told("127.0.0.1:80,ws://127.0.0.1/", None).contains("no HTTP URL"));
        assert!(told("http://127.0.0.1/,http://127.0.0.1/", None).contains("no WebSocket URL"));
        assert!(told("http://127.0.0.1/", None).contains("two URLs"));
        assert!(told("https://127.0.0.1/,ws://127.0.0.1/", None).contains("wants lanes with +tls"));
    }
}
