//! Brings a server back that has died.

use std::process::Stdio;
use std::time::Duration;

use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};

use crate::conform::ConformConfig;
use crate::conform::probe::Probe;

/// How often a server is asked whether it is back.
const ASK_INTERVAL: Duration = Duration::from_millis(100);

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
    ) -> Result<(), String> {
        if let Some(command) = &config.restart {
            self.child = Some(start(command).map_err(|error| {
                format!("the command that starts the server again failed: {error}")
            })?);
        }
        let began = Instant::now();
        loop {
            let Err(reason) = probe.is_alive(config).await else { return Ok(()) };
            if began.elapsed() >= config.restart_timeout {
                let waited = config.restart_timeout.as_secs_f64();
                return Err(format!("the server did not come back within {waited} s: {reason}"));
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
