//! Recordings: the JSON lines that `wiretalk inspect --json` printed.
//! Only who sent which bytes when is taken from them; all judgements are made anew.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::time::Duration;

use serde::Deserialize;

use crate::capture::stream::{Begins, Flow, Shared};
use crate::capture::{Capture, Error, Kind, Sink};
use crate::wire::Side;

/// No line is longer: a frame of 32 MiB, its payload and its bytes as hex, and its text.
const LONGEST_LINE: u64 = 256 << 20;

/// What is taken from a record; other fields are passed over.
#[derive(Debug, Deserialize)]
struct Record<'a> {
    r#type: &'a str,
    #[serde(default)]
    t_ms: f64,
    from: Option<&'a str>,
    head: Option<String>,
    raw_hex: Option<&'a str>,
}

/// Reads a recording as one stream.
pub(super) fn read<S: Sink, M: FnMut(Begins) -> S>(
    path: &Path,
    file: File,
    shared: &mut Shared<M>,
) -> Result<Capture<S>, Error> {
    let io = |error| Error::Io { path: path.to_owned(), error };
    let (mut flow, mut reader) = (Flow::new(0), BufReader::new(file));
    let mut line = Vec::new();
    let (mut number, mut ended) = (0, false);
    loop {
        line.clear();
        number += 1;
        if (&mut reader).take(LONGEST_LINE).read_until(b'\n', &mut line).map_err(io)? == 0 {
            break;
        }
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        match said(&line) {
            Ok(Said::Bytes { from, at, bytes }) => flow.loose(from, at, &bytes, shared).map_err(io)?,
            Ok(Said::End) => ended = true,
            Ok(Said::Other) => {}
            Err(why) if number == 1 => {
                return Err(Error::Text { path: path.to_owned(), what: format!("line 1: {why}") });
            }
            Err(why) => flow.warn(format!("line {number} is left out: {why}")),
        }
    }
    if !ended {
        flow.warn("the recording has no last record: it was cut off".into());
    }
    let streams = flow.finish(None, shared).into_iter().collect();
    Ok(Capture { kind: Kind::Recording, packets: 0, streams, warnings: Vec::new() })
}

/// What one line says.
#[derive(Debug, PartialEq)]
enum Said {
    Bytes { from: Side, at: Duration, bytes: Vec<u8> },
    End,
    Other,
}

fn said(line: &[u8]) -> Result<Said, String> {
    let record: Record<'_> = serde_json::from_slice(line)
        .map_err(|error| format!("this is no record of `wiretalk inspect --json`: {error}"))?;
    let bytes = match record.r#type {
        "handshake" => record.head.map(String::into_bytes).ok_or("the handshake has no \"head\"")?,
        "frame" => unhex(record.raw_hex.ok_or("the frame has no \"raw_hex\"")?)?,
        "end" => return Ok(Said::End),
        _ => return Ok(Said::Other),
    };
    let from = match record.from {
        Some("client") => Side::Client,
        Some("server") => Side::Server,
        other => return Err(format!("\"from\" is {other:?}; right would be \"client\" or \"server\"")),
    };
    let at = Duration::try_from_secs_f64(record.t_ms / 1e3).unwrap_or_default();
    Ok(Said::Bytes { from, at, bytes })
}

fn unhex(digits: &str) -> Result<Vec<u8>, String> {
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
    let pair = |pair: &[u8]| Some(digit(pair[0])? << 4 | digit(*pair.get(1)?)?);
    let bytes: Option<Vec<u8>> = digits.as_bytes().chunks(2).map(pair).collect();
    bytes.ok_or_else(|| "\"raw_hex\" is no even number of hex digits".to_owned())
}
