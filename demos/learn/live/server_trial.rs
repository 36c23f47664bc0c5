//! [`ServerTrial`]: the servers in Go of an exercise, built and tried here, or what is recorded of
//! them.

use crate::learn::Exercise;
use crate::learn::RepairFault;
use crate::repair::{RepairEvent, RepairOutcome, RepairRecord, try_repair};
use crate::scope::Scope;

/// A trial of the broken and of the repaired server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServerTrial {
    /// It is under way: the step.
    Running(String),
    /// The findings, or why there are none.
    Done(Result<RepairOutcome, String>),
}

impl ServerTrial {
    /// Builds and tries both servers. `on_step` gets each step.
    pub(in crate::demos::learn) async fn run(
        scope: &Scope,
        exercise: &Exercise,
        mut on_step: impl FnMut(Self),
    ) -> Self {
        let Some(fault) = RepairFault::of(exercise) else {
            return Self::Done(Err("the exercise has no server".to_owned()));
        };
        let outcome = try_repair(scope, fault, |event| {
            let step = match event {
                RepairEvent::Building => "building both servers",
                RepairEvent::TryingRepaired => "trying the repaired server",
                RepairEvent::TryingBroken => "trying the broken server",
            };
            on_step(Self::Running(step.to_owned()));
        });
        Self::Done(outcome.await.map_err(|error| error.to_string()))
    }
}

/// Returns the findings that are recorded of an exercise, with their provenance; `None` if it has no
/// server.
pub(in crate::demos::learn) fn recorded(exercise: &Exercise) -> Option<(RepairOutcome, String)> {
    let recorded = RepairRecord::compiled_in()?.of(RepairFault::of(exercise)?)?;
    Some((recorded.outcome, recorded.provenance))
}
