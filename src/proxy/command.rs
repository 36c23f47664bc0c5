//! [`ProxyCommand`]: what can be done with the frames of a proxied connection, as plain data.

use crate::wire::Side;

/// The connections that a command applies to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectionSelector {
    /// The connection with this number.
    One(usize),
    /// All open connections. Hold and release apply to future connections too.
    All,
}

/// A command for what one side sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProxyCommand {
    /// The connections that it applies to.
    pub selector: ConnectionSelector,
    /// The side whose bytes are meant.
    pub from: Side,
    /// The action on the side's bytes.
    pub action: InterceptAction,
}

/// What to do with one direction of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InterceptAction {
    /// Hold whole frames from now on. Once 256 KiB are held, the proxy stops reading from the peer.
    Hold,
    /// Forward the first held frame, and only that.
    Forward,
    /// Forward everything again.
    Release,
    /// Drop the first held frame.
    Drop,
    /// Insert these bytes before the next frame.
    Inject(Vec<u8>),
    /// Reset the connections to both sides.
    Reset,
}
