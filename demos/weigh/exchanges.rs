//! Runs one exchange over HTTP with reqwest and one over WebSocket with tokio-tungstenite, with
//! servers that record their traffic.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use reqwest::header::CONTENT_TYPE;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue};

use super::exchange_bytes::{ExchangePair, MeasuredExchange};
use crate::clients::connect_without_tls;
use crate::net::{TlsOptions, WebSocketLimits, error_chain};
use crate::scope::Scope;
use crate::servers::browser_request_headers;
use crate::servers::recorded::{self, RecordedBytes, TrafficRecording};

/// The minimum length of the JSON in bytes.
pub(super) const MIN_PAYLOAD: usize = PRICE_JSON.len();

/// The timeout of both exchanges together.
const EXCHANGE_TIMEOUT: Duration = Duration::from_secs(5);

const PRICE_JSON: &str = r#"{"symbol":"GOPH","price":4217.05}"#;
const NOTE_FIELD: &str = r#","note":""#;

/// The exchange to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExchangeSpec {
    /// The number of bytes of JSON in each direction.
    pub payload: usize,
    /// Whether to send the headers and cookies of a browser, and of a server in production.
    pub browser: bool,
}

/// Runs the exchange over HTTP and over WebSocket, and returns the bytes of the servers' sockets.
/// The servers are tasks of `scope`.
///
/// # Errors
/// Fails with a description of what went wrong.
pub(super) async fn run_exchanges(
    spec: ExchangeSpec,
    scope: &Scope,
) -> Result<ExchangePair, String> {
    let weighing = async {
        let http = http_exchange(spec, scope).await.map_err(|error| format!("http: {error}"))?;
        let (handshake, websocket) =
            websocket_exchange(spec, scope).await.map_err(|error| format!("ws: {error}"))?;
        Ok(ExchangePair { http, websocket, handshake })
    };
    timeout(EXCHANGE_TIMEOUT, weighing)
        .await
        .unwrap_or_else(|_| Err("no answer within 5 s".to_owned()))
}

/// Returns JSON of exactly `length` bytes, or of [`MIN_PAYLOAD`] if that is more.
fn json_of_length(length: usize) -> String {
    let (start, end) = PRICE_JSON.split_at(PRICE_JSON.len() - 1);
    // A note fills up the rest. If there is no room for its name and quotes, further digits of the
    // price do.
    let more = length.saturating_sub(PRICE_JSON.len());
    match more.checked_sub(NOTE_FIELD.len() + 1) {
        Some(letters) => {
            let note: String =
                "it does not have to be REST ".chars().cycle().take(letters).collect();
            format!("{start}{NOTE_FIELD}{note}\"{end}")
        }
        None => format!("{start}{}{end}", "0".repeat(more)),
    }
}

async fn http_exchange(spec: ExchangeSpec, scope: &Scope) -> Result<MeasuredExchange, String> {
    let record = TrafficRecording::default();
    let (address, server) =
        recorded::http(scope, record.clone(), spec.browser).map_err(error_chain)?;
    scope.spawn("recorded http", server);
    // No connection here uses TLS, but without a preconfigured backend reqwest expects a
    // process-wide crypto provider.
    let tls = TlsOptions::default().config().map_err(error_chain)?;
    // A proxy from the environment would add bytes of its own.
    let client = reqwest::Client::builder().no_proxy().tls_backend_preconfigured(tls);
    let client = client.build().map_err(error_chain)?;
    let payload = json_of_length(spec.payload);
    let mut request =
        client.post(format!("http://{address}/echo")).header(CONTENT_TYPE, "application/json");
    for (name, value) in extra_headers(spec) {
        request = request.header(*name, *value);
    }
    let reply = request.body(payload.clone()).send().await.map_err(error_chain)?;
    let reply =
        reply.error_for_status().map_err(error_chain)?.bytes().await.map_err(error_chain)?;
    check_reply(&reply, &payload)?;
    MeasuredExchange::from_http(record.take())
}

