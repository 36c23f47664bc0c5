//! The accept value of a key, worked out in three steps.

use std::collections::BTreeMap;

use crate::learn::exercise::{Answer, FieldForm};
use crate::learn::exercises::forge_handshake::edited::drawn_head;
use crate::learn::judgment::{Judgment, Mark, UnfitAnswer, UnreadText};
use crate::wire::Side;
use crate::wire::format::{spaced_hex, unhex};
use crate::wire::handshake::request::key_from_request;
use crate::wire::handshake::{AcceptValue, GUID};

const TEXT: &str = "text";
const DIGEST: &str = "digest";
const ACCEPT: &str = "accept";

/// Returns the fields: the value, and before it the steps that lead there, which may stay empty.
pub(super) fn fields() -> Vec<FieldForm> {
    let field = |name: &str, label: &str, expects: &str| FieldForm {
        name: name.to_owned(),
        label: label.to_owned(),
        expects: expects.to_owned(),
        is_text: name != DIGEST,
    };
    vec![
        field(TEXT, "text that is hashed", "the key and what follows it; may stay empty"),
        field(DIGEST, "its SHA-1", "20 bytes in hex; may stay empty"),
        field(ACCEPT, "Sec-WebSocket-Accept", "28 characters of base64"),
    ]
}

/// Returns the accept value of a request's key.
pub(super) fn of_request(request: &str) -> AcceptValue {
    let key = key_from_request(&drawn_head(Side::Client, request));
    AcceptValue::new(&key.unwrap_or_default())
}

pub(super) fn hints(request: &str) -> Vec<String> {
    let accept = of_request(request);
    vec![
        format!(
            "Append the GUID {GUID} to the key as it is written, hash that text with SHA-1, and \
             write the 20 bytes of the digest in base64."
        ),
        format!(
            "In a shell: printf %s {} | openssl dgst -sha1 -binary | base64",
            accept.key_with_guid()
        ),
        format!("The digest is {}; only base64 is left to do.", spaced_hex(&accept.digest, 20)),
    ]
}

pub(super) fn solution(request: &str) -> Answer {
    let accept = of_request(request);
    let fields = [
        (TEXT, accept.key_with_guid()),
        (DIGEST, spaced_hex(&accept.digest, 20)),
        (ACCEPT, accept.value),
    ];
    Answer::Fields(fields.map(|(name, value)| (name.to_owned(), value)).into())
}

pub(super) fn judge(
    request: &str,
    fields: &BTreeMap<String, String>,
) -> Result<Judgment, UnfitAnswer> {
    if let Some(name) = fields.keys().find(|name| ![TEXT, DIGEST, ACCEPT].contains(&name.as_str()))
    {
        return Err(UnfitAnswer::Field(name.clone()));
    }
    let accept = of_request(request);
    let typed = |name: &str| fields.get(name).map_or("", |value| value.trim());
    let key_at = request.find(&accept.key).unwrap_or_default();
    let key = Some(key_at..key_at.saturating_add(accept.key.len()));
    let mark = |part: &str, right: bool, remark: String| Mark {
        part: part.to_owned(),
        right,
        bytes: key.clone(),
        remark,
    };
    let mut marks = Vec::new();
    if !typed(TEXT).is_empty() {
        let right = typed(TEXT) == accept.key_with_guid();
        marks.push(mark(TEXT, right, text_remark(right, typed(TEXT), &accept.key)));
    }
    if !typed(DIGEST).is_empty() {
        let digest = read_hex(typed(DIGEST))
            .ok_or_else(|| UnfitAnswer::Unread(unread_digest(typed(DIGEST))))?;
        marks.push(mark(DIGEST, digest == accept.digest, digest_remark(&digest, &accept)));
    }
    let value = typed_value(fields);
    marks.push(mark(ACCEPT, value == accept.value, value_remark(value, &accept)));
    let right = marks.iter().all(|mark| mark.right);
    Ok(Judgment { right, verdict: verdict(&marks, &accept), marks, ..explanation() })
}

/// Returns the accept value that was typed, without the name of the header.
pub(super) fn typed_value(fields: &BTreeMap<String, String>) -> &str {
    let typed = fields.get(ACCEPT).map_or("", |value| value.trim());
    typed.strip_prefix("Sec-WebSocket-Accept:").unwrap_or(typed).trim()
}

fn explanation() -> Judgment {
    Judgment {
        right: false,
        marks: Vec::new(),
        verdict: String::new(),
        why:
            "The value shows that the server has read this request and speaks WebSocket. It is no \
              secret: anybody can work it out."
                .to_owned(),
        source: "RFC 6455 §1.3, §4.2.2".to_owned(),
    }
}

fn verdict(marks: &[Mark], accept: &AcceptValue) -> String {
    match marks.iter().find(|mark| !mark.right).map(|mark| mark.part.as_str()) {
        None => format!("right: the accept value of {} is {}", accept.key, accept.value),
        Some(TEXT) => format!("the text that is hashed is {}", accept.key_with_guid()),
        Some(DIGEST) => format!("the digest is {}", spaced_hex(&accept.digest, 20)),
        Some(_) => format!("the accept value is {}", accept.value),
    }
}

fn text_remark(right: bool, typed: &str, key: &str) -> String {
    let remark = if right {
        "the key as it is written, and the GUID"
    } else if typed == key {
        "something is still to be appended to the key"
    } else if !typed.starts_with(key) {
        "the text begins with the key as it is written, not decoded"
    } else {
        "the key is followed by the GUID of RFC 6455, without anything between"
    };
    remark.to_owned()
}

fn digest_remark(digest: &[u8], accept: &AcceptValue) -> String {
    if digest == accept.digest {
        "the SHA-1 of that text".to_owned()
    } else if digest.len() == accept.digest.len() {
        "another text has this digest; a line feed at the end counts too".to_owned()
    } else {
        format!("SHA-1 has 20 bytes, not {}", digest.len())
    }
}

fn unread_digest(typed: &str) -> UnreadText {
    let problem =
        format!("its SHA-1: {typed:?} isn't bytes in hex; type two digits for each of the 20");
    UnreadText { field: DIGEST.to_owned(), problem }
}

fn value_remark(value: &str, accept: &AcceptValue) -> String {
    if value == accept.value {
        return "base64 of the digest's 20 bytes".to_owned();
    }
    match accept.mistake(value) {
        Some(mistake) => mistake.description().replacen("the server ", "you ", 1),
        None if value.is_empty() => "nothing was typed here".to_owned(),
        None if value.len() != accept.value.len() => {
            format!("20 bytes in base64 are 28 characters, not {}", value.chars().count())
        }
        None => "this isn't the base64 of the digest".to_owned(),
    }
}

fn read_hex(typed: &str) -> Option<Vec<u8>> {
    let digits: String =
        typed.chars().filter(|char| !char.is_whitespace() && *char != ':').collect();
    unhex(digits.strip_prefix("0x").unwrap_or(&digits))
}
