//! The four clients: each asks, or listens, in its own way, and tells the board what it heard and when.
//! None connects anew: a way that fails stays failed, and says why.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt as _;
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{ACCEPT, HOST};
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use tokio_tungstenite::tungstenite::Message;

use crate::feed::board::Board;
use crate::feed::server::HOLD;
use crate::feed::{Clock, Tick, Way};
use crate::net::{WebSocketLimits, with_causes};

/// How long an answer that should come at once may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// The largest message or answer that is read, in bytes.
const LARGEST: usize = 4096;

/// What a client needs: where to ask, and whom to tell.
#[derive(Clone)]
pub(super) struct Client {
    pub(super) way: Way,
    pub(super) address: SocketAddr,
    /// The pause of a polling client.
    pub(super) pause: Duration,
    pub(super) clock: Clock,
    pub(super) board: Arc<Mutex<Board>>,
}

impl Client {
    /// Asks or listens until it is dropped, or something goes wrong: that is told to the board.
    pub(super) async fn run(self) {
        let ended = match self.connect().await {
            Ok(stream) => self.over(stream).await,
            Err(why) => Err(why),
        };
        let why = ended.err().unwrap_or_else(|| "the server ended the feed".to_owned());
        self.tell(|board| board.failed(self.way, why));
    }

    /// Asks or listens over a connection.
    pub(super) async fn over(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    ) -> Result<(), String> {
        match self.way {
            Way::Poll => self.over_http(stream, Self::poll).await,
            Way::LongPoll => self.over_http(stream, Self::long_poll).await,
            Way::Sse => self.over_http(stream, Self::listen).await,
            Way::WebSocket => self.websocket(stream).await,
        }
    }

