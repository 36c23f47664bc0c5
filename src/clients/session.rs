//! One WebSocket connection to a server, with every byte of it reported as the socket took or gave it.
//!
//! The client library above the tap is tokio-tungstenite; it does not know that it is watched. Only
//! `ws://` is spoken.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use crate::net::{Chunk, Chunks, Tap, in_words};

/// How long a server may take to accept a connection, to answer the handshake, and to say goodbye.
const PATIENCE: Duration = Duration::from_secs(5);

/// What the session is asked to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Send a text message.
    Text(String),
    /// Send a Ping with this payload, at most 125 bytes (RFC 6455 section 5.5).
    Ping(Vec<u8>),
    /// Put these bytes on the wire as they are.
    Raw(Vec<u8>),
    /// Begin the closing handshake with this code and reason, and read on until the server hangs up.
    Close(u16, String),
}

/// What a session tells, in the order in which it happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Report {
    /// Bytes went over the socket, from the first of the handshake to the end of the stream.
    Bytes(Chunk),
    /// The handshake is complete.
    Open,
    /// The session is over, and why, in words; always the last report.
    Ended(Result<String, String>),
}

/// Opens a connection to `url`, carries out `commands` and reports everything until it is over.
///
/// It ends when either side closes, when something fails, or with a proper goodbye when `commands` is closed. Dropping
/// the future closes the socket at once.
pub async fn session(url: String, mut commands: mpsc::Receiver<Command>, reports: mpsc::Sender<Report>) {
    let ended = match open(&url, &reports).await {
        Ok(stream) => {
            // a reader that is gone needs no reports
            let _ = reports.send(Report::Open).await;
            talk(stream, &mut commands).await
        }
        Err(why) => Err(why),
    };
    let _ = reports.send(Report::Ended(ended)).await;
}

type Tapped = WebSocketStream<Tap<TcpStream, Chunks<Report>>>;

async fn open(url: &str, reports: &mpsc::Sender<Report>) -> Result<Tapped, String> {
    let (request, stream) = dial(url).await?;
    let tap = Tap::new(stream, Chunks::new(reports, Report::Bytes));
    let config = WebSocketConfig::default().read_buffer_size(4096);
    let shaking = timeout(PATIENCE, client_async_with_config(request, tap, Some(config))).await;
    match shaking {
        Ok(Ok((stream, _))) => Ok(stream),
        Ok(Err(error)) => Err(refused(&error)),
        Err(_) => Err("the server took the request and did not answer within 5 s".to_owned()),
    }
}

/// A socket to the host that `url` names, and the request that asks it for a WebSocket.
///
/// # Errors
///
/// A URL that is none, or a server that cannot be reached within 5 s: what, where, and what would be right.
pub async fn dial(url: &str) -> Result<(Request, TcpStream), String> {
    let (request, host, port) = request(url)?;
    let connecting = timeout(PATIENCE, TcpStream::connect((host.as_str(), port))).await;
    let stream = connecting
        .map_err(|_| format!("could not connect to {url}: no answer within 5 s; is that the right address?"))?
        .map_err(|error| format!("could not connect to {url}: {}", in_words(&error)))?;
    stream.set_nodelay(true).map_err(|error| error.to_string())?;
    Ok((request, stream))
}

fn request(url: &str) -> Result<(Request, String, u16), String> {
    if url.starts_with("wss://") {
        return Err(format!("`{url}` wants TLS, which is not spoken here; give a ws:// URL"));
    }
    let wrong = |why: String| {
        format!("`{url}` is no WebSocket URL ({why}); write for example ws://127.0.0.1:9001/chat")
    };
    if !url.starts_with("ws://") {
        return Err(wrong("it does not begin with ws://".to_owned()));
    }
    let request = url.into_client_request().map_err(|error| wrong(error.to_string()))?;
    let host = request.uri().host().unwrap_or_default().trim_matches(['[', ']']).to_owned();
    let port = request.uri().port_u16().unwrap_or(80);
    if host.is_empty() {
        return Err(wrong("it names no host".to_owned()));
    }
    Ok((request, host, port))
}

fn refused(error: &tungstenite::Error) -> String {
    match error {
        tungstenite::Error::Http(response) => format!(
            "the server answered {}, not 101 Switching Protocols: it does not speak WebSocket at this path",
            response.status()
        ),
        error => format!("the handshake failed: {error}"),
    }
}

async fn talk(mut stream: Tapped, commands: &mut mpsc::Receiver<Command>) -> Result<String, String> {
    loop {
        tokio::select! {
            command = commands.recv() => match command {
                Some(Command::Text(text)) => send(&mut stream, Message::text(text)).await?,
                Some(Command::Ping(payload)) => send(&mut stream, Message::Ping(payload.into())).await?,
                Some(Command::Raw(bytes)) => {
                    use tokio::io::AsyncWriteExt as _;
                    stream.get_mut().write_all(&bytes).await.map_err(|error| error.to_string())?;
                }
                Some(Command::Close(code, reason)) => return goodbye(stream, code, reason).await,
                None => return goodbye(stream, 1000, String::new()).await,
            },
            message = stream.next() => match message {
                // pongs and the answer to a Close are sent by the library with the next read
                Some(Ok(_)) => {}
                Some(Err(error)) => return ended(&error),
                None => return Ok("the server closed the connection".to_owned()),
            },
        }
    }
}

