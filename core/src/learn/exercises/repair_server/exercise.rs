//! Makes the exercise of a seed, and judges which line and which remedy were chosen.

use std::ops::Range;

use crate::learn::draws::Draws;
use crate::learn::exercise::{Answer, AnswerForm, Exercise, ExerciseKind, Exhibit};
use crate::learn::exercises::repair_server::faults::{FAULTS, RepairFault};
use crate::learn::judgment::{Judgment, Mark, UnfitAnswer};

impl RepairFault {
    /// All faults.
    pub fn all() -> &'static [Self] {
        &FAULTS
    }

    /// Returns the fault of an exercise; `None` if it is of another kind.
    pub fn of(exercise: &Exercise) -> Option<&'static Self> {
        let is_repair = exercise.kind == ExerciseKind::RepairServer;
        is_repair.then(|| Self::draw(exercise.level, &mut Draws::new(exercise.seed)))
    }

    /// Draws a fault of a level.
    fn draw(level: u8, draws: &mut Draws) -> &'static Self {
        let of_level: Vec<&Self> = FAULTS.iter().filter(|fault| fault.level == level).collect();
        draws.pick(&of_level).copied().unwrap_or(&FAULTS[0])
    }

    /// Returns five or six remedies, the right one among them.
    fn offer(&self, draws: &mut Draws) -> Vec<String> {
        let mut futile = self.futile.to_vec();
        draws.shuffle(&mut futile);
        futile.truncate(draws.below(2).saturating_add(3));
        let others: Vec<&str> = FAULTS
            .iter()
            .filter(|other| other.check != self.check && other.remedy != self.remedy)
            .map(|other| other.remedy)
            .collect();
        let mut offered: Vec<&str> = futile;
        offered.extend([self.remedy]);
        offered.extend(draws.pick(&others));
        draws.shuffle(&mut offered);
        offered.into_iter().map(str::to_owned).collect()
    }
}

pub(crate) fn generate(level: u8, seed: u64) -> Exercise {
    let mut draws = Draws::new(seed);
    let fault = RepairFault::draw(level, &mut draws);
    let offered = fault.offer(&mut draws);
    Exercise {
        kind: ExerciseKind::RepairServer,
        level,
        seed,
        task: format!(
            "An echo server on {}, in production: {}. Choose the line that is to blame, and the \
             remedy.",
            fault.library, fault.symptom
        ),
        exhibit: Exhibit::Code(fault.server.shown()),
        form: AnswerForm::LineAndRemedy(offered),
        hints: hints(fault),
    }
}

/// Returns the hints: the reason, the region, and nearly the line.
fn hints(fault: &RepairFault) -> Vec<String> {
    let (lines, faulty) = (fault.server.shown(), fault.server.faulty_lines());
    let half = if faulty.start < lines.len().div_euclid(2) { "first" } else { "second" };
    let line = lines.get(faulty.start).map_or("", |line| line.trim());
    let word = line.split(|c: char| !c.is_alphanumeric() && c != '.').find(|word| !word.is_empty());
    vec![
        fault.why.to_owned(),
        format!("The line is in the {half} half of the code."),
        format!("It begins with “{}”.", word.unwrap_or(line)),
    ]
}

pub(crate) fn judge(exercise: &Exercise, answer: &Answer) -> Result<Judgment, UnfitAnswer> {
    let unfit = UnfitAnswer::Form { expected: "a line and a remedy" };
    let (Answer::LineAndRemedy { line, remedy }, AnswerForm::LineAndRemedy(offered)) =
        (answer, &exercise.form)
    else {
        return Err(unfit);
    };
    let fault = RepairFault::of(exercise).ok_or(unfit)?;
    let (lines, faulty) = (fault.server.shown(), fault.server.faulty_lines());
    let missing = |what, number, count| UnfitAnswer::Missing { what, number, count };
    let chosen_line = lines.get(*line).ok_or(missing("line", *line, lines.len()))?;
    let chosen = offered.get(*remedy).ok_or(missing("remedy", *remedy, offered.len()))?;
    let marks = vec![mark_line(*line, chosen_line, &faulty), mark_remedy(fault, chosen)];
    Ok(Judgment {
        right: marks.iter().all(|mark| mark.right),
        verdict: verdict(fault, &lines, &faulty, &marks),
        marks,
        why: fault.why.to_owned(),
        source: fault.source.to_owned(),
    })
}

/// Returns the first line that the repaired server has not, and the remedy.
pub(crate) fn solution(exercise: &Exercise) -> Answer {
    let fault = RepairFault::of(exercise);
    let line = fault.map_or(0, |fault| fault.server.faulty_lines().start);
    let remedy = match (&exercise.form, fault) {
        (AnswerForm::LineAndRemedy(offered), Some(fault)) => {
            offered.iter().position(|text| text == fault.remedy).unwrap_or_default()
        }
        _ => 0,
    };
    Answer::LineAndRemedy { line, remedy }
}

fn mark_line(line: usize, text: &str, faulty: &Range<usize>) -> Mark {
    let right = faulty.contains(&line);
    let text = text.trim();
    let remark = if right {
        format!("the repaired server has no `{text}`")
    } else if text.is_empty() || text == "}" {
        "nothing happens in this line".to_owned()
    } else {
        format!("the repaired server has `{text}` too")
    };
    Mark { part: "line".to_owned(), right, bytes: None, remark }
}

fn mark_remedy(fault: &RepairFault, chosen: &str) -> Mark {
    let right = chosen == fault.remedy;
    let is_futile = fault.futile.contains(&chosen);
    let remark = match (right, is_futile) {
        (true, _) => "this is what the repaired server does".to_owned(),
        (false, true) => format!("with that it is still so: {}", fault.symptom),
        (false, false) => "that is the remedy of another fault".to_owned(),
    };
    Mark { part: "remedy".to_owned(), right, bytes: None, remark }
}

/// Returns the verdict, which names the line and the remedy.
fn verdict(fault: &RepairFault, lines: &[String], faulty: &Range<usize>, marks: &[Mark]) -> String {
    let is_right = |part: &str| marks.iter().any(|mark| mark.part == part && mark.right);
    let number = faulty.start.saturating_add(1);
    let text = lines.get(faulty.start).map_or("", |line| line.trim());
    let remedy = fault.remedy;
    match (is_right("line"), is_right("remedy")) {
        (true, true) => format!("line {number}, `{text}`, and the remedy are right"),
        (true, false) => format!("the line is right; the remedy: {remedy}"),
        (false, true) => format!("the remedy is right, but of line {number}: `{text}`"),
        (false, false) => format!("it is line {number}, `{text}`. {remedy}"),
    }
}
