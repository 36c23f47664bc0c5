//! [`ByteStore`]: where the bytes of a stream are, so that they can be read again when they are
//! shown. Bytes of the file are not kept in memory. Bytes that are in no file are spilled: to
//! memory first, then to a temporary file.
//!
//! A stream of a million segments takes three or four megabytes here. An entry is the length of a
//! piece and its distance from the previous piece, both as variable-length numbers, with a
//! checkpoint every 64 entries.

use std::io;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::capture::shared_file::SharedFile;
use crate::wire::{ByteLen, Offset, Side, Sides};

/// The number of entries between two checkpoints.
const CHECKPOINT_STRIDE: usize = 64;
/// The number of bytes read from the file at once, so that adjacent frames cost few reads.
const WINDOW_SIZE: u64 = 1 << 16;
/// The maximum number of spilled bytes in memory.
const MAX_SPILL_IN_MEMORY: usize = 8 << 20;

/// The place of a piece's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// In the file, from this offset on.
    File(Offset),
    /// In the spill, from this offset on.
    Spill(Offset),
    /// Missing in the capture. They are read as zeros.
    Missing,
}

/// The bit that marks the number of a place in the spill.
const SPILLED_BIT: u64 = 1 << 63;
/// The bit that marks the number of a missing place. No file offset reaches it.
const MISSING_BIT: u64 = 1 << 62;

impl Place {
    /// Returns the place as one number. Adjacent places have adjacent numbers.
    fn number(self) -> u64 {
        match self {
            Self::File(at) => at.get() & !(SPILLED_BIT | MISSING_BIT),
            Self::Spill(at) => at.get() | SPILLED_BIT,
            Self::Missing => MISSING_BIT,
        }
    }

    /// Returns the place of the byte that is `len` bytes further in the same piece.
    pub(super) fn plus(self, len: usize) -> Self {
        match self {
            Self::File(at) => Self::File(at + len),
            Self::Spill(at) => Self::Spill(at + len),
            Self::Missing => Self::Missing,
        }
    }

    fn of_number(number: u64) -> Self {
        match number {
            _ if number & SPILLED_BIT != 0 => Self::Spill(Offset::new(number & !SPILLED_BIT)),
            _ if number & MISSING_BIT != 0 => Self::Missing,
            _ => Self::File(Offset::new(number)),
        }
    }
}

/// Bytes of a stream, and which of them the capture lacks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoredBytes {
    /// The bytes, with a zero for each that is missing.
    pub bytes: Vec<u8>,
    /// The ranges of `bytes` that are missing, in ascending order; adjacent ranges are joined.
    pub missing: Vec<Range<usize>>,
}

impl StoredBytes {
    /// Appends `len` missing bytes.
    fn add_missing(&mut self, len: ByteLen) {
        let start = self.bytes.len();
        let end = start.saturating_add(len.to_usize_saturating());
        self.bytes.resize(end, 0);
        match self.missing.last_mut() {
            Some(last) if last.end == start => last.end = end,
            _ => self.missing.push(start..end),
        }
    }
}

/// The bytes of one stream, addressed by side and offset.
#[derive(Debug)]
pub struct ByteStore {
    sides: Sides<Extents>,
    backing: Arc<BackingStore>,
}

impl ByteStore {
    pub(super) fn new(backing: Arc<BackingStore>) -> Self {
        Self { sides: Sides::default(), backing }
    }

    /// Returns a store without bytes of the same capture.
    pub(super) fn empty(&self) -> Self {
        Self::new(Arc::clone(&self.backing))
    }

    /// Adds the place of the next `len` bytes of a side.
    pub(super) fn add(&mut self, from: Side, location: Place, len: ByteLen) {
        self.sides[from].add(location, len);
    }

    /// Returns the number of bytes that a side sent, without TLS.
    pub fn len(&self, from: Side) -> ByteLen {
        self.sides[from].len
    }

