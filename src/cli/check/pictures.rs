//! Pictures that a deck names: their files are read here and looked for.

use std::fs;
use std::ops::RangeInclusive;
use std::path::Path;

use crate::cli::bounded_read;
use crate::deck::{Block, Deck, LineIndex, Position, Slide, Warning};

/// The maximum size of a picture's file, in bytes.
const MAX_PICTURE_BYTES: u64 = 32 << 20;
/// How many missing pictures of a deck are listed.
const MAX_WARNINGS: usize = 100;

/// Returns the bytes of a picture that a deck in `folder` names, or a sentence about why not.
///
/// # Errors
///
/// If the file cannot be read, is too large, or is not on this machine.
pub fn read_picture(folder: &Path, path: &str) -> Result<Vec<u8>, String> {
    if !is_local(path) {
        return Err("only pictures in files are shown".to_owned());
    }
    bounded_read::read_regular_file(&folder.join(path), MAX_PICTURE_BYTES)
        .map_err(|error| error.to_string())
}

/// Whether a picture's path names a file.
fn is_local(path: &str) -> bool {
    !path.contains("://") && !path.starts_with("data:")
}

/// Returns a warning for each picture of `deck` that is not there, up to a limit.
pub(super) fn missing_pictures(folder: &Path, deck: &Deck, lines: &LineIndex) -> Vec<Warning> {
    let mut warnings = Vec::new();
    for (index, slide) in deck.slides.iter().enumerate() {
        let next = deck.slides.get(index.saturating_add(1));
        let end = next.map_or(lines.count(), |next| next.position.line.saturating_sub(1));
        let (mut first, mut last) = (slide.position.line, "");
        for path in picture_paths(slide) {
            let Some(reason) = why_missing(&folder.join(path)) else { continue };
            // Pictures come in the order of their lines.
            let skipped = usize::from(path == last);
            let found = find_path(path, first.saturating_add(skipped)..=end, lines);
            first = found.map_or(first, |found| found.line);
            last = path;
            let place = found.unwrap_or(slide.position);
            if warnings.len() == MAX_WARNINGS {
                let message = "from here on, missing pictures are not listed any more";
                warnings.push(Warning::new(index, place, lines, message));
                return warnings;
            }
            let message = format!("the picture `{path}` cannot be shown: {reason}");
            warnings.push(Warning::new(index, place, lines, message));
        }
    }
    warnings
}

/// Returns the paths of a slide's pictures that are files.
fn picture_paths(slide: &Slide) -> impl Iterator<Item = &str> {
    slide.all_blocks().filter_map(|block| match block {
        Block::Image(image) if !image.path.is_empty() && is_local(&image.path) => {
            Some(image.path.as_str())
        }
        _ => None,
    })
}

fn why_missing(path: &Path) -> Option<String> {
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_file() => None,
        Ok(_) => Some("it is not a file".to_owned()),
        Err(error) => Some(error.to_string()),
    }
}

/// Returns where `range` of the deck's lines names `path` first. Lines of included files are not
/// among them.
fn find_path(path: &str, range: RangeInclusive<usize>, lines: &LineIndex) -> Option<Position> {
    range.into_iter().find_map(|line| {
        let text = lines.line_text(line);
        let before = text.get(..text.find(path)?)?;
        Some(Position { line, column: before.chars().count().saturating_add(1) })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::check::deck_reading::parse_deck_in;
    use crate::demos::REGISTRY;

    #[test]
    fn a_picture_that_is_not_there_is_warned_about_at_its_line() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("there.png"), "").unwrap();
        fs::write(folder.path().join("part.md"), "# C\n\n![](gone.png)\n").unwrap();
        let source = "# A\n\n![a](there.png)\n\n![b](https://example.com/b.png)\n\n---\n\n# B\n\n\
                      ![x](missing.png)\n\n---\n\n<!-- include: part.md -->\n";
        let read = parse_deck_in(folder.path(), source, REGISTRY);
        let found: Vec<_> = read
            .warnings
            .iter()
            .map(|warning| (warning.slide, warning.position.line, warning.message.as_str()))
            .collect();
        let [(1, 11, missing), (2, 15, gone)] = found[..] else { panic!("{found:?}") };
        assert!(missing.starts_with("the picture `missing.png` cannot be shown: "), "{missing}");
        assert!(gone.contains("`gone.png`"), "{gone}");
        assert_eq!(read.warnings[0].position.column, 6);
    }

    #[test]
    fn a_deck_without_end_of_missing_pictures_is_warned_about_once() {
        let deck = "![](a.png)\n\n".repeat(300);
        let read = parse_deck_in(Path::new("no-such-folder"), &deck, REGISTRY);
        assert_eq!(read.warnings.len(), MAX_WARNINGS + 1);
        assert_eq!(read.warnings[9].position, Position { line: 19, column: 5 });
        assert!(read.warnings[MAX_WARNINGS].message.contains("not listed"), "{:?}", read.warnings);
    }

    #[test]
    fn only_files_are_read() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(read_picture(folder.path(), ".").unwrap_err(), "it is not a file");
        assert!(read_picture(folder.path(), "data:image/png;base64,").is_err());
    }
}
