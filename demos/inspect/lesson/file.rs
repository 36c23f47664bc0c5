//! The files of the lessons: the steps of a lesson, the question before each step, and the
//! explanation after it.
//!
//! They are TOML files in `scenarios/`. This module parses and checks them, `play` follows them,
//! `keys` carries out their steps, and `view` draws them.

use serde::Deserialize;

use crate::clients::SessionCommand;
use crate::deck::{LineIndex, Position};
use crate::demos::inspect::connect_options::RequestEdits;
use crate::inspect::BundledServer;
use crate::learn::LessonEntry;
use crate::wire::{Header, LengthForm, MaskingKey, Opcode, pasted};

/// All scenarios, by the name that slides use. They are part of the program, so a talk needs no
/// files.
const SCENARIO_FILES: [(&str, &str); 8] = [
    ("handshake", include_str!("scenarios/handshake.toml")),
    ("wrong-answers", include_str!("scenarios/wrong-answers.toml")),
    ("origin", include_str!("scenarios/origin.toml")),
    ("frame", include_str!("scenarios/frame.toml")),
    ("mask", include_str!("scenarios/mask.toml")),
    ("break-it", include_str!("scenarios/break-it.toml")),
    ("deflate", include_str!("scenarios/deflate.toml")),
    ("one-bit", include_str!("scenarios/one-bit.toml")),
];

/// A lesson on one server.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Scenario {
    /// The topic, in a few words.
    pub(crate) title: String,
    /// The section of the talk that it belongs to, as [`SECTIONS`](crate::learn::SECTIONS) names it.
    pub(crate) section: String,
    /// The name of a bundled server, as [`BundledServer::parse`] takes it.
    pub(crate) server: String,
    /// The name of the tab to show when a step is played.
    #[serde(default)]
    pub(crate) tab: Option<String>,
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
    /// The possible answers, at most nine.
    pub(crate) answers: Vec<String>,
    /// The right answer, which is one of `answers`.
    pub(crate) right: String,
    /// The explanation after the step.
    pub(crate) see: String,
    /// The source of the rule, such as an RFC and a section.
    pub(crate) rule: String,
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
    pub(crate) send: Vec<ScenarioSend>,
    /// The outcome that the RFC requires.
    pub(crate) expect: Expectation,
}

/// A frame, a message or raw bytes to send.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub(crate) struct ScenarioSend {
    #[serde(default)]
    text: Option<String>,
    /// The length of a generated text, instead of `text`.
    #[serde(default)]
    letters: Option<usize>,
    /// The payload of a ping.
    #[serde(default)]
    ping: Option<String>,
    /// Raw bytes in hex, which need not be a frame.
    #[serde(default)]
    hex: Option<String>,
    /// The payload in hex, instead of `text`.
    #[serde(default)]
    payload: Option<String>,
    /// The opcode, 0 to 15; 1 (text) by default.
    #[serde(default)]
    opcode: Option<u8>,
    #[serde(default)]
    fin: Option<bool>,
    #[serde(default)]
    rsv1: bool,
    #[serde(default)]
    unmasked: bool,
    /// The masking key in hex; random by default.
    #[serde(default)]
    key: Option<String>,
    /// The bits of the extended length, 16 or 64, even if a shorter form would do.
    #[serde(default)]
    form: Option<u8>,
    /// The length that the header claims; that of the payload by default.
    #[serde(default)]
    length: Option<u64>,
    /// How many times to send it; 1 by default.
    #[serde(default)]
    times: Option<usize>,
}

/// The outcome that the RFC requires.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Expectation {
    /// The server answers the handshake with this status.
    Status(u16),
    /// The server closes with this code.
    Close(u16),
    /// The server sends this many data messages.
    Echo(usize),
    /// The response has this problem: its code, and after a colon its hint, if there is one.
    Problem(String),
    /// A frame of the server has the fault with this code.
    Fault(String),
    /// Whether the naive proxy takes a frame for a request.
    Fooled(bool),
    /// The server ends the stream without a Close.
    Vanishes(bool),
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
        let (_, source) = SCENARIO_FILES.iter().find(|(have, _)| *have == name)?;
        Some(Self::parse(source).expect("a test parses all files"))
    }

    /// Parses the text of a file and checks every step, so that no step is invalid on stage.
    fn parse(source: &str) -> Result<Self, String> {
        let scenario: Self = toml::from_str(source).map_err(|error| error.to_string())?;
        for (number, step) in (1..).zip(&scenario.steps) {
            let at = |reason: String| format!("step {number}, {}: {reason}", step.title);
            if !step.answers.contains(&step.right) {
                return Err(at(format!(
                    "`right` is {:?}, which isn't one of its answers",
                    step.right
                )));
            }
            // The keys 1 to 9 choose an answer.
            if step.answers.len() > 9 {
                return Err(at("there are more than 9 answers".to_owned()));
            }
            let server = step.server.as_ref().unwrap_or(&scenario.server);
            if BundledServer::parse(server).is_none() {
                return Err(at(format!("unknown server {server:?}")));
            }
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
            for _ in 0..send.times.unwrap_or(1) {
                commands.push(send.to_command(&mut draw_key)?);
            }
        }
        Ok(commands)
    }
}

