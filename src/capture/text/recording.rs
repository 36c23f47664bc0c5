//! Recordings: the JSON lines of `wiretalk inspect --json`. Only senders, bytes and times are used;
//! everything else is determined anew.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::time::Duration;

use serde::Deserialize;

use crate::capture::captured_file::{Capture, CaptureFormat, MAX_WARNINGS};
use crate::capture::error::{CaptureError, RecordError, TextError};
use crate::capture::sink::StreamSink;
use crate::capture::stream::{ReadContext, RecordedHead, StreamBuilder, StreamStart};
use crate::wire::{Side, format};

/// The maximum length of a line in bytes: a frame of 32 MiB with its payload, its bytes as hex, and
/// its text.
const MAX_LINE_BYTES: u64 = 256 << 20;

/// The fields of a record that are used. Others are ignored.
#[derive(Debug, Deserialize)]
struct JsonRecord<'a> {
    r#type: &'a str,
    #[serde(default)]
    t_ms: f64,
    connection: Option<u64>,
    from: Option<&'a str>,
    head: Option<String>,
    head_hex: Option<&'a str>,
    raw_hex: Option<&'a str>,
    hex: Option<&'a str>,
    /// The fields of a head of HTTP/2.
    fields: Option<Vec<[String; 2]>>,
    #[serde(default)]
    block_len: usize,
    #[serde(default)]
    stream_id: u32,
    #[serde(default)]
    truncated: bool,
}

/// A connection of a recording.
struct RecordedConnection<S> {
    stream: StreamBuilder<S>,
    ended: bool,
}

/// Reads a recording, with one stream for each of its connections.
pub(in crate::capture) fn read_recording<S: StreamSink, M: FnMut(StreamStart) -> S>(
    path: &Path,
    file: File,
    shared: &mut ReadContext<M>,
) -> Result<Capture<S>, CaptureError> {
    let io = |source| CaptureError::Io { path: path.to_owned(), source };
    let mut connections: BTreeMap<u64, RecordedConnection<S>> = BTreeMap::new();
    let (mut reader, mut line) = (BufReader::new(file), Vec::new());
    let mut warnings = Vec::new();
    for number in 1_u64.. {
        line.clear();
        if (&mut reader).take(MAX_LINE_BYTES).read_until(b'\n', &mut line).map_err(io)? == 0 {
            break;
        }
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let RecordLine { connection, content: what } = match parse_line(&line) {
            Ok(line_read) => line_read,
            // If the first line is no record, the file is most likely no recording at all.
            Err(source) if number == 1 => {
                let reason = TextError::Record { line: number, source };
                return Err(CaptureError::Text { path: path.to_owned(), reason });
            }
            Err(error) => {
                warnings.push(format!("line {number} is left out: {error}"));
                warnings.truncate(MAX_WARNINGS);
                continue;
            }
        };
        let Some(connection) = connection else {
            // The final record of several connections applies to all of them.
            if what == LineContent::End {
                for connection in connections.values_mut() {
                    connection.ended = true;
                }
            }
            continue;
        };
        let new_connection = || RecordedConnection { stream: StreamBuilder::new(0), ended: false };
        let RecordedConnection { stream, ended } =
            connections.entry(connection).or_insert_with(new_connection);
        match what {
            LineContent::Bytes { from, at, bytes, truncated } => {
                stream.push_and_spill(from, at, &bytes, shared).map_err(io)?;
                if truncated {
                    stream.warn(format!(
                        "line {number}: the frame's end was not recorded, so nothing after it \
                         can be read"
                    ));
                }
            }
            LineContent::Http2Head(head) => stream.take_http2_head(head, shared),
            LineContent::End => *ended = true,
            LineContent::Other => {}
        }
    }
    let mut streams = Vec::new();
    for RecordedConnection { mut stream, ended } in connections.into_values() {
        if !ended {
            stream.warn(
                "the recording has no final record of this connection: it was cut off".into(),
            );
        }
        streams.extend(stream.finish(None, false, shared));
    }
    Ok(Capture { format: CaptureFormat::Recording, packets: 0, streams, warnings })
}

/// The content of one line, and the connection that it belongs to.
#[derive(Debug, PartialEq)]
struct RecordLine {
    /// The number of the connection; `None` if the line applies to all of them.
    connection: Option<u64>,
    content: LineContent,
}

#[derive(Debug, PartialEq)]
enum LineContent {
    Bytes { from: Side, at: Duration, bytes: Vec<u8>, truncated: bool },
    Http2Head(RecordedHead),
    End,
    Other,
}

fn parse_line(line: &[u8]) -> Result<RecordLine, RecordError> {
    let record: JsonRecord<'_> = serde_json::from_slice(line)?;

    let connection = record.connection;
    if let ("http2_handshake", Some(fields)) = (record.r#type, record.fields) {
        let bytes = |text: String| text.into_bytes();
        return Ok(RecordLine {
            connection: Some(connection.unwrap_or_default()),
            content: LineContent::Http2Head(RecordedHead {
                from: parse_side(record.from)?,
                at: time(record.t_ms),
                stream_id: record.stream_id,
                fields: fields
                    .into_iter()
                    .map(|[name, value]| (bytes(name), bytes(value)))
                    .collect(),
                block_len: record.block_len,
            }),
        });
    }
    let bytes = match (record.r#type, record.head_hex) {
        ("handshake", Some(hex)) => parse_hex_field("head_hex", hex)?,
        ("handshake", None) => record.head.map(String::into_bytes).ok_or(RecordError::NoHead)?,
        ("frame", _) => parse_hex_field("raw_hex", record.raw_hex.ok_or(RecordError::NoFrame)?)?,
        ("bytes", _) => parse_hex_field("hex", record.hex.ok_or(RecordError::NoBytes)?)?,
        ("end", _) => return Ok(RecordLine { connection, content: LineContent::End }),
        _ => return Ok(RecordLine { connection, content: LineContent::Other }),
    };
    let (from, at) = (parse_side(record.from)?, time(record.t_ms));
    // Recordings of other tools may contain a single connection without a number.
    let connection = Some(connection.unwrap_or_default());
    Ok(RecordLine {
        connection,
        content: LineContent::Bytes { from, at, bytes, truncated: record.truncated },
    })
}

fn parse_side(name: Option<&str>) -> Result<Side, RecordError> {
    let from = name.and_then(|name| name.parse().ok());
    from.ok_or_else(|| RecordError::From(name.map(str::to_owned)))
}

/// Returns a time of a record. One that isn't a number, or is out of range, counts as 0.
fn time(millis: f64) -> Duration {
    Duration::try_from_secs_f64(millis / 1e3).unwrap_or_default()
}

fn parse_hex_field(name: &'static str, digits: &str) -> Result<Vec<u8>, RecordError> {
    format::unhex(digits).ok_or(RecordError::Hex(name))
}
