//! The files that a deck includes: how deep, how many, and where what they name lies.

use crate::deck::{Block, Position};

/// How deep files can include files.
const MAX_INCLUDE_DEPTH: usize = 8;
/// How many files a deck can include in all.
const MAX_INCLUDES: usize = 500;

/// The files that are being included.
#[derive(Debug, Default)]
pub(super) struct Includes {
    /// Their paths from the deck's folder, the outermost first.
    open: Vec<String>,
    /// How many were included so far.
    count: usize,
    /// The place in the deck of what is being read, if that is an included file.
    pub(super) position: Option<Position>,
}

impl Includes {
    /// Begins to read the file that the one being read names `path`, by a directive at `at`.
    /// Returns its path from the deck's folder.
    ///
    /// # Errors
    ///
    /// If it can't be included.
    pub(super) fn open(&mut self, path: &str, at: Position) -> Result<String, Refusal> {
        let path = beside(self.open.last().map(String::as_str), path);
        if self.open.contains(&path) {
            return Err(Refusal::Circle(path));
        }
        if self.open.len() == MAX_INCLUDE_DEPTH {
            return Err(Refusal::TooDeep);
        }
        if self.count == MAX_INCLUDES {
            return Err(Refusal::TooMany);
        }
        self.count += 1;
        if self.open.is_empty() {
            self.position = Some(at);
        }
        self.open.push(path.clone());
        Ok(path)
    }

    /// Ends the file that was begun last.
    pub(super) fn close(&mut self) {
        self.open.pop();
        if self.open.is_empty() {
            self.position = None;
        }
    }

    /// Makes the paths of images relative to the deck, which an included file has relative to
    /// itself.
    pub(super) fn locate_images(&self, block: &mut Block) {
        let Some(file) = self.open.last() else { return };
        if let Block::Image(image) = block {
            image.path = beside(Some(file), &image.path);
        }
        for block in block.child_lists().into_iter().flatten() {
            self.locate_images(block);
        }
    }
}

/// Why a file isn't included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// It includes itself.
    Circle(String),
    /// Too many files around it include each other.
    TooDeep,
    /// The deck has included too many files.
    TooMany,
}

impl Refusal {
    /// Returns the refusal as a sentence.
    pub(super) fn message(&self) -> String {
        match self {
            Self::Circle(path) => format!("`{path}` includes itself; leave this out"),
            Self::TooDeep => format!("files can include files at most {MAX_INCLUDE_DEPTH} deep"),
            Self::TooMany => format!("a deck can include at most {MAX_INCLUDES} files"),
        }
    }
}

/// Returns the path of what the file at `including` names: relative paths begin where that file
/// lies.
pub(super) fn beside(including: Option<&str>, path: &str) -> String {
    match including.and_then(|outer| outer.rsplit_once('/')) {
        Some((folder, _)) if !path.starts_with('/') && !path.contains("://") => {
            format!("{folder}/{path}")
        }
        _ => path.to_owned(),
    }
}
