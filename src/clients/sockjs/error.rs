//! [`SockJsError`]: why a session, or a request of it, has failed.

use std::time::Duration;

use hyper::StatusCode;
use thiserror::Error;
use tokio_tungstenite::tungstenite;

use crate::net::ConnectError;

/// Why a session, or a request of it, has failed.
#[derive(Debug, Error)]
pub enum SockJsError {
    /// The server cannot be reached.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The connection broke, or what came is not HTTP.
    #[error("HTTP: {0}")]
    Hyper(#[from] hyper::Error),
    /// A request could not be built.
    #[error(transparent)]
    Request(#[from] hyper::http::Error),
    /// The server refused.
    #[error("{0}")]
    Status(StatusCode),
    /// The WebSocket was refused or broke.
    #[error("WebSocket: {0}")]
    WebSocket(Box<tungstenite::Error>),
    /// What came is not a frame of SockJS.
    #[error("{0}")]
    Frame(String),
    /// A frame or an answer is longer than is read.
    #[error("more than {0} bytes without an end")]
    TooLong(usize),
    /// Nothing came in time.
    #[error("no answer within {} ms", .0.as_millis())]
    Timeout(Duration),
}

impl From<tungstenite::Error> for SockJsError {
    fn from(error: tungstenite::Error) -> Self {
        match error {
            tungstenite::Error::Http(response) => Self::Status(response.status()),
            error => Self::WebSocket(Box::new(error)),
        }
    }
}
