//! A deck and its slides.

use std::iter;

use crate::deck::content::block::{Block, move_to_fit};
use crate::deck::content::text_run::plain_text;
use crate::deck::demo_fence::DemoFence;
use crate::deck::dialect::{Dialect, DialectEvidence};
use crate::deck::front_matter::FrontMatter;
use crate::deck::options::DeckOptions;
use crate::deck::position::Position;

/// A parsed talk. It has at least one slide, even if the file is empty.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Deck {
    /// The front matter's values, which apply to the whole talk.
    pub front_matter: FrontMatter,
    /// How the deck is written, as far as its front matter says so.
    pub options: DeckOptions,
    /// The tool whose way of writing slides the deck follows.
    pub dialect: Dialect,
    /// What shows the dialect; `None` where nothing does.
    pub dialect_evidence: Option<DialectEvidence>,
    /// The slides in order; never empty.
    pub slides: Vec<Slide>,
    /// The paths of the files that the deck takes in, as written, whether or not they could be read.
    pub files: Vec<String>,
}

/// The content between two slide dividers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Slide {
    /// The position of the slide's first line in the file.
    pub position: Position,
    /// The current section: the name in the last `<!-- section: NAME -->` at or before this slide.
    pub section: Option<String>,
    /// How deep the slide goes into its subject.
    pub depth: Depth,
    /// Whether the slide is shown without a footer.
    pub hides_footer: bool,
    /// The slide's content from top to bottom, with [`Block::Pause`] where it waits for a key
    /// press.
    pub blocks: Vec<Block>,
    /// The speaker notes, in the order in which the deck has them.
    pub notes: Vec<String>,
}

/// How deep a slide goes: the talk passes over what is deeper than its core.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Depth {
    /// Part of the talk.
    #[default]
    Core,
    /// `<!-- depth: deep -->`: for questions, below the slide before it.
    Deep,
    /// `<!-- depth: study -->`: for readers, below the slide before it.
    Study,
}

impl Slide {
    /// Returns the number of steps in which the slide is revealed: its pauses plus one.
    pub fn steps(&self) -> usize {
        1 + self.blocks.iter().map(Block::pauses).sum::<usize>()
    }

    /// Returns the text of the slide's first heading, if it has one.
    pub fn title(&self) -> Option<String> {
        self.all_blocks().find_map(|block| match block {
            Block::Heading { text, .. } => Some(plain_text(text)),
            _ => None,
        })
    }

    /// Returns the demo fences on the slide, in order, wherever they stand.
    pub fn demos(&self) -> impl Iterator<Item = &DemoFence> {
        self.all_blocks().filter_map(|block| match block {
            Block::Demo(fence) => Some(&**fence),
            _ => None,
        })
    }

    /// Whether another slide has the same content, wherever both stand in their files.
    pub fn same_content(&self, other: &Self) -> bool {
        let Self { position: _, section, depth, hides_footer, blocks, notes } = self;
        let is_same_around = *section == other.section
            && *depth == other.depth
            && *hides_footer == other.hides_footer
            && *notes == other.notes
            && blocks.len() == other.blocks.len();
        if !is_same_around || *blocks == other.blocks {
            return is_same_around;
        }
        // Only demos know where they stand, and most slides have none.
        let without_positions = |slide: &Self| {
            let mut blocks = slide.blocks.clone();
            blocks.iter_mut().for_each(Block::forget_positions);
            blocks
        };
        let has_demos = |slide: &Self| slide.demos().next().is_some();
        has_demos(self) && has_demos(other) && without_positions(self) == without_positions(other)
    }

    /// Gives back the memory that the slide's lists have too much: a deck keeps all its slides.
    pub(crate) fn shrink_to_fit(&mut self) {
        move_to_fit(&mut self.blocks);
        self.blocks.iter_mut().for_each(Block::shrink_to_fit);
    }

