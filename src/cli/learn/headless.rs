//! An exercise or a question as text or JSON, and the judgment of an answer.

use std::io::Read as _;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use serde::Deserialize;
use serde_json::json;

use crate::cli::learn::args::LearnArgs;
use crate::cli::learn::target::LearnTarget;
use crate::cli::output;
use crate::learn::{
    Answer, AnswerForm, Bank, CatalogItem, Exercise, Exhibit, ItemKind, Judgment, Question,
    Response, RightAnswer,
};
use crate::wire::format;

/// The longest answer that is read from standard input, in bytes.
const MAX_ANSWER: u64 = 1 << 20;

/// An answer to a question, as JSON.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum RawResponse {
    Chosen(Vec<usize>),
    Typed(String),
}

/// Returns an exercise or a question as text or JSON, without its solution.
pub(super) fn describe(
    args: &LearnArgs,
    item: &CatalogItem,
    bank: &Bank,
) -> anyhow::Result<String> {
    if let Some(exercise) = exercise(args, item)? {
        return Ok(if args.json {
            serde_json::to_string_pretty(&exercise)? + "\n"
        } else {
            exercise_text(&exercise)
        });
    }
    let Some(question) = bank.question(&item.name) else {
        bail!("{} is a lesson: it opens on a terminal", item.name);
    };
    Ok(if args.json {
        serde_json::to_string_pretty(&question_json(question))? + "\n"
    } else {
        question_text(question)
    })
}

/// Judges an answer and prints the judgment.
pub(super) fn judge(
    args: &LearnArgs,
    target: &LearnTarget,
    bank: &Bank,
    answer: &str,
) -> anyhow::Result<ExitCode> {
    let LearnTarget::Item(item) = target else {
        bail!("--answer needs the name of an exercise or of a question");
    };
    let mut text = answer.to_owned();
    if answer == "-" {
        text.clear();
        std::io::stdin().take(MAX_ANSWER).read_to_string(&mut text)?;
    }
    let judged = judged(args, item, bank, &text);
    let judgment = match judged {
        Ok(judgment) => judgment,
        Err(error) => {
            use std::io::Write as _;
            writeln!(std::io::stderr(), "wiretalk: {error:#}")?;
            return Ok(ExitCode::from(2));
        }
    };
    output::print_now(&(serde_json::to_string_pretty(&judgment)? + "\n"))?;
    Ok(if judgment.right { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn judged(
    args: &LearnArgs,
    item: &CatalogItem,
    bank: &Bank,
    text: &str,
) -> anyhow::Result<Judgment> {
    let expected = "an answer is JSON, as docs/lessons.md shows";
    if let Some(exercise) = exercise(args, item)? {
        if args.seed.is_none() {
            bail!("--answer needs the --seed of the exercise that it answers");
        }
        let answer: Answer = serde_json::from_str(text).context(expected)?;
        return Ok(exercise.judge(&answer)?);
    }
    let Some(question) = bank.question(&item.name) else {
        bail!("{} is a lesson: its bets are made on a terminal", item.name);
    };
    let response = match serde_json::from_str(text).context(expected)? {
        RawResponse::Chosen(chosen) => Response::Chosen(chosen),
        RawResponse::Typed(typed) => Response::Typed(typed),
    };
    Ok(question.judge(&response)?)
}

/// Returns the exercise of an item; `None` if it isn't one.
fn exercise(args: &LearnArgs, item: &CatalogItem) -> anyhow::Result<Option<Exercise>> {
    let ItemKind::Exercise(kind, level) = item.kind else { return Ok(None) };
    let seed = match args.seed {
        Some(seed) => seed,
        None => getrandom::u64().context("the system has no random numbers")?,
    };
    Ok(Some(kind.exercise(level, seed)))
}

fn exercise_text(exercise: &Exercise) -> String {
    let mut text = format!("{}\n\n", exercise.task);
    match &exercise.exhibit {
        Exhibit::Nothing => {}
        Exhibit::Bytes { bytes, .. } => text += &format!("  {}\n\n", format::hex(bytes)),
        Exhibit::Head(head) => text += &(indented(head.lines()) + "\n"),
        Exhibit::Code(lines) => text += &(indented(lines.iter().map(String::as_str)) + "\n"),
    }
    match &exercise.form {
        AnswerForm::Fields(fields) => {
            for field in fields {
                text += &format!("  {} ({})\n", field.label, field.expects);
            }
        }
        AnswerForm::ByteAndRule(choices)
        | AnswerForm::LineAndRemedy(choices)
        | AnswerForm::Order(choices) => text += &numbered(choices),
        AnswerForm::Bytes | AnswerForm::Head(_) => {}
    }
    text + &format!(
        "\nThe seed is {}; with --json it's in the form that --answer takes.\n",
        exercise.seed
    )
}

fn indented<'a>(lines: impl Iterator<Item = &'a str>) -> String {
    lines.fold(String::new(), |text, line| text + "  " + line + "\n")
}

fn numbered(choices: &[String]) -> String {
    let line = |(number, choice): (usize, &String)| format!("  {number}) {choice}");
    (1..).zip(choices).map(line).collect::<Vec<_>>().join("\n") + "\n"
}

fn question_text(question: &Question) -> String {
    let options = match &question.answer {
        RightAnswer::Choice { options, .. } | RightAnswer::Several { options, .. } => {
            numbered(options)
        }
        RightAnswer::Input { .. } => String::new(),
    };
    format!("{}\n\n{options}", question.prompt)
}

fn question_json(question: &Question) -> serde_json::Value {
    let (asks, options) = match &question.answer {
        RightAnswer::Choice { options, .. } => ("one option", options.as_slice()),
        RightAnswer::Several { options, .. } => ("all right options", options.as_slice()),
        RightAnswer::Input { .. } => ("a typed answer", &[][..]),
    };
    json!({
        "name": question.name,
        "section": question.section,
        "level": question.level,
        "prompt": question.prompt,
        "bytes": format::hex(&question.bytes),
        "asks": asks,
        "options": options,
        "hint": question.hint,
    })
}
