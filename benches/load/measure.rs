//! The measurements, and the table that shows our figures beside the targets and the recorded
//! figures of other servers.

use std::time::{Duration, Instant};

use anyhow::ensure;
use wiretalk::measure::{Histogram, Ratio, paired_ratio};
use wiretalk::wire::Opcode;
use wiretalk::wire::frame::encode;

use crate::crowd::{Crowd, Opening};
use crate::floor;
use crate::recorded;
use crate::server::{Cpus, Server, allow_sockets};

/// The target for the memory of an idle connection, in bytes.
const IDLE: u64 = 7_000;
/// The same with permessage-deflate.
const IDLE_DEFLATE: u64 = 25_000;
/// The target for the time from a message to the last of 10,000 subscribers.
const LAST: Duration = Duration::from_millis(110);

/// The number of connections before memory is counted. By then, the server has allocated what it
/// needs once.
const FIRST: usize = 100;

/// How long nothing must happen before memory is counted.
const CALM: Duration = Duration::from_millis(300);

const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// The size of the measurements.
pub(crate) struct Scale {
    /// The number of clients.
    crowd: usize,
    /// The number of messages that the hub broadcasts.
    messages: usize,
    /// The number of slices of each echo.
    rounds: usize,
    /// The duration of a slice.
    slice: Duration,
}

impl Scale {
    /// The size that yields figures.
    pub(crate) const FULL: Self =
        Self { crowd: 10_000, messages: 40, rounds: 11, slice: Duration::from_millis(150) };
    /// The size that shows that the benchmark works.
    pub(crate) const SMOKE: Self =
        Self { crowd: 200, messages: 3, rounds: 2, slice: Duration::from_millis(10) };
}

impl Scale {
    /// Returns whether a target was met, as text. Empty if the crowd is smaller than that of the
    /// targets.
    fn verdict(&self, met: bool) -> &'static str {
        match met {
            _ if self.crowd < Self::FULL.crowd => "",
            true => "met",
            false => "NOT MET",
        }
    }
}

/// Runs all measurements. A missed target is not an error.
///
/// # Errors
///
/// If a server fails, or the system allows too few open files.
pub(crate) fn run(scale: &Scale) -> anyhow::Result<()> {
    let began = Instant::now();
    let allowed = allow_sockets()?;
    // A hundred for everything that is not a connection.
    let needed = scale.crowd as u64 + 100;
    ensure!(
        allowed >= needed,
        "{needed} open files are needed, but only {allowed} are allowed; raise `ulimit -Hn`"
    );
    let cpus = Cpus::take()?;
    let apart = if cpus.apart { "a CPU for each end" } else { "ONE CPU FOR BOTH ENDS" };
    println!("load: loopback, {apart}\n");
    crowds(scale, &cpus)?;
    echoes(scale, &cpus)?;
    println!("took {:.0} s in all", began.elapsed().as_secs_f64());
    Ok(())
}

/// Measures the servers with the whole crowd connected.
fn crowds(scale: &Scale, cpus: &Cpus) -> anyhow::Result<()> {
    let payload = [b'x'; 64];
    let sent = encode::single_frame(Opcode::Binary, &payload, Some(KEY));
    let expected = encode::single_frame(Opcode::Binary, &payload, None);
    println!(
        "{} connections          B/idle connection   64 B to the last: p50        p99   server CPU",
        scale.crowd
    );
    let plain = Full::new(Server::websocket("plain", cpus)?, Opening::WebSocket, scale)?;
    println!(
        "{:<26}{:>9} {}",
        "wiretalk, plain echo",
        plain.idle,
        scale.verdict(plain.idle <= IDLE)
    );
    drop(plain);
    let strict = Full::new(Server::websocket("strict", cpus)?, Opening::Deflate, scale)?;
    println!(
        "{:<26}{:>9} {} (<= {IDLE_DEFLATE})",
        "wiretalk, strict, deflate",
        strict.idle,
        scale.verdict(strict.idle <= IDLE_DEFLATE)
    );
    drop(strict);
    // One server after the other: both crowds together would need more open files than most systems
    // allow.
    let floor = Full::new(Server::floor(floor::HUB, cpus)?, Opening::Raw, scale)?
        .broadcast(&expected, &expected, scale)?;
    let hub = Full::new(Server::websocket("hub", cpus)?, Opening::WebSocket, scale)?;
    let hub = hub.broadcast(&sent, &expected, scale)?;
    hub.print("wiretalk, hub", scale.verdict(hub.idle <= IDLE), scale.verdict(hub.p50() <= LAST));
    floor.print("raw TCP hub, tokio", "", "");
    println!("{:<26}{:>9}{:>27}", "target", format!("<= {IDLE}"), format!("<= {}", millis(LAST)));
    println!("{}", recorded::WHEN);
    for recorded::Peer { name, idle, last } in recorded::CROWD {
        println!("{name:<26}{idle:>9}{:>27}", format!("{last:.1} ms"));
    }
    println!();
    Ok(())
}

/// A server with the whole crowd connected.
struct Full {
    server: Server,
    crowd: Crowd,
    /// Bytes of memory per idle connection.
    idle: u64,
}

impl Full {
    fn new(server: Server, opening: Opening, scale: &Scale) -> anyhow::Result<Self> {
        let mut crowd = Crowd::new()?;
        crowd.grow(server.address, opening, FIRST)?;
        crowd.idle(CALM)?;
        let before = server.memory()?;
        crowd.grow(server.address, opening, FIRST + scale.crowd)?;
        crowd.idle(CALM)?;
        let more = server.memory()?.saturating_sub(before);
        Ok(Self { server, crowd, idle: more / scale.crowd as u64 })
    }

