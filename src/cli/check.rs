//! `wiretalk check DECK...`: what is odd in decks.
//!
//! It draws nothing; the same warnings stand on the slides when the deck is presented.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;

use crate::deck::{self, Deck, Warning};
use crate::stage::Registry;
use crate::text;

/// Tell what is odd in decks.
///
/// Each warning names file, line and column, shows the line, and says what would be right. The
/// exit status is 1 if there is any.
#[derive(Debug, clap::Args)]
pub struct Check {
    /// The Markdown files to read
    #[arg(required = true, value_name = "DECK")]
    pub decks: Vec<PathBuf>,
}

impl Check {
    /// Reads the decks and prints their warnings to standard output.
    ///
    /// # Errors
    ///
    /// If standard output cannot be written. A deck that cannot be read is told like a warning, so
    /// that the others are read all the same.
    pub fn run(self, registry: Registry) -> anyhow::Result<ExitCode> {
        let mut out = io::stdout().lock();
        let mut odd = false;
        for path in &self.decks {
            let name = name(path);
            match read(path, registry) {
                Ok((deck, warnings)) => {
                    odd |= !warnings.is_empty();
                    for warning in &warnings {
                        writeln!(out, "{}", warning.report(&name))?;
                    }
                    writeln!(out, "{name}: {}, {}", slides(deck.slides.len()), count(warnings.len()))?;
                }
                Err(error) => {
                    odd = true;
                    writeln!(out, "{error:#}")?;
                }
            }
        }
        Ok(if odd { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }
}

/// Reads and checks a deck.
///
/// # Errors
///
/// If the file cannot be read or is not UTF-8; the error says which, where, and what would be right.
pub fn read(path: &Path, registry: Registry) -> anyhow::Result<(Deck, Vec<Warning>)> {
    let name = name(path);
    let bytes = std::fs::read(path).with_context(|| {
        format!(
            "could not read the deck {name}; give the path of a Markdown file, or none for the built-in talk"
        )
    })?;
    let source = String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let line = 1 + String::from_utf8_lossy(&error.as_bytes()[..valid]).matches('\n').count();
        anyhow::anyhow!(
            "{name}:{line}: the deck is not UTF-8 (byte {valid} cannot be read); save it as UTF-8"
        )
    })?;
    Ok(parse(&source, registry))
}

/// Parses and checks a deck's text.
pub fn parse(source: &str, registry: Registry) -> (Deck, Vec<Warning>) {
    let (deck, mut warnings) = deck::parse(source);
    warnings.extend(registry.check(&deck, source));
    warnings.sort_by_key(|warning| warning.at);
    (deck, warnings)
}

/// A path as it may be printed.
pub fn name(path: &Path) -> String {
    text::visible(&path.to_string_lossy()).into_owned()
}

fn slides(count: usize) -> String {
    if count == 1 { "1 slide".to_owned() } else { format!("{count} slides") }
}

fn count(warnings: usize) -> String {
    match warnings {
        0 => "no warnings".to_owned(),
        1 => "1 warning".to_owned(),
        count => format!("{count} warnings"),
    }
}
