//! The footnotes of a deck: their texts can stand anywhere, and belong to the slides that use them.

use std::collections::{HashMap, HashSet};

use crate::deck::{Block, Footnote};

/// The texts of the footnotes, and which of them the current slide uses.
#[derive(Default)]
pub(in crate::deck) struct Footnotes {
    /// The first text of each label, with the byte at which it begins.
    pub(super) texts: HashMap<String, (usize, Vec<Block>)>,
    /// The labels of all notes that any slide uses.
    pub(super) used: HashSet<String>,
    /// The labels of the notes that the current slide uses, in the order of their marks.
    on_slide: Vec<String>,
    /// Whether the text of a note is being read.
    pub(super) within: bool,
}

impl Footnotes {
    /// Returns the mark of the note with this label on the current slide.
    pub(super) fn mark(&mut self, label: &str) -> String {
        if self.within {
            // The note's own slide is not known here, so its reference has no number.
            self.use_note(label);
            return label.to_owned();
        }
        let known = self.on_slide.iter().position(|known| known == label);
        let index = known.unwrap_or_else(|| {
            self.on_slide.push(label.to_owned());
            self.on_slide.len() - 1
        });
        (index + 1).to_string()
    }

    pub(super) fn use_note(&mut self, label: &str) {
        self.used.insert(label.to_owned());
    }

    /// Returns the notes of the slide that ends here, if it uses any.
    pub(in crate::deck) fn end_slide(&mut self) -> Option<Block> {
        let labels = std::mem::take(&mut self.on_slide);
        let notes: Vec<Footnote> = labels
            .iter()
            .enumerate()
            .map(|(index, label)| Footnote {
                mark: (index + 1).to_string(),
                blocks: self.texts.get(label).map(|(_, blocks)| blocks.clone()).unwrap_or_default(),
            })
            .collect();
        (!notes.is_empty()).then_some(Block::Footnotes(notes))
    }
}
