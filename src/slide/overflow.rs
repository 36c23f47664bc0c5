//! What of a deck does not fit a screen of a given size.

use ratatui::layout::{Rect, Size};

use crate::deck::{Deck, DemoFence, LineIndex, Position, Slide, Warning};
use crate::slide::body::rows::{BodyRow, RowPiece, Sideways, visible_width};
use crate::slide::layout::{LayoutInput, SlideLayout};
use crate::slide::listing::Highlights;
use crate::slide::style::{PictureSizes, SlideStyle};
use crate::stage::Theme;
use crate::text::units;

/// Returns what does not fit a screen of `size`: titles that are cut, slides that scroll, and what
/// moves sideways, each with its line. `min_demo_rows` is the least number of rows of a demo.
pub fn overflows(
    deck: &Deck,
    source: &str,
    size: Size,
    min_demo_rows: impl Fn(&DemoFence) -> u16,
) -> Vec<Warning> {
    let lines = LineIndex::new(source);
    let (highlights, pictures) = (Highlights::default(), PictureSizes::default());
    let style = SlideStyle {
        theme: &Theme::DARK,
        highlights: &highlights,
        pictures: &pictures,
        shows_reasons: false,
    };
    // The last row belongs to the footer.
    let area = Rect::new(0, 0, size.width, size.height.saturating_sub(1));
    let mut warnings = Vec::new();
    for (slide_index, slide) in deck.slides.iter().enumerate() {
        let min_demo_rows = slide.demos().map(&min_demo_rows).max().unwrap_or(0);
        let input = LayoutInput { deck, slide_index, min_demo_rows, style };
        let layout = SlideLayout::new(&input, area);
        let next = deck.slides.get(slide_index + 1).map(|next| next.position.line);
        let own_lines = slide.position.line..next.unwrap_or(source.lines().count() + 1);
        let own_lines: Vec<(usize, &str)> =
            own_lines.map(|number| (number, lines.line_text(number))).collect();
        for (position, what) in layout.overflows(slide, &own_lines) {
            let message = format!("at {}x{}, {what}", size.width, size.height);
            warnings.push(Warning::new(slide_index, position, &lines, message));
        }
    }
    warnings
}

impl SlideLayout {
    /// Returns what does not fit, each with its position in the file. `own_lines` are the lines of
    /// the slide in the file, with their numbers.
    fn overflows(&self, slide: &Slide, own_lines: &[(usize, &str)]) -> Vec<(Position, String)> {
        let at = |text: &str| {
            line_of(text, own_lines).map_or(slide.position, |line| Position { line, column: 1 })
        };
        let mut found = Vec::new();
        if self.heading.is_cut {
            let what = if self.heading.is_underlined {
                "the title is too long and is cut"
            } else {
                "the title and the lines below it take too many rows and are cut"
            };
            found.push((slide.position, what.to_owned()));
        }
        let rows = self.body.rows.len().saturating_sub(self.body_area.height.into());
        if rows > 0 {
            let hidden = self.body.rows.iter().skip(self.body_area.height.into());
            let first = hidden.map(row_text).find(|text| !text.trim().is_empty());
            let what =
                format!("the slide scrolls: {} from here on", units::count(rows as u64, "row"));
            found.push((at(&first.unwrap_or_default()), what));
        }
        for (text, columns) in self.wide_blocks() {
            let what =
                format!("this is {} too wide: Shift+→", units::count(columns as u64, "column"));
            found.push((at(&text), what));
        }
        found
    }

    /// Returns the widest line of each block that moves sideways, with the number of its columns
    /// that are out of sight.
    fn wide_blocks(&self) -> Vec<(String, usize)> {
        let mut found: Vec<(String, usize)> = Vec::new();
        // The blocks that reach down to the row before, by their places: two may stand side by
        // side.
        let mut open: Vec<(usize, usize, Sideways)> = Vec::new();
        for row in &self.body.rows {
            let mut reached = Vec::new();
            for piece in row.pieces.iter().filter(|piece| piece.hidden_columns() > 0) {
                let sideways = piece.sideways.unwrap_or_default();
                let known = open.iter().find(|(_, x, own)| (*x, *own) == (piece.x, sideways));
                let index = known.map_or(found.len(), |(index, ..)| *index);
                if index == found.len() {
                    found.push((String::new(), piece.hidden_columns()));
                }
                if visible_width(&piece.body) == sideways.widest && found[index].0.is_empty() {
                    found[index].0 = piece.body.to_string();
                }
                reached.push((index, piece.x, sideways));
            }
            open = reached;
        }
        found
    }
}

