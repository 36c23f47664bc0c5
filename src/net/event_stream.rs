//! Event streams (`text/event-stream`, WHATWG HTML section 9.2): [`encode_event`] writes one event,
//! and [`EventReader`] parses a stream into events. Sockets and HTTP belong to the caller.

use std::fmt::Write as _;

use bytes::{Buf as _, BytesMut};
use thiserror::Error;

/// Encodes one event without an id, with one `data` field for each line of `data`. Empty data gives
/// an event too.
pub(crate) fn encode_event(data: &str) -> String {
    let mut event = String::with_capacity(data.len().saturating_add(32));
    append_data(&mut event, data);
    event
}

/// Encodes one event like [`encode_event`], with `id` as its id.
pub(crate) fn encode_event_with_id(id: u64, data: &str) -> String {
    let mut event = String::with_capacity(data.len().saturating_add(32));
    // Ignored, because writing to a String cannot fail.
    let _ = writeln!(event, "id: {id}");
    append_data(&mut event, data);
    event
}

/// Appends the `data` fields and the empty line that ends the event.
fn append_data(event: &mut String, data: &str) {
    // All of CRLF, LF and CR end a line (section 9.2.5), so none may stay within a field.
    for line in data.split("\r\n").flat_map(|part| part.split(['\n', '\r'])) {
        // Ignored, because writing to a String cannot fail.
        let _ = writeln!(event, "data: {line}");
    }
    event.push('\n');
}

/// Parses a stream into events. Each byte is examined once, however small the pieces are.
#[derive(Debug, Default)]
pub(crate) struct EventReader {
    buffer: BytesMut,
    /// The number of bytes at the start of `buffer` that are known to hold no line end.
    searched: usize,
    /// The length in bytes of the complete lines of the current event.
    begun: usize,
    /// The data of the current event, with its lines joined by LF.
    data: Option<Vec<u8>>,
    /// Whether the last line ended with CR. An LF that follows belongs to the same line end.
    after_cr: bool,
}

/// One event of a stream.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct StreamEvent {
    /// The data, or `None` if the event has no such field, for example a comment. Browsers do not
    /// report those.
    pub(crate) data: Option<Vec<u8>>,
}

/// An event is not complete after this many bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("an event of more than {0} bytes")]
pub struct LongEvent(pub usize);

impl EventReader {
    /// Appends the next bytes of the stream.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// Returns the next complete event, or `None` if more bytes are needed.
    ///
    /// # Errors
    /// Fails if the incomplete event is longer than `max_len` bytes, because its sender may never
    /// end it.
    pub(crate) fn next_event(&mut self, max_len: usize) -> Result<Option<StreamEvent>, LongEvent> {
        while let Some(line) = self.next_line() {
            if !line.is_empty() {
                self.add_field(&line);
            // An empty line ends an event, but only if there is one: servers send empty lines to
            // keep the connection open.
            } else if std::mem::take(&mut self.begun) > 0 {
                return Ok(Some(StreamEvent { data: self.data.take() }));
            }
        }
        if self.begun.saturating_add(self.buffer.len()) > max_len {
            Err(LongEvent(max_len))
        } else {
            Ok(None)
        }
    }

    /// Returns the next complete line without its end.
    fn next_line(&mut self) -> Option<BytesMut> {
        // The LF of a CRLF may arrive in a later piece than its CR.
        if self.after_cr && !self.buffer.is_empty() {
            self.after_cr = false;
            if self.buffer.starts_with(b"\n") {
                self.buffer.advance(1);
            }
        }
        let unsearched = self.buffer.get(self.searched..).unwrap_or_default();
        let Some(end) = memchr::memchr2(b'\n', b'\r', unsearched) else {
            self.searched = self.buffer.len();
            return None;
        };
        let line = self.buffer.split_to(self.searched.saturating_add(end));
        self.searched = 0;
        self.after_cr = self.buffer.starts_with(b"\r");
        self.buffer.advance(1);
        Some(line)
    }

    fn add_field(&mut self, line: &[u8]) {
        self.begun = self.begun.saturating_add(line.len()).saturating_add(1);
        let Some(rest) = line.strip_prefix(b"data") else { return };
        let value = match rest.split_first() {
            None => rest,
            Some((b':', value)) => value.strip_prefix(b" ").unwrap_or(value),
            // Another field whose name begins with `data`.
            Some(_) => return,
        };
        match &mut self.data {
            Some(data) => {
                data.push(b'\n');
                data.extend_from_slice(value);
            }
            none => *none = Some(value.to_vec()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAX: usize = 64;

    /// Returns the data of the events of a stream that arrives in pieces of `piece` bytes.
    fn read(stream: &[u8], piece: usize) -> Vec<Option<String>> {
        let (mut reader, mut events) = (EventReader::default(), Vec::new());
        for bytes in stream.chunks(piece) {
            reader.push(bytes);
            while let Some(event) = reader.next_event(MAX).unwrap() {
                events.push(event.data.map(|data| String::from_utf8(data).unwrap()));
            }
        }
        events
    }

    #[test]
    fn encoded_events_are_decoded() {
        for (data, back) in [("", ""), ("42", "42"), (" a\nb\r\nc\rd", " a\nb\nc\nd"), ("\n", "\n")]
        {
            for event in [encode_event(data), encode_event_with_id(7, data)] {
                assert!(!data.contains('\r') || !event.contains('\r'), "{event:?}");
                for piece in 1..=event.len() {
                    assert_eq!(
                        read(event.as_bytes(), piece),
                        [Some(back.to_owned())],
                        "{data:?} by {piece}"
                    );
                }
            }
        }
        assert_eq!(encode_event_with_id(5, "x"), "id: 5\ndata: x\n\n");
        assert_eq!(encode_event("x\ny"), "data: x\ndata: y\n\n");
    }

    #[test]
    fn line_ends_comments_and_other_fields_follow_the_standard() {
        let stream = b"\n\r\n: a comment\n\ndata:1\r\n\r\nevent: x\rdata: 2\r\rdatum: 3\n\ndata\ndata: 4\nid\n\ndata: not whole\n";
        for piece in 1..=stream.len() {
            let some = |data: &str| Some(data.to_owned());
            assert_eq!(
                read(stream, piece),
                [None, some("1"), some("2"), None, some("\n4")],
                "by {piece}"
            );
        }
    }

    #[test]
    fn an_endless_event_is_refused_whatever_it_consists_of() {
        for piece in [&b"data: xxxx"[..], b"data: 1\n", b":\n", b"xxxx"] {
            let (mut reader, mut pushed) = (EventReader::default(), 0);
            let refused = loop {
                reader.push(piece);
                pushed += piece.len();
                match reader.next_event(MAX) {
                    Ok(event) => assert_eq!((event, pushed <= MAX), (None, true)),
                    Err(refused) => break refused,
                }
            };
            assert_eq!((refused, pushed > MAX), (LongEvent(MAX), true), "{piece:?}");
        }
        // Empty lines belong to no event.
        let mut reader = EventReader::default();
        for _ in 0..MAX {
            reader.push(b"\n\r\n");
            assert_eq!(reader.next_event(4), Ok(None));
        }
        // A complete event is returned whatever its length.
        reader.push(encode_event(&"x".repeat(100)).as_bytes());
        assert!(
            reader.next_event(4).unwrap().is_some_and(|event| event.data.unwrap().len() == 100)
        );
    }
}
