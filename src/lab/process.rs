//! [`RunningContestant`]: an echo server that runs as a child process.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use thiserror::Error;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::ChildStdin;
use tokio::time::timeout;

use crate::lab::command::{ProcessGroup, Tail, after_colon};
use crate::lab::libraries::CommandLine;
use crate::net::{PeerRole, Target};
use crate::race::Placement;
use crate::scope::Scope;

/// The time that a contestant may take until it listens.
const START_TIMEOUT: Duration = Duration::from_secs(30);

/// The time that it may take to end once its standard input is closed.
const STOP_TIMEOUT: Duration = Duration::from_secs(1);

/// The time for which the pipes of a contestant that has ended are read, for the reason.
const PIPE_TIMEOUT: Duration = Duration::from_secs(2);

/// The longest first line, in bytes.
const MAX_LINE: usize = 256;

/// The words before the URL in the first line.
const LISTENING_ON: &str = "listening on ";

/// The address for a first start: any free port.
pub(crate) const ANY_PORT: &str = "127.0.0.1:0";

/// The reason for which a contestant does not run.
#[derive(Debug, Error)]
pub(crate) enum StartError {
    /// It cannot be started.
    #[error("could not run {program}: {source}")]
    Start {
        /// The program.
        program: String,
        /// The system's error.
        source: io::Error,
    },
    /// It ended before it listened.
    #[error("it ended before it listened ({status}){}", after_colon(stderr))]
    Ended {
        /// The exit status.
        status: ExitStatus,
        /// The end of what it wrote to standard error.
        stderr: String,
    },
    /// It printed nothing.
    #[error(
        "it did not print `listening on URL` within {} s{}",
        limit.as_secs(),
        after_colon(stderr)
    )]
    Silent {
        /// The time that it had.
        limit: Duration,
        /// The end of what it wrote to standard error.
        stderr: String,
    },
    /// It printed something else.
    #[error("its first line is {line:?}, expected `listening on ws://127.0.0.1:PORT/`")]
    WrongLine {
        /// The line, at most 256 bytes of it.
        line: String,
    },
}

/// The command, folders and limits with which a contestant is started.
#[derive(Clone, Debug)]
pub(crate) struct Launch {
    /// The command, with `{address}`.
    pub(super) command: CommandLine,
    /// The folder in which it runs.
    pub(super) directory: PathBuf,
    /// The folder for what was built.
    pub(super) out: PathBuf,
    /// The placement whose server's CPU it runs on.
    pub(super) placement: Placement,
    /// The time that it may take until it listens.
    pub(super) limit: Duration,
}

impl Launch {
    /// Creates a launch with everything at its default.
    pub(crate) fn new(command: CommandLine, directory: PathBuf, out: PathBuf) -> Self {
        Self { command, directory, out, placement: Placement::best(), limit: START_TIMEOUT }
    }
}

/// A contestant that listens. It is killed when this value is dropped.
pub(crate) struct RunningContestant {
    group: ProcessGroup,
    /// It ends when this is closed.
    stdin: Option<ChildStdin>,
    /// The URL on which it listens.
    pub(crate) target: Target,
    stderr: Tail,
    /// Owns the tasks that read its output.
    _scope: Scope,
}

