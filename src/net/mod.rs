//! What lies between a socket and the protocol above it: the [`Tap`], which sees every byte, and what listens there.
//! Also the way to a peer: a URL, TCP, TLS; and how long that way is, by a model ([`Line`]) or in truth ([`Planet`]). It gives bytes no meaning;
//! that is `wire`'s part.

#![warn(clippy::arithmetic_side_effects, clippy::cast_possible_truncation, clippy::indexing_slicing)]
#![cfg_attr(
    test,
    allow(clippy::arithmetic_side_effects, clippy::cast_possible_truncation, clippy::indexing_slicing)
)]

mod accept;
mod alarm;
mod chunks;
mod clock;
mod dial;
mod distance;
mod fault;
mod line;
mod linger;
mod listen;
mod loopback;
mod peers;
mod planet;
mod road;
mod stall;
mod tap;
mod target;
mod tls;
mod traffic;
mod websocket;
mod words;

pub use accept::serve;
pub use alarm::Alarm;
pub use chunks::{Chunk, Chunks};
#[cfg(test)]
pub(crate) use clock::paused;
pub use clock::{Clock, SystemClock, Timer, later};
pub use dial::{Stream, connect};
pub use distance::Distance;
pub use fault::fault_code;
pub use line::Line;
pub use linger::linger;
pub use listen::{BACKLOG, listen};
pub use loopback::is_loopback;
pub use peers::Peers;
pub use planet::{End, Flow, Flows, Planet};
pub use stall::Stall;
pub use tap::{Direction, Observer, Taken, Tap};
pub use target::Target;
pub use tls::{Secrets, Tls};
pub use traffic::{Counted, Tally, Traffic};
pub use websocket::{READ_BUFFER, WebSocketLimits};
pub use words::{in_words, with_causes};
