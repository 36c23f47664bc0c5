//! Base64 and base64url (RFC 4648 sections 4 and 5), in one line or in many.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::wire::pasted::error::{PasteError, PasteProblem};

/// Padding may be absent, as in tokens of the web. Bits that belong to no byte must be zero.
const CONFIG: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, CONFIG);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, CONFIG);

/// Parses base64. Line ends and blanks between characters are ignored, and what a `data:` URI (RFC
/// 2397) and PEM (RFC 7468) write around it.
pub(in crate::wire::pasted) fn parse(text: &str) -> Result<Vec<u8>, PasteError> {
    let text = &without_armor(text)?;
    let stray = text.char_indices().find(|(_, char)| {
        !char.is_whitespace() && !char.is_ascii_alphanumeric() && !"+/-_=".contains(*char)
    });
    if let Some((at, char)) = stray {
        return Err(PasteError::in_text(text, at, PasteProblem::Base64Character(char)));
    }
    let bare: String = text.chars().filter(|char| !char.is_whitespace()).collect();
    let engine = if bare.contains(['-', '_']) { &URL_SAFE } else { &STANDARD };
    engine.decode(bare).map_err(|_| PasteError::at_end(text, PasteProblem::Base64Length))
}

/// Returns `text` with blanks in place of the beginning of a `data:` URI and the lines of PEM.
fn without_armor(text: &str) -> Result<String, PasteError> {
    let mut text = text.replace('\u{feff}', "");
    if is_data_uri(&text) {
        let comma = text.find(',').filter(|comma| {
            text.get(..*comma).is_some_and(|head| head.trim_end().ends_with(";base64"))
        });
        let end = comma.ok_or_else(|| PasteError::in_text(&text, 0, PasteProblem::DataUri))?;
        let blanks = " ".repeat(text.get(..=end).unwrap_or_default().chars().count());
        text = blanks + text.get(end.saturating_add(1)..).unwrap_or_default();
    }
    if is_pem(&text) {
        let keep = |line: &str| if line.trim().starts_with("-----") { "" } else { line }.to_owned();
        text = text.split('\n').map(keep).collect::<Vec<_>>().join("\n");
    }
    Ok(text)
}

fn is_data_uri(text: &str) -> bool {
    text.trim_start_matches('\u{feff}').trim_start().starts_with("data:")
}

/// Whether a text is one section of PEM.
fn is_pem(text: &str) -> bool {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let marked = |line: &str, mark: &str| line.starts_with(mark) && line.ends_with("-----");
    lines.next().is_some_and(|line| marked(line, "-----BEGIN "))
        && lines.next_back().is_some_and(|line| marked(line, "-----END "))
        && lines.all(|line| !line.contains("-----"))
}

/// Whether text can only be base64: it has `+` or padding, or all of upper case, lower case and
/// digits, as words and paths rarely do. Blanks only end lines.
pub(in crate::wire::pasted) fn is_certain(text: &str) -> bool {
    let text = text.trim().trim_start_matches('\u{feff}');
    if is_data_uri(text) || is_pem(text) {
        return true;
    }
    // `U+0081` names a character.
    let hex = |digits: &str| digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    if text.strip_prefix("U+").is_some_and(hex) {
        return false;
    }
    let one_line = |line: &str| !line.trim().contains(char::is_whitespace);
    let has = |class: fn(&char) -> bool| text.chars().any(|char| class(&char));
    let mixed =
        has(char::is_ascii_uppercase) && has(char::is_ascii_lowercase) && has(char::is_ascii_digit);
    let signed = text.contains('+') || text.ends_with('=');
    (mixed || signed) && is_possible(text) && text.lines().all(one_line)
}

/// Whether text could be base64.
pub(in crate::wire::pasted) fn is_possible(text: &str) -> bool {
    text.trim().len() >= 4 && parse(text).is_ok()
}
