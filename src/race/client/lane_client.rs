//! [`LaneClient`]: one connection of a lane, whatever its kind. It is opened once, does exchanges,
//! and settles when its slice is over.

use std::sync::Arc;

use super::bare_http::BareHttp;
use super::hyper::{HyperHttp2, HyperKeepAlive, HyperReconnect};
use super::reqwest::ReqwestClient;
use super::setup::LaneSetup;
use super::sse::SsePost;
use super::tcp::RawTcp;
use super::websocket::{OpenWebSocket, PipelinedWebSocket, ReconnectingWebSocket};
use crate::race::connector::LaneConnector;
use crate::race::error::LaneError;
use crate::race::{Lane, LaneKind, RaceConfig};
use crate::scope::Scope;

/// An open connection, or for lanes that reconnect, what opens one for each exchange.
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
    /// Prepares what all connections of `lane` share.
    ///
    /// # Errors
    /// Fails if TLS cannot be set up with the server's certificate.
    pub(super) fn setup(
        scope: Scope,
        lane: Lane,
        config: &RaceConfig,
        connector: LaneConnector,
    ) -> Result<Arc<LaneSetup>, LaneError> {
        let reqwest = (lane.kind == LaneKind::HttpReqwest)
            .then(|| ReqwestClient::build_client(&connector))
            .transpose()?;
        Ok(Arc::new(LaneSetup::new(scope, lane, config, connector, reqwest)))
    }

    pub(super) async fn connect(setup: &Arc<LaneSetup>) -> Result<Self, LaneError> {
        Ok(match setup.lane.kind {
            LaneKind::Tcp => Self::Tcp(RawTcp::open(setup).await?),
            LaneKind::HttpBare => Self::BareHttp(BareHttp::open(setup).await?),
            LaneKind::HttpHyper => {
                Self::HyperKeepAlive(Box::new(HyperKeepAlive::open(setup).await?))
            }
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

    /// Sends all messages of one exchange, receives the replies, and compares each with what was
    /// sent.
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

    /// Waits for closing handshakes that are still under way, so that their cost counts in the
    /// slice that caused them.
    pub(super) async fn wait_for_closes(&mut self) {
        if let Self::ReconnectingWebSocket(client) = self {
            client.wait_for_closes().await;
        }
    }
}
