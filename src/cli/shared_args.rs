//! Option values that `main` and several commands share.

use clap::ValueEnum;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

use crate::deck;
use crate::wire::Side;
use crate::wire::pasted::PastedForm;

/// Parses the value of `--header`.
pub(super) fn parse_header(text: &str) -> Result<(String, String), String> {
    let (name, value) =
        text.split_once(':').ok_or("expected NAME: VALUE, for example 'Cookie: a=b'")?;
    Ok((name.trim().to_owned(), value.trim().to_owned()))
}

/// The value of `--theme`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ThemeArg {
    /// Light text on a dark background
    Dark,
    /// Dark text on a light background
    Light,
}

impl From<ThemeArg> for deck::ThemeChoice {
    fn from(theme: ThemeArg) -> Self {
        match theme {
            ThemeArg::Dark => Self::Dark,
            ThemeArg::Light => Self::Light,
        }
    }
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
