//! JSON of other tools, read value by value. What stands before the end of a file that is cut off is
//! kept, and a value that is not what was expected costs nothing but itself.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// A value as it is written.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Json<'a>(&'a str);

/// A string, in which U+FFFD stands for each surrogate without its pair (RFC 8259 section 8.2).
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct JsonText {
    pub(super) text: String,
    pub(super) has_lone_surrogate: bool,
}

impl<'a> Json<'a> {
    /// Reads the value of the field that comes next.
    pub(super) fn of_field<A: MapAccess<'a>>(map: &mut A) -> Result<Self, A::Error> {
        map.next_value::<&RawValue>().map(|value| Self(value.get().trim()))
    }

    /// Whether there is a value other than `null`.
    pub(super) fn is_some(self) -> bool {
        !matches!(self.0, "" | "null")
    }

    /// Returns the value of a string; `None` for other types.
    pub(super) fn text(self) -> Option<JsonText> {
        if !self.0.starts_with('"') {
            return None;
        }
        let bytes = serde_json::Deserializer::from_str(self.0).deserialize_bytes(Wtf8).ok()?;
        Some(match String::from_utf8(bytes) {
            Ok(text) => JsonText { text, has_lone_surrogate: false },
            Err(error) => {
                JsonText { text: without_surrogates(error.as_bytes()), has_lone_surrogate: true }
            }
        })
    }

    /// Returns the value of a string, or an empty one.
    pub(super) fn plain_text(self) -> String {
        self.text().unwrap_or_default().text
    }

    /// Returns a number as it is written, also one in quotes; `None` for other types.
    pub(super) fn number(self) -> Option<&'a str> {
        let digits = self.0.trim_matches('"');
        let begins = digits.starts_with(|char: char| char.is_ascii_digit() || char == '-');
        begins.then_some(digits)
    }

    /// Returns a whole number, also one in quotes.
    pub(super) fn integer(self) -> Option<i64> {
        let digits = self.number()?;
        digits.strip_suffix(".0").unwrap_or(digits).parse().ok()
    }

    /// Returns a list of strings as lines; `None` for other types.
    pub(super) fn lines(self) -> Option<String> {
        let items: Vec<&RawValue> = serde_json::from_str(self.0).ok()?;
        let lines = items.iter().map(|item| Json(item.get()).plain_text());
        Some(lines.collect::<Vec<_>>().join("\n"))
    }

    pub(super) fn bool(self) -> Option<bool> {
        self.0.parse().ok()
    }
}

/// Takes the bytes of a string, which serde's strings are not where surrogates stand alone.
struct Wtf8;

impl Visitor<'_> for Wtf8 {
    type Value = Vec<u8>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
        Ok(bytes.to_vec())
    }
}

/// Replaces each surrogate, which takes three bytes.
fn without_surrogates(wtf8: &[u8]) -> String {
    let mut text = String::new();
    for chunk in wtf8.utf8_chunks() {
        text.push_str(chunk.valid());
        // The first byte of the three is invalid by itself, as are the two behind it.
        if chunk.invalid().first().is_some_and(|byte| *byte == 0xed) {
            text.push(char::REPLACEMENT_CHARACTER);
        }
    }
    text
}

/// A type that takes the fields of an object one by one.
pub(super) trait Fields<'de> {
    /// Whether an item of a list is kept although the file ends within it.
    const IS_KEPT_IN_PART: bool = false;

    /// Takes the value of the field with this name.
    fn take<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error>;

    /// Notes that the object has ended.
    fn end(&mut self) {}

    /// Whether an item of a list is of use.
    fn is_kept(&self) -> bool {
        true
    }
}

/// Reads a list into the field of an object that stands for it.
pub(super) fn list_of_field<'de, A: MapAccess<'de>, T: Fields<'de> + Default>(
    map: &mut A,
    items: &mut Vec<T>,
) -> Result<(), A::Error> {
    map.next_value_seed(List(items))
}

