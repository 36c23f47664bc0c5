//! Why a race, a lane's connection or one of its processes fails. Between processes errors travel
//! as text; within a process callers match on variants.

use std::io;
use std::process::ExitStatus;
use std::str::FromStr;
use std::time::Duration;

use hyper::{StatusCode, http};
use thiserror::Error;
use tokio_tungstenite::tungstenite::{self, Message};

use crate::net::{LongEvent, NetnsError, PeerRole, describe_io_error, error_chain};
use crate::race::bare_http::HeadError;
use crate::race::{ExternalServersError, RaceConfigError};

/// Why a race could not run at all.
#[derive(Debug, Error)]
pub(super) enum RaceError {
    #[error(transparent)]
    Config(#[from] RaceConfigError),
    #[error(transparent)]
    Netns(#[from] NetnsError),
}

/// Why a lane's client could not connect, or why an exchange failed.
#[derive(Debug, Error)]
pub(super) enum LaneError {
    #[error("could not connect to {host}:{port}: {}", describe_io_error(source))]
    Connect { host: String, port: u16, source: io::Error },
    /// The connection was not open within this time.
    #[error("no connection within {} s", .0.as_secs())]
    ConnectTimeout(Duration),
    #[error("`{0}` isn't a valid name for a certificate")]
    ServerName(String),
    /// TLS could not be set up.
    #[error(transparent)]
    Tls(#[from] rustls::Error),
    #[error("{}", error_chain(.0))]
    Url(#[source] <reqwest::Url as FromStr>::Err),
    /// The request could not be built.
    #[error("{}", error_chain(.0))]
    Request(#[from] http::Error),
    /// An error of the TCP connection, or of TLS after its handshake.
    #[error("{}", error_chain(.0))]
    Io(#[from] io::Error),
    #[error("{}", error_chain(.0))]
    Hyper(#[from] hyper::Error),
    #[error("{}", error_chain(.0))]
    Reqwest(#[from] reqwest::Error),
    #[error("{}", error_chain(.0))]
    WebSocket(#[source] Box<tungstenite::Error>),
    #[error("the server closed the connection")]
    Closed,
    /// The response has another status than the expected one.
    #[error("the server answered {found}, expected {expected}")]
    Status { found: StatusCode, expected: u16 },
    /// The status line is not that of a 200 response.
    #[error("the server answered {0:?}, expected 200")]
    StatusLine(String),
    #[error(transparent)]
    Head(#[from] HeadError),
    #[error("the server sent {0:?} instead of the message")]
    UnexpectedMessage(Message),
    #[error("the reply ({received} bytes) is not what was sent ({sent} bytes)")]
    WrongReply { received: usize, sent: usize },
    /// The reply is longer than the message that was sent, which has this number of bytes.
    #[error("the reply is not what was sent: it is longer than {0} bytes")]
    LongReply(usize),
    #[error("the server ended the event stream")]
    EventStreamEnded,
    #[error("the server sent an event without data")]
    EventWithoutData,
    #[error("the server sent {0}")]
    LongEvent(#[from] LongEvent),
    /// The first event should be the stream's number, but it isn't UTF-8.
    #[error("{}", error_chain(.0))]
    EventNumber(#[from] std::string::FromUtf8Error),
    #[error("the server answered a POST with a body; only a status was expected")]
    PostWithBody,
    #[error("the payload is too long for a length of 32 bits")]
    LongPayload,
    #[error("the lane has no client")]
    MissingReqwestClient,
    #[error("could not create a timer: {0}")]
    Timer(#[source] io::Error),
    #[error("no connection is open")]
    NotConnected,
    /// The reply did not arrive within this time.
    #[error("no reply within {} s", .0.as_secs())]
    ReplyTimeout(Duration),
}

impl From<tungstenite::Error> for LaneError {
    fn from(error: tungstenite::Error) -> Self {
        Self::WebSocket(Box::new(error))
    }
}

/// Why a lane's server could not listen.
#[derive(Debug, Error)]
pub(super) enum LaneServerError {
    #[error("could not listen on {ip}: {source}")]
    Listen { ip: std::net::IpAddr, source: io::Error },
    #[error("could not make a certificate: {0}")]
    Certificate(#[from] rcgen::Error),
    #[error("could not make a certificate: {0}")]
    Tls(#[from] rustls::Error),
}

/// Why a lane's processes cannot go on.
#[derive(Debug, Error)]
pub(super) enum WorkerError {
    /// The error that the process itself has reported.
    #[error("{0}")]
    Reported(String),
    #[error("could not start the {}'s process: {source}", role.name())]
    Start { role: PeerRole, source: io::Error },
    #[error("the {}'s process has ended ({status}){}", role.name(), after_colon(stderr))]
    Exited { role: PeerRole, status: ExitStatus, stderr: String },
    #[error("the {}'s process does not respond{}", role.name(), after_colon(stderr))]
    Silent { role: PeerRole, stderr: String },
    #[error("the {} did not answer within {} s", role.name(), limit.as_secs())]
    Timeout { role: PeerRole, limit: Duration },
    #[error("the server did not start")]
    NotListening,
    #[error("the client did not open its connections")]
    NotConnected,
    #[error("the {} sent an unexpected response", .0.name())]
    UnexpectedResponse(PeerRole),
    /// Never happens: it is the end of a branch that waits for ever beside the server.
    #[error("the server stalled for ever")]
    StalledForever,
    #[error(transparent)]
    External(#[from] ExternalServersError),
    #[error(transparent)]
    Netns(#[from] NetnsError),
}

fn after_colon(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!(": {text}") }
}