    /// Whether neither side sent anything.
    pub fn is_empty(&self) -> bool {
        self.sides.both().into_iter().all(|side| side.len == ByteLen::ZERO)
    }

    /// Reads bytes that `from` sent; `range` counts from the side's first byte. Whatever is beyond
    /// the end is left out.
    ///
    /// # Errors
    ///
    /// Fails if the capture can no longer be read, for example because it has become shorter.
    pub fn read(&self, from: Side, range: Range<Offset>) -> io::Result<StoredBytes> {
        let mut read = StoredBytes::default();
        self.sides[from].for_each_extent(range, |location, len| match location {
            Place::Missing => {
                read.add_missing(len);
                Ok(())
            }
            _ => self.backing.read(location, len, &mut read.bytes),
        })?;
        Ok(read)
    }

    /// Returns how many bytes of a range are missing in the capture. Nothing is read.
    pub fn missing_len(&self, from: Side, range: Range<Offset>) -> ByteLen {
        let mut missing = ByteLen::ZERO;
        // The closure never fails, so neither does the walk.
        let _ = self.sides[from].for_each_extent(range, |location, len| {
            if location == Place::Missing {
                missing += len;
            }
            Ok(())
        });
        missing
    }
}

/// The places of the bytes of one direction.
#[derive(Debug, Default)]
struct Extents {
    len: ByteLen,
    /// The number of entries since the last checkpoint.
    count: usize,
    /// The number of the place where the last piece ends.
    last_end: u64,
    entries: Vec<u8>,
    checkpoints: Vec<Checkpoint>,
}

/// The state before every 64th entry.
#[derive(Debug)]
struct Checkpoint {
    /// The stream offset of the entry's first byte.
    offset: Offset,
    /// The number of the place where the previous piece ends.
    end: u64,
    entry: usize,
}

impl Extents {
    fn add(&mut self, location: Place, len: ByteLen) {
        if len == ByteLen::ZERO {
            return;
        }
        if self.count == 0 {
            let offset = Offset::START + self.len;
            self.checkpoints.push(Checkpoint {
                offset,
                end: self.last_end,
                entry: self.entries.len(),
            });
        }
        self.count = self.count.saturating_add(1) % CHECKPOINT_STRIDE;
        put_varint(&mut self.entries, len.get());
        // Zigzag encoding: the sign is the lowest bit, so that a short step backwards is a small
        // number too.
        let distance = location.number().wrapping_sub(self.last_end).cast_signed();
        put_varint(&mut self.entries, (distance << 1 ^ distance >> 63).cast_unsigned());
        self.len += len;
        self.last_end = location.number().saturating_add(len.get());
    }

    /// Calls `take` with each place and length in `range`.
    fn for_each_extent(
        &self,
        range: Range<Offset>,
        mut take: impl FnMut(Place, ByteLen) -> io::Result<()>,
    ) -> io::Result<()> {
        if range.is_empty() {
            return Ok(());
        }
        // The last checkpoint that begins at or before the range; from there entries are decoded in
        // order.
        let first = self.checkpoints.partition_point(|checkpoint| checkpoint.offset <= range.start);
        let Some(checkpoint) = self.checkpoints.get(first.saturating_sub(1)) else { return Ok(()) };
        let (mut offset, mut end) = (checkpoint.offset, checkpoint.end);
        let mut entries = self.entries.get(checkpoint.entry..).unwrap_or_default();
        while offset < range.end
            && let (Some(len), Some(distance)) =
                (read_varint(&mut entries), read_varint(&mut entries))
        {
            let location = end.wrapping_add((distance >> 1) ^ (distance & 1).wrapping_neg());
            let behind = offset + ByteLen::new(len);
            let (from, to) = (range.start.max(offset), range.end.min(behind));
            if from < to {
                take(Place::of_number(location.saturating_add((from - offset).get())), to - from)?;
            }
            (offset, end) = (behind, location.saturating_add(len));
        }
        Ok(())
    }
}

