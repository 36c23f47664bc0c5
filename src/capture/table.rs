//! [`Table`]: the TCP connections of a capture while it is read: which segment belongs to which, and who is the client.
//! It does not know what the bytes mean beyond their first few, which tell the client where no SYN does.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::num::Saturating;

use crate::capture::Sink;
use crate::capture::headers::{FIN, RST, SYN, Segment};
use crate::capture::order::{Half, Out, Piece};
use crate::capture::stream::{
    Begins, Flow, Shared, Stream, guarded, internal_error, is_request, is_response,
};
use crate::capture::tls;
use crate::net::Peers;
use crate::wire::{Offset, Side};

/// More connections than this are told and not read.
const MOST_CONNECTIONS: usize = 1 << 16;
/// What all connections together hold of segments that wait for a missing one.
const MOST_HELD: usize = 32 << 20;

/// Both ends, the smaller address first, so that both directions have the same key.
type Key = (SocketAddr, SocketAddr);

/// The connections.
#[derive(Debug)]
pub(super) struct Table<S> {
    known: HashMap<Key, usize>,
    connections: Vec<Connection<S>>,
    last: Option<(Key, usize)>,
    reading: Option<Reading>,
    held: usize,
    /// Segments of connections that were one too many.
    pub(super) left_out: Saturating<u64>,
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
struct Connection<S> {
    ends: [SocketAddr; 2],
    /// Which of the two ends is the client, once that is known.
    client: Option<End>,
    halves: [Half; 2],
    flow: Flow<S>,
    /// The sequence number of the client's SYN.
    syn: Option<u32>,
    over: bool,
}

impl<S> Default for Table<S> {
    fn default() -> Self {
        Self {
            known: HashMap::new(),
            connections: Vec::new(),
            last: None,
            reading: None,
            held: 0,
            left_out: Saturating(0),
        }
    }
}

impl<S: Sink> Table<S> {
    /// Takes a segment, captured at `at`, whose packet stands at `place` in the file.
    pub(super) fn push<M: FnMut(Begins) -> S>(
        &mut self,
        segment: &Segment<'_>,
        at: u64,
        place: Offset,
        shared: &mut Shared<M>,
    ) -> io::Result<()> {
        let Some(index) = self.connection(segment, at) else {
            self.left_out += 1;
            return Ok(());
        };
        let Some(connection) = self.connections.get_mut(index) else { return Ok(()) };
        let [lower, _] = connection.ends;
        let sender = if segment.from == lower { End::Lower } else { End::Higher };
        let others = self.held.saturating_sub(connection.held());
        // a SYN takes a number of its own; data in it (RFC 7413) follows that
        let seq = segment.seq.wrapping_add(u32::from(segment.flags & SYN != 0));
        let piece = Piece { seq, at, place: place + segment.offset, bytes: segment.payload };
        self.reading = Some(Reading { index, others });
        connection.take(sender, segment, piece, shared)?;
        self.reading = None;
        if others.saturating_add(connection.held()) > MOST_HELD {
            connection.finish(shared)?;
        }
        self.held = others.saturating_add(connection.held());
        Ok(())
    }

    /// A panic has broken off the last segment. It costs the connection that was read just then; false if there was none.
    ///
    /// It is caught around all packets and not around each: that would take a twentieth of the time.
    pub(super) fn fail(&mut self, panic: &str) -> bool {
        let Some(Reading { index, others }) = self.reading.take() else { return false };
        let Some(connection) = self.connections.get_mut(index) else { return false };
        connection.fail(internal_error(panic));
        self.held = others.saturating_add(connection.held());
        true
    }

    /// The names in key logs of connections whose secrets are lacking.
    pub(super) fn lacking(&self) -> impl Iterator<Item = tls::Random> {
        self.connections.iter().filter_map(|connection| connection.flow.lacks())
    }

    /// All connections in which something was said, in the order of their first packets.
    pub(super) fn finish<M: FnMut(Begins) -> S>(self, shared: &mut Shared<M>) -> io::Result<Vec<Stream<S>>> {
        let mut streams = Vec::new();
        for mut connection in self.connections {
            connection.finish(shared)?;
            let client = connection.client.unwrap_or(End::Lower);
            let (&mut client, &mut server) = client.own_and_other(&mut connection.ends);
            streams.extend(connection.flow.finish(Some(Peers { client, server }), shared));
        }
        Ok(streams)
    }

