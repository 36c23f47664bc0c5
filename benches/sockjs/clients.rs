//! The clients: a session over xhr-streaming and one over a WebSocket, as cheap as possible.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::time::{sleep_until, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use wiretalk::net::WebSocketLimits;
use wiretalk::sockjs::{BodyContent, BodyReader, Frame, Transport};

use crate::exchange::{ExchangeCounts, Schedule};

/// How long the last message may take to come back.
const EXCHANGE_TIMEOUT: Duration = Duration::from_secs(20);

/// The largest part of a body, and of a message.
const LIMIT: usize = 1 << 20;

/// Exchanges messages over xhr-streaming: a response that goes on, and a request for each message.
pub(crate) async fn streaming(
    address: SocketAddr,
    session: usize,
    schedule: Schedule,
) -> anyhow::Result<ExchangeCounts> {
    let path = format!("/echo/000/stream{session}");
    let mut tally = ExchangeCounts::default();
    let mut stream = Stream::open(address, &path).await?;
    ensure!(stream.next().await? == Some(Frame::Open), "the first frame is no o");
    let sending = async {
        let mut socket = BufReader::new(connect(address).await?);
        for number in 0..schedule.messages {
            sleep_until(schedule.due(number)).await;
            let body = format!("[\"{}\"]", Schedule::text(number));
            let request = format!(
                "POST {path}/xhr_send HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n\
                 Content-Length: {}\r\n\r\n{body}",
                body.len()
            );
            socket.write_all(request.as_bytes()).await?;
            let head = read_head(&mut socket).await?;
            ensure!(head.starts_with("HTTP/1.1 204 "), "xhr_send: {head}");
        }
        anyhow::Ok(())
    };
    let receiving = async {
        while tally.received < u64::from(schedule.messages) {
            match stream.next().await? {
                Some(Frame::Close { code, reason }) => bail!("closed with {code} ({reason})"),
                Some(frame) => {
                    for message in frame.messages() {
                        tally.receive(message.as_str().unwrap_or_default(), schedule)?;
                    }
                }
                // The response is full: the next one goes on where it ended.
                None => stream = Stream::open(address, &path).await?,
            }
        }
        anyhow::Ok(())
    };
    let last = schedule.due(schedule.messages).elapsed();
    let limit = EXCHANGE_TIMEOUT + schedule.every * schedule.messages + last;
    let (sent, received) = timeout(limit, async { tokio::join!(sending, receiving) }).await?;
    sent?;
    received?;
    tally.sent = schedule.messages.into();
    Ok(tally)
}

async fn connect(address: SocketAddr) -> anyhow::Result<TcpStream> {
    let socket = TcpStream::connect(address).await?;
    socket.set_nodelay(true)?;
    Ok(socket)
}

async fn read_head(socket: &mut BufReader<TcpStream>) -> anyhow::Result<String> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        ensure!(socket.read_line(&mut head).await? > 0, "the connection ended: {head}");
    }
    Ok(head)
}

/// A streaming response.
struct Stream {
    socket: BufReader<TcpStream>,
    body: BodyReader,
    chunk: Vec<u8>,
}

impl Stream {
    async fn open(address: SocketAddr, path: &str) -> anyhow::Result<Self> {
        let mut socket = BufReader::new(connect(address).await?);
        let request = format!(
            "POST {path}/xhr_streaming HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"
        );
        socket.write_all(request.as_bytes()).await?;
        let head = read_head(&mut socket).await?;
        ensure!(head.starts_with("HTTP/1.1 200 "), "xhr_streaming: {head}");
        let body = BodyReader::new(Transport::XhrStreaming, LIMIT);
        Ok(Self { socket, body, chunk: Vec::new() })
    }

    /// Returns the next frame; `None` at the end of the response.
    async fn next(&mut self) -> anyhow::Result<Option<Frame>> {
        loop {
            match self.body.next_item().map(|item| item.content) {
                Some(BodyContent::Frame(frame)) => return Ok(Some(frame)),
                Some(BodyContent::Broken(error)) => bail!("{error}"),
                Some(BodyContent::Prelude) => continue,
                None => {}
            }
            let mut line = String::new();
            self.socket.read_line(&mut line).await?;
            let length = usize::from_str_radix(line.trim(), 16).context("no chunk")?;
            self.chunk.resize(length + 2, 0);
            self.socket.read_exact(&mut self.chunk).await?;
            if length == 0 {
                return Ok(None);
            }
            self.body.push(&self.chunk[..length]);
        }
    }
}

/// A client's WebSocket whose session is open.
pub(crate) struct OpenWebSocket(WebSocketStream<TcpStream>);

impl OpenWebSocket {
    pub(crate) async fn open(address: SocketAddr, session: usize) -> anyhow::Result<Self> {
        let url = format!("ws://{address}/echo/000/ws{session}/websocket");
        let limits = WebSocketLimits { message: LIMIT, read_buffer: 1024 };
        let mut socket = limits.client(url, connect(address).await?).await?;
        let first = timeout(EXCHANGE_TIMEOUT, socket.next()).await?.context("it ended")??;
        ensure!(first.to_text()? == "o", "the first frame is {first}");
        Ok(Self(socket))
    }

    /// Exchanges messages.
    pub(crate) async fn exchange(self, schedule: Schedule) -> anyhow::Result<ExchangeCounts> {
        let mut tally = ExchangeCounts::default();
        let (mut sink, mut stream) = self.0.split();
        let sending = async {
            for number in 0..schedule.messages {
                sleep_until(schedule.due(number)).await;
                sink.send(Message::text(format!("[\"{}\"]", Schedule::text(number)))).await?;
            }
            anyhow::Ok(())
        };
        let receiving = async {
            while tally.received < u64::from(schedule.messages) {
                let message = stream.next().await.context("it ended")??;
                let Message::Text(text) = message else { continue };
                for message in Frame::parse(text.as_str())?.messages() {
                    tally.receive(message.as_str().unwrap_or_default(), schedule)?;
                }
            }
            anyhow::Ok(())
        };
        let limit = EXCHANGE_TIMEOUT + schedule.every * schedule.messages;
        let (sent, received) = timeout(limit, async { tokio::join!(sending, receiving) }).await?;
        sent?;
        received?;
        tally.sent = schedule.messages.into();
        Ok(tally)
    }
}
