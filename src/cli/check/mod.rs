//! `wiretalk check DECK...`: reports problems in decks.
//!
//! The command draws nothing. The same warnings stand in the corner of the slides while their author
//! rehearses.

mod deck_files;
mod deck_reading;
mod file_digest;
mod pictures;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use ratatui::layout::Size;

use crate::cli::output;
use crate::cli::present::read_keys_file;
use crate::deck::{self, Block, Deck, DemoFence, Dialect, Position, SourceProblems, Warning};
use crate::learn::Bank;
use crate::slide;
use crate::stage::Registry;
use crate::text::{self, counted};

use deck_files::DeckFiles;
pub use deck_files::FileFault;
use deck_reading::parse_deck_in;
pub use deck_reading::{
    ReadDeck, folder_of, parse_deck, printable_path, read_beginning, read_deck,
};
pub(super) use deck_reading::{parse_deck_file, read_source, read_stdin};
pub use file_digest::FileDigest;
pub use pictures::read_picture;

/// The largest screen that a deck can be checked for, which is the largest that is drawn.
const MAX_COLUMNS: u16 = 1000;
const MAX_ROWS: u16 = 500;

/// The arguments of `wiretalk check`.
#[derive(Debug, clap::Args)]
pub struct CheckArgs {
    /// Markdown files to check, and TOML files of questions, exercises or a lesson; - is standard
    /// input
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

/// Finds what is wrong with the text of a file: places and messages, in file order.
pub type CheckText = fn(&str) -> Vec<(Position, String)>;

/// The checks of files that are no decks.
#[derive(Clone, Copy)]
pub struct FileChecks {
    /// That of a file of keys.
    pub keys: CheckText,
    /// That of a lesson: a TOML file with steps.
    pub lesson: CheckText,
}

/// Finds what is wrong with a TOML file of questions and exercises, or of a lesson.
fn toml_problems(source: &str, checks: FileChecks) -> Vec<(Position, String)> {
    let has_steps = |line: &str| line.trim_start().starts_with("[[step");
    if source.lines().any(has_steps) {
        return (checks.lesson)(source);
    }
    let (_, problems) = Bank::read(source);
    problems.into_iter().map(|problem| (problem.position, problem.message)).collect()
}

impl CheckArgs {
    /// Reads the decks and prints their warnings to standard output. What cannot be read is named on
    /// standard error, and the remaining decks are still checked.
    ///
    /// # Errors
    ///
    /// If standard output cannot be written.
    pub fn run(self, registry: Registry, checks: FileChecks) -> anyhow::Result<ExitCode> {
        let report = self.report(registry, checks);
        output::print_now(&report.out)?;
        for error in &report.unread {
            // Standard error is the last place that could be told.
            let _ = writeln!(std::io::stderr(), "wiretalk: {error:#}");
        }
        let is_clean = report.unread.is_empty() && !report.has_problems;
        Ok(if is_clean { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    fn report(&self, registry: Registry, checks: FileChecks) -> Report {
        let mut report = Report::default();
        if let Some(path) = &self.keys {
            match read_keys_file(path) {
                Ok(source) => {
                    report.has_problems |= report_list(
                        &mut report.out,
                        &printable_path(path),
                        &(checks.keys)(&source),
                    );
                }
                Err(error) => report.unread.push(error),
            }
        }
        for path in &self.decks {
            let source = if path == Path::new("-") { read_stdin() } else { read_source(path) };
            match source {
                Ok(source) if path.extension().is_some_and(|ending| ending == "toml") => {
                    let problems = toml_problems(&source, checks);
                    report.has_problems |=
                        report_list(&mut report.out, &printable_path(path), &problems);
                }
                Ok(source) => {
                    report.has_problems |=
                        report_deck(&mut report.out, path, &source, registry, &self.sizes);
                }
                Err(error) => report.unread.push(error),
            }
        }
        report
    }
}

/// The output about all decks.
#[derive(Default)]
struct Report {
    /// The lines for standard output.
    out: String,
    /// Why some files were not checked.
    unread: Vec<anyhow::Error>,
    has_problems: bool,
}

/// Appends what is wrong with a file to `out`. Returns whether anything is.
fn report_list(out: &mut String, name: &str, problems: &[(Position, String)]) -> bool {
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
    let ReadDeck { deck, mut warnings, .. } = parse_deck_in(folder_of(path), source, registry);
    for &size in sizes {
        let min_rows = |fence: &DemoFence| {
            let entry = registry.entries().iter().find(|entry| entry.name == fence.name);
            entry.map_or(0, |entry| entry.min_rows)
        };
        warnings.extend(slide::overflows(&deck, source, size, min_rows));
    }
    let mut files = DeckFiles::new(folder_of(path));
    let SourceProblems { in_deck, in_list } = deck::check_sources(&deck, source, &mut files);
    warnings.extend(in_deck);
    let notes = registry.effects(&deck, source);
    let mut entries: Vec<(&str, &Warning)> = warnings.iter().map(|warning| ("", warning)).collect();
    entries.extend(notes.iter().map(|note| ("note: ", note)));
    // Warnings and notes come from different passes; a reader goes through the file once.
    entries.sort_by_key(|(_, warning)| warning.position);
    for (kind, warning) in entries {
        *out += &format!("{}\n", warning.report_as(name, kind));
    }
    if let Some(sources) = &deck.front_matter.sources {
        let list = printable_path(&folder_of(path).join(&sources.path));
        for warning in &in_list {
            *out += &format!("{}\n", warning.report(&list));
        }
    }
    let notes = if notes.is_empty() {
        String::new()
    } else {
        format!(", {}", counted(notes.len(), "note"))
    };
    let warning_count = counted(warnings.len().saturating_add(in_list.len()), "warning");
    *out += &dialect_line(name, &deck);
    if let Some(headings) = undivided(&deck) {
        *out += &format!(
            "{name}: one slide with {headings} headings; to divide it, write --- between blank \
             lines\n"
        );
    }
    *out += &format!("{name}: {}, {warning_count}{notes}\n", counted(deck.slides.len(), "slide"));
    // A note is no problem: presenting the deck asks for consent.
    !warnings.is_empty() || !in_list.is_empty()
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

/// Returns the number of headings of a deck whose only slide may be meant to be several.
fn undivided(deck: &Deck) -> Option<usize> {
    let [slide] = deck.slides.as_slice() else { return None };
    let headings = slide.blocks.iter().filter(|block| matches!(block, Block::Heading { .. }));
    Some(headings.count()).filter(|&count| count > 1)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::demos::REGISTRY;

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

    fn report(decks: &[&Path]) -> Report {
        let decks = decks.iter().map(|path| path.to_path_buf()).collect();
        let args = CheckArgs { decks, sizes: Vec::new(), keys: None };
        let checks = FileChecks { keys: |_| Vec::new(), lesson: |_| Vec::new() };
        args.report(REGISTRY, checks)
    }

    #[test]
    fn a_deck_that_cannot_be_read_does_not_keep_the_others_from_being_checked() {
        let folder = tempfile::tempdir().unwrap();
        let (latin, good) = (folder.path().join("latin.md"), folder.path().join("good.md"));
        fs::write(&latin, b"caf\xe9\n").unwrap();
        fs::write(&good, "# A\n").unwrap();
        let report = report(&[&latin, &folder.path().join("gone.md"), &good]);
        assert!(report.out.ends_with("good.md: 1 slide, no warnings\n"), "{}", report.out);
        assert_eq!((report.out.lines().count(), report.has_problems), (1, false));
        let unread: Vec<_> = report.unread.iter().map(|error| format!("{error:#}")).collect();
        let [latin, gone] = &unread[..] else { panic!("{unread:?}") };
        assert!(latin.contains("latin.md:1: the deck is not valid UTF-8"), "{latin}");
        assert!(gone.starts_with("could not read the deck "), "{gone}");
    }

    #[test]
    fn a_deck_that_may_be_meant_to_be_divided_gets_a_hint() {
        let folder = tempfile::tempdir().unwrap();
        let deck = folder.path().join("deck.md");
        let hint = |source: &str| {
            fs::write(&deck, source).unwrap();
            report(&[&deck]).out.contains("to divide it, write ---")
        };
        assert!(hint("# A\n\na\n\n# B\n\nb\n"));
        assert!(!hint("# A\n\na\n"));
        assert!(!hint("# A\n\na\n\n---\n\n# B\n\nb\n"));
    }

    #[test]
    fn a_file_of_questions_is_checked_and_one_of_a_lesson_by_whoever_plays_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("own.toml");
        fs::write(&path, "format = 1\n[[question]]\nid = 7\n").unwrap();
        let found = report(&[&path]);
        assert!(found.has_problems && found.out.contains("own.toml:3:6: "), "{}", found.out);
        fs::write(&path, "format = 1\n").unwrap();
        assert!(!report(&[&path]).has_problems);
        fs::write(&path, "[[step]]\n").unwrap();
        let args = CheckArgs { decks: vec![path], sizes: Vec::new(), keys: None };
        let lesson = |_: &str| vec![(Position { line: 1, column: 1 }, "no title".to_owned())];
        let report = args.report(REGISTRY, FileChecks { keys: |_| Vec::new(), lesson });
        assert!(report.has_problems && report.out.contains("own.toml:1:1: no title"));
    }

    #[test]
    fn the_notes_are_held_to_the_list_of_sources() {
        let folder = tempfile::tempdir().unwrap();
        let (deck, list) = (folder.path().join("deck.md"), folder.path().join("sources.md"));
        let source = "---\nsources: sources.md\n---\n\n# A\n\n<!-- speaker_note: See [F2]. -->\n";
        fs::write(&deck, source).unwrap();
        fs::write(&list, "- **F2** Two: <https://a.example>, read 2026-11-22.\n").unwrap();
        let clean = report(&[&deck]);
        assert!(clean.out.ends_with("deck.md: 1 slide, no warnings\n"), "{}", clean.out);
        assert!(!clean.has_problems);
        fs::write(&list, "- **F1** One, read 2026-11-22.\n").unwrap();
        let Report { out, has_problems, .. } = report(&[&deck]);
        assert!(out.contains("deck.md:7:25: no source `F2` in `sources.md`"), "{out}");
        assert!(out.contains("sources.md:1:5: the source `F1` has no link"), "{out}");
        assert!(out.ends_with("deck.md: 1 slide, 2 warnings\n") && has_problems, "{out}");
    }
}
