//! The hub: what one client sends, every client receives, the sender included. The program can send
//! with its [`Hub`]. It keeps no history, has no rooms, and waits for nobody: a subscriber that
//! reads too slowly is closed.
//!
//! A message is encoded once. One task writes these bytes straight to the sockets, one after the
//! other, so that no subscriber's task has to be woken. Only what a socket does not take at once
//! goes into the subscriber's queue, which the subscriber's own task empties.
//!
//! - `server`: accepts subscribers and runs them. `subscribers`: all of them, and the [`Hub`] that
//!   reaches them.
//! - `subscriber`: one of them. `broadcast`: what is sent to each.

mod broadcast;
mod server;
mod subscriber;
mod subscribers;

pub use server::bind;
pub use subscribers::Hub;
