//! One case of `cases.json`, and whether it holds.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde::Deserialize;
use serde_json::Value;

use crate::record;

/// A file, how the program is called on it, and what it must show.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    pub id: String,
    kind: String,
    source: String,
    why: String,
    command: CaseCommand,
    /// Arguments before the file. `@NAME` is the path of another file of the folder.
    arguments: Vec<String>,
    pub file: String,
    expect: Expectation,
}

#[derive(Clone, Copy, Deserialize)]
enum CaseCommand {
    #[serde(rename = "decode")]
    Decode,
    #[serde(rename = "inspect")]
    Inspect,
    /// The file comes on standard input.
    #[serde(rename = "inspect -")]
    InspectStdin,
}

/// What is expected of one case; at least one of the fields is there. A code may end with `*`.
#[derive(Default, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
struct Expectation {
    /// All frames of the file, in order.
    frames: Option<Vec<ExpectedFrame>>,
    /// Frames that are among those of the file.
    contains: Vec<ExpectedFrame>,
    /// The number of payload bytes of each frame that were not captured.
    not_captured: Option<Vec<u64>>,
    /// The verdicts of the last handshake records.
    handshake_verdicts: Vec<String>,
    /// Codes of problems that are reported.
    codes: Vec<String>,
    /// Codes of which at least one is reported.
    any_code: Vec<String>,
    /// Codes that are not reported.
    no_codes: Vec<String>,
    /// A part of a note, in any case of letters.
    note: Option<String>,
    /// A part of a hint, in any case of letters.
    hint: Option<String>,
    /// Parts of what says how the connection ended, in any case of letters.
    end: Vec<String>,
    /// Whether no end record may have a close code.
    no_close_code: bool,
    /// The largest number of records.
    max_records: Option<usize>,
    /// `decode`: the texts of all messages.
    texts: Option<Vec<Option<String>>>,
    /// `decode`: the verdict.
    verdict: Option<String>,
}

/// The sender, the name of the opcode, and the text; a text that is null isn't compared.
#[derive(Deserialize, PartialEq)]
struct ExpectedFrame(String, String, Option<String>);

impl ExpectedFrame {
    fn is(&self, frame: &Value) -> bool {
        let text_is_same =
            self.2.as_deref().is_none_or(|expected| record::text(frame) == Some(expected));
        frame["from"] == self.0.as_str() && frame["opcode_name"] == self.1.as_str() && text_is_same
    }
}

/// Returns the folder of the cases' files.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/files")
}

/// Returns whether `code` is the one of `pattern`, or begins as a pattern does that ends with `*`.
fn matches(code: &str, pattern: &str) -> bool {
    pattern.strip_suffix('*').map_or(code == pattern, |start| code.starts_with(start))
}

fn strings<'a>(values: impl Iterator<Item = &'a Value>) -> Vec<&'a str> {
    values.filter_map(Value::as_str).collect()
}

impl Case {
    /// Reads `cases.json`.
    pub(crate) fn all() -> Vec<Self> {
        let cases: Vec<Self> = serde_json::from_str(include_str!("cases.json")).unwrap();
        for case in &cases {
            assert!(case.expect != Expectation::default(), "{} expects nothing", case.id);
            let about = [&case.kind, &case.source, &case.why];
            assert!(about.iter().all(|text| !text.is_empty()), "{}", case.id);
        }
        cases
    }

    /// Returns the names of the files of this case.
    pub(crate) fn files(&self) -> Vec<String> {
        let others = self.arguments.iter().filter_map(|argument| argument.strip_prefix('@'));
        others.chain([self.file.as_str()]).map(str::to_owned).collect()
    }

    /// Returns the file and the arguments with which `inspect` reads it, if `inspect` does.
    pub(crate) fn inspected(&self) -> Option<(PathBuf, Vec<String>)> {
        matches!(self.command, CaseCommand::Inspect)
            .then(|| (folder().join(&self.file), self.resolved_arguments()))
    }

    /// Returns the arguments with the paths of files in place of their names.
    fn resolved_arguments(&self) -> Vec<String> {
        let resolved = self.arguments.iter().map(|argument| match argument.strip_prefix('@') {
            Some(name) => folder().join(name).to_str().unwrap().to_owned(),
            None => argument.clone(),
        });
        resolved.collect()
    }

    /// Runs the program and returns a line for each expectation that does not hold.
    pub(crate) fn failures(&self) -> Vec<String> {
        let file = folder().join(&self.file);
        let (command, last, stdin) = match self.command {
            CaseCommand::Decode => ("decode", file.to_str().unwrap(), Stdio::null()),
            CaseCommand::Inspect => ("inspect", file.to_str().unwrap(), Stdio::null()),
            CaseCommand::InspectStdin => ("inspect", "-", File::open(&file).unwrap().into()),
        };
        let resolved = self.resolved_arguments();
        let mut arguments = vec![command, "--json"];
        arguments.extend(resolved.iter().map(String::as_str));
        arguments.push(last);
        let failures = match record::parse(&record::wiretalk(&arguments, stdin)) {
            Err(error) => vec![error],
            Ok(records) if command == "decode" => self.expect.failures_of_decode(&records[0]),
            Ok(records) => self.expect.failures_of_inspect(&records),
        };
        failures.into_iter().map(|failure| format!("{}: {failure}", self.id)).collect()
    }
}

