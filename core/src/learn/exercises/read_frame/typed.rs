//! Reads what people type into a field, in any form that they write.

use crate::wire::format::unhex;
use crate::wire::frame::Opcode;

/// The value of a field, as the bytes have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// A flag.
    Bit(bool),
    /// The four bits of an opcode.
    Opcode(u8),
    /// A number; `None` if there is none.
    Number(Option<u64>),
    /// Bytes, perhaps none.
    Bytes(Vec<u8>),
    /// A text, perhaps empty.
    Text(String),
}

/// Text that stands for no value of its field.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum UnreadValue {
    /// There is none.
    #[error("nothing was typed here")]
    Missing,
    /// It isn't a flag.
    #[error("{0:?} isn't a bit; type 0 or 1")]
    Bit(String),
    /// It isn't an opcode.
    #[error("{0:?} isn't an opcode; type 0 to 15, or a name such as ping")]
    Opcode(String),
    /// It isn't a number.
    #[error("{0:?} isn't a number; type one such as 5 or 0x5")]
    Number(String),
    /// It isn't bytes.
    #[error("{0:?} isn't bytes in hex; type two digits for each, such as 37 fa")]
    Bytes(String),
}

impl Value {
    /// Whether `typed` stands for this value. The error is about text that cannot be read.
    pub(super) fn is_typed_as(&self, typed: &str) -> Result<bool, UnreadValue> {
        if let Self::Text(text) = self {
            let none = text.is_empty() && is_nothing(typed.trim());
            return Ok(none || typed == text || is_text_in_hex(typed, text));
        }
        let typed = typed.trim();
        let nothing = is_nothing(typed);
        match self {
            Self::Number(None) if nothing => Ok(true),
            Self::Bytes(bytes) if nothing => Ok(bytes.is_empty()),
            _ if typed.is_empty() => Err(UnreadValue::Missing),
            Self::Bit(set) => bit(typed).map(|typed| typed == *set),
            Self::Opcode(bits) => opcode(typed).map(|typed| typed == *bits),
            Self::Number(_) if nothing => Ok(false),
            Self::Number(number) => self::number(typed).map(|typed| Some(typed) == *number),
            Self::Bytes(bytes) => self::bytes(typed).map(|typed| typed == *bytes),
            Self::Text(_) => Ok(false),
        }
    }

    /// Returns what would be typed.
    pub(super) fn typed(&self) -> String {
        match self {
            Self::Bit(set) => u8::from(*set).to_string(),
            Self::Opcode(bits) => Opcode::from_bits(*bits).name().to_owned(),
            Self::Number(number) => number.map(|number| number.to_string()).unwrap_or_default(),
            Self::Bytes(bytes) => hex(bytes),
            Self::Text(text) => text.clone(),
        }
    }
}

/// Returns bytes in hex with blanks between.
pub(super) fn hex(bytes: &[u8]) -> String {
    crate::wire::format::spaced_hex(bytes, bytes.len())
}

fn is_nothing(typed: &str) -> bool {
    let typed = typed.to_ascii_lowercase();
    matches!(typed.as_str(), "" | "-" | "–" | "none" | "no" | "empty" | "no key" | "no code")
}

fn is_text_in_hex(typed: &str, text: &str) -> bool {
    let typed = typed.trim();
    let is_hex = typed.starts_with("0x") || typed.starts_with("0X");
    is_hex && bytes(typed).is_ok_and(|bytes| bytes == text.as_bytes())
}

fn bit(typed: &str) -> Result<bool, UnreadValue> {
    match typed.to_ascii_lowercase().as_str() {
        "1" | "yes" | "y" | "true" | "set" | "on" | "masked" => Ok(true),
        "0" | "no" | "n" | "false" | "unset" | "off" | "unmasked" => Ok(false),
        _ => Err(UnreadValue::Bit(typed.to_owned())),
    }
}

