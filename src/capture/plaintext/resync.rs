//! [`Resync`]: holds what both sides of a stream send while it is not known where the frames of one
//! of them begin: behind a gap, and where the capture begins in the middle of the connection.

use super::piece::{HeldPiece, Piece};
use crate::wire::decode::FrameSearch;
use crate::wire::{ByteLen, Side, Sides};

/// The number of bytes of one stream beyond which nothing is held any longer.
const MAX_HELD_BYTES: usize = 256 << 10;
/// The memory that a piece takes beside its bytes.
const PIECE_OVERHEAD: usize = size_of::<HeldPiece>();

/// The searches of a stream, and what is held meanwhile.
#[derive(Debug, Default)]
pub(super) struct Resync {
    searches: Sides<Option<FrameSearch>>,
    /// Whether there is a search, because this is asked for each piece.
    is_searching: bool,
    /// For each side the bytes that belong to no known frame, at the front of what is held.
    unframed: Sides<ByteLen>,
    held: Vec<HeldPiece>,
    held_bytes: usize,
    held_of: Sides<ByteLen>,
}

impl Resync {
    /// Begins a search, before the next bytes of `from`.
    pub(super) fn search(&mut self, from: Side, search: Option<FrameSearch>) {
        self.searches[from] = search;
        self.update();
    }

    fn update(&mut self) {
        self.is_searching = self.searches.client.is_some() || self.searches.server.is_some();
    }

    /// Whether nothing is searched, so that bytes need not be held.
    pub(super) fn is_idle(&self) -> bool {
        !self.is_searching
    }

    /// Returns the memory that is taken.
    pub(super) fn held_bytes(&self) -> usize {
        self.held_bytes
    }

    /// Holds the next piece of a side. Returns whether everything that is held can be passed on: it
    /// is known where frames begin, or there is too much of it.
    pub(super) fn hold(&mut self, piece: Piece<'_>) -> bool {
        let Piece { from, bytes, .. } = piece;
        self.held.push(piece.hold());
        self.held_bytes =
            self.held_bytes.saturating_add(bytes.len()).saturating_add(PIECE_OVERHEAD);
        self.held_of[from] += bytes.len();
        if let Some(search) = &mut self.searches[from] {
            if let Some(found) = search.push(bytes) {
                self.unframed[from] = ByteLen::from_usize(found);
                self.searches[from] = None;
                self.is_searching = self.searches[from.peer()].is_some();
            } else if search.is_full() {
                return true;
            }
        }
        self.is_idle() || self.held_bytes > MAX_HELD_BYTES
    }

    /// Ends the searches. Returns everything that was held, in order, each with the number of bytes at
    /// its front that belong to no known frame, and the sides of which it is still not known where
    /// frames begin.
    pub(super) fn conclude(&mut self) -> (Vec<(HeldPiece, ByteLen)>, Vec<Side>) {
        let mut unknown = Vec::new();
        for from in [Side::Client, Side::Server] {
            let Some(search) = self.searches[from].take() else { continue };
            self.unframed[from] = if let Some(found) = search.finish() {
                ByteLen::from_usize(found)
            } else {
                if !search.may_be_head() {
                    unknown.push(from);
                }
                // What may be HTTP is left to its reader.
                if search.may_be_head() { ByteLen::ZERO } else { self.held_of[from] }
            };
        }
        let Self { held, mut unframed, .. } = std::mem::take(self);
        let divide = |piece: HeldPiece| {
            let left = &mut unframed[piece.from];
            let within = (*left).min(ByteLen::of(&piece.bytes));
            *left -= within;
            (piece, within)
        };
        (held.into_iter().map(divide).collect(), unknown)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::capture::byte_store::Place;

    const SERVER: Side = Side::Server;

    fn searching() -> Resync {
        let mut resync = Resync::default();
        resync.search(SERVER, Some(FrameSearch::new(SERVER, true)));
        resync
    }

    fn hold(resync: &mut Resync, from: Side, bytes: &[u8]) -> bool {
        resync.hold(Piece { from, at: Duration::ZERO, place: Place::Missing, bytes })
    }

    #[test]
    fn the_other_side_waits_until_the_beginning_is_known() {
        let mut resync = searching();
        assert!(!hold(&mut resync, SERVER, b"the end of a text"));
        assert!(!hold(&mut resync, Side::Client, b"\x81\x80abcd"));
        assert!(!hold(&mut resync, SERVER, b"\x81\x01a"));
        assert!(hold(&mut resync, SERVER, b"\x81\x01b"));
        let (held, unknown) = resync.conclude();
        let unframed: Vec<_> = held.iter().map(|(_, unframed)| unframed.get()).collect();
        assert_eq!((unframed, unknown), (vec![17, 0, 0, 0], vec![]));
        assert!(resync.is_idle());
    }

    #[test]
    fn what_never_looks_like_frames_is_passed_on_within_bounds() {
        let mut resync = searching();
        let mut pieces = 0;
        while !hold(&mut resync, SERVER, &[b'a'; 1000]) {
            pieces += 1;
            assert!(resync.held_bytes() < MAX_HELD_BYTES + 2000);
        }
        let (held, unknown) = resync.conclude();
        assert!(held.iter().all(|(_, unframed)| unframed.get() == 1000), "{pieces}");
        assert_eq!((unknown, resync.held_bytes()), (vec![SERVER], 0));
        let mut resync = searching();
        while !hold(&mut resync, Side::Client, b"") {}
        assert!(resync.held_bytes() < MAX_HELD_BYTES + 2000, "empty pieces count too");
    }
}
