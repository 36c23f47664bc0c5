//! Tells without a layout that a slide fits the screen. Whoever passes over many slides at once, as
//! somebody does who holds a key down, need not wait for their layouts.

use ratatui::layout::Rect;

use crate::deck::{Block, ListItem, TableBlock, TextRun};
use crate::slide::heading::BIG_TITLE_MIN_HEIGHT;
use crate::slide::layout::columns;
use crate::slide::listing::MERMAID;
use crate::text;

/// The width that text must keep for its rows to be estimated.
const MIN_WIDTH: usize = 16;
/// The columns that the marker of a list item takes at most, and the bar of a quote.
const INDENT: usize = 8;
/// The columns between two columns of a table.
const TABLE_GAP: usize = 3;

/// Whether all rows of a slide are certainly in sight on a screen of this area, which excludes the
/// footer. `false` says nothing. The first slide, which may be a title page, is never certain.
pub(crate) fn certainly_fits(slide_index: usize, blocks: &[Block], area: Rect) -> bool {
    if slide_index == 0 || area.height >= BIG_TITLE_MIN_HEIGHT {
        return false;
    }
    let columns = columns(blocks, area);
    // The line below a title, or the row that stays free there.
    let title = usize::from(matches!(blocks.first(), Some(Block::Heading { .. })));
    let rows = max_rows(blocks, columns.text_width.into());
    rows.is_some_and(|rows| rows.saturating_add(title) <= columns.all.height.into())
}

/// Returns a number of rows that `blocks` do not exceed in `width` columns, with the blank ones
/// between them; `None` if it is not known.
fn max_rows(blocks: &[Block], width: usize) -> Option<usize> {
    let rows = blocks.iter().map(|block| max_rows_of_block(block, width));
    Some(rows.sum::<Option<usize>>()?.saturating_add(blocks.len().saturating_sub(1)))
}

fn max_rows_of_block(block: &Block, width: usize) -> Option<usize> {
    match block {
        Block::Heading { text, .. } | Block::Paragraph(text) => max_rows_of_text(text, width),
        Block::List { loose, items, .. } => {
            // Items with more than a line may stand apart, whatever the list says.
            let gap = usize::from(*loose || items.iter().any(|item| item.blocks.len() > 1));
            let rows = items.iter().map(|item| Some(max_rows_of_item(item, width)? + gap));
            rows.sum()
        }
        Block::Table(table) => max_rows_of_table(table, width),
        Block::Quote { blocks, .. } => Some(max_rows(blocks, width.checked_sub(INDENT)?)? + 1),
        Block::Code(code) if !matches!(code.language.as_str(), "qr" | MERMAID) => {
            Some(code.lines.len())
        }
        Block::Blank(rows) => Some((*rows).into()),
        Block::Rule => Some(1),
        Block::Pause => Some(0),
        _ => None,
    }
}

/// An item has at least one row.
fn max_rows_of_item(item: &ListItem, width: usize) -> Option<usize> {
    Some(max_rows(&item.blocks, width.checked_sub(INDENT)?)?.max(1))
}

/// Two lines that follow each other, with the blank between them, are wider than the room, because
/// otherwise they would be one; a wide letter may leave a column free.
fn max_rows_of_text(runs: &[TextRun], width: usize) -> Option<usize> {
    if width < MIN_WIDTH {
        return None;
    }
    let breaks = runs.iter().filter(|run| run.is_break()).count();
    let cells: usize = runs.iter().map(|run| text::width(&run.text)).sum();
    if cells <= width && breaks == 0 {
        return Some(1);
    }
    Some(2 * (cells / (width - 1) + 1) + 2 * breaks)
}

