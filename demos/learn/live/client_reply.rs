//! [`ClientReply`]: whether a client opens the connection on a response.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, duplex};
use tokio_tungstenite::tungstenite::http::Request;

use crate::net::WebSocketLimits;
use crate::wire::Side;
use crate::wire::handshake::Head;

/// The bytes of each direction that are under way at most.
const PIPE: usize = 16 << 10;

/// The longest message that the client would read.
const MAX_MESSAGE: usize = 1 << 10;

/// The reply of tungstenite's client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::demos::learn) struct ClientReply {
    /// Why the client failed the connection, if it did.
    pub(super) opened: Result<(), String>,
}

impl ClientReply {
    /// Returns what happened, in a sentence.
    pub(super) fn describe(&self) -> String {
        match &self.opened {
            Ok(()) => "tungstenite's client opens the connection.".to_owned(),
            Err(reason) => format!("tungstenite's client fails the connection: {reason}."),
        }
    }
}

/// Lets a client send a request, and gives it a response.
pub(super) async fn open(request: &[u8], response: &[u8]) -> io::Result<ClientReply> {
    let request = client_request(&Head::new(Side::Client, request))?;
    let (client, server) = duplex(PIPE);
    let opened = tokio::select! {
        opened = WebSocketLimits::new(MAX_MESSAGE).client(request, client) => opened,
        error = respond(server, response) => return Err(error),
    };
    let opened = opened.map(drop);
    Ok(ClientReply { opened: opened.map_err(|error| error.to_string()) })
}

/// Returns a request that the client takes, with its headers as they are.
fn client_request(head: &Head) -> io::Result<Request<()>> {
    let host = head.joined_value("Host").unwrap_or_default();
    let mut request = Request::builder().uri(format!("ws://{host}{}", head.target()));
    for field in head.fields() {
        let name = head.raw().get(field.name.clone()).unwrap_or_default();
        request = request.header(name, head.field_value(field));
    }
    request.body(()).map_err(io::Error::other)
}

/// Reads a request and sends the response. Returns only if that fails.
async fn respond(mut stream: impl AsyncRead + AsyncWrite + Unpin, response: &[u8]) -> io::Error {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => request.push(byte),
            Err(error) => return error,
        }
    }
    match stream.write_all(response).await {
        Ok(()) => std::future::pending().await,
        Err(error) => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REQUEST: &[u8] = b"GET /chat HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n\
        Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
        Sec-WebSocket-Version: 13\r\n\r\n";
    const RESPONSE: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\
        Connection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

    #[tokio::test]
    async fn a_client_judges_the_response_to_its_own_key() {
        assert_eq!(open(REQUEST, RESPONSE.as_bytes()).await.unwrap().opened, Ok(()));
        let unasked =
            RESPONSE.replace("Upgrade\r\n", "Upgrade\r\nSec-WebSocket-Protocol: chat\r\n");
        let reply = open(REQUEST, unasked.as_bytes()).await.unwrap();
        assert!(reply.describe().contains("fails the connection: "), "{reply:?}");
        let other = RESPONSE.replace("s3pP", "S3pP");
        assert!(open(REQUEST, other.as_bytes()).await.unwrap().opened.is_err());
    }
}
