//! Parses the header `Sec-WebSocket-Extensions` (RFC 6455 section 9.1) and the only registered
//! extension in wide use, permessage-deflate (RFC 7692 section 7.1).
//! `request` and `response` check what may be offered and accepted.

use std::fmt;
use std::ops::Range;

use crate::wire::frame::Side;

/// The registered name of the extension (RFC 7692).
pub const PERMESSAGE_DEFLATE: &str = "permessage-deflate";

/// The extensions that both sides agreed on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AgreedExtensions {
    /// The parameters of permessage-deflate, if messages may be compressed.
    pub deflate: Option<DeflateParams>,
    /// Whether that is only assumed, because the response was not seen. Nothing that depends on it is
    /// a fault.
    pub is_assumed: bool,
    /// Whether other extensions were agreed on. What reserved bits and payloads mean to these is not
    /// known, so neither is judged (RFC 6455 sections 5.2 and 9.1).
    pub has_unread: bool,
}

impl AgreedExtensions {
    /// Returns the value for a connection whose handshake was not seen. A message with RSV1 is read
    /// as one of permessage-deflate, the only registered extension with a meaning for that bit.
    pub fn assumed() -> Self {
        Self { deflate: Some(DeflateParams::default()), is_assumed: true, ..Self::none() }
    }

    /// Returns the value for a connection without extensions.
    pub fn none() -> Self {
        Self::default()
    }

    /// Parses the header of a response.
    ///
    /// # Errors
    /// Fails if an extension name isn't a token, or if the parameters of permessage-deflate are
    /// invalid.
    pub fn parse(header: &str) -> Result<Self, ExtensionError> {
        let mut agreed = Self::none();
        for offer in parse_extensions(header.as_bytes(), 0) {
            if !offer.well_formed {
                return Err(ExtensionError { span: offer.span, reason: "isn't an extension name" });
            }
            if offer.is_deflate() {
                let deflate = DeflateParams::from_response(&offer);
                let what = "isn't a parameter that permessage-deflate has in a response";
                agreed.deflate =
                    Some(deflate.map_err(|at| ExtensionError { span: at, reason: what })?);
            } else {
                agreed.has_unread = true;
            }
        }
        Ok(agreed)
    }
}

/// Why a value of `Sec-WebSocket-Extensions` is invalid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExtensionError {
    /// The invalid bytes of the value.
    pub span: Range<usize>,
    /// What is wrong with these bytes, as the end of a sentence.
    pub reason: &'static str,
}

/// An extension in an offer or a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extension {
    /// The name of the extension.
    pub name: String,
    /// The parameters, in order.
    pub params: Vec<ExtensionParam>,
    /// The bytes of the whole list element.
    pub span: Range<usize>,
    /// The bytes of the name.
    pub name_span: Range<usize>,
    /// Whether the name is a token.
    pub well_formed: bool,
}

/// A parameter of an extension.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExtensionParam {
    /// The name of the parameter.
    pub name: String,
    /// The value, without quotes.
    pub value: Option<String>,
    /// The bytes of name and value.
    pub span: Range<usize>,
    /// Whether name and value are tokens (the value may be quoted).
    pub well_formed: bool,
}

impl Extension {
    /// Whether this is permessage-deflate. Names are compared case-insensitively, like all tokens
    /// of the header.
    pub fn is_deflate(&self) -> bool {
        self.name.eq_ignore_ascii_case(PERMESSAGE_DEFLATE)
    }
}

impl fmt::Display for Extension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        for param in &self.params {
            write!(f, "; {}", param.name)?;
            if let Some(value) = &param.value {
                write!(f, "={value}")?;
            }
        }
        Ok(())
    }
}

/// The parameters of permessage-deflate (RFC 7692 section 7.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DeflateParams {
    /// Whether the server compresses each message with an empty window.
    pub server_no_context_takeover: bool,
    /// Whether the client compresses each message with an empty window.
    pub client_no_context_takeover: bool,
    /// The server's window has 2^n bytes, n from 8 to 15; 15 if absent.
    pub server_max_window_bits: Option<u8>,
    /// The same for the client's window. The inner `None` is the parameter without a value, which
    /// is only allowed in an offer: the client accepts a limit.
    pub client_max_window_bits: Option<Option<u8>>,
}

impl DeflateParams {
    /// Parses the parameters of an offer, which a request contains.
    ///
    /// # Errors
    /// Returns the bytes of the first parameter that is invalid, unknown or repeated.
    pub fn from_offer(offer: &Extension) -> Result<Self, Range<usize>> {
        Self::parse(offer, Side::Client)
    }

    /// Parses the parameters that a response agrees to.
    ///
    /// # Errors
    /// Returns the bytes of the first parameter that is invalid, unknown or repeated.
    pub fn from_response(accepted: &Extension) -> Result<Self, Range<usize>> {
        Self::parse(accepted, Side::Server)
    }

