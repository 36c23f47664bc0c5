//! [`ExchangeReader`]: one HTTP exchange of a session, read as SockJS: the frames in its response, or the
//! messages in its request.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use crate::sockjs::SessionRequest;
use crate::sockjs::{FrameError, FrameProblem};
use crate::sockjs::{PayloadError, payload};
use crate::sockjs::{SendRequest, Transport, decode_uri};
use crate::wire::frame::Side;
use crate::wire::handshake::{Content, ContentFields, ContentPart};
use crate::wire::size::ByteLen;
use crate::wire::sockjs::body::{BodyLines, BodyUnit, Unread, WholeBody};
use crate::wire::sockjs::row::{RowContext, RowPlace, SockJsFault, SockJsRow};
use crate::wire::sockjs::session_path::SessionPath;

/// An exchange under way.
#[derive(Clone, Debug)]
pub(super) struct ExchangeReader {
    path: Arc<SessionPath>,
    number: u64,
    /// The type of the request's body.
    media_type: Option<String>,
    /// The content coding of the request's body, if it has one.
    encoding: Option<Box<str>>,
    /// The body of the request; `None` once it was read.
    sent: Option<WholeBody>,
    received: Option<BodyLines>,
    /// Whether a frame was found in the response, or it cannot be anything else.
    is_sockjs: bool,
    /// Whether it turned out that the response is something else.
    is_other: bool,
}

impl ExchangeReader {
    /// Begins with the head of a request; `None` if it is none of a session's.
    pub(super) fn new(content: &Content) -> Option<Self> {
        let ContentPart::Request(line, fields) = &content.part else { return None };
        let path = SessionPath::of_request(line)?;
        Some(Self {
            is_sockjs: path.is_unmistakable(),
            path: Arc::new(path),
            number: content.exchange,
            media_type: fields.media_type.clone(),
            encoding: coding(fields),
            sent: Some(WholeBody::default()),
            received: None,
            is_other: false,
        })
    }

    /// Takes the next part, and gives out what it completes.
    pub(super) fn push(
        &mut self,
        at: Duration,
        from: Side,
        part: &ContentPart,
        emit: &mut impl FnMut(SockJsRow),
    ) {
        match from {
            Side::Client if self.path.sends() => self.push_sent(at, part, emit),
            Side::Client => {}
            Side::Server => self.push_received(at, part, emit),
        }
    }

    fn context(&self, from: Side, at: Duration) -> RowContext {
        let place = RowPlace::Exchange(self.number);
        RowContext { from, at, session: Arc::clone(&self.path), place }
    }

    fn push_sent(&mut self, at: Duration, part: &ContentPart, emit: &mut impl FnMut(SockJsRow)) {
        let Some(body) = &mut self.sent else { return };
        let complete = match part {
            ContentPart::Bytes(bytes) => return body.push(bytes),
            ContentPart::Missing(missing) => return body.skip(*missing),
            ContentPart::End(is_complete) => *is_complete,
            ContentPart::Request(..) | ContentPart::Response(..) => return,
        };
        let body = std::mem::take(&mut self.sent).unwrap_or_default();
        let context = self.context(Side::Client, at);
        if let Some(coding) = self.encoding.take() {
            return emit(context.unread(Unread::Encoded(coding)));
        }
        let media_type = self.media_type.as_deref();
        let is_form = self.path.request == SessionRequest::Send(SendRequest::Jsonp);
        body.finish(complete, |unit| {
            rows_of_body(&context, unit, is_form, media_type).into_iter().for_each(emit);
        });
    }

    fn push_received(
        &mut self,
        at: Duration,
        part: &ContentPart,
        emit: &mut impl FnMut(SockJsRow),
    ) {
        if let ContentPart::Response(status, fields) = part {
            return self.begin_response(at, *status, fields, emit);
        }
        let Some(mut lines) = self.received.take() else { return };
        let mut take = |unit: BodyUnit<'_>| self.take_line(at, unit, emit);
        match part {
            ContentPart::Bytes(bytes) => lines.push(bytes, &mut take),
            ContentPart::Missing(missing) => lines.skip(*missing, &mut take),
            ContentPart::End(is_complete) => lines.finish(*is_complete, &mut take),
            ContentPart::Request(..) | ContentPart::Response(..) => {}
        }
        self.received = (!self.is_other).then_some(lines);
    }

    fn begin_response(
        &mut self,
        at: Duration,
        status: Option<u16>,
        fields: &ContentFields,
        emit: &mut impl FnMut(SockJsRow),
    ) {
        let is_expected = match status {
            Some(200) => true,
            Some(204) => self.path.sends(),
            _ => false,
        };
        let context = self.context(Side::Server, at);
        match (status, coding(fields)) {
            (Some(status), _) if !is_expected && self.is_sockjs => emit(context.answer(status)),
            _ if !is_expected || self.path.sends() => {}
            (_, Some(coding)) if self.is_sockjs => {
                emit(context.unread(Unread::Encoded(coding)));
            }
            (_, Some(_)) => {}
            (_, None) => self.received = Some(BodyLines::default()),
        }
    }

