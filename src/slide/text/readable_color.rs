//! Colours that a deck names, moved as little as needed to stay readable on the theme.

use ratatui::style::{Color, Style};

use crate::deck::{TextColor, TextStyle};
use crate::stage::{READABLE, Rgb, Theme, contrast, xterm_color};

/// The number of steps in which a colour is moved towards black or white.
const MAX_MIX: u16 = 64;

/// Adds the colours that the deck names to `style`. A colour that could not be read on its
/// background is replaced by the nearest one that can.
pub(super) fn with_named_colors(style: Style, text: &TextStyle, theme: &Theme) -> Style {
    if text.foreground.is_none() && text.background.is_none() {
        return style;
    }
    let behind = text.background.map(named);
    let fallback = style.bg.unwrap_or(theme.background);
    let (Some(background), Some(own)) = (
        behind.or_else(|| components(fallback)),
        text.foreground.map(named).or_else(|| components(style.fg.unwrap_or(theme.text))),
    ) else {
        return style;
    };
    let style = style.fg(color(readable(own, background)));
    if behind.is_some() { style.bg(color(background)) } else { style }
}

fn named(color: TextColor) -> Rgb {
    match color {
        TextColor::Ansi(number) => xterm_color(number),
        TextColor::Rgb(red, green, blue) => (red, green, blue),
    }
}

fn components(color: Color) -> Option<Rgb> {
    match color {
        Color::Rgb(red, green, blue) => Some((red, green, blue)),
        _ => None,
    }
}

fn color((red, green, blue): Rgb) -> Color {
    Color::Rgb(red, green, blue)
}

/// Returns the colour nearest to `wanted` on its way to black and to white that can be read on
/// `background`.
fn readable(wanted: Rgb, background: Rgb) -> Rgb {
    let mixed = |pole: u8, share: u16| {
        let mix = |own: u8| {
            let (own, pole) = (u16::from(own), u16::from(pole));
            ((own * (MAX_MIX - share) + pole * share) / MAX_MIX) as u8
        };
        (mix(wanted.0), mix(wanted.1), mix(wanted.2))
    };
    let candidates = (0..=MAX_MIX).flat_map(|share| [mixed(0, share), mixed(u8::MAX, share)]);
    candidates
        .into_iter()
        .find(|&candidate| contrast(candidate, background) >= READABLE)
        .unwrap_or(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn style_of(foreground: Option<TextColor>, background: Option<TextColor>) -> Style {
        let text = TextStyle { foreground, background, ..TextStyle::default() };
        with_named_colors(Style::new(), &text, &Theme::DARK)
    }

    #[test]
    fn a_named_color_is_kept_if_it_can_be_read() {
        let orange = TextColor::Rgb(0xff, 0xa5, 0);
        assert_eq!(style_of(Some(orange), None), Style::new().fg(Color::Rgb(0xff, 0xa5, 0)));
        assert_eq!(style_of(None, None), Style::new());
    }

    #[test]
    fn any_pair_of_colors_can_be_read() {
        let colors = (0..16).map(TextColor::Ansi).chain([TextColor::Rgb(0x14, 0x17, 0x1f)]);
        let colors: Vec<Option<TextColor>> = colors.map(Some).chain([None]).collect();
        for &front in &colors {
            for &back in &colors {
                let style = style_of(front, back);
                let front = components(style.fg.unwrap_or(Theme::DARK.text)).unwrap();
                let back = components(style.bg.unwrap_or(Theme::DARK.background)).unwrap();
                assert!(contrast(front, back) >= READABLE, "{front:?} on {back:?}");
            }
        }
    }
}
