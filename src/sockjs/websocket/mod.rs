//! WebSockets: of a session, or raw. Each is a session of its own, which lives as long as its
//! socket.

mod accept;
mod hixie;
mod link;
mod modern;
mod serve;

pub(super) use accept::accept;
pub(super) use serve::{SocketLimits, serve};
