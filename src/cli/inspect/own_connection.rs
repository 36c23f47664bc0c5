//! A connection of our own, without a stage: sends what was asked for, waits, says goodbye, and
//! prints what happened. The connection itself is `clients`' business.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio::time::{Instant as Deadline, sleep_until};

use crate::cli::inspect::printer::Printer;
use crate::cli::inspect::record::{NoteSubject, Record};
use crate::cli::inspect::replace_hint::suggest_replace;
use crate::cli::interrupt::Interrupt;
use crate::cli::output::Output;
use crate::cli::output::{INTERRUPT_GRACE_PERIOD, unread_error};
use crate::clients::{SessionCommand, SessionEvent, SessionOptions, run_session};
use crate::inspect::{InspectConfig, Recording};
use crate::net::later;

/// Reports that wait for the printer; then the socket waits.
const EVENT_CAPACITY: usize = 64;

/// The only connection's number.
const OWN_CONNECTION: usize = 1;

/// How long the connection stays open after the last send, unless the command line says otherwise.
const DEFAULT_STAY: Duration = Duration::from_secs(1);

/// Connects with `options` and prints what happens. `seconds` says how long the connection stays
/// open after the last send.
pub(super) async fn run(
    config: &InspectConfig,
    options: &SessionOptions,
    seconds: Option<f64>,
    json: bool,
) -> anyhow::Result<ExitCode> {
    let stay = seconds.map_or(DEFAULT_STAY, |seconds| {
        Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
    });
    let session = SessionPlan {
        options: config.session_options(options),
        sends: &config.initial_commands,
        stay,
    };
    let mut recording = Recording::create(config.recording.as_ref(), 1).map_err(suggest_replace)?;
    let mut printer = Printer::new(json, false, Output::new()?, Instant::now());
    let mut asked = RequestedSends { interrupt: Interrupt::new()?, came: false };
    let ended = drive_session(session, &mut recording, &mut printer, &mut asked).await;
    // what was told before an error is printed all the same
    let faulty = printer.has_panicked();
    let printed = printer.into_out().finish(&mut asked.interrupt, asked.came).await;
    let clean = ended?;
    printed?;
    Ok(if clean && !faulty { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The process being asked to end, and whether it was already.
struct RequestedSends {
    interrupt: Interrupt,
    came: bool,
}

/// What a session is to do.
struct SessionPlan<'a> {
    options: SessionOptions,
    sends: &'a [SessionCommand],
    /// How long it stays open after the last send.
    stay: Duration,
}

/// The whole session; true if it ended as it should.
async fn drive_session(
    plan: SessionPlan<'_>,
    recording: &mut Recording,
    printer: &mut Printer<Output>,
    asked: &mut RequestedSends,
) -> anyhow::Result<bool> {
    let (orders, inbox) = mpsc::channel(plan.sends.len().saturating_add(2));
    let (sender, mut mailbox) = mpsc::channel(EVENT_CAPACITY);
    let mut session = Box::pin(run_session(plan.options, inbox, sender));
    let (mut deadline, mut over, mut well) = (None, false, true);
    // the goodbye needs no reader, but what there is to say of it does: one that stands still is
    // waited for so long
    let mut stuck = None;
    loop {
        let pending = printer.out().is_pending();
        stuck = stuck
            .or_else(|| Some(later(Deadline::now(), INTERRUPT_GRACE_PERIOD)))
            .filter(|_| asked.came && pending);
        tokio::select! {
            biased;
            () = asked.interrupt.recv() => {
                asked.came = true;
                deadline = None;
                orders.try_send(SessionCommand::Close(1000, String::new()))?;
            }
            () = sleep_until(stuck.unwrap_or_else(Deadline::now)), if stuck.is_some() => {
                return Err(unread_error().into());
            }
            () = sleep_until(deadline.unwrap_or_else(Deadline::now)), if deadline.is_some() => {
                deadline = None;
                orders.try_send(SessionCommand::Close(1000, String::new()))?;
            }
            sent = printer.out().advance() => sent?,
            event = mailbox.recv(), if !pending => {
                let Some(report) = event else { return Ok(well) };
                recording.record(|recorder| recorder.record_session(&report))?;
                match report {
                    SessionEvent::Open => {
                        for send in plan.sends {
                            orders.try_send(send.clone())?;
                        }
                        deadline = Some(later(Deadline::now(), plan.stay));
                    }
                    SessionEvent::Bytes(chunk) => {
                        let from = chunk.direction.sender();
                        printer.print_completed(OWN_CONNECTION, from, printer.elapsed(chunk.at), &chunk.bytes)?;
                    }
                    SessionEvent::Note(text) => {
                        printer.print(&Record::note(NoteSubject::Session, printer.now(), text))?;
                    }
                    SessionEvent::Connected(_) | SessionEvent::KeyLog(_) => {}
                    SessionEvent::Ended(result) => {
                        well = result.is_ok();
                        let result = result.map(|end| end.to_string()).map_err(|error| error.to_string());
                        printer.print_end(OWN_CONNECTION, result)?;
                    }
                }
            },
            () = &mut session, if !over => over = true,
        }
    }
}
