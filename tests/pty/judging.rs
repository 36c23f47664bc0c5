//! `wiretalk conform` as people run it: its exit status where it starts the server itself, and its grid
//! in a terminal.

#![expect(clippy::disallowed_methods, reason = "a peer in a test listens and dies as it likes")]

use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{self, SyncSender};
use std::thread;

use serde_json::Value;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::{Error, accept};

use crate::pipe::{Run, Servers, run};
use crate::terminal::{CTRL_C, Terminal};

/// The variable with the address of the server that dies.
const ADDRESS: &str = "WIRETALK_TEST_MORTAL_SERVER";

/// Returns an address on which nothing listens. Something else may take it, which fails the test.
fn free_address() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

/// Returns the command that starts the server that dies. It is a test of this file, which does nothing
/// where it is not told an address.
fn mortal(address: &str) -> String {
    let program = std::env::current_exe().unwrap();
    let test = "judging::a_server_that_dies_of_a_broken_frame";
    format!("{ADDRESS}={address} exec '{}' --exact {test}", program.display())
}

#[test]
fn a_server_that_dies_of_a_broken_frame() {
    let Ok(address) = std::env::var(ADDRESS) else { return };
    let listener = TcpListener::bind(address).unwrap();
    // The process ends with this test.
    let (dies, death) = mpsc::sync_channel(1);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let dies = dies.clone();
            thread::spawn(move || echo(stream.unwrap(), &dies));
        }
    });
    death.recv().unwrap();
}

fn echo(stream: TcpStream, dies: &SyncSender<()>) {
    let Ok(mut socket) = accept(stream) else { return };
    loop {
        match socket.read() {
            Ok(message) if message.is_text() || message.is_binary() => {
                if socket.send(message).is_err() {
                    return;
                }
            }
            Ok(_) => {}
            // FIN without a Close, which is none.
            Err(Error::Protocol(ProtocolError::ResetWithoutClosingHandshake)) => return,
            Err(Error::Protocol(_)) => {
                let _ = dies.try_send(());
                // The connection ends with the process, and not before.
                loop {
                    thread::park();
                }
            }
            Err(_) => return,
        }
    }
}

/// Tests the server that dies, with an only broken frame among the cases.
fn judge_mortal(more: &[&str]) -> Run {
    let address = free_address();
    let (url, command) = (format!("ws://{address}/"), mortal(&address));
    let cases = ["--only", "ping/empty,opcodes/rsv2-text,opcodes/rsv3-continuation"];
    run(&[&["conform", &url, "--restart", &command, "--fast"], &cases[..], more].concat())
}

#[test]
fn a_server_that_dies_is_started_again_and_the_exit_status_says_so() {
    let judged = judge_mortal(&["--json"]);
    assert_eq!((judged.code, judged.stderr.as_str()), (Some(1), ""), "{}", judged.stdout);
    let report: Value = serde_json::from_str(&judged.stdout).unwrap();
    let verdicts: Vec<&str> = report["cases"]
        .as_array()
        .unwrap()
        .iter()
        .map(|case| case["verdict"].as_str().unwrap())
        .collect();
    // In the order of the cases; each death costs its own case only.
    let died = verdicts.iter().filter(|verdict| **verdict == "died").count();
    let passed = verdicts.iter().filter(|verdict| **verdict == "pass").count();
    assert_eq!((died, passed), (2, 1), "{verdicts:?}");
}

#[test]
fn which_verdicts_fail_a_run_is_what_fail_on_says_after_a_restart_too() {
    let judged = judge_mortal(&["--fail-on", "fail"]);
    assert_eq!((judged.code, judged.stderr.as_str()), (Some(0), ""), "{}", judged.stdout);
    assert!(judged.stdout.contains("died  opcodes/rsv2-text"), "{}", judged.stdout);
}

