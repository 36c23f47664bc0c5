//! Records in which pieces the bytes of a connection arrived, and when. A piece is what one read or
//! write of a socket moved, or one TCP segment.
//! It keeps neither the bytes nor their meaning.

use std::num::Saturating;
use std::time::Duration;

use crate::wire::frame::Side;
use crate::wire::frame::Sides;
use crate::wire::size::{ByteLen, Offset};

/// The maximum number of pieces that are kept, at 24 bytes each. Further ones are only counted.
const MAX_ARRIVALS: usize = 1 << 20;

/// Bytes of one side that arrived together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    time: u64,
    offset: Offset,
    len: u32,
    from: Side,
}

impl Arrival {
    /// Returns the side that sent the bytes.
    pub fn from(&self) -> Side {
        self.from
    }

    /// Returns when the bytes arrived, since the start of the connection.
    pub fn time(&self) -> Duration {
        Duration::from_nanos(self.time)
    }

    /// Returns the offset of the first byte in its direction, including the head.
    pub fn offset(&self) -> Offset {
        self.offset
    }

    /// Returns the number of bytes, at least one.
    pub fn size(&self) -> ByteLen {
        ByteLen::new(self.len.into())
    }

    /// Returns the offset after the last byte, counted like [`Arrival::offset`].
    pub fn end(&self) -> Offset {
        self.offset + self.size()
    }
}

/// The pieces of both directions in order of arrival, including those of the heads.
#[derive(Clone, Debug, Default)]
pub struct Arrivals {
    list: Vec<Arrival>,
    dropped: Saturating<u64>,
    taken: Sides<Offset>,
}

impl Arrivals {
    pub(super) fn push(&mut self, from: Side, at: Duration, bytes: usize) {
        if bytes == 0 {
            return;
        }
        let offset = self.taken[from];
        self.taken[from] += bytes;
        if self.list.len() < MAX_ARRIVALS {
            let at = u64::try_from(at.as_nanos()).unwrap_or(u64::MAX);
            self.list.push(Arrival {
                time: at,
                offset,
                len: u32::try_from(bytes).unwrap_or(u32::MAX),
                from,
            });
        } else {
            self.dropped += 1;
        }
    }

    /// Returns the number of bytes of a direction, those of the heads and those that were not
    /// captured within a frame among them.
    pub fn byte_count(&self, from: Side) -> ByteLen {
        self.taken[from].into()
    }

    /// Returns the pieces that are kept.
    pub fn all(&self) -> &[Arrival] {
        &self.list
    }

    /// Returns the number of pieces that arrived after the list was full.
    pub fn dropped(&self) -> u64 {
        self.dropped.0
    }

    /// Returns when the byte at `offset` of a direction arrived, which was at `latest` or before.
    /// Returns `None` if its piece is not kept.
    pub fn time_of_byte(&self, from: Side, offset: Offset, latest: Duration) -> Option<Duration> {
        // Times never decrease, so pieces after `latest` can be skipped by binary search.
        let end = self.list.partition_point(|piece| piece.time() <= latest);
        let mut own = self.list.iter().take(end).rev().filter(|piece| piece.from == from);
        let held = own.find(|piece| piece.offset <= offset)?;
        (offset < held.end()).then(|| held.time())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::frame::encode;
    use crate::wire::{Opcode, Trace};

    #[test]
    fn a_frame_began_when_the_piece_with_its_first_byte_came() {
        let mut trace = Trace::new();
        let ms = Duration::from_millis;
        let request = b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
            Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
        let response =
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
            Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n\x81";
        trace.push(Side::Client, ms(1), request);
        trace.push(Side::Server, ms(2), response);
        trace.push(
            Side::Client,
            ms(3),
            &encode::single_frame(Opcode::Ping, b"", Some([1, 2, 3, 4])),
        );
        trace.push(Side::Server, ms(4), b"\x02h");
        trace.push(Side::Server, ms(5), b"");
        trace.push(Side::Server, ms(6), b"i\x8a\x00");
        let times: Vec<_> =
            trace.rows().iter().map(|row| (trace.started_at(row), row.completed_at())).collect();
        assert_eq!(times, [(ms(3), ms(3)), (ms(2), ms(6)), (ms(6), ms(6))]);
        let pieces = trace
            .arrivals()
            .all()
            .iter()
            .map(|piece| (piece.from(), piece.offset().get(), piece.size().get()));
        let (up, down) = (request.len() as u64, response.len() as u64);
        assert_eq!(
            pieces.collect::<Vec<_>>(),
            [
                (Side::Client, 0, up),
                (Side::Server, 0, down),
                (Side::Client, up, 6),
                (Side::Server, down, 2),
                (Side::Server, down + 2, 3),
            ]
        );
        assert_eq!(size_of::<Arrival>(), 24);
    }
}
