//! The sloppy WebSocket echo, which breaks a rule at each of its paths: what it does wrong
//! ([`misbehaviors`]), the answer to a handshake that some of them change, and the server.

mod handshake_response;
pub mod misbehaviors;
mod server;

pub use server::bind;
#[cfg(test)]
pub(super) use server::serve_connection;
