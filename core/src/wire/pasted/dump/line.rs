//! [`DumpLine`]: one line of a dump, divided into offset, bytes and characters.

use crate::wire::format::hex_digit;
use crate::wire::pasted::error::Position;

/// The kind of a line of a dump.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LineKind {
    /// An offset, and bytes unless it is the last line.
    Bytes,
    /// `*`: the line before is repeated.
    Star,
}

/// A line of a dump.
#[derive(Clone, Copy, Debug)]
pub(super) struct DumpLine<'a> {
    pub(super) kind: LineKind,
    /// The digits of the offset, without `0x`.
    pub(super) offset_text: &'a str,
    /// Whether the offset has `0x` before it.
    pub(super) prefixed: bool,
    /// Whether the offset has a colon behind it.
    pub(super) colon: bool,
    /// The number of blanks between the offset and the bytes.
    pub(super) gap: usize,
    /// Whether a tab stands there, as gdb writes it.
    pub(super) has_tab: bool,
    /// What is behind the offset, without leading blanks.
    pub(super) body: &'a str,
    number: usize,
    column: usize,
    body_column: usize,
}

/// Whether a line of a dump says nothing: it is blank, a comment, or the prompt of a shell.
pub(super) fn is_skipped(line: &str) -> bool {
    let line = line.trim_start_matches('\u{feff}').trim();
    line.is_empty() || line.starts_with('#') || line.starts_with("$ ")
}

/// Returns the lines of a text with their numbers, from 1. Wireshark names the sources of a packet's
/// bytes, `Frame (77 bytes):` and for example `Unmasked data (5 bytes):`; only the frame went over
/// the network, so the lines of other sources are left out.
pub(super) fn lines_of(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut skipping = false;
    (1_usize..).zip(text.lines()).filter(move |(_, line)| {
        let is_source = line.ends_with(" bytes):") && line.contains(" (");
        if is_source || line.trim().is_empty() {
            skipping = is_source && !line.starts_with("Frame (");
        }
        !skipping && !is_source
    })
}

/// Divides a line; `None` if it doesn't begin with an offset of at least four digits, or
/// of at least one with a colon.
pub(super) fn parse(number: usize, line: &str) -> Option<DumpLine<'_>> {
    let line = line.trim_start_matches('\u{feff}').trim_end();
    let text = line.trim_start();
    let column = line.chars().count().saturating_sub(text.chars().count()).saturating_add(1);
    let (prefixed, digits) = match text.strip_prefix("0x") {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let len = digits.bytes().take_while(u8::is_ascii_hexdigit).count();
    let (offset_text, behind) = digits.split_at_checked(len)?;
    let star = text == "*";
    if !star && !(1..=16).contains(&len) {
        return None;
    }
    let behind = if star { "" } else { skip_symbol(behind) };
    let (colon, behind) = match behind.strip_prefix(':') {
        Some(behind) => (true, behind),
        None => (false, behind),
    };
    // Fewer digits need the colon.
    if !star && !colon && len < 4 {
        return None;
    }
    if !behind.is_empty() && !behind.starts_with([' ', '\t']) {
        return None;
    }
    let body = behind.trim_start();
    let body_at = line.chars().count().saturating_sub(body.chars().count());
    Some(DumpLine {
        kind: if star { LineKind::Star } else { LineKind::Bytes },
        offset_text,
        prefixed,
        colon,
        gap: behind.len().saturating_sub(body.len()),
        has_tab: behind.starts_with('\t'),
        body,
        number,
        column,
        body_column: body_at.saturating_add(1),
    })
}

/// Skips the name that gdb writes after an address: ` <buffer+8>`.
fn skip_symbol(behind: &str) -> &str {
    let symbol = behind.strip_prefix(" <").and_then(|rest| rest.split_once('>'));
    match symbol {
        Some((_, rest)) if rest.starts_with(':') => rest,
        _ => behind,
    }
}

