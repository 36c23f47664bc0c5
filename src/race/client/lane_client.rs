//! A lane's connection, whichever lane it is: opened, asked for exchanges, settled when its slice is over.

use bytes::Bytes;

use super::bare_http::BareHttp;
use super::hyper::{HyperHttp2, HyperKeepAlive, HyperReconnect};
use super::reqwest::ReqwestClient;
use super::sse::SsePost;
use super::tcp::RawTcp;
use super::websocket::{OpenWebSocket, PipelinedWebSocket, ReconnectingWebSocket};
use crate::race::connector::LaneConnector;
use crate::race::error::LaneError;
use crate::race::{HeaderProfile, Lane, LaneKind, RaceConfig};
use crate::scope::Scope;

/// What every connection of a lane is opened with.
pub(super) struct LaneSetup {
    pub(super) scope: Scope,
    pub(super) lane: Lane,
    pub(super) connector: LaneConnector,
    pub(super) payload: Bytes,
    pub(super) messages: usize,
    pub(super) headers: HeaderProfile,
    pub(super) read_buffer: usize,
    /// One client for all connections of the lane, as its documentation wants.
    pub(super) reqwest: Option<::reqwest::Client>,
}

impl LaneSetup {
    pub(super) fn new(
        scope: Scope,
        lane: Lane,
        config: &RaceConfig,
        connector: LaneConnector,
    ) -> Result<Self, LaneError> {
        let reqwest =
            (lane.kind == LaneKind::HttpReqwest).then(|| ReqwestClient::client(&connector)).transpose()?;
        Ok(Self {
            scope,
            lane,
            connector,
            payload: config.payload_bytes(),
            messages: config.messages_per_exchange(),
            headers: config.headers,
            read_buffer: config.read_buffer(),
            reqwest,
        })
    }
}

/// An open connection, or what opens one each time.
pub(super) enum LaneClient {
    Tcp(RawTcp),
    BareHttp(BareHttp),
    HyperKeepAlive(Box<HyperKeepAlive>),
    Reqwest(Box<ReqwestClient>),
    HyperReconnect(HyperReconnect),
    Http2(Box<HyperHttp2>),
    Sse(Box<SsePost>),
    WebSocket(Box<OpenWebSocket>),
    PipelinedWebSocket(Box<PipelinedWebSocket>),
    ReconnectingWebSocket(ReconnectingWebSocket),
}

impl LaneClient {
    pub(super) async fn connect(setup: &std::sync::Arc<LaneSetup>) -> Result<Self, LaneError> {
        Ok(match setup.lane.kind {
            LaneKind::Tcp => Self::Tcp(RawTcp::open(setup).await?),
            LaneKind::HttpBare => Self::BareHttp(BareHttp::open(setup).await?),
            LaneKind::HttpHyper => Self::HyperKeepAlive(Box::new(HyperKeepAlive::open(setup).await?)),
            LaneKind::HttpReqwest => Self::Reqwest(Box::new(ReqwestClient::open(setup).await?)),
            LaneKind::HttpNew => Self::HyperReconnect(HyperReconnect::new(setup)),
            LaneKind::Http2 => Self::Http2(Box::new(HyperHttp2::open(setup).await?)),
            LaneKind::SsePost => Self::Sse(Box::new(SsePost::open(setup).await?)),
            LaneKind::Ws => Self::WebSocket(Box::new(OpenWebSocket::open(setup).await?)),
            LaneKind::WsPipelined => {
                Self::PipelinedWebSocket(Box::new(PipelinedWebSocket::open(setup).await?))
            }
            LaneKind::WsNew => Self::ReconnectingWebSocket(ReconnectingWebSocket::new(setup)),
        })
    }

    /// All messages of one exchange there and back, each reply compared with what was sent.
    pub(super) async fn exchange(&mut self) -> Result<(), LaneError> {
        match self {
            Self::Tcp(client) => client.exchange().await,
            Self::BareHttp(client) => client.exchange().await,
            Self::HyperKeepAlive(client) => client.exchange().await,
            Self::Reqwest(client) => client.exchange().await,
            Self::HyperReconnect(client) => client.exchange().await,
            Self::Http2(client) => client.exchange().await,
            Self::Sse(client) => client.exchange().await,
            Self::WebSocket(client) => client.exchange().await,
            Self::PipelinedWebSocket(client) => client.exchange().await,
            Self::ReconnectingWebSocket(client) => client.exchange().await,
        }
    }

    /// Waits for closing handshakes that are still under way, so that they fall into their own slice.
    pub(super) async fn wait_for_closes(&mut self) {
        if let Self::ReconnectingWebSocket(client) = self {
            client.wait_for_closes().await;
        }
    }
}

/// Whether the reply is what was sent.
pub(super) fn check_reply(reply: &[u8], payload: &[u8]) -> Result<(), LaneError> {
    let mut whole = ReplyCheck::new(payload);
    whole.add(reply)?;
    whole.finish()
}

/// A reply that comes in pieces, compared with what was sent.
pub(super) struct ReplyCheck<'p> {
    payload: &'p [u8],
    got: usize,
    differs: bool,
}

impl<'p> ReplyCheck<'p> {
    pub(super) fn new(payload: &'p [u8]) -> Self {
        Self { payload, got: 0, differs: false }
    }

    /// Takes the next piece.
    ///
    /// # Errors
    /// At the first byte too many: whoever sends more than was sent may go on for ever.
    pub(super) fn add(&mut self, piece: &[u8]) -> Result<(), LaneError> {
        let end = self.got.saturating_add(piece.len());
        let Some(wanted) = self.payload.get(self.got..end) else {
            return Err(LaneError::LongReply(self.payload.len()));
        };
        self.differs |= wanted != piece;
        self.got = end;
        Ok(())
    }

    /// Whether it was what was sent, all of it.
    pub(super) fn finish(self) -> Result<(), LaneError> {
        if !self.differs && self.got == self.payload.len() {
            return Ok(());
        }
        Err(LaneError::WrongReply { received: self.got, sent: self.payload.len() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_is_refused_at_its_first_byte_too_many() {
        let mut reply = ReplyCheck::new(b"four");
        reply.add(b"fo").unwrap();
        reply.add(b"ur").unwrap();
        reply.add(b"").unwrap();
        assert!(matches!(reply.add(b"!"), Err(LaneError::LongReply(4))));
        assert!(check_reply(b"four", b"four").is_ok());
        let short = check_reply(b"fou", b"four");
        assert!(matches!(short, Err(LaneError::WrongReply { received: 3, sent: 4 })));
        let other = check_reply(b"fuor", b"four");
        assert!(matches!(other, Err(LaneError::WrongReply { received: 4, sent: 4 })));
    }
}
