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
pub mod formats;
pub mod grid;
mod process;
mod result;
mod runner;
mod server;

pub use client::run_client;
pub use config::external_servers::{ExternalServers, ExternalServersError, LoadLimit};
pub use config::lane::{Lane, LaneKind, UnknownLane};
pub use config::placement::{Placement, UnknownPlacement};
pub use config::race_config::{HeaderProfile, MAX_BURST, MAX_CONNECTIONS, MAX_PAYLOAD, MAX_RTT, RaceConfig};
pub use config::validate::RaceConfigError;
pub use process::lane_processes::WorkerProgram;
pub use process::machine::{ListenDrops, Machine};
pub use process::platform::LACKING;
pub use result::outcome::{
    ExchangeCost, GapBreakdown, LaneRatio, LaneStats, LayerCost, RaceOutcome, SliceRecord, gap_breakdown,
    headline, ratios,
};
pub use result::validity::{MAX_FLOOR_DRIFT, MAX_FOREIGN_CPU};
pub use runner::{RaceControl, RaceEvent, RaceProgress, run};
pub use server::run_server;
