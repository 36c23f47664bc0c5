//! The server's side of the WebSocket opening handshake (RFC 6455 section 4.2), with an answer for every mistake.
//! It offers no subprotocol and no extension.
//!
//! tungstenite could do it, but hangs up on a plain HTTP request without a word, which leaves whoever typed the
//! address into a browser or into curl with nothing to learn from.

use std::io;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use httparse::{EMPTY_HEADER, Header, Request, Status};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

const LARGEST_HEAD: usize = 16 << 10;
const MOST_HEADERS: usize = 100;

/// An opening handshake that was answered by 101.
#[derive(Debug)]
pub(super) struct Opened {
    /// The path and query that were asked for.
    pub path: String,
    /// What the client sent behind its request: the beginning of its frames.
    pub rest: Vec<u8>,
}

/// Why there is no WebSocket, in words; the peer has been told if there was a way.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotOpened {
    #[error("{0}")]
    Refused(Refusal),
    #[error("sent no complete request head within {} s", .0.as_secs_f32())]
    Stalled(Duration),
    #[error("hung up before its request head was complete")]
    HungUp,
    #[error("{0}")]
    Io(#[from] io::Error),
}

/// An answer that is not 101.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{status}: {why}")]
pub(super) struct Refusal {
    status: &'static str,
    headers: &'static str,
    why: &'static str,
}

/// Reads one request head and answers it.
pub(super) async fn open<S>(stream: &mut S, patience: Duration) -> Result<Opened, NotOpened>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let Ok(judged) = timeout(patience, read_head(stream)).await else {
        let late = Refusal::new("408 Request Timeout", "the request head did not arrive in time");
        stream.write_all(late.to_string_on_wire().as_bytes()).await?;
        return Err(NotOpened::Stalled(patience));
    };
    match judged? {
        Ok((asked, rest)) => {
            let answer = format!(
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                 Sec-WebSocket-Accept: {}\r\n\r\n",
                derive_accept_key(asked.key.as_bytes())
            );
            stream.write_all(answer.as_bytes()).await?;
            Ok(Opened { path: asked.path, rest })
        }
        Err(refusal) => {
            stream.write_all(refusal.to_string_on_wire().as_bytes()).await?;
            Err(NotOpened::Refused(refusal))
        }
    }
}

/// What of a good request matters later.
#[derive(Debug, PartialEq, Eq)]
struct Asked {
    path: String,
    key: String,
}

type Judged = Result<(Asked, Vec<u8>), Refusal>;

async fn read_head(stream: &mut (impl AsyncRead + Unpin)) -> Result<Judged, NotOpened> {
    let mut head = Vec::with_capacity(1024);
    loop {
        if stream.read_buf(&mut head).await? == 0 {
            return Err(NotOpened::HungUp);
        }
        match judge(&head) {
            Ok(None) if head.len() > LARGEST_HEAD => {
                let status = "431 Request Header Fields Too Large";
                return Ok(Err(Refusal::new(status, "the request head is larger than 16 KiB")));
            }
            Ok(None) => {}
            Ok(Some((asked, length))) => return Ok(Ok((asked, head.split_off(length)))),
            Err(refusal) => return Ok(Err(refusal)),
        }
    }
}

/// The request and its length, once it is complete.
fn judge(head: &[u8]) -> Result<Option<(Asked, usize)>, Refusal> {
    let mut headers = [EMPTY_HEADER; MOST_HEADERS];
    let mut request = Request::new(&mut headers);
    let bad = |why| Refusal::new("400 Bad Request", why);
    match request.parse(head) {
        Ok(Status::Complete(length)) => check(&request).map(|asked| Some((asked, length))),
        Ok(Status::Partial) => Ok(None),
        Err(httparse::Error::TooManyHeaders) => Err(bad("there are more than 100 header fields")),
        Err(_) => Err(bad("this is not an HTTP/1.1 request")),
    }
}

/// The rules of RFC 6455 section 4.2.1, in its order.
fn check(request: &Request<'_, '_>) -> Result<Asked, Refusal> {
    let bad = |why| Refusal::new("400 Bad Request", why);
    if request.method != Some("GET") {
        let refusal = Refusal::new("405 Method Not Allowed", "a WebSocket is opened with GET");
        return Err(refusal.with("Allow: GET\r\n"));
    }
    if request.version != Some(1) {
        return Err(bad("a WebSocket is opened with HTTP/1.1"));
    }
    let headers = &*request.headers;
    if field(headers, "host").count() != 1 {
        return Err(bad("there must be one Host field"));
    }
    if !has_token(headers, "upgrade", "websocket") {
        let why = "here is a WebSocket server: ask with Upgrade: websocket";
        return Err(Refusal::new("426 Upgrade Required", why).with("Upgrade: websocket\r\n"));
    }
    if !has_token(headers, "connection", "upgrade") {
        return Err(bad("the Connection field must name Upgrade"));
    }
    let key = only(headers, "sec-websocket-key")
        .filter(|key| STANDARD.decode(key).is_ok_and(|key| key.len() == 16));
    let Some(key) = key else { return Err(bad("Sec-WebSocket-Key must be 16 bytes in base64, once")) };
    if only(headers, "sec-websocket-version") != Some("13") {
        let refusal = Refusal::new("426 Upgrade Required", "Sec-WebSocket-Version must be 13");
        return Err(refusal.with("Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"));
    }
    Ok(Asked { path: request.path.unwrap_or("/").to_owned(), key: key.to_owned() })
}

