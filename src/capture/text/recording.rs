//! Recordings: the JSON lines of `wiretalk inspect --json`. Senders, bytes, gaps, times and ends are
//! used; everything that follows from them is determined anew.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead as _, Read as _};
use std::path::Path;
use std::time::Duration;

use super::record_line::{FrameRest, LineContent, RecordLine, RecordedConnectionFacts};
use super::text_file;
use crate::capture::captured_file::{Capture, CaptureFormat, CaptureSpan, MAX_WARNINGS};
use crate::capture::error::{CaptureError, TextError};
use crate::capture::sink::StreamSink;
use crate::capture::stream::{
    CapturedStream, Http2Role, ReadContext, RecordedEnd, StreamBuilder, StreamEnding, StreamStart,
};
use crate::capture::tls::TlsStatus;
use crate::net::AddressPair;
use crate::wire::decode::Resumption;

/// The maximum length of a line in bytes: a frame of 32 MiB with its payload, its bytes as hex, and
/// its text.
const MAX_LINE_BYTES: u64 = 256 << 20;

/// A connection of a recording.
struct RecordedConnection<S> {
    stream: StreamBuilder<S>,
    addresses: Option<AddressPair>,
    tls: TlsStatus,
    tcp_stream: Option<usize>,
    is_http2_connection: bool,
    has_ended: bool,
    ending: Option<StreamEnding>,
    recorded_end: Option<RecordedEnd>,
}

impl<S: StreamSink> RecordedConnection<S> {
    fn new() -> Self {
        Self {
            stream: StreamBuilder::new(0),
            addresses: None,
            tls: TlsStatus::Plaintext,
            tcp_stream: None,
            is_http2_connection: false,
            has_ended: false,
            ending: None,
            recorded_end: None,
        }
    }

    /// Takes a line with this number.
    fn take<M: FnMut(StreamStart) -> S>(
        &mut self,
        number: u64,
        line: RecordLine,
        shared: &mut ReadContext<M>,
    ) -> io::Result<()> {
        let (at, stream) = (line.at, &mut self.stream);
        match line.content {
            LineContent::Connection(facts) => self.begin(facts, shared),
            LineContent::Bytes { from, unit, bytes, behind_gaps, rest } => {
                // What begins with a frame has no head.
                if unit != Some(Resumption::Frame) && !stream.is_over_http2() {
                    stream.begin(shared);
                }
                stream.resume_known(from, at, unit);
                stream.push_and_spill(from, at, &bytes, shared)?;
                for (missing, bytes) in behind_gaps {
                    stream.push_gap_within_frame(from, at, missing, shared);
                    stream.push_and_spill(from, at, &bytes, shared)?;
                }
                match rest {
                    FrameRest::Missing(missing) => {
                        stream.push_gap_within_frame(from, at, missing, shared);
                    }
                    FrameRest::Unknown => stream.warn(format!(
                        "line {number}: the frame's end was not recorded, so nothing after it can \
                         be read"
                    )),
                }
            }
            LineContent::Unframed { from, bytes } => {
                stream.push_unframed(from, at, &bytes, shared)?;
            }
            LineContent::Gap(gap) => stream.push_known_gap(gap, at, shared),
            LineContent::Http2Head(head) => stream.take_http2_head(head, shared),
            LineContent::Exchange(exchange) => stream.push_exchange(exchange, at, shared),
            LineContent::Note(text) => stream.warn(text),
            LineContent::End(ending, recorded_end) => {
                self.has_ended = true;
                (self.ending, self.recorded_end) = (ending, recorded_end);
            }
            LineContent::Other => {}
        }
        Ok(())
    }

    fn begin<M: FnMut(StreamStart) -> S>(
        &mut self,
        facts: RecordedConnectionFacts,
        shared: &mut ReadContext<M>,
    ) {
        let RecordedConnectionFacts { addresses, started_at, is_midway, tls, http2_stream, .. } =
            facts;
        (self.addresses, self.tls) = (Some(addresses), tls);
        self.tcp_stream = facts.tcp_stream;
        self.stream.started_at = started_at;
        match http2_stream {
            Some(0) => self.is_http2_connection = true,
            Some(stream_id) => self.stream.begin_http2(stream_id, is_midway),
            None => {}
        }
        if is_midway {
            self.stream.begin_midway(shared);
        }
    }

