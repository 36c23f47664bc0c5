//! [`open`]: reads a file of any format once from beginning to end. The content decides the format;
//! each format has a module of its own.

use std::fs::File;
use std::io::{Read as _, Seek as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::capture::byte_store::BackingStore;
use crate::capture::captured_file::Capture;
use crate::capture::error::{CaptureError, TextError, UnknownFormat};
use crate::capture::packet_pass;
use crate::capture::packets::packet_reader;
use crate::capture::sink::StreamSink;
use crate::capture::stream::{ReadContext, StreamStart};
use crate::capture::text::{hex, recording};
use crate::capture::tls::KeyLog;
use crate::wire::{AgreedExtensions, Side, Trace};

/// The maximum size of a key log in bytes. The rest of a larger one is not read.
const MAX_KEY_LOG_BYTES: u64 = 64 << 20;

/// The options for reading a file.
#[derive(Clone, Debug, Default)]
pub struct ReadOptions {
    /// A TLS key log (`SSLKEYLOGFILE`), in addition to the secrets in the file itself.
    pub keylog: Option<PathBuf>,
    /// The sender of hex text without direction marks; `None` lets the MASK bit of the first frame
    /// decide.
    pub from: Option<Side>,
    /// The extensions of connections whose handshake is not in the file.
    pub extensions: AgreedExtensions,
}

/// Opens a file. Its content, not its name, decides the format.
///
/// # Errors
///
/// Fails if the file cannot be read or its format is unknown. A damaged capture is not an error: it
/// gives what is readable, and warnings.
pub fn open(path: &Path, options: &ReadOptions) -> Result<Capture, CaptureError> {
    open_with(path, options, |start| match start {
        StreamStart::Head => Trace::new(),
        StreamStart::Frames => Trace::mid_connection(options.extensions),
    })
}

/// Like [`open`], for other sinks than a [`Trace`]; `make_sink` is called once per stream.
///
/// # Errors
///
/// As for [`open`].
pub(crate) fn open_with<S: StreamSink>(
    path: &Path,
    options: &ReadOptions,
    make_sink: impl FnMut(StreamStart) -> S,
) -> Result<Capture<S>, CaptureError> {
    let io = |source| CaptureError::Io { path: path.to_owned(), source };
    let unknown = |reason| CaptureError::Unknown { path: path.to_owned(), reason };
    // Checked before the file is opened, because opening a fifo could wait for a writer, and
    // opening a device could have an effect.
    let about = std::fs::metadata(path).map_err(io)?;
    if about.is_dir() {
        return Err(unknown(UnknownFormat::Directory));
    }
    if !about.is_file() {
        return Err(unknown(UnknownFormat::NotRegular));
    }
    let mut file = File::open(path).map_err(io)?;
    let mut first = Vec::new();
    (&mut file).take(512).read_to_end(&mut first).map_err(io)?;
    file.rewind().map_err(io)?;
    let secrets = read_key_log(options)?;
    // The store reads the file later through a handle of its own.
    let backing = Arc::new(BackingStore::new(file.try_clone().map_err(io)?));
    let mut shared = ReadContext { key_log: secrets, backing, make_sink };
    let text = first.iter().find(|byte| !byte.is_ascii_whitespace());
    match (first.as_slice(), text) {
        (bytes, _) if bytes.first_chunk().copied().is_some_and(packet_reader::is_magic) => {
            packet_pass::read_packets(&file, &mut shared)
                .map_err(io)?
                .ok_or_else(|| unknown(UnknownFormat::ShortHeader))
        }
        ([0x1f, 0x8b, ..], _) => Err(unknown(UnknownFormat::Gzip)),
        ([0x28, 0xb5, 0x2f, 0xfd, ..], _) => Err(unknown(UnknownFormat::Zstd)),
        (_, None) => Err(unknown(UnknownFormat::Empty)),
        (_, Some(b'{')) => recording::read_recording(path, file, &mut shared),
        (_, Some(byte)) if byte.is_ascii_hexdigit() || b"<>#".contains(byte) => {
            hex::read_hex(path, file, options.from, &mut shared)
        }
        (bytes, _) => Err(unknown(UnknownFormat::Other(bytes.to_vec()))),
    }
}

fn read_key_log(options: &ReadOptions) -> Result<KeyLog, CaptureError> {
    let mut secrets = KeyLog::default();
    let Some(path) = &options.keylog else { return Ok(secrets) };
    let mut lines = Vec::new();
    let read =
        File::open(path).and_then(|file| file.take(MAX_KEY_LOG_BYTES).read_to_end(&mut lines));
    read.map_err(|source| CaptureError::Io { path: path.clone(), source })?;
    secrets.add_lines(&lines);
    if secrets.connection_count() == 0 {
        return Err(CaptureError::Text { path: path.clone(), reason: TextError::NoKeys });
    }
    Ok(secrets)
}
