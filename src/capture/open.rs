//! [`open`]: reads a file of any format once from beginning to end. The content decides the format;
//! each format has a module of its own.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::capture::byte_store::BackingStore;
use crate::capture::captured_file::Capture;
use crate::capture::error::{CaptureError, TextError, UnknownFormat};
use crate::capture::input::CaptureInput;
use crate::capture::packet_pass;
use crate::capture::packets::packet_reader;
use crate::capture::sink::StreamSink;
use crate::capture::stream::{ReadContext, StreamStart};
use crate::capture::text::pasted::{self, TextOptions};
use crate::capture::text::{har, mitmproxy, net_log, recording, tnetstring};
use crate::capture::tls::KeyLog;
use crate::wire::pasted::PastedForm;
use crate::wire::{AgreedExtensions, Side, Trace};

/// The maximum size of a key log in bytes. The rest of a larger one is not read.
const MAX_KEY_LOG_BYTES: u64 = 64 << 20;

/// The options for reading a file.
#[derive(Clone, Debug, Default)]
pub struct ReadOptions {
    /// A TLS key log (`SSLKEYLOGFILE`), in addition to the secrets in the file itself.
    pub keylog: Option<PathBuf>,
    /// The sender of text without direction marks; `None` lets the MASK bit of the first frame
    /// decide.
    pub from: Option<Side>,
    /// The extensions of connections whose handshake is not in the file; `None` if nobody knows.
    pub extensions: Option<AgreedExtensions>,
    /// The form of text; `None` recognizes it. With a form, the file is read as text.
    pub form: Option<PastedForm>,
}

/// Opens a file. The content, not the name, decides the format and whether it is compressed with
/// gzip or zstd.
///
/// # Errors
///
/// Fails if the file cannot be read or its format is unknown, or if no temporary file can be created
/// for what is compressed. A damaged capture is not an error: it
/// gives what is readable, and warnings.
pub fn open(path: &Path, options: &ReadOptions) -> Result<Capture, CaptureError> {
    open_with(path, options, make_trace(options.extensions))
}

/// Reads a stream such as standard input to its end, like a file. `path` names it in errors. A copy
/// is kept in a temporary file without a name, because bytes are read again when they are shown.
///
/// # Errors
///
/// As for [`open`].
pub fn open_stream(
    source: impl Read + Send + 'static,
    path: &Path,
    options: &ReadOptions,
) -> Result<Capture, CaptureError> {
    read_input(CaptureInput::stream(source, path)?, path, options, make_trace(options.extensions))
}

/// Returns the maker of traces; `extensions` are those of connections without a handshake. Without
/// them, compression is assumed where RSV1 is set in a capture, and none in text.
fn make_trace(extensions: Option<AgreedExtensions>) -> impl FnMut(StreamStart) -> Trace {
    move |start| match start {
        StreamStart::Head => Trace::new(),
        StreamStart::Frames => Trace::mid_connection(extensions.unwrap_or_default()),
        StreamStart::Midway => Trace::midway(extensions.unwrap_or_else(AgreedExtensions::assumed)),
        StreamStart::Http2(agreed) => Trace::mid_connection(agreed),
    }
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
    read_input(CaptureInput::open(path)?, path, options, make_sink)
}

