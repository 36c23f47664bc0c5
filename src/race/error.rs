//! Why a race, a lane's connection or one of its processes fails. The sentences are for people and
//! cross the border between processes as text; within a process callers match on variants.

use std::io;
use std::process::ExitStatus;
use std::str::FromStr;
use std::time::Duration;

use hyper::{StatusCode, http};
use thiserror::Error;
use tokio_tungstenite::tungstenite::{self, Message};

use crate::net::{EndpointRole, LongEvent, NetnsError, describe_io_error, error_chain};
use crate::race::bare_http::HeadError;
use crate::race::{ExternalServersError, RaceConfigError};

/// Why a race could not be run at all.
#[derive(Debug, Error)]
pub(super) enum RaceError {
    #[error(transparent)]
    Config(#[from] RaceConfigError),
    #[error(transparent)]
    Netns(#[from] NetnsError),
}

/// Why a lane's client could not connect, or an exchange failed.
#[derive(Debug, Error)]
pub(super) enum LaneError {
    #[error("could not connect to {host}:{port}: {}", describe_io_error(source))]
    Connect { host: String, port: u16, source: io::Error },
    /// No connection within this time.
    #[error("no connection within {} s", .0.as_secs())]
    ConnectTimeout(Duration),
    #[error("`{0}` isn't a name that a certificate can have")]
    ServerName(String),
    /// TLS cannot be set up.
    #[error(transparent)]
    Tls(#[from] rustls::Error),
    #[error("{}", error_chain(.0))]
    Url(#[source] <reqwest::Url as FromStr>::Err),
    /// A request that cannot be written.
    #[error("{}", error_chain(.0))]
    Request(#[from] http::Error),
    /// TCP, or TLS once it is open.
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
    /// Another status than the one that is right.
    #[error("the server answered {found}, not {expected}")]
    Status { found: StatusCode, expected: u16 },
    /// Another status line than that of 200.
    #[error("the server answered {0:?}, not 200")]
    StatusLine(String),
    #[error(transparent)]
    Head(#[from] HeadError),
    #[error("the server sent {0:?} instead of the message")]
    UnexpectedMessage(Message),
    #[error("the reply ({received} bytes) is not what was sent ({sent} bytes)")]
    WrongReply { received: usize, sent: usize },
    /// A reply of more than these bytes, which were sent.
    #[error("the reply is not what was sent: it is longer than {0} bytes")]
    LongReply(usize),
    #[error("the server ended the event stream")]
    EventStreamEnded,
    #[error("the server sent an event without data")]
    EventWithoutData,
    #[error("the server sent {0}")]
    LongEvent(#[from] LongEvent),
    /// The first event is the number of the stream, and this one isn't text.
    #[error("{}", error_chain(.0))]
    EventNumber(#[from] std::string::FromUtf8Error),
    #[error("the server answered a POST with more than its status")]
    PostWithBody,
    #[error("the payload is too long for a length of 32 bits")]
    LongPayload,
    #[error("the lane has no client")]
    NoClient,
    #[error("no timer: {0}")]
    Timer(#[source] io::Error),
    #[error("no connection is open")]
    NotConnected,
    /// No reply within this time.
    #[error("no reply within {} s", .0.as_secs())]
    ReplyTimeout(Duration),
}

impl From<tungstenite::Error> for LaneError {
    fn from(error: tungstenite::Error) -> Self {
        Self::WebSocket(Box::new(error))
    }
}

/// Why a lane's server does not listen.
#[derive(Debug, Error)]
pub(super) enum LaneServerError {
    #[error("could not listen on {ip}: {source}")]
    Listen { ip: std::net::IpAddr, source: io::Error },
    #[error("could not make a certificate: {0}")]
    Certificate(#[from] rcgen::Error),
    #[error("could not make a certificate: {0}")]
    Tls(#[from] rustls::Error),
}

/// Why a lane's processes do no more.
#[derive(Debug, Error)]
pub(super) enum WorkerError {
    /// What the process itself has told.
    #[error("{0}")]
    Reported(String),
    #[error("could not start the {}'s process: {source}", role.name())]
    Start { role: EndpointRole, source: io::Error },
    #[error("the {}'s process has ended ({status}){}", role.name(), after_colon(stderr))]
    Exited { role: EndpointRole, status: ExitStatus, stderr: String },
    #[error("the {}'s process does not answer any more{}", role.name(), after_colon(stderr))]
    Silent { role: EndpointRole, stderr: String },
    #[error("the {} did not answer within {} s", role.name(), limit.as_secs())]
    Timeout { role: EndpointRole, limit: Duration },
    #[error("the server did not come up")]
    NotListening,
    #[error("the client did not open its connections")]
    NotConnected,
    #[error("the {} answered something else", .0.name())]
    UnexpectedResponse(EndpointRole),
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
