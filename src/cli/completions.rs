//! `wiretalk completions SHELL`: a completion script.

use std::io;
use std::process::ExitCode;

use clap::CommandFactory as _;
use clap_complete::Shell;

use crate::cli::Cli;

/// Print a script that teaches a shell to complete wiretalk's commands.
///
/// For bash: `wiretalk completions bash > ~/.local/share/bash-completion/completions/wiretalk`.
#[derive(Debug, clap::Args)]
pub struct Completions {
    /// The shell
    pub shell: Shell,
}

impl Completions {
    /// Prints the script to standard output.
    ///
    /// # Errors
    ///
    /// None; the signature is that of every command.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        clap_complete::generate(self.shell, &mut Cli::command(), "wiretalk", &mut io::stdout());
        Ok(ExitCode::SUCCESS)
    }
}
