//! [`Resync`]: holds what both sides of a stream send while it is not known where the frames of one
//! of them begin: behind a gap, where the capture begins in the middle of the connection, and where it
//! may lack everything that the server sent.

use std::collections::VecDeque;

use super::piece::{HeldPiece, Piece};
use crate::wire::decode::{FoundUnit, FrameSearch, Resumption};
use crate::wire::{ByteLen, Side, Sides};

/// The number of bytes of one stream beyond which nothing is held any longer.
const MAX_HELD_BYTES: usize = 256 << 10;
/// The memory that a piece takes beside its bytes.
const PIECE_OVERHEAD: usize = size_of::<HeldPiece>();

/// The searches of a stream, and what is held meanwhile.
#[derive(Debug, Default)]
pub(super) struct Resync {
    searches: Sides<Option<FrameSearch>>,
    /// Whether the search of the client ends with the next bytes of the server.
    is_early: bool,
    /// Whether there is a search, because this is asked for each piece.
    is_searching: bool,
    found: Sides<Option<FoundUnit>>,
    held: VecDeque<HeldPiece>,
    held_bytes: usize,
    held_of: Sides<ByteLen>,
}

/// The result of a search: what the held bytes of a side are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct SearchResult {
    /// The number of bytes at their front that belong to nothing known.
    pub(super) unknown: ByteLen,
    /// The unit that follows these.
    pub(super) unit: Option<Resumption>,
    /// The number of bytes from there on.
    pub(super) rest: ByteLen,
    /// Whether the search found nothing, and another one is needed behind them.
    pub(super) goes_on: bool,
}

impl Resync {
    /// Begins a search, before the next bytes of `from`.
    pub(super) fn search(&mut self, from: Side, search: Option<FrameSearch>) {
        self.searches[from] = search;
        self.found[from] = None;
        if from == Side::Client {
            self.is_early = false;
        }
        self.update();
    }

    /// Begins a search before the next bytes of the client that ends with the next ones of the
    /// server.
    pub(super) fn search_early(&mut self, search: FrameSearch) {
        self.search(Side::Client, Some(search));
        self.is_early = true;
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
    /// is known where units begin, or there is too much of it.
    pub(super) fn hold(&mut self, held: HeldPiece) -> bool {
        let Piece { from, bytes, .. } = held.piece();
        self.held_bytes =
            self.held_bytes.saturating_add(bytes.len()).saturating_add(PIECE_OVERHEAD);
        self.held_of[from] += bytes.len();
        let mut is_full = self.held_bytes > MAX_HELD_BYTES;
        if from == Side::Server && self.is_early {
            self.search(Side::Client, None);
        }
        if let Some(search) = &mut self.searches[from] {
            let is_early = self.is_early && from == Side::Client;
            if self.found[from].is_none() {
                self.found[from] = search.push(bytes);
            }
            is_full |= search.is_full();
            // The server may still answer.
            if self.found[from].is_some() && !is_early {
                self.searches[from] = None;
                self.update();
            }
        }
        self.held.push_back(held);
        self.is_idle() || is_full
    }

    /// Ends the searches. Returns everything that was held, in order, and what it is.
    pub(super) fn conclude(&mut self) -> (VecDeque<HeldPiece>, Sides<SearchResult>) {
        let Self { searches, is_early, found, held, held_of, .. } = std::mem::take(self);
        let results = Sides::each(|from| {
            let held = held_of[from];
            let search = searches[from].as_ref();
            match found[from].or_else(|| search.and_then(FrameSearch::finish)) {
                Some(FoundUnit { at, unit }) => {
                    let unknown = ByteLen::from_usize(at);
                    let (unit, rest) = (Some(unit), held - unknown);
                    SearchResult { unknown, unit, rest, goes_on: false }
                }
                // What waits for the response keeps waiting.
                None if search.is_none() || is_early && from == Side::Client => {
                    SearchResult { rest: held, ..SearchResult::default() }
                }
                None => SearchResult { unknown: held, goes_on: true, ..SearchResult::default() },
            }
        });
        (held, results)
    }
}

impl SearchResult {
    /// Whether bytes that are still held are said to be something.
    pub(super) fn is_unresolved(&self) -> bool {
        self.unknown > ByteLen::ZERO || self.unit.is_some() || self.goes_on
    }

    /// Nothing that was held is known after all.
    pub(super) fn reject(&mut self) {
        self.unknown += std::mem::take(&mut self.rest);
        self.goes_on = true;
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
        let (at, place, framing) = (Duration::ZERO, Place::Missing, None);
        resync.hold(Piece { from, at, place, bytes, framing }.hold())
    }

    #[test]
    fn the_other_side_waits_until_the_beginning_is_known() {
        let mut resync = searching();
        assert!(!hold(&mut resync, SERVER, b"the end of a text"));
        assert!(!hold(&mut resync, Side::Client, b"\x81\x80abcd"));
        assert!(!hold(&mut resync, SERVER, b"\x81\x01a"));
        assert!(hold(&mut resync, SERVER, b"\x81\x01b"));
        let (held, results) = resync.conclude();
        assert_eq!(held.len(), 4);
        let SearchResult { unknown, unit, rest, goes_on } = results.server;
        assert_eq!((unknown.get(), unit, rest.get()), (17, Some(Resumption::Frame), 6));
        assert!(!goes_on && results.client.unknown == ByteLen::ZERO && resync.is_idle());
    }

    #[test]
    fn what_never_looks_like_frames_is_passed_on_within_bounds() {
        let mut resync = searching();
        let mut pieces = 0;
        while !hold(&mut resync, SERVER, &[b'a'; 1000]) {
            pieces += 1;
            assert!(resync.held_bytes() < MAX_HELD_BYTES + 2000);
        }
        let (held, results) = resync.conclude();
        assert_eq!(results.server.unknown.get(), 1000 * held.len() as u64, "{pieces}");
        assert!(results.server.goes_on && resync.held_bytes() == 0);
        let mut resync = searching();
        while !hold(&mut resync, Side::Client, b"") {}
        assert!(resync.held_bytes() < MAX_HELD_BYTES + 2000, "empty pieces count too");
    }

    #[test]
    fn early_frames_of_the_client_wait_for_the_server() {
        let early = || FrameSearch::new(Side::Client, true).at_start_only();
        let frame = b"\x81\x8babcd\x09\x07\x0f\x08\x0e\x42\x14\x0b\x13\x0e\x07";
        let mut resync = Resync::default();
        resync.search_early(early());
        assert!(!hold(&mut resync, Side::Client, frame));
        let mut silent = Resync::default();
        silent.search_early(early());
        hold(&mut silent, Side::Client, frame);
        assert_eq!(silent.conclude().1.client.unit, Some(Resumption::Frame));
        // A response tells what they are.
        assert!(hold(&mut resync, SERVER, b"HTTP/1.1 101"));
        let client = resync.conclude().1.client;
        assert_eq!((client.unit, client.unknown, client.goes_on), (None, ByteLen::ZERO, false));
    }
}
