//! Why a comparison, or one of its transports, stops: the sentences are for people, callers match
//! on variants.

use std::io;
use std::time::Duration;

use hyper::{StatusCode, http};
use thiserror::Error;
use tokio_tungstenite::tungstenite::{self, Message};

use crate::feed::PriceError;
use crate::net::{LongEvent, error_chain};

/// Why a comparison could not be run.
#[derive(Debug, Error)]
pub enum FeedError {
    /// There is no thread to run it on.
    #[error("could not start a thread: {0}")]
    Thread(#[source] io::Error),
    /// The server has no thread, or one of its sockets cannot listen.
    #[error("could not start the feed's server: {0}")]
    Server(#[source] io::Error),
    /// The server has ended before the comparison.
    #[error("the feed's server has ended")]
    ServerEnded,
}

/// Why a transport hears nothing any more.
#[derive(Debug, Error)]
pub enum TransportError {
    /// The server ended the stream or closed the WebSocket.
    #[error("the server ended the feed")]
    Ended,
    /// TCP failed.
    #[error("{}", error_chain(.0))]
    Io(#[source] io::Error),
    /// What should come at once did not come in this time.
    #[error("no answer within {} s", .0.as_secs())]
    Timeout(Duration),
    /// HTTP failed (RFC 9112).
    #[error("{}", error_chain(.0))]
    Http(#[from] hyper::Error),
    /// A request that cannot be written.
    #[error("{}", error_chain(.0))]
    Request(#[from] http::Error),
    /// A body that broke off, or is longer than what is read.
    #[error("{0}")]
    Body(Box<dyn std::error::Error + Send + Sync>),
    /// An answer without a price.
    #[error("the server answered {0}")]
    Status(StatusCode),
    /// An event that is longer than what is read.
    #[error(transparent)]
    LongEvent(#[from] LongEvent),
    /// The WebSocket failed (RFC 6455).
    #[error("{}", error_chain(.0))]
    WebSocket(#[source] Box<tungstenite::Error>),
    /// Another message than a text.
    #[error("the server sent {0:?} instead of a price")]
    UnexpectedMessage(Message),
    /// A message that isn't a price.
    #[error(transparent)]
    Price(#[from] PriceError),
}

impl From<tungstenite::Error> for TransportError {
    fn from(error: tungstenite::Error) -> Self {
        Self::WebSocket(Box::new(error))
    }
}
