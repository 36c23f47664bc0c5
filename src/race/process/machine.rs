//! What is known of the machine: its names, how busy its CPUs are with others, and whether its
//! kernel lost connections.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

/// The machine and the crates that were measured on it, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Machine {
    /// The CPU's model; empty where it is not told.
    pub cpu: String,
    /// How many CPUs there are.
    pub cpus: usize,
    /// The operating system and its kernel's release.
    pub kernel: String,
    /// TCP's congestion control; empty where it is not told.
    pub congestion_control: String,
    /// The crates that lanes are made of, and their versions.
    pub crates: BTreeMap<&'static str, &'static str>,
}

/// The crates that the lanes are made of.
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
    /// This machine.
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

    /// In a few words, for a table's foot.
    pub fn summary(&self) -> String {
        let cpu = if self.cpu.is_empty() { "unknown CPU" } else { &self.cpu };
        format!("{} x {cpu}, {}", self.cpus, self.kernel)
    }
}

/// The versions of [`CRATES`] in a `Cargo.lock`.
fn crate_versions(lock: &'static str) -> BTreeMap<&'static str, &'static str> {
    let quoted = |line: &'static str, key: &str| line.strip_prefix(key)?.strip_suffix('"');
    let mut found = BTreeMap::new();
    let mut name = "";
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

/// How long some CPUs have been busy since the machine began, with anybody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::race) struct CpuBusyTime {
    time: Duration,
}

impl CpuBusyTime {
    /// The busy time of these CPUs, of all where none is named; `None` where the system does not
    /// tell.
    pub(in crate::race) fn now(cpus: &[usize]) -> Option<Self> {
        parse_busy_time(&fs::read_to_string("/proc/stat").ok()?, cpus).map(|time| Self { time })
    }

    /// The share of `elapsed` on `cpus` CPUs that others had since `before`, ours taken out: 0 to
    /// 1.
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

/// user, nice, system and steal of `/proc/stat`, which counts in hundredths of a second. Interrupts
/// are left out: those of our own packets are among them.
fn parse_busy_time(stat: &str, cpus: &[usize]) -> Option<Duration> {
    let named = |line: &str| {
        let number = line.split_whitespace().next()?.strip_prefix("cpu")?;
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

/// Connections that the kernel lost because a listener's queue was full: the counters of `TcpExt`
/// in `/proc/net/netstat`, since the network namespace began or between two moments. Each costs its
/// client a second until it tries again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ListenDrops {
    /// `ListenOverflows`: the queue of connections that wait to be accepted was full.
    pub overflows: u64,
    /// `ListenDrops`: those, and what was dropped at a listener for other reasons.
    pub drops: u64,
}

impl ListenDrops {
    /// The counters of the calling thread's network namespace; `None` where the system has none.
    pub(in crate::race) fn now() -> Option<Self> {
        listen_drops(&fs::read_to_string("/proc/thread-self/net/netstat").ok()?)
    }

    /// What was lost since `before`.
    pub(in crate::race) fn since(self, before: Self) -> Self {
        Self {
            overflows: self.overflows.saturating_sub(before.overflows),
            drops: self.drops.saturating_sub(before.drops),
        }
    }

    /// Why a run during which that was lost does not count; nothing where nothing was.
    pub fn objection(self) -> Option<String> {
        let Self { overflows, drops } = self;
        (overflows > 0 || drops > 0).then(|| {
            format!(
                "the kernel lost connections at a full listener (ListenOverflows +{overflows}, \
                 ListenDrops +{drops}), and their clients waited a second each"
            )
        })
    }
}

/// A line of names and a line of numbers, both of which begin with `TcpExt:`.
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
    fn the_named_cpus_are_summed_and_interrupts_left_out() {
        assert_eq!(parse_busy_time(STAT, &[]), Some(Duration::from_millis(1280)));
        assert_eq!(parse_busy_time(STAT, &[1]), Some(Duration::from_millis(520)));
        assert_eq!(parse_busy_time(STAT, &[0, 1]), Some(Duration::from_millis(1280)));
        assert_eq!(parse_busy_time(STAT, &[7]), None);
        assert_eq!(parse_busy_time("garbage", &[]), None);
    }

    #[test]
    fn no_number_of_ticks_is_too_large() {
        let line = |name: &str| format!("{name}{}\n", format!(" {}", u64::MAX).repeat(10));
        let stat = [line("cpu0"), line("cpu1")].concat();
        assert_eq!(parse_busy_time(&stat, &[0, 1]), Some(Duration::from_millis(u64::MAX)));
    }

    #[test]
    fn what_is_not_ours_is_foreign() {
        let at = |ms| CpuBusyTime { time: Duration::from_millis(ms) };
        let share =
            at(1_500).foreign_since(at(500), Duration::from_millis(800), Duration::from_secs(1), 2);
        assert!((share - 0.1).abs() < 1e-9, "{share}");
    }

    const NETSTAT: &str = "TcpExt: SyncookiesSent ListenOverflows ListenDrops TCPHPHits\nTcpExt: \
                           1 515 520 77\nIpExt: InNoRoutes ListenOverflows\nIpExt: 3 4\n";

    #[test]
    fn lost_connections_are_found_by_their_names() {
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
    fn only_what_was_lost_meanwhile_is_objected_to() {
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
