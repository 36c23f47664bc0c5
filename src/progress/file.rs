//! [`ProgressFile`]: reads the lines of a progress file and appends to them.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use crate::learn::{Progress, ProgressEvent};

/// The most bytes that are read. A file of this size holds 50,000 answers.
const MAX_LEN: u64 = 4 << 20;
/// A file that is longer is rewritten with one event for each answer that still counts.
const REWRITE_LEN: usize = 512 << 10;
/// The most files that are set aside beside it.
const MAX_SET_ASIDE: u32 = 100;

/// A progress file. It need not exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProgressFile {
    path: PathBuf,
}

/// The contents of a progress file.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct LoadedProgress {
    /// The answers.
    pub progress: Progress,
    /// Where a file with broken lines was put, and the number of those lines.
    pub set_aside: Option<(PathBuf, usize)>,
}

/// An error of a progress file.
#[derive(Debug, thiserror::Error)]
pub enum ProgressError {
    /// It cannot be read.
    #[error("can't read the progress in {}: {error}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The reason.
        error: io::Error,
    },
    /// It cannot be written.
    #[error("can't keep progress in {}: {error}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The reason.
        error: io::Error,
    },
}

impl ProgressFile {
    /// Names a file.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Returns its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads the file; one that does not exist is empty. Blocks while another process writes it. A
    /// file with broken lines is copied beside itself, and then holds its other lines alone.
    ///
    /// # Errors
    ///
    /// If it exists and cannot be read.
    pub fn load(&self) -> Result<LoadedProgress, ProgressError> {
        let failed = |error| ProgressError::Read { path: self.path.clone(), error };
        if !self.path.exists() {
            return Ok(LoadedProgress::default());
        }
        // Opening a pipe waits for its writer.
        if !fs::metadata(&self.path).map_err(failed)?.is_file() {
            return Err(failed(io::Error::other("it isn't a file")));
        }
        // Without the right to write, it is only read.
        let lock = self.lock().ok();
        let mut bytes = Vec::new();
        let file = File::open(&self.path).map_err(failed)?;
        file.take(MAX_LEN).read_to_end(&mut bytes).map_err(failed)?;
        let text = String::from_utf8_lossy(&bytes);
        let (progress, bad) = Progress::read(&text);
        let mut loaded = LoadedProgress { progress, set_aside: None };
        if lock.is_none() {
            return Ok(loaded);
        }
        if !bad.is_empty() {
            let copy = self.set_aside().map_err(failed)?;
            let is_good = |number: usize| bad.iter().all(|bad| bad.line != number);
            let lines = (1..).zip(text.lines()).filter(|(number, _)| is_good(*number));
            let good: String = lines.map(|(_, line)| line.to_owned() + "\n").collect();
            self.replace(&good).map_err(failed)?;
            loaded.set_aside = Some((copy, bad.len()));
        } else if bytes.len() > REWRITE_LEN {
            let events = loaded.progress.to_events();
            let lines: String = events.iter().map(ProgressEvent::to_line).collect();
            // It would only be shorter.
            if lines.len() < bytes.len() {
                let _ = self.replace(&lines);
            }
        }
        Ok(loaded)
    }

    /// Appends an event, on disk when this returns. Blocks while another process writes the file.
    ///
    /// # Errors
    ///
    /// If the file or its folder cannot be written.
    pub fn append(&self, event: &ProgressEvent) -> Result<(), ProgressError> {
        self.append_line(event)
            .map_err(|error| ProgressError::Write { path: self.path.clone(), error })
    }

