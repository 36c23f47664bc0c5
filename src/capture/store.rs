//! [`Store`]: where the bytes of a stream stand, so that they are read again when somebody looks at them.
//! The bytes themselves are not kept, unless they stand in no file: then they wait in a spill, which moves to a temporary
//! file when it gets long.
//!
//! A stream of a million segments takes three or four megabytes here: an entry is the length of a piece and its distance
//! from the piece before, both as variable-length numbers, with a checkpoint every 64 entries.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::wire::Side;

/// Entries between two checkpoints.
const STRIDE: usize = 64;
/// How much of the file is read at once, so that one frame behind the other costs few reads.
const WINDOW: usize = 1 << 16;
/// What the spill keeps in memory.
const IN_MEMORY: usize = 8 << 20;
/// A place in the spill has this bit; a place in the file does not.
const SPILLED: u64 = 1 << 63;
/// A place that is none: bytes that the capture lacks, read as zeros.
const MISSING: u64 = 1 << 62;

/// The bytes of one stream, by side and offset.
#[derive(Debug)]
pub struct Store {
    sides: [Extents; 2],
    shelf: Arc<Shelf>,
}

impl Store {
    pub(super) fn new(shelf: Arc<Shelf>) -> Self {
        Self { sides: [Extents::default(), Extents::default()], shelf }
    }

    pub(super) fn add(&mut self, from: Side, place: u64, len: usize) {
        self.sides[usize::from(from == Side::Server)].add(place, len as u64);
    }

    /// Bytes that the capture lacks and that stand in the stream all the same.
    pub(super) fn add_missing(&mut self, from: Side, len: u64) {
        self.sides[usize::from(from == Side::Server)].add(MISSING, len);
    }

    /// How many bytes a side sent (TLS taken off).
    pub fn len(&self, from: Side) -> u64 {
        self.sides[usize::from(from == Side::Server)].len
    }

    /// Whether nobody sent anything.
    pub fn is_empty(&self) -> bool {
        self.sides.iter().all(|side| side.len == 0)
    }

    /// The bytes that `from` sent, `range` counted from its first byte; what lies behind the end is left out.
    ///
    /// # Errors
    ///
    /// If the capture cannot be read any more, for example because it has become shorter.
    pub fn read(&self, from: Side, range: Range<u64>) -> io::Result<Vec<u8>> {
        let extents = &self.sides[usize::from(from == Side::Server)];
        let range = range.start..range.end.min(extents.len);
        let mut bytes = Vec::new();
        extents.places(range, |place, len| self.shelf.read(place, len, &mut bytes))?;
        Ok(bytes)
    }
}

/// Which places the bytes of one direction have.
#[derive(Debug, Default)]
struct Extents {
    len: u64,
    count: usize,
    /// Where the last piece ends.
    end: u64,
    entries: Vec<u8>,
    checkpoints: Vec<Checkpoint>,
}

/// The state before every 64th entry.
#[derive(Debug)]
struct Checkpoint {
    /// The stream's offset of the entry's first byte.
    offset: u64,
    /// Where the piece before it ended.
    end: u64,
    entry: usize,
}

impl Extents {
    fn add(&mut self, place: u64, len: u64) {
        if len == 0 {
            return;
        }
        if self.count.is_multiple_of(STRIDE) {
            self.checkpoints.push(Checkpoint { offset: self.len, end: self.end, entry: self.entries.len() });
        }
        put(&mut self.entries, len);
        let distance = place.wrapping_sub(self.end) as i64;
        put(&mut self.entries, (distance << 1 ^ distance >> 63) as u64);
        self.count += 1;
        self.len += len;
        self.end = place + len;
    }

    /// Calls `take` with each place and length that `range` consists of.
    fn places(&self, range: Range<u64>, mut take: impl FnMut(u64, u64) -> io::Result<()>) -> io::Result<()> {
        if range.is_empty() {
            return Ok(());
        }
        let first = self.checkpoints.partition_point(|checkpoint| checkpoint.offset <= range.start);
        let Some(checkpoint) = self.checkpoints.get(first.saturating_sub(1)) else { return Ok(()) };
        let (mut offset, mut end, mut entry) = (checkpoint.offset, checkpoint.end, checkpoint.entry);
        while offset < range.end && entry < self.entries.len() {
            let len = next(&self.entries, &mut entry);
            let distance = next(&self.entries, &mut entry);
            let place = end.wrapping_add((distance >> 1) ^ (distance & 1).wrapping_neg());
            let (from, to) = (range.start.max(offset), range.end.min(offset + len));
            if from < to {
                take(place + (from - offset), to - from)?;
            }
            (offset, end) = (offset + len, place + len);
        }
        Ok(())
    }
}

/// Seven bits a byte, the lowest first, the top bit set where more follow.
fn put(entries: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        entries.push(number as u8 | 0x80);
        number >>= 7;
    }
    entries.push(number as u8);
}

fn next(entries: &[u8], at: &mut usize) -> u64 {
    let (mut number, mut shift) = (0, 0);
    loop {
        let byte = entries[*at];
        *at += 1;
        number |= u64::from(byte & 0x7f) << shift;
        shift += 7;
        if byte < 0x80 {
            return number;
        }
    }
}

/// What a capture's stores read from: the file, and what stands in no file.
#[derive(Debug)]
pub(super) struct Shelf {
    file: Mutex<Window>,
    spill: Mutex<Spill>,
}

impl Shelf {
    pub(super) fn new(file: File) -> Self {
        Self { file: Mutex::new(Window { file, at: 0, bytes: Vec::new() }), spill: Mutex::default() }
    }

