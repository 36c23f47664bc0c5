//! [`RecordLine`]: what a line of a recording holds of a connection. What follows from the bytes is
//! ignored, because it is determined anew.

use std::borrow::Cow;
use std::net::SocketAddr;
use std::time::Duration;

use serde::Deserialize;

use crate::capture::error::RecordError;
use crate::capture::http2::Http2ErrorCode;
use crate::capture::stream::{RecordedEnd, RecordedGap, RecordedHead, StreamEnding};
use crate::capture::tls::{TlsStatus, TlsUnreadable};
use crate::net::AddressPair;
use crate::wire::decode::Resumption;
use crate::wire::handshake::{HttpExchange, RequestLine};
use crate::wire::{ByteLen, Side, format};

/// The fields of a record that are used. Others are ignored.
#[derive(Debug, Deserialize)]
struct JsonRecord<'a> {
    r#type: &'a str,
    t_ms: Option<f64>,
    connection: Option<u64>,
    from: Option<&'a str>,
    // Heads.
    head: Option<String>,
    head_hex: Option<&'a str>,
    fields: Option<Vec<[String; 2]>>,
    #[serde(default)]
    block_len: usize,
    #[serde(default)]
    stream_id: u32,
    // Frames and other bytes.
    raw_hex: Option<&'a str>,
    hex: Option<&'a str>,
    #[serde(default)]
    truncated: bool,
    header_len: Option<u64>,
    payload_len: Option<u64>,
    needs: Option<Needs>,
    #[serde(default)]
    not_captured: u64,
    #[serde(borrow, default)]
    gaps: Vec<FrameGap<'a>>,
    // Notes.
    #[serde(borrow)]
    text: Option<Cow<'a, str>>,
    gap: Option<Gap<'a>>,
    // The beginning of a connection.
    client: Option<SocketAddr>,
    server: Option<SocketAddr>,
    since_1970_s: Option<f64>,
    start_ms: Option<f64>,
    #[serde(default)]
    midway: bool,
    tcp_stream: Option<usize>,
    tls: Option<String>,
    http2_stream: Option<u32>,
    // HTTP exchanges.
    method: Option<String>,
    target: Option<String>,
    status: Option<u16>,
    #[serde(default)]
    request_len: u64,
    #[serde(default)]
    response_len: u64,
    #[serde(default)]
    complete: bool,
    // Ends.
    ok: Option<bool>,
    why: Option<String>,
    ended_by: Option<&'a str>,
    ended_with: Option<&'a str>,
    #[serde(default)]
    reset_later: bool,
    http2_code: Option<u32>,
    silence_ms: Option<f64>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
struct Needs {
    have: u64,
}

#[derive(Debug, Deserialize)]
struct FrameGap<'a> {
    offset: u64,
    missing: u64,
    raw_hex: &'a str,
}

#[derive(Debug, Deserialize)]
struct Gap<'a> {
    from: &'a str,
    missing: u64,
    within_frame: u64,
}

/// The content of one line, and the connection that it belongs to.
#[derive(Debug, PartialEq)]
pub(super) struct RecordLine {
    /// The number of the connection; `None` if the line applies to all of them.
    pub(super) connection: Option<u64>,
    pub(super) at: Duration,
    pub(super) content: LineContent,
}

#[derive(Debug, PartialEq)]
pub(super) enum LineContent {
    Connection(RecordedConnectionFacts),
    Bytes {
        from: Side,
        /// The kind of unit that they are, or begin with; `None` if they are neither.
        unit: Option<Resumption>,
        bytes: Vec<u8>,
        /// The number of bytes that are missing next, and the bytes behind them.
        behind_gaps: Vec<(ByteLen, Vec<u8>)>,
        rest: FrameRest,
    },
    /// Bytes that lie within unknown frames.
    Unframed {
        from: Side,
        bytes: Vec<u8>,
    },
    Gap(RecordedGap),
    Http2Head(RecordedHead),
    Exchange(HttpExchange),
    Note(String),
    /// The packet that ended the connection, and the words for its end.
    End(Option<StreamEnding>, Option<RecordedEnd>),
    Other,
}

