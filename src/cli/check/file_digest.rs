//! What a file held when it was read, in a few bytes.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io;
use std::path::{Path, PathBuf};

use crate::cli::bounded_read;

/// The maximum size of a file whose digest is taken, in bytes: the largest that a deck may have.
const MAX_BYTES: u64 = 16 << 20;

/// A file and a digest of what it held. Digests of different runs are not comparable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileDigest {
    /// The file.
    pub path: PathBuf,
    /// Of its bytes, or of the reason why they could not be read.
    digest: u64,
}

impl FileDigest {
    /// Returns the digest of the file at `path`, which gave `bytes`.
    pub(super) fn new(path: PathBuf, bytes: Result<&[u8], &io::Error>) -> Self {
        let mut hasher = DefaultHasher::new();
        bytes.map_err(ToString::to_string).hash(&mut hasher);
        Self { path, digest: hasher.finish() }
    }

    /// Reads the file at `path` for its digest.
    pub(in crate::cli) fn of(path: &Path) -> Self {
        let bytes = bounded_read::read_regular_file(path, MAX_BYTES);
        Self::new(path.to_owned(), bytes.as_deref())
    }

    /// Whether the file still holds what it held.
    pub fn is_current(&self) -> bool {
        *self == Self::of(&self.path)
    }
}
