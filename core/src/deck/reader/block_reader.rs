//! Turns Markdown events into the blocks of one slide.
//!
//! It walks the parser's events once, in order. `division` decides where a slide ends.

use std::cell::OnceCell;
use std::ops::Range;

use pulldown_cmark::{BlockQuoteKind, Event, HeadingLevel, Tag, TagEnd};

use crate::deck::dialect::Places;
use crate::deck::directive::{self, Directive};
use crate::deck::files::ReadText;
use crate::deck::html::Palette;
use crate::deck::reader::footnotes::Footnotes;
use crate::deck::reader::html_part::HtmlPart;
use crate::deck::reader::joined_list::join_lists;
use crate::deck::reader::markdown::{EventIter, LinkDefinitions, is_inline};
use crate::deck::{AlertKind, Block, DeckOptions, LineIndex, Position, Warning};

/// The maximum nesting depth of lists and quotes. Blocks are handled recursively, and each row of a
/// page holds one piece per level, so this bounds stack and memory.
pub(in crate::deck) const MAX_DEPTH: usize = 100;

/// What the readers of a deck and of the files that it includes have in common.
#[derive(Clone, Copy)]
pub(in crate::deck) struct ReaderSetup<'a> {
    pub(in crate::deck) read_text: ReadText<'a>,
    pub(in crate::deck) options: &'a DeckOptions,
    /// The colours that the front matter defines.
    pub(in crate::deck) palette: &'a Palette,
}

/// Reads blocks and collects warnings and speaker notes on the way.
pub(in crate::deck) struct BlockReader<'a> {
    lines: &'a LineIndex<'a>,
    /// The Markdown that is being read, in our own notation.
    text: &'a str,
    places: &'a Places,
    pub(in crate::deck) setup: ReaderSetup<'a>,
    /// The index of the slide that is being read, from 0.
    pub(in crate::deck) slide: usize,
    pub(in crate::deck) warnings: Vec<Warning>,
    pub(in crate::deck) notes: Vec<String>,
    /// The checkbox of the list item that is being read: `Some(true)` when it is ticked.
    pub(super) task_box: Option<bool>,
    /// The number of lists and quotes around the current position.
    pub(in crate::deck) depth: usize,
    pub(in crate::deck) footnotes: Footnotes,
    /// The kinds of warning that the current slide already has, of those that it has once.
    pub(in crate::deck) warned_kinds: Vec<(usize, &'static str)>,
    /// The sign of the list that was read last: `-`, `.` or `)`.
    pub(super) last_marker: char,
    /// The slide on which the last block of the top level stands.
    last_slide: Option<usize>,
    /// Warnings about `---` below a text, which are none in a deck that divides slides otherwise.
    pub(in crate::deck) underlined: Vec<Warning>,
    /// Whether the list that was read last has the sign of the one before it.
    pub(in crate::deck) continues_list: bool,
    /// Whether what is read stands behind a comment that is never closed.
    pub(super) is_behind_unclosed: bool,
    /// The links that the text defines, once they are asked for.
    pub(super) link_definitions: OnceCell<LinkDefinitions>,
}

impl<'a> BlockReader<'a> {
    /// Creates a reader for the Markdown `text`, whose bytes stand in the file at `places`.
    pub(in crate::deck) fn new(
        lines: &'a LineIndex<'a>,
        text: &'a str,
        places: &'a Places,
        setup: ReaderSetup<'a>,
    ) -> Self {
        Self {
            lines,
            text,
            places,
            setup,
            slide: 0,
            warnings: Vec::new(),
            notes: Vec::new(),
            task_box: None,
            depth: 0,
            footnotes: Footnotes::default(),
            warned_kinds: Vec::new(),
            last_marker: ' ',
            last_slide: None,
            underlined: Vec::new(),
            continues_list: false,
            is_behind_unclosed: false,
            link_definitions: OnceCell::new(),
        }
    }

