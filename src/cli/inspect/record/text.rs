//! [`RecordText`]: a record as plain lines for people, without control characters.

use std::fmt::{self, Display, Formatter};

use super::{
    BytesRecord, FileConnectionRecord, FrameRecord, HandshakeRecord, Http2HandshakeRecord,
    HttpRecord, Millis, NoteRecord, NoteSubject, Record, SockJsRecord, SockJsSessionRecord,
    UnframedRecord,
};
use crate::cli::decode::{FaultRecord, ProblemRecord};
use crate::wire::format::{byte_count, escape_controls, quote, spaced_hex};
use crate::wire::{ByteLen, FramePart, Severity};

/// The maximum number of bytes shown of a frame.
const MAX_BYTES_SHOWN: usize = 24;

/// The maximum number of characters shown of a text frame.
const MAX_CHARS_SHOWN: usize = 60;

/// The lines of a record, without a final line feed.
pub(in crate::cli::inspect) struct RecordText<'a> {
    record: &'a Record,
    show_number: bool,
}

/// The number of a connection as `#1 `, or nothing if there is only one connection.
struct ConnectionNumber(Option<usize>);

impl Record {
    /// Returns the record as plain lines. With `show_number`, they name the connection.
    pub(in crate::cli::inspect) fn text(&self, show_number: bool) -> RecordText<'_> {
        RecordText { record: self, show_number }
    }
}

impl Display for RecordText<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let number = |number: usize| ConnectionNumber(self.show_number.then_some(number));
        match self.record {
            Record::Handshake(record) => {
                write_start(f, record.at, &number(record.connection))?;
                write_handshake(f, record)
            }
            Record::Http2Handshake(record) => {
                write_start(f, record.at, &number(record.connection))?;
                write_http2_handshake(f, record)
            }
            Record::Frame(record) => {
                write_start(f, record.at, &number(record.connection))?;
                write_frame(f, record)
            }
            Record::Bytes(record) => {
                write_start(f, record.at, &number(record.connection))?;
                write_bytes(f, record)
            }
            Record::Unframed(record) => {
                write_start(f, record.at, &number(record.connection))?;
                write_unframed(f, record)
            }
            Record::Http(record) => {
                write_start(f, record.at, &number(record.connection))?;
                write_http(f, record)
            }
            Record::Note(record) => {
                let subject = match record.connection {
                    NoteSubject::Connection(connection) => number(connection),
                    NoteSubject::File | NoteSubject::Session => ConnectionNumber(None),
                };
                write_start(f, record.at, &subject)?;
                write_note(f, record)
            }
            Record::Listening(record) => write!(f, "listening on {}", record.address),
            Record::ProxyConnection(record) => {
                write_start(f, record.at, &number(record.connection))?;
                write!(f, "connection from {}", record.peer)
            }
            Record::FileConnection(record) => {
                write_start(f, record.at, &number(record.connection))?;
                write_file_connection(f, record)?;
                // With one connection there is nothing to compare.
                let start = record.start_ms.filter(|start| self.show_number && *start > 0.0);
                start.map_or(Ok(()), |start| {
                    write!(f, ", {start:.3} ms after the first packet of the file")
                })
            }
            Record::SockJs(record) => {
                write_start(f, record.at, &number(record.connection))?;
                write_sockjs(f, record)
            }
            Record::SockJsSession(record) => write_sockjs_session(f, record, self.show_number),
            Record::End(record) => {
                let number = number(record.connection);
                write_end(f, &number, &record.why)?;
                match record.close_code {
                    Some(code) => write!(f, "{code}"),
                    None if record.close_code_not_captured => f.write_str("not captured"),
                    None if record.close_received => f.write_str("a Close without a code"),
                    None => f.write_str("none"),
                }
            }
            Record::AllEnded(record) => {
                write_end(f, &ConnectionNumber(None), &record.why)?;
                f.write_str("none")
            }
        }
    }
}

impl Display for ConnectionNumber {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |number| write!(f, "#{number} "))
    }
}

fn write_start(f: &mut Formatter<'_>, at: Millis, number: &ConnectionNumber) -> fmt::Result {
    write!(f, "{:>9.3} ms  {number}", at.as_f64())
}

