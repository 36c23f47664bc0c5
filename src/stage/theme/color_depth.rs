//! The number of colours that the terminal can show, and the conversion of a finished frame to
//! them.
//!
//! Views use 24-bit colours only. No other file handles fewer.

use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier};

use crate::stage::theme::ansi16;
use crate::stage::theme::colors::{Brightness, Theme};
use crate::stage::theme::contrast::{READABLE, Rgb, contrast, squared_distance};

/// The colours that a terminal can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColorDepth {
    /// 24-bit colours.
    TrueColor,
    /// The 256-colour palette of xterm.
    Ansi256,
    /// The 16 ANSI colours.
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

    /// Converts the colours of a finished frame in `theme` to this depth. Without colours the
    /// background is that of the `terminal`.
    pub fn downgrade(self, theme: &Theme, terminal: Brightness, buffer: &mut Buffer) {
        if self == Self::TrueColor {
            return;
        }
        // A frame has few pairs of colours, and most cells have that of the cell before.
        let mut known: Vec<(ColorPair, ColorPair)> = Vec::new();
        for cell in &mut buffer.content {
            let pair = (cell.fg, cell.bg);
            if self == Self::Monochrome {
                let is_reversed = if pair == Theme::BLACK_ON_WHITE {
                    terminal == Brightness::Dark
                } else {
                    is_cursor(theme, pair)
                };
                if is_reversed {
                    cell.modifier |= Modifier::REVERSED;
                }
            }
            let found = known.iter().position(|(of, _)| *of == pair).unwrap_or_else(|| {
                known.push((pair, self.nearest_pair(theme, pair)));
                known.len() - 1
            });
            (cell.fg, cell.bg) = known[found].1;
            known.swap(0, found);
        }
    }

    /// Returns the colour that comes closest to one of a picture, where contrast does not count.
    pub fn nearest(self, color: Color) -> Color {
        match (self, color) {
            (Self::Ansi256, Color::Rgb(r, g, b)) => Color::Indexed(nearest_ansi256((r, g, b))),
            (Self::Ansi16, Color::Rgb(r, g, b)) => ansi16::nearest((r, g, b)),
            (Self::Monochrome, _) => Color::Reset,
            _ => color,
        }
    }

    fn nearest_pair(self, theme: &Theme, (fg, bg): ColorPair) -> ColorPair {
        match self {
            Self::TrueColor => (fg, bg),
            Self::Ansi256 => ansi256_pair(fg, bg),
            Self::Ansi16 => ansi16::pair(theme, fg, bg),
            Self::Monochrome => (Color::Reset, Color::Reset),
        }
    }
}

/// The colours of a cell's text and ground.
type ColorPair = (Color, Color);

/// Whether a cell belongs to a cursor, which must stay visible without colour: its text has the
/// colour of the background.
fn is_cursor(theme: &Theme, (fg, bg): ColorPair) -> bool {
    fg == theme.background && ![theme.background, theme.panel, theme.selected].contains(&bg)
}

/// Returns the nearest pair of the 256 colours. Text that can be read stays readable.
fn ansi256_pair(fg: Color, bg: Color) -> ColorPair {
    let nearest = |color| match color {
        Color::Rgb(r, g, b) => Color::Indexed(nearest_ansi256((r, g, b))),
        other => other,
    };
    let (Color::Rgb(r, g, b), Color::Rgb(br, bg_, bb)) = (fg, bg) else {
        return (nearest(fg), nearest(bg));
    };
    let (text, ground) = ((r, g, b), (br, bg_, bb));
    let ground_index = nearest_ansi256(ground);
    let shown = ansi256_color(ground_index);
    let index = nearest_ansi256(text);
    let wanted = contrast(text, ground).min(READABLE);
    if contrast(ansi256_color(index), shown) >= wanted {
        return (Color::Indexed(index), Color::Indexed(ground_index));
    }
    let mut best = (u32::MAX, index);
    for candidate in 16..=255 {
        let color = ansi256_color(candidate);
        let distance = squared_distance(text, color);
        if distance < best.0 && contrast(color, shown) >= wanted {
            best = (distance, candidate);
        }
    }
    (Color::Indexed(best.1), Color::Indexed(ground_index))
}

/// The levels of the cube of xterm's palette.
const STEPS: [u8; 6] = [0, 95, 135, 175, 215, 255];

/// Returns the colour of this number, from 16 on, in xterm's palette.
fn ansi256_color(index: u8) -> Rgb {
    if let Some(grey) = index.checked_sub(232) {
        let level = 8 + 10 * grey;
        return (level, level, level);
    }
    let at = usize::from(index.saturating_sub(16));
    (STEPS[at / 36 % 6], STEPS[at / 6 % 6], STEPS[at % 6])
}