    fn tell<T>(&self, what: impl FnOnce(&mut Board) -> T) -> T {
        // the board is whole even if a panic came between
        what(&mut self.board.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn heard(&self, message: &[u8]) -> Result<Tick, String> {
        let now = self.clock.now();
        let tick = Tick::from_json(message)?;
        self.tell(|board| board.heard(self.way, tick, now));
        Ok(tick)
    }

    /// Speaks HTTP over a connection; the connection itself is driven beside that.
    async fn over_http<F>(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        speak: impl FnOnce(Self, Asker) -> F,
    ) -> Result<(), String>
    where
        F: Future<Output = Result<(), String>>,
    {
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(with_causes)?;
        let asker = Asker { sender, host: self.address.to_string() };
        let mut speaking = pin!(speak(self.clone(), asker));
        tokio::select! {
            biased;
            ended = speaking.as_mut() => return ended,
            // what it had read before its end has yet to be heard; then whoever asks is told of the end
            _ = connection => {}
        }
        speaking.await
    }

    async fn poll(self, mut asker: Asker) -> Result<(), String> {
        loop {
            self.tell(|board| board.asked(self.way));
            let answer = asker.ask("/price", "application/json", PATIENCE).await?;
            self.heard(&whole(answer).await?)?;
            sleep(self.pause).await;
        }
    }

    async fn long_poll(self, mut asker: Asker) -> Result<(), String> {
        let mut path = "/price".to_owned();
        loop {
            self.tell(|board| board.asked(self.way));
            let answer = asker.ask(&path, "application/json", HOLD.saturating_add(PATIENCE)).await?;
            if answer.status() == StatusCode::NO_CONTENT {
                self.tell(|board| board.heard_nothing(self.way, self.clock.now()));
                continue;
            }
            let tick = self.heard(&whole(answer).await?)?;
            path = format!("/price?after={}", tick.seq);
        }
    }

    async fn listen(self, mut asker: Asker) -> Result<(), String> {
        self.tell(|board| board.asked(self.way));
        let mut body = asker.ask("/events", "text/event-stream", PATIENCE).await?.into_body();
        let mut waiting = Vec::new();
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame.map_err(with_causes)?.into_data() else { continue };
            waiting.extend_from_slice(&data);
            while let Some(end) = waiting.windows(2).position(|pair| pair == b"\n\n") {
                let event: Vec<u8> = waiting.drain(..end.saturating_add(2)).collect();
                // an event without data, a comment say, is none (WHATWG HTML section 9.2.6)
                if let Some(data) =
                    event.split(|byte| *byte == b'\n').find_map(|line| line.strip_prefix(b"data:"))
                {
                    self.heard(data)?;
                }
            }
            if waiting.len() > LARGEST {
                return Err(format!("an event of more than {LARGEST} bytes"));
            }
        }
        Ok(())
    }

    async fn websocket(&self, stream: impl AsyncRead + AsyncWrite + Unpin) -> Result<(), String> {
        let url = format!("ws://{}/", self.address);
        self.tell(|board| board.asked(self.way));
        let opening = WebSocketLimits::new(LARGEST).client(url, stream);
        let mut stream = in_time(PATIENCE, opening).await?.map_err(with_causes)?;
        while let Some(message) = stream.next().await {
            match message.map_err(with_causes)? {
                Message::Text(text) => drop(self.heard(text.as_bytes())?),
                Message::Ping(_) | Message::Pong(_) => {}
                Message::Close(_) => return Ok(()),
                other => return Err(format!("the server sent {other:?} instead of a price")),
            }
        }
        Ok(())
    }

    async fn connect(&self) -> Result<TcpStream, String> {
        let stream = in_time(PATIENCE, TcpStream::connect(self.address)).await?.map_err(with_causes)?;
        stream.set_nodelay(true).map_err(with_causes)?;
        Ok(stream)
    }
}

/// One connection that is kept alive, and asked one thing at a time.
struct Asker {
    sender: SendRequest<Empty<Bytes>>,
    host: String,
}

impl Asker {
    async fn ask(
        &mut self,
        path: &str,
        accept: &str,
        patience: Duration,
    ) -> Result<Response<Incoming>, String> {
        let request = Request::get(path).header(HOST, &self.host).header(ACCEPT, accept);
        let request = request.body(Empty::new()).map_err(with_causes)?;
        in_time(patience, self.sender.ready()).await?.map_err(with_causes)?;
        let answer = in_time(patience, self.sender.send_request(request)).await?.map_err(with_causes)?;
        if answer.status().is_success() {
            Ok(answer)
        } else {
            Err(format!("the server answered {}", answer.status()))
        }
    }
}

async fn whole(answer: Response<Incoming>) -> Result<Bytes, String> {
    let body = in_time(PATIENCE, Limited::new(answer.into_body(), LARGEST).collect()).await?;
    Ok(body.map_err(|error| error.to_string())?.to_bytes())
}

async fn in_time<T>(patience: Duration, awaited: impl Future<Output = T>) -> Result<T, String> {
    timeout(patience, awaited).await.map_err(|_| format!("no answer within {} s", patience.as_secs()))
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;
    use crate::net::listen;
    use crate::scope::Scope;

    /// More than any kernel keeps between two sockets.
    const MOST: usize = 64 << 20;

    #[tokio::test]
    async fn an_answer_that_does_not_end_is_refused_and_not_read() {
        let scope = Scope::new(|panic| panic!("{panic}"));
        for (way, why) in [
            (Way::Poll, "length limit exceeded"),
            (Way::LongPoll, "length limit exceeded"),
            (Way::Sse, "an event of more than 4096 bytes"),
        ] {
            let listener = listen(([127, 0, 0, 1], 0)).unwrap();
            let address = listener.local_addr().unwrap();
            let board = Arc::new(Mutex::new(Board::new(&[(way, Arc::default())])));
            let client =
                Client { way, address, pause: PATIENCE, clock: Clock::start(), board: board.clone() };
            scope.spawn("client", client.run());
            let (mut stream, _) = listener.accept().await.unwrap();
            let _ = stream.read(&mut [0; 4096]).await.unwrap();
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2147483648\r\n\r\n").await.unwrap();
            let mut written = 0;
            while let Ok(count @ 1..) = stream.write(&[b'x'; 4096]).await {
                written += count;
                assert!(written < MOST, "{way:?}: it is read on and on");
            }
            // it hangs up once it has told
            let board = board.lock().unwrap();
            let failed = board.live(Duration::ZERO).ways[0].failed.clone();
            assert_eq!(failed.as_deref(), Some(why), "{way:?}");
        }
    }
}
