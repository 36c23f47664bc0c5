//! How connections end, in the records of the real binary: our own connections and proxied ones say
//! the same as those of a capture.

#![expect(clippy::disallowed_methods, reason = "a peer in a test listens as it likes")]

use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

use crate::headless::{against, inspect};
use crate::{SWITCHING, UPGRADE, soon};

/// Returns who ended the connection, how, and whether that was in order.
fn ending(end: &Value) -> (Option<&str>, Option<&str>, Option<bool>) {
    (end["ended_by"].as_str(), end["ended_with"].as_str(), end["ok"].as_bool())
}

fn why(end: &Value) -> &str {
    end["why"].as_str().unwrap()
}

#[tokio::test]
async fn our_own_connection_names_the_side_that_ended_it() {
    let fin = async |stream: &mut TcpStream| stream.shutdown().await.unwrap();
    let (records, _) = against(&["--for", "600"], fin).await;
    let end = records.last().unwrap();
    assert_eq!(ending(end), (Some("server"), Some("fin"), Some(false)), "{end}");
    assert!(why(end).starts_with("the server hung up without a Close"), "{end}");
    assert!(end["silence_ms"].as_f64().is_some(), "{end}");

    let reset = async |stream: &mut TcpStream| {
        soon(stream.read_exact(&mut [0; 7])).await.unwrap();
        stream.set_zero_linger().unwrap();
    };
    let (records, _) = against(&["--send", "a", "--for", "600"], reset).await;
    let end = records.last().unwrap();
    assert_eq!(ending(end), (Some("server"), Some("rst"), Some(false)), "{end}");
    assert!(why(end).starts_with("the server reset the connection without a Close"), "{end}");

    let deaf = async |stream: &mut TcpStream| {
        stream.write_all(b"\x81\x05ab").await.unwrap();
        let _ = soon(stream.read_to_end(&mut Vec::new())).await;
    };
    let (records, _) = against(&["--for", "0.1", "--timeout", "0.2"], deaf).await;
    let [.., close, frame, end] = records.as_slice() else { panic!("{records:?}") };
    assert_eq!(ending(end), (Some("client"), Some("fin"), Some(false)), "{end}");
    assert!(why(end).ends_with("in the middle of a frame, which needs 3 bytes more"), "{end}");
    // The frame is as old as its last byte, not as the end.
    assert_eq!((&close["from"], &frame["from"]), (&"client".into(), &"server".into()));
    assert!(frame["t_ms"].as_f64() < close["t_ms"].as_f64(), "{frame} {close}");
}

/// Runs the proxy in front of a server that sends a 101, then `bytes`, and then its FIN or RST. The
/// client ends its stream too. Returns the records of the connection.
async fn proxied(bytes: &[u8], resets: bool) -> Vec<Value> {
    let behind = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/", behind.local_addr().unwrap());
    let mut child = inspect(&[&url, "--proxy", "127.0.0.1:0"]);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut next = async || -> Value {
        serde_json::from_str(&soon(lines.next_line()).await.unwrap().unwrap()).unwrap()
    };
    let listening = next().await;
    let mut client = TcpStream::connect(listening["address"].as_str().unwrap()).await.unwrap();
    client.write_all(UPGRADE).await.unwrap();
    let (mut server, _) = soon(behind.accept()).await.unwrap();
    soon(server.read_exact(&mut vec![0; UPGRADE.len()])).await.unwrap();
    server.write_all(&[SWITCHING, bytes].concat()).await.unwrap();
    soon(client.read_exact(&mut vec![0; SWITCHING.len() + bytes.len()])).await.unwrap();
    if resets {
        server.set_zero_linger().unwrap();
    }
    drop(server);
    let _ = soon(client.read_to_end(&mut Vec::new())).await;
    drop(client);
    let mut records = Vec::new();
    while records.last().is_none_or(|record: &Value| record["type"] != "end") {
        records.push(next().await);
    }
    records
}

#[tokio::test]
async fn a_proxied_connection_without_a_close_is_not_in_order() {
    let records = proxied(b"\x81\x02hi", false).await;
    let end = records.last().unwrap();
    assert_eq!(ending(end), (Some("server"), Some("fin"), Some(false)), "{end}");
    let expected =
        "the server ended the connection (FIN), without a Close: applications see code 1006";
    assert_eq!(why(end), expected);

    let records = proxied(b"\x81\x05ab", false).await;
    let [.., frame, end] = records.as_slice() else { panic!("{records:?}") };
    assert_eq!(frame["complete"], false);
    assert_eq!(why(end), format!("{expected}; the last frame of the server lacks 3 bytes"));

    let records = proxied(b"", true).await;
    let end = records.last().unwrap();
    assert_eq!(ending(end), (Some("server"), Some("rst"), Some(false)), "{end}");
    assert!(
        why(end).starts_with("the server reset the connection (RST), without a Close"),
        "{end}"
    );
}

#[tokio::test]
async fn a_server_that_cannot_be_reached_is_named_while_the_client_stays() {
    let behind = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = behind.local_addr().unwrap().to_string();
    drop(behind);
    let mut child = inspect(&[&format!("ws://{address}/"), "--proxy", "127.0.0.1:0"]);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut next = async || -> Value {
        serde_json::from_str(&soon(lines.next_line()).await.unwrap().unwrap()).unwrap()
    };
    let listening = next().await;
    let mut client = TcpStream::connect(listening["address"].as_str().unwrap()).await.unwrap();
    client.write_all(UPGRADE).await.unwrap();
    let mut records = Vec::new();
    while records.last().is_none_or(|record: &Value| record["type"] != "end") {
        records.push(next().await);
    }
    let end = records.last().unwrap();
    assert!(why(end).contains("connection refused") && why(end).contains(&address), "{end}");
    let heads: Vec<_> =
        records.iter().filter(|record| record["type"] == "handshake").map(|r| &r["from"]).collect();
    assert_eq!(heads, ["client", "server"], "{records:?}");
    drop(client);
}
