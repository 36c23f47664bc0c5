//! The blocks of a slide that is being read, under the directives that arrange them: columns,
//! alignment, font size, lists and tables that appear step by step.

use crate::deck::reader::joined_list::join_lists;
use crate::deck::{Block, Column, ColumnAlign, ListItem};

/// The blocks of a slide so far.
#[derive(Debug, Default)]
pub(super) struct Arrangement {
    blocks: Vec<Block>,
    layout: Option<Layout>,
    /// Where lines stand from here on; `None` where nothing was said.
    pub(super) align: Option<ColumnAlign>,
    /// The font size from here on; `None` where nothing was said.
    pub(super) font_size: Option<u8>,
    /// Whether each item of a list waits for a key press.
    pub(super) lists_wait: bool,
    /// Whether each row of a table waits for a key press.
    pub(super) tables_wait: bool,
    /// The blank rows between the items of a list.
    pub(super) item_gap: u16,
    /// Whether the next block waits, because a list or table has just appeared step by step.
    owes_pause: bool,
}

/// Columns that are being filled.
#[derive(Debug)]
struct Layout {
    columns: Vec<Column>,
    current: Option<usize>,
}

/// Why a block or a directive does not fit into the layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Misplaced {
    /// `column` without a `column_layout`.
    NoLayout,
    /// `column` with a number that the layout does not have; it has this many.
    NoSuchColumn(usize),
}

impl Arrangement {
    /// Whether there is no block yet.
    pub(super) fn is_empty(&self) -> bool {
        self.blocks.is_empty() && self.layout.as_ref().is_none_or(Layout::is_empty)
    }

    /// Adds a block where the directives want it. Returns whether it stands in a layout, but in
    /// none of its columns.
    pub(super) fn push(&mut self, mut block: Block) -> bool {
        let waits_itself = match &block {
            Block::Pause => true,
            Block::List { .. } => self.lists_wait,
            Block::Table(_) => self.tables_wait,
            _ => false,
        };
        // A pause before blank rows would reveal nothing.
        let is_space = matches!(block, Block::Blank(_) | Block::Middle);
        if self.owes_pause && !waits_itself && !is_space {
            self.target().push(Block::Pause);
        }
        let waits = match &mut block {
            Block::List { items, .. } => {
                self.arrange_items(items);
                self.lists_wait
            }
            Block::Table(table) if self.tables_wait => {
                table.pauses = true;
                // The header waits like its rows.
                self.target().push(Block::Pause);
                true
            }
            _ => false,
        };
        self.owes_pause = waits || (self.owes_pause && is_space);
        let is_stray = block != Block::Pause
            && self.layout.as_ref().is_some_and(|layout| layout.current.is_none());
        let (align, font_size) = (self.align, self.font_size.unwrap_or(1));
        let is_styled = (align.is_some() || font_size > 1) && can_be_styled(&block);
        let target = self.target();
        match target.last_mut() {
            Some(Block::Styled { align: before, font_size: size, blocks })
                if is_styled && *before == align && *size == font_size =>
            {
                blocks.push(block);
            }
            _ if is_styled => {
                target.push(Block::Styled { align, font_size, blocks: vec![block] });
            }
            _ => target.push(block),
        }
        is_stray
    }

    /// Makes the list that was added last one with that before it, if only pauses divide them.
    pub(super) fn join_lists(&mut self) {
        join_lists(self.target());
    }

    /// Makes the items of a list wait and stand apart as the directives want it.
    fn arrange_items(&self, items: &mut [ListItem]) {
        let last = items.len().saturating_sub(1);
        for (index, item) in items.iter_mut().enumerate() {
            item.pauses |= self.lists_wait;
            for block in &mut item.blocks {
                if let Block::List { items, .. } = block {
                    self.arrange_items(items);
                }
            }
            if self.item_gap > 0 && index < last {
                item.blocks.push(Block::Blank(self.item_gap));
            }
        }
    }

    /// Begins columns of these weights.
    pub(super) fn open_layout(&mut self, weights: &[u16]) {
        self.close_layout();
        let column = |&weight: &u16| Column { weight, blocks: Vec::new() };
        self.layout = Some(Layout { columns: weights.iter().map(column).collect(), current: None });
    }

