//! What is known about the machine: its names, how busy others keep its CPUs, and whether its
//! kernel dropped connections.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

/// The machine, and the versions of the crates that were measured on it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Machine {
    /// The model of the CPU, empty if unknown.
    pub cpu: String,
    /// The number of CPUs that this process may use.
    pub cpus: usize,
    /// The operating system and the release of its kernel.
    pub kernel: String,
    /// TCP's congestion control algorithm, empty if unknown.
    pub congestion_control: String,
    /// The crates that the lanes are built from, with their versions.
    pub crates: BTreeMap<&'static str, &'static str>,
}

/// The crates that the lanes are built from.
const CRATES: [&str; 9] = [
    "axum",
    "h2",
    "hyper",
    "reqwest",
    "rustls",
    "tokio",
    "tokio-rustls",
    "tokio-tungstenite",
    "tungstenite",
];

impl Machine {
    /// Detects this machine.
    pub fn detect() -> Self {
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default().trim().to_owned();
        let info = read("/proc/cpuinfo");
        let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
        let cpus = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            cpu: model.map_or_else(String::new, |(_, name)| name.trim().to_owned()),
            cpus,
            kernel: format!("{} {}", std::env::consts::OS, read("/proc/sys/kernel/osrelease"))
                .trim()
                .to_owned(),
            congestion_control: read("/proc/sys/net/ipv4/tcp_congestion_control"),
            crates: crate_versions(include_str!("../../../Cargo.lock")),
        }
    }

    /// Returns a short summary for the foot of a table.
    pub fn summary(&self) -> String {
        let cpu = if self.cpu.is_empty() { "unknown CPU" } else { &self.cpu };
        format!("{} x {cpu}, {}", self.cpus, self.kernel)
    }
}

/// Returns the versions of [`CRATES`] in a `Cargo.lock`.
fn crate_versions(lock: &'static str) -> BTreeMap<&'static str, &'static str> {
    let quoted = |line: &'static str, key: &str| line.strip_prefix(key)?.strip_suffix('"');
    let mut found = BTreeMap::new();
    let mut name = "";
    // A package's `version` follows its `name`.
    for line in lock.lines() {
        if let Some(this) = quoted(line, "name = \"") {
            name = this;
        } else if let Some(version) = quoted(line, "version = \"")
            && CRATES.contains(&name)
        {
            found.insert(name, version);
        }
    }
    found
}

/// How long some CPUs have been busy since boot, for any process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::race) struct CpuBusyTime {
    time: Duration,
}

impl CpuBusyTime {
    /// Returns the busy time of `cpus`, or of all CPUs if the list is empty. Returns `None` if the
    /// system does not provide it.
    pub(in crate::race) fn now(cpus: &[usize]) -> Option<Self> {
        parse_busy_time(&fs::read_to_string("/proc/stat").ok()?, cpus).map(|time| Self { time })
    }

    /// Returns the share of CPU time that other processes had since `before`, over `elapsed` on
    /// `cpus` CPUs. `ours` is subtracted. The result is between 0 and 1.
    pub(in crate::race) fn foreign_since(
        self,
        before: Self,
        ours: Duration,
        elapsed: Duration,
        cpus: usize,
    ) -> f64 {
        let others = self.time.saturating_sub(before.time).saturating_sub(ours);
        others.as_secs_f64() / (elapsed.as_secs_f64() * cpus as f64)
    }
}

