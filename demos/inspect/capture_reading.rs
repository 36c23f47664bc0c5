//! Reads files and standard input for the inspector, and copies them into other files.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::messages::{LoadedCapture, LoadedSnapshot, Msg};
use crate::capture::{
    self, Capture, CaptureError, CaptureFormat, GrowingCapture, ReadOptions, Snapshot,
};
use crate::clients::SessionEvent;
use crate::inspect::{CaptureCopy, RecordingOptions, STANDARD_INPUT, is_pipe};
use crate::scope::Scope;
use crate::stage::Mailbox;

/// Reads a file, or standard input while it grows, and copies its connections into another file if
/// one is to be recorded.
pub(super) fn read_file(
    scope: &Scope,
    run: u64,
    path: PathBuf,
    options: ReadOptions,
    recording: Option<RecordingOptions>,
    mailbox: Mailbox<Msg>,
) {
    let failed = mailbox.clone();
    let reading = if is_pipe(&path, &io::stdin()) {
        load_growing(scope, run, &path, &options, recording, mailbox)
    } else {
        load_file(scope, run, path, options, recording, mailbox)
    };
    if let Err(error) = reading {
        // Called while a key is handled, so it must not wait for room in the mailbox.
        let _ = failed.try_send(Msg::Failed(error.to_string()));
    }
}

/// Reads a file on a thread of its own: a large capture takes seconds.
fn load_file(
    scope: &Scope,
    run: u64,
    path: PathBuf,
    options: ReadOptions,
    recording: Option<RecordingOptions>,
    mailbox: Mailbox<Msg>,
) -> Result<(), CaptureError> {
    let failed = path.clone();
    let reading = scope.spawn_thread("capture", move |_| async move {
        let opened = if path.as_os_str() == STANDARD_INPUT {
            capture::open_stream(io::stdin(), &path, &options)
        } else {
            capture::open(&path, &options)
        };
        let message = match opened {
            Ok(capture) => {
                let copy = recording.map(|recording| create_copy(&path, &recording, run));
                let notice = copy.map(|copy| write_copy(copy, &capture));
                let notes = notice.into_iter().chain(capture.warnings().iter().cloned()).collect();
                Msg::Loaded(Box::new(LoadedCapture::new(capture, notes)))
            }
            Err(error) => Msg::Failed(error.to_string()),
        };
        // Fails only if the slide was left.
        let _ = mailbox.send(message).await;
    });
    reading.map_err(|source| CaptureError::Io { path: failed, source })
}

/// Reads a capture from standard input while it grows.
fn load_growing(
    scope: &Scope,
    run: u64,
    path: &Path,
    options: &ReadOptions,
    recording: Option<RecordingOptions>,
    mailbox: Mailbox<Msg>,
) -> Result<(), CaptureError> {
    let mut capture = GrowingCapture::start(scope, io::stdin(), path, options)?;
    let path = path.to_owned();
    // A thread of its own: a large capture takes seconds.
    let failed = path.clone();
    let reading = scope.spawn_thread("capture", move |_| async move {
        // Before anything is read, so that a name that is taken is known at once.
        let mut copy = recording.map(|recording| create_copy(&path, &recording, run));
        if let Some(Err(notice)) = &copy {
            // Fails only if the slide was left.
            let _ = mailbox.send(Msg::Session(SessionEvent::Note(notice.clone()))).await;
        }
        let turns = Arc::new(Semaphore::new(1));
        loop {
            let turn = Arc::clone(&turns).acquire_owned().await.ok();
            let message = match capture.next().await {
                Ok(Some(snapshot)) => loaded_snapshot(snapshot, turn, &mut copy),
                Ok(None) => return,
                Err(error) => Msg::Failed(error.to_string()),
            };
            // Fails only if the slide was left.
            if mailbox.send(message).await.is_err() {
                return;
            }
        }
    });
    reading.map_err(|source| CaptureError::Io { path: failed, source })
}

fn loaded_snapshot(
    snapshot: Snapshot,
    turn: Option<OwnedSemaphorePermit>,
    copy: &mut Option<Result<CaptureCopy, String>>,
) -> Msg {
    let Snapshot { capture, bytes, is_last } = snapshot;
    let grows = capture.as_ref().is_some_and(|capture| capture.format() == CaptureFormat::Packets);
    let loaded = capture.map(|capture| {
        let copied = copy.take_if(|_| is_last);
        let notice = copied.map(|copy| write_copy(copy, &capture));
        let notes = notice.into_iter().chain(capture.warnings().iter().cloned()).collect();
        LoadedCapture::new(capture, notes)
    });
    Msg::Snapshot(Box::new(LoadedSnapshot { loaded, grows, bytes, is_last, turn }))
}

/// Creates the file for a copy of the capture at `from`.
///
/// # Errors
///
/// A notice for the user, if the file cannot be created.
fn create_copy(from: &Path, recording: &RecordingOptions, run: u64) -> Result<CaptureCopy, String> {
    CaptureCopy::create(recording, run, from).map_err(|error| format!("NOT WRITTEN: {error}"))
}

/// Writes the connections of a capture into a copy, if it could be created. Returns a notice for the
/// user.
fn write_copy(copy: Result<CaptureCopy, String>, capture: &Capture) -> String {
    let copy = match copy {
        Ok(copy) => copy,
        Err(notice) => return notice,
    };
    match copy.write(capture) {
        Ok((path, None)) => format!("written to {}", path.display()),
        Ok((path, Some(lacking))) => format!("written to {}: {lacking}", path.display()),
        Err(error) => format!("NOT WRITTEN: {error}"),
    }
}
