//! Measures how late the timer of the modelled link fires, beside tokio's, and how much longer than
//! the round trip an exchange over such a link takes. Tests only check that neither is early,
//! because lateness depends on the machine.
//!
//! `cargo bench --bench timer` measures. Without `--bench`, as under `cargo test --benches`, a few
//! rounds show that it works.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use wiretalk::measure::Histogram;
use wiretalk::net::{DeadlineTimer, DelayedStream, LinkConditions, Stall};

/// Times that tokio's timer, which ticks once a millisecond, cannot meet.
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
    // `cargo bench NAME` passes NAME to every benchmark, which must then skip itself.
    if arguments
        .iter()
        .any(|argument| !argument.starts_with("--") && !"timer".contains(argument.as_str()))
    {
        return Ok(());
    }
    let rounds = if arguments.iter().any(|argument| argument == "--bench") { 200 } else { 2 };
    println!("late by, in µs       p50      p99      max");
    let mut timer = DeadlineTimer::<wiretalk::net::SystemClock>::new().context("no timer")?;
    for span in SPANS {
        let (mut ours, mut tokios) = (Histogram::default(), Histogram::default());
        // Alternating, so that a busy moment of the machine hits both.
        for _ in 0..rounds {
            let at = Instant::now() + span;
            timer.sleep_until(at).await;
            ours.record(at.elapsed());
            let at = Instant::now() + span;
            tokio::time::sleep_until(at.into()).await;
            tokios.record(at.elapsed());
        }
        show(&format!("timerfd {span:?}"), &ours);
        show(&format!("tokio {span:?}"), &tokios);
    }
    for rtt in RTTS {
        show(&format!("link {rtt:?}"), &exchanges(rtt, rounds).await?);
    }
    Ok(())
}

/// Measures by how much exchanges of a byte over a modelled link exceed the round trip.
async fn exchanges(rtt: Duration, rounds: u32) -> anyhow::Result<Histogram> {
    let listener = wiretalk::net::listen(([127, 0, 0, 1], 0))?;
    let mut client = TcpStream::connect(listener.local_addr()?).await?;
    let (server, _) = listener.accept().await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let link = LinkConditions { rtt, ..LinkConditions::default() };
    let mut stream = DelayedStream::new(server, link, Instant::now(), Stall::default(), 1)?;
    let echo = async {
        while let Ok(byte) = stream.read_u8().await {
            stream.write_u8(byte).await?;
            stream.flush().await?;
        }
        stream.shutdown().await
    };
    let requests = async {
        let mut late = Histogram::default();
        // The first exchange is not counted: it also pays for the connection.
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
    let (echoed, late) = tokio::join!(echo, requests);
    echoed?;
    Ok(late?)
}

fn show(what: &str, late: &Histogram) {
    let summary = late.summary();
    let [p50, p99, max] =
        [summary.p50, summary.p99, summary.max].map(|late| late.as_secs_f64() * 1e6);
    println!("{what:16} {p50:8.0} {p99:8.0} {max:8.0}");
}