    fn parse(extension: &Extension, from: Side) -> Result<Self, Range<usize>> {
        let mut deflate = Self::default();
        for (index, param) in extension.params.iter().enumerate() {
            // Section 7.1: each parameter occurs at most once, in any order.
            let repeated =
                extension.params.iter().take(index).any(|earlier| earlier.name == param.name);
            let known = deflate.set_param(param, from);
            if repeated || !param.well_formed || !known {
                return Err(param.span.clone());
            }
        }
        Ok(deflate)
    }

    /// Returns n, where the window of `sender` has 2^n bytes, n from 8 to 15; 15 if it wasn't
    /// negotiated (sections 7.1.2.1 and 7.1.2.2).
    pub fn window_bits(&self, sender: Side) -> u8 {
        let bits = match sender {
            Side::Client => self.client_max_window_bits.flatten(),
            Side::Server => self.server_max_window_bits,
        };
        bits.unwrap_or(15)
    }

    /// Whether messages of `sender` may refer back to its earlier messages (sections 7.1.1.1 and
    /// 7.1.1.2).
    pub fn context_takeover(&self, sender: Side) -> bool {
        match sender {
            Side::Client => !self.client_no_context_takeover,
            Side::Server => !self.server_no_context_takeover,
        }
    }

    /// Sets a parameter that `from` sent. Returns false if that side may not send it, or not with
    /// this value.
    fn set_param(&mut self, param: &ExtensionParam, from: Side) -> bool {
        let bits = param.value.as_deref().map(parse_window_bits);
        match (param.name.as_str(), bits) {
            ("server_no_context_takeover", None) => self.server_no_context_takeover = true,
            ("client_no_context_takeover", None) => self.client_no_context_takeover = true,
            ("server_max_window_bits", Some(bits @ Some(_))) => self.server_max_window_bits = bits,
            // Only the client's own limit may stand without a value, and only in an offer (section
            // 7.1.2.2).
            ("client_max_window_bits", bits)
                if bits.map_or(from == Side::Client, |bits| bits.is_some()) =>
            {
                self.client_max_window_bits = Some(bits.flatten());
            }
            _ => return false,
        }
        true
    }
}

/// The extension as a response has it: `permessage-deflate; server_max_window_bits=10`.
impl fmt::Display for DeflateParams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(PERMESSAGE_DEFLATE)?;
        for (name, is_set) in [
            ("server_no_context_takeover", self.server_no_context_takeover),
            ("client_no_context_takeover", self.client_no_context_takeover),
        ] {
            if is_set {
                write!(f, "; {name}")?;
            }
        }
        if let Some(bits) = self.server_max_window_bits {
            write!(f, "; server_max_window_bits={bits}")?;
        }
        match self.client_max_window_bits {
            None => Ok(()),
            Some(None) => f.write_str("; client_max_window_bits"),
            Some(Some(bits)) => write!(f, "; client_max_window_bits={bits}"),
        }
    }
}

/// Parses a window size: a decimal number from 8 to 15 without leading zeros (RFC 7692 section
/// 7.1.2).
fn parse_window_bits(value: &str) -> Option<u8> {
    (8..=15).find(|bits: &u8| bits.to_string() == value)
}

/// Parses the elements of a header value. All spans are shifted by `base`, the offset of the
/// value's first byte in the head; with 0 they count from the start of the value. Empty elements
/// are ignored.
pub fn parse_extensions(value: &[u8], base: usize) -> Vec<Extension> {
    let offer = |element: Range<usize>| {
        let mut parts = split_unquoted(value, element.clone(), b';').into_iter();
        let name = parts.next().unwrap_or(element.start..element.start);
        let name_bytes = value.get(name.clone()).unwrap_or_default();
        Extension {
            name: text(name_bytes),
            params: parts.map(|part| parse_param(value, part, base)).collect(),
            span: shift_range(&element, base),
            name_span: shift_range(&name, base),
            well_formed: is_token(name_bytes),
        }
    };
    split_unquoted(value, 0..value.len(), b',')
        .into_iter()
        .filter(|element| !element.is_empty())
        .map(offer)
        .collect()
}

fn parse_param(value: &[u8], part: Range<usize>, base: usize) -> ExtensionParam {
    let bytes = value.get(part.clone()).unwrap_or_default();
    // At the first `=`: a quoted value can contain further ones.
    let mut sides = bytes.splitn(2, |byte| *byte == b'=');
    let (name, raw) = match (sides.next(), sides.next()) {
        (Some(name), Some(raw)) => (name.trim_ascii(), Some(raw.trim_ascii())),
        _ => (bytes, None),
    };
    let unquoted = raw.map(unquote);
    ExtensionParam {
        name: text(name),
        value: unquoted.as_ref().map(|value| text(value.as_deref().unwrap_or_default())),
        span: shift_range(&part, base),
        well_formed: is_token(name)
            && unquoted.is_none_or(|value| value.is_some_and(|value| is_token(&value))),
    }
}

/// Removes the quotes and backslashes of a quoted value; `None` if the closing quote is missing.
fn unquote(raw: &[u8]) -> Option<Vec<u8>> {
    let Some(inner) = raw.strip_prefix(b"\"") else {
        return Some(raw.to_vec());
    };
    let inner = inner.strip_suffix(b"\"")?;
    let mut plain = Vec::new();
    let mut bytes = inner.iter();
    while let Some(byte) = bytes.next() {
        plain.push(if *byte == b'\\' { *bytes.next()? } else { *byte });
    }
    Some(plain)
}

