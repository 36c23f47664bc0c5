//! [`Negotiation`]: what the first bytes of both sides say to and from a SOCKS proxy, and the
//! [`Cursor`] that reads them.

use std::net::Ipv4Addr;

use crate::wire::{Sides, format};

/// The maximum number of bytes of a negotiation, of both sides.
pub(super) const MAX_LEN: usize = 2048;

/// What a negotiation has come to.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::capture::stream) enum Negotiation {
    /// It goes on.
    Incomplete,
    /// It is over, with so many bytes of each side.
    Done { len: Sides<usize>, outcome: Outcome },
    /// The bytes are something else.
    Other,
}

/// How a negotiation ended, as the predicate of a sentence about the proxy.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::capture::stream) enum Outcome {
    /// A tunnel follows.
    Opened(String),
    /// Nothing follows.
    Refused(String),
}

/// Why parsing stops.
pub(super) enum Stop {
    Incomplete,
    Other,
}

/// Bytes that are taken from the front.
pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
    taken: usize,
}

impl Negotiation {
    /// Reads a negotiation from the first bytes of both sides.
    pub(super) fn read(
        client: &[u8],
        server: &[u8],
        negotiate: impl FnOnce(&mut Sides<Cursor<'_>>) -> Result<Outcome, Stop>,
    ) -> Self {
        let cursor = |bytes| Cursor { bytes, taken: 0 };
        let mut cursors = Sides { client: cursor(client), server: cursor(server) };
        match negotiate(&mut cursors) {
            Ok(outcome) => {
                let len = Sides { client: cursors.client.taken, server: cursors.server.taken };
                Self::Done { len, outcome }
            }
            Err(Stop::Incomplete) if client.len().saturating_add(server.len()) < MAX_LEN => {
                Self::Incomplete
            }
            Err(Stop::Incomplete | Stop::Other) => Self::Other,
        }
    }
}

impl<'a> Cursor<'a> {
    pub(super) fn take(&mut self, len: usize) -> Result<&'a [u8], Stop> {
        let end = self.taken.saturating_add(len);
        let taken = self.bytes.get(self.taken..end).ok_or(Stop::Incomplete)?;
        self.taken = end;
        Ok(taken)
    }

    /// Takes a fixed number of bytes.
    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Stop> {
        self.take(N)?.first_chunk::<N>().copied().ok_or(Stop::Incomplete)
    }

    pub(super) fn byte(&mut self) -> Result<u8, Stop> {
        self.array().map(|[byte]| byte)
    }

    /// Takes a byte that can have only this value.
    pub(super) fn expect(&mut self, value: u8) -> Result<(), Stop> {
        if self.byte()? == value { Ok(()) } else { Err(Stop::Other) }
    }

    /// Takes as many bytes as the next one says.
    pub(super) fn counted(&mut self) -> Result<&'a [u8], Stop> {
        let len = self.byte()?;
        self.take(usize::from(len))
    }

    /// Takes the bytes before the next zero, and the zero.
    pub(super) fn until_zero(&mut self) -> Result<&'a [u8], Stop> {
        let rest = self.bytes.get(self.taken..).unwrap_or_default();
        let len = rest.iter().position(|byte| *byte == 0).ok_or(Stop::Incomplete)?;
        let taken = self.take(len)?;
        self.expect(0)?;
        Ok(taken)
    }

    pub(super) fn ipv4(&mut self) -> Result<Ipv4Addr, Stop> {
        self.array::<4>().map(Ipv4Addr::from)
    }

    pub(super) fn port(&mut self) -> Result<u16, Stop> {
        self.array().map(u16::from_be_bytes)
    }
}

/// Returns a name of a host as text without control characters.
pub(super) fn host_text(name: &[u8]) -> String {
    format::escape_controls(&String::from_utf8_lossy(name))
}