    fn take_line(&mut self, at: Duration, unit: BodyUnit<'_>, emit: &mut impl FnMut(SockJsRow)) {
        let SessionRequest::Receive(transport) = self.path.request else { return };
        let context = self.context(Side::Server, at);
        let line = match unit {
            _ if self.is_other => return,
            // Of what is not known to be SockJS nothing is missed.
            BodyUnit::Unread(_) if !self.is_sockjs => return,
            BodyUnit::Unread(why) => return emit(context.unread(why)),
            BodyUnit::Whole(line) => line,
        };
        let rows = match frame_in_line(transport, line) {
            Ok(None) => return,
            Ok(Some(frame)) => context.rows_of_frame(&frame),
            Err(fault) => vec![context.fault(fault, line)],
        };
        self.is_sockjs |= rows.iter().any(|row| row.kind.is_evidence());
        // A page or a stream of events at such an address may be anything.
        self.is_other = !self.is_sockjs;
        if self.is_sockjs {
            rows.into_iter().for_each(emit);
        }
    }
}

fn coding(fields: &ContentFields) -> Option<Box<str>> {
    fields.encoding.as_deref().map(Into::into)
}

/// Returns the rows of the body of a request that sends messages.
fn rows_of_body(
    context: &RowContext,
    unit: BodyUnit<'_>,
    is_form: bool,
    media_type: Option<&str>,
) -> Vec<SockJsRow> {
    let body = match unit {
        BodyUnit::Unread(why) => return vec![context.unread(why)],
        BodyUnit::Whole(body) => body,
    };
    let read =
        if is_form { payload::read_form(media_type, body) } else { payload::read_array(body) };
    match read {
        // The places of messages in an escaped form would be those of other bytes.
        Ok(messages) if is_form && body.first() != Some(&b'[') => {
            let all = ByteLen::ZERO..ByteLen::of(body);
            let rows = context.rows_of_messages(&[], messages).into_iter();
            rows.map(|row| SockJsRow { span: all.clone(), ..row }).collect()
        }
        Ok(messages) => context.rows_of_messages(body, messages),
        Err(PayloadError::Missing) => vec![context.fault(SockJsFault::NoPayload, body)],
        Err(PayloadError::Broken(error)) => vec![context.fault(SockJsFault::Syntax(error), body)],
    }
}

/// Returns the frame in a line of a response; `None` if the line only fills or frames.
fn frame_in_line(transport: Transport, line: &[u8]) -> Result<Option<Cow<'_, [u8]>>, SockJsFault> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let literal = match transport {
        Transport::XhrStreaming if is_prelude(line) => return Ok(None),
        Transport::XhrPolling | Transport::XhrStreaming => {
            return Ok((!line.is_empty()).then_some(Cow::Borrowed(line)));
        }
        Transport::EventSource => {
            let Some(data) = line.strip_prefix(b"data:") else { return Ok(None) };
            let data = data.strip_prefix(b" ").unwrap_or(data);
            return decode_uri(data).map(Some).map_err(SockJsFault::Syntax);
        }
        Transport::HtmlFile => line.strip_prefix(b"p("),
        Transport::JsonpPolling => {
            let call = line.strip_prefix(b"/**/").unwrap_or(line);
            let name = call.iter().position(|byte| *byte == b'(').filter(|at| *at > 0);
            name.and_then(|at| call.get(at..)?.strip_prefix(b"("))
        }
        Transport::WebSocket | Transport::RawWebSocket => None,
    };
    let Some(literal) = literal else { return Ok(None) };
    string_argument(line, literal).map(|frame| Some(Cow::Owned(frame)))
}

/// Reads the string that a call has as its only argument; `arguments` are the end of its line.
fn string_argument(line: &[u8], arguments: &[u8]) -> Result<Vec<u8>, SockJsFault> {
    let start = line.len().saturating_sub(arguments.len());
    let fault = |at: usize, problem| {
        SockJsFault::Syntax(FrameError { at: at.saturating_add(start), problem })
    };
    let trimmed = arguments.trim_ascii_end();
    let literal = trimmed.strip_suffix(b");").or_else(|| trimmed.strip_suffix(b")"));
    let literal = literal.ok_or(fault(trimmed.len(), FrameProblem::Expected(");")))?;
    if !literal.starts_with(b"\"") {
        return Err(fault(0, FrameProblem::Expected("a string")));
    }
    let strings = payload::read_message(literal).map_err(|error| fault(error.at, error.problem))?;
    let frame = strings.into_iter().next().unwrap_or_default();
    Ok(frame.into_string_lossy().into_bytes())
}

/// Whether a line is what a streaming response begins with: letters that fill a browser's buffer.
fn is_prelude(line: &[u8]) -> bool {
    line.len() > 1 && line.iter().all(|byte| *byte == b'h')
}
