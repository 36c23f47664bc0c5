//! [`ServerInfo`]: what a server says of itself before a session begins.

use std::time::{Duration, Instant};

use http_body_util::{BodyExt as _, Limited};
use hyper::Method;
use serde::Deserialize;

use crate::clients::sockjs::error::SockJsError;
use crate::clients::sockjs::link::{Link, LinkRequest, within};
use crate::clients::sockjs::options::prefix;
use crate::clients::sockjs::wire_log::{Purpose, WireLog};
use crate::net::Target;
use crate::scope::Scope;

/// The longest answer that is read, in bytes.
const MAX_INFO: usize = 16 << 10;

/// The part of a server's answer that decides how a client goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ServerInfo {
    /// Whether it takes WebSockets.
    pub(super) websocket: bool,
    /// The time until the answer was here.
    pub(super) rtt: Duration,
}

/// The answer as it is written. Fields that are missing have the client's defaults.
#[derive(Deserialize)]
struct InfoAnswer {
    #[serde(default = "yes")]
    websocket: bool,
}

fn yes() -> bool {
    true
}

/// Asks for it.
///
/// # Errors
/// Fails if there is no answer within `limit`, or not such a one.
pub(super) async fn ask(
    target: &Target,
    scope: &Scope,
    log: &WireLog,
    limit: Duration,
) -> Result<ServerInfo, SockJsError> {
    within(limit, async {
        let mut link = Link::connect(target, scope, log).await?;
        let path = format!("{}/info", prefix(target));
        let request = LinkRequest { purpose: Purpose::Info, method: Method::GET, path, body: None };
        let asked_at = Instant::now();
        let response = link.send(request).await?;
        if !response.status().is_success() {
            return Err(SockJsError::Status(response.status()));
        }
        let body = Limited::new(response.into_body(), MAX_INFO).collect().await;
        let body = body.map_err(|_| SockJsError::TooLong(MAX_INFO))?.to_bytes();
        let rtt = asked_at.elapsed();
        let answer: InfoAnswer = serde_json::from_slice(&body)
            .map_err(|error| SockJsError::Frame(format!("/info is not JSON: {error}")))?;
        Ok(ServerInfo { websocket: answer.websocket, rtt })
    })
    .await
}
