//! What a real peer shows about an answer: the strict server, the sloppy one, a client, and the
//! servers in Go of an exercise.

mod client_reply;
mod inspected;
mod live_reply;
mod server_reply;
mod server_trial;
mod sloppy_reply;

pub use inspected::{Exchange, Inspected};
pub(super) use live_reply::{LiveReply, ask};
#[cfg(test)]
pub(super) use server_reply::ServerReply;
pub use server_trial::ServerTrial;
pub(super) use server_trial::recorded;
