//! Computes `Sec-WebSocket-Accept` (RFC 6455 sections 1.3 and 4.2.2) step by step, and recognizes
//! the usual mistakes.
//! The value proves that the other side speaks WebSocket. It is no authentication, since anybody
//! can compute it.

use base64::Engine;
use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use sha1::{Digest, Sha1};

use crate::text::named_enum;
use crate::wire::format;

/// The constant that is appended to the key. It has no meaning, but no other protocol uses it by
/// accident.
pub const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// Base64 as senders write it: padded, with any value in the unused bits of the last digit.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
);

/// Decodes a base64 key; `None` if it isn't base64.
pub fn decode_key(key: &str) -> Option<Vec<u8>> {
    LENIENT.decode(key).ok()
}

/// The accept value of a key, with the intermediate results.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AcceptValue {
    /// The key as it was sent, not decoded.
    pub key: String,
    /// The SHA-1 digest of the key's text followed by the GUID.
    pub digest: [u8; 20],
    /// The digest in base64, which is the value that the server must send.
    pub value: String,
}

/// A step of the computation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AcceptStep {
    /// `key text`, `+ GUID`, `SHA-1`, `base64`, `compare`.
    pub name: &'static str,
    /// The result of the step.
    pub value: String,
    /// A remark about the step.
    pub note: String,
}

impl AcceptValue {
    /// Computes the accept value for a key. The text of the key is hashed as it is: decoding it
    /// first is a common mistake.
    pub fn new(key: &str) -> Self {
        // Section 4.2.2: the concatenation of the key's text and the GUID, without a separator.
        let digest = sha1(&[key.as_bytes(), GUID.as_bytes()]);
        Self { key: key.to_owned(), digest, value: STANDARD.encode(digest) }
    }

    /// Returns the key followed by the GUID.
    pub fn key_with_guid(&self) -> String {
        format!("{}{GUID}", self.key)
    }

    /// Returns the five steps. The last one compares the value with the one that the server sent,
    /// if known.
    pub fn steps(&self, received: Option<&str>) -> Vec<AcceptStep> {
        let step = |name, value: &str, note: String| AcceptStep {
            name,
            value: format::escape_controls(value),
            note,
        };
        let random = decode_key(&self.key)
            .map_or("not base64".to_owned(), |bytes| format!("{} random bytes", bytes.len()));
        let verdict = match received {
            None => "no value was received to compare with".to_owned(),
            Some(value) if value == self.value => {
                "equal: the server has read this request".to_owned()
            }
            Some(value) => self.mistake(value).map_or("different".to_owned(), |mistake| {
                format!("different: {}", mistake.description())
            }),
        };
        vec![
            step(
                "key text",
                &self.key,
                format!("{} characters = {random}", self.key.chars().count()),
            ),
            step(
                "+ GUID",
                &self.key_with_guid(),
                "a constant; the key is NOT decoded first".to_owned(),
            ),
            step("SHA-1", &format::spaced_hex(&self.digest, 20), "20 bytes".to_owned()),
            step("base64", &self.value, "28 characters".to_owned()),
            step("compare", received.unwrap_or_default(), verdict),
        ]
    }

    /// Returns the mistake that results in exactly this wrong value, if there is one.
    pub fn mistake(&self, received: &str) -> Option<AcceptMistake> {
        AcceptMistake::ALL.into_iter().find(|mistake| mistake.produces(self, received))
    }
}

/// The usual mistakes of servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AcceptMistake {
    /// The GUID is missing.
    GuidMissing,
    /// The key was decoded from base64 before hashing.
    KeyWasDecoded,
    /// The digest's hex text was encoded in base64, instead of its bytes.
    HexDigestEncoded,
    /// The GUID was written in lower case.
    GuidLowercase,
    /// The key was sent back unchanged.
    KeyEchoed,
    /// The value is right except for upper and lower case, which base64 distinguishes.
    CaseChanged,
}

named_enum!(
    AcceptMistake,
    "mistake":
    GuidMissing = "guid-missing",
    KeyWasDecoded = "key-was-decoded",
    HexDigestEncoded = "hex-digest-encoded",
    GuidLowercase = "guid-lowercase",
    KeyEchoed = "key-echoed",
    CaseChanged = "case-changed",
);

