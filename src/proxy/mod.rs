//! A proxy between real peers: the original bytes pass untouched, and a hand may be laid on them frame by frame.
//! It draws nothing and answers for nobody, but for the one case that there is no server behind it: 502, in words.
//!
//! - `bind` in `listener`: the port, the connections, who gets which command.
//! - `relay`: one connection, both directions.
//! - `intercept_queue`: one direction: what may pass, what waits, what is dropped; pure.
//! - `error`: why a connection ended otherwise than by the end of both streams.

#![warn(clippy::arithmetic_side_effects, clippy::cast_possible_truncation, clippy::indexing_slicing)]
#![cfg_attr(
    test,
    allow(clippy::arithmetic_side_effects, clippy::cast_possible_truncation, clippy::indexing_slicing)
)]

mod error;
mod intercept_queue;
mod listener;
mod relay;

pub use error::ProxyError;
pub use listener::{
    BOTH_CLOSED, ConnectionSelector, MAX_CONNECTIONS, ProxyCommand, ProxyEvent, ProxyEventKind, ProxyOptions,
    ROOM, bind, full,
};
pub use relay::InterceptAction;
