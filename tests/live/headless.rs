//! The real binary, headless, connected to servers and peers on real sockets.

#![expect(clippy::disallowed_methods, reason = "a peer in a test listens as it likes")]

use std::process::Stdio;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};
use wiretalk::scope::Scope;
use wiretalk::servers::{Ports, ServerBundle};

use crate::{SWITCHING, UPGRADE, soon};

/// Runs `wiretalk inspect ARGUMENTS --json`. It is killed if it outlives its test.
pub(crate) fn inspect(arguments: &[&str]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wiretalk"));
    command.arg("inspect").args(arguments).arg("--json").kill_on_drop(true);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

pub(crate) async fn records(child: Child) -> (Vec<Value>, Option<i32>) {
    let output = soon(child.wait_with_output()).await.unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    (text.lines().map(|line| serde_json::from_str(line).unwrap()).collect(), output.status.code())
}

async fn servers(scope: &Scope) -> String {
    ServerBundle::start(scope, Ports::default(), None).ready().await.unwrap().websocket_url()
}

#[tokio::test]
async fn messages_are_echoed_in_order_and_the_last_record_has_the_close_code() {
    let scope = Scope::new(|panic| panic!("{panic}"));
    let url = servers(&scope).await;
    let arguments =
        [&url, "--send", "a", "--send-hex", "8281000000007f", "--send", "b", "--for", "0.3"];
    let (records, code) = records(inspect(&arguments)).await;
    assert_eq!(code, Some(0));
    let of = |side: &str| -> Vec<String> {
        let frames =
            records.iter().filter(|record| record["type"] == "frame" && record["from"] == side);
        frames.map(|frame| frame["payload_hex"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(of("client"), ["61", "7f", "62", "03e8"]);
    assert_eq!(of("server"), ["61", "7f", "62", "03e8"]);
    let end = records.last().unwrap();
    assert_eq!(
        (&end["type"], &end["close_code"], &end["ok"]),
        (&"end".into(), &1000.into(), &true.into())
    );
}

#[tokio::test]
async fn an_illegal_frame_gets_its_close_code_and_the_program_ends_with_the_connection() {
    let scope = Scope::new(|panic| panic!("{panic}"));
    let url = servers(&scope).await;
    // Unmasked; a reserved bit; too long for this server; text that is not UTF-8.
    for (hex, code) in [
        ("810161", 1002),
        ("c18100000000 61", 1002),
        ("81ff8000000000000000 00000000", 1009),
        ("818100000000ff", 1007),
    ] {
        let (records, _) = records(inspect(&[&url, "--send-hex", hex, "--for", "60"])).await;
        assert_eq!(records.last().unwrap()["close_code"], code, "{hex}: {records:#?}");
    }
}

/// Runs the inspector with a peer that sends a 101 with a wrong accept value and then behaves as
/// given.
pub(crate) async fn against(
    arguments: &[&str],
    peer: impl AsyncFnOnce(&mut TcpStream),
) -> (Vec<Value>, Option<i32>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/", listener.local_addr().unwrap());
    let child = inspect(&[&[url.as_str()], arguments].concat());
    let serve = async {
        let (mut stream, _) = soon(listener.accept()).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(soon(stream.read_u8()).await.unwrap());
        }
        stream.write_all(SWITCHING).await.unwrap();
        peer(&mut stream).await;
    };
    tokio::join!(records(child), serve).0
}

#[tokio::test]
async fn peers_that_stall_flood_or_lie_are_recorded_to_the_end() {
    let stall = async |stream: &mut TcpStream| {
        stream.write_all(b"\x81\x7f\0\0\0\0\xff\xff\xff\xffabc").await.unwrap();
    };
    let (records, code) = against(&[], stall).await;
    assert_eq!(code, Some(1));
    let [.., frame, end] = records.as_slice() else { panic!("{records:?}") };
    assert_eq!(
        (&frame["complete"], &frame["needs"]["need_more"]),
        (&false.into(), &4_294_967_292_u64.into())
    );
    assert_eq!((&frame["payload_hex"], &end["close_code"]), (&"616263".into(), &Value::Null));
    assert!(end["why"].as_str().unwrap().contains("in the middle of a frame"), "{end}");
    assert_eq!(records[1]["problems"][0]["code"], "H_ACCEPT_MISMATCH");

    let flood = async |stream: &mut TcpStream| {
        let _ = stream.write_all(&b"\x81\x01x".repeat(20_000)).await;
        let _ = stream.write_all(b"\x88\x02\x03\xf0").await;
        let _ = stream.shutdown().await;
        let _ = soon(stream.read_to_end(&mut Vec::new())).await;
    };
    let (records, _) = against(&["--for", "600"], flood).await;
    let end = records.last().unwrap();
    assert_eq!((&end["frames_received"], &end["close_code"]), (&20_001.into(), &1008.into()));
}

#[tokio::test]
async fn request_options_reach_the_server_and_pings_stay_unanswered_if_asked() {
    let mut asked = Vec::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/x", listener.local_addr().unwrap());
    let child = inspect(&[
        &url,
        "--header",
        "Cookie: a=b",
        "--origin",
        "http://o.example",
        "--protocol",
        "p",
        "--protocol",
        "q",
        "--deflate",
        "--no-pong",
    ]);
    let serve = async {
        let (mut stream, _) = soon(listener.accept()).await.unwrap();
        while !asked.ends_with(b"\r\n\r\n") {
            asked.push(soon(stream.read_u8()).await.unwrap());
        }
        stream.write_all(&[SWITCHING, b"\x89\x01?\x88\x02\x03\xe8"].concat()).await.unwrap();
        let mut rest = vec![0; 8];
        soon(stream.read_exact(&mut rest)).await.unwrap();
        rest
    };
    let ((records, _), rest) = tokio::join!(records(child), serve);
    let asked = String::from_utf8(asked).unwrap();
    for line in [
        "GET /x HTTP/1.1",
        "Cookie: a=b",
        "Origin: http://o.example",
        "Sec-WebSocket-Protocol: p, q",
        "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits",
    ] {
        assert!(asked.lines().any(|found| found == line), "{line}: {asked}");
    }
    assert_eq!(rest[..2], [0x88, 0x82], "the first answer is a Close");
    assert_eq!(records.last().unwrap()["close_code"], 1000);
}

#[tokio::test]
async fn the_proxy_prints_all_frames_and_the_end_of_each_connection() {
    let scope = Scope::new(|panic| panic!("{panic}"));
    let url = servers(&scope).await;
    let mut child = inspect(&[&url, "--proxy", "127.0.0.1:0"]);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut next = async || -> Value {
        serde_json::from_str(&soon(lines.next_line()).await.unwrap().expect("no further record"))
            .unwrap()
    };
    let listening = next().await;
    let mut client = TcpStream::connect(listening["address"].as_str().unwrap()).await.unwrap();
    assert_eq!(next().await["type"], "connection");
    client
        .write_all(&[UPGRADE, &[0x81, 0x81, 0, 0, 0, 0, b'a', 0x88, 0x80, 0, 0, 0, 0]].concat())
        .await
        .unwrap();
    let mut answer = Vec::new();
    soon(client.read_to_end(&mut answer)).await.unwrap();
    drop(client);
    assert!(answer.starts_with(SWITCHING) && answer.ends_with(b"\x81\x01a\x88\x00"));
    let mut records = Vec::new();
    while records.last().is_none_or(|record: &Value| record["type"] != "end") {
        records.push(next().await);
    }
    let text: Vec<_> = records
        .iter()
        .map(|record| (record["type"].as_str().unwrap(), record["text"].as_str()))
        .collect();
    for expected in [("handshake", None), ("frame", Some("a")), ("end", None)] {
        assert!(text.contains(&expected), "{text:?}");
    }
    let end = records.last().unwrap();
    assert_eq!(
        (&end["connection"], &end["close_received"], &end["close_code"]),
        (&1.into(), &true.into(), &Value::Null)
    );
    assert_eq!((&end["frames_sent"], &end["frames_received"]), (&2.into(), &2.into()));
}

/// Returns the records of this type from this side.
fn of<'a>(records: &'a [Value], kind: &str, from: &str) -> Vec<&'a Value> {
    records.iter().filter(|record| record["type"] == kind && record["from"] == from).collect()
}

/// Returns the path of a file with this name in a temporary folder.
fn scratch(name: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(name).display().to_string();
    (folder, file)
}

#[tokio::test]
async fn a_recording_is_read_back_by_the_same_command() {
    let scope = Scope::new(|panic| panic!("{panic}"));
    let url = servers(&scope).await;
    let (_folder, file) = scratch("kept.pcapng");
    let (_other, copy) = scratch("copy.pcapng");
    let live = [
        url.as_str(),
        "--send",
        "grüße",
        "--send-hex",
        "898100000000 3f",
        "--for",
        "0.2",
        "--write",
        &file,
    ];
    let (live, code) = records(inspect(&live)).await;
    assert_eq!(code, Some(0), "{live:#?}");
    let (kept, code) = records(inspect(&[&file, "--write", &copy])).await;
    assert_eq!(code, Some(0), "{kept:#?}");
    let (copied, _) = records(inspect(&[&copy])).await;
    for again in [&kept, &copied] {
        assert_eq!(
            again[0]["server"].as_str().unwrap(),
            url.trim_start_matches("ws://").trim_end_matches('/')
        );
        for from in ["client", "server"] {
            let raw = |records: &[Value]| -> Vec<Value> {
                of(records, "frame", from).iter().map(|frame| frame["raw_hex"].clone()).collect()
            };
            assert_eq!(raw(again), raw(&live), "{from}");
            assert_eq!(
                of(again, "handshake", from)[0]["head"],
                of(&live, "handshake", from)[0]["head"]
            );
        }
        let end = again.last().unwrap();
        assert_eq!((&end["type"], &end["close_code"]), (&"end".into(), &1000.into()));
    }
    let output =
        soon(inspect(&[&url, "--for", "0.1", "--write", &file]).wait_with_output()).await.unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains("--replace overwrites it") && output.stdout.is_empty(), "{text}");
    let again = [url.as_str(), "--for", "0.1", "--write", &file, "--replace"];
    assert_eq!(records(inspect(&again)).await.1, Some(0));
}

