//! [`ServerOptions`]: how a server is to run.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::net::Traffic;
use crate::servers::options::access::Access;
use crate::servers::options::event_log::{EventLog, ServerEvent};
use crate::servers::options::limits::Limits;

/// How a server is to run. The default: any free port, nobody listening to the log, the default
/// [`Limits`] and [`Access`].
#[derive(Clone, Debug, Default)]
pub struct ServerOptions {
    /// The port on 127.0.0.1; 0 is any free one.
    pub port: u16,
    /// Cancelled, it lets the server finish what it has begun, say goodbye and end, within
    /// [`Limits::drain_timeout`].
    pub shutdown: CancellationToken,
    /// Where bytes and connections are counted.
    pub traffic: Arc<Traffic>,
    /// Where requests and connections are told of.
    pub log: Option<EventLog>,
    /// What a peer may ask for.
    pub limits: Limits,
    /// Whom the server lets in.
    pub access: Access,
}

impl ServerOptions {
    pub(in crate::servers) fn record(&self, event: ServerEvent) {
        if let Some(log) = &self.log {
            log.record(event);
        }
    }
}
