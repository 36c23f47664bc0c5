//! Reading and writing of captures, compared with tshark where possible: tshark reads the files
//! written here without a warning, and files written by Wireshark's tools are read here.

#[path = "vectors/handshake.rs"]
mod handshake;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use wiretalk::capture::{
    self, Capture, CaptureError, CaptureFormat, ConnectionEnd, PcapngWriter, ReadOptions,
    ReplayData, TextError, TlsStatus, TlsUnreadable, WriteOptions,
};
use wiretalk::net::AddressPair;
use wiretalk::wire::pasted::{PasteError, PasteProblem, Position};
use wiretalk::wire::{Offset, Opcode, Side, format};

use handshake::{REQUEST, RESPONSE};

const HELLO: &[u8] = &[0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
const CLOSE: &[u8] = &[0x88, 0x82, 1, 2, 3, 4, 0x03 ^ 1, 0xe8 ^ 2];

/// A temporary folder for one test, removed afterwards.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }
}

/// Runs one of Wireshark's tools and returns its output.
fn tool(name: &str, arguments: &[&str]) -> String {
    let output = Command::new(name).args(arguments).output();
    let output = output.unwrap_or_else(|error| {
        panic!("install tshark (Debian: apt-get install tshark): {name}: {error}")
    });
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name} {arguments:?}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn open(path: &Path) -> Capture {
    capture::open(path, &ReadOptions::default()).unwrap()
}

/// Returns an unmasked text frame of a server with this payload length.
fn from_server(len: usize) -> Vec<u8> {
    let mut frame = vec![0x81];
    match len {
        0..=125 => frame.push(len as u8),
        126..=0xffff => {
            frame.push(126);
            frame.extend_from_slice(&(len as u16).to_be_bytes());
        }
        _ => {
            frame.push(127);
            frame.extend_from_slice(&(len as u64).to_be_bytes());
        }
    }
    frame.resize(frame.len() + len, b'x');
    frame
}

/// Writes a connection with short and long frames between two addresses.
fn write(path: &Path, client: &str, server: &str) {
    write_long(path, client, server, 300_000);
}

fn write_long(path: &Path, client: &str, server: &str, longest: usize) {
    let (client, server): (SocketAddr, SocketAddr) =
        (client.parse().unwrap(), server.parse().unwrap());
    let mut writer = PcapngWriter::create(path, &WriteOptions::default()).unwrap();
    let at = |millis| Duration::from_secs(1_700_000_000) + Duration::from_millis(millis);
    let flow = writer.open(client, server, at(0)).unwrap();
    writer.write_data(flow, Side::Client, at(1), REQUEST).unwrap();
    writer.write_data(flow, Side::Server, at(2), RESPONSE).unwrap();
    writer.write_data(flow, Side::Client, at(3), HELLO).unwrap();
    for len in [5, 1000, 70_000, longest] {
        writer.write_data(flow, Side::Server, at(4 + len as u64), &from_server(len)).unwrap();
    }
    writer.write_data(flow, Side::Client, at(9_500_000), CLOSE).unwrap();
    writer.write_data(flow, Side::Server, at(9_500_001), &[0x88, 2, 3, 0xe8]).unwrap();
    writer.close(flow, ConnectionEnd::Closed(Side::Server), at(9_500_002)).unwrap();
}

/// Returns a line for each frame as this crate reads it: side, opcode, and the payload in hex (or
/// its length if it is long).
fn frames_of(capture: &Capture, stream: usize) -> Vec<String> {
    let stream = &capture.streams()[stream];
    let frames_of = stream.trace.rows().iter().map(|row| {
        let start = stream.trace.stream_offset(row.from(), row.offset());
        let raw = stream.store.read(row.from(), start..start + row.len()).unwrap().bytes;
        let frame = stream.trace.frame(row, raw);
        let payload = frame.payload();
        let shown =
            if payload.len() > 300 { payload.len().to_string() } else { format::hex(&payload) };
        format!("{} {} {shown}", row.from().name(), row.opcode().bits())
    });
    frames_of.collect()
}

#[test]
fn tshark_reads_written_captures_without_a_warning() {
    for (client, server) in
        [("192.0.2.1:50000", "192.0.2.2:9001"), ("[2001:db8::1]:50000", "[2001:db8::2]:9001")]
    {
        let folder = Folder::new();
        let file = folder.file("written.pcapng");
        // Longer than the window that the segments announce.
        write_long(&file, client, server, 9_000_000);
        let checked = ["-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE"];
        let output = tool(
            "tshark",
            &[&["-r", text(&file), "-q", "-z", "expert,warn"], &checked[..]].concat(),
        );
        assert!(!output.contains("Warn") && !output.contains("Error"), "{output}");
        let odd = "tcp.analysis.flags || _ws.malformed || tcp.checksum.status == 0 || \
                   ip.checksum.status == 0";
        assert_eq!(tool("tshark", &[&["-r", text(&file), "-Y", odd], &checked[..]].concat()), "");
        let fields = [
            "-T",
            "fields",
            "-e",
            "tcp.srcport",
            "-e",
            "websocket.opcode",
            "-e",
            "websocket.payload.text",
        ];
        let port = ["-d", "tcp.port==9001,http", "-Y", "websocket"];
        let frames = tool("tshark", &[&["-r", text(&file)], &port[..], &fields].concat());
        let lines: Vec<Vec<&str>> = frames.lines().map(|line| line.split('\t').collect()).collect();
        let seen: Vec<(&str, &str)> = lines.iter().map(|line| (line[0], line[1])).collect();
        let server = ("9001", "1");
        assert_eq!(
            seen,
            [("50000", "1"), server, server, server, server, ("50000", "8"), ("9001", "8")],
            "{frames}"
        );
        assert_eq!(lines[0][2], "Hello");
        assert_eq!(lines[2][2].len(), 1000);
        let comment = tool("capinfos", &["-k", text(&file)]);
        assert!(comment.contains("wiretalk"), "{comment}");
    }
}

