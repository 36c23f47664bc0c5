//! Flow files of mitmproxy (`mitmdump -w`): typed netstrings, one for each flow.
//!
//! A flow holds the fields of both heads and messages, not frames: masking, fragmentation and
//! compression are not in it. As for a HAR, frames are built from the messages, and a warning says
//! so. A raw TCP flow holds bytes, which are read as they are.

use std::fs::File;
use std::path::Path;
use std::time::Duration;

use super::built::{self, BuiltHeads, MAX_CONTROL_LEN};
use super::decimal_time;
use super::text_file::{self, MAX_EXPORT_BYTES};
use super::tnetstring::Value;
use crate::capture::captured_file::{Capture, CaptureFormat, MAX_WARNINGS};
use crate::capture::error::{CaptureError, TextError};
use crate::capture::sink::StreamSink;
use crate::capture::stream::{ReadContext, StreamBuilder, StreamStart};
use crate::text::units::count;
use crate::wire::frame::encode;
use crate::wire::{Opcode, Side, format};

/// The versions of the format that are known. Before 12 the messages stood apart from the handshake.
const KNOWN_VERSIONS: std::ops::RangeInclusive<i64> = 12..=21;

/// What a file holds besides WebSockets.
#[derive(Debug, Default)]
struct Others {
    exchanges: usize,
    kinds: usize,
    old: usize,
    newer: Option<i64>,
}

/// Reads a flow file, with one stream for each WebSocket and each TCP flow in it.
pub(in crate::capture) fn read_flows<S: StreamSink, M: FnMut(StreamStart) -> S>(
    path: &Path,
    file: File,
    shared: &mut ReadContext<M>,
) -> Result<Capture<S>, CaptureError> {
    let io = |source| CaptureError::Io { path: path.to_owned(), source };
    let what = "a mitmproxy flow file";
    let bytes = text_file::read_bytes(path, file, MAX_EXPORT_BYTES, what)?;
    let (mut rest, mut others, mut streams) = (bytes.as_slice(), Others::default(), Vec::new());
    while let Some(flow) = Value::take(&mut rest) {
        if let Some(stream) = read_flow(flow, &mut others, shared).map_err(io)? {
            streams.extend(stream.finish(None, false, shared));
        }
    }
    if streams.is_empty() && others.exchanges == 0 && others.kinds == 0 && others.old == 0 {
        return Err(CaptureError::Text { path: path.to_owned(), reason: TextError::NoFlow });
    }
    let mut warnings = others.warnings(streams.is_empty());
    if !rest.trim_ascii().is_empty() {
        let at = bytes.len().saturating_sub(rest.len());
        warnings
            .push(format!("the flow at offset {at} is cut off or damaged: the rest is not read"));
    }
    warnings.truncate(MAX_WARNINGS);
    Ok(Capture { format: CaptureFormat::Mitmproxy, packets: 0, span: None, streams, warnings })
}

impl Others {
    fn warnings(&self, has_no_stream: bool) -> Vec<String> {
        let mut warnings = Vec::new();
        let flows = |number: usize| count(number as u64, "flow");
        // What is not known of flows of another version is not claimed.
        if has_no_stream && self.old == 0 {
            warnings.push("the flow file has no WebSocket".to_owned());
        }
        if self.exchanges > 0 {
            let others = count(self.exchanges as u64, "other exchange");
            warnings.push(format!("the file also holds {others} without a WebSocket"));
        }
        if self.kinds > 0 {
            let flows = flows(self.kinds);
            warnings.push(format!("the file also holds {flows} of neither HTTP nor TCP"));
        }
        if self.old > 0 {
            warnings.push(format!(
                "the file holds {} in a format before version 12, which is not known: convert them \
                 (`mitmdump -n -r FILE -w NEW`)",
                flows(self.old)
            ));
        }
        if let Some(version) = self.newer {
            warnings.push(format!(
                "the file has version {version} of the flow format, which is newer than those that \
                 are known (12 to 21)"
            ));
        }
        warnings
    }
}