/// Returns the nearest colour of xterm's palette, from its 6x6x6 cube (16 to 231) or its 24 greys
/// (232 to 255).
fn nearest_ansi256((r, g, b): Rgb) -> u8 {
    let step =
        |c: u8| STEPS.iter().enumerate().min_by_key(|(_, s)| s.abs_diff(c)).map_or(0, |(i, _)| i);
    let (ri, gi, bi) = (step(r), step(g), step(b));
    let cube = (STEPS[ri], STEPS[gi], STEPS[bi]);
    let mean = (u16::from(r) + u16::from(g) + u16::from(b)) / 3;
    // The greys are 8, 18, ..., 238.
    let grey_at = (mean.saturating_sub(3) / 10).min(23);
    let grey = (8 + 10 * grey_at) as u8;
    if squared_distance((r, g, b), (grey, grey, grey)) < squared_distance((r, g, b), cube) {
        232 + grey_at as u8
    } else {
        (16 + 36 * ri + 6 * gi + bi) as u8
    }
}

#[cfg(test)]
mod tests {
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    use super::*;
    use crate::stage::theme::built_in::BuiltInTheme;

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

    #[test]
    fn text_that_is_black_on_white_is_not_reversed_without_colours() {
        let (black, white) = (Color::Rgb(0, 0, 0), Color::Rgb(255, 255, 255));
        let mut theme = Theme::LIGHT;
        (theme.text, theme.background) = (black, white);
        let (_, _, modifier) = painted(ColorDepth::Monochrome, &theme, theme.base());
        assert!(!modifier.contains(Modifier::REVERSED));
    }

    fn painted(depth: ColorDepth, theme: &Theme, style: Style) -> (Color, Color, Modifier) {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 1, 1));
        buffer.set_string(0, 0, "x", style);
        depth.downgrade(theme, Brightness::Dark, &mut buffer);
        (buffer[(0, 0)].fg, buffer[(0, 0)].bg, buffer[(0, 0)].modifier)
    }

    /// Returns a palette's colour or a 24-bit one as red, green and blue.
    fn rgb(color: Color) -> Rgb {
        match color {
            Color::Rgb(r, g, b) => (r, g, b),
            Color::Indexed(index) => ansi256_color(index),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn every_colour_of_every_theme_can_be_read_in_24_bit_and_256_colours() {
        for theme in BuiltInTheme::all() {
            let colors = theme.colors();
            let grounds = [colors.background, colors.panel, colors.selected];
            for name in &Theme::COLOR_NAMES[3..] {
                let color = colors.color(name).unwrap();
                let on_grounds = grounds.map(|ground| (color, ground));
                for (fg, bg) in on_grounds.into_iter().chain([(colors.background, color)]) {
                    for (fg, bg) in [(fg, bg), ansi256_pair(fg, bg)] {
                        let found = contrast(rgb(fg), rgb(bg));
                        assert!(
                            found >= READABLE,
                            "{}: {name} as {fg:?} on {bg:?} is {found:.2}",
                            theme.name
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn the_palette_is_that_of_xterm() {
        assert_eq!(ansi256_color(16), (0, 0, 0));
        assert_eq!(ansi256_color(196), (255, 0, 0));
        assert_eq!(ansi256_color(231), (255, 255, 255));
        assert_eq!((ansi256_color(232), ansi256_color(255)), ((8, 8, 8), (238, 238, 238)));
        for index in 16..=255 {
            let color = ansi256_color(index);
            assert_eq!(ansi256_color(nearest_ansi256(color)), color, "{index}");
        }
    }

    #[test]
    fn a_cell_has_the_colours_that_stand_for_its_own() {
        let theme = &Theme::DARK;
        let red = Style::new().fg(Color::Rgb(255, 0, 0)).bg(Color::Rgb(8, 8, 8));
        assert_eq!(painted(ColorDepth::Ansi256, theme, red).0, Color::Indexed(196));
        let (fg, bg, _) = painted(ColorDepth::Ansi16, theme, theme.base());
        assert_eq!((fg, bg), (Color::White, Color::Black), "the ground is painted");
        let bad = theme.base().fg(theme.bad);
        assert_eq!(painted(ColorDepth::Ansi16, theme, bad).0, Color::LightRed);
        assert_eq!(painted(ColorDepth::Monochrome, theme, bad).0, Color::Reset);
        let light = &Theme::LIGHT;
        let cursor = painted(ColorDepth::Ansi16, light, light.cursor());
        assert_eq!((cursor.0, cursor.1), (Color::White, Color::Blue));
    }

    #[test]
    fn a_cursor_is_visible_without_colour() {
        for theme in BuiltInTheme::all() {
            let theme = &theme.colors();
            let (fg, bg, modifier) = painted(ColorDepth::Monochrome, theme, theme.cursor());
            assert_eq!((fg, bg), (Color::Reset, Color::Reset));
            assert!(modifier.contains(Modifier::REVERSED));
            for ground in [theme.background, theme.panel, theme.selected] {
                let plain = theme.base().bg(ground);
                let modifier = painted(ColorDepth::Monochrome, theme, plain).2;
                assert!(!modifier.contains(Modifier::REVERSED));
            }
        }
    }
}
