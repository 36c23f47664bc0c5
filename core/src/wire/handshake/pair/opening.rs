//! Opens the connection: with a 101, with one that was captured before its request, or with one that
//! was not captured.

use super::{AttemptHead, HandshakePair, State};
use crate::wire::handshake::extension::AgreedExtensions;
use crate::wire::handshake::pair::event::{HandshakeEvent, Upgraded};
use crate::wire::handshake::{Head, HeadReader, HttpExchange, ValidatedHead, response};
use crate::wire::size::ByteLen;

impl HandshakePair {
    pub(super) fn on_switching_protocols(&mut self, head: &Head, reader: HeadReader) {
        let pending = std::mem::take(&mut self.client.pending);
        let names_another_protocol = head
            .joined_value("Upgrade")
            .is_some_and(|protocols| !protocols.to_ascii_lowercase().contains("websocket"));
        let is_attempt = self.attempt.client.is_some()
            || pending.iter().any(|request| request.is_handshake)
            || !names_another_protocol;
        let mut requests = pending.into_iter();
        if !is_attempt {
            let request = requests.next();
            self.events.push_back(HandshakeEvent::Exchange(HttpExchange {
                status: head.status(),
                request_len: request.as_ref().map_or(ByteLen::ZERO, |request| request.len),
                request: request.map(|request| request.line),
                response_len: ByteLen::of(head.raw()),
                is_complete: true,
            }));
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
        let client_bytes = std::mem::take(&mut self.client.held);
        self.events.push_back(HandshakeEvent::Open(Upgraded { agreed: self.agreed, client_bytes }));
    }

    /// Opens the connection although its 101 was not captured. What it agreed on is unknown.
    pub(super) fn open_without_response(&mut self) {
        self.attempt.server = None;
        self.state = State::Open;
        let client_bytes = std::mem::take(&mut self.client.held);
        self.events.push_back(HandshakeEvent::Open(Upgraded { agreed: self.agreed, client_bytes }));
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