impl AcceptMistake {
    /// Returns a sentence about what the server did.
    pub fn description(self) -> &'static str {
        match self {
            Self::GuidMissing => "the server hashed only the key and forgot the GUID",
            Self::KeyWasDecoded => {
                "the server decoded the key from base64 before hashing it; the RFC hashes its text"
            }
            Self::HexDigestEncoded => {
                "the server encoded the digest's hex text in base64 instead of its 20 bytes"
            }
            Self::GuidLowercase => "the server wrote the GUID in lower case",
            Self::KeyEchoed => "the server sent the key back unchanged",
            Self::CaseChanged => {
                "the value is right except for upper and lower case, which base64 distinguishes"
            }
        }
    }

    /// Returns the wrong value that the mistake results in; `None` if the key cannot be decoded.
    pub fn wrong_value(self, expected: &AcceptValue) -> Option<String> {
        let key = expected.key.as_bytes();
        let digest = match self {
            Self::GuidMissing => sha1(&[key]),
            Self::KeyWasDecoded => sha1(&[&decode_key(&expected.key)?, GUID.as_bytes()]),
            Self::GuidLowercase => sha1(&[key, GUID.to_ascii_lowercase().as_bytes()]),
            Self::HexDigestEncoded => return Some(STANDARD.encode(format::hex(&expected.digest))),
            Self::KeyEchoed => return Some(expected.key.clone()),
            Self::CaseChanged => return Some(expected.value.to_ascii_uppercase()),
        };
        Some(STANDARD.encode(digest))
    }

    fn produces(self, expected: &AcceptValue, received: &str) -> bool {
        match self {
            Self::CaseChanged => received.eq_ignore_ascii_case(&expected.value),
            // Hex can be written in upper case too; `wrong_value` uses lower case.
            Self::HexDigestEncoded
                if received == STANDARD.encode(format::hex(&expected.digest).to_uppercase()) =>
            {
                true
            }
            _ => self.wrong_value(expected).as_deref() == Some(received),
        }
    }
}

fn sha1(parts: &[&[u8]]) -> [u8; 20] {
    let mut hash = Sha1::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

    #[test]
    fn section_1_3_the_rfcs_own_example_step_by_step() {
        let accept = AcceptValue::new(KEY);
        let steps: Vec<String> = accept
            .steps(Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="))
            .into_iter()
            .map(|step| format!("{}: {} ({})", step.name, step.value, step.note))
            .collect();
        assert_eq!(
            steps,
            [
                "key text: dGhlIHNhbXBsZSBub25jZQ== (24 characters = 16 random bytes)",
                "+ GUID: dGhlIHNhbXBsZSBub25jZQ==258EAFA5-E914-47DA-95CA-C5AB0DC85B11 (a \
                 constant; the key is NOT decoded first)",
                "SHA-1: b3 7a 4f 2c c0 62 4f 16 90 f6 46 06 cf 38 59 45 b2 be c4 ea (20 bytes)",
                "base64: s3pPLMBiTxaQ9kYGzzhZRbK+xOo= (28 characters)",
                "compare: s3pPLMBiTxaQ9kYGzzhZRbK+xOo= (equal: the server has read this request)",
            ]
        );
    }

    #[test]
    fn each_usual_mistake_is_named() {
        let accept = AcceptValue::new(KEY);
        for (received, mistake) in [
            ("hHLtf2V1k8aDQZfNjw3Ia1hCwt0=", Some(AcceptMistake::GuidMissing)),
            ("BXhwxM0SZasKmCD9S4BfpPmCnEw=", Some(AcceptMistake::KeyWasDecoded)),
            (
                "YjM3YTRmMmNjMDYyNGYxNjkwZjY0NjA2Y2YzODU5NDViMmJlYzRlYQ==",
                Some(AcceptMistake::HexDigestEncoded),
            ),
            ("WJfwerbIozKsJXHxxI0JTO1SQgU=", Some(AcceptMistake::GuidLowercase)),
            (KEY, Some(AcceptMistake::KeyEchoed)),
            ("S3PPLMBITXAQ9KYGZZHZRBK+XOO=", Some(AcceptMistake::CaseChanged)),
            ("AAAAAAAAAAAAAAAAAAAAAAAAAAA=", None),
        ] {
            assert_eq!(accept.mistake(received), mistake, "{received}");
        }
    }
}
