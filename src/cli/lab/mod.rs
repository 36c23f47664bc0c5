//! `wiretalk lab`: builds the echo servers of WebSocket libraries, tests and measures them, and prints
//! a table or JSON.
//!
//! `crate::lab` does the work; this module has the options, the progress and the tables.

mod availability;
mod inside_page;
mod outcome_table;
mod progress;
// a contestant like the others, whose sources are shown
#[path = "../../../demos/libraries/rust/strict.rs"]
mod strict;

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};

use crate::cli::interrupt::Interrupt;
use crate::cli::output;
use crate::lab::{
    Comparison, Contestant, ContestantList, FoundToolchain, IDLE_CONNECTIONS, LabConfig, LabRecord,
    LibraryInside, Suite, build_folder, find_toolchains,
};
use crate::race::WorkerProgram;
use crate::scope::Scope;
use crate::text::sanitize;

/// The arguments of `wiretalk lab`.
#[derive(Debug, clap::Args)]
pub struct LabArgs {
    /// Contestants to run, by name or by toolchain, for example gorilla,node [default: all]
    #[arg(value_name = "CONTESTANT,...", value_delimiter = ',')]
    pub contestants: Vec<String>,
    /// Suite to test with; SockJS servers are separate contestants [default: websocket; --list has all]
    #[arg(long, value_enum)]
    pub suite: Option<SuiteArg>,
    /// Print the contestants, what they need and what is missing, instead of running them
    #[arg(long, conflicts_with_all = ["explain", "json", "write", "check"])]
    pub list: bool,
    /// Print how a library is built inside: by file, function and line
    #[arg(
        long,
        value_name = "LIBRARY",
        conflicts_with_all = ["contestants", "json", "write", "check"]
    )]
    pub explain: Option<String>,
    /// Play each case once instead of five times, wait at most one second for a response, and skip the
    /// largest messages and the search for limits
    #[arg(long)]
    pub fast: bool,
    /// Only play the cases; do not measure load and idle connections
    #[arg(long)]
    pub judge_only: bool,
    /// Print the record as JSON instead of a table
    #[arg(long)]
    pub json: bool,
    /// Also write the record to this file, replacing it. With --judge-only, the figures of the same
    /// contestants on the same machine are kept
    #[arg(long, value_name = "FILE")]
    pub write: Option<PathBuf>,
    /// Compare the verdicts with this record; only differences and servers that do not run make the
    /// exit status 1. With --fast, cases that differ are played five times
    #[arg(long, value_name = "FILE")]
    pub check: Option<PathBuf>,
    /// Folder of contestants.toml
    #[arg(long, value_name = "DIR", default_value = "demos/libraries")]
    pub libraries: PathBuf,
    /// Folder for what is built [default: target/lab, two folders above that of --libraries]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Be the contestant `strict` at this address, until standard input ends
    #[arg(long, value_name = "ADDRESS", hide = true, exclusive = true)]
    pub strict: Option<SocketAddr>,
}

/// The suites.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum SuiteArg {
    /// The cases of wiretalk conform
    #[value(name = "websocket")]
    WebSocket,
    /// The cases of wiretalk conform --sockjs; no load and no idle connections
    #[value(name = "sockjs")]
    SockJs,
}

impl From<SuiteArg> for Suite {
    fn from(suite: SuiteArg) -> Self {
        match suite {
            SuiteArg::WebSocket => Self::WebSocket,
            SuiteArg::SockJs => Self::SockJs,
        }
    }
}

