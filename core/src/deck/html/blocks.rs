//! Builds blocks from the tags and the text of an HTML block.
//!
//! Headings, lists, quotes, tables, preformatted text and pictures become what they are in Markdown;
//! of any other element the text is shown, in a paragraph of its own if it is no part of a line.

use crate::deck::content::block::{Block, ColumnAlign, ImageBlock, ListItem, TableBlock};
use crate::deck::content::code::{CodeBlock, code_text};
use crate::deck::content::text_run::TextRun;
use crate::deck::html::entity::decode;
use crate::deck::html::scan::Tag;
use crate::deck::inline::{Inline, paragraph};
use crate::text;

/// The blocks so far and the elements that are open, the innermost last.
#[derive(Default)]
pub(in crate::deck) struct HtmlBlocks {
    pub(in crate::deck) inline: Inline,
    frames: Vec<Frame>,
    blocks: Vec<Block>,
    /// The text of a `pre` element that is open.
    preformatted: Option<String>,
    language: String,
}

struct Frame {
    name: String,
    kind: Kind,
}

enum Kind {
    List { start: Option<u64>, items: Vec<ListItem> },
    Item(Vec<Block>),
    Quote(Vec<Block>),
    Centered(Vec<Block>),
    Heading(u8),
    Table(Vec<Vec<Vec<TextRun>>>, bool),
    Row(Vec<Vec<TextRun>>),
    Cell(Vec<TextRun>),
}

impl HtmlBlocks {
    /// Appends text with its entities as written.
    pub(in crate::deck) fn text(&mut self, text: &str) {
        let text = decode(text);
        if let Some(preformatted) = &mut self.preformatted {
            preformatted.push_str(&text);
            return;
        }
        // As in a browser, any white space is one blank.
        let mut words = text.split_ascii_whitespace().peekable();
        if words.peek().is_none() || text.starts_with(|c: char| c.is_ascii_whitespace()) {
            self.inline.break_softly();
        }
        while let Some(word) = words.next() {
            self.inline.push(word);
            if words.peek().is_some() || text.ends_with(|c: char| c.is_ascii_whitespace()) {
                self.inline.break_softly();
            }
        }
    }

    /// Appends a picture.
    pub(in crate::deck) fn picture(&mut self, picture: ImageBlock) {
        self.flush();
        self.push(Block::Image(picture.into()));
    }

    /// Waits for a key press before what follows. Returns whether it can here: a table, a heading
    /// or preformatted text appears as a whole.
    pub(in crate::deck) fn pause(&mut self) -> bool {
        let is_whole = |frame: &Frame| {
            matches!(frame.kind, Kind::Heading(_) | Kind::Table(..) | Kind::Row(_) | Kind::Cell(_))
        };
        if self.preformatted.is_some() || self.frames.iter().any(is_whole) {
            return false;
        }
        self.flush();
        self.push(Block::Pause);
        true
    }

    /// Takes a tag that begins or ends a block, if it is one. `room` is how many levels deeper
    /// blocks can nest.
    pub(in crate::deck) fn take_tag(&mut self, tag: &Tag, room: usize) -> bool {
        let name = tag.name.as_str();
        if name == "pre" {
            self.flush();
            if tag.closes {
                self.end_preformatted();
            } else if self.preformatted.is_none() {
                self.preformatted = Some(String::new());
            }
            return true;
        }
        if self.preformatted.is_some() {
            let class = tag.attribute("class").unwrap_or("");
            if let Some(language) =
                class.split_whitespace().find_map(|class| class.strip_prefix("language-"))
            {
                self.language = text::sanitize(&language.to_lowercase()).into_owned();
            }
            return true;
        }
        if name == "hr" {
            self.flush();
            self.push(Block::Rule);
            return true;
        }
        let kind = kind(tag);
        if kind.is_none() && !TRANSPARENT.contains(&name) {
            return false;
        }
        self.flush();
        if tag.closes {
            self.close(name);
        } else if let Some(kind) = kind.filter(|_| self.frames.len() < room) {
            self.make_room_for(&kind);
            self.frames.push(Frame { name: name.to_owned(), kind });
        }
        true
    }

