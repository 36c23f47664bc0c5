//! Reads lists and tables.

use std::ops::Range;

use pulldown_cmark::{Alignment, Event, Tag, TagEnd};

use crate::deck::reader::block_reader::BlockReader;
use crate::deck::reader::markdown::EventIter;
use crate::deck::{Block, ColumnAlign, ListItem, TableBlock};

impl<'a> BlockReader<'a> {
    pub(super) fn list(
        &mut self,
        start: Option<u64>,
        range: &Range<usize>,
        events: &mut EventIter<'a>,
    ) -> Block {
        let marker = self.slice(range).chars().find(|c| !c.is_ascii_digit()).unwrap_or(' ');
        let continues = self.last_marker == marker;
        let (mut items, mut loose) = (Vec::new(), false);
        while let Some((event, _)) = events.next() {
            match event {
                Event::Start(Tag::Item) => {
                    // The marker is inside a tight item, and in the paragraph of a loose one.
                    let outer = self.task_box.take();
                    // Only the items of a loose list have their texts in paragraphs.
                    loose |= matches!(events.peek(), Some((Event::Start(Tag::Paragraph), _)));
                    let blocks = self.blocks(events);
                    let task = std::mem::replace(&mut self.task_box, outer);
                    items.push(ListItem { task, blocks, ..ListItem::default() });
                }
                _ => break,
            }
        }
        self.last_marker = marker;
        self.continues_list = continues;
        Block::List { start, loose, items }
    }

    pub(super) fn table(&mut self, columns: &[Alignment], events: &mut EventIter<'a>) -> Block {
        let mut table = TableBlock {
            columns: columns.iter().copied().map(align).collect(),
            ..TableBlock::default()
        };
        let mut row = Vec::new();
        while let Some((event, range)) = events.next() {
            match event {
                Event::Start(Tag::TableCell) => {
                    let inline = self.line(events, TagEnd::TableCell);
                    row.push(self.runs(inline, range.start));
                }
                Event::End(TagEnd::TableHead) => table.header = std::mem::take(&mut row),
                Event::End(TagEnd::TableRow) => table.rows.push(std::mem::take(&mut row)),
                Event::End(TagEnd::Table) => break,
                _ => {}
            }
        }
        Block::Table(table.into())
    }
}

fn align(alignment: Alignment) -> ColumnAlign {
    match alignment {
        Alignment::None | Alignment::Left => ColumnAlign::Left,
        Alignment::Center => ColumnAlign::Center,
        Alignment::Right => ColumnAlign::Right,
    }
}
