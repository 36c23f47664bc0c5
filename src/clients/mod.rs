//! Clients: connections that we open ourselves and watch while they last.
//!
//! Meaning is `wire`'s part; what is shown is the demos'.

mod session;

pub use session::{Command, Report, dial, session};
