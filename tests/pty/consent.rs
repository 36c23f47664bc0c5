//! An untrusted deck: presenting it has no effects outside the talk until the user allows them with
//! a key.

#![expect(clippy::disallowed_methods, reason = "a peer in a test listens as it likes")]

use std::io::ErrorKind;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::pipe::run;
use crate::terminal::{CTRL_C, RIGHT, Terminal};
use crate::{DEADLINE, file};

/// Every key that a slide or a demo might handle, except the one that allows, those that leave the
/// slide or the talk, and those that open something over it.
const KEYS: &str = "\r\tbcdefijkmortuvwxyzABCDEFHIJKLMORSTUVWXYZ0123456789,[]{}!+-\x04\x12\r\r";
const PAGE_UP: &str = "\x1b[5~";
const PAGE_DOWN: &str = "\x1b[6~";

/// Listens at an address that the deck spells in an unusual way. A plain loopback address would
/// need no consent.
fn listen() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

fn is_silent(listener: &TcpListener) -> bool {
    matches!(listener.accept(), Err(error) if error.kind() == ErrorKind::WouldBlock)
}

/// Waits for a connection, which must arrive.
#[track_caller]
fn called(listener: &TcpListener) {
    let deadline = Instant::now() + DEADLINE;
    while is_silent(listener) {
        assert!(Instant::now() < deadline, "nobody has connected");
        std::thread::yield_now();
    }
}

fn victim(name: &str) -> PathBuf {
    file(name, "what was there")
}

fn is_untouched(victim: &Path) -> bool {
    std::fs::read(victim).unwrap() == b"what was there"
}

/// Returns a deck with one slide for each kind of effect outside the talk.
fn evil(name: &str, victim: &Path, port: u16) -> PathBuf {
    let fence =
        |settings: &str| format!("## Slide\n\nHarmless.\n\n```demo inspect\n{settings}\n```\n");
    let write = format!("write = {:?}\nreplace = \"yes\"", victim.to_str().unwrap());
    let slides = [
        fence(&format!("{write}\ntext = \"written\"")),
        fence(&format!(
            "server = \"ws://0.0.0.0:{port}/\"\nheaders = \"Cookie: a=b\"\nsends = \"hex 81 00\""
        )),
        fence(&format!("server = \"ws://[::ffff:127.0.0.1]:{port}/\"\nscenario = \"\"")),
        fence(&format!("server = \"ws://2130706433:{port}/\"\n{write}")),
        fence(&format!("proxy = \"127.0.0.1:0\"\nserver = \"ws://0.0.0.0:{port}/\"")),
        fence(&format!(
            "proxy = \"0.0.0.0:0\"\nanywhere = \"yes\"\nserver = \"ws://0.0.0.0:{port}/\"\n{write}"
        )),
        fence(&format!("file = \"tests/captures/tls13-aes128.pcapng\"\n{write}")),
        fence(&format!("scenario = \"frame\"\n{write}")),
        format!("## Two\n\n```demo weigh\n```\n\n{}", fence(&write)),
    ];
    file(name, slides.join("\n---\n\n"))
}

#[test]
fn presenting_a_deck_has_no_effects_outside_the_talk() {
    let (victim, (listener, port)) = (victim("presented-victim"), listen());
    let deck = evil("presented.md", &victim, port);
    let mut terminal = Terminal::open(&[deck.to_str().unwrap()]);
    for at in 1..=9 {
        terminal.shows(&[&format!("{at}/9"), "this demo waits", "This slide wants to "]);
        terminal.keys(KEYS);
        // Leaving and returning any number of times changes nothing.
        let (away, back, other) =
            if at == 9 { (PAGE_UP, PAGE_DOWN, 8) } else { (PAGE_DOWN, PAGE_UP, at + 1) };
        terminal.keys(away);
        terminal.shows(&[&format!("{other}/9"), "this demo waits"]);
        terminal.keys(back);
        terminal.shows(&[&format!("{at}/9"), "this demo waits"]);
        terminal.keys(KEYS);
        terminal.keys(PAGE_DOWN);
    }
    terminal.keys(CTRL_C);
    assert_eq!(terminal.end().code(), Some(0));
    assert!(is_untouched(&victim), "the file was written");
    assert!(is_silent(&listener), "somebody has connected");
}

