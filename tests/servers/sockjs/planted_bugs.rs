//! Servers with one bug each, and the cases that find it: the bug is planted by a relay in front of the
//! server, which replaces bytes by as many others.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use wiretalk::conform::{Case, fast_cases, run, sockjs_cases};
use wiretalk::net::listen;
use wiretalk::scope::Scope;
use wiretalk::wire::Side::{self, Client, Server};

use crate::sockjs::sockjs_server;
use crate::sockjs::suite::{config_for, not_passed};

/// The number of servers that are tested at once.
const AT_ONCE: usize = 4;

/// A server that breaks one rule, or forgets to read something.
struct PlantedBug {
    name: &'static str,
    /// The side whose bytes are changed.
    from: Side,
    /// What is replaced, and by what.
    bytes: (&'static str, &'static str),
    /// The cases that do not pass then; all others do.
    found_by: &'static [&'static str],
}

const fn bug(
    name: &'static str,
    from: Side,
    old: &'static str,
    new: &'static str,
    found_by: &'static [&'static str],
) -> PlantedBug {
    PlantedBug { name, from, bytes: (old, new), found_by }
}

#[rustfmt::skip]
const BUGS: &[PlantedBug] = &[
    bug("greeting", Server, "Welcome to SockJS!", "Welcome to SockJs!", &[
        "greeting/without-slash", "greeting/with-slash", "greeting/query", "http/old-greeting",
        "http/greeting",
    ]),
    bug("plain-text", Server, "text/plain", "text/plane", &[
        "greeting/without-slash", "greeting/with-slash", "xhr/send", "jsonp/send",
    ]),
    bug("cache-directive", Server, "no-transform", "no-transfori", &[
        "info/headers", "xhr/open", "xhr/send", "streaming/headers", "eventsource/headers",
        "htmlfile/headers", "jsonp/open", "jsonp/send",
    ]),
    bug("info-websocket", Server, "\"websocket\":true", "\"websocket\":null", &["info/fields"]),
    bug("info-entropy", Server, "\"entropy\":", "\"entropi\":", &[
        "info/fields", "info/entropy-differs", "info/entropy-range",
    ]),
    bug("info-origins", Server, "\"*:*\"", "\"*.*\"", &["info/fields"]),
    bug("origin", Server, "access-control-allow-origin: test", "access-control-allow-origin: tesd", &[
        "info/headers", "info/preflight", "xhr/preflight", "xhr/preflight-send",
        "xhr/request-headers", "xhr/request-headers-empty", "xhr/request-headers-absent",
        "xhr/open", "xhr/send", "streaming/preflight", "streaming/headers",
    ]),
    bug("null-origin", Server, "access-control-allow-origin: null", "access-control-allow-origin: ****", &[
        "info/preflight-null", "info/preflight-null-post", "info/null-origin",
        "xhr/preflight-null", "xhr/preflight-send-null", "streaming/preflight-null",
    ]),
    bug("credentials", Server, "access-control-allow-credentials", "access-control-allow-credentialz", &[
        "info/headers", "info/preflight", "info/preflight-null", "info/null-origin",
        "xhr/preflight", "xhr/preflight-null", "xhr/preflight-send", "xhr/preflight-send-null",
        "xhr/request-headers", "xhr/request-headers-empty", "xhr/request-headers-absent",
        "xhr/open", "xhr/send", "streaming/preflight", "streaming/preflight-null",
        "streaming/headers",
    ]),
    bug("preflight-age", Server, "max-age=31536000", "max-age=00000001", &[
        "info/preflight", "info/preflight-null", "iframe/plain", "iframe/version-letter",
        "iframe/version-empty", "iframe/version-number", "iframe/version-words",
        "iframe/query-letter", "iframe/query-number", "iframe/query-words", "iframe/query-plain",
        "xhr/preflight", "xhr/preflight-null", "xhr/preflight-send", "xhr/preflight-send-null",
        "streaming/preflight", "streaming/preflight-null",
    ]),
    bug("request-headers", Client, "Access-Control-Request-Headers", "Access-Control-Request-Xeaders", &["xhr/request-headers"]),
    bug("not-found", Server, " 404 Not Found", " 410 Not Found", &[
        "greeting/unknown-path", "greeting/unknown-pair", "greeting/slashes",
        "iframe/other-extension", "iframe/upper-case", "iframe/slash-in-version",
        "urls/empty-ids", "urls/dot-in-server", "urls/dot-in-session", "urls/dots",
        "urls/no-session", "urls/empty-parts", "urls/unknown-transport", "urls/extra-part",
        "session/unknown", "websocket/off", "xhr/unknown-session", "jsonp/unknown-session",
    ]),
    bug("method-not-allowed", Server, " 405 ", " 404 ", &[
        "websocket/post-upgrade", "websocket/post",
    ]),
    bug("iframe-script", Server, "SockJS.bootstrap_iframe", "SockJS.bootstrap_iframf", &[
        "iframe/plain", "iframe/version-letter", "iframe/version-empty", "iframe/version-number",
        "iframe/version-words", "iframe/query-letter", "iframe/query-number",
        "iframe/query-words", "iframe/query-plain", "iframe/other-etag",
    ]),
    bug("etag", Server, "etag: ", "xtag: ", &[
        "iframe/plain", "iframe/version-letter", "iframe/version-empty", "iframe/version-number",
        "iframe/version-words", "iframe/query-letter", "iframe/query-number",
        "iframe/query-words", "iframe/query-plain", "iframe/etag-stable", "iframe/not-modified",
    ]),
    bug("if-none-match", Client, "If-None-Match", "Xf-None-Match", &["iframe/not-modified"]),
    bug("close-code", Server, "c[3000,", "c[3001,", &[
        "session/closed", "session/closed-to-another", "websocket/closed", "jsonp/closed",
        "ending/close-ends-stream", "ending/close-again", "http/old-stream", "http/stream",
    ]),
    bug("second-receiver", Server, "c[2010,", "c[2011,", &[
        "session/second-receiver", "ending/second-receiver", "ending/second-poll",
        "ending/second-eventsource", "ending/first-receiver-goes-on", "ending/abort-streaming",
        "ending/abort-polling",
    ]),
    bug("interrupted", Server, "c[1002,", "c[1003,", &[
        "ending/abort-streaming", "ending/abort-polling",
    ]),
    bug("prelude", Server, "hhhhhhhh", "hhhhhhhi", &[
        "session/closed-to-another", "session/two-transports", "streaming/open",
        "streaming/after-limit", "ending/abort-streaming", "ending/stream-after-poll",
        "http/old-stream", "http/stream",
    ]),
    bug("event", Server, "data: a", "data: b", &[
        "eventsource/echo", "eventsource/controls", "eventsource/response-limit",
        "eventsource/after-limit",
    ]),
    bug("event-prelude", Server, "\r\n\r\n2\r\n\r\n", "\r\n\r\n2\r\n\n\n", &[
        "eventsource/open", "eventsource/after-limit", "ending/second-eventsource",
    ]),
    bug("html-frame", Server, "p(\"o\")", "q(\"o\")", &[
        "htmlfile/open", "htmlfile/dotted-callback", "htmlfile/dashed-callback", "htmlfile/echo",
        "htmlfile/response-limit",
    ]),
    bug("html-callback", Server, "var c = parent.callback", "var c = parent.callbacl", &["htmlfile/open"]),
    bug("jsonp-comment", Server, "/**/", "/*x*", &[
        "jsonp/open", "jsonp/send", "jsonp/receive", "jsonp/closed", "jsonp/dotted-callback",
        "jsonp/dashed-callback", "jsonp/broken-json", "jsonp/empty-body", "jsonp/empty-field",
        "jsonp/other-field", "jsonp/after-broken-json", "jsonp/content-types",
        "jsonp/empty-array", "jsonp/plus-is-space", "jsonp/quotes", "cookie/jsonp",
    ]),
    bug("jsonp-ok", Server, "\r\n\r\nok", "\r\n\r\nOK", &[
        "jsonp/send", "jsonp/receive", "jsonp/after-broken-json", "jsonp/content-types",
        "jsonp/empty-array", "jsonp/plus-is-space", "jsonp/quotes", "cookie/jsonp-send",
    ]),
    bug("cookie", Server, "JSESSIONID=dummy", "JSESSIONID=dunny", &[
        "cookie/xhr", "cookie/jsonp", "cookie/jsonp-send", "cookie/streaming",
        "cookie/eventsource", "cookie/htmlfile",
    ]),
    bug("cookie-path", Server, "; path=/", "; path=.", &[
        "cookie/xhr", "cookie/xhr-own", "cookie/xhr-among-others", "cookie/jsonp",
        "cookie/jsonp-send", "cookie/streaming", "cookie/streaming-own", "cookie/eventsource",
        "cookie/eventsource-own", "cookie/htmlfile", "cookie/htmlfile-own",
    ]),
    bug("own-cookie", Client, "Cookie: JSESSIONID", "Cookiz: JSESSIONID", &[
        "cookie/xhr-own", "cookie/streaming-own", "cookie/eventsource-own", "cookie/htmlfile-own",
    ]),
    bug("escapes", Server, "\\u200c", "\\u200d", &[
        "json/server-escapes", "json/server-decodes",
    ]),
    bug("payload-expected", Server, "Payload expected.", "Payload expected!", &[
        "xhr/empty-body", "jsonp/empty-body", "jsonp/empty-field", "jsonp/other-field",
    ]),
    bug("broken-json", Server, "Broken JSON encoding.", "Broken JSON encoding!", &[
        "xhr/broken-json", "jsonp/broken-json",
    ]),
    bug("callback-required", Server, "parameter required", "parameter requiret", &[
        "htmlfile/no-callback", "jsonp/no-callback",
    ]),
    bug("callback-invalid", Server, "invalid \"callback\"", "illegal \"callback\"", &[
        "htmlfile/callback-space", "htmlfile/callback-asterisk", "htmlfile/callback-parenthesis",
        "htmlfile/callback-encoded", "jsonp/callback-space", "jsonp/callback-asterisk",
        "jsonp/callback-parenthesis", "jsonp/callback-encoded",
    ]),
    bug("accept", Server, "sec-websocket-accept", "sec-websocket-accepd", &[
        "websocket/headers", "websocket/connection-list", "websocket/echo",
        "websocket/empty-message", "websocket/empty-array", "websocket/two-messages",
        "websocket/code-points", "websocket/large-message", "websocket/same-session-at-once",
        "websocket/same-session-again", "websocket/ping", "websocket/closed",
        "websocket/broken-json", "websocket/close-frame", "raw/echo", "raw/closed",
        "raw/no-open-frame", "raw/json-untouched", "raw/no-origin",
    ]),
    bug("origin-of-request", Client, "Origin: ", "Xrigin: ", &[
        "info/headers", "info/preflight", "info/preflight-null", "info/preflight-null-post",
        "info/null-origin", "websocket/hixie-76", "xhr/preflight", "xhr/preflight-null",
        "xhr/preflight-send", "xhr/preflight-send-null", "xhr/request-headers",
        "xhr/request-headers-empty", "xhr/request-headers-absent", "xhr/open", "xhr/send",
        "streaming/preflight", "streaming/preflight-null", "streaming/headers",
    ]),
    bug("second-message", Server, "\"b\"]", "\"c\"]", &[
        "session/two-messages", "websocket/two-messages", "websocket/same-session-at-once",
    ]),
];

