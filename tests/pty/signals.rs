//! Signals while the reader of standard output is stalled: the first ends the command, a second
//! ends it at once.

#![expect(clippy::disallowed_methods, reason = "a peer in a test listens as it likes")]

use std::io::{PipeReader, Read as _, Write as _, pipe};
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Instant;

use rustix::process::{Pid, Signal, kill_process};
use rustix::termios::{LocalModes, tcgetattr};

use crate::pipe::Servers;
use crate::{DEADLINE, file};

const BOTH: [Signal; 2] = [Signal::INT, Signal::TERM];

/// A command whose standard output is a pipe of 4 KiB that is read only on request.
struct Stuck {
    child: Child,
    stdout: PipeReader,
}

impl Stuck {
    fn start(arguments: &[&str]) -> Self {
        let (stdout, end) = pipe().unwrap();
        rustix::pipe::fcntl_setpipe_size(&end, 4096).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_wiretalk"));
        command.args(arguments).stdin(Stdio::null()).stdout(end).stderr(Stdio::null());
        Self { child: command.spawn().unwrap(), stdout }
    }

    /// Waits for output, and reads one byte of it.
    fn wait_for_output(&mut self) -> u8 {
        let mut byte = [0];
        self.stdout.read_exact(&mut byte).unwrap();
        byte[0]
    }

    fn line(&mut self) -> String {
        let mut line = Vec::new();
        while line.last() != Some(&b'\n') {
            line.push(self.wait_for_output());
        }
        String::from_utf8(line).unwrap()
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits for the end without reading any more.
    #[track_caller]
    fn ends(&mut self) -> ExitStatus {
        let deadline = Instant::now() + DEADLINE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < deadline, "it did not end");
            std::thread::yield_now();
        }
    }
}

