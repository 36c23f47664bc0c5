//! HAR files with `_webSocketMessages`, as browsers export them.
//!
//! A HAR holds messages, not frames: masking, fragmentation and compression are not in it. Frames
//! are built from the messages, one each, and a warning of the connection says so. Heads are built
//! where the headers are those of a handshake (RFC 6455 section 4). A refused attempt is listed as
//! the exchange that it was.

use std::fs::File;
use std::io;
use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use thiserror::Error;

use super::har_content::{HarContent, HarEntry, HarMessage};
use super::json::JsonText;
use crate::capture::captured_file::{Capture, CaptureFormat, MAX_WARNINGS};
use crate::capture::error::{CaptureError, TextError};
use crate::capture::sink::StreamSink;
use crate::capture::stream::{ReadContext, StreamBuilder, StreamStart};
use crate::capture::text::built::{self, BuiltHeads, MAX_CONTROL_LEN};
use crate::capture::text::decimal_time;
use crate::capture::text::text_file::{self, MAX_EXPORT_BYTES, WholeText};
use crate::text::units::count;
use crate::wire::frame::encode;
use crate::wire::handshake::{HttpExchange, RequestLine};
use crate::wire::{ByteLen, Opcode, Side, format};

/// The kind of file, in errors.
const KIND: &str = "a HAR file";

/// Reads a HAR, with one stream for each WebSocket in it and for each attempt to open one.
pub(in crate::capture) fn read_har<S: StreamSink, M: FnMut(StreamStart) -> S>(
    path: &Path,
    file: File,
    shared: &mut ReadContext<M>,
) -> Result<Capture<S>, CaptureError> {
    let WholeText { text, warning } = text_file::read_text(path, file, MAX_EXPORT_BYTES, KIND)?;
    let (content, result) = HarContent::parse(&text);
    let failed = |reason| CaptureError::Text { path: path.to_owned(), reason };
    let mut warnings: Vec<_> = warning.into_iter().collect();
    match result {
        Ok(()) if content.is_har => {}
        Ok(()) => {
            let lacks = "\"log\", and neither entries nor messages of one";
            return Err(failed(TextError::JsonContent { what: KIND, lacks }));
        }
        Err(source) if !content.is_har => {
            return Err(failed(TextError::Json { what: KIND, source }));
        }
        Err(error) => warnings.push(end_of_file(&error, &content)),
    }
    let HarContent { exporter, entries, .. } = content;
    let total = entries.len();
    let mut websockets: Vec<_> = entries.iter().filter(|entry| entry.is_websocket()).collect();
    let others = total.saturating_sub(websockets.len());
    // An entry without a time stays behind the one before it.
    let mut last = Duration::ZERO;
    websockets.sort_by_cached_key(|entry| {
        last = begin_of(entry).unwrap_or(last);
        last
    });
    let mut streams = Vec::new();
    for entry in websockets {
        let stream = read_entry(entry, &exporter, &mut warnings, shared)
            .map_err(|source| CaptureError::Io { path: path.to_owned(), source })?;
        streams.extend(stream.finish(None, false, shared));
    }
    if streams.is_empty() {
        warnings.push(
            "the HAR has no WebSocket messages (`_webSocketMessages`): open the developer tools \
             before the page, and export again"
                .to_owned(),
        );
    } else if others > 0 {
        let others = count(others as u64, "other exchange");
        warnings.push(format!("the HAR also holds {others} without a WebSocket"));
    }
    Ok(Capture { format: CaptureFormat::Har, packets: 0, span: None, streams, warnings })
}

/// Returns the sentence about where a HAR ends, or where it is no JSON any more.
fn end_of_file(error: &serde_json::Error, content: &HarContent<'_>) -> String {
    let whole = content.entries.iter().filter(|entry| entry.is_whole).count();
    let (line, column) = (error.line(), error.column());
    let within = match content.entries.last() {
        Some(entry) if !entry.is_whole => format!("within entry {}", whole.saturating_add(1)),
        _ => format!("behind entry {whole}"),
    };
    if error.is_eof() {
        format!("the HAR is cut off: it ends at line {line}, column {column}, {within}")
    } else {
        format!(
            "the HAR isn't JSON from line {line}, column {column} on, {within}: the rest is not \
             read"
        )
    }
}

