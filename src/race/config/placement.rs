//! Where the two ends of a race run. Placement alone can make the same code 1.5 to 2.6 times
//! slower, so every verdict names it.

use serde::{Deserialize, Serialize};

use crate::net::PeerRole;
use crate::text::named_enum;

/// Where the client and the server process run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Placement {
    /// Client and server each on a CPU of their own, one thread each.
    #[default]
    OwnCpus,
    /// Both on the same CPU, one thread each.
    OneCpu,
    /// Wherever the scheduler puts them, one thread each.
    Unpinned,
    /// Wherever the scheduler puts them, each with a runtime of as many threads as there are CPUs,
    /// as most deployments run.
    UnpinnedThreads,
}

named_enum!(
    Placement,
    "placement":
    OwnCpus = "own-cpus",
    OneCpu = "one-cpu",
    Unpinned = "unpinned",
    UnpinnedThreads = "unpinned-threads",
);

impl Placement {
    /// In a sentence: "… , with each end on its own CPU".
    pub const fn description(self) -> &'static str {
        match self {
            Self::OwnCpus => "each end on its own CPU",
            Self::OneCpu => "both ends on one CPU",
            Self::Unpinned => "both ends unpinned",
            Self::UnpinnedThreads => "both ends unpinned with many threads",
        }
    }

    /// Returns the placement after this one in [`Self::ALL`], cyclically.
    #[must_use]
    pub fn next(self) -> Self {
        let mut from_here =
            Self::ALL.into_iter().cycle().skip_while(|placement| *placement != self);
        from_here.nth(1).unwrap_or_default()
    }

    /// Returns the best placement on this machine: own CPUs if there are two.
    pub fn best() -> Self {
        match allowed_cpus().len() {
            2.. => Self::OwnCpus,
            1 => Self::OneCpu,
            _ => Self::Unpinned,
        }
    }

    /// Whether this system supports the placement. Pinning is implemented on Linux only.
    pub fn is_possible(self) -> bool {
        matches!(self, Self::Unpinned | Self::UnpinnedThreads) || !allowed_cpus().is_empty()
    }

    /// Returns the CPU that is assigned to `role`. Returns `None` if the process may run anywhere,
    /// or if there are too few CPUs.
    pub fn cpu(self, role: PeerRole) -> Option<usize> {
        let cpus = allowed_cpus();
        match (self, role) {
            (Self::OwnCpus, _) if cpus.len() < 2 => None,
            (Self::OwnCpus, PeerRole::Server) => cpus.get(1).copied(),
            (Self::OwnCpus, PeerRole::Client) | (Self::OneCpu, _) => cpus.first().copied(),
            (Self::Unpinned | Self::UnpinnedThreads, _) => None,
        }
    }

    /// Returns the CPUs that the race runs on, if known. The race watches them for foreign load.
    pub fn cpus(self) -> Vec<usize> {
        let mut cpus: Vec<usize> =
            [PeerRole::Client, PeerRole::Server].iter().filter_map(|&end| self.cpu(end)).collect();
        // One CPU may be listed twice, for the client and for the server.
        cpus.dedup();
        cpus
    }

    /// Pins this process to the CPU of `role`, including threads started from now on. Returns
    /// whether it is pinned.
    pub fn pin(self, role: PeerRole) -> bool {
        self.cpu(role).is_some_and(pin_to)
    }

    /// Runs `start` while the calling thread is pinned to the CPU of `role`: a process that it starts
    /// inherits that. Returns its value, and whether the thread was pinned.
    pub(crate) fn start_pinned<T>(self, role: PeerRole, start: impl FnOnce() -> T) -> (T, bool) {
        let before = affinity();
        let pinned = self.pin(role);
        let value = start();
        if pinned {
            restore(before.as_ref());
        }
        (value, pinned)
    }

    /// Whether the runtime of each end has more than one thread.
    pub fn is_multithreaded(self) -> bool {
        self == Self::UnpinnedThreads
    }
}

/// The CPUs that a thread may run on.
#[cfg(target_os = "linux")]
type Affinity = rustix::thread::CpuSet;
#[cfg(not(target_os = "linux"))]
type Affinity = ();

/// The CPUs that this process may run on; none where the system does not tell.
#[cfg(target_os = "linux")]
fn allowed_cpus() -> Vec<usize> {
    // The affinity mask respects containers and `taskset`; the number of CPUs would not.
    let set = affinity().unwrap_or_default();
    (0..Affinity::MAX_CPU).filter(|&cpu| set.is_set(cpu)).collect()
}

#[cfg(target_os = "linux")]
fn affinity() -> Option<Affinity> {
    rustix::thread::sched_getaffinity(None).ok()
}

#[cfg(target_os = "linux")]
fn restore(affinity: Option<&Affinity>) {
    if let Some(set) = affinity {
        // It was allowed before, so it fails only if the system took CPUs away meanwhile.
        let _ = rustix::thread::sched_setaffinity(None, set);
    }
}

#[cfg(target_os = "linux")]
fn pin_to(cpu: usize) -> bool {
    use rustix::thread::{CpuSet, sched_setaffinity};
    let mut set = CpuSet::new();
    set.set(cpu);
    sched_setaffinity(None, &set).is_ok()
}

#[cfg(not(target_os = "linux"))]
fn allowed_cpus() -> Vec<usize> {
    Vec::new()
}

#[cfg(not(target_os = "linux"))]
fn affinity() -> Option<Affinity> {
    None
}

#[cfg(not(target_os = "linux"))]
fn restore(_: Option<&Affinity>) {}

#[cfg(not(target_os = "linux"))]
fn pin_to(_: usize) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_placement_is_found_by_its_name_and_the_cycle_has_all() {
        for placement in Placement::ALL {
            assert_eq!(placement.name().parse(), Ok(placement));
            assert_eq!(placement.next().next().next().next(), placement);
        }
        let error = "own".parse::<Placement>().unwrap_err();
        assert_eq!((error.kind, error.name.as_str()), ("placement", "own"));
        assert_eq!(
            error.to_string(),
            "unknown placement `own`; expected one of: own-cpus, one-cpu, unpinned, \
             unpinned-threads"
        );
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_thread_is_pinned_only_while_it_starts_a_process() {
        let before = affinity().unwrap();
        let cpu = Placement::OneCpu.cpu(PeerRole::Server).unwrap();
        let (during, pinned) = Placement::OneCpu.start_pinned(PeerRole::Server, allowed_cpus);
        assert_eq!((during, pinned), (vec![cpu], true));
        assert_eq!(affinity().unwrap(), before);
        let (during, pinned) = Placement::Unpinned.start_pinned(PeerRole::Server, allowed_cpus);
        assert_eq!((during, pinned), (allowed_cpus(), false));
    }

    #[test]
    fn own_cpus_are_two() {
        let (client, server) =
            (Placement::OwnCpus.cpu(PeerRole::Client), Placement::OwnCpus.cpu(PeerRole::Server));
        assert!(client != server || client.is_none(), "{client:?} {server:?}");
        assert_eq!(
            Placement::OneCpu.cpu(PeerRole::Client),
            Placement::OneCpu.cpu(PeerRole::Server)
        );
        assert!(Placement::Unpinned.cpus().is_empty());
    }
}
