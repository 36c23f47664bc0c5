//! [`SockJsReader`]: everything on one connection that is SockJS: HTTP exchanges and a WebSocket.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::wire::frame::Side;
use crate::wire::handshake::{Content, ContentPart};
use crate::wire::sockjs::exchange::ExchangeReader;
use crate::wire::sockjs::row::SockJsRow;
use crate::wire::sockjs::websocket::{WebSocketMessage, WebSocketReader};

/// The maximum number of exchanges under way that are read; of more, the oldest is given up. HTTP/1.1
/// has one at a time, or as many as a client sends ahead.
const MAX_EXCHANGES: usize = 256;

/// Reads the SockJS on one connection.
#[derive(Clone, Debug, Default)]
pub struct SockJsReader {
    /// The exchanges under way, by their numbers.
    exchanges: BTreeMap<u64, ExchangeReader>,
    websocket: Option<WebSocketReader>,
}

impl SockJsReader {
    /// Creates a reader of a WebSocket whose messages are known to be SockJS.
    pub fn of_websocket() -> Self {
        Self { websocket: Some(WebSocketReader::assumed()), ..Self::default() }
    }

    /// Takes a part of an exchange, and gives out what it completes.
    pub fn push_content(
        &mut self,
        at: Duration,
        content: &Content,
        mut emit: impl FnMut(SockJsRow),
    ) {
        if let Some(exchange) = ExchangeReader::new(content) {
            self.exchanges.insert(content.exchange, exchange);
            if self.exchanges.len() > MAX_EXCHANGES {
                self.exchanges.pop_first();
            }
            return;
        }
        let Some(exchange) = self.exchanges.get_mut(&content.exchange) else { return };
        exchange.push(at, content.from, &content.part, &mut emit);
        if content.from == Side::Server && matches!(content.part, ContentPart::End(_)) {
            self.exchanges.remove(&content.exchange);
        }
    }

    /// Begins to read the messages of a WebSocket, if its request has the target of a session.
    pub fn open_websocket(&mut self, target: &str) {
        self.websocket = WebSocketReader::new(target);
    }

    /// Whether it wants the messages of the WebSocket.
    pub fn wants_messages(&self) -> bool {
        self.websocket.as_ref().is_some_and(WebSocketReader::wants_messages)
    }

    /// Notes that whole messages of a side of the WebSocket may be missing.
    pub fn lose_messages(&mut self, from: Side) {
        if let Some(websocket) = &mut self.websocket {
            websocket.lose_messages(from);
        }
    }

    /// Takes the next message of the WebSocket, and gives out its rows.
    pub fn push_message(&mut self, message: WebSocketMessage<'_>, mut emit: impl FnMut(SockJsRow)) {
        if let Some(websocket) = &mut self.websocket {
            websocket.push(message, &mut emit);
        }
    }
}
