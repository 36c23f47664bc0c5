//! `wiretalk inspect` without a stage: what went over the wire, as text or as JSON lines, as it
//! comes; or what a file holds of it.
//!
//! On a terminal the same command opens the inspector instead; `main` decides that.

mod args;
mod capture_file;
mod own_connection;
mod printer;
mod proxy;
mod record;
mod replace_hint;
mod send_args;

use std::io::{self, Write as _};
use std::process::ExitCode;

pub use args::InspectArgs;
pub use send_args::SendArgs;

use crate::inspect::InspectSource;

impl InspectArgs {
    /// Runs to the end and prints records. The exit status is 1 if the connection did not end as it
    /// should.
    ///
    /// # Errors
    ///
    /// If standard output cannot be written, or the proxy's port is not to be had.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let config = self.config()?;
        let result = match &config.source {
            InspectSource::File(path, options) => {
                capture_file::run(&config, path, options, self.json)
            }
            InspectSource::Url(options) => {
                self.run_live(own_connection::run(&config, options, self.seconds, self.json))
            }
            InspectSource::Proxy(options) => {
                self.run_live(proxy::run(&config, options, self.seconds, self.json))
            }
            InspectSource::Bundled(_) => Err(anyhow::anyhow!(
                "a bundled server runs in the talk, or alone with `wiretalk serve`"
            )),
        };
        ignore_broken_pipe(result)
    }

    /// Runs `session` on a runtime of its own.
    fn run_live(
        &self,
        session: impl Future<Output = anyhow::Result<ExitCode>>,
    ) -> anyhow::Result<ExitCode> {
        if self.insecure {
            writeln!(
                io::stderr(),
                "wiretalk: NOT SECURE: the server's certificate is not checked"
            )?;
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let result = runtime.block_on(session);
        runtime.shutdown_background();
        result
    }
}

/// A pipe that nobody reads any more is no error: whoever reads has read enough, as `head` does.
fn ignore_broken_pipe(result: anyhow::Result<ExitCode>) -> anyhow::Result<ExitCode> {
    result.or_else(|error| match error.downcast_ref::<io::Error>().map(io::Error::kind) {
        Some(io::ErrorKind::BrokenPipe) => Ok(ExitCode::SUCCESS),
        _ => Err(error),
    })
}
