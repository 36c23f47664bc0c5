//! Clients: connections that we open ourselves and watch while they last.
//!
//! Meaning is `wire`'s part; what is shown is the demos'.

#![warn(clippy::arithmetic_side_effects, clippy::cast_possible_truncation, clippy::indexing_slicing)]
#![cfg_attr(
    test,
    allow(clippy::arithmetic_side_effects, clippy::cast_possible_truncation, clippy::indexing_slicing)
)]

mod connect_plain;
mod driver;
mod inbound;
mod request;
mod send_queue;
mod session;

pub use connect_plain::connect_plain;
pub use request::{HandshakeRequest, RequestOptions};
pub use session::{SessionCommand, SessionEvent, SessionOptions, nonce, run_session};
