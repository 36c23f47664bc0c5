//! Reads what stands within a line: text, styles, links, references.

use std::ops::Range;

use pulldown_cmark::{Event, Tag, TagEnd};

use crate::deck::inline::{Inline, paragraph};
use crate::deck::reader::block_reader::BlockReader;
use crate::deck::reader::markdown::{EventIter, is_inline};
use crate::deck::{Block, TextRun, TextStyle};
use crate::text;

impl<'a> BlockReader<'a> {
    /// Returns what a line of text becomes: pictures if it has nothing else.
    pub(super) fn text_blocks(&mut self, mut inline: Inline, at: usize) -> Vec<Block> {
        if let Some(pictures) = inline.take_pictures() {
            return pictures.into_iter().map(|picture| Block::Image(picture.into())).collect();
        }
        paragraph(self.runs(inline, at)).into_iter().collect()
    }

    /// Reads the text up to the end tag `until`, which is consumed.
    pub(super) fn line(&mut self, events: &mut EventIter<'a>, until: TagEnd) -> Inline {
        let mut inline = Inline::default();
        for (event, range) in events.by_ref() {
            if event == Event::End(until) {
                break;
            }
            self.inline(&mut inline, event, &range);
        }
        inline
    }

    /// Reads the text up to the first event that is not inline.
    pub(super) fn bare_line(&mut self, events: &mut EventIter<'a>) -> Inline {
        let mut inline = Inline::default();
        while let Some((event, range)) = events.next_if(|(event, _)| is_inline(event)) {
            self.inline(&mut inline, event, &range);
        }
        inline
    }

    /// Returns the runs of a text that begins at `at`.
    pub(super) fn runs(&mut self, inline: Inline, at: usize) -> Vec<TextRun> {
        if inline.has_pictures() {
            self.warn_once(
                "picture",
                at,
                "a picture is drawn only in a paragraph of its own; here its text is shown",
            );
        }
        inline.finish()
    }

    fn inline(&mut self, inline: &mut Inline, event: Event<'a>, range: &Range<usize>) {
        match event {
            Event::Text(text) => {
                self.warn_about_controls(&text, range.start);
                self.check_reference(&text, range.start);
                inline.push(&text);
            }
            Event::Code(code) => {
                self.warn_about_controls(&code, range.start);
                let style = TextStyle { code: true, ..inline.style() };
                inline.push_styled(&code, style);
            }
            Event::TaskListMarker(done) => self.task_box = Some(done),
            Event::FootnoteReference(label) => self.footnote_mark(inline, &label),
            Event::SoftBreak => inline.break_softly(),
            Event::HardBreak => inline.end_line(),
            Event::InlineHtml(html) => self.inline_html(inline, &html, range.start),
            Event::Start(tag) => start_tag(inline, &tag),
            Event::End(TagEnd::Image) => {
                let prefix = self.setup.options.image_attributes_prefix.as_deref();
                inline.close_picture(prefix.unwrap_or("image:"));
            }
            Event::End(end) => inline.close(end),
            _ => {}
        }
    }

    /// Warns about the first character of `text` that is shown as another; `start` is the byte of
    /// the body at which the text begins.
    pub(in crate::deck) fn warn_about_controls(&mut self, text: &str, start: usize) {
        let odd = |&(_, c): &(usize, char)| !matches!(c, '\n' | '\r' | '\t');
        if let Some((at, c)) = text::unprintable(text).find(odd) {
            let kind = if c.is_control() { "control" } else { "invisible" };
            let shown = text::sanitize(c.encode_utf8(&mut [0; 4])).into_owned();
            let message = format!("{kind} character U+{:04X} is shown as {shown}", c as u32);
            self.warn(start + at, message);
        }
    }
}

fn start_tag(inline: &mut Inline, tag: &Tag) {
    match tag {
        Tag::Strong => inline.bold += 1,
        Tag::Emphasis => inline.italic += 1,
        Tag::Strikethrough => inline.strike += 1,
        Tag::Link { dest_url, .. } => inline.link = Some(text::sanitize(dest_url).into_owned()),
        Tag::Image { dest_url, .. } => inline.open_picture(dest_url),
        _ => {}
    }
}
