//! What the runner and the two ends of a lane say to each other: one JSON object a line.
//! The end of either stream is the end of the race: an end whose referee is gone has nothing left
//! to do.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncWrite, AsyncWriteExt as _};

use crate::race::{Lane, RaceConfig};

/// The longest line; a slice's histogram has at most some thousand buckets.
const MAX_LINE_BYTES: u64 = 8 << 20;

/// What the runner asks of a worker.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::race) enum WorkerRequest {
    /// The server is to listen.
    Listen {
        lane: Lane,
        config: RaceConfig,
        /// The address to listen on; the port is any free one.
        address: std::net::IpAddr,
    },
    /// The client is to open its connections.
    Connect { lane: Lane, config: RaceConfig, target: LaneTarget },
    /// The client is to do exchanges for that long, at least two a connection, but no more than
    /// `max_exchanges` in all.
    Run { slice: Duration, max_exchanges: Option<u64> },
    /// The server is to say what it has counted.
    Count,
    /// The server is to stand still; it does not answer.
    Stall { duration: Duration },
}

/// What a worker answers.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::race) enum WorkerResponse {
    /// The server listens.
    Listening {
        address: SocketAddr,
        /// Its certificate (DER), where the lane is within TLS.
        certificate: Option<Vec<u8>>,
        pinned: bool,
    },
    /// The client's connections are open.
    Connected { pinned: bool },
    /// The slice is over.
    SliceDone(SliceResult),
    /// What the server has counted since its start.
    Counted(ServerCounters),
    /// What was asked for could not be done.
    Failed(String),
}

/// Where a client goes, and whom it trusts there.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::race) struct LaneTarget {
    pub(in crate::race) host: String,
    pub(in crate::race) port: u16,
    /// Path and query of the request.
    pub(in crate::race) path: String,
    pub(in crate::race) trust: TlsTrust,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::race) enum TlsTrust {
    /// No TLS.
    Plain,
    /// This certificate (DER) and no other.
    Certificate(Vec<u8>),
    /// Whom browsers trust.
    Web,
}

/// One slice of one lane.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(in crate::race) struct SliceResult {
    /// Nanoseconds and how often: from before an exchange, or from when it was due, to its
    /// compared reply.
    pub(in crate::race) times: Vec<(u64, u64)>,
    /// The same from when an exchange really began; only at a fixed rate, otherwise it is the
    /// same.
    pub(in crate::race) service_times: Vec<(u64, u64)>,
    pub(in crate::race) took: Duration,
    /// What the client's process used.
    pub(in crate::race) usage: ResourceUsage,
    /// The first error; its connection takes no further part.
    pub(in crate::race) error: Option<String>,
}

/// What the server has counted since it listens.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(in crate::race) struct ServerCounters {
    /// TCP payload that came in.
    pub(in crate::race) received: u64,
    /// TCP payload that went out.
    pub(in crate::race) sent: u64,
    pub(in crate::race) usage: ResourceUsage,
}

/// What a process has used, or used between two moments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(in crate::race) struct ResourceUsage {
    /// CPU time of all its threads; none where the system does not tell.
    pub(in crate::race) cpu: Option<Duration>,
    /// Allocations; none where nobody counts them.
    pub(in crate::race) allocations: Option<u64>,
}

impl ResourceUsage {
    /// What this process has used so far.
    pub(in crate::race) fn now() -> Self {
        let count = stats_alloc::INSTRUMENTED_SYSTEM.stats();
        let allocations = count.allocations.saturating_add(count.reallocations);
        Self {
            cpu: process_cpu_time(),
            allocations: (allocations > 0).then_some(allocations as u64),
        }
    }

    /// What was used since `before`.
    pub(in crate::race) fn since(self, before: Self) -> Self {
        let allocations = self.allocations.zip(before.allocations);
        Self {
            cpu: self.cpu.zip(before.cpu).map(|(now, before)| now.saturating_sub(before)),
            allocations: allocations.map(|(now, before)| now.saturating_sub(before)),
        }
    }
}

#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "other systems do not tell")]
fn process_cpu_time() -> Option<Duration> {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    let nanos = Duration::from_nanos(time.tv_nsec.unsigned_abs());
    Some(Duration::from_secs(time.tv_sec.unsigned_abs()).saturating_add(nanos))
}

#[cfg(not(unix))]
fn process_cpu_time() -> Option<Duration> {
    None
}

/// Sends one line.
pub(in crate::race) async fn write_message(
    output: &mut (impl AsyncWrite + Unpin),
    message: &impl Serialize,
) -> io::Result<()> {
    let mut line = serde_json::to_vec(message)?;
    line.push(b'\n');
    output.write_all(&line).await?;
    output.flush().await
}

/// The next line; `None` at the end of the stream.
pub(in crate::race) async fn read_message<T: DeserializeOwned>(
    input: &mut (impl AsyncBufRead + Unpin),
) -> io::Result<Option<T>> {
    use tokio::io::AsyncReadExt as _;
    let mut line = Vec::new();
    if input.take(MAX_LINE_BYTES).read_until(b'\n', &mut line).await? == 0 {
        return Ok(None);
    }
    Ok(Some(serde_json::from_slice(&line)?))
}
