//! The servers have one fault each, and only its line and remedy are taken.

use std::collections::BTreeSet;

use super::*;
use crate::learn::exercise::{Answer, AnswerForm, Exercise, Exhibit};

const SEEDS: u64 = 2_000;

fn parts(exercise: &Exercise) -> (&[String], &[String]) {
    let (Exhibit::Code(lines), AnswerForm::LineAndRemedy(remedies)) =
        (&exercise.exhibit, &exercise.form)
    else {
        panic!("{exercise:?}")
    };
    (lines, remedies)
}

#[test]
fn a_broken_server_differs_from_the_repaired_one_in_one_line() {
    for fault in RepairFault::all() {
        let (name, lines) = (fault.server.name, fault.server.shown());
        assert_eq!(fault.server.faulty_lines().len(), 1, "{name}: {lines:#?}");
        assert!((6..=20).contains(&lines.len()), "{name} has {} lines", lines.len());
        assert!(lines.iter().all(|line| line.chars().count() <= 76), "{name}: {lines:#?}");
        for source in [fault.server.broken, fault.server.repaired] {
            assert!(source.contains("listen.Serve("), "{name}");
        }
        assert_eq!(fault.futile.iter().collect::<BTreeSet<_>>().len(), 4, "{name}");
    }
    let names: BTreeSet<_> = RepairFault::all().iter().map(|fault| fault.server.name).collect();
    assert_eq!(names.len(), RepairFault::all().len());
}

#[test]
fn the_solution_is_right_and_every_other_answer_wrong() {
    for level in 1..=LEVELS {
        let mut seen = BTreeSet::new();
        for seed in 0..SEEDS {
            let exercise = generate(level, seed);
            let (lines, remedies) = parts(&exercise);
            assert!((5..=6).contains(&remedies.len()));
            assert_eq!(remedies.iter().collect::<BTreeSet<_>>().len(), remedies.len());
            let Answer::LineAndRemedy { line: right_line, remedy: right_remedy } =
                exercise.solution()
            else {
                panic!("{exercise:?}")
            };
            for line in 0..lines.len() {
                for remedy in 0..remedies.len() {
                    // All pairs of some exercises, of the others those with one right part.
                    if seed > 50 && line != right_line && remedy != right_remedy {
                        continue;
                    }
                    let judgment = exercise.judge(&Answer::LineAndRemedy { line, remedy }).unwrap();
                    let is_right = [line == right_line, remedy == right_remedy];
                    assert_eq!(judgment.right, is_right == [true; 2], "{judgment:?}");
                    let marks = [judgment.marks[0].right, judgment.marks[1].right];
                    assert_eq!(marks, is_right, "{judgment:?}");
                    let number = format!("line {}", right_line + 1);
                    assert!(is_right[0] || judgment.verdict.contains(&number), "{judgment:?}");
                    let remedy = &remedies[right_remedy];
                    assert!(is_right[1] || judgment.verdict.contains(remedy), "{judgment:?}");
                }
            }
            assert_eq!(exercise.hints.len(), 3);
            seen.insert(RepairFault::of(&exercise).unwrap().server.name);
        }
        let all = RepairFault::all().iter().filter(|fault| fault.level == level);
        assert_eq!(seen.len(), all.count());
    }
}

#[test]
fn an_answer_that_does_not_fit_is_refused() {
    let exercise = generate(1, 1);
    let refused = |answer: Answer| exercise.judge(&answer).unwrap_err().to_string();
    assert_eq!(refused(Answer::Order(Vec::new())), "the exercise asks for a line and a remedy");
    let line = Answer::LineAndRemedy { line: 99, remedy: 0 };
    assert!(refused(line).starts_with("there is no line 99:"));
    let remedy = Answer::LineAndRemedy { line: 0, remedy: 9 };
    assert!(refused(remedy).starts_with("there is no remedy 9:"));
}