/// Copies from one end to the other and replaces bytes.
async fn copy(
    mut reader: impl AsyncRead + Unpin,
    mut writer: impl AsyncWrite + Unpin,
    change: Option<(&str, &str)>,
) -> std::io::Result<()> {
    let mut buffer = vec![0; 64 << 10];
    loop {
        let count = reader.read(&mut buffer).await?;
        if count == 0 {
            return Ok(());
        }
        let bytes = &mut buffer[..count];
        if let Some((old, new)) = change {
            let places: Vec<usize> = memchr::memmem::find_iter(bytes, old).collect();
            for at in places {
                bytes[at..at + old.len()].copy_from_slice(new.as_bytes());
            }
        }
        writer.write_all(bytes).await?;
    }
}

async fn relay(client: TcpStream, server: SocketAddr, bug: &PlantedBug) -> std::io::Result<()> {
    let server = TcpStream::connect(server).await?;
    let ((client_reader, client_writer), (server_reader, server_writer)) =
        (client.into_split(), server.into_split());
    let of = |side| (bug.from == side).then_some(bug.bytes);
    // Whoever ends first ends both, as a server does that is gone.
    tokio::select! {
        ended = copy(client_reader, server_writer, of(Client)) => ended,
        ended = copy(server_reader, client_writer, of(Server)) => ended,
    }
}

