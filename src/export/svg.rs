//! Converts a finished frame to an SVG picture, cell by cell.
//!
//! A run of cells in one style becomes one text element. The element is stretched to the width of
//! its cells, so that box drawings join in any font.

use std::fmt::Write as _;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};
use unicode_width::UnicodeWidthStr as _;

/// The width and height of a cell, in SVG units.
const CELL_SIZE: (f32, f32) = (8.4, 18.0);

/// Converts a frame to an SVG document. The terminal's own colours become `text` and `background`.
pub fn to_svg(buffer: &Buffer, text: Color, background: Color) -> String {
    let (width, height) =
        (f32::from(buffer.area.width) * CELL_SIZE.0, f32::from(buffer.area.height) * CELL_SIZE.1);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.1} {height:.1}\" \
         width=\"{width:.0}\" font-family=\"'DejaVu Sans Mono',Menlo,Consolas,monospace\" \
         font-size=\"14\" xml:space=\"preserve\">\n<rect width=\"100%\" height=\"100%\" \
         fill=\"{}\"/>\n",
        hex_color(background, background)
    );
    for y in 0..buffer.area.height {
        for run in styled_runs(buffer, y) {
            run.draw(y, text, background, &mut out);
        }
    }
    out + "</svg>\n"
}

/// Adjacent cells of the same style.
struct StyledRun<'a> {
    x: u16,
    cells: u16,
    text: String,
    style: &'a Cell,
}

fn styled_runs(buffer: &Buffer, y: u16) -> Vec<StyledRun<'_>> {
    let mut runs: Vec<StyledRun> = Vec::new();
    let mut x = buffer.area.left();
    while x < buffer.area.right() {
        let cell = &buffer[(x, y)];
        // A wide character has a run of its own, because a font may give it another width than two
        // cells.
        let wide = cell.symbol().width().max(1) as u16;
        match runs.last_mut().filter(|run| has_same_style(run.style, cell) && wide == 1) {
            Some(run) => {
                run.text.push_str(cell.symbol());
                run.cells += 1;
            }
            None => {
                runs.push(StyledRun {
                    x,
                    cells: wide,
                    text: cell.symbol().to_owned(),
                    style: cell,
                });
            }
        }
        x += wide;
    }
    runs
}

fn has_same_style(a: &Cell, b: &Cell) -> bool {
    (a.fg, a.bg, a.modifier) == (b.fg, b.bg, b.modifier)
}

impl StyledRun<'_> {
    fn draw(&self, y: u16, text: Color, background: Color, out: &mut String) {
        let modifier = self.style.modifier;
        let (mut front, mut back) =
            (hex_color(self.style.fg, text), hex_color(self.style.bg, background));
        if modifier.contains(Modifier::REVERSED) {
            std::mem::swap(&mut front, &mut back);
        }
        let (left, top) = (f32::from(self.x) * CELL_SIZE.0, f32::from(y) * CELL_SIZE.1);
        let width = f32::from(self.cells) * CELL_SIZE.0;
        if back != hex_color(background, background) {
            // Writing to a string cannot fail, here and below.
            let _ = writeln!(
                out,
                "<rect x=\"{left:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"{}\" \
                 fill=\"{back}\"/>",
                CELL_SIZE.1
            );
        }
        if self.text.trim().is_empty() {
            return;
        }
        let mut look = String::new();
        for (on, attribute) in [
            (Modifier::BOLD, " font-weight=\"bold\""),
            (Modifier::ITALIC, " font-style=\"italic\""),
            (Modifier::UNDERLINED, " text-decoration=\"underline\""),
            (Modifier::CROSSED_OUT, " text-decoration=\"line-through\""),
        ] {
            if modifier.contains(on) {
                look.push_str(attribute);
            }
        }
        // The baseline: about a quarter of the cell is below it in monospaced fonts.
        let base = top + CELL_SIZE.1 * 0.76;
        let _ = writeln!(
            out,
            "<text x=\"{left:.1}\" y=\"{base:.1}\" textLength=\"{width:.1}\" \
             lengthAdjust=\"spacingAndGlyphs\" fill=\"{front}\"{look}>{}</text>",
            escape_xml(&self.text)
        );
    }
}

fn hex_color(color: Color, own: Color) -> String {
    match (color, own) {
        (Color::Rgb(r, g, b), _) | (_, Color::Rgb(r, g, b)) => format!("#{r:02x}{g:02x}{b:02x}"),
        _ => "#000000".to_owned(),
    }
}

fn escape_xml(text: &str) -> String {
    // The ampersand goes first, because the others bring one in. No-break spaces keep their width
    // in renderers that ignore `xml:space`.
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace(' ', "\u{a0}")
}

#[cfg(test)]
mod tests {
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    use super::*;

    #[test]
    fn runs_keep_their_style_and_markup_is_escaped() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 8, 1));
        buffer.set_string(
            0,
            0,
            "a<b",
            Style::new().fg(Color::Rgb(1, 2, 3)).add_modifier(Modifier::BOLD),
        );
        buffer.set_string(4, 0, "日", Style::new().bg(Color::Rgb(9, 9, 9)));
        let picture = to_svg(&buffer, Color::Rgb(255, 255, 255), Color::Rgb(0, 0, 0));
        assert!(
            picture.contains("fill=\"#010203\" font-weight=\"bold\">a&lt;b</text>"),
            "{picture}"
        );
        assert!(
            picture.contains("textLength=\"16.8\"") && picture.contains("fill=\"#090909\""),
            "{picture}"
        );
    }
}