impl Drop for Stuck {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn serve_ends_on_a_signal() {
    for signal in BOTH {
        let mut serve = Stuck::start(&["serve"]);
        let http = serve.line().split_whitespace().nth(1).unwrap().to_owned();
        serve.line();
        let host = http.trim_start_matches("http://").split('/').next().unwrap();
        let mut client = TcpStream::connect(host).unwrap();
        client.set_read_timeout(Some(DEADLINE)).unwrap();
        // Each causes a line of the log that is longer than the pipe's capacity.
        for _ in 0..20 {
            write!(client, "GET /{} HTTP/1.1\r\nHost: {host}\r\n\r\n", "x".repeat(5000)).unwrap();
            assert_ne!(client.read(&mut [0; 4096]).unwrap(), 0, "it serves on");
        }
        serve.signal(signal);
        assert_eq!(
            serve.ends().code(),
            Some(1),
            "the exit status must report that output was lost"
        );
    }
}

#[test]
fn inspect_ends_on_a_signal_with_text_and_with_json() {
    for signal in BOTH {
        for json in [&["--json"][..], &[]] {
            let servers = Servers::start();
            let sends = ["--send", "a few letters"].repeat(1000);
            let mut inspect =
                Stuck::start(&[&["inspect", &servers.websocket], json, &sends].concat());
            inspect.wait_for_output();
            assert!(servers.line().ends_with(" 101 WebSocket opened"));
            inspect.signal(signal);
            assert_eq!(inspect.ends().code(), Some(1));
        }
    }
}

#[test]
fn the_proxy_ends_on_a_signal() {
    for signal in BOTH {
        let servers = Servers::start();
        let mut proxy = Stuck::start(&["inspect", "--proxy", "127.0.0.1:0", &servers.websocket]);
        let line = proxy.line();
        let address = line.trim().strip_prefix("listening on ").unwrap();
        let mut client = TcpStream::connect(address).unwrap();
        client.set_read_timeout(Some(DEADLINE)).unwrap();
        write!(
            client,
            "GET / HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: \
             Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: \
             13\r\n\r\n"
        )
        .unwrap();
        assert_ne!(client.read(&mut [0; 4096]).unwrap(), 0);
        // A masked "Hello" (RFC 6455 section 5.7). The records of these fill the pipe many times
        // over.
        client.write_all(&b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58".repeat(2000)).unwrap();
        assert_ne!(client.read(&mut [0; 64]).unwrap(), 0);
        proxy.signal(signal);
        assert_eq!(proxy.ends().code(), Some(1));
    }
}

#[test]
fn a_finished_race_ends_on_a_signal() {
    for signal in BOTH {
        let race = ["race", "--json", "--pairs", "2", "--lanes", "tcp,http-bare,http-hyper,ws"];
        let mut race = Stuck::start(&race);
        assert_eq!(race.wait_for_output(), b'{');
        race.signal(signal);
        assert_eq!(race.ends().code(), Some(1));
    }
}

/// These commands have nothing to finish, so the signal has its default action.
#[test]
fn commands_that_only_print_end_on_a_signal() {
    let hex = file("signals.hex", "8100".repeat(5000));
    let capture = "tests/captures/tls13-aes128.pcapng";
    for signal in BOTH {
        for arguments in [
            &["decode", "--from", "server", hex.to_str().unwrap()][..],
            &["inspect", "--from", "server", hex.to_str().unwrap()],
            &["inspect", "--json", capture],
            &["demos"],
            &["completions", "bash"],
        ] {
            let mut command = Stuck::start(arguments);
            command.wait_for_output();
            command.signal(signal);
            assert_eq!(command.ends().signal(), Some(signal.as_raw()), "{arguments:?}");
        }
    }
}

/// The server answers the handshake and then nothing, so a closing handshake takes until its
/// timeout.
#[test]
fn a_second_signal_ends_a_command_at_once() {
    for signal in BOTH {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("ws://{}/", listener.local_addr().unwrap());
        // The handshake of RFC 6455 section 1.3.
        let key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
        let mut inspect =
            Stuck::start(&["inspect", &url, "--json", "--for", "3600", "--header", key]);
        let (mut server, _) = listener.accept().unwrap();
        server.set_read_timeout(Some(DEADLINE)).unwrap();
        assert_ne!(server.read(&mut [0; 4096]).unwrap(), 0);
        server
            .write_all(
                b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
            )
            .unwrap();
        assert!(inspect.line().contains("handshake") && inspect.line().contains("handshake"));
        inspect.signal(signal);
        let mut close = [0; 2];
        server.read_exact(&mut close).unwrap();
        assert_eq!(close[0], 0x88, "the first signal says goodbye");
        inspect.signal(signal);
        assert_eq!(inspect.ends().signal(), Some(signal.as_raw()));
    }
}

/// There is no room for the first frame nor for the sequences that restore the terminal, but raw
/// mode is switched off.
#[test]
fn a_talk_ends_on_a_terminal_that_accepts_no_output() {
    for (signal, twice) in [(Signal::TERM, false), (Signal::INT, true), (Signal::HUP, false)] {
        let (pty, side_of_program) = pty_process::blocking::open().unwrap();
        pty.resize(pty_process::Size::new(500, 1000)).unwrap();
        let is_raw = || !tcgetattr(&pty).unwrap().local_modes.contains(LocalModes::ICANON);
        assert!(!is_raw());
        let talk = pty_process::blocking::Command::new(env!("CARGO_BIN_EXE_wiretalk"));
        let child = talk
            .arg("slides/talk.md")
            .env("TERM", "xterm-256color")
            .spawn(side_of_program)
            .unwrap();
        let mut talk = Stuck { child, stdout: pipe().unwrap().0 };
        let deadline = Instant::now() + DEADLINE;
        while !is_raw() {
            assert!(Instant::now() < deadline, "it never took the terminal");
            std::thread::yield_now();
        }
        // A frame of this size is more than a terminal buffers.
        let is_full = || {
            let written = rustix::event::PollFd::new(&pty, rustix::event::PollFlags::IN);
            rustix::event::poll(&mut [written], None).unwrap() > 0
        };
        assert!(is_full());
        talk.signal(signal);
        if twice {
            talk.signal(signal);
        }
        let status = talk.ends();
        let code = Some(128 + signal.as_raw());
        assert!(status.signal() == Some(signal.as_raw()) || status.code() == code, "{status:?}");
        assert!(!is_raw(), "the keys are still the talk's");
    }
}
