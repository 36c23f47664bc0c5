//! The client process of a lane. It opens the connections, runs exchanges slice by slice, and times
//! them.
//!
//! A measured time begins before the request is handed to the lane's client library and ends once
//! the whole reply has been compared. At a fixed rate it begins when the request was due, however
//! late it could be sent (coordinated omission).

mod bare_http;
mod hyper;
mod lane_client;
mod reply;
mod reqwest;
#[cfg(test)]
mod round_trip_tests;
mod setup;
mod sse;
mod tcp;
mod timed_exchanges;
mod websocket;

use tokio::io::{AsyncRead, AsyncWrite, BufReader};
use tokio::sync::mpsc;

use crate::race::connector::LaneConnector;
use crate::race::error::LaneError;
use crate::race::process::ipc::{
    LaneTarget, TlsTrust, WorkerRequest, WorkerResponse, read_message, write_message,
};
use crate::race::{Lane, LaneKind, RaceConfig};
use crate::scope::Scope;
use lane_client::LaneClient;
use timed_exchanges::LaneConnections;

/// Carries out the requests from `input` until it ends. Dropping the scope then ends everything
/// that was started. `pinned` is reported to the runner: whether this process runs on the CPU that
/// its placement assigns.
pub(crate) async fn run_client(
    scope: &Scope,
    pinned: bool,
    input: impl AsyncRead + Unpin + Send + 'static,
    mut output: impl AsyncWrite + Unpin,
) {
    let (sender, mut requests) = mpsc::channel(1);
    // A task of its own reads, because reading a line is not cancellation-safe and the loop below
    // has to notice a request, or the end of the input, while a slice runs.
    scope.spawn("requests", async move {
        let mut input = BufReader::new(input);
        while let Ok(Some(request)) = read_message::<WorkerRequest>(&mut input).await {
            if sender.send(request).await.is_err() {
                return;
            }
        }
    });
    let mut connections: Option<LaneConnections> = None;
    while let Some(request) = requests.recv().await {
        let response = match request {
            WorkerRequest::Connect { lane, config, target } => {
                match connect_all(scope, lane, &config, target).await {
                    Ok(opened) => {
                        connections = Some(opened);
                        WorkerResponse::Connected { cpu_pinned: pinned }
                    }
                    Err(error) => WorkerResponse::Failed(error.to_string()),
                }
            }
            WorkerRequest::Run { slice_duration: slice, max_exchanges } => {
                let Some(connections) = &mut connections else { return };
                // A request during a slice breaks the protocol, and the end of the input means that
                // the runner is gone. Nobody needs the result in either case.
                tokio::select! {
                    biased;
                    result = connections.run_slice(scope, slice, max_exchanges) => {
                        WorkerResponse::SliceDone(result)
                    }
                    _ = requests.recv() => return,
                }
            }
            WorkerRequest::Listen { .. } | WorkerRequest::Count | WorkerRequest::Stall { .. } => {
                WorkerResponse::Failed("this request is for a server".to_owned())
            }
        };
        if write_message(&mut output, &response).await.is_err() {
            return;
        }
    }
}