    /// Returns the Markdown that is being read.
    pub(in crate::deck) fn text(&self) -> &'a str {
        self.text
    }

    /// Returns the line and column in the file of the byte at `offset` in the text.
    pub(in crate::deck) fn position(&self, offset: usize) -> Position {
        self.lines.position(self.places.file_offset(offset))
    }

    /// Returns a byte range of the text. What is past its end is left out, and so is the part of a
    /// character in which the range ends.
    pub(in crate::deck) fn slice(&self, range: &Range<usize>) -> &'a str {
        let within = |offset| self.text.floor_char_boundary(offset);
        &self.text[within(range.start)..within(range.end)]
    }

    /// Warns about what begins at `body_offset`, a byte offset in the body.
    pub(in crate::deck) fn warn(&mut self, body_offset: usize, message: impl Into<String>) {
        self.warn_at(self.position(body_offset), message);
    }

    /// Warns about what stands at `at`, a position in the file.
    pub(in crate::deck) fn warn_at(&mut self, at: Position, message: impl Into<String>) {
        self.warnings.push(Warning::new(self.slide, at, self.lines, message));
    }

    /// Warns like [`Self::warn`], unless the slide already has a warning of this kind.
    pub(in crate::deck) fn warn_once(
        &mut self,
        kind: &'static str,
        body_offset: usize,
        message: impl Into<String>,
    ) {
        let slide = self.slide;
        self.warned_kinds.retain(|&(known, _)| known == slide);
        if !self.warned_kinds.contains(&(slide, kind)) {
            self.warned_kinds.push((slide, kind));
            self.warn(body_offset, message);
        }
    }

    /// Reads the block that `event` opens, to its end: no block if it shows nothing, and several if
    /// it holds them.
    pub(in crate::deck) fn block(
        &mut self,
        event: Event<'a>,
        range: &Range<usize>,
        events: &mut EventIter<'a>,
    ) -> Vec<Block> {
        if is_nesting(&event) && self.depth == MAX_DEPTH {
            return self.flattened(range, events);
        }
        let blocks = self.open_block(event, range, events);
        if self.depth == 0 && !blocks.is_empty() {
            self.last_slide = Some(self.slide);
        }
        blocks
    }

    fn open_block(
        &mut self,
        event: Event<'a>,
        range: &Range<usize>,
        events: &mut EventIter<'a>,
    ) -> Vec<Block> {
        vec![match event {
            Event::Start(Tag::Heading { level, .. }) => self.heading(level, range, events),
            Event::Start(Tag::Paragraph) => return self.paragraph(range, events),
            Event::Start(Tag::List(start)) => {
                self.nested(|reader| reader.list(start, range, events))
            }
            Event::Start(Tag::Table(columns)) => self.table(&columns, events),
            Event::Start(Tag::BlockQuote(kind)) => {
                let blocks = self.nested(|reader| reader.blocks(events));
                Block::Quote { alert: kind.map(alert), blocks }
            }
            Event::Start(Tag::CodeBlock(kind)) => self.code(kind, range, events),
            Event::Start(Tag::HtmlBlock) => return self.nested_html(events),
            Event::Start(Tag::FootnoteDefinition(label)) => {
                return self.footnote(&label, range.start, events);
            }
            Event::Rule => Block::Rule,
            _ => return Vec::new(),
        }]
    }

    /// Runs `read` one nesting level deeper.
    pub(in crate::deck) fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> T) -> T {
        self.depth += 1;
        let found = read(self);
        self.depth -= 1;
        found
    }

    /// Reads the blocks within a list or quote that is nested too deep, after its start tag, as if
    /// it and those within it were not there.
    fn flattened(&mut self, range: &Range<usize>, events: &mut EventIter<'a>) -> Vec<Block> {
        let message = format!(
            "lists and quotes can nest at most {MAX_DEPTH} deep; anything deeper is shown at that \
             depth"
        );
        self.warn_once("depth", range.start, message);
        let outer = self.task_box.take();
        let mut blocks = Vec::new();
        let mut open = 1_usize;
        while open > 0
            && let Some((event, _)) = events.peek()
        {
            match event {
                Event::Start(Tag::List(_) | Tag::Item | Tag::BlockQuote(_)) => open += 1,
                Event::End(_) => open -= 1,
                _ => {
                    self.next_block(&mut blocks, events);
                    continue;
                }
            }
            events.next();
        }
        self.task_box = outer;
        blocks
    }

    /// Reads the blocks up to the end tag of what holds them, which is consumed.
    pub(in crate::deck) fn blocks(&mut self, events: &mut EventIter<'a>) -> Vec<Block> {
        let mut blocks = Vec::new();
        while let Some((event, _)) = events.peek() {
            // Whatever else began here has been read to its own end.
            if matches!(event, Event::End(_)) {
                events.next();
                break;
            }
            self.next_block(&mut blocks, events);
        }
        blocks
    }

    /// Reads what comes next, and appends it to `blocks`.
    fn next_block(&mut self, blocks: &mut Vec<Block>, events: &mut EventIter<'a>) {
        let Some((event, range)) = events.peek() else { return };
        let range = range.clone();
        // In a tight list, an item holds its text directly, without a paragraph around it.
        if is_inline(event) {
            let inline = self.bare_line(events);
            blocks.extend(self.text_blocks(inline, range.start));
        } else if let Some((event, _)) = events.next() {
            let read = self.block(event, &range, events);
            self.append(blocks, read);
        }
    }

    /// Appends what was read. A list that goes on behind a pause is one list.
    pub(in crate::deck) fn append(&mut self, blocks: &mut Vec<Block>, read: Vec<Block>) {
        for block in read {
            blocks.push(block);
            if self.continues_list {
                join_lists(blocks);
            }
        }
    }

    fn paragraph(&mut self, range: &Range<usize>, events: &mut EventIter<'a>) -> Vec<Block> {
        let source = self.slice(range).trim_end();
        let is_math = source.len() >= 4 && source.starts_with("$$") && source.ends_with("$$");
        if is_math && (self.depth == 0 || !source.contains('\n')) {
            events.by_ref().find(|(event, _)| *event == Event::End(TagEnd::Paragraph));
            return vec![self.math(source, range.start)];
        }
        let inline = self.line(events, TagEnd::Paragraph);
        self.text_blocks(inline, range.start)
    }

    fn heading(
        &mut self,
        level: HeadingLevel,
        range: &Range<usize>,
        events: &mut EventIter<'a>,
    ) -> Block {
        let inline = self.line(events, TagEnd::Heading(level));
        let text = self.runs(inline, range.start);
        let source = self.slice(range).trim_end();
        // A `---` right below a paragraph underlines it (CommonMark 4.3, setext headings). As the
        // first of a slide, it is how presenterm writes titles.
        let last = source.lines().last().unwrap_or("");
        let is_first = self.depth == 0 && self.last_slide != Some(self.slide);
        if !source.starts_with('#') && last.trim().starts_with('-') && !is_first {
            let at = range.start + source.len() - last.len();
            let message = "this `---` makes the text above it a heading; put a blank line before it \
                           to end the slide";
            self.underlined.push(Warning::new(self.slide, self.position(at), self.lines, message));
        }
        Block::Heading { level: level as u8, text }
    }

    /// Reads an HTML block inside a list or a quote, where not every directive works.
    fn nested_html(&mut self, events: &mut EventIter<'a>) -> Vec<Block> {
        let mut blocks = Vec::new();
        for part in self.html_block(events) {
            match part {
                HtmlPart::Blocks(read) => {
                    self.continues_list = false;
                    blocks.extend(read);
                }
                HtmlPart::Directive(_, Directive::Pause) => blocks.push(Block::Pause),
                HtmlPart::Directive(range, directive) => {
                    self.nested_directive(range.start, directive);
                }
            }
        }
        blocks
    }

    pub(super) fn directive(&self, comment: &str) -> Directive {
        directive::parse_directive(self.setup.options.without_prefix(comment))
    }

    /// Reads a comment within a line.
    pub(in crate::deck) fn inline_directive(&mut self, at: usize, comment: &str) {
        self.nested_directive(at, self.directive(comment));
    }

    fn nested_directive(&mut self, at: usize, directive: Directive) {
        match directive {
            Directive::SpeakerNote(note) => self.notes.push(note),
            Directive::Invalid(message) => self.warn(at, message),
            Directive::Comment => {}
            Directive::Pause => {
                self.warn_once("pause", at, "a pause only works on a line of its own");
            }
            _ => {
                self.warn(at, "this only works on a line of its own, outside lists and quotes");
            }
        }
    }
}

