//! A proxy between real peers. It forwards the original bytes unchanged, and commands can intercept
//! them frame by frame. It answers a client itself only when it has no server to forward to (502),
//! after the client's request, or no request to forward (408).
//!
//! - `bind` in `listener`: the port, the connections, and the dispatch of commands.
//! - `relay`: one connection with both directions; `relay_direction`: one of them.
//! - `intercept_queue`: one direction, which forwards, holds, drops and injects; pure.
//! - `command`, `event`, `options`: input and output as plain data.
//! - `error`: why a connection ended before both streams had ended.

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

mod command;
mod error;
mod event;
mod intercept_queue;
mod listener;
mod options;
mod relay;
mod relay_direction;

pub use command::{ConnectionSelector, InterceptAction, ProxyCommand};
pub use error::ProxyError;
pub(crate) use event::{BOTH_CLOSED_MESSAGE, CAPACITY_FREED_MESSAGE};
pub use event::{ProxyEvent, ProxyEventKind, capacity_reached_message};
pub use listener::bind;
pub use options::ProxyOptions;
