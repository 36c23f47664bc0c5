//! Every broken rule against the strict server: it must close with the code that the vectors give,
//! and serve the next peer.

use std::sync::LazyLock;

use serde_json::Value;
use tokio::io::AsyncWriteExt;
use wiretalk::servers::{Access, Limits, strict};
use wiretalk::wire::handshake::ServerPolicy;
use wiretalk::wire::{AgreedExtensions, DecodeVerdict, Opcode, Side, Transcript};

use crate::strict::strict_server;
use crate::{HELLO, MASKED_HELLO, SWITCHING, TestServer, UPGRADE, masked, test_server};

static VECTORS: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("../vectors/frames.json")).unwrap());

fn cases() -> impl Iterator<Item = &'static Value> {
    VECTORS["cases"].as_array().unwrap().iter().filter(|case| case["direction"] == "client")
}

fn bytes(case: &Value) -> Vec<u8> {
    let unhex = |text: &str| -> Vec<u8> {
        (0..text.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
            .collect()
    };
    let mut bytes = unhex(case["hex"].as_str().unwrap());
    if let Some(unit) = case["repeat"]["unit_hex"].as_str() {
        bytes.extend(unhex(unit).repeat(case["repeat"]["times"].as_u64().unwrap() as usize));
    }
    bytes
}

/// Returns the code that the server must close with: that of the rule that is broken first.
fn close_code(case: &Value) -> Option<u64> {
    let violations = case["expect"]["violations"].as_array()?;
    violations
        .iter()
        .filter(|found| found["severity"] == "fatal")
        .find_map(|found| found["close_code"].as_u64())
}

/// Returns what the server sends in response to `bytes` after a handshake with this offer.
async fn transcript_of(server: &TestServer, offer: Option<&str>, bytes: &[u8]) -> Transcript {
    let mut peer = server.visit().await;
    let request = String::from_utf8_lossy(UPGRADE).into_owned();
    let offered = offer
        .map_or("\r\n".to_owned(), |offer| format!("Sec-WebSocket-Extensions: {offer}\r\n\r\n"));
    let request = request.strip_suffix("\r\n").unwrap().to_owned() + &offered;
    peer.send(request.as_bytes()).await;
    let accepted = SWITCHING.strip_suffix(b"\r\n").unwrap();
    peer.expect(accepted).await;
    peer.expect(offered.as_bytes()).await;
    // The server may close before it has read all of it.
    peer.send(bytes).await;
    let mut transcript_of =
        Transcript::new(Side::Server, AgreedExtensions::parse(offer.unwrap_or_default()).unwrap());
    transcript_of.push(&peer.rest().await);
    transcript_of
}

async fn serves_the_next(server: &TestServer) {
    let mut next = server.open().await;
    next.send(MASKED_HELLO).await;
    next.expect(HELLO).await;
}

async fn large_server() -> TestServer {
    test_server(async |scope, mut options| {
        options.limits = Limits { max_message: 1 << 20, ..options.limits };
        strict::bind(&scope, options, ServerPolicy { deflate: true, ..ServerPolicy::default() })
    })
    .await
}

#[tokio::test]
async fn each_vector_that_breaks_a_rule_gets_its_close_code() {
    let server = large_server().await;
    let mut seen = 0;
    for case in cases() {
        let (Some(code), "fail") = (close_code(case), case["expect"]["verdict"].as_str().unwrap())
        else {
            continue;
        };
        let name = &case["name"];
        let transcript_of = transcript_of(&server, case["extensions"].as_str(), &bytes(case)).await;
        assert_eq!(
            (transcript_of.verdict(), transcript_of.faults()),
            (DecodeVerdict::Ok, &[][..]),
            "{name}"
        );
        let last = transcript_of.frames().last().unwrap();
        assert_eq!(last.header.opcode, Opcode::Close, "{name}");
        let body = last.payload();
        assert_eq!(u64::from(u16::from_be_bytes([body[0], body[1]])), code, "{name}");
        let reason = str::from_utf8(&body[2..]).unwrap();
        let broken = case["expect"]["violations"].as_array().unwrap();
        let named =
            |found: &Value| reason.starts_with(&format!("{} (", found["code"].as_str().unwrap()));
        assert!(broken.iter().any(named), "{name}: {reason}");
        serves_the_next(&server).await;
        seen += 1;
    }
    assert!(seen >= 21, "{seen}");
}

#[tokio::test]
async fn each_legal_vector_is_echoed() {
    let server = large_server().await;
    let mut seen = 0;
    for case in cases().filter(|case| case["expect"]["verdict"] == "ok") {
        let (name, offer) = (&case["name"], case["extensions"].as_str());
        let agreed = AgreedExtensions::parse(offer.unwrap_or_default()).unwrap();
        let mut sent = Transcript::new(Side::Client, agreed);
        let all = [bytes(case), masked(0x88, &1000_u16.to_be_bytes())].concat();
        sent.push(&all);
        let transcript_of = transcript_of(&server, offer, &all).await;
        assert_eq!(
            (transcript_of.verdict(), transcript_of.faults()),
            (DecodeVerdict::Ok, &[][..]),
            "{name}"
        );
        let texts = |transcript: &Transcript| -> Vec<_> {
            transcript
                .messages()
                .iter()
                .map(|message| (message.kind, message.data.clone()))
                .collect()
        };
        assert_eq!(texts(&transcript_of), texts(&sent), "{name}");
        seen += 1;
    }
    assert!(seen >= 20, "{seen}");
}

#[tokio::test]
async fn each_request_of_the_vectors_gets_its_status_and_its_problems() {
    let file: Value = serde_json::from_str(include_str!("../vectors/handshakes.json")).unwrap();
    let requests =
        file["cases"].as_array().unwrap().iter().filter(|case| case["role_under_test"] == "server");
    let mut seen = 0;
    for case in requests.filter(|case| case["expect"]["verdict"] != "incomplete") {
        let (name, known, expect) = (&case["name"], &case["context"], &case["expect"]);
        let strings = |list: &Value| -> Vec<String> {
            list.as_array()
                .into_iter()
                .flatten()
                .map(|item| item.as_str().unwrap().to_owned())
                .collect()
        };
        let policy = ServerPolicy {
            subprotocols: strings(&known["protocols"]),
            origins: strings(&known["origins"]),
            deflate: known["deflate"] == true,
            ..ServerPolicy::default()
        };
        let server = test_server(async |scope, mut options| {
            let asked = "server.example.com".parse().unwrap();
            options.access = Access { hosts: [asked].into(), ..Access::default() };
            strict::bind(&scope, options, policy)
        })
        .await;
        let mut peer = server.visit().await;
        peer.send(&bytes(case)).await;
        peer.0.shutdown().await.unwrap();
        let answer = peer.rest().await;
        if name == "req-http2-preface" {
            // The strict server speaks HTTP/2 too, and its first frame is SETTINGS.
            assert_eq!(answer.get(3), Some(&4), "{name}: {answer:02x?}");
            continue;
        }
        let answer = String::from_utf8_lossy(&answer).into_owned();
        match expect["status"].as_u64() {
            Some(status) => {
                assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{name}: {answer}");
            }
            None => assert_eq!(answer, "", "{name}"),
        }
        for (header, value) in expect["response_headers_include"].as_object().into_iter().flatten()
        {
            let line = format!("\r\n{header}: {}\r\n", value.as_str().unwrap()).to_lowercase();
            assert!(answer.to_lowercase().contains(&line), "{name}: {line}");
        }
        let fatal = |problem: &&Value| problem["severity"] == "fatal" && expect["status"].is_u64();
        for problem in expect["problems"].as_array().unwrap().iter().filter(fatal) {
            assert!(
                answer.contains(&format!("{} (RFC ", problem["code"].as_str().unwrap())),
                "{name}: {answer}"
            );
        }
        seen += 1;
    }
    assert!(seen >= 40, "{seen}");
}

#[tokio::test]
async fn impossible_lengths_allocate_nothing_and_are_refused_by_their_header() {
    let mut server = strict_server(ServerPolicy::default()).await;
    for (length, code) in [(1_u64 << 63, 1002_u16), (1 << 62, 1009), (1025, 1009)] {
        let mut peer = server.open().await;
        let (form, length) = if length < 0xffff {
            (0xfe, &length.to_be_bytes()[6..])
        } else {
            (0xff, &length.to_be_bytes()[..])
        };
        peer.send(&[&[0x82, form], length, &[1, 2, 3, 4]].concat()).await;
        assert_eq!(peer.rest().await[2..4], code.to_be_bytes());
        assert_eq!(server.close_code().await, Some(code));
    }
    let mut peer = server.open().await;
    peer.send(&[masked(0x02, &[0; 1000]), masked(0x80, &[0; 25])].concat()).await;
    assert_eq!(peer.rest().await[2..4], 1009_u16.to_be_bytes(), "fragments count together");
    serves_the_next(&server).await;
}

#[tokio::test]
async fn garbage_is_closed_with_1002_or_refused_as_a_request() {
    let server = strict_server(ServerPolicy::default()).await;
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut garbage = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_be_bytes()
    };
    for _ in 0..50 {
        // RSV2 breaks a rule in the first byte, whatever the other bytes are.
        let mut bytes: Vec<u8> = (0..500).flat_map(|_| garbage()).collect();
        bytes[0] |= 0x20;
        let mut peer = server.open().await;
        peer.send(&bytes).await;
        assert_eq!(peer.rest().await[2..4], 1002_u16.to_be_bytes(), "{:02x?}", &bytes[..16]);
    }
    let cases: [(Vec<u8>, &str); 4] = [
        (vec![0xff; 70_000], "HTTP/1.1 431 "),
        (b"HELO there\r\n\r\n".to_vec(), "HTTP/1.1 405 "),
        (b"PRI * HTTP/2.0\r\n\r\nMS\r\n\r\n".to_vec(), "HTTP/1.1 400 "),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec(), ""),
    ];
    for (bytes, start) in cases {
        let mut peer = server.visit().await;
        peer.send(&bytes).await;
        let answer = String::from_utf8(peer.rest().await).unwrap();
        assert!(answer.starts_with(start) && answer.is_empty() == start.is_empty(), "{answer}");
    }
    serves_the_next(&server).await;
}

#[tokio::test]
async fn the_code_arrives_even_if_the_peer_is_still_sending() {
    let server = strict_server(ServerPolicy::default()).await;
    let mut peer = server.open().await;
    peer.send(HELLO).await;
    // Closing a socket with unread bytes sends a reset, and the Close frame would be lost.
    for _ in 0..200 {
        peer.send(&[0; 10_000]).await;
    }
    assert_eq!(peer.rest().await[2..4], 1002_u16.to_be_bytes());
}
