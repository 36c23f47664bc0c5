//! [`SockJsRow`]: one thing that a side said in SockJS, with the place where it stands.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use crate::sockjs::Frame;
use crate::sockjs::FrameError;
use crate::sockjs::JsString;
use crate::wire::frame::Side;
use crate::wire::size::ByteLen;
use crate::wire::sockjs::body::Unread;
use crate::wire::sockjs::session_path::SessionPath;

/// The maximum number of bytes shown of a frame that breaks the framing.
const MAX_FAULTY_TEXT: usize = 200;

/// What a connection says in SockJS: a frame without messages, or one message of a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SockJsRow {
    /// The side that said it.
    pub from: Side,
    /// When its last byte arrived, since the start of the connection.
    pub at: Duration,
    /// The session that it belongs to.
    pub session: Arc<SessionPath>,
    /// Where on the connection it stands.
    pub place: RowPlace,
    /// The number of the message in its frame, from 0; 0 for what is no message.
    pub index: usize,
    /// The bytes of the frame that it stands in, before what the transport puts around a frame.
    pub span: Range<ByteLen>,
    /// The kind of thing that was said.
    pub kind: RowKind,
    /// The text of a message, the reason of a close, or the beginning of what is no frame.
    pub text: Box<str>,
    /// The length of the text; `text` has only its beginning if that is shorter.
    pub text_len: ByteLen,
}

/// The part of a connection that a row stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowPlace {
    /// A message of a WebSocket, which ends with the frame of this number in its direction.
    Frame(usize),
    /// An HTTP exchange, by the number of its content.
    Exchange(u64),
}

/// The kinds of rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowKind {
    /// `o`: the session is open.
    Open,
    /// `h`: a sign of life.
    Heartbeat,
    /// A message.
    Message,
    /// `a[]`, or a body with an empty array: a frame without messages.
    NoMessages,
    /// `c[..]`: the session is closed, with this code.
    Close(u16),
    /// A frame, or what stands in place of one, that breaks the framing of SockJS.
    Fault(SockJsFault),
    /// A response with this status in place of what the transport wants.
    Answer(u16),
    /// Something that could not be read.
    Unread(Unread),
}

/// A rule of SockJS's framing that is broken. It says nothing of the WebSocket below.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SockJsFault {
    /// It is not what a frame or a client's array looks like.
    Syntax(FrameError),
    /// A body that has nothing to read in it, or JSON that is no array.
    NoPayload,
    /// A binary message: SockJS knows text only.
    Binary,
}

impl RowKind {
    /// Returns the name in records.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Heartbeat => "heartbeat",
            Self::Message => "message",
            Self::NoMessages => "no_messages",
            Self::Close(_) => "close",
            Self::Fault(_) => "fault",
            Self::Answer(_) => "answer",
            Self::Unread(_) => "unread",
        }
    }

    /// Whether this proves that SockJS is spoken.
    pub(super) fn is_evidence(&self) -> bool {
        !matches!(self, Self::Fault(_) | Self::Answer(_) | Self::Unread(_))
    }
}

impl std::fmt::Display for SockJsFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Syntax(error) => error.fmt(f),
            Self::NoPayload => f.write_str("an array of messages is expected here"),
            Self::Binary => f.write_str("a binary message; SockJS sends text only"),
        }
    }
}

impl std::fmt::Display for Unread {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        use crate::wire::format::byte_count;
        match self {
            Self::NotCaptured(None) => f.write_str("bytes were not captured here"),
            Self::NotCaptured(Some(len)) => write!(f, "{} not captured", byte_count(*len)),
            Self::TooLong(len) => write!(f, "{}, too long to be read", byte_count(*len)),
            Self::Encoded(coding) => write!(f, "the body is coded with {coding}"),
            Self::NotInflated => f.write_str("could not be inflated"),
            Self::CutOff => f.write_str("cut off"),
        }
    }
}

impl SockJsRow {
    /// Cuts the text to this number of bytes at most, at the end of a character.
    pub fn shorten(&mut self, most: usize) {
        if self.text.len() > most {
            self.text = self.text.get(..self.text.floor_char_boundary(most)).unwrap_or("").into();
        }
    }

    /// Returns the rule of the framing that is broken, or why something was not read.
    pub fn why(&self) -> Option<String> {
        match &self.kind {
            RowKind::Fault(fault) => Some(fault.to_string()),
            RowKind::Unread(why) => Some(why.to_string()),
            _ => None,
        }
    }

    /// Returns the code of a close.
    pub fn close_code(&self) -> Option<u16> {
        if let RowKind::Close(code) = self.kind { Some(code) } else { None }
    }