fn read_input<S: StreamSink>(
    mut input: CaptureInput,
    path: &Path,
    options: &ReadOptions,
    make_sink: impl FnMut(StreamStart) -> S,
) -> Result<Capture<S>, CaptureError> {
    let io = |source| CaptureError::Io { path: path.to_owned(), source };
    let unknown = |reason| CaptureError::Unknown { path: path.to_owned(), reason };
    let secrets = read_key_log(options)?;
    // The store reads the file later through a handle of its own.
    let backing = Arc::new(BackingStore::new(input.file().try_clone().map_err(io)?));
    let mut shared = ReadContext { key_log: secrets, backing, make_sink };
    let text = input.first().iter().copied().find(|byte| !byte.is_ascii_whitespace());
    let text_options = TextOptions { from: options.from, form: options.form };
    let magic = input.first().first_chunk().copied();
    let mut capture = match text {
        _ if magic.is_some_and(packet_reader::is_magic) => {
            packet_pass::read_packets(&mut input, &mut shared)
                .map_err(io)?
                .ok_or_else(|| unknown(UnknownFormat::ShortHeader))?
        }
        None => return Err(unknown(UnknownFormat::Empty)),
        _ if options.form.is_none() && tnetstring::begins_with_dict(input.first()) => {
            let file = input.whole_file().map_err(io)?;
            mitmproxy::read_flows(path, file, &mut shared)?
        }
        _ if options.form.is_some() => {
            let file = input.whole_file().map_err(io)?;
            pasted::read_text(path, file, text_options, &mut shared)?
        }
        Some(b'{') => {
            let kind = json_kind(input.first());
            let file = input.whole_file().map_err(io)?;
            match kind {
                JsonKind::Har => har::read_har(path, file, &mut shared)?,
                JsonKind::NetLog => net_log::read_net_log(path, file, &mut shared)?,
                JsonKind::Bytes => pasted::read_text(path, file, text_options, &mut shared)?,
                JsonKind::Record => recording::read_recording(path, file, &mut shared)?,
            }
        }
        _ if looks_like_text(input.first()) => {
            if let Some(tool) = client_of_log(input.first()) {
                let reason = TextError::ClientLog { tool };
                return Err(CaptureError::Text { path: path.to_owned(), reason });
            }
            let file = input.whole_file().map_err(io)?;
            pasted::read_text(path, file, text_options, &mut shared)?
        }
        Some(_) => return Err(unknown(UnknownFormat::Other(input.first().to_vec()))),
    };
    capture.warnings.extend(input.warning().map(str::to_owned));
    Ok(capture)
}

/// What a file that begins with `{` holds.
enum JsonKind {
    /// A HAR, whose only key is `log`.
    Har,
    /// A network log of Chrome, which begins with its constants.
    NetLog,
    /// Bytes: a list of C, or a buffer of Node as JSON.
    Bytes,
    /// Records.
    Record,
}

/// Returns what the first key of a JSON object says.
fn json_kind(first: &[u8]) -> JsonKind {
    let after = |bytes: &[u8], skipped: &[u8]| -> Option<Vec<u8>> {
        bytes.trim_ascii_start().strip_prefix(skipped).map(<[u8]>::to_vec)
    };
    let Some(key) = after(first, b"{").and_then(|rest| after(&rest, b"\"")) else {
        return JsonKind::Bytes;
    };
    let buffer = after(&key, b"type\"")
        .and_then(|rest| after(&rest, b":"))
        .is_some_and(|rest| rest.trim_ascii_start().starts_with(b"\"Buffer\""));
    match key.first() {
        _ if key.starts_with(b"log\"") => JsonKind::Har,
        _ if key.starts_with(b"constants\"") => JsonKind::NetLog,
        Some(digit) if digit.is_ascii_digit() => JsonKind::Bytes,
        _ if buffer => JsonKind::Bytes,
        _ => JsonKind::Record,
    }
}

/// Whether the beginning of a file is text: UTF-8 without control characters, or UTF-16 with a byte
/// order mark.
fn looks_like_text(first: &[u8]) -> bool {
    let utf16 = first.starts_with(b"\xff\xfe") || first.starts_with(b"\xfe\xff");
    let valid = match str::from_utf8(first) {
        Ok(_) => true,
        // The last character may be cut.
        Err(error) => error.error_len().is_none(),
    };
    let control = |byte: &u8| byte.is_ascii_control() && !byte.is_ascii_whitespace();
    utf16 || valid && !first.iter().any(control)
}

/// Returns the client whose output a file is, if that prints texts and no bytes.
fn client_of_log(first: &[u8]) -> Option<&'static str> {
    let first = first.trim_ascii_start();
    let begins = |words: &str| first.starts_with(words.as_bytes());
    match first {
        _ if begins("Connected (press CTRL+C to quit)") => Some("wscat"),
        _ if begins("[INFO  websocat") || begins("[DEBUG websocat") => Some("websocat"),
        _ => None,
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
