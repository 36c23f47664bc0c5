//! [`Recorder`]: live connections, our own or a proxy's, on their way into a pcapng file.
//! How packets are written is the business of [`Writer`].

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use crate::capture::{Ending, Flow, WriteOptions, Writer};
use crate::clients;
use crate::net::Peers;
use crate::proxy::{self, Told};
use crate::wire::Side;

/// The number of a connection of our own.
const ONLY: usize = 0;

/// A file that takes connections as they happen.
#[derive(Debug)]
pub struct Recorder {
    writer: Writer,
    live: BTreeMap<usize, Live>,
    /// Clients for whom the proxy has no server yet.
    waiting: BTreeMap<usize, SocketAddr>,
    /// The same moment on the clock that only goes forward, and since 1970.
    began: (Instant, Duration),
}

/// A connection that is not over.
#[derive(Debug)]
struct Live {
    peers: Peers,
    /// None before the first byte.
    flow: Option<Flow>,
    /// The side whose stream ended first.
    hung_up: Option<Side>,
}

impl Live {
    fn flow(&mut self, writer: &mut Writer, at: Duration) -> io::Result<Flow> {
        match self.flow {
            Some(flow) => Ok(flow),
            None => Ok(*self.flow.insert(writer.open_plain(self.peers, at)?)),
        }
    }
}

impl Recorder {
    /// Creates the file.
    ///
    /// # Errors
    ///
    /// As for [`Writer::create`].
    pub fn create(path: &Path, options: &WriteOptions) -> io::Result<Self> {
        let writer = Writer::create(path, options)?;
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Ok(Self { writer, live: BTreeMap::new(), waiting: BTreeMap::new(), began: (Instant::now(), now) })
    }

    /// Takes what a connection of our own reports.
    ///
    /// # Errors
    ///
    /// If the file takes no more; so for the other.
    pub fn session(&mut self, report: &clients::Report) -> io::Result<()> {
        use clients::Report;
        match report {
            Report::Connected(peers) => {
                self.open(ONLY, *peers);
                Ok(())
            }
            Report::Bytes(chunk) => {
                let from = chunk.direction.sender();
                self.bytes(ONLY, from, chunk.at, &chunk.bytes)
            }
            Report::Ended(_) => self.end(ONLY),
            Report::Open | Report::Note(_) | Report::Secrets(_) => Ok(()),
        }
    }

    /// Takes what a proxy, which listens on this address, reports: what both sides really sent, whether it passed or not.
    /// Where no server was reached, the proxy itself is the other end.
    ///
    /// # Errors
    ///
    /// If the file takes no more.
    pub fn passage(&mut self, listens: SocketAddr, report: &proxy::Report) -> io::Result<()> {
        let proxy::Report::Connection(number, told) = report else { return Ok(()) };
        let number = *number;
        match told {
            Told::Opened { peer } => drop(self.waiting.insert(number, *peer)),
            Told::Connected { server, .. } => self.reached(number, *server),
            Told::Bytes { from, at, bytes } => self.bytes(number, *from, *at, bytes)?,
            Told::Injected { from, at, bytes } if self.waiting.contains_key(&number) => {
                self.reached(number, listens);
                self.bytes(number, *from, *at, bytes)?;
            }
            Told::Ended(_) => {
                self.waiting.remove(&number);
                self.end(number)?;
            }
            Told::Injected { .. } | Told::Waiting { .. } | Told::Dropped { .. } => {}
        }
        Ok(())
    }

    fn reached(&mut self, number: usize, server: SocketAddr) {
        if let Some(client) = self.waiting.remove(&number) {
            self.open(number, Peers { client, server });
        }
    }

    /// It is written once something is said: the first bytes may have been sent before their report came.
    fn open(&mut self, number: usize, peers: Peers) {
        self.live.insert(number, Live { peers, flow: None, hung_up: None });
    }

    /// No bytes: the side's stream has ended.
    fn bytes(&mut self, number: usize, from: Side, at: Instant, bytes: &[u8]) -> io::Result<()> {
        let at = self.since_1970(at);
        let Some(live) = self.live.get_mut(&number) else { return Ok(()) };
        if bytes.is_empty() {
            live.hung_up.get_or_insert(from);
            return Ok(());
        }
        let flow = live.flow(&mut self.writer, at)?;
        self.writer.data(flow, from, at, bytes)
    }

    /// Where neither side has ended its stream, we broke it off.
    fn end(&mut self, number: usize) -> io::Result<()> {
        let at = self.since_1970(Instant::now());
        let Some(mut live) = self.live.remove(&number) else { return Ok(()) };
        let flow = live.flow(&mut self.writer, at)?;
        self.writer.close(flow, live.hung_up.map_or(Ending::Reset(Side::Client), Ending::Closed), at)
    }

    fn since_1970(&self, at: Instant) -> Duration {
        let (began, since_1970) = self.began;
        match at.checked_duration_since(began) {
            Some(later) => since_1970.saturating_add(later),
            None => since_1970.saturating_sub(began.saturating_duration_since(at)),
        }
    }
}
