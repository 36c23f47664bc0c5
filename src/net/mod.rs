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
mod close_code;
mod connect;
mod error_text;
mod event_stream;
mod lingering_close;
mod link;
mod listen;
mod observe;
mod time;
mod websocket;

pub use accept::serve;
pub(crate) use accept::{Accepted, Acceptor};
pub use address_pair::AddressPair;
pub use close_code::close_code_for;
pub(crate) use connect::connector::TlsSettings;
pub use connect::connector::{ConnectError, ConnectErrorKind, MaybeTlsStream, connect};
pub use connect::loopback::is_loopback;
pub(crate) use connect::loopback::{connect_host, connect_tcp};
pub use connect::target::{Target, TargetError, TargetErrorKind};
pub use connect::tls::{AuthoritiesError, KeyLogBuffer, TlsError, TlsOptions, TlsOptionsError};
pub use error_text::{describe_io_error, error_chain};
pub use event_stream::LongEvent;
pub(crate) use event_stream::{EventReader, encode_event};
pub use lingering_close::lingering_close;
pub use link::delayed_stream::DelayedStream;
pub use link::link_model::LinkConditions;
pub use link::netns::{EndpointRole, FlowStats, LinkStats, NetnsError, NetnsPair};
pub use link::stall::Stall;
pub use listen::{BACKLOG, listen};
pub use observe::chunk_sender::{Chunk, ChunkSender};
pub use observe::tap::{Direction, Observer, Tap, Transfer};
pub use observe::traffic::{CountedConnection, Traffic, TrafficSnapshot};
#[cfg(test)]
pub(crate) use time::clock::paused;
pub use time::clock::{Clock, SystemClock, Timer, later};
pub use time::deadline_timer::DeadlineTimer;
pub use websocket::{READ_BUFFER, WebSocketLimits};