#[test]
fn written_captures_are_read_back() {
    let folder = Folder::new();
    let file = folder.file("written.pcapng");
    write(&file, "192.0.2.1:50000", "[2001:db8::2]:9001");
    let capture = open(&file);
    assert_eq!((capture.format(), capture.warnings().len()), (CaptureFormat::Packets, 0));
    let stream = &capture.streams()[0];
    assert_eq!((stream.warnings.as_slice(), stream.gaps.len()), (&[][..], 0));
    assert_eq!(stream.addresses.unwrap().client.port(), 50000);
    assert_eq!(stream.started_at, Duration::from_secs(1_700_000_000));
    assert_eq!(stream.trace.rows()[0].completed_at(), Duration::from_millis(3));
    let frames = frames_of(&capture, 0);
    assert_eq!(frames[..2], ["client 1 48656c6c6f", "server 1 7878787878"]);
    assert_eq!(
        frames[2..],
        ["server 1 1000", "server 1 70000", "server 1 300000", "client 8 03e8", "server 8 03e8"]
    );
    assert_eq!(
        stream.store.read(Side::Client, Offset::START..Offset::new(3)).unwrap().bytes,
        b"GET"
    );
}

#[test]
fn an_existing_file_is_replaced_only_on_request() {
    let folder = Folder::new();
    let file = folder.file("there");
    std::fs::write(&file, "precious").unwrap();
    assert!(PcapngWriter::create(&file, &WriteOptions::default()).is_err());
    assert_eq!(std::fs::read(&file).unwrap(), b"precious");
    PcapngWriter::create(&file, &WriteOptions { replace: true, secrets: None }).unwrap();
    assert!(open(&file).streams().is_empty());
}

#[test]
fn files_of_wiresharks_tools_are_read() {
    let folder = Folder::new();
    let ours = folder.file("ours.pcapng");
    write(&ours, "192.0.2.1:50000", "192.0.2.2:9001");
    let expected = frames_of(&open(&ours), 0);
    let again = folder.file("tshark.pcapng");
    tool("tshark", &["-r", text(&ours), "-w", text(&again)]);
    assert_eq!(frames_of(&open(&again), 0), expected);
    for format in ["pcap", "nsecpcap", "pcapng"] {
        let file = folder.file(format);
        tool("editcap", &["-F", format, text(&ours), text(&file)]);
        assert_eq!(frames_of(&open(&file), 0), expected, "{format}");
    }
    let shuffled = folder.file("shuffled.pcapng");
    std::fs::write(&shuffled, disordered(&std::fs::read(&ours).unwrap())).unwrap();
    // Only bytes that both sides sent at the same time may change places.
    let by_side = |mut frames: Vec<String>| {
        frames.sort_by_key(|frame| frame.starts_with("server"));
        frames
    };
    assert_eq!(by_side(frames_of(&open(&shuffled), 0)), by_side(expected.clone()));
    let (second, merged) = (folder.file("second.pcapng"), folder.file("merged.pcapng"));
    write(&second, "192.0.2.7:50001", "192.0.2.2:9001");
    tool("mergecap", &["-w", text(&merged), text(&ours), text(&second)]);
    let merged = open(&merged);
    assert_eq!((frames_of(&merged, 0), frames_of(&merged, 1)), (expected.clone(), expected));
}

/// Returns the same file with every third packet repeated and pairs of packets exchanged, after the
/// TCP handshake.
fn disordered(file: &[u8]) -> Vec<u8> {
    let (mut blocks, mut rest) = (Vec::new(), file);
    while let Some(len) = rest.get(4..8) {
        let len = u32::from_le_bytes(len.try_into().unwrap()) as usize;
        blocks.push(&rest[..len]);
        rest = &rest[len..];
    }
    let (begin, packets) = blocks.split_at(7);
    let mut out = begin.concat();
    for (index, pair) in packets.chunks(2).enumerate() {
        pair.iter().rev().for_each(|block| out.extend_from_slice(block));
        if index % 3 == 0 {
            out.extend_from_slice(pair[0]);
        }
    }
    out
}

#[test]
fn packets_of_other_link_types_that_text2pcap_writes() {
    let folder = Folder::new();
    let dump = folder.file("dump.txt");
    let mut packet = String::from("000000");
    for byte in HELLO {
        packet += &format!(" {byte:02x}");
    }
    std::fs::write(&dump, packet + "\n").unwrap();
    for (name, headers) in [("v4", ["-4", "10.0.0.1,10.0.0.2"]), ("v6", ["-6", "fe80::1,fe80::2"])]
    {
        let file = folder.file(name);
        let all = ["-q", "-T", "50000,9001", headers[0], headers[1], text(&dump), text(&file)];
        tool("text2pcap", &all);
        let capture = open(&file);
        assert_eq!(frames_of(&capture, 0), ["client 1 48656c6c6f"], "{name}");
        assert_eq!(capture.streams()[0].start, capture::StreamStart::Midway);
    }
}

