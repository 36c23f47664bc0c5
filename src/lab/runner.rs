//! [`run`]: builds, starts, tests and measures the contestants, one at a time.

use std::collections::BTreeMap;
use std::path::PathBuf;

use time::OffsetDateTime;

use crate::conform::Case;
use crate::lab::build::{Builder, package_count, source_lines};
use crate::lab::idle;
use crate::lab::libraries::{Contestant, ContestantList, Suite};
use crate::lab::load::{self, CONNECTION_COUNTS, LoadError};
use crate::lab::process::{ANY_PORT, Launch, RunningContestant, StartError};
use crate::lab::record::{ContestantRecord, LabRecord, LoadRecord, VerdictsRecord};
use crate::lab::toolchain::FoundToolchain;
use crate::lab::verdicts::{self, TestedContestant};
use crate::race::{Machine, WorkerProgram};
use crate::scope::Scope;

/// The number of idle connections whose memory is measured.
pub const IDLE_CONNECTIONS: usize = 10_000;

/// The most races with the same number of connections. One that does not count, because other programs
/// used the machine, is followed by another one.
const MAX_RACES: usize = 3;

/// The work to do with each contestant.
#[derive(Clone, Debug)]
pub struct LabConfig {
    /// The folder for what is built, as an absolute path.
    pub out: PathBuf,
    /// The suite of the contestants.
    pub suite: Suite,
    /// Whether each case is played once, with a shorter time limit and without the largest messages.
    pub is_fast: bool,
    /// Whether load and idle connections are measured, if the suite has such figures.
    pub measures: bool,
    /// The number of idle connections.
    pub idle_connections: usize,
    /// The program that runs the processes of a race.
    pub program: WorkerProgram,
    /// Verdicts that are known. In a fast run, cases with other verdicts are played more often.
    pub known: Option<LabRecord>,
}

/// A step of the lab.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum LabEvent<'e> {
    /// A contestant is being built.
    Building,
    /// The cases are being played.
    Playing {
        /// The number of cases that were played.
        played: usize,
        /// The number of all of them.
        total: usize,
        /// The number of those that failed.
        failed: usize,
    },
    /// The load is being measured.
    Racing {
        /// The number of connections.
        connections: usize,
        /// The number of completed rounds.
        round: usize,
        /// The number of all of them.
        rounds: usize,
    },
    /// Idle connections are being opened.
    Opening {
        /// The number of those that are open.
        opened: usize,
        /// The number of all of them.
        wanted: usize,
    },
    /// Everything about the contestant is known.
    Finished(&'e ContestantRecord),
}

/// Runs the lab with contestants of a list, whose toolchains are there. `on_event` gets the
/// contestant and what happens with it. What fails costs that contestant's figures, not the run.
pub async fn run(
    scope: &Scope,
    list: &ContestantList,
    contestants: &[&Contestant],
    toolchains: &[FoundToolchain<'_>],
    config: &LabConfig,
    mut on_event: impl FnMut(&Contestant, LabEvent<'_>),
) -> LabRecord {
    let machine = Machine::detect();
    let cases = verdicts::cases(config.suite, config.is_fast);
    let version = |found: &FoundToolchain<'_>| {
        Some((found.toolchain.id.clone(), found.version.as_ref().ok()?.clone()))
    };
    let mut record = LabRecord {
        date: today(),
        machine: format!("{} x {}", machine.cpus, machine.cpu),
        kernel: machine.kernel,
        suite: config.suite,
        is_fast: config.is_fast,
        toolchains: toolchains.iter().filter_map(version).collect::<BTreeMap<_, _>>(),
        cases: cases.iter().map(|case| case.id.clone()).collect(),
        ..LabRecord::new()
    };
    let mut builder = Builder::new(list, &config.out);
    // Before the first contestant starts, because it inherits the limit.
    let possible = idle::allow_files(config.idle_connections);
    for contestant in contestants {
        let visit = Visit { scope, list, contestant, cases: &cases, config, possible };
        let found = visit.run(&mut builder, |event| on_event(contestant, event)).await;
        on_event(contestant, LabEvent::Finished(&found));
        record.contestants.push(found);
    }
    record
}

/// Returns the date in UTC.
fn today() -> String {
    OffsetDateTime::now_utc().date().to_string()
}

/// A contestant and what is done with it.
struct Visit<'v> {
    scope: &'v Scope,
    list: &'v ContestantList,
    contestant: &'v Contestant,
    cases: &'v [Case],
    config: &'v LabConfig,
    /// The number of idle connections that are possible.
    possible: usize,
}

