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
mod error;
mod inbound;
mod request;
mod send_queue;
mod session;

pub use connect_plain::{ConnectPlainError, connect_plain};
pub use error::{Refusal, SessionEnd, SessionError, StreamEnd, UnfinishedRead};
pub use request::{HandshakeRequest, RequestError, RequestOptions};
pub use session::{RandomError, SessionCommand, SessionEvent, SessionOptions, nonce, run_session};
