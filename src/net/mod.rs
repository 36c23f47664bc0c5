//! What lies between a socket and the protocol above it: the [`Tap`], which sees every byte, and what listens there.
//! Also how to reach a peer: a URL, TCP, TLS; and how far away it seems, by a model ([`DelayedStream`]) or in truth ([`NetnsPair`]). It gives bytes no meaning;
//! that is `wire`'s part.

#![warn(clippy::arithmetic_side_effects, clippy::cast_possible_truncation, clippy::indexing_slicing)]
#![cfg_attr(
    test,
    allow(clippy::arithmetic_side_effects, clippy::cast_possible_truncation, clippy::indexing_slicing)
)]

mod accept;
mod address_pair;
mod chunk_sender;
mod clock;
mod close_code;
mod connect;
mod deadline_timer;
mod delayed_stream;
mod error_text;
mod lingering_close;
mod link_emulator;
mod link_model;
mod listen;
mod loopback;
mod netns;
mod stall;
mod tap;
mod target;
mod tls;
mod traffic;
mod websocket;

pub use accept::serve;
pub use address_pair::AddressPair;
pub use chunk_sender::{Chunk, ChunkSender};
#[cfg(test)]
pub(crate) use clock::paused;
pub use clock::{Clock, SystemClock, Timer, later};
pub use close_code::close_code_for;
pub use connect::{ConnectError, ConnectErrorKind, MaybeTlsStream, connect};
pub use deadline_timer::DeadlineTimer;
pub use delayed_stream::DelayedStream;
pub use error_text::{describe_io_error, error_chain};
pub use lingering_close::lingering_close;
pub use link_model::LinkConditions;
pub use listen::{BACKLOG, listen};
pub use loopback::is_loopback;
pub use netns::{EndpointRole, FlowStats, LinkStats, NetnsError, NetnsPair};
pub use stall::Stall;
pub use tap::{Direction, Observer, Tap, Transfer};
pub use target::{Target, TargetError, TargetErrorKind};
pub use tls::{AuthoritiesError, KeyLogBuffer, TlsError, TlsOptions, TlsOptionsError};
pub use traffic::{CountedConnection, Traffic, TrafficSnapshot};
pub use websocket::{READ_BUFFER, WebSocketLimits};
