//! Hex text: one direction's bytes, or a whole connection with `>` (client to server) and `<` (server to client) before them.
//! Digits may stand in any dress (blanks, `:`, `,`, `0x`); from `#` to the end of the line is a comment. There are no times.

use std::fs::File;
use std::io::{BufReader, Read as _};
use std::num::Saturating;
use std::path::Path;
use std::time::Duration;

use crate::capture::stream::{self, Begins, Flow, Shared};
use crate::capture::{Capture, Error, Kind, Sink};
use crate::wire::Side;
use crate::wire::format::hex_digit;

/// Bytes that are given on at once.
const PIECE: usize = 1 << 16;

/// Reads a file of hex text as one stream.
pub(super) fn read<S: Sink, M: FnMut(Begins) -> S>(
    path: &Path,
    file: File,
    from: Option<Side>,
    shared: &mut Shared<M>,
) -> Result<Capture<S>, Error> {
    let mut text = Text { from, bytes: Vec::new(), half: None, flow: Flow::new(0) };
    let (mut line, mut column, mut comment, mut after_zero) =
        (Saturating(1_u64), Saturating(0_u64), false, false);
    for byte in BufReader::new(file).bytes() {
        let byte = byte.map_err(|error| Error::Io { path: path.to_owned(), error })?;
        column += 1;
        let digit = hex_digit(char::from(byte));
        let zero_before = std::mem::replace(&mut after_zero, byte == b'0' && text.half.is_none());
        match (byte, digit) {
            (b'\n', _) => (line, column, comment) = (line + Saturating(1), Saturating(0), false),
            _ if comment => {}
            (b'#', _) => comment = true,
            (b' ' | b'\t' | b'\r' | b':' | b',', _) => {}
            (b'x' | b'X', _) if zero_before => text.half = None,
            (b'>' | b'<', _) if text.half.is_none() => {
                text.give(path, shared)?;
                text.from = Some(if byte == b'>' { Side::Client } else { Side::Server });
            }
            (_, Some(digit)) => text.digit(digit),
            _ => {
                let what = format!(
                    "line {line}, column {column}: {:?} is no hex digit; right would be 81 05 48 65, with > before what the \
                     client sent and < before what the server sent",
                    char::from(byte)
                );
                return Err(Error::Text { path: path.to_owned(), what });
            }
        }
        if text.bytes.len() >= PIECE {
            text.give(path, shared)?;
        }
    }
    text.give(path, shared)?;
    if text.half.is_some() {
        text.flow.warn("an odd number of hex digits: the last one is left out".into());
    }
    let streams = text.flow.finish(None, shared).into_iter().collect();
    Ok(Capture { kind: Kind::Hex, packets: 0, streams, warnings: Vec::new() })
}

struct Text<S> {
    from: Option<Side>,
    bytes: Vec<u8>,
    /// The first digit of a byte.
    half: Option<u8>,
    flow: Flow<S>,
}

impl<S: Sink> Text<S> {
    fn digit(&mut self, digit: u8) {
        match self.half.take() {
            Some(high) => self.bytes.push(high << 4 | digit),
            None => self.half = Some(digit),
        }
    }

    fn give<M: FnMut(Begins) -> S>(&mut self, path: &Path, shared: &mut Shared<M>) -> Result<(), Error> {
        if self.bytes.is_empty() {
            return Ok(());
        }
        let from = *self.from.get_or_insert_with(|| sender(&self.bytes));
        let given = self.flow.loose(from, Duration::ZERO, &self.bytes, shared);
        self.bytes.clear();
        given.map_err(|error| Error::Io { path: path.to_owned(), error })
    }
}

/// Who sent bytes that nobody marked: a head tells it, otherwise the MASK bit of the first frame (RFC 6455 section 5.1).
fn sender(bytes: &[u8]) -> Side {
    let masked = bytes.get(1).is_some_and(|second| second & 0x80 != 0);
    if stream::is_request(bytes) || !stream::is_response(bytes) && masked {
        Side::Client
    } else {
        Side::Server
    }
}
