//! [`run_command`]: a program that runs to its end, within bounds of time and output.

use std::collections::VecDeque;
use std::io;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use thiserror::Error;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::{Child, Command};
use tokio::time::timeout;

/// The most bytes of standard output that are kept, from the beginning.
const MAX_OUTPUT: usize = 1 << 20;

/// The most bytes of standard error that are kept, from the end.
const MAX_TAIL: usize = 8 << 10;

/// The bytes that are read at once.
const READ_BUFFER: usize = 8 << 10;

/// The time for which the pipes of a program that has ended are read: something that it started may
/// hold them.
const PIPE_TIMEOUT: Duration = Duration::from_secs(2);

/// The failure of a program.
#[derive(Debug, Error)]
pub enum CommandError {
    /// It cannot be started.
    #[error("could not run {program}: {source}")]
    Start {
        /// The program.
        program: String,
        /// The system's error.
        source: io::Error,
    },
    /// It failed.
    #[error("{command} failed ({status}){}", after_colon(stderr))]
    Failed {
        /// The program and its arguments.
        command: String,
        /// The exit status.
        status: ExitStatus,
        /// The end of what it wrote to standard error.
        stderr: String,
    },
    /// It took too long and was killed.
    #[error("{command} did not end within {} s{}", limit.as_secs(), after_colon(stderr))]
    Timeout {
        /// The program and its arguments.
        command: String,
        /// The time that it had.
        limit: Duration,
        /// The end of what it wrote to standard error.
        stderr: String,
    },
}

/// Returns a text as the end of a sentence; nothing if it is empty.
pub(super) fn after_colon(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!(": {text}") }
}

/// The last bytes of a stream. Clones share them.
#[derive(Clone, Debug, Default)]
pub(super) struct Tail(Arc<Mutex<VecDeque<u8>>>);

impl Tail {
    /// Reads the stream to its end and keeps the last bytes.
    pub(super) async fn fill(&self, mut stream: impl AsyncRead + Unpin) {
        let mut buffer = vec![0; READ_BUFFER];
        while let Ok(count @ 1..) = stream.read(&mut buffer).await {
            let read = buffer.get(..count).unwrap_or_default();
            let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            kept.extend(read);
            let excess = kept.len().saturating_sub(MAX_TAIL);
            kept.drain(..excess);
        }
    }

    /// Returns the text, without the line that is cut off at its beginning.
    pub(super) fn text(&self) -> String {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes: Vec<u8> = kept.iter().copied().collect();
        let text = String::from_utf8_lossy(&bytes);
        let whole = if kept.len() < MAX_TAIL {
            &*text
        } else {
            text.split_once('\n').map_or(&*text, |(_, rest)| rest)
        };
        whole.trim().to_owned()
    }
}

/// A child process in a process group of its own, all of which is killed when this value is dropped.
#[derive(Debug)]
pub(super) struct ProcessGroup(pub(super) Child);

impl ProcessGroup {
    /// Starts a program with pipes for standard output and standard error.
    ///
    /// # Errors
    /// As for [`Command::spawn`].
    pub(super) fn start(
        program: &str,
        arguments: &[String],
        directory: &Path,
        stdin: Stdio,
    ) -> io::Result<Self> {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .current_dir(directory)
            .stdin(stdin)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        // It also keeps Ctrl-C and Ctrl-Z for the program that owns the terminal.
        #[cfg(unix)]
        command.process_group(0);
        command.spawn().map(Self)
    }