    /// Ends an element that has no closing tag before another of its kind.
    fn make_room_for(&mut self, kind: &Kind) {
        let ends = |open: &Kind| match kind {
            Kind::Item(_) => matches!(open, Kind::Item(_)),
            Kind::Cell(_) => matches!(open, Kind::Cell(_)),
            Kind::Row(_) => matches!(open, Kind::Cell(_) | Kind::Row(_)),
            _ => false,
        };
        while self.frames.last().is_some_and(|frame| ends(&frame.kind)) {
            self.close_last();
        }
    }

    fn close(&mut self, name: &str) {
        if self.frames.iter().any(|frame| frame.name == name) {
            while self.frames.last().is_some_and(|frame| frame.name != name) {
                self.close_last();
            }
            self.close_last();
        }
    }

    fn close_last(&mut self) {
        let Some(frame) = self.frames.pop() else { return };
        match frame.kind {
            Kind::List { start, items } => {
                if !items.is_empty() {
                    self.push(Block::List { start, loose: false, items });
                }
            }
            Kind::Item(blocks) => {
                let item = ListItem { blocks, ..ListItem::default() };
                match self.frames.last_mut().map(|frame| &mut frame.kind) {
                    Some(Kind::List { items, .. }) => items.push(item),
                    _ => self.push(Block::List { start: None, loose: false, items: vec![item] }),
                }
            }
            Kind::Quote(blocks) => {
                if !blocks.is_empty() {
                    self.push(Block::Quote { alert: None, blocks });
                }
            }
            Kind::Centered(blocks) => {
                if !blocks.is_empty() {
                    let align = Some(ColumnAlign::Center);
                    self.push(Block::Styled { align, font_size: 1, blocks });
                }
            }
            Kind::Heading(_) => {}
            Kind::Table(rows, has_header) => self.push_table(rows, has_header),
            Kind::Row(cells) => match self.frames.last_mut().map(|frame| &mut frame.kind) {
                Some(Kind::Table(rows, _)) => rows.push(cells),
                _ => self.push_table(vec![cells], false),
            },
            Kind::Cell(runs) => match self.frames.last_mut().map(|frame| &mut frame.kind) {
                Some(Kind::Row(cells)) => {
                    cells.push(runs);
                    let is_header = frame.name == "th";
                    let table = self.frames.iter_mut().rev().nth(1).map(|frame| &mut frame.kind);
                    if let Some(Kind::Table(rows, has_header)) = table {
                        *has_header |= is_header && rows.is_empty();
                    }
                }
                _ if runs.is_empty() => {}
                _ => self.push(Block::Paragraph(runs)),
            },
        }
    }

    fn push_table(&mut self, mut rows: Vec<Vec<Vec<TextRun>>>, has_header: bool) {
        rows.retain(|row| !row.is_empty());
        let width = rows.iter().map(Vec::len).max().unwrap_or(0);
        if width == 0 {
            return;
        }
        let header = if has_header { rows.remove(0) } else { vec![Vec::new(); width] };
        let columns = vec![ColumnAlign::Left; width];
        self.push(Block::Table(TableBlock { columns, header, rows, pauses: false }.into()));
    }

    /// Whether an element is open that blocks are put into.
    pub(in crate::deck) fn is_open(&self) -> bool {
        !self.frames.is_empty() || self.preformatted.is_some()
    }

    /// Ends the line of text that has been read.
    fn flush(&mut self) {
        let mut inline = std::mem::take(&mut self.inline);
        self.inline.continue_tags(&mut inline);
        let Some(block) = paragraph(inline.finish()) else { return };
        match (self.frames.last().map(|frame| &frame.kind), block) {
            (Some(&Kind::Heading(level)), Block::Paragraph(text)) => {
                self.push(Block::Heading { level, text });
            }
            (_, block) => self.push(block),
        }
    }