fn write_handshake(f: &mut Formatter<'_>, record: &HandshakeRecord) -> fmt::Result {
    let lines = record.head.lines().filter(|line| !line.is_empty());
    let lines: Vec<String> = lines.map(|line| format!("    {}", escape_controls(line))).collect();
    write!(f, "{}  handshake\n{}", record.from, lines.join("\n"))?;
    record.problems.iter().try_for_each(|problem| write_problem(f, problem))
}

fn write_http2_handshake(f: &mut Formatter<'_>, record: &Http2HandshakeRecord) -> fmt::Result {
    write!(f, "{}  handshake over HTTP/2, stream {}", record.from, record.stream_id)?;
    for [name, value] in &record.fields {
        write!(f, "\n    {}: {}", escape_controls(name), escape_controls(value))?;
    }
    record.problems.iter().try_for_each(|problem| write_problem(f, problem))
}

fn write_problem(f: &mut Formatter<'_>, problem: &ProblemRecord) -> fmt::Result {
    // What is only worth knowing is no fault.
    let sign = if problem.severity == Severity::Info.name() { '·' } else { '✗' };
    write_broken_rule(f, sign, problem.code, problem.what, problem.rfc)?;
    let hint = problem.hint.as_ref();
    hint.map_or(Ok(()), |hint| write!(f, ": {}", escape_controls(hint)))
}

fn write_frame(f: &mut Formatter<'_>, record: &FrameRecord) -> fmt::Result {
    let name = match record.opcode_name {
        _ if record.is_non_frame => "no frame:",
        name => name.unwrap_or("frame header"),
    };
    write!(f, "{}  {name}", record.from)?;
    if record.is_non_frame {
        f.write_str(" ")?;
        return write_non_frame(f, record);
    }
    // A header that is cut off may have an opcode, but no length yet.
    if let Some(length) = record.payload_len {
        write!(f, " {}", byte_count(length))?;
    }
    match (&record.text, record.close_code) {
        (Some(text), _) => write!(f, " {}", quote(text.as_bytes(), MAX_CHARS_SHOWN))?,
        (None, Some(code)) => write!(f, " code {code}")?,
        (None, None) => {}
    }
    match record.needs {
        _ if record.complete => {}
        None if record.not_captured > ByteLen::ZERO => {
            write!(f, " incomplete, {} not captured", byte_count(record.not_captured))?;
        }
        Some(needs) if needs.part == FramePart::Payload => {
            let header_len = ByteLen::from_usize(record.header_len.unwrap_or_default());
            write!(f, ", cut off after {}", byte_count(needs.have - header_len))?;
        }
        Some(needs) if record.payload_len.is_some() => {
            write!(f, ", cut off after {} of its header", byte_count(needs.have))?;
        }
        Some(needs) => write!(f, ", cut off after {}", byte_count(needs.have))?,
        None => f.write_str(" incomplete, its length is impossible")?,
    }
    write!(f, "\n    {}", spaced_hex(&record.raw.0, MAX_BYTES_SHOWN))?;
    write_message(f, record)?;
    write_faults(f, record)
}

/// Writes bytes of another protocol: they have no opcode, no length and no payload.
fn write_non_frame(f: &mut Formatter<'_>, record: &FrameRecord) -> fmt::Result {
    let bytes = &record.raw.0;
    write!(f, "{} {}", byte_count(ByteLen::of(bytes)), quote(bytes, MAX_CHARS_SHOWN))?;
    write!(f, "\n    {}", spaced_hex(bytes, MAX_BYTES_SHOWN))?;
    write_faults(f, record)
}

fn write_faults(f: &mut Formatter<'_>, record: &FrameRecord) -> fmt::Result {
    record.violations.iter().try_for_each(|FaultRecord { code, what, rfc, .. }| {
        write_broken_rule(f, '✗', code, what, rfc)
    })?;
    record.hint.map_or(Ok(()), |hint| write!(f, "\n    {hint}"))
}

