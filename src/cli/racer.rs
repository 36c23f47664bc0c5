//! `wiretalk racer`: one end of one lane of a race, as a process of its own. `wiretalk race` starts
//! it, writes requests to its standard input, and reads the results from its standard output.

use std::io::{self, Write as _};
use std::process::ExitCode;

use tokio::runtime::{Builder, Runtime};

use crate::net::PeerRole;
use crate::race::{self, Placement};
use crate::scope::Scope;

/// The arguments of `wiretalk racer`.
#[derive(Debug, clap::Args)]
pub struct RacerArgs {
    /// End of the lane
    #[arg(value_enum)]
    pub role: RacerRole,
    /// CPUs to run on
    pub placement: Placement,
}

/// An end of a lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum RacerRole {
    /// Sends requests
    Client,
    /// Answers requests
    Server,
}

impl RacerArgs {
    /// Carries out the requests from standard input until it ends.
    ///
    /// # Errors
    ///
    /// If the runtime cannot be created.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let end = match self.role {
            RacerRole::Client => PeerRole::Client,
            RacerRole::Server => PeerRole::Server,
        };
        // Before the runtime starts: its threads inherit the affinity of this one.
        let pinned = self.placement.pin(end);
        let runtime = build_runtime(self.placement)?;
        let scope = Scope::new(|panic| {
            let _ = writeln!(io::stderr(), "{panic}");
        });
        let (input, output) = (tokio::io::stdin, tokio::io::stdout);
        runtime.block_on(async {
            match end {
                PeerRole::Client => race::run_client(&scope, pinned, input(), output()).await,
                PeerRole::Server => race::run_server(&scope, pinned, input(), output()).await,
            }
            scope.cancel();
        });
        // tokio reads standard input on a blocking thread, which cannot be cancelled; dropping the
        // runtime would wait for it.
        runtime.shutdown_background();
        Ok(ExitCode::SUCCESS)
    }
}

fn build_runtime(placement: Placement) -> io::Result<Runtime> {
    let mut builder = if placement.is_multithreaded() {
        Builder::new_multi_thread()
    } else {
        Builder::new_current_thread()
    };
    builder.enable_all().build()
}
