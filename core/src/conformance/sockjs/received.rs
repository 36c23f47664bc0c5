//! [`Received`]: what came on one connection: a response, and frames after it if it opened a
//! WebSocket.

use std::collections::VecDeque;

use crate::conformance::sockjs::response::ResponseReader;
use crate::sockjs::JsString;
use crate::wire::decode::frame_assembler::{AssembledFrame, FrameAssembler};
use crate::wire::{AgreedExtensions, Decoder, Opcode, Side};

/// The most bytes of a message that are kept.
const MAX_MESSAGE: usize = 512 << 10;

/// The most bytes behind a head that are kept as they came.
const MAX_BEHIND_HEAD: usize = 64;

/// The most frames that wait to be read.
pub(super) const MAX_FRAMES: usize = 256;

/// What a connection has received.
#[derive(Clone, Debug)]
pub struct Received {
    /// The response to the last request.
    pub response: ResponseReader,
    frames: Option<FrameAssembler>,
    /// The frames that were not read yet.
    waiting: VecDeque<AssembledFrame>,
    /// The first bytes behind the head of a response with the status 101.
    behind_head: Vec<u8>,
    /// The messages of SockJS frames that belong to a rule of which more have to come.
    pub(super) messages: Vec<JsString>,
    /// What the server did before its end that is tolerated, as a clause.
    pub(super) remark: Option<String>,
    /// The number of bytes since the last request.
    count: usize,
    has_ended: bool,
    has_closed: bool,
    /// Whether more frames came than are kept.
    is_flooded: bool,
}

impl Received {
    /// Creates a connection that has received nothing, for the response to a request with this method.
    pub fn new(method: &'static str) -> Self {
        Self {
            response: ResponseReader::new(method),
            frames: None,
            waiting: VecDeque::new(),
            behind_head: Vec::new(),
            messages: Vec::new(),
            remark: None,
            count: 0,
            has_ended: false,
            has_closed: false,
            is_flooded: false,
        }
    }

    /// Takes the next bytes of the connection.
    pub fn push(&mut self, bytes: &[u8]) {
        self.count = self.count.saturating_add(bytes.len());
        let mut input = bytes;
        self.response.push(&mut input);
        let is_open = self.response.head().is_some_and(|head| head.status() == Some(101));
        if !is_open {
            return;
        }
        let room = MAX_BEHIND_HEAD.saturating_sub(self.behind_head.len());
        self.behind_head.extend_from_slice(input.get(..room).unwrap_or(input));
        let frames = self.frames.get_or_insert_with(|| {
            let decoder = Decoder::new(Side::Server, AgreedExtensions::none());
            FrameAssembler::new(decoder, MAX_MESSAGE)
        });
        while let Some(frame) = frames.next_frame(&mut input) {
            self.has_closed |= frame.is_close();
            if self.waiting.len() < MAX_FRAMES {
                self.waiting.push_back(frame);
            } else {
                self.is_flooded = true;
            }
        }
    }

    /// Takes the end of the connection.
    pub fn end(&mut self) {
        self.has_ended = true;
        self.response.end();
    }

    /// Whether the connection has ended.
    pub fn has_ended(&self) -> bool {
        self.has_ended
    }

    /// Returns what no step may receive, as a clause without a subject.
    pub fn fault(&self) -> Option<&'static str> {
        let flood = "sent more than 256 frames that nothing had asked for";
        self.response.fault().or(self.is_flooded.then_some(flood))
    }

    /// Whether a Close frame came.
    pub fn has_closed(&self) -> bool {
        self.has_closed
    }

    /// Whether nothing came since the last request.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Begins the response to a further request on the same connection.
    pub fn next_response(&mut self, method: &'static str) {
        self.response = ResponseReader::new(method);
        self.count = 0;
    }

    /// Returns the next frame that was not read, and takes it.
    pub(super) fn next_frame(&mut self) -> Option<AssembledFrame> {
        self.waiting.pop_front()
    }

    /// Returns the first bytes behind the head of a response with the status 101.
    pub(super) fn behind_head(&self) -> &[u8] {
        &self.behind_head
    }

    /// Whether frames wait to be read besides pings and pongs, which may come at any time.
    pub(super) fn has_frame(&self) -> bool {
        let is_aside = |frame: &AssembledFrame| {
            let opcode = frame.start.map(|start| start.header.opcode);
            matches!(opcode, Some(Opcode::Ping | Opcode::Pong)) && frame.non_frame.is_none()
        };
        !self.waiting.iter().all(is_aside)
    }
}
