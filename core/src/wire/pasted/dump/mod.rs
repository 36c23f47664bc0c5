//! Dumps: lines of an offset, bytes in hex, and often the bytes as characters. The offsets must be
//! those of the bytes, so a dump with a hole is refused; `*` repeats the line before it.

mod decoration;
mod line;
mod radix;
mod recognize;
mod units;

use line::{DumpLine, LineKind};
use radix::radix_of;
pub(super) use recognize::{DumpVerdict, recognize};

use crate::wire::pasted::bytes::{MAX_PASTED_BYTES, Pasted};
use crate::wire::pasted::error::{PasteError, PasteProblem, Position, excerpt};
use crate::wire::pasted::form::PastedForm;

/// Parses a dump of the given form.
pub(super) fn parse(text: &str, form: PastedForm) -> Result<Pasted, PasteError> {
    let text = &decoration::remove(text);
    let lines = dump_lines(text, form)?;
    refuse_other_units(&lines, form)?;
    let mut assembler = Assembler {
        radix: radix_of(&lines),
        has_chars: lines.iter().any(|line| !line.characters().trim().is_empty()),
        pasted: Pasted::new(form, Vec::new()),
        previous: None,
    };
    let mut rest = lines.as_slice();
    while let Some((line, after)) = rest.split_first() {
        assembler.add(line, after.first())?;
        rest = after;
    }
    Ok(assembler.pasted)
}

/// Returns the lines with offsets, and the lines `*`. Blank lines, comments and prompts are left
/// out, and in dumps of tcpdump everything that isn't indented.
fn dump_lines(text: &str, form: PastedForm) -> Result<Vec<DumpLine<'_>>, PasteError> {
    let mut lines = Vec::new();
    for (number, line) in line::lines_of(text) {
        match line::parse(number, line) {
            Some(line) => lines.push(line),
            None if line::is_skipped(line) || form == PastedForm::Tcpdump => {}
            None => {
                let column = line.chars().take_while(|char| char.is_whitespace()).count();
                let at = Position { line: number, column: column.saturating_add(1) };
                return Err(PasteError::at(at, PasteProblem::NotADumpLine));
            }
        }
    }
    Ok(lines)
}