    fn append_line(&self, event: &ProgressEvent) -> io::Result<()> {
        if let Some(folder) = self.path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            fs::create_dir_all(folder)?;
        }
        let _lock = self.lock()?;
        let mut file = OpenOptions::new().read(true).append(true).create(true).open(&self.path)?;
        // A line that was cut short by a crash must not swallow this one.
        let mut line = String::new();
        if file.metadata()?.len() > 0 {
            let mut last = [0];
            file.seek(SeekFrom::End(-1))?;
            file.read_exact(&mut last)?;
            if last != *b"\n" {
                line.push('\n');
            }
        }
        line += &event.to_line();
        file.write_all(line.as_bytes())?;
        file.sync_data()
    }

    /// Waits until no other process has the file. It is free again when the lock is dropped.
    fn lock(&self) -> io::Result<File> {
        let mut options = OpenOptions::new();
        let lock = options.create(true).truncate(false).write(true).open(self.beside(".lock"))?;
        lock.lock()?;
        Ok(lock)
    }

    /// Copies the file to a name beside it that is free.
    fn set_aside(&self) -> io::Result<PathBuf> {
        for number in 1..=MAX_SET_ASIDE {
            let copy = self.beside(&format!(".broken-{number}"));
            if !copy.exists() {
                fs::copy(&self.path, &copy)?;
                return Ok(copy);
            }
        }
        Err(io::Error::other(format!(
            "there are {MAX_SET_ASIDE} broken ones beside it; delete those that you don't need"
        )))
    }

    /// Replaces the contents, in whole or not at all.
    fn replace(&self, text: &str) -> io::Result<()> {
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let mut file = tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))?;
        file.write_all(text.as_bytes())?;
        file.as_file().sync_data()?;
        file.persist(&self.path)?;
        Ok(())
    }

    fn beside(&self, ending: &str) -> PathBuf {
        let mut name: OsString = self.path.as_os_str().to_owned();
        name.push(ending);
        name.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(item: &str, right: bool) -> ProgressEvent {
        ProgressEvent { at: 5, item: item.to_owned(), right: Some(right) }
    }

    #[test]
    fn what_is_appended_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let file = ProgressFile::new(folder.path().join("data/wiretalk/progress.jsonl"));
        assert_eq!(file.load().unwrap(), LoadedProgress::default());
        file.append(&event("a", true)).unwrap();
        file.append(&event("a", false)).unwrap();
        let loaded = file.load().unwrap();
        let item = loaded.progress.item("a").unwrap();
        assert_eq!((item.right, item.wrong, loaded.set_aside), (1, 1, None));
    }

    #[test]
    fn a_line_that_was_cut_short_is_set_aside_and_the_others_stay() {
        let folder = tempfile::tempdir().unwrap();
        let file = ProgressFile::new(folder.path().join("progress.jsonl"));
        file.append(&event("a", true)).unwrap();
        let torn = event("b", true).to_line();
        let mut whole = fs::read(file.path()).unwrap();
        whole.extend_from_slice(&torn.as_bytes()[..10]);
        fs::write(file.path(), &whole).unwrap();
        // An answer that comes before the next start stands in a line of its own.
        file.append(&event("c", true)).unwrap();
        let broken = fs::read(file.path()).unwrap();
        let loaded = file.load().unwrap();
        let (copy, count) = loaded.set_aside.unwrap();
        assert_eq!((fs::read(&copy).unwrap(), count), (broken, 1));
        assert_eq!(loaded.progress.names().collect::<Vec<_>>(), ["a", "c"]);
        assert_eq!(
            file.load().unwrap(),
            LoadedProgress { set_aside: None, ..file.load().unwrap() }
        );
        fs::write(file.path(), b"\xff\xfe\n{").unwrap();
        let again = file.load().unwrap().set_aside.unwrap().0;
        assert_ne!(again, copy, "an earlier one stays");
        assert_eq!(fs::read(file.path()).unwrap(), b"");
    }

    #[test]
    fn many_writers_at_once_lose_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let file = ProgressFile::new(folder.path().join("progress.jsonl"));
        std::thread::scope(|scope| {
            for writer in 0..4 {
                let file = &file;
                scope.spawn(move || {
                    for number in 0..50 {
                        file.append(&event(&format!("{writer}-{number}"), true)).unwrap();
                        if number % 10 == 0 {
                            file.load().unwrap();
                        }
                    }
                });
            }
        });
        let loaded = file.load().unwrap();
        assert_eq!((loaded.progress.names().count(), loaded.set_aside), (200, None));
    }

    #[test]
    fn a_long_file_is_rewritten_with_the_same_progress() {
        let folder = tempfile::tempdir().unwrap();
        let file = ProgressFile::new(folder.path().join("progress.jsonl"));
        let reset = ProgressEvent { at: 5, item: "old".to_owned(), right: None };
        let lines = (event("old", true).to_line() + &reset.to_line()).repeat(10_000);
        fs::write(file.path(), lines + &event("a", true).to_line()).unwrap();
        let before = file.load().unwrap().progress;
        assert!(fs::metadata(file.path()).unwrap().len() < 100);
        assert_eq!(file.load().unwrap().progress, before);
    }

    #[test]
    fn a_file_that_cannot_be_written_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let error = ProgressFile::new(folder.path()).append(&event("a", true)).unwrap_err();
        assert!(error.to_string().starts_with("can't keep progress in "), "{error}");
        let error = ProgressFile::new(folder.path()).load().unwrap_err();
        assert!(error.to_string().contains("it isn't a file"), "{error}");
    }
}