/// Whether `event` opens a block that can contain blocks of its own kind.
fn is_nesting(event: &Event) -> bool {
    matches!(event, Event::Start(Tag::List(_) | Tag::BlockQuote(_)))
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
    use crate::deck::{
        CodeBlock, ColumnAlign, Deck, ImageBlock, TextColor, TextRun, TextStyle, parse, plain_text,
    };

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
        assert_eq!(slide.steps(), 2);
        let only = "this only works on a line of its own, outside lists and quotes";
        assert_eq!(
            warnings,
            [
                "13:3: unknown directive `puase` (did you mean `pause`?); write `<!-- pause -->`"
                    .to_owned(),
                format!("17:12: {only}"),
                format!("20:5: {only}"),
                "22:3: this comment is never closed; end it with `-->`".to_owned(),
            ]
        );
    }

    #[test]
    fn an_html_block_in_a_quote_ends_where_it_ends() {
        let (deck, warnings) = warned("> <div>\n> x\n> </div> <!-- pause -->\n>\n> after\n");
        assert_eq!(text_of(&deck.slides[0].blocks), "x after ");
        assert_eq!((deck.slides[0].steps(), warnings), (2, vec![]));
        let (_, warnings) = warned("> <div> <!-- x\n");
        assert!(warnings[0].starts_with("1:9: this comment is never closed"), "{warnings:?}");
        let (_, warnings) = warned("> <div>\n> <!-- a --> <vid>\n");
        assert!(warnings[0].starts_with("2:14: `<vid>` has no effect here"), "{warnings:?}");
    }

    #[test]
    fn only_what_is_within_counts_as_nested() {
        assert_eq!(blocks(&"> x\n\n- y\n\n".repeat(MAX_DEPTH + 1)).len(), 2 * (MAX_DEPTH + 1));
        let (deck, warnings) = warned(&format!("{}x\n\n> shallow\n", "> ".repeat(MAX_DEPTH + 1)));
        assert_eq!((text_of(&deck.slides[0].blocks), warnings.len()), ("x shallow ".to_owned(), 1));
    }

    #[test]
    fn all_of_what_is_nested_too_deep_is_shown_less_deep() {
        let deep = "> ".repeat(MAX_DEPTH + 1);
        let source = format!("{deep}one *two*\n{deep}\n{deep}- three\n{deep}- four\n\nafter\n");
        let (deck, warnings) = warned(&source);
        let text = text_of(&deck.slides[0].blocks);
        assert_eq!((text.as_str(), warnings.len()), ("one two three four after ", 1));
    }

    #[test]
    fn a_line_of_hyphens_below_text_is_a_slip_and_one_of_equals_signs_is_not() {
        let heading = |level| {
            let text = vec![TextRun { text: "A".into(), ..TextRun::default() }];
            Block::Heading { level, text }
        };
        assert_eq!(blocks("A\n===\n"), [heading(1)]);
        assert_eq!(blocks("###### A\n"), [heading(6)]);
        let (deck, warnings) = warned("x\n\n  A\n  ---\n");
        assert_eq!(deck.slides[0].blocks[1], heading(2));
        assert!(warnings[0].starts_with("4:1: this `---` makes"), "{warnings:?}");
        assert_eq!(blocks("A\n---\n\nx\n"), [heading(2), blocks("x\n").remove(0)]);
        let ends = "x\n\nA\n---\n\n<!-- end_slide -->\n\ny\n\nB\n---\n";
        assert_eq!(warned(ends).1, [] as [&str; 0]);
        assert_eq!(warned(&format!("{ends}\n\n---\n\nz\n")).1.len(), 2);
    }

    #[test]
    fn every_inline_style_begins_and_ends() {
        let source = "a **b** *c* ~~d~~ `e` [f](u) <!-- x --> g\\\nh\ni";
        let Block::Paragraph(runs) = blocks(source).remove(0) else { panic!("{source}") };
        let plain = TextStyle::default();
        let styled = |text: &str, style| TextRun { text: text.into(), style, link: None };
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
            TextRun { link: Some("u".to_owned().into()), ..styled("f", plain) },
            styled(" g", plain),
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

    fn image(path: &str, alt: &str) -> Block {
        let image = ImageBlock::default();
        Block::Image(ImageBlock { path: path.to_owned(), alt: alt.to_owned(), ..image }.into())
    }

    #[test]
    fn pictures_on_their_own_are_drawn_and_others_are_told_once() {
        let source = "# A\n\n![a *map*](map.png)\n\n![](b.png) ![bg left:40%](c.png)\n\n- \
                      ![in a list](d.png)\n\n[![badge](e.png)](u)\n\n<img src=\"f.png\" alt='&lt;f&gt;'>\n";
        let read = blocks(source);
        assert_eq!(read[1..3], [image("map.png", "a map"), image("b.png", "")]);
        let Block::Image(background) = &read[3] else { panic!("{read:?}") };
        assert_eq!((background.alt.as_str(), background.width_percent), ("", Some(40)));
        let Block::List { items, .. } = &read[4] else { panic!("{read:?}") };
        assert_eq!(items[0].blocks, [image("d.png", "in a list")]);
        assert_eq!(read[5..], [image("e.png", "badge"), image("f.png", "<f>")]);

        let (deck, warnings) = warned("# ![x](x.png)\n\nsee ![a map](y.png) and ![b](z.png)\n");
        assert_eq!(text_of(&deck.slides[0].blocks), "x see a map and b ");
        let message = "a picture is drawn only in a paragraph of its own; here its text is shown";
        assert_eq!(warnings, [format!("1:1: {message}")]);
    }

    #[test]
    fn styles_nest_and_html_has_its_effect() {
        let Block::Paragraph(runs) = blocks(
            "**a **b** c** H<sub>2</sub>O x<sup>2</sup> <u>u</u> <span style=\"color: \
             #010203\">red *it*</span><br>\nnext <a href='v'>link</a> &copy; <kbd>K</kbd>\n",
        )
        .remove(0) else {
            panic!()
        };
        assert_eq!(plain_text(&runs), "a b c H2O x2 u red it next link © K");
        let style = |text: &str| {
            let found = runs.iter().find(|run| *run.text == *text);
            found.unwrap_or_else(|| panic!("{text}: {runs:?}")).style
        };
        let plain = TextStyle::default();
        let color = Some(TextColor::Rgb(1, 2, 3));
        assert_eq!(style("a b c"), TextStyle { bold: true, ..plain });
        assert_eq!(style("2"), TextStyle { superscript: true, ..plain });
        assert_eq!(style("u"), TextStyle { underline: true, ..plain });
        assert_eq!(style("it"), TextStyle { italic: true, foreground: color, ..plain });
        assert_eq!(style("K"), TextStyle { code: true, ..plain });
        assert!(runs.iter().any(crate::deck::content::text_run::TextRun::is_break), "{runs:?}");
        assert!(runs.iter().any(|run| *run.text == *"link" && run.link.as_deref() == Some("v")));
    }

    #[test]
    fn a_line_break_in_the_source_joins_what_has_no_blanks() {
        let text = |source: &str| text_of(&blocks(source));
        assert_eq!(text("私たちは\nここに\n"), "私たちはここに ");
        assert_eq!(text("日本語\nabc\n漢字\n"), "日本語 abc 漢字 ");
        assert_eq!(text("한국어\n단어\n"), "한국어 단어 ");
        assert_eq!(text("a\n*b*\n"), "a b ");
    }

    #[test]
    fn neighbouring_blanks_are_kept_in_code_only() {
        let text = |source: &str| text_of(&blocks(source));
        assert_eq!(text("a  b **c**   *d*\n"), "a b c d ");
        assert_eq!(text("a <b> b </b> c\n"), "a b c ");
        assert_eq!(text("a <kbd>x</kbd>  `b   c`  d\n"), "a x b   c d ");
        assert_eq!(text("`a  ` b\n"), "a   b ");
        assert_eq!(text("## `a  b`  c\n"), "a  b c ");
    }

    #[test]
    fn breaks_hold_in_cells_titles_and_alone() {
        let read =
            blocks("# a<br>b\n\n<br><br>\n\n<br>\n\n| x<br>y |\n|--|\n| 1<br />2 |\n\nend<br>\n");
        let Block::Heading { text, .. } = &read[0] else { panic!("{read:?}") };
        assert!(text[1].is_break(), "{text:?}");
        assert_eq!(read[1..3], [Block::Blank(2), Block::Blank(1)]);
        let Block::Table(table) = &read[3] else { panic!("{read:?}") };
        assert!(table.header[0][1].is_break() && table.rows[0][0][1].is_break());
        assert_eq!(
            read[4],
            Block::Paragraph(vec![TextRun { text: "end".into(), ..TextRun::default() }])
        );
    }

    #[test]
    fn html_blocks_become_what_they_are_in_markdown() {
        let read = blocks(
            "<h2>A &amp; B</h2>\n<ul><li>one<li><b>two</b>\n<ol start=3><li>x</ol></ul>\n\
             <blockquote><p>q</p></blockquote>\n<table><tr><th>h</th><th>i</th></tr><tr><td>1\n\
             <td>2</table>\n<hr>\n<center>mid</center>\n<div>a\n  b</div><p>c</p>\n\n\
             <pre><code class=\"language-Go\">\nx  &lt; 1\n\n  y\n</code></pre>\n",
        );
        let paragraph = |text: &str| {
            Block::Paragraph(vec![TextRun { text: text.into(), ..TextRun::default() }])
        };
        assert!(
            matches!(&read[0], Block::Heading { level: 2, text } if plain_text(text) == "A & B")
        );
        let Block::List { start: None, items, .. } = &read[1] else { panic!("{read:?}") };
        assert_eq!(items.len(), 2);
        assert!(matches!(&items[1].blocks[1], Block::List { start: Some(3), .. }), "{items:?}");
        assert!(matches!(&read[2], Block::Quote { blocks, .. } if blocks[..] == [paragraph("q")]));
        let Block::Table(table) = &read[3] else { panic!("{read:?}") };
        assert_eq!(
            (plain_text(&table.header[1]), plain_text(&table.rows[0][1])),
            ("i".into(), "2".into())
        );
        assert_eq!(read[4], Block::Rule);
        assert!(matches!(&read[5], Block::Styled { align: Some(ColumnAlign::Center), .. }));
        assert_eq!(read[6..8], [paragraph("a b"), paragraph("c")]);
        let Block::Code(code) = &read[8] else { panic!("{read:?}") };
        assert_eq!((code.language.as_str(), &*code.text), ("go", "x  < 1\n\n  y\n"));
    }

    #[test]
    fn what_has_no_counterpart_is_told_once_a_slide() {
        let source = "<o-o>a</o-o> <x-y>b</x-y>\n\n<style>p {}</style>\n<script>z</script>\n\n\
                      ---\n\n<video>c</video>\n\n<span style='color:nosuch'>d</span>\n";
        let (deck, warnings) = warned(source);
        assert_eq!(text_of(&deck.slides[0].blocks), "a b ");
        assert_eq!(text_of(&deck.slides[1].blocks), "c d ");
        assert_eq!(
            warnings,
            [
                "1:1: `<o-o>` has no effect here; its text is shown",
                "3:8: scripts and style sheets are left out",
                "8:1: `<video>` has no effect here; its text is shown",
                "10:1: unknown color `nosuch`; write it as `#rrggbb`",
            ]
        );
    }

    #[test]
    fn a_style_sheet_within_a_line_is_left_out_and_told() {
        let (deck, warnings) = warned("text <style>b{color:red}</style>more\n");
        assert_eq!(text_of(&deck.slides[0].blocks), "text more ");
        assert_eq!(warnings, ["1:6: scripts and style sheets are left out"]);
    }

    #[test]
    fn text_beside_a_directive_stays() {
        let source =
            "a\n\n<!-- pause --> **three** x\n\n<!-- pause --> <b>four</b> <!-- pause --> five\n";
        let read = blocks(source);
        assert_eq!(text_of(&read), "a three x four five ");
        let pauses: Vec<bool> = read.iter().map(|block| *block == Block::Pause).collect();
        assert_eq!(pauses, [false, true, false, true, false, true, false]);
        let Block::Paragraph(runs) = &read[2] else { panic!("{read:?}") };
        assert!(runs[0].style.bold);
    }

    #[test]
    fn pauses_between_items_keep_one_list() {
        let source = "- a\n<!-- pause -->\n- b\n<!-- pause -->\n<!-- pause -->\n- c\n";
        let read = blocks(source);
        let [Block::List { items, .. }] = &read[..] else { panic!("{read:?}") };
        let pauses: Vec<_> = items.iter().map(|item| (item.pauses, item.blocks.len())).collect();
        assert_eq!(pauses, [(false, 1), (true, 2), (true, 1)]);
        let read = blocks("> 1. a\n> <!-- pause -->\n> 1. b\n");
        let [Block::Quote { blocks: inner, .. }] = &read[..] else { panic!("{read:?}") };
        assert!(
            matches!(&inner[..], [Block::List { start: Some(1), items, .. }] if items[1].pauses)
        );
        for two in
            ["- a\n<!-- pause -->\n* b\n", "- a\n<!-- pause -->\n1. b\n", "- a\n<!-- x -->\n- b\n"]
        {
            let lists =
                blocks(two).iter().filter(|block| matches!(block, Block::List { .. })).count();
            assert_eq!(lists, 2, "{two}");
        }
        let read = blocks("1. first\n\n   <!-- pause -->\n\n   more\n2. second\n");
        let [Block::List { items, .. }] = &read[..] else { panic!("{read:?}") };
        assert_eq!(items[0].blocks[1], Block::Pause);
    }

    #[test]
    fn a_list_is_loose_where_blank_lines_divide_it() {
        let looseness = |source: &str| match &blocks(source)[..] {
            [Block::List { loose, .. }] => *loose,
            other => panic!("{other:?}"),
        };
        for tight in ["- a\n- b\n", "- a\n  - b\n\n    c\n- d\n", "1. a\n2. b\n\n"] {
            assert!(!looseness(tight), "{tight}");
        }
        for loose in ["- a\n\n- b\n", "1. a\n\n   b\n2. c\n", "- a\n<!-- pause -->\n- b\n\n- c\n"] {
            assert!(looseness(loose), "{loose}");
        }
    }

    #[test]
    fn formulas_are_kept_character_for_character() {
        let source = "$$\nx = \\frac{a}{b}\n\\\\\n\\sum_{i=1}^{n} *i*\n$$\n\n> $$a\\\\b$$\n";
        let read = blocks(source);
        let Block::Code(code) = &read[0] else { panic!("{read:?}") };
        assert_eq!(&*code.text, "$$\nx = \\frac{a}{b}\n\\\\\n\\sum_{i=1}^{n} *i*\n$$\n");
        let Block::Quote { blocks, .. } = &read[1] else { panic!("{read:?}") };
        assert!(
            matches!(&blocks[..], [Block::Code(code)] if *code.text == *"$$a\\\\b$$\n"),
            "{blocks:?}"
        );
    }

    #[test]
    fn what_a_terminal_would_obey_is_reported_with_its_name_and_shown_as_another() {
        let (deck, warnings) = warned("a\tb \u{7f}\n\n`c\u{200b}`\n\n```\nd\te\n\u{9b}\n```\n");
        assert_eq!(text_of(&deck.slides[0].blocks), "a b ␡ c\u{fffd} ");
        let text = "d   e\n\u{fffd}\n".into();
        let code = CodeBlock { text, ..CodeBlock::default() };
        assert_eq!(deck.slides[0].blocks[2], Block::Code(code.into()));
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