impl LabArgs {
    /// Runs the lab and prints what it found out. The exit status is 1 if a contestant could not be
    /// built, started or tested, or if its verdicts are not those of `--check`.
    ///
    /// # Errors
    ///
    /// If a file cannot be read or written, no contestant can run, a signal arrives, or standard
    /// output cannot be written.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let result = runtime.block_on(async {
            let scope = Scope::new(|panic| {
                // There is no other place to report it.
                let _ = writeln!(io::stderr(), "wiretalk: {panic}");
            });
            let mut interrupt = Interrupt::new()?;
            let result = self.run_within(&scope, &mut interrupt).await;
            // Also after an error: waits for the tasks to end their child processes.
            scope.cancel();
            scope.closed().await;
            result
        });
        // Does not wait for blocking threads, which may be stuck in a system call.
        runtime.shutdown_background();
        result
    }

    async fn run_within(
        &self,
        scope: &Scope,
        interrupt: &mut Interrupt,
    ) -> anyhow::Result<ExitCode> {
        if let Some(address) = self.strict {
            strict::serve(scope, address).await?;
            return Ok(ExitCode::SUCCESS);
        }
        if let Some(library) = &self.explain {
            let inside = LibraryInside::read(&self.libraries, library)?;
            output::print(&inside_page::page(&inside), interrupt).await?;
            return Ok(ExitCode::SUCCESS);
        }
        let list = ContestantList::read(&self.libraries)?;
        let suite = self.suite.map(Suite::from).or((!self.list).then_some(Suite::WebSocket));
        let chosen = list.select(suite, &self.contestants)?;
        // Before the run: an unusable file must not cost minutes.
        let (known, earlier) = self.records(suite.unwrap_or_default())?;
        let toolchains = tokio::select! {
            toolchains = find_toolchains(&list) => toolchains,
            () = interrupt.recv() => bail!("interrupted before the first contestant"),
        };
        if self.list {
            let text = availability::table(&chosen, &toolchains);
            output::print(&text, interrupt).await?;
            return Ok(ExitCode::SUCCESS);
        }
        let runnable = runnable(&chosen, &toolchains)?;
        let config = self.config(&list, suite.unwrap_or_default(), known.clone())?;
        let mut record =
            progress::run(scope, &list, &runnable, &toolchains, &config, interrupt).await?;
        if let Some(earlier) = earlier {
            record.keep_figures(earlier);
        }
        let comparison = known.map(|known| Comparison::new(&known, &record));
        self.report(&record, comparison.as_ref(), interrupt).await
    }

    /// Returns the record to compare with, and the one that `--write` replaces, if its figures are to be
    /// kept.
    ///
    /// # Errors
    ///
    /// If one cannot be read, or is of another suite.
    fn records(&self, suite: Suite) -> anyhow::Result<(Option<LabRecord>, Option<LabRecord>)> {
        let read = |path: &Path| {
            let record = LabRecord::read(path)?;
            if record.suite != suite {
                bail!("{} is a record of --suite {}", path.display(), record.suite);
            }
            Ok(record)
        };
        let replaced = self.write.as_deref().filter(|path| self.judge_only && path.exists());
        Ok((self.check.as_deref().map(read).transpose()?, replaced.map(read).transpose()?))
    }

    fn config(
        &self,
        list: &ContestantList,
        suite: Suite,
        known: Option<LabRecord>,
    ) -> anyhow::Result<LabConfig> {
        let out = self.out.clone().unwrap_or_else(|| build_folder(&list.folder));
        let out = std::path::absolute(&out)
            .with_context(|| format!("could not find {}", out.display()))?;
        Ok(LabConfig {
            out,
            suite,
            is_fast: self.fast,
            measures: !self.judge_only,
            idle_connections: IDLE_CONNECTIONS,
            program: WorkerProgram::current(),
            known,
        })
    }

    /// Prints and writes the results, and returns the exit status.
    async fn report(
        &self,
        record: &LabRecord,
        comparison: Option<&Comparison>,
        interrupt: &mut Interrupt,
    ) -> anyhow::Result<ExitCode> {
        if let Some(path) = &self.write {
            std::fs::write(path, record.to_json())
                .with_context(|| format!("could not write {}", path.display()))?;
        }
        let differences = comparison.map(describe).unwrap_or_default();
        if self.json {
            output::print(&record.to_json(), interrupt).await?;
            io::stderr().write_all(differences.as_bytes())?;
        } else {
            let text = outcome_table::render(record) + &differences;
            output::print(&text, interrupt).await?;
        }
        let has_all = record.contestants.iter().all(|contestant| contestant.verdicts.is_some());
        let is_equal = comparison.is_none_or(|comparison| comparison.differences.is_empty());
        Ok(if has_all && is_equal { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

/// Returns the contestants whose toolchain is installed, and names on standard error what to install
/// for the others.
///
/// # Errors
///
/// If there are none.
fn runnable<'l>(
    chosen: &[&'l Contestant],
    toolchains: &[FoundToolchain<'_>],
) -> anyhow::Result<Vec<&'l Contestant>> {
    let mut runnable = Vec::new();
    for found in toolchains {
        let of_it: Vec<_> =
            chosen.iter().filter(|one| one.toolchain == found.toolchain.id).copied().collect();
        if found.version.is_err() && !of_it.is_empty() {
            writeln!(io::stderr(), "wiretalk: {}", availability::skipped(found, of_it.len()))?;
        } else {
            runnable.extend(of_it);
        }
    }
    if runnable.is_empty() {
        bail!("no contestant can run: none of the toolchains is installed");
    }
    // In the order of the list.
    Ok(chosen.iter().filter(|one| runnable.contains(one)).copied().collect())
}

/// Returns the differences as lines, and what was compared.
fn describe(comparison: &Comparison) -> String {
    let mut text = "\n".to_owned();
    for difference in &comparison.differences {
        let _ = writeln!(text, "{}", sanitize(&difference.to_string()));
    }
    let Comparison { differences, compared, varying, unknown_cases } = comparison;
    let _ = write!(text, "{compared} verdicts compared: {} differ", differences.len());
    if *varying > 0 {
        let _ = write!(text, "; {varying} vary and were left out");
    }
    if *unknown_cases > 0 {
        let _ = write!(text, "; {unknown_cases} cases are not in the record");
    }
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conform::Verdict;
    use crate::lab::Difference;

    #[test]
    fn what_was_left_out_is_counted() {
        let difference = Difference::Verdict {
            contestant: "gorilla".to_owned(),
            case: "close/a".to_owned(),
            recorded: Verdict::Pass,
            found: Verdict::Fail,
            reason: "sent \x1b[2J".to_owned(),
        };
        let comparison = Comparison {
            differences: vec![difference],
            compared: 531,
            varying: 2,
            unknown_cases: 0,
        };
        assert_eq!(
            describe(&comparison),
            "\ngorilla  close/a: fail, recorded pass: it sent ␛[2J\n531 verdicts compared: 1 \
             differ; 2 vary and were left out\n"
        );
        let unknown = Comparison { unknown_cases: 3, ..Comparison::default() };
        let expected = "\n0 verdicts compared: 0 differ; 3 cases are not in the record\n";
        assert_eq!(describe(&unknown), expected);
    }
}
