//! The files that a deck names: the caller reads them, because this package touches none.

use std::cell::RefCell;
use std::fmt;

/// Reads the files that a deck names.
pub trait FileReader {
    /// Returns the text of the file at `path`, as the deck names it: relative to the deck.
    ///
    /// # Errors
    ///
    /// If there is no such file, or if it can't be read or isn't text.
    fn read_text(&mut self, path: &str) -> Result<String, UnreadableFile>;
}

/// Why a file that a deck names can't be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnreadableFile {
    reason: String,
}

impl UnreadableFile {
    /// Creates an error with a reason for people, such as `no such file`.
    pub fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into() }
    }
}

impl fmt::Display for UnreadableFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

impl std::error::Error for UnreadableFile {}

/// Reads no file: for a deck that stands alone.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoFiles;

impl FileReader for NoFiles {
    fn read_text(&mut self, _: &str) -> Result<String, UnreadableFile> {
        Err(UnreadableFile::new("no file is read for this deck"))
    }
}

/// A way to read the text of a file that the deck names.
pub(super) type ReadText<'a> = &'a (dyn Fn(&str) -> Result<String, UnreadableFile> + 'a);

/// The files of a deck, for all who read it.
pub(super) struct Files<'f> {
    reader: RefCell<&'f mut dyn FileReader>,
    named: RefCell<Vec<String>>,
}

impl<'f> Files<'f> {
    /// Creates the files that `reader` reads.
    pub(super) fn new(reader: &'f mut dyn FileReader) -> Self {
        Self { reader: RefCell::new(reader), named: RefCell::default() }
    }

    /// Returns the text of the file at `path`.
    pub(super) fn read_text(&self, path: &str) -> Result<String, UnreadableFile> {
        let mut named = self.named.borrow_mut();
        if !named.iter().any(|known| known == path) {
            named.push(path.to_owned());
        }
        self.reader.borrow_mut().read_text(path)
    }

    /// Returns the paths of all files that were asked for, each once, in that order.
    pub(super) fn into_named(self) -> Vec<String> {
        self.named.into_inner()
    }
}
