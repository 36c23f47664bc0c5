//! Where a deck comes from and where it goes on: pipes, the place of the last run, keys of a file.

use crate::file;
use crate::terminal::{RIGHT, TRUE_COLOR, Terminal};

const DECK: &str =
    "# One\n\nAlpha\n\n---\n\n# Beta\n\nfirst\n\n<!-- pause -->\n\nsecond\n\n---\n\n# Gamma\n";

#[test]
fn what_is_piped_is_presented_and_keys_come_from_the_terminal() {
    let deck = file("piped.md", DECK);
    let deck = deck.to_str().unwrap();
    for command in [
        format!("cat '{deck}' | \"$0\""),
        format!("\"$0\" < '{deck}'"),
        format!("\"$0\" - < '{deck}'"),
    ] {
        let mut terminal = Terminal::with_shell(&command);
        terminal.shows(&["Alpha", " 1/3"]);
        terminal.keys(RIGHT);
        terminal.shows(&["first", "2/3"]);
        terminal.keys("q");
        assert_eq!(terminal.end().code(), Some(0), "{command}");
        terminal.assert_restored();
    }
}

#[test]
fn an_empty_or_missing_pipe_is_told() {
    for (command, expected) in [
        ("\"$0\" < /dev/null", "standard input is empty, so there is no deck to present"),
        ("printf ' \\n' | \"$0\" -", "standard input is empty"),
        ("\"$0\" -", "reads the deck from standard input, which is a terminal"),
        ("printf '\\377' | \"$0\"", "standard input:1: the deck is not valid UTF-8"),
    ] {
        let mut terminal = Terminal::with_shell(command);
        assert_eq!(terminal.end().code(), Some(1), "{command}");
        let shown = terminal.screen().contents().replace('\n', " ");
        assert!(shown.contains(expected), "{command}: {shown}");
        assert!(!terminal.raw().windows(8).any(|bytes| bytes == b"\x1b[?1049h"), "{command}");
    }
}

#[test]
fn a_run_resumes_where_the_last_one_of_its_deck_ended() {
    let deck = file("resumed.md", DECK);
    let deck = deck.to_str().unwrap();
    let state = std::path::Path::new(deck).with_extension("state");
    let _ = std::fs::remove_dir_all(&state);
    let state = state.to_str().unwrap();
    let variables = [TRUE_COLOR.as_slice(), &[("XDG_STATE_HOME", state)]].concat();
    let mut terminal = Terminal::with(&variables, &[deck, "--resume"]);
    terminal.shows(&["Alpha", "no earlier run of this deck is known"]);
    terminal.keys(RIGHT);
    terminal.keys(RIGHT);
    terminal.shows(&["second"]);
    terminal.keys("q");
    assert_eq!(terminal.end().code(), Some(0));

    let mut terminal = Terminal::with(&variables, &[deck]);
    terminal.shows(&["Alpha"]);
    terminal.signal(rustix::process::Signal::KILL);
    terminal.end();
    let mut terminal = Terminal::with(&variables, &[deck, "--resume"]);
    terminal.shows(&["Beta", "second", "2/3"]);
    terminal.keys("q");
    assert_eq!(terminal.end().code(), Some(0));

    let places = std::path::Path::new(state).join("wiretalk/places.json");
    std::fs::write(&places, "{").unwrap();
    let mut terminal = Terminal::with(&variables, &[deck, "--resume"]);
    terminal.shows(&["Alpha", "places.json is damaged"]);
    terminal.keys("q");
    assert_eq!(terminal.end().code(), Some(0));
    assert!(terminal.screen().contents().contains("is damaged"), "{:?}", terminal.rows());
    assert_eq!(std::fs::read_to_string(&places).unwrap(), "{", "it stays as it is");
}

#[test]
fn a_run_starts_where_it_is_told() {
    let deck = file("from.md", DECK);
    let deck = deck.to_str().unwrap();
    let mut terminal = Terminal::open(&[deck, "--from", "3"]);
    terminal.shows(&["Gamma", "3/3"]);
    terminal.keys("q");
    assert_eq!(terminal.end().code(), Some(0));
    let mut terminal = Terminal::open(&[deck, "--from", "4"]);
    assert_eq!(terminal.end().code(), Some(1));
    let shown = terminal.screen().contents();
    assert!(
        shown.contains("there is no slide 4: the deck has 3, so --from takes 1 to 3"),
        "{shown}"
    );
}

#[test]
fn keys_of_a_file_are_in_force_and_its_faults_are_told() {
    let deck = file("own-keys.md", DECK);
    let keys = file("own-keys.toml", "next = [\"x\"]\nprevius = [\"y\"]\n");
    let (deck, keys) = (deck.to_str().unwrap(), keys.to_str().unwrap());
    let mut terminal = Terminal::open(&[deck, "--keys", keys]);
    terminal.shows(&["Alpha", "own-keys.toml:2:1: unknown action"]);
    terminal.keys("x");
    terminal.shows(&["first"]);
    terminal.keys("q");
    assert_eq!(terminal.end().code(), Some(0));
    let mut terminal = Terminal::open(&["check", "--keys", keys]);
    assert_eq!(terminal.end().code(), Some(1));
    let shown = terminal.screen().contents().replace('\n', "");
    assert!(shown.contains("unknown action `previus`; did you mean `previous`?"), "{shown}");
    assert!(shown.contains("own-keys.toml: 1 warning"), "{shown}");
}
