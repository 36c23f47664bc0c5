//! A connection of our own, without a stage: sends what was asked for, waits, says goodbye, and prints what happened.
//! The connection itself is `clients`' business.

use std::io;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::sync::mpsc;
use tokio::time::{Instant as Deadline, sleep_until};

use crate::cli::Interrupt;
use crate::cli::inspect::Inspect;
use crate::cli::inspect::keep::Keep;
use crate::cli::inspect::printer::Printer;
use crate::clients::{Command, Report, session};

/// Reports that wait for the printer; then the socket waits.
const WAITING: usize = 64;

/// The only connection's number.
const ONLY: usize = 1;

pub(super) async fn play(inspect: &Inspect) -> anyhow::Result<ExitCode> {
    let (orders, inbox) = mpsc::channel(inspect.sends.0.len() + 2);
    let (post, mut mail) = mpsc::channel(WAITING);
    let mut keep = Keep::new(inspect)?;
    let mut printer = Printer::new(inspect.json, false, io::stdout(), Instant::now());
    let mut interrupt = Interrupt::new()?;
    let mut session = Box::pin(session(inspect.options(), inbox, post));
    let (mut deadline, mut over, mut well) = (None, false, true);
    let mut goodbyes = 0;
    loop {
        tokio::select! {
            biased;
            () = interrupt.recv() => {
                goodbyes += 1;
                if goodbyes > 1 {
                    break printer.end(ONLY, &Err("interrupted".to_owned()))?;
                }
                deadline = None;
                orders.try_send(Command::Close(1000, String::new()))?;
            }
            () = sleep_until(deadline.unwrap_or_else(Deadline::now)), if deadline.is_some() => {
                deadline = None;
                orders.try_send(Command::Close(1000, String::new()))?;
            }
            report = mail.recv() => {
                let Some(report) = report else { break };
                keep.tell(|recorder| recorder.session(&report))?;
                match report {
                    Report::Open => {
                        for send in &inspect.sends.0 {
                            orders.try_send(send.clone())?;
                        }
                        deadline = Some(Deadline::now() + Duration::from_secs_f64(inspect.seconds.unwrap_or(1.0)));
                    }
                    Report::Bytes(chunk) => {
                        let from = chunk.direction.sender();
                        printer.bytes(ONLY, from, printer.time(chunk.at), &chunk.bytes)?;
                    }
                    Report::Note(text) => printer.tell("note", json!({ "text": text }))?,
                    Report::Connected(_) | Report::Secrets(_) => {}
                    Report::Ended(why) => {
                        well = why.is_ok();
                        printer.end(ONLY, &why)?;
                    }
                }
            },
            () = &mut session, if !over => over = true,
        }
    }
    Ok(if well && goodbyes < 2 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
