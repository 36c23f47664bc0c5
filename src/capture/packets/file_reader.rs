//! [`FileReader`]: reads a file forward through one buffer, and knows the position of every byte.
//! It does not interpret the content.

use std::fs::File;
use std::io::{self, Read};

use crate::wire::Offset;

/// The number of bytes read at once.
const READ_SIZE: usize = 1 << 20;

/// The maximum size of a piece in bytes. No block of a readable capture is larger.
pub(in crate::capture) const MAX_BLOCK_LEN: usize = 16 << 20;

/// A file, or another source of bytes, that is read forward.
#[derive(Debug)]
pub(in crate::capture) struct FileReader<R = File> {
    source: R,
    buffer: Vec<u8>,
    /// The unread bytes of the buffer are those from `start` to `end`.
    start: usize,
    end: usize,
    /// The file position of the byte at `start`.
    position: Offset,
}

impl<R: Read> FileReader<R> {
    pub(in crate::capture) fn new(source: R) -> Self {
        Self { source, buffer: vec![0; READ_SIZE], start: 0, end: 0, position: Offset::START }
    }

    /// Returns the file position of the next byte.
    pub(in crate::capture) fn position(&self) -> Offset {
        self.position
    }

    /// Returns the next `count` bytes without consuming them, or fewer at the end of the file. The
    /// buffer grows with what the file really contains: to at most twice that, and never above
    /// [`MAX_BLOCK_LEN`].
    pub(in crate::capture) fn peek(&mut self, count: usize) -> io::Result<&[u8]> {
        let count = count.min(MAX_BLOCK_LEN);
        if self.waiting().len() < count {
            self.read_until(count)?;
        }
        let waiting = self.waiting();
        Ok(waiting.get(..count).unwrap_or(waiting))
    }

    fn waiting(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }

    /// Consumes `count` bytes that were peeked.
    pub(in crate::capture) fn consume(&mut self, count: usize) {
        let count = count.min(self.waiting().len());
        self.start = self.start.saturating_add(count);
        self.position += count;
    }

    /// Returns the last `count` consumed bytes. They stay available until more is read.
    pub(in crate::capture) fn consumed(&self, count: usize) -> &[u8] {
        self.buffer.get(self.start.saturating_sub(count)..self.start).unwrap_or_default()
    }

    /// Reads until `count` bytes wait, or the file ends.
    #[cold]
    fn read_until(&mut self, count: usize) -> io::Result<()> {
        while self.waiting().len() < count && self.fill(count)? {}
        Ok(())
    }

    /// Reads once more. Returns `false` at the end of the file.
    fn fill(&mut self, needed: usize) -> io::Result<bool> {
        // The unread bytes move to the front before the buffer grows.
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

    /// A source that gives three bytes at a time.
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
    fn pieces_come_in_order_with_their_positions() {
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
