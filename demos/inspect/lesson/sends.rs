//! [`ScenarioSend`]: a frame or bytes that a step of a lesson sends, legal or not.

use serde::Deserialize;

use crate::clients::SessionCommand;
use crate::wire::{Header, LengthForm, MaskingKey, Opcode, pasted};

/// A frame, a message or raw bytes to send.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default, deny_unknown_fields)]
pub(super) struct ScenarioSend {
    /// The payload as text.
    pub(super) text: Option<String>,
    /// The length of a generated text, instead of `text`.
    letters: Option<usize>,
    /// The payload in hex, instead of `text`.
    payload: Option<String>,
    /// The code of a Close, whose reason is `text`.
    close: Option<u16>,
    /// Raw bytes in hex, which need not be a frame.
    hex: Option<String>,
    /// The opcode, 0 to 15; 1 (text) by default, and 8 of a Close.
    opcode: Option<u8>,
    fin: Option<bool>,
    rsv1: bool,
    unmasked: bool,
    /// The masking key in hex; random by default.
    key: Option<String>,
    /// The bits of the extended length, 16 or 64, even if a shorter form would do.
    form: Option<u8>,
    /// The length that the header claims; that of the payload by default.
    length: Option<u64>,
    /// How many times to send it; 1 by default.
    pub(super) times: Option<usize>,
}

impl ScenarioSend {
    /// Returns the commands that send it as often as it is to be sent.
    ///
    /// # Errors
    ///
    /// If a field is not what it should be, or `draw_key` fails, which returns the masking key of a
    /// frame for which the file has none.
    pub(super) fn commands(
        &self,
        draw_key: &mut impl FnMut() -> Result<MaskingKey, String>,
    ) -> Result<Vec<SessionCommand>, String> {
        (0..self.times.unwrap_or(1)).map(|_| self.to_command(draw_key)).collect()
    }

    /// Returns the command that sends it once. Every field may break a rule on purpose.
    fn to_command(
        &self,
        draw_key: &mut impl FnMut() -> Result<MaskingKey, String>,
    ) -> Result<SessionCommand, String> {
        if let Some(hex) = &self.hex {
            return Ok(SessionCommand::Raw(parse_hex(hex)?));
        }
        let payload = self.plain_payload()?;
        let masking_key = match &self.key {
            _ if self.unmasked => None,
            Some(hex) => Some(*parse_hex(hex)?.first_chunk().ok_or("a masking key has 4 bytes")?),
            None => Some(draw_key()?),
        };
        let len = self.length.unwrap_or(payload.len() as u64);
        let opcode = self.opcode.unwrap_or(if self.close.is_some() { 8 } else { 1 });
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
            ..Header::new(Opcode::from_bits(opcode), len)
        };
        Ok(SessionCommand::Frame(header, payload))
    }

    fn plain_payload(&self) -> Result<Vec<u8>, String> {
        let text = match (&self.text, self.letters, &self.payload) {
            (Some(text), _, _) => text.clone().into_bytes(),
            (_, Some(letters), _) => b"wiretalk".iter().copied().cycle().take(letters).collect(),
            (_, _, Some(hex)) => parse_hex(hex)?,
            _ => Vec::new(),
        };
        let code = self.close.map(u16::to_be_bytes);
        Ok([code.as_ref().map_or(&[][..], |code| code), &text].concat())
    }
}

pub(super) fn parse_hex(hex: &str) -> Result<Vec<u8>, String> {
    pasted::parse_hex(hex).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::frame::encode;

    fn bytes(source: &str) -> Vec<u8> {
        let send: ScenarioSend = toml::from_str(source).unwrap();
        match &send.commands(&mut || Ok([1; 4])).unwrap()[..] {
            [SessionCommand::Frame(header, payload)] => encode::frame(header, payload),
            commands => panic!("{commands:?}"),
        }
    }

    #[test]
    fn a_frame_breaks_the_rules_that_the_file_asks_for() {
        assert_eq!(
            bytes("text = \"Hi\"\nrsv1 = true\nkey = \"00000000\"\nform = 16"),
            [0xc1, 0xfe, 0, 2, 0, 0, 0, 0, b'H', b'i']
        );
        assert_eq!(bytes("text = \"a\""), [0x81, 0x81, 1, 1, 1, 1, b'a' ^ 1]);
        let close = bytes("close = 1001\ntext = \"x\"\nunmasked = true");
        assert_eq!(close, [0x88, 3, 3, 0xe9, b'x']);
    }
}
