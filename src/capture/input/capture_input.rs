//! [`CaptureInput`]: the plain bytes of a capture, wherever they come from.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek as _};
use std::path::Path;

use crate::capture::error::{CaptureError, UnknownFormat};
use crate::capture::input::gzip::GzipReader;
use crate::capture::input::spool::{self, Spool, SpoolReader};
use crate::capture::input::zstd::ZstdReader;
use crate::capture::shared_file::SharedFile;
use crate::wire::Offset;

/// The number of bytes that decide the format.
const FIRST_BYTES: u64 = 512;

/// The number of bytes that tell whether a stream is compressed.
const MAGIC_BYTES: u64 = 8;

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
            Self::Gzip => Box::new(GzipReader::new(source)),
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
    /// The first bytes of a copy that may grow meanwhile.
    Part(SharedFile, u64),
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
        source: impl Read + Send + 'static,
        path: &Path,
    ) -> Result<Self, CaptureError> {
        let io = |source| CaptureError::Io { path: path.to_owned(), source };
        Self::of_spool(spool_stream(source, path, SharedFile::temporary().map_err(io)?)?, path)
    }

    /// Returns the first `len` bytes of the copy of a stream, which may grow meanwhile.
    ///
    /// # Errors
    ///
    /// Fails if the copy cannot be read, or if it is compressed, as the stream was.
    pub(in crate::capture) fn part(
        copy: &SharedFile,
        len: u64,
        path: &Path,
    ) -> Result<Self, CaptureError> {
        let io = |source| CaptureError::Io { path: path.to_owned(), source };
        let mut first = Vec::new();
        copy.append_to(&mut first, Offset::START, len.min(FIRST_BYTES)).map_err(io)?;
        Self { first, bytes: InputBytes::Part(copy.clone(), len) }.plain(path)
    }

    fn decompress(
        compression: Compression,
        source: impl Read + Send + 'static,
        path: &Path,
    ) -> Result<Self, CaptureError> {
        let io = |source| CaptureError::Io { path: path.to_owned(), source };
        let copy = SharedFile::temporary().map_err(io)?;
        Self::of_spool(decompressing_spool(compression, source, copy), path)
    }

    fn of_spool(mut spool: Spool, path: &Path) -> Result<Self, CaptureError> {
        let io = |source| CaptureError::Io { path: path.to_owned(), source };
        let first = read_first(&mut spool).map_err(io)?;
        if let (true, Some(warning)) = (first.is_empty(), spool.warning()) {
            return Err(unreadable(warning, path));
        }
        Self { first, bytes: InputBytes::Spool(Box::new(spool)) }.plain(path)
    }

    /// Checks that the bytes are not compressed any more.
    fn plain(self, path: &Path) -> Result<Self, CaptureError> {
        let unknown = |reason| CaptureError::Unknown { path: path.to_owned(), reason };
        match Compression::of(&self.first).map_err(unknown)? {
            None => Ok(self),
            Some(_) => Err(unknown(UnknownFormat::CompressedTwice)),
        }
    }

    /// Returns the bytes that decide the format: the first 512, or fewer if there are fewer.
    pub(in crate::capture) fn first(&self) -> &[u8] {
        &self.first
    }

    /// Whether more bytes would decide nothing about the format.
    pub(in crate::capture) fn has_all_first(&self) -> bool {
        self.first.len() as u64 >= FIRST_BYTES
    }

    /// Whether it is the beginning of a copy that may grow meanwhile.
    pub(in crate::capture) fn is_part(&self) -> bool {
        matches!(self.bytes, InputBytes::Part(..))
    }

    /// Returns the file in which each byte is at its place once it has been read.
    pub(in crate::capture) fn file(&self) -> io::Result<SharedFile> {
        Ok(match &self.bytes {
            InputBytes::File(file) => SharedFile::new(file.try_clone()?),
            InputBytes::Spool(spool) => spool.copy().clone(),
            InputBytes::Part(copy, _) => copy.clone(),
        })
    }

    /// Returns a reader of all bytes from the first one on.
    pub(in crate::capture) fn reader(&mut self) -> io::Result<InputReader<'_>> {
        Ok(match &mut self.bytes {
            InputBytes::File(file) => {
                file.rewind()?;
                InputReader::File(file)
            }
            InputBytes::Spool(spool) => InputReader::Spool(SpoolReader::new(spool)),
            InputBytes::Part(copy, len) => InputReader::Part { copy, at: 0, len: *len },
        })
    }

    /// Reads everything and returns the file, which is at its beginning.
    pub(in crate::capture) fn whole_file(&mut self) -> io::Result<File> {
        if let InputBytes::Spool(spool) = &mut self.bytes {
            spool.finish()?;
        }
        self.file()?.rewound()
    }

    /// Why the input ended before its end.
    pub(in crate::capture) fn warning(&self) -> Option<&str> {
        match &self.bytes {
            InputBytes::Spool(spool) => spool.warning(),
            InputBytes::File(_) | InputBytes::Part(..) => None,
        }
    }
}

/// A pass through the bytes of a capture.
pub(in crate::capture) enum InputReader<'a> {
    File(&'a File),
    Spool(SpoolReader<'a>),
    /// The next byte is at `at`, and `len` bytes are read in all.
    Part {
        copy: &'a SharedFile,
        at: u64,
        len: u64,
    },
}

impl Read for InputReader<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::File(file) => file.read(out),
            Self::Spool(spool) => spool.read(out),
            Self::Part { copy, at, len } => {
                let left = usize::try_from(len.saturating_sub(*at)).unwrap_or(usize::MAX);
                let room = out.len().min(left);
                let out = out.get_mut(..room).unwrap_or_default();
                let count = copy.read_at(Offset::new(*at), out)?;
                *at = at.saturating_add(count as u64);
                Ok(count)
            }
        }
    }
}

/// Begins to copy a stream to `copy`, and decompresses it if necessary. `path` names it in errors.
/// No more than the first few bytes are read.
///
/// # Errors
///
/// Fails if the stream cannot be read, or if its compression is not supported.
pub(in crate::capture) fn spool_stream(
    mut source: impl Read + Send + 'static,
    path: &Path,
    copy: SharedFile,
) -> Result<Spool, CaptureError> {
    let unknown = |reason| CaptureError::Unknown { path: path.to_owned(), reason };
    let io = |source| CaptureError::Io { path: path.to_owned(), source };
    let mut first = Vec::new();
    (&mut source).take(MAGIC_BYTES).read_to_end(&mut first).map_err(io)?;
    let compression = Compression::of(&first).map_err(unknown)?;
    let whole = io::Cursor::new(first).chain(source);
    Ok(match compression {
        None => Spool::new(Box::new(whole), "stream", spool::MAX_BYTES, copy),
        Some(compression) => decompressing_spool(compression, whole, copy),
    })
}

fn decompressing_spool(
    compression: Compression,
    source: impl Read + Send + 'static,
    copy: SharedFile,
) -> Spool {
    let source = compression.decompress(source);
    Spool::new(source, compression.name(), spool::MAX_BYTES, copy)
}

/// Returns the error of a stream of which nothing could be read.
pub(in crate::capture) fn unreadable(warning: &str, path: &Path) -> CaptureError {
    let source = io::Error::new(io::ErrorKind::InvalidData, warning);
    CaptureError::Io { path: path.to_owned(), source }
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
