//! Turns Markdown events into the blocks of one slide.
//!
//! It walks the parser's events once, in order. `parse` decides where a slide ends.

use std::iter::Peekable;
use std::ops::Range;

use pulldown_cmark::{Alignment, BlockQuoteKind, Event, HeadingLevel, OffsetIter, Tag, TagEnd};

use crate::deck::dialect::Places;
use crate::deck::directive::{self, Directive, HtmlPiece};
use crate::deck::files::ReadText;
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
    /// The Markdown that is being read, in our own notation.
    text: &'a str,
    places: &'a Places,
    pub(super) read_text: ReadText<'a>,
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
    /// Creates a reader for the Markdown `text`, whose bytes stand in the file at `places`.
    pub(super) fn new(
        lines: &'a LineIndex<'a>,
        text: &'a str,
        places: &'a Places,
        read_text: ReadText<'a>,
    ) -> Self {
        Self {
            lines,
            text,
            places,
            read_text,
            slide: 0,
            warnings: Vec::new(),
            notes: Vec::new(),
            task_box: None,
            depth: 0,
        }
    }

    /// Returns the Markdown that is being read.
    pub(super) fn text(&self) -> &'a str {
        self.text
    }

    /// Returns the line and column in the file of the byte at `offset` in the text.
    pub(super) fn position(&self, offset: usize) -> Position {
        self.lines.position(self.places.file_offset(offset))
    }

    /// Returns a byte range of the text. What is past its end is left out.
    pub(super) fn slice(&self, range: &Range<usize>) -> &'a str {
        let end = self.text.len();
        &self.text[range.start.min(end)..range.end.min(end)]
    }

    /// Warns about what begins at `body_offset`, a byte offset in the body.
    pub(super) fn warn(&mut self, body_offset: usize, message: impl Into<String>) {
        self.warn_at(self.position(body_offset), message);
    }

    /// Warns about what stands at `at`, a position in the file.
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
                    items.push(ListItem { task, blocks, ..ListItem::default() });
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
                    self.warn(start + at, "HTML is not rendered; write it in Markdown");
                }
            }
        }
    }

    fn nested_directive(&mut self, at: usize, comment: &str) {
        match directive::parse_directive(comment) {
            Directive::SpeakerNote(note) => self.notes.push(note),
            Directive::Invalid(message) => self.warn(at, message),
            Directive::Comment => {}
            _ => {
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
                self.warn(range.start, "images aren't drawn; the alt text is shown");
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deck::{CodeBlock, Deck, TextStyle, parse, plain_text};

    fn blocks(source: &str) -> Vec<Block> {
        let (mut deck, warnings) = parse(source);
        assert_eq!(warnings, [], "{source}");
        deck.slides.remove(0).blocks
    }

    /// Returns the deck, and each warning as `line:column: message`.
    fn warned(source: &str) -> (Deck, Vec<String>) {
        let (deck, warnings) = parse(source);
        let line = |warning: Warning| {
            let Position { line, column } = warning.position;
            format!("{line}:{column}: {}", warning.message)
        };
        (deck, warnings.into_iter().map(line).collect())
    }

    /// Returns all text of `blocks` with a space after each run.
    fn text_of(blocks: &[Block]) -> String {
        let each = |block: &Block| match block {
            Block::Paragraph(runs) | Block::Heading { text: runs, .. } => plain_text(runs) + " ",
            Block::Quote { blocks, .. } => text_of(blocks),
            Block::List { items, .. } => items.iter().map(|item| text_of(&item.blocks)).collect(),
            _ => String::new(),
        };
        blocks.iter().map(each).collect()
    }

    #[test]
    fn comments_and_html_within_lists_and_quotes_are_reported_where_they_stand() {
        let source = "---\ntitle: x\n---\n\n# A\n\n> one\n>\n> <!-- speaker_note: aside -->\n>\n> \
                      <!-- pause -->\n>\n> <!-- puase -->\n>\n> <!-- just a remark -->\n>\n> \
                      <b>x</b> <!-- end_slide -->\n\n- two <i>y</i>\n- z <!-- section: S -->\n\n> \
                      <!-- open\n";
        let (deck, warnings) = warned(source);
        assert_eq!(deck.slides.len(), 1);
        let slide = &deck.slides[0];
        assert_eq!(slide.notes, ["aside"]);
        assert_eq!(text_of(&slide.blocks), "A one x two y z ");
        let only = "this only works on a line of its own, outside lists and quotes";
        assert_eq!(
            warnings,
            [
                format!("11:3: {only}"),
                "13:3: unknown directive `puase` (did you mean `pause`?); write `<!-- pause -->`"
                    .to_owned(),
                "17:3: HTML is not rendered; write it in Markdown".to_owned(),
                "17:7: HTML is not rendered; write it in Markdown".to_owned(),
                format!("17:12: {only}"),
                "19:7: HTML is not rendered; write it in Markdown".to_owned(),
                "19:11: HTML is not rendered; write it in Markdown".to_owned(),
                format!("20:5: {only}"),
                "22:3: this comment is never closed; end it with `-->`".to_owned(),
            ]
        );
    }

    #[test]
    fn an_html_block_in_a_quote_ends_where_it_ends() {
        let (deck, warnings) = warned("> <div>\n> x\n> </div> <!-- pause -->\n>\n> after\n");
        assert_eq!(text_of(&deck.slides[0].blocks), "after ");
        assert_eq!(warnings.len(), 2, "{warnings:?}");
        assert!(warnings[0].starts_with("1:3: HTML is not rendered"), "{warnings:?}");
        assert!(warnings[1].starts_with("3:10: this only works"), "{warnings:?}");
        let (_, warnings) = warned("> <div> <!-- x\n");
        assert!(warnings[1].starts_with("1:9: this comment is never closed"), "{warnings:?}");
        let (_, warnings) = warned("> <!-- a --> <b>\n");
        assert!(warnings[0].starts_with("1:14: HTML is not rendered"), "{warnings:?}");
    }

    #[test]
    fn only_what_is_within_counts_as_nested() {
        assert_eq!(blocks(&"> x\n\n- y\n\n".repeat(MAX_DEPTH + 1)).len(), 2 * (MAX_DEPTH + 1));
        let (deck, warnings) = warned(&format!("{}x\n\n> shallow\n", "> ".repeat(MAX_DEPTH + 1)));
        assert_eq!((text_of(&deck.slides[0].blocks), warnings.len()), ("shallow ".to_owned(), 1));
    }

    #[test]
    fn all_of_what_is_nested_too_deep_is_left_out() {
        let deep = "> ".repeat(MAX_DEPTH + 1);
        let source = format!("{deep}one *two*\n{deep}\n{deep}- three\n{deep}- four\n\nafter\n");
        let (deck, warnings) = warned(&source);
        assert_eq!((text_of(&deck.slides[0].blocks), warnings.len()), ("after ".to_owned(), 1));
    }

    #[test]
    fn a_line_of_hyphens_below_text_is_a_slip_and_one_of_equals_signs_is_not() {
        let heading = |level| {
            let text = vec![TextRun { text: "A".to_owned(), ..TextRun::default() }];
            Block::Heading { level, text }
        };
        assert_eq!(blocks("A\n===\n"), [heading(1)]);
        assert_eq!(blocks("###### A\n"), [heading(6)]);
        let (deck, warnings) = warned("x\n\n  A\n  ---\n");
        assert_eq!(deck.slides[0].blocks[1], heading(2));
        assert!(warnings[0].starts_with("4:1: this `---` makes"), "{warnings:?}");
    }

    #[test]
    fn every_inline_style_begins_and_ends() {
        let source = "a **b** *c* ~~d~~ `e` [f](u) <!-- x --> g\\\nh\ni";
        let Block::Paragraph(runs) = blocks(source).remove(0) else { panic!("{source}") };
        let plain = TextStyle::default();
        let styled = |text: &str, style| TextRun { text: text.to_owned(), style, link: None };
        let expected = [
            styled("a ", plain),
            styled("b", TextStyle { bold: true, ..plain }),
            styled(" ", plain),
            styled("c", TextStyle { italic: true, ..plain }),
            styled(" ", plain),
            styled("d", TextStyle { strike: true, ..plain }),
            styled(" ", plain),
            styled("e", TextStyle { code: true, ..plain }),
            styled(" ", plain),
            TextRun { link: Some("u".to_owned()), ..styled("f", plain) },
            styled("  g", plain),
            styled("\n", plain),
            styled("h i", plain),
        ];
        assert_eq!(runs, expected);
        // a list item without a paragraph takes the same styles
        let Block::List { items, .. } = blocks("- a **b**\n  `c`\n").remove(0) else { panic!() };
        let expected = [
            styled("a ", plain),
            styled("b", TextStyle { bold: true, ..plain }),
            styled(" ", plain),
            styled("c", TextStyle { code: true, ..plain }),
        ];
        assert_eq!(items[0].blocks, [Block::Paragraph(expected.to_vec())]);
        assert_eq!(items.len(), 1);
    }

    #[test]
    fn an_image_is_reported_and_its_text_stays() {
        let (deck, warnings) = warned("# A\n\nsee ![a map](map.png)\n\n![](empty.png)\n");
        assert_eq!(deck.slides[0].blocks.len(), 2, "a paragraph without text shows nothing");
        assert_eq!(text_of(&deck.slides[0].blocks), "A see a map ");
        let message = "images aren't drawn; the alt text is shown";
        assert_eq!(warnings, [format!("3:5: {message}"), format!("5:1: {message}")]);
    }

    #[test]
    fn what_a_terminal_would_obey_is_reported_with_its_name_and_shown_as_another() {
        let (deck, warnings) = warned("a\tb \u{7f}\n\n`c\u{200b}`\n\n```\nd\te\n\u{9b}\n```\n");
        assert_eq!(text_of(&deck.slides[0].blocks), "a b ␡ c\u{fffd} ");
        let lines = vec!["d   e".to_owned(), "\u{fffd}".to_owned()];
        assert_eq!(
            deck.slides[0].blocks[2],
            Block::Code(CodeBlock { lines, ..CodeBlock::default() })
        );
        assert_eq!(
            warnings,
            [
                "1:5: control character U+007F is shown as ␡",
                "3:2: invisible character U+200B is shown as \u{fffd}",
                "7:1: control character U+009B is shown as \u{fffd}",
            ]
        );
    }

    #[test]
    fn the_cells_of_a_table_stand_in_their_rows() {
        use ColumnAlign::{Center, Left, Right};
        let source = "| a | b | c | d |\n|---|:--|:-:|--:|\n| 1 | 2 | | 4 |\n| 5 | 6 | 7 | 8 |\n";
        let Block::Table(table) = blocks(source).remove(0) else { panic!("{source}") };
        let texts = |row: &Vec<Vec<TextRun>>| -> Vec<String> {
            row.iter().map(|cell| plain_text(cell)).collect()
        };
        assert_eq!(table.columns, [Left, Left, Center, Right]);
        assert_eq!(texts(&table.header), ["a", "b", "c", "d"]);
        let rows: Vec<_> = table.rows.iter().map(texts).collect();
        assert_eq!(rows, [["1", "2", "", "4"], ["5", "6", "7", "8"]]);
    }

    #[test]
    fn every_kind_of_alert_is_known() {
        for (word, kind) in [
            ("NOTE", AlertKind::Note),
            ("TIP", AlertKind::Tip),
            ("IMPORTANT", AlertKind::Important),
            ("WARNING", AlertKind::Warning),
            ("CAUTION", AlertKind::Caution),
        ] {
            let Block::Quote { alert, blocks } = blocks(&format!("> [!{word}]\n> x\n")).remove(0)
            else {
                panic!("{word}")
            };
            assert_eq!((alert, text_of(&blocks)), (Some(kind), "x ".to_owned()));
        }
        assert!(matches!(blocks("> x\n").remove(0), Block::Quote { alert: None, .. }));
    }
}
