//! [`connect_plain`]: the way for those who talk through a client library instead of byte by byte.
//! Only `ws://` is dialled here.

use std::time::Duration;

use thiserror::Error;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::handshake::client::Request;

use crate::net::{ConnectError, MaybeTlsStream, Target, TargetError, TlsOptions, connect};

/// How long a server may take to accept a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Why there is no plain connection for a client library.
#[derive(Debug, Error)]
pub enum ConnectPlainError {
    /// The URL isn't one.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// The client library does not take the URL.
    #[error("`{url}` isn't a WebSocket URL: {source}")]
    Request {
        /// The URL.
        url: String,
        /// What the library says.
        source: Box<tungstenite::Error>,
    },
    /// The connection could not be opened.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// A `wss://` URL.
    #[error("`{0}` wants TLS, which is not measured; give a ws:// URL")]
    NeedsTls(String),
}

/// A socket to the host that `url` names, and the request that asks it for a WebSocket.
///
/// # Errors
/// If it isn't a `ws://` URL, or the server cannot be reached within 5 s.
pub async fn connect_plain(url: &str) -> Result<(Request, TcpStream), ConnectPlainError> {
    let target = Target::parse(url)?;
    let request = url.into_client_request().map_err(|error| ConnectPlainError::Request {
        url: url.to_owned(),
        source: Box::new(error),
    })?;
    match connect(&target, &TlsOptions::default(), CONNECT_TIMEOUT).await? {
        MaybeTlsStream::Plain(stream) => Ok((request, stream)),
        MaybeTlsStream::Tls(_) => Err(ConnectPlainError::NeedsTls(url.to_owned())),
    }
}
