//! [`ClientHalf`]: the client's direction before the opening: requests with their bodies, and the
//! bytes that may be frames.

use std::collections::VecDeque;
use std::ops::ControlFlow;

use crate::wire::frame::Side;
use crate::wire::handshake::body::BodyReader;
use crate::wire::handshake::content::{Content, ContentFields, ContentFilter, ContentPart};
use crate::wire::handshake::exchange::{
    HttpExchange, RequestLine, begins_with_start_line, is_handshake, looks_like_request,
    may_switch_protocols,
};
use crate::wire::handshake::{DEFAULT_MAX_HEAD_LEN, Head, HeadReader, HeadScan};
use crate::wire::size::{ByteLen, Offset};

/// The maximum number of bytes kept that are not HTTP, or not yet known to be, per direction.
/// Without a bound, a peer that never completes its handshake could fill the memory.
pub(super) const MAX_LEFTOVER: usize = 1 << 20;

/// The maximum number of requests that wait for a response.
const MAX_PENDING: usize = 256;

/// A request that waits for its response.
#[derive(Clone, Debug)]
pub(super) struct PendingRequest {
    pub(super) line: RequestLine,
    /// Whether it tries to open a WebSocket.
    pub(super) is_handshake: bool,
    /// The bytes so far, head and body.
    pub(super) len: ByteLen,
    /// The number of the exchange, if its content is wanted.
    pub(super) content: Option<u64>,
}

impl PendingRequest {
    /// Returns the exchange of this request without a response.
    pub(super) fn unanswered(self) -> HttpExchange {
        HttpExchange {
            request: Some(self.line),
            status: None,
            request_len: self.len,
            response_len: ByteLen::ZERO,
            is_complete: false,
        }
    }
}

/// Something that has become complete.
#[derive(Debug)]
pub(super) enum ClientStep {
    /// The head of an attempt to open a WebSocket, or what came in place of a head.
    Head(HeadReader),
    /// A request that is forgotten because too many wait for a response.
    Unanswered(PendingRequest),
}

#[derive(Clone, Debug)]
enum Phase {
    /// A request or something else; `held` has the first bytes.
    Undecided,
    Head,
    /// A body, and whether what follows it depends on the response.
    Body(BodyReader, bool),
    /// What follows is known only once the response is.
    Held,
    /// Bytes that are not HTTP.
    Raw,
    /// Anything, because bytes were not captured.
    Lost,
}

#[derive(Clone, Debug)]
pub(super) struct ClientHalf {
    phase: Phase,
    pub(super) reader: HeadReader,
    /// Bytes that are not HTTP, or not yet known to be.
    pub(super) held: Vec<u8>,
    /// The end of what was read as HTTP.
    pub(super) read: Offset,
    pub(super) pending: VecDeque<PendingRequest>,
    /// The exchanges whose content is wanted; `None` if nobody wants any.
    pub(super) wants: Option<ContentFilter>,
    /// The content that was read and not taken yet.
    pub(super) contents: VecDeque<Content>,
}

impl ClientHalf {
    /// Creates a half that expects a request at this offset of its stream.
    pub(super) fn new(start: Offset) -> Self {
        Self {
            phase: Phase::Head,
            reader: HeadReader::new(Side::Client, DEFAULT_MAX_HEAD_LEN),
            held: Vec::new(),
            read: start,
            pending: VecDeque::new(),
            wants: None,
            contents: VecDeque::new(),
        }
    }

