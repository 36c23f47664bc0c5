//! The proxy without a stage: everything passes, and what passes is printed.
//! Holding and stepping want hands, which only the stage has.

use std::future::pending;
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::sync::mpsc;
use tokio::time::sleep;

use crate::cli::inspect::Inspect;
use crate::cli::inspect::keep::Keep;
use crate::cli::inspect::printer::Printer;
use crate::cli::{Interrupt, Output};
use crate::net::{Target, describe_io_error};
use crate::proxy::{ProxyOptions, ROOM, ProxyEvent, ProxyEventKind, bind, full};
use crate::scope::Scope;

/// Reports that wait for the printer; then the peers wait. Each may hold 16 KiB, whose records take longer than their
/// bytes: a longer queue would let one flood hold up everybody else for seconds.
const WAITING: usize = 16;

pub(super) async fn play(inspect: &Inspect, listen: SocketAddr) -> anyhow::Result<ExitCode> {
    let scope = Scope::new(|panic| {
        let _ = writeln!(io::stderr(), "wiretalk: {panic}");
    });
    let upstream = Target::parse(&inspect.source).map_err(anyhow::Error::msg)?;
    let options =
        ProxyOptions { tls: inspect.tls(), allow_remote: inspect.anywhere, ..ProxyOptions::new(listen, upstream) };
    let (_orders, inbox) = mpsc::channel(1);
    let (post, mut mail) = mpsc::channel(WAITING);
    let bound = bind(&scope, options, inbox, post).await;
    let (address, proxy) =
        bound.map_err(|error| anyhow::anyhow!("could not listen on {listen}: {}", describe_io_error(&error)))?;
    let mut interrupt = Interrupt::new()?;
    let mut keep = Keep::new(inspect)?;
    let mut printer = Printer::new(inspect.json, true, Output::new()?, Instant::now());
    printer.tell("listening", json!({ "address": address.to_string() }))?;
    let enough = async {
        match inspect.seconds {
            Some(seconds) => sleep(Duration::from_secs_f64(seconds)).await,
            None => pending().await,
        }
    };
    let (mut enough, mut proxy) = (std::pin::pin!(enough), std::pin::pin!(proxy));
    let mut interrupted = false;
    let why = loop {
        let pending = printer.out().is_pending();
        tokio::select! {
            biased;
            () = interrupt.recv() => {
                interrupted = true;
                break "interrupted";
            }
            () = &mut enough => break "the time is up",
            sent = printer.out().advance() => sent?,
            report = mail.recv(), if !pending => match report {
                Some(report) => {
                    keep.tell(|recorder| recorder.record_proxy(address, &report))?;
                    print(&mut printer, report)?;
                }
                None => break "the proxy has ended",
            },
            () = &mut proxy => break "the proxy has ended",
        }
    };
    for number in printer.open() {
        printer.end(number, &Err(format!("cut: {why}")))?;
    }
    printer.last(why)?;
    let faulty = printer.is_faulty();
    printer.into_out().finish(&mut interrupt, interrupted).await?;
    Ok(if faulty { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn print(printer: &mut Printer<Output>, report: ProxyEvent) -> io::Result<()> {
    let (number, told) = match report {
        ProxyEvent::Connection(number, told) => (number, told),
        ProxyEvent::Full => return printer.tell("note", json!({ "text": full() })),
        ProxyEvent::Room => return printer.tell("note", json!({ "text": ROOM })),
    };
    match told {
        ProxyEventKind::Opened { peer } => {
            printer.tell("connection", json!({ "connection": number, "peer": peer.to_string() }))
        }
        ProxyEventKind::Connected { tls: Some(how), .. } => {
            printer.tell("note", json!({ "connection": number, "text": how }))
        }
        ProxyEventKind::Connected { .. } | ProxyEventKind::Held { .. } | ProxyEventKind::Dropped { .. } => Ok(()),
        // without a hand, only the proxy's own refusal is put in
        ProxyEventKind::Bytes { from, at, bytes } | ProxyEventKind::Injected { from, at, bytes } => {
            printer.bytes(number, from, printer.time(at), &bytes)
        }
        ProxyEventKind::Ended(why) => printer.end(number, &why),
    }
}