/// The values of all fields of that name, trimmed; one that is not text counts as empty.
fn field<'h>(headers: &'h [Header<'_>], name: &'static str) -> impl Iterator<Item = &'h str> {
    let named = headers.iter().filter(move |header| header.name.eq_ignore_ascii_case(name));
    named.map(|header| str::from_utf8(header.value).unwrap_or_default().trim())
}

fn only<'h>(headers: &'h [Header<'_>], name: &'static str) -> Option<&'h str> {
    let mut values = field(headers, name);
    values.next().filter(|_| values.next().is_none())
}

fn has_token(headers: &[Header<'_>], name: &'static str, token: &str) -> bool {
    field(headers, name).flat_map(|value| value.split(',')).any(|one| one.trim().eq_ignore_ascii_case(token))
}

impl Refusal {
    fn new(status: &'static str, why: &'static str) -> Self {
        Self { status, headers: "", why }
    }

    fn with(self, headers: &'static str) -> Self {
        Self { headers, ..self }
    }

    fn to_string_on_wire(self) -> String {
        let Self { status, headers, why } = self;
        let length = why.len() + 1;
        format!(
            "HTTP/1.1 {status}\r\n{headers}Connection: close\r\nContent-Type: text/plain\r\n\
             Content-Length: {length}\r\n\r\n{why}\n"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The request of RFC 6455 section 1.3, without its subprotocols.
    const SAMPLE: &str = "GET /chat HTTP/1.1\r\nHost: server.example.com\r\nUpgrade: websocket\r\n\
        Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
        Sec-WebSocket-Version: 13\r\n\r\n";

    fn status(head: &str) -> &'static str {
        judge(head.as_bytes()).map_or_else(|refusal| refusal.status, |_| "accepted")
    }

    #[test]
    fn the_sample_request_is_accepted_at_its_last_byte() {
        for length in 0..SAMPLE.len() {
            assert_eq!(judge(&SAMPLE.as_bytes()[..length]), Ok(None), "{length}");
        }
        let (asked, length) = judge(format!("{SAMPLE}rest").as_bytes()).unwrap().unwrap();
        assert_eq!((asked.path.as_str(), length), ("/chat", SAMPLE.len()));
    }

    #[test]
    fn names_and_tokens_have_no_case_and_lists_are_lists() {
        let head = SAMPLE
            .replace("Connection: Upgrade", "CONNECTION: keep-alive, upgrade")
            .replace("websocket\r\n", "h2c, WebSocket\r\n");
        assert_eq!(status(&head), "accepted");
    }

    #[test]
    fn every_missing_part_is_refused_in_its_own_way() {
        let cases = [
            ("GET ", "POST ", "405 Method Not Allowed"),
            ("HTTP/1.1", "HTTP/1.0", "400 Bad Request"),
            ("Host: server.example.com\r\n", "", "400 Bad Request"),
            ("Upgrade: websocket\r\n", "", "426 Upgrade Required"),
            ("Upgrade: websocket", "Upgrade: websockets", "426 Upgrade Required"),
            ("Connection: Upgrade", "Connection: close", "400 Bad Request"),
            ("dGhlIHNhbXBsZSBub25jZQ==", "c2hvcnQ=", "400 Bad Request"),
            ("dGhlIHNhbXBsZSBub25jZQ==", "not base64", "400 Bad Request"),
            ("Version: 13", "Version: 8", "426 Upgrade Required"),
            ("Version: 13", "Version: 13\r\nSec-WebSocket-Version: 13", "426 Upgrade Required"),
            ("GET /chat HTTP/1.1", "\u{1}\u{2}", "400 Bad Request"),
        ];
        for (from, to, expected) in cases {
            assert_eq!(status(&SAMPLE.replacen(from, to, 1)), expected, "{from} -> {to}");
        }
    }

    #[test]
    fn a_refusal_says_its_own_length() {
        let wire =
            Refusal::new("426 Upgrade Required", "no").with("Upgrade: websocket\r\n").to_string_on_wire();
        assert_eq!(
            wire,
            "HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\nConnection: close\r\n\
             Content-Type: text/plain\r\nContent-Length: 3\r\n\r\nno\n"
        );
    }
}
