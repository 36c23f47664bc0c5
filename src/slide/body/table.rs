//! Lays a table out for a width. Where there is too little room the widest columns shrink first,
//! and their cells wrap; a table with too many columns for that moves sideways.

use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use crate::deck::{ColumnAlign, TableBlock, TextRun};
use crate::slide::body::builder::{BodyBuilder, LinePrefix, Room};
use crate::slide::body::placing::WrittenLine;
use crate::slide::text::runs::styled_runs;
use crate::slide::text::wrap::{StyledText, longest_word, natural_width, wrap};
use crate::stage::Theme;

/// The number of blank cells between two columns.
pub(in crate::slide) const TABLE_COLUMN_GAP: usize = 3;
/// The width of a word that is not broken while the table can move sideways instead.
const MAX_WHOLE_WORD: usize = 20;
/// The width that the columns beside a long word keep, if their text is that wide.
const MIN_READABLE_WIDTH: usize = 12;
/// The maximum width of a column in a table that moves sideways.
const MAX_COLUMN_WIDTH: usize = 40;

impl BodyBuilder<'_> {
    pub(super) fn table(&mut self, table: &TableBlock, prefix: &mut LinePrefix, room: Room) {
        let left = if prefix.width() == 0 { room.left } else { room.x + prefix.width() };
        let rows = lay_out_table(table, room.right.saturating_sub(left), self.style.theme);
        let mut lines = Vec::new();
        for (index, row) in rows.into_iter().enumerate() {
            // The header waits for nothing.
            if table.pauses && index > 0 {
                self.pause();
            }
            let step = self.shown_from;
            let line = |body| WrittenLine { body, step, ..WrittenLine::default() };
            lines.extend(row.into_iter().map(line));
        }
        self.written(lines, prefix, room);
    }
}

/// Returns the lines of `table` in `width` cells: those of the header with the line below it, then
/// those of each row.
fn lay_out_table(table: &TableBlock, width: usize, theme: &Theme) -> Vec<Vec<Line<'static>>> {
    let count = table.columns.len().max(1);
    let bold = Style::new().fg(theme.accent).add_modifier(Modifier::BOLD);
    let row = |cells: &[Vec<TextRun>], style| -> Vec<Vec<StyledText>> {
        let cell =
            |i: usize| cells.get(i).map_or_else(Vec::new, |runs| styled_runs(runs, style, theme));
        (0..count).map(cell).collect()
    };
    let header = row(&table.header, bold);
    let rows: Vec<Vec<Vec<StyledText>>> =
        table.rows.iter().map(|cells| row(cells, Style::new())).collect();
    let all = || std::iter::once(&header).chain(&rows);
    let widest = |measure: fn(&[StyledText]) -> usize, i: usize| {
        all().map(|row| measure(&row[i])).max().unwrap_or(0).max(1)
    };
    let wanted: Vec<usize> = (0..count).map(|i| widest(natural_width, i)).collect();
    let least: Vec<usize> = (0..count).map(|i| widest(longest_word, i)).collect();
    let gaps = TABLE_COLUMN_GAP * (count - 1);
    let widths = distribute_width(&wanted, &least, width.saturating_sub(gaps));

    let mut drawn = vec![row_lines(&header, &widths, &table.columns)];
    let total = widths.iter().sum::<usize>() + gaps;
    drawn[0].push(Line::styled("─".repeat(total), theme.faint()));
    // A line between two rows helps only where one of them wraps. Elsewhere it wastes height.
    let mut wraps_above = false;
    for (index, row) in rows.iter().enumerate() {
        let mut lines = row_lines(row, &widths, &table.columns);
        let wraps = lines.len() > 1;
        if index > 0 && (wraps || wraps_above) {
            lines.insert(0, Line::styled("┈".repeat(total), theme.faint()));
        }
        wraps_above = wraps;
        drawn.push(lines);
    }
    drawn
}

/// Distributes `room` cells. If the wanted widths do not fit, the widest columns shrink first: down
/// to their longest word, and only then to a part of it. A word that would leave the other columns
/// too narrow for theirs is broken at once. If that is not enough, the columns are as wide as the
/// words in them want, and the table is wider than `room`.
fn distribute_width(wanted: &[usize], least: &[usize], room: usize) -> Vec<usize> {
    let capped: Vec<usize> = least.iter().map(|&least| least.min(MAX_WHOLE_WORD)).collect();
    if capped.iter().sum::<usize>() > room {
        let wide = |(&wanted, &least): (&usize, &usize)| wanted.min(least.max(MAX_COLUMN_WIDTH));
        return wanted.iter().zip(least).map(wide).collect();
    }
    let readable: Vec<usize> =
        wanted.iter().map(|&wanted| wanted.min(MIN_READABLE_WIDTH)).collect();
    let all_readable: usize = readable.iter().sum();
    let whole = |i: usize| least[i].saturating_add(all_readable - readable[i]) <= room;
    let kept: Vec<usize> =
        (0..least.len()).map(|i| if whole(i) { least[i] } else { capped[i] }).collect();
    let mut widths: Vec<usize> = wanted.iter().map(|&wanted| wanted.min(room)).collect();
    for floor in [kept, capped] {
        while widths.iter().sum::<usize>() > room {
            let give =
                (0..widths.len()).filter(|&i| widths[i] > floor[i]).max_by_key(|&i| widths[i]);
            let Some(i) = give else { break };
            widths[i] -= 1;
        }
    }
    widths
}

