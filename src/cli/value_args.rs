//! Values of options that several commands take, as words of the command line.

use clap::ValueEnum;

use crate::deck;
use crate::wire::Side;

/// `--theme`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ThemeArg {
    /// Light text on a dark ground
    Dark,
    /// Dark text on a light ground
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

/// Whose bytes they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SenderArg {
    /// The client's
    Client,
    /// The server's
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