#[test]
fn tls_of_both_versions_and_all_suites_is_decrypted() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/captures");
    let binary: Vec<u8> = (0..200).collect();
    let talk = [
        "client 1 48656c6c6f".to_owned(),
        "server 1 6772c3bcc39f65".to_owned(),
        format!("client 2 {}", format::hex(&binary)),
        "server 9 70696e67".to_owned(),
        "client 8 03e8".to_owned(),
        "server 8 03e8".to_owned(),
    ];
    for (name, version, suite) in [
        ("tls13-aes128.pcapng", "TLS 1.3", "TLS_AES_128_GCM_SHA256"),
        ("tls13-aes256.pcapng", "TLS 1.3", "TLS_AES_256_GCM_SHA384"),
        ("tls13-chacha20.pcapng", "TLS 1.3", "TLS_CHACHA20_POLY1305_SHA256"),
        ("tls12-aes128.pcapng", "TLS 1.2", "ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"),
        ("tls12-aes256.pcapng", "TLS 1.2", "ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"),
        ("tls12-chacha20.pcap", "TLS 1.2", "ECDHE_ECDSA_WITH_CHACHA20_POLY1305"),
        ("tls12-rsa-gcm.pcapng", "TLS 1.2", "RSA_WITH_AES_128_GCM_SHA256"),
        ("tls12-rsa-cbc.pcapng", "TLS 1.2", "RSA_WITH_AES_256_CBC_SHA256"),
        ("tls12-dhe-cbc.pcapng", "TLS 1.2", "DHE_RSA_WITH_AES_128_CBC_SHA"),
        ("tls12-cbc-encrypt-then-mac.pcapng", "TLS 1.2", "ECDHE_ECDSA_WITH_AES_256_CBC_SHA384"),
    ] {
        let keylog = (name == "tls12-chacha20.pcap").then(|| folder.join("tls12-chacha20.keys"));
        let capture =
            capture::open(&folder.join(name), &ReadOptions { keylog, ..ReadOptions::default() })
                .unwrap();
        let stream = &capture.streams()[0];
        assert_eq!(stream.tls, TlsStatus::Decrypted { version, suite }, "{name}");
        assert_eq!(frames_of(&capture, 0), talk, "{name}");
        assert_eq!(
            (stream.warnings.len(), stream.trace.faults(Side::Client).len()),
            (0, 0),
            "{name}"
        );
    }
    let capture = open(&folder.join("tls12-chacha20.pcap"));
    assert_eq!(capture.streams()[0].tls, TlsStatus::Encrypted(TlsUnreadable::NoSecrets));
    let keys = std::fs::read_to_string(folder.join("tls12-chacha20.keys")).unwrap();
    let copy = Folder::new();
    for (text, expected) in [
        (keys.replace("CLIENT_RANDOM 7972", "CLIENT_RANDOM 0000"), TlsUnreadable::OtherSecrets(1)),
        (
            keys.replace("CLIENT_RANDOM", "SERVER_TRAFFIC_SECRET_0"),
            TlsUnreadable::IncompleteSecrets("CLIENT_RANDOM"),
        ),
    ] {
        std::fs::write(copy.file("keys"), text).unwrap();
        let options = ReadOptions { keylog: Some(copy.file("keys")), ..ReadOptions::default() };
        let capture = capture::open(&folder.join("tls12-chacha20.pcap"), &options).unwrap();
        assert_eq!(capture.streams()[0].tls, TlsStatus::Encrypted(expected));
    }
}

#[test]
fn a_lost_packet_costs_its_tls_record_and_no_other() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/captures");
    let capture = open(&folder.join("tls13-gap.pcapng"));
    let ticks = [0, 1, 3, 4, 5]
        .map(|n| format!("server 1 {}", format::hex(format!("tick {n}").as_bytes())));
    assert_eq!(frames_of(&capture, 0), ticks);
    let stream = &capture.streams()[0];
    // The lost frame has a header of two bytes and a payload of six.
    let gaps: Vec<_> = stream.gaps.iter().map(|gap| (gap.from, gap.missing.get())).collect();
    assert_eq!(gaps, [(Side::Server, 8)]);
    assert!(stream.warnings.is_empty(), "the gap itself says it: {:?}", stream.warnings);
}

/// Returns a line for each WebSocket over HTTP/2: the path, the status, and how it ended.
fn http2_websockets(capture: &Capture) -> Vec<String> {
    let shown = capture.streams().iter().filter_map(|stream| {
        let Some(capture::Http2Role::WebSocket(websocket)) = &stream.http2 else { return None };
        let path = websocket.request.as_ref().and_then(|head| head.value(":path"));
        let status = websocket.response.as_ref().and_then(capture::Http2Head::status);
        let ending = stream.ending.map(|ending| ending.action());
        let protocol =
            websocket.response.as_ref().and_then(|head| head.validation.subprotocol.clone());
        Some(format!(
            "{} {} {} {} {}",
            websocket.stream_id,
            path.unwrap_or_default(),
            status.unwrap_or_default(),
            protocol.unwrap_or_default(),
            ending.unwrap_or_default()
        ))
    });
    shown.collect()
}

/// Returns the DATA payloads of each stream and direction of HTTP/2, as tshark reads them.
fn data_of_tshark(file: &Path, client_port: &str, stream: u32) -> [String; 2] {
    let fields = ["tcp.srcport", "http2.streamid", "http2.data.data"];
    let all = ["-r", text(file), "-Y", "http2.data.data", "-T", "fields"];
    let all: Vec<&str> =
        all.into_iter().chain(fields.iter().flat_map(|field| ["-e", field])).collect();
    let mut data = [String::new(), String::new()];
    for line in tool("tshark", &all).lines() {
        let [port, streams, payload] = line.split('\t').collect::<Vec<_>>()[..] else { continue };
        if streams.split(',').any(|one| one == stream.to_string()) && payload != "<MISSING>" {
            data[usize::from(port != client_port)] += &payload.replace(',', "");
        }
    }
    data
}

