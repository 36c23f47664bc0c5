//! What `curl --trace FILE` writes: all bytes of both directions as rows of hex, under lines that say
//! who sent them. `--trace-time` and `--trace-ids` add a time and the numbers of the transfer.

use std::fs::File;
use std::path::Path;
use std::time::Duration;

use crate::capture::captured_file::{Capture, CaptureFormat};
use crate::capture::error::{CaptureError, TextError};
use crate::capture::sink::StreamSink;
use crate::capture::stream::{ReadContext, StreamBuilder, StreamStart};
use crate::capture::text::text_file::{self, MAX_LOG_BYTES, WholeText};
use crate::wire::Side;
use crate::wire::format::hex_digit;

/// The width of 16 bytes in hex, each with a blank.
const HEX_WIDTH: usize = 48;

/// The maximum number of transfers in a file.
const MAX_TRANSFERS: usize = 1000;

/// A line that says what follows: `=> Send data, 12 bytes (0xc)`.
struct Marker<'a> {
    /// The time of day; `None` if it is not printed.
    at: Option<Duration>,
    /// The numbers of the transfer, or an empty text.
    transfer: &'a str,
    /// Who sent the bytes, and how many; `None` for what is not on the HTTP connection.
    sent: Option<(Side, usize)>,
}

/// Whether a file begins like a curl trace.
pub(in crate::capture) fn begins_trace(text: &str) -> bool {
    let line = text.lines().find(|line| !line.trim().is_empty());
    line.is_some_and(|line| marker(line).is_some())
}

/// Reads a trace, with one stream for each transfer.
pub(in crate::capture) fn read_trace<S: StreamSink, M: FnMut(StreamStart) -> S>(
    path: &Path,
    file: File,
    shared: &mut ReadContext<M>,
) -> Result<Capture<S>, CaptureError> {
    let io = |source| CaptureError::Io { path: path.to_owned(), source };
    let failed = |reason| CaptureError::Text { path: path.to_owned(), reason };
    let WholeText { text, warning } =
        text_file::read_text(path, file, MAX_LOG_BYTES, "a curl trace")?;
    let mut transfers: Vec<(String, StreamBuilder<S>)> = Vec::new();
    let (mut start, mut dropped) = (None, 0_usize);
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let Some(Marker { at, transfer, sent: Some((from, len)) }) = marker(line) else { continue };
        let mut sent = Vec::new();
        while let Some(row) = lines.next_if(|line| sent.len() < len && marker(line).is_none()) {
            let Some(row) = bytes_of_row(row) else {
                return Err(failed(TextError::AsciiTrace));
            };
            sent.extend(row);
        }
        if sent.len() != len {
            return Err(failed(TextError::AsciiTrace));
        }
        let at = at.map_or(Duration::ZERO, |at| at.saturating_sub(*start.get_or_insert(at)));
        let known = transfers.iter().position(|(name, _)| name == transfer);
        let index = match known {
            Some(index) => index,
            None if transfers.len() < MAX_TRANSFERS => {
                transfers.push((transfer.to_owned(), StreamBuilder::new(0)));
                transfers.len().saturating_sub(1)
            }
            None => {
                dropped = dropped.saturating_add(1);
                continue;
            }
        };
        if let Some((_, stream)) = transfers.get_mut(index) {
            stream.push_and_spill(from, at, &sent, shared).map_err(io)?;
        }
    }
    let streams: Vec<_> =
        transfers.into_iter().flat_map(|(_, stream)| stream.finish(None, false, shared)).collect();
    let mut warnings: Vec<_> = warning.into_iter().collect();
    if streams.is_empty() {
        warnings.push("the curl trace holds nothing that was sent or received".to_owned());
    }
    if dropped > 0 {
        warnings.push(format!("only the first {MAX_TRANSFERS} transfers of the trace are read"));
    }
    Ok(Capture { format: CaptureFormat::CurlTrace, packets: 0, span: None, streams, warnings })
}

