//! [`Carry`]: finds a match that lies across two pieces.

use crate::wire::query::search::Needle;

/// The first byte of a match relative to the piece in which it ends.
pub(super) enum MatchStart {
    /// At this byte of the piece.
    InPiece(usize),
    /// This number of bytes before the piece.
    Before(usize),
}

/// The last bytes before a piece: one less than a match has.
#[derive(Clone, Debug, Default)]
pub(super) struct Carry(Vec<u8>);

impl Carry {
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// Finds the first match that ends in `piece`, and keeps the end of the piece.
    pub(super) fn find(&mut self, needle: &Needle, piece: &[u8]) -> Option<MatchStart> {
        let keep = needle.byte_len().saturating_sub(1);
        // The only matches that begin before the piece lie in this seam.
        let mut seam = self.0.clone();
        seam.extend(piece.iter().take(keep));
        let carried = self.0.len();
        let across = needle.find_in(&seam).filter(|found| found.end > carried);
        let found = match across {
            Some(found) if found.start < carried => {
                Some(MatchStart::Before(carried.saturating_sub(found.start)))
            }
            _ => needle.find_in(piece).map(|found| MatchStart::InPiece(found.start)),
        };
        self.0.extend(piece.iter().skip(piece.len().saturating_sub(keep)));
        let over = self.0.len().saturating_sub(keep);
        self.0.drain(..over);
        found
    }
}
