//! [`ServerKind`]: the bundled WebSocket servers by the names that slides and the command line use.
//! Their modules implement them; this one selects and starts them.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;

use crate::scope::Scope;
use crate::servers::{Origins, ServerOptions, hub, sloppy, strict, websocket};
use crate::text::named_enum;
use crate::wire::handshake::ServerPolicy;

/// The only origin that the guarded server admits.
pub const GUARDED_ORIGIN: &str = "https://talk.example";

/// One of the bundled WebSocket servers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ServerKind {
    /// An echo on tokio-tungstenite, as most programs would implement it.
    #[default]
    Plain,
    /// An echo that answers each broken rule with its close code and a reason in words.
    Strict,
    /// The strict echo, which admits only pages of [`GUARDED_ORIGIN`].
    Guarded,
    /// An echo that accepts anything at `/`, and breaks one rule at each other path.
    Sloppy,
    /// Not an echo: what one client sends, all clients receive.
    Hub,
}

/// A server that runs while it is polled.
pub(super) type ServerFuture = Pin<Box<dyn Future<Output = ()> + Send>>;

named_enum!(
    ServerKind,
    "server":
    Plain = "plain",
    Strict = "strict",
    Guarded = "guarded",
    Sloppy = "sloppy",
    Hub = "hub",
);

impl ServerKind {
    /// Whose pages it lets in, unless [`Access::origins`](super::Access::origins) says otherwise.
    pub fn origins(self) -> Origins {
        match self {
            Self::Guarded => Origins::only(GUARDED_ORIGIN.parse().expect("it is an origin")),
            // All clients receive what one sends, so a page from elsewhere could read along.
            Self::Hub => Origins::Loopback,
            Self::Plain | Self::Strict | Self::Sloppy => Origins::Any,
        }
    }

    /// Returns what it agrees to in a handshake.
    pub fn policy(self) -> ServerPolicy {
        ServerPolicy {
            deflate: matches!(self, Self::Strict | Self::Guarded),
            ..ServerPolicy::default()
        }
    }

    pub(super) fn bind(
        self,
        scope: &Scope,
        mut options: ServerOptions,
        policy: ServerPolicy,
    ) -> io::Result<(SocketAddr, ServerFuture)> {
        options.access.origins.get_or_insert_with(|| self.origins());
        Ok(match self {
            Self::Plain => boxed(websocket::bind(scope, options)?),
            Self::Strict | Self::Guarded => boxed(strict::bind(scope, options, policy)?),
            Self::Sloppy => boxed(sloppy::bind(scope, options)?),
            Self::Hub => {
                let (address, _, server) = hub::bind(scope, options)?;
                boxed((address, server))
            }
        })
    }
}

fn boxed(
    (address, server): (SocketAddr, impl Future<Output = ()> + Send + 'static),
) -> (SocketAddr, ServerFuture) {
    (address, Box::pin(server))
}