/// Reads a flow. Returns `None` if it has nothing to show.
fn read_flow<S: StreamSink, M: FnMut(StreamStart) -> S>(
    flow: Value<'_>,
    others: &mut Others,
    shared: &mut ReadContext<M>,
) -> std::io::Result<Option<StreamBuilder<S>>> {
    // Old versions were a list of numbers.
    let version = flow.get("version").and_then(Value::integer).unwrap_or_default();
    if version < *KNOWN_VERSIONS.start() {
        others.old = others.old.saturating_add(1);
        return Ok(None);
    }
    if version > *KNOWN_VERSIONS.end() {
        others.newer = Some(version);
    }
    match flow.get("type").and_then(Value::bytes) {
        Some(b"tcp") => return read_tcp(flow, shared).map(Some),
        Some(b"http") => {}
        _ => {
            others.kinds = others.kinds.saturating_add(1);
            return Ok(None);
        }
    }
    if let Some(websocket @ Value::Dict(_)) = flow.get("websocket") {
        return read_websocket(flow, websocket, shared).map(Some);
    }
    others.exchanges = others.exchanges.saturating_add(1);
    Ok(None)
}

/// Returns a time of a flow, which is a Unix time in seconds. One that isn't a number, or is out of
/// range, counts as 0.
fn time(seconds: Option<Value<'_>>) -> Duration {
    let digits = seconds.and_then(Value::digits);
    digits.and_then(|digits| decimal_time::parse_since_1970(&digits)).unwrap_or_default()
}

fn begin<S: StreamSink>(start: Duration) -> StreamBuilder<S> {
    StreamBuilder::new(u64::try_from(start.as_nanos()).unwrap_or_default())
}

/// Reads the bytes of a TCP flow: a message is from the client or not, has content and a time.
fn read_tcp<S: StreamSink, M: FnMut(StreamStart) -> S>(
    flow: Value<'_>,
    shared: &mut ReadContext<M>,
) -> std::io::Result<StreamBuilder<S>> {
    let start = time(flow.get("timestamp_created"));
    let mut stream = begin(start);
    let mut at = Duration::ZERO;
    for message in flow.get("messages").into_iter().flat_map(Value::list) {
        let fields: Vec<Value<'_>> = message.list().take(3).collect();
        let [by_client, content, sent_at] = fields.as_slice() else { continue };
        let from = if by_client.bool() == Some(true) { Side::Client } else { Side::Server };
        // Times never go back, as on the wire.
        at = at.max(time(Some(*sent_at)).saturating_sub(start));
        stream.push_and_spill(from, at, content.bytes().unwrap_or_default(), shared)?;
    }
    Ok(stream)
}

/// Builds the stream of a WebSocket.
fn read_websocket<S: StreamSink, M: FnMut(StreamStart) -> S>(
    flow: Value<'_>,
    websocket: Value<'_>,
    shared: &mut ReadContext<M>,
) -> std::io::Result<StreamBuilder<S>> {
    let (request, response) = (flow.get("request"), flow.get("response"));
    let start = time(request.and_then(|request| request.get("timestamp_start")));
    let mut stream = begin(start);
    let path = text(request, "path");
    stream.warn(format!(
        "{} as recorded by mitmproxy: the file has messages; masking, fragmentation and compression \
         are not in it, so each message is shown as one frame that was built from it, with a \
         masking key of no meaning",
        format::quote(path.as_bytes(), 80)
    ));
    if let Some((request, response)) = heads(request, response) {
        stream.push_and_spill(Side::Client, Duration::ZERO, request.as_bytes(), shared)?;
        stream.push_and_spill(Side::Server, Duration::ZERO, response.as_bytes(), shared)?;
    }
    let (mut at, mut injected, mut dropped) = (Duration::ZERO, 0_usize, 0_usize);
    let messages = websocket.get("messages").into_iter().flat_map(Value::list);
    for (number, message) in (1_usize..).zip(messages) {
        let Some(message) = Message::of(message) else {
            stream.warn(format!("message {number} is left out: its fields are not known"));
            continue;
        };
        at = at.max(message.sent_at.saturating_sub(start));
        injected = injected.saturating_add(usize::from(message.is_injected));
        if message.is_dropped {
            dropped = dropped.saturating_add(1);
            continue;
        }
        stream.push_and_spill(message.from, at, &message.frame(number), shared)?;
    }
    let messages = |number: usize| count(number as u64, "message");
    if dropped > 0 {
        stream.warn(format!("left out because mitmproxy dropped it: {}", messages(dropped)));
    }
    if injected > 0 {
        stream.warn(format!("injected by mitmproxy: {}", messages(injected)));
    }
    if let Some(closure) = describe_closure(websocket, start) {
        stream.warn(closure);
    }
    Ok(stream)
}