/// Reads an object into the field of an object that stands for it.
pub(super) fn object_of_field<'de, A: MapAccess<'de>, T: Fields<'de>>(
    map: &mut A,
    object: &mut T,
) -> Result<(), A::Error> {
    map.next_value_seed(Object(object))
}

/// Passes over a value.
pub(super) fn skip_field<'de, A: MapAccess<'de>>(map: &mut A) -> Result<(), A::Error> {
    map.next_value::<IgnoredAny>().map(drop)
}

/// Reads an object from a text.
///
/// # Errors
///
/// The first mistake. What stands before it has been read.
pub(super) fn read_object<'a>(
    text: &'a str,
    object: &mut impl Fields<'a>,
) -> serde_json::Result<()> {
    let mut json = serde_json::Deserializer::from_str(text);
    Object(object).deserialize(&mut json)?;
    json.end()
}

/// Reads a list of objects from a text.
///
/// # Errors
///
/// As for [`read_object`].
pub(super) fn read_list<'a, T: Fields<'a> + Default>(
    text: &'a str,
    items: &mut Vec<T>,
) -> serde_json::Result<()> {
    let mut json = serde_json::Deserializer::from_str(text);
    List(items).deserialize(&mut json)?;
    json.end()
}

/// Passes over what is neither an object nor a list.
macro_rules! pass_over_scalars {
    () => {
        fn visit_unit<E>(self) -> Result<(), E> {
            Ok(())
        }

        fn visit_bool<E>(self, _: bool) -> Result<(), E> {
            Ok(())
        }

        fn visit_i64<E>(self, _: i64) -> Result<(), E> {
            Ok(())
        }

        fn visit_u64<E>(self, _: u64) -> Result<(), E> {
            Ok(())
        }

        fn visit_f64<E>(self, _: f64) -> Result<(), E> {
            Ok(())
        }

        fn visit_str<E>(self, _: &str) -> Result<(), E> {
            Ok(())
        }
    };
}

/// Reads an object. Values of other types are passed over.
struct Object<'a, T>(&'a mut T);

impl<'de, T: Fields<'de>> DeserializeSeed<'de> for Object<'_, T> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de, T: Fields<'de>> Visitor<'de> for Object<'_, T> {
    type Value = ();

    pass_over_scalars!();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(Name(name)) = map.next_key()? {
            self.0.take(&name, &mut map)?;
        }
        self.0.end();
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }
}

/// The name of a field.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

/// Reads a list. Values of other types are passed over.
struct List<'a, T>(&'a mut Vec<T>);

impl<'de, T: Fields<'de> + Default> DeserializeSeed<'de> for List<'_, T> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de, T: Fields<'de> + Default> Visitor<'de> for List<'_, T> {
    type Value = ();

    pass_over_scalars!();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        loop {
            let mut item = T::default();
            match list.next_element_seed(Object(&mut item)) {
                Ok(Some(())) if item.is_kept() => self.0.push(item),
                Ok(Some(())) => {}
                Ok(None) => return Ok(()),
                Err(error) => {
                    if T::IS_KEPT_IN_PART {
                        self.0.push(item);
                    }
                    return Err(error);
                }
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lone_surrogate_costs_a_character_and_a_pair_costs_nothing() {
        let text = |json| Json(json).text().map(|text| (text.text, text.has_lone_surrogate));
        assert_eq!(text(r#""a\ud800b\udc00""#), Some(("a\u{fffd}b\u{fffd}".to_owned(), true)));
        assert_eq!(text(r#""\ud83d\ude00 \ufffd""#), Some(("😀 \u{fffd}".to_owned(), false)));
        assert_eq!((text("1"), text("null")), (None, None));
    }

    #[test]
    fn numbers_keep_their_digits_and_may_stand_in_quotes() {
        assert_eq!(Json("1714564800.123456789").number(), Some("1714564800.123456789"));
        assert_eq!((Json("\"8\"").integer(), Json("1.0").integer()), (Some(8), Some(1)));
        assert_eq!((Json("null").number(), Json("\"x\"").number()), (None, None));
    }
}
