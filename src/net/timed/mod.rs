//! A socket that gives up on a slow peer, whatever serves it.
//!
//! [`Timed`] is the socket, [`FrameClock`] decides when a frame is late, [`Timeout`] is the error.

mod frame_clock;
mod socket;
mod timeout;

pub(crate) use frame_clock::{FrameClock, Pace, Progress};
pub(crate) use socket::{SocketTimes, Timed};
pub(crate) use timeout::Timeout;
