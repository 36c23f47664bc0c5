//! Pages in a real browser connected to the hub: a page of this machine receives its messages, a
//! page of another origin receives nothing.

use std::time::Duration;

use axum::Router;
use axum::response::Html;
use axum::routing::{get, post};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::time::{interval, timeout};
use wiretalk::net::listen;
use wiretalk::scope::Scope;
use wiretalk::servers::{ServerOptions, hub};

use crate::browser::browse;

/// A page that opens a WebSocket to the server in its address, and reports the result with the
/// first message or at the end.
const PAGE: &str = r#"<!doctype html><script>
const told = { opened: false, heard: [] };
const tell = () => {
  socket.onmessage = socket.onclose = null;
  fetch("/noticed", { method: "POST", body: JSON.stringify(told) });
};
const socket = new WebSocket("ws://" + new URLSearchParams(location.search).get("server"));
socket.onopen = () => { told.opened = true; };
socket.onmessage = (event) => { told.heard.push(event.data); tell(); };
socket.onclose = (event) => { told.code = event.code; tell(); };
</script>"#;

#[tokio::test]
async fn a_page_of_another_origin_receives_nothing_from_the_hub() {
    let scope = Scope::new(|panic| panic!("{panic}"));
    let (report, mut inbox) = mpsc::channel(4);
    let noticed = move |body: String| async move { report.send(body).await.unwrap() };
    let routes =
        Router::new().route("/", get(async || Html(PAGE))).route("/noticed", post(noticed));
    let listener = listen(([127, 0, 0, 1], 0)).unwrap();
    let site = listener.local_addr().unwrap().port();
    scope.spawn("site", async move { axum::serve(listener, routes).await.unwrap() });

    let (address, speaker, serving) = hub::bind(&scope, ServerOptions::default()).unwrap();
    scope.spawn("hub", serving);
    scope.spawn("talk", async move {
        let mut clock = interval(Duration::from_millis(20));
        loop {
            clock.tick().await;
            speaker.publish("private talk").await;
        }
    });
    for (host, expected) in [
        ("127.0.0.1", json!({ "opened": true, "heard": ["private talk"] })),
        ("evil.example", json!({ "opened": false, "heard": [], "code": 1006 })),
    ] {
        let profile = tempfile::tempdir().unwrap();
        let mut browser =
            browse(&format!("http://{host}:{site}/?server={address}"), profile.path());
        // A browser starts slowly on a busy machine.
        let report = timeout(Duration::from_mins(2), inbox.recv())
            .await
            .expect("the page reports nothing")
            .unwrap();
        browser.kill().await.unwrap();
        assert_eq!(serde_json::from_str::<Value>(&report).unwrap(), expected, "{host}");
    }
    scope.cancel();
}
