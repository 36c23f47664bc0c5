//! `wiretalk inspect` without a stage: what went over the wire, as text or as JSON lines, as it
//! comes; or what a file holds of it.
//!
//! On a terminal the same command opens the inspector instead; `main` decides that.

mod args;
mod capture_file;
mod optional_recorder;
mod own_connection;
mod printer;
mod proxy;
mod record;
mod record_text;
mod send_args;

use std::io::{self, Write as _};
use std::process::ExitCode;

pub use args::InspectArgs;
pub use send_args::SendArgs;

impl InspectArgs {
    /// Runs to the end and prints records. The exit status is 1 if the connection did not end as it
    /// should.
    ///
    /// # Errors
    ///
    /// If standard output cannot be written, or the proxy's port is not to be had.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        if let Some(file) = self.file_source() {
            return ignore_broken_pipe(capture_file::run(&self, file));
        }
        if self.insecure {
            writeln!(
                io::stderr(),
                "wiretalk: NOT SECURE: the server's certificate is not checked"
            )?;
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let result = runtime.block_on(async {
            match self.proxy {
                Some(listen) => proxy::run(&self, listen).await,
                None => own_connection::run(&self).await,
            }
        });
        runtime.shutdown_background();
        ignore_broken_pipe(result)
    }
}

/// A pipe that nobody reads any more is no error: whoever reads has read enough, as `head` does.
fn ignore_broken_pipe(result: anyhow::Result<ExitCode>) -> anyhow::Result<ExitCode> {
    result.or_else(|error| match error.downcast_ref::<io::Error>().map(io::Error::kind) {
        Some(io::ErrorKind::BrokenPipe) => Ok(ExitCode::SUCCESS),
        _ => Err(error),
    })
}
