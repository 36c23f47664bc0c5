//! Clients: connections that we open ourselves and watch while they last.
//!
//! Meaning is `wire`'s part; what is shown is the demos'.

#![warn(clippy::arithmetic_side_effects, clippy::cast_possible_truncation, clippy::indexing_slicing)]
#![cfg_attr(
    test,
    allow(clippy::arithmetic_side_effects, clippy::cast_possible_truncation, clippy::indexing_slicing)
)]

mod connect_plain;
mod inbound;
mod send_queue;
mod request;
mod session;
mod driver;

pub use connect_plain::connect_plain;
pub use request::{HandshakeRequest, RequestOptions};
pub use session::{SessionCommand, SessionOptions, SessionEvent, nonce, run_session};
