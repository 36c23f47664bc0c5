//! `wiretalk learn`: what is answered is kept, whatever happens to the program or to the file.

use std::fs;
use std::path::Path;
use std::time::Instant;

use rustix::process::Signal;

use crate::pipe::run;
use crate::terminal::{ESC, Terminal};
use crate::{DEADLINE, file};

/// Returns the state of an item in the list.
fn state(progress: &str, item: &str) -> String {
    let list = run(&["learn", "--list", "--json", "--progress", progress]);
    assert_eq!(list.code, Some(0), "{}", list.stderr);
    let items: serde_json::Value = serde_json::from_str(&list.stdout).unwrap();
    let items = items.as_array().unwrap();
    let found = items.iter().find(|own| own["name"] == item).unwrap();
    found["state"].as_str().unwrap().to_owned()
}

/// Waits until an item has this state.
fn wait_for(progress: &str, item: &str, expected: &str) {
    let start = Instant::now();
    while state(progress, item) != expected {
        assert!(start.elapsed() < DEADLINE, "{item} is {}", state(progress, item));
    }
}

/// Returns the path of a file that does not exist.
fn missing(name: &str) -> String {
    let path = file(name, "");
    fs::remove_file(&path).unwrap();
    let _ = fs::remove_file(path.with_extension("jsonl.lock"));
    path.to_str().unwrap().to_owned()
}

/// Returns a question that is answered by typing, and its right answer.
fn typed_question() -> (&'static str, &'static str) {
    ("payload-length", "5")
}

#[test]
fn an_answer_survives_a_kill_in_the_middle_of_the_next_one() {
    let progress = &missing("killed.jsonl");
    let (name, right) = typed_question();
    let mut terminal = Terminal::open(&["learn", name, "--progress", progress]);
    terminal.shows(&["your answer"]);
    terminal.keys(&format!("{right}\r"));
    terminal.shows(&["✓ 5", "1 of 1 right"]);
    wait_for(progress, name, "done");
    terminal.keys("\r");
    terminal.until("the next task", |screen| !screen.contents().contains("✓ 5"));
    terminal.keys("1");
    terminal.signal(Signal::KILL);
    terminal.end();
    assert_eq!(state(progress, name), "done");
    let mut again = Terminal::open(&["learn", "--progress", progress]);
    again.shows(&["1 of ", " done"]);
}

#[test]
fn two_instances_keep_each_others_answers() {
    let progress = &missing("two.jsonl");
    let (name, right) = typed_question();
    let mut one = Terminal::open(&["learn", name, "--progress", progress]);
    let mut other = Terminal::open(&["learn", "close-code", "--progress", progress]);
    one.shows(&["your answer"]);
    other.shows(&["your answer"]);
    one.keys(&format!("{right}\r"));
    other.keys("7\r");
    one.shows(&["1 of 1 right"]);
    other.shows(&["you answered 7; it is 1000"]);
    wait_for(progress, name, "done");
    wait_for(progress, "close-code", "wrong");
    one.keys(ESC);
    one.shows(&["1 of ", "✗", "✓"]);
}

#[test]
fn a_broken_file_is_set_aside_and_named() {
    let broken = "{\"at\":1,\"item\":\"close-code\",\"right\":true}\n{\"at\":2,\"it";
    let path = file("broken.jsonl", broken);
    let copy = path.with_extension("jsonl.broken-1");
    let _ = fs::remove_file(&copy);
    let mut terminal = Terminal::open(&["learn", "--progress", path.to_str().unwrap()]);
    terminal.shows(&["the progress file had 1 broken line; a copy of it is in"]);
    assert_eq!(fs::read_to_string(&copy).unwrap(), broken);
    assert_eq!(state(path.to_str().unwrap(), "close-code"), "due");
}

#[test]
fn without_a_place_to_write_nothing_is_kept_and_that_is_said_once() {
    let folder = file("a-file", "");
    let path = Path::new(&folder).join("progress.jsonl");
    let (name, right) = typed_question();
    let mut terminal = Terminal::open(&["learn", name, "--progress", path.to_str().unwrap()]);
    terminal.shows(&["your answer"]);
    terminal.keys(&format!("{right}\r"));
    terminal.shows(&["can't keep progress in", "✓ 5"]);
    terminal.keys("e5\r");
    terminal.until("no notice", |screen| !screen.contents().contains("can't keep"));
}

#[test]
fn the_strict_server_settles_a_frame_that_is_typed() {
    let progress = &missing("frame.jsonl");
    let mut terminal =
        Terminal::open(&["learn", "write-frame", "--seed", "7", "--progress", progress]);
    terminal.shows(&["bytes ▸"]);
    // A frame with a reserved opcode (RFC 6455 section 5.2).
    terminal.keys("83 80 00 00 00 00\r");
    terminal.shows(&["The strict server sent a Close with 1002", "88 ", "✗"]);
    terminal.keys("i");
    terminal.shows(&["83 80"]);
    terminal.keys(ESC);
    terminal.shows(&["The strict server sent a Close with 1002"]);
}

#[test]
fn an_exercise_is_printed_and_judged_without_a_screen() {
    let shown = run(&["learn", "read-frame", "--seed", "7", "--json"]);
    assert_eq!(shown.code, Some(0), "{}", shown.stderr);
    let exercise: serde_json::Value = serde_json::from_str(&shown.stdout).unwrap();
    assert_eq!(exercise["seed"], 7);
    assert!(exercise.get("solution").is_none());
    let answer = r#"{"fields":{"fin":"0"}}"#;
    let judged = run(&["learn", "read-frame", "--seed", "7", "--answer", answer]);
    assert_eq!(judged.code, Some(1), "{}", judged.stderr);
    assert!(judged.stdout.contains("\"right\": false"), "{}", judged.stdout);
    for (item, answer, reason) in [
        ("read-frame", r#"{"fields":{"fin":"7"}}"#, "FIN: \"7\" isn't a bit; type 0 or 1"),
        ("read-frame", r#"{"fields":{"key":"37 f"}}"#, "masking key: \"37 f\" isn't bytes in hex"),
        ("write-frame", r#"{"bytes":"81 8"}"#, "has an odd number of hex digits"),
        ("close-code", r#"{"typed":"1oo1"}"#, "\"1oo1\" isn't a whole number"),
        ("close-code", r#"{"chosen":[0]}"#, "the question asks for a typed answer"),
    ] {
        let refused = run(&["learn", item, "--seed", "7", "--answer", answer]);
        assert_eq!((refused.code, refused.stdout.as_str()), (Some(2), ""), "{answer}");
        assert!(refused.stderr.contains(reason), "{}", refused.stderr);
    }
    let unfit = run(&["learn", "read-frame", "--seed", "7", "--answer", r#"{"bytes":"81"}"#]);
    assert_eq!(unfit.code, Some(2));
    assert!(unfit.stderr.contains("the exercise asks for"), "{}", unfit.stderr);
    let unknown = run(&["learn", "read-fame"]);
    assert_eq!(unknown.code, Some(1));
    assert!(unknown.stderr.contains("did you mean `read-frame`"), "{}", unknown.stderr);
}