/// Says how a WebSocket was closed. 1005 and 1006 are never sent (RFC 6455 section 7.4.1): mitmproxy
/// notes them where a Close had no code, and where there was none.
fn describe_closure(websocket: Value<'_>, start: Duration) -> Option<String> {
    let code = websocket.get("close_code").and_then(Value::integer)?;
    let by = match websocket.get("closed_by_client").and_then(Value::bool) {
        Some(true) => "the client",
        Some(false) => "the server",
        None => "one side",
    };
    let mut text = match code {
        1005 => format!("{by} closed the WebSocket with a Close without a code"),
        1006 => format!(
            "the connection ended without a Close, which mitmproxy notes as code 1006; {by} ended it"
        ),
        _ => format!("{by} closed the WebSocket with code {code}"),
    };
    let reason = websocket.get("close_reason").and_then(Value::bytes).unwrap_or_default();
    if !reason.is_empty() {
        text += &format!(", reason {}", format::quote(reason, MAX_CONTROL_LEN));
    }
    let ended = time(websocket.get("timestamp_end"));
    if let Some(after) = ended.checked_sub(start).filter(|_| ended > Duration::ZERO) {
        text += &format!(", {:.3} s after its request", after.as_secs_f64());
    }
    Some(if code == 1006 { text } else { text + "; the file has no Close" })
}

/// A message of a WebSocket.
struct Message<'a> {
    from: Side,
    opcode: Opcode,
    content: &'a [u8],
    sent_at: Duration,
    is_dropped: bool,
    is_injected: bool,
}

impl<'a> Message<'a> {
    /// Reads the fields: opcode, whether the client sent it, content, time, whether it was dropped
    /// and, from version 15 on, whether it was injected.
    fn of(message: Value<'a>) -> Option<Self> {
        let fields: Vec<Value<'_>> = message.list().take(6).collect();
        let [opcode, by_client, content, sent_at, rest @ ..] = fields.as_slice() else {
            return None;
        };
        let opcode = match opcode.integer()? {
            1 => Opcode::Text,
            2 => Opcode::Binary,
            _ => return None,
        };
        let flag = |at: usize| rest.get(at).and_then(|value| value.bool()) == Some(true);
        Some(Self {
            from: if by_client.bool()? { Side::Client } else { Side::Server },
            opcode,
            content: content.bytes()?,
            sent_at: time(Some(*sent_at)),
            is_dropped: flag(0),
            is_injected: flag(1),
        })
    }

    fn frame(&self, number: usize) -> Vec<u8> {
        let key = (self.from == Side::Client).then(|| built::masking_key(number));
        encode::single_frame(self.opcode, self.content, key)
    }
}

fn text(dict: Option<Value<'_>>, key: &str) -> String {
    let bytes = dict.and_then(|dict| dict.get(key)).and_then(Value::bytes).unwrap_or_default();
    String::from_utf8_lossy(bytes).into_owned()
}

