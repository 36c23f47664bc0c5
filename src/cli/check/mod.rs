//! `wiretalk check DECK...`: reports problems in decks.
//!
//! The command draws nothing. The same warnings stand in the corner of the slides while their author
//! rehearses.

mod deck_files;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use ratatui::layout::Size;

use crate::cli::check::deck_files::DeckFiles;
use crate::cli::present::read_keys_file;
use crate::cli::{bounded_read, output, shared_args};
use crate::deck::{self, Deck, DemoFence, Dialect, LineIndex, Position, Warning};
use crate::slide;
use crate::stage::{Registry, ThemePair};
use crate::text;

/// The maximum size of a deck, in bytes.
const MAX_DECK_BYTES: u64 = 16 << 20;
/// The largest screen that a deck can be checked for, which is the largest that is drawn.
const MAX_COLUMNS: u16 = 1000;
const MAX_ROWS: u16 = 500;

/// The arguments of `wiretalk check`.
#[derive(Debug, clap::Args)]
pub struct CheckArgs {
    /// Markdown files to check; - is standard input
    #[arg(required_unless_present = "keys", value_name = "DECK")]
    pub decks: Vec<PathBuf>,

    /// Report what does not fit a screen of this size, such as 80x24; may be given several times
    #[arg(long = "size", value_name = "COLUMNSxROWS", value_parser = parse_size)]
    pub sizes: Vec<Size>,

    /// Check this file of keys too
    #[arg(long, value_name = "FILE")]
    pub keys: Option<PathBuf>,
}

/// Reads a size such as `80x24`.
fn parse_size(text: &str) -> Result<Size, String> {
    let number = |text: &str, most: u16| {
        let number = text.parse::<u16>().ok().filter(|number| (1..=most).contains(number));
        number.ok_or_else(|| {
            format!("expected COLUMNSxROWS, such as 80x24, at most {MAX_COLUMNS}x{MAX_ROWS}")
        })
    };
    let (width, height) = text.split_once(['x', 'X', '×']).unwrap_or((text, ""));
    Ok(Size { width: number(width, MAX_COLUMNS)?, height: number(height, MAX_ROWS)? })
}

/// Finds what is wrong with the text of a file of keys: places and messages, in file order.
pub type CheckKeys = fn(&str) -> Vec<(Position, String)>;

impl CheckArgs {
    /// Reads the decks and prints their warnings to standard output.
    ///
    /// # Errors
    ///
    /// If standard output cannot be written. A deck that cannot be read is reported like a warning,
    /// so that the remaining decks are still checked.
    pub fn run(self, registry: Registry, check_keys: CheckKeys) -> anyhow::Result<ExitCode> {
        let mut out = String::new();
        let mut has_problems = false;
        if let Some(path) = &self.keys {
            match read_keys_file(path) {
                Ok(source) => {
                    has_problems |=
                        report_keys(&mut out, &printable_path(path), &check_keys(&source));
                }
                Err(error) => {
                    has_problems = true;
                    out += &format!("{error:#}\n");
                }
            }
        }
        for path in &self.decks {
            let source = if path == Path::new("-") { read_stdin() } else { read_source(path) };
            match source {
                Ok(source) => {
                    has_problems |= report_deck(&mut out, path, &source, registry, &self.sizes);
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

/// Appends what is wrong with a file of keys to `out`. Returns whether anything is.
fn report_keys(out: &mut String, name: &str, problems: &[(Position, String)]) -> bool {
    let count = counted(problems.len(), "warning");
    for (position, message) in problems {
        *out += &format!("{name}:{}:{}: {message}\n", position.line, position.column);
    }
    *out += &format!("{name}: {count}\n");
    !problems.is_empty()
}

/// Appends the warnings and notes about a deck to `out`. Returns whether there are warnings.
fn report_deck(
    out: &mut String,
    path: &Path,
    source: &str,
    registry: Registry,
    sizes: &[Size],
) -> bool {
    let name = &printable_path(path);
    let (deck, mut warnings) = parse_deck_in(folder_of(path), source, registry);
    for &size in sizes {
        let min_rows = |fence: &DemoFence| {
            let entry = registry.entries().iter().find(|entry| entry.name == fence.name);
            entry.map_or(0, |entry| entry.min_rows)
        };
        warnings.extend(slide::overflows(&deck, source, size, min_rows));
    }
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
    *out += &dialect_line(name, &deck);
    *out += &format!("{name}: {}, {warning_count}{notes}\n", counted(deck.slides.len(), "slide"));
    // A note is no problem: presenting the deck asks for consent.
    !warnings.is_empty()
}

/// Returns the line that says which tool a deck was written for; empty if it is our own.
fn dialect_line(name: &str, deck: &Deck) -> String {
    match (deck.dialect, &deck.dialect_evidence) {
        (Dialect::Headings, _) => {
            format!("{name}: nothing divides the slides, so each begins at a heading\n")
        }
        (Dialect::Wiretalk, _) | (_, None) => String::new(),
        (dialect, Some(evidence)) => {
            let (line, text) = (evidence.position.line, text::ellipsize(&evidence.text, 60));
            format!("{name}: read as {dialect}, because of line {line}: {text}\n")
        }
    }
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

/// Reads the text of a deck. The message of an error names the file, the line of the first invalid
/// byte, and the remedy.
pub(super) fn read_source(path: &Path) -> anyhow::Result<String> {
    let name = printable_path(path);
    let bytes = bounded_read::read_file(path, MAX_DECK_BYTES).with_context(|| {
        format!(
            "could not read the deck {name}; give the path of a Markdown file, or no path for the \
             built-in talk"
        )
    })?;
    decode_source(bytes, &name)
}

/// Reads the text of a deck from standard input, to its end.
pub(super) fn read_stdin() -> anyhow::Result<String> {
    let bytes = bounded_read::read_stream(std::io::stdin().lock(), MAX_DECK_BYTES)
        .context("could not read the deck from standard input")?;
    decode_source(bytes, "standard input")
}

fn decode_source(bytes: Vec<u8>, name: &str) -> anyhow::Result<String> {
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
    let (deck, mut warnings) = deck::parse_with(source, &mut DeckFiles::new(folder));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_columns_by_rows() {
        assert_eq!(parse_size("80x24"), Ok(Size { width: 80, height: 24 }));
        assert_eq!(parse_size("200X60"), Ok(Size { width: 200, height: 60 }));
        for wrong in
            ["", "80", "80x", "x24", "0x24", "80x0", "80x24x2", "-1x24", "1001x24", "80x501"]
        {
            let error = parse_size(wrong).expect_err(wrong);
            assert!(error.contains("such as 80x24"), "{error}");
        }
    }
}
