//! The command line: what may be asked for, and the commands that need no stage.
//!
//! What needs a stage (a talk, the inspector on a terminal) is joined with it in `main`.

#![warn(clippy::arithmetic_side_effects, clippy::cast_possible_truncation, clippy::indexing_slicing)]
#![cfg_attr(
    test,
    allow(clippy::arithmetic_side_effects, clippy::cast_possible_truncation, clippy::indexing_slicing)
)]

mod bounded_read;
pub mod check;
pub mod completions;
pub mod decode;
pub mod demos;
pub mod inspect;
mod interrupt;
pub mod licenses;
mod output;
pub mod race;
pub mod racer;
pub mod serve;
mod shared_args;
mod units;

use clap::{Parser, Subcommand};

pub use shared_args::{SenderArg, ThemeArg};

/// A talk about `WebSockets` that runs in the terminal, with live demos on its slides.
///
/// Without a command it presents DECK, or the talk that is built in: "It doesn't have to be REST:
/// `WebSockets` in Go". On stage, ? shows all keys and q leaves.
#[derive(Debug, Parser)]
#[command(name = "wiretalk", version, args_conflicts_with_subcommands = true, max_term_width = 100)]
pub struct Cli {
    /// The Markdown file to present; without it, the talk that is built in
    pub deck: Option<std::path::PathBuf>,

    /// The colours: dark or light; without it, what the deck says, else what the terminal answers
    #[arg(long, value_enum)]
    pub theme: Option<ThemeArg>,

    /// Let the deck do without asking what it wants to do outside: connect beyond loopback, listen, write files
    #[arg(long)]
    pub trust: bool,

    /// What to do instead of presenting
    #[command(subcommand)]
    pub command: Option<CliCommand>,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum CliCommand {
    /// Tell what is odd in decks, with file, line and column
    Check(check::CheckArgs),
    /// Show every byte of a WebSocket connection: one of its own, one that passes through, or one in a capture
    Inspect(inspect::InspectArgs),
    /// Explain frames and handshakes, given as hex or as a file
    Decode(decode::DecodeArgs),
    /// Race REST against WebSocket on this machine
    Race(race::RaceArgs),
    /// One end of a race
    #[command(hide = true)]
    Racer(racer::RacerArgs),
    /// Run the two echo servers in the foreground, with a log
    Serve(serve::ServeArgs),
    /// List the demos that a deck may embed, with their settings
    Demos(demos::DemosArgs),
    /// Print a script that teaches a shell to complete wiretalk's commands
    Completions(completions::CompletionsArgs),
    /// Print the licences of wiretalk and of everything that is linked into it
    Licenses(licenses::LicensesArgs),
}
