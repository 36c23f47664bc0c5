//! Plays the cases and shows the progress as a line on standard error.

use std::io::{self, IsTerminal as _, Write as _};

use anyhow::bail;

use crate::cli::interrupt::Interrupt;
use crate::conform::{self, Case, ConformConfig, ConformEvent, ConformOutcome};

/// Plays `cases` to the end.
///
/// # Errors
///
/// If the server cannot be reached, or a signal arrives.
pub(super) async fn run(
    config: &ConformConfig,
    cases: &[Case],
    interrupt: &mut Interrupt,
) -> anyhow::Result<ConformOutcome> {
    let total = cases.len().saturating_mul(config.repeat.max(1));
    let (mut played, mut failed) = (0_usize, 0_usize);
    let on_event = |event: ConformEvent| {
        let remark = match event {
            ConformEvent::Played { verdict, .. } => {
                played = played.saturating_add(1);
                failed = failed.saturating_add(usize::from(verdict.is_failure()));
                ""
            }
            ConformEvent::Down => "; the server is down",
            ConformEvent::Began { .. } | ConformEvent::Up => "",
        };
        print_progress(&format!("{played} of {total}, {failed} failed{remark}"));
    };
    let outcome = tokio::select! {
        outcome = conform::run(config, cases, on_event) => outcome,
        () = interrupt.recv() => bail!("interrupted before the last case"),
    };
    if is_live() {
        write!(io::stderr(), "\r\x1b[K")?;
    }
    Ok(outcome?)
}

/// Whether standard error is a terminal that can overwrite a line.
fn is_live() -> bool {
    io::stderr().is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

fn print_progress(text: &str) {
    if is_live() {
        // Progress is not worth an error.
        let _ = write!(io::stderr(), "\r\x1b[K{text}");
    }
}
