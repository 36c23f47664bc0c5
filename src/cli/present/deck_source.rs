//! [`DeckSource`]: where the text of a deck comes from.

use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};

use crate::cli::check;

/// The source of a deck's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeckSource {
    /// The built-in talk.
    BuiltIn,
    /// A file.
    File(PathBuf),
    /// Standard input.
    Stdin,
}

impl DeckSource {
    /// Returns the source that the command line names. What is piped is the deck, as `-` is. Keys
    /// come from the terminal in any case.
    pub fn of(deck: Option<&Path>) -> Self {
        Self::choose(deck, io::stdin().is_terminal())
    }

    fn choose(deck: Option<&Path>, terminal: bool) -> Self {
        match deck {
            Some(path) if path == Path::new("-") => Self::Stdin,
            Some(path) => Self::File(path.to_owned()),
            None if terminal => Self::BuiltIn,
            None => Self::Stdin,
        }
    }

    /// Returns the path, if it is a file.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            Self::BuiltIn | Self::Stdin => None,
        }
    }

    /// Returns the name of the source, as warnings show it.
    pub fn name(&self) -> String {
        match self {
            Self::BuiltIn => "talk.md".to_owned(),
            Self::File(path) => check::printable_path(path),
            Self::Stdin => "standard input".to_owned(),
        }
    }
}

/// Returns the text of the deck that is piped into standard input.
///
/// # Errors
///
/// If standard input is a terminal or empty, is too large, or is not UTF-8.
pub fn read_piped_deck() -> anyhow::Result<String> {
    anyhow::ensure!(
        !io::stdin().is_terminal(),
        "- reads the deck from standard input, which is a terminal; pipe a deck into it, or give a \
         file"
    );
    let source = check::read_stdin()?;
    anyhow::ensure!(
        !source.trim().is_empty(),
        "standard input is empty, so there is no deck to present; pipe a deck into it, give a file, \
         or run it from a terminal for the built-in talk"
    );
    Ok(source)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_piped_is_the_deck_unless_one_is_named() {
        let file = DeckSource::File("a.md".into());
        for terminal in [true, false] {
            assert_eq!(DeckSource::choose(Some(Path::new("-")), terminal), DeckSource::Stdin);
            assert_eq!(DeckSource::choose(Some(Path::new("a.md")), terminal), file);
        }
        assert_eq!(DeckSource::choose(None, true), DeckSource::BuiltIn);
        assert_eq!(DeckSource::choose(None, false), DeckSource::Stdin);
    }
}
