//! Thousands of heads: each repaired one is accepted, and every other fault is found in its line.

use std::collections::BTreeMap;

use super::*;
use crate::wire::handshake::{AcceptMistake, AcceptValue};

const SEEDS: u64 = 2_000;

fn exercises(levels: std::ops::RangeInclusive<u8>, seeds: u64) -> impl Iterator<Item = Exercise> {
    levels.flat_map(move |level| {
        (0..seeds).map(move |seed| ExerciseKind::ForgeHandshake.exercise(level, seed))
    })
}

fn head(answer: Answer) -> String {
    let Answer::Head(head) = answer else { panic!("{answer:?}") };
    head
}

fn shown(exercise: &Exercise) -> String {
    let AnswerForm::Head(head) = &exercise.form else { panic!("{exercise:?}") };
    head.clone()
}

fn wrong_parts(judgment: &Judgment) -> Vec<&str> {
    judgment.marks.iter().filter(|mark| !mark.right).map(|mark| mark.part.as_str()).collect()
}

fn judged(exercise: &Exercise, typed: &str) -> Judgment {
    exercise.judge(&Answer::Head(typed.to_owned())).unwrap()
}

#[test]
fn every_solution_is_right_and_what_is_shown_is_wrong() {
    for exercise in exercises(1..=LEVELS, SEEDS) {
        let judgment = exercise.judge(&exercise.solution()).unwrap();
        assert!(judgment.right && wrong_parts(&judgment).is_empty(), "{exercise:?} {judgment:?}");
        assert!(!judgment.marks.is_empty());
        assert_eq!(exercise.hints.len(), 3);
        assert_eq!(exercise, ExerciseKind::ForgeHandshake.exercise(exercise.level, exercise.seed));
        let faulty = match exercise.level {
            1 => "Sec-WebSocket-Version",
            2 => "Connection",
            3 => continue,
            _ => "Sec-WebSocket-Protocol",
        };
        let judgment = judged(&exercise, &shown(&exercise));
        assert!(!judgment.right);
        assert_eq!(wrong_parts(&judgment), [faulty], "{exercise:?}");
    }
}

#[test]
fn a_line_is_left_out_or_changed_and_found() {
    for exercise in exercises(1..=2, 300) {
        let repaired = head(exercise.solution());
        for (name, part) in [
            ("Host", "Host"),
            ("Upgrade", "Upgrade"),
            ("Connection", "Connection"),
            ("Sec-WebSocket-Key", "Sec-WebSocket-Key"),
            ("Sec-WebSocket-Version", "Sec-WebSocket-Version"),
        ] {
            let line = repaired.lines().find(|line| line.starts_with(name)).unwrap();
            let without = repaired.replace(&format!("{line}\n"), "");
            assert_eq!(wrong_parts(&judged(&exercise, &without)), [part], "{without}");
            let start = repaired.find(line).unwrap();
            let twisted = format!("{name}: x, y z");
            let judgment = judged(&exercise, &repaired.replace(line, &twisted));
            let mark = judgment.marks.iter().find(|mark| !mark.right).unwrap();
            assert_eq!(
                (mark.part.as_str(), mark.bytes.clone()),
                (part, Some(start..start + twisted.len()))
            );
        }
        let moved = repaired.replacen("GET /", "GET /other/", 1);
        assert_eq!(wrong_parts(&judged(&exercise, &moved)), ["request line"]);
        let host = repaired.replacen("Host: ", "Host: a.", 1).replacen("a.[", "[", 1);
        if host != repaired {
            assert_eq!(wrong_parts(&judged(&exercise, &host)), ["Host"], "{host}");
        }
        let more = format!("{repaired}\nhello\n");
        let judgment = judged(&exercise, &more);
        assert_eq!(wrong_parts(&judgment), ["end"], "{judgment:?}");
        assert_eq!(judgment.marks.last().unwrap().bytes.clone().unwrap().start, repaired.len() + 1);
        for broken in [" Host: x\n", "Content-Length: 5\n", "no header\n"] {
            let text = format!("{repaired}{broken}");
            let judgment = judged(&exercise, &text);
            assert!(!judgment.right && !wrong_parts(&judgment).is_empty(), "{text} {judgment:?}");
        }
    }
}

