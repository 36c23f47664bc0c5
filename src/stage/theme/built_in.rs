//! The themes that are built in, by name.

use crate::stage::theme::colors::Theme;
use crate::stage::theme::file::ThemeFile;

/// A theme that is built in. All but `dark` and `light`, on which files build, are files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BuiltInTheme {
    /// The name.
    pub name: &'static str,
    source: Source,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    Colors(&'static Theme, &'static str),
    File(&'static str),
}

macro_rules! files {
    ($($name:literal),+) => {
        [$(BuiltInTheme {
            name: $name,
            source: Source::File(include_str!(concat!("themes/", $name, ".toml"))),
        }),+]
    };
}

const DARK: BuiltInTheme = BuiltInTheme {
    name: "dark",
    source: Source::Colors(&Theme::DARK, "light text on a dark background"),
};

const LIGHT: BuiltInTheme = BuiltInTheme {
    name: "light",
    source: Source::Colors(&Theme::LIGHT, "dark text on a light background"),
};

const FILES: [BuiltInTheme; 10] = files![
    "projector",
    "high-contrast",
    "colorblind-dark",
    "colorblind-light",
    "midnight",
    "forest",
    "ember",
    "slate",
    "paper",
    "mint"
];

/// The themes of presenterm 0.16, and ours of the same brightness that comes closest to each.
const PRESENTERM: [(&str, &str); 11] = [
    ("catppuccin-frappe", "slate"),
    ("catppuccin-latte", "light"),
    ("catppuccin-macchiato", "slate"),
    ("catppuccin-mocha", "dark"),
    ("gruvbox-dark", "ember"),
    ("terminal-dark", "dark"),
    ("terminal-light", "light"),
    ("tokyonight-day", "light"),
    ("tokyonight-moon", "midnight"),
    ("tokyonight-night", "midnight"),
    ("tokyonight-storm", "midnight"),
];

impl BuiltInTheme {
    /// Returns all themes, `dark` and `light` first.
    pub fn all() -> impl Iterator<Item = Self> {
        [DARK, LIGHT].into_iter().chain(FILES)
    }

    /// Returns the theme of this name, in any case.
    pub fn named(name: &str) -> Option<Self> {
        Self::all().find(|theme| theme.name.eq_ignore_ascii_case(name))
    }

    /// Returns the theme that comes closest to one of presenterm's.
    pub fn like_presenterm(name: &str) -> Option<Self> {
        let (_, ours) = PRESENTERM.iter().find(|(theirs, _)| theirs.eq_ignore_ascii_case(name))?;
        Self::named(ours)
    }

    /// Returns the names of all themes.
    pub fn names() -> Vec<&'static str> {
        Self::all().map(|theme| theme.name).collect()
    }

    /// Returns the colours.
    pub fn colors(self) -> Theme {
        match self.source {
            Source::Colors(theme, _) => *theme,
            Source::File(text) => read(text).colors,
        }
    }

    /// Returns what the theme is for, in a few words.
    pub fn about(self) -> String {
        match self.source {
            Source::Colors(_, about) => about.to_owned(),
            Source::File(text) => read(text).about,
        }
    }
}

fn read(text: &str) -> ThemeFile {
    ThemeFile::parse(text).expect("a test reads every built-in theme")
}

#[cfg(test)]
mod tests {
    use ratatui::style::Color;

    use super::*;

    #[test]
    fn every_theme_is_whole_and_says_what_it_is_for() {
        let names = BuiltInTheme::names();
        assert!(names.len() >= 12, "{names:?}");
        for theme in BuiltInTheme::all() {
            assert!(!theme.about().is_empty() && theme.about().len() < 75, "{}", theme.name);
            let others = BuiltInTheme::all().filter(|other| other.name != theme.name);
            assert!(others.into_iter().all(|other| other.colors() != theme.colors()));
        }
    }

    /// Returns a colour as linear red, green and blue from 0 to 1.
    fn linear(color: Color) -> [f64; 3] {
        let Color::Rgb(r, g, b) = color else { panic!("{color:?} is not 24-bit") };
        [r, g, b].map(|channel| {
            let level = f64::from(channel) / 255.0;
            if level <= 0.04045 { level / 12.92 } else { ((level + 0.055) / 1.055).powf(2.4) }
        })
    }

    fn apply(matrix: [[f64; 3]; 3], vector: [f64; 3]) -> [f64; 3] {
        matrix.map(|row| row.iter().zip(vector).map(|(a, b)| a * b).sum())
    }

    /// Returns CIE L*a*b* (D65) of linear sRGB.
    fn lab(rgb: [f64; 3]) -> [f64; 3] {
        const XYZ: [[f64; 3]; 3] = [
            [0.412_456_4, 0.357_576_1, 0.180_437_5],
            [0.212_672_9, 0.715_152_2, 0.072_175_0],
            [0.019_333_9, 0.119_192_0, 0.950_304_1],
        ];
        let [x, y, z] = apply(XYZ, rgb);
        let f = |t: f64| {
            if t > 216.0 / 24389.0 { t.cbrt() } else { (24389.0 / 27.0 * t + 16.0) / 116.0 }
        };
        let (x, y, z) = (f(x / 0.950_47), f(y), f(z / 1.088_83));
        [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
    }

    /// Returns how a colour looks with full deuteranopia (Machado, Oliveira and Fernandes 2009,
    /// table 1, severity 1.0).
    fn without_green_cones(color: Color) -> [f64; 3] {
        const DEUTERANOPIA: [[f64; 3]; 3] = [
            [0.367_322, 0.860_646, -0.227_968],
            [0.280_085, 0.672_501, 0.047_413],
            [-0.011_820, 0.042_940, 0.968_881],
        ];
        apply(DEUTERANOPIA, linear(color)).map(|level| level.clamp(0.0, 1.0))
    }

    /// The difference CIE76.
    fn difference(a: [f64; 3], b: [f64; 3]) -> f64 {
        lab(a).into_iter().zip(lab(b)).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
    }

    #[test]
    fn payload_key_and_fault_stay_apart_without_red_and_green() {
        let apart = |name: &str| {
            let theme = BuiltInTheme::named(name).unwrap().colors();
            let seen = ["payload", "masking_key", "bad"]
                .map(|name| without_green_cones(theme.color(name).unwrap()));
            [(0, 1), (0, 2), (1, 2)]
                .map(|(a, b)| difference(seen[a], seen[b]))
                .into_iter()
                .fold(f64::INFINITY, f64::min)
        };
        for name in ["colorblind-dark", "colorblind-light"] {
            assert!(apart(name) >= 20.0, "{name}: {:.1}", apart(name));
        }
        assert!(apart("dark") < 20.0, "else the test would see nothing");
        let (red, green) = (Color::Rgb(255, 0, 0), Color::Rgb(0, 255, 0));
        assert!(difference(linear(red), linear(green)) > 150.0);
    }
}
