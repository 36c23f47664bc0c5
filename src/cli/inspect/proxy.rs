//! Headless `wiretalk inspect --proxy`: forwards everything and prints the records.
//! Frames can be held, stepped and dropped only in the inspector.

use std::future::pending;
use std::io::{self, Write as _};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio::time::sleep;

use crate::cli::inspect::connection_state::ConnectionState;
use crate::cli::inspect::printer::Printer;
use crate::cli::inspect::record::{NoteSubject, Record};
use crate::cli::inspect::record_selection::RecordSelection;
use crate::cli::inspect::replace_hint::suggest_replace;
use crate::cli::interrupt::Interrupt;
use crate::cli::output::Output;
use crate::inspect::{Ending, InspectConfig, Recording, proxied_end};
use crate::net::describe_io_error;
use crate::proxy::{
    CAPACITY_FREED_MESSAGE, ProxyError, ProxyEvent, ProxyEventKind, ProxyOptions, bind,
    capacity_reached_message,
};
use crate::scope::Scope;
use crate::wire::Side;

/// Events that wait for the printer; a full queue makes the peers wait. An event holds up to 16
/// KiB, and printing its records takes longer than relaying it: with a longer queue, one flood
/// would delay every other connection for seconds.
const EVENT_CAPACITY: usize = 16;

/// Runs the proxy of `options` and prints records for `seconds`, or until SIGINT or SIGTERM.
///
/// # Errors
///
/// If the port cannot be bound, or the file of `--write` or standard output cannot be written.
pub(super) async fn run(
    config: &InspectConfig,
    options: &ProxyOptions,
    seconds: Option<f64>,
    json: bool,
) -> anyhow::Result<ExitCode> {
    let scope = Scope::new(|panic| {
        // There is no other place to report it.
        let _ = writeln!(io::stderr(), "wiretalk: {panic}");
    });
    let listen = options.listen;
    // Kept open, although nobody sends a command.
    let (_commands, inbox) = mpsc::channel(1);
    let (sender, mut mailbox) = mpsc::channel(EVENT_CAPACITY);
    let bound = bind(&scope, options.clone(), inbox, sender).await;
    let (address, proxy) = bound.map_err(|error| {
        anyhow::anyhow!("could not listen on {listen}: {}", describe_io_error(&error))
    })?;
    let mut interrupt = Interrupt::new()?;
    let mut recording = Recording::create(config.recording.as_ref(), 1).map_err(suggest_replace)?;
    let mut printer = Printer::new(json, true, Output::new()?, Instant::now())
        .with_selection(RecordSelection::from(config));
    printer.print(&Record::listening(printer.now(), address))?;
    let time_limit = async {
        match seconds {
            Some(seconds) => sleep(Duration::from_secs_f64(seconds)).await,
            None => pending().await,
        }
    };
    let (mut time_limit, mut proxy) = (std::pin::pin!(time_limit), std::pin::pin!(proxy));
    let mut interrupted = false;
    // Connections are numbered from 1.
    let mut last_number = 0;
    let reason = loop {
        let pending = printer.out().is_pending();
        tokio::select! {
            // The signal and the time limit come first: a flood of events must not delay them.
            biased;
            () = interrupt.recv() => {
                interrupted = true;
                break "interrupted";
            }
            () = &mut time_limit => break "the time is up",
            sent = printer.out().advance() => sent?,
            // Not while output is pending: the events stay in their bounded queue.
            event = mailbox.recv(), if !pending => match event {
                Some(report) => {
                    if let ProxyEvent::Connection(number, _) = &report {
                        last_number = last_number.max(*number);
                    }
                    recording.record(|recorder| recorder.record_proxy(address, &report))?;
                    print_event(&mut printer, report)?;
                }
                None => break "the proxy has ended",
            },
            () = &mut proxy => break "the proxy has ended",
        }
    };
    for number in printer.open_connections() {
        let so_far =
            match printer.connection(number).and_then(ConnectionState::describe_live_ending) {
                Some(ending) => format!("; before that, {}", ending.text),
                None => ", the connection was still open".to_owned(),
            };
        let why = format!("cut off: {reason}{so_far}{}", incomplete_frames(&printer, number));
        printer.print_end(number, Err(why))?;
    }
    if let Some(only) = config.connection.filter(|only| only.get() > last_number) {
        let text = format!("there was no connection {only}: the last one was {last_number}");
        printer.print(&Record::note(NoteSubject::Session, printer.now(), text))?;
    }
    printer.print_last(reason)?;
    let faulty = printer.has_panicked();
    printer.into_out().finish(&mut interrupt, interrupted).await?;
    Ok(if faulty { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Prints the records of an event.
fn print_event(printer: &mut Printer<Output>, event: ProxyEvent) -> io::Result<()> {
    let now = printer.now();
    let (number, kind) = match event {
        ProxyEvent::Connection(number, kind) => (number, kind),
        ProxyEvent::Full => {
            return printer.print(&Record::note(
                NoteSubject::Session,
                now,
                capacity_reached_message(),
            ));
        }
        ProxyEvent::Room => {
            return printer.print(&Record::note(NoteSubject::Session, now, CAPACITY_FREED_MESSAGE));
        }
    };
    match kind {
        ProxyEventKind::Opened { peer } => {
            printer.print(&Record::proxy_connection(number, now, peer))
        }
        ProxyEventKind::Connected { tls: Some(summary), .. } => {
            printer.print(&Record::note(NoteSubject::Connection(number), now, summary))
        }
        ProxyEventKind::Connected { .. }
        | ProxyEventKind::Held { .. }
        // Without commands, nothing is injected or dropped.
        | ProxyEventKind::Injected { .. }
        | ProxyEventKind::Dropped { .. } => Ok(()),
        ProxyEventKind::Bytes { from, at, bytes } => {
            printer.print_completed(number, from, printer.elapsed(at), &bytes)
        }
        ProxyEventKind::Answered { at, bytes } => {
            let at = printer.elapsed(at);
            printer.print_completed(number, Side::Server, at, &bytes)?;
            printer.observe_end(number, Side::Server, false, at);
            Ok(())
        }
        ProxyEventKind::Ended(result) => {
            if let Some(by) = result.as_ref().err().and_then(ProxyError::reset_by) {
                printer.observe_end(number, by, true, now);
            }
            let ending = printer.connection(number).and_then(ConnectionState::describe_live_ending);
            let frames = incomplete_frames(printer, number);
            let Ending { text, is_clean } = proxied_end(&result, ending);
            printer.print_end(number, if is_clean { Ok(text) } else { Err(text + &frames) })
        }
    }
}

fn incomplete_frames(printer: &Printer<Output>, number: usize) -> String {
    let connection = printer.connection(number);
    connection.map(ConnectionState::describe_incomplete_frames).unwrap_or_default()
}
