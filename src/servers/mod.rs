//! The bundled servers, on loopback only, hard to hang and polite when they stop (but for the
//! sloppy one). They draw and print nothing: what happens is counted in
//! [`Traffic`](crate::net::Traffic) and told as [`ServerEvent`]s to whoever asks.
//!
//! Each server is an address and a future: whoever runs the future owns the server's life.
//! [`ServerBundle`] runs them on a thread of their own.
//!
//! - [`http`]: the REST echo; [`websocket`]: the plain WebSocket echo, on tokio-tungstenite.
//! - [`strict`]: the WebSocket echo on `wire`, which forgives nothing; [`sloppy`]: the one that
//!   keeps no rule, its mistakes listed in [`misbehaviors`]; [`hub`]: the one that is no echo, but
//!   tells everybody; [`ServerKind`]: all of these by name.
//! - [`recorded`]: both echoes once more, with every byte kept, for whoever weighs them;
//!   [`browser_request_headers`]: what a browser adds.
//! - [`naive_proxy`]: the cache that masking is there for.
//!
//! What may be asked of them, and how long it may take, stands in [`Limits`]; whom they let in, in
//! [`Access`]. All of them but the naive proxy answer only requests for loopback; what that one
//! passes on is judged by the server behind it.

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

mod browser_headers;
mod bundle;
pub(crate) mod connection;
#[cfg(test)]
pub(crate) mod hostile;
pub mod http;
pub mod hub;
pub mod naive_proxy;
mod options;
pub mod recorded;
mod server_kind;
pub mod sloppy;
pub mod strict;
pub mod websocket;

pub(crate) use browser_headers::{
    HttpHeader, browser_request_headers, production_response_headers,
};
pub use bundle::{BundleOptions, Ports, ServerBundle, ServerError, ServerState};
pub(crate) use options::access::HostMismatch;
pub(crate) use options::access::HostName;
pub use options::access::{Access, Origin, Origins};
pub use options::event_log::{EventLog, ServerEvent};
pub use options::limits::Limits;
pub use options::server_options::ServerOptions;
pub use server_kind::{GUARDED_ORIGIN, ServerKind};
pub use sloppy::misbehaviors;
