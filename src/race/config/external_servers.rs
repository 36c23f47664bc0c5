//! External servers: where they are, and how much load they may get.
//!
//! The contract: the HTTP server answers a POST with the body it received, and the WebSocket server
//! sends each binary message back.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::net::{Target, TargetError};
use crate::race::config::lane::Lane;

/// The minimum number of exchanges per connection in a slice that counts.
pub(in crate::race) const MIN_EXCHANGES: u64 = 2;

/// Servers that are not bundled with the program.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExternalServers {
    /// The URL of the HTTP echo.
    pub http: String,
    /// The URL of the WebSocket echo.
    pub websocket: String,
    /// The limit of the load. It is required unless both servers are on loopback.
    pub load_limit: Option<LoadLimit>,
}

/// The limit of the load on external servers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LoadLimit {
    /// The requests of all lanes together: POSTs, opening handshakes and messages, including those
    /// before the first round.
    pub requests: u64,
    /// The duration, counted from the first slice.
    pub time: Duration,
}

/// Why a race cannot run against external servers, with what is expected instead.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ExternalServersError {
    /// The text is not two URLs.
    #[error(
        "expected two URLs with a comma between them, for example \
         http://127.0.0.1:8080/echo,ws://127.0.0.1:8081/"
    )]
    NotTwoUrls,
    /// The first URL isn't an HTTP URL.
    #[error("`{0}` isn't an HTTP URL; write for example http://127.0.0.1:8080/echo")]
    HttpUrl(String),
    /// The second URL isn't a WebSocket URL.
    #[error(transparent)]
    WebSocketUrl(#[from] TargetError),
    /// Only the bundled servers speak the protocol of this lane.
    #[error(
        "the lane {0} needs a bundled server; external servers can run the lanes http-* and ws*"
    )]
    OwnServerOnly(Lane),
    /// A lane uses TLS and its URL doesn't, or the other way round.
    #[error(
        "{} URLs need lanes {} +tls, but the lane {lane} is selected",
        if *url_has_tls { "https:// and wss://" } else { "http:// and ws://" },
        if *url_has_tls { "with" } else { "without" }
    )]
    Tls {
        /// The lane.
        lane: Lane,
        /// Whether the URL uses TLS.
        url_has_tls: bool,
    },
    /// A link is modelled, which external servers cannot do.
    #[error("only the bundled servers can model a distance, external servers cannot")]
    Distance,
    /// The server at this authority is not on loopback, and no load limit is given.
    #[error(
        "`{0}` is not on loopback, and a race puts load on it; limit the load, for example: \
         --max-requests 10000 --max-time 30s"
    )]
    NoLoadLimit(String),
    /// The limit is too small for one round.
    #[error(
        "--max-requests {given} is too few for one round of these lanes: opening their connections \
         takes {opening}, and {MIN_EXCHANGES} exchanges on each connection take {}; give {least} or \
         more",
        least.saturating_sub(*opening)
    )]
    FewRequests {
        /// The limit that was given.
        given: u64,
        /// The number of requests that open the connections.
        opening: u64,
        /// The smallest limit that suffices.
        least: u64,
    },
}

impl ExternalServers {
    /// Parses `HTTP_URL,WS_URL`.
    ///
    /// # Errors
    /// Fails if there are not two URLs, or if one has the wrong scheme.
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

    /// Returns the target of the POSTs.
    ///
    /// # Errors
    /// Fails if the first URL isn't an HTTP URL.
    pub fn http(&self) -> Result<Target, ExternalServersError> {
        let url = &self.http;
        let wrong = || ExternalServersError::HttpUrl(url.clone());
        // `Target` parses ws and wss URLs, which differ from http and https in the scheme only.
        let rest =
            url.strip_prefix("http").filter(|rest| rest.starts_with(':') || rest.starts_with("s:"));
        Target::parse_host_only(&format!("ws{}", rest.ok_or_else(wrong)?)).map_err(|_| wrong())
    }

    /// Returns the target of the WebSocket messages.
    ///
    /// # Errors
    /// Fails if the second URL isn't a WebSocket URL.
    pub fn websocket(&self) -> Result<Target, ExternalServersError> {
        Ok(Target::parse_host_only(&self.websocket)?)
    }

    /// Returns the two authorities, or only one if they are equal.
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
