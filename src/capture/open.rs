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
use crate::capture::shared_file::SharedFile;
use crate::capture::sink::StreamSink;
use crate::capture::stream::{ReadContext, StreamStart};
use crate::capture::text::browser::{har, net_log};
use crate::capture::text::client::client_log::{self, LoggingClient};
use crate::capture::text::client::curl_trace;
use crate::capture::text::pasted::{self, TextOptions};
use crate::capture::text::{mitmproxy, recording, tnetstring};
use crate::capture::tls::{KeyLog, KeyLogLines};
use crate::wire::pasted::{PastedForm, decode_text_lossy, is_utf16};
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
        StreamStart::Frames(named) => {
            Trace::mid_connection(extensions.or(named).unwrap_or_default())
        }
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
    let format = InputFormat::of(input.first(), path, options)?;
    let (key_log, warnings) = read_key_log(options)?;
    let mut capture = read_as(format, &mut input, path, options, key_log, make_sink)?;
    capture.warnings.extend(warnings);
    Ok(capture)
}

/// Reads the first `len` bytes of the copy of a stream. `may_grow` tells whether more may follow;
/// then the result is `None` if nothing can be read without it.
///
/// # Errors
///
/// As for [`open`].
pub(super) fn read_part(
    copy: &SharedFile,
    len: u64,
    may_grow: bool,
    path: &Path,
    options: &ReadOptions,
) -> Result<Option<Capture>, CaptureError> {
    let mut input = CaptureInput::part(copy, len, path)?;
    let make_sink = make_trace(options.extensions);
    if !may_grow {
        return read_input(input, path, options, make_sink).map(Some);
    }
    let is_packets = starts_with_packets(input.first());
    if !is_packets && !input.has_all_first() {
        return Ok(None);
    }
    match InputFormat::of(input.first(), path, options)? {
        InputFormat::Packets => {
            // The program that writes the key log may not have begun.
            let (secrets, _) = read_key_log(options).unwrap_or_default();
            read_growing_packets(&mut input, path, secrets, make_sink)
        }
        _ => Ok(None),
    }
}

fn read_growing_packets<S: StreamSink>(
    input: &mut CaptureInput,
    path: &Path,
    key_log: KeyLog,
    make_sink: impl FnMut(StreamStart) -> S,
) -> Result<Option<Capture<S>>, CaptureError> {
    let io = |source| CaptureError::Io { path: path.to_owned(), source };
    let backing = Arc::new(BackingStore::new(input.file().map_err(io)?));
    let mut shared = ReadContext { key_log, backing, make_sink, may_grow: true };
    packet_pass::read_packets(input, &mut shared).map_err(io)
}

fn read_as<S: StreamSink>(
    format: InputFormat,
    input: &mut CaptureInput,
    path: &Path,
    options: &ReadOptions,
    key_log: KeyLog,
    make_sink: impl FnMut(StreamStart) -> S,
) -> Result<Capture<S>, CaptureError> {
    let io = |source| CaptureError::Io { path: path.to_owned(), source };
    // The store reads the file later through a handle of its own.
    let backing = Arc::new(BackingStore::new(input.file().map_err(io)?));
    let mut shared = ReadContext { key_log, backing, make_sink, may_grow: false };
    let shared = &mut shared;
    let mut capture = if format == InputFormat::Packets {
        let unknown =
            || CaptureError::Unknown { path: path.to_owned(), reason: UnknownFormat::ShortHeader };
        packet_pass::read_packets(input, shared).map_err(io)?.ok_or_else(unknown)?
    } else {
        let text_options = TextOptions { from: options.from, form: options.form };
        let file = input.whole_file().map_err(io)?;
        match format {
            InputFormat::Mitmproxy => mitmproxy::read_flows(path, file, shared)?,
            InputFormat::Har => har::read_har(path, file, shared)?,
            InputFormat::NetLog => net_log::read_net_log(path, file, shared)?,
            InputFormat::Records => recording::read_recording(path, file, shared)?,
            InputFormat::CurlTrace => curl_trace::read_trace(path, file, shared)?,
            InputFormat::ClientLog(client) => client_log::read_log(path, file, client, shared)?,
            InputFormat::Packets | InputFormat::Text => {
                pasted::read_text(path, file, text_options, shared)?
            }
        }
    };
    capture.warnings.extend(input.warning().map(str::to_owned));
    Ok(capture)
}

/// What the first bytes of a file say that it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum InputFormat {
    /// pcap or pcapng.
    Packets,
    /// Flows of mitmproxy.
    Mitmproxy,
    /// A HAR, whose only key is `log`, or an array of what one holds.
    Har,
    /// A network log of Chrome, which begins with its constants.
    NetLog,
    /// Records.
    Records,
    /// The output of `curl --trace`.
    CurlTrace,
    /// The output of another client.
    ClientLog(LoggingClient),
    /// Bytes as text; also a list of C, or a buffer of Node as JSON.
    Text,
}

