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
    let expected = |example: &str| format!("expected an answer such as {example}");
    if let Some(exercise) = exercise(args, item)? {
        if args.seed.is_none() {
            bail!("--answer needs the --seed of the exercise that it answers");
        }
        let example = example_for(&exercise.form);
        let answer: Answer = serde_json::from_str(text).with_context(|| expected(&example))?;
        return Ok(exercise.judge(&answer)?);
    }
    let Some(question) = bank.question(&item.name) else {
        bail!("{} is a lesson: its bets are made on a terminal", item.name);
    };
    let example = match &question.answer {
        RightAnswer::Choice { .. } => r#"{"chosen": [1]}"#,
        RightAnswer::Several { .. } => r#"{"chosen": [0, 2]}"#,
        RightAnswer::Input { .. } => r#"{"typed": "1009"}"#,
    };
    let response = match serde_json::from_str(text).with_context(|| expected(example))? {
        RawResponse::Chosen(chosen) => Response::Chosen(chosen),
        RawResponse::Typed(typed) => Response::Typed(typed),
    };
    Ok(question.judge(&response)?)
}

/// Returns an answer of a form, as JSON.
fn example_for(form: &AnswerForm) -> String {
    let example = match form {
        AnswerForm::Fields(fields) => {
            let fields = fields.iter().map(|field| format!(r#""{}": "...""#, field.name));
            let fields = fields.collect::<Vec<_>>().join(", ");
            return format!(r#"{{"fields": {{{fields}}}}}"#);
        }
        AnswerForm::Bytes => r#"{"bytes": "81 85 01 02 03 04 49 67 6f 68 6e"}"#,
        AnswerForm::Head(_) => r#"{"head": "GET / HTTP/1.1\nHost: example.com\n"}"#,
        AnswerForm::ByteAndRule(_) => r#"{"byte_and_rule": {"byte": 0, "rule": 2}}"#,
        AnswerForm::Order(_) => r#"{"order": [2, 0, 1]}"#,
        AnswerForm::LineAndRemedy(_) => r#"{"line_and_remedy": {"line": 4, "remedy": 1}}"#,
    };
    example.to_owned()
}

/// Whether an answer has indexes, which count from 0 where the text numbers from 1.
fn counts_from_0(form: &AnswerForm) -> bool {
    use AnswerForm::{ByteAndRule, LineAndRemedy, Order};
    matches!(form, ByteAndRule(_) | Order(_) | LineAndRemedy(_))
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
        Exhibit::Response { key, head } => {
            text += &format!("The response to the key {key}:\n\n{}\n", indented(head.lines()));
        }
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
        "\nAnswer with wiretalk learn {} --level {} --seed {} --answer '{}'\n{}",
        exercise.kind.name(),
        exercise.level,
        exercise.seed,
        example_for(&exercise.form),
        if counts_from_0(&exercise.form) { "Indexes count from 0.\n" } else { "" }
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
