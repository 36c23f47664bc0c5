//! What `inspect --json` writes: one record a line.

use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// Runs wiretalk with these arguments; `stdin` is its standard input.
pub(crate) fn wiretalk(arguments: &[&str], stdin: Stdio) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wiretalk"));
    command.args(arguments).stdin(stdin).output().unwrap()
}

/// Parses the records of an output.
///
/// # Errors
/// The standard error of a program that wrote no record, or the line that is no JSON.
pub(crate) fn parse(output: &Output) -> Result<Vec<Value>, String> {
    let text = String::from_utf8_lossy(&output.stdout);
    let records: Result<Vec<Value>, String> = text
        .lines()
        .map(|line| serde_json::from_str(line).map_err(|error| format!("{error}: {line}")))
        .collect();
    match records {
        Ok(records) if records.is_empty() => {
            Err(format!("no records: {}", String::from_utf8_lossy(&output.stderr).trim()))
        }
        other => other,
    }
}

/// Returns the records of one type, such as `frame`.
pub(crate) fn of_type<'a>(
    records: &'a [Value],
    kind: &'a str,
) -> impl Iterator<Item = &'a Value> + use<'a> {
    records.iter().filter(move |record| record["type"] == kind)
}

/// Returns the text of a frame, or of the message that ends with it if it is compressed or
/// fragmented.
pub(crate) fn text(frame: &Value) -> Option<&str> {
    frame["text"].as_str().or_else(|| frame["message_text"].as_str())
}

/// Returns the problems of handshakes and the violations of frames.
pub(crate) fn problems(records: &[Value]) -> impl Iterator<Item = &Value> {
    let lists = records.iter().flat_map(|record| [&record["problems"], &record["violations"]]);
    lists.filter_map(Value::as_array).flatten()
}
