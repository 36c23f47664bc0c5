//! The SockJS suite of `wiretalk conform` against the server, and against servers that answer oddly.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use serde::Deserialize;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use wiretalk::conform::{
    Case, CaseKind, ConformConfig, ConformOutcome, ProbeError, RestartError, ServiceEndpoint,
    SockJsPaths, SockJsProbeError, Verdict, fast_cases, run, sockjs_cases,
};
use wiretalk::net::{Target, listen};
use wiretalk::scope::Scope;

use crate::sockjs::sockjs_server;

/// Returns the configuration for a server at `address`.
pub(super) fn config_for(address: std::net::SocketAddr) -> ConformConfig {
    let target = Target::parse(&format!("ws://{address}/")).unwrap();
    let sockjs = Some(SockJsPaths::below(&target.path));
    ConformConfig { sockjs, ..ConformConfig::new(target) }
}

/// Returns the cases that fail or are not played, with their reasons.
pub(super) fn not_passed(cases: &[Case], outcome: &ConformOutcome) -> Vec<(String, String)> {
    let results = cases.iter().zip(&outcome.cases);
    let bad = results.filter(|(_, result)| result.verdict() != Verdict::Pass);
    bad.map(|(case, result)| {
        let reason = result.worst().map_or("", |exchange| exchange.finding.reason.as_str());
        (case.id.clone(), format!("{}: it {reason}", result.verdict()))
    })
    .collect()
}

#[tokio::test]
async fn the_server_passes_every_case_that_waits_for_no_timeout() {
    let server = sockjs_server(|_, _| {}).await;
    let cases = fast_cases(sockjs_cases());
    let outcome = run(&config_for(server.address), &cases, |_| {}).await.unwrap();
    assert_eq!(not_passed(&cases, &outcome), []);
    for (case, result) in cases.iter().zip(&outcome.cases) {
        let exchange = result.worst().unwrap();
        assert!(exchange.has_sent() && exchange.has_received(), "{}", case.id);
        let lens = exchange.order.iter().map(|transferred| transferred.len).sum::<u64>();
        let all = exchange.connections.iter();
        let sum = all.map(|connection| connection.sent_len + connection.received_len).sum::<u64>();
        assert_eq!(lens, sum, "{}: the order has every byte", case.id);
    }
}

#[tokio::test]
async fn endpoints_with_other_names_are_found_and_those_that_are_missing_are_not_offered() {
    let server = sockjs_server(|_, _| {}).await;
    let mut config = config_for(server.address);
    let paths = SockJsPaths::below("/nowhere");
    config.sockjs = Some(paths.with("echo".parse().unwrap(), "/cookie_needed_echo/"));
    let cases = fast_cases(sockjs_cases());
    let outcome = run(&config, &cases, |_| {}).await.unwrap();
    let bad = not_passed(&cases, &outcome);
    // An echo with a cookie where there should be none, and no other endpoint.
    let failed: Vec<&str> = bad
        .iter()
        .filter(|(_, reason)| !reason.starts_with("not-offered"))
        .map(|(id, _)| id.as_str())
        .collect();
    assert_eq!(failed, ["cookie/not-needed"]);
    let not_offered = |id: &str| {
        bad.iter().any(|(bad, reason)| bad == id && reason.contains("has no endpoint close"))
    };
    assert!(not_offered("session/closed") && not_offered("raw/closed"));
}

#[derive(Deserialize)]
struct Table {
    tests: BTreeMap<String, Test>,
}

#[derive(Deserialize)]
struct Test {
    endpoint: String,
    meaning: String,
}

#[test]
fn every_test_of_the_independent_suite_has_a_case_at_its_endpoint() {
    let table: Table =
        toml::from_str(include_str!("../../../demos/libraries/sockjs-twins.toml")).unwrap();
    assert_eq!(table.tests.len(), 68);
    assert!(table.tests.values().all(|test| !test.meaning.is_empty()));
    let cases = sockjs_cases();
    let (mut twins, mut ids) = (BTreeSet::new(), BTreeSet::new());
    for case in &cases {
        let CaseKind::SockJs(script) = &case.kind else { panic!("{} has no script", case.id) };
        assert!(ids.insert(&case.id), "{} is there twice", case.id);
        assert!(!case.expectations().is_empty(), "{} expects nothing", case.id);
        if let Some(twin) = script.twin {
            let test = table.tests.get(twin).unwrap_or_else(|| panic!("{}: {twin}", case.id));
            assert_eq!(test.endpoint, script.endpoint.name(), "{}", case.id);
            twins.insert(twin);
        }
    }
    assert_eq!(twins.len(), table.tests.len());
    assert_eq!(cases.len(), 185, "README says so");
}

/// What an odd server does with every request but those that tell what it is.
#[derive(Clone, Copy, Debug)]
enum Oddity {
    Silence,
    Garbage,
    Drip,
    HangUp,
    /// Events without an end.
    Events,
}