fn row_text(row: &BodyRow) -> String {
    row.pieces.iter().map(|piece: &RowPiece| piece.body.to_string() + " ").collect()
}

/// Returns the number of the line that has most of the words of `text`, the first of several. The
/// words are compared as they stand in the file, so marks of Markdown between them do not matter.
fn line_of(text: &str, lines: &[(usize, &str)]) -> Option<usize> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let shared = |line: &str| words.iter().filter(|word| line.contains(**word)).count();
    let best = lines.iter().map(|(_, line)| shared(line)).max().filter(|shared| *shared > 0)?;
    lines.iter().find(|(_, line)| shared(line) == best).map(|(number, _)| *number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deck::{Block, Column, parse};

    fn found(source: &str, width: u16, height: u16) -> Vec<(usize, String)> {
        let (deck, _) = parse(source);
        overflows(&deck, source, Size { width, height }, |_| 30)
            .into_iter()
            .map(|warning| (warning.position.line, warning.message))
            .collect()
    }

    #[test]
    fn each_overflow_is_reported_with_its_line() {
        let wide = "x".repeat(90);
        let rows = (1..=30).map(|n| format!("- item {n}\n")).collect::<Vec<_>>().concat();
        let source =
            format!("# A\n\n---\n\n## B\n\n```go\nshort\n{wide}\n```\n\n---\n\n## C\n\n{rows}");
        assert_eq!(
            found(&source, 80, 24),
            [
                (9, "at 80x24, this is 12 columns too wide: Shift+→".to_owned()),
                (36, "at 80x24, the slide scrolls: 10 rows from here on".to_owned()),
            ]
        );
        assert_eq!(found(&source, 120, 40), []);
    }

    #[test]
    fn a_wide_table_is_reported_at_its_header_and_a_tall_demo_at_its_slide() {
        let cells = |word: &str| format!("|{}\n", format!(" {word} |").repeat(30));
        let table = format!("{}{}{}", cells("head"), cells("--"), cells("cell"));
        let source = format!("## T\n\n{table}\n---\n\n## D\n\n```demo race\n```\n");
        let found = found(&source, 80, 24);
        assert_eq!(found[0].0, 3, "{found:?}");
        assert_eq!((found[1].0, found.len()), (9, 2), "{found:?}");
        assert!(found[1].1.contains("the slide scrolls"));
    }

    #[test]
    fn blocks_side_by_side_are_two() {
        let code = |letter: &str| format!("```go\n{}\nb\nc\n```\n", letter.repeat(60));
        let source = format!("## T\n\n{}\n{}", code("x"), code("y"));
        let mut deck = parse(&source).0;
        let blocks = deck.slides[0].blocks.split_off(1);
        let column = |block| Column { weight: 1, blocks: vec![block] };
        deck.slides[0].blocks.push(Block::Columns(blocks.into_iter().map(column).collect()));
        let found = overflows(&deck, &source, Size { width: 80, height: 24 }, |_| 0);
        let lines: Vec<usize> = found.iter().map(|warning| warning.position.line).collect();
        assert_eq!(lines, [4, 10], "{found:#?}");
    }

    #[test]
    fn columns_are_as_far_apart_as_the_deck_asks_for() {
        let found = |margin: &str| {
            let items = "- item\n".repeat(9);
            let column = |index| format!("<!-- column: {index} -->\n\n{items}\n");
            let source = format!(
                "---\ntheme:\n  override:\n    column_layout: {{margin: {margin}}}\n---\n\n## \
                 A\n\n<!-- column_layout: [1, 1] -->\n\n{}{}",
                column(0),
                column(1)
            );
            found(&source, 80, 20).len()
        };
        assert_eq!((found("{percent: 5}"), found("{fixed: 40}")), (0, 1));
    }

    #[test]
    fn the_talk_fits_an_ordinary_and_a_large_screen() {
        let source = include_str!("../../slides/talk.md");
        let (deck, _) = parse(source);
        for (width, height) in [(100, 30), (200, 60)] {
            // No demo needs more rows than this, and that of the idle connections only half of it.
            let rows = |fence: &DemoFence| if fence.name == "idle" { 8 } else { 16 };
            let found = overflows(&deck, source, Size { width, height }, rows);
            let found: Vec<String> =
                found.iter().map(|warning| warning.report("talk.md").to_string()).collect();
            assert!(found.is_empty(), "{}", found.join("\n"));
        }
    }
}
