//! The files of the lessons: the steps of a lesson, the question before each step, and the
//! explanation after it.
//!
//! They are TOML files in `scenarios/`. This module parses and checks them, `play` follows them,
//! `keys` carries out their steps, and `view` draws them.

use serde::Deserialize;

use super::evidence::Evidence;
use super::sends::ScenarioSend;
use crate::clients::SessionCommand;
use crate::deck::{LineIndex, Position};
use crate::demos::inspect::connect_options::RequestEdits;
use crate::inspect::BundledServer;
use crate::learn::LessonEntry;
use crate::wire::MaskingKey;

/// All scenarios, by the name that slides use. They are part of the program, so a talk needs no
/// files.
const SCENARIO_FILES: [(&str, &str); 10] = [
    ("broken-handshake", include_str!("scenarios/broken-handshake.toml")),
    ("wrong-answers", include_str!("scenarios/wrong-answers.toml")),
    ("origin", include_str!("scenarios/origin.toml")),
    ("frame", include_str!("scenarios/frame.toml")),
    ("mask", include_str!("scenarios/mask.toml")),
    ("fragments", include_str!("scenarios/fragments.toml")),
    ("break-it", include_str!("scenarios/break-it.toml")),
    ("goodbye", include_str!("scenarios/goodbye.toml")),
    ("deflate", include_str!("scenarios/deflate.toml")),
    ("one-bit", include_str!("scenarios/one-bit.toml")),
];

/// The most answers of a question: the keys 1 to 9 choose one.
const MAX_ANSWERS: usize = 9;

/// A lesson on one server.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Scenario {
    /// The name that slides use.
    #[serde(skip)]
    pub(crate) name: &'static str,
    /// The topic, in a few words.
    pub(crate) title: String,
    /// The section of the talk that it belongs to, as [`SECTIONS`](crate::learn::SECTIONS) names it.
    pub(crate) section: String,
    /// The name of a bundled server, as [`BundledServer::parse`] takes it.
    pub(crate) server: String,
    #[serde(rename = "step")]
    pub(crate) steps: Vec<ScenarioStep>,
}

/// A step: it does something, and its outcome is compared with what the RFC requires.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct ScenarioStep {
    pub(crate) title: String,
    /// The question to the user before the step.
    pub(crate) predict: String,
    /// The possible answers, at most nine; none if the answer is a number that is typed.
    #[serde(default)]
    pub(crate) answers: Vec<String>,
    /// The right answer: one of `answers`, or a number.
    pub(crate) right: String,
    /// The reason for the right answer, as short as it can be.
    pub(crate) because: String,
    /// The explanation after the step.
    pub(crate) see: String,
    /// The source of the rule, such as an RFC and a section.
    pub(crate) rule: String,
    /// What a program calls to send this. It is shown before the step instead of the bytes, where
    /// these would give the answer away.
    #[serde(default)]
    pub(crate) call: Option<String>,
    /// The server of this step, if it differs from the scenario's.
    #[serde(default)]
    pub(crate) server: Option<String>,
    /// Whether to use the connection of the previous step, if it is still open.
    #[serde(default)]
    pub(crate) same: bool,
    /// Whether to offer permessage-deflate.
    #[serde(default)]
    pub(crate) deflate: bool,
    /// The changes that break the request.
    #[serde(default)]
    pub(crate) request: RequestEdits,
    /// The frames and bytes to send once the connection is open.
    #[serde(default)]
    pub(super) send: Vec<ScenarioSend>,
    /// The outcome that the RFC requires.
    pub(crate) expect: Expectation,
    /// The bytes that prove the answer, on the screen after the step.
    pub(crate) evidence: Evidence,
}

/// The outcome that the RFC requires.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Expectation {
    /// The server answers the handshake with this status.
    Status(u16),
    /// The server closes with this code.
    Close(u16),
    /// The server sends a Close that has no code.
    CloseWithoutCode(bool),
    /// The server sends this many data messages.
    Echo(usize),
    /// The server sends a Pong with this payload, in hex.
    Pong(String),
    /// The response has this problem: its code, and after a colon its hint, if there is one.
    Problem(String),
    /// A frame of the server has the fault with this code.
    Fault(String),
    /// Whether the naive proxy takes a frame for a request.
    Fooled(bool),
    /// The server ends the stream without a Close.
    Vanishes(bool),
    /// The server ends the TCP connection, after both have sent a Close.
    HangsUp(bool),
    /// The server sends nothing for this many milliseconds, and the connection stays open.
    Silence(u64),
}

/// Returns all lessons, as a catalogue lists them.
pub fn lesson_entries() -> Vec<LessonEntry> {
    let entry = |name: &str| {
        let scenario = Scenario::from_name(name)?;
        let steps = scenario.steps.len();
        let (section, title) = (scenario.section, scenario.title);
        Some(LessonEntry { name: name.to_owned(), section, title, steps })
    };
    Scenario::names().into_iter().filter_map(entry).collect()
}

/// Returns what is wrong with the text of a lesson's file, with the place if it is known.
pub fn check_lesson(source: &str) -> Vec<(Position, String)> {
    let lines = LineIndex::new(source);
    match toml::from_str::<Scenario>(source) {
        Err(error) => {
            let at = error.span().map_or(0, |span| span.start.min(source.len()));
            vec![(lines.position(at), error.message().to_owned())]
        }
        Ok(_) => match Scenario::parse(source) {
            Ok(_) => Vec::new(),
            // The message names the step.
            Err(message) => vec![(Position { line: 1, column: 1 }, message)],
        },
    }
}

