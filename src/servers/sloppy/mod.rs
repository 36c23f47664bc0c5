//! The sloppy WebSocket echo, which breaks a rule on each of its paths: the [`misbehaviors`], the
//! response to a handshake that some of them change, and the server.

mod acceptances;
mod answers;
mod endpoint;
mod handshake_response;
pub mod misbehaviors;
#[cfg(test)]
mod planted_bugs;
mod server;

pub use server::bind;
#[cfg(test)]
pub(super) use server::serve_connection;
