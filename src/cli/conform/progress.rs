//! Plays the cases and shows the progress as a line on standard error.

use std::io::{self, IsTerminal as _, Write as _};

use anyhow::bail;

use crate::cli::interrupt::Interrupt;
use crate::conform::{self, Case, ConformConfig, ConformEvent, ConformOutcome, Verdict};

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
    let mut progress = Progress::new(cases.len().saturating_mul(config.repeat.max(1)));
    let on_event = |event: ConformEvent| match event {
        ConformEvent::Played { verdict, .. } => progress.played(verdict),
        ConformEvent::Replayed { verdict, before, .. } => progress.replayed(verdict, before),
        ConformEvent::Down => progress.print("; the server is down"),
        ConformEvent::Began { .. } | ConformEvent::Up => progress.print(""),
    };
    let outcome = tokio::select! {
        outcome = conform::run(config, cases, on_event) => outcome,
        () = interrupt.recv() => bail!("interrupted before the last case"),
    };
    progress.finish()?;
    Ok(outcome?)
}

/// A line that counts cases.
pub(super) struct Progress {
    total: usize,
    played: usize,
    failed: usize,
    /// Whether standard error is a terminal that can overwrite a line.
    is_live: bool,
}

impl Progress {
    pub(super) fn new(total: usize) -> Self {
        let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        Self { total, played: 0, failed: 0, is_live: io::stderr().is_terminal() && !is_dumb }
    }

    pub(super) fn played(&mut self, verdict: Verdict) {
        self.played = self.played.saturating_add(1);
        self.failed = self.failed.saturating_add(usize::from(verdict.is_failure()));
        self.print("");
    }

    /// Counts a case that was played before and has another verdict now.
    fn replayed(&mut self, verdict: Verdict, before: Verdict) {
        self.failed = self.failed.saturating_sub(usize::from(before.is_failure()));
        self.failed = self.failed.saturating_add(usize::from(verdict.is_failure()));
        self.print("");
    }

    fn print(&self, remark: &str) {
        if self.is_live {
            let Self { total, played, failed, .. } = self;
            let text = format!("\r\x1b[K{played} of {total}, {failed} failed{remark}");
            // Progress is not worth an error.
            let _ = io::stderr().write_all(text.as_bytes());
        }
    }

    /// Takes the line away.
    ///
    /// # Errors
    ///
    /// If standard error cannot be written.
    pub(super) fn finish(&self) -> io::Result<()> {
        if self.is_live { io::stderr().write_all(b"\r\x1b[K") } else { Ok(()) }
    }
}
