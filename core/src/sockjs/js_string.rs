//! [`JsString`]: a message's text. JavaScript's strings are UTF-16 and may hold a surrogate without
//! its other half, which no Rust `String` can. An echo that replaced it would hand back another
//! text than it was sent, so it is kept.

use std::borrow::Cow;
use std::fmt;

/// A string as JavaScript has them: Unicode, or UTF-16 in which surrogates may stand alone.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct JsString(Form);

#[derive(Clone, PartialEq, Eq, Hash)]
enum Form {
    Text(String),
    /// Code units of which at least one is a lone surrogate, so that equal strings have one form.
    IllFormed(Vec<u16>),
}

/// A piece of a [`JsString`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodePoint {
    /// A character.
    Char(char),
    /// A surrogate without its other half, D800 to DFFF.
    LoneSurrogate(u16),
}

impl JsString {
    /// Makes a string of UTF-16 code units, whatever they are.
    pub fn from_utf16(units: &[u16]) -> Self {
        Self(match String::from_utf16(units) {
            Ok(text) => Form::Text(text),
            Err(_) => Form::IllFormed(units.to_vec()),
        })
    }

    /// Returns the text, unless there is a lone surrogate in it.
    pub fn as_str(&self) -> Option<&str> {
        match &self.0 {
            Form::Text(text) => Some(text),
            Form::IllFormed(_) => None,
        }
    }

    /// Whether it is Unicode: no surrogate stands alone.
    pub fn is_well_formed(&self) -> bool {
        self.as_str().is_some()
    }

    /// Returns the text with U+FFFD for each lone surrogate.
    pub fn to_string_lossy(&self) -> Cow<'_, str> {
        match &self.0 {
            Form::Text(text) => Cow::Borrowed(text),
            Form::IllFormed(units) => Cow::Owned(String::from_utf16_lossy(units)),
        }
    }

    /// Turns it into its text, with U+FFFD for each lone surrogate.
    pub fn into_string_lossy(self) -> String {
        match self.0 {
            Form::Text(text) => text,
            Form::IllFormed(units) => String::from_utf16_lossy(&units),
        }
    }

    /// Returns its length in bytes of UTF-8, with three for a lone surrogate.
    pub fn len(&self) -> usize {
        match &self.0 {
            Form::Text(text) => text.len(),
            Form::IllFormed(_) => {
                let bytes = self.code_points().map(|point| match point {
                    CodePoint::Char(char) => char.len_utf8(),
                    CodePoint::LoneSurrogate(_) => 3,
                });
                bytes.fold(0, usize::saturating_add)
            }
        }
    }

    /// Whether it has no characters.
    pub fn is_empty(&self) -> bool {
        // An empty string has no lone surrogate.
        self.as_str().is_some_and(str::is_empty)
    }

    /// Iterates over the characters and lone surrogates.
    pub fn code_points(&self) -> impl Iterator<Item = CodePoint> + '_ {
        let (text, units) = match &self.0 {
            Form::Text(text) => (text.as_str(), &[][..]),
            Form::IllFormed(units) => ("", units.as_slice()),
        };
        let units = char::decode_utf16(units.iter().copied()).map(|unit| match unit {
            Ok(char) => CodePoint::Char(char),
            Err(lone) => CodePoint::LoneSurrogate(lone.unpaired_surrogate()),
        });
        text.chars().map(CodePoint::Char).chain(units)
    }
}

impl Default for JsString {
    fn default() -> Self {
        Self(Form::Text(String::new()))
    }
}

impl From<String> for JsString {
    fn from(text: String) -> Self {
        Self(Form::Text(text))
    }
}

impl From<&str> for JsString {
    fn from(text: &str) -> Self {
        Self(Form::Text(text.to_owned()))
    }
}

impl PartialEq<str> for JsString {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == Some(other)
    }
}

impl PartialEq<&str> for JsString {
    fn eq(&self, other: &&str) -> bool {
        self == *other
    }
}

/// Prints U+FFFD for a lone surrogate. Control characters stay what they are.
impl fmt::Display for JsString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.to_string_lossy())
    }
}

/// Prints a string literal, with `\u{d800}` for a lone surrogate.
impl fmt::Debug for JsString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"")?;
        for point in self.code_points() {
            match point {
                CodePoint::Char(char) => write!(f, "{}", char.escape_debug())?,
                CodePoint::LoneSurrogate(unit) => write!(f, "\\u{{{unit:x}}}")?,
            }
        }
        f.write_str("\"")
    }
}

/// A [`JsString`] that is put together from characters and from code units.
#[derive(Debug, Default)]
pub(super) struct JsStringBuilder {
    text: String,
    /// Code units so far, once there was a lone surrogate; `text` is then what came after them.
    units: Vec<u16>,
    /// A high surrogate whose other half may come next.
    high: Option<u16>,
}

impl JsStringBuilder {
    /// Adds characters.
    pub(super) fn push_str(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        self.end_high();
        self.text.push_str(text);
    }

    /// Adds a code unit, which may be half of a surrogate pair.
    pub(super) fn push_unit(&mut self, unit: u16) {
        if let Some(high) = self.high
            && let Some(Ok(char)) = char::decode_utf16([high, unit]).next()
        {
            self.high = None;
            self.text.push(char);
            return;
        }
        self.end_high();
        match char::from_u32(unit.into()) {
            Some(char) => self.text.push(char),
            None if unit < 0xDC00 => self.high = Some(unit),
            None => self.push_lone(unit),
        }
    }

    fn end_high(&mut self) {
        if let Some(high) = self.high.take() {
            self.push_lone(high);
        }
    }

    fn push_lone(&mut self, unit: u16) {
        self.units.extend(self.text.encode_utf16());
        self.units.push(unit);
        self.text.clear();
    }

    /// Returns the string.
    pub(super) fn finish(mut self) -> JsString {
        self.end_high();
        if self.units.is_empty() {
            return self.text.into();
        }
        self.units.extend(self.text.encode_utf16());
        JsString(Form::IllFormed(self.units))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_lone_surrogate_is_kept_and_its_halves_make_a_character() {
        let lone = JsString::from_utf16(&[0x61, 0xD800, 0x62]);
        assert_eq!(lone.as_str(), None);
        assert_eq!(lone.to_string_lossy(), "a\u{FFFD}b");
        assert_eq!(format!("{lone:?}"), r#""a\u{d800}b""#);
        assert_eq!(lone.len(), 5);
        assert_ne!(lone, JsString::from_utf16(&[0x61, 0xD801, 0x62]), "which one it is counts");
        assert_eq!(JsString::from_utf16(&[0xD83D, 0xDE00]), "\u{1F600}");
    }

    proptest! {
        #[test]
        fn built_unit_by_unit_it_is_what_the_units_say(
            units in proptest::collection::vec(
                prop_oneof![any::<u16>(), 0xD7FE_u16..0xE002, 0x40_u16..0x50], 0..40,
            ),
        ) {
            let mut builder = JsStringBuilder::default();
            for unit in &units {
                builder.push_unit(*unit);
            }
            let built = builder.finish();
            prop_assert_eq!(&built, &JsString::from_utf16(&units));
            prop_assert_eq!(built.to_string_lossy(), String::from_utf16_lossy(&units));
            prop_assert_eq!(built.is_empty(), units.is_empty());
            let bytes: usize = built.code_points().map(|point| match point {
                CodePoint::Char(char) => char.len_utf8(),
                CodePoint::LoneSurrogate(_) => 3,
            }).sum();
            prop_assert_eq!(built.len(), bytes);
        }
    }
}
