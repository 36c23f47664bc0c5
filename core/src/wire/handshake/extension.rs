//! The header `Sec-WebSocket-Extensions` (RFC 6455 section 9.1) and the one extension there is, permessage-deflate (RFC 7692 section 7.1).
//! Who may offer or accept what is judged in `handshake`; inflating is not done here.

use std::fmt;
use std::ops::Range;

use crate::wire::frame::Side;

/// The name under which RFC 7692 registers it.
pub const PERMESSAGE_DEFLATE: &str = "permessage-deflate";

/// What both sides agreed on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AgreedExtensions {
    /// Messages may be compressed.
    pub deflate: Option<DeflateParams>,
}

impl AgreedExtensions {
    /// No extension.
    pub fn none() -> Self {
        Self::default()
    }

    /// Reads the value of an agreed response header. Extensions of other names are passed over: nothing is known of them.
    ///
    /// # Errors
    /// The place in `header` and what is wrong there.
    pub fn parse(header: &str) -> Result<Self, ExtensionError> {
        let mut agreed = Self::none();
        for offer in parse_extensions(header.as_bytes(), 0) {
            if !offer.well_formed {
                return Err(ExtensionError { span: offer.span, reason: "isn't an extension name" });
            }
            if offer.is_deflate() {
                let deflate = DeflateParams::parse(&offer, false);
                let what = "isn't a parameter that permessage-deflate has in a response";
                agreed.deflate = Some(deflate.map_err(|at| ExtensionError { span: at, reason: what })?);
            }
        }
        Ok(agreed)
    }
}

/// A value of `Sec-WebSocket-Extensions` that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExtensionError {
    /// The bytes of the value that are wrong.
    pub span: Range<usize>,
    /// What is wrong with them.
    pub reason: &'static str,
}

/// One extension as it is offered or accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extension {
    /// Its name.
    pub name: String,
    /// Its parameters, in order.
    pub params: Vec<ExtensionParam>,
    /// The bytes of the whole element.
    pub span: Range<usize>,
    /// The bytes of its name.
    pub name_span: Range<usize>,
    /// The name is a token.
    pub well_formed: bool,
}

/// One parameter of an extension.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExtensionParam {
    /// Its name.
    pub name: String,
    /// Its value, without quotes.
    pub value: Option<String>,
    /// The bytes of name and value.
    pub span: Range<usize>,
    /// Name and value are tokens (the value may be quoted).
    pub well_formed: bool,
}

impl Extension {
    /// Extension names are compared without case, like all tokens of the header.
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
    /// The server starts each message with an empty window.
    pub server_no_context_takeover: bool,
    /// The client starts each message with an empty window.
    pub client_no_context_takeover: bool,
    /// The server's window is 2 to this power, 8 to 15; 15 where nothing is said.
    pub server_max_window_bits: Option<u8>,
    /// Was it named, and with which value? In an offer it may stand without one: "I could be told".
    pub client_max_window_bits: Option<Option<u8>>,
}

impl DeflateParams {
    /// Reads the parameters of an offer or, with `in_request` false, of its answer.
    ///
    /// # Errors
    /// The bytes of the first parameter that is invalid, unknown or there for the second time.
    pub fn parse(offer: &Extension, in_request: bool) -> Result<Self, Range<usize>> {
        let mut deflate = Self::default();
        for (index, param) in offer.params.iter().enumerate() {
            let repeated = offer.params.iter().take(index).any(|earlier| earlier.name == param.name);
            let known = deflate.set_param(param, in_request);
            if repeated || !param.well_formed || !known {
                return Err(param.span.clone());
            }
        }
        Ok(deflate)
    }

    /// The window of what `sender` compresses is 2 to this power, 8 to 15; 15 where nothing is said (sections 7.1.2.1 and 7.1.2.2).
    pub fn window_bits(&self, sender: Side) -> u8 {
        let bits = match sender {
            Side::Client => self.client_max_window_bits.flatten(),
            Side::Server => self.server_max_window_bits,
        };
        bits.unwrap_or(15)
    }

