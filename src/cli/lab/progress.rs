//! Runs the lab and shows its progress as a line on standard error.

use std::io::{self, IsTerminal as _, Write as _};

use anyhow::bail;

use crate::cli::interrupt::Interrupt;
use crate::lab::{
    self, Contestant, ContestantList, FoundToolchain, LabConfig, LabEvent, LabRecord,
};
use crate::scope::Scope;

/// Runs the lab to its end.
///
/// # Errors
///
/// If a signal arrives.
pub(super) async fn run(
    scope: &Scope,
    list: &ContestantList,
    contestants: &[&Contestant],
    toolchains: &[FoundToolchain<'_>],
    config: &LabConfig,
    interrupt: &mut Interrupt,
) -> anyhow::Result<LabRecord> {
    let is_live = is_live();
    let mut finished = 0_usize;
    let on_event = |contestant: &Contestant, event: LabEvent<'_>| {
        if matches!(event, LabEvent::Finished(_)) {
            finished = finished.saturating_add(1);
        }
        if is_live {
            let place = format!("{} of {}", finished.saturating_add(1), contestants.len());
            // Progress is not worth an error.
            let _ = write!(io::stderr(), "\r\x1b[K{} ({place}): {}", contestant.id, step(event));
        }
    };
    let record = tokio::select! {
        record = lab::run(scope, list, contestants, toolchains, config, on_event) => record,
        // The caller cancels the scope; the processes end with the future.
        () = interrupt.recv() => bail!("interrupted before the last contestant"),
    };
    if is_live {
        write!(io::stderr(), "\r\x1b[K")?;
    }
    Ok(record)
}

/// Describes a step.
fn step(event: LabEvent<'_>) -> String {
    match event {
        LabEvent::Building => "building".to_owned(),
        LabEvent::Playing { played, total, failed } => {
            format!("{played} of {total} cases, {failed} failed")
        }
        LabEvent::Racing { connections: 1, round, rounds } => {
            format!("1 connection, round {round} of {rounds}")
        }
        LabEvent::Racing { connections, round, rounds } => {
            format!("{connections} connections, round {round} of {rounds}")
        }
        LabEvent::Opening { opened, wanted } => format!("{opened} of {wanted} idle connections"),
        LabEvent::Finished(_) => "finished".to_owned(),
    }
}

/// Whether standard error is a terminal that can overwrite a line.
fn is_live() -> bool {
    io::stderr().is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}
