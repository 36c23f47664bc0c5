//! [`Link`]: one kept-alive HTTP connection of a session, with one request at a time.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{CONTENT_TYPE, HOST};
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use tokio::time::timeout;

use super::error::SockJsError;
use super::wire_log::{Purpose, SocketLog, WireLog};
use crate::net::{MaybeTlsStream, Tap, Target, TlsOptions, connect};
use crate::scope::Scope;

/// How long a server may take to accept a connection.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// A connection. Dropping it closes the socket, whatever is under way.
pub(super) struct Link {
    sender: SendRequest<Full<Bytes>>,
    authority: String,
    log: SocketLog,
    /// The scope of the connection's task, which ends with the link.
    _scope: Scope,
}

/// The request of an exchange.
pub(super) struct LinkRequest {
    pub(super) purpose: Purpose,
    pub(super) method: Method,
    /// The path and the query.
    pub(super) path: String,
    /// The content type and the body of a request that has one.
    pub(super) body: Option<(&'static str, String)>,
}

impl Link {
    /// Connects to a server. Every byte is counted in `log`.
    pub(super) async fn connect(
        target: &Target,
        scope: &Scope,
        log: &WireLog,
    ) -> Result<Self, SockJsError> {
        let log = SocketLog::new(log.clone());
        let stream = tapped(target, &log).await?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        let scope = scope.child();
        scope.spawn("sockjs connection", async move {
            // Its error is that of the request under way, which reports it.
            let _ = connection.await;
        });
        Ok(Self { sender, authority: target.authority(), log, _scope: scope })
    }

    /// Whether another request can be sent.
    pub(super) fn is_usable(&self) -> bool {
        !self.sender.is_closed()
    }

    /// Sends a request and waits for the head of its answer.
    pub(super) async fn send(
        &mut self,
        request: LinkRequest,
    ) -> Result<Response<Incoming>, SockJsError> {
        let LinkRequest { purpose, method, path, body } = request;
        self.sender.ready().await?;
        self.log.begin(purpose, format!("{method} {path}"));
        let mut builder = Request::builder().method(method).uri(path).header(HOST, &self.authority);
        if let Some((content_type, _)) = &body {
            builder = builder.header(CONTENT_TYPE, *content_type);
        }
        let body = body.map(|(_, body)| Bytes::from(body)).unwrap_or_default();
        Ok(self.sender.send_request(builder.body(Full::new(body))?).await?)
    }
}

/// Opens a socket to a server, with a tap.
pub(super) async fn tapped(
    target: &Target,
    log: &SocketLog,
) -> Result<Tap<MaybeTlsStream, SocketLog>, SockJsError> {
    let stream = connect(target, &TlsOptions::default(), CONNECT_TIMEOUT).await?;
    Ok(Tap::new(stream, log.clone()))
}

/// Waits for an answer that should come at once.
pub(super) async fn within<T>(
    limit: Duration,
    answer: impl Future<Output = Result<T, SockJsError>>,
) -> Result<T, SockJsError> {
    timeout(limit, answer).await.unwrap_or(Err(SockJsError::Timeout(limit)))
}