/// Writes the message that ends with a frame, if it is more than the frame's own payload.
fn write_message(f: &mut Formatter<'_>, record: &FrameRecord) -> fmt::Result {
    let Some(payload_len) = record.message_payload_len else { return Ok(()) };
    if let Some(why) = record.message_unknown {
        return write!(f, "\n    = unknown, {} on the wire: {why}", byte_count(payload_len));
    }
    let Some(len) = record.message_len else { return Ok(()) };
    let is_fragmented = Some(payload_len) != record.payload_len;
    if !record.compressed && !is_fragmented {
        return Ok(());
    }
    f.write_str("\n    = ")?;
    match (&record.message_text, &record.message_data) {
        (Some(text), _) => write!(f, "{}, ", quote(text.as_bytes(), MAX_CHARS_SHOWN))?,
        (None, Some(data)) => write!(f, "{}, ", spaced_hex(&data.0, MAX_BYTES_SHOWN))?,
        (None, None) => {}
    }
    write!(f, "{}", byte_count(len))?;
    if record.compressed {
        write!(f, " inflated from {payload_len}")?;
    }
    if is_fragmented { f.write_str(", in fragments") } else { Ok(()) }
}

fn write_http(f: &mut Formatter<'_>, record: &HttpRecord) -> fmt::Result {
    match (&record.method, &record.target) {
        (Some(method), Some(target)) => {
            write!(f, "HTTP  {} {}", escape_controls(method), escape_controls(target))?;
        }
        _ => f.write_str("HTTP  response without a request")?,
    }
    match record.status {
        Some(status) => write!(f, " → {status}")?,
        None => f.write_str(", no response")?,
    }
    let cut = if record.status.is_some() && !record.complete { ", cut off" } else { "" };
    write!(
        f,
        "  ({} ↑, {} ↓{cut})",
        byte_count(record.request_len),
        byte_count(record.response_len)
    )
}

fn write_sockjs(f: &mut Formatter<'_>, record: &SockJsRecord) -> fmt::Result {
    let SockJsRecord { from, transport, session, kind, .. } = record;
    let session = escape_controls(session);
    write!(f, "{from}  SockJS {transport} {session}  {}", kind.replace('_', " "))?;
    if let Some(number) = record.close_code.or(record.status) {
        write!(f, " {number}")?;
    }
    if let Some(text) = &record.text {
        write!(f, " {}", quote(text.as_bytes(), MAX_CHARS_SHOWN))?;
    }
    match &record.why {
        Some(why) if record.text.is_some() => {
            write!(f, "\n    ✗ SockJS: {}", escape_controls(why))
        }
        Some(why) => write!(f, ": {}", escape_controls(why)),
        None => Ok(()),
    }
}

fn write_sockjs_session(
    f: &mut Formatter<'_>,
    record: &SockJsSessionRecord,
    show_numbers: bool,
) -> fmt::Result {
    f.write_str(&escape_controls(&record.words))?;
    let numbers: Vec<_> = record.connections.iter().map(|number| format!("#{number}")).collect();
    if show_numbers { write!(f, " ({})", numbers.join(", ")) } else { Ok(()) }
}

fn write_bytes(f: &mut Formatter<'_>, record: &BytesRecord) -> fmt::Result {
    let len = byte_count(record.len as u64);
    let shown = match &record.text {
        Some(text) => escape_controls(text),
        None => spaced_hex(&record.bytes.0, MAX_BYTES_SHOWN),
    };
    write!(f, "{}  {len}, not frames\n    {shown}", record.from)?;
    record.hint.map_or(Ok(()), |hint| write!(f, "\n    {hint}"))
}

fn write_unframed(f: &mut Formatter<'_>, record: &UnframedRecord) -> fmt::Result {
    let (bytes, hex) = (byte_count(record.len), spaced_hex(&record.bytes.0, MAX_BYTES_SHOWN));
    let what = "that cannot be divided into frames: none is certain to begin here";
    write!(f, "{}  {bytes} {what}\n    {hex}", record.from)
}

fn write_note(f: &mut Formatter<'_>, record: &NoteRecord) -> fmt::Result {
    f.write_str(&escape_controls(&record.text))
}

