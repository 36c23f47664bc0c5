//! `wiretalk racer`: one end of one lane of a race, as a process of its own. Not for people: a race
//! starts it, tells it on standard input what to do, and reads standard output.

use std::io::{self, Write as _};
use std::process::ExitCode;

use tokio::runtime::{Builder, Runtime};

use crate::net::EndpointRole;
use crate::race::{self, Placement};
use crate::scope::Scope;

/// One end of a race; `wiretalk race` starts it
#[derive(Debug, clap::Args)]
pub struct RacerArgs {
    /// client or server
    #[arg(value_enum)]
    pub role: RacerRole,
    /// Where it runs
    pub placement: Placement,
}

/// The two ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum RacerRole {
    /// It asks
    Client,
    /// It answers
    Server,
}

impl RacerArgs {
    /// Obeys until standard input ends.
    ///
    /// # Errors
    ///
    /// If the system gives no runtime.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let end = match self.role {
            RacerRole::Client => EndpointRole::Client,
            RacerRole::Server => EndpointRole::Server,
        };
        // before the runtime, so that all its threads are where this one is
        let pinned = self.placement.pin(end);
        let runtime = build_runtime(self.placement)?;
        let scope = Scope::new(|panic| {
            let _ = writeln!(io::stderr(), "{panic}");
        });
        let (input, output) = (tokio::io::stdin, tokio::io::stdout);
        runtime.block_on(async {
            match end {
                EndpointRole::Client => race::run_client(&scope, pinned, input(), output()).await,
                EndpointRole::Server => race::run_server(&scope, pinned, input(), output()).await,
            }
            scope.cancel();
        });
        // a read of standard input that will never end is not waited for
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
