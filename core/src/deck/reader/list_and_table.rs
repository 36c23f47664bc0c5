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
                Event::End(TagEnd::TableRow) => {
                    self.check_cells(&range, columns.len());
                    table.rows.push(std::mem::take(&mut row));
                }
                Event::End(TagEnd::Table) => break,
                _ => {}
            }
        }
        Block::Table(table.into())
    }

    /// Warns if the row at `range` has text beyond the last column, which is no part of the table
    /// (GFM section 4.10).
    fn check_cells(&mut self, range: &Range<usize>, columns: usize) {
        let row = self.slice(range);
        let Some(at) = cell_start(row, columns) else { return };
        if row[at..].contains(|c: char| c != '|' && !c.is_whitespace()) {
            let message = format!(
                "the table has {columns} {}, as its header does; the other cells of this row are \
                 left out",
                if columns == 1 { "column" } else { "columns" }
            );
            self.warn_once("cells", range.start + at, message);
        }
    }
}

/// Returns the byte at which the text of the cell at `index` begins in a row of a table.
fn cell_start(row: &str, index: usize) -> Option<usize> {
    let first = row.len() - row.trim_start().len();
    let first = first + usize::from(row[first..].starts_with('|'));
    let mut escaped = false;
    let bars = row[first..].bytes().enumerate().filter(|&(_, byte)| {
        let is_bar = byte == b'|' && !escaped;
        escaped = byte == b'\\' && !escaped;
        is_bar
    });
    let starts = std::iter::once(first).chain(bars.map(|(at, _)| first + at + 1));
    let start = starts.into_iter().nth(index)?;
    Some(start + row[start..].len() - row[start..].trim_start().len())
}

fn align(alignment: Alignment) -> ColumnAlign {
    match alignment {
        Alignment::None | Alignment::Left => ColumnAlign::Left,
        Alignment::Center => ColumnAlign::Center,
        Alignment::Right => ColumnAlign::Right,
    }
}

#[cfg(test)]
mod tests {
    use crate::deck::parse::read;

    #[test]
    fn a_row_that_is_longer_than_the_header_is_told_once() {
        let table = "| a \\| b | c |\n|--|--|\n| 1 | 2 |  |\n";
        assert_eq!(read(table).1, [""; 0]);
        let long = format!("{table}| 1 | `2 \\| 2` | 3 | 4 |\n1 | 2 | 3\n");
        let message = "the table has 2 columns, as its header does; the other cells of this row are \
                       left out";
        assert_eq!(read(&long).1, [format!("4: {message}")]);
        let quoted = read("> a | b\n> --|--\n> 1 | 2 | 3\n").1;
        assert!(quoted[0].starts_with("3: the table"), "{quoted:?}");
    }
}
