//! The lab: builds WebSocket libraries' echo servers, starts them one at a time, tests them by the
//! rules of the protocol and measures them.
//!
//! In reading order: `libraries` (the list of contestants, and how each library is built inside),
//! `command` (a program that runs to its end), `toolchain` and `build`, `process` (a server that
//! runs), `verdicts`, `load` and `idle` (what is found out about it), `record` and `comparison` (the
//! results, and what changed), `runner` (all of it, contestant by contestant), `live` (one contestant
//! with every exchange).

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

mod build;
mod command;
mod comparison;
mod idle;
mod libraries;
mod live;
mod load;
mod process;
mod record;
mod runner;
mod toolchain;
mod verdicts;

pub(crate) use command::{CommandError, run_command};
pub use comparison::{Comparison, Difference};
pub(crate) use libraries::CommandLine;
pub use libraries::{
    Contestant, ContestantList, ContestantListError, InsideError, LibraryInside, Options, Place,
    Suite, Toolchain,
};
pub use live::{LiveConfig, LiveError, LiveEvent, build_folder, play_live};
pub use load::CONNECTION_COUNTS;
pub(crate) use process::{ANY_PORT, Launch, RunningContestant, StartError};
pub use record::{
    CaseRecord, ContestantRecord, IdleRecord, LabRecord, LoadRecord, RatioRecord, RecordError,
    VerdictsRecord,
};
pub use runner::{IDLE_CONNECTIONS, LabConfig, LabEvent, run};
pub use toolchain::{FoundToolchain, find_toolchains};