    /// What `sender` compresses may point back into its earlier messages (sections 7.1.1.1 and 7.1.1.2).
    pub fn context_takeover(&self, sender: Side) -> bool {
        match sender {
            Side::Client => !self.client_no_context_takeover,
            Side::Server => !self.server_no_context_takeover,
        }
    }

    fn set_param(&mut self, param: &ExtensionParam, in_request: bool) -> bool {
        let bits = param.value.as_deref().map(parse_window_bits);
        match (param.name.as_str(), bits) {
            ("server_no_context_takeover", None) => self.server_no_context_takeover = true,
            ("client_no_context_takeover", None) => self.client_no_context_takeover = true,
            ("server_max_window_bits", Some(bits @ Some(_))) => self.server_max_window_bits = bits,
            ("client_max_window_bits", bits) if bits.map_or(in_request, |bits| bits.is_some()) => {
                self.client_max_window_bits = Some(bits.flatten());
            }
            _ => return false,
        }
        true
    }
}

/// RFC 7692 section 7.1.2: a decimal number from 8 to 15 without leading zeros.
fn parse_window_bits(value: &str) -> Option<u8> {
    (8..=15).find(|bits: &u8| bits.to_string() == value)
}

/// The elements of a value whose first byte stands at `base`: spans count from where `base` counts. Empty elements are passed over.
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

/// A quoted value without its quotes and backslashes; none where the closing quote is missing.
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

/// The trimmed parts of `range`, divided by `by` outside of quotes.
pub(crate) fn split_unquoted(value: &[u8], range: Range<usize>, by: u8) -> Vec<Range<usize>> {
    let mut parts = Vec::new();
    let (mut start, mut quoted, mut escaped) = (range.start, false, false);
    for (at, byte) in value.iter().enumerate().take(range.end).skip(range.start) {
        match *byte {
            _ if escaped => escaped = false,
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

/// `range` without the blanks and tabs at its ends.
pub(crate) fn trim_range(value: &[u8], range: Range<usize>) -> Range<usize> {
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let bytes = value.get(range.clone()).unwrap_or_default();
    let Some(first) = bytes.iter().position(|byte| !blank(byte)) else { return range.end..range.end };
    let blanks_behind = bytes.iter().rev().take_while(|byte| blank(byte)).count();
    range.start.saturating_add(first)..range.end.saturating_sub(blanks_behind)
}

/// RFC 9110 section 5.6.2.
pub(crate) fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty()
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte))
}

/// `range` counted from where `base` is counted from.
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
        assert_eq!(DeflateParams::parse(&offers[1], false).unwrap().client_max_window_bits, Some(Some(10)));
    }

    #[test]
    fn rfc_7692_section_7_1_which_parameters_are_valid() {
        let valid = |params: &str, in_request| {
            DeflateParams::parse(
                &parse_extensions(format!("permessage-deflate{params}").as_bytes(), 0)[0],
                in_request,
            )
            .is_ok()
        };
        for both in
            ["", "; server_max_window_bits=8", "; client_max_window_bits=15", "; client_no_context_takeover"]
        {
            assert!(valid(both, true) && valid(both, false), "{both}");
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
            assert!(!valid(neither, true) && !valid(neither, false), "{neither}");
        }
        assert!(valid("; client_max_window_bits", true) && !valid("; client_max_window_bits", false));
    }

    #[test]
    fn each_side_has_parameters_of_its_own() {
        let agreed = "permessage-deflate; server_max_window_bits=9; client_no_context_takeover";
        let deflate = AgreedExtensions::parse(agreed).unwrap().deflate.unwrap();
        assert_eq!([Side::Client, Side::Server].map(|side| deflate.window_bits(side)), [15, 9]);
        assert_eq!([Side::Client, Side::Server].map(|side| deflate.context_takeover(side)), [false, true]);
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
        assert_eq!(AgreedExtensions::parse("x-other").unwrap(), AgreedExtensions::none());
        assert_eq!(AgreedExtensions::parse("permessage-deflate; turbo").unwrap_err().span, 20..25);
    }
}