    /// Puts a block into the innermost element that takes blocks.
    fn push(&mut self, block: Block) {
        for frame in self.frames.iter_mut().rev() {
            match &mut frame.kind {
                Kind::Item(blocks) | Kind::Quote(blocks) | Kind::Centered(blocks) => {
                    return blocks.push(block);
                }
                // A pause is no item: it stands below the last one, or above the list.
                Kind::List { items, .. } if block == Block::Pause => {
                    if let Some(last) = items.last_mut() {
                        return last.blocks.push(block);
                    }
                }
                Kind::List { items, .. } => {
                    return items.push(ListItem { blocks: vec![block], ..ListItem::default() });
                }
                // A cell holds text only.
                Kind::Cell(runs) => {
                    if let Some(text) = words(&block) {
                        if !runs.is_empty() {
                            runs.push(TextRun { text: "\n".into(), ..TextRun::default() });
                        }
                        return runs.extend(text);
                    }
                }
                Kind::Heading(_) | Kind::Table(..) | Kind::Row(_) => {}
            }
        }
        self.blocks.push(block);
    }

    fn end_preformatted(&mut self) {
        let Some(text) = self.preformatted.take() else { return };
        // HTML drops the line break right after the opening tag.
        let text = text.strip_prefix('\n').unwrap_or(&text);
        let text = code_text(text.trim_end().lines());
        let language = std::mem::take(&mut self.language);
        if !text.is_empty() {
            self.push(Block::Code(CodeBlock { language, text, ..CodeBlock::default() }.into()));
        }
    }

    /// Ends all elements and returns the blocks.
    pub(in crate::deck) fn finish(&mut self) -> Vec<Block> {
        self.flush();
        self.end_preformatted();
        while !self.frames.is_empty() {
            self.close_last();
        }
        std::mem::take(&mut self.blocks)
    }
}

/// Whether the tag begins or ends a block.
pub(in crate::deck) fn is_block(tag: &Tag) -> bool {
    kind(tag).is_some() || TRANSPARENT.contains(&tag.name.as_str())
}

/// Elements that stand on lines of their own and have no other form here.
const TRANSPARENT: [&str; 25] = [
    "address",
    "article",
    "aside",
    "body",
    "dd",
    "details",
    "div",
    "dl",
    "dt",
    "figcaption",
    "figure",
    "footer",
    "form",
    "header",
    "html",
    "main",
    "nav",
    "p",
    "section",
    "summary",
    "tbody",
    "tfoot",
    "thead",
    "caption",
    "colgroup",
];

/// Returns what an element becomes, if that is more than its text.
fn kind(tag: &Tag) -> Option<Kind> {
    let start = || tag.attribute("start").and_then(|start| start.parse().ok()).or(Some(1));
    Some(match tag.name.as_str() {
        "ul" | "menu" => Kind::List { start: None, items: Vec::new() },
        "ol" => Kind::List { start: start(), items: Vec::new() },
        "li" => Kind::Item(Vec::new()),
        "blockquote" => Kind::Quote(Vec::new()),
        "center" => Kind::Centered(Vec::new()),
        "div" | "p" if tag.attribute("align") == Some("center") => Kind::Centered(Vec::new()),
        "h1" => Kind::Heading(1),
        "h2" => Kind::Heading(2),
        "h3" => Kind::Heading(3),
        "h4" => Kind::Heading(4),
        "h5" => Kind::Heading(5),
        "h6" => Kind::Heading(6),
        "table" => Kind::Table(Vec::new(), false),
        "tr" => Kind::Row(Vec::new()),
        "td" | "th" => Kind::Cell(Vec::new()),
        _ => return None,
    })
}

/// Returns the text of a block that fits into a cell of a table.
fn words(block: &Block) -> Option<Vec<TextRun>> {
    match block {
        Block::Paragraph(runs) | Block::Heading { text: runs, .. } => Some(runs.clone()),
        Block::Image(picture) => {
            Some(vec![TextRun { text: picture.alt.as_str().into(), ..TextRun::default() }])
        }
        _ => None,
    }
}
