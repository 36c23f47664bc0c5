//! The colours of the stage, by their meaning.
//!
//! All are 24-bit. [`ColorDepth`](crate::stage::ColorDepth) converts them to what the terminal can
//! show.

use ratatui::style::{Color, Modifier, Style};

/// The brightness of a background: the terminal's, or a theme's own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Brightness {
    /// Light text on a dark background.
    #[default]
    Dark,
    /// Dark text on a light background.
    Light,
}

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

/// One set of colours. No view conveys a meaning by colour alone. Every colour of text is readable
/// on each of the three backgrounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Theme {
    /// Whether the background is dark or light.
    pub brightness: Brightness,
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
    /// Dividing lines, marks and the least important text.
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

/// The field of a theme by its name, borrowed as the theme is.
macro_rules! color_named {
    ($theme:expr, $name:expr $(, $mut:tt)?) => {{
        let [first, second, extended, key, payload, code, reason] =
            &$($mut)? $theme.field_colors;
        match $name {
            "background" => Some(&$($mut)? $theme.background),
            "panel" => Some(&$($mut)? $theme.panel),
            "selected" => Some(&$($mut)? $theme.selected),
            "text" => Some(&$($mut)? $theme.text),
            "dim" => Some(&$($mut)? $theme.dim),
            "faint" => Some(&$($mut)? $theme.faint),
            "accent" => Some(&$($mut)? $theme.accent),
            "good" => Some(&$($mut)? $theme.good),
            "warn" => Some(&$($mut)? $theme.warn),
            "bad" => Some(&$($mut)? $theme.bad),
            "client" => Some(&$($mut)? $theme.client),
            "server" => Some(&$($mut)? $theme.server),
            "control" => Some(&$($mut)? $theme.control),
            "first_byte" => Some(first),
            "second_byte" => Some(second),
            "extended_length" => Some(extended),
            "masking_key" => Some(key),
            "payload" => Some(payload),
            "close_code" => Some(code),
            "close_reason" => Some(reason),
            _ => None,
        }
    }};
}

impl Theme {
    /// Light text on a dark background.
    pub const DARK: Self = Self {
        brightness: Brightness::Dark,
        background: rgb(0x14_17_1f),
        panel: rgb(0x1d_22_2d),
        selected: rgb(0x2a_35_48),
        text: rgb(0xe2_e6_f0),
        dim: rgb(0xa8_b0_c0),
        faint: rgb(0x97_9f_af),
        accent: rgb(0x7c_c4_ff),
        good: rgb(0x7e_e0_a0),
        warn: rgb(0xf2_c5_5c),
        bad: rgb(0xff_7b_72),
        client: rgb(0x56_d4_dd),
        server: rgb(0xf2_c5_5c),
        control: rgb(0xd5_9b_ff),
        field_colors: [
            rgb(0x7c_c4_ff),
            rgb(0x8b_e8_c4),
            rgb(0xb9_e3_6b),
            rgb(0xf0_e9_6a),
            rgb(0xff_a2_7a),
            rgb(0xd5_9b_ff),
            rgb(0xf2_8f_c0),
        ],
    };

    /// Dark text on a light background.
    pub const LIGHT: Self = Self {
        brightness: Brightness::Light,
        background: rgb(0xfc_fb_f7),
        panel: rgb(0xf0_ee_e6),
        selected: rgb(0xd9_e6_f5),
        text: rgb(0x1f_23_2b),
        dim: rgb(0x51_58_66),
        faint: rgb(0x5e_65_73),
        accent: rgb(0x0b_5c_ad),
        good: rgb(0x1b_74_39),
        warn: rgb(0x86_57_00),
        bad: rgb(0xb0_24_1c),
        client: rgb(0x00_6f_78),
        server: rgb(0x86_57_00),
        control: rgb(0x7c_34_b3),
        field_colors: [
            rgb(0x0b_5c_ad),
            rgb(0x0d_6e_52),
            rgb(0x4f_6b_00),
            rgb(0x6f_5f_00),
            rgb(0xa8_43_10),
            rgb(0x7c_34_b3),
            rgb(0xa6_2a_6c),
        ],
    };

    /// The colours of something that machines read, such as a QR code: dark on light in every theme
    /// and at every [`ColorDepth`](crate::stage::ColorDepth). They are one step off pure black and
    /// white, so that no text of a theme is taken for them.
    pub const BLACK_ON_WHITE: (Color, Color) = (rgb(0x00_00_01), rgb(0xff_ff_fe));

    /// Returns the theme for a background of this brightness, if nothing else is asked for.
    pub const fn of(brightness: Brightness) -> Self {
        match brightness {
            Brightness::Dark => Self::DARK,
            Brightness::Light => Self::LIGHT,
        }
    }

    /// The names of all colours, as files and decks write them.
    pub const COLOR_NAMES: [&'static str; 20] = [
        "background",
        "panel",
        "selected",
        "text",
        "dim",
        "faint",
        "accent",
        "good",
        "warn",
        "bad",
        "client",
        "server",
        "control",
        "first_byte",
        "second_byte",
        "extended_length",
        "masking_key",
        "payload",
        "close_code",
        "close_reason",
    ];

    /// Returns the colour of this name.
    pub fn color(&self, name: &str) -> Option<Color> {
        color_named!(self, name).copied()
    }

    /// Returns the colour of this name, to replace it.
    pub fn color_mut(&mut self, name: &str) -> Option<&mut Color> {
        color_named!(self, name, mut)
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
