//! [`CaptureCopy`]: the pcapng file that the connections of a capture are copied into.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use super::recording::{RecordingError, RecordingOptions};
use crate::capture::{Capture, PcapngWriter};

/// A file that the connections of a capture are copied into.
pub(crate) struct CaptureCopy {
    path: PathBuf,
    /// The index of the only connection to write.
    only: Option<usize>,
    writer: PcapngWriter<File>,
}

impl CaptureCopy {
    /// Creates the file of run `run`, counted from 1, for a copy of the capture at `from`.
    ///
    /// # Errors
    ///
    /// If the file exists and may not be replaced, if it is the capture itself, or if the system
    /// refuses it.
    pub(crate) fn create(
        recording: &RecordingOptions,
        run: u64,
        from: &Path,
    ) -> Result<Self, RecordingError> {
        let (path, writer) = recording.create(run, |path, options| {
            // Before the writer truncates it: the copy reads its source while it is written.
            if is_same_file(path, from) {
                return Err(io::Error::other("it is the file that is being read"));
            }
            PcapngWriter::create(path, options)
        })?;
        let only = recording.connection.map(|number| number.get().saturating_sub(1));
        Ok(Self { path, only, writer })
    }

    /// Writes the connections of a capture. Returns the path, and what the copy lacks, as a sentence.
    ///
    /// # Errors
    ///
    /// If the capture cannot be read, or the file cannot be written.
    pub(crate) fn write(
        mut self,
        capture: &Capture,
    ) -> Result<(PathBuf, Option<String>), RecordingError> {
        match capture.write(&mut self.writer, self.only) {
            Ok(lacking) => Ok((self.path, lacking)),
            Err(error) => Err(RecordingError::Write { path: self.path, error }),
        }
    }
}

/// Whether both paths lead to the same file, through any links. Only a regular file is opened for
/// that: opening a FIFO would block until it has a reader.
pub(crate) fn is_same_file(one: &Path, other: &Path) -> bool {
    one.is_file() && same_file::is_same_file(one, other).unwrap_or(false)
}
