//! [`GrowingCapture`]: gives out what has come of a capture, again and again.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use tokio::sync::{oneshot, watch};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::copying::{Progress, copy_stream};
use super::pace::Pace;
use super::stream_order::StreamOrder;
use crate::capture::captured_file::Capture;
use crate::capture::error::CaptureError;
use crate::capture::open::{ReadOptions, read_part};
use crate::capture::shared_file::SharedFile;
use crate::scope::Scope;

/// What has come of a capture so far.
#[derive(Debug)]
pub struct Snapshot {
    /// The connections; `None` if the format is read only as a whole, or if too little has come to
    /// tell it. What a later snapshot has of a connection begins with what an earlier one has, and
    /// each keeps its place in the list. The order is that in which they began to carry data.
    pub capture: Option<Capture>,
    /// The number of bytes that were read, decompressed.
    pub bytes: u64,
    /// Whether nothing more comes.
    pub is_last: bool,
}

/// A stream such as standard input, which is read while it grows.
///
/// Reading takes at most a tenth of the time, so the intervals grow with the capture. What has come
/// before a pause is always read.
#[derive(Debug)]
pub struct GrowingCapture {
    path: PathBuf,
    options: ReadOptions,
    copy: SharedFile,
    progress: watch::Receiver<Progress>,
    /// Why the copy ended, once it has.
    ended: oneshot::Receiver<Result<Option<String>, CaptureError>>,
    stop: CancellationToken,
    pace: Pace,
    order: StreamOrder,
    /// The number of bytes in the latest snapshot.
    given_out: u64,
    is_over: bool,
}

/// Ends a [`GrowingCapture`]: what has come by then is all there is.
#[derive(Clone, Debug)]
pub struct StopReading(CancellationToken);

impl StopReading {
    /// Ends it.
    pub fn stop(&self) {
        self.0.cancel();
    }
}

impl GrowingCapture {
    /// Begins to copy `source` to a temporary file, on a thread of `scope`. `path` names it in
    /// errors. The copy takes up to 8 GiB; what is beyond them is not read.
    ///
    /// # Errors
    ///
    /// Fails if the file or the thread cannot be created.
    pub fn start(
        scope: &Scope,
        source: impl Read + Send + 'static,
        path: &Path,
        options: &ReadOptions,
    ) -> Result<Self, CaptureError> {
        let io = |source| CaptureError::Io { path: path.to_owned(), source };
        let copy = SharedFile::temporary().map_err(io)?;
        let (sender, progress) = watch::channel(Progress::default());
        let (end, ended) = oneshot::channel();
        let (copied_path, copied_to) = (path.to_owned(), copy.clone());
        let copying = scope.spawn_thread("capture stream", move |_| async move {
            // Nobody is told if the capture was dropped. Without a report, the copy has panicked.
            let _ = end.send(copy_stream(source, &copied_path, copied_to, &sender));
            sender.send_modify(|progress| progress.has_ended = true);
        });
        copying.map_err(io)?;
        Ok(Self {
            path: path.to_owned(),
            options: options.clone(),
            copy,
            progress,
            ended,
            stop: CancellationToken::new(),
            pace: Pace::default(),
            order: StreamOrder::default(),
            given_out: 0,
            is_over: false,
        })
    }

    /// Returns a handle that ends the capture.
    pub fn stopper(&self) -> StopReading {
        StopReading(self.stop.clone())
    }

    /// Waits until more has come, or all of it, and reads it. Returns `None` after the last snapshot
    /// or an error. Cancellation-safe: what was not given out is in the next snapshot.
    ///
    /// # Errors
    ///
    /// As for [`open`](crate::capture::open()). A format that needs more than what has come is not
    /// an error before the last snapshot.
    pub async fn next(&mut self) -> Result<Option<Snapshot>, CaptureError> {
        if self.is_over {
            return Ok(None);
        }
        let is_last = self.wait_for_more().await;
        let bytes = self.progress.borrow_and_update().copied;
        let began = Instant::now();
        let read = self.read(bytes, is_last);
        self.pace.note(began, Instant::now());
        self.given_out = bytes;
        self.is_over = is_last || read.is_err();
        Ok(Some(Snapshot { capture: read?, bytes, is_last }))
    }

    /// Returns whether nothing more comes.
    async fn wait_for_more(&mut self) -> bool {
        let (given_out, not_before) = (self.given_out, self.pace.not_before());
        let mut end = self.progress.clone();
        let more = async {
            // The copy ends with `has_ended`, or it has panicked and its sender is gone.
            if self.progress.wait_for(|now| now.has_ended || now.copied > given_out).await.is_err()
            {
                return true;
            }
            if let Some(not_before) = not_before {
                tokio::select! {
                    biased;
                    _ = end.wait_for(|now| now.has_ended) => return true,
                    () = sleep_until(not_before) => {}
                }
            }
            self.progress.borrow().has_ended
        };
        tokio::select! { biased; () = self.stop.cancelled() => true, is_last = more => is_last }
    }

    fn read(&mut self, bytes: u64, is_last: bool) -> Result<Option<Capture>, CaptureError> {
        let warning = if is_last { self.end_of_copy()? } else { None };
        let read = read_part(&self.copy, bytes, !is_last, &self.path, &self.options)?;
        Ok(read.map(|mut capture| {
            capture.warnings.extend(warning);
            capture.streams = self.order.arrange(capture.streams);
            capture
        }))
    }

    /// Returns why the stream ended before its end.
    fn end_of_copy(&mut self) -> Result<Option<String>, CaptureError> {
        match self.ended.try_recv() {
            Ok(ended) => ended,
            // Stopped from here.
            Err(oneshot::error::TryRecvError::Empty) => Ok(None),
            Err(oneshot::error::TryRecvError::Closed) => {
                let source = io::Error::other("the copy of the stream has ended; this is a bug");
                Err(CaptureError::Io { path: self.path.clone(), source })
            }
        }
    }
}
