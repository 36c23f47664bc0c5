//! [`NotesArgs`]: the options of `wiretalk notes`.

use std::path::PathBuf;

use anyhow::Context as _;

use crate::cli::check;
use crate::cli::present::deck_source::DeckSource;
use crate::cli::present::talk_memory::TalkMemory;
use crate::cli::shared_args::{ThemeArg, parse_theme};
use crate::deck::Deck;
use crate::published_place::PlaceFile;
use crate::stage::Registry;

/// The options of `wiretalk notes`.
#[derive(Debug, clap::Args)]
pub struct NotesArgs {
    /// The Markdown file that the other terminal shows [default: the built-in talk]
    #[arg(value_name = "DECK")]
    pub deck: Option<PathBuf>,
    /// Colour theme: a name, or a TOML file [default: the one that fits the terminal's background]
    #[arg(long, value_name = "NAME|FILE", value_parser = parse_theme)]
    pub theme: Option<ThemeArg>,
}

impl NotesArgs {
    /// Returns the file with the place of the talk. `variable` looks up an environment variable.
    ///
    /// # Errors
    ///
    /// If the user has no folder for it.
    pub fn place_file(
        &self,
        variable: impl Fn(&str) -> Option<String>,
    ) -> anyhow::Result<PlaceFile> {
        let source = self.deck.clone().map_or(DeckSource::BuiltIn, DeckSource::File);
        let memory = TalkMemory::of(&source, false, &variable);
        memory
            .and_then(|memory| memory.place_file(variable))
            .context("there's no home directory, so the other terminal can't say where its talk is")
    }

    /// Reads the deck, or the talk that is built in.
    ///
    /// # Errors
    ///
    /// As for [`check::read_deck`].
    pub fn read(&self, built_in: &str, registry: Registry) -> anyhow::Result<Deck> {
        match &self.deck {
            Some(path) => Ok(check::read_deck(path, registry)?.deck),
            None => Ok(check::parse_deck(built_in, registry).deck),
        }
    }
}
