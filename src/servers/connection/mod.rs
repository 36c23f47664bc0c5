//! What all servers do with a connection, whatever is spoken on it: accept it, limit its time, open
//! a WebSocket on it.
//!
//! [`serve`] is the accept loop with a server's life around it, [`Timed`] a socket with time
//! limits, [`FrameClock`] when a frame is late, [`Inbox`] what was read of requests that a server
//! cuts itself, [`handshake`] the server's side of the opening handshake.

mod end;
mod frame_clock;
pub(crate) mod handshake;
mod inbox;
pub(super) mod serve;
mod timed;
mod timeout;

pub(super) use end::{Backlog, ConnectionEnd};
pub(crate) use frame_clock::{FrameClock, Pace, Progress};
pub(crate) use inbox::Inbox;
pub(crate) use timed::Timed;
pub(crate) use timeout::Timeout;