    /// Kills the processes of the group, unless the first of them has ended and was waited for.
    pub(super) fn kill(&mut self) {
        #[cfg(unix)]
        if let Some(id) = self.0.id().and_then(|id| i32::try_from(id).ok())
            && let Some(group) = rustix::process::Pid::from_raw(id)
        {
            // It fails if all of them have ended.
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
        let _ = self.0.start_kill();
    }
}

impl Drop for ProcessGroup {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Runs a program in `directory` and returns what it wrote to standard output, at most 1 MiB.
/// `command` is the program and its arguments.
///
/// # Errors
/// Fails if it cannot be started, does not succeed, or does not end within `limit`; then it is killed.
pub(crate) async fn run_command(
    command: &[String],
    directory: &Path,
    limit: Duration,
) -> Result<String, CommandError> {
    let (program, arguments) =
        command.split_first().map_or(("", &[][..]), |(program, rest)| (program.as_str(), rest));
    let failed = |source| CommandError::Start { program: program.to_owned(), source };
    let mut group =
        ProcessGroup::start(program, arguments, directory, Stdio::null()).map_err(failed)?;
    let (stdout, stderr) = (group.0.stdout.take(), group.0.stderr.take());
    let tail = Tail::default();
    let mut output = Vec::new();
    let running = async {
        let mut reading = std::pin::pin!(async {
            tokio::join!(
                async {
                    if let Some(stdout) = stdout {
                        read_beginning(stdout, &mut output).await;
                    }
                },
                async {
                    if let Some(stderr) = stderr {
                        tail.fill(stderr).await;
                    }
                },
            )
        });
        let status = tokio::select! {
            status = group.0.wait() => status,
            _ = &mut reading => return group.0.wait().await,
        };
        let _ = timeout(PIPE_TIMEOUT, reading).await;
        status
    };
    let ended = timeout(limit, running).await;
    let (command, stderr) = (command.join(" "), tail.text());
    match ended {
        Ok(Ok(status)) if status.success() => Ok(String::from_utf8_lossy(&output).into_owned()),
        Ok(Ok(status)) => Err(CommandError::Failed { command, status, stderr }),
        Ok(Err(source)) => Err(failed(source)),
        Err(_) => Err(CommandError::Timeout { command, limit, stderr }),
    }
}

/// Reads a stream to its end and keeps the first bytes.
async fn read_beginning(mut stream: impl AsyncRead + Unpin, kept: &mut Vec<u8>) {
    let mut buffer = vec![0; READ_BUFFER];
    while let Ok(count @ 1..) = stream.read(&mut buffer).await {
        let room = MAX_OUTPUT.saturating_sub(kept.len()).min(count);
        kept.extend_from_slice(buffer.get(..room).unwrap_or_default());
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_mins(1);

    async fn shell(script: &str, limit: Duration) -> Result<String, CommandError> {
        let command = ["sh", "-c", script].map(str::to_owned);
        run_command(&command, Path::new("/"), limit).await
    }

    #[tokio::test]
    async fn the_output_of_a_program_that_succeeds_is_returned() {
        assert_eq!(shell("pwd; echo no >&2", LIMIT).await.unwrap(), "/\n");
        let endless = "yes | head -c 3000000; echo end >&2";
        assert_eq!(shell(endless, LIMIT).await.unwrap().len(), MAX_OUTPUT);
    }

    #[tokio::test]
    async fn a_failure_has_the_end_of_standard_error() {
        let error = shell("yes line | head -c 100000 >&2; echo the end >&2; exit 3", LIMIT).await;
        let error = error.unwrap_err().to_string();
        assert!(error.starts_with("sh -c "), "{error}");
        assert!(error.contains("(exit status: 3): line\n"), "no line is cut off: {error}");
        assert!(error.ends_with("the end") && error.len() < 2 * MAX_TAIL, "{error}");
        let missing = ["/no/such/program".to_owned()];
        let error = run_command(&missing, Path::new("/"), LIMIT).await.unwrap_err().to_string();
        assert!(error.starts_with("could not run /no/such/program: "), "{error}");
        assert!(matches!(
            run_command(&[], Path::new("/"), LIMIT).await,
            Err(CommandError::Start { .. })
        ));
    }

    /// The program has started another one, which holds the pipes.
    #[tokio::test]
    async fn a_program_that_takes_too_long_is_killed_with_what_it_started() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ids");
        let script = format!("sleep 600 & echo $$ $! >{}; echo hm >&2; wait", file.display());
        let error = shell(&script, Duration::from_secs(1)).await.unwrap_err().to_string();
        assert!(error.contains("did not end within 1 s"), "{error}");
        let ids = std::fs::read_to_string(file).unwrap();
        let runs = |id: &str| {
            let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
            let state = stat.rsplit(')').next().unwrap_or_default().trim().chars().next();
            !matches!(state, None | Some('Z' | 'X'))
        };
        // A signal takes effect when its process runs next.
        let are_gone = async {
            while ids.split_whitespace().any(runs) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(LIMIT, are_gone).await.expect("they are killed");
    }
}
