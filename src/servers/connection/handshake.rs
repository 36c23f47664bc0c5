//! The server's side of the opening handshake, for all WebSocket servers: it reads a head,
//! validates it and answers it. The rules are in `wire::handshake` and the access rules in
//! [`Access`]; this module adds a status line, a body in words and a timeout.

use std::io;
use std::time::Duration;

use hyper::StatusCode;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

use crate::servers::options::access::{Access, HostMismatch};
use crate::servers::{Limits, ServerOptions};
use crate::wire::handshake::{
    HandshakeOutcome, Head, HeadContext, HeadReader, HeadScan, HeadValidation, Problem,
    ProblemCode, ServerPolicy, ValidatedHead,
};
use crate::wire::{AgreedExtensions, Side};

/// A head that has been read to its end, or turned out not to be one.
#[derive(Debug)]
pub(in crate::servers) struct HandshakeHead {
    /// The validated head.
    pub handshake: ValidatedHead,
    /// The bytes that the client sent after it: the beginning of its frames.
    pub rest: Vec<u8>,
}

/// An opening handshake that was answered with 101.
#[derive(Debug)]
pub(crate) struct AcceptedHandshake {
    /// The path and query of the request.
    pub path: String,
    /// The extensions that were agreed.
    pub agreed: AgreedExtensions,
    /// The bytes that the client sent after its request: the beginning of its frames.
    pub rest: Vec<u8>,
}

/// The body of the 426 Upgrade Required response to ordinary HTTP.
const UPGRADE_REQUIRED: &str = "this is a WebSocket server; send Upgrade: websocket";

/// Why no WebSocket was opened. The peer has been answered if that was possible.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HandshakeError {
    /// The request is for another host.
    #[error("{}: {}", .0.status(), .0.description())]
    Host(HostMismatch),
    /// The request breaks this rule, or this fatal one first.
    #[error("{}", .0.rule().summary)]
    Problem(ProblemCode),
    /// The bytes contain no head that could break a rule.
    #[error("this isn't an opening handshake")]
    NotAHandshake,
    /// The request is ordinary HTTP and was answered with 426.
    #[error("426: {text}", text = UPGRADE_REQUIRED)]
    UpgradeRequired,
    /// The request was answered with this status and the list of the server's paths.
    #[error("answered {0} with the list of its paths")]
    ListedPaths(u16),
    #[error("sent no complete request head within {} s", .0.as_secs_f32())]
    TimedOut(Duration),
    #[error("hung up before its request head was complete")]
    HungUp,
    #[error("{0}")]
    Io(#[from] io::Error),
}

/// How to answer a request that is valid HTTP but asks for no WebSocket, for example when the
/// address is opened in a browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OrdinaryHttp {
    /// With 426, and the header to send.
    UpgradeRequired,
    /// Like any other request, with every rule of the handshake that it breaks.
    Judged,
}

/// Reads one request, and answers it with 101 or with the rules that it breaks.
pub(crate) async fn open<S>(
    stream: &mut S,
    policy: &ServerPolicy,
    options: &ServerOptions,
    ordinary: OrdinaryHttp,
) -> Result<AcceptedHandshake, HandshakeError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    // Boxed, because the validated head is large, and this future is part of the connection's
    // future.
    let request = Box::pin(read_request(stream, policy, options)).await?;
    let validation = &request.handshake.validation;
    if validation.outcome != HandshakeOutcome::Accept {
        let friendly = ordinary == OrdinaryHttp::UpgradeRequired && is_ordinary_http(validation);
        return if friendly {
            want_upgrade(stream).await
        } else {
            refuse(stream, validation).await
        };
    }
    // Checked only after everything else, so that a broken request gets the more useful answer.
    if let Some(head) = &request.handshake.head {
        check_origin(stream, head, options).await?;
    }
    stream.write_all(response_head(101, &validation.response_headers).as_bytes()).await?;
    Ok(AcceptedHandshake { path: request.path(), agreed: validation.agreed, rest: request.rest })
}

impl HandshakeHead {
    /// Returns the path and query of the request.
    pub(in crate::servers) fn path(&self) -> String {
        let head = self.handshake.head.as_ref();
        head.map_or_else(String::new, |head| String::from_utf8_lossy(target(head)).into_owned())
    }
}

fn target(head: &Head) -> &[u8] {
    let [_, target, _] = head.start_line_parts();
    head.raw().get(target).unwrap_or_default()
}