/// Returns both heads if the flow has the fields of a handshake over HTTP/1.1.
fn heads(request: Option<Value<'_>>, response: Option<Value<'_>>) -> Option<(String, String)> {
    let fields = |head: Option<Value<'_>>| -> Vec<(String, String)> {
        let lines = head.and_then(|head| head.get("headers")).into_iter().flat_map(Value::list);
        let text = |value: &Value<'_>| {
            String::from_utf8_lossy(value.bytes().unwrap_or_default()).into_owned()
        };
        let pairs = lines.filter_map(|line| {
            let line: Vec<Value<'_>> = line.list().take(2).collect();
            if let [name, value] = line.as_slice() { Some((text(name), text(value))) } else { None }
        });
        pairs.collect()
    };
    let status = response?.get("status_code").and_then(Value::integer)?;
    built::heads(&BuiltHeads {
        method: &text(request, "method"),
        target: &text(request, "path"),
        request_fields: &fields(request),
        status,
        reason: &text(response, "reason"),
        response_fields: &fields(response),
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Value;
    use crate::capture::CaptureFormat;
    use crate::capture::text::test_support::{frames, read};
    use crate::wire::{Offset, Side};

    /// Written by mitmdump 10.3 before an echo: texts "Hello" and "grüße" and their echoes.
    const FLOW: &[u8] = include_bytes!("../../../tests/captures/websocket.mitm");

    #[test]
    fn messages_become_frames_without_faults_and_the_connection_says_so() {
        let capture = read(FLOW).unwrap();
        assert_eq!(capture.format(), CaptureFormat::Mitmproxy);
        assert!(capture.warnings().is_empty(), "{:?}", capture.warnings());
        let [stream] = capture.streams() else { panic!("{:?}", capture.streams()) };
        let trace = &stream.trace;
        let text = |from, text: &str| (from, 1, text.as_bytes().to_vec());
        let expected = [
            text(Side::Client, "Hello"),
            text(Side::Client, "grüße"),
            text(Side::Server, "Hello"),
            text(Side::Server, "grüße"),
        ];
        assert_eq!(frames(&capture), expected);
        for from in [Side::Client, Side::Server] {
            assert!(trace.faults(from).is_empty());
            assert!(trace.head(from).unwrap().validation.problems.is_empty());
        }
        let request = stream.store.read(Side::Client, Offset::START..Offset::new(20)).unwrap();
        assert_eq!(request.bytes, b"GET /chat HTTP/1.1\r\n");
        let [note, close] = &stream.warnings[..] else { panic!("{:?}", stream.warnings) };
        assert!(note.starts_with("\"/chat\" as recorded by mitmproxy: "), "{note}");
        assert!(close.starts_with("the client closed the WebSocket with code 1000"), "{close}");
    }

    #[test]
    fn a_flow_that_is_cut_off_and_other_versions_are_told() {
        let capture = read([FLOW, &FLOW[..FLOW.len() - 9]].concat()).unwrap();
        assert_eq!(capture.streams().len(), 1);
        let expected = format!("the flow at offset {} is cut off", FLOW.len());
        assert!(capture.warnings()[0].starts_with(&expected), "{:?}", capture.warnings());
        let of_version = |version: &str| {
            let text = String::from_utf8_lossy(FLOW).replace("7:version;2:20#", version);
            read(text.as_bytes()).unwrap()
        };
        let newer = of_version("7:version;2:99#");
        assert!(newer.warnings()[0].contains("version 99 of the flow format"));
        let old = of_version("7:version;2:07#");
        assert!(old.streams().is_empty());
        assert!(old.warnings()[0].contains("1 flow in a format before version 12"));
        assert_eq!(old.warnings().len(), 1);
        let error = read(&FLOW[..500]).unwrap_err().to_string();
        assert!(error.ends_with("has no whole flow"), "{error}");
    }

    /// 1005 and 1006 stand in no Close (RFC 6455 section 7.4.1).
    #[test]
    fn the_closure_has_its_reason_and_no_code_that_nobody_sent() {
        let closure = |code: i32, reason: &str| {
            let item = |key: &str, value: &str, kind: char| {
                format!("{}:{key};{}:{value}{kind}", key.len(), value.len())
            };
            let dict = item("close_code", &code.to_string(), '#')
                + &item("closed_by_client", "false", '!')
                + &item("close_reason", reason, ';')
                + &item("timestamp_end", "3.75", '^');
            let text = format!("{}:{dict}}}", dict.len());
            let websocket = Value::take(&mut text.as_bytes()).unwrap();
            super::describe_closure(websocket, Duration::from_secs(1)).unwrap()
        };
        let end = "2.750 s after its request";
        assert_eq!(
            closure(4001, "token expired"),
            format!(
                "the server closed the WebSocket with code 4001, reason \"token expired\", {end}; \
                 the file has no Close"
            )
        );
        assert!(closure(1005, "").contains("a Close without a code"));
        let abnormal = closure(1006, "");
        assert!(abnormal.starts_with("the connection ended without a Close"), "{abnormal}");
        assert!(!abnormal.contains("with code"), "{abnormal}");
    }

    #[test]
    fn the_bytes_of_a_tcp_flow_are_read_as_they_are() {
        let message = |by_client: &str, bytes: &str, at: &str| {
            let item = format!(
                "{}:{by_client}!{}:{bytes},{}:{at}^",
                by_client.len(),
                bytes.len(),
                at.len()
            );
            format!("{}:{item}]", item.len())
        };
        let list = message("false", "\u{1}\u{2}hi", "1.25") + &message("false", "\t\0", "1.5");
        let dict = format!(
            "4:type;3:tcp;7:version;2:21#17:timestamp_created;3:1.0^8:messages;{}:{list}]",
            list.len()
        );
        let capture = read(format!("{}:{dict}}}", dict.len()).as_bytes()).unwrap();
        let [stream] = capture.streams() else { panic!("{:?}", capture.warnings()) };
        let rows: Vec<_> = stream
            .trace
            .rows()
            .iter()
            .map(|row| (row.len().get(), row.completed_at().as_millis()))
            .collect();
        assert_eq!(rows, [(4, 250), (2, 500)]);
    }
}
