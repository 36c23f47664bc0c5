//! [`BodyLines`] and [`WholeBody`]: the content of HTTP messages in units, whatever pieces it comes in:
//! line by line what a server sends, and at once what a client sends.

use crate::wire::size::ByteLen;

/// The maximum length of a line or of a body that is read. Longer ones are only counted.
pub(super) const MAX_UNIT_LEN: usize = 1 << 20;

/// Why something was not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unread {
    /// So many bytes were not captured, or an unknown number; what belongs to them before and behind
    /// is not read either.
    NotCaptured(Option<ByteLen>),
    /// It is longer than what is read: so many bytes.
    TooLong(ByteLen),
    /// The body has this content coding.
    Encoded(Box<str>),
    /// It could not be inflated.
    NotInflated,
    /// The rest never came.
    CutOff,
}

/// A unit of a body.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum BodyUnit<'a> {
    Whole(&'a [u8]),
    Unread(Unread),
}

/// A body that is read line by line.
#[derive(Clone, Debug, Default)]
pub(super) struct BodyLines {
    /// The beginning of the line that is arriving.
    line: Vec<u8>,
    /// The length of that line so far.
    len: ByteLen,
    /// Whether bytes of that line are missing, so that it is passed over.
    is_damaged: bool,
}

impl BodyLines {
    /// Takes the next bytes, and gives out each line without its line feed.
    pub(super) fn push(&mut self, bytes: &[u8], mut emit: impl FnMut(BodyUnit<'_>)) {
        let mut rest = bytes;
        while let Some(end) = memchr::memchr(b'\n', rest) {
            let (line, after) = rest.split_at_checked(end).unwrap_or((rest, &[]));
            rest = after.get(1..).unwrap_or_default();
            if self.len == ByteLen::ZERO && !self.is_damaged && line.len() <= MAX_UNIT_LEN {
                emit(BodyUnit::Whole(line));
            } else {
                self.keep(line);
                self.end_line(&mut emit);
            }
        }
        self.keep(rest);
    }

    /// Passes over so many bytes that were not captured, or an unknown number, and over the rest of
    /// the line that they end in.
    pub(super) fn skip(&mut self, missing: Option<ByteLen>, mut emit: impl FnMut(BodyUnit<'_>)) {
        emit(BodyUnit::Unread(Unread::NotCaptured(missing)));
        *self = Self { is_damaged: true, ..Self::default() };
    }

    /// Ends the body. Its last line may lack the line feed; of one that `is_complete` denies, nothing is
    /// read.
    pub(super) fn finish(&mut self, is_complete: bool, mut emit: impl FnMut(BodyUnit<'_>)) {
        if self.len == ByteLen::ZERO && !self.is_damaged {
            return;
        }
        if is_complete {
            self.end_line(&mut emit);
        } else if !std::mem::take(self).is_damaged {
            emit(BodyUnit::Unread(Unread::CutOff));
        }
    }

    fn keep(&mut self, bytes: &[u8]) {
        self.len += bytes.len();
        let room = MAX_UNIT_LEN.saturating_sub(self.line.len());
        if !self.is_damaged {
            self.line.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
        }
    }

    fn end_line(&mut self, emit: &mut impl FnMut(BodyUnit<'_>)) {
        // What was missing has been said.
        if !self.is_damaged {
            emit(unit(&self.line, self.len));
        }
        self.line.clear();
        (self.len, self.is_damaged) = (ByteLen::ZERO, false);
    }
}

/// A body that is read once it is whole.
#[derive(Clone, Debug, Default)]
pub(super) struct WholeBody {
    bytes: Vec<u8>,
    len: ByteLen,
    missing: Missing,
}

/// The bytes of a body that were not captured.
#[derive(Clone, Copy, Debug, Default)]
enum Missing {
    #[default]
    Nothing,
    /// So many.
    Bytes(ByteLen),
    /// Perhaps some.
    Unknown,
}

impl WholeBody {
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.len += bytes.len();
        let room = MAX_UNIT_LEN.saturating_sub(self.bytes.len());
        self.bytes.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
    }

    /// Passes over so many bytes that were not captured, or an unknown number.
    pub(super) fn skip(&mut self, missing: Option<ByteLen>) {
        self.missing = match (self.missing, missing) {
            (Missing::Unknown, _) | (_, None) => Missing::Unknown,
            (Missing::Nothing, Some(len)) => Missing::Bytes(len),
            (Missing::Bytes(before), Some(len)) => Missing::Bytes(before + len),
        };
    }

    /// Ends the body, and gives it out.
    pub(super) fn finish(self, is_complete: bool, emit: impl FnOnce(BodyUnit<'_>)) {
        emit(match (self.missing, is_complete) {
            (Missing::Nothing, true) => unit(&self.bytes, self.len),
            (Missing::Nothing, false) => BodyUnit::Unread(Unread::CutOff),
            (Missing::Bytes(len), _) => BodyUnit::Unread(Unread::NotCaptured(Some(len))),
            (Missing::Unknown, _) => BodyUnit::Unread(Unread::NotCaptured(None)),
        });
    }
}

/// Returns a unit of which these bytes were kept.
fn unit(kept: &[u8], len: ByteLen) -> BodyUnit<'_> {
    if ByteLen::of(kept) == len {
        BodyUnit::Whole(kept)
    } else {
        BodyUnit::Unread(Unread::TooLong(len))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pushes bytes and gaps (numbers) in pieces, and returns the units in words.
    fn units(parts: &[Result<&str, u64>], piece: usize, is_complete: bool) -> Vec<String> {
        let (mut lines, mut seen) = (BodyLines::default(), Vec::new());
        let mut emit = |unit: BodyUnit<'_>| {
            seen.push(match unit {
                BodyUnit::Whole(line) => String::from_utf8_lossy(line).into_owned(),
                BodyUnit::Unread(why) => format!("{why:?}"),
            });
        };
        for part in parts {
            match part {
                Ok(text) => {
                    text.as_bytes().chunks(piece).for_each(|bytes| lines.push(bytes, &mut emit));
                }
                Err(missing) => lines.skip(Some(ByteLen::new(*missing)), &mut emit),
            }
        }
        lines.finish(is_complete, &mut emit);
        seen
    }

    #[test]
    fn lines_come_out_whole_in_pieces_of_any_size() {
        for piece in [1, 2, 3, 100] {
            assert_eq!(units(&[Ok("o\na[]\n\nh")], piece, true), ["o", "a[]", "", "h"]);
            assert_eq!(units(&[Ok("o\na[")], piece, false), ["o", "CutOff"]);
            assert_eq!(units(&[Ok("o\n")], piece, false), ["o"]);
        }
    }

    #[test]
    fn a_line_with_a_gap_is_passed_over_to_its_end() {
        let lost = "NotCaptured(Some(ByteLen(3)))";
        for piece in [1, 2, 100] {
            let within = [Ok("o\na[\"x"), Err(3), Ok("y\"]\nh\n")];
            assert_eq!(units(&within, piece, true), ["o", lost, "h"]);
            // What follows looks like a frame, but may be the end of a longer one.
            assert_eq!(units(&[Ok("o\n"), Err(3), Ok("h\no\n")], piece, true), ["o", lost, "o"]);
        }
    }

    #[test]
    fn a_body_with_an_unknown_gap_is_not_joined_across_it() {
        let three = Some(ByteLen::new(3));
        let cases = [
            (&[three, three][..], Some(ByteLen::new(6))),
            (&[None], None),
            (&[three, None, three], None),
        ];
        for (gaps, missing) in cases {
            let mut body = WholeBody::default();
            body.push(b"[\"a");
            for gap in gaps {
                body.skip(*gap);
            }
            body.push(b"b\"]");
            body.finish(true, |unit| {
                assert_eq!(unit, BodyUnit::Unread(Unread::NotCaptured(missing)));
            });
        }
    }

    #[test]
    fn a_line_without_a_bound_is_counted_and_not_kept() {
        let long = "x".repeat(MAX_UNIT_LEN + 7);
        let text = format!("{long}\nh\n");
        for piece in [1000, usize::MAX] {
            let seen = units(&[Ok(&text)], piece, true);
            assert_eq!(seen, [format!("TooLong(ByteLen({}))", long.len()), "h".to_owned()]);
        }
        let mut body = WholeBody::default();
        body.push(long.as_bytes());
        assert_eq!(body.bytes.len(), MAX_UNIT_LEN);
        body.finish(true, |unit| {
            assert_eq!(unit, BodyUnit::Unread(Unread::TooLong(ByteLen::of(long.as_bytes()))));
        });
    }
}
