//! Reads footnotes and the references to them.

use std::ops::Range;

use pulldown_cmark::{Event, Tag, TagEnd};

use crate::deck::inline::Inline;
use crate::deck::reader::block_reader::BlockReader;
use crate::deck::reader::footnotes::Note;
use crate::deck::reader::markdown::{self, EventIter};
use crate::deck::{Block, TextStyle};

/// The bytes of a reference within which its label must end.
const MAX_LABEL: usize = 60;

impl<'a> BlockReader<'a> {
    /// Reads the footnotes of the whole text, before its slides are read.
    pub(in crate::deck) fn read_footnotes(&mut self) {
        let markdown = self.text();
        // Without a mark there is nothing to look for, and most decks have none.
        if !markdown.contains("[^") {
            return;
        }
        // The notes are read again where they stand, which is when they are judged.
        let judged = (std::mem::take(&mut self.warnings), std::mem::take(&mut self.underlined));
        let mut events = markdown::events(markdown, 0);
        let mut used = Vec::new();
        let mut html = Vec::new();
        while let Some((event, range)) = events.next() {
            match event {
                Event::Start(Tag::FootnoteDefinition(label)) => {
                    let (mut blocks, uses) = self.note(&mut events);
                    blocks.iter_mut().for_each(Block::shrink_to_fit);
                    let note = Note { at: range.start, blocks: blocks.into(), uses };
                    // The first text of a label counts, as on GitHub.
                    self.footnotes.notes.entry(label.to_string()).or_insert(note);
                }
                Event::FootnoteReference(label) => used.push(label.to_string()),
                Event::Start(Tag::HtmlBlock) => {
                    let is_end = |event: &Event| *event == Event::End(TagEnd::HtmlBlock);
                    html.push(events.by_ref().take_while(|(event, _)| !is_end(event)).collect());
                }
                _ => {}
            }
        }
        used.append(&mut self.labels_in_html(html));
        self.footnotes.set_used(used);
        self.notes.clear();
        self.warned_kinds.clear();
        (self.warnings, self.underlined) = judged;
    }

    /// Returns the labels of the notes that HTML blocks use beside comments. They are read once all
    /// notes are known.
    fn labels_in_html(&mut self, blocks: Vec<Vec<(Event<'a>, Range<usize>)>>) -> Vec<String> {
        let outer = self.footnotes.in_note.replace(Vec::new());
        for block in blocks {
            let events: Box<dyn Iterator<Item = _>> = Box::new(block.into_iter());
            self.html_block(&mut events.peekable());
        }
        std::mem::replace(&mut self.footnotes.in_note, outer).unwrap_or_default()
    }

    /// Reads a footnote's text after its start tag, to its end. It is shown here if no slide uses
    /// it.
    pub(in crate::deck) fn footnote(
        &mut self,
        label: &str,
        at: usize,
        events: &mut EventIter<'a>,
    ) -> Vec<Block> {
        let (blocks, _) = self.note(events);
        let is_first = self.footnotes.notes.get(label).is_some_and(|first| first.at == at);
        if is_first && self.footnotes.is_used(label) {
            return Vec::new();
        }
        let message = if is_first {
            format!("nothing refers to this footnote; write `[^{label}]` where it belongs")
        } else {
            format!("there is a footnote `[^{label}]` already; give this one another name")
        };
        self.warn(at, message);
        blocks
    }

    /// Reads the text of a note and the labels of the notes that it uses.
    fn note(&mut self, events: &mut EventIter<'a>) -> (Vec<Block>, Vec<String>) {
        let outer = self.footnotes.in_note.replace(Vec::new());
        let blocks = self.nested(|reader| reader.blocks(events));
        let uses = std::mem::replace(&mut self.footnotes.in_note, outer).unwrap_or_default();
        (blocks, uses)
    }

    /// Reads a reference to a footnote.
    pub(in crate::deck) fn footnote_mark(&mut self, inline: &mut Inline, label: &str) {
        let mark = self.footnotes.mark(label);
        let style = TextStyle { superscript: true, ..inline.style() };
        inline.push_styled(&mark, style);
    }

    /// Warns if the text at `at` looks like a reference to a footnote that has no text.
    pub(in crate::deck) fn check_reference(&mut self, text: &str, at: usize) {
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
            self.warn_once("reference", at, message);
        }
    }
}
