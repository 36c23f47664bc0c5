//! Which theme a talk has on a dark terminal and on a light one.

use crate::deck::ThemeSetting;
use crate::stage::theme::built_in::BuiltInTheme;
use crate::stage::theme::colors::{Brightness, Theme};
use crate::stage::theme::file::{ThemeFile, parse_color, unknown_color};
use crate::text::did_you_mean;

/// The theme for each background that the terminal may have: twice the same, if one is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ThemePair {
    dark: Theme,
    light: Theme,
}

impl Default for ThemePair {
    fn default() -> Self {
        Self { dark: Theme::DARK, light: Theme::LIGHT }
    }
}

impl From<Theme> for ThemePair {
    fn from(theme: Theme) -> Self {
        Self { dark: theme, light: theme }
    }
}

impl ThemePair {
    /// Returns the theme for a terminal of this brightness.
    pub fn of(&self, terminal: Brightness) -> &Theme {
        match terminal {
            Brightness::Dark => &self.dark,
            Brightness::Light => &self.light,
        }
    }

    /// Whether the terminal's background makes a difference.
    pub fn depends_on_terminal(&self) -> bool {
        self.dark != self.light
    }

    /// Returns the themes that a deck asks for, and what is wrong with what it says. `read` reads a
    /// theme's file; its error is a sentence that names the file.
    pub fn of_deck(
        setting: &ThemeSetting,
        read: impl FnOnce(&str) -> Result<ThemeFile, String>,
    ) -> (Self, Vec<String>) {
        let mut problems = Vec::new();
        let mut pair = match (&setting.path, &setting.name) {
            (Some(path), _) => read(path).map(|file| file.colors.into()),
            (None, Some(name)) => named(name, &mut problems),
            (None, None) => Ok(Self::default()),
        }
        .unwrap_or_else(|problem| {
            problems.push(problem);
            Self::default()
        });
        for (name, value) in &setting.colors {
            if let Err(problem) = pair.replace(name, value) {
                problems.push(problem);
            }
        }
        (pair, problems)
    }

    fn replace(&mut self, name: &str, value: &str) -> Result<(), String> {
        let ours = counterpart(name).ok_or_else(|| unknown_color(name))?;
        let color = parse_color(value)?;
        for theme in [&mut self.dark, &mut self.light] {
            *theme.color_mut(ours).expect("counterparts are names of colours") = color;
        }
        Ok(())
    }
}

/// Returns the theme of this name.
fn named(name: &str, notes: &mut Vec<String>) -> Result<ThemePair, String> {
    if let Some(theme) = BuiltInTheme::named(name) {
        return Ok(theme.colors().into());
    }
    if let Some(like) = BuiltInTheme::like_presenterm(name) {
        notes.push(format!("the theme `{name}` is presenterm's; `{}` is shown instead", like.name));
        return Ok(like.colors().into());
    }
    let names = BuiltInTheme::names();
    let guess = did_you_mean(name, &names);
    Err(format!("unknown theme `{name}`{guess}; expected one of: {}", names.join(", ")))
}

/// Returns our name of a colour that a deck replaces, by its name in presenterm's themes too.
fn counterpart(name: &str) -> Option<&'static str> {
    let ours = match name {
        "default.colors.background" => "background",
        "default.colors.foreground" => "text",
        "code.colors.background" | "footer.colors.background" | "block_quote.colors.background" => {
            "panel"
        }
        "slide_title.colors.foreground"
        | "intro_slide.title.colors.foreground"
        | "headings.h1.colors.foreground" => "accent",
        "inline_code.colors.foreground" => "server",
        "footer.colors.foreground" | "intro_slide.author.colors.foreground" => "dim",
        "alert.styles.caution.color" => "bad",
        "alert.styles.warning.color" => "warn",
        "alert.styles.important.color" => "control",
        "alert.styles.tip.color" => "good",
        "alert.styles.note.color" => "client",
        other => other,
    };
    Theme::COLOR_NAMES.into_iter().find(|known| *known == ours)
}

#[cfg(test)]
mod tests {
    use ratatui::style::Color;

    use super::*;

    fn setting(name: Option<&str>, colors: &[(&str, &str)]) -> ThemeSetting {
        let colors =
            colors.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        ThemeSetting { name: name.map(str::to_owned), colors, ..ThemeSetting::default() }
    }

    fn no_file(_: &str) -> Result<ThemeFile, String> {
        Err("there is no file".to_owned())
    }

    #[test]
    fn a_name_decides_for_every_terminal() {
        let (pair, problems) = ThemePair::of_deck(&setting(Some("Midnight"), &[]), no_file);
        assert!(!pair.depends_on_terminal() && problems.is_empty());
        assert_eq!(pair.of(Brightness::Light).background, Color::Rgb(0x0b, 0x10, 0x26));
        assert!(ThemePair::default().depends_on_terminal());
    }

    #[test]
    fn a_theme_of_presenterm_is_replaced_and_that_is_told() {
        let (pair, problems) = ThemePair::of_deck(&setting(Some("tokyonight-day"), &[]), no_file);
        assert_eq!(*pair.of(Brightness::Dark), Theme::LIGHT);
        assert_eq!(
            problems,
            ["the theme `tokyonight-day` is presenterm's; `light` is shown instead"]
        );
    }

    #[test]
    fn an_unknown_theme_or_colour_is_told_with_the_nearest() {
        let asked = setting(
            Some("midnigth"),
            &[("acent", "#fff"), ("bad", "reddish"), ("default.colors.background", "102030")],
        );
        let (pair, problems) = ThemePair::of_deck(&asked, no_file);
        assert_eq!(problems.len(), 3, "{problems:?}");
        assert!(problems[0].contains("did you mean `midnight`?"), "{problems:?}");
        assert!(problems[1].contains("did you mean `accent`?"), "{problems:?}");
        assert!(problems[2].contains("reddish"), "{problems:?}");
        assert_eq!(pair.of(Brightness::Dark).background, Color::Rgb(0x10, 0x20, 0x30));
        assert_eq!(pair.of(Brightness::Light).background, Color::Rgb(0x10, 0x20, 0x30));
    }

    #[test]
    fn a_file_is_read_and_its_faults_are_told() {
        let asked = ThemeSetting { path: Some("my.toml".to_owned()), ..ThemeSetting::default() };
        let (pair, problems) = ThemePair::of_deck(&asked, |path| {
            assert_eq!(path, "my.toml");
            Ok(ThemeFile::parse("kind = \"light\"\n[colors]\ntext = \"#012\"\n").unwrap())
        });
        assert_eq!(problems, Vec::<String>::new());
        assert_eq!(pair.of(Brightness::Dark).text, Color::Rgb(0x00, 0x11, 0x22));
        let (pair, problems) = ThemePair::of_deck(&asked, no_file);
        assert_eq!(problems, ["there is no file"]);
        assert_eq!(pair, ThemePair::default());
    }
}
