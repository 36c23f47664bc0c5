//! The servers that are measured, each a process of its own.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use wiretalk::scope::Scope;
use wiretalk::servers::{Limits, ServerOptions, SockJsServerOptions, sockjs};
use wiretalk::sockjs::Options;

/// The argument with which this program is our server.
pub(crate) const OURS: &str = "--own-server";

/// How long a server may take to listen.
const STARTUP: Duration = Duration::from_secs(20);

/// Raises the limit of open files to the maximum, for this process and its children.
pub(crate) fn allow_sockets() -> anyhow::Result<()> {
    let limit = getrlimit(Resource::Nofile);
    Ok(setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit })?)
}

/// Is our server, with the default limit of a response and no log.
pub(crate) fn serve() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let scope = Scope::new(|panic| panic!("{panic}"));
        let limits = Limits { max_connections: 1 << 16, ..Limits::default() };
        let options = ServerOptions { limits, ..ServerOptions::default() };
        let most = 1 << 16;
        let service =
            Options { max_sessions: most, max_sessions_per_peer: most, ..Options::default() };
        let (address, server) =
            sockjs::bind(&scope, options, &SockJsServerOptions { port: 0, service })?;
        println!("listening on http://{address}/");
        server.await;
        Ok(())
    })
}

/// A running server.
pub(crate) struct Server {
    pub(crate) name: String,
    pub(crate) address: SocketAddr,
    child: Child,
}

impl Server {
    pub(crate) fn ours() -> anyhow::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        let mut child = command.arg(OURS).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        let stdout = child.stdout.take().context("the output is piped")?;
        BufReader::new(stdout).read_line(&mut line)?;
        let address = line.trim().trim_start_matches("listening on http://").trim_end_matches('/');
        let address = address.parse().with_context(|| format!("no address in {line:?}"))?;
        Ok(Self { name: "wiretalk".to_owned(), address, child })
    }

    /// Starts the program of `NAME=COMMAND`.
    pub(crate) fn other(plan: &str) -> anyhow::Result<Self> {
        let (name, command) =
            plan.split_once('=').with_context(|| format!("no NAME= in {plan:?}"))?;
        // Free now; nobody else takes it within the moment until the server has it.
        let address = free_address()?;
        let child = Command::new("sh")
            .args(["-c", &format!("exec {command} {address}")])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()?;
        let server = Self { name: name.to_owned(), address, child };
        let begun = Instant::now();
        while TcpStream::connect(address).is_err() {
            if begun.elapsed() > STARTUP {
                bail!("{name} does not listen on {address}");
            }
            std::thread::park_timeout(Duration::from_millis(50));
        }
        Ok(server)
    }

    /// Returns the memory of the process in bytes, with its share of pages that others use too.
    pub(crate) fn memory(&self) -> anyhow::Result<u64> {
        let path = format!("/proc/{}/smaps_rollup", self.child.id());
        let rollup = fs::read_to_string(&path).with_context(|| format!("could not read {path}"))?;
        let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"));
        let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
        Ok(kib.context("no Pss")? * 1024)
    }
}

#[expect(clippy::disallowed_methods, reason = "only to learn of a free port")]
fn free_address() -> anyhow::Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

impl Drop for Server {
    fn drop(&mut self) {
        // Both fail if the process has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