/// What a frame lacks behind its recorded bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FrameRest {
    /// So many bytes.
    Missing(ByteLen),
    /// An unknown number, because the recording does not have the frame's length.
    Unknown,
}

/// What a recording says of a connection of a capture.
#[derive(Debug, PartialEq)]
pub(super) struct RecordedConnectionFacts {
    pub(super) addresses: AddressPair,
    /// The nanoseconds from 1970 to its first packet.
    pub(super) started_at: u64,
    /// The nanoseconds from 1970 to the first packet of the file that was recorded.
    pub(super) file_started_at: Option<u64>,
    pub(super) is_midway: bool,
    /// The number of its TCP connection in Wireshark.
    pub(super) tcp_stream: Option<usize>,
    pub(super) tls: TlsStatus,
    /// The stream of a WebSocket over HTTP/2, or 0 for an HTTP/2 connection.
    pub(super) http2_stream: Option<u32>,
}

impl RecordLine {
    pub(super) fn parse(line: &[u8]) -> Result<Self, RecordError> {
        let record: JsonRecord<'_> = serde_json::from_slice(line)?;
        let (connection, at) = (record.connection, record.t_ms.map(time).unwrap_or_default());
        let kind = record.r#type;
        let content = match kind {
            "handshake" | "frame" | "bytes" => record.into_bytes()?,
            "unframed" => LineContent::Unframed {
                from: parse_side(record.from)?,
                bytes: parse_hex_field("hex", record.hex.ok_or(RecordError::NoBytes)?)?,
            },
            "http2_handshake" => record.into_http2_head(at)?,
            "http" => LineContent::Exchange(record.into_exchange()),
            "connection" => record.into_connection(),
            "note" => record.into_note()?,
            "end" => record.into_end()?,
            _ => LineContent::Other,
        };
        // Recordings of other tools may contain a single connection without a number.
        let is_of_one = !matches!(content, LineContent::End(..) | LineContent::Note(_));
        let connection = connection.or_else(|| is_of_one.then_some(0));
        Ok(Self { connection, at, content })
    }
}

