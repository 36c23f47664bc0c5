//! [`RecordingOptions`]: the pcapng file that keeps what an inspector sees, and the name of each further one.

use std::io;
use std::path::{Path, PathBuf};

use crate::capture::WriteOptions;

/// The most numbers that are tried for the file of a further run.
const MAX_RECORDING_FILES: u64 = 1000;

/// A pcapng file that keeps what is seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordingOptions {
    /// The file that was named; a further run gets a number behind its stem.
    pub path: PathBuf,
    /// A file that is there already is written over.
    pub replace: bool,
}

impl RecordingOptions {
    /// Creates the file of run `run` (from 1) with `create`, and gives its path with what came of
    /// it. A further run gets a new file, with the first number that is free: only the file
    /// that was named may be written over.
    pub fn create<T>(
        &self,
        run: u64,
        mut create: impl FnMut(&Path, &WriteOptions) -> io::Result<T>,
    ) -> (PathBuf, io::Result<T>) {
        let options = |replace| WriteOptions { replace, secrets: None };
        if run <= 1 {
            return (self.path.clone(), create(&self.path, &options(self.replace)));
        }
        let mut number = run;
        loop {
            let path = self.path_with_number(number);
            match create(&path, &options(false)) {
                Err(error)
                    if error.kind() == io::ErrorKind::AlreadyExists
                        && number < run.saturating_add(MAX_RECORDING_FILES) =>
                {
                    number = number.saturating_add(1);
                }
                created => return (path, created),
            }
        }
    }

    fn path_with_number(&self, number: u64) -> PathBuf {
        let stem = self.path.file_stem().unwrap_or_default().to_string_lossy();
        let ending = self
            .path
            .extension()
            .map_or_else(String::new, |ending| format!(".{}", ending.display()));
        self.path.with_file_name(format!("{stem}-{number}{ending}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::PcapngWriter;

    #[test]
    fn a_further_connection_gets_a_file_of_its_own_and_writes_over_none() {
        let folder = tempfile::tempdir().unwrap();
        let named = folder.path().join("x.pcapng");
        std::fs::write(folder.path().join("x-2.pcapng"), "mine").unwrap();
        let recording = RecordingOptions { path: named.clone(), replace: true };
        let create = |path: &Path, options: &WriteOptions| PcapngWriter::create(path, options);
        assert_eq!(recording.create(1, create).0, named);
        let (path, created) = recording.create(2, create);
        assert_eq!((path, created.is_ok()), (folder.path().join("x-3.pcapng"), true));
        assert_eq!(std::fs::read(folder.path().join("x-2.pcapng")).unwrap(), b"mine");
    }
}
