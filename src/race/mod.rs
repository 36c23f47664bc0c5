//! The race: the same exchange in every lane, in alternation, under one configuration.
//!
//! Each lane is a pair of child processes of this program, a [`run_client()`] and a
//! [`run_server()`], pinned to CPUs if the placement asks for it. The runner ([`run`]) starts their
//! slices and evaluates the results. It draws nothing. The command that the processes execute is in
//! `cli`.
//!
//! Rooms: `config` (what is raced), `client` and `server` (what runs in a lane's processes),
//! `process` (the processes and the machine), `result` (samples, ratios, validity).

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

mod bare_http;
mod client;
mod config;
mod connector;
mod error;
mod executor;
mod foreign_load;
pub mod formats;
pub mod grid;
mod process;
mod result;
mod runner;
mod server;
mod warm_up;

pub(crate) use client::run_client;
pub use config::external_servers::{ExternalServers, ExternalWebSocket};
pub(crate) use config::external_servers::{ExternalServersError, LoadLimit};
pub(crate) use config::lane::UnknownLane;
pub use config::lane::{Lane, LaneKind};
pub use config::placement::Placement;
pub use config::race_config::RaceConfig;
pub(crate) use config::race_config::{
    HeaderProfile, MAX_BURST, MAX_CONNECTIONS, MAX_PAYLOAD, MAX_RTT,
};
pub(crate) use config::validate::RaceConfigError;
pub use process::lane_processes::WorkerProgram;
pub(crate) use process::machine::{ListenDrops, Machine};
pub(crate) use process::platform::LACKING;
pub(crate) use result::lane_recorder::BUCKETS_PER_OCTAVE;
pub(crate) use result::outcome::{
    ExchangeCost, GapLayers, LaneRatio, LaneStats, LayerCost, SliceRecord, gap_layers, headline,
};
pub use result::outcome::{RaceOutcome, ratios};
#[cfg(test)]
pub(crate) use result::validity::{MAX_FLOOR_DRIFT, MAX_FOREIGN_CPU};
pub(crate) use runner::RaceProgress;
pub use runner::{RaceControl, RaceEvent, run};
pub(crate) use server::run_server;
