//! [`ProxyError`]: why a connection through the proxy ended otherwise than by the end of both streams.

use std::io;
use std::time::Duration;

use thiserror::Error;

use crate::net::{ConnectError, describe_io_error};
use crate::scope::CaughtPanic;
use crate::wire::Side;

/// Why a connection through the proxy ended before both sides had ended their streams.
#[derive(Debug, Error)]
pub enum ProxyError {
    /// The server behind could not be reached.
    #[error(transparent)]
    Upstream(#[from] ConnectError),
    /// The connection to this side broke.
    #[error("the {side}'s connection broke: {}", describe_io_error(source))]
    Broken {
        /// Which side's.
        side: Side,
        /// How.
        source: io::Error,
    },
    /// It was reset by [`crate::proxy::InterceptAction::Reset`].
    #[error("cut by hand")]
    Reset,
    /// The client did not complete the head of its request in this time.
    #[error("the client has sent no whole request within {} s", .0.as_secs_f32())]
    HeadTimeout(Duration),
    /// There was something for this side, and it read nothing.
    #[error("the {receiver} has read nothing for {} s", .waited.as_secs_f32())]
    WriteTimeout {
        /// Who did not read.
        receiver: Side,
        /// How long it had.
        waited: Duration,
    },
    /// One side ended its stream, and the other neither sent anything nor ended its own.
    #[error(
        "the {ended} ended its stream, and the {} has sent nothing and not ended its own for {} s",
        ended.peer(), waited.as_secs_f32()
    )]
    HalfClosed {
        /// Who ended its stream.
        ended: Side,
        /// How long the other had.
        waited: Duration,
    },
    /// A panic over the bytes of this connection.
    #[error("{0}; this is a fault of wiretalk")]
    Panic(CaughtPanic),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sentences_are_whole() {
        let waited = Duration::from_millis(50);
        for (error, sentence) in [
            (
                ProxyError::HalfClosed { ended: Side::Server, waited },
                "the server ended its stream, and the client has sent nothing and not ended its \
                 own for 0.05 s",
            ),
            (
                ProxyError::WriteTimeout { receiver: Side::Client, waited },
                "the client has read nothing for 0.05 s",
            ),
            (ProxyError::HeadTimeout(waited), "the client has sent no whole request within 0.05 s"),
            (
                ProxyError::Broken {
                    side: Side::Client,
                    source: io::ErrorKind::ConnectionReset.into(),
                },
                "the client's connection broke: the peer reset the connection",
            ),
        ] {
            assert_eq!(error.to_string(), sentence);
        }
    }
}
