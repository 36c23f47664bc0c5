//! `wiretalk completions SHELL`: prints a completion script.

use std::process::ExitCode;

use clap_complete::Shell;

use crate::cli::output;

/// The arguments of `wiretalk completions`.
#[derive(Debug, clap::Args)]
pub struct CompletionsArgs {
    /// Shell to write the script for
    pub shell: Shell,
}

impl CompletionsArgs {
    /// Prints the script to standard output. `command` is wiretalk's whole command line.
    ///
    /// # Errors
    ///
    /// If standard output cannot be written.
    pub fn run(self, mut command: clap::Command) -> anyhow::Result<ExitCode> {
        // `generate` panics if it cannot write, so it writes to memory and not to a closed pipe.
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut command, "wiretalk", &mut script);
        output::print_now(&String::from_utf8_lossy(&script))?;
        Ok(ExitCode::SUCCESS)
    }
}
