//! Hex text: the bytes of one direction, or a whole connection with `>` (client to server) and `<`
//! (server to client) before them. Digits may be separated by blanks, `:` or `,` and prefixed by
//! `0x`; a comment extends from `#` to the end of the line. There are no times.

use std::fs::File;
use std::io::{BufReader, Read as _};
use std::num::Saturating;
use std::path::Path;
use std::time::Duration;

use crate::capture::captured_file::{Capture, CaptureFormat};
use crate::capture::error::{CaptureError, TextError};
use crate::capture::sink::StreamSink;
use crate::capture::stream::{self, ReadContext, StreamBuilder, StreamStart};
use crate::wire::Side;
use crate::wire::format::hex_digit;

/// The number of bytes that are passed on at once.
const FLUSH_SIZE: usize = 1 << 16;

/// Reads a file of hex text as one stream.
pub(in crate::capture) fn read_hex<S: StreamSink, M: FnMut(StreamStart) -> S>(
    path: &Path,
    file: File,
    from: Option<Side>,
    shared: &mut ReadContext<M>,
) -> Result<Capture<S>, CaptureError> {
    let mut text =
        HexReader { from, bytes: Vec::new(), high_digit: None, stream: StreamBuilder::new(0) };
    let (mut line, mut column, mut comment, mut after_zero) =
        (Saturating(1_u64), Saturating(0_u64), false, false);
    for byte in BufReader::new(file).bytes() {
        let byte = byte.map_err(|source| CaptureError::Io { path: path.to_owned(), source })?;
        column += 1;
        let digit = hex_digit(char::from(byte));
        let zero_before =
            std::mem::replace(&mut after_zero, byte == b'0' && text.high_digit.is_none());
        match (byte, digit) {
            (b'\n', _) => (line, column, comment) = (line + Saturating(1), Saturating(0), false),
            _ if comment => {}
            (b'#', _) => comment = true,
            (b' ' | b'\t' | b'\r' | b':' | b',', _) => {}
            // The 0 was the beginning of an 0x prefix, not a digit.
            (b'x' | b'X', _) if zero_before => text.high_digit = None,
            (b'>' | b'<', _) if text.high_digit.is_none() => {
                text.flush(path, shared)?;
                text.from = Some(if byte == b'>' { Side::Client } else { Side::Server });
            }
            (_, Some(digit)) => text.push_digit(digit),
            _ => {
                let reason =
                    TextError::HexDigit { line: line.0, column: column.0, found: char::from(byte) };
                return Err(CaptureError::Text { path: path.to_owned(), reason });
            }
        }
        if text.bytes.len() >= FLUSH_SIZE {
            text.flush(path, shared)?;
        }
    }
    text.flush(path, shared)?;
    if text.high_digit.is_some() {
        text.stream.warn("an odd number of hex digits: the last one is left out".into());
    }
    let streams = text.stream.finish(None, shared).into_iter().collect();
    Ok(Capture { format: CaptureFormat::Hex, packets: 0, streams, warnings: Vec::new() })
}

struct HexReader<S> {
    from: Option<Side>,
    bytes: Vec<u8>,
    /// The first digit of an incomplete byte.
    high_digit: Option<u8>,
    stream: StreamBuilder<S>,
}

impl<S: StreamSink> HexReader<S> {
    fn push_digit(&mut self, digit: u8) {
        match self.high_digit.take() {
            Some(high) => self.bytes.push(high << 4 | digit),
            None => self.high_digit = Some(digit),
        }
    }

    fn flush<M: FnMut(StreamStart) -> S>(
        &mut self,
        path: &Path,
        shared: &mut ReadContext<M>,
    ) -> Result<(), CaptureError> {
        if self.bytes.is_empty() {
            return Ok(());
        }
        let from = *self.from.get_or_insert_with(|| guess_sender(&self.bytes));
        let given = self.stream.push_and_spill(from, Duration::ZERO, &self.bytes, shared);
        self.bytes.clear();
        given.map_err(|source| CaptureError::Io { path: path.to_owned(), source })
    }
}

/// Guesses the sender of unmarked bytes by their head, or otherwise by the MASK bit of the first
/// frame (RFC 6455 section 5.1).
fn guess_sender(bytes: &[u8]) -> Side {
    let masked = bytes.get(1).is_some_and(|second| second & 0x80 != 0);
    if stream::is_request(bytes) || !stream::is_response(bytes) && masked {
        Side::Client
    } else {
        Side::Server
    }
}