#[tokio::test]
async fn recordings_and_hex_files_are_read_and_options_that_do_not_apply_are_refused() {
    let scope = Scope::new(|panic| panic!("{panic}"));
    let url = servers(&scope).await;
    let (_folder, file) = scratch("recording.json");
    let output =
        soon(inspect(&[&url, "--send", "a", "--for", "0.2"]).wait_with_output()).await.unwrap();
    std::fs::write(&file, &output.stdout).unwrap();
    let (again, _) = records(inspect(&[&file])).await;
    let live: Vec<Value> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(of(&again, "frame", "server").len(), of(&live, "frame", "server").len());
    std::fs::write(&file, "c1 81 00 00 00 00 61  # RSV1").unwrap();
    let (hex, code) = records(inspect(&[&file])).await;
    assert_eq!((&hex[0]["violations"][0]["code"], code), (&"E_RSV_NONZERO".into(), Some(0)));
    let (hex, _) = records(inspect(&[&file, "--from", "server"])).await;
    let codes: Vec<_> =
        hex[0]["violations"].as_array().unwrap().iter().map(|fault| &fault["code"]).collect();
    assert_eq!(codes, ["E_RSV_NONZERO", "E_MASKED_SERVER", "W_MASK_ZERO"]);
    for (arguments, text) in [
        (&[file.as_str(), "--send", "a"][..], "--send works only with a server"),
        (&[&url, "--keylog", "keys"], "--keylog works only with a file"),
        (&["nothing-there.pcapng"], "could not read"),
    ] {
        let output = soon(inspect(arguments).wait_with_output()).await.unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(stderr.contains(text) && output.stdout.is_empty(), "{stderr}");
        assert_eq!(output.status.code(), Some(if text.contains("works only") { 2 } else { 1 }));
    }
}