/// Returns when the first message of an entry was sent, or otherwise its request.
fn begin_of(entry: &HarEntry<'_>) -> Option<Duration> {
    let messages = entry.messages.iter().flatten();
    let first =
        messages.filter_map(|message| decimal_time::parse_since_1970(&message.time())).min();
    first.or_else(|| decimal_time::parse_since_1970(&entry.started_at()))
}

/// Builds the stream of one entry. What is to be said of one that has no bytes is a warning about the
/// file, because such a connection is only counted.
fn read_entry<S: StreamSink, M: FnMut(StreamStart) -> S>(
    entry: &HarEntry<'_>,
    exporter: &str,
    file_warnings: &mut Vec<String>,
    shared: &mut ReadContext<M>,
) -> io::Result<StreamBuilder<S>> {
    let start = begin_of(entry).unwrap_or_default();
    let mut stream = StreamBuilder::new(u64::try_from(start.as_nanos()).unwrap_or_default());
    let exporter = if exporter.is_empty() { "a browser" } else { exporter };
    let messages = entry.messages.as_deref().unwrap_or_default();
    let heads = heads_of(entry);
    let sentences = describe_entry(entry, exporter);
    let sentences = sentences.iter().map(|sentence| format::escape_controls(sentence));
    if heads.is_some() || !messages.is_empty() {
        sentences.for_each(|sentence| stream.warn(sentence));
    } else {
        let room = MAX_WARNINGS.saturating_sub(file_warnings.len());
        file_warnings.extend(sentences.take(room));
    }
    if let Some((request, response)) = heads {
        stream.push_and_spill(Side::Client, Duration::ZERO, request.as_bytes(), shared)?;
        stream.push_and_spill(Side::Server, Duration::ZERO, response.as_bytes(), shared)?;
    } else if messages.is_empty() {
        stream.push_exchange(exchange_of(entry), Duration::ZERO, shared);
    }
    push_messages(&mut stream, messages, start, exporter, shared)?;
    Ok(stream)
}

/// Returns what is to be said of an entry.
fn describe_entry(entry: &HarEntry<'_>, exporter: &str) -> Vec<String> {
    let url = entry.request.url();
    let name = if url.is_empty() { "a WebSocket".to_owned() } else { excerpt(&url) };
    let mut sentences = Vec::new();
    if entry.messages.as_ref().is_some_and(|messages| !messages.is_empty()) {
        sentences.push(format!(
            "{name} as exported by {exporter}: the file has messages; masking, fragmentation and \
             compression are not in it, so each message is shown as one frame that was built from \
             it, with a masking key of no meaning"
        ));
    } else if entry.is_whole {
        sentences.push(without_messages(entry, &name, exporter));
    }
    if !entry.is_whole {
        let sentence = "the file ends within the entry of";
        sentences.push(format!("{sentence} {name}: what follows is not in it"));
    }
    if let Some(error) = entry.error() {
        let error = format::quote(error.as_bytes(), 200);
        sentences.push(format!("{name}: {exporter} reports an error: {error}"));
    }
    sentences
}

/// Returns the sentence about an entry without messages.
fn without_messages(entry: &HarEntry<'_>, name: &str, exporter: &str) -> String {
    let (status, reason) = (entry.response.status(), entry.response.reason());
    // Over HTTP/2, a CONNECT is answered by 2xx (RFC 8441 section 5).
    let is_open =
        status == 101 || entry.request.method() == "CONNECT" && (200..300).contains(&status);
    match status {
        0 => format!("{name}: {exporter} has no response to it"),
        _ if !is_open => {
            let status = format!("{status} {reason}");
            format!("{name} was refused: the response is {}", status.trim())
        }
        _ if entry.messages.is_some() => {
            format!("{name} has no messages in what {exporter} exported")
        }
        _ => format!(
            "{name} was opened, but {exporter} has exported no messages (`_webSocketMessages`); \
             Chrome and Edge do"
        ),
    }
}

