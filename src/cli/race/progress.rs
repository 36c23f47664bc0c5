//! Runs a race headless and shows its progress as a line on standard error.

use std::io::{self, IsTerminal as _, Write as _};

use anyhow::{anyhow, bail};
use tokio::sync::mpsc;

use crate::cli::interrupt::Interrupt;
use crate::race::{self, Lane, RaceConfig, RaceEvent, RaceOutcome, WorkerProgram};
use crate::scope::{Scope, report_channel};

/// Runs a race to its end, with its progress on standard error.
///
/// # Errors
///
/// If a signal arrives, or the race ends without an outcome.
pub(super) async fn run_race(
    scope: &Scope,
    config: RaceConfig,
    interrupt: &mut Interrupt,
) -> anyhow::Result<RaceOutcome> {
    let rounds = config.rounds;
    let (events, mut inbox) = report_channel();
    let (_control_sender, control_receiver) = mpsc::channel(1);
    let (inner, running) = (scope.child(), scope.child());
    running.spawn("race", async move {
        race::run(&inner, &WorkerProgram::current(), config, events, control_receiver).await;
    });
    let reading = async {
        loop {
            match inbox.recv().await {
                Some(RaceEvent::Progress(live)) => print_progress(live.round, rounds, live.running),
                Some(RaceEvent::Finished(outcome)) => return Some(*outcome),
                None => return None,
            }
        }
    };
    let outcome = tokio::select! {
        outcome = reading => outcome,
        // The caller cancels the scope, which ends the processes of the race.
        () = interrupt.recv() => bail!("interrupted before the end of the race"),
    };
    // Clears the progress line, so that it does not stand in front of the table.
    if is_live(&io::stderr()) {
        write!(io::stderr(), "\r\x1b[K")?;
    }
    outcome.ok_or_else(|| anyhow!("the race ended without an outcome"))
}

/// Whether `out` is a terminal that can overwrite a line.
fn is_live(out: &io::Stderr) -> bool {
    out.is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// Overwrites the progress line. `running` is `None` while the lanes warm up.
fn print_progress(round: usize, rounds: usize, running: Option<Lane>) {
    let mut err = io::stderr();
    if is_live(&err) {
        let lane = running.map_or_else(|| "warming up".to_owned(), Lane::name);
        // Progress is not worth an error.
        let _ = write!(err, "\r\x1b[Kround {round} of {rounds}  {lane}");
    }
}