    /// The connection of a segment; a SYN with another number on the ports of one that was used begins a new one.
    fn connection(&mut self, segment: &Segment<'_>, at: u64) -> Option<usize> {
        let key = (segment.from.min(segment.to), segment.from.max(segment.to));
        let known = match self.last {
            Some((last, index)) if last == key => Some(index),
            _ => self.known.get(&key).copied(),
        };
        let opens = segment.flags & (SYN | RST) == SYN && segment.ack.is_none();
        let is_its = |old: &Connection<S>| {
            !opens || old.syn == Some(segment.seq) || old.syn.is_none() && !old.over && old.is_untouched()
        };
        let known = known.filter(|index| self.connections.get(*index).is_some_and(is_its));
        let index = known.or_else(|| {
            let fresh = self.connections.len();
            (fresh < MOST_CONNECTIONS).then(|| {
                self.connections.push(Connection::new(key, at));
                self.known.insert(key, fresh);
                fresh
            })
        })?;
        self.last = Some((key, index));
        Some(index)
    }
}

impl<S: Sink> Connection<S> {
    fn new(key: Key, at: u64) -> Self {
        Self {
            ends: [key.0, key.1],
            client: None,
            halves: [Half::default(), Half::default()],
            flow: Flow::new(at),
            syn: None,
            over: false,
        }
    }

    fn held(&self) -> usize {
        self.halves.iter().map(Half::held_bytes).fold(0, usize::saturating_add)
    }

    fn is_untouched(&self) -> bool {
        self.client.is_none()
    }

    /// Nothing more of it is read.
    fn fail(&mut self, why: String) {
        self.halves = [Half::default(), Half::default()];
        self.flow.fail(why);
    }

    fn take<M: FnMut(Begins) -> S>(
        &mut self,
        sender: End,
        segment: &Segment<'_>,
        piece: Piece<'_>,
        shared: &mut Shared<M>,
    ) -> io::Result<()> {
        if self.flow.has_failed() {
            return Ok(());
        }
        self.headers(sender, segment);
        if !piece.bytes.is_empty() {
            self.guess_client(sender, piece.bytes);
            self.give(sender, shared, |half, out| half.push(piece, out))?;
        }
        if segment.flags & RST != 0 {
            self.give_rest(shared)?;
        }
        Ok(())
    }

    /// What flags and numbers tell.
    fn headers(&mut self, sender: End, segment: &Segment<'_>) {
        let (own, other) = sender.own_and_other(&mut self.halves);
        if segment.flags & SYN != 0 {
            own.begin(segment.seq);
            self.flow.from_the_start = true;
            if segment.ack.is_none() {
                self.syn = Some(segment.seq);
                self.client = Some(sender);
            } else {
                self.client = Some(sender.other());
            }
        }
        if let Some(ack) = segment.ack {
            other.acknowledged(ack);
        }
        self.over |= segment.flags & (FIN | RST) != 0;
        if segment.cut > 0 {
            let side = if self.client == Some(sender) { "client" } else { "server" };
            self.flow.warn(format!(
                "the capture kept {} of {} bytes of a segment of the {side}: capture with a larger snapshot length",
                segment.payload.len(),
                segment.payload.len().saturating_add(segment.cut)
            ));
        }
    }

    /// Where no SYN told the client: who sends a request (or a `ClientHello`), otherwise who has the higher port.
    fn guess_client(&mut self, sender: End, first: &[u8]) {
        if self.client.is_some() {
            return;
        }
        let hello =
            |kind: u8| tls::begins(first) && first.first() == Some(&22) && first.get(5) == Some(&kind);
        let client = if is_request(first) || hello(1) {
            sender
        } else if is_response(first) || hello(2) {
            sender.other()
        } else {
            let [lower, higher] = self.ends;
            match higher.port().cmp(&lower.port()) {
                Ordering::Equal => sender,
                Ordering::Greater => End::Higher,
                Ordering::Less => End::Lower,
            }
        };
        self.client = Some(client);
    }

    /// Nothing more will come, or memory is short.
    fn finish<M: FnMut(Begins) -> S>(&mut self, shared: &mut Shared<M>) -> io::Result<()> {
        guarded(self, Self::fail, |connection| connection.give_rest(shared))
    }

    fn give_rest<M: FnMut(Begins) -> S>(&mut self, shared: &mut Shared<M>) -> io::Result<()> {
        [End::Lower, End::Higher]
            .into_iter()
            .try_for_each(|sender| self.give(sender, shared, |half, out| half.finish(out)))
    }

    /// Gives what a half has in order to the flow.
    fn give<M: FnMut(Begins) -> S>(
        &mut self,
        sender: End,
        shared: &mut Shared<M>,
        order: impl FnOnce(&mut Half, &mut dyn FnMut(Out<'_>)),
    ) -> io::Result<()> {
        let from = if self.client == Some(sender) { Side::Client } else { Side::Server };
        let (flow, mut result) = (&mut self.flow, Ok(()));
        let (half, _) = sender.own_and_other(&mut self.halves);
        order(half, &mut |out| match out {
            Out::Bytes { at, place, bytes } if result.is_ok() => {
                result = flow.bytes(from, at, place, bytes, shared);
            }
            Out::Bytes { .. } => {}
            Out::Gap { at, missing } => flow.gap(from, at, missing),
        });
        result
    }
}
