//! [`Recorder`]: records live connections, our own or a proxy's, in a pcapng file. [`PcapngWriter`]
//! writes the packets.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use crate::capture::{ConnectionEnd, FlowId, LiveEnding, PcapngWriter, WriteOptions};
use crate::clients;
use crate::net::AddressPair;
use crate::proxy::{self, ProxyEventKind};
use crate::wire::Side;

/// The number of a connection of our own. A proxy's connections count from 1.
const OWN_CONNECTION: usize = 0;

/// A file that records connections as they happen.
#[derive(Debug)]
pub(crate) struct Recorder {
    writer: PcapngWriter,
    /// The only connection of a proxy that is recorded, from 1; `None` for all.
    only: Option<usize>,
    live: BTreeMap<usize, LiveConnection>,
    /// The clients of proxied connections that have no server yet.
    connecting: BTreeMap<usize, SocketAddr>,
    /// The same moment on the monotonic clock and since 1970.
    epoch: (Instant, Duration),
}

/// A connection that has not ended.
#[derive(Debug)]
struct LiveConnection {
    addresses: AddressPair,
    /// The connection in the file; `None` before the first byte.
    flow: Option<FlowId>,
    ending: LiveEnding,
}

impl LiveConnection {
    fn flow_or_open(&mut self, writer: &mut PcapngWriter, at: Duration) -> io::Result<FlowId> {
        match self.flow {
            Some(flow) => Ok(flow),
            None => Ok(*self.flow.insert(writer.open_plain(self.addresses, at)?)),
        }
    }
}

impl Recorder {
    /// Creates the file. `only` is the number of the only connection of a proxy to record, from 1.
    ///
    /// # Errors
    ///
    /// As for [`PcapngWriter::create`].
    pub(crate) fn create(
        path: &Path,
        options: &WriteOptions,
        only: Option<usize>,
    ) -> io::Result<Self> {
        let writer = PcapngWriter::create(path, options)?;
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Ok(Self {
            writer,
            only,
            live: BTreeMap::new(),
            connecting: BTreeMap::new(),
            epoch: (Instant::now(), now),
        })
    }

    /// Records an event of a connection of our own.
    ///
    /// # Errors
    ///
    /// Fails if the file cannot be written. The same holds for [`Self::record_proxy`].
    pub(crate) fn record_session(&mut self, event: &clients::SessionEvent) -> io::Result<()> {
        use clients::SessionEvent;
        match event {
            SessionEvent::Connected(addresses) => {
                self.open(OWN_CONNECTION, *addresses);
                Ok(())
            }
            SessionEvent::Bytes(chunk) => {
                // A Unix socket has no addresses.
                if !self.live.contains_key(&OWN_CONNECTION) {
                    self.open(OWN_CONNECTION, AddressPair::UNKNOWN);
                }
                let from = chunk.transfer.sender_at_client();
                self.record_bytes(OWN_CONNECTION, from, chunk.at, &chunk.bytes)
            }
            SessionEvent::Disconnected { by, is_reset, at } => {
                self.observe_end(OWN_CONNECTION, *by, *is_reset, *at);
                Ok(())
            }
            SessionEvent::Redirected { .. } => self.record_end(OWN_CONNECTION, None),
            SessionEvent::Ended(result) => {
                let why = result.as_ref().err().map(ToString::to_string);
                self.record_end(OWN_CONNECTION, why)
            }
            SessionEvent::Open | SessionEvent::Note(_) | SessionEvent::KeyLog(_) => Ok(()),
        }
    }

