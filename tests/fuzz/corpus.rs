//! The seed corpus of the fuzz targets: the bytes of the vectors, and files made from them. The
//! first byte of each input chooses the options. The repository holds no corpus files; `cargo run
//! --example corpus` writes them for cargo-fuzz.

#[path = "../vectors/encapsulations.rs"]
#[allow(dead_code)]
mod encapsulations;

use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;
use wiretalk::capture::{ConnectionEnd, PcapngWriter};
use wiretalk::wire::deflate::deflater::Deflater;
use wiretalk::wire::{DeflateParams, Side, format};

/// The maximum length of a file in the corpus. Many mutations are made of each.
const LONGEST_IN_FILE: usize = 2_000;

/// Decoder inputs that once caused a panic: frames of a server that claim 2^64 - 1 bytes of a
/// compressed message.
const FOUND: [&[u8]; 2] = [
    b"\x03\xc1\x7f\xff\xff\xff\xff\xff\xff\xff\xff",
    b"\x03\x41\x05\xff\xff\xff\xff\xff\x80\x7f\xff\xff\xff\xff\xff\xff\xff\xff",
];

/// Heads that negotiate permessage-deflate, as hex text.
const HEADS: [&str; 2] = [
    "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: \
     dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Extensions: \
     permessage-deflate\r\n\r\n",
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: \
     Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Extensions: \
     permessage-deflate\r\n\r\n",
];

/// Returns the targets by name, each with its seed inputs.
pub(crate) fn all() -> Vec<(&'static str, Vec<Vec<u8>>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (frames, heads) = (cases(root, "frames.json"), cases(root, "handshakes.json"));
    let clients: Vec<&Case> = frames.iter().filter(|case| case.client && !case.deflate).collect();
    let begun = |how: u8, case: &Case| [&[how][..], &case.bytes].concat();
    vec![
        ("capture", captures(root, &frames)),
        ("deck", decks(root)),
        (
            "decoder",
            frames
                .iter()
                .map(|case| begun(u8::from(!case.client) | u8::from(case.deflate) << 1, case))
                .chain(FOUND.iter().map(|bytes| bytes.to_vec()))
                .collect(),
        ),
        ("handshake", heads.iter().map(|case| begun(u8::from(case.client), case)).collect()),
        ("inflater", deflated(&frames)),
        ("sockjs", sockjs()),
        ("tungstenite", clients.into_iter().map(|case| begun(0, case)).collect()),
        ("typed", typed()),
    ]
}

/// The bytes of a vector.
struct Case {
    /// Whether a client sent the frames. For a handshake: whether it is a response.
    client: bool,
    deflate: bool,
    bytes: Vec<u8>,
}

fn cases(root: &Path, name: &str) -> Vec<Case> {
    let path = root.join("tests/vectors").join(name);
    let text = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let file: Value = serde_json::from_str(&text).expect("the vectors are JSON");
    let case = |case: &Value| Case {
        client: case["direction"] == "client" || case["role_under_test"] == "client",
        deflate: case["extensions"].as_str().is_some_and(|agreed| !agreed.is_empty()),
        bytes: bytes(case),
    };
    file["cases"].as_array().expect("the vectors have cases").iter().map(case).collect()
}

/// Returns the bytes of a vector, as the `doc` of its file defines.
fn bytes(case: &Value) -> Vec<u8> {
    let mut bytes = unhex(&case["hex"]);
    for unit in [&case["repeat"], &case["insert"]] {
        let times = unit["times"].as_u64().unwrap_or_default() as usize;
        bytes.extend(unhex(&unit["unit_hex"]).repeat(times));
    }
    bytes.extend(unhex(&case["hex_after"]));
    bytes
}

fn unhex(value: &Value) -> Vec<u8> {
    let digits = value.as_str().unwrap_or_default();
    let byte = |at: usize| {
        u8::from_str_radix(&digits[at..at + 2], 16).expect("the vectors hold hex digits")
    };
    (0..digits.len()).step_by(2).map(byte).collect()
}

/// Returns DEFLATE data: the vectors compressed by zlib, alone and one after another, and the
/// compressed payloads of the vectors.
fn deflated(frames: &[Case]) -> Vec<Vec<u8>> {
    let mut deflater = Deflater::new(DeflateParams::default(), Side::Server);
    let made = frames.iter().flat_map(|case| {
        let mut fresh = Deflater::new(DeflateParams::default(), Side::Server);
        let text = format::hex(&case.bytes[..case.bytes.len().min(LONGEST_IN_FILE)]);
        [
            fresh.compress_message(&case.bytes),
            deflater.compress_message(text.as_bytes()),
            fresh.compress_message(text.as_bytes()),
        ]
    });
    let own = frames
        .iter()
        .filter(|case| case.deflate && case.bytes.len() > 2)
        .map(|case| case.bytes[2..].to_vec());
    made.chain(own).map(|payload| [vec![7], payload].concat()).collect()
}

