//! Turns Markdown events into the blocks of one slide.
//!
//! It walks the parser's events once, in order. `parse` decides where a slide ends.

use std::iter::Peekable;
use std::ops::Range;

use pulldown_cmark::{Alignment, BlockQuoteKind, Event, HeadingLevel, OffsetIter, Tag, TagEnd};

use crate::deck::directive::{self, Directive, HtmlPiece};
use crate::deck::inline::Inline;
use crate::deck::{
    AlertKind, Block, ColumnAlign, LineIndex, ListItem, Position, TableBlock, TextRun, Warning,
};
use crate::text;

/// The parser's events with their byte ranges in the body.
pub(super) type EventIter<'a> = Peekable<OffsetIter<'a>>;

/// The maximum nesting depth of lists and quotes. Blocks are handled recursively, and each row of a
/// page holds one piece per level, so this bounds stack and memory.
const MAX_DEPTH: usize = 100;

/// Reads blocks and collects warnings and speaker notes on the way.
pub(super) struct BlockReader<'a> {
    lines: &'a LineIndex<'a>,
    source: &'a str,
    body_start: usize,
    /// The index of the slide that is being read, from 0.
    pub(super) slide: usize,
    pub(super) warnings: Vec<Warning>,
    pub(super) notes: Vec<String>,
    /// The checkbox of the list item that is being read: `Some(true)` when it is ticked.
    task_box: Option<bool>,
    /// The number of lists and quotes around the current position.
    depth: usize,
}

impl<'a> BlockReader<'a> {
    /// Creates a reader for the Markdown that begins at byte `body` of the file.
    pub(super) fn new(lines: &'a LineIndex<'a>, body: usize) -> Self {
        Self {
            lines,
            source: lines.source(),
            body_start: body,
            slide: 0,
            warnings: Vec::new(),
            notes: Vec::new(),
            task_box: None,
            depth: 0,
        }
    }

    /// Converts a byte offset in the body to one in the file.
    pub(super) fn offset(&self, at: usize) -> usize {
        (self.body_start + at).min(self.source.len())
    }

    pub(super) fn position(&self, at: usize) -> Position {
        self.lines.position(self.offset(at))
    }

