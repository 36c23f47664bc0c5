//! The title page: a first slide that begins with `# Title` shows it in big letters in the middle.
//!
//! The rest of that slide is laid out like any other text, centred below the title.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::Widget as _;

use crate::deck::FrontMatter;
use crate::stage::{BigText, PixelSize, Theme};
use crate::text;

/// The title of a talk with its author and date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TitlePage {
    area: Rect,
    /// The size of the big letters; `None` if the font lacks a letter or there is no room.
    size: Option<PixelSize>,
    lines: Vec<String>,
    byline: String,
}

impl TitlePage {
    /// Chooses the largest letters that fit the upper part of `column`. Returns the page and the
    /// rest of the column.
    pub(super) fn new(title: &str, meta: &FrontMatter, column: Rect) -> (Self, Rect) {
        let byline: Vec<&str> = meta.authors.iter().chain(&meta.date).map(String::as_str).collect();
        let (size, lines) = largest_fitting(title, column);
        let height = size.map_or(1, |size| size.glyph_cells().1 + 1) * lines.len() as u16 + 2;
        let top = column.height.saturating_sub(height + 6) / 2;
        let area =
            Rect { y: column.y + top, height: (height + 1).min(column.height - top), ..column };
        let taken = (top + height + 2).min(column.height);
        let below = Rect { y: column.y + taken, height: column.height - taken, ..column };
        (Self { area, size, lines, byline: byline.join(" · ") }, below)
    }

    pub(super) fn draw(&self, buffer: &mut Buffer, theme: &Theme) {
        let mut y = self.area.y;
        for line in &self.lines {
            let (width, height) = match self.size {
                Some(size) => (BigText::width_in_cells(line, size), size.glyph_cells().1),
                None => (text::width(line) as u16, 1),
            };
            let room =
                Rect { y, height: height.min(self.area.bottom().saturating_sub(y)), ..self.area };
            let x = room.x + room.width.saturating_sub(width) / 2;
            let spot = Rect { x, width: room.right().saturating_sub(x), ..room };
            match self.size {
                Some(size) => BigText::new(line, size, theme.heading()).render(spot, buffer),
                None if spot.height > 0 => {
                    buffer.set_stringn(spot.x, spot.y, line, spot.width.into(), theme.heading());
                }
                None => {}
            }
            y += height + u16::from(self.size.is_some());
        }
        let y = y + 1;
        if y < self.area.bottom() {
            let byline = text::ellipsize(&self.byline, self.area.width.into());
            let x = self.area.x + self.area.width.saturating_sub(text::width(&byline) as u16) / 2;
            buffer.set_string(x, y, byline, theme.dim());
        }
    }
}

/// Returns the largest letters in which `title` takes at most three lines and two thirds of the
/// column.
fn largest_fitting(title: &str, column: Rect) -> (Option<PixelSize>, Vec<String>) {
    if BigText::can_draw(title) {
        for size in [PixelSize::HalfHeight, PixelSize::Quadrant] {
            let (wide, high) = size.glyph_cells();
            let Some(lines) = balanced_lines(title, usize::from(column.width / wide)) else {
                continue;
            };
            let rows = lines.len() as u16 * (high + 1);
            if lines.len() <= 3 && rows <= column.height.saturating_sub(4) * 2 / 3 {
                return (Some(size), lines);
            }
        }
    }
    let lines =
        balanced_lines(title, column.width.into()).unwrap_or_else(|| vec![title.to_owned()]);
    (None, lines)
}

/// Breaks `title` into lines of at most `letters` cells, as even as possible; `None` if a word is
/// too long.
fn balanced_lines(title: &str, letters: usize) -> Option<Vec<String>> {
    let least = greedy_lines(title, letters)?.len();
    // The narrowest width that needs no further line gives the most even lines.
    let even = (1..=letters)
        .find_map(|width| greedy_lines(title, width).filter(|lines| lines.len() == least));
    even.or_else(|| greedy_lines(title, letters))
}

fn greedy_lines(title: &str, letters: usize) -> Option<Vec<String>> {
    let mut lines: Vec<String> = Vec::new();
    for word in title.split_whitespace() {
        if text::width(word) > letters {
            return None;
        }
        match lines.last_mut() {
            Some(line) if text::width(line) + 1 + text::width(word) <= letters => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    Some(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_even() {
        assert_eq!(
            balanced_lines("It doesn't have to be REST", 20).unwrap(),
            ["It doesn't have", "to be REST"]
        );
        assert_eq!(balanced_lines("WebSockets", 4), None);
    }

    #[test]
    fn letters_are_as_large_as_the_room_allows() {
        let title = "It doesn't have to be REST";
        let size = |width, height| largest_fitting(title, Rect::new(0, 0, width, height)).0;
        assert_eq!(size(192, 56), Some(PixelSize::HalfHeight));
        assert_eq!(size(92, 27), Some(PixelSize::HalfHeight));
        assert_eq!(size(76, 21), Some(PixelSize::Quadrant));
        assert_eq!(size(30, 8), None);
    }
}
