//! Letters of several cells, for titles and figures that the last row must read.
//!
//! The shapes are those of the `font8x8` crate; tui-big-text draws the same, but brings twenty
//! packages along that a cold build would have to wait for.

use font8x8::{BASIC_FONTS, LATIN_FONTS, UnicodeFonts as _};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::widgets::Widget;

/// How large a letter is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// 4 columns by 4 rows: four pixels to a cell.
    Quarter,
    /// 8 columns by 4 rows: two pixels to a cell.
    Half,
}

impl Size {
    /// The columns and rows of one letter.
    pub const fn cell(self) -> (u16, u16) {
        match self {
            Self::Quarter => (4, 4),
            Self::Half => (8, 4),
        }
    }
}

/// One line of big letters, drawn from the left edge of its area and cut where that ends.
#[derive(Clone, Copy, Debug)]
pub struct Big<'a> {
    text: &'a str,
    size: Size,
    style: Style,
}

impl<'a> Big<'a> {
    /// `text` in letters of `size`.
    pub fn new(text: &'a str, size: Size, style: Style) -> Self {
        Self { text, size, style }
    }

    /// The columns it wants.
    pub fn width(text: &str, size: Size) -> u16 {
        (text.chars().count() as u16).saturating_mul(size.cell().0)
    }

    /// Whether each character of `text` has a big shape.
    pub fn can_draw(text: &str) -> bool {
        text.chars().all(|c| glyph(c).is_some())
    }
}

impl Widget for Big<'_> {
    fn render(self, area: Rect, buffer: &mut Buffer) {
        let (wide, high) = self.size.cell();
        for (index, letter) in self.text.chars().enumerate() {
            let Some(rows) = glyph(letter) else { continue };
            for y in 0..high {
                for x in 0..wide {
                    let symbol = match self.size {
                        Size::Quarter => quadrant(rows, x * 2, y * 2),
                        Size::Half => half(rows, x, y * 2),
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

fn glyph(letter: char) -> Option<[u8; 8]> {
    let letter = match letter {
        '’' | '‘' => '\'',
        '“' | '”' => '"',
        '–' | '—' => '-',
        other => other,
    };
    BASIC_FONTS.get(letter).or_else(|| LATIN_FONTS.get(letter))
}

fn lit(rows: [u8; 8], x: u16, y: u16) -> bool {
    rows[usize::from(y)] >> x & 1 == 1
}

fn half(rows: [u8; 8], x: u16, y: u16) -> char {
    match (lit(rows, x, y), lit(rows, x, y + 1)) {
        (true, true) => '█',
        (true, false) => '▀',
        (false, true) => '▄',
        (false, false) => ' ',
    }
}

fn quadrant(rows: [u8; 8], x: u16, y: u16) -> char {
    const SHAPES: [char; 16] =
        [' ', '▘', '▝', '▀', '▖', '▌', '▞', '▛', '▗', '▚', '▐', '▜', '▄', '▙', '▟', '█'];
    let bit = |dx, dy| usize::from(lit(rows, x + dx, y + dy));
    SHAPES[bit(0, 0) | bit(1, 0) << 1 | bit(0, 1) << 2 | bit(1, 1) << 3]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(text: &str, size: Size, area: Rect) -> Buffer {
        let mut buffer = Buffer::empty(area);
        Big::new(text, size, Style::new()).render(area, &mut buffer);
        buffer
    }

    #[test]
    fn letters_look_like_letters() {
        let expected = Buffer::with_lines(["▐▌  ▄▄  ", "▐▙▄ ▄▟▌ ", "▐▌▐▙█▐▌ ", "▝▘▝▘▀▝▀ "]);
        let found = drawn("ha", Size::Quarter, Rect::new(0, 0, 8, 4));
        assert_eq!(found.area, expected.area);
        assert_eq!(Big::width("ha", Size::Quarter), 8);
        assert!(found.content.iter().any(|cell| cell.symbol() != " "));
    }

    #[test]
    fn what_does_not_fit_is_cut() {
        let whole = drawn("Hi", Size::Half, Rect::new(0, 0, 16, 4));
        let cut = drawn("Hi", Size::Half, Rect::new(0, 0, 5, 2));
        for y in 0..2 {
            for x in 0..5 {
                assert_eq!(cut[(x, y)], whole[(x, y)]);
            }
        }
        assert!(Big::can_draw("It doesn’t") && !Big::can_draw("日本"));
    }
}
