//! [`LiveCheck`]: what a real peer shows about an answer.

use crate::learn::exercises::broken_rule::SloppyVisit;

/// What is sent to a real peer once an exercise is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LiveCheck {
    /// Frames that follow an opening handshake, for the strict server.
    Frames(Vec<u8>),
    /// A request for the strict server, which is to be answered with 101.
    Request(Vec<u8>),
    /// A request for the strict server, which is to be answered with this accept value.
    AcceptValue {
        /// The head.
        request: Vec<u8>,
        /// The value that was typed.
        value: String,
    },
    /// A response for a client.
    Response {
        /// The head that the client sends.
        request: Vec<u8>,
        /// The head that it gets.
        response: Vec<u8>,
    },
    /// What the exercise shows, once more, for the sloppy server.
    SloppyVisit(SloppyVisit),
}

impl LiveCheck {
    /// Returns the peer.
    pub fn peer(&self) -> &'static str {
        match self {
            Self::Frames(_) | Self::Request(_) | Self::AcceptValue { .. } => "the strict server",
            Self::Response { .. } => "tungstenite's client",
            Self::SloppyVisit(_) => "the sloppy server",
        }
    }
}