/// Returns both decks slide by slide, each with the front matter, and deeply nested Markdown.
fn decks(root: &Path) -> Vec<Vec<u8>> {
    let slides = ["talk.md", "tour.md"].into_iter().flat_map(|name| {
        let path = root.join("slides").join(name);
        let text = std::fs::read_to_string(&path)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let (front, slides) = text.split_once("\n---\n").expect("a deck has a front matter");
        let slides = slides.split("\n---\n");
        slides.map(|slide| format!("{front}\n---\n{slide}").into_bytes()).collect::<Vec<_>>()
    });
    let nested =
        ["> ", "- ", "1. ", "*a ", "[", "> - "].map(|mark| format!("# a\n{} b", mark.repeat(200)));
    slides.chain(nested.map(String::into_bytes)).collect()
}

/// Returns typed input: URLs, lanes, filters, searches, extensions, command lines.
fn typed() -> Vec<Vec<u8>> {
    let texts = [
        "ws://127.0.0.1:9001/chat",
        "wss://[::1]:443/a?b=c",
        "ws://example.org",
        "http://127.0.0.1:8080/echo,ws://127.0.0.1:8081/",
        "https://example.org/,wss://example.org/x",
        "http-reqwest+tls",
        "ws-pipelined",
        "own-cpus",
        "op=close && len<9",
        "from=server and (fault=E_UTF8 or not fin)",
        "t>1.5s || text~\"hi\"",
        "op=ping|pong && len>=126",
        "0x81 85",
        "needle",
        "permessage-deflate; client_max_window_bits=9, x-other; a=\"b\"",
        "permessage-deflate; server_no_context_takeover; server_max_window_bits=15",
        "race --rtt 80ms --jitter 10ms --bandwidth 10mbit --pairs 3 --seed 7",
        "race --against http://127.0.0.1:1/,ws://127.0.0.1:1/ --max-requests 10 --max-time 30s",
        "race --lanes tcp,ws+tls --payload 1048576 --connections 256 --burst 10 --rate 100",
        "inspect ws://127.0.0.1:1/ --send a --send-hex 8100 --for 0.3 --header a:b --json",
        "inspect a.pcapng --keylog k --from client --write b --replace",
        "inspect --proxy 127.0.0.1:9000 ws://127.0.0.1:1/",
        "decode 818537fa213d7f9f4d5158 --from client --extensions permessage-deflate --json",
        "serve --http 0 --ws 0 --ws-server strict --max-message 9 --ws-origin https://a.example",
        "check a.md b.md",
        "--theme dark a.md",
    ];
    texts.iter().flat_map(|text| [0, 1].map(|how| [&[how], text.as_bytes()].concat())).collect()
}

/// Returns files of every supported format: those in the repository, pcapng, pasted text, recordings,
/// exports of browsers.
/// Frames, bodies, messages, addresses and events of SockJS.
fn sockjs() -> Vec<Vec<u8>> {
    let texts: [&[u8]; 26] = [
        b"o",
        b"h",
        b"a[\"x\",\"\\ud83d\\ude00\\ud800\"]",
        b"m\"x\"",
        b"c[3000,\"Go away!\"]",
        b"hhhhhhhh\no\na[\"x\"]\nh\nc[1002,\"\"]\n",
        b"\r\ndata: o\r\n\r\ndata: a[\"x\"]\r\n\r\n: comment\n\n",
        b"<html><script>var c = parent.cb;</script>  \r\n\r\n<script>\np(\"o\");\n</script>\r\n",
        b"/**/cb(\"a[\\\"x\\\"]\");\r\n",
        b"[\"a\",\"\\n\\u0000\"]",
        b"\"a\"",
        b"[]",
        b"d=%5B%22a+b%22%5D&x=y",
        b"/000/abc/xhr",
        b"/a%20b/c/xhr_streaming",
        b"/000/abc/jsonp_send",
        b"/000/%2e/websocket",
        b"/iframe-1.6.1.html",
        b"/info",
        b"c=%63allback",
        b"callback=_jp.abc&t=1",
        b"\x00[\"a\"]\xff\xff\x00",
        b"\x01\x03\x05\x03\x0d\x03\xfe\x09\x03",
        b"\x09\x03\x05\x05\x05\x05\x05\x03\xff\x03\x28\x07",
        b"\x11\x03\xc8\x07\x03\x06\xff",
        b"a[\"\\udc00\\ud800\"]",
    ];
    texts.into_iter().zip(0_u8..).map(|(text, how)| [&[how][..], text].concat()).collect()
}