    /// Records an event of a proxy that listens on `proxy_address`: what both sides really sent,
    /// whether it was forwarded or not. If no server was reached, the proxy itself is the other
    /// end.
    ///
    /// # Errors
    ///
    /// Fails if the file cannot be written.
    pub(crate) fn record_proxy(
        &mut self,
        proxy_address: SocketAddr,
        event: &proxy::ProxyEvent,
    ) -> io::Result<()> {
        let proxy::ProxyEvent::Connection(number, message) = event else { return Ok(()) };
        let number = *number;
        if self.only.is_some_and(|only| only != number) {
            return Ok(());
        }
        match message {
            ProxyEventKind::Opened { peer } => drop(self.connecting.insert(number, *peer)),
            ProxyEventKind::Connected { server, .. } => self.connected(number, *server),
            ProxyEventKind::Bytes { from, at, bytes } => {
                // Before the server is connected, only a request arrives that cannot be forwarded.
                self.connected(number, proxy_address);
                self.record_bytes(number, *from, *at, bytes)?;
            }
            ProxyEventKind::Answered { at, bytes } => {
                self.connected(number, proxy_address);
                self.record_bytes(number, Side::Server, *at, bytes)?;
                self.record_bytes(number, Side::Server, *at, b"")?;
            }
            ProxyEventKind::Ended(result) => {
                self.connecting.remove(&number);
                let error = result.as_ref().err();
                if let Some(by) = error.and_then(proxy::ProxyError::reset_by) {
                    self.observe_end(number, by, true, Instant::now());
                }
                self.record_end(number, error.map(ToString::to_string))?;
            }
            ProxyEventKind::Injected { .. }
            | ProxyEventKind::Held { .. }
            | ProxyEventKind::Dropped { .. } => {}
        }
        Ok(())
    }

    fn connected(&mut self, number: usize, server: SocketAddr) {
        if let Some(client) = self.connecting.remove(&number) {
            self.open(number, AddressPair { client, server });
        }
    }

    /// Registers a connection. It is written only with its first bytes, because they may have been
    /// sent before the event arrived.
    fn open(&mut self, number: usize, addresses: AddressPair) {
        self.live.insert(
            number,
            LiveConnection { addresses, flow: None, ending: LiveEnding::default() },
        );
    }

    /// Records bytes. Empty bytes are the end of the side's stream.
    fn record_bytes(
        &mut self,
        number: usize,
        from: Side,
        at: Instant,
        bytes: &[u8],
    ) -> io::Result<()> {
        let since_1970 = self.since_1970(at);
        let Some(live) = self.live.get_mut(&number) else { return Ok(()) };
        live.ending.observe_bytes(from, since_1970, bytes);
        if bytes.is_empty() {
            return Ok(());
        }
        let flow = live.flow_or_open(&mut self.writer, since_1970)?;
        self.writer.write_data(flow, from, since_1970, bytes)
    }

    /// Takes a FIN or RST of a side.
    fn observe_end(&mut self, number: usize, by: Side, is_reset: bool, at: Instant) {
        let since_1970 = self.since_1970(at);
        if let Some(live) = self.live.get_mut(&number) {
            live.ending.observe_end(by, is_reset, since_1970);
        }
    }

    /// Records the end, with the reason if it was not clean. If no packet ended the connection, we
    /// reset it: a proxy that gives up a connection closes both sockets.
    fn record_end(&mut self, number: usize, why: Option<String>) -> io::Result<()> {
        let now = self.since_1970(Instant::now());
        let Some(mut live) = self.live.remove(&number) else { return Ok(()) };
        let ending = live.ending.ending();
        let at = ending.map_or(now, |ending| ending.at);
        let flow = live.flow_or_open(&mut self.writer, at)?;
        let end = ending.map_or(ConnectionEnd::Reset(Side::Client), ConnectionEnd::from);
        let note = why.map(|why| format!("when it was recorded, the connection ended: {why}"));
        self.writer.close_with_note(flow, end, at, note)
    }

    fn since_1970(&self, at: Instant) -> Duration {
        let (began, since_1970) = self.epoch;
        // Bytes may have been moved before the file was created.
        match at.checked_duration_since(began) {
            Some(later) => since_1970.saturating_add(later),
            None => since_1970.saturating_sub(began.saturating_duration_since(at)),
        }
    }
}