    /// Keeps bytes that stand in no file (decrypted, or written as hex) and says where.
    pub(super) fn keep(&self, bytes: &[u8]) -> io::Result<u64> {
        locked(&self.spill).keep(bytes).map(|at| at | SPILLED)
    }

    fn read(&self, place: u64, len: u64, out: &mut Vec<u8>) -> io::Result<()> {
        if place & SPILLED != 0 {
            return locked(&self.spill).read(place & !SPILLED, len, out);
        }
        if place & MISSING != 0 {
            out.resize(out.len() + len as usize, 0);
            return Ok(());
        }
        locked(&self.file).read(place, len, out)
    }
}

/// A lock is only poisoned by a panic in here, and what is behind it is whole between any two calls.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The file, and the part of it that was read last.
#[derive(Debug)]
struct Window {
    file: File,
    at: u64,
    bytes: Vec<u8>,
}

impl Window {
    fn read(&mut self, place: u64, len: u64, out: &mut Vec<u8>) -> io::Result<()> {
        if len >= WINDOW as u64 {
            return read_at(&mut self.file, place, len, out);
        }
        if place < self.at || place + len > self.at + self.bytes.len() as u64 {
            self.bytes.clear();
            self.at = place;
            self.file.seek(SeekFrom::Start(place))?;
            (&mut self.file).take(WINDOW as u64).read_to_end(&mut self.bytes)?;
        }
        let start = (place - self.at) as usize;
        let found = self.bytes.get(start..start + len as usize).ok_or_else(|| shorter(place))?;
        out.extend_from_slice(found);
        Ok(())
    }
}

fn shorter(place: u64) -> io::Error {
    let what = format!("the capture has become shorter: not all of what stood at byte {place} is there");
    io::Error::new(io::ErrorKind::UnexpectedEof, what)
}

fn read_at(file: &mut File, place: u64, len: u64, out: &mut Vec<u8>) -> io::Result<()> {
    file.seek(SeekFrom::Start(place))?;
    let read = file.take(len).read_to_end(out)? as u64;
    if read < len { Err(shorter(place)) } else { Ok(()) }
}

/// Bytes without a file: the first ones in a temporary file once they are many, the others in memory.
#[derive(Debug, Default)]
struct Spill {
    /// It has no name, so it is gone when it is closed, however that comes about.
    file: Option<File>,
    /// How many bytes are in the file.
    moved: u64,
    memory: Vec<u8>,
}

impl Spill {
    fn keep(&mut self, bytes: &[u8]) -> io::Result<u64> {
        if self.memory.len() + bytes.len() > IN_MEMORY && !self.memory.is_empty() {
            self.move_out()?;
        }
        let at = self.moved + self.memory.len() as u64;
        self.memory.extend_from_slice(bytes);
        Ok(at)
    }

    fn move_out(&mut self) -> io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(tempfile::tempfile()?),
        };
        file.seek(SeekFrom::Start(self.moved))?;
        file.write_all(&self.memory)?;
        self.moved += self.memory.len() as u64;
        self.memory.clear();
        Ok(())
    }

    fn read(&mut self, at: u64, len: u64, out: &mut Vec<u8>) -> io::Result<()> {
        let in_file = self.moved.saturating_sub(at).min(len);
        if let Some(file) = self.file.as_mut().filter(|_| in_file > 0) {
            read_at(file, at, in_file, out)?;
        }
        if in_file < len {
            let start = (at + in_file - self.moved) as usize;
            out.extend_from_slice(&self.memory[start..start + (len - in_file) as usize]);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn places(extents: &Extents, range: Range<u64>) -> Vec<u64> {
        let mut all = Vec::new();
        let take = |place, len| {
            all.extend(place..place + len);
            Ok(())
        };
        extents.places(range, take).unwrap();
        all
    }

    #[test]
    fn an_entry_takes_four_bytes_where_pieces_follow_one_another() {
        let mut extents = Extents::default();
        for index in 0..100_000_u64 {
            extents.add(24 + index * 270, 190);
        }
        assert!(extents.entries.len() <= 400_010, "{}", extents.entries.len());
    }

    #[test]
    fn what_is_spilled_is_read_from_memory_and_file() {
        let mut spill = Spill::default();
        let piece: Vec<u8> = (0..IN_MEMORY / 3).map(|at| at as u8).collect();
        let places: Vec<u64> = (0..5).map(|_| spill.keep(&piece).unwrap()).collect();
        assert!(spill.file.is_some());
        for place in places {
            let mut read = Vec::new();
            spill.read(place, piece.len() as u64, &mut read).unwrap();
            assert!(read == piece);
        }
        let mut across = Vec::new();
        spill.read(spill.moved - 2, 4, &mut across).unwrap();
        assert_eq!(across, [&piece[piece.len() - 2..], &piece[..2]].concat());
    }

    proptest! {
        #[test]
        fn every_range_gives_the_places_that_were_added(
            pieces in proptest::collection::vec((0_u64..5000, 0_u64..300, any::<bool>()), 1..300),
            start in 0_u64..20_000, len in 0_u64..3000,
        ) {
            let mut extents = Extents::default();
            let mut all = Vec::new();
            for (place, len, spilled) in pieces {
                let place = if spilled { place | SPILLED } else { place };
                extents.add(place, len);
                all.extend(place..place + len);
            }
            let end = (start + len).min(all.len() as u64);
            let expected = all.get(start as usize..end as usize).unwrap_or_default();
            prop_assert_eq!(places(&extents, start..end), expected);
        }
    }
}
