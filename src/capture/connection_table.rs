//! [`ConnectionTable`]: the TCP connections of a capture while it is read: which segment belongs to which, and who is the client.
//! It does not know what the bytes mean beyond their first few, which tell the client where no SYN
//! does.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::num::Saturating;

use crate::capture::error::InternalError;
use crate::capture::packets::packet_headers::{FIN, RST, SYN, TcpSegment};
use crate::capture::reassembly::{Reassembled, Reassembler, SegmentData};
use crate::capture::sink::StreamSink;
use crate::capture::stream::{
    CapturedStream, ReadContext, StreamBuilder, StreamStart, guarded, is_request, is_response,
};
use crate::capture::tls;
use crate::net::AddressPair;
use crate::scope::CaughtPanic;
use crate::wire::{Offset, Side};

/// More connections than this are told and not read.
const MAX_CONNECTIONS: usize = 1 << 16;
/// What all connections together hold of segments that wait for a missing one.
const MAX_HELD_BYTES: usize = 32 << 20;

/// Both ends, the smaller address first, so that both directions have the same key.
type ConnectionKey = (SocketAddr, SocketAddr);

/// The connections.
#[derive(Debug)]
pub(super) struct ConnectionTable<S> {
    by_key: HashMap<ConnectionKey, usize>,
    connections: Vec<TcpConnection<S>>,
    last_used: Option<(ConnectionKey, usize)>,
    reading: Option<Reading>,
    held_bytes: usize,
    /// Segments of connections that were one too many.
    pub(super) ignored_segments: Saturating<u64>,
}

/// One of the two ends of a connection, before it is known which is the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// The one with the smaller address.
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

    /// What this end has of something that both have, and what the other one has.
    fn own_and_other<T>(self, [lower, higher]: &mut [T; 2]) -> (&mut T, &mut T) {
        match self {
            Self::Lower => (lower, higher),
            Self::Higher => (higher, lower),
        }
    }
}

/// The connection whose segment is under way.
#[derive(Clone, Copy, Debug)]
struct Reading {
    index: usize,
    /// Bytes that all other connections hold.
    others: usize,
}

/// What belongs to both ends stands in the order of their addresses.
#[derive(Debug)]
struct TcpConnection<S> {
    addresses: [SocketAddr; 2],
    /// Which of the two ends is the client, once that is known.
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
    /// Takes a segment, captured at `captured_at`, whose packet stands at `file_offset` in the
    /// file.
    pub(super) fn push<M: FnMut(StreamStart) -> S>(
        &mut self,
        segment: &TcpSegment<'_>,
        captured_at: u64,
        file_offset: Offset,
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
        // a SYN takes a number of its own; data in it (RFC 7413) follows that
        let seq = segment.seq.wrapping_add(u32::from(segment.flags & SYN != 0));
        let piece = SegmentData {
            seq,
            captured_at,
            file_offset: file_offset + segment.payload_offset,
            bytes: segment.payload,
        };
        self.reading = Some(Reading { index, others });
        connection.take(sender, segment, piece, shared)?;
        self.reading = None;
        if others.saturating_add(connection.held_bytes()) > MAX_HELD_BYTES {
            connection.finish(shared)?;
        }
        self.held_bytes = others.saturating_add(connection.held_bytes());
        Ok(())
    }

    /// A panic has broken off the last segment. It costs the connection that was read just then;
    /// false if there was none.
    ///
    /// It is caught around all packets and not around each: that would take a twentieth of the
    /// time.
    pub(super) fn fail(&mut self, panic: &CaughtPanic) -> bool {
        let Some(Reading { index, others }) = self.reading.take() else { return false };
        let Some(connection) = self.connections.get_mut(index) else { return false };
        connection.fail(InternalError(panic.clone()));
        self.held_bytes = others.saturating_add(connection.held_bytes());
        true
    }

    /// The names in key logs of connections whose secrets are lacking.
    pub(super) fn missing_secrets(&self) -> impl Iterator<Item = tls::Random> {
        self.connections.iter().filter_map(|connection| connection.stream.missing_secrets_for())
    }

    /// All connections in which something was said, in the order of their first packets.
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

    /// The connection of a segment; a SYN with another number on the ports of one that was used
    /// begins a new one.
    fn find_or_add(&mut self, segment: &TcpSegment<'_>, at: u64) -> Option<usize> {
        let key = (segment.from.min(segment.to), segment.from.max(segment.to));
        let known = match self.last_used {
            Some((last, index)) if last == key => Some(index),
            _ => self.by_key.get(&key).copied(),
        };
        let opens = segment.flags & (SYN | RST) == SYN && segment.ack.is_none();
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

    /// Nothing more of it is read.
    fn fail(&mut self, why: InternalError) {
        self.directions = [Reassembler::default(), Reassembler::default()];
        self.stream.fail(why);
    }

    fn take<M: FnMut(StreamStart) -> S>(
        &mut self,
        sender: End,
        segment: &TcpSegment<'_>,
        piece: SegmentData<'_>,
        shared: &mut ReadContext<M>,
    ) -> io::Result<()> {
        if self.stream.has_failed() {
            return Ok(());
        }
        self.apply_header(sender, segment);
        if !piece.bytes.is_empty() {
            self.guess_client(sender, piece.bytes);
            self.deliver(sender, shared, |reassembler, out| reassembler.push(piece, out))?;
        }
        if segment.flags & RST != 0 {
            self.give_rest(shared)?;
        }
        Ok(())
    }

    /// What flags and numbers tell.
    fn apply_header(&mut self, sender: End, segment: &TcpSegment<'_>) {
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
            self.stream.warn(format!(
                "the capture kept {} of {} bytes of a segment of the {side}: capture with a \
                 larger snapshot length",
                segment.payload.len(),
                segment.payload.len().saturating_add(segment.missing_bytes)
            ));
        }
    }

    /// Where no SYN told the client: who sends a request (or a `ClientHello`), otherwise who has
    /// the higher port.
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

    /// Nothing more will come, or memory is short.
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

    /// Gives what a direction has in order to its stream.
    fn deliver<M: FnMut(StreamStart) -> S>(
        &mut self,
        sender: End,
        shared: &mut ReadContext<M>,
        take: impl FnOnce(&mut Reassembler, &mut dyn FnMut(Reassembled<'_>)),
    ) -> io::Result<()> {
        let from = if self.client == Some(sender) { Side::Client } else { Side::Server };
        let (stream, mut result) = (&mut self.stream, Ok(()));
        let (reassembler, _) = sender.own_and_other(&mut self.directions);
        take(reassembler, &mut |out| match out {
            Reassembled::Bytes { captured_at, file_offset, bytes } if result.is_ok() => {
                result = stream.push(from, captured_at, file_offset, bytes, shared);
            }
            Reassembled::Bytes { .. } => {}
            Reassembled::Gap { captured_at, missing } => {
                stream.push_gap(from, captured_at, missing)
            }
        });
        result
    }
}
