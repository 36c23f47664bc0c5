//! The race: the same exchange in every lane, in alternation, on one course.
//!
//! Each lane is a pair of child processes of this program, a [`client()`] and a [`server()`], on CPUs of their own where
//! that is wished and possible. The referee ([`run`]) tells them when to run, and works out what came of it. It draws
//! nothing. Who starts the processes' program is `cli`.

#![warn(clippy::arithmetic_side_effects, clippy::cast_possible_truncation, clippy::indexing_slicing)]
#![cfg_attr(
    test,
    allow(clippy::arithmetic_side_effects, clippy::cast_possible_truncation, clippy::indexing_slicing)
)]

mod against;
mod bare;
mod client;
mod course;
mod dial;
mod executor;
pub mod grid;
mod lane;
mod machine;
mod order;
mod outcome;
mod placement;
mod platform;
pub mod record;
mod referee;
mod server;
mod team;
mod track;
mod validity;

pub use against::{Against, Bound};
pub use client::client;
pub use course::{Course, CourseError, FARTHEST, Headers, LARGEST, MOST_BURST, MOST_CONNECTIONS};
pub use lane::{Kind, Lane};
pub use machine::{ListenDrops, Machine};
pub use outcome::{Figures, LaneRatio, Outcome, Slice, Split, Step, Use, headline, ratios, split};
pub use placement::Placement;
pub use platform::LACKING;
pub use referee::{Live, Report, Wish, run};
pub use server::server;
pub use team::Program;
pub use validity::{DRIFT, FOREIGN};
