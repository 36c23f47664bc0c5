//! The command line: its arguments, and the commands that need no stage.
//!
//! `main` runs the commands that need a stage: a talk, and the inspector on a terminal.

#![warn(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::indexing_slicing
)]
#![cfg_attr(
    test,
    allow(
        clippy::arithmetic_side_effects,
        clippy::cast_possible_truncation,
        clippy::indexing_slicing
    )
)]

mod bounded_read;
pub mod check;
pub mod completions;
pub mod conform;
pub mod decode;
pub mod demos;
pub mod inspect;
mod interrupt;
pub mod lab;
pub mod learn;
pub mod licenses;
mod output;
pub mod present;
pub mod race;
pub mod racer;
pub mod serve;
mod shared_args;
mod units;

use std::ffi::OsStr;
use std::path::Path;

use clap::{CommandFactory as _, Parser, Subcommand};

pub use shared_args::{SenderArg, ThemeArg, print_theme_list};

use crate::text::{sanitize, suggest};

// Help is plain text. The doc comment of `Cli` says the same with backticks, which rustdoc wants
// and a terminal would show.
const ABOUT: &str =
    "A talk about WebSockets that runs in the terminal, with live demos on its slides";
const LONG_ABOUT: &str = "A talk about WebSockets that runs in the terminal, with live demos on \
                          its slides.\n\nWithout a command, presents DECK or the built-in talk: \
                          \"It doesn't have to be REST: WebSockets in Go\". On stage, press ? for \
                          all keys and q to quit.";

/// A talk about `WebSockets` that runs in the terminal, with live demos on its slides.
///
/// Without a command, presents DECK or the built-in talk: "It doesn't have to be REST: `WebSockets`
/// in Go". On stage, press ? for all keys and q to quit.
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
    /// Markdown file to present; - is standard input [default: what is piped, or the built-in talk]
    pub deck: Option<std::path::PathBuf>,

    /// Where the talk goes, and its keys
    #[command(flatten)]
    pub present: present::PresentArgs,

    /// Colour theme: a name, or a TOML file [default: the deck's, or the one that fits the
    /// terminal's background]
    #[arg(long, value_name = "NAME|FILE", value_parser = shared_args::parse_theme)]
    pub theme: Option<ThemeArg>,

    /// List the colour themes that are built in
    #[arg(long)]
    pub list_themes: bool,

    /// Look at the deck's file twice a second instead of waiting for the system to report changes
    ///
    /// For network file systems such as NFS, which report nothing.
    #[arg(long)]
    pub poll: bool,

    /// Let the deck connect beyond loopback, listen and write files without asking
    #[arg(long)]
    pub trust: bool,

    /// Show the warnings about each slide in its corner; w shows and hides them
    #[arg(long)]
    pub rehearse: bool,

    /// The command to run instead of presenting
    #[command(subcommand)]
    pub command: Option<CliCommand>,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum CliCommand {
    /// Report problems in decks, with file, line and column
    ///
    /// Each warning names the file, line and column, shows the line, and says what is expected. A
    /// note says that a deck connects beyond loopback, listens or writes a file. Presenting such a
    /// deck asks first, unless --trust is given, so notes do not affect the exit status.
    ///
    /// A deck whose front matter has sources: FILE, a Markdown list with entries such as - **F12** ...,
    /// is held to it: each reference in a speaker note, such as F12 in brackets, has its entry there,
    /// and each entry a link and a date.
    ///
    /// Exit status: 0 no warnings; 1 there are warnings, or a deck could not be read; 2 wrong
    /// usage.
    Check(check::CheckArgs),
    /// Show every byte of a WebSocket connection: to a server, through a proxy, or from a capture
    ///
    /// On a terminal, this opens the inspector. With --json, or if standard output is not a
    /// terminal, it prints each head and each frame as a record as soon as it is complete. The last
    /// record says how the connection ended.
    Inspect(inspect::InspectArgs),
    /// Explain the bytes of frames or of an opening handshake, given as hex or in a file
    Decode(decode::DecodeArgs),
    /// Race REST against WebSocket on this machine
    ///
    /// Sends the same bytes there and back over HTTP, WebSocket and related protocols, one lane at
    /// a time, in alternating slices. Each lane has a client process and a server process, each on
    /// a CPU of its own if there are two. The table goes to standard output, and the progress to
    /// standard error if that is a terminal.
    ///
    /// Exit status: 0 the run counts; 1 it does not, because of errors, other programs on the CPUs,
    /// connections that the kernel dropped, or a TCP lane that drifts; 2 wrong usage.
    Race(race::RaceArgs),
    /// Test a WebSocket server against the rules of the protocol
    ///
    /// Plays 537 cases, each on its own connection: handshakes, frames, text, close,
    /// compression, legal and not. A verdict is pass, tolerated (allowed, but not what the rule
    /// recommends), fail, not-offered, not-applicable, no-answer or died (the server no longer
    /// accepts connections). Only servers on loopback are tested unless --allow-remote is given.
    ///
    /// Exit status: 0 no case failed, or all is as expected; 1 a case failed or is not as expected,
    /// or the server cannot be reached; 2 wrong usage.
    Conform(conform::ConformArgs),
    /// Build the echo servers of WebSocket libraries, and test and measure them
    ///
    /// Runs the contestants of demos/libraries whose toolchain is installed (Go, Node, Python, Rust), one
    /// at a time, and says what to install for the others. Each is built, started on loopback, tested
    /// as by wiretalk conform, five times, and measured: latency and throughput with 1, 64 and 256
    /// connections as ratios to raw TCP in the same run, the memory of 10,000 idle connections, lines
    /// of code and packages. With --suite sockjs, these are SockJS servers, tested as by wiretalk
    /// conform --sockjs and not measured.
    ///
    /// Exit status: 0 all were tested, and their verdicts are those of --check; 1 they are not, or
    /// one could not be built, started or tested, or none can run; 2 wrong usage.
    Lab(lab::LabArgs),
    /// Learn from lessons, exercises and questions that are checked
    ///
    /// Opens the list of everything there is to learn: lessons in the inspector, exercises that
    /// hide their solution and are made anew each time, and questions. What is answered is kept in
    /// the user's data folder; wrong answers come back after ten minutes, right ones after a day,
    /// three, and so on. Nothing is locked.
    Learn(learn::LearnArgs),
    /// Show the speaker's notes of a talk that another terminal shows
    ///
    /// Follows the talk from slide to slide: its notes, what comes next, the time since it began, and
    /// how far it is behind its plan, if the first lines of the notes give one: "Core, 1.5 min".
    /// Run wiretalk DECK in one terminal and wiretalk notes DECK in another one, on the same machine.
    Notes(present::NotesArgs),
    /// Run one end of a race
    #[command(hide = true)]
    Racer(racer::RacerArgs),
    /// Run the REST echo and the WebSocket echo on loopback until Ctrl-C
    ///
    /// Prints the addresses of the two servers, then a log line for each request. At the end, it
    /// finishes open requests and closes every WebSocket with 1001.
    Serve(serve::ServeArgs),
    /// List the demos that a deck can embed, with their settings
    Demos(demos::DemosArgs),
    /// Print a shell completion script
    ///
    /// For bash: wiretalk completions bash > ~/.local/share/bash-completion/completions/wiretalk
    Completions(completions::CompletionsArgs),
    /// Print the licences of wiretalk and of everything that is linked into it
    Licenses(licenses::LicensesArgs),
}

