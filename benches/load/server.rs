//! A server under load: a process of its own, on a CPU of its own.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// A running server. Dropping it kills the process.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
}

/// The CPUs of the clients and of the servers.
pub(crate) struct Cpus {
    clients: CpuSet,
    servers: CpuSet,
    /// Whether they differ.
    pub(crate) apart: bool,
}

impl Cpus {
    /// Pins this process to its first CPU, and chooses the last one for the servers.
    pub(crate) fn take() -> anyhow::Result<Self> {
        let ours = sched_getaffinity(None)?;
        let mut all = (0..CpuSet::MAX_CPU).filter(|cpu| ours.is_set(*cpu));
        let first = all.next().context("this process has no CPU")?;
        let last = all.next_back();
        let cpus = Self {
            clients: only(first),
            servers: only(last.unwrap_or(first)),
            apart: last.is_some(),
        };
        sched_setaffinity(None, &cpus.clients)?;
        Ok(cpus)
    }

    /// Starts a process on the CPU of the servers: a child inherits the affinity of the thread that
    /// starts it.
    fn start(&self, command: &mut Command) -> anyhow::Result<Child> {
        sched_setaffinity(None, &self.servers)?;
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
        // Before the error is returned: this thread must not stay on the servers' CPU.
        sched_setaffinity(None, &self.clients)?;
        child.with_context(|| format!("could not start {command:?}"))
    }
}

fn only(cpu: usize) -> CpuSet {
    let mut set = CpuSet::new();
    set.set(cpu);
    set
}

/// Raises the limit of open files to the maximum, for this process and its children. Returns the
/// limit.
pub(crate) fn allow_sockets() -> anyhow::Result<u64> {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit })?;
    Ok(limit.maximum.unwrap_or(u64::MAX))
}

impl Server {
    /// Starts `wiretalk serve` with a kind of WebSocket server.
    pub(crate) fn websocket(kind: &str, cpus: &Cpus) -> anyhow::Result<Self> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wiretalk"));
        Self::start(command.args(["serve", "--ws-server", kind]), "ws ", cpus)
    }

    /// Starts one of the servers on raw TCP.
    pub(crate) fn floor(name: &str, cpus: &Cpus) -> anyhow::Result<Self> {
        Self::start(Command::new(std::env::current_exe()?).arg(name), "tcp ", cpus)
    }

    /// Starts a server and reads its address from the line that begins with `name`.
    fn start(command: &mut Command, name: &str, cpus: &Cpus) -> anyhow::Result<Self> {
        let mut child = cpus.start(command)?;
        let stdout = child.stdout.take().context("the output is piped")?;
        let mut lines = BufReader::new(stdout).lines();
        let line = lines.by_ref().map_while(Result::ok).find(|line| line.starts_with(name));
        // Reads and drops the log: a full pipe would block the server.
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        let url = line.ok_or_else(|| anyhow!("{command:?} printed no address"))?;
        let host = url.split("://").nth(1).and_then(|rest| rest.split('/').next());
        let address = host.and_then(|host| host.parse().ok());
        Ok(Self { child, address: address.with_context(|| format!("no address in {url:?}"))? })
    }

    /// Returns the memory of the process in bytes, with its share of pages that others use too.
    pub(crate) fn memory(&self) -> anyhow::Result<u64> {
        let path = format!("/proc/{}/smaps_rollup", self.child.id());
        let rollup = fs::read_to_string(&path).with_context(|| format!("could not read {path}"))?;
        let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"));
        let kib: u64 = line
            .and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok())
            .context("no Pss")?;
        Ok(kib * 1024)
    }

    /// Returns the CPU time of all its threads, which does not depend on the load of the machine.
    pub(crate) fn cpu(&self) -> anyhow::Result<Duration> {
        let mut all = Duration::ZERO;
        for thread in fs::read_dir(format!("/proc/{}/task", self.child.id()))? {
            // The first field of schedstat is the time on a CPU in nanoseconds; `stat` counts in
            // ticks of 10 ms.
            let schedstat = fs::read_to_string(thread?.path().join("schedstat"))?;
            let nanos = schedstat.split(' ').next().and_then(|nanos| nanos.parse().ok());
            all += Duration::from_nanos(nanos.context("no time in schedstat")?);
        }
        Ok(all)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Both fail if the process has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
