//! The sloppy WebSocket echo over sockets; [`crate::sloppy`] has what it does there. One path dies of
//! a frame, in a process of its own.

pub mod length_signed;
mod own_process;
mod server;

pub use server::bind;
#[cfg(test)]
pub(super) use server::serve_connection;
