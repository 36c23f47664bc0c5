//! A deck that is saved while it is shown.

use std::fs;

use crate::file;
use crate::terminal::{RIGHT, Terminal};

/// Returns a deck of three slides, the second with this text.
fn deck(second: &str) -> String {
    format!("words of the first\n\n---\n\n{second}\n\n---\n\nwords of the third\n")
}

#[test]
fn a_saved_deck_shows_what_has_changed() {
    let path = file("reload.md", deck("words of the second"));
    let mut terminal = Terminal::open(&[path.to_str().unwrap()]);
    terminal.shows(&["words of the first", " 1/3", "● http  ● ws"]);
    fs::write(&path, deck("written in place")).unwrap();
    terminal.shows(&["written in place", " 2/3"]);
    terminal.keys(RIGHT);
    terminal.shows(&["words of the third", " 3/3"]);
    let beside = file("reload.md.swap", deck("saved by a rename"));
    fs::rename(beside, &path).unwrap();
    terminal.shows(&["saved by a rename", " 2/3"]);
    terminal.keys("q");
    assert_eq!(terminal.end().code(), Some(0));
}

#[test]
fn a_deck_that_is_gone_or_broken_leaves_the_last_version_and_says_why() {
    let path = file("reload-broken.md", deck("words of the second"));
    let mut terminal = Terminal::open(&[path.to_str().unwrap()]);
    terminal.shows(&["words of the first", " 1/3", "● http  ● ws"]);
    fs::write(&path, b"caf\xe9\n").unwrap();
    terminal.shows(&["words of the first", "showing the last version", "not valid UTF-8"]);
    fs::remove_file(&path).unwrap();
    terminal.shows(&["words of the first", "could not read"]);
    fs::write(&path, deck("it is back")).unwrap();
    terminal.shows(&["it is back", " 2/3"]);
    terminal.until("no error", |screen| !screen.contents().contains("last version"));
}
