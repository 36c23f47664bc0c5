//! What is measured, and how it is told: a table with the target and the peers' recorded figures
//! beside ours.

use std::time::{Duration, Instant};

use anyhow::ensure;
use wiretalk::measure::{Histogram, Ratio, paired_ratio};
use wiretalk::wire::Opcode;
use wiretalk::wire::frame::encode;

use crate::crowd::{Crowd, Opening};
use crate::floor;
use crate::recorded;
use crate::server::{Cpus, Server, allow_sockets};

/// Targets: bytes an idle connection, the same where compression was agreed on, and milliseconds
/// until the last of 10,000 has a message.
const IDLE: u64 = 7_000;
const IDLE_DEFLATE: u64 = 25_000;
const LAST: Duration = Duration::from_millis(110);

/// Connections that are there before memory is counted: what a server needs once, it has then.
const FIRST: usize = 100;

/// Memory is counted once nothing has happened for this long.
const CALM: Duration = Duration::from_millis(300);

const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// How much of it.
pub(crate) struct Scale {
    crowd: usize,
    messages: usize,
    rounds: usize,
    slice: Duration,
}

impl Scale {
    /// For figures.
    pub(crate) const FULL: Self =
        Self { crowd: 10_000, messages: 40, rounds: 11, slice: Duration::from_millis(150) };
    /// To see that it works.
    pub(crate) const SMOKE: Self =
        Self { crowd: 200, messages: 3, rounds: 2, slice: Duration::from_millis(10) };
}

impl Scale {
    /// Whether a target was met, where the crowd is as large as the target wants it.
    fn verdict(&self, met: bool) -> &'static str {
        match met {
            _ if self.crowd < Self::FULL.crowd => "",
            true => "met",
            false => "NOT MET",
        }
    }
}

/// Measures all of it, and fails only where a server does.
pub(crate) fn run(scale: &Scale) -> anyhow::Result<()> {
    let began = Instant::now();
    let allowed = allow_sockets()?;
    let needed = scale.crowd as u64 + 100;
    ensure!(
        allowed >= needed,
        "{needed} open files are needed, {allowed} allowed; `ulimit -Hn` says how many"
    );
    let cpus = Cpus::take()?;
    let apart = if cpus.apart { "a CPU for either end" } else { "ONE CPU FOR BOTH ENDS" };
    println!("load: loopback, {apart}\n");
    crowds(scale, &cpus)?;
    echoes(scale, &cpus)?;
    println!("all of it took {:.0} s", began.elapsed().as_secs_f64());
    Ok(())
}

/// What servers do with everybody in them.
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
    // not at once: both ends of both would be more open files than most systems allow
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

/// A server with everybody in it.
struct Full {
    server: Server,
    crowd: Crowd,
    /// Bytes an idle connection.
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

    /// One of the crowd says `sent`, whereupon all are `told`, time after time.
    fn broadcast(
        mut self,
        sent: &[u8],
        expected: &[u8],
        scale: &Scale,
    ) -> anyhow::Result<Broadcast> {
        // the first ones find everything cold
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

/// What came of it.
struct Broadcast {
    idle: u64,
    /// From a message to the last who has it.
    last: Histogram,
    /// How long one message keeps the server busy.
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

/// What a lane brought in all its slices.
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

/// The echo beside raw TCP, in slices that alternate.
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
    // as many bytes as the two frames together
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
        // each goes first every other time
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