async fn send(stream: &mut Tapped, message: Message) -> Result<(), String> {
    stream.send(message).await.map_err(|error| format!("could not send: {error}"))
}

/// Sends a Close and reads on to the end of the stream: the server's Close is among what comes (RFC 6455 section 7.1.1).
async fn goodbye(mut stream: Tapped, code: u16, reason: String) -> Result<String, String> {
    let frame = CloseFrame { code: CloseCode::from(code), reason: reason.into() };
    WebSocketStream::close(&mut stream, Some(frame))
        .await
        .map_err(|error| format!("could not close: {error}"))?;
    let rest = async {
        while let Some(message) = stream.next().await {
            if let Err(error) = message {
                return ended(&error);
            }
        }
        Ok("closed by us, answered by the server".to_owned())
    };
    let waited = timeout(PATIENCE, rest).await;
    waited.unwrap_or_else(|_| Err("we closed, and the server did not answer within 5 s".to_owned()))
}

fn ended(error: &tungstenite::Error) -> Result<String, String> {
    match error {
        tungstenite::Error::ConnectionClosed | tungstenite::Error::AlreadyClosed => {
            Ok("the closing handshake is complete".to_owned())
        }
        tungstenite::Error::Protocol(error) => Err(format!("the server broke the protocol: {error}")),
        error => Err(format!("the connection broke: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;
    use crate::net::Direction;
    use crate::scope::Scope;
    use crate::servers::{Bundle, Ports};
    use crate::wire::{Connection, Opcode, Side};

    /// Plays `commands` on `url` and gives back everything that was reported.
    async fn play(url: String, commands: &[Command]) -> (Connection, Vec<Report>) {
        let (orders, inbox) = mpsc::channel(8);
        let (post, mut mail) = mpsc::channel(64);
        for command in commands {
            orders.try_send(command.clone()).unwrap();
        }
        let running = session(url, inbox, post);
        let reading = async {
            let (mut seen, mut all) = (Connection::new(), Vec::new());
            while let Some(report) = mail.recv().await {
                if let Report::Bytes(chunk) = &report {
                    let from = if chunk.direction == Direction::Sent { Side::Client } else { Side::Server };
                    seen.push(from, &chunk.bytes);
                }
                all.push(report);
            }
            drop(orders);
            (seen, all)
        };
        tokio::join!(running, reading).1
    }

    #[tokio::test]
    async fn every_byte_is_seen_from_the_handshake_to_both_closes() {
        let scope = Scope::new(|panic| panic!("{panic}"));
        let servers = Bundle::start(&scope, Ports::default(), None);
        let url = servers.up().await.unwrap().websocket_url();
        let close = Command::Close(1000, "bye".into());
        let (seen, all) = play(url, &[Command::Text("Hello".into()), close]).await;
        assert!(matches!(all.last(), Some(Report::Ended(Ok(_)))), "{all:?}");
        assert!(seen.is_open());
        for side in [Side::Client, Side::Server] {
            let said = seen.stream(side).said();
            assert_eq!(said.messages()[0].text(), Some("Hello"));
            assert_eq!(said.frames().last().unwrap().header.opcode, Opcode::Close);
            assert_eq!(said.frames().last().unwrap().close(), Some((1000, b"bye".to_vec())));
            assert_eq!(said.faults(), []);
        }
    }

    #[tokio::test]
    async fn a_server_that_speaks_only_http_is_told_and_its_bytes_are_kept() {
        let scope = Scope::new(|panic| panic!("{panic}"));
        let servers = Bundle::start(&scope, Ports::default(), None);
        let url = format!("ws://{}/nowhere", servers.up().await.unwrap().http);
        let (seen, all) = play(url, &[]).await;
        let Some(Report::Ended(Err(why))) = all.last() else { panic!("{all:?}") };
        assert!(why.contains("404") && why.contains("does not speak WebSocket"), "{why}");
        assert!(seen.stream(Side::Server).head_bytes().starts_with(b"HTTP/1.1 404"));
    }

    #[tokio::test]
    async fn a_connection_that_breaks_and_one_that_never_was() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let cut = async {
            let (mut peer, _) = listener.accept().await.unwrap();
            let _ = peer.read(&mut [0; 64]).await;
            peer.write_all(b"HTTP/1.1 101 Switching").await.unwrap();
        };
        let ((), (_, all)) = tokio::join!(cut, play(format!("ws://{address}/"), &[]));
        assert!(matches!(all.last(), Some(Report::Ended(Err(_)))), "{all:?}");
        drop(listener);
        let (_, all) = play(format!("ws://{address}/"), &[]).await;
        let [Report::Ended(Err(why))] = &all[..] else { panic!("{all:?}") };
        assert!(why.contains("is a server listening there?"), "{why}");
    }

    #[test]
    fn urls_that_will_not_do_say_what_would() {
        assert!(request("wss://x/").unwrap_err().contains("give a ws:// URL"));
        assert!(request("http://x/").unwrap_err().contains("ws://127.0.0.1:9001/chat"));
        assert!(request("ws:///x").is_err());
        assert_eq!(request("ws://[::1]/x").unwrap().1, "::1");
    }
}
