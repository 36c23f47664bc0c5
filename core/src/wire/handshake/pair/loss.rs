//! Bytes that were not captured before the frames: what they end, and what may follow them.

use super::{HandshakePair, State};
use crate::wire::frame::Side;
use crate::wire::handshake::Head;
use crate::wire::handshake::exchange::begins_with_start_line;
use crate::wire::handshake::pair::event::{HandshakeEvent, Resumption};
use crate::wire::size::ByteLen;

impl HandshakePair {
    /// Handles bytes of `from` that were not captured. A head that is arriving ends there, and the
    /// connection goes on: with frames behind a 101, else with anything. Take the events that this
    /// gives with [`Self::next_event`].
    pub fn push_gap(&mut self, from: Side, missing: ByteLen) {
        match from {
            Side::Client => self.client.push_gap(missing),
            Side::Server => {
                let opens = self.state == State::Http && self.has_partial_101();
                if let Some(cut) = self.server.push_gap(missing).filter(|cut| !cut.is_refusal) {
                    self.events.push_back(HandshakeEvent::Exchange(cut.exchange));
                }
                if opens {
                    self.open_without_response();
                }
            }
        }
    }

    /// Whether the next byte of that side may be any of a message or of a frame, because bytes before
    /// it were not captured.
    pub fn is_lost(&self, from: Side) -> bool {
        match (from, self.state) {
            (Side::Client, State::OpenBeforeRequest) => {
                self.client.is_lost() || self.client.is_untouched()
            }
            (Side::Client, State::Http) => self.client.is_lost(),
            (Side::Server, State::Http) => self.server.is_lost(),
            _ => false,
        }
    }

    /// Passes over bytes that were captured, but belong to a message or a frame whose beginning was
    /// not. The side is lost behind them too.
    pub fn skip_unknown(&mut self, from: Side, len: ByteLen) {
        match from {
            Side::Client => self.client.skip_unknown(len),
            Side::Server => self.server.skip_unknown(len),
        }
    }

    /// Whether a side may send frames although no 101 was read. The missing bytes may have held it if
    /// an attempt waits for its response, or if they may have held a request too.
    pub fn may_send_frames(&self, from: Side) -> bool {
        let may_be_attempt = self.client.is_lost()
            || self.client.has_partial_request()
            || self.client.pending.iter().any(|request| request.is_handshake);
        match (from, self.state) {
            (_, State::Open | State::OpenBeforeRequest) => true,
            // A response to no known request is missing, so the request is too.
            (Side::Server, State::Http) => {
                let lacks_both = self.client.pending.is_empty() && self.server.may_lack_response();
                may_be_attempt || lacks_both
            }
            // Nothing of the server may be in the file.
            (Side::Client, State::Http) => {
                may_be_attempt && (self.server.is_lost() || self.server.is_between_responses())
            }
        }
    }

    /// Whether a whole attempt waits for its response, and nothing has come since.
    pub fn waits_for_response(&self) -> bool {
        self.state == State::Http
            && self.client.waits_for_response()
            && self.server.is_between_responses()
            && self.client.pending.iter().any(|request| request.is_handshake)
    }

    /// Resumes reading: the next byte of that side is the first of this unit. Behind a frame the
    /// connection is open. Take the events that this gives with [`Self::next_event`].
    pub fn resume(&mut self, from: Side, unit: Resumption) {
        match (from, unit) {
            (Side::Client, Resumption::Head) => self.client.resume_at_head(),
            (Side::Server, Resumption::Head) => self.server.resume_at_head(),
            (Side::Client, Resumption::Frame) => {
                self.client.resume_at_frame();
                match self.state {
                    State::Http => {
                        // Where the server's frames begin is not known.
                        self.server.push_gap(ByteLen::ZERO);
                        self.open_without_response();
                    }
                    State::OpenBeforeRequest => self.open_client(),
                    State::Open => {}
                }
            }
            (Side::Server, Resumption::Frame) => {
                self.server.resume_at_frame();
                if self.state == State::Http {
                    self.open_without_response();
                }
            }
        }
    }

    /// Whether the head that is arriving is a 101 that opens a WebSocket, as far as it has come.
    fn has_partial_101(&self) -> bool {
        let partial = self.server.partial_head();
        let is_101 =
            [&b"HTTP/1.1 101"[..], b"HTTP/1.0 101"].iter().any(|line| partial.starts_with(line));
        if !is_101 || !begins_with_start_line(Side::Server, partial) {
            return false;
        }
        // The last line may be cut.
        let lines_end = partial.iter().rposition(|byte| *byte == b'\n').unwrap_or_default();
        let head = Head::new(Side::Server, partial.get(..=lines_end).unwrap_or_default());
        match head.joined_value("Upgrade") {
            Some(protocols) => protocols.to_ascii_lowercase().contains("websocket"),
            None => self.may_send_frames(Side::Server) || self.client.pending.is_empty(),
        }
    }
}