fn marker(line: &str) -> Option<Marker<'_>> {
    let (at, line) = match line.split_once(' ') {
        Some((time, rest)) if time.contains(':') => (Some(time_of_day(time)?), rest),
        _ => (None, line),
    };
    let (transfer, line) = match line.strip_prefix('[').and_then(|rest| rest.split_once("] ")) {
        Some((transfer, rest)) => (transfer, rest),
        None => ("", line),
    };
    let (from, rest) = match line.get(..3)? {
        "=> " => (Side::Client, line.get(3..)?),
        "<= " => (Side::Server, line.get(3..)?),
        "== " if line.starts_with("== Info") => {
            return Some(Marker { at, transfer, sent: None });
        }
        _ => return None,
    };
    let (what, rest) = rest.split_once(", ")?;
    let len = rest.split(' ').next()?.parse().ok()?;
    // What TLS itself sends is not shown as bytes of the connection.
    let is_http = ["Send header", "Send data", "Recv header", "Recv data"].contains(&what);
    Some(Marker { at, transfer, sent: is_http.then_some((from, len)) })
}

/// Reads `23:38:56.837164`.
fn time_of_day(time: &str) -> Option<Duration> {
    let mut parts = time.split(':');
    let (hours, minutes, seconds) = (parts.next()?, parts.next()?, parts.next()?);
    let seconds = Duration::try_from_secs_f64(seconds.parse().ok()?).ok()?;
    let whole = hours.parse::<u64>().ok()?.checked_mul(60)?.checked_add(minutes.parse().ok()?)?;
    Some(Duration::from_secs(whole.checked_mul(60)?).saturating_add(seconds))
}

/// Reads a row such as `0000: 81 05 48 65 6c 6c 6f      ..Hello`.
fn bytes_of_row(row: &str) -> Option<Vec<u8>> {
    let (offset, rest) = row.split_once(": ")?;
    if !offset.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let hex = rest.as_bytes().get(..HEX_WIDTH.min(rest.len()))?;
    let pairs = hex.split(|byte| *byte == b' ').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| match pair {
            [high, low] => {
                let (high, low) = (hex_digit((*high).into())?, hex_digit((*low).into())?);
                Some(high << 4 | low)
            }
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use crate::capture::CaptureFormat;
    use crate::capture::text::test_support::{frames, read};
    use crate::wire::Side;
    use crate::wire::format::spaced_hex;

    const REQUEST: &str = "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    const RESPONSE: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\
        Connection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

    /// Writes bytes as curl does.
    fn traced(prefix: &str, what: &str, bytes: &[u8]) -> String {
        let mut text = format!("{prefix}{what}, {0} bytes (0x{0:x})\n", bytes.len());
        for (row, bytes) in bytes.chunks(16).enumerate() {
            let hex = spaced_hex(bytes, 16);
            let char =
                |byte: &u8| if (0x20..0x7f).contains(byte) { char::from(*byte) } else { '.' };
            let chars: String = bytes.iter().map(char).collect();
            writeln!(text, "{:04x}: {hex:<48}{chars}", row * 16).unwrap();
        }
        text
    }

    #[test]
    fn both_directions_of_a_trace_are_read() {
        for prefix in ["", "23:38:56.837164 ", "23:38:56.837164 [0-0] "] {
            let mut text = format!("{prefix}== Info: Connected to a (192.0.2.1) port 80\n");
            text += &traced(prefix, "=> Send header", REQUEST.as_bytes());
            for line in RESPONSE.split_inclusive('\n') {
                text += &traced(prefix, "<= Recv header", line.as_bytes());
            }
            text += &traced(prefix, "<= Recv SSL data", &[0x17; 5]);
            text += &traced(prefix, "<= Recv data", b"\x81\x05Hello");
            text += &traced(prefix, "=> Send data", b"\x81\x82\x01\x02\x03\x04ik");
            let capture = read(&text).unwrap();
            assert_eq!(capture.format(), CaptureFormat::CurlTrace);
            let expected =
                [(Side::Server, 1, b"Hello".to_vec()), (Side::Client, 1, b"hi".to_vec())];
            assert_eq!(frames(&capture), expected, "{prefix}");
        }
    }

    #[test]
    fn a_trace_as_text_is_refused_with_what_helps() {
        let text = "== Info:   Trying 192.0.2.1:80...\n=> Send header, 24 bytes (0x18)\n\
                    0000: GET / HTTP/1.1\n0010: Host: a\n0019:\n";
        let error = read(text).unwrap_err().to_string();
        assert!(error.contains("--trace FILE"), "{error}");
    }
}
