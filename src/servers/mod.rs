//! The bundled servers, on loopback only, hard to hang and polite when they stop (but for the sloppy one).
//! They draw and print nothing: what happens is counted in [`Traffic`] and told as [`Event`]s to whoever asks.
//!
//! Each server is an address and a future: whoever runs the future owns the server's life. [`Bundle`] runs them on
//! a thread of their own.
//!
//! - [`http`]: the REST echo; [`websocket`]: the plain WebSocket echo, on tokio-tungstenite.
//! - [`strict`]: the WebSocket echo on `wire`, which forgives nothing; [`sloppy`]: the one that keeps no rule, its mistakes
//!   listed in [`blunders`]; [`hub`]: the one that is no echo, but tells everybody; [`Kind`]: all of these by name.
//! - [`recorded`]: both echoes once more, with every byte kept, for whoever weighs them; [`browser_headers`]: what a browser
//!   adds.
//! - [`naive_proxy`]: the cache that masking is there for.

mod accept;
pub mod blunders;
mod browser;
mod bundle;
pub mod http;
pub mod hub;
mod kind;
mod log;
pub mod naive_proxy;
mod opening;
pub mod recorded;
pub mod sloppy;
pub mod strict;
mod upgrade;
pub mod websocket;

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::net::Traffic;

pub use browser::{Header, browser_headers, reply_headers};
pub use bundle::{Addresses, Bundle, Plan, Ports, Server, State};
pub use kind::{HOME_ORIGIN, Kind};
pub use log::{Event, Log};

/// How a server is to run. The default: any free port, nobody listening to the log, the default [`Limits`].
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The port on 127.0.0.1; 0 is any free one.
    pub port: u16,
    /// Cancelled, it lets the server finish what it has begun, say goodbye and end, within [`Limits::drain`].
    pub shutdown: CancellationToken,
    /// Where bytes and connections are counted.
    pub traffic: Arc<Traffic>,
    /// Where requests and connections are told of.
    pub log: Option<Log>,
    /// What a peer may ask for.
    pub limits: Limits,
}

impl Options {
    fn tell(&self, event: Event) {
        if let Some(log) = &self.log {
            log.tell(event);
        }
    }
}

/// What a peer may ask of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The largest body or message that is echoed, in bytes. More is answered by 413, or closed with 1009.
    pub message: usize,
    /// How long a request's head may take, from the moment that the server is ready for it; so it is also how long
    /// an HTTP connection may idle between requests.
    pub head: Duration,
    /// How long a request's body may take.
    pub body: Duration,
    /// How long a frame that has begun may stand still before the strict server gives it up.
    pub frame: Duration,
    /// How long a peer may read nothing while the strict server has something to send, and how long the hub's last words
    /// may take.
    pub write: Duration,
    /// How many writes may wait for a subscriber of the hub before it is dropped; messages that came together are one.
    /// All subscribers share what waits, so it is also the most messages that the hub keeps for those who are slow.
    pub backlog: usize,
    /// How long connections may take to end once the server shuts down, before they are cut.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            message: 1 << 20,
            head: Duration::from_secs(10),
            body: Duration::from_secs(10),
            frame: Duration::from_secs(10),
            write: Duration::from_secs(10),
            backlog: 64,
            drain: Duration::from_secs(3),
        }
    }
}
