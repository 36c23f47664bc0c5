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

/// Parses base64. Line ends and blanks between characters are ignored.
pub(super) fn parse(text: &str) -> Result<Vec<u8>, PasteError> {
    let text = text.trim_start_matches('\u{feff}');
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

/// Whether text can only be base64: it has `+` or padding, or all of upper case, lower case and
/// digits, as words and paths rarely do. Blanks only end lines.
pub(super) fn is_certain(text: &str) -> bool {
    let text = text.trim().trim_start_matches('\u{feff}');
    let one_line = |line: &str| !line.trim().contains(char::is_whitespace);
    let has = |class: fn(&char) -> bool| text.chars().any(|char| class(&char));
    let mixed =
        has(char::is_ascii_uppercase) && has(char::is_ascii_lowercase) && has(char::is_ascii_digit);
    let signed = text.contains('+') || text.ends_with('=');
    (mixed || signed) && is_possible(text) && text.lines().all(one_line)
}

/// Whether text could be base64.
pub(super) fn is_possible(text: &str) -> bool {
    text.trim().len() >= 4 && parse(text).is_ok()
}
