//! [`PublishedPlace`]: where a talk is that is being shown, in a file that a second terminal reads.

use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tokio::time::sleep;

use crate::scope::{HEAD_START, Scope};

/// The maximum size of the file, in bytes.
const MAX_BYTES: u64 = 16 << 10;

/// A place in a talk that is being shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedPlace {
    /// The number of the slide, from 1.
    pub slide: usize,
    /// The time when the talk began, in seconds since 1970.
    pub started: u64,
    /// The number of the step, from 1.
    pub step: usize,
}

/// A slide and its last revealed step, by their indexes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SlideStep {
    /// The slide, from 0.
    pub slide: usize,
    /// The step, from 0.
    pub step: usize,
}

/// The file of a talk that is being shown. It is removed when this is dropped.
#[derive(Debug)]
pub struct PublishedFile(PlaceFile);

impl Drop for PublishedFile {
    fn drop(&mut self) {
        self.0.remove();
    }
}

/// The file with the place of a deck. It is there while the talk is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlaceFile {
    path: PathBuf,
}

impl PlaceFile {
    /// Returns the file of a deck, by its name, in a folder of the user's.
    pub fn of(folder: &Path, deck: &str) -> Self {
        let mut hasher = DefaultHasher::new();
        deck.hash(&mut hasher);
        Self { path: folder.join(format!("place-{:016x}.json", hasher.finish())) }
    }

    /// Returns its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a place, beside the file and then in its place, so that nobody reads a half.
    ///
    /// # Errors
    ///
    /// As for the file system.
    pub fn publish(&self, place: &PublishedPlace) -> io::Result<()> {
        let folder = self.path.parent().unwrap_or(Path::new(""));
        fs::create_dir_all(folder)?;
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(&serde_json::to_vec(place)?)?;
        file.persist(&self.path)?;
        Ok(())
    }

    /// Writes the places that a talk comes to, on a thread, because the disk may be slow.
    ///
    /// # Errors
    ///
    /// If no thread can be spawned.
    pub fn follow(
        self,
        mut places: watch::Receiver<SlideStep>,
        scope: &Scope,
    ) -> io::Result<PublishedFile> {
        let began = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let file = self.clone();
        scope.spawn_thread("place", move |_| async move {
            sleep(HEAD_START).await;
            loop {
                let SlideStep { slide, step } = *places.borrow_and_update();
                let (slide, step) = (slide.saturating_add(1), step.saturating_add(1));
                let place = PublishedPlace { slide, started: began.as_secs(), step };
                // Whoever has no such file has no notes in a second terminal, and no talk less.
                if file.publish(&place).is_err() || places.changed().await.is_err() {
                    return;
                }
            }
        })?;
        Ok(PublishedFile(self))
    }

    /// Returns the place; `None` if the talk isn't being shown.
    ///
    /// # Errors
    ///
    /// If there is a file and it can't be read.
    pub fn read(&self) -> io::Result<Option<PublishedPlace>> {
        let bytes = match fs::metadata(&self.path) {
            Ok(metadata) if metadata.len() <= MAX_BYTES => fs::read(&self.path),
            Ok(_) => Err(io::Error::new(io::ErrorKind::InvalidData, "the file is too large")),
            Err(error) => Err(error),
        };
        match bytes {
            Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes)?)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Removes the file, if it is there: the talk has ended.
    pub fn remove(&self) {
        // It may be gone already; then nothing is left to do.
        let _ = fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_there_while_the_talk_is() {
        let folder = tempfile::tempdir().unwrap();
        let file = PlaceFile::of(&folder.path().join("wiretalk"), "/home/a/talk.md");
        assert_eq!(file.read().unwrap(), None);
        let place = PublishedPlace { slide: 12, started: 1_764_500_000, step: 2 };
        file.publish(&place).unwrap();
        assert_eq!(file.read().unwrap(), Some(place));
        assert_ne!(file, PlaceFile::of(&folder.path().join("wiretalk"), "/home/b/talk.md"));
        fs::write(file.path(), "{").unwrap();
        assert!(file.read().is_err());
        file.remove();
        assert_eq!(file.read().unwrap(), None);
    }
}
