//! [`Recorder`]: live connections, our own or a proxy's, on their way into a pcapng file.
//! How packets are written is the business of [`PcapngWriter`].

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use crate::capture::{ConnectionEnd, FlowId, PcapngWriter, WriteOptions};
use crate::clients;
use crate::net::AddressPair;
use crate::proxy::{self, ProxyEventKind};
use crate::wire::Side;

/// The number of a connection of our own.
const OWN_CONNECTION: usize = 0;

/// A file that takes connections as they happen.
#[derive(Debug)]
pub(crate) struct Recorder {
    writer: PcapngWriter,
    live: BTreeMap<usize, LiveConnection>,
    /// Clients for whom the proxy has no server yet.
    connecting: BTreeMap<usize, SocketAddr>,
    /// The same moment on the clock that only goes forward, and since 1970.
    epoch: (Instant, Duration),
}

/// A connection that is not over.
#[derive(Debug)]
struct LiveConnection {
    addresses: AddressPair,
    /// None before the first byte.
    flow: Option<FlowId>,
    /// The side whose stream ended first.
    first_to_close: Option<Side>,
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
    /// Creates the file.
    ///
    /// # Errors
    ///
    /// As for [`PcapngWriter::create`].
    pub(crate) fn create(path: &Path, options: &WriteOptions) -> io::Result<Self> {
        let writer = PcapngWriter::create(path, options)?;
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Ok(Self {
            writer,
            live: BTreeMap::new(),
            connecting: BTreeMap::new(),
            epoch: (Instant::now(), now),
        })
    }

    /// Takes what a connection of our own reports.
    ///
    /// # Errors
    ///
    /// If the file takes no more; so for the other.
    pub(crate) fn record_session(&mut self, event: &clients::SessionEvent) -> io::Result<()> {
        use clients::SessionEvent;
        match event {
            SessionEvent::Connected(addresses) => {
                self.open(OWN_CONNECTION, *addresses);
                Ok(())
            }
            SessionEvent::Bytes(chunk) => {
                let from = chunk.direction.sender();
                self.record_bytes(OWN_CONNECTION, from, chunk.at, &chunk.bytes)
            }
            SessionEvent::Ended(_) => self.record_end(OWN_CONNECTION),
            SessionEvent::Open | SessionEvent::Note(_) | SessionEvent::KeyLog(_) => Ok(()),
        }
    }

    /// Takes what a proxy, which listens on this address, reports: what both sides really sent,
    /// whether it passed or not. Where no server was reached, the proxy itself is the other
    /// end.
    ///
    /// # Errors
    ///
    /// If the file takes no more.
    pub(crate) fn record_proxy(
        &mut self,
        proxy_address: SocketAddr,
        event: &proxy::ProxyEvent,
    ) -> io::Result<()> {
        let proxy::ProxyEvent::Connection(number, message) = event else { return Ok(()) };
        let number = *number;
        match message {
            ProxyEventKind::Opened { peer } => drop(self.connecting.insert(number, *peer)),
            ProxyEventKind::Connected { server, .. } => self.connected(number, *server),
            ProxyEventKind::Bytes { from, at, bytes } => {
                self.record_bytes(number, *from, *at, bytes)?
            }
            ProxyEventKind::Injected { from, at, bytes }
                if self.connecting.contains_key(&number) =>
            {
                self.connected(number, proxy_address);
                self.record_bytes(number, *from, *at, bytes)?;
            }
            ProxyEventKind::Ended(_) => {
                self.connecting.remove(&number);
                self.record_end(number)?;
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

    /// It is written once something is said: the first bytes may have been sent before their report
    /// came.
    fn open(&mut self, number: usize, addresses: AddressPair) {
        self.live.insert(number, LiveConnection { addresses, flow: None, first_to_close: None });
    }

    /// No bytes: the side's stream has ended.
    fn record_bytes(
        &mut self,
        number: usize,
        from: Side,
        at: Instant,
        bytes: &[u8],
    ) -> io::Result<()> {
        let at = self.since_1970(at);
        let Some(live) = self.live.get_mut(&number) else { return Ok(()) };
        if bytes.is_empty() {
            live.first_to_close.get_or_insert(from);
            return Ok(());
        }
        let flow = live.flow_or_open(&mut self.writer, at)?;
        self.writer.write_data(flow, from, at, bytes)
    }

    /// Where neither side has ended its stream, we broke it off.
    fn record_end(&mut self, number: usize) -> io::Result<()> {
        let at = self.since_1970(Instant::now());
        let Some(mut live) = self.live.remove(&number) else { return Ok(()) };
        let flow = live.flow_or_open(&mut self.writer, at)?;
        self.writer.close(
            flow,
            live.first_to_close.map_or(ConnectionEnd::Reset(Side::Client), ConnectionEnd::Closed),
            at,
        )
    }

    fn since_1970(&self, at: Instant) -> Duration {
        let (began, since_1970) = self.epoch;
        match at.checked_duration_since(began) {
            Some(later) => since_1970.saturating_add(later),
            None => since_1970.saturating_sub(began.saturating_duration_since(at)),
        }
    }
}