    pub(super) fn slice(&self, range: &Range<usize>) -> &'a str {
        &self.source[self.offset(range.start)..self.offset(range.end)]
    }

    pub(super) fn warn(&mut self, at: usize, message: impl Into<String>) {
        self.warn_at(self.position(at), message);
    }

    pub(super) fn warn_at(&mut self, at: Position, message: impl Into<String>) {
        self.warnings.push(Warning::new(self.slide, at, self.lines, message));
    }

    /// Reads the block that `event` opens, to its end. Returns `None` if the block shows nothing.
    pub(super) fn block(
        &mut self,
        event: Event<'a>,
        range: &Range<usize>,
        events: &mut EventIter<'a>,
    ) -> Option<Block> {
        if is_nesting(&event) && self.depth == MAX_DEPTH {
            self.skip(range, events);
            return None;
        }
        match event {
            Event::Start(Tag::Heading { level, .. }) => Some(self.heading(level, range, events)),
            Event::Start(Tag::Paragraph) => {
                let runs = self.runs(events, TagEnd::Paragraph);
                (!runs.is_empty()).then_some(Block::Paragraph(runs))
            }
            Event::Start(Tag::List(start)) => {
                Some(self.nested(|reader| reader.list(start, events)))
            }
            Event::Start(Tag::Table(columns)) => Some(self.table(&columns, events)),
            Event::Start(Tag::BlockQuote(kind)) => {
                let blocks = self.nested(|reader| reader.blocks(events));
                Some(Block::Quote { alert: kind.map(alert), blocks })
            }
            Event::Start(Tag::CodeBlock(kind)) => Some(self.code(kind, range, events)),
            Event::Start(Tag::HtmlBlock) => {
                let html = self.slice(range);
                events.by_ref().find(|(event, _)| *event == Event::End(TagEnd::HtmlBlock));
                self.nested_html(html, range.start);
                None
            }
            Event::Rule => Some(Block::Rule),
            _ => None,
        }
    }

    /// Runs `read` one nesting level deeper.
    fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> T) -> T {
        self.depth += 1;
        let found = read(self);
        self.depth -= 1;
        found
    }

    /// Skips a list or quote that is nested too deep, after its start tag, and warns about it.
    fn skip(&mut self, range: &Range<usize>, events: &mut EventIter<'a>) {
        self.warn(
            range.start,
            format!(
                "lists and quotes can nest at most {MAX_DEPTH} deep; anything deeper is left out"
            ),
        );
        let mut open = 1_usize;
        for (event, _) in events.by_ref() {
            match event {
                Event::Start(_) => open += 1,
                Event::End(_) => open -= 1,
                _ => {}
            }
            if open == 0 {
                return;
            }
        }
    }

    /// Reads the blocks up to the end tag of what holds them, which is consumed.
    fn blocks(&mut self, events: &mut EventIter<'a>) -> Vec<Block> {
        let mut blocks = Vec::new();
        while let Some((event, range)) = events.peek() {
            match event {
                // Whatever else began here has been read to its own end.
                Event::End(_) => {
                    events.next();
                    break;
                }
                // In a tight list, an item holds its text directly, without a paragraph around it.
                event if is_inline(event) => {
                    let runs = self.bare_runs(events);
                    if !runs.is_empty() {
                        blocks.push(Block::Paragraph(runs));
                    }
                }
                _ => {
                    let range = range.clone();
                    let (event, _) = events.next().expect("it was peeked at");
                    blocks.extend(self.block(event, &range, events));
                }
            }
        }
        blocks
    }

    fn heading(
        &mut self,
        level: HeadingLevel,
        range: &Range<usize>,
        events: &mut EventIter<'a>,
    ) -> Block {
        let text = self.runs(events, TagEnd::Heading(level));
        let source = self.slice(range).trim_end();
        // A `---` right below a paragraph underlines it (CommonMark 4.3, setext headings).
        let last = source.lines().last().unwrap_or("");
        if !source.starts_with('#') && last.trim().starts_with('-') {
            let at = range.start + source.len() - last.len();
            self.warn(
                at,
                "this `---` makes the text above it a heading; put a blank line before it to end \
                 the slide",
            );
        }
        Block::Heading { level: level as u8, text }
    }

    fn list(&mut self, start: Option<u64>, events: &mut EventIter<'a>) -> Block {
        let mut items = Vec::new();
        while let Some((event, _)) = events.next() {
            match event {
                Event::Start(Tag::Item) => {
                    // The marker is inside a tight item, and in the paragraph of a loose one.
                    let outer = self.task_box.take();
                    let blocks = self.blocks(events);
                    let task = std::mem::replace(&mut self.task_box, outer);
                    items.push(ListItem { task, blocks });
                }
                _ => break,
            }
        }
        Block::List { start, items }
    }

    fn table(&mut self, columns: &[Alignment], events: &mut EventIter<'a>) -> Block {
        let mut table = TableBlock {
            columns: columns.iter().copied().map(align).collect(),
            ..TableBlock::default()
        };
        let mut row = Vec::new();
        while let Some((event, _)) = events.next() {
            match event {
                Event::Start(Tag::TableCell) => row.push(self.runs(events, TagEnd::TableCell)),
                Event::End(TagEnd::TableHead) => table.header = std::mem::take(&mut row),
                Event::End(TagEnd::TableRow) => table.rows.push(std::mem::take(&mut row)),
                Event::End(TagEnd::Table) => break,
                _ => {}
            }
        }
        Block::Table(table)
    }

    /// Handles comments inside a list or a quote, where only speaker notes are allowed.
    fn nested_html(&mut self, html: &str, start: usize) {
        for piece in directive::split_html(html) {
            match piece {
                HtmlPiece::Comment(at, comment) => self.nested_directive(start + at, comment),
                HtmlPiece::Unclosed(at) => {
                    self.warn(start + at, "this comment is never closed; end it with `-->`");
                }
                HtmlPiece::Html(at, _) => {
                    self.warn(start + at, "HTML is not drawn; write it in Markdown")
                }
            }
        }
    }

    fn nested_directive(&mut self, at: usize, comment: &str) {
        match directive::parse_directive(comment) {
            Directive::SpeakerNote(note) => self.notes.push(note),
            Directive::Invalid(message) => self.warn(at, message),
            Directive::Comment => {}
            Directive::Pause | Directive::EndSlide | Directive::Section(_) => {
                self.warn(at, "this only works on a line of its own, outside lists and quotes");
            }
        }
    }

    /// Reads the runs up to the end tag `until`, which is consumed.
    fn runs(&mut self, events: &mut EventIter<'a>, until: TagEnd) -> Vec<TextRun> {
        let mut inline = Inline::default();
        for (event, range) in events.by_ref() {
            if event == Event::End(until) {
                break;
            }
            self.inline(&mut inline, event, &range);
        }
        inline.finish()
    }

    /// Reads the runs up to the first event that is not inline.
    fn bare_runs(&mut self, events: &mut EventIter<'a>) -> Vec<TextRun> {
        let mut inline = Inline::default();
        while let Some((event, range)) = events.next_if(|(event, _)| is_inline(event)) {
            self.inline(&mut inline, event, &range);
        }
        inline.finish()
    }

    fn inline(&mut self, inline: &mut Inline, event: Event<'a>, range: &Range<usize>) {
        match event {
            Event::Text(text) => {
                self.warn_about_controls(&text, range.start);
                inline.push(&text);
            }
            Event::Code(code) => {
                self.warn_about_controls(&code, range.start);
                let before = inline.style;
                inline.style.code = true;
                inline.push(&code);
                inline.style = before;
            }
            Event::TaskListMarker(done) => self.task_box = Some(done),
            Event::SoftBreak => inline.push(" "),
            Event::HardBreak => inline.end_line(),
            Event::InlineHtml(html) => self.nested_html(&html, range.start),
            Event::Start(tag) => self.start_tag(inline, &tag, range),
            Event::End(end) => inline.close(end),
            _ => {}
        }
    }

    fn start_tag(&mut self, inline: &mut Inline, tag: &Tag, range: &Range<usize>) {
        match tag {
            Tag::Strong => inline.style.bold = true,
            Tag::Emphasis => inline.style.italic = true,
            Tag::Strikethrough => inline.style.strike = true,
            Tag::Link { dest_url, .. } => inline.link = Some(text::sanitize(dest_url).into_owned()),
            Tag::Image { .. } => {
                self.warn(range.start, "images aren't drawn; the alt text is shown")
            }
            _ => {}
        }
    }

    /// Warns about the first character of `text` that is shown as another; `start` is the byte of
    /// the body at which the text begins.
    pub(super) fn warn_about_controls(&mut self, text: &str, start: usize) {
        let odd = |&(_, c): &(usize, char)| !matches!(c, '\n' | '\r' | '\t');
        if let Some((at, c)) = text::unprintable(text).find(odd) {
            let kind = if c.is_control() { "control" } else { "invisible" };
            let shown = text::sanitize(c.encode_utf8(&mut [0; 4])).into_owned();
            let message = format!("{kind} character U+{:04X} is shown as {shown}", c as u32);
            self.warn(start + at, message);
        }
    }
}

