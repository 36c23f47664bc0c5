//! [`ConnectionTable`]: the TCP connections of a capture while it is read. It assigns segments to
//! connections.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::num::Saturating;

use crate::capture::error::InternalError;
use crate::capture::packets::headers::{NetworkId, TcpSegment};
use crate::capture::packets::packet::PacketBytes;
use crate::capture::sink::StreamSink;
use crate::capture::stream::{CapturedStream, ReadContext, StreamStart};
use crate::capture::tcp::connection::TcpConnection;
use crate::capture::tcp::ownership::ConnectionFailure;
use crate::capture::tls;
use crate::scope::CaughtPanic;
use crate::text::units::count;

/// The maximum number of connections. Segments of further ones are only counted.
const MAX_CONNECTIONS: usize = 1 << 16;
/// The maximum number of bytes that all connections together hold back because a segment is
/// missing.
const MAX_HELD_BYTES: usize = 32 << 20;

/// The maximum number of retransmissions whose bytes are compared with what came first. The file is
/// read again for that.
const MAX_COMPARISONS: usize = 1024;

/// The maximum number of servers that a warning names.
const MAX_SERVERS_NAMED: usize = 3;

/// The maximum number of networks in which a connection is known, and of connections that have the
/// same addresses in different networks.
const MAX_NETWORKS: usize = 16;

/// Both ends, the smaller address first, so that both directions have the same key.
type Addresses = (SocketAddr, SocketAddr);

/// The latest connection between two addresses in some networks.
#[derive(Debug)]
struct CurrentConnection {
    index: usize,
    networks: Vec<NetworkId>,
}

/// The connections of a capture.
#[derive(Debug)]
pub(in crate::capture) struct ConnectionTable<S> {
    /// The latest connections between the same addresses, of which no two are in one network.
    current: HashMap<Addresses, Vec<CurrentConnection>>,
    connections: Vec<TcpConnection<S>>,
    last_used: Option<LastUsed>,
    reading: Option<Reading>,
    held_bytes: usize,
    /// The number of segments of connections beyond the limit.
    pub(in crate::capture) ignored_segments: Saturating<u64>,
}

/// The connection of the latest segment, with what identifies it in that segment.
#[derive(Clone, Copy, Debug)]
struct LastUsed {
    from: SocketAddr,
    to: SocketAddr,
    network: NetworkId,
    index: usize,
}

impl LastUsed {
    /// Whether a segment has the same addresses, in either direction, and the same network.
    fn matches(&self, segment: &TcpSegment<'_>) -> bool {
        self.network == segment.network
            && (self.from == segment.from && self.to == segment.to
                || self.from == segment.to && self.to == segment.from)
    }
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
            current: HashMap::new(),
            connections: Vec::new(),
            last_used: None,
            reading: None,
            held_bytes: 0,
            ignored_segments: Saturating(0),
        }
    }
}

fn addresses(segment: &TcpSegment<'_>) -> Addresses {
    (segment.from.min(segment.to), segment.from.max(segment.to))
}