    /// Goes on in another column.
    pub(super) fn enter_column(&mut self, index: usize) -> Result<(), Misplaced> {
        let layout = self.layout.as_mut().ok_or(Misplaced::NoLayout)?;
        if index >= layout.columns.len() {
            return Err(Misplaced::NoSuchColumn(layout.columns.len()));
        }
        layout.current = Some(index);
        Ok(())
    }

    /// Ends the columns: what follows stands below them.
    pub(super) fn close_layout(&mut self) {
        if let Some(layout) = self.layout.take()
            && !layout.is_empty()
        {
            self.blocks.push(Block::Columns(layout.columns));
        }
    }

    /// Ends the slide and returns its blocks.
    pub(super) fn finish(mut self) -> Vec<Block> {
        self.close_layout();
        self.blocks
    }

    fn target(&mut self) -> &mut Vec<Block> {
        match &mut self.layout {
            Some(Layout { columns, current: Some(index) }) => &mut columns[*index].blocks,
            _ => &mut self.blocks,
        }
    }
}

impl Layout {
    fn is_empty(&self) -> bool {
        self.columns.iter().all(|column| column.blocks.is_empty())
    }
}

/// Whether an alignment or a font size applies to a block.
fn can_be_styled(block: &Block) -> bool {
    !matches!(block, Block::Pause | Block::Middle | Block::Blank(_) | Block::Demo(_))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(items: usize) -> Block {
        Block::List { start: None, loose: false, items: vec![ListItem::default(); items] }
    }

    #[test]
    fn columns_are_filled_in_any_order_and_end() {
        let mut arrangement = Arrangement::default();
        assert_eq!(arrangement.enter_column(0), Err(Misplaced::NoLayout));
        arrangement.open_layout(&[2, 1]);
        assert!(arrangement.push(Block::Rule), "it is in no column");
        assert_eq!(arrangement.enter_column(2), Err(Misplaced::NoSuchColumn(2)));
        for index in [0, 1, 0] {
            assert_eq!(arrangement.enter_column(index), Ok(()));
            assert!(!arrangement.push(Block::Rule));
        }
        arrangement.close_layout();
        assert!(!arrangement.push(Block::Middle));
        let [Block::Rule, Block::Columns(columns), Block::Middle] = &arrangement.finish()[..]
        else {
            panic!("three blocks")
        };
        let found: Vec<_> = columns.iter().map(|all| (all.weight, all.blocks.len())).collect();
        assert_eq!(found, [(2, 2), (1, 1)]);
    }

    #[test]
    fn a_style_holds_what_follows_and_no_pause() {
        let mut arrangement = Arrangement::default();
        arrangement.push(Block::Rule);
        arrangement.align = Some(ColumnAlign::Center);
        for block in [Block::Rule, Block::Rule, Block::Pause] {
            arrangement.push(block);
        }
        arrangement.font_size = Some(2);
        arrangement.push(Block::Rule);
        let styled = |font_size, count| Block::Styled {
            align: Some(ColumnAlign::Center),
            font_size,
            blocks: vec![Block::Rule; count],
        };
        assert_eq!(arrangement.finish(), [Block::Rule, styled(1, 2), Block::Pause, styled(2, 1)]);
    }

    #[test]
    fn a_list_waits_item_by_item_and_once_behind_it() {
        let mut arrangement = Arrangement { lists_wait: true, ..Arrangement::default() };
        arrangement.push(list(3));
        arrangement.push(Block::Pause);
        arrangement.push(Block::Rule);
        arrangement.push(list(2));
        arrangement.push(list(1));
        arrangement.lists_wait = false;
        arrangement.push(Block::Rule);
        let blocks = arrangement.finish();
        let pauses: Vec<usize> = blocks.iter().map(Block::pauses).collect();
        assert_eq!(pauses, [3, 1, 0, 2, 1, 1, 0], "{blocks:?}");
    }

    #[test]
    fn items_stand_apart_by_blank_rows() {
        let mut arrangement = Arrangement { item_gap: 2, ..Arrangement::default() };
        arrangement.push(list(2));
        let [Block::List { items, .. }] = &arrangement.finish()[..] else { panic!("a list") };
        assert_eq!(items[0].blocks, [Block::Blank(2)]);
        assert!(items[1].blocks.is_empty());
    }
}
