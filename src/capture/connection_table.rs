//! [`ConnectionTable`]: the TCP connections of a capture while it is read. It assigns segments to
//! connections and finds out which end is the client. It looks at no more than the first few bytes,
//! which identify the client if no SYN was captured.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::num::Saturating;

use crate::capture::error::InternalError;
use crate::capture::packets::headers::{FIN, RST, SYN, TcpSegment};
use crate::capture::packets::packet::{PacketBytes, PacketPiece};
use crate::capture::reassembly::{Reassembled, Reassembler, SegmentData};
use crate::capture::sink::StreamSink;
use crate::capture::stream::{
    CapturedStream, ReadContext, StreamBuilder, StreamStart, guarded, is_request, is_response,
};
use crate::capture::tls;
use crate::net::AddressPair;
use crate::scope::CaughtPanic;
use crate::wire::Side;

/// The maximum number of connections. Segments of further ones are only counted.
const MAX_CONNECTIONS: usize = 1 << 16;
/// The maximum number of bytes that all connections together hold back because a segment is
/// missing.
const MAX_HELD_BYTES: usize = 32 << 20;

/// Both ends, the smaller address first, so that both directions have the same key.
type ConnectionKey = (SocketAddr, SocketAddr);

/// The connections of a capture.
#[derive(Debug)]
pub(super) struct ConnectionTable<S> {
    by_key: HashMap<ConnectionKey, usize>,
    connections: Vec<TcpConnection<S>>,
    last_used: Option<(ConnectionKey, usize)>,
    reading: Option<Reading>,
    held_bytes: usize,
    /// The number of segments of connections beyond the limit.
    pub(super) ignored_segments: Saturating<u64>,
}

/// An end of a connection, before it is known which one is the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// The end with the smaller address.
    Lower,
    Higher,
}

impl End {
    fn other(self) -> Self {
        match self {
            Self::Lower => Self::Higher,
            Self::Higher => Self::Lower,
        }
    }

    /// Returns this end's part of a pair, and the other end's.
    fn own_and_other<T>(self, [lower, higher]: &mut [T; 2]) -> (&mut T, &mut T) {
        match self {
            Self::Lower => (lower, higher),
            Self::Higher => (higher, lower),
        }
    }
}

/// The connection whose segment is being processed.
#[derive(Clone, Copy, Debug)]
struct Reading {
    index: usize,
    /// The number of bytes that all other connections hold back.
    others: usize,
}

/// One TCP connection. Pairs are in the order of the addresses.
#[derive(Debug)]
struct TcpConnection<S> {
    addresses: [SocketAddr; 2],
    /// The end that is the client, once it is known.
    client: Option<End>,
    directions: [Reassembler; 2],
    stream: StreamBuilder<S>,
    /// The sequence number of the client's SYN.
    client_syn: Option<u32>,
    closed: bool,
}

impl<S> Default for ConnectionTable<S> {
    fn default() -> Self {
        Self {
            by_key: HashMap::new(),
            connections: Vec::new(),
            last_used: None,
            reading: None,
            held_bytes: 0,
            ignored_segments: Saturating(0),
        }
    }
}

impl<S: StreamSink> ConnectionTable<S> {
    /// Takes a segment of `packet`, which was captured at `captured_at`, in nanoseconds since 1970.
    pub(super) fn push<M: FnMut(StreamStart) -> S>(
        &mut self,
        segment: &TcpSegment<'_>,
        captured_at: u64,
        packet: PacketBytes<'_>,
        shared: &mut ReadContext<M>,
    ) -> io::Result<()> {
        let Some(index) = self.find_or_add(segment, captured_at) else {
            self.ignored_segments += 1;
            return Ok(());
        };
        let Some(connection) = self.connections.get_mut(index) else { return Ok(()) };
        let [lower, _] = connection.addresses;
        let sender = if segment.from == lower { End::Lower } else { End::Higher };
        let others = self.held_bytes.saturating_sub(connection.held_bytes());
        self.reading = Some(Reading { index, others });
        connection.take(sender, segment, packet, captured_at, shared)?;
        self.reading = None;
        // Too much is held back in total: this connection gives up its gaps.
        if others.saturating_add(connection.held_bytes()) > MAX_HELD_BYTES {
            connection.finish(shared)?;
        }
        self.held_bytes = others.saturating_add(connection.held_bytes());
        Ok(())
    }

