//! The four clients. Each polls or listens in its own way, and records in the metrics what it
//! received and when. None reconnects: a transport that fails stays failed, with its cause.

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

use crate::feed::metrics::FeedMetrics;
use crate::feed::server::LONG_POLL_TIMEOUT;
use crate::feed::{FeedClock, Tick, Transport, TransportError};
use crate::net::{EventReader, WebSocketLimits, connect_tcp};

/// How long a response may take that should come at once.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(5);
/// The maximum size of a message or response that is read, in bytes.
const MAX_MESSAGE_BYTES: usize = 4096;

/// A client: where to connect to, and the metrics to record in.
#[derive(Clone)]
pub(super) struct FeedClient {
    pub(super) transport: Transport,
    pub(super) address: SocketAddr,
    /// The pause of a polling client.
    pub(super) poll_interval: Duration,
    pub(super) clock: FeedClock,
    pub(super) metrics: Arc<Mutex<FeedMetrics>>,
}

impl FeedClient {
    /// Runs the client until it is dropped or fails. A failure is recorded in the metrics.
    pub(super) async fn run(self) {
        let ended = match self.connect().await {
            Ok(stream) => self.over(stream).await,
            Err(error) => Err(error),
        };
        let error = ended.err().unwrap_or(TransportError::Ended);
        self.with_metrics(|metrics| metrics.record_failure(self.transport, error));
    }

    /// Runs the client over an open connection.
    pub(super) async fn over(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    ) -> Result<(), TransportError> {
        match self.transport {
            Transport::Poll => self.over_http(stream, Self::poll).await,
            Transport::LongPoll => self.over_http(stream, Self::long_poll).await,
            Transport::Sse => self.over_http(stream, Self::event_stream).await,
            Transport::WebSocket => self.websocket(stream).await,
        }
    }

