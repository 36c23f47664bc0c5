//! Why a comparison or one of its transports stops. Callers match on variants; the sentences are
//! for people.

use std::io;
use std::time::Duration;

use hyper::{StatusCode, http};
use thiserror::Error;
use tokio_tungstenite::tungstenite::{self, Message};

use crate::feed::PriceError;
use crate::net::{LongEvent, error_chain};

/// Why a comparison could not run.
#[derive(Debug, Error)]
pub enum FeedError {
    /// The thread that it runs on could not be started.
    #[error("could not start a thread: {0}")]
    Thread(#[source] io::Error),
    /// The thread of the server could not be started, or one of its sockets cannot listen.
    #[error("could not start the feed's server: {0}")]
    Server(#[source] io::Error),
    /// The server ended before the comparison.
    #[error("the feed's server has ended")]
    ServerEnded,
}

/// Why a transport receives nothing any more.
#[derive(Debug, Error)]
pub enum TransportError {
    /// The server ended the stream or closed the WebSocket.
    #[error("the server ended the feed")]
    Ended,
    /// TCP failed.
    #[error("{}", error_chain(.0))]
    Io(#[source] io::Error),
    /// A response that should come at once did not come within this time.
    #[error("no answer within {} s", .0.as_secs())]
    Timeout(Duration),
    /// HTTP failed (RFC 9112).
    #[error("{}", error_chain(.0))]
    Http(#[from] hyper::Error),
    /// The request could not be built.
    #[error("{}", error_chain(.0))]
    Request(#[from] http::Error),
    /// The body broke off, or is longer than the limit.
    #[error("{0}")]
    Body(Box<dyn std::error::Error + Send + Sync>),
    /// The response has no price.
    #[error("the server answered {0}")]
    Status(StatusCode),
    /// An event is longer than the limit.
    #[error(transparent)]
    LongEvent(#[from] LongEvent),
    /// The WebSocket failed (RFC 6455).
    #[error("{}", error_chain(.0))]
    WebSocket(#[source] Box<tungstenite::Error>),
    /// The message isn't text.
    #[error("the server sent {0:?} instead of a price")]
    UnexpectedMessage(Message),
    /// The message isn't a price.
    #[error(transparent)]
    Price(#[from] PriceError),
}

impl From<tungstenite::Error> for TransportError {
    fn from(error: tungstenite::Error) -> Self {
        Self::WebSocket(Box::new(error))
    }
}
