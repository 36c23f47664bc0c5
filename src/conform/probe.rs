//! Whether the server is there, and whether it echoes.

use std::time::Duration;

use wiretalk_core::conformance::{Case, Verdict, short_echo, standard_handshake};

use thiserror::Error;
use tokio::io::AsyncReadExt as _;
use tokio::time::timeout;

use crate::clients::{RandomError, nonce};
use crate::conform::exchange::{open, play, play_on};
use crate::conform::{ConformConfig, EchoMode, ServerTraits};
use crate::net::ConnectError;
use crate::wire::Opcode;

/// How long an echo is waited for when it is found out whether there is one.
const ECHO_TIMEOUT: Duration = Duration::from_secs(2);

/// Why a server does not open a connection.
#[derive(Debug, Error)]
pub enum ProbeError {
    /// There are no random numbers for a key.
    #[error("no random numbers: {0}")]
    Random(#[from] RandomError),
    /// No connection can be made to the server.
    #[error("{0}")]
    Connect(#[from] ConnectError),
    /// The server did something else, which is given as a clause without a subject.
    #[error("the server {0}")]
    NotOpened(String),
}

/// The handshake and the message that tell whether a server works.
#[derive(Debug)]
pub(super) struct Probe {
    handshake: Case,
    echo: Case,
    /// The traits of the server that are known so far.
    pub(super) traits: ServerTraits,
}

impl Probe {
    pub(super) fn new(seed: u64) -> Self {
        let (handshake, echo) = (standard_handshake(), short_echo(seed));
        Self { handshake, echo, traits: ServerTraits::default() }
    }

    /// Finds out what the server expects and does.
    ///
    /// # Errors
    ///
    /// Fails if it opens no connection.
    pub(super) async fn find_traits(&mut self, config: &ConformConfig) -> Result<(), ProbeError> {
        if let Err(reason) = self.is_alive(config).await {
            self.traits.needs_origin = true;
            if self.is_alive(config).await.is_err() {
                self.traits.needs_origin = false;
                return Err(reason);
            }
        }
        self.traits.has_echo =
            self.has_echo(config).await && !self.is_broadcast(config).await.unwrap_or(false);
        Ok(())
    }

    /// Whether what one client sends reaches the others too. Such a server echoes, but each case would
    /// also get the messages of those that are played beside it.
    async fn is_broadcast(&self, config: &ConformConfig) -> Result<bool, ProbeError> {
        let traits = ServerTraits { has_echo: true, ..self.traits };
        let open_echo = self.open_echo();
        let mut listener = open(config).await?;
        play_on(&mut listener, config, &open_echo, nonce()?, traits).await;
        play(config, &self.echo, nonce()?, traits).await?;
        let mut frame = [0; 2];
        let read = timeout(config.limits.quiet, listener.read(&mut frame)).await;
        let opcode = Opcode::from_bits(frame[0]);
        let is_message = matches!(opcode, Opcode::Text | Opcode::Binary);
        Ok(is_message && matches!(read, Ok(Ok(count)) if count > 0))
    }

    /// Returns the message and its echo, without the closing handshake: a server that answers no Close
    /// may echo all the same.
    fn open_echo(&self) -> Case {
        let mut open_echo = self.echo.clone();
        open_echo.steps.truncate(2);
        open_echo
    }

    /// Whether the server opens a connection; if not, why.
    pub(super) async fn is_alive(&self, config: &ConformConfig) -> Result<(), ProbeError> {
        let exchange = play(config, &self.handshake, nonce()?, self.traits).await?;
        if exchange.received.starts_with(b"HTTP/1.1 101") {
            Ok(())
        } else {
            Err(ProbeError::NotOpened(exchange.finding.reason))
        }
    }

    /// Whether the server echoes a message.
    async fn has_echo(&self, config: &ConformConfig) -> bool {
        if config.echo == EchoMode::Absent {
            return false;
        }
        let mut config = config.clone();
        config.limits.answer = config.limits.answer.min(ECHO_TIMEOUT);
        let Ok(key) = nonce() else { return false };
        let traits = ServerTraits { has_echo: true, ..self.traits };
        match play(&config, &self.open_echo(), key, traits).await {
            Ok(exchange) => {
                matches!(exchange.finding.verdict, Verdict::Pass | Verdict::Tolerated)
            }
            Err(_) => false,
        }
    }
}