/// Returns the error for a command line whose first word is neither a command nor a deck. `args`
/// are the arguments after the program's name. A single word counts only if it resembles a command;
/// any other is the path of a deck that does not exist.
pub fn unknown_command(args: &[impl AsRef<OsStr>]) -> Option<String> {
    let (first, others) = args.split_first()?;
    // A word that looks like a path, or is one, names a deck.
    let word = first
        .as_ref()
        .to_str()
        .filter(|word| !word.is_empty() && !word.contains(['/', '\\', '.']))?;
    if word.starts_with('-') || Path::new(word).exists() {
        return None;
    }
    let command = Cli::command();
    // A hidden command is neither suggested nor listed, but it is known.
    let visible = command.get_subcommands().filter(|command| !command.is_hide_set());
    let names: Vec<&str> = visible.map(clap::Command::get_name).collect();
    if word == "help" || command.find_subcommand(word).is_some() {
        return None;
    }
    let unknown = format!("unknown command `{}`", sanitize(word));
    match suggest(word, &names) {
        Some(meant) => Some(format!("{unknown} (did you mean `{meant}`?)")),
        None if others.is_empty() => None,
        // Clap would take the first word for the deck and reject the second one, with an error
        // about the wrong word.
        None => Some(format!("{unknown}; expected one of: {}", names.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_command_is_not_taken_for_a_deck() {
        let meant = Some("unknown command `chek` (did you mean `check`?)".to_owned());
        assert_eq!(unknown_command(&["chek", "x"]), meant);
        assert_eq!(unknown_command(&["chek"]), meant);
        assert_eq!(
            unknown_command(&["\x1b[2J", "x"]).unwrap(),
            "unknown command `␛[2J`; expected one of: check, inspect, decode, race, conform, \
             lab, learn, notes, serve, demos, completions, licenses"
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
            assert!(
                !help.contains('`') && !help.contains("<ws") && !help.contains("<http"),
                "{help}"
            );
            command.get_subcommands().cloned().for_each(walk);
        }
        let mut command = Cli::command();
        command.build();
        walk(command);
    }
}
