//! Chrome's network log (`chrome://net-export`, `--log-net-log`), also of Edge and Electron.
//!
//! Bytes are in it only where it was recorded with "include raw bytes"
//! (`--net-log-capture-mode=Everything`): `SSL_SOCKET_BYTES_*` without TLS, `SOCKET_BYTES_*` as
//! they went over the network. They are copied to a temporary file, and read like a capture from
//! there. Otherwise the log holds heads and the headers of frames, which are built from that; the
//! payloads are missing.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::net_log_content::{NetEvent, NetLogContent};
use crate::capture::byte_store::BackingStore;
use crate::capture::captured_file::{Capture, CaptureFormat};
use crate::capture::error::{CaptureError, TextError};
use crate::capture::shared_file::SharedFile;
use crate::capture::sink::StreamSink;
use crate::capture::stream::{
    CapturedStream, Http2Role, ReadContext, StreamBuilder, StreamStart, is_request,
};
use crate::capture::text::built::{self, BuiltHeads, masking_key};
use crate::capture::text::text_file::{self, MAX_EXPORT_BYTES, WholeText};
use crate::text::units::count;
use crate::wire::{AgreedExtensions, ByteLen, Offset, Side, Sides};

/// The kind of file, in errors.
const KIND: &str = "a Chrome network log";

/// Reads a network log, with one stream for each socket that asked for a WebSocket.
pub(in crate::capture) fn read_net_log<S: StreamSink, M: FnMut(StreamStart) -> S>(
    path: &Path,
    file: File,
    shared: &mut ReadContext<M>,
) -> Result<Capture<S>, CaptureError> {
    let io = |source| CaptureError::Io { path: path.to_owned(), source };
    let failed = |reason| CaptureError::Text { path: path.to_owned(), reason };
    let WholeText { text, warning } = text_file::read_text(path, file, MAX_EXPORT_BYTES, KIND)?;
    let (log, result) = NetLogContent::parse(&text);
    let mut warnings: Vec<_> = warning.into_iter().collect();
    if let Err(source) = result {
        if !log.has_event_types() {
            return Err(failed(TextError::Json { what: KIND, source }));
        }
        warnings.push(end_of_file(&source));
    }
    if !log.has_event_types() {
        let lacks = "\"constants\" with its types of events";
        return Err(failed(TextError::JsonContent { what: KIND, lacks }));
    }
    let mut copy = BytesCopy { file: SharedFile::temporary().map_err(io)?, end: Offset::START };
    shared.backing = Arc::new(BackingStore::new(copy.file.clone()));
    let mut streams = read_sockets(&log, &mut copy, shared).map_err(io)?;
    if streams.is_empty() {
        let (built, warning) = build_frames(&log, &mut copy, shared).map_err(io)?;
        streams.extend(built);
        warnings.push(warning);
    }
    Ok(Capture { format: CaptureFormat::NetLog, packets: 0, span: None, streams, warnings })
}

/// Returns the sentence about where a log ends, which it does early where Chrome was killed.
fn end_of_file(error: &serde_json::Error) -> String {
    let (line, column) = (error.line(), error.column());
    if error.is_eof() {
        format!("the log is cut off: it ends at line {line}, column {column}")
    } else {
        format!("the log isn't JSON from line {line}, column {column} on: the rest is not read")
    }
}

/// What an event of a socket holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct BytesEvent {
    from: Side,
    /// Whether the bytes are those within TLS.
    within_tls: bool,
}

/// The bytes of an event of a socket.
enum SocketBytes {
    Logged(Vec<u8>),
    /// The event has no bytes, or not all; 0 if it does not say how many.
    Missing(ByteLen),
}

/// What a socket sent or received, and when, since 1970.
struct SocketPiece {
    event: BytesEvent,
    at: Duration,
    bytes: SocketBytes,
}

/// Reads the sockets of a log that have bytes.
fn read_sockets<S: StreamSink, M: FnMut(StreamStart) -> S>(
    log: &NetLogContent<'_>,
    copy: &mut BytesCopy,
    shared: &mut ReadContext<M>,
) -> io::Result<Vec<CapturedStream<S>>> {
    let mut streams = Vec::new();
    for mut pieces in sockets(log).into_values() {
        // A socket with TLS has its bytes twice.
        let within_tls = pieces.iter().any(|piece| piece.event.within_tls);
        pieces.retain(|piece| piece.event.within_tls == within_tls);
        let is_http2 = first_bytes(&pieces).starts_with(b"PRI * HTTP/2.0");
        if !is_http2 && !asks_for_websocket(&pieces) {
            continue;
        }
        let read = read_socket(&pieces, copy, shared)?;
        // A connection of HTTP/2 is of use only for its WebSockets.
        let has_websocket =
            read.iter().any(|stream| matches!(stream.http2, Some(Http2Role::WebSocket(_))));
        if !is_http2 || has_websocket {
            streams.extend(read);
        }
    }
    Ok(streams)
}

