//! The measurement: one server after the other, each with the same clients.

use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context as _, bail};
use tokio::time::Instant;
use wiretalk::scope::Scope;

use crate::clients::{self, OpenWebSocket};
use crate::exchange::{ExchangeCounts, Schedule};
use crate::server::{Server, allow_sockets};

/// The time between two messages of a session.
const EVERY: Duration = Duration::from_millis(100);

/// WebSockets that are opened side by side; more would overflow a server's backlog.
const OPENED_AT_ONCE: usize = 64;

/// How much is measured.
#[derive(Clone, Copy)]
struct Scale {
    sessions: usize,
    messages: u32,
    idle: usize,
}

pub(crate) fn run(full: bool) -> anyhow::Result<()> {
    allow_sockets()?;
    let seconds = number("SOCKJS_SECONDS")?.unwrap_or(60);
    let sessions = number("SOCKJS_SESSIONS")?.unwrap_or(1_000);
    let scale = if full {
        Scale { sessions, messages: u32::try_from(seconds * 10)?, idle: sessions * 10 }
    } else {
        Scale { sessions: 10, messages: 5, idle: 50 }
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let others = std::env::var("SOCKJS_SERVERS").unwrap_or_default();
    let others = others.split(';').filter(|plan| !plan.trim().is_empty());
    let starts = [None].into_iter().chain(others.map(Some));
    for plan in starts {
        let start = || match plan {
            None => Server::ours(),
            Some(plan) => Server::other(plan.trim()),
        };
        runtime.block_on(measure(start, scale))?;
    }
    Ok(())
}

fn number(name: &str) -> anyhow::Result<Option<usize>> {
    let Ok(value) = std::env::var(name) else { return Ok(None) };
    Ok(Some(value.parse().with_context(|| format!("{name} is no number"))?))
}

/// Measures a server, which is started anew for each part.
async fn measure(start: impl Fn() -> anyhow::Result<Server>, scale: Scale) -> anyhow::Result<()> {
    for over in ["xhr-streaming", "websocket"] {
        let server = start()?;
        match load(&server, over, scale).await {
            Ok(line) => println!("{:<14} {over:<14} {line}", server.name),
            Err(error) => println!("{:<14} {over:<14} failed: {error:#}", server.name),
        }
    }
    let server = start()?;
    match idle(&server, scale.idle).await {
        Ok(bytes) => {
            println!(
                "{:<14} {} idle websocket sessions: {bytes} bytes each",
                server.name, scale.idle
            );
        }
        Err(error) => println!("{:<14} idle websocket sessions failed: {error:#}", server.name),
    }
    Ok(())
}

/// Exchanges messages in all sessions, and returns a line about it.
async fn load(server: &Server, over: &str, scale: Scale) -> anyhow::Result<String> {
    let Scale { sessions, messages, .. } = scale;
    // Everything is open before the first message is due.
    let opening = Duration::from_millis(500) + Duration::from_millis(3) * u32::try_from(sessions)?;
    let begin = Instant::now() + opening;
    let schedule = |session: usize| {
        let phase =
            EVERY * u32::try_from(session).unwrap_or(0) / u32::try_from(sessions).unwrap_or(1);
        Schedule { begin: begin + phase, every: EVERY, messages }
    };
    let address = server.address;
    let early = async {
        tokio::time::sleep_until(begin + EVERY * (messages / 4)).await;
        server.memory()
    };
    let exchanges = async {
        if over == "websocket" {
            let opened = open_websockets(server, sessions).await?;
            let exchange =
                |(index, socket): (usize, OpenWebSocket)| socket.exchange(schedule(index));
            all(opened.into_iter().enumerate().map(exchange)).await
        } else {
            let exchange = |index| clients::streaming(address, index, schedule(index));
            all((0..sessions).map(exchange)).await
        }
    };
    let (early, tally) = tokio::join!(early, exchanges);
    let (early, tally, late) = (early?, tally?, server.memory()?);
    let micros = |quantile| tally.latency.quantile(quantile).as_micros();
    Ok(format!(
        "{} sent, {} back in order, none twice; p50 {} us, p99 {} us; memory {} KiB, at the end {} KiB",
        tally.sent,
        tally.received,
        micros(0.5),
        micros(0.99),
        early / 1024,
        late / 1024
    ))
}

async fn open_websockets(server: &Server, count: usize) -> anyhow::Result<Vec<OpenWebSocket>> {
    let mut opened = Vec::with_capacity(count);
    while opened.len() < count {
        let next = opened.len();
        let batch = next..count.min(next + OPENED_AT_ONCE);
        let opening = batch.map(|index| OpenWebSocket::open(server.address, index));
        for socket in futures_util::future::join_all(opening).await {
            opened.push(socket?);
        }
    }
    Ok(opened)
}

/// Returns the memory that a server needs for each WebSocket session that does nothing.
async fn idle(server: &Server, count: usize) -> anyhow::Result<u64> {
    // What a server allocates once, it has allocated then.
    drop(open_websockets(server, OPENED_AT_ONCE).await?);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let before = server.memory()?;
    let opened = open_websockets(server, count).await?;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let grown = server.memory()?.saturating_sub(before);
    drop(opened);
    Ok(grown / count as u64)
}

/// Runs all of them side by side and adds up what they tell.
async fn all<F>(sessions: impl Iterator<Item = F>) -> anyhow::Result<ExchangeCounts>
where
    F: Future<Output = anyhow::Result<ExchangeCounts>> + Send + 'static,
{
    let total = Arc::new(Mutex::new((ExchangeCounts::default(), Vec::new())));
    let scope = Scope::new(|panic| panic!("{panic}"));
    for session in sessions {
        let total = total.clone();
        scope.spawn("session", async move {
            let result = session.await;
            let mut total = total.lock().expect("no session panics with it");
            match result {
                Ok(tally) => total.0.add(&tally),
                Err(error) => total.1.push(error),
            }
        });
    }
    scope.closed().await;
    let (tally, errors) = std::mem::take(&mut *total.lock().expect("all have ended"));
    match errors.first() {
        None => Ok(tally),
        Some(first) => bail!("{} sessions failed; the first: {first:#}", errors.len()),
    }
}
