//! [`BodyReader`]: the frames within the body of a response, for whoever looks on: a client, an
//! inspector, a judge. Bytes come in pieces of any size.

use std::ops::Range;

use memchr::{memchr, memmem};
use thiserror::Error;

use crate::sockjs::frame::Frame;
use crate::sockjs::json::{FrameError, JsonReader};
use crate::sockjs::transport::Transport;
use crate::sockjs::uri_escapes::decode_uri;
use crate::sockjs::url::is_callback_byte;

/// A part of a body: a frame, or something else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BodyItem {
    /// The position of its bytes in the body, with everything around the frame.
    pub bytes: Range<u64>,
    /// The meaning of the bytes.
    pub content: BodyContent,
}

/// The meaning of a part of a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BodyContent {
    /// Bytes that fill the browser's buffer before the first frame, or a part without data.
    Prelude,
    /// A frame.
    Frame(Frame),
    /// Neither.
    Broken(BodyError),
}

/// Why a part of a body is no frame.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BodyError {
    /// The frame is broken; the position is one within the frame, not in the body.
    #[error("a broken frame: {0}")]
    Frame(#[from] FrameError),
    /// The bytes that the transport puts around a frame are not there.
    #[error("not the form of this transport: {0}")]
    Wrapper(&'static str),
    /// The body ended within a part.
    #[error("the body ends within a frame")]
    Unfinished,
    /// A part is longer than the reader may keep; the rest of the body is not read.
    #[error("a frame of more than {0} bytes")]
    TooLong(usize),
}

/// Finds the frames in a body.
#[derive(Clone, Debug)]
pub struct BodyReader {
    transport: Transport,
    /// Parts that were taken since the last push, and behind them one that is not complete.
    buffer: Vec<u8>,
    /// The number of bytes at the front of the buffer that were taken.
    taken: usize,
    /// The position in the body of the first byte that was not taken.
    start: u64,
    /// Bytes behind those that were taken in which no end of a part was found.
    searched: usize,
    limit: usize,
    begun: bool,
    ended: bool,
    stopped: bool,
}

impl BodyReader {
    /// Begins a body of this transport. It keeps no more than `limit` bytes of a part.
    pub fn new(transport: Transport, limit: usize) -> Self {
        let (buffer, taken, start, searched) = (Vec::new(), 0, 0, 0);
        let (begun, ended, stopped) = (false, false, false);
        Self { transport, buffer, taken, start, searched, limit, begun, ended, stopped }
    }

    /// Takes bytes of the body. [`BodyReader::next_item`] must be called until there is nothing left
    /// before the next ones.
    pub fn push(&mut self, bytes: &[u8]) {
        if !self.stopped {
            // Once for all parts of the last piece.
            self.buffer.drain(..self.taken);
            self.taken = 0;
            self.buffer.extend_from_slice(bytes);
        }
    }

    /// Tells that the body is complete.
    pub fn finish(&mut self) {
        self.ended = true;
    }

    /// Returns the next part, once it is complete.
    pub fn next_item(&mut self) -> Option<BodyItem> {
        let rest = self.rest();
        if self.stopped || rest.is_empty() {
            return None;
        }
        if let Some(end) = self.find_end() {
            let piece = rest.get(..end).unwrap_or_default();
            let content = self.read(piece).unwrap_or_else(BodyContent::Broken);
            self.begun = true;
            return Some(self.take(end, content));
        }
        let length = rest.len();
        if length > self.limit {
            self.stopped = true;
            let error = BodyError::TooLong(self.limit);
            return Some(self.take(length, BodyContent::Broken(error)));
        }
        if self.ended {
            let blank = rest.trim_ascii().is_empty();
            let content = if blank {
                BodyContent::Prelude
            } else {
                BodyContent::Broken(BodyError::Unfinished)
            };
            return Some(self.take(length, content));
        }
        self.searched = length;
        None
    }

    /// Returns the bytes that were not taken.
    fn rest(&self) -> &[u8] {
        self.buffer.get(self.taken..).unwrap_or_default()
    }

    fn take(&mut self, length: usize, content: BodyContent) -> BodyItem {
        let end = self.start.saturating_add(length as u64);
        let bytes = self.start..end;
        self.start = end;
        self.searched = 0;
        self.taken = self.taken.saturating_add(length).min(self.buffer.len());
        BodyItem { bytes, content }
    }

    /// Returns where the first part that was not taken ends.
    fn find_end(&self) -> Option<usize> {
        let buffer = self.rest();
        // The end of a part may have begun in what was searched before.
        let from = self.searched.saturating_sub(LONGEST_END);
        let rest = buffer.get(from..).unwrap_or_default();
        let behind = |at: usize, end: &[u8]| from.saturating_add(at).saturating_add(end.len());
        match self.transport {
            Transport::XhrPolling | Transport::XhrStreaming => {
                memchr(b'\n', rest).map(|at| behind(at, b"\n"))
            }
            Transport::EventSource => {
                if let Some(blank) = [&b"\r\n"[..], b"\n"]
                    .into_iter()
                    .find(|blank| from == 0 && rest.starts_with(blank))
                {
                    return Some(blank.len());
                }
                let ends = [&b"\n\r\n"[..], b"\n\n"].into_iter();
                ends.filter_map(|end| memmem::find(rest, end).map(|at| behind(at, end))).min()
            }
            Transport::HtmlFile => {
                // White space behind it belongs to the next part: it may not have come yet.
                memmem::find(rest, SCRIPT_END).map(|at| behind(at, SCRIPT_END))
            }
            Transport::JsonpPolling | Transport::WebSocket | Transport::RawWebSocket => {
                self.ended.then_some(buffer.len())
            }
        }
    }

    /// Reads a part.
    fn read(&self, piece: &[u8]) -> Result<BodyContent, BodyError> {
        let frame = match self.transport {
            Transport::XhrPolling | Transport::XhrStreaming => {
                let line = piece.trim_ascii_end();
                let prelude = line.len() > 1 && line.iter().all(|byte| *byte == b'h');
                if self.transport == Transport::XhrStreaming && !self.begun && prelude {
                    return Ok(BodyContent::Prelude);
                }
                return Ok(BodyContent::Frame(Frame::parse(line)?));
            }
            Transport::EventSource => match event_data(piece) {
                Some(data) => return Ok(BodyContent::Frame(Frame::parse(decode_uri(&data)?)?)),
                None => return Ok(BodyContent::Prelude),
            },
            Transport::HtmlFile if !self.begun => return Ok(BodyContent::Prelude),
            Transport::HtmlFile => script_call(piece)?,
            Transport::JsonpPolling => callback_call(piece)?,
            Transport::WebSocket | Transport::RawWebSocket => {
                return Ok(BodyContent::Frame(Frame::parse(piece)?));
            }
        };
        Ok(BodyContent::Frame(Frame::parse(frame)?))
    }
}

/// The length of the longest text that ends a part.
const LONGEST_END: usize = SCRIPT_END.len();

const SCRIPT_END: &[u8] = b"</script>";

/// Returns the data of a server-sent event (WHATWG HTML section 9.2.6), if it has any.
fn event_data(event: &[u8]) -> Option<Vec<u8>> {
    let mut data = None::<Vec<u8>>;
    for line in event.split(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let Some(value) = line.strip_prefix(b"data:") else { continue };
        let value = value.strip_prefix(b" ").unwrap_or(value);
        if let Some(data) = &mut data {
            data.push(b'\n');
            data.extend_from_slice(value);
        } else {
            data = Some(value.to_vec());
        }
    }
    data
}

/// Returns the frame in `<script>p("..");</script>`.
fn script_call(script: &[u8]) -> Result<String, BodyError> {
    let wrapper = BodyError::Wrapper("<script> p(\"..\"); </script> is expected here");
    let script = script.trim_ascii().strip_prefix(b"<script>");
    let script = script.and_then(|script| script.strip_suffix(SCRIPT_END));
    call(script.ok_or(wrapper.clone())?, b"p").ok_or(wrapper)
}

/// Returns the frame in `/**/callback("..");`.
fn callback_call(script: &[u8]) -> Result<String, BodyError> {
    let wrapper = BodyError::Wrapper("callback(\"..\"); is expected here");
    let script = script.trim_ascii();
    let script = script.strip_prefix(b"/**/").unwrap_or(script);
    let name = script.iter().take_while(|byte| is_callback_byte(**byte)).count();
    let name = script.get(..name).filter(|name| !name.is_empty()).ok_or(wrapper.clone())?;
    call(script, name).ok_or(wrapper)
}

/// Returns the string that a function is called with.
fn call(script: &[u8], function: &[u8]) -> Option<String> {
    let arguments = script.trim_ascii_start().strip_prefix(function)?;
    let mut reader = JsonReader::new(arguments, 0).ok()?;
    reader.expect("(").ok()?;
    let frame = reader.string().ok()?;
    reader.expect(")").ok()?;
    let _ = reader.eat(";");
    reader.end().ok()?;
    frame.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn items(transport: Transport, body: &[u8], piece: usize) -> Vec<BodyItem> {
        let mut reader = BodyReader::new(transport, 1 << 20);
        let mut items = Vec::new();
        for bytes in body.chunks(piece.max(1)) {
            reader.push(bytes);
            items.extend(std::iter::from_fn(|| reader.next_item()));
        }
        reader.finish();
        items.extend(std::iter::from_fn(|| reader.next_item()));
        items
    }

    fn body(transport: Transport, frames: &[Frame]) -> String {
        let wrapped = frames.iter().map(|frame| transport.wrap(&frame.encode(), "cb"));
        transport.prelude("cb") + &wrapped.collect::<String>()
    }

    fn frames_in(items: &[BodyItem]) -> Vec<Frame> {
        let frame = |item: &BodyItem| match &item.content {
            BodyContent::Frame(frame) => Some(frame.clone()),
            BodyContent::Prelude => None,
            BodyContent::Broken(error) => panic!("{error}"),
        };
        items.iter().filter_map(frame).collect()
    }

    proptest! {
        #[test]
        fn what_a_server_writes_is_read_in_pieces_of_any_size(
            texts in proptest::collection::vec(".{0,8}|</script>|\r\n\r\n", 1..5),
            piece in 1_usize..3000,
        ) {
            let mut frames = vec![Frame::Open, Frame::Heartbeat];
            frames.extend(texts.into_iter().map(Frame::message));
            frames.push(Frame::close(3000, "Go away!"));
            for transport in [Transport::XhrStreaming, Transport::EventSource, Transport::HtmlFile] {
                let body = body(transport, &frames);
                let whole = items(transport, body.as_bytes(), body.len());
                let items = items(transport, body.as_bytes(), piece);
                prop_assert_eq!(&items, &whole, "{}", transport.name());
                prop_assert_eq!(&frames_in(&items), &frames, "{}", transport.name());
                let mut end = 0;
                for item in &items {
                    prop_assert_eq!(item.bytes.start, end, "nothing lies between two parts");
                    end = item.bytes.end;
                }
                prop_assert_eq!(end, body.len() as u64);
            }
            for transport in [Transport::XhrPolling, Transport::JsonpPolling] {
                for frame in &frames {
                    let body = body(transport, std::slice::from_ref(frame));
                    let items = items(transport, body.as_bytes(), piece);
                    prop_assert_eq!(frames_in(&items), std::slice::from_ref(frame));
                }
            }
        }

        #[test]
        fn no_bytes_are_lost_or_counted_twice(
            body in "[hoa\\[\\]\"\r\n<>/script p();data:]{0,80}",
            piece in 1_usize..20,
        ) {
            for transport in Transport::OF_SESSIONS {
                let whole = items(transport, body.as_bytes(), body.len());
                let items = items(transport, body.as_bytes(), piece);
                prop_assert_eq!(&items, &whole, "{}", transport.name());
                let length: u64 = items.iter().map(|item| item.bytes.end - item.bytes.start).sum();
                prop_assert_eq!(length, body.len() as u64);
            }
        }
    }

    #[test]
    fn what_is_broken_is_told_and_reading_goes_on() {
        let items = items(Transport::XhrStreaming, b"hhhh\no\nx\na[\"", 3);
        assert_eq!(items[0].content, BodyContent::Prelude);
        assert_eq!(items[1], BodyItem { bytes: 5..7, content: BodyContent::Frame(Frame::Open) });
        assert!(matches!(items[2].content, BodyContent::Broken(BodyError::Frame(_))));
        assert_eq!(items[3].content, BodyContent::Broken(BodyError::Unfinished));
    }

    #[test]
    fn a_part_without_an_end_is_not_kept() {
        let mut reader = BodyReader::new(Transport::XhrStreaming, 100);
        reader.push(&[b'a'; 101]);
        let item = reader.next_item().unwrap();
        assert_eq!(item.content, BodyContent::Broken(BodyError::TooLong(100)));
        reader.push(b"o\n");
        assert_eq!(reader.next_item(), None);
    }
}
