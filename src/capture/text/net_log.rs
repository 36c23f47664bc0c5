//! Chrome's network log (`chrome://net-export`, `--log-net-log`).
//!
//! Bytes are in it only where it was recorded with "include raw bytes"
//! (`--net-log-capture-mode=Everything`): `SSL_SOCKET_BYTES_*` without TLS, `SOCKET_BYTES_*` as
//! they went over the network. Otherwise it holds the headers of frames, which are counted.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;

use crate::capture::captured_file::{Capture, CaptureFormat};
use crate::capture::error::{CaptureError, TextError};
use crate::capture::sink::StreamSink;
use crate::capture::stream::{ReadContext, StreamBuilder, StreamStart};
use crate::capture::text::har::MAX_JSON_BYTES;
use crate::wire::{Side, format};

#[derive(Debug, Deserialize)]
struct NetLog {
    constants: Constants,
    #[serde(default)]
    events: Vec<Event>,
}

#[derive(Debug, Deserialize)]
struct Constants {
    /// The number of each type of event, which differs between versions.
    #[serde(rename = "logEventTypes")]
    event_types: BTreeMap<String, i64>,
    /// What must be added to times for Unix time in milliseconds.
    #[serde(default, rename = "timeTickOffset")]
    time_offset: Number,
}

/// A number that some versions write as a string.
#[derive(Debug, Default, Deserialize)]
#[serde(untagged)]
enum Number {
    #[default]
    None,
    Float(f64),
    Text(String),
}

impl Number {
    fn millis(&self) -> Duration {
        let millis = match self {
            Self::None => 0.0,
            Self::Float(number) => *number,
            Self::Text(text) => text.parse().unwrap_or_default(),
        };
        // A time that isn't a number, or is out of range, counts as 0.
        Duration::try_from_secs_f64(millis / 1e3).unwrap_or_default()
    }
}

#[derive(Debug, Deserialize)]
struct Event {
    #[serde(default)]
    params: Option<Params>,
    #[serde(default)]
    source: Source,
    #[serde(default)]
    time: Number,
    r#type: i64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Params {
    /// The bytes in base64.
    bytes: Option<String>,
    /// The bytes in hex, of older versions.
    hex_encoded_bytes: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Source {
    id: i64,
}

/// What an event of a socket holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct BytesEvent {
    from: Side,
    /// Whether the bytes are those within TLS.
    within_tls: bool,
}

/// Reads a network log, with one stream for each socket that asked for a WebSocket.
pub(in crate::capture) fn read_net_log<S: StreamSink, M: FnMut(StreamStart) -> S>(
    path: &Path,
    file: File,
    shared: &mut ReadContext<M>,
) -> Result<Capture<S>, CaptureError> {
    let io = |source| CaptureError::Io { path: path.to_owned(), source };
    let mut text = Vec::new();
    file.take(MAX_JSON_BYTES).read_to_end(&mut text).map_err(io)?;
    let mut warnings = Vec::new();
    let log = parse(&text, &mut warnings).map_err(|source| {
        let reason = TextError::Json { what: "a network log of Chrome", source };
        CaptureError::Text { path: path.to_owned(), reason }
    })?;
    let offset = log.constants.time_offset.millis();
    let mut streams = Vec::new();
    for pieces in sockets(&log).into_values() {
        // A socket with TLS has its bytes twice.
        let within_tls = pieces.iter().any(|(event, ..)| event.within_tls);
        let pieces: Vec<_> =
            pieces.iter().filter(|(event, ..)| event.within_tls == within_tls).collect();
        if !asks_for_websocket(&pieces) {
            continue;
        }
        let start = pieces.first().map_or(Duration::ZERO, |(_, time, _)| *time);
        let since_1970 = offset.saturating_add(start);
        let mut stream =
            StreamBuilder::new(u64::try_from(since_1970.as_nanos()).unwrap_or_default());
        for (event, time, bytes) in pieces {
            let at = time.saturating_sub(start);
            stream.push_and_spill(event.from, at, bytes, shared).map_err(io)?;
        }
        streams.extend(stream.finish(None, false, shared));
    }
    if streams.is_empty() {
        warnings.push(without_bytes(&log));
    }
    Ok(Capture { format: CaptureFormat::NetLog, packets: 0, span: None, streams, warnings })
}

/// Parses the log. Where Chrome was killed the end is missing; the events before it are read.
fn parse(text: &[u8], warnings: &mut Vec<String>) -> Result<NetLog, serde_json::Error> {
    match serde_json::from_slice(text) {
        Err(error) if error.is_eof() => {
            // Chrome writes one event a line, and the last line may be whole.
            let whole = text.trim_ascii_end();
            let end = whole.windows(2).rposition(|two| two == b",\n").unwrap_or_default();
            let ends =
                [whole.strip_suffix(b",").unwrap_or(whole), whole.get(..end).unwrap_or(whole)];
            let log = ends
                .iter()
                .find_map(|events| serde_json::from_slice(&[events, &b"]}"[..]].concat()).ok());
            warnings.push("the log was cut off: its last events are missing".to_owned());
            log.ok_or(error)
        }
        log => log,
    }
}

/// Bytes of a socket with their direction and time.
type Piece = (BytesEvent, Duration, Vec<u8>);