async fn websocket_exchange(
    spec: ExchangeSpec,
    scope: &Scope,
) -> Result<(RecordedBytes, MeasuredExchange), String> {
    let record = TrafficRecording::default();
    let (address, server) = recorded::websocket(scope, record.clone()).map_err(error_chain)?;
    scope.spawn("recorded websocket", server);
    let (mut request, stream) =
        connect_without_tls(&format!("ws://{address}/")).await.map_err(error_chain)?;
    for (name, value) in extra_headers(spec) {
        request
            .headers_mut()
            .insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    let payload = json_of_length(spec.payload);
    let opening = WebSocketLimits::new(payload.len()).client(request, stream);
    let mut stream = opening.await.map_err(error_chain)?;
    // Taken before the message, so that the handshake is counted apart.
    let handshake = record.take();
    stream.send(Message::text(payload.clone())).await.map_err(error_chain)?;
    match stream.next().await {
        Some(Ok(Message::Text(reply))) => check_reply(reply.as_bytes(), &payload)?,
        Some(Ok(other)) => return Err(format!("the server sent {other:?} instead of the message")),
        Some(Err(error)) => return Err(error_chain(error)),
        None => return Err("the server closed the connection".to_owned()),
    }
    let exchange = MeasuredExchange::from_websocket(record.take())?;
    // The bytes are counted already, so a failed close does not matter.
    let _ = stream.close(None).await;
    Ok((handshake, exchange))
}

fn extra_headers(spec: ExchangeSpec) -> &'static [(&'static str, &'static str)] {
    if spec.browser { browser_request_headers() } else { &[] }
}

fn check_reply(reply: &[u8], payload: &str) -> Result<(), String> {
    if reply == payload.as_bytes() {
        return Ok(());
    }
    Err(format!("the reply ({} bytes) is not what was sent ({} bytes)", reply.len(), payload.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn weighed(payload: usize, browser: bool) -> ExchangePair {
        let scope = Scope::new(|panic| panic!("{panic}"));
        run_exchanges(ExchangeSpec { payload, browser }, &scope).await.unwrap()
    }

    #[test]
    fn json_has_exactly_the_requested_length() {
        for length in MIN_PAYLOAD..MIN_PAYLOAD + 60 {
            let json = json_of_length(length);
            assert_eq!(json.len(), length);
            let value: serde_json::Value = serde_json::from_str(&json).unwrap();
            assert_eq!(value["symbol"], "GOPH", "{json}");
        }
    }

    #[tokio::test]
    async fn the_counted_bytes_are_those_of_the_sockets() {
        let ExchangePair { http, websocket, handshake } = weighed(33, false).await;
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let (up, down) = (text(&http.bytes.up), text(&http.bytes.down));
        assert!(
            up.starts_with("POST /echo HTTP/1.1\r\n")
                && up.ends_with(&format!("\r\n\r\n{PRICE_JSON}")),
            "{up}"
        );
        assert!(
            down.starts_with("HTTP/1.1 200 OK\r\n")
                && down.ends_with(&format!("\r\n\r\n{PRICE_JSON}")),
            "{down}"
        );
        assert_eq!((http.payload(), http.bytes.up.len() - http.sent_header_len), (66, 33));
        let (up, down) = (&websocket.bytes.up, &websocket.bytes.down);
        assert_eq!((&up[..2], up.len()), (&[0x81, 0xa1][..], 6 + 33), "a client masks");
        assert_eq!(down[..], [&[0x81, 33][..], PRICE_JSON.as_bytes()].concat());
        assert_eq!(
            (websocket.sent_header_len, websocket.received_header_len, websocket.payload()),
            (6, 2, 66)
        );
        assert!(text(&handshake.up).starts_with("GET / HTTP/1.1\r\n"));
        assert!(
            text(&handshake.down).starts_with("HTTP/1.1 101 ")
                && handshake.down.ends_with(b"\r\n\r\n")
        );
    }

    #[tokio::test]
    async fn browser_headers_count_for_each_request_but_once_for_a_websocket() {
        let (bare, dressed) = (weighed(33, false).await, weighed(33, true).await);
        let more = |with: &[u8], without: &[u8]| with.len() - without.len();
        assert!(more(&dressed.http.bytes.up, &bare.http.bytes.up) > 800);
        assert!(more(&dressed.http.bytes.down, &bare.http.bytes.down) > 400);
        assert!(more(&dressed.handshake.up, &bare.handshake.up) > 800);
        assert_eq!(dressed.websocket.total(), bare.websocket.total());
    }

    #[tokio::test]
    async fn larger_messages_have_longer_headers() {
        let heads = |pair: &ExchangePair| {
            (pair.websocket.sent_header_len, pair.websocket.received_header_len)
        };
        assert_eq!(heads(&weighed(1024, false).await), (8, 4));
        let large = weighed(64 * 1024, false).await;
        assert_eq!((heads(&large), large.http.payload()), ((14, 10), 128 * 1024));
    }
}