    /// Takes bytes from the front of `input` until something is complete, or all of them.
    pub(super) fn take(&mut self, input: &mut &[u8]) -> Option<ClientStep> {
        loop {
            match &mut self.phase {
                Phase::Undecided => self.decide(input)?,
                Phase::Head => {
                    let taken = self.reader.push(input);
                    *input = input.get(taken..).unwrap_or_default();
                    self.read += taken;
                    if let ControlFlow::Break(step) = self.finish_head() {
                        return step;
                    }
                }
                Phase::Body(body, switches) => {
                    let number = self.pending.back().and_then(|request| request.content);
                    let contents = &mut self.contents;
                    let taken = body.take_content(input, |bytes| {
                        let part = number.map(|number| Content::bytes(number, Side::Client, bytes));
                        contents.extend(part);
                    });
                    let (len, is_done, switches) = (taken.len(), body.is_done(), *switches);
                    self.read += len;
                    if let Some(number) = number.filter(|_| is_done) {
                        self.contents.push_back(Content::end(number, Side::Client, true));
                    }
                    if let Some(request) = self.pending.back_mut() {
                        request.len += len;
                    }
                    if !is_done {
                        return None;
                    }
                    self.phase = if switches { Phase::Held } else { Phase::Undecided };
                }
                Phase::Lost => {
                    self.read += input.len();
                    *input = &[];
                    return None;
                }
                Phase::Held | Phase::Raw => {
                    let room = MAX_LEFTOVER.saturating_sub(self.held.len());
                    self.held.extend_from_slice(input.get(..room).unwrap_or(input));
                    *input = &[];
                    return None;
                }
            }
            if input.is_empty() {
                return None;
            }
        }
    }

    /// Decides whether another request begins. `None` if more bytes are needed for that.
    fn decide(&mut self, input: &mut &[u8]) -> Option<()> {
        while let Some((byte, rest)) = input.split_first() {
            self.held.push(*byte);
            *input = rest;
            match looks_like_request(&self.held) {
                None if self.held.len() < DEFAULT_MAX_HEAD_LEN => {}
                Some(true) => {
                    let start = std::mem::take(&mut self.held);
                    self.reader = HeadReader::new(Side::Client, DEFAULT_MAX_HEAD_LEN);
                    self.read += self.reader.push(&start);
                    self.phase = Phase::Head;
                    return Some(());
                }
                _ => {
                    self.phase = Phase::Raw;
                    return Some(());
                }
            }
        }
        None
    }

    /// Ends a head that is complete; breaks if it is not, or with what it gives.
    fn finish_head(&mut self) -> ControlFlow<Option<ClientStep>> {
        match self.reader.scan() {
            HeadScan::Incomplete => return ControlFlow::Break(None),
            HeadScan::Complete(_) => {}
            _ => {
                self.phase = Phase::Raw;
                return ControlFlow::Break(Some(ClientStep::Head(self.reader.clone())));
            }
        }
        let head = Head::new(Side::Client, self.reader.bytes());
        self.phase = Phase::Body(BodyReader::of_request(&head), may_switch_protocols(&head));
        let is_handshake = is_handshake(&head);
        let line = RequestLine::of(&head);
        let is_wanted = self.wants.is_some_and(|wants| !is_handshake && wants(&line));
        // No other request begins at its first byte.
        let content = is_wanted.then(|| (self.read - head.raw().len()).get());
        self.contents.extend(content.map(|exchange| Content {
            exchange,
            from: Side::Client,
            part: ContentPart::Request(line.clone(), ContentFields::of(&head)),
        }));
        let len = ByteLen::of(head.raw());
        self.pending.push_back(PendingRequest { line, is_handshake, len, content });
        let fresh = HeadReader::new(Side::Client, DEFAULT_MAX_HEAD_LEN);
        let reader = std::mem::replace(&mut self.reader, fresh);
        if is_handshake {
            return ControlFlow::Break(Some(ClientStep::Head(reader)));
        }
        let is_full = self.pending.len() > MAX_PENDING;
        match self.pending.pop_front_if(|_| is_full) {
            Some(oldest) => ControlFlow::Break(Some(ClientStep::Unanswered(oldest))),
            None => ControlFlow::Continue(()),
        }
    }

