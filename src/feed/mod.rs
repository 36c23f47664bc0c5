//! The feed: one source of prices, and the ways to hear of a change, side by side: polled,
//! long-polled, by SSE, by WebSocket.
//!
//! It measures how old the news is when a client has it, how long a client is behind, what was
//! asked for and how many bytes went over the sockets. Server and clients are its own, on loopback;
//! it draws nothing.

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

mod client;
mod config;
mod error;
mod metrics;
mod runner;
mod server;
mod source;
mod tick;

pub(crate) use config::{FeedConfig, Transport};
pub(crate) use error::{FeedError, TransportError};
#[cfg(test)]
pub(crate) use metrics::TimelineMark;
pub(crate) use metrics::{AgeHistogram, FeedSnapshot, TransportStats};
pub(crate) use runner::FeedEvent;
pub(crate) use runner::run;
pub(crate) use tick::{FeedClock, PriceError, Tick};
