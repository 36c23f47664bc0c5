//! One connection as the inspector knows it: its list of frames, and the bytes of those that are looked at.
//!
//! Where the bytes come from differs: a live connection's are in memory, a file's are fetched when they are wanted.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::kept::Kept;
use crate::capture::Store;
use crate::wire::{ByteLen, Frame, Offset, Row, Side, Trace};

/// How much of a frame is shown byte by byte.
pub(super) const SHOWN: u64 = 70_000;

/// How much of a frame the list needs for its preview.
pub(super) const PREVIEW: u64 = 512;

/// Fetched frames that are remembered; then all but those in sight are forgotten.
const REMEMBERED: usize = 4_000;

/// How a connection is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Connecting,
    Open,
    /// Over, and why; an error if it was not meant to be.
    Ended(Result<String, String>),
    /// It was read from a file.
    Read(String),
}

/// The bytes of a connection.
#[derive(Debug)]
pub(super) enum Bytes {
    /// In memory.
    Kept(Kept),
    /// In a file; what was fetched of it, by row, each with how much of it was asked for.
    Stored(Arc<Store>, HashMap<usize, (Vec<u8>, u64)>),
}

/// One connection.
#[derive(Debug)]
pub(super) struct Conn {
    pub(super) name: String,
    pub(super) status: Status,
    pub(super) trace: Arc<Trace>,
    pub(super) bytes: Bytes,
    pub(super) began: Option<Instant>,
    /// Frames that the proxy holds, of the client and of the server.
    pub(super) waiting: [usize; 2],
    /// Frames that the proxy threw away, by side and number.
    pub(super) dropped: Vec<(Side, usize)>,
}

impl Conn {
    pub(super) fn new(name: String) -> Self {
        Self {
            name,
            status: Status::Connecting,
            trace: Arc::default(),
            bytes: Bytes::Kept(Kept::default()),
            began: None,
            waiting: [0; 2],
            dropped: Vec::new(),
        }
    }

    /// Takes bytes of a live connection.
    pub(super) fn push(&mut self, from: Side, at: Instant, bytes: &[u8]) {
        let at = self.began.map_or(Duration::ZERO, |began| at.saturating_duration_since(began));
        if let Bytes::Kept(kept) = &mut self.bytes {
            kept.push(from, bytes);
        }
        Arc::make_mut(&mut self.trace).push(from, at, bytes);
    }

    /// A frame with its bytes, as far as they are shown; none if they are gone or not fetched yet.
    pub(super) fn frame(&self, number: usize) -> Option<Frame> {
        let row = self.trace.rows().get(number)?;
        let raw = match &self.bytes {
            Bytes::Kept(kept) => {
                let most = row.len().min(SHOWN.into()).to_usize_saturating();
                kept.read(row.from(), self.place(row), most)?
            }
            Bytes::Stored(_, fetched) => fetched.get(&number)?.0.clone(),
        };
        (raw.len() >= row.header().len()).then(|| self.trace.frame(row, raw))
    }

    /// The number of the first frame of a side that the proxy holds; the frame that is not complete yet is one of those that wait.
    fn first_held(&self, from: Side) -> usize {
        let waiting = self.waiting[usize::from(from == Side::Server)];
        let begun = usize::from(self.trace.unfinished(from).is_some());
        let complete =
            self.trace.rows().iter().rev().find(|row| row.from() == from).map_or(0, |row| row.index() + 1);
        complete - waiting.saturating_sub(begun).min(complete)
    }

    /// What the proxy did with a frame, in a word; none where it just passed.
    pub(super) fn fate(&self, row: &Row) -> Option<&'static str> {
        let (from, number) = (row.from(), row.index());
        if self.dropped.contains(&(from, number)) {
            return Some("✗ dropped");
        }
        (self.waiting[usize::from(from == Side::Server)] > 0 && number >= self.first_held(from))
            .then_some("❚❚ held")
    }

    /// The first frame of a side that waits is thrown away.
    pub(super) fn drop_first(&mut self, from: Side) {
        self.dropped.push((from, self.first_held(from)));
        let waiting = &mut self.waiting[usize::from(from == Side::Server)];
        *waiting = waiting.saturating_sub(1);
    }

    /// Bytes of a direction, at most `most`; of a file only those of frames that were fetched.
    pub(super) fn read(&self, from: Side, at: Offset, most: usize) -> Option<Vec<u8>> {
        match &self.bytes {
            Bytes::Kept(kept) => kept.read(from, at, most),
            Bytes::Stored(_, fetched) => {
                let rows = self.trace.rows();
                let number = fetched
                    .keys()
                    .find(|number| rows[**number].from() == from && self.place(&rows[**number]) == at)?;
                let bytes = &fetched[number].0;
                Some(bytes[..bytes.len().min(most)].to_vec())
            }
        }
    }

    /// Where a frame's first byte stands in its direction.
    pub(super) fn place(&self, row: &Row) -> Offset {
        self.trace.stream_offset(row.from(), row.offset())
    }

    /// Of these rows those whose bytes are still to be fetched, at most `most` of each.
    pub(super) fn lacking(&self, rows: impl Iterator<Item = usize>, most: u64) -> Vec<(usize, Row, Offset)> {
        let Bytes::Stored(_, fetched) = &self.bytes else { return Vec::new() };
        let lacks = |number: &usize| {
            let len = self.trace.rows()[*number].len();
            fetched.get(number).is_none_or(|(bytes, asked)| *asked < most && ByteLen::of(bytes) < len)
        };
        let known = |number: usize| {
            let row = self.trace.rows()[number];
            (number, row, self.place(&row))
        };
        rows.filter(lacks).map(known).collect()
    }

    /// Takes what was fetched.
    pub(super) fn fetched(&mut self, found: Vec<(usize, Vec<u8>)>, most: u64) {
        let Bytes::Stored(_, fetched) = &mut self.bytes else { return };
        if fetched.len() + found.len() > REMEMBERED {
            fetched.clear();
        }
        for (row, bytes) in found {
            if fetched.get(&row).is_none_or(|(known, _)| known.len() <= bytes.len()) {
                fetched.insert(row, (bytes, most));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::state::tests::{REQUEST, RESPONSE};
    use super::*;
    use crate::wire::{Opcode, encode};

    #[test]
    fn of_what_waits_the_oldest_is_dropped_first_and_what_is_begun_waits_too() {
        let mut conn = Conn::new("proxy".into());
        let frame = |text: &[u8]| encode::whole(Opcode::Text, text, Some([1, 2, 3, 4]));
        let begun = [frame(b"one"), frame(b"two"), frame(b"three"), frame(b"four")[..3].to_vec()].concat();
        for (from, bytes) in [(Side::Client, REQUEST), (Side::Server, RESPONSE), (Side::Client, &begun)] {
            conn.push(from, Instant::now(), bytes);
        }
        let fates = |conn: &Conn| -> Vec<_> { conn.trace.rows().iter().map(|row| conn.fate(row)).collect() };
        assert_eq!(fates(&conn), [None; 3]);
        conn.waiting = [3, 0];
        assert_eq!(fates(&conn), [None, Some("❚❚ held"), Some("❚❚ held")]);
        conn.drop_first(Side::Client);
        assert_eq!(conn.waiting, [2, 0]);
        assert_eq!(fates(&conn), [None, Some("✗ dropped"), Some("❚❚ held")]);
        conn.waiting = [0, 0];
        assert_eq!(fates(&conn), [None, Some("✗ dropped"), None]);
    }
}
