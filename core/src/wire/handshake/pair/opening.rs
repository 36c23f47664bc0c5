//! Opens the connection: with a 101, with one that was captured before its request, or with one that
//! was not captured.

use super::{AttemptHead, HandshakePair, State};
use crate::wire::frame::Side;
use crate::wire::handshake::extension::{AgreedExtensions, Extension, parse_extensions};
use crate::wire::handshake::pair::event::{HandshakeEvent, Upgraded};
use crate::wire::handshake::{Head, HeadReader, ValidatedHead, response};

impl HandshakePair {
    pub(super) fn on_switching_protocols(&mut self, head: &Head, reader: HeadReader) {
        let pending = std::mem::take(&mut self.client.pending);
        let names_another_protocol = head
            .joined_value("Upgrade")
            .is_some_and(|protocols| !protocols.to_ascii_lowercase().contains("websocket"));
        // Without a request that waits, this is a second answer to the latest attempt.
        let answers_attempt = if pending.is_empty() {
            self.attempt.client.is_some()
        } else {
            pending.iter().any(|request| request.is_handshake)
        };
        let is_attempt = answers_attempt || !names_another_protocol;
        let mut requests = pending.into_iter();
        if !is_attempt {
            let exchange = super::exchange_of(requests.next(), head);
            self.events.push_back(HandshakeEvent::Exchange(exchange));
            self.client.stop();
            self.server.stop();
            return;
        }
        for request in requests.filter(|request| !request.is_handshake) {
            self.events.push_back(HandshakeEvent::Exchange(request.unanswered()));
        }
        self.on_attempt_response(reader);
        let validated = self.attempt.server.as_ref().map(|attempt| &attempt.validated);
        self.agreed = validated
            .filter(|validated| {
                validated.head.as_ref().is_some_and(response::is_switching_protocols)
            })
            .map_or_else(AgreedExtensions::none, |validated| validated.validation.agreed);
        // A capture may hold the 101 before its request, if it was taken at two places.
        let is_early = self.attempt.client.is_none() && self.client.is_untouched();
        self.state = if is_early { State::OpenBeforeRequest } else { State::Open };
        if is_early {
            self.client.expect_request();
        }
        // Both sides may have sent frame bytes early: the server right after its head, the client
        // before the 101 came.
        self.push_open();
    }

    /// Opens the connection although its 101 was not captured. What it agreed on is unknown, unless
    /// the request offered no compression.
    pub(super) fn open_without_response(&mut self) {
        self.attempt.server = None;
        self.state = State::Open;
        let request =
            self.attempt.client.as_ref().and_then(|request| request.validated.head.as_ref());
        let offers_deflate = |request: &Head| {
            let offered = request.joined_value("Sec-WebSocket-Extensions").unwrap_or_default();
            parse_extensions(offered.as_bytes(), 0).iter().any(Extension::is_deflate)
        };
        if request.is_none_or(offers_deflate) {
            self.agreed = AgreedExtensions::assumed();
        }
        self.push_open();
    }

    /// Whether the request is one of the draft hixie-76, after which the sides send no frames of
    /// RFC 6455.
    pub fn is_hixie76(&self) -> bool {
        let request = self.head(Side::Client).and_then(|validated| validated.head.as_ref());
        let has = |request: &Head, name| request.fields_named(name).next().is_some();
        request.is_some_and(|request| {
            has(request, "Sec-WebSocket-Key1") && !has(request, "Sec-WebSocket-Key")
        })
    }

    /// Emits the opening, with the frames that the client sent before it.
    fn push_open(&mut self) {
        let upgraded = Upgraded {
            agreed: self.agreed,
            client_bytes: std::mem::take(&mut self.client.held),
            client_lacks_bytes: self.client.lacks_bytes(),
        };
        self.events.push_back(HandshakeEvent::Open(upgraded));
    }

    /// Whether frames of `from` may follow bytes of it that were not captured, which may have held
    /// the 101 or the request.
    pub fn may_send_frames_after_gap(&self, from: Side) -> bool {
        match (from, self.state) {
            (Side::Server, State::Http) => {
                let awaits_101 = self.client.pending.iter().any(|request| request.is_handshake);
                awaits_101 && self.server.is_after_gap()
            }
            (Side::Client, State::OpenBeforeRequest) => self.client.is_untouched(),
            _ => false,
        }
    }

    /// Opens the connection where [`Self::may_send_frames_after_gap`], because frames follow.
    pub fn open_after_gap(&mut self, from: Side) {
        match (from, self.state) {
            (Side::Server, State::Http) => self.open_without_response(),
            (Side::Client, State::OpenBeforeRequest) => self.open_client(),
            _ => {}
        }
    }

    /// Validates the response once its request is known.
    pub(super) fn validate_response_again(&mut self) {
        let context = self.response_context();
        if let Some(AttemptHead { reader, validated }) = &mut self.attempt.server {
            *validated = ValidatedHead::new(reader, &context);
        }
    }

    pub(super) fn open_client(&mut self) {
        self.state = State::Open;
        let held = std::mem::take(&mut self.client.held);
        self.events.push_back(HandshakeEvent::LateRequest(held));
    }
}
