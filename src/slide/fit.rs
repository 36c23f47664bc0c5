//! Tells without a layout that a slide fits the screen. Whoever passes over many slides at once, as
//! somebody does who holds a key down, need not wait for their layouts.

use ratatui::layout::Rect;

use crate::deck::{Block, TableBlock, TextRun};
use crate::slide::body::TABLE_COLUMN_GAP;
use crate::slide::heading::BIG_TITLE_MIN_HEIGHT;
use crate::slide::layout::columns;
use crate::slide::listing::MERMAID;
use crate::slide::text::runs::shown_width;

/// The width that text must keep for its rows to be estimated.
const MIN_WIDTH: usize = 16;
/// The columns that the marker of a list item takes at most: the number of the first item has up to
/// nine digits, that of the last one digit more, and a dot and a blank follow. The bar of a quote
/// takes less.
const INDENT: usize = 12;

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
            let width = width.checked_sub(INDENT)?;
            let rows = items.iter().map(|item| max_rows(&item.blocks, width));
            rows.map(|rows| Some(rows?.max(1) + gap)).sum()
        }
        Block::Table(table) => max_rows_of_table(table, width),
        Block::Quote { blocks, .. } => Some(max_rows(blocks, width.checked_sub(INDENT)?)? + 1),
        Block::Code(code) if !matches!(code.language.as_str(), "qr" | MERMAID) => {
            Some(code.lines().count())
        }
        Block::Blank(rows) => Some((*rows).into()),
        Block::Rule => Some(1),
        Block::Pause => Some(0),
        _ => None,
    }
}

/// Two lines that follow each other, with the blank between them, are wider than the room, because
/// otherwise they would be one; a wide letter may leave a column free.
fn max_rows_of_text(runs: &[TextRun], width: usize) -> Option<usize> {
    if width < MIN_WIDTH {
        return None;
    }
    let breaks = runs.iter().filter(|run| run.is_break()).count();
    let cells = shown_width(runs);
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
    let widest = |column: usize| {
        let of_row = rows().filter_map(|row| row.get(column));
        of_row.map(|runs| shown_width(runs)).max().unwrap_or(0).saturating_add(TABLE_COLUMN_GAP)
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
        let word = prop_oneof![
            6 => "[a-z]{1,9}|[a-z]{20,60}|[漢字仮名]{1,12}|e\u{301}{1,3}|[(.,—-]{1,3}|`[a-z ]{1,9}x`",
            1 => "\\[[a-z ]{1,9}x\\]\\(https://[a-z]{1,40}\\)|<https://[a-z]{1,40}>",
            1 => "[a-z]<sup>([a-z]|TM)</sup>|🇩🇪|👨\u{200d}👩\u{200d}👧|👍🏽|❤\u{fe0f}|1\u{fe0f}\u{20e3}",
        ];
        // Short texts are about as wide as a row.
        let count = prop_oneof![1_usize..5, 1_usize..40];
        let words = count.prop_flat_map(move |count| prop::collection::vec(word.clone(), count));
        words.prop_map(|words| words.join(" "))
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
            list("999999999.", ""),
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
