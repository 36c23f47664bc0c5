//! [`ServerProcess`]: a server that this program starts, with all processes that it starts in turn.
//! [`ServerProcessId`]: a server that the caller starts.

use std::io;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::process::{Child, Command};

/// A command that runs in the system's shell. It ends with this value, and so do the processes that
/// it has started.
#[derive(Debug)]
pub(super) struct ServerProcess {
    child: Child,
    /// Its id, which is also that of the group of all its processes.
    group: Option<u32>,
}

impl ServerProcess {
    /// Runs `command`.
    ///
    /// # Errors
    ///
    /// Fails if there is no shell.
    pub(super) fn start(command: &str) -> io::Result<Self> {
        let mut shell = if cfg!(windows) { Command::new("cmd") } else { Command::new("sh") };
        shell.args([if cfg!(windows) { "/C" } else { "-c" }, command]);
        // The input stays open: a server may take its end for a request to end.
        shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
        #[cfg(unix)]
        shell.process_group(0);
        let child = shell.spawn()?;
        let group = child.id();
        Ok(Self { child, group })
    }

    /// Returns how the command ended, if it has failed already. One that succeeded may have left the
    /// server behind.
    pub(super) fn failure(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten().filter(|status| !status.success())
    }

    /// Returns the resident memory of all its processes in bytes; `None` where that is not known.
    pub(super) fn memory(&self) -> Option<u64> {
        memory_of_group(self.group?)
    }
}

/// The process of a server that the caller starts, and starts again where it dies: the first one of a
/// group of its own. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct ServerProcessId(Arc<AtomicU32>);

impl ServerProcessId {
    /// Takes the id of the process that runs now; `None` while none does.
    pub fn set(&self, id: Option<u32>) {
        self.0.store(id.unwrap_or(0), Ordering::Relaxed);
    }

    fn id(&self) -> Option<u32> {
        // No process that can be a server has the id 0.
        Some(self.0.load(Ordering::Relaxed)).filter(|id| *id > 0)
    }

    /// Whether a process runs.
    pub(super) fn is_set(&self) -> bool {
        self.id().is_some()
    }

    /// Returns the resident memory of all processes of its group in bytes; `None` where that is not
    /// known.
    pub(super) fn memory(&self) -> Option<u64> {
        memory_of_group(self.id()?)
    }
}

/// Returns the resident memory of a group's processes in bytes.
#[cfg(target_os = "linux")]
fn memory_of_group(group: u32) -> Option<u64> {
    let processes = std::fs::read_dir("/proc").ok()?;
    let pids = processes.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    let sum = pids.filter(|pid| process_group(*pid) == Some(group)).filter_map(resident).sum();
    (sum > 0).then_some(sum)
}

/// Returns `None`: it is not known here.
#[cfg(not(target_os = "linux"))]
fn memory_of_group(_: u32) -> Option<u64> {
    None
}

#[cfg(unix)]
impl Drop for ServerProcess {
    fn drop(&mut self) {
        let group = self.group.and_then(|id| i32::try_from(id).ok());
        if let Some(group) = group.and_then(rustix::process::Pid::from_raw) {
            // It may have ended already.
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
    }
}

/// Returns the process group of a process (`proc_pid_stat(5)`: the third field after the name, which
/// ends with the last parenthesis).
#[cfg(target_os = "linux")]
fn process_group(pid: u32) -> Option<u32> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, fields) = stat.rsplit_once(')')?;
    fields.split_whitespace().nth(2)?.parse().ok()
}

/// Returns the resident memory of a process in bytes.
#[cfg(target_os = "linux")]
fn resident(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kib.saturating_mul(1 << 10))
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn processes_are_counted_and_end_together() {
        let process = ServerProcess::start("sleep 1000 & sleep 1000").unwrap();
        let group = process.group.unwrap();
        let members = || {
            let all = std::fs::read_dir("/proc").unwrap();
            let pids = all.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
            pids.filter(|pid| process_group(*pid) == Some(group))
                .filter(|pid| resident(*pid).is_some())
                .count()
        };
        while members() < 2 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert!(process.memory().unwrap() > 0);
        let id = ServerProcessId::default();
        assert_eq!((id.is_set(), id.memory()), (false, None));
        id.set(process.group);
        assert!(id.is_set() && id.memory().unwrap() > 0);
        drop(process);
        while members() > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}
