//! The number of colours that the terminal can show, and the conversion of a finished frame to
//! them.
//!
//! Views use 24-bit colours only. No other file handles fewer.

use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier};

/// The colours that a terminal can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColorDepth {
    /// 24-bit colours.
    TrueColor,
    /// The 256-colour palette of xterm.
    Ansi256,
    /// The 16 ANSI colours. The background stays the terminal's own.
    Ansi16,
    /// No colours, only bold, underlined and reversed text.
    Monochrome,
}

impl ColorDepth {
    /// Detects the colours from the environment: `NO_COLOR`, then `COLORTERM`, then `TERM`.
    ///
    /// `variable` looks up an environment variable, so that tests need not change the real ones.
    pub fn from_env(variable: impl Fn(&str) -> Option<String>) -> Self {
        let term = variable("TERM").unwrap_or_default();
        // By the convention of no-color.org an empty `NO_COLOR` does not count.
        if variable("NO_COLOR").is_some_and(|value| !value.is_empty()) || term == "dumb" {
            return Self::Monochrome;
        }
        let colors = variable("COLORTERM").unwrap_or_default();
        // Terminfo entries named `*-direct` are 24-bit.
        if matches!(colors.as_str(), "truecolor" | "24bit") || term.contains("direct") {
            return Self::TrueColor;
        }
        if ["256", "kitty", "alacritty", "foot", "wezterm", "ghostty"]
            .iter()
            .any(|name| term.contains(name))
        {
            return Self::Ansi256;
        }
        Self::Ansi16
    }

    /// Converts the colours of a finished frame to this depth.
    pub fn downgrade(self, buffer: &mut Buffer) {
        if self == Self::TrueColor {
            return;
        }
        for cell in &mut buffer.content {
            if self == Self::Monochrome && is_cursor(cell.fg, cell.bg) {
                cell.modifier |= Modifier::REVERSED;
            }
            (cell.fg, cell.bg) = match self {
                Self::Ansi16 => nearest_ansi16_pair(cell.fg, cell.bg),
                _ => (self.nearest_color(cell.fg), self.nearest_color(cell.bg)),
            };
        }
    }

    fn nearest_color(self, color: Color) -> Color {
        match (self, color) {
            (Self::Monochrome, _) => Color::Reset,
            (Self::Ansi256, Color::Rgb(r, g, b)) => Color::Indexed(nearest_ansi256(r, g, b)),
            (Self::Ansi16, Color::Rgb(r, g, b)) => nearest_ansi16(r, g, b),
            (_, color) => color,
        }
    }
}

/// Whether a cell belongs to a cursor, which must stay visible without colour. Cursors have a
/// saturated background. All other backgrounds of the themes are almost grey.
fn is_cursor(fg: Color, bg: Color) -> bool {
    match (fg, bg) {
        (Color::Rgb(..), Color::Rgb(r, g, b)) => {
            let (low, high) = (r.min(g).min(b), r.max(g).max(b));
            high - low > 60
        }
        _ => false,
    }
}

/// Returns the nearest colour of xterm's palette, from its 6x6x6 cube (16 to 231) or its 24 greys
/// (232 to 255).
fn nearest_ansi256(r: u8, g: u8, b: u8) -> u8 {
    // The levels of the cube; the greys are 8, 18, ..., 238.
    const STEPS: [u8; 6] = [0, 95, 135, 175, 215, 255];
    let step =
        |c: u8| STEPS.iter().enumerate().min_by_key(|(_, s)| s.abs_diff(c)).map_or(0, |(i, _)| i);
    let (ri, gi, bi) = (step(r), step(g), step(b));
    let cube = (STEPS[ri], STEPS[gi], STEPS[bi]);
    let mean = (u16::from(r) + u16::from(g) + u16::from(b)) / 3;
    let grey_at = (mean.saturating_sub(3) / 10).min(23);
    let grey = (8 + 10 * grey_at) as u8;
    if squared_distance((r, g, b), (grey, grey, grey)) < squared_distance((r, g, b), cube) {
        232 + grey_at as u8
    } else {
        (16 + 36 * ri + 6 * gi + bi) as u8
    }
}

fn squared_distance(a: (u8, u8, u8), b: (u8, u8, u8)) -> u32 {
    let square = |x: u8, y: u8| u32::from(x.abs_diff(y)).pow(2);
    square(a.0, b.0) + square(a.1, b.1) + square(a.2, b.2)
}