#[tokio::test]
async fn the_proxy_records_each_connection_separately() {
    let scope = Scope::new(|panic| panic!("{panic}"));
    let url = servers(&scope).await;
    let (_folder, file) = scratch("proxy.pcapng");
    let mut proxy = inspect(&["--proxy", "127.0.0.1:0", &url, "--write", &file]);
    let mut lines = BufReader::new(proxy.stdout.take().unwrap()).lines();
    let first: Value =
        serde_json::from_str(&soon(lines.next_line()).await.unwrap().unwrap()).unwrap();
    let through = format!("ws://{}/", first["address"].as_str().unwrap());
    for text in ["one", "two"] {
        assert_eq!(records(inspect(&[&through, "--send", text, "--for", "0.1"])).await.1, Some(0));
    }
    proxy.start_kill().unwrap();
    soon(proxy.wait()).await.unwrap();
    let (kept, _) = records(inspect(&[&file])).await;
    let texts: Vec<_> =
        of(&kept, "frame", "server").iter().map(|frame| frame["text"].clone()).collect();
    assert_eq!(texts, [Value::from("one"), Value::Null, "two".into(), Value::Null]);
    let ends: Vec<_> = kept.iter().filter(|record| record["type"] == "end").collect();
    assert_eq!(ends.len(), 3, "two connections, and a last record: {ends:?}");
}

#[tokio::test]
async fn a_reader_that_has_gone_is_not_an_error() {
    for arguments in [
        &["decode", "818537fa213d7f9f4d5158"][..],
        &["licenses"],
        &["demos"],
        &["completions", "bash"],
        &["check", "slides/talk.md"],
        &["inspect", "tests/captures/tls13-aes128.pcapng", "--json"],
        &["race", "--lanes", "tcp,ws", "--pairs", "3", "--json"],
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = Command::new(env!("CARGO_BIN_EXE_wiretalk"));
        command.args(arguments).stdin(Stdio::null()).stdout(writer).kill_on_drop(true);
        let output = soon(command.output()).await.unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(!errors.contains("pipe"), "{arguments:?}: {errors}");
        // A race ends with whether it counts, which depends on what else the machine does.
        assert!(output.status.success() || arguments[0] == "race", "{arguments:?}: {errors}");
    }
}
