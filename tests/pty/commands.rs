//! Commands that print their output and end.

use serde_json::Value;

use crate::file;
use crate::pipe::{Servers, run};

#[test]
fn both_decks_have_no_warnings() {
    let run = run(&["check", "slides/talk.md", "slides/tour.md"]);
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "{}", run.stdout);
    let lines: Vec<&str> = run.stdout.lines().collect();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert_eq!(lines[0], "slides/talk.md: 82 slides, no warnings");
    assert!(
        lines[1].starts_with("slides/tour.md: ") && lines[1].ends_with(", no warnings"),
        "{lines:?}"
    );
}

/// A comment before the code names its file: `from FILE, lines 1 to 2`.
#[test]
fn the_code_on_the_slides_is_that_of_the_contestants() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let deck = std::fs::read_to_string(root.join("slides/talk.md")).unwrap();
    let mut compared = 0;
    for block in deck.split("<!-- from ").skip(1) {
        let (place, rest) = block.split_once(" -->\n\n```go\n").unwrap();
        let (shown, _) = rest.split_once("```\n").unwrap();
        let (file, lines) = place.split_once(", lines ").unwrap();
        let (first, last) = lines.split_once(" to ").unwrap();
        let [first, last]: [usize; 2] = [first, last].map(|line| line.parse().unwrap());
        let source = std::fs::read_to_string(root.join(file)).unwrap();
        let lines: Vec<&str> = source.lines().skip(first - 1).take(last + 1 - first).collect();
        assert_eq!(shown, lines.join("\n") + "\n", "{place}");
        compared += 1;
    }
    assert_eq!(compared, 5);
}

#[test]
fn the_problems_of_a_deck_are_reported_with_their_positions() {
    let deck = file(
        "bad.md",
        "# One\n\n```demo inpsect\n```\n\n---\n\n```demo inspect\nserver = 7\n```\n",
    );
    let name = deck.to_str().unwrap();
    let run = run(&["check", name]);
    assert_eq!((run.code, run.stderr.as_str()), (Some(1), ""), "{}", run.stdout);
    assert!(run.stdout.contains(&format!("{name}:3:9: ")), "{}", run.stdout);
    assert!(run.stdout.contains("did you mean `inspect`?"), "{}", run.stdout);
    assert!(run.stdout.contains(&format!("{name}:9:1: ")), "{}", run.stdout);
    assert!(run.stdout.ends_with(": 2 slides, 2 warnings\n"), "{}", run.stdout);
}

#[test]
fn the_demos_are_listed_with_their_settings() {
    let text = run(&["demos"]);
    assert_eq!(text.code, Some(0));
    for part in [
        "feed\n",
        "inspect\n",
        "race\n",
        "weigh\n",
        "```demo inspect",
        "text = \"Hello\"",
        "Ctrl-D",
    ] {
        assert!(text.stdout.contains(part), "{part:?} is not in\n{}", text.stdout);
    }
    let json: Value = serde_json::from_str(&run(&["demos", "--json"]).stdout).unwrap();
    let names: Vec<_> = json.as_array().unwrap().iter().map(|demo| demo["name"].as_str()).collect();
    let expected = [
        "feed", "inspect", "race", "grid", "weigh", "conform", "choose", "sockjs", "idle", "learn",
    ];
    assert_eq!(names, expected.map(Some));
}

#[test]
fn completions_contain_every_command() {
    let bash = run(&["completions", "bash"]);
    assert_eq!((bash.code, bash.stderr.as_str()), (Some(0), ""));
    assert!(bash.stdout.contains("complete -F _wiretalk"), "{}", bash.stdout);
    for command in [
        "check",
        "inspect",
        "decode",
        "race",
        "conform",
        "serve",
        "demos",
        "completions",
        "licenses",
    ] {
        assert!(bash.stdout.contains(&format!("wiretalk,{command})")), "{command} is missing");
    }
}

#[test]
fn the_printed_licences_are_those_of_the_file() {
    let licenses = run(&["licenses"]);
    assert_eq!((licenses.code, licenses.stderr.as_str()), (Some(0), ""));
    assert!(licenses.stdout == std::fs::read_to_string("THIRD-PARTY-LICENSES.md").unwrap());
}

#[test]
fn a_race_prints_one_json_object() {
    let race = run(&["race", "--lanes", "http-reqwest,ws", "--pairs", "1", "--json"]);
    let json: Value = serde_json::from_str(&race.stdout).unwrap();
    // Whether a run counts depends on the machine, but the exit code must say so.
    assert_eq!(race.code, Some(i32::from(json["valid"] != true)), "{}", race.stdout);
    let lanes = json["lanes"].as_array().unwrap();
    assert_eq!(lanes.len(), 2);
    for lane in lanes {
        assert!(lane["exchanges"].as_u64().unwrap() > 0, "{lane}");
        assert!(lane["p50_us"].as_f64().unwrap() > 0.0, "{lane}");
        assert!(lane["bytes_up"].as_f64().unwrap() > 32.0, "{lane}");
    }
    assert!(json["ratios"].is_array());
    assert_eq!(race.stderr, "");
}

#[test]
fn the_inspector_prints_records_of_a_real_connection() {
    let servers = Servers::start();
    let inspect =
        run(&["inspect", &servers.websocket, "--send", "Hello", "--json", "--for", "0.2"]);
    assert_eq!((inspect.code, inspect.stderr.as_str()), (Some(0), ""), "{}", inspect.stdout);
    let records: Vec<Value> =
        inspect.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    // On a busy machine the Close may be sent before the echo has arrived.
    let of = |side: &str| {
        records.iter().filter(move |record| record["from"] == side).collect::<Vec<_>>()
    };
    let [request, hello, goodbye] = of("client")[..] else { panic!("{}", inspect.stdout) };
    let [response, echo, answer] = of("server")[..] else { panic!("{}", inspect.stdout) };
    let end = &records[6];
    assert!(request["head"].as_str().unwrap().starts_with("GET "));
    assert!(response["head"].as_str().unwrap().starts_with("HTTP/1.1 101 "));
    assert_eq!(response["accept_received"], response["accept_expected"]);
    assert!(hello["raw_hex"].as_str().unwrap().starts_with("8185"), "{hello}");
    assert_eq!(echo["raw_hex"], "810548656c6c6f");
    assert_eq!((&goodbye["close_code"], &answer["close_code"]), (&1000.into(), &1000.into()));
    assert_eq!((&end["type"], &end["close_code"]), (&"end".into(), &1000.into()));
}
