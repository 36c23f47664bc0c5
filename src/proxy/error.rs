//! [`ProxyError`]: why a proxied connection ended before both streams had ended.

use std::io;
use std::time::Duration;

use thiserror::Error;

use crate::net::{ConnectError, describe_io_error, is_reset};
use crate::scope::CaughtPanic;
use crate::wire::Side;

/// Why a proxied connection ended before both sides had ended their streams.
#[derive(Debug, Error)]
pub enum ProxyError {
    /// The upstream server could not be reached.
    #[error(transparent)]
    Upstream(#[from] ConnectError),
    /// The connection to this side broke.
    #[error("{}", broken_text(*side, source))]
    Broken {
        /// The side whose connection broke.
        side: Side,
        /// The error of its socket.
        source: io::Error,
    },
    /// The connection was reset by [`crate::proxy::InterceptAction::Reset`].
    #[error("reset by hand")]
    Reset,
    /// The client did not complete the head of its request within this time.
    #[error("the client has not sent a whole request within {} s", .0.as_secs_f32())]
    HeadTimeout(Duration),
    /// Bytes waited for this side, and it read none of them.
    #[error("the {receiver} has read nothing for {} s", .waited.as_secs_f32())]
    WriteTimeout {
        /// The side that did not read.
        receiver: Side,
        /// The time that it had.
        waited: Duration,
    },
    /// One side ended its stream, and the other neither sent anything nor ended its own.
    #[error(
        "the {ended} ended its stream, and the {} has neither sent anything nor ended its own for \
         {} s",
        ended.peer(), waited.as_secs_f32()
    )]
    HalfClosed {
        /// The side that ended its stream.
        ended: Side,
        /// The time that the other side had.
        waited: Duration,
    },
    /// The proxy panicked while it handled the bytes of this connection.
    #[error("{0}; this is a bug in wiretalk")]
    Panic(CaughtPanic),
}

impl ProxyError {
    /// Returns the side that reset its connection; `None` if this is something else.
    pub(crate) fn reset_by(&self) -> Option<Side> {
        match self {
            Self::Broken { side, source } if is_reset(source) => Some(*side),
            _ => None,
        }
    }
}

fn broken_text(side: Side, error: &io::Error) -> String {
    if is_reset(error) {
        format!("the {side} reset the connection")
    } else {
        format!("the {side}'s connection broke: {}", describe_io_error(error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn error_messages_are_complete_sentences() {
        let waited = Duration::from_millis(50);
        for (error, sentence) in [
            (
                ProxyError::HalfClosed { ended: Side::Server, waited },
                "the server ended its stream, and the client has neither sent anything nor ended \
                 its own for 0.05 s",
            ),
            (
                ProxyError::WriteTimeout { receiver: Side::Client, waited },
                "the client has read nothing for 0.05 s",
            ),
            (
                ProxyError::HeadTimeout(waited),
                "the client has not sent a whole request within 0.05 s",
            ),
            (
                ProxyError::Broken {
                    side: Side::Client,
                    source: io::ErrorKind::ConnectionReset.into(),
                },
                "the client reset the connection",
            ),
            (
                ProxyError::Broken { side: Side::Server, source: io::Error::other("x") },
                "the server's connection broke: x",
            ),
        ] {
            assert_eq!(error.to_string(), sentence);
        }
    }
}
