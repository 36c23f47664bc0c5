//! What a client sends: an array of messages in JSON, or one of them, in the body of a request or
//! in a WebSocket message.

use std::borrow::Cow;

use thiserror::Error;

use crate::sockjs::escape::Escaping;
use crate::sockjs::frame::push_array;
use crate::sockjs::js_string::JsString;
use crate::sockjs::json::{FrameError, JsonReader};
use crate::sockjs::url::percent_decode;

/// Why there are no messages in a body.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PayloadError {
    /// The body is empty, or valid JSON that is no array.
    #[error("Payload expected.")]
    Missing,
    /// It is not an array of strings in JSON.
    #[error("Broken JSON encoding.")]
    Broken(#[source] FrameError),
}

/// Reads the body of an `xhr_send` request: an array.
///
/// # Errors
/// If the body is empty or anything else than an array of strings.
pub fn read_array(body: &[u8]) -> Result<Vec<JsString>, PayloadError> {
    if body.is_empty() {
        return Err(PayloadError::Missing);
    }
    let read = || {
        let mut reader = JsonReader::new(body, 0)?;
        let messages = reader.strings()?;
        reader.end()?;
        Ok(messages)
    };
    read().map_err(|error| {
        let begins_array = body.trim_ascii_start().first() == Some(&b'[');
        let other = !begins_array && serde_json::from_slice::<serde::de::IgnoredAny>(body).is_ok();
        if other { PayloadError::Missing } else { PayloadError::Broken(error) }
    })
}

/// Reads a WebSocket message: an array, or a single string. An empty message has no messages in it.
///
/// # Errors
/// If it is neither.
pub fn read_message(message: &[u8]) -> Result<Vec<JsString>, FrameError> {
    let mut reader = JsonReader::new(message, 0)?;
    reader.skip_whitespace();
    let messages = match reader.peek() {
        None => Vec::new(),
        Some(b'"') => vec![reader.string()?],
        Some(_) => reader.strings()?,
    };
    reader.end()?;
    Ok(messages)
}

/// Reads the body of a `jsonp_send` request: the array in the field `d` of a form, or as it is if
/// the type of the body is another one.
///
/// # Errors
/// If there is no `d` or nothing in it, or anything else than an array of strings.
pub fn read_form(content_type: Option<&str>, body: &[u8]) -> Result<Vec<JsString>, PayloadError> {
    let media_type = content_type.unwrap_or_default().split(';').next().unwrap_or_default();
    if !media_type.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return read_array(body);
    }
    let field = body.split(|byte| *byte == b'&').find_map(|field| field.strip_prefix(b"d="));
    read_array(&form_decode(field.unwrap_or_default()))
}

fn form_decode(value: &[u8]) -> Cow<'_, [u8]> {
    if !value.iter().any(|byte| matches!(byte, b'+' | b'%')) {
        return Cow::Borrowed(value);
    }
    let spaced: Vec<u8> =
        value.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    // A percent sign without two digits stands for itself, as browsers have it.
    Cow::Owned(percent_decode(&spaced))
}

/// Writes messages as a client does in a WebSocket message or the body of `xhr_send`.
pub fn write_array(messages: &[JsString]) -> String {
    let mut out = String::new();
    push_array(&mut out, messages, Escaping::Client);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(messages: &[JsString]) -> Vec<&str> {
        messages.iter().map(|message| message.as_str().unwrap()).collect()
    }

    #[test]
    fn an_array_is_read_and_all_else_is_refused_in_the_words_of_the_protocol() {
        assert_eq!(texts(&read_array(br#"["a","b"]"#).unwrap()), ["a", "b"]);
        assert_eq!(read_array(b"[]"), Ok(Vec::new()));
        for missing in [&b""[..], b"{}", b"1", b"null", b"\"a\""] {
            assert_eq!(read_array(missing).unwrap_err().to_string(), "Payload expected.");
        }
        for broken in [&br#"["a"#[..], b"x", b"[1]", b"[\"a\"] x", b"[\"\xff\"]", b" "] {
            assert_eq!(read_array(broken).unwrap_err().to_string(), "Broken JSON encoding.");
        }
    }

    #[test]
    fn a_websocket_message_may_be_a_single_string() {
        assert_eq!(texts(&read_message(br#""a""#).unwrap()), ["a"]);
        assert_eq!(texts(&read_message(br#"["a","b"]"#).unwrap()), ["a", "b"]);
        assert_eq!(read_message(b""), Ok(Vec::new()));
        assert_eq!(read_message(br#"["a"#).unwrap_err().at, 3);
    }

    #[test]
    fn a_form_is_decoded_and_other_types_are_not() {
        let form = Some("application/x-www-form-urlencoded; charset=UTF-8");
        let read = |body: &str| read_form(form, body.as_bytes());
        assert_eq!(texts(&read("d=%5B%22a+b%2Bc%22%5D").unwrap()), ["a b+c"]);
        assert_eq!(texts(&read("p=p&d=%5B%22x%22%5D").unwrap()), ["x"]);
        for missing in ["", "d=", "p=p", "dd=%5B%5D"] {
            assert_eq!(read(missing), Err(PayloadError::Missing), "{missing}");
        }
        let raw = read_form(Some("text/plain"), br#"["%61bc"]"#).unwrap();
        assert_eq!(texts(&raw), ["%61bc"]);
        assert!(matches!(read("d=%5B%22x"), Err(PayloadError::Broken(_))));
    }

    #[test]
    fn what_a_client_writes_a_server_reads() {
        let messages = [JsString::from("\u{300}\u{200B}\""), JsString::from_utf16(&[0xDFFF])];
        let text = write_array(&messages);
        assert_eq!(text, r#"["\u0300\u200b\"","\udfff"]"#);
        assert_eq!(read_array(text.as_bytes()).unwrap(), messages);
    }
}
