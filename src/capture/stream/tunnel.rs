//! [`TunnelWatch`]: HTTP/1.1 up to the response after which another protocol follows: a 2xx to
//! CONNECT (RFC 9110 section 9.3.6), or a 101 to anything but WebSocket (section 7.8).

use crate::capture::plaintext::{HeldPiece, Piece};
use crate::wire::decode::Resumption;
use crate::wire::handshake::pair::{HandshakeEvent, HandshakePair};
use crate::wire::handshake::{HttpExchange, RequestLine, ServerPolicy, begins_with_start_line};
use crate::wire::{ByteLen, Offset, Side, Sides};

/// The maximum number of bytes of the client that wait for the response to a CONNECT.
const MAX_HELD_BYTES: usize = 1 << 16;

/// What is to be done with the bytes of a piece.
#[derive(Debug)]
pub(super) enum Watched {
    /// They are HTTP.
    Http,
    /// So many of them are HTTP; the others wait for a response.
    Wait(usize),
    /// So many of them are HTTP; with the others another layer begins. It answers this request if a
    /// 101 led to it.
    Tunnel(usize, Option<RequestLine>),
    /// They are frames, and nothing needs to be watched any more.
    Over,
}

/// HTTP/1.1 that may become a tunnel.
#[derive(Debug)]
pub(super) struct TunnelWatch {
    pair: HandshakePair,
    /// The end of the client's bytes that were taken.
    client_end: Offset,
    /// The client's bytes after a CONNECT that waits for its response.
    pub(super) held: Vec<HeldPiece>,
    held_bytes: usize,
}

impl TunnelWatch {
    /// Begins to watch; the first bytes of a side may be missing.
    pub(super) fn new(lacks_beginning: Sides<bool>) -> Self {
        let mut pair = HandshakePair::new(ServerPolicy::default());
        for side in [Side::Client, Side::Server] {
            if lacks_beginning[side] {
                pair.push_gap(side, ByteLen::ZERO);
            }
        }
        Self { pair, client_end: Offset::START, held: Vec::new(), held_bytes: 0 }
    }

    /// Takes the next bytes of a side.
    pub(super) fn take(&mut self, piece: Piece<'_>) -> Watched {
        if self.pair.is_lost(piece.from) && begins_with_start_line(piece.from, piece.bytes) {
            self.pair.resume(piece.from, Resumption::Head);
        }
        let mut rest = piece.bytes;
        while let Some(event) = self.pair.next_event(piece.from, &mut rest) {
            match event {
                HandshakeEvent::Exchange(exchange) if begins_other_protocol(&exchange) => {
                    let http = piece.bytes.len().saturating_sub(rest.len());
                    let is_upgrade = exchange.status == Some(101);
                    return Watched::Tunnel(http, exchange.request.filter(|_| is_upgrade));
                }
                HandshakeEvent::Open(_) => return Watched::Over,
                _ => {}
            }
        }
        if self.pair.is_open() {
            return Watched::Over;
        }
        if piece.from == Side::Server {
            return Watched::Http;
        }
        let start = self.client_end;
        self.client_end += ByteLen::of(piece.bytes);
        if !self.pair.awaits_tunnel() || self.held_bytes > MAX_HELD_BYTES {
            return Watched::Http;
        }
        let http = (self.pair.frames_start(Side::Client) - start).to_usize_saturating();
        Watched::Wait(http.min(piece.bytes.len()))
    }

    /// Keeps bytes of the client until the response.
    pub(super) fn hold(&mut self, piece: Piece<'_>) {
        self.held_bytes = self.held_bytes.saturating_add(piece.bytes.len());
        if !piece.bytes.is_empty() {
            self.held.push(piece.hold());
        }
    }

    /// Whether bytes wait although nothing is expected that they depend on.
    pub(super) fn releases_held(&self) -> bool {
        !self.held.is_empty() && (!self.pair.awaits_tunnel() || self.held_bytes > MAX_HELD_BYTES)
    }

    pub(super) fn push_gap(&mut self, from: Side, missing: ByteLen) {
        self.pair.push_gap(from, missing);
    }
}

/// Whether another protocol follows an exchange.
fn begins_other_protocol(exchange: &HttpExchange) -> bool {
    let is_connect = exchange.request.as_ref().is_some_and(|request| request.method == "CONNECT");
    match exchange.status {
        Some(101) => true,
        Some(200..=299) => is_connect,
        _ => false,
    }
}
