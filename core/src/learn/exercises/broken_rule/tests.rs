//! The exercises of many seeds: one fault each, and only the right byte and rule are taken.

use std::collections::BTreeSet;

use super::*;
use crate::learn::exercise::Answer;
use crate::sloppy::misbehaviors;
use crate::wire::Severity;
use crate::wire::handshake::ProblemCode;

const SEEDS: u64 = 2_000;

fn exercises(level: u8) -> impl Iterator<Item = Exercise> {
    (0..SEEDS).map(move |seed| generate(level, seed))
}

fn offered(exercise: &Exercise) -> &[String] {
    let AnswerForm::ByteAndRule(offered) = &exercise.form else { panic!("{:?}", exercise.form) };
    offered
}

#[test]
fn every_exercise_has_exactly_the_fault_that_it_was_made_for() {
    let mut found = BTreeSet::new();
    for level in 1..SLOPPY_LEVEL {
        for exercise in exercises(level) {
            let evidence = Evidence::find(&exercise.exhibit)
                .unwrap_or_else(|| panic!("level {level}, seed {}: {exercise:?}", exercise.seed));
            let is_possible = |violation: &&Violation| {
                violation.code == evidence.fault.code && violation.level == level
            };
            assert!(VIOLATIONS.iter().any(|violation| is_possible(&violation)), "{exercise:?}");
            assert!((2..=256).contains(&evidence.bytes.len()), "{exercise:?}");
            assert_eq!(exercise.hints.len(), 3);
            found.insert((level, evidence.fault.code));
        }
    }
    let all: BTreeSet<_> =
        VIOLATIONS.iter().map(|violation| (violation.level, violation.code)).collect();
    assert_eq!(found, all, "every violation comes");
}

#[test]
fn every_path_of_the_sloppy_server_that_breaks_a_rule_comes() {
    let mut paths = BTreeSet::new();
    for exercise in exercises(SLOPPY_LEVEL) {
        let visit = SloppyVisit::of(&exercise).unwrap();
        let proof = Proof::find(&exercise.exhibit)
            .unwrap_or_else(|| panic!("{} at seed {}: {exercise:?}", visit.path, exercise.seed));
        assert_eq!(proof.broken_rule(), visit.broken_rule, "{exercise:?}");
        assert!((2..=256).contains(&proof.byte_count()), "{exercise:?}");
        assert_eq!(exercise.hints.len(), 3);
        let shown = match &exercise.exhibit {
            Exhibit::Bytes { bytes, .. } => bytes == &visit.replies,
            Exhibit::Response { head, .. } => {
                head.replace('\n', "\r\n").as_bytes() == visit.response
            }
            _ => false,
        };
        assert!(shown && !exercise.task.contains(&visit.path), "{exercise:?}");
        paths.insert(visit.path);
    }
    let breaks = |rule: BrokenRule| match rule {
        BrokenRule::Handshake(_) => true,
        BrokenRule::Frames(code) => code.rule().severity == Severity::Fatal,
        BrokenRule::Silence => false,
    };
    let all = misbehaviors::all().filter(|path| breaks(path.broken_rule));
    assert_eq!(paths, all.map(|path| format!("/{}", path.name)).collect());
    assert_eq!(SloppyVisit::of(&generate(1, 1)), None);
}

#[test]
fn a_verdict_on_a_response_names_the_line() {
    let is_of = |code: ProblemCode| {
        move |exercise: &Exercise| {
            let proof = Proof::find(&exercise.exhibit).unwrap();
            proof.broken_rule() == BrokenRule::Handshake(code)
        }
    };
    let find = |code| exercises(SLOPPY_LEVEL).find(is_of(code)).unwrap();
    let verdict = |exercise: &Exercise| exercise.judge(&exercise.solution()).unwrap().verdict;
    let missing = find(ProblemCode::UpgradeMissing);
    assert_eq!(verdict(&missing), "line 4 (the blank line) proves it: there is no Upgrade");
    let status = find(ProblemCode::Status);
    assert_eq!(verdict(&status), "line 1 (the status line) proves it: the status is not 101");
    let Answer::ByteAndRule { rule, .. } = status.solution() else { panic!("{status:?}") };
    let judgment = status.judge(&Answer::ByteAndRule { byte: 20, rule }).unwrap();
    let remarks: Vec<&str> = judgment.marks.iter().map(|mark| mark.remark.as_str()).collect();
    assert_eq!(
        remarks,
        ["line 2 (Upgrade): no rule is broken here", "this is RFC 6455 §4.1(1), §4.4"]
    );
    assert_eq!(judgment.marks[0].bytes, Some(0.."HTTP/1.1 200 OK\n".len()));
}