    fn with_metrics<T>(&self, update: impl FnOnce(&mut FeedMetrics) -> T) -> T {
        // A panic cannot leave the metrics half-updated, so a poisoned lock is safe to use.
        update(&mut self.metrics.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn record(&self, message: &[u8]) -> Result<Tick, TransportError> {
        let now = self.clock.now();
        let tick = Tick::from_json(message)?;
        self.with_metrics(|metrics| metrics.record_update(self.transport, tick, now));
        Ok(tick)
    }

    /// Runs `use_connection` over HTTP, and drives the connection at the same time.
    async fn over_http<F>(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        use_connection: impl FnOnce(Self, HttpConnection) -> F,
    ) -> Result<(), TransportError>
    where
        F: Future<Output = Result<(), TransportError>>,
    {
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        let http = HttpConnection { sender, host: self.address.to_string() };
        let mut using = pin!(use_connection(self.clone(), http));
        tokio::select! {
            biased;
            ended = using.as_mut() => return ended,
            // The connection has ended, but it may have read a response before. The user of the
            // connection gets that first, then the error.
            _ = connection => {}
        }
        using.await
    }

    async fn poll(self, mut http: HttpConnection) -> Result<(), TransportError> {
        loop {
            self.with_metrics(|metrics| metrics.record_request(self.transport));
            let response = http.get("/price", "application/json", RESPONSE_TIMEOUT).await?;
            self.record(&read_body(response).await?)?;
            sleep(self.poll_interval).await;
        }
    }

    async fn long_poll(self, mut http: HttpConnection) -> Result<(), TransportError> {
        let mut path = "/price".to_owned();
        loop {
            self.with_metrics(|metrics| metrics.record_request(self.transport));
            let response = http
                .get(&path, "application/json", LONG_POLL_TIMEOUT.saturating_add(RESPONSE_TIMEOUT))
                .await?;
            if response.status() == StatusCode::NO_CONTENT {
                // An expired long poll is not a failure: the client asks again.
                self.with_metrics(|metrics| metrics.record_empty(self.transport, self.clock.now()));
                continue;
            }
            let tick = self.record(&read_body(response).await?)?;
            // Asking for what is newer than the last event closes the gap between two long polls.
            path = format!("/price?after={}", tick.seq);
        }
    }

    async fn event_stream(self, mut http: HttpConnection) -> Result<(), TransportError> {
        self.with_metrics(|metrics| metrics.record_request(self.transport));
        let mut body =
            http.get("/events", "text/event-stream", RESPONSE_TIMEOUT).await?.into_body();
        let mut reader = EventReader::default();
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame?.into_data() else { continue };
            reader.push(&data);
            while let Some(event) = reader.next_event(MAX_MESSAGE_BYTES)? {
                // An event without data, for example a comment, does not count (WHATWG HTML section
                // 9.2.6).
                if let Some(data) = event.data {
                    self.record(&data)?;
                }
            }
        }
        Ok(())
    }

    async fn websocket(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin,
    ) -> Result<(), TransportError> {
        let url = format!("ws://{}/", self.address);
        self.with_metrics(|metrics| metrics.record_request(self.transport));
        let handshake = WebSocketLimits::new(MAX_MESSAGE_BYTES).client(url, stream);
        let mut stream = with_timeout(RESPONSE_TIMEOUT, handshake).await??;
        while let Some(message) = stream.next().await {
            match message? {
                Message::Text(text) => drop(self.record(text.as_bytes())?),
                // tungstenite answers pings by itself.
                Message::Ping(_) | Message::Pong(_) => {}
                Message::Close(_) => return Ok(()),
                other => return Err(TransportError::UnexpectedMessage(other)),
            }
        }
        Ok(())
    }

    async fn connect(&self) -> Result<TcpStream, TransportError> {
        with_timeout(RESPONSE_TIMEOUT, connect_tcp(self.address)).await?.map_err(TransportError::Io)
    }
}

/// One kept-alive connection with one request at a time.
struct HttpConnection {
    sender: SendRequest<Empty<Bytes>>,
    host: String,
}

impl HttpConnection {
    async fn get(
        &mut self,
        path: &str,
        accept: &str,
        time_limit: Duration,
    ) -> Result<Response<Incoming>, TransportError> {
        let request = Request::get(path).header(HOST, &self.host).header(ACCEPT, accept);
        let request = request.body(Empty::new())?;
        with_timeout(time_limit, self.sender.ready()).await??;
        let response = with_timeout(time_limit, self.sender.send_request(request)).await??;
        if response.status().is_success() {
            Ok(response)
        } else {
            Err(TransportError::Status(response.status()))
        }
    }
}

async fn read_body(response: Response<Incoming>) -> Result<Bytes, TransportError> {
    let body = with_timeout(
        RESPONSE_TIMEOUT,
        Limited::new(response.into_body(), MAX_MESSAGE_BYTES).collect(),
    )
    .await?;
    Ok(body.map_err(TransportError::Body)?.to_bytes())
}

async fn with_timeout<T>(
    time_limit: Duration,
    awaited: impl Future<Output = T>,
) -> Result<T, TransportError> {
    timeout(time_limit, awaited).await.map_err(|_| TransportError::Timeout(time_limit))
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;
    use crate::net::listen;
    use crate::scope::Scope;

    /// More than a kernel buffers between two sockets.
    const MAX_WRITTEN: usize = 64 << 20;

    #[tokio::test]
    async fn an_endless_response_is_refused_without_reading_it() {
        let scope = Scope::new(|panic| panic!("{panic}"));
        for (way, why) in [
            (Transport::Poll, "length limit exceeded"),
            (Transport::LongPoll, "length limit exceeded"),
            (Transport::Sse, "an event of more than 4096 bytes"),
        ] {
            let listener = listen(([127, 0, 0, 1], 0)).unwrap();
            let address = listener.local_addr().unwrap();
            let metrics = Arc::new(Mutex::new(FeedMetrics::new(&[(way, Arc::default())])));
            let client = FeedClient {
                transport: way,
                address,
                poll_interval: RESPONSE_TIMEOUT,
                clock: FeedClock::start(),
                metrics: metrics.clone(),
            };
            scope.spawn("client", client.run());
            let (mut stream, _) = listener.accept().await.unwrap();
            let _ = stream.read(&mut [0; 4096]).await.unwrap();
            stream
                .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2147483648\r\n\r\n")
                .await
                .unwrap();
            let mut written = 0;
            while let Ok(count @ 1..) = stream.write(&[b'x'; 4096]).await {
                written += count;
                assert!(written < MAX_WRITTEN, "{way:?}: it is read on and on");
            }
            // It hangs up once it has reported the number.
            let metrics = metrics.lock().unwrap();
            let failed = metrics.snapshot(Duration::ZERO).transports[0].failure.clone();
            assert_eq!(failed.unwrap().to_string(), why, "{way:?}");
        }
    }
}
