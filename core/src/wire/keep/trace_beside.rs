//! What a [`Trace`] is told of bytes that are read elsewhere, such as frames of HTTP/2.

use std::time::Duration;

use crate::wire::frame::Side;
use crate::wire::handshake::{Content, HttpExchange};
use crate::wire::keep::sockjs_log::SockJsLog;
use crate::wire::keep::trace::Trace;

impl Trace {
    /// Notes the arrival of bytes that are read elsewhere, such as frames of HTTP/2. They belong to
    /// no row, so nothing else may follow them.
    pub fn pass_over(&mut self, from: Side, at: Duration, len: usize) {
        self.arrivals.push(from, at, len);
    }

    /// Adds an exchange whose bytes were passed over.
    pub fn add_exchange(&mut self, at: Duration, exchange: HttpExchange) {
        self.exchanges.add(at, exchange);
    }

    /// Takes a part of an exchange whose bytes were passed over.
    pub fn push_content(&mut self, at: Duration, content: &Content) {
        self.sockjs.push_content(at, content);
    }

    /// Takes the target of the request of a WebSocket whose handshake was passed over.
    pub fn set_target(&mut self, target: &str) {
        self.sockjs.open_websocket_at(target);
    }

    /// Returns what the connection says in SockJS.
    pub fn sockjs(&self) -> &SockJsLog {
        &self.sockjs
    }
}
