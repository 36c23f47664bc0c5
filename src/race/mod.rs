//! The race: the same exchange in every lane, in alternation, under one configuration.
//!
//! Each lane is a pair of child processes of this program, a [`run_client()`] and a [`run_server()`], on CPUs of their own where
//! that is asked for and possible. The runner ([`run`]) tells them when to run, and works out what came of it. It draws
//! nothing. Who starts the processes' program is `cli`.

#![warn(clippy::arithmetic_side_effects, clippy::cast_possible_truncation, clippy::indexing_slicing)]
#![cfg_attr(
    test,
    allow(clippy::arithmetic_side_effects, clippy::cast_possible_truncation, clippy::indexing_slicing)
)]

mod bare_http;
mod client;
mod config;
mod connector;
mod error;
mod executor;
mod external_servers;
pub mod formats;
pub mod grid;
mod ipc;
mod lane;
mod lane_processes;
mod lane_recorder;
mod machine;
mod outcome;
mod placement;
mod platform;
mod runner;
mod server;
mod validity;

pub use client::run_client;
pub use config::{
    HeaderProfile, MAX_BURST, MAX_CONNECTIONS, MAX_PAYLOAD, MAX_RTT, RaceConfig, RaceConfigError,
};
pub use external_servers::{ExternalServers, ExternalServersError, LoadLimit};
pub use lane::{Lane, LaneKind, UnknownLane};
pub use lane_processes::WorkerProgram;
pub use machine::{ListenDrops, Machine};
pub use outcome::{
    ExchangeCost, GapBreakdown, LaneRatio, LaneStats, LayerCost, RaceOutcome, SliceRecord, gap_breakdown,
    headline, ratios,
};
pub use placement::Placement;
pub use platform::LACKING;
pub use runner::{RaceControl, RaceEvent, RaceProgress, run};
pub use server::run_server;
pub use validity::{DRIFT, FOREIGN};
