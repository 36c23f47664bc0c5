//! Option values that `main` and several commands share.

use clap::ValueEnum;
use clap::builder::PossibleValue;

use crate::deck;
use crate::wire::Side;
use crate::wire::pasted::PastedForm;

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

/// The value of `--format`: the form of pasted text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FormatArg(PastedForm);

impl FormatArg {
    /// Every form, because clap asks for a slice.
    const ALL: [Self; PastedForm::ALL.len()] = {
        let mut all = [Self(PastedForm::Hex); PastedForm::ALL.len()];
        let mut number = 0;
        while number < all.len() {
            all[number] = Self(PastedForm::ALL[number]);
            number += 1;
        }
        all
    };

    /// Returns the form.
    pub fn form(self) -> PastedForm {
        self.0
    }
}

impl ValueEnum for FormatArg {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.0.name()).help(self.0.description()))
    }
}