#[test]
fn every_legal_way_to_repair_a_request_is_right() {
    for exercise in exercises(1..=2, 100) {
        let repaired = head(exercise.solution());
        for (from, to) in [
            ("Connection: Upgrade", "connection: keep-alive, upgrade"),
            ("Upgrade: websocket", "UPGRADE: WebSocket"),
            ("Sec-WebSocket-Version: 13", "sec-websocket-version:13"),
            ("\n", "\r\n"),
            ("Sec-WebSocket-Version: 13\n", "X-Debug: 1\nSec-WebSocket-Version: 13\n"),
        ] {
            let text = repaired.replace(from, to);
            assert!(judged(&exercise, &text).right, "{text}");
        }
        assert!(judged(&exercise, repaired.trim_end()).right);
        let sent = format!("{}\r\n", repaired.replace('\n', "\r\n")).into_bytes();
        let check = exercise.live_check(&Answer::Head(repaired.clone()));
        assert_eq!(check, Some(LiveCheck::Request(sent)));
    }
}

#[test]
fn every_choice_from_the_offer_is_right_and_no_other() {
    for exercise in exercises(4..=4, 500) {
        let Exhibit::Head(request) = &exercise.exhibit else { panic!() };
        let offered = offer(request).subprotocols;
        let bare = head(exercise.solution());
        let lines = bare.lines().filter(|line| !line.starts_with("Sec-WebSocket-Protocol"));
        let bare = lines.collect::<Vec<_>>().join("\n") + "\n";
        assert_eq!(judged(&exercise, &bare).right, offered.is_empty());
        for name in drawing::PROTOCOLS {
            let text = format!("{bare}Sec-WebSocket-Protocol: {name}\n");
            let judgment = judged(&exercise, &text);
            assert_eq!(judgment.right, offered.iter().any(|offered| offered == name), "{text}");
            if !judgment.right {
                assert_eq!(wrong_parts(&judgment), ["Sec-WebSocket-Protocol"]);
            }
        }
        let accept = exercise.solution();
        let other = head(accept).replace("Accept: ", "Accept: A");
        assert_eq!(wrong_parts(&judged(&exercise, &other)), ["Sec-WebSocket-Accept"]);
        let status = shown(&exercise).replacen("101", "200", 1);
        assert_eq!(wrong_parts(&judged(&exercise, &status))[0], "status line");
        let check = exercise.live_check(&exercise.solution());
        assert!(matches!(check, Some(LiveCheck::Response { .. })), "{check:?}");
    }
}

#[test]
fn the_accept_value_alone_is_enough_and_a_usual_mistake_is_named() {
    for exercise in exercises(3..=3, 500) {
        let Answer::Fields(solution) = exercise.solution() else { panic!() };
        let typed = |change: &[(&str, &str)]| {
            let fields: BTreeMap<String, String> =
                change.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
            exercise.judge(&Answer::Fields(fields)).unwrap()
        };
        let value = solution["accept"].as_str();
        assert!(typed(&[("accept", value)]).right);
        assert_eq!(wrong_parts(&typed(&[])), ["accept"]);
        assert_eq!(wrong_parts(&typed(&[("accept", value), ("digest", "00")])), ["digest"]);
        assert_eq!(wrong_parts(&typed(&[("accept", value), ("text", "x")])), ["text"]);
        let Exhibit::Head(request) = &exercise.exhibit else { panic!() };
        let accept: AcceptValue = accept::of_request(request);
        for mistake in [AcceptMistake::GuidMissing, AcceptMistake::KeyWasDecoded] {
            let wrong = mistake.wrong_value(&accept).unwrap();
            let judgment = typed(&[("accept", &wrong)]);
            let clause = mistake.description().strip_prefix("the server ").unwrap();
            assert!(judgment.marks[0].remark.contains(clause), "{judgment:?}");
            assert_eq!(judgment.verdict, format!("the accept value is {value}"));
            let key = judgment.marks[0].bytes.clone().unwrap();
            assert_eq!(request[key], accept.key);
        }
    }
}

#[test]
fn a_refusal_names_the_status_and_what_would_be_right() {
    let exercise = exercises(1..=1, SEEDS)
        .find(|exercise| !shown(exercise).contains("Sec-WebSocket-Version"))
        .unwrap();
    assert!(exercise.task.contains("with 400"), "{}", exercise.task);
    let shown = shown(&exercise);
    assert_eq!(
        judged(&exercise, &shown).verdict,
        "still 400: Sec-WebSocket-Version: 13 is missing"
    );
    let old = format!("{shown}Sec-WebSocket-Version: 8\n");
    assert_eq!(judged(&exercise, &old).verdict, "still 426: the version of RFC 6455 is 13");
    assert!(exercise.judge(&Answer::Bytes("81".to_owned())).is_err());
}