#[test]
fn the_solution_is_right_and_every_other_answer_wrong() {
    for level in 1..=LEVELS {
        for exercise in exercises(level) {
            let solution = exercise.solution();
            let judgment = exercise.judge(&solution).unwrap();
            assert!(judgment.right && judgment.marks.iter().all(|mark| mark.right), "{judgment:?}");
            let Answer::ByteAndRule { byte: right_byte, rule: right_rule } = solution else {
                panic!("{solution:?}")
            };
            let proof = Proof::find(&exercise.exhibit).unwrap();
            let (span, last) = (proof.span(), proof.byte_count() - 1);
            // All bytes of every eighth exercise, of the others those at the edges.
            let edges = [0, span.start.saturating_sub(1), span.end, last];
            for byte in 0..=last {
                if exercise.seed % 8 > 0 && !edges.contains(&byte) {
                    continue;
                }
                let judgment =
                    exercise.judge(&Answer::ByteAndRule { byte, rule: right_rule }).unwrap();
                assert_eq!(judgment.right, span.contains(&byte), "{exercise:?} {byte}");
                assert_eq!(judgment.marks[0].bytes, Some(span.clone()));
                assert!(judgment.marks[1].right);
            }
            for rule in 0..offered(&exercise).len() {
                let judgment =
                    exercise.judge(&Answer::ByteAndRule { byte: right_byte, rule }).unwrap();
                assert_eq!(judgment.right, rule == right_rule, "{exercise:?} {rule}");
            }
        }
    }
}

#[test]
fn six_to_eight_different_rules_are_offered_and_the_right_one_stands_anywhere() {
    let mut places = [0_usize; 8];
    for exercise in (1..=LEVELS).flat_map(exercises) {
        let rules: BTreeSet<_> = offered(&exercise).iter().collect();
        assert!((6..=8).contains(&rules.len()) && rules.len() == offered(&exercise).len());
        let Answer::ByteAndRule { rule, .. } = exercise.solution() else { panic!("{exercise:?}") };
        places[rule] += 1;
    }
    let most = places.iter().max().unwrap();
    assert!(*most < SEEDS as usize * usize::from(LEVELS) / 5, "{places:?}");
}

#[test]
fn one_rule_that_is_always_chosen_is_seldom_right() {
    for level in 1..=LEVELS {
        let broken: Vec<BrokenRule> = exercises(level)
            .filter_map(|exercise| Proof::find(&exercise.exhibit))
            .map(|proof| proof.broken_rule())
            .collect();
        for rule in &broken {
            let count = broken.iter().filter(|other| *other == rule).count();
            assert!(count < SEEDS as usize * 2 / 5, "{rule:?} at level {level}: {count}");
        }
    }
}

#[test]
fn an_answer_that_does_not_fit_is_refused() {
    let exercise = generate(1, 1);
    let refused = |answer: Answer| exercise.judge(&answer).unwrap_err().to_string();
    assert_eq!(refused(Answer::Order(Vec::new())), "the exercise asks for a byte and a rule");
    assert!(
        refused(Answer::ByteAndRule { byte: 999, rule: 0 }).starts_with("there is no byte 999:")
    );
    assert!(refused(Answer::ByteAndRule { byte: 0, rule: 8 }).starts_with("there is no rule 8:"));
}

#[test]
fn a_verdict_names_the_byte_and_the_rule() {
    let exhibit =
        Exhibit::Bytes { from: Side::Server, bytes: vec![0x09, 0x01, 0x61], deflate: false };
    let exercise = Exercise { exhibit, ..generate(1, 1) };
    let form = ["A control frame is never fragmented.", "A server never sends a ping."];
    let form = AnswerForm::ByteAndRule(form.map(str::to_owned).to_vec());
    let exercise = Exercise { form, ..exercise };
    let judgment = exercise.judge(&Answer::ByteAndRule { byte: 2, rule: 1 }).unwrap();
    assert_eq!(
        judgment.verdict,
        "the byte is 0 (0x09) and the rule “A control frame is never fragmented”: a control frame \
         with FIN = 0"
    );
    let remarks: Vec<_> = judgment.marks.iter().map(|mark| mark.remark.as_str()).collect();
    assert_eq!(
        remarks,
        [
            "byte 2 (frame 1, payload \"a\"): no rule is broken here",
            "there is no such rule: either side may ping (RFC 6455 §5.5.2)"
        ]
    );
    assert_eq!(judgment.source, "RFC 6455 §5.5");
}
