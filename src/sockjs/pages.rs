//! The answers without a session: the greeting, `/info`, and the page for the iframe.

use axum::body::Body;
use axum::http::header::{ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;

use crate::sockjs::headers::{allow_origin, cache, do_not_cache, response, text};

/// Returns the line that says that SockJS is here.
pub(super) fn greeting() -> Response {
    text(StatusCode::OK, "Welcome to SockJS!\n")
}

/// Returns what the server can do, and a random number, because browsers had none that was good.
pub(super) fn info(request: &HeaderMap, websocket: bool, cookie_needed: bool) -> Response {
    let entropy = getrandom::u32().unwrap_or_default();
    let body = format!(
        "{{\"websocket\":{websocket},\"origins\":[\"*:*\"],\"cookie_needed\":{cookie_needed},\
         \"entropy\":{entropy}}}"
    );
    let mut response = response(StatusCode::OK, "application/json; charset=UTF-8", body);
    do_not_cache(&mut response);
    allow_origin(request, &mut response);
    response
}

/// The page that a client loads in an iframe, to be on the server's own domain.
pub(super) struct IframePage {
    body: String,
    tag: HeaderValue,
}

impl IframePage {
    /// Makes the page for the script at `client_url`, which must be a URL.
    pub(super) fn new(client_url: &str) -> Self {
        let url = client_url.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;");
        let body = IFRAME.replace("CLIENT_URL", &url);
        // FNV-1a: the tag has to change with the page, no more.
        let hash = body.bytes().fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
        });
        let tag = HeaderValue::try_from(format!("\"{hash:016x}\"")).expect("it is hex");
        Self { body, tag }
    }

    /// Returns the page, or 304 if the client has it.
    pub(super) fn answer(&self, request: &HeaderMap) -> Response {
        let mut page = if self.is_known(request) {
            let mut unchanged = Response::new(Body::empty());
            *unchanged.status_mut() = StatusCode::NOT_MODIFIED;
            unchanged
        } else {
            response(StatusCode::OK, "text/html; charset=UTF-8", self.body.clone())
        };
        page.headers_mut().insert(ETAG, self.tag.clone());
        cache(&mut page);
        page
    }

    fn is_known(&self, request: &HeaderMap) -> bool {
        let values = request.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
        let mut tags = values.flat_map(|value| value.split(',')).map(str::trim);
        tags.any(|tag| tag == "*" || tag.trim_start_matches("W/") == self.tag)
    }
}

/// The page, which clients expect to be this one.
const IFRAME: &str = r#"<!DOCTYPE html>
<html>
<head>
  <meta http-equiv="X-UA-Compatible" content="IE=edge" />
  <meta http-equiv="Content-Type" content="text/html; charset=UTF-8" />
  <script src="CLIENT_URL"></script>
  <script>
    document.domain = document.domain;
    SockJS.bootstrap_iframe();
  </script>
</head>
<body>
  <h2>Don't panic!</h2>
  <p>This is a SockJS hidden iframe. It's used for cross domain magic.</p>
</body>
</html>
"#;
