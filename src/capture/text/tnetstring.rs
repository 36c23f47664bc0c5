//! [`Value`]: a typed netstring, the form of mitmproxy's flow files: `5:Hello,` with the type behind
//! the data. Nothing is copied: lists and dictionaries are read where they are asked.

use std::borrow::Cow;

/// The maximum number of digits of a length.
const MAX_DIGITS: usize = 12;

/// A value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Value<'a> {
    /// Bytes or text.
    Bytes(&'a [u8]),
    Integer(i64),
    /// The digits of a number with a point, as they are written.
    Float(&'a str),
    Bool(bool),
    Null,
    List(&'a [u8]),
    Dict(&'a [u8]),
}

impl<'a> Value<'a> {
    /// Removes a value from the front of `bytes`; `None` if there is none, or if it is cut off.
    pub(super) fn take(bytes: &mut &'a [u8]) -> Option<Self> {
        let colon =
            bytes.iter().take(MAX_DIGITS.saturating_add(1)).position(|byte| *byte == b':')?;
        let (digits, rest) = bytes.split_at_checked(colon)?;
        let is_number = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
        let len: usize = str::from_utf8(digits).ok().filter(|_| is_number)?.parse().ok()?;
        let (data, rest) = rest.get(1..)?.split_at_checked(len)?;
        let (kind, rest) = rest.split_first()?;
        let text = || str::from_utf8(data).ok();
        let value = match kind {
            b',' | b';' => Self::Bytes(data),
            b'#' => Self::Integer(text()?.parse().ok()?),
            b'^' => Self::Float(text()?),
            b'!' => Self::Bool(data == b"true"),
            b'~' => Self::Null,
            b']' => Self::List(data),
            b'}' => Self::Dict(data),
            _ => return None,
        };
        *bytes = rest;
        Some(value)
    }

    /// Returns the values of a list; nothing for other types.
    pub(super) fn list(self) -> impl Iterator<Item = Self> {
        let mut rest: &'a [u8] = if let Self::List(items) = self { items } else { &[] };
        std::iter::from_fn(move || Value::take(&mut rest))
    }

    /// Returns the value of a dictionary with this key.
    pub(super) fn get(self, key: &str) -> Option<Self> {
        let Self::Dict(mut rest) = self else { return None };
        while let (Some(Self::Bytes(have)), Some(value)) =
            (Self::take(&mut rest), Self::take(&mut rest))
        {
            if have == key.as_bytes() {
                return Some(value);
            }
        }
        None
    }

    pub(super) fn bytes(self) -> Option<&'a [u8]> {
        if let Self::Bytes(bytes) = self { Some(bytes) } else { None }
    }

    pub(super) fn integer(self) -> Option<i64> {
        if let Self::Integer(number) = self { Some(number) } else { None }
    }

    pub(super) fn bool(self) -> Option<bool> {
        if let Self::Bool(value) = self { Some(value) } else { None }
    }

    /// Returns the digits of a number of either type.
    pub(super) fn digits(self) -> Option<Cow<'a, str>> {
        match self {
            Self::Integer(number) => Some(Cow::Owned(number.to_string())),
            Self::Float(digits) => Some(Cow::Borrowed(digits)),
            _ => None,
        }
    }
}

/// Whether a file begins with a dictionary whose first key is a word, as a flow does.
pub(in crate::capture) fn begins_with_dict(first: &[u8]) -> bool {
    let inner = |bytes: &[u8]| {
        let colon = bytes.iter().take(MAX_DIGITS).position(|byte| *byte == b':')?;
        let (digits, rest) = bytes.split_at_checked(colon)?;
        let is_number = digits.first().is_some_and(|digit| (b'1'..=b'9').contains(digit))
            && digits.iter().all(u8::is_ascii_digit);
        let len: usize = str::from_utf8(digits).ok().filter(|_| is_number)?.parse().ok()?;
        Some((len, rest.get(1..)?.to_vec()))
    };
    inner(first).and_then(|(_, dict)| inner(&dict)).is_some_and(|(len, key)| {
        let is_word =
            |word: &[u8]| word.iter().all(|byte| byte.is_ascii_lowercase() || *byte == b'_');
        key.get(..len).is_some_and(is_word) && matches!(key.get(len), Some(b',' | b';'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_all_types_are_read_and_cut_ones_are_not() {
        let mut rest = &b"5:Hello,2:-7#3:1.5^4:true!0:~"[..];
        let mut next = || Value::take(&mut rest);
        assert_eq!(next(), Some(Value::Bytes(b"Hello")));
        assert_eq!(next().and_then(Value::integer), Some(-7));
        assert_eq!(next().and_then(Value::digits), Some("1.5".into()));
        assert_eq!(next().and_then(Value::bool), Some(true));
        assert_eq!((next(), next()), (Some(Value::Null), None));
        let dict = Value::take(&mut &b"22:1:a;8:1:1#1:2#]1:b;0:~}"[..]).unwrap();
        let numbers: Vec<_> = dict.get("a").unwrap().list().filter_map(Value::integer).collect();
        assert_eq!((numbers, dict.get("b"), dict.get("c")), (vec![1, 2], Some(Value::Null), None));
        for cut in [
            "",
            "5",
            "5:Hell",
            "5:Hello",
            "x:a,",
            "99999999999999999999:a,",
            "1:x#",
            "-1:a,",
            "1:a?",
        ] {
            assert_eq!(Value::take(&mut cut.as_bytes()), None, "{cut}");
        }
    }

    #[test]
    fn a_flow_is_told_from_hex_with_colons() {
        assert!(begins_with_dict(b"2279:9:websocket;1:a"));
        for other in [&b"81:05:48:65:6c"[..], b"12:34:56:78", b"5:Hello,", b"{", b"10:2:ab#", b""] {
            assert!(!begins_with_dict(other), "{other:?}");
        }
    }
}
