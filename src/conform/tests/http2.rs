//! Servers over HTTP/2: with prior knowledge, and agreed on within TLS.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use hyper::Response;
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::PrivatePkcs8KeyDer;
use tokio::io::{AsyncWriteExt as _, copy_bidirectional};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use super::{config, outcome_of, server};
use crate::conform::{
    Case, CaseKind, ConformConfig, ConformOutcome, Group, RestartError, Verdict, http2_cases, run,
};
use crate::net::TlsOptions;
use crate::scope::Scope;
use crate::servers::{BundleOptions, ServerBundle, ServerKind};

fn scope() -> Scope {
    Scope::new(|panic| panic!("{panic}"))
}

fn over_http2(url: &str) -> ConformConfig {
    let tls = TlsOptions { insecure: true, ..TlsOptions::default() };
    ConformConfig { http2: true, tls, ..config(url) }
}

async fn strict_server(scope: &Scope) -> SocketAddr {
    let options = BundleOptions { websocket: ServerKind::Strict, ..BundleOptions::default() };
    let bundle = ServerBundle::start_with(scope, options, None);
    bundle.ready().await.unwrap().websocket
}

/// Ends TLS in front of a server. `protocols` are those that it agrees on by ALPN.
fn within_tls(scope: &Scope, to: SocketAddr, protocols: &[&str]) -> SocketAddr {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key.into())
        .unwrap();
    config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    server(scope, move |stream| {
        let acceptor = acceptor.clone();
        async move {
            let Ok(mut outside) = acceptor.accept(stream).await else { return };
            let mut inside = TcpStream::connect(to).await.unwrap();
            // Either side may hang up as it likes.
            let _ = copy_bidirectional(&mut outside, &mut inside).await;
        }
    })
}

/// Fails unless the server passes all rules of HTTP/2, and no case fails.
#[track_caller]
fn assert_all_kept(cases: &[Case], outcome: &ConformOutcome) {
    assert!(outcome.traits.has_echo);
    let verdicts = cases.iter().zip(&outcome.cases);
    let failed: Vec<_> = verdicts
        .clone()
        .filter(|(_, result)| result.verdict().is_failure())
        .map(|(case, result)| (&case.id, &result.worst().unwrap().finding))
        .collect();
    assert!(failed.is_empty(), "{failed:#?}");
    let rules = verdicts.filter(|(case, _)| matches!(case.kind, CaseKind::Http2(_)));
    let passed = rules.filter(|(_, result)| result.verdict() == Verdict::Pass).count();
    assert_eq!(passed, 9);
}

async fn error_of(config: &ConformConfig) -> String {
    let error = run(config, &http2_cases(1), |_| {}).await.unwrap_err();
    assert!(matches!(error, RestartError::NotOpen(_)), "{error:?}");
    error.to_string()
}

#[tokio::test]
async fn the_strict_server_keeps_all_rules_with_prior_knowledge() {
    let scope = scope();
    let cases = http2_cases(1);
    let strict = strict_server(&scope).await;
    let outcome = outcome_of(&over_http2(&format!("ws://{strict}/")), &cases).await;
    assert_all_kept(&cases, &outcome);
    let reasons = outcome.cases.iter().map(|case| &case.worst().unwrap().finding.reason);
    for reason in reasons {
        let speaks = ["TCP", "(FIN)", "(RST)"].iter().any(|word| reason.contains(word));
        assert!(!speaks, "{reason}");
    }
}

#[tokio::test]
async fn the_strict_server_keeps_all_rules_within_tls_too() {
    let scope = scope();
    // Each case has a handshake of TLS, so those about frames are fewer here.
    let is_played = |case: &Case| matches!(case.group, Group::Http2 | Group::Ping | Group::Close);
    let cases: Vec<Case> = http2_cases(1).into_iter().filter(is_played).collect();
    let strict = strict_server(&scope).await;
    let address = within_tls(&scope, strict, &["http/1.1", "h2"]);
    let outcome = outcome_of(&over_http2(&format!("wss://{address}/")), &cases).await;
    assert_all_kept(&cases, &outcome);
}