    /// Handles a panic that interrupted the last segment: the connection that was being read fails.
    /// Returns `false` if there was none.
    ///
    /// The panic is caught around all packets and not around each, which would take 5 % of the
    /// time.
    pub(super) fn fail(&mut self, panic: &CaughtPanic) -> bool {
        let Some(Reading { index, others }) = self.reading.take() else { return false };
        let Some(connection) = self.connections.get_mut(index) else { return false };
        connection.fail(InternalError(panic.clone()));
        self.held_bytes = others.saturating_add(connection.held_bytes());
        true
    }

    /// Returns the client randoms, as they appear in key logs, of the connections whose secrets are
    /// missing.
    pub(super) fn missing_secrets(&self) -> impl Iterator<Item = tls::Random> {
        self.connections.iter().filter_map(|connection| connection.stream.missing_secrets_for())
    }

    /// Returns all connections that carried data, in the order of their first packets.
    pub(super) fn finish<M: FnMut(StreamStart) -> S>(
        self,
        shared: &mut ReadContext<M>,
    ) -> io::Result<Vec<CapturedStream<S>>> {
        let mut streams = Vec::new();
        for mut connection in self.connections {
            connection.finish(shared)?;
            let client = connection.client.unwrap_or(End::Lower);
            let (&mut client, &mut server) = client.own_and_other(&mut connection.addresses);
            streams.extend(connection.stream.finish(Some(AddressPair { client, server }), shared));
        }
        Ok(streams)
    }

    /// Finds the connection of a segment, or adds one. A SYN with another sequence number on the
    /// ports of an old connection begins a new one.
    fn find_or_add(&mut self, segment: &TcpSegment<'_>, at: u64) -> Option<usize> {
        let key = (segment.from.min(segment.to), segment.from.max(segment.to));
        // Segments mostly come in runs of the same connection, which this spares the hash.
        let known = match self.last_used {
            Some((last, index)) if last == key => Some(index),
            _ => self.by_key.get(&key).copied(),
        };
        let opens = segment.flags & (SYN | RST) == SYN && segment.ack.is_none();
        // A repeated SYN, or the first SYN seen of a connection without data, belongs to the known
        // connection.
        let is_its = |old: &TcpConnection<S>| {
            !opens
                || old.client_syn == Some(segment.seq)
                || old.client_syn.is_none() && !old.closed && old.is_untouched()
        };
        let known = known.filter(|index| self.connections.get(*index).is_some_and(is_its));
        let index = known.or_else(|| {
            let fresh = self.connections.len();
            (fresh < MAX_CONNECTIONS).then(|| {
                self.connections.push(TcpConnection::new(key, at));
                self.by_key.insert(key, fresh);
                fresh
            })
        })?;
        self.last_used = Some((key, index));
        Some(index)
    }
}

impl<S: StreamSink> TcpConnection<S> {
    fn new(key: ConnectionKey, at: u64) -> Self {
        Self {
            addresses: [key.0, key.1],
            client: None,
            directions: [Reassembler::default(), Reassembler::default()],
            stream: StreamBuilder::new(at),
            client_syn: None,
            closed: false,
        }
    }

    fn held_bytes(&self) -> usize {
        self.directions.iter().map(Reassembler::held_bytes).fold(0, usize::saturating_add)
    }

    fn is_untouched(&self) -> bool {
        self.client.is_none()
    }

    /// Stops reading the connection and discards what was read.
    fn fail(&mut self, why: InternalError) {
        self.directions = [Reassembler::default(), Reassembler::default()];
        self.stream.fail(why);
    }

    fn take<M: FnMut(StreamStart) -> S>(
        &mut self,
        sender: End,
        segment: &TcpSegment<'_>,
        packet: PacketBytes<'_>,
        captured_at: u64,
        shared: &mut ReadContext<M>,
    ) -> io::Result<()> {
        if self.stream.has_failed() {
            return Ok(());
        }
        self.apply_header(sender, segment, packet);
        if !segment.payload.is_empty() {
            self.guess_client(sender, segment.payload);
        }
        // A SYN consumes a sequence number, and data in it (TCP Fast Open, RFC 7413) follows that
        // number.
        let first = segment.seq.wrapping_add(u32::from(segment.flags & SYN != 0));
        // One piece, unless the segment came in IP fragments.
        for PacketPiece { start, file_offset, bytes } in segment_pieces(segment, packet) {
            let seq = first.wrapping_add(u32::try_from(start).unwrap_or(u32::MAX));
            let data = SegmentData { seq, captured_at, file_offset, bytes };
            self.deliver(sender, shared, |reassembler, out| reassembler.push(data, out))?;
        }
        // Nothing can follow a reset, so what was held back is all there is.
        if segment.flags & RST != 0 {
            self.give_rest(shared)?;
        }
        Ok(())
    }

