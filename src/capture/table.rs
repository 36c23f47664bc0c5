//! [`Table`]: the TCP connections of a capture while it is read: which segment belongs to which, and who is the client.
//! It does not know what the bytes mean beyond their first few, which tell the client where no SYN does.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;

use crate::capture::Sink;
use crate::capture::headers::{FIN, RST, SYN, Segment};
use crate::capture::order::{Half, Out, Piece};
use crate::capture::stream::{Begins, Flow, Shared, Stream, is_request, is_response};
use crate::capture::tls;
use crate::net::Peers;
use crate::wire::Side;

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
    held: usize,
    /// Segments of connections that were one too many.
    pub(super) left_out: u64,
}

#[derive(Debug)]
struct Connection<S> {
    ends: [SocketAddr; 2],
    /// Which of the two ends is the client, once that is known.
    client: Option<usize>,
    halves: [Half; 2],
    flow: Flow<S>,
    /// The sequence number of the client's SYN.
    syn: Option<u32>,
    over: bool,
}

impl<S> Default for Table<S> {
    fn default() -> Self {
        Self { known: HashMap::new(), connections: Vec::new(), last: None, held: 0, left_out: 0 }
    }
}

impl<S: Sink> Table<S> {
    /// Takes a segment, captured at `at`, whose packet stands at `place` in the file.
    pub(super) fn push<M: FnMut(Begins) -> S>(
        &mut self,
        segment: &Segment<'_>,
        at: u64,
        place: u64,
        shared: &mut Shared<M>,
    ) -> io::Result<()> {
        let Some(index) = self.connection(segment, at) else {
            self.left_out += 1;
            return Ok(());
        };
        let connection = &mut self.connections[index];
        let sender = usize::from(connection.ends[0] != segment.from);
        let before = connection.held();
        connection.headers(sender, segment);
        if !segment.payload.is_empty() {
            // a SYN takes a number of its own; data in it (RFC 7413) follows that
            let seq = segment.seq.wrapping_add(u32::from(segment.flags & SYN != 0));
            let piece = Piece { seq, at, place: place + segment.offset as u64, bytes: segment.payload };
            connection.guess_client(sender, segment.payload);
            connection.give(sender, shared, |half, out| half.push(piece, out))?;
        }
        if segment.flags & RST != 0 {
            connection.finish(shared)?;
        }
        if self.held + connection.held() > MOST_HELD + before {
            connection.finish(shared)?;
        }
        self.held = self.held + connection.held() - before;
        Ok(())
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
            let client = connection.client.unwrap_or(0);
            let [client, server] = [connection.ends[client], connection.ends[1 - client]];
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
        let known = known.filter(|index| {
            let old = &self.connections[*index];
            !opens || old.syn == Some(segment.seq) || old.syn.is_none() && !old.over && old.is_untouched()
        });
        let index = known.or_else(|| {
            (self.connections.len() < MOST_CONNECTIONS).then(|| {
                self.connections.push(Connection::new(key, at));
                self.known.insert(key, self.connections.len() - 1);
                self.connections.len() - 1
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
        self.halves.iter().map(Half::held_bytes).sum()
    }

    fn is_untouched(&self) -> bool {
        self.client.is_none()
    }

    /// What flags and numbers tell.
    fn headers(&mut self, sender: usize, segment: &Segment<'_>) {
        if segment.flags & SYN != 0 {
            self.halves[sender].begin(segment.seq);
            self.flow.from_the_start = true;
            if segment.ack.is_none() {
                self.syn = Some(segment.seq);
                self.client = Some(sender);
            } else {
                self.client = Some(1 - sender);
            }
        }
        if let Some(ack) = segment.ack {
            self.halves[1 - sender].acknowledged(ack);
        }
        self.over |= segment.flags & (FIN | RST) != 0;
        if segment.cut > 0 {
            let side = if self.client == Some(sender) { "client" } else { "server" };
            self.flow.warn(format!(
                "the capture kept {} of {} bytes of a segment of the {side}: capture with a larger snapshot length",
                segment.payload.len(),
                segment.payload.len() + segment.cut
            ));
        }
    }

    /// Where no SYN told the client: who sends a request (or a `ClientHello`), otherwise who has the higher port.
    fn guess_client(&mut self, sender: usize, first: &[u8]) {
        if self.client.is_some() {
            return;
        }
        let hello =
            |kind: u8| tls::begins(first) && first.first() == Some(&22) && first.get(5) == Some(&kind);
        let client = if is_request(first) || hello(1) {
            sender
        } else if is_response(first) || hello(2) {
            1 - sender
        } else if self.ends[0].port() == self.ends[1].port() {
            sender
        } else {
            usize::from(self.ends[1].port() > self.ends[0].port())
        };
        self.client = Some(client);
    }

    /// Nothing more will come, or memory is short.
    fn finish<M: FnMut(Begins) -> S>(&mut self, shared: &mut Shared<M>) -> io::Result<()> {
        (0..2).try_for_each(|sender| self.give(sender, shared, |half, out| half.finish(out)))
    }

    /// Gives what a half has in order to the flow.
    fn give<M: FnMut(Begins) -> S>(
        &mut self,
        sender: usize,
        shared: &mut Shared<M>,
        order: impl FnOnce(&mut Half, &mut dyn FnMut(Out<'_>)),
    ) -> io::Result<()> {
        let from = if self.client == Some(sender) { Side::Client } else { Side::Server };
        let (flow, mut result) = (&mut self.flow, Ok(()));
        order(&mut self.halves[sender], &mut |out| match out {
            Out::Bytes { at, place, bytes } if result.is_ok() => {
                result = flow.bytes(from, at, place, bytes, shared);
            }
            Out::Bytes { .. } => {}
            Out::Gap { at, missing } => flow.gap(from, at, missing),
        });
        result
    }
}
