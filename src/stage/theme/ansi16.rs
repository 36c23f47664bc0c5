//! Themes on terminals with 16 colours.
//!
//! What the 16 look like is up to the terminal. Each colour of a theme has one of them that can be
//! read on black or white in all usual palettes, and the ground is painted.

use ratatui::style::Color;

use crate::stage::theme::colors::{Brightness, Theme};
use crate::stage::theme::contrast::{Rgb, squared_distance};

/// The colours of one brightness.
struct Palette {
    ground: Color,
    selected: Color,
    /// The colours of text that can be read on `selected`. All others are drawn in `text` there.
    on_selected: &'static [Color],
    text: Color,
    /// The names of colours with what stands for them. Where a theme gives two names the same
    /// colour, the first one counts: the four that must stay apart come first.
    inks: [(&'static str, Color); 17],
    /// The grounds of cursors and marks, each with its text, by the ink that stands for their
    /// colour. The last is that of all others.
    marks: &'static [(Color, Color, Color)],
    /// The ink for colours that no theme has: for red, yellow, green, cyan, blue and magenta.
    hues: [Color; 6],
}

const DARK: Palette = Palette {
    ground: Color::Black,
    selected: Color::Blue,
    on_selected: &[Color::LightGreen, Color::LightYellow, Color::LightCyan, Color::Gray],
    text: Color::White,
    inks: [
        ("payload", Color::LightGreen),
        ("masking_key", Color::LightMagenta),
        ("bad", Color::LightRed),
        ("server", Color::LightYellow),
        ("text", Color::White),
        ("dim", Color::Gray),
        ("faint", Color::Gray),
        ("accent", Color::LightCyan),
        ("good", Color::LightGreen),
        ("warn", Color::LightYellow),
        ("client", Color::Cyan),
        ("control", Color::LightMagenta),
        ("first_byte", Color::LightCyan),
        ("second_byte", Color::Green),
        ("extended_length", Color::LightYellow),
        ("close_code", Color::LightMagenta),
        ("close_reason", Color::Gray),
    ],
    marks: &[
        (Color::LightRed, Color::Red, Color::White),
        (Color::White, Color::Cyan, Color::Black),
    ],
    hues: [
        Color::LightRed,
        Color::LightYellow,
        Color::LightGreen,
        Color::LightCyan,
        Color::LightCyan,
        Color::LightMagenta,
    ],
};

const LIGHT: Palette = Palette {
    ground: Color::White,
    selected: Color::Cyan,
    on_selected: &[Color::Blue],
    text: Color::Black,
    inks: [
        ("payload", Color::Blue),
        ("masking_key", Color::Magenta),
        ("bad", Color::Red),
        ("server", Color::LightBlue),
        ("text", Color::Black),
        ("dim", Color::Black),
        ("faint", Color::Black),
        ("accent", Color::Blue),
        ("good", Color::Blue),
        ("warn", Color::Magenta),
        ("client", Color::Blue),
        ("control", Color::Magenta),
        ("first_byte", Color::Black),
        ("second_byte", Color::LightBlue),
        ("extended_length", Color::Red),
        ("close_code", Color::Magenta),
        ("close_reason", Color::Black),
    ],
    marks: &[(Color::Red, Color::Red, Color::White), (Color::Black, Color::Blue, Color::White)],
    hues: [Color::Red, Color::Black, Color::Black, Color::Blue, Color::Blue, Color::Magenta],
};

impl Palette {
    const fn of(brightness: Brightness) -> &'static Self {
        match brightness {
            Brightness::Dark => &DARK,
            Brightness::Light => &LIGHT,
        }
    }

    /// Returns the text's colour for a colour of `theme`, or for one of a deck.
    fn ink(&self, theme: &Theme, color: Color) -> Color {
        let known = self.inks.iter().find(|(name, _)| theme.color(name) == Some(color));
        match (known, color) {
            (Some((_, ink)), _) => *ink,
            (None, Color::Rgb(r, g, b)) => self.nearest_hue(r, g, b),
            (None, _) => self.text,
        }
    }

    /// Returns the ink of the hue, by the channels that are strong.
    fn nearest_hue(&self, r: u8, g: u8, b: u8) -> Color {
        let (high, low) = (r.max(g).max(b), r.min(g).min(b));
        if high - low <= 60 {
            return self.text;
        }
        // Strong: more than three quarters of the strongest channel.
        let strong = |c: u8| u16::from(c) * 4 > u16::from(high) * 3;
        let [red, yellow, green, cyan, blue, magenta] = self.hues;
        match (strong(r), strong(g), strong(b)) {
            (true, true, true) => self.text,
            (true, true, false) => yellow,
            (true, false, true) => magenta,
            (false, true, true) => cyan,
            (true, false, false) => red,
            (false, true, false) => green,
            (false, false, _) => blue,
        }
    }
}

/// Returns the text's colour and the ground's, among the 16, for a pair of a frame in `theme`.
pub(super) fn pair(theme: &Theme, fg: Color, bg: Color) -> (Color, Color) {
    if (fg, bg) == Theme::BLACK_ON_WHITE {
        return (Color::Black, Color::White);
    }
    let palette = Palette::of(theme.brightness);
    if [theme.background, theme.panel, Color::Reset].contains(&bg) {
        return (palette.ink(theme, fg), palette.ground);
    }
    if bg == theme.selected {
        let ink = palette.ink(theme, fg);
        let readable = palette.on_selected.contains(&ink);
        return (if readable { ink } else { palette.text }, palette.selected);
    }
    let ink = palette.ink(theme, bg);
    let mark = palette.marks.iter().find(|(of, ..)| *of == ink).or(palette.marks.last());
    mark.map_or((palette.text, palette.ground), |(_, ground, text)| (*text, *ground))
}

/// The 16 colours as xterm shows them (its app-defaults), by their numbers.
const XTERM: [(Color, Rgb); 16] = [
    (Color::Black, (0, 0, 0)),
    (Color::Red, (0xcd, 0, 0)),
    (Color::Green, (0, 0xcd, 0)),
    (Color::Yellow, (0xcd, 0xcd, 0)),
    (Color::Blue, (0, 0, 0xee)),
    (Color::Magenta, (0xcd, 0, 0xcd)),
    (Color::Cyan, (0, 0xcd, 0xcd)),
    (Color::Gray, (0xe5, 0xe5, 0xe5)),
    (Color::DarkGray, (0x7f, 0x7f, 0x7f)),
    (Color::LightRed, (0xff, 0, 0)),
    (Color::LightGreen, (0, 0xff, 0)),
    (Color::LightYellow, (0xff, 0xff, 0)),
    (Color::LightBlue, (0x5c, 0x5c, 0xff)),
    (Color::LightMagenta, (0xff, 0, 0xff)),
    (Color::LightCyan, (0, 0xff, 0xff)),
    (Color::White, (0xff, 0xff, 0xff)),
];

/// Returns what one of the 16 looks like in xterm, by its number from 0 to 15.
pub(crate) fn xterm_color(number: u8) -> Rgb {
    XTERM[usize::from(number) % XTERM.len()].1
}

/// Returns the one of the 16 that comes closest to a colour of a picture.
pub(super) fn nearest(rgb: Rgb) -> Color {
    let closest = XTERM.iter().min_by_key(|(_, shown)| squared_distance(rgb, *shown));
    closest.map_or(Color::Reset, |(color, _)| *color)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stage::theme::built_in::BuiltInTheme;
    use crate::stage::theme::contrast::{READABLE, contrast};

    /// The 16 colours of the Linux console (drivers/tty/vt/vt.c).
    const CONSOLE: [Rgb; 16] = [
        (0, 0, 0),
        (0xaa, 0, 0),
        (0, 0xaa, 0),
        (0xaa, 0x55, 0),
        (0, 0, 0xaa),
        (0xaa, 0, 0xaa),
        (0, 0xaa, 0xaa),
        (0xaa, 0xaa, 0xaa),
        (0x55, 0x55, 0x55),
        (0xff, 0x55, 0x55),
        (0x55, 0xff, 0x55),
        (0xff, 0xff, 0x55),
        (0x55, 0x55, 0xff),
        (0xff, 0x55, 0xff),
        (0x55, 0xff, 0xff),
        (0xff, 0xff, 0xff),
    ];

    fn number(color: Color) -> usize {
        XTERM.iter().position(|(found, _)| *found == color).expect("one of the 16")
    }

    #[test]
    fn every_colour_can_be_read_on_every_ground() {
        for theme in BuiltInTheme::all() {
            let colors = theme.colors();
            let all = Theme::COLOR_NAMES.map(|name| colors.color(name).unwrap());
            let odd = [Color::Rgb(255, 140, 0), Color::Rgb(3, 200, 3), Color::Rgb(9, 9, 250)];
            for fg in all.into_iter().chain(odd) {
                let grounds = [colors.background, colors.panel, colors.selected];
                let pairs = grounds.map(|bg| pair(&colors, fg, bg)).into_iter().chain([pair(
                    &colors,
                    colors.background,
                    fg,
                )]);
                for (ink, ground) in pairs {
                    for palette in [&XTERM.map(|(_, rgb)| rgb), &CONSOLE] {
                        let found = contrast(palette[number(ink)], palette[number(ground)]);
                        assert!(
                            found >= READABLE,
                            "{}: {fg:?} is {ink:?} on {ground:?}, {found:.2}",
                            theme.name
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn black_on_white_stays_what_it_is_in_every_theme() {
        let (fg, bg) = Theme::BLACK_ON_WHITE;
        for theme in BuiltInTheme::all() {
            assert_eq!(
                pair(&theme.colors(), fg, bg),
                (Color::Black, Color::White),
                "{}",
                theme.name
            );
        }
    }

    #[test]
    fn what_a_frame_is_made_of_stays_apart() {
        for theme in BuiltInTheme::all() {
            let colors = theme.colors();
            let inks = ["payload", "masking_key", "bad", "server"].map(|name| {
                let color = colors.color(name).unwrap();
                number(pair(&colors, color, colors.background).0)
            });
            let mut apart = inks.to_vec();
            apart.sort_unstable();
            apart.dedup();
            assert_eq!(apart.len(), 4, "{}: {inks:?}", theme.name);
        }
    }

    #[test]
    fn every_palette_names_each_ink_of_a_theme_once() {
        for palette in [&DARK, &LIGHT] {
            let mut named: Vec<_> = palette.inks.iter().map(|(name, _)| *name).collect();
            named.sort_unstable();
            let mut all = Theme::COLOR_NAMES[3..].to_vec();
            all.sort_unstable();
            assert_eq!(named, all);
        }
    }
}
