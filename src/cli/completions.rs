//! `wiretalk completions SHELL`: a completion script.

use std::process::ExitCode;

use clap::Command;
use clap_complete::Shell;

use crate::cli::output;

/// Print a script that teaches a shell to complete wiretalk's commands.
///
/// For bash: `wiretalk completions bash > ~/.local/share/bash-completion/completions/wiretalk`.
#[derive(Debug, clap::Args)]
pub struct CompletionsArgs {
    /// The shell
    pub shell: Shell,
}

impl CompletionsArgs {
    /// Prints the script for `command`, the whole command line, to standard output.
    ///
    /// # Errors
    ///
    /// If standard output cannot be written.
    pub fn run(self, mut command: Command) -> anyhow::Result<ExitCode> {
        // its generator panics where it cannot write
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut command, "wiretalk", &mut script);
        output::print_now(&String::from_utf8_lossy(&script))?;
        Ok(ExitCode::SUCCESS)
    }
}
