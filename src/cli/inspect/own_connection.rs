//! Headless `wiretalk inspect URL`: opens a connection, sends what the command line asks for,
//! waits, closes, and prints the records. `clients` runs the connection.

use std::io;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio::time::{Instant as TokioInstant, sleep_until};

use crate::capture::LiveEnding;
use crate::cli::inspect::printer::Printer;
use crate::cli::inspect::record::{NoteSubject, Record};
use crate::cli::inspect::record_selection::RecordSelection;
use crate::cli::inspect::replace_hint::suggest_replace;
use crate::cli::interrupt::Interrupt;
use crate::cli::output::Output;
use crate::cli::output::{INTERRUPT_GRACE_PERIOD, not_drained_error};
use crate::clients::{SessionCommand, SessionError, SessionEvent, SessionOptions, run_session};
use crate::inspect::{InspectConfig, Recording};
use crate::net::add_clamped;
use crate::wire::Side;

/// Events that wait for the printer. A full queue stops the session from reading its socket, so a
/// slow reader of standard output slows down the server instead of filling the memory.
const EVENT_CAPACITY: usize = 64;

/// The number of the first connection. Each redirect leads to another one.
const FIRST_CONNECTION: usize = 1;

/// The default of `--for`: how long the connection stays open after the last send.
const DEFAULT_STAY: Duration = Duration::from_secs(1);

/// Connects with `options` and prints records until the connection ends. `seconds` is how long it
/// stays open after the last send.
///
/// # Errors
///
/// If the file of `--write` or standard output cannot be written. A failed connection is not an
/// error here but a record and exit status 1.
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
    let mut printer = Printer::new(json, false, Output::new()?, Instant::now())
        .with_selection(RecordSelection::from(config));
    let mut interrupt = InterruptState { interrupt: Interrupt::new()?, received: false };
    let ended = drive_session(session, &mut recording, &mut printer, &mut interrupt).await;
    // What was received before an error is printed all the same.
    let faulty = printer.has_panicked();
    let printed = printer.into_out().finish(&mut interrupt.interrupt, interrupt.received).await;
    let clean = ended?;
    printed?;
    Ok(if clean && !faulty { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The signal that ends the command, and whether it has arrived.
struct InterruptState {
    interrupt: Interrupt,
    received: bool,
}

/// The input of a session.
struct SessionPlan<'a> {
    options: SessionOptions,
    sends: &'a [SessionCommand],
    /// How long the connection stays open after the last send.
    stay: Duration,
}

/// The connection of a session, or the latest one after redirects, as far as it has come.
struct SessionProgress {
    number: usize,
    ending: LiveEnding,
    is_connected: bool,
    is_clean: bool,
}

impl SessionProgress {
    fn new() -> Self {
        let ending = LiveEnding::default();
        Self { number: FIRST_CONNECTION, ending, is_connected: false, is_clean: true }
    }

    /// Prints the records of an event.
    fn print_event<W: io::Write>(
        &mut self,
        printer: &mut Printer<W>,
        event: SessionEvent,
    ) -> io::Result<()> {
        match event {
            SessionEvent::Bytes(chunk) => {
                let from = chunk.transfer.sender_at_client();
                let at = printer.elapsed(chunk.at);
                self.is_connected = true;
                self.ending.take(from, chunk.at, &chunk.bytes);
                printer.print_completed(self.number, from, at, &chunk.bytes)
            }
            SessionEvent::Note(text) => {
                printer.print(&Record::note(NoteSubject::Session, printer.now(), text))
            }
            SessionEvent::Redirected { url } => {
                let why = Ok(format!("redirected to {url}"));
                let packet = self.ending.finish(Instant::now(), None, Some(Side::Client));
                printer.print_end_with_packet(self.number, why, packet)?;
                *self = Self { number: self.number.saturating_add(1), ..Self::new() };
                Ok(())
            }
            SessionEvent::Connected(_) => {
                self.is_connected = true;
                Ok(())
            }
            SessionEvent::Open | SessionEvent::KeyLog(_) => Ok(()),
            SessionEvent::Ended(result) => {
                self.is_clean = result.is_ok();
                let error = result.as_ref().err();
                let reset_by = error.and_then(SessionError::reset_by);
                let closer = self.is_connected.then(|| SessionError::closer(error));
                let packet = self.ending.finish(Instant::now(), reset_by, closer);
                let end = result.map(|end| end.to_string());
                let end = end.map_err(|error| error.to_string());
                printer.print_end_with_packet(self.number, end, packet)
            }
        }
    }
}

/// Runs the session to its end. Returns whether the connection closed cleanly.
async fn drive_session(
    plan: SessionPlan<'_>,
    recording: &mut Recording,
    printer: &mut Printer<Output>,
    interrupt: &mut InterruptState,
) -> anyhow::Result<bool> {
    // Room for all sends, and for a Close at the deadline and one at a signal: `try_send` never
    // finds the queue full.
    let (commands, inbox) = mpsc::channel(plan.sends.len().saturating_add(2));
    let (sender, mut mailbox) = mpsc::channel(EVENT_CAPACITY);
    let mut session = Box::pin(run_session(plan.options, inbox, sender));
    let (mut deadline, mut over) = (None, false);
    let mut progress = SessionProgress::new();
    // After a signal: how long to wait for standard output to drain. The session closes without a
    // reader, but the records about it need one.
    let mut give_up_at = None;
    loop {
        let pending = printer.out().is_pending();
        give_up_at = give_up_at
            .or_else(|| Some(add_clamped(TokioInstant::now(), INTERRUPT_GRACE_PERIOD)))
            .filter(|_| interrupt.received && pending);
        tokio::select! {
            // The signal comes first: a flood of events must not delay it.
            biased;
            () = interrupt.interrupt.recv() => {
                interrupt.received = true;
                deadline = None;
                commands.try_send(SessionCommand::Close(1000, String::new()))?;
            }
            () = sleep_until(give_up_at.unwrap_or_else(TokioInstant::now)),
                if give_up_at.is_some() =>
            {
                return Err(not_drained_error().into());
            }
            () = sleep_until(deadline.unwrap_or_else(TokioInstant::now)), if deadline.is_some() => {
                deadline = None;
                commands.try_send(SessionCommand::Close(1000, String::new()))?;
            }
            sent = printer.out().advance() => sent?,
            // Not while output is pending: the events stay in their bounded queue.
            event = mailbox.recv(), if !pending => {
                let Some(report) = event else { return Ok(progress.is_clean) };
                recording.record(|recorder| recorder.record_session(&report))?;
                if let SessionEvent::Open = report {
                    for send in plan.sends {
                        commands.try_send(send.clone())?;
                    }
                    deadline = Some(add_clamped(TokioInstant::now(), plan.stay));
                }
                progress.print_event(printer, report)?;
            },
            // Polled here, and never again once it has ended; the loop ends with the last event.
            () = &mut session, if !over => over = true,
        }
    }
}
