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

mod external_servers;
mod bare_http;
mod client;
mod config;
mod connector;
mod executor;
pub mod grid;
mod lane;
mod machine;
mod ipc;
mod outcome;
mod placement;
mod platform;
pub mod formats;
mod runner;
mod server;
mod lane_processes;
mod lane_recorder;
mod validity;

pub use external_servers::{ExternalServers, LoadLimit};
pub use client::run_client;
pub use config::{RaceConfig, RaceConfigError, MAX_RTT, HeaderProfile, MAX_PAYLOAD, MAX_BURST, MAX_CONNECTIONS};
pub use lane::{LaneKind, Lane};
pub use machine::{ListenDrops, Machine};
pub use outcome::{LaneStats, LaneRatio, RaceOutcome, SliceRecord, GapBreakdown, LayerCost, ExchangeCost, headline, ratios, gap_breakdown};
pub use placement::Placement;
pub use platform::LACKING;
pub use runner::{RaceProgress, RaceEvent, RaceControl, run};
pub use server::run_server;
pub use lane_processes::WorkerProgram;
pub use validity::{DRIFT, FOREIGN};
