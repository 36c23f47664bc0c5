//! Runs a connection in a process of its own, so that what it dies of costs no other connection.

use std::io;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, copy, split};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::scope::current_program;
use crate::servers::ServerOptions;

/// The arguments with which this program is [`length_signed::echo`](super::length_signed::echo) on
/// its standard input and output.
const ARGUMENTS: [&str; 2] = ["serve", "--length-signed"];

/// The time that a process may take to end once its output has ended.
const END_TIMEOUT: Duration = Duration::from_secs(1);

/// The most bytes of its standard error that are kept.
const MAX_STDERR: u64 = 4096;

/// Relays a connection to a process, `rest` first, until the process ends.
///
/// # Errors
/// Fails if the process cannot be started or dies, with its exit status and what it wrote to
/// standard error, or if the socket fails.
pub(super) async fn relay(
    socket: &mut (impl AsyncRead + AsyncWrite + Unpin),
    rest: &[u8],
    options: &ServerOptions,
) -> io::Result<()> {
    let mut process = start(options)?;
    let pipes = process.stdin.take().zip(process.stdout.take());
    let (mut input, mut output) = pipes.ok_or_else(|| io::Error::other("it has no pipes"))?;
    let (mut reader, mut writer) = split(socket);
    let forth = async {
        input.write_all(rest).await?;
        copy(&mut reader, &mut input).await?;
        // Its standard input ends here, and so does the process.
        drop(input);
        io::Result::Ok(())
    };
    let back = copy(&mut output, &mut writer);
    tokio::pin!(forth, back);
    tokio::select! {
        result = &mut back => drop(result?),
        // A process that has died takes nothing more; its output ends, too.
        _ = &mut forth => drop(back.await?),
    }
    end(process).await
}

fn start(options: &ServerOptions) -> io::Result<Child> {
    let mut command = Command::new(options.program.clone().unwrap_or_else(current_program));
    command
        .args(ARGUMENTS)
        // Its last words are logged in a line.
        .env("RUST_BACKTRACE", "0")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    // A process group of its own keeps Ctrl-C and Ctrl-Z for the program that owns the terminal.
    #[cfg(unix)]
    command.process_group(0);
    command.spawn()
}

/// Returns how a process has ended whose output has ended.
async fn end(mut process: Child) -> io::Result<()> {
    let Ok(status) = timeout(END_TIMEOUT, process.wait()).await else {
        return Err(io::Error::other("its process closed its output and went on"));
    };
    let status = status?;
    if status.success() {
        return Ok(());
    }
    let mut stderr = Vec::new();
    if let Some(stream) = process.stderr.take() {
        let _ = timeout(END_TIMEOUT, stream.take(MAX_STDERR).read_to_end(&mut stderr)).await;
    }
    let stderr = String::from_utf8_lossy(&stderr);
    let words: Vec<&str> = stderr.split_whitespace().collect();
    Err(io::Error::other(format!("its process died ({status}): {}", words.join(" "))))
}
