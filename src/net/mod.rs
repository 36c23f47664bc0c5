//! Everything between a socket and the protocol above it: the [`Tap`], which sees every byte, and
//! listeners. Also how to reach a peer (URL, TCP, TLS), and how far away it seems, by a model
//! ([`DelayedStream`]) or in a real network ([`NetnsPair`]). It gives bytes no meaning; that is the
//! task of `wire`.
//!
//! Rooms: `connect` (URL, TCP, TLS), `link` (the distance), `observe` (the tap and its observers),
//! `time` (clocks and timers), `timed` (a socket that gives up on a slow peer). Beside them are the
//! accept loop and the limits of tungstenite's sockets.

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

mod accept;
mod address_pair;
mod connect;
mod error_close_code;
mod error_text;
mod event_stream;
mod http2_stream;
mod lingering_close;
mod link;
mod listen;
mod observe;
mod time;
mod timed;
mod tls_alert;
mod websocket;
mod write_step;

pub use accept::serve;
pub(crate) use accept::{Accepted, Acceptor};
pub use address_pair::AddressPair;
pub(crate) use connect::connector::ConnectError;
pub(crate) use connect::connector::TlsSettings;
pub use connect::connector::{ConnectErrorKind, connect};
pub(crate) use connect::connector::{Route, connect_by};
pub use connect::forward_proxy::ProxyVariables;
pub(crate) use connect::loopback::is_loopback;
pub(crate) use connect::loopback::{connect_host, connect_tcp};
pub(crate) use connect::redirect::resolve_redirect;
pub use connect::redirect::{RedirectError, RedirectProblem};
pub(crate) use connect::socket::MaybeTlsStream;
pub use connect::socket::Socket;
pub(crate) use connect::target::TargetError;
pub(crate) use connect::target::without_user_info;
pub use connect::target::{HostPort, Target, UserInfo};
pub use connect::tls::TlsOptions;
pub use connect::tls_error::{CertificateProblem, TlsError};
pub(crate) use error_close_code::close_code_for;
pub use error_text::error_chain;
pub(crate) use error_text::{describe_io_error, is_reset};
pub(crate) use event_stream::LongEvent;
pub(crate) use event_stream::{EventReader, encode_event, encode_event_with_id};
pub(crate) use http2_stream::Http2Stream;
pub use lingering_close::lingering_close;
pub use link::delayed_stream::DelayedStream;
pub use link::link_model::LinkConditions;
pub(crate) use link::netns::{NetnsError, NetnsPair, PeerRole};
pub use link::stall::Stall;
pub use listen::listen;
pub(crate) use observe::chunk_sender::{Chunk, ChunkSender};
pub use observe::tap::Transfer;
pub(crate) use observe::tap::{Observer, Tap, TransferredBytes};
pub(crate) use observe::traffic::CountedConnection;
pub use observe::traffic::Traffic;
pub(crate) use time::clock::Clock;
#[cfg(test)]
pub(crate) use time::clock::paused;
pub use time::clock::{SystemClock, add_clamped};
pub use time::deadline_timer::DeadlineTimer;
pub(crate) use timed::{FrameClock, Pace, Progress, SocketTimes, Timed, Timeout};
pub(crate) use tls_alert::{brief_alert_text, describe_alert, received_alert_text};
pub(crate) use websocket::READ_BUFFER;
pub use websocket::WebSocketLimits;
pub(crate) use write_step::{WriteStep, write_step};