    /// Reads on after a response that switches no protocols. Returns the bytes that were held back,
    /// to be taken again.
    pub(super) fn resume(&mut self) -> Vec<u8> {
        match &mut self.phase {
            Phase::Body(_, switches) => {
                *switches = false;
                Vec::new()
            }
            Phase::Held => {
                self.phase = Phase::Undecided;
                std::mem::take(&mut self.held)
            }
            Phase::Undecided | Phase::Head | Phase::Raw | Phase::Lost => Vec::new(),
        }
    }

    /// Handles bytes that were not captured: what follows may be anything, unless they belong to a
    /// body whose length is known.
    pub(super) fn push_gap(&mut self, missing: ByteLen) {
        let number = self.pending.back().and_then(|request| request.content);
        let goes_on = match &mut self.phase {
            Phase::Body(body, _) => {
                let goes_on = body.skip(missing);
                self.contents.extend(
                    number
                        .into_iter()
                        .flat_map(|number| Content::gap(number, Side::Client, missing, goes_on)),
                );
                goes_on
            }
            // Joined across the gap, bytes that are held would be frames that nobody sent.
            Phase::Undecided | Phase::Head | Phase::Held | Phase::Lost => false,
            Phase::Raw => true,
        };
        if !goes_on {
            self.lose();
        }
    }

    /// Passes over bytes of which nothing is known, and does not know what follows them.
    pub(super) fn skip_unknown(&mut self, len: ByteLen) {
        self.lose();
        self.read += len;
    }

    /// Goes on without knowing what follows: any byte of anything.
    pub(super) fn lose(&mut self) {
        self.read += std::mem::take(&mut self.held).len();
        self.reader = HeadReader::new(Side::Client, DEFAULT_MAX_HEAD_LEN);
        self.phase = Phase::Lost;
    }

    /// The next byte is the first of a head.
    pub(super) fn resume_at_head(&mut self) {
        self.lose();
        self.phase = Phase::Head;
    }

    /// The next byte is the first of a frame, once the connection is open.
    pub(super) fn resume_at_frame(&mut self) {
        if self.is_lost() {
            self.phase = Phase::Held;
        }
    }

    /// Takes whatever comes for bytes that are not HTTP.
    pub(super) fn stop(&mut self) {
        self.phase = Phase::Raw;
    }

    /// Whether the next byte may be any of anything, because bytes were not captured.
    pub(super) fn is_lost(&self) -> bool {
        matches!(self.phase, Phase::Lost)
    }

    /// Whether a head is arriving, or what follows the requests so far is another one.
    pub(super) fn may_send_request(&self) -> bool {
        match &self.phase {
            Phase::Head | Phase::Undecided => true,
            Phase::Body(body, switches) => body.is_done() && !switches,
            Phase::Held | Phase::Raw | Phase::Lost => false,
        }
    }

    /// Whether the beginning of a request has arrived.
    pub(super) fn has_partial_request(&self) -> bool {
        begins_with_start_line(Side::Client, self.partial_head())
    }

    /// Whether what follows depends on the response, and nothing of it has come.
    pub(super) fn waits_for_response(&self) -> bool {
        matches!(self.phase, Phase::Held) && self.held.is_empty()
    }

    /// Whether nothing of this direction was seen.
    pub(super) fn is_untouched(&self) -> bool {
        self.read == Offset::START && self.held.is_empty()
    }

    /// Expects a request if the next bytes look like one.
    pub(super) fn expect_request(&mut self) {
        if self.partial_head().is_empty() && matches!(self.phase, Phase::Head) {
            self.phase = Phase::Undecided;
        }
    }

    /// Whether bytes that are no request have come instead of one.
    pub(super) fn is_raw(&self) -> bool {
        matches!(self.phase, Phase::Raw)
    }

    /// Whether bytes wait for the response.
    pub(super) fn is_holding_bytes(&self) -> bool {
        matches!(self.phase, Phase::Held) && !self.held.is_empty()
    }

    /// Returns the beginning of a head that is not complete.
    pub(super) fn partial_head(&self) -> &[u8] {
        let is_partial = matches!(self.phase, Phase::Head);
        if is_partial { self.reader.bytes() } else { &[] }
    }
}