/// Appends a number as a varint: seven bits per byte, the lowest first, with the top bit set if
/// more follow.
fn put_varint(entries: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        entries.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    entries.push((number & 0x7f) as u8);
}

/// Removes a varint from the front of `entries`.
fn read_varint(entries: &mut &[u8]) -> Option<u64> {
    let (mut number, mut shift) = (0, 0_u32);
    loop {
        let (byte, rest) = entries.split_first()?;
        *entries = rest;
        number |= u64::from(byte & 0x7f).unbounded_shl(shift);
        shift = shift.saturating_add(7);
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
}

/// The sources that a capture's stores read from: the file and the spill.
#[derive(Debug)]
pub(super) struct BackingStore {
    file: Mutex<FileWindow>,
    spill: Mutex<SpillFile>,
    /// The number of streams that have begun.
    streams: AtomicU64,
}

impl BackingStore {
    pub(super) fn new(file: SharedFile) -> Self {
        Self {
            file: Mutex::new(FileWindow { file, at: Offset::START, bytes: Vec::new() }),
            spill: Mutex::default(),
            streams: AtomicU64::new(0),
        }
    }

    /// Counts a stream that begins, and returns the number of those that began before.
    pub(super) fn begin_stream(&self) -> u64 {
        self.streams.fetch_add(1, Ordering::Relaxed)
    }

    /// Keeps bytes that are in no file (decrypted, or written as hex) and returns their place.
    pub(super) fn spill(&self, bytes: &[u8]) -> io::Result<Place> {
        lock(&self.spill).append(bytes).map(Place::Spill)
    }

    /// Appends `len` bytes of a place to `out`. The handle of the file shares its position with the one
    /// that the packets are read by, so this must wait until they are.
    pub(super) fn read(&self, location: Place, len: ByteLen, out: &mut Vec<u8>) -> io::Result<()> {
        match location {
            Place::File(at) => lock(&self.file).read(at, len, out),
            Place::Spill(at) => lock(&self.spill).read(at, len, out),
            // Nothing to read; [`ByteStore::read`] marks them.
            Place::Missing => Ok(()),
        }
    }
}

/// Locks a mutex. A panic of this program cannot leave its content half-changed between two calls,
/// so a poisoned lock is safe to use.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The file, and the part of it that was read last.
#[derive(Debug)]
struct FileWindow {
    file: SharedFile,
    at: Offset,
    bytes: Vec<u8>,
}

impl FileWindow {
    fn read(&mut self, location: Offset, len: ByteLen, out: &mut Vec<u8>) -> io::Result<()> {
        if len >= WINDOW_SIZE {
            return read_at(&self.file, location, len, out);
        }
        // A window that does not cover the bytes is read anew from their first byte on.
        if location < self.at || location + len > self.at + self.bytes.len() {
            self.bytes.clear();
            self.at = location;
            self.file.append_to(&mut self.bytes, location, WINDOW_SIZE)?;
        }
        let there =
            self.bytes.get((location - self.at).to_usize_saturating()..).unwrap_or_default();
        out.extend_from_slice(
            there.get(..len.to_usize_saturating()).ok_or_else(|| file_shrank(location))?,
        );
        Ok(())
    }
}

fn file_shrank(location: Offset) -> io::Error {
    let what =
        format!("the capture has become shorter: some of the bytes at offset {location} are gone");
    io::Error::new(io::ErrorKind::UnexpectedEof, what)
}

fn read_at(file: &SharedFile, location: Offset, len: ByteLen, out: &mut Vec<u8>) -> io::Result<()> {
    let before = out.len();
    file.append_to(out, location, len.get())?;
    let read = ByteLen::from_usize(out.len().saturating_sub(before));
    if read < len { Err(file_shrank(location)) } else { Ok(()) }
}

/// The spilled bytes: the first ones in a temporary file once there are many, the rest in memory.
#[derive(Debug, Default)]
struct SpillFile {
    file: Option<SharedFile>,
    /// The length of the file.
    file_len: Offset,
    memory: Vec<u8>,
}

impl SpillFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<Offset> {
        if self.memory.len().saturating_add(bytes.len()) > MAX_SPILL_IN_MEMORY
            && !self.memory.is_empty()
        {
            self.flush_to_file()?;
        }
        let at = self.file_len + self.memory.len();
        self.memory.extend_from_slice(bytes);
        Ok(at)
    }

    fn flush_to_file(&mut self) -> io::Result<()> {
        let file = match &self.file {
            Some(file) => file,
            None => self.file.insert(SharedFile::temporary()?),
        };
        file.write_at(self.file_len, &self.memory)?;
        self.file_len += self.memory.len();
        self.memory.clear();
        Ok(())
    }

    fn read(&mut self, at: Offset, len: ByteLen, out: &mut Vec<u8>) -> io::Result<()> {
        // The bytes may be in the file, in memory, or in both.
        let in_file = (self.file_len - at).min(len);
        if let Some(file) = self.file.as_ref().filter(|_| in_file > ByteLen::ZERO) {
            read_at(file, at, in_file, out)?;
        }
        let waiting = self
            .memory
            .get((at + in_file - self.file_len).to_usize_saturating()..)
            .unwrap_or_default();
        let rest = waiting.get(..(len - in_file).to_usize_saturating());
        out.extend_from_slice(rest.ok_or_else(|| file_shrank(at))?);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn places(extents: &Extents, range: Range<u64>) -> Vec<u64> {
        let mut all = Vec::new();
        let take = |location: Place, len: ByteLen| {
            all.extend((0..len.get()).map(|at| location.number() + at));
            Ok(())
        };
        extents.for_each_extent(Offset::new(range.start)..Offset::new(range.end), take).unwrap();
        all
    }

    #[test]
    fn an_entry_takes_four_bytes_if_pieces_are_adjacent() {
        let mut extents = Extents::default();
        for index in 0..100_000_u64 {
            extents.add(Place::File(Offset::new(24 + index * 270)), ByteLen::new(190));
        }
        assert!(extents.entries.len() <= 400_010, "{}", extents.entries.len());
    }

    #[test]
    fn spilled_bytes_are_read_from_memory_and_file() {
        let mut spill = SpillFile::default();
        let piece: Vec<u8> = (0..MAX_SPILL_IN_MEMORY / 3).map(|at| at as u8).collect();
        let places: Vec<Offset> = (0..5).map(|_| spill.append(&piece).unwrap()).collect();
        assert!(spill.file.is_some());
        for location in places {
            let mut read = Vec::new();
            spill.read(location, ByteLen::of(&piece), &mut read).unwrap();
            assert!(read == piece);
        }
        let mut across = Vec::new();
        spill.read(spill.file_len - 2, ByteLen::new(4), &mut across).unwrap();
        assert_eq!(across, [&piece[piece.len() - 2..], &piece[..2]].concat());
    }

    proptest! {
        #[test]
        fn every_range_returns_the_places_that_were_added(
            pieces in proptest::collection::vec((0_u64..5000, 0_u64..300, any::<bool>()), 1..300),
            start in 0_u64..20_000, len in 0_u64..3000,
        ) {
            let mut extents = Extents::default();
            let mut all = Vec::new();
            for (location, len, spilled) in pieces {
                let at = Offset::new(location);
                let location = if spilled { Place::Spill(at) } else { Place::File(at) };
                extents.add(location, ByteLen::new(len));
                all.extend((0..len).map(|at| location.number() + at));
            }
            let end = (start + len).min(all.len() as u64);
            let expected = all.get(start as usize..end as usize).unwrap_or_default();
            prop_assert_eq!(places(&extents, start..end), expected);
        }
    }
}
