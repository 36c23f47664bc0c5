//! Clients: connections that we open ourselves, with everything on them reported.
//!
//! `wire` gives the bytes a meaning; `demos` show them. [`sockjs`] is the client of another protocol.

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
mod connect_without_tls;
mod driver;
mod error;
mod event;
mod options;
mod random;
pub(crate) mod raw_client;
mod request;
mod session;
pub mod sockjs;

pub use command::SessionCommand;
pub use connect_without_tls::connect_without_tls;
pub(crate) use error::{Refusal, UnfinishedRead};
pub use error::{SessionEnd, SessionError, StreamEnd};
pub use event::SessionEvent;
pub use options::SessionOptions;
pub use random::RandomError;
pub(crate) use random::nonce;
pub(crate) use request::{HandshakeRequest, RequestOptions};
pub use session::{MAX_REDIRECTS, run_session};