/// Refuses output that doesn't show bytes one by one in hex.
fn refuse_other_units(lines: &[DumpLine<'_>], form: PastedForm) -> Result<(), PasteError> {
    let Some(line) = lines.iter().find(|line| line.kind == LineKind::Bytes) else { return Ok(()) };
    let refuse = |found, instead| {
        let problem = PasteProblem::UnsupportedDump { found, instead };
        Err(PasteError::at(line.body_position(), problem))
    };
    if let Some((found, instead)) = line.other_unit() {
        return refuse(found, instead);
    }
    if lines.iter().any(DumpLine::is_aligned_right) {
        return refuse("the little-endian groups of xxd -e", "xxd -g 1");
    }
    // xxd -e reverses the bytes of its groups of four, and only characters tell.
    let mut orders = lines.iter().filter_map(DumpLine::has_order);
    if form == PastedForm::Xxd && orders.clone().next().is_some() && !orders.any(|known| known) {
        return refuse("xxd -e or xxd -g 4, whose bytes are in different orders", "xxd -g 1");
    }
    Ok(())
}

/// Puts the lines of a dump together.
struct Assembler {
    radix: u32,
    has_chars: bool,
    pasted: Pasted,
    /// The offset after the line before, and the number of its bytes.
    previous: Option<(u64, usize)>,
}

impl Assembler {
    /// Adds a line; the offset of `next` says how many bytes it has.
    fn add(&mut self, line: &DumpLine<'_>, next: Option<&DumpLine<'_>>) -> Result<(), PasteError> {
        if line.kind == LineKind::Star {
            return self.star(line, next);
        }
        if line.lacks_bytes() {
            return Err(PasteError::at(line.body_position(), PasteProblem::NoHex));
        }
        let offset = self.offset(line)?;
        let next_offset = match next {
            Some(next) if next.kind == LineKind::Bytes => Some(self.offset(next)?),
            _ => None,
        };
        // Offsets that begin again at 0 are those of the next packet.
        let same = next_offset.filter(|next| *next != 0 || offset == 0 && line.is_empty());
        let taken = match same {
            None => line.count_without_next(self.has_chars),
            Some(next_offset) => {
                let room = next_offset.checked_sub(offset);
                let room = room.and_then(|room| usize::try_from(room).ok());
                let taken = room.and_then(|room| line.count_with_room(room));
                taken.ok_or_else(|| self.misplaced(line, next, offset, next_offset))?
            }
        };
        if let Some(digits) = line.digits_behind(taken) {
            let problem = PasteProblem::BehindBytes(excerpt(digits));
            return Err(PasteError::at(line.body_position(), problem));
        }
        line.push_bytes(taken, &mut self.pasted.bytes);
        let end = offset.saturating_add(u64::try_from(taken).unwrap_or(u64::MAX));
        self.previous = Some((end, taken));
        if self.pasted.bytes.len() > MAX_PASTED_BYTES {
            return Err(PasteError::at(line.body_position(), PasteProblem::TooManyBytes));
        }
        if next_offset == Some(0) && same.is_none() {
            if !self.pasted.form.shows_packets() {
                let at = next.map_or(Position::START, DumpLine::position);
                return Err(PasteError::at(at, PasteProblem::Second("dump")));
            }
            // Follow Stream of Wireshark indents what the second side sent.
            if next.is_some_and(|next| next.position().column != line.position().column) {
                let at = next.map_or(Position::START, DumpLine::position);
                return Err(PasteError::at(at, PasteProblem::BothDirections));
            }
            self.pasted.packet_starts.push(self.pasted.bytes.len());
        }
        Ok(())
    }

    fn offset(&self, line: &DumpLine<'_>) -> Result<u64, PasteError> {
        let error = || PasteError::at(line.position(), PasteProblem::NotADumpLine);
        line.offset(self.radix).ok_or_else(error)
    }

    /// Returns the error about a line whose bytes don't end where the next line begins.
    fn misplaced(
        &self,
        line: &DumpLine<'_>,
        next: Option<&DumpLine<'_>>,
        offset: u64,
        next_offset: u64,
    ) -> PasteError {
        let written = |offset: u64| match self.radix {
            16 => format!("0x{offset:x}"),
            8 => format!("0{offset:o}"),
            _ => offset.to_string(),
        };
        let end = offset.saturating_add(u64::try_from(line.count()).unwrap_or(u64::MAX));
        if next_offset > end || next_offset < offset {
            let at = next.map_or(line.position(), DumpLine::position);
            let (expected, found) = (written(end), written(next_offset));
            return PasteError::at(at, PasteProblem::Hole { expected, found });
        }
        PasteError::at(line.position(), PasteProblem::Overlap(written(next_offset)))
    }

    /// Repeats the line before a `*` up to the offset of the line after it.
    fn star(&mut self, star: &DumpLine<'_>, next: Option<&DumpLine<'_>>) -> Result<(), PasteError> {
        let error = |problem| PasteError::at(star.position(), problem);
        let before = self.previous;
        let (end, width) =
            before.ok_or_else(|| error(PasteProblem::Star("nothing is before it")))?;
        let Some(next) = next.filter(|next| next.kind == LineKind::Bytes) else {
            return Err(error(PasteProblem::Star("no line with an offset follows it")));
        };
        let gap = self.offset(next)?.checked_sub(end);
        let gap = gap.and_then(|gap| usize::try_from(gap).ok());
        let gap = gap.filter(|gap| width > 0 && gap.is_multiple_of(width));
        let gap = gap.ok_or_else(|| {
            error(PasteProblem::Star("the offset after it isn't a whole number of lines away"))
        })?;
        let len = self.pasted.bytes.len();
        if len.saturating_add(gap) > MAX_PASTED_BYTES {
            return Err(error(PasteProblem::TooManyBytes));
        }
        let line = self.pasted.bytes.get(len.saturating_sub(width)..).unwrap_or_default().to_vec();
        self.pasted.bytes.extend(line.iter().cycle().take(gap));
        Ok(())
    }
}
