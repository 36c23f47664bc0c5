//! [`ReplayEvent`]: what one side of a connection sent at one moment, or what became of it.

use std::time::Duration;

use wiretalk_core::wire::sockjs::SockJsRow;

use crate::capture::http2::Http2Head;
use crate::wire::decode::Resumption;
use crate::wire::handshake::HttpExchange;
use crate::wire::{ByteLen, Side};

/// What happened on a connection at one moment.
#[derive(Clone, Copy, Debug)]
pub struct ReplayEvent<'a> {
    /// The number of the connection in the capture, from 0.
    pub stream: usize,
    /// The side that sent the data, or that ended the connection; otherwise the client.
    pub from: Side,
    /// When it was captured, counted from the connection's first packet.
    pub at: Duration,
    /// The data, or the turn.
    pub data: ReplayData<'a>,
}

/// Data, or a turn in the life of a connection.
#[derive(Clone, Copy, Debug)]
pub enum ReplayData<'a> {
    /// The connection began: the first of its events.
    Start,
    /// The header fields of a WebSocket over HTTP/2, which are in
    /// [`Http2WebSocket`](crate::capture::Http2WebSocket).
    Http2Head(&'a Http2Head),
    /// An exchange whose bytes are not replayed, because an HTTP/2 connection or a recording has only
    /// its facts.
    Exchange(&'a HttpExchange),
    /// What an exchange whose bytes are not replayed says in SockJS, with the beginnings of its texts.
    SockJs(&'a SockJsRow),
    /// The next bytes of the side.
    Bytes(&'a [u8]),
    /// The next bytes of the side are missing in the capture.
    Missing {
        /// The number of missing bytes.
        bytes: ByteLen,
        /// The number of them that belong to the frame in progress. What follows is the beginning
        /// of another frame.
        within_frame: ByteLen,
    },
    /// The next bytes of the side, which lie within messages or frames whose beginning was not
    /// captured.
    Unframed(&'a [u8]),
    /// The next byte of the side is the first of this unit, although nothing before it tells.
    Resumed(Resumption),
    /// Everything that both sides sent was replayed, so a head or a frame in progress stays
    /// incomplete.
    Exhausted,
    /// The connection ended, or the capture if the connection was still open: the last of its events.
    End,
}