fn write_file_connection(f: &mut Formatter<'_>, record: &FileConnectionRecord) -> fmt::Result {
    write!(f, "connection from {} to {}", record.client, record.server)?;
    match record.http2_stream {
        None => {}
        Some(0) => f.write_str(", HTTP/2")?,
        Some(stream) => write!(f, ", stream {stream} of HTTP/2")?,
    }
    record.tls.as_deref().map_or(Ok(()), |tls| write!(f, ", {}", escape_controls(tls)))
}

/// Writes the beginning of an end, up to the close code.
fn write_end(f: &mut Formatter<'_>, number: &ConnectionNumber, why: &str) -> fmt::Result {
    write!(f, "{number}end: {}; close code received: ", escape_controls(why))
}

fn write_broken_rule(
    f: &mut Formatter<'_>,
    sign: char,
    code: &str,
    what: &str,
    rfc: &str,
) -> fmt::Result {
    write!(f, "\n    {sign} {code}: {what} ({rfc})")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::cli::inspect::record::RecordType;

    #[test]
    fn one_line_records_are_printed_unchanged() {
        let [client, server] = ["10.0.0.1:5", "[::1]:80"].map(|address| address.parse().unwrap());
        let at = Duration::from_micros(1_234_567);
        let in_file = FileConnectionRecord {
            client,
            connection: 3,
            http2_stream: None,
            is_midway: false,
            server,
            since_1970_s: 1.5,
            tcp_stream: Some(2),
            start_ms: Some(-0.25),
            at: Millis(Duration::ZERO),
            tls: None,
            record_type: RecordType::Connection,
        };
        let known = [
            (
                Record::note(NoteSubject::Session, at, "a\u{1b}[2J"),
                r#"{"t_ms":1234.567,"text":"a\u001b[2J","type":"note"}"#,
                r" 1234.567 ms  a\u{1b}[2J",
            ),
            (
                Record::note(NoteSubject::File, Duration::ZERO, "b"),
                r#"{"connection":null,"t_ms":0.0,"text":"b","type":"note"}"#,
                "    0.000 ms  b",
            ),
            (
                Record::note(NoteSubject::Connection(7), at, "c"),
                r#"{"connection":7,"t_ms":1234.567,"text":"c","type":"note"}"#,
                " 1234.567 ms  #7 c",
            ),
            (
                Record::listening(at, server),
                r#"{"address":"[::1]:80","t_ms":1234.567,"type":"listening"}"#,
                "listening on [::1]:80",
            ),
            (
                Record::proxy_connection(2, at, client),
                r#"{"connection":2,"peer":"10.0.0.1:5","t_ms":1234.567,"type":"connection"}"#,
                " 1234.567 ms  #2 connection from 10.0.0.1:5",
            ),
            (
                Record::FileConnection(in_file.clone()),
                r#"{"client":"10.0.0.1:5","connection":3,"midway":false,"server":"[::1]:80","since_1970_s":1.5,"start_ms":-0.25,"t_ms":0.0,"tcp_stream":2,"tls":null,"type":"connection"}"#,
                "    0.000 ms  #3 connection from 10.0.0.1:5 to [::1]:80",
            ),
            (
                Record::FileConnection(FileConnectionRecord {
                    is_midway: true,
                    start_ms: Some(1500.25),
                    tls: Some("not decrypted".into()),
                    ..in_file
                }),
                r#"{"client":"10.0.0.1:5","connection":3,"midway":true,"server":"[::1]:80","since_1970_s":1.5,"start_ms":1500.25,"t_ms":0.0,"tcp_stream":2,"tls":"not decrypted","type":"connection"}"#,
                "    0.000 ms  #3 connection from 10.0.0.1:5 to [::1]:80, not decrypted, 1500.250 ms after the first packet of the file",
            ),
            (
                Record::all_ended(at, "interrupted"),
                r#"{"close_code":null,"close_received":false,"connection":null,"ok":true,"t_ms":1234.567,"type":"end","why":"interrupted"}"#,
                "end: interrupted; close code received: none",
            ),
        ];
        for (record, json, text) in known {
            assert_eq!(serde_json::to_string(&record).unwrap(), json);
            assert_eq!(record.text(true).to_string(), text);
        }
        assert_eq!(
            Record::proxy_connection(2, at, client).text(false).to_string(),
            " 1234.567 ms  connection from 10.0.0.1:5"
        );
    }
}
