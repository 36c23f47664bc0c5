//! [`Kind`]: the bundled WebSocket servers by the names that slides and the command line use.
//! What each does stands in its own module; here one is chosen and started.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;

use crate::scope::Scope;
use crate::servers::{Options, hub, sloppy, strict, websocket};
use crate::wire::handshake::Policy;

/// The only origin that the guarded server lets in.
pub const HOME_ORIGIN: &str = "https://talk.example";

/// One of the bundled WebSocket servers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Kind {
    /// An echo on tokio-tungstenite, as a program of today would be written.
    #[default]
    Plain,
    /// An echo that answers each broken rule with the right close code and a reason in words.
    Strict,
    /// The strict echo, which lets in only pages of [`HOME_ORIGIN`].
    Guarded,
    /// An echo that takes anything, and breaks one rule at each of its paths.
    Sloppy,
    /// No echo: what one client says, all hear.
    Hub,
}

/// A server that runs as long as it is polled.
pub(super) type Running = Pin<Box<dyn Future<Output = ()> + Send>>;

impl Kind {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Plain, Self::Strict, Self::Guarded, Self::Sloppy, Self::Hub];

    /// `plain`, `strict`, ...
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Strict => "strict",
            Self::Guarded => "guarded",
            Self::Sloppy => "sloppy",
            Self::Hub => "hub",
        }
    }

    /// The server of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Whom it lets in, and whether it compresses.
    pub fn policy(self) -> Policy {
        let origins = if self == Self::Guarded { vec![HOME_ORIGIN.to_owned()] } else { Vec::new() };
        Policy { origins, deflate: true, ..Policy::default() }
    }

    pub(super) async fn bind(
        self,
        scope: &Scope,
        options: Options,
        policy: Policy,
    ) -> io::Result<(SocketAddr, Running)> {
        Ok(match self {
            Self::Plain => boxed(websocket::bind(scope, options).await?),
            Self::Strict | Self::Guarded => boxed(strict::bind(scope, options, policy).await?),
            Self::Sloppy => boxed(sloppy::bind(scope, options).await?),
            Self::Hub => {
                let (address, _, server) = hub::bind(scope, options).await?;
                boxed((address, server))
            }
        })
    }
}

fn boxed(
    (address, server): (SocketAddr, impl Future<Output = ()> + Send + 'static),
) -> (SocketAddr, Running) {
    (address, Box::pin(server))
}
