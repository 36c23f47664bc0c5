//! Tells a dump from plain hex: lines of a dump begin with offsets, and offsets fit the bytes.

use super::decoration;
use super::line::{self, DumpLine, LineKind};
use super::radix::radix_of;
use crate::wire::pasted::form::PastedForm;

/// Whether a text is a dump.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::wire::pasted) enum DumpVerdict {
    /// It isn't.
    No,
    /// It is, of this form.
    Certain(PastedForm),
    /// It could also be plain hex.
    OrHex(PastedForm),
}

/// Decides whether a text is a dump.
pub(in crate::wire::pasted) fn recognize(text: &str) -> DumpVerdict {
    let radare = decoration::is_of_radare(text);
    let text = &decoration::remove(text);
    let mut lines = Vec::new();
    let mut others = 0_usize;
    for (number, line) in line::lines_of(text) {
        match line::parse(number, line) {
            Some(line) => lines.push(line),
            None if line::is_skipped(line) => {}
            None => {
                // Packets of tcpdump have lines between them; other dumps begin at once.
                others = others.saturating_add(1);
                if others > 64 && lines.is_empty() {
                    return DumpVerdict::No;
                }
            }
        }
    }
    let Some(first) = lines.iter().find(|line| line.kind == LineKind::Bytes) else {
        return DumpVerdict::No;
    };
    if first.colon {
        return match first.prefixed {
            _ if first.offset_text.len() < 4 && !are_short_offsets(&lines) => DumpVerdict::No,
            true if first.is_of_tcpdump() => DumpVerdict::Certain(PastedForm::Tcpdump),
            true => DumpVerdict::Certain(PastedForm::Gdb),
            false => DumpVerdict::Certain(PastedForm::Xxd),
        };
    }
    if others > 0 && !has_bars(&lines) || first.prefixed && !is_addressed(&lines, radare) {
        return DumpVerdict::No;
    }
    if first.prefixed {
        return DumpVerdict::Certain(form_of(first));
    }
    without_colon(&lines, first)
}

/// Whether numbers of one to three digits before colons are offsets, and no labels: they begin at 0
/// and fit lines of several bytes.
fn are_short_offsets(lines: &[DumpLine<'_>]) -> bool {
    let Some(first) = lines.first() else { return false };
    let pairs = lines.iter().zip(lines.iter().skip(1));
    let known = first.prefixed || first.count() > 1;
    first.offset(16) == Some(0)
        && (known || first.prefixed && !first.body.is_empty())
        && lines.iter().all(|line| {
            line.kind == LineKind::Star || first.prefixed || line.is_empty() || line.shows_bytes()
        })
        && (first.prefixed || pairs.clone().all(|(line, next)| line.is_followed_by(next, 16)))
}

/// Whether lines that begin with an address and no colon show their bytes as characters too: with
/// `0x`, the address could be a number of several bytes.
fn is_addressed(lines: &[DumpLine<'_>], radare: bool) -> bool {
    let bytes = || lines.iter().filter(|line| line.kind == LineKind::Bytes);
    bytes().all(|line| {
        let shown = line.shows_bytes() && !line.characters().trim().is_empty();
        line.prefixed && line.gap > 1 && (radare || shown && line.has_single_bytes())
    })
}

/// Decides about lines that begin with four to sixteen hex digits and no colon, which plain hex
/// may too.
fn without_colon(lines: &[DumpLine<'_>], first: &DumpLine<'_>) -> DumpVerdict {
    let form = form_of(first);
    let bytes = || lines.iter().filter(|line| line.kind == LineKind::Bytes);
    if bytes().all(DumpLine::is_empty) {
        return DumpVerdict::No;
    }
    let zero = first.offset_text.bytes().all(|digit| digit == b'0');
    // An odd number of digits, and characters, are no hex.
    let odd = bytes().any(|line| line.offset_text.len() % 2 == 1);
    let is_shown = |line: &DumpLine<'_>| {
        let chars = line.characters().trim();
        !chars.is_empty() && !chars.starts_with(['#', ';']) && !chars.starts_with("//")
    };
    let hex_impossible = odd || bytes().any(is_shown) || lines.len() > bytes().count();
    let radix = radix_of(lines);
    let pairs = || lines.iter().zip(lines.iter().skip(1));
    let several = bytes().nth(1).is_some();
    let consistent = pairs().all(|(line, next)| {
        [line, next].iter().any(|line| line.kind == LineKind::Star)
            || line.is_followed_by(next, radix)
    });
    // A year, a name or an offset, or two bytes without a blank.
    let labelled = bytes().all(|line| line.has_single_bytes() && line.count() > 1);
    if has_bars(lines) || several && consistent || zero && (several || hex_impossible) {
        return DumpVerdict::Certain(form);
    }
    if several || !zero && !hex_impossible && first.gap < 2 {
        return match (hex_impossible, labelled) {
            (true, _) => DumpVerdict::Certain(form),
            (false, true) => DumpVerdict::OrHex(form),
            (false, false) => DumpVerdict::No,
        };
    }
    match (hex_impossible, zero && first.gap >= 2 && first.has_single_bytes()) {
        (true, _) | (_, true) => DumpVerdict::Certain(form),
        _ => DumpVerdict::OrHex(form),
    }
}

/// Whether characters stand between bars, as `hexdump -C` and `od -t x1z` print them.
fn has_bars(lines: &[DumpLine<'_>]) -> bool {
    lines.iter().any(|line| {
        let chars = line.characters().trim();
        chars.len() >= 2
            && (chars.starts_with('|') && chars.ends_with('|')
                || chars.starts_with('>') && chars.ends_with('<'))
    })
}

/// Returns the form of a dump without colons.
fn form_of(first: &DumpLine<'_>) -> PastedForm {
    let chars = first.characters().trim();
    match first.offset_text.len() {
        _ if chars.starts_with('|') => PastedForm::Hexdump,
        _ if chars.starts_with('>') => PastedForm::Od,
        6 | 7 => PastedForm::Od,
        4 => PastedForm::Wireshark,
        _ if chars.is_empty() => PastedForm::Hexdump,
        _ => PastedForm::Wireshark,
    }
}