#[test]
fn rfc_8441_websockets_over_http2_are_streams_of_their_own_and_tshark_has_the_same_data() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/captures");
    let binary: Vec<u8> = (0..200).collect();
    for (name, exchanges) in [
        ("http2-plain.pcap", 1),
        ("http2-tls.pcapng", 1),
        ("proxy2-http2.pcapng", 1),
        // The CONNECT that was answered 407, and the one that was answered 200.
        ("connect-tls-http2.pcapng", 3),
    ] {
        let capture = open(&folder.join(name));
        let [connection, chat, private, feed] = capture.streams() else { panic!("{name}") };
        assert!(matches!(connection.http2, Some(capture::Http2Role::Connection)), "{name}");
        assert!(connection.trace.rows().is_empty(), "{name}");
        let all = connection.trace.exchanges().all();
        assert_eq!(all.len(), exchanges, "{name}: {all:?}");
        let (_, last) = all.last().unwrap();
        let request = last.request.as_ref().unwrap();
        assert_eq!((request.target.as_str(), last.status), ("/index.html", Some(200)), "{name}");
        assert_eq!(
            http2_websockets(&capture),
            [
                "3 /chat 200 chat ended the stream (END_STREAM)",
                "5 /private 403  ended the stream (END_STREAM)",
                "7 /feed 200 superchat reset the stream (RST_STREAM, CANCEL)",
            ],
            "{name}"
        );
        let deflated = |row: usize| {
            let row = &chat.trace.rows()[row];
            String::from_utf8_lossy(chat.trace.inflated_preview(row).unwrap()).into_owned()
        };
        assert_eq!((deflated(0), deflated(1)), ("Hello".to_owned(), "grüße".to_owned()), "{name}");
        let frames = frames_of(&capture, 1);
        assert_eq!(frames[2], format!("client 2 {}", format::hex(&binary)), "{name}");
        assert_eq!(
            frames[3..],
            ["server 9 70696e67", "client 10 70696e67", "client 8 03e8", "server 8 03e8"],
            "{name}"
        );
        assert_eq!(frames_of(&capture, 3), ["server 1 7469636b2030", "server 1 7469636b2031"]);
        assert!(private.trace.rows().is_empty(), "{name}");
        for stream in [chat, private, feed] {
            let faults = [Side::Client, Side::Server].map(|from| stream.trace.faults(from).len());
            assert_eq!(faults, [0, 0], "{name}");
        }
        if name.starts_with("proxy2") {
            let [note] = &chat.warnings[..] else { panic!("{:?}", chat.warnings) };
            assert!(note.ends_with("version 2: 203.0.113.7:56324 → 198.51.100.2:443"), "{note}");
        }
        for (stream, id) in [(chat, 3), (private, 5), (feed, 7)] {
            let ours = [Side::Client, Side::Server].map(|from| {
                let all = Offset::START..Offset::MAX;
                format::hex(&stream.store.read(from, all).unwrap().bytes)
            });
            assert_eq!(ours, data_of_tshark(&folder.join(name), "50000", id), "{name}, {id}");
        }
    }
}

#[test]
fn an_upgrade_to_http2_is_answered_on_stream_1() {
    let folder = Folder::new();
    let file = folder.file("h2c.pcapng");
    let mut writer = PcapngWriter::create(&file, &WriteOptions::default()).unwrap();
    let at = Duration::from_secs(1_700_000_000);
    let flow = writer.open("192.0.2.1:5000".parse().unwrap(), "192.0.2.2:80".parse().unwrap(), at);
    let flow = flow.unwrap();
    let request: &[u8] =
        b"GET /page HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\n\
        Upgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n";
    let switching: &[u8] =
        b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n";
    let settings: &[u8] = b"\0\0\0\x04\0\0\0\0\0";
    let preface = [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", settings].concat();
    // A response with the fields `:status: 200`, and without a body.
    let response: &[u8] = b"\0\0\x01\x01\x05\0\0\0\x01\x88";
    for (from, bytes) in [
        (Side::Client, request),
        (Side::Server, switching),
        (Side::Server, settings),
        (Side::Client, &preface),
        (Side::Server, response),
    ] {
        writer.write_data(flow, from, at, bytes).unwrap();
    }
    drop(writer);
    let capture = open(&file);
    let all = capture.streams()[0].trace.exchanges().all().iter();
    let all: Vec<_> = all
        .map(|(_, exchange)| {
            let target = exchange.request.as_ref().map(|request| request.target.as_str());
            (target, exchange.status, exchange.is_complete)
        })
        .collect();
    assert_eq!(all, [(Some("/page"), Some(101), true), (Some("/page"), Some(200), true)]);
}

#[test]
fn an_http2_connection_that_is_written_again_holds_its_websockets() {
    let folder = Folder::new();
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/captures");
    for name in ["http2-plain.pcap", "http2-tls.pcapng"] {
        let capture = open(&fixtures.join(name));
        let again = folder.file(name);
        let mut writer = PcapngWriter::create(&again, &WriteOptions::default()).unwrap();
        capture.write(&mut writer, None).unwrap();
        drop(writer);
        let read = open(&again);
        assert_eq!(read.streams().len(), 4, "{name}");
        for stream in 1..4 {
            assert_eq!(frames_of(&read, stream), frames_of(&capture, stream), "{name}");
        }
        assert_eq!(http2_websockets(&read), http2_websockets(&capture));
    }
}

#[test]
fn a_lost_packet_of_http2_costs_its_frames_and_the_fields_that_refer_to_it() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/captures");
    let capture = open(&folder.join("http2-gap.pcap"));
    let ticks = [0, 1, 3, 4, 5]
        .map(|n| format!("server 1 {}", format::hex(format!("tick {n}").as_bytes())));
    let closes = ["client 8 03e8".to_owned(), "server 8 03e8".to_owned()];
    assert_eq!(frames_of(&capture, 1), [&ticks[..], &closes].concat());
    assert_eq!(frames_of(&capture, 2), ["server 1 7365636f6e64"]);
    for stream in &capture.streams()[1..] {
        let faults = [Side::Client, Side::Server].map(|from| stream.trace.faults(from).len());
        assert_eq!(faults, [0, 0]);
        assert!(
            stream.warnings[0].starts_with("17 bytes of the server are missing in the capture; "),
            "{:?}",
            stream.warnings
        );
    }
    let last = capture.streams()[2].warnings.last().unwrap();
    assert!(last.ends_with("is not in the capture, or cannot be decoded"), "{last}");
}