/// The file that the bytes of a log are copied to.
struct BytesCopy {
    file: SharedFile,
    end: Offset,
}

impl BytesCopy {
    /// Appends bytes and returns where they are.
    fn append(&mut self, bytes: &[u8]) -> io::Result<Offset> {
        let offset = self.end;
        self.file.write_at(offset, bytes)?;
        self.end += bytes.len();
        Ok(offset)
    }
}

/// Returns a time as a capture has it.
fn nanos(at: Duration) -> u64 {
    u64::try_from(at.as_nanos()).unwrap_or(u64::MAX)
}

fn read_socket<S: StreamSink, M: FnMut(StreamStart) -> S>(
    pieces: &[SocketPiece],
    copy: &mut BytesCopy,
    shared: &mut ReadContext<M>,
) -> io::Result<Vec<CapturedStream<S>>> {
    let start = pieces.first().map_or(Duration::ZERO, |piece| piece.at);
    let mut stream = StreamBuilder::new(nanos(start));
    // The log of a socket begins with the socket, unless it was there before the log.
    let is_whole = is_request(first_bytes(pieces));
    stream.saw_syn = Sides { client: is_whole, server: is_whole };
    for SocketPiece { event, at, bytes } in pieces {
        match bytes {
            SocketBytes::Logged(bytes) => {
                let offset = copy.append(bytes)?;
                stream.push(event.from, nanos(*at), offset, bytes, shared)?;
            }
            SocketBytes::Missing(missing) => {
                stream.push_gap(event.from, nanos(*at), *missing, shared)?;
                if *missing == ByteLen::ZERO {
                    let from = event.from.name();
                    stream.warn(format!(
                        "an event of the {from} has neither its bytes nor their number"
                    ));
                }
            }
        }
    }
    Ok(stream.finish(None, false, shared))
}

/// Returns the bytes of each socket by the number of its source.
fn sockets(log: &NetLogContent<'_>) -> BTreeMap<i64, Vec<SocketPiece>> {
    let kinds: BTreeMap<i64, BytesEvent> = [
        ("SOCKET_BYTES_SENT", Side::Client, false),
        ("SOCKET_BYTES_RECEIVED", Side::Server, false),
        ("SSL_SOCKET_BYTES_SENT", Side::Client, true),
        ("SSL_SOCKET_BYTES_RECEIVED", Side::Server, true),
    ]
    .into_iter()
    .filter_map(|(name, from, within_tls)| {
        Some((log.type_of(name)?, BytesEvent { from, within_tls }))
    })
    .collect();
    let mut sockets: BTreeMap<i64, Vec<SocketPiece>> = BTreeMap::new();
    for event in &log.events {
        let Some(kind) = event.kind().and_then(|kind| kinds.get(&kind)) else { continue };
        let (stated, at) = (event.byte_count(), log.time_of(event));
        let bytes = event.bytes();
        let missing = match (&bytes, stated) {
            // The end of a stream.
            (None, Some(ByteLen::ZERO)) => continue,
            (None, stated) => Some(stated.unwrap_or_default()),
            (Some(bytes), Some(stated)) => {
                Some(stated - ByteLen::of(bytes)).filter(|missing| *missing > ByteLen::ZERO)
            }
            (Some(_), None) => None,
        };
        let all = bytes.map(SocketBytes::Logged).into_iter();
        let socket = sockets.entry(event.source()).or_default();
        for bytes in all.chain(missing.map(SocketBytes::Missing)) {
            socket.push(SocketPiece { event: *kind, at, bytes });
        }
    }
    sockets
}

/// Returns the first bytes of a socket, which are the client's; nothing if they are missing.
fn first_bytes(pieces: &[SocketPiece]) -> &[u8] {
    match pieces.first() {
        Some(SocketPiece { event, bytes: SocketBytes::Logged(bytes), .. })
            if event.from == Side::Client =>
        {
            bytes
        }
        _ => &[],
    }
}

/// Whether the client sends the header of a handshake in one of the pieces.
fn asks_for_websocket(pieces: &[SocketPiece]) -> bool {
    const HEADER: &[u8] = b"sec-websocket-key:";
    let mut sent = pieces.iter().filter(|piece| piece.event.from == Side::Client);
    sent.any(|piece| match &piece.bytes {
        SocketBytes::Logged(bytes) => {
            bytes.windows(HEADER.len()).any(|window| window.eq_ignore_ascii_case(HEADER))
        }
        SocketBytes::Missing(_) => false,
    })
}