impl InputFormat {
    /// Returns the format of a file that begins with `first`.
    ///
    /// # Errors
    ///
    /// Fails if it is none of them.
    fn of(first: &[u8], path: &Path, options: &ReadOptions) -> Result<Self, CaptureError> {
        let unknown = |reason| CaptureError::Unknown { path: path.to_owned(), reason };
        let (text, _) = decode_text_lossy(first);
        let text = text.trim_start();
        Ok(match text.chars().next() {
            _ if starts_with_packets(first) => Self::Packets,
            None => return Err(unknown(UnknownFormat::Empty)),
            _ if options.form.is_some() => Self::Text,
            _ if tnetstring::begins_with_dict(first) => Self::Mitmproxy,
            Some('{') => Self::of_object(text),
            Some('[') if holds_objects(text) => Self::Har,
            _ if !looks_like_text(first) => {
                return Err(unknown(UnknownFormat::Other(first.to_vec())));
            }
            _ if curl_trace::begins_trace(text) => Self::CurlTrace,
            _ => LoggingClient::of(text).map_or(Self::Text, Self::ClientLog),
        })
    }

    /// Returns what the first key of a JSON object says.
    fn of_object(text: &str) -> Self {
        let Some(key) = first_key(text) else { return Self::Text };
        match key.split('"').next().unwrap_or_default() {
            "log" => Self::Har,
            "constants" | "events" => Self::NetLog,
            digits if digits.starts_with(|char: char| char.is_ascii_digit()) => Self::Text,
            "type" if is_buffer(key) => Self::Text,
            _ => Self::Records,
        }
    }
}

/// Returns the text from the first key of a JSON object on, without its opening quote.
fn first_key(object: &str) -> Option<&str> {
    object.strip_prefix('{')?.trim_start().strip_prefix('"')
}

/// Whether the first field is the type of a buffer of Node.
fn is_buffer(key: &str) -> bool {
    let value = key.strip_prefix("type\"").and_then(|rest| rest.trim_start().strip_prefix(':'));
    value.is_some_and(|value| value.trim_start().starts_with("\"Buffer\""))
}

/// Whether a JSON array begins with an object that isn't a buffer.
fn holds_objects(array: &str) -> bool {
    let object = array.strip_prefix('[').unwrap_or_default().trim_start();
    first_key(object).is_some_and(|key| !is_buffer(key))
}

fn starts_with_packets(first: &[u8]) -> bool {
    first.first_chunk().copied().is_some_and(packet_reader::is_magic)
}

/// Whether the beginning of a file is text: UTF-16, or UTF-8 without control characters.
fn looks_like_text(first: &[u8]) -> bool {
    let valid = match str::from_utf8(first) {
        Ok(_) => true,
        // The last character may be cut.
        Err(error) => error.error_len().is_none(),
    };
    // Escape sequences of a terminal are taken out of pasted text.
    let control =
        |byte: &u8| byte.is_ascii_control() && !byte.is_ascii_whitespace() && *byte != b'\x1b';
    is_utf16(first) || valid && !first.iter().any(control)
}

/// Reads the key log of the options. Returns what is wrong with it too, as warnings.
///
/// # Errors
///
/// Fails if the file cannot be read, or if it is none: it has lines, and none is that of a key log.
fn read_key_log(options: &ReadOptions) -> Result<(KeyLog, Vec<String>), CaptureError> {
    let mut secrets = KeyLog::default();
    let Some(path) = &options.keylog else { return Ok((secrets, Vec::new())) };
    let mut lines = Vec::new();
    let read =
        File::open(path).and_then(|file| file.take(MAX_KEY_LOG_BYTES).read_to_end(&mut lines));
    read.map_err(|source| CaptureError::Io { path: path.clone(), source })?;
    let found = secrets.add_lines(&lines);
    if found.is_something_else() {
        return Err(CaptureError::Text { path: path.clone(), reason: TextError::NoKeys });
    }
    Ok((secrets, key_log_warnings(path, &found)))
}

fn key_log_warnings(path: &Path, found: &KeyLogLines) -> Vec<String> {
    let name = format!("the key log \"{}\"", path.display());
    let mut warnings: Vec<String> = found
        .faults
        .iter()
        .map(|(line, fault)| format!("{name}: line {line} {fault}; it is ignored"))
        .collect();
    let more = found.fault_count.saturating_sub(found.faults.len());
    if more > 0 {
        warnings.push(format!("{name}: {more} more lines with mistakes are ignored"));
    }
    if found.secrets == 0 {
        warnings.push(format!("{name} holds no secrets"));
    }
    warnings
}
