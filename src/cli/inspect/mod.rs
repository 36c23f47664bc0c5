//! Headless `wiretalk inspect`: prints the traffic of a connection, of a proxy or of a file as text
//! or as JSON lines.
//!
//! On a terminal, the same command opens the inspector instead; `main` decides which.

mod args;
mod close_content;
mod connection_state;
mod file;
mod own_connection;
mod printed_sockjs;
mod printer;
mod proxy;
mod record;
mod record_selection;
mod records_help;
mod replace_hint;
mod send_args;

use std::io::{self, Write as _};
use std::process::ExitCode;

pub use args::InspectArgs;
pub use send_args::SendArgs;

use crate::cli::inspect::record_selection::RecordSelection;
use crate::cli::output;
use crate::inspect::{InspectSource, is_pipe};

impl InspectArgs {
    /// Prints records until the connection, the proxy or the file ends. The exit status is 1 if the
    /// connection did not close cleanly.
    ///
    /// # Errors
    ///
    /// If a file cannot be read or written, the proxy's port cannot be bound, or standard output
    /// cannot be written.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let config = self.config()?;
        let result = match &config.source {
            InspectSource::File(path, options) if is_pipe(path, &io::stdin()) => {
                self.run_live(file::run_standard_input(&config, options, self.list, self.json))
            }
            InspectSource::File(path, options) => {
                let out = file::buffered_stdout();
                file::open_and_copy(&config, path, options).and_then(|capture| {
                    if let Some(which) = self.list {
                        return file::print_list(&capture, which, self.json, out);
                    }
                    let selection = RecordSelection::from(&config);
                    file::print_capture(&capture, selection, self.json, out)
                })
            }
            InspectSource::Url(options) => {
                self.run_live(own_connection::run(&config, options, self.seconds, self.json))
            }
            InspectSource::Proxy(options) => {
                self.run_live(proxy::run(&config, options, self.seconds, self.json))
            }
            // The command line has no name for a bundled server; only a slide does.
            InspectSource::Bundled(_) => {
                Err(anyhow::anyhow!("bundled servers run in a talk, or with `wiretalk serve`"))
            }
        };
        ignore_broken_pipe(result)
    }

    /// Runs `session` on a runtime of its own.
    fn run_live(
        &self,
        session: impl Future<Output = anyhow::Result<ExitCode>>,
    ) -> anyhow::Result<ExitCode> {
        // On standard error, so that the records on standard output stay machine-readable.
        if self.insecure {
            writeln!(
                io::stderr(),
                "wiretalk: NOT SECURE: the server's certificate is not checked"
            )?;
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let result = runtime.block_on(session);
        // Does not wait for a blocking thread, such as one that resolves a name.
        runtime.shutdown_background();
        result
    }
}

/// Turns the end of a command whose reader has gone into success.
fn ignore_broken_pipe(result: anyhow::Result<ExitCode>) -> anyhow::Result<ExitCode> {
    result.or_else(|error| match error.downcast_ref() {
        Some(error) if output::is_broken_pipe(error) => Ok(ExitCode::SUCCESS),
        _ => Err(error),
    })
}
