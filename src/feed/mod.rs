//! The feed: one source of prices, and the transports by which clients learn of a change, side by
//! side: polling, long polling, SSE and WebSocket.
//!
//! It measures how old an event is when a client receives it, how long a client is behind, how many
//! requests were made, and how many bytes went over the sockets. It runs its own server and clients
//! on loopback, and draws nothing.

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
