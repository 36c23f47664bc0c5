//! What clients print: the terminal of wscat, and the `log:` overlay of websocat.
//!
//! wscat prints messages, and so does websocat where the overlay stands around a WebSocket; frames are
//! built from them, and a warning of the connection says so. Around a TCP connection the overlay
//! prints the bytes themselves, which are read like any others.

use std::fs::File;
use std::path::Path;
use std::time::Duration;

use super::websocat_line::{self, LoggedBytes};
use crate::capture::captured_file::{Capture, CaptureFormat};
use crate::capture::error::{CaptureError, TextError};
use crate::capture::sink::StreamSink;
use crate::capture::stream::{ReadContext, RecordedEnd, StreamBuilder, StreamStart};
use crate::capture::text::built::{MAX_CONTROL_LEN, masking_key};
use crate::capture::text::text_file::{self, MAX_LOG_BYTES, WholeText};
use crate::wire::frame::encode;
use crate::wire::{Opcode, Side};

/// A client whose output can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::capture) enum LoggingClient {
    Wscat,
    Websocat,
}

impl LoggingClient {
    /// Recognizes the output of a client by how it begins.
    pub(in crate::capture) fn of(text: &str) -> Option<Self> {
        let line = text.lines().find(|line| !line.trim().is_empty())?.trim_start();
        if line.to_ascii_lowercase().starts_with("connected (press ctrl+c to quit)") {
            Some(Self::Wscat)
        } else if websocat_line::is_log_line(line) || line.starts_with('[') && is_log_crate(line) {
            Some(Self::Websocat)
        } else {
            None
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Wscat => "wscat",
            Self::Websocat => "websocat",
        }
    }
}

/// Whether a line is of websocat's own log: `[INFO  websocat::lints] …`.
fn is_log_crate(line: &str) -> bool {
    let words = line.trim_start_matches('[').split_once(' ');
    words.is_some_and(|(level, rest)| {
        ["ERROR", "WARN", "INFO", "DEBUG", "TRACE"].contains(&level)
            && rest.trim_start().starts_with("websocat")
    })
}

/// Something that a client printed.
#[derive(Clone, Debug, PartialEq)]
enum Logged {
    /// A message or a control frame.
    Message(Side, Opcode, Vec<u8>),
    /// Bytes as they were on the wire.
    Bytes(Side, Vec<u8>),
}

/// Reads the output of a client as one stream.
pub(in crate::capture) fn read_log<S: StreamSink, M: FnMut(StreamStart) -> S>(
    path: &Path,
    file: File,
    client: LoggingClient,
    shared: &mut ReadContext<M>,
) -> Result<Capture<S>, CaptureError> {
    let io = |source| CaptureError::Io { path: path.to_owned(), source };
    let WholeText { text, warning } =
        text_file::read_text(path, file, MAX_LOG_BYTES, "the output of a client")?;
    let (logged, mut warnings) = match client {
        LoggingClient::Wscat => (read_wscat(&text), Vec::new()),
        LoggingClient::Websocat => read_websocat(&text),
    };
    if logged.is_empty() {
        let reason = TextError::ClientLog { tool: client.name() };
        return Err(CaptureError::Text { path: path.to_owned(), reason });
    }
    warnings.extend(warning);
    let mut stream = StreamBuilder::new(0);
    if logged.iter().any(|(_, logged)| matches!(logged, Logged::Message(..))) {
        stream.warn(message_note(client).to_owned());
    }
    for (number, (at, logged)) in (1_usize..).zip(logged) {
        match logged {
            Logged::Bytes(from, bytes) => stream.push_and_spill(from, at, &bytes, shared),
            Logged::Message(from, opcode, payload) => {
                let key = (from == Side::Client).then(|| masking_key(number));
                let frame = encode::single_frame(opcode, &payload, key);
                stream.push_and_spill(from, at, &frame, shared)
            }
        }
        .map_err(io)?;
    }
    let mut streams: Vec<_> = stream.finish(None, false, shared).into_iter().collect();
    if let (LoggingClient::Wscat, Some(stream)) = (client, streams.first_mut()) {
        stream.recorded_end = wscat_abnormal_end(&text);
    }
    Ok(Capture { format: CaptureFormat::ClientLog, packets: 0, span: None, streams, warnings })
}

/// Returns what is said of a connection whose messages were printed.
fn message_note(client: LoggingClient) -> &'static str {
    match client {
        LoggingClient::Wscat => {
            "the output of wscat has messages: handshake, masking, fragmentation, compression and \
             times are not in it, so each message is shown as one frame that was built from it; \
             what is neither > nor < continues the message before it"
        }
        LoggingClient::Websocat => {
            "the log of websocat has messages: handshake, masking, fragmentation and compression \
             are not in it, so each message is shown as one frame that was built from it; READ is \
             taken for what the server sent"
        }
    }
}

