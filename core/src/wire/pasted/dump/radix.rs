//! [`radix_of`]: the base of a dump's offsets.

use super::line::DumpLine;

/// Returns the base in which the most offsets fit the bytes before them, of those that the tool
/// writes.
pub(super) fn radix_of(lines: &[DumpLine<'_>]) -> u32 {
    let Some(first) = lines.first() else { return 16 };
    // Another base could hide a hole: octal 20 is hex 10.
    let bases: &[u32] = match first.offset_text.len() {
        _ if first.prefixed => &[16],
        // od, which writes octal unless told otherwise, and the words of hexdump.
        7 => &[16, 10, 8],
        4 | 8 => &[10, 16],
        _ => &[16],
    };
    let fits = |radix: u32| {
        let pairs = lines.iter().zip(lines.iter().skip(1));
        pairs.filter(|(line, next)| line.is_followed_by(next, radix)).count()
    };
    // The last of those that fit equally is the most usual.
    bases.iter().copied().max_by_key(|radix| fits(*radix)).unwrap_or(16)
}
