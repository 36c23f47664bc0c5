//! HAR files with `_webSocketMessages`, as browsers export them.
//!
//! A HAR holds messages, not frames: masking, fragmentation and compression are not in it. Frames
//! are built from the messages, one each, and a warning of the connection says so. Heads are built
//! where the headers are those of a handshake (RFC 6455 section 4).

use std::fs::File;
use std::io::{BufReader, Read as _};
use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;
use thiserror::Error;

use crate::capture::captured_file::{Capture, CaptureFormat};
use crate::capture::error::{CaptureError, TextError};
use crate::capture::sink::StreamSink;
use crate::capture::stream::{ReadContext, StreamBuilder, StreamStart};
use crate::wire::frame::encode;
use crate::wire::{MaskingKey, Opcode, Side, format};

/// The maximum length of a HAR in bytes. It is parsed as a whole.
pub(super) const MAX_JSON_BYTES: u64 = 256 << 20;

/// The maximum payload of a control frame in bytes (RFC 6455 section 5.5).
const MAX_CONTROL_LEN: usize = 125;

/// Returns the key that a frame of the client is masked with. A frame without a mask, a key of zeros
/// or the same key twice would be a fault that nobody made.
pub(super) fn masking_key(number: usize) -> MaskingKey {
    let [.., high, low] = number.to_be_bytes();
    [0x48, 0x41, high, low]
}

#[derive(Debug, Deserialize)]
struct Har {
    log: Log,
}

#[derive(Debug, Deserialize)]
struct Log {
    #[serde(default)]
    creator: Creator,
    entries: Vec<Entry>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Creator {
    name: String,
    version: String,
}

#[derive(Debug, Deserialize)]
struct Entry {
    request: Request,
    response: Response,
    #[serde(rename = "_webSocketMessages")]
    messages: Option<Vec<Message>>,
}

#[derive(Debug, Deserialize)]
struct Request {
    #[serde(default)]
    method: String,
    #[serde(default)]
    url: String,
    #[serde(default)]
    headers: Vec<Header>,
}

#[derive(Debug, Deserialize)]
struct Response {
    #[serde(default)]
    status: i64,
    #[serde(default, rename = "statusText")]
    reason: String,
    #[serde(default)]
    headers: Vec<Header>,
}

#[derive(Debug, Deserialize)]
struct Header {
    name: String,
    value: String,
}

#[derive(Debug, Deserialize)]
struct Message {
    r#type: String,
    /// Unix time in seconds.
    #[serde(default)]
    time: f64,
    #[serde(default)]
    opcode: f64,
    #[serde(default)]
    data: Option<String>,
}

/// Reads a HAR, with one stream for each WebSocket in it.
pub(in crate::capture) fn read_har<S: StreamSink, M: FnMut(StreamStart) -> S>(
    path: &Path,
    file: File,
    shared: &mut ReadContext<M>,
) -> Result<Capture<S>, CaptureError> {
    let har: Har =
        serde_json::from_reader(BufReader::new(file.take(MAX_JSON_BYTES))).map_err(|source| {
            let reason = TextError::Json { what: "a HAR file", source };
            CaptureError::Text { path: path.to_owned(), reason }
        })?;
    let io = |source| CaptureError::Io { path: path.to_owned(), source };
    let Log { creator, entries } = har.log;
    let exporter = format!("{} {}", creator.name, creator.version);
    let (mut streams, mut others) = (Vec::new(), 0_usize);
    for entry in entries {
        let Some(messages) = &entry.messages else {
            others = others.saturating_add(1);
            continue;
        };
        let stream = read_entry(&entry, messages, exporter.trim(), shared).map_err(io)?;
        streams.extend(stream.finish(None, false, shared));
    }
    let mut warnings = Vec::new();
    if streams.is_empty() {
        warnings.push(
            "the HAR has no WebSocket messages (`_webSocketMessages`): open the developer tools \
             before the page, and export again"
                .to_owned(),
        );
    } else if others > 0 {
        warnings.push(format!("{others} other exchanges of the HAR are no WebSockets"));
    }
    Ok(Capture { format: CaptureFormat::Har, packets: 0, span: None, streams, warnings })
}

/// Builds the stream of one WebSocket.
fn read_entry<S: StreamSink, M: FnMut(StreamStart) -> S>(
    entry: &Entry,
    messages: &[Message],
    exporter: &str,
    shared: &mut ReadContext<M>,
) -> std::io::Result<StreamBuilder<S>> {
    // A time that isn't a number, or is out of range, counts as 0.
    let time = |seconds: f64| Duration::try_from_secs_f64(seconds).unwrap_or_default();
    let start = messages.first().map_or(Duration::ZERO, |first| time(first.time));
    let nanos = u64::try_from(start.as_nanos()).unwrap_or_default();
    let mut stream = StreamBuilder::new(nanos);
    stream.warn(format::escape_controls(&format!(
        "{} as exported by {}: the file has messages; masking, fragmentation and compression are \
         not in it, so each message is shown as one frame that was built from it, with a masking \
         key of no meaning",
        excerpt(&entry.request.url),
        if exporter.is_empty() { "a browser" } else { exporter },
    )));
    if let Some((request, response)) = heads_of(entry) {
        stream.push_and_spill(Side::Client, Duration::ZERO, request.as_bytes(), shared)?;
        stream.push_and_spill(Side::Server, Duration::ZERO, response.as_bytes(), shared)?;
    }
    let mut at = Duration::ZERO;
    for (number, message) in (1_usize..).zip(messages) {
        // Times never go back, as on the wire.
        at = at.max(time(message.time).saturating_sub(start));
        match frame_of(number, message) {
            Ok((from, frame)) => stream.push_and_spill(from, at, &frame, shared)?,
            Err(reason) => stream.warn(format!("message {number} is left out: {reason}")),
        }
    }
    Ok(stream)
}

/// Returns the beginning of a URL, for a sentence.
fn excerpt(url: &str) -> String {
    let mut shown: String = url.chars().take(80).collect();
    if shown.len() < url.len() {
        shown.push('…');
    }
    shown
}

/// Why a message cannot be a frame.
#[derive(Debug, Error)]
enum MessageError {
    #[error("its type is {0}; expected send or receive")]
    Type(String),
    #[error("its opcode is {0}; expected 1, 2, 8, 9 or 10")]
    Opcode(f64),
    #[error("its data isn't base64")]
    Base64,
    #[error("its data doesn't fit a control frame")]
    ControlFrame,
}

/// Builds the frame of a message, and says who sent it.
fn frame_of(number: usize, message: &Message) -> Result<(Side, Vec<u8>), MessageError> {
    let from = match message.r#type.as_str() {
        "send" => Side::Client,
        "receive" => Side::Server,
        other => return Err(MessageError::Type(format::quote(other.as_bytes(), 40))),
    };
    let data = message.data.as_deref().unwrap_or_default();
    // Everything that isn't text is in base64.
    let decoded = || BASE64_STANDARD.decode(data).ok();
    let (opcode, payload) = match message.opcode {
        1.0 => (Opcode::Text, data.as_bytes().to_vec()),
        2.0 => (Opcode::Binary, decoded().ok_or(MessageError::Base64)?),
        8.0 => (Opcode::Close, decoded().unwrap_or_default()),
        9.0 => (Opcode::Ping, decoded().unwrap_or_else(|| data.as_bytes().to_vec())),
        10.0 => (Opcode::Pong, decoded().unwrap_or_else(|| data.as_bytes().to_vec())),
        other => return Err(MessageError::Opcode(other)),
    };
    // A Close of one byte, or a long control frame, would be a fault that nobody made.
    let close = opcode == Opcode::Close && payload.len() == 1;
    if opcode.is_control() && (payload.len() > MAX_CONTROL_LEN || close) {
        return Err(MessageError::ControlFrame);
    }
    let key = (from == Side::Client).then(|| masking_key(number));
    Ok((from, encode::single_frame(opcode, &payload, key)))
}