    /// Returns the stream; `None` if nothing is known of it.
    fn finish<M: FnMut(StreamStart) -> S>(
        mut self,
        shared: &mut ReadContext<M>,
    ) -> Option<CapturedStream<S>> {
        if !self.has_ended {
            self.stream.warn(
                "the recording has no final record of this connection: it was cut off".into(),
            );
        }
        if self.addresses.is_some() {
            self.stream.begin(shared);
        }
        let stream = self.stream.finish(self.addresses, false, shared).into_iter().next()?;
        let role = self.is_http2_connection.then_some(Http2Role::Connection);
        Some(CapturedStream {
            is_whole: stream.start != StreamStart::Midway,
            http2: stream.http2.or(role),
            tls: self.tls,
            tcp_stream: self.tcp_stream,
            ending: self.ending,
            recorded_end: self.recorded_end,
            ..stream
        })
    }
}

/// Reads a recording, with one stream for each of its connections.
pub(in crate::capture) fn read_recording<S: StreamSink, M: FnMut(StreamStart) -> S>(
    path: &Path,
    file: File,
    shared: &mut ReadContext<M>,
) -> Result<Capture<S>, CaptureError> {
    let io = |source| CaptureError::Io { path: path.to_owned(), source };
    let mut connections: BTreeMap<u64, RecordedConnection<S>> = BTreeMap::new();
    let mut reader = text_file::line_reader(path, file, "a recording in UTF-16")?;
    let mut line = Vec::new();
    let (mut warnings, mut span) = (Vec::new(), None);
    for number in 1_u64.. {
        line.clear();
        if (&mut reader).take(MAX_LINE_BYTES).read_until(b'\n', &mut line).map_err(io)? == 0 {
            break;
        }
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let read = match RecordLine::parse(&line) {
            Ok(read) => read,
            // If the first line is no record, the file is most likely no recording at all.
            Err(source) if number == 1 => {
                let reason = TextError::Record { line: number, source };
                return Err(CaptureError::Text { path: path.to_owned(), reason });
            }
            Err(error) => {
                warnings.push(format!("line {number} is left out: {error}"));
                warnings.truncate(MAX_WARNINGS);
                continue;
            }
        };
        if let LineContent::Connection(facts) = &read.content
            && let Some(start) = facts.file_started_at
        {
            let started = [start, facts.started_at].map(Duration::from_nanos);
            span = started.into_iter().fold(span, |span, at| Some(CaptureSpan::extended(span, at)));
        }
        let Some(connection) = read.connection else {
            // The final record of several connections applies to all of them.
            if matches!(read.content, LineContent::End(..)) {
                for connection in connections.values_mut() {
                    connection.has_ended = true;
                }
            }
            continue;
        };
        let connection = connections.entry(connection).or_insert_with(RecordedConnection::new);
        connection.take(number, read, shared).map_err(io)?;
    }
    let finished = connections.into_values().map(|connection| connection.finish(shared));
    let streams = finished.flatten().collect();
    Ok(Capture { format: CaptureFormat::Recording, packets: 0, span, streams, warnings })
}

#[cfg(test)]
mod tests {
    use crate::capture::CaptureFormat;
    use crate::capture::text::test_support::{encodings, frames, read};
    use crate::wire::Side;

    /// The `>` of PowerShell 5 writes UTF-16.
    #[test]
    fn a_recording_may_have_any_encoding() {
        let text = "{\"type\":\"frame\",\"from\":\"server\",\"raw_hex\":\"81026f6b\"}\n\
                    {\"type\":\"end\",\"ok\":true}\n";
        for bytes in encodings(text) {
            let capture = read(bytes).unwrap();
            assert_eq!(capture.format(), CaptureFormat::Recording);
            assert_eq!(frames(&capture), [(Side::Server, 1, b"ok".to_vec())]);
            assert!(capture.warnings().is_empty(), "{:?}", capture.warnings());
        }
    }
}
