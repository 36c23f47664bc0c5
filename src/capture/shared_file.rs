//! [`SharedFile`]: a file that is written and read at several places at once.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::wire::Offset;

/// A file without a position of its own: each call says where it reads or writes. Handles that
/// [`File::try_clone`] makes share one position, which the lock guards.
#[derive(Clone, Debug)]
pub(super) struct SharedFile(Arc<Mutex<File>>);

impl SharedFile {
    pub(super) fn new(file: File) -> Self {
        Self(Arc::new(Mutex::new(file)))
    }

    /// Creates a temporary file. It has no name, so the system removes it however the program ends.
    ///
    /// # Errors
    ///
    /// Fails if no temporary file can be created.
    pub(super) fn temporary() -> io::Result<Self> {
        tempfile::tempfile().map(Self::new)
    }

    /// Reads once from the byte at `offset` on. Returns 0 at the end of the file.
    pub(super) fn read_at(&self, offset: Offset, out: &mut [u8]) -> io::Result<usize> {
        let mut file = self.lock();
        file.seek(SeekFrom::Start(offset.get()))?;
        file.read(out)
    }

    /// Appends at most `len` bytes from `offset` on to `out`: fewer at the end of the file.
    pub(super) fn append_to(&self, out: &mut Vec<u8>, offset: Offset, len: u64) -> io::Result<()> {
        let mut file = self.lock();
        file.seek(SeekFrom::Start(offset.get()))?;
        (&mut *file).take(len).read_to_end(out).map(drop)
    }

    /// Writes all of `bytes` from `offset` on.
    pub(super) fn write_at(&self, offset: Offset, bytes: &[u8]) -> io::Result<()> {
        let mut file = self.lock();
        file.seek(SeekFrom::Start(offset.get()))?;
        file.write_all(bytes)
    }

    /// Returns a handle at the beginning of the file. Nobody else may use the file meanwhile.
    pub(super) fn rewound(&self) -> io::Result<File> {
        let mut file = self.lock().try_clone()?;
        file.rewind()?;
        Ok(file)
    }

    fn lock(&self) -> MutexGuard<'_, File> {
        // Each call seeks first, so a panic between two of them leaves nothing half-changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
