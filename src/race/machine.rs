//! What is known of the machine: its names, and how busy its CPUs are with others.

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
const CRATES: [&str; 9] =
    ["axum", "h2", "hyper", "reqwest", "rustls", "tokio", "tokio-rustls", "tokio-tungstenite", "tungstenite"];

impl Machine {
    /// This machine.
    pub fn here() -> Self {
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
            crates: versions(include_str!("../../Cargo.lock")),
        }
    }

    /// In a few words, for a table's foot.
    pub fn summary(&self) -> String {
        let cpu = if self.cpu.is_empty() { "unknown CPU" } else { &self.cpu };
        format!("{} x {cpu}, {}", self.cpus, self.kernel)
    }
}

/// The versions of [`CRATES`] in a `Cargo.lock`.
fn versions(lock: &'static str) -> BTreeMap<&'static str, &'static str> {
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
pub(super) struct Busy {
    time: Duration,
}

impl Busy {
    /// The busy time of these CPUs, of all where none is named; `None` where the system does not tell.
    pub(super) fn now(cpus: &[usize]) -> Option<Self> {
        busy(&fs::read_to_string("/proc/stat").ok()?, cpus).map(|time| Self { time })
    }

    /// The share of `elapsed` on `cpus` CPUs that others had since `before`, ours taken out: 0 to 1.
    pub(super) fn foreign_since(self, before: Self, ours: Duration, elapsed: Duration, cpus: usize) -> f64 {
        let others = self.time.saturating_sub(before.time).saturating_sub(ours);
        others.as_secs_f64() / (elapsed.as_secs_f64() * cpus as f64)
    }
}

/// user, nice, system and steal of `/proc/stat`, which counts in hundredths of a second. Interrupts are left out: those
/// of our own packets are among them.
fn busy(stat: &str, cpus: &[usize]) -> Option<Duration> {
    let named = |line: &str| {
        let number = line.split_whitespace().next()?.strip_prefix("cpu")?;
        Some(if cpus.is_empty() {
            number.is_empty()
        } else {
            number.parse().is_ok_and(|cpu| cpus.contains(&cpu))
        })
    };
    let mut ticks = None;
    for line in stat.lines().filter(|line| named(line) == Some(true)) {
        let fields: Vec<u64> =
            line.split_whitespace().skip(1).map_while(|field| field.parse().ok()).collect();
        let [user, nice, system, _, _, _, _, steal, ..] = fields[..] else { return None };
        *ticks.get_or_insert(0) += user + nice + system + steal;
    }
    ticks.map(|ticks| Duration::from_millis(ticks * 10))
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAT: &str =
        "cpu  100 5 20 900 1 7 8 3 0 0\ncpu0 60 5 10 400 1 3 4 1 0 0\ncpu1 40 0 10 500 0 4 4 2 0 0\nintr 1\n";

    #[test]
    fn the_named_cpus_are_summed_and_interrupts_left_out() {
        assert_eq!(busy(STAT, &[]), Some(Duration::from_millis(1280)));
        assert_eq!(busy(STAT, &[1]), Some(Duration::from_millis(520)));
        assert_eq!(busy(STAT, &[0, 1]), Some(Duration::from_millis(1280)));
        assert_eq!(busy(STAT, &[7]), None);
        assert_eq!(busy("garbage", &[]), None);
    }

    #[test]
    fn what_is_not_ours_is_foreign() {
        let at = |ms| Busy { time: Duration::from_millis(ms) };
        let share = at(1_500).foreign_since(at(500), Duration::from_millis(800), Duration::from_secs(1), 2);
        assert!((share - 0.1).abs() < 1e-9, "{share}");
    }

    #[test]
    fn the_crates_that_are_measured_are_known() {
        let crates = Machine::here().crates;
        assert_eq!(crates.keys().copied().collect::<Vec<_>>(), CRATES);
    }
}
