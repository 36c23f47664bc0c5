//! What a deck consists of: slides, their blocks, runs of styled text.

use crate::deck::fence::Fence;
use crate::deck::front_matter::FrontMatter;
use crate::deck::position::Position;

/// A parsed talk. It has at least one slide, even if the file was empty.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Deck {
    /// What the front matter says of the whole talk.
    pub front_matter: FrontMatter,
    /// The slides in order; never empty.
    pub slides: Vec<Slide>,
}

/// What stands between two slide dividers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Slide {
    /// Where the slide's first line stands in the file.
    pub position: Position,
    /// The section in force, by the last `<!-- section: NAME -->` at or before this slide.
    pub section: Option<String>,
    /// The slide's content from top to bottom, with [`Block::Pause`] where it waits.
    pub blocks: Vec<Block>,
    /// The speaker notes, each as written between `<!-- speaker_note:` and `-->`.
    pub notes: Vec<String>,
}

impl Slide {
    /// The number of key presses that reveal the slide: its pauses plus one.
    pub fn steps(&self) -> usize {
        1 + self.blocks.iter().filter(|block| matches!(block, Block::Pause)).count()
    }

    /// The text of the slide's first heading, if it has one.
    pub fn title(&self) -> Option<String> {
        self.blocks.iter().find_map(|block| match block {
            Block::Heading { text, .. } => Some(plain_text(text)),
            _ => None,
        })
    }

    /// The demo fences on the slide, in order.
    pub fn demos(&self) -> impl Iterator<Item = &Fence> {
        self.blocks.iter().filter_map(|block| match block {
            Block::Demo(fence) => Some(fence),
            _ => None,
        })
    }
}

/// One element of a slide.
#[derive(Clone, Debug, PartialEq)]
pub enum Block {
    /// `#` to `######`.
    Heading {
        /// 1 to 6.
        level: u8,
        /// The heading's text.
        text: Vec<TextRun>,
    },
    /// Text that re-flows to the width it is given.
    Paragraph(Vec<TextRun>),
    /// A bullet or numbered list.
    List {
        /// The first number; `None` for bullets.
        start: Option<u64>,
        /// The items from top to bottom.
        items: Vec<ListItem>,
    },
    /// A pipe table.
    Table(TableBlock),
    /// A block quote, or a GitHub alert if it has a kind.
    Quote {
        /// The alert's kind, by its `[!NOTE]` line.
        alert: Option<AlertKind>,
        /// What is quoted.
        blocks: Vec<Block>,
    },
    /// A code fence, kept to the character: it is never wrapped.
    Code {
        /// The first word after the fence, lower case; empty if there is none.
        language: String,
        /// The lines, tabs expanded, control characters made visible.
        lines: Vec<String>,
    },
    /// A live demo.
    Demo(Fence),
    /// A thematic break written as `***` or `___`: a line across the slide.
    Rule,
    /// Everything after it waits for one more key press.
    Pause,
}

/// An item of a list.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ListItem {
    /// `Some(done)` for a task (`- [ ]`, `- [x]`).
    pub task: Option<bool>,
    /// The item's content.
    pub blocks: Vec<Block>,
}

/// A pipe table. Rows may be shorter or longer than the header; drawing evens them out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TableBlock {
    /// One alignment a column.
    pub columns: Vec<ColumnAlign>,
    /// The header's cells.
    pub header: Vec<Vec<TextRun>>,
    /// The body's rows of cells.
    pub rows: Vec<Vec<Vec<TextRun>>>,
}

/// How a table column is aligned.
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

/// A piece of text in one style. A hard line break is a run of its own whose text is `"\n"`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TextRun {
    /// The characters, none of which a terminal would obey.
    pub text: String,
    /// How they look.
    pub style: TextStyle,
    /// The target, for the text of a link.
    pub link: Option<String>,
}

impl TextRun {
    /// Whether this is a hard line break.
    pub fn is_break(&self) -> bool {
        self.text == "\n"
    }
}

/// The inline styles; they add up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TextStyle {
    /// `**bold**`
    pub bold: bool,
    /// `*italic*`
    pub italic: bool,
    /// `~~struck out~~`
    pub strike: bool,
    /// `` `code` ``
    pub code: bool,
}

/// The characters of `runs` without their styles; a hard break becomes a blank.
pub fn plain_text(runs: &[TextRun]) -> String {
    runs.iter().map(|run| if run.is_break() { " " } else { run.text.as_str() }).collect()
}