impl ScenarioSend {
    /// Returns the command that sends it once.
    fn to_command(
        &self,
        draw_key: &mut impl FnMut() -> Result<MaskingKey, String>,
    ) -> Result<SessionCommand, String> {
        if let Some(hex) = &self.hex {
            return Ok(SessionCommand::Raw(
                pasted::parse_hex(hex).map_err(|error| error.to_string())?,
            ));
        }
        if let Some(ping) = &self.ping {
            return Ok(SessionCommand::Ping(ping.clone().into_bytes()));
        }
        let plain = match (&self.text, self.letters, &self.payload) {
            (Some(text), _, _) => text.clone().into_bytes(),
            (_, Some(letters), _) => b"wiretalk".iter().copied().cycle().take(letters).collect(),
            (_, _, Some(hex)) => pasted::parse_hex(hex).map_err(|error| error.to_string())?,
            _ => Vec::new(),
        };
        // Without any other field it is an ordinary text message, which the session frames and
        // masks itself.
        let plain_text = *self
            == Self {
                text: self.text.clone(),
                times: self.times,
                letters: self.letters,
                ..Self::empty()
            };
        if let (true, Ok(text)) = (plain_text, String::from_utf8(plain.clone())) {
            return Ok(SessionCommand::Text(text));
        }
        // From here on, every field may break a rule on purpose.
        let masking_key = match &self.key {
            _ if self.unmasked => None,
            Some(hex) => Some(
                *pasted::parse_hex(hex)
                    .map_err(|error| error.to_string())?
                    .first_chunk()
                    .ok_or("a masking key has 4 bytes")?,
            ),
            None => Some(draw_key()?),
        };
        let len = self.length.unwrap_or(plain.len() as u64);
        let header = Header {
            fin: self.fin.unwrap_or(true),
            rsv1: self.rsv1,
            masking_key,
            length_form: match self.form {
                None => LengthForm::shortest(len),
                Some(16) => LengthForm::Bits16,
                Some(64) => LengthForm::Bits64,
                Some(form) => return Err(format!("`form` must be 16 or 64, not {form}")),
            },
            ..Header::new(Opcode::from_bits(self.opcode.unwrap_or(1)), len)
        };
        Ok(SessionCommand::Frame(header, plain))
    }

    /// Returns a value with every field at its default.
    fn empty() -> Self {
        Self {
            text: None,
            letters: None,
            ping: None,
            hex: None,
            payload: None,
            opcode: None,
            fin: None,
            rsv1: false,
            unmasked: false,
            key: None,
            form: None,
            length: None,
            times: None,
        }
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
            assert!(!scenario.steps.is_empty(), "{name}");
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
    fn a_frame_breaks_the_rules_that_the_file_says() {
        let send: ScenarioSend =
            toml::from_str("text = \"Hi\"\nrsv1 = true\nkey = \"00000000\"\nform = 16").unwrap();
        let Ok(SessionCommand::Frame(header, plain)) = send.to_command(&mut || Ok([1; 4])) else {
            panic!("{send:?}")
        };
        assert_eq!(
            crate::wire::frame::encode::frame(&header, &plain),
            [0xc1, 0xfe, 0, 2, 0, 0, 0, 0, b'H', b'i']
        );
        let plain: ScenarioSend = toml::from_str("text = \"Hi\"").unwrap();
        assert_eq!(plain.to_command(&mut || Ok([1; 4])), Ok(SessionCommand::Text("Hi".into())));
    }

    #[test]
    fn an_invalid_file_is_refused_with_the_number_of_its_step() {
        let source = include_str!("scenarios/frame.toml");
        let wrong = source.replacen("right = \"", "right = \"not ", 1);
        assert!(Scenario::parse(&wrong).unwrap_err().contains("step 1"));
        assert!(Scenario::parse("title = 1").is_err());
    }
}