/// Whether `event` opens a block that can contain blocks of its own kind.
fn is_nesting(event: &Event) -> bool {
    matches!(event, Event::Start(Tag::List(_) | Tag::BlockQuote(_)))
}

fn is_inline(event: &Event) -> bool {
    matches!(
        event,
        Event::Text(_)
            | Event::Code(_)
            | Event::SoftBreak
            | Event::HardBreak
            | Event::InlineHtml(_)
            | Event::TaskListMarker(_)
            | Event::Start(
                Tag::Strong
                    | Tag::Emphasis
                    | Tag::Strikethrough
                    | Tag::Link { .. }
                    | Tag::Image { .. }
            )
            | Event::End(
                TagEnd::Strong
                    | TagEnd::Emphasis
                    | TagEnd::Strikethrough
                    | TagEnd::Link
                    | TagEnd::Image
            )
    )
}

fn align(alignment: Alignment) -> ColumnAlign {
    match alignment {
        Alignment::None | Alignment::Left => ColumnAlign::Left,
        Alignment::Center => ColumnAlign::Center,
        Alignment::Right => ColumnAlign::Right,
    }
}

fn alert(kind: BlockQuoteKind) -> AlertKind {
    match kind {
        BlockQuoteKind::Note => AlertKind::Note,
        BlockQuoteKind::Tip => AlertKind::Tip,
        BlockQuoteKind::Important => AlertKind::Important,
        BlockQuoteKind::Warning => AlertKind::Warning,
        BlockQuoteKind::Caution => AlertKind::Caution,
    }
}