    /// Lets a client send `sent` and all receive `expected`, for every message of the scale.
    fn broadcast(
        mut self,
        sent: &[u8],
        expected: &[u8],
        scale: &Scale,
    ) -> anyhow::Result<Broadcast> {
        // Warms up: the first messages find all caches cold.
        for _ in 0..3 {
            self.crowd.send_to_all(sent, expected)?;
        }
        let mut last = Histogram::default();
        let before = self.server.cpu()?;
        for _ in 0..scale.messages {
            last.record(self.crowd.send_to_all(sent, expected)?);
        }
        let busy = self.server.cpu()?.saturating_sub(before) / scale.messages as u32;
        Ok(Broadcast { idle: self.idle, last, busy })
    }
}

/// The figures of a hub.
struct Broadcast {
    /// Bytes of memory per idle connection.
    idle: u64,
    /// The times from sending a message until the last client has it.
    last: Histogram,
    /// The CPU time of the server per message.
    busy: Duration,
}

impl Broadcast {
    fn p50(&self) -> Duration {
        self.last.quantile(0.5)
    }

    fn print(&self, name: &str, idle: &str, last: &str) {
        println!(
            "{name:<26}{:>9} {idle:<12}{:>14} {last:<9}{:>8}{:>13}",
            self.idle,
            millis(self.p50()),
            millis(self.last.quantile(0.99)),
            millis(self.busy)
        );
    }
}

/// The figures of a lane over all its slices.
#[derive(Default)]
struct Lane {
    latencies: Histogram,
    count: u64,
}

impl Lane {
    fn rate(&self, scale: &Scale) -> f64 {
        self.count as f64 / (scale.slice.as_secs_f64() * scale.rounds as f64)
    }
}

/// Measures the echo beside raw TCP, in alternating slices.
fn echoes(scale: &Scale, cpus: &Cpus) -> anyhow::Result<()> {
    println!("echo of 32 B, connections          1                    64                   256");
    let floor = Server::floor(floor::ECHO, cpus)?;
    let plain = Server::websocket("plain", cpus)?;
    let (mut tcp_line, mut ws_line, mut ratios) = (String::new(), String::new(), String::new());
    for connections in [1, 64, 256] {
        let (tcp, ws, ratio) = echo(scale, &floor, &plain, connections)?;
        tcp_line += &cell(tcp.rate(scale), tcp.latencies.quantile(0.5));
        ws_line += &cell(ws.rate(scale), ws.latencies.quantile(0.5));
        let ratio = ratio.map_or_else(String::new, |Ratio { median, low, high, .. }| {
            format!("{median:.2} [{low:.2}-{high:.2}]")
        });
        ratios += &format!("{ratio:>21}");
    }
    println!("{:<26}{tcp_line}", "raw TCP, tokio");
    println!("{:<26}{ws_line}", "wiretalk, plain echo");
    println!("{:<26}{ratios}   rate, ours / raw TCP", "");
    println!("{}", recorded::WHEN);
    for recorded::Echo { name, figures } in recorded::ECHO {
        let cells =
            figures.map(|(_, rate, p50)| cell(f64::from(rate), Duration::from_secs_f64(p50 / 1e6)));
        println!("{name:<26}{}{:>21}", cells.concat(), "-");
    }
    println!();
    Ok(())
}

fn echo(
    scale: &Scale,
    floor: &Server,
    plain: &Server,
    connections: usize,
) -> anyhow::Result<(Lane, Lane, Option<Ratio>)> {
    let payload = [b'x'; 32];
    // Two such messages have as many bytes as the two frames: 38 with a masking key, and 34.
    let raw = [b'x'; 36];
    let (asked, answered) = (
        encode::single_frame(Opcode::Binary, &payload, Some(KEY)),
        encode::single_frame(Opcode::Binary, &payload, None),
    );
    let (mut tcp_crowd, mut ws_crowd) = (Crowd::new()?, Crowd::new()?);
    tcp_crowd.grow(floor.address, Opening::Raw, connections)?;
    ws_crowd.grow(plain.address, Opening::WebSocket, connections)?;
    let (mut tcp, mut ws, mut pairs) = (Lane::default(), Lane::default(), Vec::new());
    tcp_crowd.exchange(&raw, &raw, scale.slice, &mut Histogram::default())?;
    ws_crowd.exchange(&asked, &answered, scale.slice, &mut Histogram::default())?;
    for round in 0..scale.rounds {
        let mut counts = [0; 2];
        // Each lane goes first in every other round, so that the order favours neither.
        for lane in [round % 2, 1 - round % 2] {
            counts[lane] = if lane == 0 {
                tcp_crowd.exchange(&raw, &raw, scale.slice, &mut tcp.latencies)?
            } else {
                ws_crowd.exchange(&asked, &answered, scale.slice, &mut ws.latencies)?
            };
        }
        tcp.count += counts[0];
        ws.count += counts[1];
        pairs.push((counts[1] as f64, counts[0] as f64));
    }
    Ok((tcp, ws, paired_ratio(&pairs, 1)))
}

fn cell(rate: f64, p50: Duration) -> String {
    format!("{:>11.0}/s {:>5.0} µs", rate, p50.as_secs_f64() * 1e6)
}

fn millis(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1e3)
}
