//! WebSockets over HTTP/2 (RFC 8441): [`ExtendedConnect`] is a stream that takes the request of a case
//! as HTTP/1.1 has it, sends it as extended CONNECT, and gives the response in the same form. So all
//! cases about frames are played as they are.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use h2::client::{Connection, ResponseFuture, SendRequest};
use h2::ext::Protocol;
use h2::{RecvStream, SendStream};
use hyper::header::{HeaderName, HeaderValue};
use hyper::{Method, Response, StatusCode, Uri};
use rustls::AlertDescription;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::timeout;

use crate::conform::ConformConfig;
use crate::net::{
    ConnectError, ConnectErrorKind, Http2Stream, MaybeTlsStream, Route, TlsError, TlsOptions,
    connect_by,
};
use crate::wire::Side;
use crate::wire::handshake::{AcceptValue, DEFAULT_MAX_HEAD_LEN, Head, HeadReader, HeadScan};

/// The name of HTTP/2 within TLS (RFC 9113 section 3.2).
const H2: &[u8] = b"h2";

/// The fields that extended CONNECT does not have, because HTTP/2 has other means for them.
const HTTP1_FIELDS: [&str; 4] = ["host", "upgrade", "connection", "sec-websocket-key"];

/// Whether HTTP/2 has other means for a field, of which `name` is in lower case.
pub(super) fn is_of_http1(name: &str) -> bool {
    HTTP1_FIELDS.contains(&name)
}

/// A request of HTTP/2, without a body.
pub(super) type Request = hyper::Request<()>;

