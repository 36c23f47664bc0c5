//! `wiretalk check DECK...`: what is odd in decks.
//!
//! It draws nothing; the same warnings stand on the slides when the deck is presented.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;

use crate::cli::{bounded_read, output};
use crate::deck::{self, Deck, Warning};
use crate::stage::Registry;
use crate::text;

/// The most bytes of a deck that are read.
const MAX_DECK_BYTES: u64 = 16 << 20;

/// Report problems in decks, and what they would do outside of the talk.
///
/// Each warning names file, line and column, shows the line, and says what would be right. The
/// exit status is 1 if there is any. A note says where a deck wants to connect beyond loopback, to
/// listen or to write a file; presenting it asks first, unless it is trusted (--trust), so a note
/// does not change the exit status.
#[derive(Debug, clap::Args)]
pub struct CheckArgs {
    /// The Markdown files to read
    #[arg(required = true, value_name = "DECK")]
    pub decks: Vec<PathBuf>,
}

impl CheckArgs {
    /// Reads the decks and prints their warnings to standard output.
    ///
    /// # Errors
    ///
    /// If standard output cannot be written. A deck that cannot be read is told like a warning, so
    /// that the others are read all the same.
    pub fn run(self, registry: Registry) -> anyhow::Result<ExitCode> {
        let mut out = String::new();
        let mut odd = false;
        for path in &self.decks {
            match read_source(path) {
                Ok(source) => {
                    odd |= report_deck(&mut out, &printable_path(path), &source, registry)
                }
                Err(error) => {
                    odd = true;
                    out += &format!("{error:#}\n");
                }
            }
        }
        output::print_now(&out)?;
        Ok(if odd { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }
}

/// Prints what there is to say about a deck; true if anything is odd.
fn report_deck(out: &mut String, name: &str, source: &str, registry: Registry) -> bool {
    let (deck, warnings) = parse_deck(source, registry);
    let notes = registry.effects(&deck, source);
    let mut entries: Vec<(&str, &Warning)> = warnings.iter().map(|warning| ("", warning)).collect();
    entries.extend(notes.iter().map(|note| ("note: ", note)));
    entries.sort_by_key(|(_, warning)| warning.position);
    for (kind, warning) in entries {
        *out += &format!("{}\n", warning.report_as(name, kind));
    }
    let notes = if notes.is_empty() {
        String::new()
    } else {
        format!(", {}", counted(notes.len(), "note"))
    };
    let warning_count = counted(warnings.len(), "warning");
    *out += &format!("{name}: {}, {warning_count}{notes}\n", counted(deck.slides.len(), "slide"));
    !warnings.is_empty()
}

/// Reads and checks a deck.
///
/// # Errors
///
/// If the file cannot be read or is not UTF-8; the error says which, where, and what would be
/// right.
pub fn read_deck(path: &Path, registry: Registry) -> anyhow::Result<(Deck, Vec<Warning>)> {
    Ok(parse_deck(&read_source(path)?, registry))
}

/// A deck's text.
fn read_source(path: &Path) -> anyhow::Result<String> {
    let name = printable_path(path);
    let bytes = bounded_read::read_file(path, MAX_DECK_BYTES).with_context(|| {
        format!(
            "could not read the deck {name}; give the path of a Markdown file, or none for the \
             built-in talk"
        )
    })?;
    let source = String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let before = error.as_bytes().get(..valid).unwrap_or_default();
        let line = String::from_utf8_lossy(before).matches('\n').count().saturating_add(1);
        anyhow::anyhow!(
            "{name}:{line}: the deck is not UTF-8 (byte {valid} cannot be read); save it as UTF-8"
        )
    })?;
    Ok(source)
}

/// Parses and checks a deck's text.
pub fn parse_deck(source: &str, registry: Registry) -> (Deck, Vec<Warning>) {
    let (deck, mut warnings) = deck::parse(source);
    warnings.extend(registry.check(&deck, source));
    warnings.sort_by_key(|warning| warning.position);
    (deck, warnings)
}

/// A path as it may be printed.
pub fn printable_path(path: &Path) -> String {
    text::sanitize(&path.to_string_lossy()).into_owned()
}

/// `no warnings`, `1 warning`, `2 warnings`.
fn counted(count: usize, what: &str) -> String {
    match count {
        0 => format!("no {what}s"),
        1 => format!("1 {what}"),
        count => format!("{count} {what}s"),
    }
}