/// Opens all connections of a lane.
async fn connect_all(
    scope: &Scope,
    lane: Lane,
    config: &RaceConfig,
    target: LaneTarget,
) -> Result<LaneConnections, LaneError> {
    // The ALPN protocol (RFC 7301). Raw TCP negotiates none.
    let protocol: Option<&[u8]> = match (&target.trust, lane.kind) {
        (TlsTrust::NoTls, _) | (_, LaneKind::Tcp) => None,
        (_, LaneKind::Http2) => Some(b"h2"),
        _ => Some(b"http/1.1"),
    };
    let connector = LaneConnector::new(target, protocol)?;
    let setup = LaneClient::setup(scope.child(), lane, config, connector)?;
    let mut clients = Vec::new();
    for _ in 0..config.connections {
        let opened =
            tokio::time::timeout(config.exchange_timeout(), LaneClient::connect(&setup)).await;
        clients.push(opened.map_err(|_| LaneError::ConnectTimeout(config.exchange_timeout()))??);
    }
    LaneConnections::new(clients, config)
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::net::SocketAddr;

    use ::hyper::server::conn::http2;
    use axum::Router;
    use axum::body::{Body, Bytes};
    use axum::routing::post;
    use futures_util::stream;
    use hyper_util::rt::TokioIo;
    use hyper_util::service::TowerToHyperService;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::sync::oneshot;

    use super::*;
    use crate::net::listen;
    use crate::race::executor::ScopedExecutor;

    /// More than a kernel buffers between two sockets, and far less than the endless reply that
    /// must not be read.
    const MAX_WRITTEN: usize = 64 << 20;

    /// Starts a server that answers every connection with `head`, then with `more` until the peer
    /// hangs up. Sends the number of bytes that the first connection took.
    fn hostile(
        scope: &Scope,
        head: Vec<u8>,
        more: &'static [u8],
    ) -> (SocketAddr, oneshot::Receiver<usize>) {
        let listener = listen(([127, 0, 0, 1], 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, written_bytes) = oneshot::channel();
        scope.spawn("hostile server", async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _ = stream.read(&mut [0; 4096]).await.unwrap();
            stream.write_all(&head).await.unwrap();
            let (mut written, pieces) = (head.len(), more.repeat(4096 / more.len().max(1)));
            while written < MAX_WRITTEN
                && let Ok(count @ 1..) = stream.write(&pieces).await
            {
                written += count;
            }
            let _ = sender.send(written);
        });
        (address, written_bytes)
    }

    /// Returns the error that a lane with a payload of 4 bytes reports for a server.
    async fn failure(scope: &Scope, kind: LaneKind, address: SocketAddr) -> LaneError {
        let config =
            RaceConfig { payload: 4, lanes: vec![Lane::plain(kind)], ..RaceConfig::default() };
        let (host, path) = (address.ip().to_string(), "/echo".to_owned());
        let target = LaneTarget { host, port: address.port(), path, trust: TlsTrust::NoTls };
        let dial = LaneConnector::new(target, None).unwrap();
        let opening = LaneClient::setup(scope.child(), Lane::plain(kind), &config, dial).unwrap();
        match LaneClient::connect(&opening).await {
            Ok(mut way) => way.exchange().await.unwrap_err(),
            Err(why) => why,
        }
    }

    const ENDLESS: &[u8] =
        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 2147483648\r\n\r\n";

    #[tokio::test]
    async fn an_endless_reply_is_refused_without_reading_it() {
        let scope = Scope::new(|panic| panic!("{panic}"));
        let longer = "the reply is not what was sent: it is longer than 4 bytes";
        for (kind, head, why) in [
            (LaneKind::HttpBare, ENDLESS, longer),
            (LaneKind::HttpHyper, ENDLESS, longer),
            (LaneKind::HttpReqwest, ENDLESS, longer),
            (LaneKind::HttpNew, ENDLESS, longer),
            (LaneKind::SsePost, ENDLESS, "the server sent an event of more than 64 bytes"),
            (LaneKind::Tcp, b"", "the reply is not what was sent: it is longer than 8 bytes"),
        ] {
            let (address, written) = hostile(&scope, head.to_vec(), b"x");
            let written_bytes = failure(&scope, kind, address).await;
            assert!(written_bytes.to_string().starts_with(why), "{kind:?}: {written_bytes}");
            let written = written.await.unwrap();
            assert!(written < MAX_WRITTEN, "{kind:?}: it was read on and on");
        }
    }

    #[tokio::test]
    async fn endless_chunks_are_refused() {
        let scope = Scope::new(|panic| panic!("{panic}"));
        let head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        for kind in [LaneKind::HttpHyper, LaneKind::HttpReqwest, LaneKind::HttpNew] {
            let (address, written) = hostile(&scope, head.to_vec(), b"1\r\nx\r\n");
            let written_bytes = failure(&scope, kind, address).await;
            assert!(matches!(written_bytes, LaneError::LongReply(4)), "{kind:?}: {written_bytes}");
            assert!(written.await.unwrap() < MAX_WRITTEN, "{kind:?}");
        }
    }

    #[tokio::test]
    async fn an_endless_head_is_refused() {
        let scope = Scope::new(|panic| panic!("{panic}"));
        for kind in [
            LaneKind::HttpBare,
            LaneKind::HttpHyper,
            LaneKind::HttpReqwest,
            LaneKind::HttpNew,
            LaneKind::SsePost,
            LaneKind::Ws,
        ] {
            let (address, written) = hostile(&scope, b"HTTP/1.1 200 OK\r\n".to_vec(), b"X: y\r\n");
            failure(&scope, kind, address).await;
            assert!(written.await.unwrap() < MAX_WRITTEN, "{kind:?}");
        }
    }

    /// The accept value depends on the client's key, so the hostile server has to read it.
    #[tokio::test]
    async fn a_message_that_is_too_long_is_refused_by_its_header_and_reported_once() {
        let scope = Scope::new(|panic| panic!("{panic}"));
        let listener = listen(([127, 0, 0, 1], 0)).unwrap();
        let address = listener.local_addr().unwrap();
        scope.spawn("hostile server", async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = vec![0; 4096];
            let count = stream.read(&mut request).await.unwrap();
            let request = String::from_utf8_lossy(&request[..count]).into_owned();
            let key =
                request.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: ")).unwrap();
            let accept = crate::wire::handshake::AcceptValue::new(key).value;
            let head = format!(
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: \
                 Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
            );
            stream.write_all(head.as_bytes()).await.unwrap();
            stream.write_all(&[0x82, 127, 0, 0, 1, 0, 0, 0, 0, 0]).await.unwrap();
            while let Ok(1..) = stream.read(&mut [0; 4096]).await {}
        });
        assert_eq!(
            failure(&scope, LaneKind::Ws, address).await.to_string(),
            "Space limit exceeded: Message too long: 1099511627776 > 125"
        );
    }

    #[tokio::test]
    async fn an_endless_http2_stream_is_refused() {
        let scope = Scope::new(|panic| panic!("{panic}"));
        let listener = listen(([127, 0, 0, 1], 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let endless = || async {
            let piece =
                |()| async { Some((Ok::<_, Infallible>(Bytes::from_static(&[b'x'; 4096])), ())) };
            Body::from_stream(stream::unfold((), piece))
        };
        let router = Router::new().route("/echo", post(endless));
        let executor = ScopedExecutor(scope.child());
        scope.spawn("hostile server", async move {
            let (stream, _) = listener.accept().await.unwrap();
            let service = TowerToHyperService::new(router);
            let _ =
                http2::Builder::new(executor).serve_connection(TokioIo::new(stream), service).await;
        });
        let written_bytes = failure(&scope, LaneKind::Http2, address).await;
        assert!(matches!(written_bytes, LaneError::LongReply(4)), "{written_bytes}");
        scope.cancel();
    }

    /// The event stream is correct, but the response to the POST never ends.
    #[tokio::test]
    async fn the_response_to_a_post_must_have_no_body() {
        let scope = Scope::new(|panic| panic!("{panic}"));
        let listener = listen(([127, 0, 0, 1], 0)).unwrap();
        let address = listener.local_addr().unwrap();
        scope.spawn("hostile server", async move {
            let (mut events, _) = listener.accept().await.unwrap();
            let _ = events.read(&mut [0; 4096]).await.unwrap();
            events.write_all(ENDLESS).await.unwrap();
            events.write_all(b"data: 1\n\n").await.unwrap();
            let (mut posts, _) = listener.accept().await.unwrap();
            let _ = posts.read(&mut [0; 4096]).await.unwrap();
            posts.write_all(ENDLESS).await.unwrap();
            while posts.write_all(&[b'x'; 4096]).await.is_ok() {}
        });
        let written_bytes = failure(&scope, LaneKind::SsePost, address).await;
        assert!(matches!(written_bytes, LaneError::PostWithBody), "{written_bytes}");
    }
}
