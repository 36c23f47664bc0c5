//! [`copy_stream`]: copies a stream to a file, and says how far it has come.

use std::io::{self, Read};
use std::path::Path;

use tokio::sync::watch;

use crate::capture::error::CaptureError;
use crate::capture::input::{spool_stream, unreadable};
use crate::capture::shared_file::SharedFile;

/// The number of bytes that are copied at once.
const CHUNK_LEN: usize = 1 << 16;

/// The state of a copy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Progress {
    /// The number of bytes that can be read, decompressed.
    pub(super) copied: u64,
    /// Whether nothing more comes.
    pub(super) has_ended: bool,
}

/// Copies `source` to its end, decompressed, unless nobody wants to know of it any more. Returns why
/// it ended early, if it did.
///
/// # Errors
///
/// Fails if the stream cannot be read, if its compression is not supported, or if nothing of it can
/// be decompressed.
pub(super) fn copy_stream(
    source: impl Read + Send + 'static,
    path: &Path,
    copy: SharedFile,
    progress: &watch::Sender<Progress>,
) -> Result<Option<String>, CaptureError> {
    let mut spool = spool_stream(source, path, copy)?;
    let mut chunk = vec![0; CHUNK_LEN];
    while !progress.is_closed() {
        match spool.read(&mut chunk) {
            Ok(0) => break,
            Ok(_) => {
                progress.send_modify(|progress| progress.copied = spool.copied());
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(source) => return Err(CaptureError::Io { path: path.to_owned(), source }),
        }
    }
    match spool.warning() {
        Some(warning) if spool.copied() == 0 => Err(unreadable(warning, path)),
        warning => Ok(warning.map(str::to_owned)),
    }
}