impl RunningContestant {
    /// Starts a contestant at `address` and waits until it listens. What it prints later is thrown
    /// away, so that it never waits for a reader.
    ///
    /// # Errors
    /// Fails if it cannot be started, or does not print its URL in time. Then it is killed.
    pub(crate) async fn start(
        scope: &Scope,
        launch: &Launch,
        address: &str,
    ) -> Result<Self, StartError> {
        let words = launch.command.fill(&launch.out, address);
        let (program, arguments) =
            words.split_first().map_or(("", &[][..]), |(program, rest)| (program.as_str(), rest));
        let (started, _) = launch.placement.start_pinned(PeerRole::Server, || {
            ProcessGroup::start(program, arguments, &launch.directory, Stdio::piped())
        });
        let mut group =
            started.map_err(|source| StartError::Start { program: program.to_owned(), source })?;
        let scope = scope.child();
        let stderr = Tail::default();
        if let Some(stream) = group.0.stderr.take() {
            let stderr = stderr.clone();
            scope.spawn("standard error of a contestant", async move { stderr.fill(stream).await });
        }
        let stdin = group.0.stdin.take();
        let Some(mut stdout) = group.0.stdout.take() else {
            return Err(StartError::Silent { limit: launch.limit, stderr: stderr.text() });
        };
        let line = timeout(launch.limit, read_line(&mut stdout)).await;
        let line = match line {
            Ok(Some(line)) => line,
            Ok(None) => return Err(end_error(&mut group, launch.limit, &stderr, &scope).await),
            Err(_) => {
                return Err(StartError::Silent { limit: launch.limit, stderr: stderr.text() });
            }
        };
        scope.spawn("standard output of a contestant", async move {
            let mut buffer = vec![0; 8 << 10];
            while let Ok(1..) = stdout.read(&mut buffer).await {}
        });
        let target = parse_line(&line).ok_or(StartError::WrongLine { line })?;
        Ok(Self { group, stdin, target, stderr, _scope: scope })
    }

    /// Returns the id of the process, unless it has ended.
    pub(super) fn process(&self) -> Option<u32> {
        self.group.0.id()
    }

    /// Returns the address on which it listens.
    pub(super) fn address(&self) -> String {
        let endpoint = self.target.endpoint();
        format!("{}:{}", endpoint.host, endpoint.port)
    }

    /// Returns the resident memory of the process in bytes, if the system tells it.
    pub(super) fn memory(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process()?)).ok()?;
        resident_memory(&status)
    }

    /// Returns the end of what it wrote to standard error.
    pub(crate) fn stderr(&self) -> String {
        self.stderr.text()
    }

    /// Waits until it ends by itself; false if it does not within `limit`.
    pub(crate) async fn ends_within(&mut self, limit: Duration) -> bool {
        timeout(limit, self.group.0.wait()).await.is_ok()
    }

    /// Closes standard input, and kills the process if it does not end by itself.
    pub(crate) async fn stop(mut self) {
        self.stdin = None;
        let _ = timeout(STOP_TIMEOUT, self.group.0.wait()).await;
        self.kill().await;
    }

    /// Kills the process and waits until it has left its port.
    pub(super) async fn kill(&mut self) {
        self.group.kill();
        // A process that was killed ends as soon as the kernel comes to it.
        let _ = timeout(STOP_TIMEOUT, self.group.0.wait()).await;
    }
}

impl fmt::Debug for RunningContestant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunningContestant")
            .field("group", &self.group)
            .field("target", &self.target)
            .finish_non_exhaustive()
    }
}

/// Reads the first line, at most [`MAX_LINE`] bytes of it; `None` if the stream ends without one.
async fn read_line(stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let mut line = Vec::new();
    let mut buffer = [0; MAX_LINE];
    loop {
        let room = MAX_LINE.saturating_sub(line.len());
        let count = stream.read(buffer.get_mut(..room)?).await.unwrap_or(0);
        line.extend_from_slice(buffer.get(..count)?);
        let end = line.iter().position(|byte| *byte == b'\n');
        if end.is_none() && count > 0 && line.len() < MAX_LINE {
            continue;
        }
        let text = line.get(..end.unwrap_or(line.len())).unwrap_or_default();
        return (end.is_some() || !text.is_empty())
            .then(|| String::from_utf8_lossy(text).into_owned());
    }
}

