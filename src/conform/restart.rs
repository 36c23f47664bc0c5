//! Brings a server back that has died.

use std::process::ExitStatus;
use std::time::Duration;

use thiserror::Error;
use tokio::time::{Instant, sleep};

use crate::conform::ConformConfig;
use crate::conform::probe::{Probe, ProbeError};
use crate::conform::process::{ServerProcess, ServerProcessId};

/// How often a server is asked whether it is back.
const ASK_INTERVAL: Duration = Duration::from_millis(100);

/// Why a server is not there.
#[derive(Debug, Error)]
pub enum RestartError {
    /// It opens no connection for a standard handshake, and nothing starts it.
    #[error("{what}{0}", what = not_open(.0))]
    NotOpen(#[source] ProbeError),
    /// The command that starts it cannot be run.
    #[error("the command that starts the server failed: {0}")]
    Command(#[source] std::io::Error),
    /// The command that starts it has failed.
    #[error("the command that starts the server failed: {0}")]
    Failed(ExitStatus),
    /// It opens no connection after it was started, or after it had died.
    #[error("the server did not come up within {} s: {_1}", .0.as_secs_f64())]
    NotBack(Duration, #[source] ProbeError),
}

/// Returns the beginning of the sentence that says why nothing can be tested.
fn not_open(error: &ProbeError) -> &'static str {
    if matches!(error, ProbeError::NoSockJs(_)) { "" } else { "no WebSocket can be opened: " }
}

/// The process that starts a server again. It ends with this value.
#[derive(Debug, Default)]
pub(super) struct Restarter {
    process: Option<ServerProcess>,
}

impl Restarter {
    /// Finds out what the server does, and starts it before if it does not run and there is a command
    /// for that.
    ///
    /// # Errors
    ///
    /// Fails if it opens no connection.
    pub(super) async fn find_traits(
        &mut self,
        config: &ConformConfig,
        probe: &mut Probe,
    ) -> Result<(), RestartError> {
        let Err(error) = probe.find_traits(config).await else { return Ok(()) };
        if config.restart.is_none() {
            return Err(RestartError::NotOpen(error));
        }
        self.start(config)?;
        let began = Instant::now();
        loop {
            let Err(error) = probe.find_traits(config).await else { return Ok(()) };
            if let Some(status) = self.process.as_mut().and_then(ServerProcess::failure) {
                return Err(RestartError::Failed(status));
            }
            if began.elapsed() >= config.restart_timeout {
                return Err(RestartError::NotBack(config.restart_timeout, error));
            }
            sleep(ASK_INTERVAL).await;
        }
    }

    /// Returns the memory of the server in bytes, if this program or the caller has started it.
    pub(super) fn memory(&self, config: &ConformConfig) -> Option<u64> {
        match &self.process {
            Some(process) => process.memory(),
            None => config.process.as_ref()?.memory(),
        }
    }

    fn start(&mut self, config: &ConformConfig) -> Result<(), RestartError> {
        if let Some(command) = &config.restart {
            // What is left of the one before may hold the port.
            self.process = None;
            self.process = Some(ServerProcess::start(command).map_err(RestartError::Command)?);
        }
        Ok(())
    }

    /// Starts the server again, if there is a command for that, and waits until it is back. Returns
    /// why it is not.
    pub(super) async fn bring_back(
        &mut self,
        config: &ConformConfig,
        probe: &Probe,
    ) -> Result<(), RestartError> {
        self.start(config)?;
        let began = Instant::now();
        loop {
            let alive = probe.is_alive(config).await;
            let is_over = began.elapsed() >= config.restart_timeout;
            // The caller may know a moment later than we that its server is back.
            let is_known = config.process.as_ref().is_none_or(ServerProcessId::is_set);
            match alive {
                Ok(()) if is_known || is_over => return Ok(()),
                Ok(()) => {}
                Err(error) => {
                    if let Some(status) = self.process.as_mut().and_then(ServerProcess::failure) {
                        return Err(RestartError::Failed(status));
                    }
                    if is_over {
                        return Err(RestartError::NotBack(config.restart_timeout, error));
                    }
                }
            }
            sleep(ASK_INTERVAL).await;
        }
    }
}