#[tokio::test]
async fn a_server_without_h2_within_tls_is_one_error() {
    let scope = scope();
    let strict = strict_server(&scope).await;
    let expected = "no WebSocket can be opened: HTTP/2: the server does not agree on h2 by ALPN \
                    within TLS (RFC 7301): it ";
    let without_alpn = within_tls(&scope, strict, &[]);
    let error = error_of(&over_http2(&format!("wss://{without_alpn}/"))).await;
    assert_eq!(error, format!("{expected}chooses no protocol"));
    let with_another = within_tls(&scope, strict, &["http/1.1"]);
    let error = error_of(&over_http2(&format!("wss://{with_another}/"))).await;
    assert_eq!(error, format!("{expected}refuses with no_application_protocol"));
}

/// Serves HTTP/2 without extended CONNECT, or with it and with what `answer` says.
fn http2_server(
    scope: &Scope,
    offers: bool,
    answer: fn(&hyper::Request<h2::RecvStream>) -> u16,
) -> SocketAddr {
    server(scope, move |stream| async move {
        let mut builder = h2::server::Builder::new();
        if offers {
            builder.enable_connect_protocol();
        }
        let Ok(mut connection) = builder.handshake::<_, Bytes>(stream).await else { return };
        while let Some(Ok((request, mut respond))) = connection.accept().await {
            let response = Response::builder().status(answer(&request)).body(()).unwrap();
            let _ = respond.send_response(response, true);
        }
    })
}

#[tokio::test]
async fn a_server_that_does_not_offer_extended_connect_is_one_error_within_tls_and_without() {
    let scope = scope();
    let plain = http2_server(&scope, false, |_| 200);
    let expected = "no WebSocket can be opened: HTTP/2: the server does not send \
                    SETTINGS_ENABLE_CONNECT_PROTOCOL = 1 (RFC 8441 §3)";
    assert_eq!(error_of(&over_http2(&format!("ws://{plain}/"))).await, expected);
    let address = within_tls(&scope, plain, &["h2"]);
    assert_eq!(error_of(&over_http2(&format!("wss://{address}/"))).await, expected);
}

#[tokio::test]
async fn a_server_that_does_not_speak_http_2_is_an_error_with_its_reason() {
    let scope = scope();
    let address = server(&scope, |mut stream| async move {
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
    });
    let error = error_of(&over_http2(&format!("ws://{address}/"))).await;
    let expected = "no WebSocket can be opened: HTTP/2: the server does not speak it with prior";
    assert!(error.starts_with(expected), "{error}");
    let tls = within_tls(&scope, address, &["h2"]);
    let error = error_of(&over_http2(&format!("wss://{tls}/"))).await;
    assert!(error.starts_with("no WebSocket can be opened: HTTP/2: "), "{error}");
    assert!(!error.contains("prior knowledge"), "{error}");
}

/// The requests that came without the field, and all of them.
static WITHOUT_FIELD: AtomicUsize = AtomicUsize::new(0);
static REQUESTS: AtomicUsize = AtomicUsize::new(0);

#[tokio::test]
async fn the_fields_of_the_options_are_in_every_request() {
    let scope = scope();
    let address = http2_server(&scope, true, |request| {
        REQUESTS.fetch_add(1, Ordering::SeqCst);
        if request.headers().get("authorization").is_none_or(|value| value != "Bearer abc") {
            WITHOUT_FIELD.fetch_add(1, Ordering::SeqCst);
        }
        let is_websocket = request.extensions().get::<h2::ext::Protocol>();
        if is_websocket.is_some_and(|name| name.as_str() == "websocket") { 200 } else { 400 }
    });
    let mut config = over_http2(&format!("ws://{address}/"));
    config.fields = vec![("Authorization".to_owned(), "Bearer abc".to_owned())];
    let mut cases = http2_cases(1);
    cases.retain(|case| case.group == Group::Http2);
    outcome_of(&config, &cases).await;
    assert_eq!(WITHOUT_FIELD.load(Ordering::SeqCst), 0);
    assert!(REQUESTS.load(Ordering::SeqCst) >= cases.len(), "{REQUESTS:?}");
}
