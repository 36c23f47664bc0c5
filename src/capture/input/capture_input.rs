//! [`CaptureInput`]: the plain bytes of a capture, wherever they come from.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek as _};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;

use crate::capture::error::{CaptureError, UnknownFormat};
use crate::capture::input::spool::{self, Spool, SpoolReader};
use crate::capture::input::zstd::ZstdReader;

/// The number of bytes that decide the format.
const FIRST_BYTES: u64 = 512;

/// A compression, recognized by the first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Compression {
    Gzip,
    Zstd,
}

impl Compression {
    /// # Errors
    ///
    /// The name of a compression that is not supported.
    fn of(first: &[u8]) -> Result<Option<Self>, UnknownFormat> {
        Ok(match first {
            // The only method of compression in RFC 1952 is 8.
            [0x1f, 0x8b, 8, ..] => Some(Self::Gzip),
            // A frame, or a skippable frame (RFC 8878 section 3.1).
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Some(Self::Zstd),
            // A frame, and the older format of the Linux kernel.
            [0x04, 0x22, 0x4d, 0x18, ..] | [0x02, 0x21, 0x4c, 0x18, ..] => {
                return Err(UnknownFormat::Compressed { format: "LZ4", tool: "lz4 -d" });
            }
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => {
                return Err(UnknownFormat::Compressed { format: "xz", tool: "xz -d" });
            }
            [b'B', b'Z', b'h', b'1'..=b'9', b'1', b'A', b'Y', ..] => {
                return Err(UnknownFormat::Compressed { format: "bzip2", tool: "bzip2 -d" });
            }
            [b'P', b'K', 3, 4, ..] => {
                return Err(UnknownFormat::Compressed { format: "zip", tool: "unzip" });
            }
            _ => None,
        })
    }

    fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip data",
            Self::Zstd => "zstd data",
        }
    }

    fn decompress(self, source: impl Read + Send + 'static) -> Box<dyn Read + Send> {
        let source = BufReader::with_capacity(1 << 16, source);
        match self {
            Self::Gzip => Box::new(MultiGzDecoder::new(source)),
            Self::Zstd => Box::new(ZstdReader::new(source)),
        }
    }
}

/// The plain bytes of a capture, which can be read from the beginning again.
pub(in crate::capture) struct CaptureInput {
    first: Vec<u8>,
    bytes: InputBytes,
}

enum InputBytes {
    File(File),
    Spool(Box<Spool>),
}

impl CaptureInput {
    /// Opens the file at `path`, and decompresses it if necessary. No more than the first bytes are
    /// read.
    ///
    /// # Errors
    ///
    /// Fails if the file cannot be read, or if its compression is not supported.
    pub(in crate::capture) fn open(path: &Path) -> Result<Self, CaptureError> {
        let io = |source| CaptureError::Io { path: path.to_owned(), source };
        let unknown = |reason| CaptureError::Unknown { path: path.to_owned(), reason };
        let mut file = open_file(path)?;
        let first = read_first(&mut file).map_err(io)?;
        match Compression::of(&first).map_err(unknown)? {
            None => Ok(Self { first, bytes: InputBytes::File(file) }),
            Some(compression) => {
                file.rewind().map_err(io)?;
                Self::decompress(compression, file, path)
            }
        }
    }

    /// Begins to read a stream, and decompresses it if necessary. `path` names it in errors.
    ///
    /// # Errors
    ///
    /// As for [`Self::open`].
    pub(in crate::capture) fn stream(
        mut source: impl Read + Send + 'static,
        path: &Path,
    ) -> Result<Self, CaptureError> {
        let unknown = |reason| CaptureError::Unknown { path: path.to_owned(), reason };
        let io = |source| CaptureError::Io { path: path.to_owned(), source };
        let first = read_first(&mut source).map_err(io)?;
        let compression = Compression::of(&first).map_err(unknown)?;
        let whole = io::Cursor::new(first).chain(source);
        match compression {
            None => Self::spool(Box::new(whole), "stream", path),
            Some(compression) => Self::decompress(compression, whole, path),
        }
    }

    fn decompress(
        compression: Compression,
        source: impl Read + Send + 'static,
        path: &Path,
    ) -> Result<Self, CaptureError> {
        let input = Self::spool(compression.decompress(source), compression.name(), path)?;
        let unknown = |reason| CaptureError::Unknown { path: path.to_owned(), reason };
        match Compression::of(&input.first).map_err(unknown)? {
            None => Ok(input),
            Some(_) => Err(unknown(UnknownFormat::CompressedTwice)),
        }
    }

    fn spool(
        source: Box<dyn Read + Send>,
        name: &'static str,
        path: &Path,
    ) -> Result<Self, CaptureError> {
        let io = |source| CaptureError::Io { path: path.to_owned(), source };
        let mut spool = Spool::new(source, name, spool::MAX_BYTES).map_err(io)?;
        let first = read_first(&mut spool).map_err(io)?;
        if let (true, Some(warning)) = (first.is_empty(), spool.warning()) {
            return Err(io(io::Error::new(io::ErrorKind::InvalidData, warning)));
        }
        Ok(Self { first, bytes: InputBytes::Spool(Box::new(spool)) })
    }

    /// Returns the bytes that decide the format: the first 512, or fewer if there are fewer.
    pub(in crate::capture) fn first(&self) -> &[u8] {
        &self.first
    }

    /// Returns the file in which each byte is at its place once it has been read.
    pub(in crate::capture) fn file(&self) -> &File {
        match &self.bytes {
            InputBytes::File(file) => file,
            InputBytes::Spool(spool) => spool.copy(),
        }
    }

    /// Returns a reader of all bytes from the first one on.
    pub(in crate::capture) fn reader(&mut self) -> io::Result<InputReader<'_>> {
        Ok(match &mut self.bytes {
            InputBytes::File(file) => {
                file.rewind()?;
                InputReader::File(file)
            }
            InputBytes::Spool(spool) => InputReader::Spool(SpoolReader::new(spool)),
        })
    }

    /// Reads everything and returns the file, which is at its beginning.
    pub(in crate::capture) fn whole_file(&mut self) -> io::Result<File> {
        if let InputBytes::Spool(spool) = &mut self.bytes {
            spool.finish()?;
        }
        let mut file = self.file().try_clone()?;
        file.rewind()?;
        Ok(file)
    }

    /// Why the input ended before its end.
    pub(in crate::capture) fn warning(&self) -> Option<&str> {
        match &self.bytes {
            InputBytes::File(_) => None,
            InputBytes::Spool(spool) => spool.warning(),
        }
    }
}

/// A pass through the bytes of a capture.
pub(in crate::capture) enum InputReader<'a> {
    File(&'a File),
    Spool(SpoolReader<'a>),
}

impl Read for InputReader<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::File(file) => file.read(out),
            Self::Spool(spool) => spool.read(out),
        }
    }
}

/// Opens a regular file.
fn open_file(path: &Path) -> Result<File, CaptureError> {
    let io = |source| CaptureError::Io { path: path.to_owned(), source };
    let unknown = |reason| CaptureError::Unknown { path: path.to_owned(), reason };
    // Checked before the file is opened, because opening a fifo could wait for a writer, and
    // opening a device could have an effect.
    let about = std::fs::metadata(path).map_err(io)?;
    if about.is_dir() {
        return Err(unknown(UnknownFormat::Directory));
    }
    if !about.is_file() {
        return Err(unknown(UnknownFormat::NotRegular));
    }
    File::open(path).map_err(io)
}

fn read_first(source: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut first = Vec::new();
    source.take(FIRST_BYTES).read_to_end(&mut first)?;
    Ok(first)
}
