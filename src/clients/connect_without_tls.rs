//! [`connect_without_tls`]: opens a connection for a client library instead of a byte-by-byte
//! session. It supports `ws://` only.

use std::time::Duration;

use thiserror::Error;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::handshake::client::Request;

use crate::net::{ConnectError, MaybeTlsStream, Socket, Target, TargetError, TlsOptions, connect};

/// How long a server may take to accept a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Why no connection without TLS could be opened for a client library.
#[derive(Debug, Error)]
pub enum ConnectWithoutTlsError {
    /// The URL is not a WebSocket URL.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// The client library refuses the URL.
    #[error("`{url}` isn't a WebSocket URL: {source}")]
    Request {
        /// The URL that was given.
        url: String,
        /// The library's error.
        source: Box<tungstenite::Error>,
    },
    /// The connection could not be opened.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The URL is a `wss://` URL.
    #[error("`{0}` needs TLS, which is not measured; give a ws:// URL")]
    NeedsTls(String),
}

/// Opens a socket to the host in `url`, and builds the request that opens a WebSocket on it.
///
/// # Errors
/// Fails if `url` isn't a `ws://` URL, or if the server cannot be reached within 5 s.
pub async fn connect_without_tls(
    url: &str,
) -> Result<(Request, TcpStream), ConnectWithoutTlsError> {
    let target = Target::parse_host_only(url)?;
    let request = url.into_client_request().map_err(|error| ConnectWithoutTlsError::Request {
        url: url.to_owned(),
        source: Box::new(error),
    })?;
    match connect(&target, &TlsOptions::default(), CONNECT_TIMEOUT).await? {
        MaybeTlsStream::Plain(Socket::Tcp(stream)) => Ok((request, stream)),
        // The URL names no Unix socket, so this is TLS.
        _ => Err(ConnectWithoutTlsError::NeedsTls(url.to_owned())),
    }
}
