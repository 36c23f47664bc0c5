//! What cannot be done is told in one line on standard error, and by the exit code.

use crate::file;
use crate::pipe::run;
use crate::terminal::Terminal;

#[track_caller]
fn refuses(arguments: &[&str], code: i32, words: &[&str]) {
    let run = run(arguments);
    assert_eq!(run.code, Some(code), "{run:?}");
    assert_eq!(run.stdout, "");
    for word in words {
        assert!(run.stderr.contains(word), "{word:?} is not in {:?}", run.stderr);
    }
    assert!(!run.stderr.contains('\x1b'), "{:?}", run.stderr);
    if code == 1 {
        assert!(run.stderr.starts_with("wiretalk: "), "{:?}", run.stderr);
        assert_eq!(run.stderr.lines().count(), 1, "{:?}", run.stderr);
    }
}

#[test]
fn standard_output_that_is_no_terminal() {
    refuses(&["slides/talk.md"], 1, &["standard output is not a terminal"]);
    refuses(&[], 1, &["standard output is not a terminal"]);
}

#[test]
fn a_deck_that_does_not_exist() {
    refuses(&["no-such-deck.md"], 1, &["no-such-deck.md", "No such file"]);
}

#[test]
fn a_deck_that_is_not_utf_8() {
    let deck = file("not-utf-8.md", b"# Caf\xe9\n");
    refuses(&[deck.to_str().unwrap()], 1, &["not-utf-8.md:1:", "not UTF-8"]);
}

#[test]
fn a_deck_that_is_not_there_never_touches_the_terminal() {
    let mut terminal = Terminal::open(&["no-such-deck.md"]);
    assert_eq!(terminal.end().code(), Some(1));
    let raw = String::from_utf8(terminal.raw().to_vec()).unwrap();
    assert!(raw.starts_with("wiretalk: ") && !raw.contains('\x1b'), "{raw:?}");
}

#[test]
fn options_of_another_server() {
    refuses(&["serve", "--ws-origin", "https://a.example"], 1, &["--ws-server strict"]);
}

#[test]
fn wrong_usage() {
    refuses(&["--no-such-option"], 2, &["--no-such-option", "Usage: wiretalk"]);
    refuses(&["--theme", "pink"], 2, &["pink", "dark, light"]);
    refuses(&["serve", "--http", "70000"], 2, &["70000"]);
}
