//! The widget that draws a line of big letters.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::widgets::Widget;
use unicode_segmentation::UnicodeSegmentation as _;

use super::glyph::Glyph;

/// The size of a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PixelSize {
    /// 4 columns by 4 rows: four pixels to a cell.
    Quadrant,
    /// 8 columns by 4 rows: two pixels to a cell.
    HalfHeight,
}

impl PixelSize {
    /// Returns the columns and rows of one letter.
    pub const fn glyph_cells(self) -> (u16, u16) {
        match self {
            Self::Quadrant => (4, 4),
            Self::HalfHeight => (8, 4),
        }
    }
}

/// One line of big letters. It is drawn from the left edge of its area and cut off at the right
/// one.
#[derive(Clone, Copy, Debug)]
pub struct BigText<'a> {
    text: &'a str,
    size: PixelSize,
    style: Style,
    has_row_above: bool,
}

impl<'a> BigText<'a> {
    /// Creates a line with `text` in letters of `size`.
    pub fn new(text: &'a str, size: PixelSize, style: Style) -> Self {
        Self { text, size, style, has_row_above: Self::needs_row_above(text) }
    }

    /// Leaves a row above the letters, for a line of which another part needs it.
    #[must_use]
    pub fn with_row_above(mut self, has_row_above: bool) -> Self {
        self.has_row_above |= has_row_above;
        self
    }

    /// Returns the width of `text` in columns.
    pub fn width_in_cells(text: &str, size: PixelSize) -> u16 {
        (text.graphemes(true).count() as u16).saturating_mul(size.glyph_cells().0)
    }

    /// Whether `text` has an accent that stands higher than the rows of its letters, as on a
    /// capital.
    pub fn needs_row_above(text: &str) -> bool {
        text.graphemes(true).filter_map(Glyph::of).any(Glyph::is_tall)
    }

    /// Whether the font has every letter of `text`.
    pub fn can_draw(text: &str) -> bool {
        text.graphemes(true).all(|cluster| Glyph::of(cluster).is_some())
    }
}

impl Widget for BigText<'_> {
    fn render(self, area: Rect, buffer: &mut Buffer) {
        let (wide, high) = self.size.glyph_cells();
        let left_of = (area.x..).step_by(wide.into());
        for (left, cluster) in left_of.zip(self.text.graphemes(true)) {
            let Some(glyph) = Glyph::of(cluster) else { continue };
            let [upper, lower] = glyph.above;
            let above = [upper, lower, 0, 0, 0, 0, 0, 0];
            let mut top = area.y;
            if self.has_row_above {
                self.draw(above, Rect::new(left, top, wide, 1).intersection(area), buffer);
                top = top.saturating_add(1);
            }
            self.draw(glyph.rows, Rect::new(left, top, wide, high).intersection(area), buffer);
        }
    }
}

impl BigText<'_> {
    /// Draws as many of the pixels of a letter as `area` has room for.
    fn draw(&self, pixels: [u8; 8], area: Rect, buffer: &mut Buffer) {
        for y in 0..area.height {
            for x in 0..area.width {
                let symbol = match self.size {
                    PixelSize::Quadrant => quadrant_block(pixels, x * 2, y * 2),
                    PixelSize::HalfHeight => half_block(pixels, x, y * 2),
                };
                if symbol != ' ' {
                    let at = Position::new(area.x + x, area.y + y);
                    buffer[at].set_char(symbol).set_style(self.style);
                }
            }
        }
    }
}

fn is_pixel_set(rows: [u8; 8], x: u16, y: u16) -> bool {
    // In font8x8 the lowest bit is the leftmost pixel.
    rows[usize::from(y)] >> x & 1 == 1
}

fn half_block(rows: [u8; 8], x: u16, y: u16) -> char {
    match (is_pixel_set(rows, x, y), is_pixel_set(rows, x, y + 1)) {
        (true, true) => '█',
        (true, false) => '▀',
        (false, true) => '▄',
        (false, false) => ' ',
    }
}

