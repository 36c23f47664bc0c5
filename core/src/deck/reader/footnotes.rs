//! The footnotes of a deck: their texts can stand anywhere, and belong to the slides that use them.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::deck::{Block, Footnote};

/// How many notes a slide has at most of those that only its other notes use.
const MAX_INDIRECT: usize = 100;

/// The texts of the footnotes, and which of them the current slide uses.
#[derive(Default)]
pub(in crate::deck) struct Footnotes {
    pub(super) notes: HashMap<String, Note>,
    /// The labels of all notes that any slide shows.
    used: HashSet<String>,
    /// The labels of the notes that the current slide uses, in the order of their marks.
    on_slide: Vec<String>,
    /// The labels that the note being read uses, while one is.
    pub(super) in_note: Option<Vec<String>>,
}

/// The text of a footnote.
#[derive(Clone)]
pub(super) struct Note {
    /// The byte at which it begins.
    pub(super) at: usize,
    pub(super) blocks: Arc<[Block]>,
    /// The labels of the notes that the text uses.
    pub(super) uses: Vec<String>,
}

impl Footnotes {
    /// Takes a reference to the note with this label, and returns its mark on the current slide.
    pub(super) fn mark(&mut self, label: &str) -> String {
        if let Some(labels) = &mut self.in_note {
            // The note's own slide is not known yet, so what it refers to has no number.
            labels.push(label.to_owned());
            return label.to_owned();
        }
        let known = self.on_slide.iter().position(|known| known == label);
        let index = known.unwrap_or_else(|| {
            self.on_slide.push(label.to_owned());
            self.on_slide.len() - 1
        });
        (index + 1).to_string()
    }

    /// Notes that the text of a slide uses these labels, with those that their notes use.
    pub(super) fn set_used(&mut self, mut labels: Vec<String>) {
        while let Some(label) = labels.pop() {
            if !self.used.contains(&label) {
                labels
                    .extend(self.notes.get(&label).into_iter().flat_map(|note| note.uses.clone()));
                self.used.insert(label);
            }
        }
    }

    /// Whether there is a note with this label.
    pub(super) fn has(&self, label: &str) -> bool {
        self.notes.contains_key(label)
    }

    /// Whether any slide shows the note with this label.
    pub(super) fn is_used(&self, label: &str) -> bool {
        self.used.contains(label)
    }

    /// Returns the blocks of all notes, which no slide shows yet.
    pub(in crate::deck) fn blocks_mut(&mut self) -> impl Iterator<Item = &mut Block> {
        self.notes.values_mut().flat_map(|note| Arc::make_mut(&mut note.blocks))
    }

    /// Returns the notes of the slide that ends here, if it uses any.
    pub(in crate::deck) fn end_slide(&mut self) -> Option<Block> {
        let notes = self.of_slide();
        self.on_slide.clear();
        notes
    }

    /// Returns the notes of the slide so far, if it uses any.
    pub(in crate::deck) fn of_slide(&self) -> Option<Block> {
        let mut labels = self.on_slide.clone();
        let direct = labels.len();
        let mut notes = Vec::new();
        let mut next = 0;
        while let Some(label) = labels.get(next).cloned() {
            let mark = if next < direct { (next + 1).to_string() } else { label.clone() };
            next += 1;
            let Some(note) = self.notes.get(&label) else { continue };
            notes.push(Footnote { mark, blocks: Arc::clone(&note.blocks) });
            for used in &note.uses {
                if labels.len() < direct + MAX_INDIRECT && !labels.contains(used) {
                    labels.push(used.clone());
                }
            }
        }
        (!notes.is_empty()).then_some(Block::Footnotes(notes))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::deck::parse::warning_lines;
    use crate::deck::{Block, parse, plain_text};

    /// Returns the notes of each slide as `mark text`, and the warnings.
    fn notes(source: &str) -> (Vec<Vec<String>>, Vec<String>) {
        let (deck, warnings) = parse(source);
        let text = |blocks: &[Block]| -> String {
            blocks
                .iter()
                .map(|block| {
                    if let Block::Paragraph(runs) = block {
                        plain_text(runs)
                    } else {
                        String::new()
                    }
                })
                .collect()
        };
        let each = |block: &Block| match block {
            Block::Footnotes(notes) => {
                notes.iter().map(|note| format!("{} {}", note.mark, text(&note.blocks))).collect()
            }
            _ => Vec::new(),
        };
        let slides = deck.slides.iter().map(|slide| slide.blocks.iter().flat_map(each).collect());
        (slides.collect(), warning_lines(&warnings))
    }

    #[test]
    fn notes_stand_on_the_slides_that_use_them() {
        let source = "# A\n\nx[^long] y[^1] z[^long]\n\n---\n\n> - q[^1]\n\n---\n\nnone\n\n[^1]: one\n\
                      [^long]: two\n    lines\n";
        let (slides, warnings) = notes(source);
        assert_eq!(slides, [vec!["1 two lines", "2 one"], vec!["1 one"], vec![]]);
        assert_eq!(warnings, [] as [&str; 0]);
    }

    #[test]
    fn slides_share_the_text_of_a_note() {
        let (deck, _) = parse("x[^1]\n\n---\n\ny[^1]\n\n[^1]: one\n");
        let note = |slide: usize| match deck.slides[slide].blocks.last() {
            Some(Block::Footnotes(notes)) => Arc::clone(&notes[0].blocks),
            other => panic!("{other:?}"),
        };
        assert!(Arc::ptr_eq(&note(0), &note(1)));
    }

    #[test]
    fn notes_that_only_notes_use_are_there_too() {
        let (slides, warnings) =
            notes("x[^a]\n\n[^a]: see[^b]\n\n[^b]: and[^a]\n\n[^c]: self[^c]\n");
        assert_eq!(slides, [["1 seeb", "b anda"]]);
        assert_eq!(warnings, ["7: nothing refers to this footnote; write `[^c]` where it belongs"]);
    }

    #[test]
    fn what_has_no_counterpart_is_told_and_shown() {
        let (deck, _) = parse("x[^no] y\n\n[^a]: unused\n\nz[^b]\n\n[^b]: first\n\n[^b]: second\n");
        let shown = format!("{:?}", deck.slides[0].blocks);
        for text in ["[^no]", "unused", "first", "second"] {
            assert!(shown.contains(text), "{text}: {shown}");
        }
        let (_, warnings) = notes(
            "x[^no] `[^code]` \\[^x]\n\n[^a]: unused\n\nz[^b]\n\n[^b]: first\n\n[^b]: second\n",
        );
        assert_eq!(
            warnings,
            [
                "1: footnote `[^no]` has no text; add `[^no]: ...`",
                "3: nothing refers to this footnote; write `[^a]` where it belongs",
                "9: there is a footnote `[^b]` already; give this one another name",
            ]
        );
    }

    #[test]
    fn a_bracket_before_wide_characters_is_text() {
        for blanks in 0..4 {
            let source = format!("[{}{}\n", "x".repeat(blanks), "語".repeat(100));
            let (slides, warnings) = notes(&source);
            assert_eq!((slides.concat().len(), warnings.len()), (0, 0), "{source}");
        }
    }
}
