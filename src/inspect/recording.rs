//! [`RecordingOptions`]: the pcapng file that an inspector records in, and the names of the files
//! of later runs.

use std::io;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::capture::{Recorder, WriteOptions};

/// How many numbers are tried for the file of a later run.
const MAX_NUMBER_TRIES: u64 = 1000;

/// A pcapng file to record to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordingOptions {
    /// The file of the first run. A later run gets a number behind the stem: `x-2.pcapng`.
    pub path: PathBuf,
    /// Whether the first run may overwrite an existing file.
    pub replace: bool,
    /// The number of the only connection to record, from 1; `None` records all.
    pub connection: Option<NonZeroUsize>,
}

/// The open file of a run, or none.
pub(crate) struct Recording(Option<(Recorder, PathBuf)>);

/// Why nothing, or nothing more, is recorded.
#[derive(Debug, Error)]
pub(crate) enum RecordingError {
    /// The file could not be created.
    #[error("could not create {}{}: {error}", path.display(), dangling_link(path))]
    Create {
        /// The file.
        path: PathBuf,
        /// The reason.
        error: io::Error,
    },
    /// The file could not be written.
    #[error("could not write {}: {error}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The reason.
        error: io::Error,
    },
}

impl Recording {
    /// Creates the file of run `run`, counted from 1. Without options nothing is recorded.
    ///
    /// # Errors
    ///
    /// If the file exists and may not be replaced, or the system refuses it.
    pub(crate) fn create(
        options: Option<&RecordingOptions>,
        run: u64,
    ) -> Result<Self, RecordingError> {
        let create = |options: &RecordingOptions| {
            let only = options.connection.map(NonZeroUsize::get);
            options.create(run, |path, write| Recorder::create(path, write, only))
        };
        let created = options.map(create).transpose()?;
        Ok(Self(created.map(|(path, recorder)| (recorder, path))))
    }

    /// A recording that keeps nothing.
    pub(crate) fn none() -> Self {
        Self(None)
    }

    /// The file that is written, if there is one.
    pub(crate) fn path(&self) -> Option<&Path> {
        self.0.as_ref().map(|(_, path)| path.as_path())
    }

    /// Records an event by `write`. After the first error nothing more is written.
    ///
    /// # Errors
    ///
    /// If the file cannot be written.
    pub(crate) fn record(
        &mut self,
        write: impl FnOnce(&mut Recorder) -> io::Result<()>,
    ) -> Result<(), RecordingError> {
        let Some((mut recorder, path)) = self.0.take() else { return Ok(()) };
        if let Err(error) = write(&mut recorder) {
            return Err(RecordingError::Write { path, error });
        }
        self.0 = Some((recorder, path));
        Ok(())
    }
}

impl RecordingOptions {
    /// Creates the file of run `run`, counted from 1, with `create`. A later run gets the first
    /// number that is free: only the first may overwrite a file.
    ///
    /// # Errors
    ///
    /// If the file exists and may not be replaced, or the system refuses it.
    pub(crate) fn create<T>(
        &self,
        run: u64,
        mut create: impl FnMut(&Path, &WriteOptions) -> io::Result<T>,
    ) -> Result<(PathBuf, T), RecordingError> {
        let is_first = run <= 1;
        let options = WriteOptions { replace: is_first && self.replace, secrets: None };
        let mut number = run;
        loop {
            let path = if is_first { self.path.clone() } else { self.path_with_number(number) };
            match create(&path, &options) {
                Ok(created) => return Ok((path, created)),
                Err(error)
                    if !is_first
                        && error.kind() == io::ErrorKind::AlreadyExists
                        && number < run.saturating_add(MAX_NUMBER_TRIES) =>
                {
                    number = number.saturating_add(1);
                }
                Err(error) => return Err(RecordingError::Create { path, error }),
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

impl RecordingError {
    /// Whether the file exists already.
    pub(crate) fn file_exists(&self) -> bool {
        match self {
            Self::Create { path, error } => {
                error.kind() == io::ErrorKind::AlreadyExists && path.exists()
            }
            Self::Write { .. } => false,
        }
    }
}

/// Returns advice if `path` is a dangling link: creating the file fails with "exists", but opening
/// it finds nothing.
fn dangling_link(path: &Path) -> String {
    match std::fs::read_link(path) {
        // A dangling link "exists" for the system's exclusive create, although there is no file.
        Ok(target) if !path.exists() => format!(
            "; it is a symbolic link to {}, which does not exist: name that file, or remove the \
             link",
            target.display()
        ),
        _ => String::new(),
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
        let recording = RecordingOptions { path: named.clone(), replace: true, connection: None };
        let create = |path: &Path, options: &WriteOptions| PcapngWriter::create(path, options);
        assert_eq!(recording.create(1, create).unwrap().0, named);
        let (path, _) = recording.create(2, create).unwrap();
        assert_eq!(path, folder.path().join("x-3.pcapng"));
        assert_eq!(std::fs::read(folder.path().join("x-2.pcapng")).unwrap(), b"mine");
    }

    #[test]
    fn after_the_first_error_nothing_more_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let options = RecordingOptions {
            path: folder.path().join("x.pcapng"),
            replace: false,
            connection: None,
        };
        let mut recording = Recording::create(Some(&options), 1).unwrap();
        recording.record(|_| Ok(())).unwrap();
        let error = recording.record(|_| Err(io::Error::other("disk full"))).unwrap_err();
        let shown = options.path.display();
        assert_eq!(error.to_string(), format!("could not write {shown}: disk full"));
        assert_eq!(recording.path(), None);
        recording.record(|_| panic!("it is given up")).unwrap();

        let error = Recording::create(Some(&options), 1).err().unwrap();
        assert!(error.file_exists(), "{error}");
        assert!(error.to_string().starts_with(&format!("could not create {shown}: ")), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn a_link_that_leads_nowhere_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.pcapng");
        std::os::unix::fs::symlink("nowhere", &path).unwrap();
        let options = RecordingOptions { path, replace: false, connection: None };
        let error = Recording::create(Some(&options), 1).err().unwrap();
        assert!(error.to_string().contains("symbolic link to nowhere, which does not exist"));
        assert!(!error.file_exists());
    }
}
