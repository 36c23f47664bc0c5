//! [`try_repair`]: builds a server with its fault and repaired, and tries both.

use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use thiserror::Error;
use tokio::time::timeout;

use crate::lab::{
    ANY_PORT, CommandError, CommandLine, Launch, RunningContestant, StartError, run_command,
};
use crate::learn::{GO_MODULE, GoFile, RepairCheck, RepairFault};
use crate::repair::checks::check;
use crate::repair::finding::{RepairFinding, RepairOutcome};
use crate::scope::Scope;

/// The time that Go may take to print its version.
const FIND_TIMEOUT: Duration = Duration::from_mins(1);

/// The time that a build may take. The first one compiles the libraries.
const BUILD_TIMEOUT: Duration = Duration::from_mins(5);

/// The time that one check may take.
const CHECK_TIMEOUT: Duration = Duration::from_mins(1);

/// The longest time for which a client answers nothing.
const MAX_SILENCE: Duration = Duration::from_secs(30);

/// A step of [`try_repair`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RepairEvent {
    /// Both servers are being built.
    Building,
    /// The repaired server is being tried.
    TryingRepaired,
    /// The server with the fault is being tried.
    TryingBroken,
}

/// The reason for which a server was not tried.
#[derive(Debug, Error)]
pub enum RepairError {
    /// There is no Go.
    #[error("Go isn't installed here: {0}")]
    NoGo(CommandError),
    /// The sources could not be written.
    #[error("could not write the sources: {0}")]
    Sources(io::Error),
    /// They could not be built.
    #[error("could not build the server: {0}")]
    Build(CommandError),
    /// A server did not start.
    #[error("could not start the server: {0}")]
    Start(String),
    /// A server could not be tried.
    #[error("could not try the server: {0}")]
    Check(io::Error),
    /// A check did not come to an end.
    #[error("the check did not end within {} s", CHECK_TIMEOUT.as_secs())]
    Timeout,
}

impl From<StartError> for RepairError {
    fn from(error: StartError) -> Self {
        Self::Start(error.to_string())
    }
}

/// Returns the version of Go, as `go1.26.8`.
///
/// # Errors
/// Fails if there is no Go.
pub(super) async fn go_version() -> Result<String, RepairError> {
    let command = words(&["go", "env", "GOVERSION"]);
    let output = run_command(&command, &std::env::temp_dir(), FIND_TIMEOUT).await;
    Ok(output.map_err(RepairError::NoGo)?.trim().to_owned())
}

/// Builds the server of a fault, broken and repaired, in a temporary folder, and tries both. They
/// end before the outcome is returned, and are killed if the future is dropped.
///
/// # Errors
/// Fails if there is no Go, or a server cannot be built, started or tried.
pub async fn try_repair(
    scope: &Scope,
    fault: &RepairFault,
    mut on_event: impl FnMut(RepairEvent),
) -> Result<RepairOutcome, RepairError> {
    go_version().await?;
    on_event(RepairEvent::Building);
    let folder = tempfile::tempdir().map_err(RepairError::Sources)?;
    let name = fault.server.name;
    write_module(folder.path(), fault).map_err(RepairError::Sources)?;
    let [broken, repaired] = ["broken", "repaired"].map(|kind| format!("./{name}/{kind}"));
    let build = words(&["go", "build", "-mod=readonly", "-o", "./bin/", &broken, &repaired]);
    run_command(&build, folder.path(), BUILD_TIMEOUT).await.map_err(RepairError::Build)?;
    on_event(RepairEvent::TryingRepaired);
    let begin = Instant::now();
    let repaired = try_server(scope, folder.path(), "repaired", fault.check, MAX_SILENCE).await?;
    // A server that pings has needed this long to notice; the other one gets twice the time.
    let silence = begin.elapsed().saturating_mul(2).saturating_add(Duration::from_secs(1));
    on_event(RepairEvent::TryingBroken);
    let silence = silence.min(MAX_SILENCE);
    let broken = try_server(scope, folder.path(), "broken", fault.check, silence).await?;
    Ok(RepairOutcome { broken, repaired })
}

/// Starts a server that was built, and tries it.
async fn try_server(
    scope: &Scope,
    folder: &Path,
    kind: &str,
    what: RepairCheck,
    silence: Duration,
) -> Result<RepairFinding, RepairError> {
    let program = folder.join("bin").join(format!("{kind}{}", std::env::consts::EXE_SUFFIX));
    let command = CommandLine::new(&[&program.to_string_lossy(), "{address}"]);
    let launch = Launch::new(command, folder.to_owned(), folder.join("bin"));
    let mut server = RunningContestant::start(scope, &launch, ANY_PORT).await?;
    let found = timeout(CHECK_TIMEOUT, check(what, &mut server, silence)).await;
    server.stop().await;
    found.map_err(|_| RepairError::Timeout)?.map_err(RepairError::Check)
}

/// Writes the Go module with the two servers of a fault.
fn write_module(folder: &Path, fault: &RepairFault) -> io::Result<()> {
    let server = fault.server;
    let [broken, repaired] =
        ["broken", "repaired"].map(|kind| format!("{}/{kind}/main.go", server.name));
    let mut files = GO_MODULE.to_vec();
    let write = |GoFile { path, text }: GoFile| {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().unwrap_or(folder))?;
        std::fs::write(path, text)
    };
    for (path, text) in [(broken, server.broken), (repaired, server.repaired)] {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().unwrap_or(folder))?;
        std::fs::write(path, text)?;
    }
    files.drain(..).try_for_each(write)
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope() -> Scope {
        Scope::new(|panic| panic!("{panic}"))
    }

    /// Each fault shows when the broken server is tried, and is gone in the repaired one.
    #[tokio::test]
    async fn every_fault_shows_and_is_repaired() {
        let version = go_version().await.expect("these tests need Go 1.26 on the PATH");
        for fault in RepairFault::all() {
            let outcome = try_repair(&scope(), fault, |_| {}).await;
            let outcome = outcome
                .unwrap_or_else(|error| panic!("{} with {version}: {error}", fault.server.name));
            assert!(outcome.shows_the_fault(), "{}: {outcome:#?}", fault.server.name);
        }
    }
}
