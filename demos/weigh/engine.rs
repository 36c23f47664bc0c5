//! One exchange over HTTP with reqwest, one over WebSocket with tokio-tungstenite, to recorded servers that end with it.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use reqwest::header::CONTENT_TYPE;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue};

use super::Order;
use super::bytes::{Exchange, Weighed};
use crate::clients::connect_plain;
use crate::net::{TlsOptions, WebSocketLimits, error_chain};
use crate::scope::Scope;
use crate::servers::browser_request_headers;
use crate::servers::recorded::{self, RecordedBytes, TrafficRecording};

/// The smallest JSON that is sent, in bytes.
pub(super) const LEAST: usize = PRICE.len();

/// How long everything may take.
const PATIENCE: Duration = Duration::from_secs(5);

const PRICE: &str = r#"{"symbol":"GOPH","price":4217.05}"#;
const NOTE: &str = r#","note":""#;

/// Sends `order` both ways and gives back what went over the servers' sockets. The servers are tasks of `scope`.
///
/// # Errors
/// What went wrong, in words.
pub(super) async fn weigh(order: Order, scope: &Scope) -> Result<Weighed, String> {
    let weighing = async {
        let http = http(order, scope).await.map_err(|why| format!("http: {why}"))?;
        let (handshake, websocket) = websocket(order, scope).await.map_err(|why| format!("ws: {why}"))?;
        Ok(Weighed { http, websocket, handshake })
    };
    timeout(PATIENCE, weighing).await.unwrap_or_else(|_| Err("no answer within 5 s".to_owned()))
}

/// JSON of exactly `length` bytes, or of [`LEAST`] if that is more.
fn json(length: usize) -> String {
    let (start, end) = PRICE.split_at(PRICE.len() - 1);
    let more = length.saturating_sub(PRICE.len());
    match more.checked_sub(NOTE.len() + 1) {
        Some(letters) => {
            let note: String = "it does not have to be REST ".chars().cycle().take(letters).collect();
            format!("{start}{NOTE}{note}\"{end}")
        }
        None => format!("{start}{}{end}", "0".repeat(more)),
    }
}

async fn http(order: Order, scope: &Scope) -> Result<Exchange, String> {
    let record = TrafficRecording::default();
    let (address, server) = recorded::http(scope, record.clone(), order.browser).map_err(error_chain)?;
    scope.spawn("recorded http", server);
    // nothing here is `https`, but without it reqwest wants a provider for the whole process
    let tls = TlsOptions::default().config()?;
    let client = reqwest::Client::builder().no_proxy().tls_backend_preconfigured(tls);
    let client = client.build().map_err(error_chain)?;
    let payload = json(order.payload);
    let mut request = client.post(format!("http://{address}/echo")).header(CONTENT_TYPE, "application/json");
    for (name, value) in dress(order) {
        request = request.header(*name, *value);
    }
    let reply = request.body(payload.clone()).send().await.map_err(error_chain)?;
    let reply = reply.error_for_status().map_err(error_chain)?.bytes().await.map_err(error_chain)?;
    same(&reply, &payload)?;
    Exchange::http(record.take())
}

async fn websocket(order: Order, scope: &Scope) -> Result<(RecordedBytes, Exchange), String> {
    let record = TrafficRecording::default();
    let (address, server) = recorded::websocket(scope, record.clone()).map_err(error_chain)?;
    scope.spawn("recorded websocket", server);
    let (mut request, stream) = connect_plain(&format!("ws://{address}/")).await?;
    for (name, value) in dress(order) {
        request.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    let payload = json(order.payload);
    let opening = WebSocketLimits::new(payload.len()).client(request, stream);
    let mut stream = opening.await.map_err(error_chain)?;
    let handshake = record.take();
    stream.send(Message::text(payload.clone())).await.map_err(error_chain)?;
    match stream.next().await {
        Some(Ok(Message::Text(reply))) => same(reply.as_bytes(), &payload)?,
        Some(Ok(other)) => return Err(format!("the server sent {other:?} instead of the message")),
        Some(Err(error)) => return Err(error_chain(error)),
        None => return Err("the server closed the connection".to_owned()),
    }
    let exchange = Exchange::websocket(record.take())?;
    // it is weighed: a goodbye that gets lost does no harm
    let _ = stream.close(None).await;
    Ok((handshake, exchange))
}

fn dress(order: Order) -> &'static [(&'static str, &'static str)] {
    if order.browser { browser_request_headers() } else { &[] }
}

fn same(reply: &[u8], payload: &str) -> Result<(), String> {
    if reply == payload.as_bytes() {
        return Ok(());
    }
    Err(format!("the reply ({} bytes) is not what was sent ({} bytes)", reply.len(), payload.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn weighed(payload: usize, browser: bool) -> Weighed {
        let scope = Scope::new(|panic| panic!("{panic}"));
        weigh(Order { payload, browser }, &scope).await.unwrap()
    }

    #[test]
    fn json_is_json_and_as_long_as_it_should_be() {
        for length in LEAST..LEAST + 60 {
            let json = json(length);
            assert_eq!(json.len(), length);
            let value: serde_json::Value = serde_json::from_str(&json).unwrap();
            assert_eq!(value["symbol"], "GOPH", "{json}");
        }
    }

    #[tokio::test]
    async fn what_is_shown_is_what_went_over_the_sockets() {
        let Weighed { http, websocket, handshake } = weighed(33, false).await;
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let (up, down) = (text(&http.bytes.up), text(&http.bytes.down));
        assert!(
            up.starts_with("POST /echo HTTP/1.1\r\n") && up.ends_with(&format!("\r\n\r\n{PRICE}")),
            "{up}"
        );
        assert!(
            down.starts_with("HTTP/1.1 200 OK\r\n") && down.ends_with(&format!("\r\n\r\n{PRICE}")),
            "{down}"
        );
        assert_eq!((http.payload(), http.bytes.up.len() - http.head_up), (66, 33));
        let (up, down) = (&websocket.bytes.up, &websocket.bytes.down);
        assert_eq!((&up[..2], up.len()), (&[0x81, 0xa1][..], 6 + 33), "a client masks");
        assert_eq!(down[..], [&[0x81, 33][..], PRICE.as_bytes()].concat());
        assert_eq!((websocket.head_up, websocket.head_down, websocket.payload()), (6, 2, 66));
        assert!(text(&handshake.up).starts_with("GET / HTTP/1.1\r\n"));
        assert!(text(&handshake.down).starts_with("HTTP/1.1 101 ") && handshake.down.ends_with(b"\r\n\r\n"));
    }

    #[tokio::test]
    async fn a_browser_weighs_each_request_down_and_a_websocket_only_once() {
        let (bare, dressed) = (weighed(33, false).await, weighed(33, true).await);
        let more = |with: &[u8], without: &[u8]| with.len() - without.len();
        assert!(more(&dressed.http.bytes.up, &bare.http.bytes.up) > 800);
        assert!(more(&dressed.http.bytes.down, &bare.http.bytes.down) > 400);
        assert!(more(&dressed.handshake.up, &bare.handshake.up) > 800);
        assert_eq!(dressed.websocket.total(), bare.websocket.total());
    }

    #[tokio::test]
    async fn larger_messages_have_longer_headers() {
        let heads = |weighed: &Weighed| (weighed.websocket.head_up, weighed.websocket.head_down);
        assert_eq!(heads(&weighed(1024, false).await), (8, 4));
        let large = weighed(64 * 1024, false).await;
        assert_eq!((heads(&large), large.http.payload()), ((14, 10), 128 * 1024));
    }
}
