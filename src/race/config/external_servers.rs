//! Somebody else's servers: where they are, and how much load they get at most.
//!
//! The contract: a POST to the first gives its body back, a binary WebSocket message to the second
//! comes back as it is.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::net::{Target, TargetError};
use crate::race::config::lane::Lane;

/// The exchanges a connection does at least in a slice that counts.
pub(in crate::race) const MIN_EXCHANGES: u64 = 2;

/// Servers that are not ours.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExternalServers {
    /// The URL whose POST gives its body back.
    pub http: String,
    /// The URL whose WebSocket gives its messages back.
    pub websocket: String,
    /// The most load; it must be given for anything but loopback.
    pub load_limit: Option<LoadLimit>,
}

/// The most that a server of others is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LoadLimit {
    /// Requests of all lanes together, those before the first round too: POSTs, opening handshakes
    /// and messages.
    pub requests: u64,
    /// From the first slice on.
    pub time: Duration,
}

/// Why a race cannot be run on the servers of others, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ExternalServersError {
    /// Something else than two URLs.
    #[error(
        "it takes two URLs with a comma between them, for example http://127.0.0.1:8080/echo,ws://127.0.0.1:8081/"
    )]
    NotTwoUrls,
    /// The first isn't an HTTP URL.
    #[error("`{0}` isn't an HTTP URL; write for example http://127.0.0.1:8080/echo")]
    HttpUrl(String),
    /// The second isn't a WebSocket URL.
    #[error(transparent)]
    WebSocketUrl(#[from] TargetError),
    /// A lane whose protocol only our own servers speak.
    #[error("the lane {0} needs our own server; against others there are the lanes http-* and ws*")]
    OwnServerOnly(Lane),
    /// A lane with TLS and a URL without, or the other way round.
    #[error(
        "a URL with {} wants lanes {} +tls, and {lane} is named",
        if *url_has_tls { "s://" } else { "://" }, if *url_has_tls { "with" } else { "without" }
    )]
    Tls {
        /// The lane.
        lane: Lane,
        /// Whether its URL has TLS.
        url_has_tls: bool,
    },
    /// A modelled distance.
    #[error("a distance is modelled in our own servers; those of others are where they are")]
    Distance,
    /// A server at this authority, which is not on loopback, and no bound of the load.
    #[error(
        "`{0}` is not on loopback, and a race is load; say how much it may be at most: \
         --max-requests 10000 --max-time 30s"
    )]
    NoLoadLimit(String),
    /// A bound that one round does not fit into.
    #[error(
        "--max-requests {given} is too few for one round of these lanes: opening their connections takes {opening}, and \
         {MIN_EXCHANGES} exchanges on each connection take {}; give {least} or more",
        least.saturating_sub(*opening)
    )]
    FewRequests {
        /// The bound.
        given: u64,
        /// The requests that open the connections.
        opening: u64,
        /// The smallest bound that is enough.
        least: u64,
    },
}

impl ExternalServers {
    /// `HTTP_URL,WS_URL`
    ///
    /// # Errors
    /// If there are not two URLs, or one of them isn't of its kind.
    pub fn parse(text: &str) -> Result<Self, ExternalServersError> {
        let (http, websocket) = text.split_once(',').ok_or(ExternalServersError::NotTwoUrls)?;
        let external = Self {
            http: http.trim().to_owned(),
            websocket: websocket.trim().to_owned(),
            load_limit: None,
        };
        external.http()?;
        external.websocket()?;
        Ok(external)
    }

    /// Where the POSTs go.
    ///
    /// # Errors
    /// If it isn't an HTTP URL.
    pub fn http(&self) -> Result<Target, ExternalServersError> {
        let url = &self.http;
        let wrong = || ExternalServersError::HttpUrl(url.clone());
        let rest =
            url.strip_prefix("http").filter(|rest| rest.starts_with(':') || rest.starts_with("s:"));
        Target::parse(&format!("ws{}", rest.ok_or_else(wrong)?)).map_err(|_| wrong())
    }

    /// Where the messages go.
    ///
    /// # Errors
    /// If it isn't a WebSocket URL.
    pub fn websocket(&self) -> Result<Target, ExternalServersError> {
        Ok(Target::parse(&self.websocket)?)
    }

    /// Both hosts, or the one.
    pub(in crate::race) fn hosts(&self) -> String {
        let host = |target: Result<Target, ExternalServersError>| {
            target.map(|target| target.authority()).unwrap_or_default()
        };
        let (http, websocket) = (host(self.http()), host(self.websocket()));
        if http == websocket { http } else { format!("{http} and {websocket}") }
    }
}

impl fmt::Display for ExternalServers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{},{}", self.http, self.websocket)
    }
}
