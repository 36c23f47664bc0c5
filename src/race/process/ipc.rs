//! The messages between the runner and a lane's two processes: one JSON object per line.
//! The end of either stream ends the race: without its runner a process has nothing left to do.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncWrite, AsyncWriteExt as _};

use crate::race::{Lane, RaceConfig};

/// The maximum length of a line in bytes. A slice's histogram has a few thousand buckets at most.
const MAX_LINE_BYTES: u64 = 8 << 20;

/// A request of the runner to a worker.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::race) enum WorkerRequest {
    /// Asks the server to listen.
    Listen {
        lane: Lane,
        config: RaceConfig,
        /// The address to listen on, with any free port.
        address: std::net::IpAddr,
    },
    /// Asks the client to open its connections.
    Connect { lane: Lane, config: RaceConfig, target: LaneTarget },
    /// Asks the client to do exchanges for the duration `slice`: at least two on each connection,
    /// and at most `max_exchanges` in total.
    Run { slice_duration: Duration, max_exchanges: Option<u64> },
    /// Asks the server for its counters.
    Count,
    /// Asks the server to stall for `duration`. It sends no response.
    Stall { duration: Duration },
}

/// A worker's response.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::race) enum WorkerResponse {
    /// The server is listening.
    Listening {
        address: SocketAddr,
        /// The server's certificate (DER), if the lane uses TLS.
        certificate: Option<Vec<u8>>,
        /// Whether the process runs on the CPU that its placement assigns.
        cpu_pinned: bool,
    },
    /// The client's connections are open.
    Connected {
        /// Whether the process runs on the CPU that its placement assigns.
        cpu_pinned: bool,
    },
    /// The slice is over.
    SliceDone(SliceResult),
    /// The server's counters since its start.
    Counted(ServerCounters),
    /// The request failed, for this reason.
    Failed(String),
}

/// The server that a client connects to, and the certificates that it trusts.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::race) struct LaneTarget {
    pub(in crate::race) host: String,
    pub(in crate::race) port: u16,
    /// The path and query of the request.
    pub(in crate::race) path: String,
    pub(in crate::race) trust: TlsTrust,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::race) enum TlsTrust {
    /// No TLS.
    NoTls,
    /// Trusts this certificate (DER) only.
    Certificate(Vec<u8>),
    /// Trusts the certificate authorities that browsers trust.
    WebRoots,
}

/// The result of one slice of one lane.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(in crate::race) struct SliceResult {
    /// Pairs of nanoseconds and their number of occurrences. Each time ends when the reply has
    /// been compared; it starts with the exchange or, at a fixed rate, when that was due.
    pub(in crate::race) time_counts: Vec<(u64, u64)>,
    /// The same counted from the real start of each exchange. Empty unless the rate is fixed.
    pub(in crate::race) service_time_counts: Vec<(u64, u64)>,
    pub(in crate::race) took: Duration,
    /// The resources that the client's process used.
    pub(in crate::race) usage: ResourceUsage,
    /// The first error. Its connection takes no further part.
    pub(in crate::race) error: Option<String>,
}

/// A server's counters since it began to listen.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(in crate::race) struct ServerCounters {
    /// Bytes of TCP payload received.
    pub(in crate::race) received: u64,
    /// Bytes of TCP payload sent.
    pub(in crate::race) sent: u64,
    pub(in crate::race) usage: ResourceUsage,
}

/// The resources that a process has used, in total or between two moments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(in crate::race) struct ResourceUsage {
    /// The CPU time of all its threads; `None` if the system does not say.
    pub(in crate::race) cpu: Option<Duration>,
    /// The number of allocations; `None` if nothing counts them.
    pub(in crate::race) allocations: Option<u64>,
}

impl ResourceUsage {
    /// Returns what this process has used so far.
    pub(in crate::race) fn now() -> Self {
        let count = stats_alloc::INSTRUMENTED_SYSTEM.stats();
        let allocations = count.allocations.saturating_add(count.reallocations);
        Self {
            cpu: process_cpu_time(),
            // A count of 0 means that the program runs without the counting allocator.
            allocations: (allocations > 0).then_some(allocations as u64),
        }
    }

    /// Returns what was used since `before`.
    pub(in crate::race) fn since(self, before: Self) -> Self {
        let allocations = self.allocations.zip(before.allocations);
        Self {
            cpu: self.cpu.zip(before.cpu).map(|(now, before)| now.saturating_sub(before)),
            allocations: allocations.map(|(now, before)| now.saturating_sub(before)),
        }
    }
}

#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "other systems do not provide it")]
fn process_cpu_time() -> Option<Duration> {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    let nanos = Duration::from_nanos(time.tv_nsec.unsigned_abs());
    Some(Duration::from_secs(time.tv_sec.unsigned_abs()).saturating_add(nanos))
}

#[cfg(not(unix))]
fn process_cpu_time() -> Option<Duration> {
    None
}

/// Writes one message as a line.
pub(in crate::race) async fn write_message(
    output: &mut (impl AsyncWrite + Unpin),
    message: &impl Serialize,
) -> io::Result<()> {
    let mut line = serde_json::to_vec(message)?;
    line.push(b'\n');
    output.write_all(&line).await?;
    output.flush().await
}

/// Reads the next message; `None` at the end of the stream. It is not cancellation-safe: a line
/// that was read in part is lost.
pub(in crate::race) async fn read_message<T: DeserializeOwned>(
    input: &mut (impl AsyncBufRead + Unpin),
) -> io::Result<Option<T>> {
    use tokio::io::AsyncReadExt as _;
    let mut line = Vec::new();
    // A longer line is cut off at the limit, and then fails to parse.
    if input.take(MAX_LINE_BYTES).read_until(b'\n', &mut line).await? == 0 {
        return Ok(None);
    }
    Ok(Some(serde_json::from_slice(&line)?))
}