/// Returns both heads if the entry has the headers of a handshake over HTTP/1.1.
fn heads_of(entry: &Entry) -> Option<(String, String)> {
    let Entry { request, response, .. } = entry;
    let (_, rest) = request.url.split_once("://")?;
    let target = rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("/");
    let pairs = |headers: &[Header]| -> Vec<(String, String)> {
        headers.iter().map(|Header { name, value }| (name.clone(), value.clone())).collect()
    };
    heads(&BuiltHeads {
        method: &request.method,
        target: target.split('#').next().unwrap_or(target),
        request_fields: &pairs(&request.headers),
        status: response.status,
        reason: &response.reason,
        response_fields: &pairs(&response.headers),
    })
}

/// What heads are built from: names and values of their fields, in order.
pub(super) struct BuiltHeads<'a> {
    pub(super) method: &'a str,
    pub(super) target: &'a str,
    pub(super) request_fields: &'a [(String, String)],
    pub(super) status: i64,
    pub(super) reason: &'a str,
    pub(super) response_fields: &'a [(String, String)],
}

/// Builds the heads of a handshake over HTTP/1.1; `None` if a field of one is missing.
pub(super) fn heads(parts: &BuiltHeads<'_>) -> Option<(String, String)> {
    let has = |fields: &[(String, String)], name: &str| {
        fields.iter().any(|(have, _)| have.eq_ignore_ascii_case(name))
    };
    let whole = parts.status == 101
        && ["Host", "Upgrade", "Connection", "Sec-WebSocket-Key", "Sec-WebSocket-Version"]
            .iter()
            .all(|name| has(parts.request_fields, name))
        && ["Upgrade", "Connection", "Sec-WebSocket-Accept"]
            .iter()
            .all(|name| has(parts.response_fields, name));
    let head = |first: String, fields: &[(String, String)]| {
        let lines = fields.iter().map(|(name, value)| format!("{name}: {value}\r\n"));
        first + "\r\n" + &lines.collect::<String>() + "\r\n"
    };
    whole.then(|| {
        let request_line = format!("{} {} HTTP/1.1", parts.method, parts.target);
        (
            head(request_line, parts.request_fields),
            head(format!("HTTP/1.1 101 {}", parts.reason), parts.response_fields),
        )
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::capture::{Capture, CaptureError, CaptureFormat, ReadOptions, open};
    use crate::wire::{Offset, Side};

    fn read(har: &str) -> Result<Capture, CaptureError> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), har).unwrap();
        open(file.path(), &ReadOptions::default())
    }

    fn har(messages: &Value) -> Value {
        let header = |name: &str, value: &str| json!({ "name": name, "value": value });
        json!({ "log": {
            "version": "1.2",
            "creator": { "name": "WebInspector", "version": "537.36" },
            "entries": [
                { "request": { "url": "http://a/" }, "response": { "status": 200 } },
                {
                    "request": {
                        "method": "GET", "url": "ws://example.test/chat?a=b", "headers": [
                            header("Host", "example.test"), header("Upgrade", "websocket"),
                            header("Connection", "Upgrade"),
                            header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
                            header("Sec-WebSocket-Version", "13"),
                        ],
                    },
                    "response": { "status": 101, "statusText": "Switching Protocols", "headers": [
                        header("Upgrade", "websocket"), header("Connection", "Upgrade"),
                        header("Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
                    ] },
                    "_webSocketMessages": messages,
                },
            ],
        } })
    }

    fn message(kind: &str, time: f64, opcode: i32, data: &str) -> Value {
        json!({ "type": kind, "time": time, "opcode": opcode, "data": data })
    }

    #[test]
    fn messages_become_frames_without_faults_and_the_connection_says_so() {
        let messages = json!([
            message("send", 1_700_000_000.5, 1, "Hello"),
            message("send", 1_700_000_000.5, 1, "again"),
            message("receive", 1_700_000_000.75, 2, "AAEC"),
            message("receive", 1_700_000_000.7, 9, ""),
            message("error", 1_700_000_001.0, 1, "lost"),
            message("receive", 1_700_000_001.0, 2, "not base64"),
        ]);
        let text = serde_json::to_string_pretty(&har(&messages)).unwrap();
        let capture = read(&text).unwrap();
        assert_eq!(capture.format(), CaptureFormat::Har);
        assert_eq!(capture.warnings(), ["1 other exchanges of the HAR are no WebSockets"]);
        let [stream] = capture.streams() else { panic!("{:?}", capture.streams()) };
        let trace = &stream.trace;
        let frames: Vec<_> = trace
            .rows()
            .iter()
            .map(|row| {
                let start = trace.stream_offset(row.from(), row.offset());
                let raw = stream.store.read(row.from(), start..start + row.len()).unwrap().bytes;
                let payload = trace.frame(row, raw).payload();
                (row.from(), row.opcode().bits(), payload, row.completed_at().as_millis())
            })
            .collect();
        let expected = [
            (Side::Client, 1, b"Hello".to_vec(), 0),
            (Side::Client, 1, b"again".to_vec(), 0),
            (Side::Server, 2, vec![0, 1, 2], 250),
            (Side::Server, 9, Vec::new(), 250),
        ];
        assert_eq!(frames, expected);
        assert!([Side::Client, Side::Server].iter().all(|from| trace.faults(*from).is_empty()));
        let request =
            stream.store.read(Side::Client, Offset::START..Offset::new(27)).unwrap().bytes;
        assert_eq!(request, b"GET /chat?a=b HTTP/1.1\r\nHos");
        let [note, error, data] = &stream.warnings[..] else { panic!("{:?}", stream.warnings) };
        assert!(
            note.contains("as exported by WebInspector 537.36")
                && note.contains("masking, fragmentation and compression are not in it"),
            "{note}"
        );
        assert!(error.contains("message 5 is left out: its type is \"error\""), "{error}");
        assert!(data.contains("message 6 is left out: its data isn't base64"), "{data}");
    }

    #[test]
    fn a_har_that_is_cut_or_has_no_websocket_says_so() {
        let text = har(&json!([message("send", 1.0, 1, "a")])).to_string();
        let error = read(&text[..text.len() - 9]).unwrap_err().to_string();
        assert!(error.contains("isn't a HAR file") && error.contains("EOF"), "{error}");
        let none = read(r#"{"log":{"entries":[]}}"#).unwrap();
        assert!(none.streams().is_empty() && none.warnings()[0].contains("_webSocketMessages"));
    }
}
