//! [`RepairRecord`]: what was found where there was Go, for where there is none.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use time::OffsetDateTime;

use crate::learn::RepairFault;
use crate::race::Machine;
use crate::repair::finding::RepairOutcome;
use crate::repair::run::{RepairError, go_version, try_repair};
use crate::scope::Scope;

/// The record that is compiled in.
const RECORDED: &str = include_str!("../../demos/libraries/repair/recorded.json");

/// What was found out about all servers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepairRecord {
    /// The day, as `2026-11-30` (UTC).
    pub date: String,
    /// The version of Go.
    pub go: String,
    /// The number of CPUs and their model.
    pub machine: String,
    /// The outcomes, by the name of the server.
    pub servers: BTreeMap<String, RepairOutcome>,
}

/// What was found out about one server, with its provenance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedRepair {
    /// The outcome.
    pub outcome: RepairOutcome,
    /// The day, the version of Go and the machine, in one line.
    pub provenance: String,
}

/// The reason for which there is no record.
#[derive(Debug, Error)]
pub enum RepairRecordError {
    /// A server could not be tried.
    #[error("{server}: {source}")]
    Repair {
        /// The name of the server.
        server: &'static str,
        /// The reason.
        source: RepairError,
    },
    /// The fault did not show, or was not gone.
    #[error(
        "{server}: the fault should show with the broken server only; broken: {}; repaired: {}",
        outcome.broken.sentence,
        outcome.repaired.sentence
    )]
    NoFault {
        /// The name of the server.
        server: &'static str,
        /// The findings.
        outcome: RepairOutcome,
    },
}

impl RepairRecord {
    /// Tries all servers. `on_server` gets each name before its server is built.
    ///
    /// # Errors
    /// Fails at the first server that cannot be tried, or whose fault does not show.
    pub async fn make(
        scope: &Scope,
        mut on_server: impl FnMut(&str),
    ) -> Result<Self, RepairRecordError> {
        let machine = Machine::detect();
        let mut servers = BTreeMap::new();
        for fault in RepairFault::all() {
            let server = fault.server.name;
            on_server(server);
            let outcome = try_repair(scope, fault, |_| {}).await;
            let outcome = outcome.map_err(|source| RepairRecordError::Repair { server, source })?;
            if !outcome.shows_the_fault() {
                return Err(RepairRecordError::NoFault { server, outcome });
            }
            servers.insert(server.to_owned(), outcome);
        }
        Ok(Self {
            date: OffsetDateTime::now_utc().date().to_string(),
            go: go_version().await.unwrap_or_default(),
            machine: format!("{} x {}", machine.cpus, machine.cpu),
            servers,
        })
    }

    /// Returns the record that is compiled in.
    pub fn compiled_in() -> Option<Self> {
        serde_json::from_str(RECORDED).ok()
    }

    /// Returns what is recorded of a fault.
    pub fn of(&self, fault: &RepairFault) -> Option<RecordedRepair> {
        let Self { date, go, machine, servers } = self;
        let outcome = servers.get(fault.server.name)?.clone();
        Some(RecordedRepair { outcome, provenance: format!("{date}, {go}, {machine}") })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Core is published alone, so it has a copy of the module with which servers say where they listen.
    #[test]
    fn both_copies_of_the_go_module_listen_are_the_same() {
        let ours = crate::learn::GO_MODULE.iter().find(|file| file.path == "listen/listen.go");
        let other = include_str!("../../demos/libraries/go/listen/listen.go");
        assert_eq!(ours.unwrap().text, other);
    }

    #[test]
    fn every_fault_is_recorded_and_shows() {
        let record = RepairRecord::compiled_in().expect("the record can be read");
        assert!(record.go.starts_with("go1.") && record.date.len() == 10, "{record:?}");
        for fault in RepairFault::all() {
            let recorded = record.of(fault);
            let recorded = recorded.unwrap_or_else(|| panic!("{} is missing", fault.server.name));
            assert!(recorded.outcome.shows_the_fault(), "{recorded:?}");
        }
        assert_eq!(record.servers.len(), RepairFault::all().len(), "nothing else is recorded");
    }
}
