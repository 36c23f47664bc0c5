//! The program in a pipe, without a terminal: its output in lines or as a whole.

use std::io::{BufRead as _, BufReader, Read};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

use rustix::process::{Pid, Signal, kill_process};

use crate::DEADLINE;

/// The result of a run.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs `wiretalk ARGUMENTS` to its end.
pub(crate) fn run(arguments: &[&str]) -> Run {
    let mut program = Program::start(arguments);
    let stdout = whole(program.child.stdout.take().unwrap());
    let stderr = whole(program.child.stderr.take().unwrap());
    let stdout = stdout.recv_timeout(DEADLINE).expect("standard output did not end");
    let stderr = stderr.recv_timeout(DEADLINE).expect("standard error did not end");
    Run { code: program.child.wait().unwrap().code(), stdout, stderr }
}

fn whole(mut from: impl Read + Send + 'static) -> Receiver<String> {
    let (post, mail) = sync_channel(1);
    thread::spawn(move || {
        let mut text = String::new();
        // Output that is not UTF-8 is dropped, and the test fails because it is missing.
        if from.read_to_string(&mut text).is_ok() {
            let _ = post.send(text);
        }
    });
    mail
}

/// A running program. It is killed if it outlives its test.
struct Program {
    child: Child,
}

impl Program {
    fn start(arguments: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wiretalk"));
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Self { child: command.spawn().unwrap() }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Both fail only if the program has already ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `wiretalk serve` on free ports.
pub(crate) struct Servers {
    program: Program,
    lines: Receiver<String>,
    pub(crate) http: String,
    pub(crate) websocket: String,
}

impl Servers {
    pub(crate) fn start() -> Self {
        Self::start_with(&[])
    }

    /// Starts it with further arguments.
    pub(crate) fn start_with(more: &[&str]) -> Self {
        let mut program = Program::start(&[&["serve", "--http", "0", "--ws", "0"], more].concat());
        let lines = lines(program.child.stdout.take().unwrap());
        let address = |name: &str| {
            let line = lines.recv_timeout(DEADLINE).expect("no address was printed");
            let address =
                line.strip_prefix(name).unwrap_or_else(|| panic!("{line:?} does not name {name}"));
            address.trim().to_owned()
        };
        let (http, websocket) = (address("http "), address("ws "));
        Self { program, lines, http, websocket }
    }

    /// Returns the next line of the log.
    pub(crate) fn line(&self) -> String {
        self.lines.recv_timeout(DEADLINE).expect("the log has no further line")
    }

    /// Sends SIGINT, as Ctrl-C does.
    pub(crate) fn interrupt(&self) {
        kill_process(Pid::from_child(&self.program.child), Signal::INT).unwrap();
    }

    /// Waits for the end. Returns the lines of the log that were not read yet.
    pub(crate) fn end(&mut self) -> (ExitStatus, Vec<String>) {
        let mut rest = Vec::new();
        while let Ok(line) = self.lines.recv_timeout(DEADLINE) {
            rest.push(line);
        }
        let closed = self.lines.try_recv();
        assert_eq!(
            closed,
            Err(std::sync::mpsc::TryRecvError::Disconnected),
            "it did not end: {rest:?}"
        );
        (self.program.child.wait().unwrap(), rest)
    }
}

fn lines(stdout: ChildStdout) -> Receiver<String> {
    let (post, mail) = sync_channel(256);
    thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            if post.send(line).is_err() {
                return;
            }
        }
    });
    mail
}