/// A group of digits in a line: its bytes, and where it ends in the body.
#[derive(Clone, Copy, Debug)]
pub(super) struct Group<'a> {
    pub(super) digits: &'a str,
    end: usize,
}

impl<'a> DumpLine<'a> {
    /// Returns the place of the line.
    pub(super) fn position(&self) -> Position {
        Position { line: self.number, column: self.column }
    }

    /// Returns the place of the line's bytes.
    pub(super) fn body_position(&self) -> Position {
        Position { line: self.number, column: self.body_column }
    }

    /// Returns the offset, if it is one in this base.
    pub(super) fn offset(&self, radix: u32) -> Option<u64> {
        u64::from_str_radix(self.offset_text, radix).ok()
    }

    /// Whether the bytes of this line end where `next` begins.
    pub(super) fn is_followed_by(&self, next: &Self, radix: u32) -> bool {
        let offsets = self.offset(radix).zip(next.offset(radix));
        offsets.is_some_and(|(start, end)| {
            let room = end.checked_sub(start).and_then(|room| usize::try_from(room).ok());
            room.is_some_and(|room| self.count_with_room(room).is_some())
        })
    }

    /// Returns the groups of digits up to the gap before the characters, or up to the first word
    /// that isn't hex.
    ///
    /// Two blanks also stand in the middle of sixteen bytes, but not after a colon: xxd has none
    /// there.
    pub(super) fn groups(&self) -> impl Iterator<Item = Group<'a>> {
        let (body, colon) = (self.body, self.colon);
        let (mut at, mut count) = (0_usize, 0_usize);
        std::iter::from_fn(move || {
            let rest = body.get(at..)?;
            let word_on = rest.trim_start();
            let gap = rest.len().saturating_sub(word_on.len());
            let word = word_on.split([' ', '\t']).next()?;
            let digits = word.strip_prefix("0x").filter(|digits| digits.len() == 2).unwrap_or(word);
            let hex = digits.len().is_multiple_of(2)
                && !digits.is_empty()
                && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
            let middle = gap == 2 && !colon && count == 8 && digits.len() == 2;
            if !hex || at > 0 && gap != 1 && !middle {
                return None;
            }
            at = at.saturating_add(gap).saturating_add(word.len());
            count = count.saturating_add(digits.len() / 2);
            Some(Group { digits, end: at })
        })
    }

    /// Returns the number of bytes.
    pub(super) fn count(&self) -> usize {
        self.groups().map(|group| group.digits.len() / 2).sum()
    }

    /// Whether the line has nothing but an offset.
    pub(super) fn is_empty(&self) -> bool {
        self.body.is_empty()
    }

    /// Whether every group of digits is one byte.
    pub(super) fn has_single_bytes(&self) -> bool {
        self.groups().all(|group| group.digits.len() == 2)
    }

    /// Returns what is behind the bytes.
    pub(super) fn characters(&self) -> &'a str {
        let end = self.groups().last().map_or(0, |group| group.end);
        self.body.get(end..).unwrap_or_default()
    }

    /// Returns the number of bytes of a line before whose successor there is room for `room`. The
    /// characters may look like hex; then they must show the bytes that are left.
    pub(super) fn count_with_room(&self, room: usize) -> Option<usize> {
        let count = self.count();
        (count == room || room < count && self.is_split_at(room)).then_some(room)
    }

    /// Returns the number of bytes of a line without a successor.
    pub(super) fn count_without_next(&self, has_chars: bool) -> usize {
        let count = self.count();
        if !has_chars || !self.characters().trim().is_empty() {
            return count;
        }
        // The characters of the other lines are told apart, so they must be among these groups.
        (1..count).rev().find(|bytes| self.is_split_at(*bytes)).unwrap_or(count)
    }

    /// Whether nothing is behind the bytes but their characters.
    pub(super) fn shows_bytes(&self) -> bool {
        let count = self.count();
        let mut bytes = Vec::new();
        self.push_bytes(count, &mut bytes);
        let chars = self.characters().trim();
        count > 0 && (chars.is_empty() || shows(chars, &bytes))
    }

    /// Whether the line has no bytes, but something else behind its offset.
    pub(super) fn lacks_bytes(&self) -> bool {
        self.kind == LineKind::Bytes && !self.body.is_empty() && self.groups().next().is_none()
    }

    /// Returns what is behind the first `count` bytes, if it begins with digits that can't be
    /// characters: behind one blank, or before a gap.
    pub(super) fn digits_behind(&self, count: usize) -> Option<&'a str> {
        let chars = self.characters();
        let rest = chars.trim();
        if count != self.count() || rest.is_empty() || self.shows_bytes() {
            return None;
        }
        let hex = |char: char| char.is_ascii_hexdigit();
        let digits = rest.chars().all(|char| hex(char) || matches!(char, ' ' | 'X' | '?'));
        let near = chars.starts_with(' ') && !chars.starts_with("  ") && digits;
        let word = rest.split(' ').next().unwrap_or_default();
        let gap = rest.get(word.len()..).is_some_and(|behind| behind.starts_with("  "));
        // Alone they may be the incomplete group that xxd -e writes at the right of its column.
        let is_incomplete = word.len() == rest.len()
            && self.groups().next().is_some_and(|group| word.len() < group.digits.len());
        let is_apart = gap || is_incomplete;
        let apart = is_apart && word.chars().all(hex) && word.len().is_multiple_of(2);
        (near || apart).then_some(rest)
    }

    /// Whether the line is one of `tcpdump -x`: its bytes stand in pairs, behind two blanks.
    pub(super) fn is_of_tcpdump(&self) -> bool {
        let mut groups = self.groups();
        let paired = match groups.next() {
            Some(group) => {
                group.digits.len() == 4 || group.digits.len() == 2 && groups.next().is_none()
            }
            None => self.body.is_empty(),
        };
        self.offset_text.len() >= 4 && self.gap > 1 && paired
    }

    /// Whether the characters behind the first `count` bytes show these bytes.
    fn is_split_at(&self, count: usize) -> bool {
        let mut before = 0_usize;
        let end = self.groups().find_map(|group| {
            before = before.saturating_add(group.digits.len() / 2);
            (before == count).then_some(group.end)
        });
        let mut bytes = Vec::new();
        self.push_bytes(count, &mut bytes);
        end.is_some_and(|end| shows(self.body.get(end..).unwrap_or_default(), &bytes))
    }

    /// Adds the first `count` bytes to `out`.
    pub(super) fn push_bytes(&self, count: usize, out: &mut Vec<u8>) {
        let digits = self.groups().flat_map(|group| group.digits.as_bytes().as_chunks::<2>().0);
        out.extend(digits.take(count).map(|&[high, low]| {
            let value = |digit: u8| hex_digit(char::from(digit)).unwrap_or_default();
            value(high) << 4 | value(low)
        }));
    }
}

/// Whether `text` shows `bytes` as characters, behind blanks and perhaps between bars. Any character
/// may stand for a byte that isn't printable.
pub(super) fn shows(text: &str, bytes: &[u8]) -> bool {
    (0..=3).any(|blanks| {
        text.get(blanks..).is_some_and(|shown| {
            let before = text.get(..blanks).unwrap_or_default();
            let shown = shown.trim_start_matches(['|', '>']);
            let mut chars = shown.chars();
            // Blanks at the end of a line are easily lost.
            let all = bytes.iter().all(|byte| match (byte, chars.next()) {
                (b' ', None) => true,
                (b' '..=b'~', char) => char == Some(char::from(*byte)),
                (_, char) => char.is_some(),
            });
            before.trim().is_empty() && all && matches!(chars.as_str().trim(), "" | "|" | "<")
        })
    })
}
