//! The sloppy WebSocket echo, which breaks a rule at each of its paths: what it does wrong
//! ([`misbehaviors`]), and the server.

pub mod misbehaviors;
mod server;

pub use server::bind;
#[cfg(test)]
pub(super) use server::serve_connection;