/// Returns a line if `actual` isn't `expected`.
fn compare<T: PartialEq + std::fmt::Debug>(
    what: &str,
    actual: &T,
    expected: Option<&T>,
) -> Option<String> {
    let expected = expected.filter(|expected| *expected != actual)?;
    Some(format!("{what}: {actual:?}, not {expected:?}"))
}

impl Expectation {
    fn failures_of_decode(&self, answer: &Value) -> Vec<String> {
        let messages = answer["messages"].as_array().unwrap().iter();
        let texts: Vec<Option<String>> =
            messages.map(|message| message["text"].as_str().map(str::to_owned)).collect();
        let verdict = answer["verdict"].as_str().unwrap().to_owned();
        let mut failures = self.failures_of_codes(std::slice::from_ref(answer));
        failures.extend(compare("texts", &texts, self.texts.as_ref()));
        failures.extend(compare("verdict", &verdict, self.verdict.as_ref()));
        failures
    }

    fn failures_of_inspect(&self, records: &[Value]) -> Vec<String> {
        let mut failures = self.failures_of_codes(records);
        failures.extend(self.failures_of_frames(records));
        failures.extend(self.failures_of_sentences(records));
        let verdicts: Vec<String> = record::of_type(records, "handshake")
            .map(|handshake| handshake["verdict"].as_str().unwrap().to_owned())
            .collect();
        if !verdicts.ends_with(&self.handshake_verdicts) {
            failures.push(format!("handshakes: {verdicts:?}, not {:?}", self.handshake_verdicts));
        }
        let mut ends = record::of_type(records, "end");
        if self.no_close_code && ends.any(|end| !end["close_code"].is_null()) {
            failures.push("an end record has a close code".to_owned());
        }
        if self.max_records.is_some_and(|max| records.len() > max) {
            failures.push(format!("{} records", records.len()));
        }
        failures
    }

    fn failures_of_frames(&self, records: &[Value]) -> Vec<String> {
        let frames: Vec<&Value> = record::of_type(records, "frame").collect();
        let shown: Vec<String> = frames
            .iter()
            .map(|frame| {
                format!("{} {} {:?}", frame["from"], frame["opcode_name"], record::text(frame))
            })
            .collect();
        let mut failures = Vec::new();
        if let Some(expected) = &self.frames {
            let same = |(expected, frame): (&ExpectedFrame, &&Value)| expected.is(frame);
            if expected.len() != frames.len() || !expected.iter().zip(&frames).all(same) {
                failures.push(format!("frames: {shown:?}"));
            }
        }
        for expected in &self.contains {
            if !frames.iter().any(|frame| expected.is(frame)) {
                failures.push(format!("no {} {} {:?}", expected.0, expected.1, expected.2));
            }
        }
        let missing = frames.iter().map(|frame| frame["not_captured"].as_u64().unwrap()).collect();
        failures.extend(compare("not captured", &missing, self.not_captured.as_ref()));
        // A frame with missing bytes is never complete, and records are in the order of time.
        for frame in &frames {
            if frame["not_captured"] != 0 && frame["complete"] == true {
                failures.push(format!("complete, but bytes are missing: {frame}"));
            }
        }
        let times = |frame: &&Value| (frame["connection"].as_u64(), frame["t_ms"].as_f64());
        if !frames.iter().map(times).is_sorted() {
            failures.push("the times of the frames go back".to_owned());
        }
        failures
    }

    fn failures_of_codes(&self, records: &[Value]) -> Vec<String> {
        let codes: Vec<&str> =
            record::problems(records).filter_map(|problem| problem["code"].as_str()).collect();
        let is_there = |pattern: &String| codes.iter().any(|code| matches(code, pattern));
        let mut failures = Vec::new();
        failures.extend(
            self.codes.iter().filter(|code| !is_there(code)).map(|code| format!("no {code}")),
        );
        if !self.any_code.is_empty() && !self.any_code.iter().any(is_there) {
            failures.push(format!("none of {:?}", self.any_code));
        }
        if self.no_codes.iter().any(is_there) {
            failures.push(format!("one of {:?} is reported", self.no_codes));
        }
        if !failures.is_empty() {
            failures.push(format!("codes: {codes:?}"));
        }
        failures
    }

    fn failures_of_sentences(&self, records: &[Value]) -> Vec<String> {
        let notes = strings(record::of_type(records, "note").map(|note| &note["text"]));
        let ends = strings(record::of_type(records, "end").map(|end| &end["why"]));
        let all = records.iter().chain(record::problems(records));
        let hints = strings(all.map(|value| &value["hint"]));
        let expected = (self.note.iter().map(|part| (part, "note", &notes)))
            .chain(self.hint.iter().map(|part| (part, "hint", &hints)))
            .chain(self.end.iter().map(|part| (part, "end", &ends)));
        let is_said = |part: &str, sentences: &[&str]| {
            let part = part.to_lowercase();
            sentences.iter().any(|sentence| sentence.to_lowercase().contains(&part))
        };
        expected
            .filter(|(part, _, sentences)| !is_said(part, sentences))
            .map(|(part, kind, sentences)| format!("no {kind} has {part:?}: {sentences:?}"))
            .collect()
    }
}
