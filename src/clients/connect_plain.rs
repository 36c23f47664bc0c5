//! [`connect_plain`]: the way for those who talk through a client library instead of byte by byte.
//! Only `ws://` is dialled here.

use std::time::Duration;

use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::handshake::client::Request;

use crate::net::{MaybeTlsStream, Target, TlsOptions, connect};

/// How long a server may take to accept a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// A socket to the host that `url` names, and the request that asks it for a WebSocket.
///
/// # Errors
///
/// A URL that is none, or a server that cannot be reached within 5 s: what, where, and what would be right.
pub async fn connect_plain(url: &str) -> Result<(Request, TcpStream), String> {
    let target = Target::parse(url)?;
    let request =
        url.into_client_request().map_err(|error| format!("`{url}` is no WebSocket URL: {error}"))?;
    match connect(&target, &TlsOptions::default(), CONNECT_TIMEOUT).await? {
        MaybeTlsStream::Plain(stream) => Ok((request, stream)),
        MaybeTlsStream::Tls(_) => Err(format!("`{url}` wants TLS, which is not measured; give a ws:// URL")),
    }
}