/// Builds frames from messages, in order of time.
fn push_messages<S: StreamSink, M: FnMut(StreamStart) -> S>(
    stream: &mut StreamBuilder<S>,
    messages: &[HarMessage<'_>],
    start: Duration,
    exporter: &str,
    shared: &mut ReadContext<M>,
) -> io::Result<()> {
    // A message without a time was sent at that of the one before it.
    let mut last = start;
    let times = messages.iter().map(|message| {
        last = decimal_time::parse_since_1970(&message.time()).unwrap_or(last);
        last.saturating_sub(start)
    });
    let mut timed: Vec<_> = times.zip((1_usize..).zip(messages)).collect();
    if !timed.is_sorted_by_key(|(at, _)| *at) {
        timed.sort_by_key(|(at, _)| *at);
        stream.warn("the messages are not in order of time in the file; here they are".to_owned());
    }
    for (at, (number, message)) in timed {
        let JsonText { text: data, has_lone_surrogate } = message.data();
        if message.kind() == "error" {
            let data = format::quote(data.as_bytes(), 200);
            let seconds = at.as_secs_f64();
            stream.warn(format!("after {seconds:.3} s, {exporter} reports an error: {data}"));
            continue;
        }
        if !message.opcode.is_some() {
            stream.warn(format!("message {number} has no opcode; it is taken for text"));
        }
        match frame_of(number, message, data) {
            Ok((from, frame)) => stream.push_and_spill(from, at, &frame, shared)?,
            Err(reason) => {
                stream.warn(format!("message {number} is left out: {reason}"));
                continue;
            }
        }
        if has_lone_surrogate {
            stream.warn(format!(
                "message {number} has half of a surrogate pair, shown as U+FFFD: its exact bytes \
                 are not in the file"
            ));
        }
    }
    Ok(())
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
    Opcode(i64),
    #[error("its opcode isn't a number")]
    NoNumber,
    #[error("its data isn't base64")]
    Base64,
    #[error("its data doesn't fit a control frame")]
    ControlFrame,
}

/// Builds the frame of a message, and says who sent it.
fn frame_of(
    number: usize,
    message: &HarMessage<'_>,
    data: String,
) -> Result<(Side, Vec<u8>), MessageError> {
    let from = match message.kind().as_str() {
        "send" => Side::Client,
        "receive" => Side::Server,
        other => return Err(MessageError::Type(format::quote(other.as_bytes(), 40))),
    };
    let opcode = if message.opcode.is_some() {
        message.opcode.integer().ok_or(MessageError::NoNumber)?
    } else {
        1
    };
    // Everything that isn't text is in base64.
    let decoded = || BASE64_STANDARD.decode(&data).ok();
    let (opcode, payload) = match opcode {
        1 => (Opcode::Text, data.into_bytes()),
        2 => (Opcode::Binary, decoded().ok_or(MessageError::Base64)?),
        8 => (Opcode::Close, decoded().unwrap_or_default()),
        9 => (Opcode::Ping, decoded().unwrap_or_else(|| data.into_bytes())),
        10 => (Opcode::Pong, decoded().unwrap_or_else(|| data.into_bytes())),
        other => return Err(MessageError::Opcode(other)),
    };
    // A Close of one byte, or a long control frame, would be a fault that nobody made.
    let close = opcode == Opcode::Close && payload.len() == 1;
    if opcode.is_control() && (payload.len() > MAX_CONTROL_LEN || close) {
        return Err(MessageError::ControlFrame);
    }
    let key = (from == Side::Client).then(|| built::masking_key(number));
    Ok((from, encode::single_frame(opcode, &payload, key)))
}

/// Returns the target of a request: the path and the query of its URL.
fn target_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let target = rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("/");
    target.split('#').next().unwrap_or(target)
}

/// Returns both heads if the entry has the headers of a handshake over HTTP/1.1.
fn heads_of(entry: &HarEntry<'_>) -> Option<(String, String)> {
    let HarEntry { request, response, .. } = entry;
    built::heads(&BuiltHeads {
        method: &request.method(),
        target: target_of(&request.url()),
        request_fields: &request.fields(),
        status: response.status(),
        reason: &response.reason(),
        response_fields: &response.fields(),
    })
}

