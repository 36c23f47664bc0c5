//! What a file held when it was read, in a few bytes.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::cli::bounded_read;

/// The maximum size of a file whose digest is taken, in bytes: the largest that a deck may have.
const MAX_BYTES: u64 = 16 << 20;
/// The number of bytes of a file that are in memory at once.
const PIECE_BYTES: u64 = 32 << 10;

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
        let content = match bytes {
            Ok(bytes) => digest(bytes).map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        Self::from_content(path, &content)
    }

    /// Reads the file at `path` for its digest.
    pub(in crate::cli) fn of(path: &Path) -> Self {
        let content = bounded_read::open_regular_file(path).and_then(digest);
        Self::from_content(path.to_owned(), &content.map_err(|error| error.to_string()))
    }

    /// Returns the digest of a file, of whose bytes this is the digest, or why there is none.
    fn from_content(path: PathBuf, content: &Result<u64, String>) -> Self {
        let mut hasher = DefaultHasher::new();
        content.hash(&mut hasher);
        Self { path, digest: hasher.finish() }
    }

    /// Whether the file still holds what it held.
    pub fn is_current(&self) -> bool {
        *self == Self::of(&self.path)
    }
}

/// Returns a digest of all bytes of `stream`, which are read piece by piece.
fn digest(mut stream: impl Read) -> io::Result<u64> {
    let mut hasher = DefaultHasher::new();
    let (mut piece, mut total) = (Vec::new(), 0_u64);
    loop {
        piece.clear();
        // All pieces but the last have this size, however the stream gives them.
        let count = stream.by_ref().take(PIECE_BYTES).read_to_end(&mut piece)?;
        total = total.saturating_add(count as u64);
        if count == 0 {
            return Ok(hasher.finish());
        }
        if total > MAX_BYTES {
            return Err(bounded_read::too_large(MAX_BYTES));
        }
        piece.hash(&mut hasher);
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_file_has_the_digest_of_the_bytes_that_it_gave() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deck.md");
        for length in [0, 1, PIECE_BYTES, PIECE_BYTES + 1, 3 * PIECE_BYTES - 1] {
            let mut bytes: Vec<u8> = (0..length).map(|at| (at % 251) as u8).collect();
            fs::write(&path, &bytes).unwrap();
            assert_eq!(FileDigest::of(&path), FileDigest::new(path.clone(), Ok(&bytes)));
            bytes.push(0);
            assert!(!FileDigest::new(path.clone(), Ok(&bytes)).is_current(), "{length} bytes");
        }
        fs::remove_file(&path).unwrap();
        let missing = fs::read(&path).unwrap_err();
        assert!(FileDigest::new(path.clone(), Err(&missing)).is_current());
        assert_ne!(FileDigest::of(&path), FileDigest::new(path, Ok(b"")));
    }
}
