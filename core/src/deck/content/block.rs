//! The blocks of a slide.

use std::sync::Arc;

use crate::deck::content::code::CodeBlock;
use crate::deck::content::text_run::TextRun;
use crate::deck::demo_fence::DemoFence;

/// One element of a slide.
#[derive(Clone, Debug, PartialEq)]
pub enum Block {
    /// A heading, `#` to `######`.
    Heading {
        /// The heading level, 1 to 6.
        level: u8,
        /// The heading's text.
        text: Vec<TextRun>,
    },
    /// Text that wraps to the available width.
    Paragraph(Vec<TextRun>),
    /// A bullet or numbered list.
    List {
        /// The first number; `None` for bullets.
        start: Option<u64>,
        /// Whether the items stand apart: blank lines divide them or what they hold.
        loose: bool,
        /// The items from top to bottom.
        items: Vec<ListItem>,
    },
    /// A pipe table.
    Table(Box<TableBlock>),
    /// A block quote, or a GitHub alert if it has a kind.
    Quote {
        /// The alert's kind, given by a first line such as `[!NOTE]`.
        alert: Option<AlertKind>,
        /// The quoted blocks.
        blocks: Vec<Block>,
    },
    /// A code block, kept character for character. It is never wrapped.
    Code(Box<CodeBlock>),
    /// A picture.
    Image(Box<ImageBlock>),
    /// Blocks side by side.
    Columns(Vec<Column>),
    /// Blocks with an alignment or a font size of their own.
    Styled {
        /// Where the lines of the blocks stand; `None` for the alignment around them.
        align: Option<ColumnAlign>,
        /// The font size, 1 to 7; 1 is that of the terminal.
        font_size: u8,
        /// The blocks.
        blocks: Vec<Block>,
    },
    /// The footnotes of the slide, at its end.
    Footnotes(Vec<Footnote>),
    /// Blank rows, this many.
    Blank(u16),
    /// The place from which on the slide stands in the middle of the free height.
    Middle,
    /// A live demo.
    Demo(Box<DemoFence>),
    /// A thematic break written as `***` or `___`: a line across the slide.
    Rule,
    /// A pause: everything after it appears with the next key press.
    Pause,
}

impl Block {
    /// Returns the blocks that this one holds, in order.
    pub fn children(&self) -> Box<dyn Iterator<Item = &Self> + '_> {
        match self {
            Self::Quote { blocks, .. } | Self::Styled { blocks, .. } => Box::new(blocks.iter()),
            Self::List { items, .. } => Box::new(items.iter().flat_map(|item| &item.blocks)),
            Self::Columns(columns) => Box::new(columns.iter().flat_map(|column| &column.blocks)),
            Self::Footnotes(notes) => Box::new(notes.iter().flat_map(|note| note.blocks.iter())),
            _ => Box::new(std::iter::empty()),
        }
    }

    /// Returns the lists of blocks that this one holds for itself, in order: footnotes are shared.
    pub(in crate::deck) fn child_lists(&mut self) -> Vec<&mut Vec<Self>> {
        match self {
            Self::Quote { blocks, .. } | Self::Styled { blocks, .. } => vec![blocks],
            Self::List { items, .. } => items.iter_mut().map(|item| &mut item.blocks).collect(),
            Self::Columns(columns) => columns.iter_mut().map(|column| &mut column.blocks).collect(),
            _ => Vec::new(),
        }
    }

    /// Forgets where the block stands in the file.
    pub(super) fn forget_positions(&mut self) {
        match self {
            Self::Demo(fence) => fence.forget_positions(),
            Self::Footnotes(notes) => {
                let shared = notes.iter_mut().flat_map(|note| Arc::make_mut(&mut note.blocks));
                shared.for_each(Self::forget_positions);
            }
            _ => {}
        }
        self.child_lists().into_iter().flatten().for_each(Self::forget_positions);
    }

    /// Gives back the memory that the block's lists have too much.
    pub(in crate::deck) fn shrink_to_fit(&mut self) {
        match self {
            Self::List { items, .. } => move_to_fit(items),
            Self::Table(table) => {
                move_to_fit(&mut table.rows);
                table.rows.iter_mut().chain([&mut table.header]).for_each(move_to_fit);
            }
            _ => {}
        }
        for blocks in self.child_lists() {
            move_to_fit(blocks);
            blocks.iter_mut().for_each(Self::shrink_to_fit);
        }
    }

    /// Returns the number of times the block waits for a key press.
    pub fn pauses(&self) -> usize {
        let own = match self {
            Self::Pause => 1,
            Self::List { items, .. } => items.iter().filter(|item| item.pauses).count(),
            Self::Table(table) if table.pauses => table.rows.len(),
            Self::Code(code) => code.highlights.len().saturating_sub(1),
            _ => 0,
        };
        own + self.children().map(Self::pauses).sum::<usize>()
    }
}

/// Moves a list to memory of its own size. What is shrunk in place leaves a hole behind it, and a
/// long deck has tens of thousands that nothing else fits into.
pub(in crate::deck) fn move_to_fit<T>(list: &mut Vec<T>) {
    if list.len() < list.capacity() {
        let mut moved = Vec::with_capacity(list.len());
        moved.append(list);
        *list = moved;
    }
}

/// An item of a list.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ListItem {
    /// Whether the item waits for a key press before it appears.
    pub pauses: bool,
    /// `Some(done)` for a task list item (`- [ ]`, `- [x]`).
    pub task: Option<bool>,
    /// The item's content.
    pub blocks: Vec<Block>,
}

/// A pipe table. Rows can be shorter or longer than the header; the view evens them out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TableBlock {
    /// The alignment of each column.
    pub columns: Vec<ColumnAlign>,
    /// The header's cells.
    pub header: Vec<Vec<TextRun>>,
    /// The body's rows of cells.
    pub rows: Vec<Vec<Vec<TextRun>>>,
    /// Whether each row of the body waits for a key press before it appears.
    pub pauses: bool,
}

/// A column of blocks that stand side by side.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Column {
    /// The share of the width; that of all columns is the sum of their weights.
    pub weight: u16,
    /// The blocks from top to bottom.
    pub blocks: Vec<Block>,
}

/// A picture on a slide.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ImageBlock {
    /// The file's path as written, relative to the deck.
    pub path: String,
    /// The text that stands for the picture where it cannot be drawn.
    pub alt: String,
    /// The width in percent of the room, 1 to 100; `None` for the picture's own.
    pub width_percent: Option<u8>,
}

/// A footnote with the text that belongs to its mark.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Footnote {
    /// The mark, as it stands in the text: its number on the slide.
    pub mark: String,
    /// The note's text, which all slides share that use it.
    pub blocks: Arc<[Block]>,
}

/// Where lines stand, in a column of a table or by an `alignment` directive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ColumnAlign {
    /// `---` or `:--`
    #[default]
    Left,
    /// `:-:`
    Center,
    /// `--:`
    Right,
}

/// The kinds of GitHub alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlertKind {
    /// `[!NOTE]`
    Note,
    /// `[!TIP]`
    Tip,
    /// `[!IMPORTANT]`
    Important,
    /// `[!WARNING]`
    Warning,
    /// `[!CAUTION]`
    Caution,
}
