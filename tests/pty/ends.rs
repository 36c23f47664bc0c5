//! Every way to end or suspend a talk. The terminal must be as it was before.

use std::io::Read as _;
use std::os::fd::AsFd as _;
use std::process::{Command, Stdio};

use rustix::process::Signal;

use crate::terminal::{CTRL_C, CTRL_Z, RIGHT, TRUE_COLOR, Terminal};

fn talk() -> Terminal {
    let mut terminal = Terminal::open(&["slides/talk.md"]);
    terminal.shows(&[" 1/73"]);
    assert!(terminal.is_raw_mode(), "else there would be nothing to restore");
    terminal
}

#[track_caller]
fn ends_by_keys(keys: &str) {
    let mut terminal = talk();
    terminal.keys(keys);
    assert_eq!(terminal.end().code(), Some(0));
    terminal.assert_restored();
}

#[track_caller]
fn ends_by_signal(signal: Signal) {
    let mut terminal = talk();
    terminal.signal(signal);
    assert_eq!(terminal.end().code(), Some(128 + signal.as_raw()));
    terminal.assert_restored();
}

#[test]
fn q_ends_the_talk() {
    ends_by_keys("q");
}

#[test]
fn ctrl_c_ends_the_talk() {
    ends_by_keys(CTRL_C);
}

#[test]
fn ctrl_c_ends_the_talk_while_a_demo_has_the_keyboard() {
    let mut terminal = talk();
    terminal.keys("g19\r\r");
    terminal.shows(&["inspect has the keyboard"]);
    terminal.keys(CTRL_C);
    assert_eq!(terminal.end().code(), Some(0));
    terminal.assert_restored();
}

#[test]
fn sigterm_ends_the_talk() {
    ends_by_signal(Signal::TERM);
}

#[test]
fn sigint_ends_the_talk() {
    ends_by_signal(Signal::INT);
}

#[test]
fn sighup_ends_the_talk() {
    ends_by_signal(Signal::HUP);
}

#[test]
fn sigquit_ends_the_talk() {
    ends_by_signal(Signal::QUIT);
}

/// The terminal is not that of the program's session, so no SIGHUP comes when it vanishes.
#[test]
fn a_vanished_terminal_ends_the_talk_without_a_signal() {
    let (mut pty, side_of_program) = pty_process::blocking::open().unwrap();
    pty.resize(pty_process::Size::new(30, 100)).unwrap();
    let end = || Stdio::from(side_of_program.as_fd().try_clone_to_owned().unwrap());
    let mut talk = Command::new(env!("CARGO_BIN_EXE_wiretalk"))
        .arg("slides/talk.md")
        .envs(TRUE_COLOR)
        .stdin(end())
        .stdout(end())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(side_of_program);
    let mut seen = Vec::new();
    // The end of the first frame.
    while count(&seen, b"\x1b[?2026l") == 0 {
        let mut some = [0; 4096];
        let length = pty.read(&mut some).unwrap();
        seen.extend_from_slice(&some[..length]);
    }
    drop(pty);
    let mut printed = String::new();
    talk.stderr.take().unwrap().read_to_string(&mut printed).unwrap();
    assert_eq!(talk.wait().unwrap().code(), Some(128 + Signal::HUP.as_raw()), "{printed}");
}

/// The program is the session leader, so its process group is orphaned and the kernel does not stop
/// it.
#[test]
fn ctrl_z_without_a_shell_returns_at_once() {
    let mut terminal = talk();
    terminal.keys(CTRL_Z);
    terminal.keys(RIGHT);
    terminal.shows(&["Thirty seconds", "2/73"]);
    assert_eq!(count(terminal.raw(), b"\x1b[?1049l"), 1, "the terminal was given back");
    assert_eq!(count(terminal.raw(), b"\x1b[?1049h"), 2, "and taken again");
    assert!(terminal.is_raw_mode());
    terminal.keys("q");
    assert_eq!(terminal.end().code(), Some(0));
    terminal.assert_restored();
}

#[test]
fn ctrl_z_gives_the_terminal_to_the_shell_until_fg() {
    let mut terminal = Terminal::with_shell(
        "\"$0\" slides/talk.md; echo stopped; read line; fg >/dev/null; echo ended $?",
    );
    terminal.shows(&[" 1/73"]);
    terminal.keys(CTRL_Z);
    terminal.until("the shell", |screen| {
        !screen.alternate_screen() && screen.contents().contains("stopped")
    });
    assert!(!terminal.is_raw_mode() && !terminal.screen().hide_cursor());
    terminal.keys("\r");
    terminal.until("the talk again", |screen| {
        screen.alternate_screen() && screen.contents().contains("the wiretalk authors")
    });
    terminal.keys(RIGHT);
    terminal.shows(&["2/73"]);
    terminal.keys("q");
    assert_eq!(terminal.end().code(), Some(0));
    let left = terminal.screen().contents();
    assert!(left.ends_with("ended 0"), "{left:?}");
}

#[test]
fn after_a_stop_from_outside_the_terminal_is_taken_again() {
    let mut terminal = talk();
    terminal.stop();
    assert!(!terminal.is_raw_mode());
    terminal.signal(Signal::CONT);
    terminal.shows(&["the wiretalk authors", " 1/73"]);
    terminal.until("the alternate screen", vt100::Screen::alternate_screen);
    assert!(terminal.is_raw_mode());
    terminal.keys(RIGHT);
    terminal.shows(&["2/73"]);
    terminal.signal(Signal::TERM);
    assert_eq!(terminal.end().code(), Some(128 + Signal::TERM.as_raw()));
}

fn count(bytes: &[u8], part: &[u8]) -> usize {
    bytes.windows(part.len()).filter(|window| *window == part).count()
}