/// Reads one head within [`Limits::head_timeout`] and validates it by `policy`. A request for
/// another host than the server's own is refused here.
pub(in crate::servers) async fn read_request<S>(
    stream: &mut S,
    policy: &ServerPolicy,
    options: &ServerOptions,
) -> Result<HandshakeHead, HandshakeError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let Limits { head_timeout: limit, .. } = options.limits;
    let Ok(request) = timeout(limit, read_head(stream, policy)).await else {
        let body = "the request head did not arrive in time";
        stream.write_all(text_response(408, &[], body).as_bytes()).await?;
        return Err(HandshakeError::TimedOut(limit));
    };
    let request = request?;
    match request.handshake.head.as_ref().map(|head| check_host(&options.access, head)) {
        // A missing or invalid Host breaks a rule of the handshake too, so this answer covers all
        // of them.
        Some(Err(HostMismatch::Invalid))
            if request.handshake.validation.outcome == HandshakeOutcome::Reject =>
        {
            refuse(stream, &request.handshake.validation).await
        }
        Some(Err(foreign)) => {
            stream
                .write_all(text_response(foreign.status(), &[], foreign.description()).as_bytes())
                .await?;
            Err(HandshakeError::Host(foreign))
        }
        Some(Ok(())) | None => Ok(request),
    }
}

async fn read_head(
    stream: &mut (impl AsyncRead + Unpin),
    policy: &ServerPolicy,
) -> Result<HandshakeHead, HandshakeError> {
    let mut reader = HeadReader::new(Side::Client, policy.max_head_len);
    // On the heap, because the future lives as long as the connection, but the buffer only until
    // the head is complete.
    let mut buffer = vec![0; 4096];
    loop {
        let count = stream.read(&mut buffer).await?;
        if count == 0 {
            return Err(HandshakeError::HungUp);
        }
        let bytes = buffer.get(..count).unwrap_or_default();
        let taken = reader.push(bytes);
        if reader.scan() != HeadScan::Incomplete {
            let rest = bytes.get(taken..).unwrap_or_default().to_vec();
            let context = HeadContext::Request(policy.clone());
            let opening = ValidatedHead::with_bytes_after(&reader, &context, &rest);
            return Ok(HandshakeHead { handshake: opening, rest });
        }
    }
}

/// Checks whether a request is for this server: by its only Host header, and by its target if that
/// names a host (RFC 9112 section 3.2.2).
fn check_host(access: &Access, head: &Head) -> Result<(), HostMismatch> {
    let hosts: Vec<Vec<u8>> =
        head.fields_named("Host").map(|field| head.field_value(field)).collect();
    access.only_host(hosts.iter().map(Vec::as_slice))?;
    let absolute = str::from_utf8(target(head)).ok().and_then(|target| target.split_once("://"));
    match absolute {
        Some((_, rest)) => {
            access.host(rest.split(['/', '?', '#']).next().unwrap_or_default().as_bytes())
        }
        None => Ok(()),
    }
}

/// Refuses a request from a page whose origin is not allowed.
pub(in crate::servers) async fn check_origin(
    stream: &mut (impl AsyncWrite + Unpin),
    head: &Head,
    options: &ServerOptions,
) -> Result<(), HandshakeError> {
    let Some(origins) = &options.access.origins else { return Ok(()) };
    // Without an Origin header the client is not a browser, so `all` lets it through.
    if head.fields_named("Origin").all(|field| origins.allow(&head.field_value(field))) {
        return Ok(());
    }
    stream
        .write_all(text_response(403, &[], &describe_rule(ProblemCode::Origin)).as_bytes())
        .await?;
    Err(HandshakeError::Problem(ProblemCode::Origin))
}

async fn want_upgrade<T>(stream: &mut (impl AsyncWrite + Unpin)) -> Result<T, HandshakeError> {
    let upgrade = [("Upgrade", "websocket"), ("Connection", "Upgrade")];
    let upgrade = upgrade.map(|(name, value)| (name.to_owned(), value.to_owned()));
    stream.write_all(text_response(426, &upgrade, UPGRADE_REQUIRED).as_bytes()).await?;
    Err(HandshakeError::UpgradeRequired)
}

