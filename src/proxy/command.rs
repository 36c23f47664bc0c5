//! [`ProxyCommand`]: what may be done with the frames of a connection through the proxy, as plain data.

use crate::wire::Side;

/// Which connections a command is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectionSelector {
    /// The one with this number.
    One(usize),
    /// All that are open; holding and releasing also for those that are still to come.
    All,
}

/// Something to do with what one side sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProxyCommand {
    /// Where.
    pub selector: ConnectionSelector,
    /// Who sends what is meant.
    pub from: Side,
    /// What.
    pub action: InterceptAction,
}

/// What is to be done with one direction of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InterceptAction {
    /// Whole frames wait from now on; the peer waits too, once 256 KiB do.
    Hold,
    /// Let the first frame that waits pass, and only that.
    Forward,
    /// Let everything pass again.
    Release,
    /// Throw away the first frame that waits.
    Drop,
    /// Put these bytes before the next frame.
    Inject(Vec<u8>),
    /// Reset the connection on both sides.
    Reset,
}