/// Returns the frames of all WebSockets of an HTTP/2 connection, each with the faults of its stream.
fn frames_and_faults(capture: &Capture) -> (Vec<String>, usize) {
    let websockets = (0..capture.streams().len()).filter(|at| {
        matches!(capture.streams()[*at].http2, Some(capture::Http2Role::WebSocket(_)))
    });
    let (mut frames, mut faults) = (Vec::new(), 0);
    for at in websockets {
        frames.extend(frames_of(capture, at));
        let trace = &capture.streams()[at].trace;
        faults +=
            [Side::Client, Side::Server].map(|from| trace.faults(from).len()).iter().sum::<usize>();
    }
    (frames, faults)
}

#[test]
fn http2_without_any_one_of_its_packets_shows_a_part_of_what_was_sent_and_blames_nobody() {
    let folder = Folder::new();
    let file = std::fs::read(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/captures/http2-plain.pcap"),
    )
    .unwrap();
    let (header, mut rest) = file.split_at(24);
    let mut packets = Vec::new();
    while let Some(len) = rest.get(8..12) {
        let len = 16 + u32::from_le_bytes(len.try_into().unwrap()) as usize;
        packets.push(&rest[..len]);
        rest = &rest[len..];
    }
    let path = folder.file("lossy.pcap");
    let read = |packets: &[&[u8]]| {
        std::fs::write(&path, [header, &packets.concat()].concat()).unwrap();
        frames_and_faults(&open(&path))
    };
    let (all, faults) = read(&packets);
    assert_eq!((all.len(), faults), (9, 0));
    // One packet is missing, or all before or after it.
    for lost in 0..packets.len() {
        for part in [[&packets[..lost], &packets[lost + 1..]].concat(), packets[..lost].to_vec()] {
            let (frames, faults) = read(&part);
            assert_eq!(faults, 0, "without packet {lost}: {frames:?}");
            for frame in frames {
                assert!(all.contains(&frame), "without packet {lost}: {frame}");
            }
        }
    }
}

#[test]
fn http2_is_the_same_in_pieces_of_any_size() {
    let folder = Folder::new();
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/captures/http2-plain.pcap");
    let capture = open(&fixture);
    for size in [1, 2, 5, 9, 30] {
        let path = folder.file("pieces.pcapng");
        let options = WriteOptions { replace: true, ..WriteOptions::default() };
        let mut writer = PcapngWriter::create(&path, &options).unwrap();
        let (client, server) =
            ("192.0.2.1:50000".parse().unwrap(), "192.0.2.2:80".parse().unwrap());
        let flow = writer.open(client, server, Duration::from_secs(1)).unwrap();
        capture
            .replay(|event| {
                if let (0, ReplayData::Bytes(bytes)) = (event.stream, event.data) {
                    for piece in bytes.chunks(size) {
                        writer.write_data(flow, event.from, Duration::from_secs(2), piece)?;
                    }
                }
                std::io::Result::Ok(())
            })
            .unwrap();
        drop(writer);
        assert_eq!(frames_and_faults(&open(&path)), frames_and_faults(&capture), "{size}");
    }
}

#[test]
fn a_recording_of_websockets_over_http2_is_read_with_their_handshakes() {
    let folder = Folder::new();
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/captures/http2-plain.pcap");
    let output = Command::new(env!("CARGO_BIN_EXE_wiretalk"))
        .args(["inspect", "--json", text(&fixture)])
        .output()
        .unwrap();
    let file = folder.file("recording.jsonl");
    std::fs::write(&file, output.stdout).unwrap();
    let (read, original) = (open(&file), open(&fixture));
    assert_eq!(frames_and_faults(&read), frames_and_faults(&original));
    assert_eq!(http2_websockets(&read), http2_websockets(&original));
    let chat = &read.streams()[0].trace;
    assert_eq!(chat.inflated_preview(&chat.rows()[0]), Some(&b"Hello"[..]));
}

#[test]
fn tls_within_a_socks5_tunnel_is_decrypted() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/captures");
    let capture = open(&folder.join("socks5-tls.pcapng"));
    let hello = ["client 1 48656c6c6f", "server 1 576f726c64", "client 8 03e8", "server 8 03e8"];
    assert_eq!(frames_of(&capture, 0), hello);
    let [note] = &capture.streams()[0].warnings[..] else { panic!() };
    assert!(note.ends_with("the server opened a tunnel to example.test:443"), "{note}");
}

#[test]
fn an_alert_that_ends_the_tls_handshake_is_named_with_its_sender() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/captures");
    let capture = open(&folder.join("tls12-unknown-ca.pcapng"));
    let TlsStatus::Encrypted(TlsUnreadable::Refused(alert)) = &capture.streams()[0].tls else {
        panic!("{:?}", capture.streams()[0].tls)
    };
    assert_eq!((alert.from, alert.name()), (Side::Client, "unknown_ca"));
}

#[test]
fn secrets_after_the_packets_are_found() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/captures");
    let folder = Folder::new();
    let (plain, secrets) = (folder.file("plain.pcapng"), folder.file("late.pcapng"));
    tool("editcap", &["-F", "pcapng", text(&fixtures.join("tls12-chacha20.pcap")), text(&plain)]);
    let keys = std::fs::read_to_string(fixtures.join("tls12-chacha20.keys")).unwrap();
    let behind = PcapngWriter::new(Vec::new(), Some(&keys)).unwrap().into_inner();
    std::fs::write(&secrets, [std::fs::read(&plain).unwrap(), behind].concat()).unwrap();
    assert_eq!(frames_of(&open(&secrets), 0).len(), 6);
}

