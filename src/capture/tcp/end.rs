//! [`End`]: an end of a connection, as long as nobody knows which one is the client.

use crate::wire::Side;

/// An end of a connection, before it is known which one is the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The end with the smaller address.
    Lower,
    Higher,
}

impl End {
    pub(super) fn other(self) -> Self {
        match self {
            Self::Lower => Self::Higher,
            Self::Higher => Self::Lower,
        }
    }

    /// Returns this end's part of a pair.
    pub(super) fn own<T>(self, [lower, higher]: &[T; 2]) -> &T {
        match self {
            Self::Lower => lower,
            Self::Higher => higher,
        }
    }

    /// Returns this end's part of a pair, and the other end's.
    pub(super) fn own_and_other<T>(self, [lower, higher]: &mut [T; 2]) -> (&mut T, &mut T) {
        match self {
            Self::Lower => (lower, higher),
            Self::Higher => (higher, lower),
        }
    }
}

/// Returns which side `sender` is; the server, while the client is not known.
pub(super) fn side_of(sender: End, client: Option<End>) -> Side {
    if client == Some(sender) { Side::Client } else { Side::Server }
}