impl JsonRecord<'_> {
    fn into_bytes(self) -> Result<LineContent, RecordError> {
        let from = parse_side(self.from)?;
        let bytes = match (self.r#type, self.head_hex) {
            ("handshake", Some(hex)) => parse_hex_field("head_hex", hex)?,
            ("handshake", None) => self.head.map(String::into_bytes).ok_or(RecordError::NoHead)?,
            ("frame", _) => parse_hex_field("raw_hex", self.raw_hex.ok_or(RecordError::NoFrame)?)?,
            _ => parse_hex_field("hex", self.hex.ok_or(RecordError::NoBytes)?)?,
        };
        let unit = match self.r#type {
            "handshake" => Some(Resumption::Head),
            "frame" => Some(Resumption::Frame),
            _ => None,
        };
        let mut have = ByteLen::of(&bytes);
        let mut behind_gaps = Vec::new();
        for FrameGap { offset, missing, raw_hex } in self.gaps {
            let behind = parse_hex_field("raw_hex", raw_hex)?;
            // What was too long to be recorded is missing, too.
            let missing = ByteLen::new(offset) + ByteLen::new(missing) - have;
            have += missing + ByteLen::of(&behind);
            behind_gaps.push((missing, behind));
        }
        let is_whole = !self.truncated && self.not_captured == 0;
        let whole = self.header_len.zip(self.payload_len);
        let rest = match (self.needs, whole) {
            _ if is_whole => FrameRest::Missing(ByteLen::ZERO),
            // A frame that was cut off ends with what it has.
            (Some(needs), _) => FrameRest::Missing(ByteLen::new(needs.have) - have),
            (None, Some((header, payload))) => {
                FrameRest::Missing(ByteLen::new(header) + ByteLen::new(payload) - have)
            }
            (None, None) => FrameRest::Unknown,
        };
        Ok(LineContent::Bytes { from, unit, bytes, behind_gaps, rest })
    }

    fn into_http2_head(self, at: Duration) -> Result<LineContent, RecordError> {
        let bytes = |text: String| text.into_bytes();
        let fields = self.fields.ok_or(RecordError::NoHead)?.into_iter();
        Ok(LineContent::Http2Head(RecordedHead {
            from: parse_side(self.from)?,
            at,
            stream_id: self.stream_id,
            fields: fields.map(|[name, value]| (bytes(name), bytes(value))).collect(),
            block_len: self.block_len,
        }))
    }

    fn into_exchange(self) -> HttpExchange {
        let request = self.method.zip(self.target);
        HttpExchange {
            request: request.map(|(method, target)| RequestLine { method, target }),
            status: self.status,
            request_len: ByteLen::new(self.request_len),
            response_len: ByteLen::new(self.response_len),
            is_complete: self.complete,
        }
    }

    /// Reads the record of a connection of a capture. That of a proxy has nothing that is used.
    fn into_connection(self) -> LineContent {
        let Some((client, server)) = self.client.zip(self.server) else {
            return LineContent::Other;
        };
        let seconds = self.since_1970_s.unwrap_or_default();
        let started_at = Duration::try_from_secs_f64(seconds).unwrap_or_default();
        // The number has no nanoseconds.
        let micros = started_at.saturating_add(Duration::from_nanos(500)).as_micros();
        let started_at = u64::try_from(micros).unwrap_or(u64::MAX).saturating_mul(1000);
        let file_started_at = self.start_ms.map(|start| {
            // The file's packets may not be in order.
            let [after, before] = [start, -start]
                .map(|millis| u64::try_from(time(millis).as_nanos()).unwrap_or(u64::MAX));
            started_at.saturating_sub(after).saturating_add(before)
        });
        LineContent::Connection(RecordedConnectionFacts {
            addresses: AddressPair { client, server },
            started_at,
            file_started_at,
            is_midway: self.midway,
            tcp_stream: self.tcp_stream,
            tls: match self.tls {
                None => TlsStatus::Plaintext,
                Some(text) if text == TlsStatus::NOT_DECRYPTED => {
                    TlsStatus::Encrypted(TlsUnreadable::Recorded)
                }
                Some(text) => TlsStatus::Recorded(text),
            },
            http2_stream: self.http2_stream,
        })
    }

    fn into_note(self) -> Result<LineContent, RecordError> {
        Ok(match self.gap {
            Some(Gap { from, missing, within_frame }) => LineContent::Gap(RecordedGap {
                from: parse_side(Some(from))?,
                missing: ByteLen::new(missing),
                within_frame: ByteLen::new(within_frame),
            }),
            None => LineContent::Note(self.text.unwrap_or_default().into_owned()),
        })
    }

    fn into_end(self) -> Result<LineContent, RecordError> {
        let is_clean = self.ok.unwrap_or(true);
        let at = self.t_ms.map(time);
        let words = self.why.map(|why| RecordedEnd { is_clean, why, at });
        let Some(by) = self.ended_by else { return Ok(LineContent::End(None, words)) };
        let with = self.ended_with.unwrap_or_default();
        let code = matches!(with, "end_stream" | "rst_stream")
            .then(|| Http2ErrorCode(self.http2_code.unwrap_or_default()));
        let ending = StreamEnding {
            at: at.unwrap_or_default(),
            by: parse_side(Some(by))?,
            is_reset: matches!(with, "rst" | "rst_stream"),
            is_reset_after: self.reset_later,
            silence: time(self.silence_ms.unwrap_or_default()),
            http2_code: code,
        };
        Ok(LineContent::End(Some(ending), words))
    }
}

fn parse_side(name: Option<&str>) -> Result<Side, RecordError> {
    let from = name.and_then(|name| name.parse().ok());
    from.ok_or_else(|| RecordError::From(name.map(str::to_owned)))
}

/// Returns a time of a record in whole microseconds, as it has them. One that isn't a number, or is
/// out of range, counts as 0.
fn time(millis: f64) -> Duration {
    let time = Duration::try_from_secs_f64(millis / 1e3).unwrap_or_default();
    let micros = time.saturating_add(Duration::from_nanos(500)).as_micros();
    Duration::from_micros(u64::try_from(micros).unwrap_or(u64::MAX))
}

fn parse_hex_field(name: &'static str, digits: &str) -> Result<Vec<u8>, RecordError> {
    format::unhex(digits).ok_or(RecordError::Hex(name))
}