/// Only where no cell wraps.
fn max_rows_of_table(table: &TableBlock, width: usize) -> Option<usize> {
    let rows = || table.rows.iter().chain([&table.header]);
    if rows().flatten().flatten().any(TextRun::is_break) {
        return None;
    }
    let cells = |runs: &[TextRun]| runs.iter().map(|run| text::width(&run.text)).sum::<usize>();
    let widest = |column: usize| {
        let of_row = rows().filter_map(|row| row.get(column));
        of_row.map(|runs| cells(runs)).max().unwrap_or(0).saturating_add(TABLE_GAP)
    };
    let whole: usize = (0..table.columns.len()).map(widest).sum();
    (whole <= width).then_some(table.rows.len() + 2)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::slide::testing::{blocks, laid_out};

    /// Text of words of all kinds of width, some longer than a row.
    fn text() -> impl Strategy<Value = String> {
        let word =
            "[a-z]{1,9}|[a-z]{20,60}|[漢字仮名]{1,12}|e\u{301}{1,3}|[(.,—-]{1,3}|`[a-z ]{1,9}x`";
        prop::collection::vec(word, 1..40).prop_map(|words| words.join(" "))
    }

    /// The source of a block.
    fn block() -> impl Strategy<Value = String> {
        let list = |marker: &'static str, between: &'static str| {
            prop::collection::vec(text(), 1..5).prop_map(move |items| {
                let items: Vec<String> =
                    items.iter().map(|item| format!("{marker} {item}\n{between}")).collect();
                items.concat()
            })
        };
        let rows = prop::collection::vec(("[a-z漢]{1,9}", "[a-z ]{1,40}x"), 1..6);
        let table = rows.prop_map(|rows| {
            let rows = rows.iter().map(|(left, right)| format!("| {left} | {right} |\n"));
            format!("| a | b |\n|---|---|\n{}", rows.collect::<String>())
        });
        prop_oneof![
            text().prop_map(|text| format!("{text}\n")),
            text().prop_map(|text| format!("{text}  \n{text}\n")),
            text().prop_map(|text| format!("### {text}\n")),
            text().prop_map(|text| format!("> {text}\n>\n> - {text}\n")),
            text().prop_map(|text| format!("- {text}\n\n  {text}\n\n  1. {text}\n")),
            list("-", ""),
            list("-", "\n"),
            list("99999.", ""),
            list("- [ ]", ""),
            table,
            "[a-z\n]{0,60}".prop_map(|code| format!("```rust\n{code}\n```\n")),
            Just("***\n".to_owned()),
        ]
    }

    proptest! {
        #[test]
        fn what_certainly_fits_fits(
            title in prop::option::of(text()),
            parts in prop::collection::vec(block(), 0..6),
            width in 10_u16..160,
        ) {
            let title = title.map(|title| format!("## {title}\n\n")).unwrap_or_default();
            let blocks = blocks(&format!("{title}{}", parts.join("\n")));
            // The lowest screen is the hardest.
            let fits = |height: &u16| certainly_fits(1, &blocks, Rect::new(0, 0, width, *height));
            if let Some(height) = (0..BIG_TITLE_MIN_HEIGHT).find(fits) {
                let layout = laid_out(blocks.clone(), width, height);
                prop_assert_eq!(layout.max_scroll(usize::MAX), 0, "at {}x{}", width, height);
            }
        }
    }

    #[test]
    fn slides_of_usual_length_are_certain() {
        let area = Rect::new(0, 0, 100, 29);
        let slide = "## Title\n\nSome text.\n\n- a\n- b\n\n| a | b |\n|---|---|\n| c | d |\n\n\
                     ```go\nx := 1\n```\n";
        assert!(certainly_fits(1, &blocks(slide), area));
        assert!(!certainly_fits(0, &blocks(slide), area), "it may be a title page");
        for unknown in ["```demo inspect\n```\n", "```mermaid\ngraph TD\n```\n", "![a](b.png)\n"] {
            assert!(!certainly_fits(1, &blocks(unknown), area), "{unknown}");
        }
        assert!(!certainly_fits(1, &blocks(&"- item\n".repeat(40)), area));
    }
}
