//! Gives each contestant the same address, the same first line and the same end.

use std::io;
use tokio::net::{TcpListener, TcpStream};

/// Listens on the address in the first argument, prints the URL, and ends the process when stdin is
/// closed. SIGTERM ends it by its default action.
pub async fn bind() -> io::Result<TcpListener> {
    let Some(address) = std::env::args().nth(1) else {
        return Err(io::Error::other("an address is expected as the first argument: HOST:PORT"));
    };
    let listener = TcpListener::bind(address).await?;
    println!("listening on ws://{}/", listener.local_addr()?);
    std::thread::spawn(|| {
        let _ = io::copy(&mut io::stdin(), &mut io::sink());
        std::process::exit(0)
    });
    Ok(listener)
}

/// Serves each connection in a task of its own. What a task returns is dropped, as in a README.
pub async fn serve<F>(echo: impl Fn(TcpStream) -> F) -> io::Result<()>
where
    F: Future<Output: Send> + Send + 'static,
{
    let listener = bind().await?;
    loop {
        let (stream, _) = listener.accept().await?;
        tokio::spawn(echo(stream));
    }
}

/// Serves HTTP/1.1 by hyper, whose connections `answer` may take over.
#[cfg(feature = "hyper")]
pub async fn serve_http<A, F, E>(answer: A) -> io::Result<()>
where
    A: Fn(hyper::Request<hyper::body::Incoming>) -> F + Copy + Send + 'static,
    F: Future<Output = Result<Response, E>> + Send + 'static,
    E: std::error::Error + Send + Sync + 'static,
{
    serve(move |stream| {
        hyper::server::conn::http1::Builder::new()
            .serve_connection(
                hyper_util::rt::TokioIo::new(stream),
                hyper::service::service_fn(answer),
            )
            .with_upgrades()
    })
    .await
}

/// A response without a body.
#[cfg(feature = "hyper")]
pub type Response = hyper::Response<http_body_util::Empty<hyper::body::Bytes>>;

/// Returns a response without a body.
#[cfg(feature = "hyper")]
pub fn refuse(status: u16) -> Response {
    let mut response = Response::default();
    *response.status_mut() = status.try_into().expect("a status from a constant");
    response
}

/// Returns whether a request has no Origin, or that of the host which it names.
#[cfg(feature = "origin")]
pub fn same_origin(headers: &http::HeaderMap) -> bool {
    let value = |name| headers.get(name).map(http::HeaderValue::as_bytes);
    let (origin, host) = (value("origin"), value("host"));
    origin.is_none() || origin.and_then(|origin| origin.strip_prefix(b"http://")) == host
}