/// Sums user, nice, system and steal of `/proc/stat`, in ticks of 10 ms. Interrupts are left out,
/// because those of the race's own packets are among them.
fn parse_busy_time(stat: &str, cpus: &[usize]) -> Option<Duration> {
    let named = |line: &str| {
        let number = line.split_whitespace().next()?.strip_prefix("cpu")?;
        // The line `cpu` is the sum of the lines `cpu0`, `cpu1` and so on.
        Some(if cpus.is_empty() {
            number.is_empty()
        } else {
            number.parse().is_ok_and(|cpu| cpus.contains(&cpu))
        })
    };
    let mut ticks: Option<u64> = None;
    for line in stat.lines().filter(|line| named(line) == Some(true)) {
        let fields: Vec<u64> =
            line.split_whitespace().skip(1).map_while(|field| field.parse().ok()).collect();
        let [user, nice, system, _, _, _, _, steal, ..] = fields[..] else { return None };
        let more = [user, nice, system, steal].into_iter().fold(0, u64::saturating_add);
        ticks = Some(ticks.unwrap_or(0).saturating_add(more));
    }
    ticks.map(|ticks| Duration::from_millis(ticks.saturating_mul(10)))
}

/// Returns the CPU time that a process has used, with all its threads; `None` if there is none, or if
/// the system does not provide it.
pub(in crate::race) fn cpu_time_of(process: u32) -> Option<Duration> {
    parse_process_time(&fs::read_to_string(format!("/proc/{process}/stat")).ok()?)
}

/// Sums user and system of `/proc/PID/stat`, in ticks of 10 ms. They are fields 14 and 15; field 2 is
/// a name in parentheses, which may contain anything.
fn parse_process_time(stat: &str) -> Option<Duration> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut times = fields.split_whitespace().skip(11).map(|field| field.parse().ok());
    let (user, system): (u64, u64) = (times.next()??, times.next()??);
    Some(Duration::from_millis(user.saturating_add(system).saturating_mul(10)))
}

/// Connections that the kernel dropped because a listener's queue was full, from `TcpExt` in
/// `/proc/net/netstat`. The counters run since the network namespace began, or between two moments.
/// Each drop delays its client by a second, until its SYN is sent again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ListenDrops {
    /// `ListenOverflows`: the queue of connections waiting to be accepted was full.
    pub overflows: u64,
    /// `ListenDrops`: those, and connections dropped at a listener for other reasons.
    pub drops: u64,
}

impl ListenDrops {
    /// Returns the counters of the calling thread's network namespace; `None` if the system has
    /// none.
    pub(in crate::race) fn now() -> Option<Self> {
        // `/proc/net` belongs to the process; only `thread-self` follows the thread into its
        // namespace.
        listen_drops(&fs::read_to_string("/proc/thread-self/net/netstat").ok()?)
    }

    /// Returns the drops since `before`.
    pub(in crate::race) fn since(self, before: Self) -> Self {
        Self {
            overflows: self.overflows.saturating_sub(before.overflows),
            drops: self.drops.saturating_sub(before.drops),
        }
    }

    /// Returns why a run with these drops does not count, or `None` if there were none.
    pub fn objection(self) -> Option<String> {
        let Self { overflows, drops } = self;
        (overflows > 0 || drops > 0).then(|| {
            format!(
                "the kernel dropped connections at a full listener (ListenOverflows +{overflows}, \
                 ListenDrops +{drops}), and their clients waited a second each"
            )
        })
    }
}

