//! Files of text that are read as a whole, whatever their encoding.

use std::fs::File;
use std::io::{BufRead, BufReader, Cursor, Read};
use std::path::Path;

use crate::capture::error::{CaptureError, TextError};
use crate::wire::pasted;

/// The maximum length in bytes of a log, and of pasted text other than plain hex.
pub(super) const MAX_LOG_BYTES: u64 = 64 << 20;

/// The maximum length in bytes of what another tool exports.
pub(super) const MAX_EXPORT_BYTES: u64 = 256 << 20;

/// The mark at the beginning of a text in UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A text, and what is wrong with its encoding.
#[derive(Debug)]
pub(super) struct WholeText {
    pub(super) text: String,
    pub(super) warning: Option<String>,
}

/// Reads a whole file. `what` names its kind, with the article.
///
/// # Errors
///
/// Fails if the file cannot be read, or if it is longer than `max_bytes`.
pub(super) fn read_bytes(
    path: &Path,
    file: impl Read,
    max_bytes: u64,
    what: &'static str,
) -> Result<Vec<u8>, CaptureError> {
    let mut bytes = Vec::new();
    file.take(max_bytes.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|source| CaptureError::Io { path: path.to_owned(), source })?;
    if bytes.len() as u64 > max_bytes {
        let reason = TextError::TooLong { what, max_bytes };
        return Err(CaptureError::Text { path: path.to_owned(), reason });
    }
    Ok(bytes)
}

/// Reads a whole file as text: UTF-8 or UTF-16. What is neither is replaced by U+FFFD.
///
/// # Errors
///
/// As for [`read_bytes`].
pub(super) fn read_text(
    path: &Path,
    file: impl Read,
    max_bytes: u64,
    what: &'static str,
) -> Result<WholeText, CaptureError> {
    let bytes = match String::from_utf8(read_bytes(path, file, max_bytes, what)?) {
        // Most files need no second copy.
        Ok(text) if !has_mark(text.as_bytes()) && !pasted::is_utf16(text.as_bytes()) => {
            return Ok(WholeText { text, warning: None });
        }
        Ok(text) => text.into_bytes(),
        Err(error) => error.into_bytes(),
    };
    let (text, is_exact) = pasted::decode_text_lossy(&bytes);
    let warning = (!is_exact).then(|| {
        "the file has bytes that are neither UTF-8 nor UTF-16; they are shown as U+FFFD".to_owned()
    });
    Ok(WholeText { text: text.into_owned(), warning })
}

fn has_mark(beginning: &[u8]) -> bool {
    beginning.starts_with(BYTE_ORDER_MARK)
}

/// Returns the lines of a text of any length. Only UTF-16 is held as a whole.
///
/// # Errors
///
/// As for [`read_bytes`], where the text is UTF-16.
pub(super) fn line_reader(
    path: &Path,
    file: File,
    what: &'static str,
) -> Result<Box<dyn BufRead>, CaptureError> {
    let mut reader = BufReader::new(file);
    let io = |source| CaptureError::Io { path: path.to_owned(), source };
    let beginning = reader.fill_buf().map_err(io)?;
    if pasted::is_utf16(beginning) {
        let whole = read_text(path, reader, MAX_EXPORT_BYTES, what)?;
        return Ok(Box::new(Cursor::new(whole.text)));
    }
    if has_mark(beginning) {
        reader.consume(BYTE_ORDER_MARK.len());
    }
    Ok(Box::new(reader))
}
