//! The references in a deck's notes, compared with its list of sources.

use crate::deck::content::slide::Deck;
use crate::deck::files::FileReader;
use crate::deck::position::{LineIndex, Position};
use crate::deck::sources::reference::{Reference, references};
use crate::deck::sources::source_list::{check_list, read_list};
use crate::deck::warning::Warning;
use crate::text;

/// What is wrong with a deck's sources.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceProblems {
    /// Warnings about the deck.
    pub in_deck: Vec<Warning>,
    /// Warnings about the list of sources, with positions in its file.
    pub in_list: Vec<Warning>,
}

/// Compares the notes of `deck`, whose text is `source`, with the list that `sources` in its front
/// matter names. A deck without one is not checked.
pub fn check_sources(deck: &Deck, source: &str, files: &mut dyn FileReader) -> SourceProblems {
    let Some(setting) = &deck.front_matter.sources else { return SourceProblems::default() };
    let (path, lines) = (&setting.path, LineIndex::new(source));
    let list = match files.read_text(path) {
        Ok(list) => list,
        Err(error) => {
            let message = format!(
                "could not read the sources `{path}`: {error}; give a path relative to the deck"
            );
            let warning = Warning::new(0, setting.position, &lines, message);
            return SourceProblems { in_deck: vec![warning], in_list: Vec::new() };
        }
    };
    let entries = read_list(&list);
    let known: Vec<&str> = entries.iter().map(|entry| entry.id).collect();
    let mut in_deck = Vec::new();
    if known.is_empty() {
        let message = format!(
            "`{path}` has no sources; an entry has the form `- **F1** What it says: URL, read \
             YYYY-MM-DD`"
        );
        in_deck.push(Warning::new(0, setting.position, &lines, message));
    }
    for (index, slide) in deck.slides.iter().enumerate() {
        let end = deck.slides.get(index + 1).map_or(usize::MAX, |next| next.position.line);
        let mut from = slide.position.line;
        for note in &slide.notes {
            for reference in references(note) {
                let Some(message) = problem(&reference, &known, path) else { continue };
                let text = note.lines().nth(reference.line).unwrap_or_default();
                let found = position(&lines, from..end, text, &reference);
                from = found.map_or(from, |at| at.line);
                let at = found.unwrap_or(slide.position);
                in_deck.push(Warning::new(index, at, &lines, message));
            }
        }
    }
    SourceProblems { in_deck, in_list: check_list(&entries, &list) }
}

/// Says what is wrong with a reference.
fn problem(reference: &Reference, known: &[&str], path: &str) -> Option<String> {
    let id = reference.id;
    let is_known = known.contains(&id);
    match reference.is_bracketed {
        true if is_known => None,
        true => {
            let meant = text::did_you_mean(id, known);
            Some(format!("no source `{id}` in `{path}`{meant}; add it there as `- **{id}** ...`"))
        }
        // A word that only looks like a reference is none.
        false => is_known.then(|| format!("write the source `{id}` in brackets: [{id}]")),
    }
}

/// Finds the line `text` of a note within `range` of the deck's lines, and there the reference. The
/// line of a note from another file is not found.
fn position(
    lines: &LineIndex,
    range: std::ops::Range<usize>,
    text: &str,
    reference: &Reference,
) -> Option<Position> {
    let mut candidates = (range.start..range.end.min(lines.count() + 1)).filter_map(|line| {
        let start = lines.line_text(line).find(text)?;
        Some((line, start))
    });
    let (line, start) = candidates.next()?;
    let before = lines.line_text(line).get(..start + reference.at)?;
    Some(Position { line, column: before.chars().count() + 1 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deck::{UnreadableFile, parse};

    /// A folder with one file.
    struct OneFile(&'static str);

    impl FileReader for OneFile {
        fn read_text(&mut self, path: &str) -> Result<String, UnreadableFile> {
            let is_here = path == "../docs/sources.md";
            is_here.then(|| self.0.to_owned()).ok_or_else(|| UnreadableFile::new("no such file"))
        }
    }

    const LIST: &str = "- **F1** One: <https://a.example>, read 2026-11-22.\n\
                        - **F12** Twelve: <https://a.example>, read 2026-11-22.\n";

    fn check(deck: &str, list: &'static str) -> (Vec<String>, Vec<String>) {
        let (parsed, warnings) = parse(deck);
        assert_eq!(warnings, []);
        let SourceProblems { in_deck, in_list } = check_sources(&parsed, deck, &mut OneFile(list));
        let lines = |warnings: Vec<Warning>| {
            let line = |it: &Warning| {
                let Position { line, column } = it.position;
                format!("{}:{line}:{column}: {}", it.slide, it.message)
            };
            warnings.iter().map(line).collect()
        };
        (lines(in_deck), lines(in_list))
    }

    #[test]
    fn a_reference_that_leads_nowhere_has_a_place_and_a_suggestion() {
        let deck = "---\nsources: ../docs/sources.md\n---\n\n# A [F99]\n\n\
                    <!-- speaker_note: F5 is a key, [F1] -->\n\n---\n\n# B\n\n\
                    <!-- speaker_note:\nSay [F112] and [Z9].\nSources: F12.\n-->\n";
        let (in_deck, in_list) = check(deck, LIST);
        let list = "`../docs/sources.md`";
        assert_eq!(
            in_deck,
            [
                format!(
                    "1:14:6: no source `F112` in {list} (did you mean `F12`?); add it there as \
                     `- **F112** ...`"
                ),
                format!("1:14:17: no source `Z9` in {list}; add it there as `- **Z9** ...`"),
                "1:15:10: write the source `F12` in brackets: [F12]".to_owned(),
            ]
        );
        assert_eq!(in_list, [] as [&str; 0]);
    }

    #[test]
    fn the_list_is_checked_too() {
        let deck = "---\nsources: ../docs/sources.md\n---\n\n# A\n";
        let (in_deck, in_list) = check(deck, "# Sources\n\n- **F1** One, read 2026-11-22.\n");
        assert_eq!(in_deck, [] as [&str; 0]);
        assert!(in_list[0].starts_with("0:3:5: the source `F1` has no link"), "{in_list:?}");
        let (in_deck, _) = check(deck, "# Sources\n");
        assert!(in_deck[0].starts_with("0:2:10: `../docs/sources.md` has no"), "{in_deck:?}");
    }

    #[test]
    fn a_list_that_cannot_be_read_is_a_warning_and_none_is_none() {
        let note = "# A\n\n<!-- speaker_note: Say [F1]. -->\n";
        let (in_deck, _) = check(&format!("---\nsources: other.md\n---\n\n{note}"), LIST);
        let expected = "0:2:10: could not read the sources `other.md`: no such file; give a path \
                        relative to the deck";
        assert_eq!(in_deck, [expected]);
        assert_eq!(check(note, LIST), (vec![], vec![]));
    }
}
