//! [`ServerHalf`]: the server's direction before the opening: responses with their bodies.

use std::collections::VecDeque;
use std::ops::ControlFlow;

use crate::wire::frame::Side;
use crate::wire::handshake::body::BodyReader;
use crate::wire::handshake::content::Content;
use crate::wire::handshake::exchange::{HttpExchange, looks_like_response};
use crate::wire::handshake::pair::client_half::MAX_LEFTOVER;
use crate::wire::handshake::{DEFAULT_MAX_HEAD_LEN, HeadReader, HeadScan};
use crate::wire::size::{ByteLen, Offset};

/// A response whose body is being read.
#[derive(Clone, Debug)]
pub(super) struct Response {
    pub(super) exchange: HttpExchange,
    /// Whether it answers an attempt to open a WebSocket, which it refuses.
    pub(super) is_refusal: bool,
    /// The number of the exchange, if its content is wanted.
    pub(super) content: Option<u64>,
}

/// Something that has become complete.
#[derive(Debug)]
pub(super) enum ServerStep {
    /// A head, or what came in place of one. The owner says what follows it.
    Head(HeadReader),
    /// A response with its body.
    Response(Response),
}

#[derive(Clone, Debug)]
enum Phase {
    Head,
    /// A body without a known end. Its first bytes decide whether it is one, or another head:
    /// some proxies answer a request twice.
    BodyOrHead(Vec<u8>, BodyReader),
    Body(BodyReader),
    /// Bytes that are not HTTP.
    Raw,
    /// Anything, because bytes were not captured.
    Lost,
}

#[derive(Clone, Debug)]
pub(super) struct ServerHalf {
    phase: Phase,
    pub(super) reader: HeadReader,
    /// The body of a refusal, or bytes that are not HTTP.
    pub(super) leftover: Vec<u8>,
    /// The end of what was read as HTTP.
    pub(super) read: Offset,
    pub(super) response: Option<Response>,
    /// The content that was read and not taken yet.
    pub(super) contents: VecDeque<Content>,
    /// Whether bytes that were not captured begin between two responses: whole ones may be among them.
    lacks_responses: bool,
}

impl ServerHalf {
    /// Creates a half that expects a response at this offset of its stream.
    pub(super) fn new(start: Offset) -> Self {
        Self {
            phase: Phase::Head,
            reader: HeadReader::new(Side::Server, DEFAULT_MAX_HEAD_LEN),
            leftover: Vec::new(),
            read: start,
            response: None,
            contents: VecDeque::new(),
            lacks_responses: false,
        }
    }

    /// Takes bytes from the front of `input` until something is complete, or all of them.
    pub(super) fn take(&mut self, input: &mut &[u8]) -> Option<ServerStep> {
        loop {
            match &mut self.phase {
                Phase::Head => {
                    let taken = self.reader.push(input);
                    *input = input.get(taken..).unwrap_or_default();
                    self.read += taken;
                    match self.reader.scan() {
                        HeadScan::Incomplete => return None,
                        HeadScan::Complete(_) => {}
                        _ => self.phase = Phase::Raw,
                    }
                    let fresh = HeadReader::new(Side::Server, DEFAULT_MAX_HEAD_LEN);
                    return Some(ServerStep::Head(std::mem::replace(&mut self.reader, fresh)));
                }
                Phase::BodyOrHead(..) => {
                    if let ControlFlow::Break(step) = self.decide(input) {
                        return step;
                    }
                }
                Phase::Body(body) => {
                    let number = self.response.as_ref().and_then(|response| response.content);
                    let contents = &mut self.contents;
                    let bytes = body.take_content(input, |bytes| {
                        let part = number.map(|number| Content::bytes(number, Side::Server, bytes));
                        contents.extend(part);
                    });
                    let is_done = body.is_done();
                    self.keep_body(bytes);
                    if is_done {
                        let end = number.map(|number| Content::end(number, Side::Server, true));
                        self.contents.extend(end);
                        self.phase = Phase::Head;
                        return self.response.take().map(ServerStep::Response);
                    }
                    return None;
                }
                Phase::Lost => {
                    self.read += input.len();
                    *input = &[];
                    return None;
                }
                Phase::Raw => {
                    self.keep_leftover(input);
                    *input = &[];
                    return None;
                }
            }
        }
    }

