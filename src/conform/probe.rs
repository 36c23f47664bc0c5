//! Whether the server is there, and whether it echoes.

use std::time::Duration;

use wiretalk_core::conformance::{Case, Verdict, short_echo, standard_handshake};

use crate::clients::nonce;
use crate::conform::exchange::play;
use crate::conform::{ConformConfig, EchoMode, ServerTraits};

/// How long an echo is waited for when it is found out whether there is one.
const ECHO_TIMEOUT: Duration = Duration::from_secs(2);

/// The handshake and the message that tell whether a server works.
#[derive(Debug)]
pub(super) struct Probe {
    handshake: Case,
    echo: Case,
    /// What is known of the server.
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
    pub(super) async fn find_traits(&mut self, config: &ConformConfig) -> Result<(), String> {
        if let Err(reason) = self.is_alive(config).await {
            self.traits.needs_origin = true;
            self.is_alive(config).await.map_err(|_| reason)?;
        }
        self.traits.has_echo = self.has_echo(config).await;
        Ok(())
    }

    /// Whether the server opens a connection; if not, why.
    pub(super) async fn is_alive(&self, config: &ConformConfig) -> Result<(), String> {
        let key = nonce().map_err(|error| error.to_string())?;
        match play(config, &self.handshake, key, self.traits).await {
            Err(error) => Err(error.to_string()),
            Ok(exchange) if exchange.received.starts_with(b"HTTP/1.1 101") => Ok(()),
            Ok(exchange) => Err(format!("the server {}", exchange.finding.reason)),
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
        match play(&config, &self.echo, key, traits).await {
            Ok(exchange) => {
                matches!(exchange.finding.verdict, Verdict::Pass | Verdict::Tolerated)
            }
            Err(_) => false,
        }
    }
}
