//! [`ConnectionFacts`]: what is known of a connection besides its bytes.

use std::net::SocketAddr;
use std::time::Duration;

use crate::capture::{CapturedStream, OpenEnd, StreamEnding};
use crate::inspect::ConnectionKind;
use crate::wire::Trace;

/// The peers of a connection, and what its packets in a file say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ConnectionFacts {
    pub(crate) client: Option<SocketAddr>,
    pub(crate) server: Option<SocketAddr>,
    /// When its first packet was captured, since 1970; `None` of a live one.
    pub(crate) began: Option<Duration>,
    /// What it is, for a connection of a file; the bytes of a live one say what it is so far.
    pub(crate) kind: Option<ConnectionKind>,
    /// Its FIN or RST; `None` if neither was captured, or if there are no packets.
    pub(crate) ending: Option<StreamEnding>,
    /// What the packets say of an end that was not captured.
    pub(crate) open_end: OpenEnd,
}

impl ConnectionFacts {
    /// Returns the facts about a connection of a file.
    pub(crate) fn of_stream(stream: &CapturedStream<Trace>) -> Self {
        Self {
            client: stream.addresses.map(|addresses| addresses.client),
            server: stream.addresses.map(|addresses| addresses.server),
            began: Some(stream.started_at),
            kind: Some(ConnectionKind::of_stream(stream)),
            ending: stream.ending,
            open_end: stream.open_end,
        }
    }
}