/// Answers a request that cannot open a WebSocket with a status and every broken rule in words.
pub(in crate::servers) async fn refuse<T>(
    stream: &mut (impl AsyncWrite + Unpin),
    validation: &HeadValidation,
) -> Result<T, HandshakeError> {
    let fatal = || validation.problems.iter().filter(|problem| problem.is_fatal());
    // A TLS client would not read an answer in plain text, so there is no status for it.
    if let Some(status) = validation.status {
        let words: Vec<String> = fatal().map(|problem| describe_rule(problem.code)).collect();
        stream
            .write_all(
                text_response(status, &validation.response_headers, &words.join("\n\n")).as_bytes(),
            )
            .await?;
    }
    let first = fatal().next();
    Err(first
        .map_or(HandshakeError::NotAHandshake, |problem| HandshakeError::Problem(problem.code)))
}

/// Whether the request is valid HTTP that simply asks for no WebSocket.
fn is_ordinary_http(validation: &HeadValidation) -> bool {
    const MISSING: [ProblemCode; 5] = [
        ProblemCode::UpgradeMissing,
        ProblemCode::ConnectionMissing,
        ProblemCode::ConnectionToken,
        ProblemCode::KeyMissing,
        ProblemCode::VersionMissing,
    ];
    let fatal = || validation.problems.iter().filter(|problem| problem.is_fatal());
    let upgrades = |problem: &Problem| problem.code == ProblemCode::UpgradeMissing;
    fatal().any(upgrades) && fatal().all(|problem| MISSING.contains(&problem.code))
}

fn describe_rule(code: ProblemCode) -> String {
    let rule = code.rule();
    format!("{} ({}): {}\n{}", rule.name, rule.section, rule.summary, rule.rationale)
}

/// Returns the head of a response as it is sent.
pub(in crate::servers) fn response_head(status: u16, headers: &[(String, String)]) -> String {
    let phrase = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
    let mut head = format!("HTTP/1.1 {status} {}\r\n", phrase.unwrap_or_default());
    for (name, value) in headers {
        head += &format!("{name}: {value}\r\n");
    }
    head + "\r\n"
}

