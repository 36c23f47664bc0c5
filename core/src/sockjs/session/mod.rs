//! A session as a server keeps it: a state machine without sockets, tasks or a clock. Whoever owns
//! it tells it what happens and what time it is, asks for the next frame of a receiver, and carries
//! out the actions that it returns.
//!
//! - [`SessionMachine`]: the machine.
//! - [`SessionLimits`]: how long and how much. [`SessionClose`]: why a session ends.

mod close;
mod exchange;
mod limits;
mod machine;
mod outbox;
#[cfg(test)]
mod tests;

pub use close::{CloseCause, SessionClose};
pub use exchange::{
    Action, Attached, Counts, Detached, NextFrame, ReceiverId, ReceiverKind, SendError,
    SessionState, SessionTimer, TrySendError,
};
pub use limits::SessionLimits;
pub use machine::SessionMachine;