/// Parses a line of names and a line of numbers, both of which begin with `TcpExt:`.
fn listen_drops(netstat: &str) -> Option<ListenDrops> {
    let mut lines = netstat.lines().filter_map(|line| line.strip_prefix("TcpExt:"));
    let (names, numbers) = (lines.next()?, lines.next()?);
    let number = |name: &str| {
        let at = names.split_whitespace().position(|have| have == name)?;
        numbers.split_whitespace().nth(at)?.parse().ok()
    };
    Some(ListenDrops { overflows: number("ListenOverflows")?, drops: number("ListenDrops")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAT: &str = "cpu  100 5 20 900 1 7 8 3 0 0\ncpu0 60 5 10 400 1 3 4 1 0 0\ncpu1 40 0 10 \
                        500 0 4 4 2 0 0\nintr 1\n";

    #[test]
    fn the_given_cpus_are_summed_without_interrupts() {
        assert_eq!(parse_busy_time(STAT, &[]), Some(Duration::from_millis(1280)));
        assert_eq!(parse_busy_time(STAT, &[1]), Some(Duration::from_millis(520)));
        assert_eq!(parse_busy_time(STAT, &[0, 1]), Some(Duration::from_millis(1280)));
        assert_eq!(parse_busy_time(STAT, &[7]), None);
        assert_eq!(parse_busy_time("garbage", &[]), None);
    }

    #[test]
    fn huge_tick_counts_saturate() {
        let line = |name: &str| format!("{name}{}\n", format!(" {}", u64::MAX).repeat(10));
        let stat = [line("cpu0"), line("cpu1")].concat();
        assert_eq!(parse_busy_time(&stat, &[0, 1]), Some(Duration::from_millis(u64::MAX)));
    }

    #[test]
    fn the_time_of_a_process_is_found_behind_any_name() {
        let stat = "7 (a) b 1 2) S 1 7 7 0 -1 4194304 90 0 0 0 150 25 0 0 20 0 1";
        assert_eq!(parse_process_time(stat), Some(Duration::from_millis(1750)));
        for wrong in ["", "7 (a) S 1", "7 (a) S 1 7 7 0 -1 4194304 90 0 0 0 x 25"] {
            assert_eq!(parse_process_time(wrong), None, "{wrong:?}");
        }
        assert_eq!(cpu_time_of(std::process::id()).is_some(), cfg!(target_os = "linux"));
        assert_eq!(cpu_time_of(u32::MAX), None);
    }

    #[test]
    fn cpu_time_of_others_is_foreign() {
        let at = |ms| CpuBusyTime { time: Duration::from_millis(ms) };
        let share =
            at(1_500).foreign_since(at(500), Duration::from_millis(800), Duration::from_secs(1), 2);
        assert!((share - 0.1).abs() < 1e-9, "{share}");
    }

    const NETSTAT: &str = "TcpExt: SyncookiesSent ListenOverflows ListenDrops TCPHPHits\nTcpExt: \
                           1 515 520 77\nIpExt: InNoRoutes ListenOverflows\nIpExt: 3 4\n";

    #[test]
    fn dropped_connections_are_found_by_their_names() {
        assert_eq!(listen_drops(NETSTAT), Some(ListenDrops { overflows: 515, drops: 520 }));
        let swapped =
            NETSTAT.replacen("ListenOverflows ListenDrops", "ListenDrops ListenOverflows", 1);
        assert_eq!(listen_drops(&swapped), Some(ListenDrops { overflows: 520, drops: 515 }));
        let huge = NETSTAT.replace("520", &u64::MAX.to_string());
        assert_eq!(listen_drops(&huge).map(|found| found.drops), Some(u64::MAX));
        for wrong in [
            "",
            "garbage",
            "TcpExt: ListenOverflows ListenDrops\n",
            "TcpExt: ListenOverflows ListenDrops\nTcpExt: 1\n",
            "TcpExt: ListenOverflows\nTcpExt: 1\n",
            "TcpExt: ListenOverflows ListenDrops\nTcpExt: 1 x\n",
            &NETSTAT.replace("520", "18446744073709551616"),
        ] {
            assert_eq!(listen_drops(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn only_drops_since_the_start_are_an_objection() {
        let at = |overflows, drops| ListenDrops { overflows, drops };
        assert_eq!(at(515, 520).since(at(515, 520)).objection(), None);
        let why = at(516, 522).since(at(515, 520)).objection().unwrap();
        assert!(why.contains("ListenOverflows +1, ListenDrops +2"), "{why}");
        assert!(at(5, 6).since(at(5, 5)).objection().is_some(), "dropped for another reason");
        assert_eq!(at(0, 0).since(at(5, 5)), at(0, 0), "counters that began anew");
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn this_kernel_has_the_counters() {
        assert!(ListenDrops::now().is_some());
    }

    #[test]
    fn the_crates_that_are_measured_are_known() {
        let crates = Machine::detect().crates;
        assert_eq!(crates.keys().copied().collect::<Vec<_>>(), CRATES);
    }
}
