//! HTTP with hyper: one connection kept alive, a new connection for each request, and HTTP/2 with
//! all requests in flight.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::try_join_all;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::{http1, http2};
use hyper::header::{CONNECTION, HOST};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;

use super::reply::ReplyCheck;
use super::setup::LaneSetup;
use crate::race::connector::Stream;
use crate::race::error::LaneError;
use crate::race::executor::ScopedExecutor;

type Body = Full<Bytes>;

/// Builds the request that is sent over and over. Clones of it share one body.
fn request(setup: &LaneSetup, is_http2: bool) -> Result<Request<Body>, LaneError> {
    let connector = &setup.connector;
    let mut builder = if is_http2 {
        // In HTTP/2 the authority is part of the URL, from which hyper builds `:authority`.
        Request::post(connector.url("http"))
    } else {
        Request::post(&connector.target.path).header(HOST, connector.authority())
    };
    for (name, value) in setup.headers.request_headers() {
        builder = builder.header(*name, *value);
    }
    Ok(builder.body(Full::new(setup.payload.clone()))?)
}

async fn check_response(
    response: Response<hyper::body::Incoming>,
    payload: &Bytes,
) -> Result<(), LaneError> {
    let status = response.status();
    if !status.is_success() {
        return Err(LaneError::Status { found: status, expected: 200 });
    }
    let mut body = response.into_body();
    let mut reply = ReplyCheck::new(payload);
    while let Some(frame) = body.frame().await {
        if let Some(data) = frame?.data_ref() {
            reply.add(data)?;
        }
    }
    reply.finish()
}

/// Opens an HTTP/1.1 connection. The task that drives it belongs to the lane's scope.
async fn connect(setup: &LaneSetup) -> Result<http1::SendRequest<Body>, LaneError> {
    let stream = setup.connector.connect().await?;
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    setup.scope.spawn("hyper connection", async move {
        // The error is ignored: the caller that waits for a reply gets it too.
        let _ = connection.await;
    });
    Ok(sender)
}

/// One connection, kept alive. The caller that waits for a reply also drives the connection, so no
/// task switch is part of the measurement.
pub(super) struct HyperKeepAlive {
    setup: Arc<LaneSetup>,
    request: Request<Body>,
    sender: http1::SendRequest<Body>,
    /// The connection, until it ends.
    connection: Option<http1::Connection<TokioIo<Stream>, Body>>,
}

impl HyperKeepAlive {
    pub(super) async fn open(setup: &Arc<LaneSetup>) -> Result<Self, LaneError> {
        let stream = setup.connector.connect().await?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        let (request, connection) = (request(setup, false)?, Some(connection));
        Ok(Self { setup: setup.clone(), request, sender, connection })
    }

    pub(super) async fn exchange(&mut self) -> Result<(), LaneError> {
        let Self { setup, request, sender, connection } = self;
        let mut exchanging = pin!(async {
            for _ in 0..setup.messages {
                sender.ready().await?;
                let response = sender.send_request(request.clone()).await?;
                check_response(response, &setup.payload).await?;
            }
            Ok(())
        });
        // The exchange is polled again right after the connection, so that it gets what has just
        // been read now and not after a turn in the runtime's queue.
        poll_fn(|cx| {
            // A closed connection is reported here, because hyper would only say that a channel is
            // closed.
            let Some(driven) = connection else { return Poll::Ready(Err(LaneError::Closed)) };
            if let Poll::Ready(done) = exchanging.as_mut().poll(cx) {
                return Poll::Ready(done);
            }
            let ended = driven.poll_unpin(cx);
            if ended.is_ready() {
                // Dropping the connection fails the pending request, so the exchange does not wait
                // for ever.
                *connection = None;
            }
            match (exchanging.as_mut().poll(cx), ended) {
                // The connection's error says why; the request's error only says that the
                // connection is gone.
                (Poll::Ready(Err(_)), Poll::Ready(Err(error))) => Poll::Ready(Err(error.into())),
                (done, _) => done,
            }
        })
        .await
    }
}

/// A new connection for every request, announced by `Connection: close` (RFC 9112 section 9.6).
pub(super) struct HyperReconnect {
    setup: Arc<LaneSetup>,
}

impl HyperReconnect {
    pub(super) fn new(setup: &Arc<LaneSetup>) -> Self {
        Self { setup: setup.clone() }
    }

    pub(super) async fn exchange(&mut self) -> Result<(), LaneError> {
        for _ in 0..self.setup.messages {
            let mut request = request(&self.setup, false)?;
            request
                .headers_mut()
                .insert(CONNECTION, hyper::header::HeaderValue::from_static("close"));
            let mut sender = connect(&self.setup).await?;
            let response = sender.send_request(request).await?;
            check_response(response, &self.setup.payload).await?;
        }
        Ok(())
    }
}

