//! [`play`]: one case on a connection of its own, over HTTP/1.1 or HTTP/2.

mod http2;
mod http2_rules;

pub use http2::Http2Error;

use wiretalk_core::conformance::{Case, CaseKind};

use crate::conform::exchange::{Exchange, open, play_on};
use crate::conform::play::http2::{ExtendedConnect, Http2Connection};
use crate::conform::play::http2_rules::Http2Rules;
use crate::conform::sockjs::play_script;
use crate::conform::{ConformConfig, ServerTraits};
use crate::net::ConnectError;

/// Why a case could not be played.
#[derive(Debug, thiserror::Error)]
pub enum PlayError {
    /// No connection can be made to the server.
    #[error("{0}")]
    Connect(#[from] ConnectError),
    /// No stream of HTTP/2 can be opened.
    #[error("{0}")]
    Http2(#[from] Http2Error),
}

/// Plays a case on a connection of its own, and closes it.
///
/// # Errors
///
/// Fails if no connection can be opened.
pub(super) async fn play(
    config: &ConformConfig,
    case: &Case,
    key: [u8; 16],
    traits: ServerTraits,
) -> Result<Exchange, PlayError> {
    if let CaseKind::SockJs(script) = &case.kind {
        return Ok(play_script(config, case, script, key, traits).await?);
    }
    if !config.http2 {
        let stream = open(config).await?;
        return Ok(play_on(stream, config, case, key, traits).await);
    }
    let connection = Http2Connection::open(config).await?;
    let is_tls = config.target.tls;
    let exchange = connection.drive(async |requests| match case.kind {
        CaseKind::Http2(rule) => {
            let rules = Http2Rules { config, key, traits, requests };
            Exchange::without_bytes(rules.play(rule).await)
        }
        _ => play_on(ExtendedConnect::new(requests, is_tls), config, case, key, traits).await,
    });
    Ok(exchange.await)
}