/// Returns a whole response with a text body and a final line end. The server closes the connection
/// after it.
pub(in crate::servers) fn text_response(
    status: u16,
    headers: &[(String, String)],
    body: &str,
) -> String {
    let mut headers = headers.to_vec();
    match headers.iter_mut().find(|(name, _)| name == "Connection") {
        Some((_, value)) if value.contains("close") => {}
        Some((_, value)) => value.push_str(", close"),
        None => headers.push(("Connection".to_owned(), "close".to_owned())),
    }
    headers.push(("Content-Type".to_owned(), "text/plain; charset=utf-8".to_owned()));
    headers.push(("Content-Length".to_owned(), body.len().saturating_add(1).to_string()));
    format!("{}{body}\n", response_head(status, &headers))
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, duplex};

    use super::*;
    use crate::servers::options::access::Origins;

    const REQUEST: &str = "GET /chat HTTP/1.1\r\nHost: localhost:9001\r\nUpgrade: \
                           websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: \
                           dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

    /// Returns the response to these bytes, and the server's result.
    async fn asked(
        bytes: &[u8],
        options: &ServerOptions,
    ) -> (String, Result<AcceptedHandshake, HandshakeError>) {
        let (mut server, mut client) = duplex(1 << 20);
        client.write_all(bytes).await.unwrap();
        let opened =
            open(&mut server, &ServerPolicy::default(), options, OrdinaryHttp::UpgradeRequired)
                .await;
        drop(server);
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        (answer, opened)
    }

    async fn status(from: &str, to: &str) -> String {
        assert!(REQUEST.contains(from), "{from}");
        let request = REQUEST.replacen(from, to, 1);
        let (answer, _) = asked(request.as_bytes(), &ServerOptions::default()).await;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        if !head.contains(" 101 ") {
            assert!(head.contains("close"), "{head}");
            assert!(head.contains(&format!("Content-Length: {}", body.len())), "{answer}");
        }
        head.split("\r\n").next().unwrap().trim_start_matches("HTTP/1.1 ").to_owned()
    }

    #[tokio::test]
    async fn the_sample_request_opens_and_what_follows_it_is_kept() {
        let (answer, opened) =
            asked(format!("{REQUEST}rest").as_bytes(), &ServerOptions::default()).await;
        assert!(
            answer.starts_with("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"),
            "{answer}"
        );
        assert!(
            answer.ends_with("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"),
            "{answer}"
        );
        let AcceptedHandshake { path, rest, .. } = opened.unwrap();
        assert_eq!((path.as_str(), rest.as_slice()), ("/chat", &b"rest"[..]));
    }

    #[tokio::test]
    async fn every_mistake_is_refused_with_its_own_status() {
        for (from, to, expected) in [
            ("Connection: Upgrade", "CONNECTION: keep-alive, upgrade", "101 Switching Protocols"),
            ("GET", "POST", "405 Method Not Allowed"),
            ("HTTP/1.1", "HTTP/1.0", "400 Bad Request"),
            ("Host: localhost:9001\r\n", "", "400 Bad Request"),
            ("Host: localhost", "Host: a\r\nHost: localhost", "400 Bad Request"),
            ("Host: localhost", "Host: local host", "400 Bad Request"),
            ("Host: localhost", "Host: evil.example", "421 Misdirected Request"),
            ("Host: localhost", "Host: localhost.evil.example", "421 Misdirected Request"),
            ("/chat", "http://evil.example/chat", "421 Misdirected Request"),
            ("/chat", "http://127.0.0.1/chat", "101 Switching Protocols"),
            ("Connection: Upgrade\r\n", "", "400 Bad Request"),
            ("dGhlIHNhbXBsZSBub25jZQ==", "not base64", "400 Bad Request"),
            ("Version: 13", "Version: 8", "426 Upgrade Required"),
            ("GET /chat HTTP/1.1", "PRI * HTTP/2.0", "400 Bad Request"),
        ] {
            assert_eq!(status(from, to).await, expected, "{from} -> {to}");
        }
    }

    #[tokio::test]
    async fn ordinary_http_is_answered_with_what_to_send() {
        let (answer, refused) =
            asked(b"GET / HTTP/1.1\r\nHost: [::1]\r\n\r\n", &ServerOptions::default()).await;
        assert_eq!(
            answer,
            "HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\nConnection: Upgrade, \
             close\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 52\r\n\r\nthis \
             is a WebSocket server; send Upgrade: websocket\n"
        );
        let error = refused.unwrap_err();
        assert!(matches!(error, HandshakeError::UpgradeRequired), "{error:?}");
        assert_eq!(error.to_string(), "426: this is a WebSocket server; send Upgrade: websocket");
        let (mut server, mut client) = duplex(1 << 20);
        client.write_all(b"GET / HTTP/1.1\r\nHost: [::1]\r\n\r\n").await.unwrap();
        let judged = open(
            &mut server,
            &ServerPolicy::default(),
            &ServerOptions::default(),
            OrdinaryHttp::Judged,
        )
        .await;
        assert!(judged.is_err());
        let mut answer = [0; 64];
        let count = client.read(&mut answer).await.unwrap();
        assert!(answer[..count].starts_with(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n"));
        let huge = format!("GET / HTTP/1.1\r\nX: {}", "x".repeat(70_000));
        let (answer, _) = asked(huge.as_bytes(), &ServerOptions::default()).await;
        assert!(
            answer.starts_with(
                "HTTP/1.1 431 Request Header Fields Too Large\r\nConnection: close\r\n"
            )
        );
    }

    #[tokio::test]
    async fn a_page_is_admitted_by_its_origin_and_a_client_without_one_always() {
        let loopback = Access { origins: Some(Origins::Loopback), ..Access::default() };
        let options = ServerOptions { access: loopback, ..ServerOptions::default() };
        let ask = |origin: &str| {
            REQUEST.replace("Upgrade: websocket", &format!("{origin}Upgrade: websocket"))
        };
        for (origin, status) in [
            ("", "101 "),
            ("Origin: http://localhost:8080\r\n", "101 "),
            ("Origin: http://evil.example\r\n", "403 "),
            ("Origin: null\r\n", "403 "),
            ("Origin: http://localhost\r\nOrigin: http://localhost\r\n", "400 "),
        ] {
            let (answer, _) = asked(ask(origin).as_bytes(), &options).await;
            assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{origin:?}: {answer}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_that_arrives_too_slowly_times_out() {
        let (mut server, client) = duplex(1 << 10);
        let (mut from, mut to) = tokio::io::split(client);
        let dribbling = async {
            for byte in REQUEST.bytes() {
                to.write_u8(byte).await.unwrap();
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        };
        let (options, policy) = (ServerOptions::default(), ServerPolicy::default());
        let opened = tokio::select! {
            opened = open(&mut server, &policy, &options, OrdinaryHttp::Judged) => opened,
            () = dribbling => panic!("{} bytes were awaited", REQUEST.len()),
        };
        assert!(matches!(opened, Err(HandshakeError::TimedOut(_))), "{opened:?}");
        drop(server);
        let mut answer = String::new();
        from.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 408 Request Timeout\r\n"), "{answer}");
    }
}