/// Returns the URL in the first line of a contestant.
fn parse_line(line: &str) -> Option<Target> {
    let url = line.trim().strip_prefix(LISTENING_ON)?;
    // A SockJS server has a WebSocket at the same host and port.
    let url = url.strip_prefix("http://").map_or(url.to_owned(), |rest| format!("ws://{rest}"));
    let target = Target::parse_host_only(&url).ok()?;
    let address: SocketAddr = format!("{}:{}", target.host, target.port).parse().ok()?;
    (address.ip().is_loopback() && !target.tls).then_some(target)
}

/// Returns why a process whose standard output has ended does not listen. `scope` has the task that
/// reads its standard error.
async fn end_error(
    group: &mut ProcessGroup,
    limit: Duration,
    stderr: &Tail,
    scope: &Scope,
) -> StartError {
    match timeout(STOP_TIMEOUT, group.0.wait()).await {
        Ok(Ok(status)) => {
            // The task that reads standard error may be behind.
            let _ = timeout(PIPE_TIMEOUT, scope.closed()).await;
            StartError::Ended { status, stderr: stderr.text() }
        }
        _ => StartError::Silent { limit, stderr: stderr.text() },
    }
}

/// Returns the resident memory in bytes from the text of `/proc/PID/status`.
fn resident_memory(status: &str) -> Option<u64> {
    let value = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = value.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}

/// A stand-in for a contestant, for tests: a shell that prints a URL, and a server elsewhere.
#[cfg(test)]
#[cfg(unix)]
pub(super) mod testing {
    use super::*;
    use crate::servers::{Ports, ServerBundle, ServerKind};

    /// Returns the launch of a shell that prints the URL of its address and waits.
    pub(in crate::lab) fn launch() -> Launch {
        let script = "echo listening on ws://$1/; cat >/dev/null";
        let command = CommandLine::new(&["sh", "-c", script, "sh", "{address}"]);
        Launch::new(command, PathBuf::from("/"), PathBuf::from("/"))
    }

