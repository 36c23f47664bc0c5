//! Opens the connection: with a 101, with one that was captured before its request, or with one that
//! was not captured.

use super::client_half::PendingRequest;
use super::{AttemptHead, HandshakePair, State};
use crate::wire::frame::{Side, Sides};
use crate::wire::handshake::extension::{AgreedExtensions, Extension, parse_extensions};
use crate::wire::handshake::pair::event::{HandshakeEvent, Upgraded};
use crate::wire::handshake::{Head, HeadReader, ValidatedHead, response};

impl HandshakePair {
    /// Returns the bytes that the server sent in place of an HTTP response to an attempt to open a
    /// WebSocket; `None` if it sent a response, or nothing yet.
    pub fn non_http_answer(&self) -> Option<&[u8]> {
        let request = self.attempt.client.as_ref()?;
        if self.state != State::Http || request.validated.head.is_none() {
            return None;
        }
        let bytes = if let Some(answer) = &self.attempt.server {
            let status = answer.validated.head.as_ref().and_then(Head::status);
            status.is_none().then(|| answer.reader.bytes())?
        } else {
            let waits = self.client.pending.front().is_some_and(|front| front.is_handshake);
            waits.then(|| self.server.partial_head())?
        };
        let start = bytes.trim_ascii_start();
        let version = b"HTTP";
        let is_http = start.iter().zip(version).all(|(byte, of)| byte.eq_ignore_ascii_case(of));
        (!is_http).then_some(start)
    }

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
        // Without a request that waits, this is a second answer to the latest attempt, or the capture
        // holds the 101 before its request.
        self.open(!answers_attempt);
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

    /// Opens the connection although its 101 was not captured, or not all of it. What it agreed on is
    /// unknown, unless the request offered no compression.
    pub(super) fn open_without_response(&mut self) {
        self.attempt.server = None;
        let is_attempt = |request: &PendingRequest| request.is_handshake;
        let answers_attempt = self.client.pending.iter().any(is_attempt);
        for request in std::mem::take(&mut self.client.pending) {
            if !request.is_handshake {
                self.events.push_back(HandshakeEvent::Exchange(request.unanswered()));
            }
        }
        let request = self.attempt.client.as_ref().filter(|_| answers_attempt);
        let request = request.and_then(|request| request.validated.head.as_ref());
        let offers_deflate = |request: &Head| {
            let offered = request.joined_value("Sec-WebSocket-Extensions").unwrap_or_default();
            parse_extensions(offered.as_bytes(), 0).iter().any(Extension::is_deflate)
        };
        self.agreed = match request {
            Some(request) if offers_deflate(request) => AgreedExtensions::assumed(),
            Some(_) => AgreedExtensions::none(),
            None => self.assumed,
        };
        self.open(!answers_attempt);
    }

    /// Opens the connection. `may_lack_request` tells whether the client's request may still come.
    fn open(&mut self, may_lack_request: bool) {
        let is_early = may_lack_request && self.client.may_send_request();
        self.state = if is_early { State::OpenBeforeRequest } else { State::Open };
        if is_early {
            self.client.expect_request();
        }
        let lost = Sides { client: self.client.is_lost(), server: self.server.is_lost() };
        // Both sides may have sent frame bytes early: the server right after its head, the client
        // before the 101 came.
        let client_bytes =
            if is_early { Vec::new() } else { std::mem::take(&mut self.client.held) };
        let upgraded = Upgraded { agreed: self.agreed, client_bytes, lacks_bytes: lost };
        self.events.push_back(HandshakeEvent::Open(upgraded));
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