#[test]
fn hex_text_and_recordings_are_read_by_the_same_function() {
    let folder = Folder::new();
    let file = folder.file("hex");
    std::fs::write(&file, "# a frame\n0x81, 85 37 fa 21 3d\n7f9f4d5158 # Hello\n").unwrap();
    let capture = open(&file);
    assert_eq!(
        (capture.format(), frames_of(&capture, 0)),
        (CaptureFormat::Text, vec!["client 1 48656c6c6f".to_owned()])
    );
    let whole = format!(
        "> {}\n< {}\n> {}\n< 8102 6869\n",
        format::hex(REQUEST),
        format::hex(RESPONSE),
        format::hex(HELLO)
    );
    std::fs::write(&file, whole).unwrap();
    assert_eq!(frames_of(&open(&file), 0), ["client 1 48656c6c6f", "server 1 6869"]);
    std::fs::write(&file, "81 0g").unwrap();
    let error = capture::open(&file, &ReadOptions::default()).unwrap_err();
    assert!(
        error.to_string().contains("line 1, column 5: 'g' isn't a hex digit; expected"),
        "{error}"
    );
    let CaptureError::Text {
        reason:
            TextError::Bytes(PasteError {
                at: Position { line: 1, column: 5 },
                problem: PasteProblem::HexDigit('g'),
            }),
        ..
    } = error
    else {
        panic!("{error:?}")
    };
    let record =
        |kind: &str, fields: &str| format!("{{\"type\":\"{kind}\",\"t_ms\":1.5,{fields}}}\n");
    let recording = record("frame", "\"from\":\"client\",\"raw_hex\":\"818537fa213d7f9f4d5158\"")
        + &record("frame", "\"from\":\"server\",\"raw_hex\":\"8900\"")
        + &record("end", "\"ok\":true");
    std::fs::write(&file, &recording).unwrap();
    let capture = open(&file);
    assert_eq!((capture.format(), frames_of(&capture, 0).len()), (CaptureFormat::Recording, 2));
    assert_eq!(capture.streams()[0].trace.rows()[0].completed_at(), Duration::from_micros(1500));
    std::fs::write(&file, &recording[..recording.len() - 20]).unwrap();
    let cut = open(&file);
    assert!(cut.warnings()[0].starts_with("line 3 is left out"), "{:?}", cut.warnings());
    assert!(
        cut.streams()[0].warnings[0].contains("it was cut off"),
        "{:?}",
        cut.streams()[0].warnings
    );
}

#[test]
fn a_recording_keeps_several_connections_apart() {
    let folder = Folder::new();
    let file = folder.file("recording");
    let record = |kind: &str, connection: &str, fields: &str| {
        format!(
            "{{\"type\":\"{kind}\",\"connection\":{connection},\"t_ms\":1.5,\"from\":\"server\",\
             {fields}}}\n"
        )
    };
    let recording = record("frame", "1", "\"raw_hex\":\"8101\"")
        + &record("frame", "2", "\"raw_hex\":\"820162\"")
        + &record(
            "handshake",
            "3",
            "\"head\":\"?\",\"head_hex\":\"485454502f312e3120323030200dff0a0d0a\"",
        )
        + &record("bytes", "3", "\"hex\":\"626f6479\"")
        + &record("frame", "1", "\"raw_hex\":\"61\"")
        + &record("frame", "2", "\"raw_hex\":\"827f\",\"truncated\":true")
        + &record("end", "null", "\"ok\":true");
    std::fs::write(&file, recording).unwrap();
    let capture = open(&file);
    assert_eq!(
        (frames_of(&capture, 0), frames_of(&capture, 1)),
        (vec!["server 1 61".to_owned()], vec!["server 2 62".to_owned()])
    );
    // The head and the body of a response.
    assert_eq!(capture.streams()[2].trace.frames_start(Side::Server).get(), 22);
    assert!(capture.streams()[1].warnings[0].contains("the frame's end was not recorded"));
    assert!(capture.streams()[0].warnings.is_empty(), "{:?}", capture.streams()[0].warnings);
}

/// Returns the bytes of both directions of a replay, and its gaps.
fn replayed(capture: &Capture) -> (Vec<Vec<u8>>, Vec<(u64, u64)>) {
    let (mut bytes, mut missing) = (vec![Vec::new(); capture.streams().len() * 2], Vec::new());
    let mut last = Duration::ZERO;
    let frames_of = capture.replay(|replayed| {
        let at = capture.streams()[replayed.stream].started_at + replayed.at;
        assert!(at >= last, "time goes forward");
        last = at;
        match replayed.data {
            ReplayData::Bytes(output) | ReplayData::Unframed(output) => {
                bytes[replayed.stream * 2 + usize::from(replayed.from == Side::Server)]
                    .extend(output);
            }
            ReplayData::Missing { bytes, within_frame } => {
                missing.push((bytes.get(), within_frame.get()));
            }
            _ => {}
        }
        std::io::Result::Ok(())
    });
    frames_of.unwrap();
    (bytes, missing)
}