/// Returns one table row as lines.
fn row_lines(
    row: &[Vec<StyledText>],
    widths: &[usize],
    columns: &[ColumnAlign],
) -> Vec<Line<'static>> {
    let wrapped: Vec<Vec<Line>> =
        row.iter().zip(widths).map(|(pieces, &width)| wrap(pieces, width)).collect();
    let height = wrapped.iter().map(Vec::len).max().unwrap_or(1);
    let line = |y: usize| {
        let mut spans = Vec::new();
        for (i, (lines, &width)) in wrapped.iter().zip(widths).enumerate() {
            let cell = lines.get(y).cloned().unwrap_or_default();
            let free = width.saturating_sub(cell.width());
            let before = match columns.get(i).copied().unwrap_or_default() {
                ColumnAlign::Left => 0,
                ColumnAlign::Center => free / 2,
                ColumnAlign::Right => free,
            };
            let gap = if i > 0 { TABLE_COLUMN_GAP } else { 0 };
            spans.push(Span::raw(" ".repeat(gap + before)));
            spans.extend(cell.spans);
            spans.push(Span::raw(" ".repeat(free - before)));
        }
        Line::from(spans)
    };
    (0..height).map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deck::{Block, parse};

    fn drawn(source: &str, width: usize) -> Vec<String> {
        let (deck, _) = parse(source);
        let Block::Table(table) = &deck.slides[0].blocks[0] else { panic!("no table in {source}") };
        lay_out_table(table, width, &Theme::DARK)
            .iter()
            .flatten()
            .map(|line| line.to_string().trim_end().to_owned())
            .collect()
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell_and_aligned() {
        let source = "| code | n | mid |\n|:--|--:|:-:|\n| 1000 | 5 | x |\n| 1 | 10,000 | long |\n";
        assert_eq!(
            drawn(source, 40),
            [
                "code        n   mid",
                "────────────────────",
                "1000        5    x",
                "1      10,000   long"
            ]
        );
    }

    #[test]
    fn a_narrow_table_wraps_its_widest_column() {
        let source = "| a | text |\n|--|--|\n| one | the quick brown fox |\n| two | x |\n";
        assert_eq!(
            drawn(source, 16),
            [
                "a     text",
                "────────────────",
                "one   the quick",
                "      brown fox",
                "┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈",
                "two   x"
            ]
        );
    }

    #[test]
    fn ragged_rows_and_no_room_at_all_are_still_drawn() {
        let source = "| a | b |\n|--|--|\n| 1 |\n| 1 | 2 | 3 |\n";
        assert_eq!(drawn(source, 10), ["a   b", "─────", "1", "1   2"]);
        assert!(drawn(source, 1).iter().all(|line| line.chars().count() <= 5));
    }

    #[test]
    fn lines_part_only_rows_that_wrap() {
        let source =
            "| a | text |\n|--|--|\n| 1 | x |\n| 2 | y |\n| 3 | the quick brown fox |\n| 4 | z |\n";
        assert_eq!(
            drawn(source, 16),
            [
                "a   text",
                "────────────────",
                "1   x",
                "2   y",
                "┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈",
                "3   the quick",
                "    brown fox",
                "┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈",
                "4   z"
            ]
        );
    }

    #[test]
    fn a_table_with_too_many_columns_keeps_its_words_whole() {
        let cells = |word: &str| format!("|{}\n", format!(" {word} |").repeat(8));
        let source = format!("{}{}{}", cells("column"), cells("--"), cells("value"));
        let lines = drawn(&source, 40);
        assert_eq!(lines[0].matches("column").count(), 8, "{lines:?}");
        assert_eq!(lines[2].matches("value").count(), 8, "{lines:?}");
    }

    #[test]
    fn a_long_word_is_whole_unless_the_columns_beside_it_would_be_too_narrow() {
        let words = "word ".repeat(20);
        let table =
            |length: usize| format!("| a | b |\n|--|--|\n| {words} | {} |\n", "x".repeat(length));
        let whole = drawn(&table(45), 60);
        assert!(whole.iter().any(|line| line.ends_with(&"x".repeat(45))), "{whole:#?}");
        let broken = drawn(&table(46), 60);
        assert!(broken[2].starts_with("word word word word word word   x"), "{broken:#?}");
        let broken = drawn(&table(200), 60);
        let letters: usize = broken.iter().map(|line| line.matches('x').count()).sum();
        assert_eq!(letters, 200);
    }

    #[test]
    fn ideographs_leave_room_for_words_beside_them() {
        let source =
            format!("| a | b |\n|--|--|\n| {} | short English text |\n", "日本語".repeat(12));
        let lines = drawn(&source, 40);
        assert!(lines.iter().any(|line| line.ends_with("short English text")), "{lines:#?}");
    }
}
