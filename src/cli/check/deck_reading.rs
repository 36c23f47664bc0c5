//! Reads decks with the files that they name, and checks them.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use anyhow::Context as _;

use crate::cli::check::deck_files::{DeckFiles, FileFault};
use crate::cli::check::file_digest::FileDigest;
use crate::cli::check::pictures::missing_pictures;
use crate::cli::{bounded_read, shared_args};
use crate::deck::{self, Deck, LineIndex, Warning};
use crate::stage::{Registry, ThemePair};
use crate::text;

/// The maximum size of a deck, in bytes.
const MAX_DECK_BYTES: u64 = 16 << 20;

/// The length from which on a deck is long, in bytes: reading it takes longer than a frame may.
const LONG_DECK: u64 = 256 << 10;

/// The length of the beginning that is shown while the rest of a long deck is read, in bytes.
const BEGINNING: u64 = 32 << 10;

/// A deck that was read, with all that it names.
#[derive(Clone, Debug, PartialEq)]
pub struct ReadDeck {
    /// The slides.
    pub deck: Deck,
    /// The warnings, in the order of the file.
    pub warnings: Vec<Warning>,
    /// The themes that the deck asks for.
    pub themes: ThemePair,
    /// The files that give nothing, as an editor leaves them in the middle of a save.
    pub faults: Vec<FileFault>,
    /// What the deck's file and the files that it takes in held. A deck from no file has none of its
    /// own.
    pub digests: Vec<FileDigest>,
    /// Whether it is only the beginning of the deck.
    pub is_beginning: bool,
}

/// Reads and checks a deck.
///
/// # Errors
///
/// If the file cannot be read or is not UTF-8. The message names the file, the line of the first
/// invalid byte, and the remedy.
pub fn read_deck(path: &Path, registry: Registry) -> anyhow::Result<ReadDeck> {
    Ok(parse_deck_file(path, &read_source(path)?, registry))
}

/// Reads and checks the beginning of a long deck, or the whole of another one.
///
/// # Errors
///
/// As for [`read_deck`].
pub fn read_beginning(path: &Path, registry: Registry) -> anyhow::Result<ReadDeck> {
    match beginning_of(path) {
        Some(beginning) => {
            let read = parse_deck_file(path, &beginning, registry);
            Ok(ReadDeck { is_beginning: true, ..read })
        }
        None => read_deck(path, registry),
    }
}

/// Returns the lines of a long deck that are shown first. `None` if it isn't long, or if reading all
/// of it will tell what is wrong with it.
fn beginning_of(path: &Path) -> Option<String> {
    let mut file = File::open(path).ok()?;
    if !(LONG_DECK..=MAX_DECK_BYTES).contains(&file.metadata().ok()?.len()) {
        return None;
    }
    let mut bytes = Vec::new();
    file.by_ref().take(BEGINNING).read_to_end(&mut bytes).ok()?;
    if !is_utf8(bytes.chain(file)).ok()? {
        return None;
    }
    let paragraph = bytes.windows(2).rposition(|pair| pair == b"\n\n");
    // Without the end of a line it is no deck for people.
    let end = paragraph.or_else(|| bytes.iter().rposition(|byte| *byte == b'\n'))?;
    bytes.truncate(end.saturating_add(1));
    String::from_utf8(bytes).ok()
}

/// Whether all of a stream is UTF-8, of which only a piece is in memory at once.
fn is_utf8(mut stream: impl Read) -> io::Result<bool> {
    let mut piece = Vec::new();
    loop {
        let count = stream.by_ref().take(BEGINNING).read_to_end(&mut piece)?;
        match str::from_utf8(&piece) {
            Ok(_) if count == 0 => return Ok(true),
            Ok(_) => piece.clear(),
            // The rest of the last character is in the next piece, if there is one.
            Err(error) if error.error_len().is_none() && count > 0 => {
                piece.drain(..error.valid_up_to());
            }
            Err(_) => return Ok(false),
        }
    }
}

