//! [`ResumeFile`]: where the last runs of decks ended, in a file of the user's state directory.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use serde::{Deserialize, Serialize};

use crate::cli::bounded_read;
use crate::cli::check::printable_path;
use crate::cli::present::user_folder::user_folder;

/// The most decks that are remembered. The one that was shown longest ago is forgotten first.
const MAX_DECKS: usize = 200;
/// The maximum size of the file, in bytes: paths can be 4,096 bytes long.
const MAX_BYTES: u64 = 2 << 20;

/// The file that remembers where the last run of each deck ended.
#[derive(Clone, Debug)]
pub(super) struct ResumeFile {
    path: PathBuf,
}

/// A slide and its step, counted from 1 as people do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RememberedPlace {
    /// The number of the slide.
    pub slide: u32,
    /// The last step that was revealed.
    pub step: u32,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Contents {
    /// The decks, that of the last run at the end.
    decks: Vec<DeckEntry>,
}

#[derive(Debug, Serialize, Deserialize)]
struct DeckEntry {
    deck: String,
    #[serde(flatten)]
    place: RememberedPlace,
}

impl ResumeFile {
    /// Returns the file of this user. `variable` looks up an environment variable. `None` if the
    /// user has no home directory.
    pub(super) fn of_user(variable: impl Fn(&str) -> Option<String>) -> Option<Self> {
        let folder = user_folder("XDG_STATE_HOME", ".local/state", variable)?;
        Some(Self { path: folder.join("places.json") })
    }

    /// Returns the name under which a deck is remembered: its whole path, so that it is the same
    /// from any directory.
    pub(super) fn deck_name(deck: &Path) -> String {
        let whole = fs::canonicalize(deck).unwrap_or_else(|_| deck.to_owned());
        whole.to_string_lossy().into_owned()
    }

    /// Returns where the last run of a deck ended; `None` if it is not remembered.
    ///
    /// # Errors
    ///
    /// If there is a file and it cannot be read.
    pub(super) fn place_of(&self, deck: &str) -> anyhow::Result<Option<RememberedPlace>> {
        let contents = self.read()?;
        Ok(contents.decks.iter().rfind(|entry| entry.deck == deck).map(|entry| entry.place))
    }

    /// Remembers where the run of a deck ended. A file that cannot be read stays as it is, because
    /// it may hold the places of other decks.
    ///
    /// # Errors
    ///
    /// If the file cannot be read or written.
    pub(super) fn remember(&self, deck: &str, place: RememberedPlace) -> anyhow::Result<()> {
        let mut contents = self.read()?;
        contents.decks.retain(|entry| entry.deck != deck);
        contents.decks.push(DeckEntry { deck: deck.to_owned(), place });
        let excess = contents.decks.len().saturating_sub(MAX_DECKS);
        contents.decks.drain(..excess);
        self.write(&contents).with_context(|| {
            format!("could not remember the slide in {}", printable_path(&self.path))
        })
    }

    fn read(&self) -> anyhow::Result<Contents> {
        let name = printable_path(&self.path);
        let bytes = match bounded_read::read_file(&self.path, MAX_BYTES) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Contents::default()),
            Err(error) => {
                return Err(error).with_context(|| format!("could not read the places in {name}"));
            }
        };
        let contents = serde_json::from_slice::<Contents>(&bytes);
        let contents = contents.with_context(|| {
            format!("{name} is damaged; delete it, and places are remembered again")
        })?;
        let valid = |entry: &DeckEntry| entry.place.slide > 0 && entry.place.step > 0;
        ensure!(
            contents.decks.iter().all(valid),
            "{name} is damaged: slides count from 1; delete it"
        );
        Ok(contents)
    }

    /// Writes a file beside it and renames it, so that a run that ends meanwhile leaves no half.
    fn write(&self, contents: &Contents) -> anyhow::Result<()> {
        let folder = self.path.parent().context("it has no directory")?;
        fs::create_dir_all(folder)?;
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(&serde_json::to_vec_pretty(contents)?)?;
        file.persist(&self.path)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(slide: u32) -> RememberedPlace {
        RememberedPlace { slide, step: 2 }
    }

    #[test]
    fn each_deck_has_its_place_and_old_ones_are_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let file = ResumeFile { path: folder.path().join("state/wiretalk/places.json") };
        assert_eq!(file.place_of("/a.md").unwrap(), None);
        file.remember("/a.md", place(3)).unwrap();
        file.remember("/b.md", place(4)).unwrap();
        file.remember("/a.md", place(5)).unwrap();
        assert_eq!(file.place_of("/a.md").unwrap(), Some(place(5)));
        assert_eq!(file.place_of("/b.md").unwrap(), Some(place(4)));
        for number in 0..MAX_DECKS {
            file.remember(&format!("/{number}.md"), place(1)).unwrap();
        }
        assert_eq!(file.place_of("/a.md").unwrap(), None);
        assert_eq!(file.read().unwrap().decks.len(), MAX_DECKS);
        let files = fs::read_dir(file.path.parent().unwrap()).unwrap().count();
        assert_eq!(files, 1, "nothing is left beside it");
    }

    #[test]
    fn a_damaged_file_is_told_and_stays() {
        let folder = tempfile::tempdir().unwrap();
        let file = ResumeFile { path: folder.path().join("places.json") };
        for damaged in ["{", "[]", r#"{"decks":[{"deck":"/a.md","slide":0,"step":1}]}"#] {
            fs::write(&file.path, damaged).unwrap();
            let error = file.place_of("/a.md").unwrap_err().to_string();
            assert!(
                error.contains("places.json is damaged") && error.contains("delete it"),
                "{error}"
            );
            assert!(file.remember("/a.md", place(1)).is_err());
            assert_eq!(fs::read_to_string(&file.path).unwrap(), damaged);
        }
    }

    #[test]
    fn a_directory_that_cannot_be_written_is_named() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("file"), "").unwrap();
        let file = ResumeFile { path: folder.path().join("file/places.json") };
        let error = file.remember("/a.md", place(1)).unwrap_err();
        assert!(format!("{error:#}").contains("file/places.json"), "{error:#}");
    }
}
