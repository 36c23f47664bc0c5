//! Brings a server back that has died.

use std::process::Stdio;
use std::time::Duration;

use thiserror::Error;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};

use crate::conform::ConformConfig;
use crate::conform::probe::{Probe, ProbeError};

/// How often a server is asked whether it is back.
const ASK_INTERVAL: Duration = Duration::from_millis(100);

/// Why a server is not back.
#[derive(Debug, Error)]
pub(super) enum RestartError {
    /// The command that starts it cannot be run.
    #[error("the command that starts the server again failed: {0}")]
    Command(#[source] std::io::Error),
    /// It opens no connection.
    #[error("the server did not come back within {} s: {_1}", .0.as_secs_f64())]
    NotBack(Duration, #[source] ProbeError),
}

/// The process that starts a server again. It ends with this value.
#[derive(Debug, Default)]
pub(super) struct Restarter {
    child: Option<Child>,
}

impl Restarter {
    /// Starts the server again, if there is a command for that, and waits until it is back. Returns
    /// why it is not.
    pub(super) async fn bring_back(
        &mut self,
        config: &ConformConfig,
        probe: &Probe,
    ) -> Result<(), RestartError> {
        if let Some(command) = &config.restart {
            self.child = Some(start(command).map_err(RestartError::Command)?);
        }
        let began = Instant::now();
        loop {
            let Err(error) = probe.is_alive(config).await else { return Ok(()) };
            if began.elapsed() >= config.restart_timeout {
                return Err(RestartError::NotBack(config.restart_timeout, error));
            }
            sleep(ASK_INTERVAL).await;
        }
    }
}

/// Runs a command with the system's shell.
fn start(command: &str) -> std::io::Result<Child> {
    let mut shell = if cfg!(windows) { Command::new("cmd") } else { Command::new("sh") };
    shell.args([if cfg!(windows) { "/C" } else { "-c" }, command]);
    shell.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    shell.spawn()
}
