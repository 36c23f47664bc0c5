//! External servers: where they are, how they are spoken to, and how much load they may get.
//!
//! The contract: the HTTP server answers a POST with the body it received, and the WebSocket server
//! sends each message back. Where only the WebSocket server is external, all other lanes keep their
//! bundled servers, so that it can be compared with raw TCP.

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
    /// The URL of the HTTP echo; `None` if only the WebSocket server is external.
    pub http: Option<String>,
    /// The URL of the WebSocket echo.
    pub websocket: String,
    /// How the WebSocket server is spoken to.
    pub websocket_options: ExternalWebSocket,
    /// The limit of the load. It is required unless both servers are on loopback.
    pub load_limit: Option<LoadLimit>,
}

/// The options for an external WebSocket server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExternalWebSocket {
    /// The value of the Origin header in opening handshakes; `None` for requests without one.
    pub origin: Option<String>,
    /// Whether messages are text; otherwise they are binary. The payload is ASCII, so the bytes are
    /// the same.
    pub sends_text: bool,
    /// The id of the server's process, if it runs on this machine for this race only: its CPU time is
    /// then not that of another program.
    pub process: Option<u32>,
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
    /// The text is neither two URLs nor that of a WebSocket server.
    #[error(
        "expected two URLs with a comma between them, for example \
         http://127.0.0.1:8080/echo,ws://127.0.0.1:8081/, or the second one alone"
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
    /// Only the WebSocket server is external, and no lane uses it.
    #[error("no lane uses the external WebSocket server; add ws, ws-pipelined or ws-new")]
    NoWebSocketLane,
    /// The WebSocket server at this authority is not on loopback, but a lane with a bundled server is.
    #[error(
        "`{authority}` is not on loopback, and the bundled server of the lane {lane} is: their times \
         cannot be compared; select lanes ws* only, or give an HTTP URL too"
    )]
    UnequalDistance {
        /// The authority of the WebSocket server.
        authority: String,
        /// The lane with a bundled server.
        lane: Lane,
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
    /// Creates a configuration in which only the WebSocket server is external.
    pub fn websocket_only(url: &str) -> Self {
        Self {
            http: None,
            websocket: url.to_owned(),
            websocket_options: ExternalWebSocket::default(),
            load_limit: None,
        }
    }

    /// Parses `HTTP_URL,WS_URL` or `WS_URL`.
    ///
    /// # Errors
    /// Fails if the text is neither, or if a URL has the wrong scheme.
    pub fn parse(text: &str) -> Result<Self, ExternalServersError> {
        let external = match text.split_once(',') {
            Some((http, websocket)) => Self {
                http: Some(http.trim().to_owned()),
                ..Self::websocket_only(websocket.trim())
            },
            None if text.trim_start().starts_with("ws") => Self::websocket_only(text.trim()),
            None => return Err(ExternalServersError::NotTwoUrls),
        };
        external.http()?;
        external.websocket()?;
        Ok(external)
    }

    /// Whether the lane's server is external; otherwise it is a bundled one.
    pub fn has_lane(&self, lane: Lane) -> bool {
        self.http.is_some() || lane.kind.is_websocket()
    }

    /// Returns the target of the POSTs; `None` if that server is a bundled one.
    ///
    /// # Errors
    /// Fails if the first URL isn't an HTTP URL.
    pub fn http(&self) -> Result<Option<Target>, ExternalServersError> {
        let Some(url) = &self.http else { return Ok(None) };
        let wrong = || ExternalServersError::HttpUrl(url.clone());
        // `Target` parses ws and wss URLs, which differ from http and https in the scheme only.
        let rest =
            url.strip_prefix("http").filter(|rest| rest.starts_with(':') || rest.starts_with("s:"));
        let target = Target::parse_host_only(&format!("ws{}", rest.ok_or_else(wrong)?));
        target.map(Some).map_err(|_| wrong())
    }

    /// Returns the target of the WebSocket messages.
    ///
    /// # Errors
    /// Fails if the second URL isn't a WebSocket URL.
    pub fn websocket(&self) -> Result<Target, ExternalServersError> {
        Ok(Target::parse_host_only(&self.websocket)?)
    }

    /// Describes which servers are external: `external servers (a.example and b.example)`.
    pub(in crate::race) fn describe(&self) -> String {
        let websocket = self.websocket().map(|target| target.authority()).unwrap_or_default();
        match self.http() {
            Ok(None) => format!("external WebSocket server ({websocket})"),
            Ok(Some(http)) if http.authority() != websocket => {
                format!("external servers ({} and {websocket})", http.authority())
            }
            _ => format!("external servers ({websocket})"),
        }
    }
}

impl fmt::Display for ExternalServers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(http) = &self.http {
            write!(f, "{http},")?;
        }
        f.write_str(&self.websocket)
    }
}
