//! HTTP/2 (RFC 9113) by prior knowledge, or as TLS has agreed: the same echo as over HTTP/1.1.

use hyper::server::conn::http2;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::race::Headers;
use crate::race::executor::Scoped;
use crate::scope::Scope;
use crate::servers::{Limits, http};

/// Until the peer hangs up.
pub(super) async fn serve<S>(scope: Scope, socket: S, limits: Limits, headers: Headers)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let echo = http::echo_with(limits, headers.of_replies());
    let mut builder = http2::Builder::new(Scoped(scope));
    // nobody is left to be told
    let _ = builder.timer(TokioTimer::new()).serve_connection(TokioIo::new(socket), echo).await;
}