/// Why there is no stream.
#[derive(Debug, thiserror::Error)]
pub enum Http2Error {
    /// No connection can be made to the server.
    #[error("{0}")]
    Connect(#[from] ConnectError),
    /// The server does not speak HTTP/2, or ended the connection.
    #[error("HTTP/2: {0}")]
    Protocol(#[from] h2::Error),
    /// The server answers the preface with something else than HTTP/2, or not at all.
    #[error("HTTP/2: the server does not speak it with prior knowledge ({0})")]
    NotSpoken(#[source] h2::Error),
    /// The server does not agree on HTTP/2 within TLS. The clause says what it does instead.
    #[error("HTTP/2: the server does not agree on h2 by ALPN within TLS (RFC 7301): it {0}")]
    NotAgreed(&'static str),
    /// The server does not offer extended CONNECT.
    #[error("HTTP/2: the server does not send SETTINGS_ENABLE_CONNECT_PROTOCOL = 1 (RFC 8441 §3)")]
    NotOffered,
    /// The server does not answer the preface in time.
    #[error("HTTP/2: the server did not send its settings in time")]
    Late,
}

/// Returns the error of a connection that could not be opened, of which one means that there is no HTTP/2.
fn not_agreed(error: ConnectError) -> Http2Error {
    match error.kind {
        ConnectErrorKind::Tls(TlsError::Alert(AlertDescription::NoApplicationProtocol)) => {
            Http2Error::NotAgreed("refuses with no_application_protocol")
        }
        _ => error.into(),
    }
}

/// Returns the error of a server that sends something else than HTTP/2.
fn not_spoken(config: &ConformConfig, error: h2::Error) -> Http2Error {
    if config.target.tls { Http2Error::Protocol(error) } else { Http2Error::NotSpoken(error) }
}

/// A connection of HTTP/2. Nothing happens on it unless [`Http2Connection::drive`] runs.
pub(super) struct Http2Connection {
    requests: SendRequest<Bytes>,
    connection: Connection<MaybeTlsStream, Bytes>,
}

impl Http2Connection {
    /// Connects, and waits for the settings of the server.
    ///
    /// # Errors
    ///
    /// Fails if that is not possible.
    pub(super) async fn open(config: &ConformConfig) -> Result<Self, Http2Error> {
        let route = Route::direct(&config.target);
        let limit = config.limits.answer;
        let tls = TlsOptions { protocols: &[H2], ..config.tls.clone() };
        let stream = connect_by(&route, &config.target, &tls, limit).await.map_err(not_agreed)?;
        if config.target.tls && stream.agreed_protocol() != Some(H2) {
            return Err(Http2Error::NotAgreed("chooses no protocol"));
        }
        let handshake = h2::client::Builder::new().handshake(stream);
        let opened = timeout(limit, handshake).await.map_err(|_| Http2Error::Late)?;
        let (requests, connection) = opened.map_err(|error| not_spoken(config, error))?;
        let mut opened = Self { requests, connection };
        opened.await_settings(config).await?;
        if opened.requests.is_extended_connect_protocol_enabled() {
            Ok(opened)
        } else {
            Err(Http2Error::NotOffered)
        }
    }

    /// Waits until the settings have come, of which the acknowledgement of a ping is the sign: it is
    /// sent after them (RFC 9113 section 3.4).
    async fn await_settings(&mut self, config: &ConformConfig) -> Result<(), Http2Error> {
        let Some(mut ping_pong) = self.connection.ping_pong() else { return Ok(()) };
        let pong = ping_pong.ping(h2::Ping::opaque());
        let waited = timeout(config.limits.answer, async {
            tokio::select! {
                pong = pong => pong.map(|_| ()),
                ended = &mut self.connection => ended,
            }
        });
        let waited = waited.await.map_err(|_| Http2Error::Late)?;
        waited.map_err(|error| not_spoken(config, error))
    }

    /// Runs `work` on the connection.
    pub(super) async fn drive<T>(self, work: impl AsyncFnOnce(SendRequest<Bytes>) -> T) -> T {
        let Self { requests, mut connection } = self;
        let mut work = std::pin::pin!(work(requests));
        let mut has_ended = false;
        loop {
            tokio::select! {
                done = &mut work => return done,
                _ = &mut connection, if !has_ended => has_ended = true,
            }
        }
    }
}

/// A WebSocket on a stream of HTTP/2, in the form of HTTP/1.1 up to the first frame.
pub(super) struct ExtendedConnect {
    requests: SendRequest<Bytes>,
    scheme: &'static str,
    state: State,
    /// What was received and not read yet: the response as HTTP/1.1 has it.
    unread: Bytes,
}

enum State {
    /// The request is being written.
    Request(HeadReader),
    /// The response is awaited.
    Awaiting { key: String, response: ResponseFuture, send: Option<SendStream<Bytes>> },
    /// The response has come.
    Open(Http2Stream),
    /// The stream could not be opened.
    Failed,
}

impl ExtendedConnect {
    pub(super) fn new(requests: SendRequest<Bytes>, is_tls: bool) -> Self {
        let state = State::Request(HeadReader::new(Side::Client, DEFAULT_MAX_HEAD_LEN));
        let scheme = if is_tls { "https" } else { "http" };
        Self { requests, scheme, state, unread: Bytes::new() }
    }

    /// Sends the request whose head is complete.
    fn send_request(&mut self, head: &Head) -> io::Result<()> {
        let request = extended_connect(head, self.scheme, "websocket").map_err(io::Error::other)?;
        let sent = self.requests.send_request(request, false).map_err(io::Error::other)?;
        let key = head.joined_value("Sec-WebSocket-Key").unwrap_or_default();
        self.state = State::Awaiting { key, response: sent.0, send: Some(sent.1) };
        Ok(())
    }
}

/// Returns the request of HTTP/2 that means the same as `head`.
///
/// # Errors
///
/// Fails if a field cannot be expressed.
pub(super) fn extended_connect(
    head: &Head,
    scheme: &str,
    protocol: &str,
) -> Result<Request, hyper::http::Error> {
    let [_, target, _] = head.start_line_parts();
    let path = head.raw().get(target).unwrap_or_default();
    let host = head.joined_value("Host").unwrap_or_default();
    let uri = Uri::builder().scheme(scheme).authority(host).path_and_query(path).build()?;
    let mut request = hyper::Request::builder().method(Method::CONNECT).uri(uri);
    for field in head.fields() {
        let name = head.raw().get(field.name.clone()).unwrap_or_default().to_ascii_lowercase();
        if !str::from_utf8(&name).is_ok_and(is_of_http1) {
            let value = HeaderValue::from_bytes(&head.field_value(field))?;
            request = request.header(HeaderName::from_bytes(&name)?, value);
        }
    }
    request.extension(Protocol::from(protocol)).body(())
}

/// Returns a response as HTTP/1.1 has it: a 200 opens the connection like a 101 with the accept value
/// of `key`.
fn as_http1(response: &Response<RecvStream>, key: &str) -> Bytes {
    let status = response.status();
    let mut head = if status == StatusCode::OK {
        let accept = AcceptValue::new(key).value;
        format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: \
             Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n"
        )
        .into_bytes()
    } else {
        let reason = status.canonical_reason().unwrap_or("");
        format!("HTTP/1.1 {} {reason}\r\n", status.as_u16()).into_bytes()
    };
    for (name, value) in response.headers() {
        if status != StatusCode::OK || name != "sec-websocket-accept" {
            head.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
        }
    }
    head.extend_from_slice(b"\r\n");
    head.into()
}

impl AsyncRead for ExtendedConnect {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        loop {
            if !this.unread.is_empty() {
                let count = this.unread.len().min(buffer.remaining());
                buffer.put_slice(&this.unread.split_to(count));
                return Poll::Ready(Ok(()));
            }
            match &mut this.state {
                State::Request(_) => return Poll::Pending,
                State::Failed => return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into())),
                State::Open(stream) => return Pin::new(stream).poll_read(cx, buffer),
                State::Awaiting { key, response, send } => {
                    match ready!(Pin::new(response).poll(cx)) {
                        Ok(response) => {
                            this.unread = as_http1(&response, key);
                            let Some(send) = send.take() else { return Poll::Pending };
                            let stream = Http2Stream::new(response.into_body(), send);
                            this.state = State::Open(stream);
                        }
                        Err(error) => {
                            this.state = State::Failed;
                            return Poll::Ready(Err(io::Error::other(error)));
                        }
                    }
                }
            }
        }
    }
}

impl AsyncWrite for ExtendedConnect {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        match &mut this.state {
            State::Request(reader) => {
                // Once bytes were taken, there is no waiting any more.
                ready!(this.requests.poll_ready(cx)).map_err(io::Error::other)?;
                let count = reader.push(bytes);
                if !matches!(reader.scan(), HeadScan::Complete(_)) {
                    return Poll::Ready(Ok(count.max(1)));
                }
                let head = Head::new(Side::Client, reader.bytes());
                this.send_request(&head)?;
                Poll::Ready(Ok(count.max(1)))
            }
            State::Open(stream) => Pin::new(stream).poll_write(cx, bytes),
            State::Awaiting { .. } | State::Failed => {
                Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()))
            }
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.state {
            State::Open(stream) => Pin::new(stream).poll_shutdown(cx),
            State::Request(_) | State::Awaiting { .. } | State::Failed => Poll::Ready(Ok(())),
        }
    }
}
