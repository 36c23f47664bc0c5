//! The sloppy WebSocket echo, which breaks a rule on each of its paths: the [`misbehaviors`], the
//! response to a handshake that some of them change, the one that dies of a frame, in a process of
//! its own, and the server.

mod acceptances;
mod answers;
mod endpoint;
mod handshake_response;
pub mod length_signed;
mod misbehavior;
pub mod misbehaviors;
mod own_process;
#[cfg(test)]
mod planted_bugs;
mod server;

pub use server::bind;
#[cfg(test)]
pub(super) use server::serve_connection;