/// Reads the text of a deck. The message of an error names the file, the line of the first invalid
/// byte, and the remedy.
pub(in crate::cli) fn read_source(path: &Path) -> anyhow::Result<String> {
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
pub(in crate::cli) fn read_stdin() -> anyhow::Result<String> {
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

/// Parses and checks the text of the deck in the file at `path`.
pub(in crate::cli) fn parse_deck_file(path: &Path, source: &str, registry: Registry) -> ReadDeck {
    let mut read = parse_deck_in(folder_of(path), source, registry);
    read.digests.push(FileDigest::new(path.to_owned(), Ok(source.as_bytes())));
    read
}

/// Parses and checks the text of a deck in the current folder. The warnings are sorted by position.
pub fn parse_deck(source: &str, registry: Registry) -> ReadDeck {
    parse_deck_in(Path::new(""), source, registry)
}

/// Parses and checks the text of a deck in `folder`, which holds the files that it names.
pub(super) fn parse_deck_in(folder: &Path, source: &str, registry: Registry) -> ReadDeck {
    let mut files = DeckFiles::new(folder);
    let lines = LineIndex::new(source);
    let (deck, mut warnings) = deck::parse_with(&lines, &mut files);
    let (mut faults, mut digests) = files.into_parts();
    warnings.extend(registry.check(&deck, &lines));
    warnings.extend(missing_pictures(folder, &deck, &lines));
    let mut themes = ThemePair::default();
    if let Some(setting) = &deck.front_matter.theme {
        let (asked, problems) = ThemePair::of_deck(setting, |path| {
            let path_of_file = folder.join(path);
            digests.push(FileDigest::of(&path_of_file));
            let theme = shared_args::read_theme(&path_of_file);
            if let Err(reason) = &theme {
                faults.push(FileFault { path: path.to_owned(), reason: reason.clone() });
            }
            theme
        });
        let problems = problems.into_iter();
        warnings.extend(problems.map(|it| Warning::new(0, setting.position, &lines, it)));
        themes = asked;
    }
    warnings.sort_by_key(|warning| warning.position);
    ReadDeck { deck, warnings, themes, faults, digests, is_beginning: false }
}

/// Returns the folder of a deck's file.
pub fn folder_of(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new(""))
}

/// Returns `path` as text that is safe to print: without control characters.
pub fn printable_path(path: &Path) -> String {
    text::sanitize(&path.to_string_lossy()).into_owned()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::demos::REGISTRY;

    #[test]
    fn only_of_a_long_deck_is_the_beginning_read_first() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deck.md");
        let slide = "# Grüße\n\nwords\n\n---\n\n";
        for (count, is_long) in [(2_000, false), (20_000, true)] {
            fs::write(&path, slide.repeat(count)).unwrap();
            let (first, whole) =
                (read_beginning(&path, REGISTRY).unwrap(), read_deck(&path, REGISTRY).unwrap());
            assert_eq!((first.is_beginning, whole.is_beginning), (is_long, false));
            let (shown, all) = (first.deck.slides, whole.deck.slides);
            assert_eq!(shown.len() < all.len(), is_long, "{} of {}", shown.len(), all.len());
            // The last one may be cut.
            let same = shown.iter().zip(&all).take(shown.len() - 1);
            assert!(same.clone().count() > 900 && same.clone().all(|(a, b)| a.same_content(b)));
        }
        for odd in ["x".repeat(300_000), format!("\u{e9}\n{}", "y\n".repeat(9_000_000))] {
            fs::write(&path, odd).unwrap();
            assert_eq!(beginning_of(&path), None, "one line, or too large");
        }
        let umlauts = "ü\n".repeat(100_000);
        fs::write(&path, [umlauts.as_bytes(), b"\xff\n"].concat()).unwrap();
        let error = read_beginning(&path, REGISTRY).unwrap_err().to_string();
        assert!(error.contains("deck.md:100001: the deck is not valid UTF-8"), "{error}");
    }

    #[test]
    fn a_theme_counts_with_what_is_wrong_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let source = "---\ntheme:\n  path: own.toml\n---\n\n# A\n";
        let theme = folder.path().join("own.toml");
        let read = |text: &str| {
            fs::write(&theme, text).unwrap();
            parse_deck_in(folder.path(), source, REGISTRY)
        };
        let whole = read("kind = \"light\"\n");
        assert!(whole.warnings.is_empty() && whole.faults.is_empty(), "{whole:?}");
        assert_ne!(whole.themes, ThemePair::default());
        let broken = read("kind = \"light\n");
        assert_eq!(broken.themes, ThemePair::default());
        assert_eq!(broken.warnings.len(), 1, "{broken:?}");
        assert_eq!(broken.faults[0].path, "own.toml");
        assert!(broken.faults[0].reason.contains("own.toml:1:"), "{broken:?}");
    }
}
