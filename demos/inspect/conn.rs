//! One connection as the inspector knows it: its list of frames, and the bytes of those that are looked at.
//!
//! Where the bytes come from differs: a live connection's are in memory, a file's are fetched when they are wanted.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::kept::Kept;
use crate::capture::ByteStore;
use crate::scope::catch_panic_now;
use crate::wire::{ByteLen, Frame, Offset, Side, Trace, TraceRow};

/// How much of a frame is shown byte by byte.
pub(super) const SHOWN: u64 = 70_000;

/// How much of a frame the list needs for its preview.
pub(super) const PREVIEW: u64 = 512;

/// Fetched frames that are remembered; then all but those in sight are forgotten.
const REMEMBERED: usize = 4_000;

/// Frames of a live connection that are listed: 80 MiB of rows. A capture lists more, for it does not go on for ever.
pub(super) const MAX_LIVE_ROWS: usize = 1 << 21;

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
    Stored(Arc<ByteStore>, HashMap<usize, (Vec<u8>, u64)>),
}

/// One connection.
#[derive(Debug)]
pub(super) struct Conn {
    pub(super) name: String,
    /// The proxy's number of it.
    pub(super) number: usize,
    pub(super) status: Status,
    pub(super) trace: Arc<Trace>,
    pub(super) bytes: Bytes,
    pub(super) began: Option<Instant>,
    /// Frames that the proxy holds, of the client and of the server.
    pub(super) waiting: [usize; 2],
    /// Frames that the proxy threw away, by side and number.
    pub(super) dropped: Vec<(Side, usize)>,
    /// Its bytes are not read any further, by a fault of ours.
    pub(super) faulty: bool,
}

impl Conn {
    pub(super) fn new(name: String) -> Self {
        let mut trace = Trace::new();
        trace.limit_rows(MAX_LIVE_ROWS);
        Self {
            name,
            number: 1,
            status: Status::Connecting,
            trace: Arc::new(trace),
            bytes: Bytes::Kept(Kept::default()),
            began: None,
            waiting: [0; 2],
            dropped: Vec::new(),
            faulty: false,
        }
    }

    /// A connection of a file.
    pub(super) fn stored(name: String, status: Status, trace: Trace, store: ByteStore) -> Self {
        let bytes = Bytes::Stored(Arc::new(store), HashMap::new());
        Self { status, trace: Arc::new(trace), bytes, ..Self::new(name) }
    }

    /// Takes bytes of a live connection.
    pub(super) fn push(&mut self, from: Side, at: Instant, bytes: &[u8]) {
        let at = self.began.map_or(Duration::ZERO, |began| at.saturating_duration_since(began));
        // behind the last frame that is listed nobody looks: what is listed keeps its bytes
        if let Bytes::Kept(kept) = &mut self.bytes
            && self.trace.dropped_rows() == 0
        {
            kept.push(from, bytes);
        }
        self.read_on(|trace| trace.push(from, at, bytes));
    }

    /// A panic over the bytes of one connection costs that connection, and is told.
    fn read_on(&mut self, read: impl FnOnce(&mut Trace)) {
        if self.faulty {
            return;
        }
        let trace = Arc::make_mut(&mut self.trace);
        if let Err(panic) = catch_panic_now(|| read(trace)) {
            self.faulty = true;
            self.status =
                Status::Ended(Err(format!("not read any further: {panic}; this is a fault of wiretalk")));
        }
    }

    /// Bytes that its list and its payloads take, about.
    pub(super) fn memory(&self) -> usize {
        let payloads = match &self.bytes {
            Bytes::Kept(kept) => kept.len(),
            Bytes::Stored(..) => 0,
        };
        size_of_val(self.trace.rows()) + payloads
    }

    /// Forgets what was said in it; that there was such a connection stays.
    pub(super) fn forget(&mut self) {
        self.trace = Arc::default();
        self.bytes = Bytes::Kept(Kept::default());
        self.dropped = Vec::new();
        self.status = Status::Ended(Ok("over, and not kept any more".to_owned()));
    }

    /// Its list is full.
    pub(super) fn is_full(&self) -> bool {
        self.trace.is_full()
    }

    /// Forgets its payloads, and lists no further frames.
    pub(super) fn stop_listing(&mut self) {
        let listed = self.trace.rows().len();
        Arc::make_mut(&mut self.trace).limit_rows(listed);
        self.bytes = Bytes::Kept(Kept::default());
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
        let begun = usize::from(self.trace.partial_frame(from).is_some());
        let complete =
            self.trace.rows().iter().rev().find(|row| row.from() == from).map_or(0, |row| row.index() + 1);
        complete - waiting.saturating_sub(begun).min(complete)
    }

    /// What the proxy did with a frame, in a word; none where it just passed.
    pub(super) fn fate(&self, row: &TraceRow) -> Option<&'static str> {
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
    pub(super) fn place(&self, row: &TraceRow) -> Offset {
        self.trace.stream_offset(row.from(), row.offset())
    }

    /// Of these rows those whose bytes are still to be fetched, at most `most` of each.
    pub(super) fn lacking(
        &self,
        rows: impl Iterator<Item = usize>,
        most: u64,
    ) -> Vec<(usize, TraceRow, Offset)> {
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
    fn a_panic_over_its_bytes_costs_one_connection() {
        let mut conn = Conn::new("odd".into());
        conn.push(Side::Client, Instant::now(), REQUEST);
        conn.read_on(|_| panic!("injected"));
        let Status::Ended(Err(why)) = &conn.status else { panic!("{:?}", conn.status) };
        assert!(why.contains("injected") && why.contains("fault of wiretalk"), "{why}");
        conn.push(Side::Server, Instant::now(), RESPONSE);
        assert!(conn.trace.head(Side::Server).is_none(), "it is not read any further");
    }

    #[test]
    fn what_is_not_listed_takes_no_bytes_from_what_is() {
        let mut conn = Conn::new("flood".into());
        for (from, bytes) in [(Side::Client, REQUEST), (Side::Server, RESPONSE)] {
            conn.push(from, Instant::now(), bytes);
        }
        let flood = b"\x81\x00".repeat(MAX_LIVE_ROWS / 16);
        for _ in 0..20 {
            conn.push(Side::Server, Instant::now(), &flood);
        }
        assert_eq!(conn.trace.rows().len(), MAX_LIVE_ROWS);
        assert_eq!(conn.trace.dropped_rows() as usize, MAX_LIVE_ROWS / 16 * 4);
        assert!(conn.frame(0).is_some() && conn.frame(MAX_LIVE_ROWS - 1).is_some());
        assert!(conn.memory() < 120 << 20, "{}", conn.memory());
    }

    #[test]
    fn of_what_waits_the_oldest_is_dropped_first_and_what_is_begun_waits_too() {
        let mut conn = Conn::new("proxy".into());
        let frame = |text: &[u8]| encode::single_frame(Opcode::Text, text, Some([1, 2, 3, 4]));
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
