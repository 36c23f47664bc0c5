//! Clients: connections that we open ourselves and watch while they last.
//!
//! Meaning is `wire`'s part; what is shown is the demos'.

#![warn(clippy::arithmetic_side_effects, clippy::cast_possible_truncation, clippy::indexing_slicing)]
#![cfg_attr(
    test,
    allow(clippy::arithmetic_side_effects, clippy::cast_possible_truncation, clippy::indexing_slicing)
)]

mod dial;
mod ear;
mod mouth;
mod request;
mod session;
mod talk;

pub use dial::dial;
pub use request::{Request, Wishes};
pub use session::{Command, Options, Report, nonce, session};