    /// Returns the text of a message, the reason of a close, or the beginning of what is no frame.
    pub fn shown_text(&self) -> Option<&str> {
        let has_text =
            matches!(self.kind, RowKind::Message | RowKind::Close(_) | RowKind::Fault(_));
        has_text.then_some(&*self.text)
    }

    /// Whether the text was cut.
    pub fn is_cut(&self) -> bool {
        ByteLen::of(self.text.as_bytes()) < self.text_len
    }
}

/// What all rows of a frame have in common.
#[derive(Clone, Debug)]
pub(super) struct RowContext {
    pub(super) from: Side,
    pub(super) at: Duration,
    pub(super) session: Arc<SessionPath>,
    pub(super) place: RowPlace,
}

impl RowContext {
    fn row(&self, kind: RowKind, span: Range<usize>, text: String) -> SockJsRow {
        SockJsRow {
            from: self.from,
            at: self.at,
            session: Arc::clone(&self.session),
            place: self.place,
            index: 0,
            span: ByteLen::from_usize(span.start)..ByteLen::from_usize(span.end),
            kind,
            text_len: ByteLen::of(text.as_bytes()),
            text: text.into(),
        }
    }

    /// Returns the rows of a server's frame.
    pub(super) fn rows_of_frame(&self, frame: &[u8]) -> Vec<SockJsRow> {
        let all = 0..frame.len();
        let (kind, text) = match Frame::parse(frame) {
            Ok(Frame::Open) => (RowKind::Open, String::new()),
            Ok(Frame::Heartbeat) => (RowKind::Heartbeat, String::new()),
            Ok(Frame::Messages(messages)) => return self.rows_of_messages(frame, messages),
            Ok(Frame::Message(message)) => return self.rows_of_messages(frame, vec![message]),
            Ok(Frame::Close { code, reason }) => (RowKind::Close(code), reason),
            Err(error) => return vec![self.fault(SockJsFault::Syntax(error), frame)],
        };
        vec![self.row(kind, all, text)]
    }

    /// Returns one row for each message of a text that has these.
    pub(super) fn rows_of_messages(&self, text: &[u8], messages: Vec<JsString>) -> Vec<SockJsRow> {
        if messages.is_empty() {
            return vec![self.row(RowKind::NoMessages, 0..text.len(), String::new())];
        }
        let spans = string_spans(text).map(Some).chain(std::iter::repeat(None));
        let numbered = messages.into_iter().zip(spans).enumerate();
        numbered
            .map(|(index, (message, span))| {
                let span = span.unwrap_or(0..text.len());
                let row = self.row(RowKind::Message, span, message.into_string_lossy());
                SockJsRow { index, ..row }
            })
            .collect()
    }

    /// Returns the row of a text that breaks the framing.
    pub(super) fn fault(&self, fault: SockJsFault, text: &[u8]) -> SockJsRow {
        let shown = text.get(..MAX_FAULTY_TEXT).unwrap_or(text);
        let row = self.row(
            RowKind::Fault(fault),
            0..text.len(),
            String::from_utf8_lossy(shown).into_owned(),
        );
        SockJsRow { text_len: ByteLen::of(text).max(row.text_len), ..row }
    }

    /// Returns the row of a response with another status than the transport wants.
    pub(super) fn answer(&self, status: u16) -> SockJsRow {
        self.row(RowKind::Answer(status), 0..0, String::new())
    }

    /// Returns the row of what could not be read.
    pub(super) fn unread(&self, why: Unread) -> SockJsRow {
        self.row(RowKind::Unread(why), 0..0, String::new())
    }
}

/// Returns where the strings of a JSON text stand, with their quotation marks.
fn string_spans(text: &[u8]) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut at = 0;
    std::iter::from_fn(move || {
        let quote =
            |from: usize| Some(memchr::memchr(b'"', text.get(from..)?)?.saturating_add(from));
        let start = quote(at)?;
        let mut end = start.saturating_add(1);
        loop {
            let next = memchr::memchr2(b'"', b'\\', text.get(end..)?)?.saturating_add(end);
            if text.get(next) == Some(&b'"') {
                at = next.saturating_add(1);
                return Some(start..at);
            }
            end = next.saturating_add(2);
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_found_with_their_quotation_marks() {
        let text = br#"a["x", "\"\\" ,"","\u0022"]"#;
        let found = string_spans(text).map(|span| str::from_utf8(&text[span]).unwrap());
        assert_eq!(found.collect::<Vec<_>>(), [r#""x""#, r#""\"\\""#, r#""""#, r#""\u0022""#]);
        assert_eq!(string_spans(br#"["x\"#).count(), 0);
    }
}