/// Splits `range` at `by` outside of quotes and returns the trimmed parts.
pub(crate) fn split_unquoted(value: &[u8], range: Range<usize>, by: u8) -> Vec<Range<usize>> {
    let mut parts = Vec::new();
    let (mut start, mut quoted, mut escaped) = (range.start, false, false);
    for (at, byte) in value.iter().enumerate().take(range.end).skip(range.start) {
        match *byte {
            _ if escaped => escaped = false,
            // RFC 9110 section 5.6.4: a backslash escapes the next character, inside quotes only.
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            byte if byte == by && !quoted => {
                parts.push(trim_range(value, start..at));
                start = at.saturating_add(1);
            }
            _ => {}
        }
    }
    parts.push(trim_range(value, start..range.end));
    parts
}

/// Returns `range` without the spaces and tabs at both ends.
pub(crate) fn trim_range(value: &[u8], range: Range<usize>) -> Range<usize> {
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let bytes = value.get(range.clone()).unwrap_or_default();
    let Some(first) = bytes.iter().position(|byte| !blank(byte)) else {
        return range.end..range.end;
    };
    let blanks_behind = bytes.iter().rev().take_while(|byte| blank(byte)).count();
    range.start.saturating_add(first)..range.end.saturating_sub(blanks_behind)
}

/// Whether the bytes are a token (RFC 9110 section 5.6.2).
pub(crate) fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty()
        && bytes
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte))
}

/// Shifts `range` by `base`.
pub(crate) fn shift_range(range: &Range<usize>, base: usize) -> Range<usize> {
    range.start.saturating_add(base)..range.end.saturating_add(base)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn section_9_1_names_parameters_and_quotes() {
        let value = br#"x-foo; bar="a,b\"c" , permessage-deflate; client_max_window_bits="10"; server_no_context_takeover"#;
        let offers = parse_extensions(value, 100);
        assert_eq!(offers.len(), 2);
        assert_eq!(offers[0].params[0].value.as_deref(), Some("a,b\"c"));
        assert!(!offers[0].params[0].well_formed, "unquoted it is no token");
        assert_eq!(
            offers[1].to_string(),
            "permessage-deflate; client_max_window_bits=10; server_no_context_takeover"
        );
        let span = offers[1].params[0].span.clone();
        assert_eq!(&value[span.start - 100..span.end - 100], b"client_max_window_bits=\"10\"");
        assert_eq!(
            DeflateParams::from_response(&offers[1]).unwrap().client_max_window_bits,
            Some(Some(10))
        );
    }

    #[test]
    fn rfc_7692_section_7_1_which_parameters_are_valid() {
        let extension = |params: &str| {
            parse_extensions(format!("permessage-deflate{params}").as_bytes(), 0).remove(0)
        };
        let valid_offer = |params: &str| DeflateParams::from_offer(&extension(params)).is_ok();
        let valid_response =
            |params: &str| DeflateParams::from_response(&extension(params)).is_ok();
        for both in [
            "",
            "; server_max_window_bits=8",
            "; client_max_window_bits=15",
            "; client_no_context_takeover",
        ] {
            assert!(valid_offer(both) && valid_response(both), "{both}");
        }
        for neither in [
            "; server_max_window_bits=7",
            "; server_max_window_bits=16",
            "; server_max_window_bits=08",
            "; server_max_window_bits",
            "; server_no_context_takeover=1",
            "; client_no_context_takeover; client_no_context_takeover",
            "; turbo",
            ";",
        ] {
            assert!(!valid_offer(neither) && !valid_response(neither), "{neither}");
        }
        assert!(
            valid_offer("; client_max_window_bits") && !valid_response("; client_max_window_bits")
        );
    }

    #[test]
    fn each_side_has_parameters_of_its_own() {
        let agreed = "permessage-deflate; server_max_window_bits=9; client_no_context_takeover";
        let deflate = AgreedExtensions::parse(agreed).unwrap().deflate.unwrap();
        let again = AgreedExtensions::parse(&deflate.to_string()).unwrap();
        assert_eq!(again.deflate, Some(deflate), "{deflate}");
        assert_eq!([Side::Client, Side::Server].map(|side| deflate.window_bits(side)), [15, 9]);
        assert_eq!(
            [Side::Client, Side::Server].map(|side| deflate.context_takeover(side)),
            [false, true]
        );
    }

    #[test]
    fn an_agreed_header_is_read_or_refused_with_the_place() {
        assert_eq!(AgreedExtensions::parse("").unwrap(), AgreedExtensions::none());
        assert!(
            AgreedExtensions::parse("permessage-deflate; server_max_window_bits=9")
                .unwrap()
                .deflate
                .is_some()
        );
        let other = AgreedExtensions { has_unread: true, ..AgreedExtensions::none() };
        assert_eq!(AgreedExtensions::parse("x-other").unwrap(), other);
        assert_eq!(AgreedExtensions::parse("permessage-deflate; turbo").unwrap_err().span, 20..25);
    }
}