    /// Returns every block of the slide, each before those that it holds.
    pub fn all_blocks(&self) -> impl Iterator<Item = &Block> {
        let mut stack: Vec<&Block> = self.blocks.iter().rev().collect();
        iter::from_fn(move || {
            let block = stack.pop()?;
            let first = stack.len();
            stack.extend(block.children());
            stack[first..].reverse();
            Some(block)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deck::{CodeBlock, Column, LineSelection, ListItem, TableBlock, TextRun};

    fn paragraph(text: &str) -> Block {
        Block::Paragraph(vec![TextRun { text: text.into(), ..TextRun::default() }])
    }

    #[test]
    fn every_block_is_found_in_the_order_of_reading() {
        let quote = Block::Quote { alert: None, blocks: vec![paragraph("b"), paragraph("c")] };
        let item = |blocks| ListItem { blocks, ..ListItem::default() };
        let columns = Block::Columns(vec![
            Column { weight: 1, blocks: vec![quote] },
            Column { weight: 1, blocks: vec![paragraph("d")] },
        ]);
        let list =
            Block::List { start: None, loose: false, items: vec![item(vec![paragraph("e")])] };
        let slide = Slide { blocks: vec![paragraph("a"), columns, list], ..Slide::default() };
        let texts: Vec<String> = slide
            .all_blocks()
            .filter_map(|block| match block {
                Block::Paragraph(runs) => Some(plain_text(runs)),
                _ => None,
            })
            .collect();
        assert_eq!(texts.concat(), "abcde");
    }

    #[test]
    fn a_slide_that_has_moved_has_the_same_content() {
        let slide = |source: &str| crate::deck::parse(source).0.slides.pop().unwrap();
        let demo = "- ```demo inspect\n  text = \"a\"\n  ```\n";
        let here = slide(demo);
        let there = slide(&format!("# One\n\n---\n\n{demo}"));
        assert!(here != there && here.same_content(&there));
        assert!(!here.same_content(&slide(&demo.replace("\"a\"", "\"b\""))));
        assert!(!here.same_content(&slide(&format!("{demo}\n<!-- speaker_note: x -->\n"))));
        for change in ["<!-- section: S -->\n", "<!-- depth: deep -->\n", "<!-- no_footer -->\n"] {
            assert!(!slide("# A\n").same_content(&slide(&format!("{change}\n# A\n"))), "{change}");
        }
        assert!(slide("# A\n").same_content(&slide("\n\n# A\n")));
        assert!(!slide("# A\n").same_content(&slide("# B\n")));
        let noted = format!("x[^1]\n\n[^1]:\n    {}", demo[2..].replace("\n  ", "\n    "));
        assert!(slide(&noted).demos().next().is_some(), "{noted}");
        assert!(slide(&noted).same_content(&slide(&format!("# One\n\n---\n\n{noted}"))));
    }

    #[test]
    fn a_slide_keeps_no_memory_that_its_lists_do_not_need() {
        let slide = &crate::deck::parse("# A *b* c\n\n- a **b** c\n- d\n\n|x|y|\n|-|-|\n|1|2|\n")
            .0
            .slides[0];
        let is_exact = |runs: &Vec<crate::deck::TextRun>| runs.capacity() == runs.len();
        assert_eq!(slide.blocks.capacity(), slide.blocks.len());
        for block in slide.all_blocks() {
            match block {
                Block::Heading { text, .. } | Block::Paragraph(text) => assert!(is_exact(text)),
                Block::List { items, .. } => {
                    assert_eq!(items.capacity(), items.len());
                    assert!(items.iter().all(|item| item.blocks.capacity() == item.blocks.len()));
                }
                Block::Table(table) => {
                    assert_eq!(table.rows.capacity(), table.rows.len());
                    assert!(table.rows.iter().chain([&table.header]).flatten().all(is_exact));
                }
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn a_slide_waits_wherever_something_in_it_does() {
        let item = |pauses, blocks| ListItem { pauses, blocks, ..ListItem::default() };
        let list = Block::List {
            start: None,
            loose: false,
            items: vec![item(false, vec![]), item(true, vec![Block::Pause]), item(true, vec![])],
        };
        let rows = vec![Vec::new(), Vec::new()];
        let table = TableBlock { rows, pauses: true, ..TableBlock::default() };
        let highlights =
            vec![LineSelection::All, LineSelection::lines([1..=3]), LineSelection::All];
        let code = CodeBlock { highlights, ..CodeBlock::default() };
        let (table, code) = (Block::Table(table.into()), Block::Code(code.into()));
        let slide = Slide { blocks: vec![list, table, code, Block::Pause], ..Slide::default() };
        assert_eq!(slide.steps(), 1 + 3 + 2 + 2 + 1);
    }
}
