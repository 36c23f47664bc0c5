//! A field of tshark's JSON that holds the bytes of TCP: `"tcp.payload": "81:05"` of `-T json`, and
//! `"tcp.payload_raw": ["8105", 54, 2, 0, 30]` of `-T jsonraw`.

use crate::wire::pasted::digits::hex;
use crate::wire::pasted::error::{PasteError, PasteProblem};

/// The fields whose bytes are those of the connection, or of TLS within.
const FIELDS: [&str; 4] =
    ["tcp.payload", "tcp.segment_data", "tcp.reassembled.data", "tls.segment.data"];

/// A field, with what its value says beside the bytes.
struct Field<'a> {
    /// The byte that the digits start at.
    at: usize,
    digits: &'a str,
    /// The number of bytes; only `-T jsonraw` gives it.
    count: Option<usize>,
}

/// Whether a text is one field, without the object around it.
pub(in crate::wire::pasted) fn is_field(text: &str) -> bool {
    find(text).is_some()
}

fn find(text: &str) -> Option<Field<'_>> {
    let bare = text.trim_start_matches('\u{feff}').trim();
    let (name, value) = bare.strip_prefix('"')?.split_once("\":")?;
    let known = FIELDS.contains(&name.strip_suffix("_raw").unwrap_or(name));
    let value = value.trim().trim_end_matches(',').trim_end();
    let raw = name.ends_with("_raw");
    let inside = if raw { value.strip_prefix('[')?.strip_suffix(']')?.trim() } else { value };
    let (digits, behind) = inside.strip_prefix('"')?.split_once('"')?;
    // The position of the bytes in the packet, their number, and the mask and type of the field.
    let numbers: Vec<usize> =
        behind.split(',').skip(1).map_while(|number| number.trim().parse().ok()).collect();
    let count = match numbers[..] {
        [] if !raw && behind.is_empty() => None,
        [_, count, _, _] if raw => Some(count),
        _ => return None,
    };
    let at = text.find(digits).filter(|_| known && !digits.is_empty())?;
    Some(Field { at, digits, count })
}

/// Parses one field.
pub(in crate::wire::pasted) fn parse(text: &str) -> Result<Vec<u8>, PasteError> {
    let error = |at, problem| PasteError::in_text(text, at, problem);
    let field = find(text).ok_or_else(|| error(0, PasteProblem::NoString))?;
    let bytes = hex::parse(field.digits).map_err(|found| error(field.at, found.problem))?;
    match field.count {
        Some(claimed) if claimed != bytes.len() => {
            Err(error(field.at, PasteProblem::Count { claimed, found: bytes.len() }))
        }
        _ => Ok(bytes),
    }
}