    /// Decides whether a body or another head begins; breaks if more bytes are needed for that, or
    /// with the response that has no body.
    fn decide(&mut self, input: &mut &[u8]) -> ControlFlow<Option<ServerStep>> {
        let Phase::BodyOrHead(start, body) = &mut self.phase else {
            return ControlFlow::Continue(());
        };
        while let Some((byte, rest)) = input.split_first() {
            start.push(*byte);
            *input = rest;
            let Some(is_head) = looks_like_response(start) else { continue };
            let (start, body) = (std::mem::take(start), body.clone());
            if is_head {
                self.phase = Phase::Head;
                self.read += self.reader.push(&start);
                return ControlFlow::Break(self.response.take().map(ServerStep::Response));
            }
            self.phase = Phase::Body(body);
            self.keep_body(&start);
            return ControlFlow::Continue(());
        }
        ControlFlow::Break(None)
    }

    fn keep_body(&mut self, bytes: &[u8]) {
        self.read += bytes.len();
        let Some(response) = &mut self.response else { return };
        response.exchange.response_len += bytes.len();
        if response.is_refusal {
            self.keep_leftover(bytes);
        }
    }

    pub(super) fn keep_leftover(&mut self, bytes: &[u8]) {
        let room = MAX_LEFTOVER.saturating_sub(self.leftover.len());
        self.leftover.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
    }

    /// Reads the body of a response whose head was complete.
    pub(super) fn begin_body(&mut self, body: BodyReader, response: Response) {
        // Only an attempt may be answered twice: any other body without a length ends with the
        // connection (RFC 9112 section 6.3).
        let may_be_head = response.is_refusal && body.is_until_close();
        self.response = Some(response);
        self.phase =
            if may_be_head { Phase::BodyOrHead(Vec::new(), body) } else { Phase::Body(body) };
    }

    /// Handles bytes that were not captured: what follows may be anything, unless they belong to a
    /// body whose length is known. Returns the response whose body is cut off.
    pub(super) fn push_gap(&mut self, missing: ByteLen) -> Option<Response> {
        let number = self.response.as_ref().and_then(|response| response.content);
        let goes_on = match &mut self.phase {
            Phase::Body(body) => {
                let goes_on = body.skip(missing);
                self.contents.extend(
                    number
                        .into_iter()
                        .flat_map(|number| Content::gap(number, Side::Server, missing, goes_on)),
                );
                goes_on
            }
            Phase::Head | Phase::BodyOrHead(..) | Phase::Lost => false,
            Phase::Raw => true,
        };
        if goes_on {
            return None;
        }
        self.lacks_responses |= self.is_between_responses();
        let cut = self.finish();
        self.lose();
        cut
    }

    /// Goes on without knowing what follows: any byte of anything.
    fn lose(&mut self) {
        if let Phase::BodyOrHead(start, _) = &self.phase {
            self.read += start.len();
        }
        self.reader = HeadReader::new(Side::Server, DEFAULT_MAX_HEAD_LEN);
        self.phase = Phase::Lost;
    }

    /// Passes over bytes of which nothing is known, and does not know what follows them.
    pub(super) fn skip_unknown(&mut self, len: ByteLen) {
        self.lose();
        self.read += len;
    }

    /// The next byte is the first of a head.
    pub(super) fn resume_at_head(&mut self) {
        self.lose();
        self.lacks_responses = false;
        self.phase = Phase::Head;
    }

    /// The next byte is the first of a frame, once the connection is open.
    pub(super) fn resume_at_frame(&mut self) {
        self.phase = Phase::Raw;
    }

    /// Whether the next byte may be any of anything, because bytes were not captured.
    pub(super) fn is_lost(&self) -> bool {
        matches!(self.phase, Phase::Lost)
    }

    /// Whether the next byte may be any of anything, and whole responses may be missing before it.
    pub(super) fn may_lack_response(&self) -> bool {
        self.is_lost() && self.lacks_responses
    }

    /// Whether all responses so far were read, and nothing of another one has come.
    pub(super) fn is_between_responses(&self) -> bool {
        matches!(self.phase, Phase::Head) && self.reader.bytes().is_empty()
    }

    /// Takes whatever comes for bytes that are not HTTP.
    pub(super) fn stop(&mut self) {
        self.phase = Phase::Raw;
    }

    /// Ends a response that ends with the connection, or that is cut off.
    pub(super) fn finish(&mut self) -> Option<Response> {
        let mut response = self.response.take()?;
        let rest = match &self.phase {
            Phase::BodyOrHead(start, _) => {
                response.exchange.is_complete = true;
                ByteLen::of(start)
            }
            Phase::Body(body) => {
                response.exchange.is_complete = body.is_until_close();
                ByteLen::ZERO
            }
            Phase::Head | Phase::Raw | Phase::Lost => ByteLen::ZERO,
        };
        response.exchange.response_len += rest;
        Some(response)
    }

    /// Returns the beginning of a head that is not complete.
    pub(super) fn partial_head(&self) -> &[u8] {
        let is_partial = matches!(self.phase, Phase::Head);
        if is_partial { self.reader.bytes() } else { &[] }
    }
}
