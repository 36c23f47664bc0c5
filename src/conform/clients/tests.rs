use std::net::Ipv4Addr;

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use wiretalk_core::conformance::client_cases;

use super::*;
use crate::conform::{Case, CaseKind, Verdict};
use crate::net::{WebSocketLimits, listen};

/// Connects with tokio-tungstenite and echoes until the connection ends.
async fn echo(address: std::net::SocketAddr, path: &str) {
    let request = format!("ws://{address}{path}").into_client_request().unwrap();
    let stream = TcpStream::connect(address).await.unwrap();
    let opened = WebSocketLimits::new(16 << 20).client(request, stream).await;
    let Ok(mut socket) = opened else { return };
    while let Some(Ok(message)) = socket.next().await {
        if (message.is_text() || message.is_binary()) && socket.send(message).await.is_err() {
            return;
        }
    }
}

async fn get(address: std::net::SocketAddr, target: &str, accept: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {target} HTTP/1.1\r\nHost: {address}\r\nAccept: {accept}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).await.unwrap();
    response
}

#[tokio::test]
async fn tungstenite_fails_where_it_is_known_to_and_nowhere_else() {
    let listener = listen((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let cases = client_cases(1);
    let paths: Vec<String> = cases
        .iter()
        .filter(|case| case.kind == CaseKind::Steps)
        .map(|case| format!("/{}", case.id))
        .collect();
    let client = async {
        for path in &paths {
            echo(address, path).await;
        }
        std::future::pending::<()>().await;
    };
    let mut played = 0;
    let config = ClientsConfig::default();
    let judging = judge_clients(&listener, &cases, config, std::future::pending(), |_| played += 1);
    let outcome = tokio::select! {
        outcome = judging => outcome,
        () = client => unreachable!(),
    };
    assert_eq!(played, paths.len());
    assert!(outcome.traits.has_echo);
    let failed: Vec<&str> = cases
        .iter()
        .zip(&outcome.cases)
        .filter(|(_, result)| result.verdict().is_failure())
        .map(|(case, _)| case.id.as_str())
        .collect();
    assert_eq!(failed, EXPECTED);
    let keys =
        cases.iter().zip(&outcome.cases).filter(|(case, _)| case.id.starts_with("masking/keys"));
    assert!(keys.into_iter().all(|(_, result)| result.verdict() == Verdict::Pass));
}

/// The cases in which tungstenite 0.30 breaks a rule as a client: it wants Upgrade to be the only option
/// of Connection, and does not look at Sec-WebSocket-Extensions.
const EXPECTED: &[&str] = &[
    "handshake/connection-list",
    "handshake/extension-not-offered",
    "handshake/extension-unknown-parameter",
    "handshake/window-bits-16",
    "handshake/extension-twice",
];

#[tokio::test]
async fn the_index_lists_the_paths_and_a_run_ends_when_it_is_stopped() {
    let listener = listen((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let cases: Vec<Case> = client_cases(1).into_iter().take(3).collect();
    let requests = async {
        let text = get(address, "/", "*/*").await;
        assert!(text.ends_with("\r\n\r\n/handshake/standard\n/handshake/names-lower-case\n/handshake/values-other-case\n"), "{text}");
        let json = get(address, "/", "application/json").await;
        assert!(
            json.contains("[\"/handshake/standard\",\"/handshake/names-lower-case\""),
            "{json}"
        );
        let page = get(address, "/", "text/html,*/*").await;
        assert!(page.contains("new WebSocket(") && page.contains("<html lang=\"en\">"), "{page}");
        assert!(get(address, "/handshake/standard", "*/*").await.starts_with("HTTP/1.1 426 "));
        assert!(get(address, "/none", "*/*").await.starts_with("HTTP/1.1 404 "));
        echo(address, "/handshake/standard").await;
    };
    let config = ClientsConfig::default();
    let outcome = judge_clients(&listener, &cases, config, requests, |_| {}).await;
    let verdicts: Vec<Verdict> =
        outcome.cases.iter().map(crate::conform::CaseOutcome::verdict).collect();
    let none = Verdict::NotApplicable;
    assert!(verdicts == [Verdict::Pass, none, none] || verdicts == [none; 3], "{verdicts:?}");
}

#[tokio::test]
async fn a_client_that_says_nothing_or_garbage_costs_its_connection_only() {
    let listener = listen((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let cases: Vec<Case> = client_cases(1).into_iter().take(1).collect();
    let clients = async {
        let _silent = TcpStream::connect(address).await.unwrap();
        let mut garbage = TcpStream::connect(address).await.unwrap();
        garbage.write_all(&[0xff; 100]).await.unwrap();
        echo(address, "/handshake/standard").await;
        std::future::pending::<()>().await;
    };
    let config = ClientsConfig::default();
    let judging = judge_clients(&listener, &cases, config, std::future::pending(), |_| {});
    let outcome = tokio::select! {
        outcome = judging => outcome,
        () = clients => unreachable!(),
    };
    assert_eq!(outcome.cases[0].verdict(), Verdict::Pass);
}
