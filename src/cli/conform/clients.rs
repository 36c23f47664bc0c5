//! `wiretalk conform --clients PORT`: the cases for whatever client connects.

use std::io::{self, Write as _};
use std::net::Ipv4Addr;

use anyhow::Context as _;

use crate::cli::conform::progress;
use crate::cli::interrupt::Interrupt;
use crate::conform::clients::{ClientEvent, ClientsConfig, judge_clients};
use crate::conform::{Case, ConformConfig, ConformOutcome, RunLimits};
use crate::net::{Target, listen};

/// Listens on `port` of loopback and plays the cases until each was played, the clients are gone, or
/// a signal arrives. Returns the address as the target of a configuration.
///
/// # Errors
///
/// If the port cannot be bound.
pub(super) async fn run(
    port: u16,
    cases: &[Case],
    limits: RunLimits,
    interrupt: &mut Interrupt,
) -> anyhow::Result<(ConformConfig, ConformOutcome)> {
    let listener = listen((Ipv4Addr::LOCALHOST, port))
        .with_context(|| format!("could not listen on 127.0.0.1:{port}"))?;
    let address = listener.local_addr()?;
    writeln!(
        io::stderr(),
        "connect to each path of http://{address}/ and echo what comes, or open it in a browser; \
         Ctrl-C ends it"
    )?;
    let config = ClientsConfig { limits, ..ClientsConfig::default() };
    let display = progress::on_stderr(cases, 1);
    let on_event = |ClientEvent { index, verdict }| display.borrow_mut().played(index, verdict);
    let judging = judge_clients(&listener, cases, config, interrupt.recv(), on_event);
    let outcome = progress::watch(&display, judging).await;
    drop(display);
    Ok((ConformConfig::new(Target::parse(&format!("ws://{address}/"))?), outcome))
}