fn captures(root: &Path, frames: &[Case]) -> Vec<Vec<u8>> {
    let folder = std::fs::read_dir(root.join("tests/captures")).expect("the captures are there");
    let mut paths: Vec<_> =
        folder.map(|entry| entry.expect("the folder can be read").path()).collect();
    paths.sort();
    let mut files: Vec<Vec<u8>> = paths
        .iter()
        .map(|path| std::fs::read(path).expect("a file that is there can be read"))
        .collect();
    for case in frames.iter().filter(|case| case.bytes.len() <= LONGEST_IN_FILE) {
        let hex = format::hex(&case.bytes);
        let (from, mark) = if case.client { ("client", '>') } else { ("server", '<') };
        files.push(pcapng(case));
        files.push(format!("# a vector\n{mark} {hex}\n").into_bytes());
        files.push(
            format!(
                "{{\"type\":\"frame\",\"t_ms\":1.5,\"from\":\"{from}\",\"raw_hex\":\"{hex}\"}}\\
                 n{{\"type\":\"end\",\"t_ms\":2}}\n"
            )
            .into_bytes(),
        );
    }
    let compressed =
        frames.iter().filter(|case| case.deflate && !case.client).map(|case| &case.bytes[..]);
    let [request, response] = HEADS.map(|head| format::hex(head.as_bytes()));
    for frames in compressed.chain(FOUND.iter().map(|bytes| &bytes[1..])) {
        files.push(format!("> {request}\n< {response}\n< {}\n", format::hex(frames)).into_bytes());
    }
    files.extend(encapsulated());
    files.extend(EXPORTS.iter().map(|text| text.as_bytes().to_vec()));
    files
}

/// Returns a pcap file for each encapsulation, files of IP fragments, and compressed files.
fn encapsulated() -> Vec<Vec<u8>> {
    let payload = b"\x81\x05Hello\x81\x02hi";
    let mut files: Vec<Vec<u8>> = encapsulations::all(payload)
        .into_iter()
        .map(|case| pcap(case.link, &[case.packet]))
        .collect();
    let segment = encapsulations::segment(payload);
    let (first, second) = segment.split_at(16);
    files.push(pcap(
        101,
        &[
            encapsulations::ipv4_fragment(6, 7, 0x2000, first),
            encapsulations::ipv4_fragment(6, 7, 2, second),
            encapsulations::ipv6_fragment(6, 7, 0x11, &[second, &[0; 3]].concat()),
            encapsulations::ipv6_fragment(6, 7, 1, first),
        ],
    ));
    let plain = files.last().expect("there is at least one").clone();
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(&plain).expect("a vector takes everything");
    files.push(encoder.finish().expect("a vector takes everything"));
    let fastest = ruzstd::encoding::CompressionLevel::Fastest;
    files.push(ruzstd::encoding::compress_to_vec(plain.as_slice(), fastest));
    files
}

/// Returns a pcap file.
fn pcap(link: u16, packets: &[Vec<u8>]) -> Vec<u8> {
    let mut file = Vec::new();
    for field in [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 0xffff, link.into()] {
        file.extend(field.to_le_bytes());
    }
    for packet in packets {
        let len = packet.len() as u32;
        for field in [1, 0, len, len] {
            file.extend(field.to_le_bytes());
        }
        file.extend(packet);
    }
    file
}

/// Small files of other tools.
const EXPORTS: &[&str] = &[
    "00000000: 8105 4865 6c6c 6f8a 0000 0000 0000 0000  ..Hello.........\n*\n00000030: 8900  ..\n",
    "00000000  81 05 48 65 6c 6c 6f                              |..Hello|\n00000007\n",
    "12:00 IP a > b\n\t0x0000:  8105 4865 6c6c 6f  ..Hello\n",
    "> <Buffer 81 80 00 00 00 00>\n< b'\\x81\\x05Hello'\n> [129, 128, 1, 2, 3, 4]\n< gQVIZWxsbw==\n",
    r#"{"log":{"creator":{"name":"a","version":"1"},"entries":[{"request":{"method":"GET","url":
       "ws://a/","headers":[]},"response":{"status":101,"headers":[]},"_webSocketMessages":[{"type":
       "send","time":1.5,"opcode":1,"data":"a"},{"type":"receive","time":1,"opcode":2,"data":"AAEC"}
       ]}]}}"#,
    r#"{"constants":{"logEventTypes":{"SOCKET_BYTES_SENT":1},"timeTickOffset":"1"},
"events": [
{"params":{"bytes":"U2VjLVdlYlNvY2tldC1LZXk6IGEKCg=="},"source":{"id":5},"time":"1","type":1}]}"#,
];

fn pcapng(case: &Case) -> Vec<u8> {
    let from = if case.client { Side::Client } else { Side::Server };
    let second = Duration::from_secs;
    let write = || {
        let mut writer = PcapngWriter::new(Vec::new(), None)?;
        let flow = writer.open(
            ([127, 0, 0, 1], 50_000).into(),
            ([127, 0, 0, 1], 9_001).into(),
            second(1),
        )?;
        for piece in case.bytes.chunks(100) {
            writer.write_data(flow, from, second(2), piece)?;
        }
        writer.close(flow, ConnectionEnd::Closed(from), second(3))?;
        std::io::Result::Ok(writer.into_inner())
    };
    write().expect("memory takes every byte")
}
