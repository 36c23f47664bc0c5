//! [`ConnectionTable`]: the TCP connections of a capture while it is read. It assigns segments to
//! connections.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::num::Saturating;

use crate::capture::error::InternalError;
use crate::capture::packets::headers::TcpSegment;
use crate::capture::packets::packet::PacketBytes;
use crate::capture::sink::StreamSink;
use crate::capture::stream::{CapturedStream, ReadContext, StreamStart};
use crate::capture::tcp::connection::TcpConnection;
use crate::capture::tls;
use crate::scope::CaughtPanic;

/// The maximum number of connections. Segments of further ones are only counted.
const MAX_CONNECTIONS: usize = 1 << 16;
/// The maximum number of bytes that all connections together hold back because a segment is
/// missing.
const MAX_HELD_BYTES: usize = 32 << 20;

/// Both ends, the smaller address first, so that both directions have the same key.
type ConnectionKey = (SocketAddr, SocketAddr);

/// The connections of a capture.
#[derive(Debug)]
pub(in crate::capture) struct ConnectionTable<S> {
    by_key: HashMap<ConnectionKey, usize>,
    connections: Vec<TcpConnection<S>>,
    last_used: Option<(ConnectionKey, usize)>,
    reading: Option<Reading>,
    held_bytes: usize,
    /// The number of segments of connections beyond the limit.
    pub(in crate::capture) ignored_segments: Saturating<u64>,
}

/// The connection whose segment is being processed.
#[derive(Clone, Copy, Debug)]
struct Reading {
    index: usize,
    /// The number of bytes that all other connections hold back.
    others: usize,
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
    pub(in crate::capture) fn push<M: FnMut(StreamStart) -> S>(
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
        let others = self.held_bytes.saturating_sub(connection.held_bytes());
        self.reading = Some(Reading { index, others });
        connection.take(segment, packet, captured_at, shared)?;
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
    pub(in crate::capture) fn fail(&mut self, panic: &CaughtPanic) -> bool {
        let Some(Reading { index, others }) = self.reading.take() else { return false };
        let Some(connection) = self.connections.get_mut(index) else { return false };
        connection.fail(InternalError(panic.clone()));
        self.held_bytes = others.saturating_add(connection.held_bytes());
        true
    }

    /// Returns the client randoms, as they appear in key logs, of the connections whose secrets are
    /// missing.
    pub(in crate::capture) fn missing_secrets(&self) -> impl Iterator<Item = tls::Random> {
        self.connections.iter().filter_map(TcpConnection::missing_secrets_for)
    }

    /// Returns all connections that carried data, in the order of their first packets.
    pub(in crate::capture) fn finish<M: FnMut(StreamStart) -> S>(
        self,
        shared: &mut ReadContext<M>,
    ) -> io::Result<Vec<CapturedStream<S>>> {
        let mut streams = Vec::new();
        for connection in self.connections {
            streams.extend(connection.into_streams(shared)?);
        }
        Ok(streams)
    }

    /// Finds the connection of a segment, or adds one. A segment that does not fit to the old
    /// connection on its ports begins a new one.
    fn find_or_add(&mut self, segment: &TcpSegment<'_>, at: u64) -> Option<usize> {
        let key = (segment.from.min(segment.to), segment.from.max(segment.to));
        // Segments mostly come in runs of the same connection, which this spares the hash.
        let known = match self.last_used {
            Some((last, index)) if last == key => Some(index),
            _ => self.by_key.get(&key).copied(),
        };
        let known = known.filter(|index| {
            let Some(old) = self.connections.get_mut(*index) else { return false };
            let is_its = old.owns(segment);
            if !is_its {
                old.closing.end_by_reuse(at);
            }
            is_its
        });
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