#[test]
fn a_capture_that_is_replayed_and_written_again_stays_the_same() {
    let folder = Folder::new();
    let (file, again) = (folder.file("file.pcapng"), folder.file("again.pcapng"));
    write(&file, "192.0.2.1:50000", "192.0.2.2:9001");
    let lossy = folder.file("lossy.pcapng");
    tool("editcap", &[text(&file), text(&lossy), "100"]);
    for (file, gaps) in [(&file, &[][..]), (&lossy, &[(1460, 1460)])] {
        let capture = open(file);
        let (bytes, missing) = replayed(&capture);
        assert_eq!(missing, gaps);
        let lost: u64 = missing.iter().map(|(missing, _)| missing).sum();
        assert_eq!(capture.streams()[0].store.len(Side::Server), bytes[1].len() as u64 + lost);
        let mut writer =
            PcapngWriter::create(&again, &WriteOptions { replace: true, secrets: None }).unwrap();
        capture.write(&mut writer, None).unwrap();
        let copy = open(&again);
        assert_eq!(
            (replayed(&copy), frames_of(&copy, 0)),
            ((bytes, missing), frames_of(&capture, 0))
        );
        assert_eq!(copy.streams()[0].addresses, capture.streams()[0].addresses);
    }
}

#[test]
fn decrypted_tls_is_written_as_plaintext_that_tshark_decodes() {
    let folder = Folder::new();
    let again = folder.file("again.pcapng");
    let capture =
        open(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/captures/tls13-aes128.pcapng"));
    let mut writer = PcapngWriter::create(&again, &WriteOptions::default()).unwrap();
    capture.write(&mut writer, None).unwrap();
    assert_eq!(frames_of(&open(&again), 0), frames_of(&capture, 0));
    let mut far =
        PcapngWriter::create(&folder.file("far.pcapng"), &WriteOptions::default()).unwrap();
    let address = |text: &str| text.parse().unwrap();
    let peers =
        AddressPair { client: address("192.0.2.1:50000"), server: address("192.0.2.2:443") };
    let flow = far.open_plain(peers, Duration::from_secs(1)).unwrap();
    far.write_data(flow, Side::Client, Duration::from_secs(2), REQUEST).unwrap();
    far.write_data(flow, Side::Server, Duration::from_secs(3), RESPONSE).unwrap();
    far.write_data(flow, Side::Client, Duration::from_secs(4), HELLO).unwrap();
    for (file, frames) in [(&again, 5), (&folder.file("far.pcapng"), 1)] {
        let seen = tool(
            "tshark",
            &["-r", text(file), "-Y", "websocket", "-T", "fields", "-e", "websocket.opcode"],
        );
        let count: usize = seen.lines().map(|line| line.split(',').count()).sum();
        assert!(count >= frames, "{seen}");
    }
}

#[test]
fn an_unknown_format_is_refused_with_the_accepted_ones() {
    let folder = Folder::new();
    let file = folder.file("file");
    for (bytes, frames_of) in [
        (&b""[..], "is empty"),
        (b"\x1f\x8b\x08\x00", "the gzip data is cut off: only the first 0 B were read"),
        (b"\x04\x22\x4d\x18", "is compressed with LZ4: decompress it first (`lz4 -d`)"),
        (b"\xfd7zXZ\x00", "is compressed with xz: decompress it first (`xz -d`)"),
        (b"\x7fELF", "begins with 7f 45 4c 46"),
        (b"{\"a\":1}", "line 1"),
        (b"\xd4\xc3\xb2\xa1", "is shorter than"),
    ] {
        std::fs::write(&file, bytes).unwrap();
        let error = capture::open(&file, &ReadOptions::default()).unwrap_err().to_string();
        assert!(error.contains(frames_of), "{error}");
    }
    assert!(capture::open(folder.0.path(), &ReadOptions::default()).is_err());
}

#[test]
fn a_truncated_file_is_read_up_to_its_end_which_is_reported() {
    let folder = Folder::new();
    let (file, short) = (folder.file("whole.pcapng"), folder.file("short.pcapng"));
    write(&file, "192.0.2.1:50000", "192.0.2.2:9001");
    let whole = std::fs::read(&file).unwrap();
    std::fs::write(&short, &whole[..3000]).unwrap();
    let capture = open(&short);
    assert_eq!(capture.streams()[0].trace.rows()[0].opcode(), Opcode::Text);
    assert!(
        capture.warnings()[0].starts_with("the file ends inside the block at byte "),
        "{:?}",
        capture.warnings()
    );
}

#[test]
fn a_missing_segment_is_reported_and_later_frames_are_read() {
    let folder = Folder::new();
    let file = folder.file("gap.pcapng");
    write(&file, "192.0.2.1:50000", "192.0.2.2:9001");
    // One segment from the middle of the long frame is left out.
    let (whole, lossy) = (frames_of(&open(&file), 0), folder.file("lossy.pcapng"));
    tool("editcap", &[text(&file), text(&lossy), "100"]);
    let capture = open(&lossy);
    let stream = &capture.streams()[0];
    assert_eq!(stream.gaps.len(), 1, "{:?}", stream.warnings);
    assert_eq!((stream.gaps[0].missing.get(), stream.gaps[0].filled.get()), (1460, 1460));
    assert!(stream.warnings.is_empty(), "the gap itself says it: {:?}", stream.warnings);
    assert_eq!(frames_of(&capture, 0), whole);
}

/// Writes a capture of one connection, in which the sides send these bytes one after the other.
fn write_talk(path: &Path, talk: &[(Side, &[u8])]) {
    let peers = AddressPair {
        client: SocketAddr::from(([192, 0, 2, 10], 50_000)),
        server: SocketAddr::from(([192, 0, 2, 20], 9_001)),
    };
    let options = WriteOptions { replace: true, secrets: None };
    let mut writer = PcapngWriter::create(path, &options).unwrap();
    let flow = writer.open_plain(peers, Duration::from_secs(1)).unwrap();
    for (number, (from, bytes)) in (2..).zip(talk) {
        writer.write_data(flow, *from, Duration::from_secs(number), bytes).unwrap();
    }
}

#[test]
fn what_a_socks_proxy_refuses_is_listed_with_its_reason_and_copied() {
    let folder = Folder::new();
    let (file, copy) = (folder.file("socks.pcapng"), folder.file("copy.pcapng"));
    for (client, server, reason) in [
        (
            &b"\x05\x01\0\x05\x01\0\x03\x0cexample.test\x23\x29"[..],
            &b"\x05\0\x05\x05\0\x01\0\0\0\0\0\0"[..],
            "SOCKS5: the proxy refused a tunnel to example.test:9001: connection refused (5)",
        ),
        (b"\x05\x01\x02\x01\x01u\x01p", b"\x05\x02\x01\x01", "user name or the password"),
        (b"\x05\x02\0\x02", b"\x05\xff", "(no authentication, user name and password)"),
        (
            b"\x04\x01\x23\x29\xc0\0\x02\x14me\0",
            b"\0\x5b\0\0\0\0\0\0",
            "the proxy refused a tunnel to 192.0.2.20:9001: request rejected or failed (91)",
        ),
    ] {
        write_talk(&file, &[(Side::Client, client), (Side::Server, server)]);
        let capture = open(&file);
        let refusal = capture.streams()[0].refusal.clone().unwrap();
        assert!(refusal.contains(reason), "{refusal}");
        let options = WriteOptions { replace: true, secrets: None };
        capture.write(&mut PcapngWriter::create(&copy, &options).unwrap(), None).unwrap();
        assert_eq!(open(&copy).streams()[0].refusal, Some(refusal));
    }
}

#[test]
fn a_tunnel_of_socks4a_and_a_malformed_proxy_line_are_passed_over() {
    let folder = Folder::new();
    let file = folder.file("proxy.pcapng");
    let socks: [(Side, &[u8]); 2] = [
        (Side::Client, b"\x04\x01\x23\x29\0\0\0\x01me\0example.test\0"),
        (Side::Server, b"\0\x5a\0\0\0\0\0\0"),
    ];
    let line: [(Side, &[u8]); 1] = [(Side::Client, b"PROXY TCP4 198.51.100.7\r\n")];
    let talk: [(Side, &[u8]); 3] =
        [(Side::Client, REQUEST), (Side::Server, RESPONSE), (Side::Server, b"\x81\x05World")];
    for (before, note) in [
        (
            &socks[..],
            "passed over a SOCKS4 negotiation: the server opened a tunnel to example.test:9001",
        ),
        (
            &line[..],
            "passed over a malformed header of the PROXY protocol, version 1: the destination \
             address is missing",
        ),
    ] {
        write_talk(&file, &[before, &talk[..]].concat());
        let capture = open(&file);
        let stream = &capture.streams()[0];
        assert_eq!(stream.warnings, [note]);
        let head = stream.trace.head(Side::Client).unwrap();
        assert_eq!((&head.validation.problems[..], &stream.refusal), (&[][..], &None));
        assert_eq!(frames_of(&capture, 0), ["server 1 576f726c64"]);
    }
}

#[test]
fn an_answer_that_is_no_http_is_known() {
    let folder = Folder::new();
    let file = folder.file("answer.pcapng");
    let answer = |bytes: &[u8]| {
        write_talk(&file, &[(Side::Client, REQUEST), (Side::Server, bytes)]);
        open(&file).streams()[0].trace.non_http_answer().map(<[u8]>::to_vec)
    };
    for bytes in [&b"SSH-2.0-OpenSSH_9.6\r\n"[..], b"<html>\r\n\r\n<p>502", b"denied"] {
        assert!(answer(bytes).is_some_and(|answer| bytes.starts_with(&answer)), "{bytes:?}");
    }
    for bytes in [&b"HTTP/1.1 404 Not Found\r\n\r\n"[..], b"HTT", RESPONSE, b"http/1.1 400 x"] {
        assert_eq!(answer(bytes), None, "{bytes:?}");
    }
}

#[test]
fn a_key_log_with_mistakes_gives_what_is_right_in_it() {
    let folder = Folder::new();
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/captures");
    let keys = std::fs::read_to_string(fixtures.join("tls12-chacha20.keys")).unwrap();
    let log = folder.file("keys");
    let opened = |text: &[u8]| {
        std::fs::write(&log, text).unwrap();
        let options = ReadOptions { keylog: Some(log.clone()), ..ReadOptions::default() };
        capture::open(&fixtures.join("tls12-chacha20.pcap"), &options)
    };
    let mixed =
        opened(format!("CLIENT_RANDOM 00\n{keys}\nCLIENT_RANDOM zz 00").as_bytes()).unwrap();
    assert!(matches!(mixed.streams()[0].tls, TlsStatus::Decrypted { .. }));
    let [first, second] = mixed.warnings() else { panic!("{:?}", mixed.warnings()) };
    assert!(first.contains("line 1 is cut off") && second.contains("isn't 32 bytes in hex"));
    // The first byte of the secret is changed.
    let line = keys.lines().find(|line| line.starts_with("CLIENT_RANDOM")).unwrap();
    let secret = line.split_whitespace().nth(2).unwrap();
    let digit = if secret.starts_with('0') { "1" } else { "0" };
    let wrong = keys.replacen(secret, &format!("{digit}{}", &secret[1..]), 1);
    let wrong = opened(wrong.as_bytes()).unwrap();
    assert_eq!(wrong.streams()[0].tls, TlsStatus::Encrypted(TlsUnreadable::WrongSecrets));
    let empty = opened(b"# nothing yet\r\n").unwrap();
    assert_eq!(empty.streams()[0].tls, TlsStatus::Encrypted(TlsUnreadable::NoSecrets));
    assert!(empty.warnings()[0].ends_with("holds no secrets"), "{:?}", empty.warnings());
    let error = opened(b"-----BEGIN PRIVATE KEY-----").unwrap_err();
    assert!(matches!(error, CaptureError::Text { .. }), "{error}");
}
