//! The files of the lessons: what a lesson does on a connection, step by step, what to predict
//! before each step, and what to see after it.
//!
//! They are TOML files in `scenarios/`. Here they are read and checked; `play` follows them, `keys`
//! carries them out, `view` draws them.

use serde::Deserialize;

use crate::clients::SessionCommand;
use crate::demos::inspect::connect_options::RequestEdits;
use crate::inspect::BundledServer;
use crate::wire::{Header, LengthForm, MaskingKey, Opcode, format};

/// Every scenario, by the name that a slide gives.
const SCENARIO_FILES: [(&str, &str); 7] = [
    ("handshake", include_str!("scenarios/handshake.toml")),
    ("wrong-answers", include_str!("scenarios/wrong-answers.toml")),
    ("origin", include_str!("scenarios/origin.toml")),
    ("frame", include_str!("scenarios/frame.toml")),
    ("mask", include_str!("scenarios/mask.toml")),
    ("break-it", include_str!("scenarios/break-it.toml")),
    ("deflate", include_str!("scenarios/deflate.toml")),
];

/// A lesson on one server.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Scenario {
    /// What it is about, in a few words.
    pub(crate) title: String,
    /// A bundled server: plain, strict, guarded, sloppy or naive-proxy, with a path behind it.
    pub(crate) server: String,
    /// The tab that shows best what happens.
    #[serde(default)]
    pub(crate) tab: Option<String>,
    #[serde(rename = "step")]
    pub(crate) steps: Vec<ScenarioStep>,
}

/// One step: something is done, and its outcome is compared with what the RFC wants.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct ScenarioStep {
    pub(crate) title: String,
    /// The question before it is done.
    pub(crate) predict: String,
    /// What may be answered; one of them is `right`.
    pub(crate) answers: Vec<String>,
    pub(crate) right: String,
    /// What to look at afterwards, and why it is so.
    pub(crate) see: String,
    /// Where that is written.
    pub(crate) rule: String,
    /// A server of its own, where it is not the scenario's.
    #[serde(default)]
    pub(crate) server: Option<String>,
    /// Go on with the connection of the step before.
    #[serde(default)]
    pub(crate) same: bool,
    /// Offer permessage-deflate.
    #[serde(default)]
    pub(crate) deflate: bool,
    /// How the request differs from a good one.
    #[serde(default)]
    pub(crate) request: RequestEdits,
    /// What is sent once the connection is open.
    #[serde(default)]
    pub(crate) send: Vec<ScenarioSend>,
    pub(crate) expect: Expectation,
}

/// Something that is sent.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub(crate) struct ScenarioSend {
    #[serde(default)]
    text: Option<String>,
    /// So many letters of text.
    #[serde(default)]
    letters: Option<usize>,
    #[serde(default)]
    ping: Option<String>,
    /// Bytes as they are, in hex.
    #[serde(default)]
    hex: Option<String>,
    /// A payload in hex, where it is no text.
    #[serde(default)]
    payload: Option<String>,
    #[serde(default)]
    opcode: Option<u8>,
    #[serde(default)]
    fin: Option<bool>,
    #[serde(default)]
    rsv1: bool,
    #[serde(default)]
    unmasked: bool,
    /// The masking key in hex; a fresh one where none is given.
    #[serde(default)]
    key: Option<String>,
    /// 16 or 64: a longer form of the length than needed.
    #[serde(default)]
    form: Option<u8>,
    /// A length that is not the payload's.
    #[serde(default)]
    length: Option<u64>,
    /// So many times.
    #[serde(default)]
    times: Option<usize>,
}

/// What the outcome is to be, by the RFC.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Expectation {
    /// The handshake is answered with this status.
    Status(u16),
    /// The server closes with this code.
    Close(u16),
    /// So many data messages come back.
    Echo(usize),
    /// The response has this problem (its code, and the hint behind a colon where there is one).
    Problem(String),
    /// A frame of the server breaks this rule.
    Fault(String),
    /// The naive proxy took a frame for a request, or did not.
    Fooled(bool),
}

impl Scenario {
    /// The names of all.
    pub(crate) fn names() -> Vec<&'static str> {
        SCENARIO_FILES.iter().map(|(name, _)| *name).collect()
    }

    /// The scenario of that name.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        let (_, source) = SCENARIO_FILES.iter().find(|(have, _)| *have == name)?;
        Some(Self::parse(source).expect("a test reads them all"))
    }

    fn parse(source: &str) -> Result<Self, String> {
        let scenario: Self = toml::from_str(source).map_err(|error| error.to_string())?;
        for (number, step) in (1..).zip(&scenario.steps) {
            let at = |why: String| format!("step {number}, {}: {why}", step.title);
            if !step.answers.contains(&step.right) {
                return Err(at(format!(
                    "`right` is {:?}, which is none of its answers",
                    step.right
                )));
            }
            if step.answers.len() > 9 {
                return Err(at("there are more answers than digits".to_owned()));
            }
            let server = step.server.as_ref().unwrap_or(&scenario.server);
            if BundledServer::parse(server).is_none() {
                return Err(at(format!("no server is called {server:?}")));
            }
            step.commands(|| Ok(MaskingKey::default())).map_err(at)?;
        }
        Ok(scenario)
    }
}

impl ScenarioStep {
    /// What is sent, as commands. `draw_key` gives the masking key of each frame that has none of
    /// its own.
    ///
    /// # Errors
    /// Why a command cannot be built, or why there is no key.
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
    fn to_command(
        &self,
        draw_key: &mut impl FnMut() -> Result<MaskingKey, String>,
    ) -> Result<SessionCommand, String> {
        if let Some(hex) = &self.hex {
            return Ok(SessionCommand::Raw(
                format::parse_hex(hex).map_err(|error| error.to_string())?,
            ));
        }
        if let Some(ping) = &self.ping {
            return Ok(SessionCommand::Ping(ping.clone().into_bytes()));
        }
        let plain = match (&self.text, self.letters, &self.payload) {
            (Some(text), _, _) => text.clone().into_bytes(),
            (_, Some(letters), _) => b"wiretalk".iter().copied().cycle().take(letters).collect(),
            (_, _, Some(hex)) => format::parse_hex(hex).map_err(|error| error.to_string())?,
            _ => Vec::new(),
        };
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
        let masking_key = match &self.key {
            _ if self.unmasked => None,
            Some(hex) => Some(
                *format::parse_hex(hex)
                    .map_err(|error| error.to_string())?
                    .first_chunk()
                    .ok_or("a key has 4 bytes")?,
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
                Some(form) => return Err(format!("`form` is 16 or 64, not {form}")),
            },
            ..Header::new(Opcode::from_bits(self.opcode.unwrap_or(1)), len)
        };
        Ok(SessionCommand::Frame(header, plain))
    }

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
    fn every_scenario_can_be_read() {
        for (name, source) in SCENARIO_FILES {
            let scenario =
                Scenario::parse(source).unwrap_or_else(|reason| panic!("{name}: {reason}"));
            assert!(!scenario.steps.is_empty(), "{name}");
        }
    }

    #[test]
    fn a_frame_is_as_broken_as_it_is_written() {
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
    fn a_wrong_file_is_refused_with_its_step() {
        let source = include_str!("scenarios/frame.toml");
        let wrong = source.replacen("right = \"", "right = \"not ", 1);
        assert!(Scenario::parse(&wrong).unwrap_err().contains("step 1"));
        assert!(Scenario::parse("title = 1").is_err());
    }
}
