//! Big letters, several cells each, for titles and figures that must be readable from the last row
//! of the audience.
//!
//! The shapes come from the `font8x8` crate. The tui-big-text crate draws the same letters but adds
//! twenty packages to a cold build.

use font8x8::{BASIC_FONTS, GREEK_FONTS, LATIN_FONTS, MISC_FONTS, UnicodeFonts as _};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::widgets::Widget;

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
}

impl<'a> BigText<'a> {
    /// Creates a line with `text` in letters of `size`.
    pub fn new(text: &'a str, size: PixelSize, style: Style) -> Self {
        Self { text, size, style }
    }

    /// Returns the width of `text` in columns.
    pub fn width_in_cells(text: &str, size: PixelSize) -> u16 {
        (text.chars().count() as u16).saturating_mul(size.glyph_cells().0)
    }

    /// Whether the font has every character of `text`.
    pub fn can_draw(text: &str) -> bool {
        text.chars().all(|c| font_bitmap(c).is_some())
    }
}

impl Widget for BigText<'_> {
    fn render(self, area: Rect, buffer: &mut Buffer) {
        let (wide, high) = self.size.glyph_cells();
        for (index, letter) in self.text.chars().enumerate() {
            let Some(rows) = font_bitmap(letter) else { continue };
            for y in 0..high {
                for x in 0..wide {
                    let symbol = match self.size {
                        PixelSize::Quadrant => quadrant_block(rows, x * 2, y * 2),
                        PixelSize::HalfHeight => half_block(rows, x, y * 2),
                    };
                    let at = Position::new(area.x + index as u16 * wide + x, area.y + y);
                    if area.contains(at) && symbol != ' ' {
                        buffer[at].set_char(symbol).set_style(self.style);
                    }
                }
            }
        }
    }
}

fn font_bitmap(letter: char) -> Option<[u8; 8]> {
    // The fonts lack typographic punctuation, which titles often have.
    let letter = match letter {
        '’' | '‘' => '\'',
        '“' | '”' => '"',
        '–' | '—' => '-',
        other => other,
    };
    let bitmap = BASIC_FONTS
        .get(letter)
        .or_else(|| LATIN_FONTS.get(letter))
        .or_else(|| GREEK_FONTS.get(letter))
        .or_else(|| MISC_FONTS.get(letter));
    // What the fonts leave empty they do not have.
    bitmap.filter(|rows| letter.is_whitespace() || rows.iter().any(|row| *row != 0))
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
        assert!(BigText::can_draw("It doesn’t") && !BigText::can_draw("日本"));
        assert!(BigText::can_draw("Größe, déjà") && BigText::can_draw("ΛΟΓΟΣ λογος"));
    }
}
