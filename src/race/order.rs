//! What the referee and the two ends of a lane say to each other: one JSON object a line.
//! The end of either stream is the end of the race: an end whose referee is gone has nothing left to do.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncWrite, AsyncWriteExt as _};

use crate::race::{Course, Lane};

/// The longest line; a slice's histogram has at most some thousand buckets.
const LONGEST: u64 = 8 << 20;

/// What the referee asks of an end.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Order {
    /// The server is to listen.
    Host {
        lane: Lane,
        course: Course,
        /// The address to listen on; the port is any free one.
        on: std::net::IpAddr,
    },
    /// The client is to open its connections.
    Open { lane: Lane, course: Course, goal: Goal },
    /// The client is to do exchanges for that long, at least two a connection, but no more than `most` in all.
    Run { slice: Duration, most: Option<u64> },
    /// The server is to say what it has counted.
    Count,
    /// The server is to stand still; it does not answer.
    Stall { time: Duration },
}

/// What an end answers.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Answer {
    /// The server listens.
    Hosting {
        address: SocketAddr,
        /// Its certificate (DER), where the lane is within TLS.
        certificate: Option<Vec<u8>>,
        pinned: bool,
    },
    /// The client's connections are open.
    Opened { pinned: bool },
    /// The slice is over.
    Ran(Ran),
    /// What the server has counted since its start.
    Counted(Counted),
    /// What was asked for could not be done.
    Failed(String),
}

/// Where a client goes, and whom it trusts there.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Goal {
    pub(super) host: String,
    pub(super) port: u16,
    /// Path and query of the request.
    pub(super) path: String,
    pub(super) trust: Trust,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum Trust {
    /// No TLS.
    Plain,
    /// This certificate (DER) and no other.
    Certificate(Vec<u8>),
    /// Whom browsers trust.
    Web,
}

/// One slice of one lane.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Ran {
    /// Nanoseconds and how often: from before an exchange, or from when it was due, to its compared reply.
    pub(super) times: Vec<(u64, u64)>,
    /// The same from when an exchange really began; only at a fixed rate, otherwise it is the same.
    pub(super) naive: Vec<(u64, u64)>,
    pub(super) took: Duration,
    /// What the client's process used.
    pub(super) used: Used,
    /// The first error; its connection takes no further part.
    pub(super) error: Option<String>,
}

/// What the server has counted since it listens.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(super) struct Counted {
    /// TCP payload that came in.
    pub(super) received: u64,
    /// TCP payload that went out.
    pub(super) sent: u64,
    pub(super) used: Used,
}

/// What a process has used, or used between two moments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Used {
    /// CPU time of all its threads; none where the system does not tell.
    pub(super) cpu: Option<Duration>,
    /// Allocations; none where nobody counts them.
    pub(super) allocations: Option<u64>,
}

impl Used {
    /// What this process has used so far.
    pub(super) fn now() -> Self {
        let count = stats_alloc::INSTRUMENTED_SYSTEM.stats();
        let allocations = count.allocations.saturating_add(count.reallocations);
        Self { cpu: cpu(), allocations: (allocations > 0).then_some(allocations as u64) }
    }

    /// What was used since `before`.
    pub(super) fn since(self, before: Self) -> Self {
        let allocations = self.allocations.zip(before.allocations);
        Self {
            cpu: self.cpu.zip(before.cpu).map(|(now, before)| now.saturating_sub(before)),
            allocations: allocations.map(|(now, before)| now.saturating_sub(before)),
        }
    }
}

#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "other systems do not tell")]
fn cpu() -> Option<Duration> {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    let nanos = Duration::from_nanos(time.tv_nsec.unsigned_abs());
    Some(Duration::from_secs(time.tv_sec.unsigned_abs()).saturating_add(nanos))
}

#[cfg(not(unix))]
fn cpu() -> Option<Duration> {
    None
}

/// Sends one line.
pub(super) async fn tell(output: &mut (impl AsyncWrite + Unpin), message: &impl Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(message)?;
    line.push(b'\n');
    output.write_all(&line).await?;
    output.flush().await
}

/// The next line; `None` at the end of the stream.
pub(super) async fn hear<T: DeserializeOwned>(
    input: &mut (impl AsyncBufRead + Unpin),
) -> io::Result<Option<T>> {
    use tokio::io::AsyncReadExt as _;
    let mut line = Vec::new();
    if input.take(LONGEST).read_until(b'\n', &mut line).await? == 0 {
        return Ok(None);
    }
    Ok(Some(serde_json::from_slice(&line)?))
}