/// Reads the terminal of wscat: `>` before what was typed, `<` before what came.
fn read_wscat(text: &str) -> Vec<(Duration, Logged)> {
    let mut messages: Vec<Logged> = Vec::new();
    for line in text.lines() {
        let is_of_wscat = |word: &str| line.to_ascii_lowercase().starts_with(word);
        let next = match line.split_once(' ') {
            Some((">", typed)) if !typed.is_empty() => {
                Some(Logged::Message(Side::Client, Opcode::Text, typed.as_bytes().to_vec()))
            }
            Some(("<", came)) => Some(
                wscat_control(came)
                    .unwrap_or_else(|| Logged::Message(Side::Server, Opcode::Text, came.into())),
            ),
            _ if is_of_wscat("connected (") || is_of_wscat("error: ") => None,
            _ if is_of_wscat("disconnected (") => wscat_close(line),
            _ if matches!(line.trim(), ">" | "<" | "") => None,
            _ => {
                if let Some(Logged::Message(_, Opcode::Text, payload)) = messages.last_mut() {
                    payload.extend_from_slice(b"\n");
                    payload.extend_from_slice(line.as_bytes());
                }
                None
            }
        };
        messages.extend(next);
    }
    messages.into_iter().map(|message| (Duration::ZERO, message)).collect()
}

/// Reads `Received ping (data: "x")`, which wscat prints with `--show-ping-pong`.
fn wscat_control(line: &str) -> Option<Logged> {
    let rest = line.strip_prefix("Received ")?;
    let (name, data) = rest.split_once(' ').unwrap_or((rest, ""));
    let opcode = match name {
        "ping" => Opcode::Ping,
        "pong" => Opcode::Pong,
        _ => return None,
    };
    let payload = match data {
        "" => "",
        _ => data.strip_prefix("(data: \"")?.strip_suffix("\")")?,
    };
    let payload = payload.as_bytes().to_vec();
    (payload.len() <= MAX_CONTROL_LEN).then_some(Logged::Message(Side::Server, opcode, payload))
}

/// Reads `Disconnected (code: 1000, reason: "")`: the code is the one that the server sent. 1005
/// stands for a Close without a code, and 1006 for none at all (RFC 6455 section 7.1.5).
fn wscat_close(line: &str) -> Option<Logged> {
    let (_, rest) = line.split_once("code: ")?;
    let digits = rest.split(|char: char| !char.is_ascii_digit()).next()?;
    let reason = rest.split_once("reason: \"").and_then(|(_, reason)| reason.rsplit_once("\")"));
    let reason = reason.map_or("", |(reason, _)| reason);
    let payload = match digits.parse::<u16>().ok()? {
        1005 => Vec::new(),
        1006 => return None,
        code => [&code.to_be_bytes(), reason.as_bytes()].concat(),
    };
    let fits = payload.len() <= MAX_CONTROL_LEN;
    fits.then_some(Logged::Message(Side::Server, Opcode::Close, payload))
}

/// Returns the end of a connection of which wscat reports code 1006, which nobody sends (RFC 6455
/// section 7.1.5).
fn wscat_abnormal_end(text: &str) -> Option<RecordedEnd> {
    let is_abnormal = |line: &str| {
        let line = line.trim_start_matches("> ").to_ascii_lowercase();
        line.starts_with("disconnected (code: 1006")
    };
    let why = || "wscat reports code 1006: the connection ended without a Close".to_owned();
    let end = || RecordedEnd { is_clean: false, why: why(), at: None };
    text.lines().any(is_abnormal).then(end)
}