/// Returns a refused attempt.
fn exchange_of(entry: &HarEntry<'_>) -> HttpExchange {
    let HarEntry { request, response, .. } = entry;
    let line =
        RequestLine { method: request.method(), target: target_of(&request.url()).to_owned() };
    let status = u16::try_from(response.status()).ok().filter(|status| *status > 0);
    HttpExchange {
        request: Some(line),
        status,
        request_len: ByteLen::new(request.len()),
        response_len: ByteLen::new(response.len()),
        is_complete: status.is_some(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::capture::CaptureFormat;
    use crate::capture::text::test_support::{encodings, frames, read};
    use crate::wire::{Offset, Side};

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
            message("receive", 1_700_000_000.75, 9, ""),
            message("error", 1_700_000_001.0, -1, "lost"),
            message("receive", 1_700_000_001.0, 2, "not base64"),
        ]);
        let text = serde_json::to_string_pretty(&har(&messages)).unwrap();
        let capture = read(&text).unwrap();
        assert_eq!(capture.format(), CaptureFormat::Har);
        assert_eq!(capture.warnings(), ["the HAR also holds 1 other exchange without a WebSocket"]);
        let [stream] = capture.streams() else { panic!("{:?}", capture.streams()) };
        let trace = &stream.trace;
        let expected = [
            (Side::Client, 1, b"Hello".to_vec()),
            (Side::Client, 1, b"again".to_vec()),
            (Side::Server, 2, vec![0, 1, 2]),
            (Side::Server, 9, Vec::new()),
        ];
        assert_eq!(frames(&capture), expected);
        let times = trace.rows().iter().map(|row| row.completed_at().as_millis());
        assert_eq!(times.collect::<Vec<_>>(), [0, 0, 250, 250]);
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
        assert_eq!(error, "after 0.500 s, WebInspector 537.36 reports an error: \"lost\"");
        assert!(data.contains("message 6 is left out: its data isn't base64"), "{data}");
    }

    /// A request and a response without messages.
    fn attempt(status: i32, fields: &Value) -> Value {
        json!({
            "startedDateTime": "2024-05-01T12:00:00.000Z",
            "request": { "method": "GET", "url": "wss://a.test/chat", "headers": fields },
            "response": {
                "status": status, "statusText": "Forbidden", "headersSize": 120, "bodySize": -1,
                "_error": "net::ERR_FAILED",
            },
        })
    }

    #[test]
    fn the_entries_before_the_end_of_a_cut_file_are_read_and_the_end_is_stated() {
        let messages = json!([message("send", 1.0, 1, "a"), message("send", 2.0, 1, "b")]);
        let text = har(&messages).to_string();
        let (a, b) = ((Side::Client, 1, b"a".to_vec()), (Side::Client, 1, b"b".to_vec()));
        // Within the second message; behind the last entry; within the file's creator.
        let within = text.find(r#""b""#).unwrap() + 1;
        for (len, entry, all) in [
            (within, "within entry 2", vec![a.clone()]),
            (text.len() - 3, "behind entry 2", vec![a, b]),
        ] {
            let capture = read(&text[..len]).unwrap();
            assert_eq!(frames(&capture), all, "{entry}");
            let expected = format!("the HAR is cut off: it ends at line 1, column {len}, {entry}");
            assert_eq!(capture.warnings()[0], expected);
        }
        let damaged = text.replace(r#""data":"b""#, r#""data":b"#);
        let capture = read(&damaged).unwrap();
        assert!(capture.warnings()[0].contains("isn't JSON from line 1, column "));
        assert_eq!(frames(&capture).len(), 1);
        let error = read(r#"{"log"#).unwrap_err().to_string();
        assert!(error.ends_with("it ends at line 1, column 5, before its JSON does"), "{error}");
        let none = read(r#"{"log":{"entries":[]}}"#).unwrap();
        assert!(none.streams().is_empty() && none.warnings()[0].contains("_webSocketMessages"));
    }

    #[test]
    fn any_encoding_is_read_and_half_a_surrogate_pair_costs_a_character() {
        let text = har(&json!([message("send", 1.0, 1, "grüße")])).to_string();
        for bytes in encodings(&text) {
            let capture = read(bytes).unwrap();
            assert_eq!(frames(&capture), [(Side::Client, 1, "grüße".into())]);
        }
        let text =
            text.replace("grüße", r"a\ud800b").replace("ws://example", r"ws://\udc00example");
        let capture = read(&text).unwrap();
        assert_eq!(frames(&capture), [(Side::Client, 1, "a\u{fffd}b".into())]);
        let notes = capture.streams()[0].warnings.join("\n");
        assert!(notes.contains("message 1 has half of a surrogate pair"), "{notes}");
    }

    #[test]
    fn messages_come_in_order_of_time_to_the_digit_and_without_what_is_missing() {
        let text = r#"{"log":{"entries":[
            {"request":{"url":"ws://b/"},"_webSocketMessages":[
                {"type":"send","time":1714564802.000001,"opcode":"1","data":"third"},
                {"type":"send","time":null,"data":"fourth"},
                {"type":"receive","time":"2024-05-01T12:00:00.5Z","opcode":1.0,"data":"second"}]},
            {"request":{"url":"ws://a/"},"_webSocketMessages":[
                {"type":"send","time":1714564800499.25,"opcode":1,"data":"first"}]}]}}"#;
        let capture = read(text).unwrap();
        let [a, b] = capture.streams() else { panic!("{:?}", capture.streams()) };
        assert_eq!(a.started_at.as_micros(), 1_714_564_800_499_250);
        assert_eq!(b.started_at.as_micros(), 1_714_564_800_500_000);
        let times: Vec<_> =
            b.trace.rows().iter().map(|row| (row.from(), row.completed_at().as_nanos())).collect();
        let (first, second) = ((Side::Server, 0), (Side::Client, 1_500_001_000));
        assert_eq!(times, [first, second, second]);
        let notes = b.warnings.join("\n");
        assert!(notes.contains("not in order of time"), "{notes}");
        assert!(notes.contains("message 2 has no opcode; it is taken for text"), "{notes}");
        assert!(a.trace.faults(Side::Client).is_empty() && b.trace.faults(Side::Client).is_empty());
    }

    #[test]
    fn a_refused_attempt_is_listed_with_its_status_and_the_browsers_error() {
        let fields: Vec<Value> = [
            ("Host", "a.test"),
            ("Upgrade", "websocket"),
            ("Connection", "Upgrade"),
            ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
            ("Sec-WebSocket-Version", "13"),
        ]
        .iter()
        .map(|(name, value)| json!({ "name": name, "value": value }))
        .collect();
        let of = |entry: Value| read(json!({ "log": { "entries": [entry] } }).to_string()).unwrap();
        let whole = of(attempt(403, &fields.into()));
        let [stream] = whole.streams() else { panic!("{:?}", whole.streams()) };
        let codes = stream.trace.head(Side::Server).unwrap().validation.problems.len();
        assert_eq!((codes, stream.warnings.len()), (1, 2), "{:?}", stream.warnings);
        assert!(stream.warnings[0].ends_with("was refused: the response is 403 Forbidden"));
        assert!(stream.warnings[1].ends_with(r#"reports an error: "net::ERR_FAILED""#));
        // Without the fields of a handshake, nothing is known but the exchange.
        let bare = of(attempt(403, &json!([])));
        let exchanges = bare.streams()[0].trace.exchanges().all();
        let [(_, exchange)] = exchanges else { panic!("{exchanges:?}") };
        assert_eq!((exchange.status, exchange.response_len.get()), (Some(403), 120));
        assert_eq!(exchange.request.as_ref().unwrap().target, "/chat");
        assert!(bare.warnings()[0].contains("403"), "{:?}", bare.warnings());
        let unanswered = of(attempt(0, &json!([])));
        assert!(unanswered.warnings()[0].ends_with("a browser has no response to it"));
    }

    #[test]
    fn an_array_may_hold_hars_entries_or_messages() {
        let sent = message("send", 1.0, 1, "a");
        let entry = har(&json!([sent]))["log"]["entries"][1].clone();
        for array in [json!([har(&json!([sent]))]), json!([entry]), json!([sent])] {
            let capture = read(array.to_string()).unwrap();
            assert_eq!(frames(&capture), [(Side::Client, 1, b"a".to_vec())], "{array}");
        }
        let error = read(r#"[{"a":1}]"#).unwrap_err().to_string();
        assert!(error.contains("isn't a HAR file: it has no \"log\""), "{error}");
    }
}
