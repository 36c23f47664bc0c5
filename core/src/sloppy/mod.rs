//! The sloppy WebSocket echo without its sockets: the [`misbehaviors`] at its paths, the response to
//! a handshake that some of them change, and the frames of a connection.
//!
//! The bundled server serves these, and exercises show what it sends.

mod acceptances;
mod answers;
mod endpoint;
mod handshake_response;
mod misbehavior;
pub mod misbehaviors;
#[cfg(test)]
mod planted_bugs;

pub use endpoint::SloppyEndpoint;
pub use handshake_response::HandshakeResponse;
pub(crate) use misbehavior::CONFORMING;
pub use misbehavior::{BrokenRule, Misbehavior, RequestAnswer};