/// Reads the lines of the overlay, and says how many have no content.
fn read_websocat(text: &str) -> (Vec<(Duration, Logged)>, Vec<String>) {
    let mut empty = 0_usize;
    let mut pieces: Vec<LoggedBytes> = Vec::new();
    for line in text.lines() {
        match websocat_line::read(line) {
            Some(piece) => pieces.push(piece),
            None if websocat_line::is_log_line(line) => empty = empty.saturating_add(1),
            None => {}
        }
    }
    let mut warnings = Vec::new();
    if empty > 0 && !pieces.is_empty() {
        warnings.push(format!("lines of websocat's log without content: {empty}"));
    }
    // Around a TCP connection, the client's first bytes are its request.
    let client_reads =
        pieces.iter().find_map(|piece| piece.content.starts_with(b"GET ").then_some(piece.is_read));
    let side = |is_read: bool| match client_reads {
        Some(reads) if is_read == reads => Side::Client,
        None if !is_read => Side::Client,
        _ => Side::Server,
    };
    let mut logged = Vec::new();
    let mut open: [Vec<u8>; 2] = Default::default();
    let start = pieces.first().map_or(Duration::ZERO, |piece| piece.at);
    for piece in pieces {
        let (at, from) = (piece.at.saturating_sub(start), side(piece.is_read));
        if client_reads.is_some() {
            logged.push((at, Logged::Bytes(from, piece.content)));
            continue;
        }
        let [read, written] = &mut open;
        let message = if piece.is_read { read } else { written };
        message.extend_from_slice(&piece.content);
        if !piece.continues {
            let payload = std::mem::take(message);
            let opcode =
                if str::from_utf8(&payload).is_ok() { Opcode::Text } else { Opcode::Binary };
            logged.push((at, Logged::Message(from, opcode, payload)));
        }
    }
    (logged, warnings)
}

#[cfg(test)]
mod tests {
    use crate::capture::CaptureFormat;
    use crate::capture::text::test_support::{frames, read};
    use crate::wire::Side;

    #[test]
    fn a_terminal_of_wscat_gives_messages_pings_and_the_close() {
        let capture = read(
            "Connected (press CTRL+C to quit)\n> hello\n< {\n  \"a\": 1\n}\n> \n\
             < Received ping (data: \"p\")\n< last\nDisconnected (code: 1001, reason: \"bye\")\n",
        )
        .unwrap();
        assert_eq!(capture.format(), CaptureFormat::ClientLog);
        let expected = [
            (Side::Client, 1, b"hello".to_vec()),
            (Side::Server, 1, b"{\n  \"a\": 1\n}".to_vec()),
            (Side::Server, 9, b"p".to_vec()),
            (Side::Server, 1, b"last".to_vec()),
            (Side::Server, 8, b"\x03\xe9bye".to_vec()),
        ];
        assert_eq!(frames(&capture), expected);
        let [stream] = capture.streams() else { panic!() };
        assert!(
            [Side::Client, Side::Server].iter().all(|from| stream.trace.faults(*from).is_empty())
        );
        assert!(stream.warnings[0].contains("was built from it"), "{:?}", stream.warnings);
        let broken = read("connected (press CTRL+C to quit)\n< a\nDisconnected (code: 1006)\n");
        let broken = broken.unwrap();
        assert_eq!(frames(&broken), [(Side::Server, 1, b"a".to_vec())]);
        let end = broken.streams()[0].recorded_end.as_ref().unwrap();
        assert!(!end.is_clean && end.why.contains("1006"), "{end:?}");
    }

    #[test]
    fn the_log_of_websocat_gives_messages_or_the_bytes_themselves() {
        let capture = read(
            "WRITE 5 \"hello\"\n000001.500000 READ 3+ \"\\x00ab\"...\n\
             000001.600000 READ +2=5 ...\"\\\"\\n\"\nREAD pending\nWRITE 2 6869\n",
        )
        .unwrap();
        let expected = [
            (Side::Client, 1, b"hello".to_vec()),
            (Side::Server, 1, b"\0ab\"\n".to_vec()),
            (Side::Client, 1, b"hi".to_vec()),
        ];
        assert_eq!(frames(&capture), expected);
        assert_eq!(capture.warnings(), ["lines of websocat's log without content: 1"]);
        let raw = read(
            "[INFO  websocat::lints] Auto-inserting the line mode\n\
             WRITE 140 \"GET / HTTP/1.1\\r\\nHost: a\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\n\
             Sec-WebSocket-Version: 13\\r\\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\\r\\n\\r\\n\"\n\
             READ 129 \"HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\n\
             Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\\r\\n\\r\\n\"\n\
             READ 7 \"\\x81\\x05Hello\"\n",
        )
        .unwrap();
        assert_eq!(frames(&raw), [(Side::Server, 1, b"Hello".to_vec())]);
        assert!(raw.streams()[0].trace.head(Side::Server).is_some());
    }

    #[test]
    fn a_log_without_content_is_named_with_what_helps() {
        for (log, tool) in [
            ("Connected (press CTRL+C to quit)\n> \n", "wscat"),
            ("[DEBUG websocat] Done\n[INFO  websocat::ws_client_peer] Connected\n", "websocat"),
            ("READ 5\nWRITE 6\n", "websocat"),
        ] {
            let error = read(log).unwrap_err().to_string();
            assert!(error.contains(tool) && error.contains("wiretalk inspect"), "{error}");
        }
    }
}