/// One HTTP/2 connection (RFC 9113). The requests of an exchange are concurrent streams.
pub(super) struct HyperHttp2 {
    setup: Arc<LaneSetup>,
    request: Request<Body>,
    sender: http2::SendRequest<Body>,
}

impl HyperHttp2 {
    pub(super) async fn open(setup: &Arc<LaneSetup>) -> Result<Self, LaneError> {
        let stream = setup.connector.connect().await?;
        let executor = ScopedExecutor(setup.scope.clone());
        let (sender, connection) = http2::handshake(executor, TokioIo::new(stream)).await?;
        setup.scope.spawn("http2 connection", async move {
            // The error is ignored: the exchange that waits for a reply gets it too.
            let _ = connection.await;
        });
        Ok(Self { setup: setup.clone(), request: request(setup, true)?, sender })
    }

    pub(super) async fn exchange(&mut self) -> Result<(), LaneError> {
        self.sender.ready().await?;
        if self.setup.messages == 1 {
            let response = self.sender.send_request(self.request.clone()).await?;
            return check_response(response, &self.setup.payload).await;
        }
        let (sender, request, payload) = (&self.sender, &self.request, &self.setup.payload);
        let one = |_| async move {
            let response = sender.clone().send_request(request.clone()).await?;
            check_response(response, payload).await
        };
        try_join_all((0..self.setup.messages).map(one)).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;
    use crate::net::listen;
    use crate::race::connector::LaneConnector;
    use crate::race::process::ipc::{LaneTarget, TlsTrust};
    use crate::race::{Lane, LaneKind, RaceConfig};
    use crate::scope::Scope;

    /// Opens a kept-alive connection to a server that answers each request with the next of
    /// `replies` and then closes.
    async fn kept_alive(scope: &Scope, replies: Vec<String>) -> HyperKeepAlive {
        let listener = listen(([127, 0, 0, 1], 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        scope.spawn("server", async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            for reply in replies {
                // hyper writes the head and the body of a request together.
                let _ = stream.read(&mut [0; 4096]).await.unwrap();
                stream.write_all(reply.as_bytes()).await.unwrap();
            }
        });
        let target = LaneTarget {
            host: "127.0.0.1".to_owned(),
            port,
            path: "/echo".to_owned(),
            trust: TlsTrust::NoTls,
        };
        let config = RaceConfig { payload: 4, ..RaceConfig::default() };
        let connector = LaneConnector::new(target, None).unwrap();
        let setup = LaneSetup::new(
            scope.child(),
            Lane::plain(LaneKind::HttpHyper),
            &config,
            connector,
            None,
        );
        HyperKeepAlive::open(&Arc::new(setup)).await.unwrap()
    }

    fn reply(more: &str, body: &[u8]) -> String {
        let body = std::str::from_utf8(body).unwrap();
        format!("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n{more}\r\n{body}")
    }

    #[tokio::test]
    async fn a_reply_that_comes_with_the_end_is_taken_and_the_next_exchange_fails() {
        let scope = Scope::new(|panic| panic!("{panic}"));
        let bytes = RaceConfig { payload: 4, ..RaceConfig::default() }.payload_bytes();
        let last = reply("connection: close\r\n", &bytes);
        let mut kept_alive = kept_alive(&scope, vec![reply("", &bytes), last]).await;
        kept_alive.exchange().await.unwrap();
        kept_alive.exchange().await.unwrap();
        for _ in 0..2 {
            // A second exchange fails too and does not hang.
            let error = kept_alive.exchange().await.unwrap_err();
            assert!(matches!(error, LaneError::Closed), "{error:?}");
        }
    }

    #[tokio::test]
    async fn a_reply_cut_off_by_the_end_is_reported_with_its_cause() {
        let scope = Scope::new(|panic| panic!("{panic}"));
        let bytes = RaceConfig { payload: 4, ..RaceConfig::default() }.payload_bytes();
        let mut kept_alive = kept_alive(&scope, vec![reply("", &bytes[..2])]).await;
        let error = kept_alive.exchange().await.unwrap_err();
        assert!(matches!(error, LaneError::Hyper(_)), "{error:?}");
        let reason = error.to_string();
        assert!(reason.contains("end of file before message length reached"), "{reason}");
    }

    #[tokio::test]
    async fn a_reply_that_differs_from_the_request_is_reported() {
        let scope = Scope::new(|panic| panic!("{panic}"));
        let mut kept_alive = kept_alive(&scope, vec![reply("", b"no!\n")]).await;
        let error = kept_alive.exchange().await.unwrap_err();
        assert!(matches!(error, LaneError::WrongReply { received: 4, sent: 4 }), "{error:?}");
        assert_eq!(error.to_string(), "the reply (4 bytes) is not what was sent (4 bytes)");
    }
}
