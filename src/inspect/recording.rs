//! [`RecordingOptions`]: the pcapng file that an inspector records in, and the names of the files
//! of later runs.

use std::io;
use std::path::{Path, PathBuf};

use crate::capture::WriteOptions;

/// The maximum number of file names to try for a later run.
const MAX_RECORDING_FILES: u64 = 1000;

/// The pcapng file to record in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordingOptions {
    /// The file of the first run. Later runs append a number to its stem: `x-2.pcapng`.
    pub path: PathBuf,
    /// Whether to overwrite an existing file.
    pub replace: bool,
}

impl RecordingOptions {
    /// Creates the file of run `run`, from 1, with `create`. Returns its path and the result of
    /// `create`. A later run uses the first free number from `run` on and never overwrites a file,
    /// because the user has named only the first one.
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
            // Tries to create the file instead of looking for it first: another program may create
            // it in between.
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

    /// Returns the path with a number at the end of its stem.
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
    fn a_later_run_gets_its_own_file_and_overwrites_none() {
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
