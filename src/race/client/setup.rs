//! [`LaneSetup`]: what the connections of a lane share.

use bytes::Bytes;

use crate::race::connector::LaneConnector;
use crate::race::{ExternalWebSocket, HeaderProfile, Lane, RaceConfig};
use crate::scope::Scope;

/// What each connection of a lane needs to open.
pub(super) struct LaneSetup {
    pub(super) scope: Scope,
    pub(super) lane: Lane,
    pub(super) connector: LaneConnector,
    pub(super) payload: Bytes,
    pub(super) messages: usize,
    pub(super) headers: HeaderProfile,
    pub(super) read_buffer: usize,
    /// The options for an external WebSocket server; the default for a bundled one.
    pub(super) websocket: ExternalWebSocket,
    /// One client for all connections of the lane: reqwest's documentation asks to reuse clients,
    /// because each has its own pool.
    pub(super) reqwest: Option<::reqwest::Client>,
}

impl LaneSetup {
    pub(super) fn new(
        scope: Scope,
        lane: Lane,
        config: &RaceConfig,
        connector: LaneConnector,
        reqwest: Option<::reqwest::Client>,
    ) -> Self {
        Self {
            scope,
            lane,
            connector,
            payload: config.payload_bytes(),
            messages: config.messages_per_exchange(),
            headers: config.headers,
            read_buffer: config.read_buffer(),
            websocket: config
                .external
                .as_ref()
                .map(|external| external.websocket_options.clone())
                .unwrap_or_default(),
            reqwest,
        }
    }
}
