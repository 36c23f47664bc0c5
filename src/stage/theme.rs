//! The colours of the stage, by their meaning.
//!
//! All are 24-bit. [`ColorDepth`](crate::stage::ColorDepth) converts them to what the terminal can
//! show.

use ratatui::style::{Color, Modifier, Style};

use crate::deck;

/// The parts of a frame that have a colour of their own, in the order in which they are sent (RFC
/// 6455 sections 5.2 and 5.5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldColor {
    /// FIN, RSV1 to RSV3 and the opcode.
    FirstByte,
    /// MASK and the payload length.
    SecondByte,
    /// The extended payload length.
    ExtendedLength,
    /// The masking key.
    MaskingKey,
    /// The payload.
    Payload,
    /// The status code of a Close.
    CloseCode,
    /// The reason of a Close.
    CloseReason,
}

/// One set of colours. No view conveys a meaning by colour alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Theme {
    /// Whether this is the dark or the light theme.
    pub kind: deck::ThemeChoice,
    /// The background of the screen.
    pub background: Color,
    /// The background of code, panels and the footer.
    pub panel: Color,
    /// The background of selected rows.
    pub selected: Color,
    /// Ordinary text.
    pub text: Color,
    /// Secondary text.
    pub dim: Color,
    /// Dividing lines and marks, which carry no text.
    pub faint: Color,
    /// Headings, keys and other things that should be found first.
    pub accent: Color,
    /// Something right, accepted or running.
    pub good: Color,
    /// Something odd but legal.
    pub warn: Color,
    /// Something wrong, refused or stopped.
    pub bad: Color,
    /// The client and what it sends.
    pub client: Color,
    /// The server and what it sends.
    pub server: Color,
    /// Control frames.
    pub control: Color,
    /// One colour for each [`FieldColor`].
    field_colors: [Color; 7],
}

const fn rgb(hex: u32) -> Color {
    Color::Rgb((hex >> 16) as u8, (hex >> 8) as u8, hex as u8)
}

impl Theme {
    /// Light text on a dark background.
    pub const DARK: Self = Self {
        kind: deck::ThemeChoice::Dark,
        background: rgb(0x14_17_1f),
        panel: rgb(0x1d_22_2d),
        selected: rgb(0x2c_38_4e),
        text: rgb(0xe2_e6_f0),
        dim: rgb(0x9a_a2_b6),
        faint: rgb(0x78_82_99),
        accent: rgb(0x7c_c4_ff),
        good: rgb(0x7e_e0_a0),
        warn: rgb(0xf2_c5_5c),
        bad: rgb(0xff_7b_72),
        client: rgb(0x56_d4_dd),
        server: rgb(0xf2_c5_5c),
        control: rgb(0xd5_9b_ff),
        field_colors: [
            rgb(0x7c_c4_ff),
            rgb(0x7e_e0_a0),
            rgb(0xb9_e3_6b),
            rgb(0xf2_c5_5c),
            rgb(0xff_a2_7a),
            rgb(0xd5_9b_ff),
            rgb(0xf2_8f_c0),
        ],
    };

    /// Dark text on a light background.
    pub const LIGHT: Self = Self {
        kind: deck::ThemeChoice::Light,
        background: rgb(0xfc_fb_f7),
        panel: rgb(0xf0_ee_e6),
        selected: rgb(0xd6_e5_f6),
        text: rgb(0x1f_23_2b),
        dim: rgb(0x5c_64_73),
        faint: rgb(0x7a_80_8e),
        accent: rgb(0x0b_5c_ad),
        good: rgb(0x1b_74_39),
        warn: rgb(0x86_57_00),
        bad: rgb(0xb0_24_1c),
        client: rgb(0x00_6f_78),
        server: rgb(0x86_57_00),
        control: rgb(0x7c_34_b3),
        field_colors: [
            rgb(0x0b_5c_ad),
            rgb(0x1b_74_39),
            rgb(0x4f_6b_00),
            rgb(0x86_57_00),
            rgb(0xa8_43_10),
            rgb(0x7c_34_b3),
            rgb(0xa6_2a_6c),
        ],
    };

    /// Returns the theme of this kind.
    pub const fn of(kind: deck::ThemeChoice) -> &'static Self {
        match kind {
            deck::ThemeChoice::Dark => &Self::DARK,
            deck::ThemeChoice::Light => &Self::LIGHT,
        }
    }

    /// Returns the style of ordinary text on the background.
    pub fn base(&self) -> Style {
        Style::new().fg(self.text).bg(self.background)
    }

    /// Returns the style of secondary text.
    pub fn dim(&self) -> Style {
        Style::new().fg(self.dim)
    }

    /// Returns the style of dividing lines and marks.
    pub fn faint(&self) -> Style {
        Style::new().fg(self.faint)
    }

    /// Returns the style of headings.
    pub fn heading(&self) -> Style {
        Style::new().fg(self.accent).add_modifier(Modifier::BOLD)
    }

    /// Returns the style of a cursor. Without colour it is shown reversed.
    pub fn cursor(&self) -> Style {
        Style::new().fg(self.background).bg(self.accent).add_modifier(Modifier::BOLD)
    }

    /// Returns the colour of a part of a frame.
    pub const fn field(&self, field: FieldColor) -> Color {
        self.field_colors[field as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the relative luminance as WCAG 2.1 defines it.
    fn luminance(color: Color) -> f64 {
        let Color::Rgb(r, g, b) = color else { panic!("{color:?} is not 24-bit") };
        let linear = |c: u8| {
            let c = f64::from(c) / 255.0;
            if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b)
    }

    fn contrast(a: Color, b: Color) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn every_text_colour_is_readable_on_every_background() {
        for theme in [&Theme::DARK, &Theme::LIGHT] {
            let meanings = [
                theme.text,
                theme.dim,
                theme.accent,
                theme.good,
                theme.warn,
                theme.bad,
                theme.client,
                theme.server,
                theme.control,
            ];
            for color in meanings.into_iter().chain(theme.field_colors) {
                for background in [theme.background, theme.panel, theme.selected] {
                    assert!(
                        contrast(theme.faint, background) >= 3.0,
                        "{:?}: faint is too faint",
                        theme.kind
                    );
                    let found = contrast(color, background);
                    assert!(
                        found >= 4.5,
                        "{:?}: {color:?} on {background:?} is {found:.2}, WCAG AA wants 4.5",
                        theme.kind
                    );
                }
            }
        }
    }
}
