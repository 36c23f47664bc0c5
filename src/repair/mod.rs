//! The servers in Go that exercises show: built, started and tried, each with its fault and
//! repaired.
//!
//! In reading order: `checks` (what is tried with a server, and the `finding`), `run` (a pair of servers built and tried), `record` (what was found where there was Go).

#![warn(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::indexing_slicing
)]
#![cfg_attr(
    test,
    allow(
        clippy::arithmetic_side_effects,
        clippy::cast_possible_truncation,
        clippy::indexing_slicing
    )
)]

mod checks;
mod finding;
mod record;
mod run;

pub use finding::{RepairFinding, RepairOutcome};
pub use record::{RecordedRepair, RepairRecord, RepairRecordError};
pub use run::{RepairError, RepairEvent, try_repair};