#[test]
fn a_server_that_was_started_and_keeps_the_rules_is_a_success_with_its_memory() {
    let address = free_address();
    let port = address.rsplit(':').next().unwrap();
    let wiretalk = env!("CARGO_BIN_EXE_wiretalk");
    let command = format!("exec '{wiretalk}' serve --http 0 --ws {port} --ws-server strict");
    let judged = run(&[
        "conform",
        &format!("ws://{address}/"),
        "--restart",
        &command,
        "--json",
        "--only",
        "ping/empty,opcodes/rsv2-text,survival",
    ]);
    assert_eq!((judged.code, judged.stderr.as_str()), (Some(0), ""), "{}", judged.stdout);
    let report: Value = serde_json::from_str(&judged.stdout).unwrap();
    let cases = report["cases"].as_array().unwrap();
    let memory = cases.iter().find(|case| case["id"] == "survival/memory").unwrap();
    if cfg!(target_os = "linux") {
        assert_eq!(memory["verdict"], "pass", "{memory}");
        assert!(memory["reason"].as_str().unwrap().starts_with("had "), "{memory}");
    }
}

#[test]
fn a_command_that_fails_ends_the_run_with_its_status() {
    let url = format!("ws://{}/", free_address());
    let judged = run(&["conform", &url, "--restart", "exit 3"]);
    assert_eq!((judged.code, judged.stdout.as_str()), (Some(1), ""), "{}", judged.stderr);
    let expected = "wiretalk: the command that starts the server failed: exit status: 3\n";
    assert_eq!(judged.stderr, expected);
}

/// Returns a listener that accepts connections and never answers.
fn silent_server() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").unwrap()
}

#[test]
fn the_grid_fills_and_leaves_the_table_alone() {
    let servers = Servers::start_with(&["--ws-server", "strict"]);
    let mut terminal = Terminal::open(&["conform", &servers.websocket, "--only", "ping,masking"]);
    assert_eq!(terminal.end().code(), Some(0));
    let raw = String::from_utf8_lossy(terminal.raw()).into_owned();
    assert!(raw.contains("\x1b[2Kmasking  "), "{raw:?}");
    assert!(
        raw.contains("ping     \x1b[32mpppppppppppppp") || raw.contains("ping     ··"),
        "{raw:?}"
    );
    let shown = terminal.rows();
    assert!(shown.iter().any(|row| row.starts_with("45 cases in ")), "{shown:#?}");
    assert!(!shown.iter().any(|row| row.contains("·····") || row.contains("ppppp")), "{shown:#?}");
}

#[test]
fn ctrl_c_takes_the_grid_away() {
    let server = silent_server();
    let url = format!("ws://{}/", server.local_addr().unwrap());
    let mut terminal = Terminal::open(&["conform", &url, "--only", "ping,close"]);
    terminal.prints("0 of 67, 0 s");
    let shown = terminal.rows();
    assert!(shown[0].starts_with("ping   ··············"), "{shown:#?}");
    assert!(shown[1].starts_with("close  ·····"), "{shown:#?}");
    terminal.keys(CTRL_C);
    assert!(!terminal.end().success());
    let left: Vec<String> = terminal.rows().into_iter().filter(|row| !row.is_empty()).collect();
    assert_eq!(left, ["wiretalk: interrupted before the last case"]);
    assert!(!terminal.is_raw_mode());
}

#[test]
fn a_small_terminal_has_one_line_and_a_dumb_one_nothing() {
    let server = silent_server();
    let url = format!("ws://{}/", server.local_addr().unwrap());
    let arguments = ["conform", &url, "--only", "ping", "--fast"];
    let mut narrow = Terminal::of_size(26, 30, &arguments);
    narrow.prints("0 of 14, 0 failed");
    assert_eq!(narrow.rows()[0], "0 of 14, 0 failed");
    let mut short = Terminal::of_size(100, 2, &arguments);
    short.prints("0 of 14, 0 failed");
    let mut dumb = Terminal::with(&[("TERM", "dumb")], &arguments);
    assert_eq!(dumb.end().code(), Some(1));
    assert!(
        dumb.rows()[0].starts_with("wiretalk: no WebSocket can be opened: "),
        "{:?}",
        dumb.rows()
    );
}
