//! The opening handshake of a WebSocket, in its form of today and in that of 2010.

use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{
    CONNECTION, HOST, ORIGIN, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION,
    UPGRADE,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Version};
use axum::response::Response;
use hyper::ext::ReasonPhrase;
use wiretalk_core::sockjs::hixie76;

use crate::sockjs::headers::refusal;
use crate::wire::handshake::AcceptValue;
use crate::wire::handshake::accept::decode_key;

/// The protocol that a handshake agreed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sockjs) enum WebSocketProtocol {
    /// RFC 6455.
    Rfc6455,
    /// draft-hixie-thewebsocketprotocol-76, with the numbers in its keys.
    Hixie76 {
        /// The number in the first key.
        key1: u32,
        /// The number in the second key.
        key2: u32,
    },
}

const KEY1: HeaderName = HeaderName::from_static("sec-websocket-key1");
const KEY2: HeaderName = HeaderName::from_static("sec-websocket-key2");

/// Returns the response to a request that opens a WebSocket, or a refusal.
pub(in crate::sockjs) fn accept(
    request: &Request,
) -> Result<(Response, WebSocketProtocol), Response> {
    let headers = request.headers();
    let bad = |sentence: &str| Err(refusal(StatusCode::BAD_REQUEST, sentence));
    if request.version() != Version::HTTP_11 {
        return bad("a WebSocket is opened with HTTP/1.1");
    }
    if !has_token(headers, &UPGRADE, "websocket") {
        return bad("this address is a WebSocket's: the request needs Upgrade: websocket");
    }
    if !has_token(headers, &CONNECTION, "upgrade") {
        return bad("not a valid WebSocket request: Connection must have the option Upgrade");
    }
    if headers.contains_key(KEY1) || headers.contains_key(KEY2) {
        return accept_hixie76(request);
    }
    if headers.get(SEC_WEBSOCKET_VERSION).is_none_or(|version| version != "13") {
        let mut response = refusal(StatusCode::UPGRADE_REQUIRED, "Sec-WebSocket-Version must be 13");
        let version = HeaderValue::from_static("13");
        response.headers_mut().insert(SEC_WEBSOCKET_VERSION, version);
        return Err(response);
    }
    let key = headers.get(SEC_WEBSOCKET_KEY).and_then(|key| key.to_str().ok());
    let key = key.filter(|key| decode_key(key).is_some_and(|key| key.len() == 16));
    let accepted = key.map(|key| HeaderValue::try_from(AcceptValue::new(key).value));
    let Some(Ok(accepted)) = accepted else {
        return bad("Sec-WebSocket-Key must be 16 bytes in base64");
    };
    let mut response = switching("websocket");
    response.headers_mut().insert(SEC_WEBSOCKET_ACCEPT, accepted);
    Ok((response, WebSocketProtocol::Rfc6455))
}

fn accept_hixie76(request: &Request) -> Result<(Response, WebSocketProtocol), Response> {
    let headers = request.headers();
    let number = |name| {
        let key = headers.get(name).and_then(|key: &HeaderValue| key.to_str().ok());
        key.and_then(hixie76::key_number)
    };
    let location = headers.get(HOST).and_then(|host| {
        let path = original_path(request);
        HeaderValue::try_from(format!("ws://{}{path}", host.to_str().ok()?)).ok()
    });
    let (Some(key1), Some(key2), Some(location)) = (number(KEY1), number(KEY2), location) else {
        let sentence = "Sec-WebSocket-Key1 and Sec-WebSocket-Key2 must be keys of hixie-76";
        return Err(refusal(StatusCode::BAD_REQUEST, sentence));
    };
    let mut response = switching("WebSocket");
    let phrase = ReasonPhrase::from_static(b"WebSocket Protocol Handshake");
    response.extensions_mut().insert(phrase);
    let out = response.headers_mut();
    out.insert(HeaderName::from_static("sec-websocket-location"), location);
    if let Some(origin) = headers.get(ORIGIN) {
        out.insert(HeaderName::from_static("sec-websocket-origin"), origin.clone());
    }
    Ok((response, WebSocketProtocol::Hixie76 { key1, key2 }))
}

/// Returns the path with its prefix, which the router has taken off.
fn original_path(request: &Request) -> String {
    let original = request.extensions().get::<axum::extract::OriginalUri>();
    let uri = original.map_or(request.uri(), |original| &original.0);
    uri.path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string)
}

fn switching(protocol: &'static str) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(UPGRADE, HeaderValue::from_static(protocol));
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    response
}

/// Whether a list in a header field has this token, whatever its case.
fn has_token(headers: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|part| part.trim().eq_ignore_ascii_case(token))
}
