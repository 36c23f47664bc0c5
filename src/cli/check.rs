//! `wiretalk check DECK...`: reports problems in decks.
//!
//! The command draws nothing. The same warnings appear on the slides when the deck is presented.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;

use crate::cli::{bounded_read, output, shared_args};
use crate::deck::{self, Deck, LineIndex, Warning};
use crate::stage::{Registry, ThemePair};
use crate::text;

/// The maximum size of a deck, in bytes.
const MAX_DECK_BYTES: u64 = 16 << 20;

/// The arguments of `wiretalk check`.
#[derive(Debug, clap::Args)]
pub struct CheckArgs {
    /// Markdown files to check
    #[arg(required = true, value_name = "DECK")]
    pub decks: Vec<PathBuf>,
}

impl CheckArgs {
    /// Reads the decks and prints their warnings to standard output.
    ///
    /// # Errors
    ///
    /// If standard output cannot be written. A deck that cannot be read is reported like a warning,
    /// so that the remaining decks are still checked.
    pub fn run(self, registry: Registry) -> anyhow::Result<ExitCode> {
        let mut out = String::new();
        let mut has_problems = false;
        for path in &self.decks {
            match read_source(path) {
                Ok(source) => {
                    has_problems |= report_deck(&mut out, path, &source, registry);
                }
                Err(error) => {
                    has_problems = true;
                    out += &format!("{error:#}\n");
                }
            }
        }
        output::print_now(&out)?;
        Ok(if has_problems { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }
}

/// Appends the warnings and notes about a deck to `out`. Returns whether there are warnings.
fn report_deck(out: &mut String, path: &Path, source: &str, registry: Registry) -> bool {
    let name = &printable_path(path);
    let (deck, warnings) = parse_deck_in(folder_of(path), source, registry);
    let notes = registry.effects(&deck, source);
    let mut entries: Vec<(&str, &Warning)> = warnings.iter().map(|warning| ("", warning)).collect();
    entries.extend(notes.iter().map(|note| ("note: ", note)));
    // Warnings and notes come from different passes; a reader goes through the file once.
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
    // A note is no problem: presenting the deck asks for consent.
    !warnings.is_empty()
}

/// Reads and checks a deck.
///
/// # Errors
///
/// If the file cannot be read or is not UTF-8. The message names the file, the line of the first
/// invalid byte, and the remedy.
pub fn read_deck(path: &Path, registry: Registry) -> anyhow::Result<(Deck, Vec<Warning>)> {
    Ok(parse_deck_in(folder_of(path), &read_source(path)?, registry))
}

/// Reads the text of a deck.
pub(super) fn read_source(path: &Path) -> anyhow::Result<String> {
    let name = printable_path(path);
    let bytes = bounded_read::read_file(path, MAX_DECK_BYTES).with_context(|| {
        format!(
            "could not read the deck {name}; give the path of a Markdown file, or no path for the \
             built-in talk"
        )
    })?;
    let source = String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let before = error.as_bytes().get(..valid).unwrap_or_default();
        // The bytes before the invalid one are UTF-8, so the lossy conversion changes nothing.
        let line = String::from_utf8_lossy(before).matches('\n').count().saturating_add(1);
        anyhow::anyhow!(
            "{name}:{line}: the deck is not valid UTF-8 at byte {valid}; save it as UTF-8"
        )
    })?;
    Ok(source)
}

/// Returns the themes that a deck in `folder` asks for, and what is wrong with what it says.
pub fn themes_of(deck: &Deck, folder: &Path) -> (ThemePair, Vec<String>) {
    let Some(setting) = &deck.front_matter.theme else { return Default::default() };
    ThemePair::of_deck(setting, |path| shared_args::read_theme(&folder.join(path)))
}

/// Parses and checks the text of a deck in the current folder. The warnings are sorted by position.
pub fn parse_deck(source: &str, registry: Registry) -> (Deck, Vec<Warning>) {
    parse_deck_in(Path::new(""), source, registry)
}

/// Parses and checks the text of a deck in `folder`, which holds the files that it names.
pub(super) fn parse_deck_in(
    folder: &Path,
    source: &str,
    registry: Registry,
) -> (Deck, Vec<Warning>) {
    let (deck, mut warnings) = deck::parse(source);
    warnings.extend(registry.check(&deck, source));
    if let Some(setting) = &deck.front_matter.theme {
        let lines = LineIndex::new(source);
        let problems = themes_of(&deck, folder).1.into_iter();
        warnings.extend(problems.map(|it| Warning::new(0, setting.position, &lines, it)));
    }
    warnings.sort_by_key(|warning| warning.position);
    (deck, warnings)
}

/// The maximum size of a picture's file, in bytes.
const MAX_PICTURE_BYTES: u64 = 32 << 20;

/// Returns the bytes of a picture that a deck in `folder` names, or a sentence about why not.
///
/// # Errors
///
/// If the file cannot be read, is too large, or is not on this machine.
pub fn read_picture(folder: &Path, path: &str) -> Result<Vec<u8>, String> {
    if path.contains("://") || path.starts_with("data:") {
        return Err("only pictures in files are shown".to_owned());
    }
    let path = folder.join(path);
    let is_file = std::fs::metadata(&path).map_err(|error| error.to_string())?.is_file();
    // A pipe would never end.
    if !is_file {
        return Err("it is no file".to_owned());
    }
    bounded_read::read_file(&path, MAX_PICTURE_BYTES).map_err(|error| error.to_string())
}

/// Returns the folder of a deck's file.
pub fn folder_of(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new(""))
}

/// Returns `path` as text that is safe to print: without control characters.
pub fn printable_path(path: &Path) -> String {
    text::sanitize(&path.to_string_lossy()).into_owned()
}

/// Formats a count: `no warnings`, `1 warning`, `2 warnings`.
fn counted(count: usize, what: &str) -> String {
    match count {
        0 => format!("no {what}s"),
        1 => format!("1 {what}"),
        count => format!("{count} {what}s"),
    }
}