/// Returns the bytes of each socket by the number of its source.
fn sockets(log: &NetLog) -> BTreeMap<i64, Vec<Piece>> {
    let kinds: BTreeMap<i64, BytesEvent> = [
        ("SOCKET_BYTES_SENT", Side::Client, false),
        ("SOCKET_BYTES_RECEIVED", Side::Server, false),
        ("SSL_SOCKET_BYTES_SENT", Side::Client, true),
        ("SSL_SOCKET_BYTES_RECEIVED", Side::Server, true),
    ]
    .into_iter()
    .filter_map(|(name, from, within_tls)| {
        let number = log.constants.event_types.get(name)?;
        Some((*number, BytesEvent { from, within_tls }))
    })
    .collect();
    let mut sockets: BTreeMap<i64, Vec<Piece>> = BTreeMap::new();
    for event in &log.events {
        let Some(kind) = kinds.get(&event.r#type) else { continue };
        let Some(params) = &event.params else { continue };
        let base64 = params.bytes.as_ref().and_then(|bytes| BASE64_STANDARD.decode(bytes).ok());
        let hex = || params.hex_encoded_bytes.as_deref().and_then(format::unhex);
        if let Some(bytes) = base64.or_else(hex).filter(|bytes| !bytes.is_empty()) {
            let piece = (*kind, event.time.millis(), bytes);
            sockets.entry(event.source.id).or_default().push(piece);
        }
    }
    sockets
}

/// Whether the client sends the header of a handshake in one of the pieces.
fn asks_for_websocket(pieces: &[&Piece]) -> bool {
    const HEADER: &[u8] = b"sec-websocket-key:";
    let sent = pieces.iter().filter(|(event, ..)| event.from == Side::Client);
    let mut sent = sent.map(|(.., bytes)| bytes);
    sent.any(|bytes| bytes.windows(HEADER.len()).any(|window| window.eq_ignore_ascii_case(HEADER)))
}

/// Returns the sentence for a log without the bytes of a WebSocket.
fn without_bytes(log: &NetLog) -> String {
    let count = |name: &str| {
        let number = log.constants.event_types.get(name);
        log.events.iter().filter(|event| Some(&event.r#type) == number).count()
    };
    let sent = count("WEBSOCKET_SENT_FRAME_HEADER");
    let received = count("WEBSOCKET_RECV_FRAME_HEADER");
    if sent.saturating_add(received) == 0 {
        return "the log has no WebSocket over HTTP/1.1".to_owned();
    }
    format!(
        "the log has the headers of {sent} frames sent and {received} received, but no bytes: \
         record it with --net-log-capture-mode=Everything (\"include raw bytes\")"
    )
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::prelude::BASE64_STANDARD;
    use serde_json::{Value, json};

    use crate::capture::{Capture, CaptureFormat, ReadOptions, open};
    use crate::wire::Side;
    use crate::wire::format::hex;

    const REQUEST: &[u8] = b"GET /chat HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\
        Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
        Sec-WebSocket-Version: 13\r\n\r\n";
    const RESPONSE: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\
        Connection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

    fn read(text: &str) -> Capture {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        open(file.path(), &ReadOptions::default()).unwrap()
    }

    /// Returns a log as Chrome writes it: one event a line.
    fn log(events: &[Value]) -> String {
        let constants = json!({
            "logEventTypes": {
                "SOCKET_BYTES_SENT": 70, "SOCKET_BYTES_RECEIVED": 71, "SSL_SOCKET_BYTES_SENT": 72,
                "SSL_SOCKET_BYTES_RECEIVED": 73, "WEBSOCKET_SENT_FRAME_HEADER": 80,
                "WEBSOCKET_RECV_FRAME_HEADER": 81,
            },
            "timeTickOffset": "1700000000000",
        });
        let events: Vec<_> = events.iter().map(Value::to_string).collect();
        format!("{{\"constants\":{constants},\n\"events\": [\n{}]}}\n", events.join(",\n"))
    }

    fn event(kind: i32, socket: i32, time: i32, bytes: &[u8]) -> Value {
        let params = json!({ "byte_count": bytes.len(), "bytes": BASE64_STANDARD.encode(bytes) });
        json!({
            "params": params, "phase": 0, "source": { "id": socket, "type": 9 },
            "time": time.to_string(), "type": kind,
        })
    }

    #[test]
    fn the_bytes_of_a_socket_are_read_without_tls_and_others_are_left_out() {
        let old = json!({
            "params": { "hex_encoded_bytes": hex(b"\x81\x02ok") }, "source": { "id": 5 },
            "time": 1250, "type": 73,
        });
        let events = [
            event(70, 5, 1000, b"\x16\x03\x01"),
            event(72, 5, 1000, REQUEST),
            event(72, 6, 1000, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
            event(73, 5, 1100, RESPONSE),
            old,
        ];
        let text = log(&events);
        let cut = &text[..text.len() - 3];
        let half = text.replace("]}\n", ",\n{\"params\":{\"by");
        for (text, warnings) in [(text.as_str(), 0), (cut, 1), (&half, 1)] {
            let capture = read(text);
            assert_eq!(capture.format(), CaptureFormat::NetLog);
            assert_eq!(capture.warnings().len(), warnings, "{:?}", capture.warnings());
            let [stream] = capture.streams() else { panic!("{:?}", capture.streams()) };
            assert_eq!(stream.started_at.as_secs(), 1_700_000_001);
            let rows: Vec<_> = stream
                .trace
                .rows()
                .iter()
                .map(|row| (row.from(), row.len().get(), row.completed_at().as_millis()))
                .collect();
            assert_eq!(rows, [(Side::Server, 4, 250)]);
        }
    }

    #[test]
    fn a_log_without_bytes_says_how_to_record_them() {
        let header =
            json!({ "params": { "opcode": 1 }, "source": { "id": 5 }, "time": "1", "type": 80 });
        let capture = read(&log(&[header]));
        assert!(capture.streams().is_empty());
        let [warning] = capture.warnings() else { panic!("{:?}", capture.warnings()) };
        assert!(warning.contains("the headers of 1 frames sent and 0 received"), "{warning}");
    }
}
