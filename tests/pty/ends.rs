//! Every way to end or suspend a talk. The terminal must be as it was before.

use std::io::Read as _;
use std::os::fd::AsFd as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal};

use crate::file;
use crate::terminal::{CTRL_C, CTRL_Z, RIGHT, TRUE_COLOR, Terminal};

fn talk() -> Terminal {
    let mut terminal = Terminal::open(&["slides/talk.md"]);
    terminal.shows(&[" 1/82"]);
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
    terminal.keys("g21\r\r");
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

/// A talk on a terminal that can vanish. It's not that of the program's session, so no SIGHUP comes
/// then.
struct Vanishing {
    pty: pty_process::blocking::Pty,
    talk: Child,
    state: PathBuf,
}

impl Vanishing {
    fn start(name: &str, args: &[&str]) -> Self {
        let state = file(name, "").with_extension("state");
        let _ = std::fs::remove_dir_all(&state);
        let (pty, side_of_program) = pty_process::blocking::open().unwrap();
        pty.resize(pty_process::Size::new(30, 100)).unwrap();
        let end = || Stdio::from(side_of_program.as_fd().try_clone_to_owned().unwrap());
        let talk = Command::new(env!("CARGO_BIN_EXE_wiretalk"))
            .args(args)
            .envs(TRUE_COLOR)
            .env("XDG_STATE_HOME", &state)
            .stdin(end())
            .stdout(end())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut vanishing = Self { pty, talk, state };
        let mut seen = Vec::new();
        // The end of the first frame.
        while count(&seen, b"\x1b[?2026l") == 0 {
            let mut some = [0; 4096];
            let length = vanishing.pty.read(&mut some).unwrap();
            seen.extend_from_slice(&some[..length]);
        }
        vanishing
    }

    /// Takes the terminal away, and sends `signals` before and after. Returns what is remembered.
    fn vanish(self, signals: Option<(Signal, Signal)>) -> String {
        let Self { pty, mut talk, state } = self;
        let id = Pid::from_raw(talk.id().try_into().unwrap()).unwrap();
        let send = |signal| rustix::process::kill_process(id, signal).unwrap();
        if let Some((before, _)) = signals {
            send(before);
        }
        drop(pty);
        if let Some((_, after)) = signals {
            send(after);
        }
        let mut printed = String::new();
        talk.stderr.take().unwrap().read_to_string(&mut printed).unwrap();
        assert_eq!(talk.wait().unwrap().code(), Some(128 + Signal::HUP.as_raw()), "{printed}");
        std::fs::read_to_string(state.join("wiretalk/places.json")).unwrap_or_default()
    }
}

#[test]
fn a_vanished_terminal_ends_the_talk_without_a_signal() {
    let places = Vanishing::start("vanished", &["slides/talk.md", "--from", "3"]).vanish(None);
    assert!(places.contains("\"slide\": 3"), "{places}");
}

/// The talk goes on by drawing, which fails.
#[test]
fn a_terminal_that_vanishes_while_the_talk_is_stopped_leaves_the_place() {
    let talk = Vanishing::start("vanished-stopped", &["slides/talk.md", "--from", "3"]);
    let places = talk.vanish(Some((Signal::STOP, Signal::CONT)));
    assert!(places.contains("\"slide\": 3"), "{places}");
}

/// The program is the session leader, so its process group is orphaned and the kernel does not stop
/// it.
#[test]
fn ctrl_z_without_a_shell_returns_at_once() {
    let mut terminal = talk();
    terminal.keys(CTRL_Z);
    terminal.keys(RIGHT);
    terminal.shows(&["Thirty seconds", "2/82"]);
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
    terminal.shows(&[" 1/82"]);
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
    terminal.shows(&["2/82"]);
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
    terminal.shows(&["the wiretalk authors", " 1/82"]);
    terminal.until("the alternate screen", vt100::Screen::alternate_screen);
    assert!(terminal.is_raw_mode());
    terminal.keys(RIGHT);
    terminal.shows(&["2/82"]);
    terminal.signal(Signal::TERM);
    assert_eq!(terminal.end().code(), Some(128 + Signal::TERM.as_raw()));
}

fn count(bytes: &[u8], part: &[u8]) -> usize {
    bytes.windows(part.len()).filter(|window| *window == part).count()
}