/// Reads a number in decimal, with any usual separator of thousands, or in hex with `0x`.
fn number(typed: &str) -> Result<u64, UnreadValue> {
    let digits: String =
        typed.chars().filter(|char| !matches!(char, ',' | '_' | ' ' | '\'')).collect();
    let prefixed = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X"));
    let number = match prefixed {
        Some(hex) if !hex.starts_with('+') => u64::from_str_radix(hex, 16).ok(),
        None if !digits.starts_with('+') => digits.parse().ok(),
        _ => None,
    };
    number.ok_or_else(|| UnreadValue::Number(typed.to_owned()))
}

/// Reads an opcode: its name, four binary digits, a hex digit, or a number up to 15.
fn opcode(typed: &str) -> Result<u8, UnreadValue> {
    let lower = typed.to_ascii_lowercase();
    let named = (0..16).find(|bits| Opcode::from_bits(*bits).name() == lower);
    let binary = || {
        let is_binary = lower.len() == 4 && lower.chars().all(|char| matches!(char, '0' | '1'));
        is_binary.then(|| u8::from_str_radix(&lower, 2).ok()).flatten()
    };
    let digit = || match lower.as_bytes() {
        [digit @ b'a'..=b'f'] => Some(digit.wrapping_sub(b'a').wrapping_add(10)),
        _ => None,
    };
    let short = match lower.as_str() {
        "cont" | "continue" | "continuation frame" => Some(0),
        "bin" => Some(2),
        _ => None,
    };
    named
        .or(short)
        .or_else(binary)
        .or_else(digit)
        .or_else(|| number(&lower).ok().and_then(|number| u8::try_from(number).ok()))
        .filter(|bits| *bits < 16)
        .ok_or_else(|| UnreadValue::Opcode(typed.to_owned()))
}

/// Reads hex with or without separators, each group with or without `0x`.
fn bytes(typed: &str) -> Result<Vec<u8>, UnreadValue> {
    let groups = typed.split(|char: char| char.is_whitespace() || matches!(char, ',' | ':' | '-'));
    let digits: String =
        groups.map(|group| group.trim_start_matches("0x").trim_start_matches("0X")).collect();
    unhex(&digits).ok_or_else(|| UnreadValue::Bytes(typed.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(value: &Value, right: &[&str], wrong: &[&str], unread: &[&str]) {
        for typed in right {
            assert_eq!(value.is_typed_as(typed), Ok(true), "{typed}");
        }
        for typed in wrong {
            assert_eq!(value.is_typed_as(typed), Ok(false), "{typed}");
        }
        for typed in unread {
            assert!(value.is_typed_as(typed).is_err(), "{typed}");
        }
        assert_eq!(value.is_typed_as(&value.typed()), Ok(true));
    }

    #[test]
    fn a_value_is_typed_in_many_forms() {
        let key = Value::Bytes(vec![0x37, 0xfa, 0x21, 0x3d]);
        all(&Value::Bit(true), &["1", "yes", " True "], &["0", "no"], &["2", "", "maybe"]);
        all(
            &Value::Opcode(10),
            &["10", "0xA", "a", "A", "pong", "Pong", "1010"],
            &["9", "ping"],
            &["16", "pung", "", "-1"],
        );
        all(&Value::Opcode(1), &["1", "0x1", "0001", "text"], &["0", "0010", "binary"], &["0x"]);
        all(
            &Value::Number(Some(65_536)),
            &["65536", "65,536", "65 536", "0x10000"],
            &["65535", "none"],
            &["", "+65536", "0x+10000", "many"],
        );
        all(&Value::Number(None), &["", "none", "-"], &["1000"], &["x"]);
        all(
            &key,
            &["37fa213d", "37 fa 21 3d", "0x37fa213d", "0x37 0xFA 0x21 0x3d", "37:fa:21:3d"],
            &["37 fa 21 3e", "none", ""],
            &["37 fa 21 3", "key"],
        );
        all(&Value::Bytes(Vec::new()), &["", "none"], &["00"], &["0"]);
    }

    #[test]
    fn a_text_counts_as_it_is() {
        let text = Value::Text("été 5".to_owned());
        all(
            &text,
            &["été 5", "0xc3a974c3a92035", "0xc3 a9 74 c3 a9 20 35"],
            &["ete 5", "été 5 ", ""],
            &[],
        );
        all(&Value::Text(String::new()), &["", "none", " "], &["x"], &[]);
    }
}
