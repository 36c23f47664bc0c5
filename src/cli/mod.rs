//! The command line: what may be asked for, and the commands that need no stage.
//!
//! What needs a stage (a talk, the inspector on a terminal) is joined with it in `main`.

pub mod check;
pub mod completions;
pub mod demos;

use clap::{Parser, Subcommand, ValueEnum};

use crate::deck;

/// A talk about WebSockets that runs in the terminal, with live demos on its slides.
///
/// Without a command it presents DECK, or the talk that is built in: "It doesn't have to be REST:
/// WebSockets in Go". On stage, ? shows all keys and q leaves.
#[derive(Debug, Parser)]
#[command(name = "wiretalk", version, args_conflicts_with_subcommands = true, max_term_width = 100)]
pub struct Cli {
    /// The Markdown file to present; without it, the talk that is built in
    pub deck: Option<std::path::PathBuf>,

    /// The colours: dark or light; without it, what the deck says, else what the terminal answers
    #[arg(long, value_enum)]
    pub theme: Option<Theme>,

    /// What to do instead of presenting
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Tell what is odd in decks, with file, line and column
    Check(check::Check),
    /// List the demos that a deck may embed, with their settings
    Demos(demos::Demos),
    /// Print a script that teaches a shell to complete wiretalk's commands
    Completions(completions::Completions),
}

/// `--theme`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Theme {
    /// Light text on a dark ground
    Dark,
    /// Dark text on a light ground
    Light,
}

impl From<Theme> for deck::Theme {
    fn from(theme: Theme) -> Self {
        match theme {
            Theme::Dark => Self::Dark,
            Theme::Light => Self::Light,
        }
    }
}
