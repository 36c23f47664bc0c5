//! [`run_race`]: one race to its end, with a line of progress where standard error is a terminal.

use std::io::{self, IsTerminal as _, Write as _};

use anyhow::{anyhow, bail};
use tokio::sync::mpsc;

use crate::cli::Interrupt;
use crate::race::{self, Lane, RaceConfig, RaceEvent, RaceOutcome, WorkerProgram};
use crate::scope::{Scope, report_channel};

/// Runs a race with its progress on standard error, until its end or until the process is asked to end.
pub(super) async fn run_race(
    scope: &Scope,
    config: RaceConfig,
    interrupt: &mut Interrupt,
) -> anyhow::Result<RaceOutcome> {
    let pairs = config.pairs;
    let (events, mut inbox) = report_channel();
    let (_control_sender, control_receiver) = mpsc::channel(1);
    let (inner, running) = (scope.child(), scope.child());
    running.spawn("race", async move {
        race::run(&inner, &WorkerProgram::current(), config, events, control_receiver).await;
    });
    let reading = async {
        loop {
            match inbox.recv().await {
                Some(RaceEvent::Progress(live)) => print_progress(live.round, pairs, live.running),
                Some(RaceEvent::Finished(outcome)) => return Some(*outcome),
                None => return None,
            }
        }
    };
    let outcome = tokio::select! {
        outcome = reading => outcome,
        () = interrupt.recv() => bail!("stopped before the end"),
    };
    if is_live(&io::stderr()) {
        write!(io::stderr(), "\r\x1b[K")?;
    }
    outcome.ok_or_else(|| anyhow!("the race ended without an outcome"))
}

/// A terminal on which a line can be written over.
fn is_live(out: &io::Stderr) -> bool {
    out.is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

fn print_progress(round: usize, pairs: usize, running: Option<Lane>) {
    let mut err = io::stderr();
    if is_live(&err) {
        let lane = running.map_or_else(|| "warming up".to_owned(), Lane::name);
        // a progress line that cannot be written is not missed
        let _ = write!(err, "\r\x1b[Kround {round} of {pairs}  {lane}");
    }
}
