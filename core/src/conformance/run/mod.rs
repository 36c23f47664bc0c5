//! [`CaseRun`]: plays one case against a server, without a socket and without a clock.

mod closing;
mod driver;
mod inbox;
mod opening;
mod sent;
mod state;
mod steps;
#[cfg(test)]
mod tests;

pub use state::{Action, CaseRun, ConnectionEnd, RunLimits, ServerTraits, StreamEnd};