/// Builds the frames of a log without bytes from their headers. Returns the connections, and the
/// sentence about the log.
fn build_frames<S: StreamSink, M: FnMut(StreamStart) -> S>(
    log: &NetLogContent<'_>,
    copy: &mut BytesCopy,
    shared: &mut ReadContext<M>,
) -> io::Result<(Vec<CapturedStream<S>>, String)> {
    let sides = [
        (log.type_of("WEBSOCKET_SENT_FRAME_HEADER"), Side::Client),
        (log.type_of("WEBSOCKET_RECV_FRAME_HEADER"), Side::Server),
    ];
    let side_of = |event: &NetEvent<'_>| {
        let kind = event.kind()?;
        sides.iter().find(|(number, _)| *number == Some(kind)).map(|(_, from)| *from)
    };
    let mut sources: BTreeMap<i64, Vec<(Side, &NetEvent<'_>)>> = BTreeMap::new();
    let mut counts = Sides { client: 0_u64, server: 0_u64 };
    for event in &log.events {
        let Some(from) = side_of(event) else { continue };
        counts[from] = counts[from].saturating_add(1);
        sources.entry(event.source()).or_default().push((from, event));
    }
    if sources.is_empty() {
        return Ok((Vec::new(), "the log has no WebSocket".to_owned()));
    }
    let mut streams = Vec::new();
    for (source, frames) in sources {
        streams.extend(build_connection(log, source, &frames, copy, shared)?);
    }
    let warning = format!(
        "the log has the headers of {} sent and of {} received, but no bytes: record it with \
         --net-log-capture-mode=Everything (\"include raw bytes\")",
        count(counts.client, "frame"),
        count(counts.server, "frame"),
    );
    Ok((streams, warning))
}

