//! The header fields that SockJS wants: CORS, caching, the cookie. Browsers need them all; a
//! missing one is a transport that does not work.

use std::time::{Duration, SystemTime};

use axum::http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS, ALLOW,
    CACHE_CONTROL, CONNECTION, CONTENT_TYPE, COOKIE, EXPIRES, ORIGIN, SET_COOKIE, VARY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::body::Body;
use axum::response::Response;

/// A year in seconds: the longest time that caches are told.
const YEAR: u64 = 31_536_000;

const PLAIN: HeaderValue = HeaderValue::from_static("text/plain; charset=UTF-8");

/// Returns a response of this type.
pub(super) fn response(status: StatusCode, content_type: &'static str, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    // What a client sent, and an echo returns, is never another type of file.
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// Returns a response of text.
pub(super) fn text(status: StatusCode, text: impl Into<String>) -> Response {
    let mut response = response(status, "", text.into());
    response.headers_mut().insert(CONTENT_TYPE, PLAIN);
    response
}

/// Returns a refusal in a sentence.
pub(super) fn refusal(status: StatusCode, sentence: impl std::fmt::Display) -> Response {
    text(status, format!("{sentence}\n"))
}

/// Returns a refusal that ends the connection, because the rest of the request is not read.
pub(super) fn closing_refusal(status: StatusCode, sentence: impl std::fmt::Display) -> Response {
    let mut response = refusal(status, sentence);
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

/// Returns 405, which has nothing but the methods that would do.
pub(super) fn method_not_allowed(allowed: &'static str) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
    response.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
    response
}

/// Lets the page of the request's origin read the response, with cookies.
pub(super) fn allow_origin(request: &HeaderMap, response: &mut Response) {
    let headers = response.headers_mut();
    headers.append(VARY, HeaderValue::from_static("Origin"));
    if let Some(origin) = request.get(ORIGIN) {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    } else {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    }
}

/// Returns the answer to a browser that asks whether it may send such a request.
pub(super) fn preflight(request: &HeaderMap, methods: &'static str) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(methods));
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from(YEAR));
    let wanted = request.get(ACCESS_CONTROL_REQUEST_HEADERS).filter(|wanted| !wanted.is_empty());
    if let Some(wanted) = wanted {
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, wanted.clone());
    }
    cache(&mut response);
    allow_origin(request, &mut response);
    response
}

/// Lets caches keep the response for a year.
pub(super) fn cache(response: &mut Response) {
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000"));
    let expires = SystemTime::now().checked_add(Duration::from_secs(YEAR));
    let expires = expires.map(httpdate::fmt_http_date);
    if let Some(Ok(expires)) = expires.map(HeaderValue::try_from) {
        headers.insert(EXPIRES, expires);
    }
}

/// Forbids every cache to keep the response.
pub(super) fn do_not_cache(response: &mut Response) {
    response.headers_mut().insert(
        CACHE_CONTROL,
        HeaderValue::from_static("no-store, no-cache, no-transform, must-revalidate, max-age=0"),
    );
}

/// Sets the cookie by which some load balancers keep a client at one server: as the client has it,
/// or to a value that stands for none.
pub(super) fn set_cookie(request: &HeaderMap, response: &mut Response) {
    let cookies = request.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|value| value.split(';')).filter_map(|pair| {
        pair.trim().strip_prefix("JSESSIONID=").filter(|value| value.bytes().all(is_cookie_byte))
    });
    let cookie = format!("JSESSIONID={}; path=/", pairs.next().unwrap_or("dummy"));
    if let Ok(cookie) = HeaderValue::try_from(cookie) {
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
}

/// Whether a cookie's value may have this byte (RFC 6265 section 4.1.1).
fn is_cookie_byte(byte: u8) -> bool {
    byte.is_ascii_graphic() && !matches!(byte, b'"' | b',' | b';' | b'\\')
}