#[test]
fn a_key_allows_exactly_what_the_slide_says() {
    let (victim, (listener, port)) = (victim("allowed-victim"), listen());
    let deck = evil("allowed.md", &victim, port);
    let mut terminal = Terminal::open(&[deck.to_str().unwrap()]);
    terminal.shows(&["1/9", "write `", "allowed-victim`", "replacing", "a allows inspect"]);
    terminal.keys(RIGHT);
    terminal.shows(&[
        "2/9",
        &format!("connect to ws://0.0.0.0:{port}/ with 1 header"),
        "2 messages",
    ]);
    terminal.keys("a");
    called(&listener);
    terminal.shows(&["2/9", "1 Handshake"]);
    assert!(is_untouched(&victim), "that was for the connection alone");
    // The demo goes on when its slide is left. The consent is for no other slide.
    terminal.keys(RIGHT);
    terminal.shows(&["3/9", "this demo waits"]);
    assert!(is_silent(&listener));
    terminal.keys("p");
    terminal.shows(&["2/9", "1 Handshake"]);
    terminal.keys("g1\r");
    terminal.shows(&[" 1/9", "this demo waits"]);
    terminal.keys("a");
    terminal.shows(&["recorded in"]);
    assert!(!is_untouched(&victim));
}

#[test]
fn a_request_that_is_cut_off_cannot_be_allowed() {
    let (listener, port) = listen();
    let path = "x".repeat(4_000);
    let far = format!("```demo inspect\nserver = \"ws://0.0.0.0:{port}/{path}\"\n```\n");
    let deck = file("unreadable.md", format!("# One\n\n{far}\n---\n\n# Two\n"));
    let mut terminal = Terminal::open(&[deck.to_str().unwrap()]);
    terminal.shows(&["Not all of it fits here"]);
    terminal.keys("a");
    terminal.keys(RIGHT);
    terminal.shows(&["2/2"]);
    terminal.keys("q");
    terminal.end();
    assert!(is_silent(&listener));
}

#[test]
fn trust_on_the_command_line_allows_everything() {
    let (victim, (listener, port)) = (victim("trusted-victim"), listen());
    let deck = evil("trusted.md", &victim, port);
    let mut terminal = Terminal::open(&["--trust", deck.to_str().unwrap()]);
    terminal.shows(&["1/9", "recorded in"]);
    assert!(!is_untouched(&victim));
    terminal.keys(RIGHT);
    called(&listener);
}

#[test]
fn check_lists_the_effects_of_a_deck_without_a_warning() {
    let (victim, (listener, port)) = (victim("checked-victim"), listen());
    let deck = evil("checked.md", &victim, port);
    let checked = run(&["check", deck.to_str().unwrap()]);
    assert_eq!((checked.code, checked.stderr.as_str()), (Some(0), ""), "{}", checked.stdout);
    for sentence in [
        "checked.md:6:1: note: this slide wants to write `",
        "checked.md:18:1: note: this slide wants to connect to ws://0.0.0.0:",
        "note: this slide wants to listen on 0.0.0.0:0, where other machines can connect;",
        ": 9 slides, no warnings, 13 notes\n",
    ] {
        assert!(checked.stdout.contains(sentence), "{sentence:?} is not in\n{}", checked.stdout);
    }
    assert!(is_untouched(&victim) && is_silent(&listener));
    let odd =
        file("odd.md", "# One\n\n```demo inspect\nreplace = \"yes\"\nserver = \"htp://x\"\n```\n");
    let checked = run(&["check", odd.to_str().unwrap()]);
    assert_eq!(checked.code, Some(1));
    assert!(checked.stdout.contains("odd.md:4:1: `replace` needs `write`"), "{}", checked.stdout);
}