async fn answer_oddly(mut stream: TcpStream, oddity: Oddity) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let path = head.split(' ').nth(1).unwrap_or_default();
    if ServiceEndpoint::ALL.iter().any(|endpoint| path == format!("/{endpoint}")) {
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 19\r\n\r\nWelcome to SockJS!\n";
        return stream.write_all(answer).await;
    }
    match oddity {
        Oddity::Silence => std::future::pending().await,
        Oddity::Garbage => stream.write_all(&vec![0xff; 100_000]).await,
        Oddity::Drip => {
            for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no\n" {
                stream.write_u8(*byte).await?;
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            Ok(())
        }
        Oddity::HangUp => Ok(()),
        Oddity::Events => {
            let answer = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n";
            stream.write_all(answer).await?;
            std::future::pending().await
        }
    }
}

fn odd_server(scope: &Scope, oddity: Oddity) -> std::net::SocketAddr {
    let listener = listen((std::net::Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let connections = scope.clone();
    scope.spawn("odd server", async move {
        while let Ok((stream, _)) = listener.accept().await {
            connections.spawn("odd connection", async move {
                let _ = answer_oddly(stream, oddity).await;
            });
        }
    });
    address
}

#[tokio::test]
async fn a_server_that_is_silent_or_drips_or_sends_garbage_costs_no_more_than_its_limits() {
    for (oddity, expected) in [
        (Oddity::Silence, "did not answer within 0.2 s"),
        (Oddity::Garbage, "sent something that isn't an HTTP/1.1 response"),
        (Oddity::Drip, "did not complete the head of its response within 0.2 s"),
        (Oddity::HangUp, "ended the connection without an answer"),
    ] {
        let scope = Scope::new(|panic| panic!("{panic}"));
        let mut config = config_for(odd_server(&scope, oddity));
        config.limits.answer = Duration::from_millis(200);
        let cases: Vec<Case> = fast_cases(sockjs_cases())
            .into_iter()
            .filter(|case| case.id.starts_with("streaming/") || case.id.starts_with("jsonp/"))
            .collect();
        let began = Instant::now();
        let outcome = run(&config, &cases, |_| {}).await.unwrap();
        assert!(began.elapsed() < Duration::from_secs(20), "{oddity:?} took {:?}", began.elapsed());
        let bad = not_passed(&cases, &outcome);
        assert_eq!(bad.len(), cases.len(), "{oddity:?}");
        let is_named = |(_, reason): &&(String, String)| reason.ends_with(expected);
        let named = bad.iter().filter(is_named).count();
        assert!(named * 10 >= bad.len() * 9, "{oddity:?}: {bad:#?}");
    }
}

#[tokio::test]
async fn an_endpoint_that_does_not_answer_ends_the_run_and_is_no_verdict() {
    let scope = Scope::new(|panic| panic!("{panic}"));
    let mut config = config_for(odd_server(&scope, Oddity::Silence));
    config.limits.answer = Duration::from_millis(200);
    let paths = SockJsPaths::below("");
    config.sockjs = Some(paths.with(ServiceEndpoint::Close, "/nowhere"));
    let error = run(&config, &sockjs_cases(), |_| {}).await.unwrap_err();
    assert_eq!(error.to_string(), "the server does not answer a GET of /nowhere");
    // Nobody listens: that is no sign of what a server offers either.
    let listener = listen((std::net::Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let error = run(&config_for(address), &sockjs_cases(), |_| {}).await.unwrap_err();
    let RestartError::NotOpen(ProbeError::NoSockJs(error)) = error else { panic!("{error}") };
    assert!(matches!(error, SockJsProbeError::Connect(_)), "{error}");
}

/// As many connections in a time as a remote server gets, which takes longer than the case may: the pauses
/// are ours.
#[tokio::test]
async fn pauses_between_connections_cost_a_case_none_of_its_time() {
    let server = sockjs_server(|_, _| {}).await;
    let mut config = config_for(server.address);
    config.limits.answer = Duration::from_millis(600);
    config.interval = Duration::from_millis(80);
    let mut cases = sockjs_cases();
    cases.retain(|case| case.id == "streaming/after-limit");
    let began = Instant::now();
    let outcome = run(&config, &cases, |_| {}).await.unwrap();
    assert_eq!(not_passed(&cases, &outcome), []);
    assert!(began.elapsed() > 4 * config.limits.answer, "took {:?}", began.elapsed());
}

#[tokio::test]
async fn where_no_sockjs_is_the_error_says_what_is_there() {
    let scope = Scope::new(|panic| panic!("{panic}"));
    let address = odd_server(&scope, Oddity::Garbage);
    let mut config = config_for(address);
    config.sockjs = Some(SockJsPaths::below("/elsewhere"));
    let error = run(&config, &sockjs_cases(), |_| {}).await.unwrap_err();
    assert!(matches!(error, RestartError::NotOpen(_)));
    let text = error.to_string();
    assert!(text.starts_with("no SockJS is at /elsewhere/echo, "), "{text}");
    assert!(text.contains("isn't an HTTP/1.1 response"), "{text}");
}

#[tokio::test]
async fn an_answer_that_never_ends_is_an_answer() {
    let scope = Scope::new(|panic| panic!("{panic}"));
    let mut config = config_for(odd_server(&scope, Oddity::Events));
    config.limits.answer = Duration::from_millis(500);
    config.sockjs = Some(SockJsPaths::below("/elsewhere"));
    let error = run(&config, &sockjs_cases(), |_| {}).await.unwrap_err().to_string();
    let answer = "a GET of /elsewhere/echo is answered with 200 and \"data: 1";
    assert!(error.contains(answer), "{error}");
}
