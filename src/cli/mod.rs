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
mod units;
mod value_args;

use std::ffi::OsStr;
use std::path::Path;

use clap::{CommandFactory as _, Parser, Subcommand};
use interrupt::Interrupt;
use output::Output;
pub use value_args::{SenderArg, ThemeArg};

use crate::text::{sanitize, suggest};

// The help is plain text: as documentation, the same words need marks that a terminal would show.
const ABOUT: &str = "A talk about WebSockets that runs in the terminal, with live demos on its slides";
const LONG_ABOUT: &str = "A talk about WebSockets that runs in the terminal, with live demos on its slides.\n\n\
    Without a command it presents DECK, or the talk that is built in: \"It doesn't have to be REST: WebSockets in Go\". \
    On stage, ? shows all keys and q leaves.";

/// A talk about `WebSockets` that runs in the terminal, with live demos on its slides.
///
/// Without a command it presents DECK, or the talk that is built in: "It doesn't have to be REST:
/// `WebSockets` in Go". On stage, ? shows all keys and q leaves.
#[derive(Debug, Parser)]
#[command(
    name = "wiretalk",
    version,
    about = ABOUT,
    long_about = LONG_ABOUT,
    args_conflicts_with_subcommands = true,
    max_term_width = 100
)]
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
    /// Report problems in decks, with file, line and column
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

/// A command line whose first word is neither a command nor a deck: what to say of it. `args` are those behind the
/// program's name. One word alone counts only where it is nearly a command: otherwise it is a deck that is not there.
pub fn unknown_command(args: &[impl AsRef<OsStr>]) -> Option<String> {
    let (first, others) = args.split_first()?;
    // what looks like a path, or is one, is a deck
    let word = first.as_ref().to_str().filter(|word| !word.is_empty() && !word.contains(['/', '\\', '.']))?;
    if word.starts_with('-') || Path::new(word).exists() {
        return None;
    }
    let command = Cli::command();
    let visible = command.get_subcommands().filter(|command| !command.is_hide_set());
    let names: Vec<&str> = visible.map(clap::Command::get_name).collect();
    if word == "help" || command.find_subcommand(word).is_some() {
        return None;
    }
    let unknown = format!("unknown command `{}`", sanitize(word));
    match suggest(word, &names) {
        Some(meant) => Some(format!("{unknown}; did you mean `{meant}`?")),
        None if others.is_empty() => None,
        None => Some(format!("{unknown}; there are: {}", names.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_command_is_told_from_a_deck() {
        let meant = Some("unknown command `chek`; did you mean `check`?".to_owned());
        assert_eq!(unknown_command(&["chek", "x"]), meant);
        assert_eq!(unknown_command(&["chek"]), meant);
        assert_eq!(
            unknown_command(&["\x1b[2J", "x"]).unwrap(),
            "unknown command `␛[2J`; there are: check, inspect, decode, race, serve, demos, completions, licenses"
        );
        for args in [
            &[][..],
            &["check", "x"],
            &["help", "check"],
            &["racer", "client", "unpinned"],
            &["nothing-like-a-command"],
            &["chek.md"],
            &["./chek"],
            &["src"],
            &["--theme", "dark"],
            &["-h"],
        ] {
            assert_eq!(unknown_command(args), None, "{args:?}");
        }
    }

    #[test]
    fn help_is_plain_text() {
        fn walk(mut command: clap::Command) {
            let help = command.render_long_help().to_string();
            assert!(!help.contains('`') && !help.contains("<ws") && !help.contains("<http"), "{help}");
            command.get_subcommands().cloned().for_each(walk);
        }
        let mut command = Cli::command();
        command.build();
        walk(command);
    }
}