impl Scenario {
    /// Returns the names of all scenarios.
    pub(crate) fn names() -> Vec<&'static str> {
        SCENARIO_FILES.iter().map(|(name, _)| *name).collect()
    }

    /// Returns the scenario of that name.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        let (name, source) = SCENARIO_FILES.iter().find(|(have, _)| *have == name)?;
        let scenario = Self::parse(source).expect("a test parses all files");
        Some(Self { name, ..scenario })
    }

    /// Parses the text of a file and checks every step, so that no step is invalid on stage.
    fn parse(source: &str) -> Result<Self, String> {
        let scenario: Self = toml::from_str(source).map_err(|error| error.to_string())?;
        if scenario.steps.is_empty() {
            return Err("the lesson has no step".to_owned());
        }
        for (number, step) in (1..).zip(&scenario.steps) {
            let at = |reason: String| format!("step {number}, {}: {reason}", step.title);
            step.check_answers().map_err(at)?;
            let server = step.server.as_ref().unwrap_or(&scenario.server);
            if BundledServer::parse(server).is_none() {
                return Err(at(format!("unknown server {server:?}")));
            }
            step.evidence.check().map_err(at)?;
            // Any key will do: this only finds out whether the commands can be built.
            step.commands(|| Ok(MaskingKey::default())).map_err(at)?;
        }
        Ok(scenario)
    }
}

impl ScenarioStep {
    /// Returns the commands that send everything. `draw_key` returns the masking key for a frame
    /// whose file gives none.
    ///
    /// # Errors
    ///
    /// If a command cannot be built, or `draw_key` fails.
    pub(crate) fn commands(
        &self,
        mut draw_key: impl FnMut() -> Result<MaskingKey, String>,
    ) -> Result<Vec<SessionCommand>, String> {
        let mut commands = Vec::new();
        for send in &self.send {
            commands.extend(send.commands(&mut draw_key)?);
        }
        Ok(commands)
    }

    /// Whether the bet is a number that is typed.
    pub(crate) fn asks_for_number(&self) -> bool {
        self.answers.is_empty()
    }

    /// Returns the right answer with its reason: `11 = 6 + 5`, or `426: the version is unknown`.
    pub(crate) fn right_with_reason(&self) -> String {
        self.reason_behind(&self.right)
    }

    /// Returns the right answer, as `answer` writes it, with its reason.
    pub(crate) fn reason_behind(&self, answer: &str) -> String {
        let colon = if self.because.starts_with('=') { "" } else { ":" };
        format!("{answer}{colon} {}", self.because)
    }

    fn check_answers(&self) -> Result<(), String> {
        let Self { answers, right, .. } = self;
        if self.asks_for_number() && right.parse::<u64>().is_err() {
            return Err(format!(
                "`right` is {right:?}; without `answers` it has to be a number, such as 11"
            ));
        }
        if !self.asks_for_number() && !answers.contains(right) {
            return Err(format!("`right` is {right:?}, which isn't one of its answers"));
        }
        if answers.len() > MAX_ANSWERS {
            return Err(format!("there are {} answers; 9 are the most", answers.len()));
        }
        for (number, answer) in answers.iter().enumerate() {
            if answers[..number].contains(answer) {
                return Err(format!("the answer {answer:?} stands there twice"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scenario_parses() {
        for (name, source) in SCENARIO_FILES {
            let scenario =
                Scenario::parse(source).unwrap_or_else(|reason| panic!("{name}: {reason}"));
            let is_section = |(section, _): &(&str, &str)| *section == scenario.section;
            assert!(crate::learn::SECTIONS.iter().any(is_section), "{name}: {}", scenario.section);
        }
    }

    #[test]
    fn a_size_in_a_question_is_that_of_the_text() {
        let mut sizes = 0;
        for name in Scenario::names() {
            for step in Scenario::from_name(name).unwrap().steps {
                let Some((_, rest)) = step.predict.split_once(" of ") else { continue };
                let Some((size, _)) = rest.split_once(" bytes") else { continue };
                let Ok(size) = size.parse::<usize>() else { continue };
                let sent = step.send.iter().filter_map(|send| send.text.as_deref()).map(str::len);
                assert_eq!(sent.collect::<Vec<_>>(), [size], "{name}: {}", step.predict);
                sizes += 1;
            }
        }
        assert!(sizes > 0, "no question names a size");
    }

    #[test]
    fn an_invalid_file_is_refused_with_the_number_of_its_step() {
        let source = include_str!("scenarios/frame.toml");
        for (good, bad, reason) in [
            ("right = \"11\"", "right = \"eleven\"", "step 1, Hello: `right` is \"eleven\""),
            ("right = \"2 + 4\"", "right = \"3 + 4\"", "isn't one of its answers"),
            ("\"2 + 4\", \"4 + 4\"", "\"2 + 4\", \"2 + 4\"", "stands there twice"),
            ("tab = \"frames\"", "tab = \"frame\"", "unknown tab \"frame\""),
            ("in = \"client last\"", "in = \"client\"", "`in` is \"client\""),
            ("server = \"plain\"", "server = \"plane\"", "unknown server \"plane\""),
            ("text = \"Hello\"", "text = \"Hello\", form = 8", "`form` must be 16 or 64"),
        ] {
            assert!(source.contains(good), "{good}");
            let error = Scenario::parse(&source.replacen(good, bad, 1)).unwrap_err();
            assert!(error.contains(reason), "{bad}: {error}");
        }
        assert!(Scenario::parse("title = 1").is_err());
    }
}
