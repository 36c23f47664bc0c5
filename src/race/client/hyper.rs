//! HTTP with hyper: one connection kept alive, a new one each time, and HTTP/2 with all requests in flight.

use std::pin::pin;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::try_join_all;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::{http1, http2};
use hyper::header::{CONNECTION, HOST};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;

use super::way::{Opening, same};
use crate::net::{Stream, with_causes};
use crate::race::executor::Scoped;

type Body = Full<Bytes>;

/// A request that is made again and again: its head is the same, its body is shared.
fn request(opening: &Opening, version2: bool) -> Result<Request<Body>, String> {
    let dial = &opening.dial;
    let mut builder = if version2 {
        Request::post(dial.url("http"))
    } else {
        Request::post(&dial.goal.path).header(HOST, dial.authority())
    };
    for (name, value) in opening.headers.of_requests() {
        builder = builder.header(*name, *value);
    }
    builder.body(Full::new(opening.payload.clone())).map_err(with_causes)
}

async fn compare(response: Response<hyper::body::Incoming>, payload: &Bytes) -> Result<(), String> {
    let status = response.status();
    if !status.is_success() {
        return Err(format!("the server answered {status}, not 200"));
    }
    same(&response.into_body().collect().await.map_err(with_causes)?.to_bytes(), payload)
}

/// A new HTTP/1.1 connection; what drives it belongs to the lane's scope.
async fn connect(opening: &Opening) -> Result<http1::SendRequest<Body>, String> {
    let stream = opening.dial.open().await?;
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(with_causes)?;
    opening.scope.spawn("hyper connection", async move {
        // what went wrong is told to whoever waits for a reply
        let _ = connection.await;
    });
    Ok(sender)
}

/// One connection, kept alive. Whoever waits for a reply drives it, so that no task stands between.
pub(super) struct HyperKept {
    opening: Arc<Opening>,
    request: Request<Body>,
    sender: http1::SendRequest<Body>,
    connection: http1::Connection<TokioIo<Stream>, Body>,
}

impl HyperKept {
    pub(super) async fn open(opening: &Arc<Opening>) -> Result<Self, String> {
        let stream = opening.dial.open().await?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(with_causes)?;
        Ok(Self { opening: opening.clone(), request: request(opening, false)?, sender, connection })
    }

    pub(super) async fn exchange(&mut self) -> Result<(), String> {
        let Self { opening, request, sender, connection } = self;
        let mut exchanging = pin!(async {
            for _ in 0..opening.messages {
                sender.ready().await.map_err(with_causes)?;
                let response = sender.send_request(request.clone()).await.map_err(with_causes)?;
                compare(response, &opening.payload).await?;
            }
            Ok(())
        });
        tokio::select! {
            biased;
            done = &mut exchanging => done,
            ended = &mut *connection => match ended {
                // the reply may have come with the end
                Ok(()) => exchanging.await,
                Err(error) => Err(with_causes(error)),
            },
        }
    }
}

/// A new connection for every request, which says so: `Connection: close` (RFC 9112 section 9.6).
pub(super) struct HyperNew {
    opening: Arc<Opening>,
}

impl HyperNew {
    pub(super) fn new(opening: &Arc<Opening>) -> Self {
        Self { opening: opening.clone() }
    }

    pub(super) async fn exchange(&mut self) -> Result<(), String> {
        for _ in 0..self.opening.messages {
            let mut request = request(&self.opening, false)?;
            request.headers_mut().insert(CONNECTION, hyper::header::HeaderValue::from_static("close"));
            let mut sender = connect(&self.opening).await?;
            let response = sender.send_request(request).await.map_err(with_causes)?;
            compare(response, &self.opening.payload).await?;
        }
        Ok(())
    }
}

/// One HTTP/2 connection (RFC 9113); the requests of an exchange are streams beside each other.
pub(super) struct Http2 {
    opening: Arc<Opening>,
    request: Request<Body>,
    sender: http2::SendRequest<Body>,
}

impl Http2 {
    pub(super) async fn open(opening: &Arc<Opening>) -> Result<Self, String> {
        let stream = opening.dial.open().await?;
        let executor = Scoped(opening.scope.clone());
        let (sender, connection) =
            http2::handshake(executor, TokioIo::new(stream)).await.map_err(with_causes)?;
        opening.scope.spawn("http2 connection", async move {
            let _ = connection.await;
        });
        Ok(Self { opening: opening.clone(), request: request(opening, true)?, sender })
    }

    pub(super) async fn exchange(&mut self) -> Result<(), String> {
        self.sender.ready().await.map_err(with_causes)?;
        if self.opening.messages == 1 {
            let response = self.sender.send_request(self.request.clone()).await.map_err(with_causes)?;
            return compare(response, &self.opening.payload).await;
        }
        let (sender, request, payload) = (&self.sender, &self.request, &self.opening.payload);
        let one = |_| async move {
            let response = sender.clone().send_request(request.clone()).await.map_err(with_causes)?;
            compare(response, payload).await
        };
        try_join_all((0..self.opening.messages).map(one)).await?;
        Ok(())
    }
}