impl Visit<'_> {
    async fn run(
        &self,
        builder: &mut Builder<'_>,
        mut on_event: impl FnMut(LabEvent<'_>),
    ) -> ContestantRecord {
        let mut record = ContestantRecord::new(self.contestant);
        on_event(LabEvent::Building);
        if let Err(error) = builder.build(self.contestant).await {
            record.errors.push(format!("build: {error}"));
            return record;
        }
        record.source_lines = source_lines(self.list, self.contestant);
        match package_count(self.list, self.contestant, &self.config.out).await {
            Ok(count) => record.packages = count,
            Err(error) => record.errors.push(format!("dependencies: {error}")),
        }
        let directory = self.list.folder.join(&self.contestant.directory);
        let launch = Launch::new(self.contestant.run.clone(), directory, self.config.out.clone());
        if let Err(error) = self.test(&launch, &mut record, &mut on_event).await {
            record.errors.push(format!("start: {error}"));
            return record;
        }
        if self.config.measures
            && self.config.suite.has_figures()
            && let Some(needs_origin) = record.verdicts.as_ref().map(|found| found.needs_origin)
        {
            self.measure_load(&launch, needs_origin, &mut record, &mut on_event).await;
            self.measure_idle(&launch, needs_origin, &mut record, &mut on_event).await;
            record.measured = Some(today());
        }
        record
    }

    /// Plays the cases.
    ///
    /// # Errors
    /// Fails if the contestant cannot be started.
    async fn test(
        &self,
        launch: &Launch,
        record: &mut ContestantRecord,
        on_event: &mut impl FnMut(LabEvent<'_>),
    ) -> Result<(), StartError> {
        let running = RunningContestant::start(self.scope, launch, ANY_PORT).await?;
        record.started_bytes = running.memory();
        let LabConfig { suite, is_fast, .. } = *self.config;
        let mut tested = TestedContestant { scope: self.scope, launch, running, suite, is_fast };
        let on_progress = |progress: verdicts::Progress| {
            let verdicts::Progress { played, total, failed } = progress;
            on_event(LabEvent::Playing { played, total, failed });
        };
        match tested.play(self.cases, self.known(), on_progress).await {
            Ok(found) => record.verdicts = Some(found),
            Err(error) => record.errors.push(format!("cases: {error}")),
        }
        record.tested_bytes = tested.running.memory();
        tested.running.stop().await;
        Ok(())
    }

    /// Returns the verdicts that are known.
    fn known(&self) -> Option<&VerdictsRecord> {
        self.config.known.as_ref()?.contestant(&self.contestant.id)?.verdicts.as_ref()
    }

    async fn measure_load(
        &self,
        launch: &Launch,
        needs_origin: bool,
        record: &mut ContestantRecord,
        on_event: &mut impl FnMut(LabEvent<'_>),
    ) {
        for connections in CONNECTION_COUNTS {
            let on_round = |round, rounds| {
                on_event(LabEvent::Racing { connections, round, rounds });
            };
            match self.race(launch, needs_origin, connections, on_round).await {
                Ok(figures) => record.load.push(figures),
                Err(error) => {
                    record.errors.push(format!("load, {connections} connections: {error}"));
                }
            }
        }
    }

    /// Runs a race until one counts, and not more than [`MAX_RACES`]. The contestant starts anew for each,
    /// so that none profits from another one.
    async fn race(
        &self,
        launch: &Launch,
        needs_origin: bool,
        connections: usize,
        mut on_round: impl FnMut(usize, usize),
    ) -> Result<LoadRecord, LoadError> {
        let program = &self.config.program;
        let mut races = 0_usize;
        loop {
            let running = RunningContestant::start(self.scope, launch, ANY_PORT).await?;
            let on_round = &mut on_round;
            let figures =
                load::measure(self.scope, program, &running, needs_origin, connections, on_round)
                    .await;
            running.stop().await;
            races = races.saturating_add(1);
            let figures = figures?;
            if figures.invalid_because.is_empty() || races >= MAX_RACES {
                return Ok(figures);
            }
        }
    }

    async fn measure_idle(
        &self,
        launch: &Launch,
        needs_origin: bool,
        record: &mut ContestantRecord,
        on_event: &mut impl FnMut(LabEvent<'_>),
    ) {
        let wanted = self.config.idle_connections;
        let running = match RunningContestant::start(self.scope, launch, ANY_PORT).await {
            Ok(running) => running,
            Err(error) => {
                record.errors.push(format!("idle: {error}"));
                return;
            }
        };
        let on_progress = |opened| on_event(LabEvent::Opening { opened, wanted });
        match idle::measure(&running, needs_origin, wanted, self.possible, on_progress).await {
            Ok(figures) => record.idle = Some(figures),
            Err(error) => record.errors.push(format!("idle: {error}")),
        }
        running.stop().await;
    }
}
