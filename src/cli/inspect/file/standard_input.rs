//! Headless `wiretalk inspect -` with a pipe: prints the records of a capture while it grows.

use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;

use tokio::sync::oneshot;
use tokio::time::sleep;

use super::capture_printer::{CapturePrinter, print_capture};
use super::connection_list;
use super::input::{buffered, create_copy, write_copy};
use super::watched_output::WatchedOutput;
use crate::capture::{Capture, CaptureFormat, GrowingCapture, ReadOptions, Snapshot};
use crate::cli::inspect::args::ListArg;
use crate::cli::inspect::record_selection::RecordSelection;
use crate::cli::interrupt::Interrupt;
use crate::cli::output::{INTERRUPT_GRACE_PERIOD, not_drained_error};
use crate::inspect::{CaptureCopy, InspectConfig, STANDARD_INPUT};
use crate::scope::Scope;

/// Prints records until standard input ends, or until the first SIGINT or SIGTERM; with `list`, the
/// list of its connections at the end.
///
/// # Errors
///
/// If standard input cannot be read or is of no known format, or an output cannot be written.
pub(in crate::cli::inspect) async fn run(
    config: &InspectConfig,
    options: &ReadOptions,
    list: Option<ListArg>,
    json: bool,
) -> anyhow::Result<ExitCode> {
    let mut interrupt = Interrupt::new()?;
    let scope = Scope::new(|panic| {
        // There is no other place to report it.
        let _ = writeln!(io::stderr(), "wiretalk: {panic}");
    });
    // Before anything is read: a name that is taken must not cost the capture.
    let copy = create_copy(config, Path::new(STANDARD_INPUT))?;
    let capture = GrowingCapture::start(&scope, io::stdin(), Path::new(STANDARD_INPUT), options)?;
    let stopper = capture.stopper();
    let (out, watch) = WatchedOutput::new(io::stdout());
    let output = RecordOutput { list, json, selection: RecordSelection::from(config), copy };
    let (report, result) = oneshot::channel();
    // On a thread, because reading takes time and writing may block.
    scope.spawn_thread("records", move |_| async move {
        // Nobody waits for it after a signal.
        let _ = report.send(output.print(capture, buffered(out)).await);
    })?;
    let result = async {
        result.await.unwrap_or_else(|_| Err(anyhow::anyhow!("the records could not be printed")))
    };
    let mut result = std::pin::pin!(result);
    tokio::select! {
        biased;
        done = &mut result => return done,
        () = interrupt.recv() => {}
    }
    // Ctrl-C goes to the whole pipeline, and tcpdump has something left to write.
    tokio::select! {
        biased;
        done = &mut result => return done,
        () = sleep(INTERRUPT_GRACE_PERIOD) => stopper.stop(),
    }
    tokio::select! {
        biased;
        done = &mut result => done,
        () = watch.stuck_for(INTERRUPT_GRACE_PERIOD) => Err(not_drained_error().into()),
    }
}

/// What is printed of a capture, and where it is copied to.
struct RecordOutput {
    list: Option<ListArg>,
    json: bool,
    selection: RecordSelection,
    copy: Option<CaptureCopy>,
}

impl RecordOutput {
    async fn print(
        self,
        mut capture: GrowingCapture,
        out: impl io::Write,
    ) -> anyhow::Result<ExitCode> {
        let Self { list, json, selection, copy } = self;
        // Whether others follow is not known, so the number of a connection always is.
        let several = selection.connection.is_none();
        let mut printer = CapturePrinter::new(selection.clone(), json, several, out);
        let mut whole: Capture = loop {
            match capture.next().await? {
                Some(Snapshot { capture: Some(whole), is_last: true, .. }) => break whole,
                Some(Snapshot { capture: Some(part), .. }) if list.is_none() => {
                    printer.print_snapshot(&part)?;
                }
                Some(_) => {}
                None => anyhow::bail!("standard input ended without a capture"),
            }
        };
        if let Some(copy) = copy {
            write_copy(copy, &mut whole)?;
        }
        match list {
            Some(which) => connection_list::print(&whole, which, json, printer.into_out()),
            None if whole.format() == CaptureFormat::Packets => printer.finish(&whole),
            // Everything came at once, as from a file.
            None => print_capture(&whole, selection, json, printer.into_out()),
        }
    }
}
