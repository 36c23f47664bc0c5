//! The HTTP/2 server (RFC 9113), with prior knowledge or ALPN. The echo is the same as over
//! HTTP/1.1.

use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::net::Timed;
use crate::race::HeaderProfile;
use crate::race::executor::ScopedExecutor;
use crate::scope::Scope;
use crate::servers::{ServerOptions, http};

/// Serves requests until the peer hangs up.
pub(super) async fn serve<S>(
    scope: Scope,
    socket: S,
    options: ServerOptions,
    headers: HeaderProfile,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let echo = http::echo_service(options.limits, headers.response_headers());
    let socket = Timed::new(socket, options.limits);
    let service = service_fn(move |request| {
        let (echo, access) = (echo.clone(), options.access.clone());
        async move { http::judged(&echo, request, &access).await }
    });
    let mut builder = http2::Builder::new(ScopedExecutor(scope));
    // The error is ignored: the connection is gone, and a lane's server reports nothing.
    let _ = builder.timer(TokioTimer::new()).serve_connection(TokioIo::new(socket), service).await;
}
