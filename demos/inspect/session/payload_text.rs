//! How a payload is read, and the state of its UTF-8 text after each of its frames.
//!
//! `wire` validates messages as a whole. This file describes one frame at a time.

use super::state::Session;
use crate::text;
use crate::wire::frame::utf8::Utf8Validator;
use crate::wire::{FaultCode, MessageKind, PayloadPiece, TraceRow};

/// The maximum number of fragments that are searched for the start of a character.
const MAX_FRAGMENTS_SEARCHED: usize = 64;

/// The kind of a payload, which decides how it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PayloadKind {
    /// Text, or part of a text.
    Text,
    /// Binary data.
    Binary,
    /// Part of a DEFLATE stream.
    Compressed,
    /// The body of a control frame, or of an orphan.
    Other,
}

impl PayloadKind {
    pub(crate) fn from_row(row: &TraceRow) -> Self {
        match row.kind() {
            Some(_) if row.is_compressed() => Self::Compressed,
            Some(MessageKind::Text) => Self::Text,
            Some(MessageKind::Binary) => Self::Binary,
            None => Self::Other,
        }
    }
}

/// The state of a UTF-8 decoder after some bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Utf8State {
    /// Between two characters.
    Complete,
    /// Inside a character: the number of its bytes that are there, and of all its bytes.
    Partial(u8, u8),
    /// The byte at this index is invalid.
    Invalid(usize),
    /// Not known, because bytes before were not captured.
    Unknown,
}

/// What precedes a fragment of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TextBefore {
    /// The bytes of an incomplete character, or none.
    Partial(Vec<u8>),
    /// Text that is already invalid.
    Invalid,
    /// Bytes that were not captured or are not in memory.
    Unknown,
}

impl TextBefore {
    /// Returns the bytes of the incomplete character, if they are known.
    pub(crate) fn bytes(&self) -> &[u8] {
        match self {
            Self::Partial(bytes) => bytes,
            Self::Invalid | Self::Unknown => &[],
        }
    }
}

/// Returns the state after `piece`. `carried` is the start of a character before it.
pub(crate) fn utf8_state_after(carried: &[u8], piece: &[u8]) -> Utf8State {
    let mut text = Utf8Validator::new();
    if text.push(carried).is_err() {
        return Utf8State::Invalid(0);
    }
    match (text.push(piece), text.pending()) {
        (Err(at), _) => Utf8State::Invalid(at),
        (Ok(()), Some((have, of))) => Utf8State::Partial(have, of),
        (Ok(()), None) => Utf8State::Complete,
    }
}

/// Returns what the fragments before the `at`-th of `rows` leave: the bytes of an incomplete
/// character at their end, or nothing that could be known.
pub(crate) fn text_before(session: &Session, rows: &[usize], at: usize) -> TextBefore {
    let all = session.connection().trace.rows();
    let before = &rows[..at.min(rows.len())];
    let (first, last) = (before.first(), before.last());
    if let (Some(first), Some(last)) = (first, last) {
        let (first, last) = (&all[*first], &all[*last]);
        let faults = session.connection().trace.faults(first.from());
        // Faults are in the order of their frames.
        let start = faults.partition_point(|fault| fault.frame < first.frame_number());
        let mut between =
            faults[start..].iter().take_while(|fault| fault.frame <= last.frame_number());
        if between.any(|fault| fault.code == FaultCode::Utf8) {
            return TextBefore::Invalid;
        }
    }
    if before.iter().any(|row| all[*row].has_gap()) {
        return TextBefore::Unknown;
    }
    // A character has at most four bytes, so an incomplete one has at most three. They may be
    // spread over several fragments.
    let mut tail = Vec::new();
    for row in before.iter().rev().take(MAX_FRAGMENTS_SEARCHED) {
        let Some(frame) = session.frame(*row).filter(|frame| frame.complete) else {
            return TextBefore::Unknown;
        };
        let payload = frame.payload();
        let wanted = 3 - tail.len();
        tail.splice(..0, payload[payload.len().saturating_sub(wanted)..].iter().copied());
        if tail.len() == 3 {
            break;
        }
    }
    // From 0xc0 on a byte starts a character of several bytes (RFC 3629 section 3).
    let lead = tail.iter().rposition(|byte| *byte >= 0xc0);
    let open = lead.map(|lead| tail.split_off(lead)).unwrap_or_default();
    TextBefore::Partial(if matches!(utf8_state_after(&[], &open), Utf8State::Partial(..)) {
        open
    } else {
        Vec::new()
    })
}

/// Returns the text of the shown frame if it is part of a text message, or the start of the text if
/// that is compressed. Returns `None` for other frames, and if no frame is shown.
pub(crate) fn readable_text(session: &Session) -> Option<String> {
    let (_, row, frame) = session.current_frame()?;
    if row.kind() != Some(MessageKind::Text) {
        return None;
    }
    let shown = |bytes: &[u8]| text::sanitize(&String::from_utf8_lossy(bytes)).into_owned();
    if row.has_gap() && !row.is_compressed() {
        return Some(PayloadPiece::join(&frame.payload_pieces(), shown));
    }
    match session.connection().trace.inflated_preview(row) {
        Some(data) => Some(format!("(inflated) {}", shown(data))),
        None if row.is_compressed() && row.has_gap() => {
            Some("(unknown: bytes of the compressed message were not captured)".to_owned())
        }
        None if row.is_compressed() => None,
        None => Some(shown(&frame.payload())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demos::inspect::testing::inspector_after;
    use crate::wire::frame::encode;
    use crate::wire::{MessageKind, Side};

    #[test]
    fn a_character_may_be_split_between_frames() {
        let pieces: [&[u8]; 4] = [b"D\xf0\x9f", b"", b"\x98", b"\x80!"];
        let frames = encode::fragments(MessageKind::Text, &pieces, || Some([1, 2, 3, 4]));
        let frames: Vec<_> = frames.iter().map(|frame| (Side::Client, &frame[..])).collect();
        let (inspect, _inbox) = inspector_after(&frames);
        let rows = inspect.session.connection().trace.message_rows(0);
        let open: Vec<_> =
            (0..5).map(|at| text_before(&inspect.session, &rows, at).bytes().to_vec()).collect();
        assert_eq!(
            open,
            [
                b"".to_vec(),
                b"\xf0\x9f".into(),
                b"\xf0\x9f".into(),
                b"\xf0\x9f\x98".into(),
                b"".into()
            ]
        );
        assert_eq!(utf8_state_after(&open[2], b"\x98"), Utf8State::Partial(3, 4));
        assert_eq!(utf8_state_after(&open[3], b"\x80!"), Utf8State::Complete);
        assert_eq!(utf8_state_after(&open[3], b"!"), Utf8State::Invalid(0));
    }
}
