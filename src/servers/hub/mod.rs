//! The hub: what one client says, every client hears, the speaker too; a program can speak with its
//! [`Hub`]. It keeps no history, knows no rooms, and waits for nobody: who reads too slowly is
//! dropped.
//!
//! A message is encoded once. One task writes these bytes straight to the sockets, one after
//! another, so that nobody's task has to be woken for it. Only what a socket does not take at once
//! goes to the subscriber's queue, which its own task empties.
//!
//! - `server`: who connects, and how long they stay. `subscribers`: everybody, and the [`Hub`] that
//!   reaches them.
//! - `subscriber`: one of them. `broadcast`: what is sent to each.

mod broadcast;
mod server;
mod subscriber;
mod subscribers;

pub use server::bind;
pub use subscribers::Hub;
