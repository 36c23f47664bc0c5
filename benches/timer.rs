//! How late the timer of the modelled distance rings, beside tokio's, and what an exchange over
//! that distance takes beyond its round trip. Tests say only that neither is ever too early: how
//! late they are is the machine's.
//!
//! `cargo bench --bench timer` measures; without `--bench`, as under `cargo test --benches`, a few
//! rounds show that it works.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use wiretalk::measure::Histogram;
use wiretalk::net::{DeadlineTimer, DelayedStream, LinkConditions, Stall};

/// Moments that no wheel of milliseconds can meet.
const SPANS: [Duration; 4] = [
    Duration::from_micros(50),
    Duration::from_micros(300),
    Duration::from_micros(1_100),
    Duration::from_micros(5_300),
];
const RTTS: [Duration; 3] =
    [Duration::from_millis(1), Duration::from_millis(10), Duration::from_millis(80)];

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // What `cargo bench NAME` asks of all benchmarks.
    if arguments
        .iter()
        .any(|argument| !argument.starts_with("--") && !"timer".contains(argument.as_str()))
    {
        return Ok(());
    }
    let rounds = if arguments.iter().any(|argument| argument == "--bench") { 200 } else { 2 };
    println!("late by, in µs       p50      p99      max");
    let mut alarm = DeadlineTimer::<wiretalk::net::SystemClock>::new().context("no timer")?;
    for span in SPANS {
        let (mut ours, mut tokios) = (Histogram::default(), Histogram::default());
        for _ in 0..rounds {
            let at = Instant::now() + span;
            alarm.sleep_until(at).await;
            ours.record(at.elapsed());
            let at = Instant::now() + span;
            tokio::time::sleep_until(at.into()).await;
            tokios.record(at.elapsed());
        }
        show(&format!("alarm {span:?}"), &ours);
        show(&format!("tokio {span:?}"), &tokios);
    }
    for rtt in RTTS {
        show(&format!("line {rtt:?}"), &exchanges(rtt, rounds).await?);
    }
    Ok(())
}

/// What exchanges of a byte over a distance take beyond its round trip.
async fn exchanges(rtt: Duration, rounds: u32) -> anyhow::Result<Histogram> {
    let listener = wiretalk::net::listen(([127, 0, 0, 1], 0))?;
    let mut client = TcpStream::connect(listener.local_addr()?).await?;
    let (server, _) = listener.accept().await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let distance = LinkConditions { rtt, ..LinkConditions::default() };
    let mut line = DelayedStream::new(server, distance, Instant::now(), Stall::default(), 1)?;
    let echo = async {
        while let Ok(byte) = line.read_u8().await {
            line.write_u8(byte).await?;
            line.flush().await?;
        }
        line.shutdown().await
    };
    let asking = async {
        let mut late = Histogram::default();
        // the first one pays for the connection as well
        for round in 0..=rounds {
            let start = Instant::now();
            client.write_u8(7).await?;
            client.read_u8().await?;
            if round > 0 {
                late.record(start.elapsed().saturating_sub(rtt));
            }
        }
        client.shutdown().await?;
        std::io::Result::Ok(late)
    };
    let (echoed, late) = tokio::join!(echo, asking);
    echoed?;
    Ok(late?)
}

fn show(what: &str, late: &Histogram) {
    let summary = late.summary();
    let [p50, p99, max] =
        [summary.p50, summary.p99, summary.max].map(|late| late.as_secs_f64() * 1e6);
    println!("{what:16} {p50:8.0} {p99:8.0} {max:8.0}");
}
