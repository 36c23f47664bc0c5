//! Option values that `main` and several commands share.

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

use crate::cli::{bounded_read, output};
use crate::stage::{BuiltInTheme, Theme, ThemeFile};
use crate::text::{did_you_mean, sanitize};
use crate::wire::Side;
use crate::wire::pasted::PastedForm;

/// Parses the value of `--header`.
pub(super) fn parse_header(text: &str) -> Result<(String, String), String> {
    let (name, value) =
        text.split_once(':').ok_or("expected NAME: VALUE, for example 'Cookie: a=b'")?;
    Ok((name.trim().to_owned(), value.trim().to_owned()))
}

/// The value of `--theme`: the name of a theme that is built in, or a theme's file.
#[derive(Clone, Debug)]
pub struct ThemeArg {
    /// The colours.
    pub colors: Theme,
    /// The file that they come from.
    pub path: Option<PathBuf>,
}

/// Parses the value of `--theme`.
pub(super) fn parse_theme(text: &str) -> Result<ThemeArg, String> {
    if let Some(theme) = BuiltInTheme::named(text) {
        return Ok(ThemeArg { colors: theme.colors(), path: None });
    }
    let path = PathBuf::from(text);
    if path.extension().is_none_or(|extension| extension != "toml") && !path.exists() {
        let names = BuiltInTheme::names();
        let guess = did_you_mean(text, &names);
        let names = names.join(", ");
        return Err(format!("unknown theme{guess}; expected {names}, or a TOML file"));
    }
    Ok(ThemeArg { colors: read_theme(&path)?.colors, path: Some(path) })
}

/// The maximum size of a theme's file, in bytes.
const MAX_THEME_BYTES: u64 = 1 << 20;

/// Returns the theme in a file, or a sentence about why there is none.
pub(super) fn read_theme(path: &Path) -> Result<ThemeFile, String> {
    let name = sanitize(&path.to_string_lossy()).into_owned();
    let source = bounded_read::read_regular_file(path, MAX_THEME_BYTES)
        .and_then(bounded_read::utf8)
        .and_then(bounded_read::reject_empty)
        .map_err(|error| format!("could not read the theme {name}: {error}"))?;
    ThemeFile::parse(&source).map_err(|error| format!("{name}:{error}"))
}

/// Prints the list of `--list-themes`.
///
/// # Errors
///
/// If standard output cannot be written.
pub fn print_theme_list() -> anyhow::Result<()> {
    output::print_now(&theme_list())
}

fn theme_list() -> String {
    let width = BuiltInTheme::names().iter().map(|name| name.len()).max().unwrap_or(0);
    BuiltInTheme::all()
        .map(|theme| format!("{:<width$}  {}\n", theme.name, theme.about()))
        .collect::<Vec<_>>()
        .concat()
}

/// The value of `--from`: the side that sent the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SenderArg {
    /// Sent by the client
    Client,
    /// Sent by the server
    Server,
}

impl From<SenderArg> for Side {
    fn from(sender: SenderArg) -> Self {
        match sender {
            SenderArg::Client => Self::Client,
            SenderArg::Server => Self::Server,
        }
    }
}

/// Returns the parser of `--format`: the form of pasted text.
pub(super) fn format_parser() -> impl TypedValueParser<Value = PastedForm> {
    let values =
        PastedForm::ALL.map(|form| PossibleValue::new(form.name()).help(form.description()));
    PossibleValuesParser::new(values)
        .map(|name| name.parse().expect("only names of forms are possible"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_theme_is_a_name_or_a_file() {
        assert_eq!(parse_theme("LIGHT").unwrap().colors, Theme::LIGHT);
        let unknown = parse_theme("ligth").unwrap_err();
        assert!(unknown.contains("did you mean `light`?"), "{unknown}");
        let absent = parse_theme("no-such.toml").unwrap_err();
        assert!(absent.starts_with("could not read the theme no-such.toml: "), "{absent}");
        let file = tempfile::Builder::new().suffix(".toml").tempfile().unwrap();
        std::fs::write(file.path(), "kind = \"light\"\n").unwrap();
        let name = file.path().to_str().unwrap();
        let read = parse_theme(name).unwrap();
        assert_eq!((read.colors, read.path.as_deref()), (Theme::LIGHT, Some(file.path())));
        std::fs::write(file.path(), "kind = 'light\n").unwrap();
        assert!(parse_theme(name).unwrap_err().starts_with(&format!("{name}:1:")));
        std::fs::write(file.path(), "").unwrap();
        assert!(parse_theme(name).unwrap_err().ends_with("the file is empty"));
    }

    #[test]
    fn the_readme_has_a_theme_and_every_colour() {
        let section = include_str!("../../README.md").split_once("A theme is a TOML file").unwrap();
        let lines = section.1.lines().skip(1).skip_while(|line| line.is_empty());
        let example: Vec<&str> = lines.map_while(|line| line.strip_prefix("    ")).collect();
        let theme = ThemeFile::parse(&example.join("\n")).unwrap();
        assert_ne!(theme.colors, Theme::LIGHT);
        for name in Theme::COLOR_NAMES {
            assert!(section.1.contains(&format!("`{name}`")), "{name}");
        }
    }

    #[test]
    fn the_list_has_one_line_a_theme() {
        let list = theme_list();
        assert_eq!(list.lines().count(), BuiltInTheme::names().len());
        assert!(list.lines().all(|line| line.len() <= 100), "{list}");
    }
}
