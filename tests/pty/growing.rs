//! `wiretalk inspect -` while the capture on its standard input still grows.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;
use std::time::Instant;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::DEADLINE;
use crate::terminal::{CTRL_C, Terminal};

const FIN: u8 = 1;
const SYN: u8 = 2;
const RST: u8 = 4;
const ACK: u8 = 16;

const REQUEST: &[u8] = b"GET /chat HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Sec-WebSocket-Version: 13\r\n\r\n";
const RESPONSE: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

/// Writes the packets of connections between one client and one server, as `tcpdump -U -w -` does.
struct Capture<W> {
    out: W,
    /// The next sequence numbers of each connection, of the client and of the server.
    sequence: Vec<[u32; 2]>,
    time: u32,
}

impl<W: Write> Capture<W> {
    fn new(mut out: W) -> Self {
        // pcap in microseconds with packets of raw IP (link type 101).
        let header = [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 65_535, 101];
        out.write_all(&header.map(u32::to_le_bytes).concat()).unwrap();
        out.flush().unwrap();
        Self { out, sequence: Vec::new(), time: 0 }
    }

    /// Begins a connection, and returns its index.
    fn open(&mut self) -> usize {
        let connection = self.sequence.len();
        self.sequence.push([100, 900]);
        self.packet(connection, true, SYN, b"");
        self.packet(connection, false, SYN | ACK, b"");
        connection
    }

    /// Begins a connection with a WebSocket.
    fn open_websocket(&mut self) -> usize {
        let connection = self.open();
        self.packet(connection, true, ACK, REQUEST);
        self.packet(connection, false, ACK, RESPONSE);
        connection
    }

    /// The server sends a text.
    fn text(&mut self, connection: usize, text: &str) {
        let frame = [&[0x81, text.len() as u8], text.as_bytes()].concat();
        self.packet(connection, false, ACK, &frame);
    }

    fn packet(&mut self, connection: usize, is_client: bool, flags: u8, payload: &[u8]) {
        let bytes = self.packet_bytes(connection, is_client, flags, payload);
        self.out.write_all(&bytes).unwrap();
        self.out.flush().unwrap();
    }

    fn packet_bytes(
        &mut self,
        connection: usize,
        is_client: bool,
        flags: u8,
        payload: &[u8],
    ) -> Vec<u8> {
        let [client, server] = &mut self.sequence[connection];
        let (own, other) = if is_client { (client, server) } else { (server, client) };
        let (seq, ack) = (*own, *other);
        *own += payload.len() as u32 + u32::from(flags & (SYN | FIN) != 0);
        let (port, last) = (50_000 + connection as u16, [1, 2]);
        let (ports, hosts) =
            if is_client { ([port, 9001], last) } else { ([9001, port], [last[1], last[0]]) };
        let len = 40 + payload.len() as u16;
        let mut ip = vec![0x45, 0];
        ip.extend(len.to_be_bytes());
        ip.extend([0, 0, 0, 0, 64, 6, 0, 0]);
        ip.extend(hosts.map(|host| [192, 0, 2, host]).concat());
        ip.extend(ports.map(u16::to_be_bytes).concat());
        ip.extend([seq, ack].map(u32::to_be_bytes).concat());
        ip.extend([0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
        ip.extend(payload);
        self.time += 1;
        let header = [1, self.time, len.into(), len.into()];
        [header.map(u32::to_le_bytes).concat(), ip].concat()
    }
}

/// `wiretalk inspect --json -`, whose standard input the test holds. It is killed if it outlives its
/// test.
struct Inspect {
    child: Child,
    records: Receiver<String>,
}

impl Inspect {
    fn start(arguments: &[&str]) -> (Self, Capture<ChildStdin>) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wiretalk"));
        command.args(["inspect", "-"]).args(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (post, records) = sync_channel(256);
        thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                if post.send(line).is_err() {
                    return;
                }
            }
        });
        let capture = Capture::new(child.stdin.take().unwrap());
        (Self { child, records }, capture)
    }

    #[track_caller]
    fn line(&self) -> String {
        self.records.recv_timeout(DEADLINE).expect("no further line came")
    }

    #[track_caller]
    fn record(&self) -> Value {
        serde_json::from_str(&self.line()).unwrap()
    }

    /// Reads the records up to one of this type.
    #[track_caller]
    fn next(&self, kind: &str) -> Value {
        loop {
            let record = self.record();
            if record["type"] == kind {
                return record;
            }
        }
    }

    fn interrupt(&self) {
        kill_process(Pid::from_child(&self.child), Signal::INT).unwrap();
    }

    /// Waits for the end, and returns the lines that were not read yet.
    fn end(mut self) -> (ExitStatus, Vec<String>) {
        let mut rest = Vec::new();
        while let Ok(line) = self.records.recv_timeout(DEADLINE) {
            rest.push(line);
        }
        let mut errors = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
        assert_eq!(errors, "", "{rest:?}");
        (self.child.wait().unwrap(), rest)
    }
}