/// Returns the pair for 16 colours. The background is the terminal's own; only cursors set one.
fn nearest_ansi16_pair(fg: Color, bg: Color) -> (Color, Color) {
    if is_cursor(fg, bg) {
        return (Color::Black, ColorDepth::Ansi16.nearest_color(bg));
    }
    // Almost grey text is either ordinary (very light or very dark) or dim (in between). Ordinary
    // text takes the terminal's own colour, which is readable on its background.
    let text = match fg {
        Color::Rgb(r, g, b) if r.max(g).max(b) - r.min(g).min(b) <= 60 => {
            if r.max(g).max(b).abs_diff(140) <= 62 { Color::DarkGray } else { Color::Reset }
        }
        fg => ColorDepth::Ansi16.nearest_color(fg),
    };
    (text, Color::Reset)
}

/// Returns the nearest of the six hues and white, by the channels that are strong.
fn nearest_ansi16(r: u8, g: u8, b: u8) -> Color {
    let high = r.max(g).max(b);
    // Strong: more than three quarters of the strongest channel.
    let strong = |c: u8| u16::from(c) * 4 > u16::from(high) * 3;
    match (strong(r), strong(g), strong(b)) {
        (true, true, true) => Color::White,
        (true, true, false) => Color::Yellow,
        (true, false, true) => Color::Magenta,
        (false, true, true) => Color::Cyan,
        (true, false, false) => Color::Red,
        (false, true, false) => Color::Green,
        (false, false, _) => Color::Blue,
    }
}

#[cfg(test)]
mod tests {
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    use super::*;
    use crate::stage::Theme;

    fn detect(pairs: &[(&str, &str)]) -> ColorDepth {
        ColorDepth::from_env(|name| {
            pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_environment_decides() {
        assert_eq!(
            detect(&[("TERM", "xterm-256color"), ("COLORTERM", "truecolor")]),
            ColorDepth::TrueColor
        );
        assert_eq!(detect(&[("TERM", "xterm-256color")]), ColorDepth::Ansi256);
        assert_eq!(detect(&[("TERM", "linux")]), ColorDepth::Ansi16);
        assert_eq!(detect(&[("TERM", "dumb")]), ColorDepth::Monochrome);
        let no_color = [("TERM", "xterm-256color"), ("COLORTERM", "truecolor"), ("NO_COLOR", "1")];
        assert_eq!(detect(&no_color), ColorDepth::Monochrome);
        assert_eq!(
            detect(&[("TERM", "xterm-256color"), ("NO_COLOR", "")]),
            ColorDepth::Ansi256,
            "empty does not count"
        );
    }

    fn painted(color_depth: ColorDepth, style: Style) -> (Color, Color, Modifier) {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 1, 1));
        buffer.set_string(0, 0, "x", style);
        color_depth.downgrade(&mut buffer);
        (buffer[(0, 0)].fg, buffer[(0, 0)].bg, buffer[(0, 0)].modifier)
    }

    #[test]
    fn colours_keep_their_meaning_at_lower_depths() {
        let theme = Theme::DARK;
        assert_eq!(
            painted(
                ColorDepth::Ansi256,
                Style::new().fg(Color::Rgb(255, 0, 0)).bg(Color::Rgb(8, 8, 8))
            )
            .0,
            Color::Indexed(196)
        );
        let (fg, bg, _) = painted(ColorDepth::Ansi16, theme.base());
        assert_eq!((fg, bg), (Color::Reset, Color::Reset));
        assert_eq!(painted(ColorDepth::Ansi16, theme.base().fg(theme.bad)).0, Color::Red);
        assert_eq!(painted(ColorDepth::Ansi16, theme.base().fg(theme.dim)).0, Color::DarkGray);
    }

    #[test]
    fn a_cursor_is_visible_without_colour() {
        for theme in [Theme::DARK, Theme::LIGHT] {
            let (fg, bg, modifier) = painted(ColorDepth::Monochrome, theme.cursor());
            assert_eq!((fg, bg), (Color::Reset, Color::Reset));
            assert!(modifier.contains(Modifier::REVERSED));
            assert!(!painted(ColorDepth::Monochrome, theme.base()).2.contains(Modifier::REVERSED));
        }
    }
}
