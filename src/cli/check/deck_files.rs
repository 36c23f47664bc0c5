//! Reads the files that a deck names from the folder of the deck.

use std::path::{Path, PathBuf};

use crate::cli::bounded_read;
use crate::deck::{FileReader, UnreadableFile};

/// The maximum size of a file that a deck takes in, in bytes.
const MAX_FILE_BYTES: u64 = 4 << 20;
/// The maximum size of all of them together, in bytes.
const MAX_TOTAL_BYTES: u64 = 32 << 20;

/// The files beside a deck.
#[derive(Clone, Debug)]
pub(super) struct DeckFiles {
    folder: PathBuf,
    /// The number of bytes that may still be read.
    left: u64,
}

impl DeckFiles {
    /// Creates a reader for a deck in `folder`.
    pub(super) fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), left: MAX_TOTAL_BYTES }
    }
}

impl FileReader for DeckFiles {
    fn read_text(&mut self, path: &str) -> Result<String, UnreadableFile> {
        let path = self.folder.join(path);
        // A pipe or a terminal would keep the talk waiting.
        if path.metadata().is_ok_and(|metadata| !metadata.is_file()) {
            return Err(UnreadableFile::new("it is not a file"));
        }
        let bytes = bounded_read::read_file(&path, MAX_FILE_BYTES.min(self.left))
            .map_err(|error| UnreadableFile::new(error.to_string()))?;
        self.left = self.left.saturating_sub(bytes.len() as u64);
        String::from_utf8(bytes).map_err(|_| UnreadableFile::new("it is not UTF-8 text"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deck;

    #[test]
    fn files_are_read_beside_the_deck_and_up_to_a_limit() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("parts")).unwrap();
        let write = |name: &str, text: &[u8]| std::fs::write(folder.path().join(name), text);
        write("parts/one.md", b"# One\n\n<!-- include: two.md -->\n").unwrap();
        write("parts/two.md", b"two\n").unwrap();
        write("latin.md", b"\xe9\n").unwrap();
        let mut files = DeckFiles::new(folder.path());
        let (deck, warnings) = deck::parse_with("<!-- include: parts/one.md -->\n", &mut files);
        assert_eq!(warnings, []);
        assert_eq!(deck.slides[0].blocks.len(), 2);
        assert_eq!(deck.files, ["parts/one.md", "parts/two.md"]);
        let mut reason = |path: &str| files.read_text(path).unwrap_err().to_string();
        assert_eq!(reason("parts"), "it is not a file");
        assert_eq!(reason("latin.md"), "it is not UTF-8 text");
        assert!(reason("nothing.md").contains("No such file"));
        let mut spent = DeckFiles { left: 3, ..files };
        let error = spent.read_text("parts/two.md").unwrap_err();
        assert!(error.to_string().contains("larger than the limit"), "{error}");
    }
}