/// Returns the warning about connections to `servers`, which all failed in the same way.
fn failure_warning(mut servers: Vec<SocketAddr>, how: &str) -> String {
    let connections = count(u64::try_from(servers.len()).unwrap_or(u64::MAX), "connection");
    servers.sort_unstable();
    servers.dedup();
    let named = servers.iter().take(MAX_SERVERS_NAMED).map(SocketAddr::to_string);
    let mut named = named.collect::<Vec<_>>().join(", ");
    let more = servers.len().saturating_sub(MAX_SERVERS_NAMED);
    if more > 0 {
        named += &format!(" and {more} more");
    }
    format!("{connections} {how}: to {named}")
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
        let Some(index) = self.find_or_add(segment, packet, captured_at) else {
            self.ignored_segments += 1;
            return Ok(());
        };
        let Some(connection) = self.connections.get_mut(index) else { return Ok(()) };
        let others = self.held_bytes.saturating_sub(connection.last_held_bytes);
        self.reading = Some(Reading { index, others });
        connection.take(segment, packet, captured_at, shared)?;
        self.reading = None;
        self.held_bytes = others.saturating_add(connection.held_bytes());
        // Too much is held back in total: this connection gives up its gaps.
        if self.held_bytes > MAX_HELD_BYTES {
            connection.finish(shared)?;
            self.held_bytes = others.saturating_add(connection.held_bytes());
        }
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

    /// Returns a warning for each way in which connections failed before they began.
    pub(in crate::capture) fn failure_warnings(&mut self) -> Vec<String> {
        let (mut refused, mut unanswered) = (Vec::new(), Vec::new());
        for (server, failure) in self.connections.iter_mut().filter_map(TcpConnection::failure) {
            match failure {
                ConnectionFailure::Refused => refused.push(server),
                ConnectionFailure::NoAnswer => unanswered.push(server),
            }
        }
        let kinds =
            [(refused, "refused by an RST"), (unanswered, "whose SYN has no answer in the file")];
        let some = kinds.into_iter().filter(|(servers, _)| !servers.is_empty());
        some.map(|(servers, how)| failure_warning(servers, how)).collect()
    }

    /// Returns all connections that carried data, in the order of their first packets.
    pub(in crate::capture) fn finish<M: FnMut(StreamStart) -> S>(
        self,
        shared: &mut ReadContext<M>,
    ) -> io::Result<Vec<CapturedStream<S>>> {
        let (mut streams, mut comparisons) = (Vec::new(), MAX_COMPARISONS);
        for (index, connection) in self.connections.into_iter().enumerate() {
            for mut stream in connection.into_streams(shared, &mut comparisons)? {
                stream.identity.connection = index;
                stream.tcp_stream = Some(index);
                streams.push(stream);
            }
        }
        Ok(streams)
    }

    /// Finds the connection of a segment, or adds one. A segment that does not fit to the old
    /// connection on its ports begins a new one, and so does a comment that says so.
    fn find_or_add(
        &mut self,
        segment: &TcpSegment<'_>,
        packet: PacketBytes<'_>,
        at: u64,
    ) -> Option<usize> {
        // Segments mostly come in runs of the same connection, which this spares the hash.
        let repeated = self.last_used.filter(|last| last.matches(segment)).map(|last| last.index);
        let known = repeated.or_else(|| self.find(addresses(segment), segment));
        let beginning = (!packet.comments.are_none()).then(|| packet.comments.beginning());
        let begins_after = beginning.flatten().map(|_| segment.seq.wrapping_sub(1));
        let is_its = |old: &mut TcpConnection<S>| {
            let is_its = match begins_after {
                Some(before) => old.owns_beginning(before),
                None => old.owns(segment),
            };
            if !is_its {
                old.closing.end_by_reuse(at);
            }
            is_its
        };
        let known = known.filter(|index| self.connections.get_mut(*index).is_some_and(is_its));
        let index = known.or_else(|| self.add(addresses(segment), segment.network, at))?;
        if repeated != Some(index) {
            let TcpSegment { from, to, network, .. } = *segment;
            self.last_used = Some(LastUsed { from, to, network, index });
        }
        Some(index)
    }

    /// Finds the connection between `addresses` in the network of a segment: one with segments from
    /// there, or one of another network whose numbers fit. Both directions may have networks of their
    /// own, and a packet may be captured inside and outside of a tunnel.
    fn find(&mut self, addresses: Addresses, segment: &TcpSegment<'_>) -> Option<usize> {
        let current = self.current.get_mut(&addresses)?;
        if let Some(known) = current.iter().find(|one| one.networks.contains(&segment.network)) {
            return Some(known.index);
        }
        let connections = &mut self.connections;
        let same = current.iter_mut().find(|one| {
            let connection = connections.get_mut(one.index);
            connection.is_some_and(|connection| connection.fits(segment))
        })?;
        if same.networks.len() < MAX_NETWORKS {
            same.networks.push(segment.network);
        }
        Some(same.index)
    }

    /// Adds a connection in place of the one that had its addresses in its network.
    fn add(&mut self, addresses: Addresses, network: NetworkId, at: u64) -> Option<usize> {
        let fresh = self.connections.len();
        if fresh >= MAX_CONNECTIONS {
            return None;
        }
        self.connections.push(TcpConnection::new(addresses, at));
        let current = self.current.entry(addresses).or_default();
        current.retain(|old| !old.networks.contains(&network));
        if current.len() >= MAX_NETWORKS {
            current.remove(0);
        }
        current.push(CurrentConnection { index: fresh, networks: vec![network] });
        Some(fresh)
    }
}
