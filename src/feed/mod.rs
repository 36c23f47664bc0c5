//! The feed: one source of prices, and the ways to hear of a change, side by side: polled, long-polled, by SSE, by WebSocket.
//!
//! It measures how old the news is when a client has it, how long a client is behind, what was asked for and how many
//! bytes went over the sockets. Server and clients are its own, on loopback; it draws nothing.

#![warn(clippy::arithmetic_side_effects, clippy::cast_possible_truncation, clippy::indexing_slicing)]
#![cfg_attr(
    test,
    allow(clippy::arithmetic_side_effects, clippy::cast_possible_truncation, clippy::indexing_slicing)
)]

mod board;
mod client;
mod course;
mod drive;
mod server;
mod source;

pub use board::{Live, Mark, Spread, Standing};
pub use course::{Course, Way};
pub use drive::{Report, run};
pub use source::{Clock, Tick};