/// Returns what is wrong with the cases that do not pass where a bug is planted; `None` if they are those
/// that should not.
async fn difference(
    cases: &[Case],
    server: SocketAddr,
    bug: &'static PlantedBug,
) -> Option<String> {
    assert_eq!(bug.bytes.0.len(), bug.bytes.1.len(), "{}", bug.name);
    let scope = Scope::new(|panic| panic!("{panic}"));
    let listener = listen((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let connections = scope.clone();
    scope.spawn("relay", async move {
        while let Ok((client, _)) = listener.accept().await {
            connections.spawn("relayed connection", async move {
                let _ = relay(client, server, bug).await;
            });
        }
    });
    let mut config = config_for(address);
    // Some bugs make cases wait in vain.
    config.limits.answer = Duration::from_secs(2);
    let outcome = run(&config, cases, |_| {}).await.unwrap();
    let found = not_passed(cases, &outcome);
    let ids: BTreeSet<&str> = found.iter().map(|(id, _)| id.as_str()).collect();
    (ids != bug.found_by.iter().copied().collect()).then(|| format!("{}: {found:#?}", bug.name))
}

#[tokio::test]
async fn each_planted_bug_is_found_by_exactly_the_cases_that_should() {
    let server = sockjs_server(|options, _| {
        // All cases once for each bug, from one address, within the time that a session stays.
        (options.max_sessions, options.max_sessions_per_peer) = (1 << 16, 1 << 16);
    })
    .await;
    let mut cases = fast_cases(sockjs_cases());
    // It waits for longer than all others together.
    cases.retain(|case| case.id != "session/kept");
    let (cases, address) = (&cases, server.address);
    let checks = BUGS.iter().map(|bug| difference(cases, address, bug));
    let wrong: Vec<Option<String>> = stream::iter(checks).buffer_unordered(AT_ONCE).collect().await;
    let wrong: Vec<String> = wrong.into_iter().flatten().collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
