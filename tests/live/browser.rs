//! A page in a real browser, connected to the strict server directly and through the proxy. The
//! page must not notice a difference, and the proxy must see all of its frames.

#![expect(clippy::disallowed_methods, reason = "a peer in a test listens as it likes")]

use std::net::SocketAddr;
use std::process::Stdio;

use axum::Router;
use axum::response::Html;
use axum::routing::{get, post};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::sync::mpsc;
use tokio::time::timeout;
use wiretalk::scope::Scope;
use wiretalk::servers::{Ports, ServerBundle, ServerKind};

use crate::{HUNG, soon};

const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "chrome"];

/// Serves the page, and forwards its reports.
async fn site(scope: &Scope) -> (SocketAddr, mpsc::Receiver<Value>) {
    let (report, inbox) = mpsc::channel(4);
    let noticed = move |body: String| async move {
        report.send(serde_json::from_str(&body).unwrap()).await.unwrap();
    };
    let page = get(|| async { Html(include_str!("page.html")) });
    let routes = Router::new().route("/", page).route("/noticed", post(noticed));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    scope.spawn("site", async move { axum::serve(listener, routes).await.unwrap() });
    (address, inbox)
}

/// Starts a browser on this address with its own profile. It is killed when dropped.
pub(crate) fn browse(url: &str, profile: &std::path::Path) -> Child {
    let started = BROWSERS.iter().find_map(|name| {
        Command::new(name)
            .args([
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--disable-dev-shm-usage",
            ])
            .args([
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
            ])
            .args(["--disable-sync", "--remote-debugging-port=0"])
            // Resolves names for pages of other origins without a name server.
            .arg("--host-resolver-rules=MAP *.example 127.0.0.1")
            .arg(format!("--user-data-dir={}", profile.display()))
            .arg(url)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .ok()
    });
    started.expect("there is no browser: install Debian's package chromium")
}

/// Returns the report of a page that connects to this server.
async fn noticed(site: SocketAddr, inbox: &mut mpsc::Receiver<Value>, server: &str) -> Value {
    let profile = tempfile::tempdir().unwrap();
    let mut browser = browse(&format!("http://{site}/?server={server}"), profile.path());
    // A browser starts slowly on a busy machine.
    let report = timeout(3 * HUNG, inbox.recv()).await.expect("the page reports nothing").unwrap();
    browser.kill().await.unwrap();
    report
}

#[tokio::test]
async fn a_page_does_not_notice_the_proxy_and_the_proxy_sees_all_its_frames() {
    let scope = Scope::new(|panic| panic!("{panic}"));
    let (site, mut inbox) = site(&scope).await;
    let servers = ServerBundle::start(&scope, Ports::default(), None);
    let strict = servers.server(ServerKind::Strict).ready().await.unwrap().to_string();
    let mut proxy = Command::new(env!("CARGO_BIN_EXE_wiretalk"))
        .args(["inspect", "--json", "--proxy", "127.0.0.1:0", &format!("ws://{strict}/")])
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(proxy.stdout.take().unwrap()).lines();
    let listening: Value =
        serde_json::from_str(&soon(lines.next_line()).await.unwrap().unwrap()).unwrap();

    let straight = noticed(site, &mut inbox, &strict).await;
    let through = noticed(site, &mut inbox, listening["address"].as_str().unwrap()).await;
    assert_eq!(straight["messages"][0], "grüße from a page");
    assert_eq!(straight["messages"][2], json!([0, 1, 254, 255]));
    assert_eq!(straight["closed"], json!({ "code": 4001, "reason": "", "wasClean": true }));
    assert_eq!(through, straight);

    let mut records: Vec<Value> = Vec::new();
    while records.last().is_none_or(|record| record["type"] != "end") {
        records
            .push(serde_json::from_str(&soon(lines.next_line()).await.unwrap().unwrap()).unwrap());
    }
    let frames = |from: &str| -> Vec<&Value> {
        records
            .iter()
            .filter(|record| record["type"] == "frame" && record["from"] == from)
            .collect()
    };
    let (sent, received) = (frames("client"), frames("server"));
    let opcodes = |frames: &[&Value]| -> Vec<u64> {
        frames.iter().map(|frame| frame["opcode"].as_u64().unwrap()).collect()
    };
    assert_eq!((opcodes(&sent), opcodes(&received)), (vec![1, 1, 2, 8], vec![1, 1, 2, 8]));
    assert!(
        sent.iter().all(|frame| frame["mask"] == true && frame["violations"] == json!([])),
        "{sent:#?}"
    );
    assert!(
        sent[1]["compressed"] == true && sent[1]["payload_len"].as_u64().unwrap() < 200,
        "{:#?}",
        sent[1]
    );
    assert_eq!((&sent[3]["close_code"], &received[3]["close_code"]), (&4001.into(), &4001.into()));
    assert_eq!(sent[3]["close_reason"], "seen enough");
    let request = records.iter().find(|record| record["type"] == "handshake").unwrap();
    assert!(
        request["head"].as_str().unwrap().contains(&format!("Origin: http://{site}\r\n")),
        "{request}"
    );
}
