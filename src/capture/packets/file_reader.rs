//! [`FileReader`]: a file read forward through one buffer, with the place of every byte known.
//! What stands in the file is no question here.

use std::fs::File;
use std::io::{self, Read};

use crate::wire::Offset;

/// How much is read at once.
const READ_SIZE: usize = 1 << 20;

/// The longest piece that may be asked for: no block of a capture that can be read is longer.
pub(in crate::capture) const MAX_BLOCK_LEN: usize = 16 << 20;

/// A file (or anything else that gives bytes), read forward.
#[derive(Debug)]
pub(in crate::capture) struct FileReader<R = File> {
    source: R,
    buffer: Vec<u8>,
    /// The bytes of the buffer that wait: from `start` to `end`.
    start: usize,
    end: usize,
    /// Where in the file the byte at `start` stands.
    position: Offset,
}

impl<R: Read> FileReader<R> {
    pub(in crate::capture) fn new(source: R) -> Self {
        Self { source, buffer: vec![0; READ_SIZE], start: 0, end: 0, position: Offset::START }
    }

    /// Where in the file the next byte stands.
    pub(in crate::capture) fn position(&self) -> Offset {
        self.position
    }

    /// The next `count` bytes, or fewer at the end of the file; they stay the next ones. The buffer
    /// grows with what the file really holds, never by more than twice that, and never above
    /// [`MAX_BLOCK_LEN`].
    pub(in crate::capture) fn peek(&mut self, count: usize) -> io::Result<&[u8]> {
        let count = count.min(MAX_BLOCK_LEN);
        while self.waiting().len() < count && self.fill(count)? {}
        let waiting = self.waiting();
        Ok(waiting.get(..count).unwrap_or(waiting))
    }

    fn waiting(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }

    /// Goes past `count` bytes that were peeked at.
    pub(in crate::capture) fn consume(&mut self, count: usize) {
        let count = count.min(self.waiting().len());
        self.start = self.start.saturating_add(count);
        self.position += count;
    }

    /// The last `count` bytes that were passed, until more is read.
    pub(in crate::capture) fn consumed(&self, count: usize) -> &[u8] {
        self.buffer.get(self.start.saturating_sub(count)..self.start).unwrap_or_default()
    }

    /// Reads once more; false at the end of the file.
    fn fill(&mut self, needed: usize) -> io::Result<bool> {
        if self.start.saturating_add(needed) > self.buffer.len() || self.end == self.buffer.len() {
            let waiting = self.waiting().len();
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, waiting);
        }
        if self.end == self.buffer.len() {
            self.buffer.resize(self.end.saturating_mul(2), 0);
        }
        loop {
            match self.source.read(self.buffer.get_mut(self.end..).unwrap_or_default()) {
                Ok(0) => return Ok(false),
                Ok(count) => {
                    self.end = self.end.saturating_add(count).min(self.buffer.len());
                    return Ok(true);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives three bytes at a time.
    struct Drops<'a>(&'a [u8]);

    impl Read for Drops<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let count = 3.min(self.0.len()).min(out.len());
            out[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }

    #[test]
    fn pieces_come_in_order_with_their_place() {
        let bytes: Vec<u8> = (0..=255).collect();
        let mut input = FileReader::new(Drops(&bytes));
        let mut seen = Vec::new();
        for count in [1, 7, 100, 0, 60] {
            assert_eq!(input.position(), Offset::new(seen.len() as u64));
            seen.extend_from_slice(input.peek(count).unwrap());
            input.consume(count);
        }
        assert_eq!(input.peek(1000).unwrap().len(), 88);
        assert_eq!(seen, bytes[..168]);
    }

    #[test]
    fn a_piece_longer_than_the_buffer_grows_it_only_by_what_is_there() {
        let bytes = vec![7; 3 * READ_SIZE];
        let mut input = FileReader::new(bytes.as_slice());
        input.peek(10).unwrap();
        input.consume(10);
        assert_eq!(input.peek(2 * READ_SIZE).unwrap().len(), 2 * READ_SIZE);
        let mut short = FileReader::new(&bytes[..100]);
        assert_eq!(short.peek(MAX_BLOCK_LEN).unwrap().len(), 100);
        assert_eq!(short.buffer.len(), READ_SIZE);
    }
}
