//! A proxy between real peers: the original bytes pass untouched, and a hand may be laid on them
//! frame by frame. It draws nothing and answers for nobody, but for the one case that there is no
//! server behind it: 502, in words.
//!
//! - `bind` in `listener`: the port, the connections, who gets which command.
//! - `relay`: one connection, both directions; `relay_direction`: one of them.
//! - `intercept_queue`: one direction: what may pass, what waits, what is dropped; pure.
//! - `command`, `event`, `options`: what goes in and comes out, as plain data.
//! - `error`: why a connection ended otherwise than by the end of both streams.

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
pub(crate) use event::{BOTH_CLOSED, ROOM};
pub use event::{ProxyEvent, ProxyEventKind, full};
pub use listener::bind;
pub use options::ProxyOptions;