    /// Starts a bundled server, and a shell that prints its URL.
    pub(in crate::lab) async fn start(
        scope: &Scope,
        launch: &Launch,
        kind: ServerKind,
    ) -> RunningContestant {
        let servers = ServerBundle::start(scope, Ports::default(), None);
        let address = servers.server(kind).ready().await.unwrap().to_string();
        RunningContestant::start(scope, launch, &address).await.unwrap()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_url_on_loopback_is_taken() {
        let address = |line: &str| parse_line(line).map(|target| target.authority());
        let expected = Some("127.0.0.1:40123".to_owned());
        assert_eq!(address("listening on ws://127.0.0.1:40123/"), expected);
        assert_eq!(address("listening on ws://127.0.0.1:40123/\r"), expected);
        assert_eq!(address("listening on http://127.0.0.1:40123/"), expected, "SockJS");
        for wrong in [
            "",
            "listening on 127.0.0.1:40123",
            "listening on https://127.0.0.1:40123/",
            "listening on wss://127.0.0.1:40123/",
            "listening on ws://example.com:80/",
            "Listening on ws://127.0.0.1:40123/",
            "ws://127.0.0.1:40123/",
        ] {
            assert_eq!(address(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn the_resident_memory_is_found_by_its_name() {
        assert_eq!(resident_memory("VmHWM:\t 90 kB\nVmRSS:\t    7184 kB\n"), Some(7184 * 1024));
        for wrong in ["", "VmRSS:\t7184 MB", "VmRSS: -1 kB", "VmRSS: 18446744073709551615 kB"] {
            assert_eq!(resident_memory(wrong), None, "{wrong}");
        }
    }

    #[cfg(unix)]
    mod with_a_shell {
        use super::*;

        fn scope() -> Scope {
            Scope::new(|panic| panic!("{panic}"))
        }

        fn launch(script: &str, limit: Duration) -> Launch {
            let command = CommandLine::new(&["sh", "-c", script, "sh", "{address}"]);
            let (directory, out) = (PathBuf::from("/"), PathBuf::from("/"));
            Launch { limit, ..Launch::new(command, directory, out) }
        }

        async fn start(script: &str) -> Result<RunningContestant, StartError> {
            let launch = launch(script, Duration::from_mins(1));
            RunningContestant::start(&scope(), &launch, "127.0.0.1:7").await
        }

        async fn refused(script: &str) -> StartError {
            start(script).await.unwrap_err()
        }

        /// Whether the process runs; a zombie does not.
        fn runs(process: u32) -> bool {
            let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
            let state = stat.rsplit(')').next().unwrap_or_default().trim().chars().next();
            !matches!(state, None | Some('Z' | 'X'))
        }

        #[tokio::test]
        async fn a_contestant_that_prints_its_url_runs_until_its_input_is_closed() {
            let running = start("echo listening on ws://$1/; cat; exit 0").await.unwrap();
            assert_eq!(running.address(), "127.0.0.1:7");
            let process = running.process().unwrap();
            assert_eq!(running.memory().is_some(), cfg!(target_os = "linux"));
            running.stop().await;
            assert!(!runs(process));
        }

        #[tokio::test]
        async fn one_that_never_prints_is_given_up() {
            let launch = launch("echo what >&2; sleep 600", Duration::from_secs(1));
            let error = RunningContestant::start(&scope(), &launch, ANY_PORT).await.unwrap_err();
            assert_eq!(error.to_string(), "it did not print `listening on URL` within 1 s: what");
        }

        #[tokio::test]
        async fn one_that_prints_garbage_is_refused() {
            let error = refused("echo hello; sleep 600").await;
            assert!(
                matches!(error, StartError::WrongLine { ref line } if line == "hello"),
                "{error}"
            );
            let error = refused("yes '' | tr '\\n' x; sleep 600").await;
            let StartError::WrongLine { line } = error else { panic!("{error}") };
            assert_eq!(line.len(), MAX_LINE, "an endless line is not read to its end");
            let error = refused("printf 'listening on ws://192.0.2.1:80/\\n'; sleep 600").await;
            assert!(matches!(error, StartError::WrongLine { .. }), "{error}");
        }

        #[tokio::test]
        async fn one_that_ends_at_once_is_reported_with_its_words() {
            let error = refused("echo no such module >&2; exit 7").await.to_string();
            assert_eq!(error, "it ended before it listened (exit status: 7): no such module");
            let launch = Launch {
                command: CommandLine::new(&["/no/such/program", "{address}"]),
                ..launch("", Duration::from_mins(1))
            };
            let error = RunningContestant::start(&scope(), &launch, ANY_PORT).await.unwrap_err();
            assert!(error.to_string().starts_with("could not run /no/such/program: "), "{error}");
        }

        /// Pipes hold 64 KiB, so a contestant whose output nobody reads would wait for ever.
        #[tokio::test]
        async fn one_that_floods_its_output_listens_all_the_same() {
            let flood = "head -c 1000000 /dev/zero >&2; echo listening on ws://$1/; \
                         head -c 1000000 /dev/zero; head -c 1000000 /dev/zero >&2; exit 0";
            let mut running = start(flood).await.unwrap();
            let ended = timeout(Duration::from_mins(1), running.group.0.wait()).await;
            assert!(ended.unwrap().unwrap().success());
        }

        #[tokio::test]
        async fn one_that_ignores_signals_and_its_input_is_killed() {
            let stubborn = "trap '' TERM INT HUP; echo listening on ws://$1/; \
                            while :; do sleep 600; done";
            let running = start(stubborn).await.unwrap();
            let process = running.process().unwrap();
            running.stop().await;
            assert!(!runs(process));
            let running = start(stubborn).await.unwrap();
            let process = running.process().unwrap();
            drop(running);
            let is_gone = async {
                while runs(process) {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            };
            timeout(Duration::from_mins(1), is_gone).await.expect("it is killed on drop");
        }
    }
}