    /// Applies the flags and numbers of a segment.
    fn apply_header(&mut self, sender: End, segment: &TcpSegment<'_>, packet: PacketBytes<'_>) {
        let (own, other) = sender.own_and_other(&mut self.directions);
        if segment.flags & SYN != 0 {
            own.start_at_syn(segment.seq);
            self.stream.saw_syn = true;
            if segment.ack.is_none() {
                self.client_syn = Some(segment.seq);
                self.client = Some(sender);
            } else {
                self.client = Some(sender.other());
            }
        }
        if let Some(ack) = segment.ack {
            other.acknowledge(ack);
        }
        self.closed |= segment.flags & (FIN | RST) != 0;
        if segment.missing_bytes > 0 {
            let side = if self.client == Some(sender) { "client" } else { "server" };
            let kept: usize = segment_pieces(segment, packet).map(|piece| piece.bytes.len()).sum();
            let whole = segment.payload.len().saturating_add(segment.missing_bytes);
            let advice = match packet.runs {
                [_] => "capture with a larger snapshot length",
                _ => "it came in IP fragments, and some of them are missing",
            };
            self.stream.warn(format!(
                "the capture kept {kept} of {whole} bytes of a segment of the {side}: {advice}"
            ));
        }
    }

    /// Guesses the client if no SYN was captured: the sender of a request or a `ClientHello`,
    /// otherwise the end with the higher port.
    fn guess_client(&mut self, sender: End, first: &[u8]) {
        if self.client.is_some() {
            return;
        }
        let hello = |kind: u8| {
            tls::looks_like_tls(first) && first.first() == Some(&22) && first.get(5) == Some(&kind)
        };
        let client = if is_request(first) || hello(1) {
            sender
        } else if is_response(first) || hello(2) {
            sender.other()
        } else {
            let [lower, higher] = self.addresses;
            match higher.port().cmp(&lower.port()) {
                Ordering::Equal => sender,
                Ordering::Greater => End::Higher,
                Ordering::Less => End::Lower,
            }
        };
        self.client = Some(client);
    }

    /// Delivers what is held back, because nothing more comes or memory is short.
    fn finish<M: FnMut(StreamStart) -> S>(
        &mut self,
        shared: &mut ReadContext<M>,
    ) -> io::Result<()> {
        guarded(self, Self::fail, |connection| connection.give_rest(shared))
    }

    fn give_rest<M: FnMut(StreamStart) -> S>(
        &mut self,
        shared: &mut ReadContext<M>,
    ) -> io::Result<()> {
        [End::Lower, End::Higher].into_iter().try_for_each(|sender| {
            self.deliver(sender, shared, |reassembler, out| reassembler.finish(out))
        })
    }

    /// Delivers what a direction has in order to its stream.
    fn deliver<M: FnMut(StreamStart) -> S>(
        &mut self,
        sender: End,
        shared: &mut ReadContext<M>,
        take: impl FnOnce(&mut Reassembler, &mut dyn FnMut(Reassembled<'_>)),
    ) -> io::Result<()> {
        let from = if self.client == Some(sender) { Side::Client } else { Side::Server };
        let (stream, mut result) = (&mut self.stream, Ok(()));
        let (reassembler, _) = sender.own_and_other(&mut self.directions);
        // The reassembler cannot stop midway, so only the first error is kept.
        take(reassembler, &mut |out| match out {
            Reassembled::Bytes { captured_at, file_offset, bytes } if result.is_ok() => {
                result = stream.push(from, captured_at, file_offset, bytes, shared);
            }
            Reassembled::Bytes { .. } => {}
            Reassembled::Gap { captured_at, missing } => {
                stream.push_gap(from, captured_at, missing);
            }
        });
        result
    }
}

/// Returns the captured parts of a segment's payload.
fn segment_pieces<'a>(
    segment: &TcpSegment<'_>,
    packet: PacketBytes<'a>,
) -> impl Iterator<Item = PacketPiece<'a>> {
    let len = segment.payload.len();
    // Behind a missing fragment there may be others. A payload that ends elsewhere was cut off by
    // an outer header, and what follows it is padding.
    let has_hole = segment.payload_offset.saturating_add(len) == packet.prefix_len();
    let missing = if has_hole { segment.missing_bytes } else { 0 };
    packet.pieces(segment.payload_offset, len.saturating_add(missing))
}
