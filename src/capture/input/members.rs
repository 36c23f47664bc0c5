//! [`MemberSource`]: what follows the first member of a compressed file: another one, padding, or
//! bytes of another kind.

use std::io::{self, BufRead, Read};

use thiserror::Error;

/// The number of bytes that tell whether a member begins.
const MAX_START: usize = 4;

/// A compressed file has bytes behind it that are not compressed. Everything before them was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{0} bytes follow it")]
pub(super) struct BytesBehind(pub(super) u64);

/// What the first bytes of a possible member say, of which there are at most four.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MemberStart {
    Member,
    /// A member that is cut off, if nothing more comes.
    Beginning,
    Other,
}

impl MemberStart {
    /// Compares the first bytes with those of a member.
    pub(super) fn of(first: &[u8], member: &[u8]) -> Self {
        match first {
            _ if first.starts_with(member) => Self::Member,
            _ if member.starts_with(first) => Self::Beginning,
            _ => Self::Other,
        }
    }
}

/// A source of members. A few bytes can be looked at before they are read.
pub(super) struct MemberSource<R> {
    /// Bytes that were looked at, the next one last.
    seen: Vec<u8>,
    source: R,
}

impl<R: BufRead> MemberSource<R> {
    pub(super) fn new(source: R) -> Self {
        Self { seen: Vec::new(), source }
    }

    /// Whether nothing more comes.
    pub(super) fn is_at_end(&mut self) -> io::Result<bool> {
        Ok(self.seen.is_empty() && self.source.fill_buf()?.is_empty())
    }

    /// Passes over the zeros behind a member, which pad a file on tape (RFC 1952 section 2.2 knows
    /// none, but tar and tape drives write them). Returns whether another member follows; `start`
    /// tells from its first bytes.
    ///
    /// # Errors
    ///
    /// [`BytesBehind`] if something else follows.
    pub(super) fn next_member(&mut self, start: impl Fn(&[u8]) -> MemberStart) -> io::Result<bool> {
        let first = loop {
            let piece = self.fill_buf()?;
            if piece.is_empty() {
                return Ok(false);
            }
            let zeros = piece.iter().take_while(|byte| **byte == 0).count();
            let is_padding = zeros == piece.len();
            self.consume(zeros);
            if !is_padding {
                break self.look()?;
            }
        };
        match start(&first) {
            MemberStart::Member => Ok(true),
            MemberStart::Beginning => Err(io::ErrorKind::UnexpectedEof.into()),
            MemberStart::Other => {
                let len = io::copy(self, &mut io::sink())?;
                Err(io::Error::new(io::ErrorKind::InvalidData, BytesBehind(len)))
            }
        }
    }

    /// Returns the next bytes without reading them.
    fn look(&mut self) -> io::Result<Vec<u8>> {
        let mut first = Vec::new();
        self.take(MAX_START as u64).read_to_end(&mut first)?;
        self.seen.extend(first.iter().rev());
        Ok(first)
    }
}

impl<R: BufRead> Read for MemberSource<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match (self.seen.last(), out.first_mut()) {
            (Some(next), Some(first)) => {
                *first = *next;
                self.seen.pop();
                Ok(1)
            }
            _ => self.source.read(out),
        }
    }
}

impl<R: BufRead> BufRead for MemberSource<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        match self.seen.len().checked_sub(1) {
            Some(last) => Ok(self.seen.get(last..).unwrap_or_default()),
            None => self.source.fill_buf(),
        }
    }

    fn consume(&mut self, count: usize) {
        if self.seen.is_empty() {
            self.source.consume(count);
        } else if count > 0 {
            self.seen.pop();
        }
    }
}
