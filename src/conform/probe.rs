//! Whether the server is there, and whether it echoes.

use std::time::Duration;

use wiretalk_core::conformance::{
    Case, ConnectionEnd, Expectation, Step, Verdict, message_without_echo, short_echo,
    standard_handshake,
};

use thiserror::Error;
use tokio::io::AsyncReadExt as _;
use tokio::time::timeout;

use crate::clients::{RandomError, nonce};
use crate::conform::exchange::{open, play_on};
use crate::conform::play::{PlayError, play};
use crate::conform::sockjs::{self, SockJsProbeError};
use crate::conform::{ConformConfig, EchoMode, ServerTraits};
use crate::wire::Opcode;
use crate::wire::handshake::response::is_switching_protocols;

/// How long an echo is waited for when it is found out whether there is one.
const ECHO_TIMEOUT: Duration = Duration::from_secs(2);

/// How long a greeting is waited for.
const GREETING_TIME: Duration = Duration::from_millis(300);

/// The most messages that are a greeting.
const MAX_GREETINGS: usize = 8;

/// Why a server does not open a connection.
#[derive(Debug, Error)]
pub enum ProbeError {
    /// There are no random numbers for a key.
    #[error("no random numbers: {0}")]
    Random(#[from] RandomError),
    /// No connection can be made to the server.
    #[error("{0}")]
    Connect(#[from] PlayError),
    /// None of the endpoints is one of SockJS.
    #[error("{0}")]
    NoSockJs(#[from] SockJsProbeError),
    /// The server did something else, which is given as a clause without a subject.
    #[error("the server {0}")]
    NotOpened(String),
}

/// The handshake and the message that tell whether a server works.
#[derive(Clone, Debug)]
pub(super) struct Probe {
    handshake: Case,
    echo: Case,
    silence: Case,
    message: Case,
    ping: Case,
    /// The traits of the server that are known so far.
    pub(super) traits: ServerTraits,
}

impl Probe {
    pub(super) fn new(seed: u64) -> Self {
        let with_steps = |steps| Case { steps, ..standard_handshake() };
        let mut echo = short_echo(seed);
        // The message and its echo, without the closing handshake: whether a server answers a Close is
        // another question.
        echo.steps.truncate(2);
        let message = message_without_echo(seed);
        let ping = with_steps(message.steps.iter().skip(2).cloned().collect());
        Self {
            // FIN and no Close: a server that dies of a Close is not to die of this question.
            handshake: with_steps(vec![Step::EndWrites]),
            echo,
            silence: with_steps(vec![Step::Expect(Expectation::Silence(GREETING_TIME))]),
            message,
            ping,
            traits: ServerTraits::default(),
        }
    }

    /// Finds out what the server expects and does.
    ///
    /// # Errors
    ///
    /// Fails if it opens no connection.
    pub(super) async fn find_traits(&mut self, config: &ConformConfig) -> Result<(), ProbeError> {
        if let Some(paths) = &config.sockjs {
            self.traits = sockjs::find_traits(config, paths, nonce()?).await?;
            return Ok(());
        }
        if let Err(reason) = self.is_alive(config).await {
            self.traits.needs_origin = true;
            if self.is_alive(config).await.is_err() {
                self.traits.needs_origin = false;
                return Err(reason);
            }
        }
        let mut has_echo = self.has_echo(config).await;
        if !has_echo && config.echo == EchoMode::Detected {
            self.traits.greetings = self.count_greetings(config).await;
            has_echo = self.traits.greetings > 0 && self.has_echo(config).await;
        }
        self.traits.has_echo = has_echo && !self.is_broadcast(config).await.unwrap_or(false);
        if !self.traits.has_echo {
            self.traits.end_at_message = self.end_at_message(config).await;
        }
        Ok(())
    }

    /// Returns how many messages the server sends without being asked.
    async fn count_greetings(&self, config: &ConformConfig) -> usize {
        let Ok(key) = nonce() else { return 0 };
        let Ok(exchange) = play(config, &self.silence, key, self.traits).await else { return 0 };
        let server = exchange.first().annotated().server;
        let is_message = |opcode| matches!(opcode, Opcode::Text | Opcode::Binary);
        let frames = server.frames.frames().iter();
        let count = frames.filter(|frame| is_message(frame.header.opcode)).count();
        if count > MAX_GREETINGS { 0 } else { count }
    }

    /// Returns how the server ends a connection on which it gets a message, if it does.
    async fn end_at_message(&self, config: &ConformConfig) -> Option<ConnectionEnd> {
        let exchange = play(config, &self.message, nonce().ok()?, self.traits).await.ok()?;
        exchange.end
    }

    /// Whether the server answers on an open connection at all: with an echo if it has one, else with a
    /// pong.
    pub(super) async fn is_answering(&self, config: &ConformConfig) -> bool {
        if config.sockjs.is_some() {
            return self.is_alive(config).await.is_ok();
        }
        let case = if self.traits.has_echo { &self.echo } else { &self.ping };
        self.is_passed(config, case, self.traits).await
    }

    /// Whether what one client sends reaches the others too. Such a server echoes, but each case would
    /// also get the messages of those that are played beside it.
    async fn is_broadcast(&self, config: &ConformConfig) -> Result<bool, ProbeError> {
        // Each case has a connection of its own there too.
        if config.http2 {
            return Ok(false);
        }
        let traits = ServerTraits { has_echo: true, ..self.traits };
        let mut listener = open(config).await.map_err(PlayError::Connect)?;
        play_on(&mut listener, config, &self.echo, nonce()?, traits).await;
        play(config, &self.echo, nonce()?, traits).await?;
        let mut frame = [0; 2];
        let read = timeout(config.limits.quiet, listener.read(&mut frame)).await;
        let opcode = Opcode::from_bits(frame[0]);
        let is_message = matches!(opcode, Opcode::Text | Opcode::Binary);
        Ok(is_message && matches!(read, Ok(Ok(count)) if count > 0))
    }

    /// Whether the server opens a connection; if not, why.
    pub(super) async fn is_alive(&self, config: &ConformConfig) -> Result<(), ProbeError> {
        if let Some(paths) = &config.sockjs {
            return Ok(sockjs::is_alive(config, paths).await?);
        }
        let exchange = play(config, &self.handshake, nonce()?, self.traits).await?;
        let heads = exchange.first().annotated().server.heads;
        if heads.last().is_some_and(is_switching_protocols) {
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
        let traits = ServerTraits { has_echo: true, ..self.traits };
        self.is_passed(config, &self.echo, traits).await
    }

    /// Whether a case is passed within a short time.
    async fn is_passed(&self, config: &ConformConfig, case: &Case, traits: ServerTraits) -> bool {
        let mut config = config.clone();
        config.limits.answer = config.limits.answer.min(ECHO_TIMEOUT);
        let Ok(key) = nonce() else { return false };
        let played = play(&config, case, key, traits).await;
        played.is_ok_and(|exchange| {
            matches!(exchange.finding.verdict, Verdict::Pass | Verdict::Tolerated)
        })
    }
}