fn build_connection<S: StreamSink, M: FnMut(StreamStart) -> S>(
    log: &NetLogContent<'_>,
    source: i64,
    frames: &[(Side, &NetEvent<'_>)],
    copy: &mut BytesCopy,
    shared: &mut ReadContext<M>,
) -> io::Result<Vec<CapturedStream<S>>> {
    let request = head_of(log, source, "HTTP_TRANSACTION_SEND_REQUEST_HEADERS");
    let response = head_of(log, source, "HTTP_TRANSACTION_READ_RESPONSE_HEADERS");
    let first_frame = frames.first().map(|(_, event)| log.time_of(event));
    let start = request.as_ref().map(|(at, ..)| *at).or(first_frame).unwrap_or_default();
    let mut stream = StreamBuilder::new(nanos(start));
    stream.warn(
        "the log has the headers of frames: each frame is shown with the length of its payload, \
         which is missing, and a masking key of no meaning"
            .to_owned(),
    );
    let heads = request.zip(response).and_then(|(request, response)| {
        let (request_head, response_head) = build_heads(&request, &response)?;
        Some([(Side::Client, request.0, request_head), (Side::Server, response.0, response_head)])
    });
    let compresses = frames.iter().any(|(_, event)| event.is_compressed());
    if heads.is_none() {
        let extensions = compresses.then(AgreedExtensions::assumed);
        stream.without_head = StreamStart::Frames(extensions);
    }
    for (from, at, head) in heads.into_iter().flatten() {
        let offset = copy.append(head.as_bytes())?;
        stream.push(from, nanos(at), offset, head.as_bytes(), shared)?;
    }
    for (number, (from, event)) in (1_usize..).zip(frames) {
        let at = nanos(log.time_of(event));
        let Some(header) = event.frame_header(masking_key(number)) else {
            stream.warn(format!("frame {number} is left out: its header has no length"));
            continue;
        };
        let bytes = header.to_bytes();
        let offset = copy.append(&bytes)?;
        stream.push(*from, at, offset, &bytes, shared)?;
        if header.payload_len > ByteLen::ZERO {
            stream.push_gap(*from, at, header.payload_len, shared)?;
        }
    }
    Ok(stream.finish(None, false, shared))
}

/// A head: when it was sent, its start line, its fields.
type LoggedHead = (Duration, String, Vec<(String, String)>);

/// Returns the last head of a source that an event of this type has: those before it were
/// redirected or refused.
fn head_of(log: &NetLogContent<'_>, source: i64, kind: &str) -> Option<LoggedHead> {
    let kind = log.type_of(kind)?;
    let mut events = log.events.iter().rev();
    let event = events.find(|event| event.source() == source && event.kind() == Some(kind))?;
    let (start_line, fields) = event.head()?;
    Some((log.time_of(event), start_line, fields))
}

fn build_heads(request: &LoggedHead, response: &LoggedHead) -> Option<(String, String)> {
    let mut request_line = request.1.split(' ');
    let mut status_line = response.1.splitn(3, ' ').skip(1);
    built::heads(&BuiltHeads {
        method: request_line.next()?,
        target: request_line.next()?,
        request_fields: &request.2,
        status: status_line.next()?.parse().ok()?,
        reason: status_line.next().unwrap_or_default(),
        response_fields: &response.2,
    })
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::prelude::BASE64_STANDARD;
    use serde_json::{Value, json};

    use crate::capture::text::test_support::{self, frames};
    use crate::capture::{Capture, CaptureFormat};
    use crate::wire::Side;
    use crate::wire::format::hex;

    const REQUEST: &[u8] = b"GET /chat HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\
        Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
        Sec-WebSocket-Version: 13\r\n\r\n";
    const RESPONSE: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\
        Connection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

    fn read(text: &str) -> Capture {
        test_support::read(text).unwrap()
    }

    /// Returns a log as Chrome writes it: one event a line.
    fn log(events: &[Value]) -> String {
        let constants = json!({
            "logEventTypes": {
                "SOCKET_BYTES_SENT": 70, "SOCKET_BYTES_RECEIVED": 71, "SSL_SOCKET_BYTES_SENT": 72,
                "SSL_SOCKET_BYTES_RECEIVED": 73, "WEBSOCKET_SENT_FRAME_HEADER": 80,
                "WEBSOCKET_RECV_FRAME_HEADER": 81, "HTTP_TRANSACTION_SEND_REQUEST_HEADERS": 90,
                "HTTP_TRANSACTION_READ_RESPONSE_HEADERS": 91,
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
    fn an_event_without_its_bytes_is_a_gap() {
        let lost = json!({
            "params": { "byte_count": 4 }, "source": { "id": 5 }, "time": "1200", "type": 71,
        });
        let unknown = json!({ "params": { "byte_count": "?" }, "source": { "id": 5 }, "type": 71 });
        for (event_without, missing) in [(lost, 4), (unknown, 0)] {
            let events = [
                event(70, 5, 1000, REQUEST),
                event(71, 5, 1100, RESPONSE),
                event_without,
                event(71, 5, 1300, b"\x81\x02ok"),
            ];
            let capture = read(&log(&events));
            assert_eq!(frames(&capture), [(Side::Server, 1, b"ok".to_vec())]);
            let stream = &capture.streams()[0];
            let gaps: Vec<_> =
                stream.gaps.iter().map(|gap| (gap.from, gap.missing.get())).collect();
            assert_eq!(gaps, [(Side::Server, missing)]);
            assert!(stream.trace.faults(Side::Server).is_empty());
        }
    }

    #[test]
    fn a_log_without_bytes_has_the_lengths_of_frames_and_says_how_to_record_the_rest() {
        let frame = |kind: i32, opcode: i32, len: u32, rsv1: bool| {
            let params = json!({
                "final": true, "masked": kind == 80, "opcode": opcode, "payload_length": len,
                "reserved1": rsv1,
            });
            json!({ "params": params, "source": { "id": 3 }, "time": "1200", "type": kind })
        };
        let head = |kind: i32, line: Option<&str>, lines: &str| {
            let headers: Vec<_> = lines.lines().collect();
            let params = json!({ "line": line, "headers": headers });
            json!({ "params": params, "source": { "id": 3 }, "time": "1000", "type": kind })
        };
        let request = std::str::from_utf8(REQUEST).unwrap().trim();
        let (line, fields) = request.split_once("\r\n").unwrap();
        let heads = [
            head(90, Some(&format!("{line}\r\n")), fields),
            head(91, None, std::str::from_utf8(RESPONSE).unwrap().trim()),
        ];
        let headers = [frame(80, 1, 5, true), frame(81, 2, 70_000, false), frame(81, 9, 0, false)];
        for (events, has_head) in
            [([&heads[..], &headers[..]].concat(), true), (headers.to_vec(), false)]
        {
            let capture = read(&log(&events));
            let [stream] = capture.streams() else { panic!("{:?}", capture.streams()) };
            let rows = stream.trace.rows().iter();
            let lens: Vec<_> = rows.map(|row| (row.from(), row.len().get())).collect();
            assert_eq!(lens, [(Side::Client, 11), (Side::Server, 70_010), (Side::Server, 2)]);
            let missing: u64 = stream.gaps.iter().map(|gap| gap.missing.get()).sum();
            assert_eq!((missing, stream.trace.head(Side::Server).is_some()), (70_005, has_head));
            let [warning] = capture.warnings() else { panic!("{:?}", capture.warnings()) };
            assert!(warning.contains("1 frame sent and of 2 frames received"), "{warning}");
            assert!(warning.contains("include raw bytes"), "{warning}");
        }
        let error = test_support::read(r#"{"events":[]}"#).unwrap_err().to_string();
        assert!(error.contains("it has no \"constants\""), "{error}");
    }
}