impl Drop for Inspect {
    fn drop(&mut self) {
        // Both fail only if the program has already ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn records_come_while_the_pipe_is_open() {
    let (inspect, mut capture) = Inspect::start(&["--json"]);
    let silent = capture.open();
    let first = capture.open_websocket();
    let connection = inspect.next("connection");
    assert_eq!(connection["connection"], 1, "the silent one has no number yet");
    assert_eq!(
        [inspect.next("handshake"), inspect.next("handshake")].map(|head| head["from"].clone()),
        ["client", "server"]
    );
    for text in ["one", "two"] {
        capture.text(first, text);
        assert_eq!(inspect.next("frame")["message_text"], text);
    }
    // A packet that comes in two writes is no damage.
    let whole = capture.packet_bytes(first, false, ACK, b"\x81\x05whole");
    let packet = capture.packet_bytes(first, false, ACK, b"\x81\x05three");
    capture.out.write_all(&[&whole[..], &packet[..50]].concat()).unwrap();
    assert_eq!(inspect.record()["message_text"], "whole");
    capture.out.write_all(&packet[50..]).unwrap();
    let record = inspect.record();
    assert_eq!(record["message_text"], "three", "{record}");
    let packet = capture.packet_bytes(silent, false, ACK, b"cut off");
    capture.out.write_all(&packet[..50]).unwrap();
    drop(capture);
    assert!(inspect.next("note")["text"].as_str().unwrap().contains("ends inside the packet"));
    assert_eq!(inspect.next("end")["connection"], 1);
    let (status, rest) = inspect.end();
    assert_eq!((rest.len(), status.code()), (1, Some(0)), "{rest:?}");
}

#[test]
fn the_end_of_a_connection_comes_with_both_fins_or_a_reset() {
    let (inspect, mut capture) = Inspect::start(&["--json"]);
    let [first, second, third] = [(); 3].map(|()| capture.open_websocket());
    capture.packet(first, false, FIN | ACK, b"");
    capture.text(second, "still here");
    assert_eq!(inspect.next("frame")["message_text"], "still here");
    // The other direction goes on, and the FIN that it acknowledges is no byte to wait for.
    capture.packet(first, true, ACK, b"\x8a\x80\0\0\0\0");
    assert_eq!(inspect.next("frame")["opcode_name"], "pong");
    capture.packet(first, true, FIN | ACK, b"");
    let end = inspect.next("end");
    assert_eq!((&end["connection"], &end["ended_by"]), (&1.into(), &"server".into()));
    assert!(end["why"].as_str().unwrap().contains("without a Close"), "{end}");
    capture.packet(second, true, RST, b"");
    let end = inspect.next("end");
    assert_eq!((&end["connection"], &end["ended_with"]), (&2.into(), &"rst".into()));
    capture.text(second, "late");
    capture.text(third, "on and on");
    assert_eq!(inspect.next("frame")["message_text"], "on and on");
    drop(capture);
    assert!(inspect.next("note")["text"].as_str().unwrap().starts_with("6 bytes came after"));
    let (status, rest) = inspect.end();
    assert_eq!(rest.len(), 1, "{rest:?}");
    assert!(rest[0].contains("3 connections in the file"), "{rest:?}");
    assert_eq!(status.code(), Some(0));
}

#[test]
fn the_first_signal_ends_what_has_come_although_the_pipe_is_open() {
    let (inspect, mut capture) = Inspect::start(&[]);
    let connection = capture.open_websocket();
    capture.text(connection, "before");
    while !inspect.line().contains("before") {}
    inspect.interrupt();
    let (status, rest) = inspect.end();
    let [.., end, last] = &rest[..] else { panic!("{rest:?}") };
    assert!(end.contains("the connection was still open"), "{rest:?}");
    assert!(last.contains("1 connection in the file"), "{rest:?}");
    assert_eq!(status.code(), Some(0));
    drop(capture);
}

#[test]
fn a_reader_that_goes_away_ends_it() {
    let (mut inspect, mut capture) = Inspect::start(&[]);
    let connection = capture.open_websocket();
    inspect.line();
    // Its thread ends with the next line, and closes the pipe.
    inspect.records = sync_channel(1).1;
    let deadline = Instant::now() + DEADLINE;
    loop {
        let packet = capture.packet_bytes(connection, false, ACK, b"\x81\x09to nobody");
        // Fails once the program has ended.
        if capture.out.write_all(&packet).is_err() {
            break;
        }
        assert!(Instant::now() < deadline, "it did not end");
    }
    assert_eq!(inspect.child.wait().unwrap().code(), Some(0));
}

#[test]
fn options_of_files_work_with_a_pipe() {
    let written = crate::file("growing.pcapng", b"");
    let path = written.to_str().unwrap();
    for arguments in [
        &["--list"][..],
        &["--connection", "2"],
        &["--filter", "op=text && len>3"],
        &["--write", path, "--replace"],
    ] {
        let (inspect, mut capture) = Inspect::start(arguments);
        for _ in 0..2 {
            let connection = capture.open_websocket();
            capture.text(connection, "one");
            capture.text(connection, "three");
        }
        drop(capture);
        let (status, lines) = inspect.end();
        let text = lines.join("\n");
        assert_eq!(status.code(), Some(0), "{text}");
        match arguments[0] {
            "--list" => assert!(lines.len() == 4 && lines[1].contains("/chat"), "{text}"),
            "--connection" => assert!(text.contains("50001") && !text.contains("50000"), "{text}"),
            "--filter" => assert!(text.contains("three") && !text.contains("one\""), "{text}"),
            _ => assert!(std::fs::read(&written).unwrap().len() > 1000, "{text}"),
        }
    }
}

/// A named pipe for one test.
fn fifo(name: &str) -> PathBuf {
    let path = crate::file("growing", b"").with_file_name(name);
    // Of an earlier run; there is none in a fresh clone.
    let _ = std::fs::remove_file(&path);
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    path
}

/// Opens the inspector on a screen, with a capture on its standard input.
fn screen(name: &str) -> (Terminal, File) {
    let path = fifo(name);
    // Open for both, so that neither end waits for the other.
    let pipe = File::options().read(true).write(true).open(&path).unwrap();
    let script = format!("exec \"$0\" inspect - < '{}'", path.display());
    (Terminal::with_shell(&script), pipe)
}

#[test]
fn the_screen_opens_at_once_and_grows() {
    let (mut terminal, pipe) = screen("grows.fifo");
    terminal.shows(&["Waiting for a capture on standard input", "waiting for standard input"]);
    let mut capture = Capture::new(pipe);
    terminal.shows(&["No connection yet", "24 B"]);
    let other = capture.open();
    capture.packet(other, true, ACK, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    let connection = capture.open_websocket();
    for text in ["one", "two"] {
        capture.text(connection, text);
        terminal.shows(&[text, "reading, ", "2 of 2"]);
    }
    // A chosen frame stays, whatever comes.
    terminal.keys("[");
    terminal.shows(&["Frame 0 "]);
    capture.text(connection, "three");
    terminal.shows(&["three", "Frame 0 "]);
    drop(capture);
    terminal.shows(&["standard input has ended", "three"]);
    terminal.keys(CTRL_C);
    assert_eq!(terminal.end().code(), Some(0));
    terminal.assert_restored();
}

#[test]
fn ctrl_c_ends_the_inspector_although_the_pipe_is_open() {
    let (mut terminal, pipe) = screen("quits.fifo");
    terminal.shows(&["Waiting for a capture on standard input"]);
    terminal.keys(CTRL_C);
    assert_eq!(terminal.end().code(), Some(0));
    terminal.assert_restored();
    drop(pipe);
}
