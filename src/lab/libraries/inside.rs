//! [`LibraryInside`]: how a library is built, by file, function and line.

use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use thiserror::Error;

/// The inside of a library at one version: its principle, and the places that show it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LibraryInside {
    /// The id of the library.
    pub library: String,
    /// The module that the files are in.
    pub module: String,
    /// The version of the module.
    pub version: String,
    /// The principle of its design, in a few words.
    pub principle: String,
    /// The principle in a paragraph.
    pub principle_says: String,
    /// The places, by topic.
    #[serde(rename = "place")]
    pub places: Vec<Place>,
}

/// A function, and what it does.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// The topic, for example `masking`.
    pub topic: String,
    /// The file within the module.
    pub file: String,
    /// The function, as the language's documentation writes it.
    pub function: String,
    /// The line of its declaration, from 1.
    pub line: u32,
    /// A sentence that begins with a verb.
    pub does: String,
    /// The consequence for whoever uses it.
    pub matters: String,
}

/// The reason for which a library cannot be explained.
#[derive(Debug, Error)]
pub enum InsideError {
    /// No page is written about it.
    #[error("there is no page about `{library}`; there is one about: {}", known.join(", "))]
    Unknown {
        /// The library.
        library: String,
        /// Those with a page.
        known: Vec<String>,
    },
    /// The file or its folder cannot be read.
    #[error("could not read {}: {source}", path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// The file is not TOML, or a field is missing, unknown or of the wrong type.
    #[error("{}: {source}", path.display())]
    Toml {
        /// The file.
        path: PathBuf,
        /// The error, with line and field.
        source: Box<toml::de::Error>,
    },
}

impl LibraryInside {
    /// Reads the page about `library` in `folder/inside`.
    ///
    /// # Errors
    /// Fails if there is none, or if it has a mistake.
    pub fn read(folder: &Path, library: &str) -> Result<Self, InsideError> {
        let folder = folder.join("inside");
        let known = names(&folder)?;
        if !known.iter().any(|name| name == library) {
            return Err(InsideError::Unknown { library: library.to_owned(), known });
        }
        let path = folder.join(format!("{library}.toml"));
        let text = std::fs::read_to_string(&path)
            .map_err(|source| InsideError::Read { path: path.clone(), source })?;
        toml::from_str(&text).map_err(|source| InsideError::Toml { path, source: Box::new(source) })
    }
}

/// Returns the libraries that have a page, sorted.
fn names(folder: &Path) -> Result<Vec<String>, InsideError> {
    let failed = |source| InsideError::Read { path: folder.to_owned(), source };
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|extension| extension == "toml")
            && let Some(name) = path.file_stem().and_then(|name| name.to_str())
        {
            names.push(name.to_owned());
        }
    }
    names.sort();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("demos/libraries")
    }

    #[test]
    fn every_page_can_be_read() {
        let names = names(&folder().join("inside")).unwrap();
        assert!(names.contains(&"gorilla".to_owned()), "{names:?}");
        for name in names {
            let inside = LibraryInside::read(&folder(), &name).unwrap();
            assert_eq!(inside.library, name);
            assert!(!inside.places.is_empty(), "{name}");
        }
    }

    #[test]
    fn a_library_without_a_page_is_refused_with_those_that_have_one() {
        for name in ["nothing", "../contestants"] {
            let error = LibraryInside::read(&folder(), name).unwrap_err().to_string();
            assert!(error.starts_with(&format!("there is no page about `{name}`")), "{error}");
            assert!(error.contains("coder, "), "{error}");
        }
    }
}
