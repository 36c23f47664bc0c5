//! Text in big letters: rows of blocks that are placed like any other text, and what they say.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget as _;

use crate::slide::text::wrap::{StyledText, longest_word, wrap};
use crate::stage::{BigText, PixelSize};

/// The largest number of lines that are made even.
const MAX_BALANCED_LINES: usize = 8;

/// A line of big letters.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct BigLine {
    /// What it says, in the styles of ordinary text.
    pub(crate) text: Line<'static>,
    /// Its letters in blocks.
    pub(crate) rows: Vec<Line<'static>>,
    size: PixelSize,
}

impl BigLine {
    fn new(text: Line<'static>, size: PixelSize) -> Self {
        let rows = rows_of_line(&text, size);
        Self { text, rows, size }
    }

    /// Returns the number of columns that the line takes in blocks.
    pub(crate) fn width(&self) -> usize {
        self.rows.first().map_or(0, Line::width)
    }

    /// Returns the number of columns that a part of the text takes in blocks.
    pub(crate) fn width_of(&self, text: &str) -> u16 {
        BigText::width_in_cells(text, self.size)
    }
}

/// Returns `pieces` in letters of `size` on lines of at most `width` cells, as even as possible.
/// `None` if the font lacks a letter, if a word is too long, or if there would be more than
/// `max_lines` lines. What is struck out is not drawn big, because no big letter shows it.
pub(crate) fn big_lines(
    pieces: &[StyledText],
    size: PixelSize,
    width: usize,
    max_lines: usize,
) -> Option<Vec<BigLine>> {
    let letters = width / usize::from(size.glyph_cells().0);
    let is_drawable = pieces.iter().all(|(text, style)| {
        (text == "\n" || BigText::can_draw(text))
            && !style.add_modifier.contains(Modifier::CROSSED_OUT)
    });
    if !is_drawable || longest_word(pieces) > letters {
        return None;
    }
    let lines = balanced(pieces, letters);
    if lines.len() > max_lines {
        return None;
    }
    Some(lines.into_iter().map(|text| BigLine::new(text, size)).collect())
}

/// Returns the rows of `lines`, each with the line that begins there, and with a blank row between
/// two lines.
pub(crate) fn stacked(lines: Vec<BigLine>) -> Vec<(Line<'static>, Option<BigLine>)> {
    let mut rows = Vec::new();
    for line in lines {
        if !rows.is_empty() {
            rows.push((Line::default(), None));
        }
        let cells = line.rows.clone();
        let mut begins = Some(line);
        rows.extend(cells.into_iter().map(|cells| (cells, begins.take())));
    }
    rows
}

/// Breaks `pieces` into as few lines of at most `width` cells as possible, as even as possible.
pub(crate) fn balanced(pieces: &[StyledText], width: usize) -> Vec<Line<'static>> {
    let lines = wrap(pieces, width);
    if lines.len() > MAX_BALANCED_LINES {
        return lines;
    }
    // The narrowest width that needs no further line gives the most even lines.
    let least = longest_word(pieces).clamp(1, width.max(1));
    let even = (least..width).map(|width| wrap(pieces, width));
    even.into_iter().find(|even| even.len() == lines.len()).unwrap_or(lines)
}

fn rows_of_line(line: &Line, size: PixelSize) -> Vec<Line<'static>> {
    let has_row_above = line.spans.iter().any(|span| BigText::needs_row_above(&span.content));
    let high = size.glyph_cells().1 + u16::from(has_row_above);
    let mut rows = vec![Line::default(); usize::from(high)];
    for span in &line.spans {
        let width = BigText::width_in_cells(&span.content, size);
        let mut letters = Buffer::empty(Rect::new(0, 0, width, high));
        let text = BigText::new(&span.content, size, span.style).with_row_above(has_row_above);
        text.render(letters.area, &mut letters);
        let style = span.style.remove_modifier(Modifier::UNDERLINED);
        for (y, row) in (0..high).zip(&mut rows) {
            let cells: String = (0..width).map(|x| letters[(x, y)].symbol()).collect();
            row.spans.push(Span::styled(cells, style));
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use ratatui::style::Style;

    use super::*;

    #[test]
    fn parts_of_a_line_stand_on_one_row_whatever_accents_they_have() {
        let bold = Style::new().add_modifier(Modifier::BOLD);
        let pieces = [("ь ".to_owned(), Style::new()), ("Й".to_owned(), bold)];
        let lines = big_lines(&pieces, PixelSize::Quadrant, 60, 1).unwrap();
        let rows: Vec<String> = lines[0].rows.iter().map(ToString::to_string).collect();
        let expected =
            ["        ▜▄▛ ", "        ▄ ▄ ", "█       █▗█ ", "█▀▙     █▛█ ", "▀▀▘     ▀ ▀ "];
        assert_eq!(rows, expected);
    }
}
