//! [`Spool`]: reads a stream once and keeps a copy in a temporary file, because the bytes of a
//! capture are read again when they are shown.

use std::io::{self, Read};

use super::members::BytesBehind;
use crate::capture::shared_file::SharedFile;
use crate::text::units::binary_bytes;
use crate::wire::format::byte_count;
use crate::wire::{ByteLen, Offset};

/// The maximum number of bytes of one stream. A compressed file of a few megabytes can claim to
/// contain any number.
pub(super) const MAX_BYTES: u64 = 8 << 30;

/// A stream that is copied while it is read.
pub(in crate::capture) struct Spool {
    /// The stream; `None` once it has ended.
    source: Option<Box<dyn Read + Send>>,
    /// What the stream is, for warnings: `gzip data`.
    name: &'static str,
    copy: SharedFile,
    copied: u64,
    max_bytes: u64,
    /// Why the stream ended before its end.
    warning: Option<String>,
}

impl Spool {
    /// Begins to read `source` into `copy`, an empty file.
    pub(super) fn new(
        source: Box<dyn Read + Send>,
        name: &'static str,
        max_bytes: u64,
        copy: SharedFile,
    ) -> Self {
        Self { source: Some(source), name, copy, copied: 0, max_bytes, warning: None }
    }

    /// Returns the file with what has been read.
    pub(super) fn copy(&self) -> &SharedFile {
        &self.copy
    }

    /// Returns the number of bytes that have been read.
    pub(in crate::capture) fn copied(&self) -> u64 {
        self.copied
    }

    /// Returns why the stream ended before its end.
    pub(in crate::capture) fn warning(&self) -> Option<&str> {
        self.warning.as_deref()
    }

    /// Reads the stream to its end.
    pub(super) fn finish(&mut self) -> io::Result<()> {
        io::copy(self, &mut io::sink()).map(drop)
    }

    /// Handles an error of the stream. Damaged data ends it: what was read until then is of use.
    fn fail(&mut self, error: io::Error) -> io::Result<usize> {
        use io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};

        if !matches!(error.kind(), InvalidData | InvalidInput | UnexpectedEof) {
            return Err(error);
        }
        self.source = None;
        let (name, copied) = (self.name, binary_bytes(self.copied));
        let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<BytesBehind>());
        if let Some(BytesBehind(len)) = inner {
            self.warning =
                Some(format!("{} behind the {name} are not read", byte_count(ByteLen::new(*len))));
            return Ok(0);
        }
        self.warning = Some(if error.kind() == UnexpectedEof {
            format!("the {name} is cut off: only the first {copied} were read")
        } else {
            format!("the {name} is damaged: only the first {copied} were read: {error}")
        });
        Ok(0)
    }
}

impl Read for Spool {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let Some(source) = &mut self.source else { return Ok(0) };
        let count = match source.read(out) {
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Err(error),
            Err(error) => return self.fail(error),
        };
        let bytes = out.get(..count).unwrap_or_default();
        let room =
            usize::try_from(self.max_bytes.saturating_sub(self.copied)).unwrap_or(usize::MAX);
        let kept = bytes.get(..room).unwrap_or(bytes);
        if kept.len() < bytes.len() {
            self.warning = Some(format!(
                "the {} has more than {}: what is beyond them was not read",
                self.name,
                binary_bytes(self.max_bytes)
            ));
        }
        if kept.len() < bytes.len() || bytes.is_empty() {
            self.source = None;
        }
        self.copy.write_at(Offset::new(self.copied), kept)?;
        self.copied = self.copied.saturating_add(kept.len() as u64);
        Ok(kept.len())
    }
}

/// A pass through a spool from its first byte on: what has been copied, then the stream.
pub(in crate::capture) struct SpoolReader<'a> {
    spool: &'a mut Spool,
    at: u64,
}

impl<'a> SpoolReader<'a> {
    pub(super) fn new(spool: &'a mut Spool) -> Self {
        Self { spool, at: 0 }
    }
}

impl Read for SpoolReader<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = if self.at < self.spool.copied {
            self.spool.copy.read_at(Offset::new(self.at), out)?
        } else {
            self.spool.read(out)?
        };
        self.at = self.at.saturating_add(count as u64);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A stream that ends with an error.
    struct Failing(&'static [u8], io::ErrorKind);

    impl Read for Failing {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            match self.0.read(out)? {
                0 => Err(self.1.into()),
                count => Ok(count),
            }
        }
    }

    fn copied(spool: &Spool) -> Vec<u8> {
        let mut bytes = Vec::new();
        spool.copy().append_to(&mut bytes, Offset::START, u64::MAX).unwrap();
        bytes
    }

    #[test]
    fn a_stream_is_copied_up_to_the_limit() {
        for (limit, expected, warns) in [(4, &b"0123"[..], true), (10, b"0123456789", false)] {
            let source = Box::new(&b"0123456789"[..]);
            let copy = SharedFile::temporary().unwrap();
            let mut spool = Spool::new(source, "gzip data", limit, copy);
            let mut first = [0; 3];
            spool.read_exact(&mut first).unwrap();
            // Somebody else reads the copy meanwhile.
            assert_eq!((&first, copied(&spool).as_slice()), (b"012", &b"012"[..]));
            spool.finish().unwrap();
            assert_eq!(copied(&spool), expected);
            let warning = "the gzip data has more than 4 B: what is beyond them was not read";
            assert_eq!(spool.warning(), warns.then_some(warning));
        }
    }

    #[test]
    fn damage_ends_the_stream_and_other_errors_are_returned() {
        let read = |kind| {
            let source = Box::new(Failing(b"012", kind));
            let copy = SharedFile::temporary().unwrap();
            let mut spool = Spool::new(source, "zstd data", 9, copy);
            spool.finish().map(|()| (copied(&spool), spool.warning().unwrap().to_owned()))
        };
        let (bytes, warning) = read(io::ErrorKind::UnexpectedEof).unwrap();
        assert_eq!(bytes, b"012");
        assert_eq!(warning, "the zstd data is cut off: only the first 3 B were read");
        let (_, warning) = read(io::ErrorKind::InvalidData).unwrap();
        assert!(warning.starts_with("the zstd data is damaged: only the first 3 B"), "{warning}");
        let error = read(io::ErrorKind::PermissionDenied).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
    }
}
