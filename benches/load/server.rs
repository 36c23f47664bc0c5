//! A server under load: a process of its own, on a CPU of its own, with an address and a size in
//! memory.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// Killed when dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
}

/// Where the clients run, and where the servers do.
pub(crate) struct Cpus {
    clients: CpuSet,
    servers: CpuSet,
    /// They do not get in each other's way.
    pub(crate) apart: bool,
}

impl Cpus {
    /// The first CPU for this process, the last for its servers.
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

    /// A child has the CPU of the thread that starts it.
    fn start(&self, command: &mut Command) -> anyhow::Result<Child> {
        sched_setaffinity(None, &self.servers)?;
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
        sched_setaffinity(None, &self.clients)?;
        child.with_context(|| format!("could not start {command:?}"))
    }
}

fn only(cpu: usize) -> CpuSet {
    let mut set = CpuSet::new();
    set.set(cpu);
    set
}

/// Lets this process, and those that it starts, have as many sockets as the system allows; how many
/// that is.
pub(crate) fn allow_sockets() -> anyhow::Result<u64> {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit })?;
    Ok(limit.maximum.unwrap_or(u64::MAX))
}

impl Server {
    /// `wiretalk serve` with one of its WebSocket servers.
    pub(crate) fn websocket(kind: &str, cpus: &Cpus) -> anyhow::Result<Self> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wiretalk"));
        Self::start(command.args(["serve", "--ws-server", kind]), "ws ", cpus)
    }

    /// One of the floors below it.
    pub(crate) fn floor(name: &str, cpus: &Cpus) -> anyhow::Result<Self> {
        Self::start(Command::new(std::env::current_exe()?).arg(name), "tcp ", cpus)
    }

    /// Its address stands in the line that begins with `name`; what it says later is read and
    /// forgotten.
    fn start(command: &mut Command, name: &str, cpus: &Cpus) -> anyhow::Result<Self> {
        let mut child = cpus.start(command)?;
        let stdout = child.stdout.take().context("the output is piped")?;
        let mut lines = BufReader::new(stdout).lines();
        let line = lines.by_ref().map_while(Result::ok).find(|line| line.starts_with(name));
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        let url = line.ok_or_else(|| anyhow!("{command:?} told no address"))?;
        let host = url.split("://").nth(1).and_then(|rest| rest.split('/').next());
        let address = host.and_then(|host| host.parse().ok());
        Ok(Self { child, address: address.with_context(|| format!("no address in {url:?}"))? })
    }

    /// The bytes that it has in memory and shares with nobody, or its part of what it shares.
    pub(crate) fn memory(&self) -> anyhow::Result<u64> {
        let path = format!("/proc/{}/smaps_rollup", self.child.id());
        let rollup = fs::read_to_string(&path).with_context(|| format!("could not read {path}"))?;
        let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"));
        let kib: u64 = line
            .and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok())
            .context("no Pss")?;
        Ok(kib * 1024)
    }

    /// How long it has been on a CPU: what it needs, however many others want the CPU too.
    pub(crate) fn cpu(&self) -> anyhow::Result<Duration> {
        let mut all = Duration::ZERO;
        for thread in fs::read_dir(format!("/proc/{}/task", self.child.id()))? {
            let schedstat = fs::read_to_string(thread?.path().join("schedstat"))?;
            let nanos = schedstat.split(' ').next().and_then(|nanos| nanos.parse().ok());
            all += Duration::from_nanos(nanos.context("no time in schedstat")?);
        }
        Ok(all)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // One that has ended already needs neither.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
