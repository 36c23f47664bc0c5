//! The parts of a deck: slides, their blocks, runs of styled text.

use crate::deck::demo_fence::DemoFence;
use crate::deck::front_matter::FrontMatter;
use crate::deck::position::Position;

/// A parsed talk. It has at least one slide, even if the file is empty.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Deck {
    /// The front matter's values, which apply to the whole talk.
    pub front_matter: FrontMatter,
    /// The slides in order; never empty.
    pub slides: Vec<Slide>,
}

/// The content between two slide dividers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Slide {
    /// The position of the slide's first line in the file.
    pub position: Position,
    /// The current section: the name in the last `<!-- section: NAME -->` at or before this slide.
    pub section: Option<String>,
    /// The slide's content from top to bottom, with [`Block::Pause`] where it waits for a key
    /// press.
    pub blocks: Vec<Block>,
    /// The speaker notes, each as written between `<!-- speaker_note:` and `-->`.
    pub notes: Vec<String>,
}

impl Slide {
    /// Returns the number of steps in which the slide is revealed: its pauses plus one.
    pub fn steps(&self) -> usize {
        1 + self.blocks.iter().filter(|block| matches!(block, Block::Pause)).count()
    }

    /// Returns the text of the slide's first heading, if it has one.
    pub fn title(&self) -> Option<String> {
        self.blocks.iter().find_map(|block| match block {
            Block::Heading { text, .. } => Some(plain_text(text)),
            _ => None,
        })
    }

    /// Returns the demo fences on the slide, in order.
    pub fn demos(&self) -> impl Iterator<Item = &DemoFence> {
        self.blocks.iter().filter_map(|block| match block {
            Block::Demo(fence) => Some(fence),
            _ => None,
        })
    }
}

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
        /// The items from top to bottom.
        items: Vec<ListItem>,
    },
    /// A pipe table.
    Table(TableBlock),
    /// A block quote, or a GitHub alert if it has a kind.
    Quote {
        /// The alert's kind, given by a first line such as `[!NOTE]`.
        alert: Option<AlertKind>,
        /// The quoted blocks.
        blocks: Vec<Block>,
    },
    /// A code block, kept character for character. It is never wrapped.
    Code {
        /// The first word after the opening fence in lower case; empty if there is none.
        language: String,
        /// The lines, with tabs expanded and control characters made visible.
        lines: Vec<String>,
    },
    /// A live demo.
    Demo(DemoFence),
    /// A thematic break written as `***` or `___`: a line across the slide.
    Rule,
    /// A pause: everything after it appears with the next key press.
    Pause,
}

/// An item of a list.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ListItem {
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
}

/// The alignment of a table column.
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
    /// The characters. None of them is a terminal control.
    pub text: String,
    /// The style of the whole run.
    pub style: TextStyle,
    /// The target URL, if this is the text of a link.
    pub link: Option<String>,
}

impl TextRun {
    /// Whether this is a hard line break.
    pub fn is_break(&self) -> bool {
        self.text == "\n"
    }
}

/// The inline styles. Any combination is possible.
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

/// Returns the text of `runs` without styles. A hard line break becomes a space.
pub fn plain_text(runs: &[TextRun]) -> String {
    runs.iter().map(|run| if run.is_break() { " " } else { run.text.as_str() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_break_is_a_space_where_there_is_one_line() {
        let run = |text: &str| TextRun { text: text.to_owned(), ..TextRun::default() };
        assert!(run("\n").is_break() && !run("a\n").is_break() && !run("").is_break());
        assert_eq!(plain_text(&[run("a"), run("\n"), run("b"), run("c")]), "a bc");
    }
}
