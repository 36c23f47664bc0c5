//! [`ServerOptions`]: the options of a server.

use std::path::PathBuf;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::net::Traffic;
use crate::servers::options::access::Access;
use crate::servers::options::event_log::{EventLog, ServerEvent};
use crate::servers::options::limits::Limits;

/// The options of a server. The defaults are any free port, no log, and the default [`Limits`] and
/// [`Access`].
#[derive(Clone, Debug, Default)]
pub struct ServerOptions {
    /// The port on 127.0.0.1; 0 stands for any free one.
    pub port: u16,
    /// The token that shuts the server down: it finishes what it has begun, closes its connections
    /// and ends, within [`Limits::drain_timeout`].
    pub shutdown: CancellationToken,
    /// The counters of bytes and connections.
    pub traffic: Arc<Traffic>,
    /// The log of requests and connections, if there is one.
    pub log: Option<EventLog>,
    /// The limits for peers.
    pub limits: Limits,
    /// The requests that the server admits.
    pub access: Access,
    /// The program to start where a connection gets a process of its own; by default this one.
    pub program: Option<PathBuf>,
}

impl ServerOptions {
    pub(in crate::servers) fn record(&self, event: ServerEvent) {
        if let Some(log) = &self.log {
            log.record(event);
        }
    }
}
