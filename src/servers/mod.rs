//! The bundled servers. They listen on loopback only, resist hostile peers and shut down gracefully
//! (except for the sloppy one). They print nothing: bytes are counted in
//! [`Traffic`](crate::net::Traffic), and what happens is reported as [`ServerEvent`]s.
//!
//! Each server is an address and a future, and runs while its owner polls the future.
//! [`ServerBundle`] runs them on a thread of their own.
//!
//! - [`http`]: the REST echo; [`websocket`]: the plain WebSocket echo, on tokio-tungstenite.
//! - [`strict`]: the WebSocket echo on `wire`, which tolerates nothing; [`sloppy`]: the one that
//!   breaks rules, listed in [`crate::sloppy::misbehaviors`]; [`hub`]: not an echo, it sends every message to all
//!   clients; [`ServerKind`]: all of these by name.
//! - [`sockjs`]: four SockJS services, as the protocol's test wants them.
//! - [`recorded`]: the two echoes with all bytes recorded, for comparisons;
//!   [`browser_request_headers`]: the headers that a browser adds.
//! - [`naive_proxy`]: a caching proxy that unmasked frames can poison.
//!
//! [`Limits`] bounds what peers can use and how long they may take; [`Access`] decides who is
//! admitted. All servers except the naive proxy answer only requests whose Host is loopback; the
//! proxy leaves the check to the server behind it.

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
mod closing;
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
pub mod sockjs;
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
pub use sockjs::SockJsServerOptions;