fn quadrant_block(rows: [u8; 8], x: u16, y: u16) -> char {
    const SHAPES: [char; 16] =
        [' ', '▘', '▝', '▀', '▖', '▌', '▞', '▛', '▗', '▚', '▐', '▜', '▄', '▙', '▟', '█'];
    // The index has one bit for each pixel of the cell: upper left, upper right, lower left, lower
    // right.
    let bit = |dx, dy| usize::from(is_pixel_set(rows, x + dx, y + dy));
    SHAPES[bit(0, 0) | bit(1, 0) << 1 | bit(0, 1) << 2 | bit(1, 1) << 3]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(text: &str, size: PixelSize, area: Rect) -> Buffer {
        let mut buffer = Buffer::empty(area);
        BigText::new(text, size, Style::new()).render(area, &mut buffer);
        buffer
    }

    #[test]
    fn letters_look_like_letters() {
        let small = ["█ █      ▟▙ ", "█▄█ ▝▀▙  ▜▛ ", "█ █ ▟▀█  ▝▘ ", "▀ ▀ ▝▀▝▘ ▝▘ "];
        let found = drawn("Ha!", PixelSize::Quadrant, Rect::new(0, 0, 12, 4));
        assert_eq!(found, Buffer::with_lines(small));
        let tall = [
            "██  ██            ▄██▄  ",
            "██▄▄██   ▀▀▀█▄    ▀██▀  ",
            "██  ██  ▄█▀▀██     ▀▀   ",
            "▀▀  ▀▀   ▀▀▀ ▀▀    ▀▀   ",
        ];
        let found = drawn("Ha!", PixelSize::HalfHeight, Rect::new(0, 0, 24, 4));
        assert_eq!(found, Buffer::with_lines(tall));
        assert_eq!(BigText::width_in_cells("Ha!", PixelSize::Quadrant), 12);
    }

    #[test]
    fn letters_are_cut_off_at_the_edge_of_the_area() {
        let whole = drawn("Hi", PixelSize::HalfHeight, Rect::new(0, 0, 16, 4));
        let cut = drawn("Hi", PixelSize::HalfHeight, Rect::new(0, 0, 5, 2));
        for y in 0..2 {
            for x in 0..5 {
                assert_eq!(cut[(x, y)], whole[(x, y)]);
            }
        }
        assert!(BigText::can_draw("Größe 5 €, šťastný") && !BigText::can_draw("Größe 日"));
        assert!(BigText::can_draw("It doesn’t") && !BigText::can_draw("日本"));
        assert!(BigText::can_draw("Größe, déjà") && BigText::can_draw("ΛΟΓΟΣ λογος"));
    }

    #[test]
    fn accents_on_capitals_have_a_row_of_their_own() {
        let text = "Žď";
        assert!(BigText::needs_row_above(text) && !BigText::needs_row_above("Zżą"));
        let expected = [
            "▀▀▄▄▀▀        █▀",
            "▄▄▄▄▄▄▄    ▀██  ",
            "▀▀ ▄▄▀▀  ▄▄▄██  ",
            " ▄█▀ ▄█ ██  ██  ",
            "▀▀▀▀▀▀▀  ▀▀▀ ▀▀ ",
        ];
        let found = drawn(text, PixelSize::HalfHeight, Rect::new(0, 0, 16, 5));
        assert_eq!(found, Buffer::with_lines(expected));
        let area = Rect::new(0, 0, 8, 5);
        let low = drawn("z", PixelSize::HalfHeight, Rect::new(0, 0, 8, 4));
        let mut lowered = Buffer::empty(area);
        let z = BigText::new("z", PixelSize::HalfHeight, Style::new()).with_row_above(true);
        z.render(area, &mut lowered);
        assert!((0..8).all(|x| lowered[(x, 0)].symbol() == " "));
        assert!((0..8).all(|x| (0..4).all(|y| lowered[(x, y + 1)] == low[(x, y)])));
    }

    #[test]
    fn marks_stand_where_their_letters_have_them() {
        let expected = [
            "   ▄▄                           ",
            "  ▀▀            ▀▀  ▀▀          ",
            "▄█▀▀▄█▀ ▄█▀▀█▄   ▀██    ▄█▀▀▀▀  ",
            "▀█▄▄██  ██▀▀▀▀    ██     ▀▀▀█▄  ",
            "▄▄▄▄█▀   ▀▀██    ▀▀▀▀   ▀▀██▀   ",
        ];
        let found = drawn("ģęïş", PixelSize::HalfHeight, Rect::new(0, 0, 32, 5));
        assert_eq!(found, Buffer::with_lines(expected));
    }
}
