//! The footnotes of a deck: their texts can stand anywhere, and belong to the slides that use them.

use std::collections::{HashMap, HashSet};

use pulldown_cmark::{Event, Tag};

use crate::deck::block_reader::BlockReader;
use crate::deck::inline::Inline;
use crate::deck::markdown::{self, EventIter};
use crate::deck::{Block, Footnote, TextStyle};

/// The texts of the footnotes, and which of them the current slide uses.
#[derive(Default)]
pub(super) struct Footnotes {
    texts: HashMap<String, Vec<Block>>,
    /// The labels of all notes that any slide uses.
    used: HashSet<String>,
    /// The labels of the notes that the current slide uses, in the order of their marks.
    on_slide: Vec<String>,
    /// Whether the text of a note is being read.
    within: bool,
}

impl Footnotes {
    /// Returns the mark of the note with this label on the current slide.
    fn mark(&mut self, label: &str) -> String {
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

    fn use_note(&mut self, label: &str) {
        self.used.insert(label.to_owned());
    }

    /// Returns the notes of the slide that ends here, if it uses any.
    pub(super) fn end_slide(&mut self) -> Option<Block> {
        let labels = std::mem::take(&mut self.on_slide);
        let notes: Vec<Footnote> = labels
            .iter()
            .enumerate()
            .map(|(index, label)| Footnote {
                mark: (index + 1).to_string(),
                blocks: self.texts.get(label).cloned().unwrap_or_default(),
            })
            .collect();
        (!notes.is_empty()).then_some(Block::Footnotes(notes))
    }
}

/// The bytes of a reference within which its label must end.
const MAX_LABEL: usize = 60;

impl<'a> BlockReader<'a> {
    /// Reads the footnotes of the whole text, before its slides are read.
    pub(super) fn read_footnotes(&mut self) {
        let markdown = self.text();
        // Without a mark there is nothing to look for, and most decks have none.
        if !markdown.contains("[^") {
            return;
        }
        // The notes are read again where they stand, which is when they are judged.
        let judged = std::mem::take(&mut self.warnings);
        let mut events = markdown::events(markdown, 0);
        while let Some((event, _)) = events.next() {
            match event {
                Event::Start(Tag::FootnoteDefinition(label)) => {
                    let blocks = self.note_blocks(&mut events);
                    // The first text of a label counts, as on GitHub.
                    self.footnotes.texts.entry(label.to_string()).or_insert(blocks);
                }
                Event::FootnoteReference(label) => self.footnotes.use_note(&label),
                _ => {}
            }
        }
        self.notes.clear();
        self.told.clear();
        self.warnings = judged;
    }

    /// Reads a footnote's text after its start tag, to its end. It is shown here if no slide uses
    /// it.
    pub(super) fn footnote(
        &mut self,
        label: &str,
        at: usize,
        events: &mut EventIter<'a>,
    ) -> Vec<Block> {
        let blocks = self.note_blocks(events);
        if self.footnotes.used.contains(label) {
            return Vec::new();
        }
        self.warn(
            at,
            format!("nothing refers to this footnote; write `[^{label}]` where it belongs"),
        );
        blocks
    }

    fn note_blocks(&mut self, events: &mut EventIter<'a>) -> Vec<Block> {
        let outer = std::mem::replace(&mut self.footnotes.within, true);
        let blocks = self.nested(|reader| reader.blocks(events));
        self.footnotes.within = outer;
        blocks
    }

    /// Reads a reference to a footnote.
    pub(super) fn footnote_mark(&mut self, inline: &mut Inline, label: &str) {
        let mark = self.footnotes.mark(label);
        let style = TextStyle { superscript: true, ..inline.style() };
        inline.push_styled(&mark, style);
    }

    /// Warns if the text at `at` looks like a reference to a footnote that has no text.
    pub(super) fn check_reference(&mut self, text: &str, at: usize) {
        if !text.starts_with('[') {
            return;
        }
        let rest = self.slice(&(at..at.saturating_add(MAX_LABEL)));
        let Some(label) = rest.strip_prefix("[^").and_then(|rest| rest.split_once(']')) else {
            return;
        };
        let label = label.0;
        if !label.is_empty() && !label.contains(char::is_whitespace) {
            let message = format!("footnote `[^{label}]` has no text; add `[^{label}]: ...`");
            self.warn(at, message);
        }
    }
}
