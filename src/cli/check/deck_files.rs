//! Reads the files that a deck names from the folder of the deck.

use std::io;
use std::path::{Path, PathBuf};

use crate::cli::bounded_read;
use crate::cli::check::file_digest::FileDigest;
use crate::deck::{FileReader, UnreadableFile};
use crate::text;

/// Why a file that a deck takes in gives nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileFault {
    /// The file's path as the deck names it.
    pub path: String,
    /// A sentence that names the file.
    pub reason: String,
}

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
    /// The files that gave nothing.
    faults: Vec<FileFault>,
    /// The files that were read.
    digests: Vec<FileDigest>,
}

impl DeckFiles {
    /// Creates a reader for a deck in `folder`.
    pub(super) fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            left: MAX_TOTAL_BYTES,
            faults: Vec::new(),
            digests: Vec::new(),
        }
    }

    /// Returns the files that gave nothing, and the digests of all that were read.
    pub(super) fn into_parts(self) -> (Vec<FileFault>, Vec<FileDigest>) {
        (self.faults, self.digests)
    }

    fn read(&mut self, path: &str) -> io::Result<String> {
        let path = self.folder.join(path);
        let bytes = bounded_read::read_regular_file(&path, MAX_FILE_BYTES.min(self.left));
        self.digests.push(FileDigest::new(path, bytes.as_deref()));
        let bytes = bytes?;
        self.left = self.left.saturating_sub(bytes.len() as u64);
        bounded_read::utf8(bytes)
    }
}

impl FileReader for DeckFiles {
    fn read_text(&mut self, path: &str) -> Result<String, UnreadableFile> {
        let text = self.read(path);
        let fault = match &text {
            Ok(text) if text.trim().is_empty() => Some("the file is empty".to_owned()),
            Ok(_) => None,
            Err(error) => Some(error.to_string()),
        };
        if let Some(reason) = fault {
            let reason = format!("{}: {reason}", text::sanitize(path));
            self.faults.push(FileFault { path: path.to_owned(), reason });
        }
        text.map_err(|error| UnreadableFile::new(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deck::{self, LineIndex};

    #[test]
    fn files_are_read_beside_the_deck_and_up_to_a_limit() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("parts")).unwrap();
        let write = |name: &str, text: &[u8]| std::fs::write(folder.path().join(name), text);
        write("parts/one.md", b"# One\n\n<!-- include: two.md -->\n").unwrap();
        write("parts/two.md", b"two\n").unwrap();
        write("latin.md", b"\xe9\n").unwrap();
        let mut files = DeckFiles::new(folder.path());
        let (deck, warnings) =
            deck::parse_with(&LineIndex::new("<!-- include: parts/one.md -->\n"), &mut files);
        assert_eq!(warnings, []);
        assert_eq!(deck.slides[0].blocks.len(), 2);
        assert_eq!(deck.files, ["parts/one.md", "parts/two.md"]);
        let mut reason = |path: &str| files.read_text(path).unwrap_err().to_string();
        assert_eq!(reason("parts"), "it is not a file");
        assert_eq!(reason("latin.md"), "it is not UTF-8 text; save it as UTF-8");
        assert!(reason("nothing.md").contains("No such file"));
        let mut spent = DeckFiles { left: 3, ..files.clone() };
        let error = spent.read_text("parts/two.md").unwrap_err();
        assert!(error.to_string().contains("larger than the limit"), "{error}");
        write("parts/two.md", b"\n").unwrap();
        assert_eq!(files.read_text("parts/two.md").unwrap(), "\n");
        let faults: Vec<String> = files.into_parts().0.into_iter().map(|it| it.path).collect();
        assert_eq!(faults, ["parts", "latin.md", "nothing.md", "parts/two.md"]);
    }
}
