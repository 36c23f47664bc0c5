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
}
