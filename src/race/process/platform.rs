//! What a race lacks on systems other than Linux, as sentences that the race prints there.

const PINNING: &str = "Processes cannot be pinned to CPUs on this system: both ends run where it \
                       puts them (unpinned), and the times scatter more. own-cpus and one-cpu \
                       need Linux.";
const REAL_NET: &str = "--real-net needs Linux's network namespaces and TUN devices: the distance \
                        is always modelled on this system.";
const TIMER: &str = "Timers are as coarse as a millisecond on this system: a modelled distance \
                     and a fixed rate are late by up to 1.5 ms, where Linux is late by 50 \
                     microseconds.";
const OTHERS: &str = "The CPU time of other programs is not known on this system, so a busy \
                      machine does not make a run invalid.";
const CPU_TIME: &str = "The CPU time of an exchange is not measured on this system.";

/// What a race lacks on this system, one sentence each; empty on Linux.
pub(crate) const LACKING: &[&str] = if cfg!(target_os = "linux") {
    &[]
} else if cfg!(unix) {
    &[PINNING, REAL_NET, TIMER, OTHERS]
} else {
    &[PINNING, REAL_NET, TIMER, OTHERS, CPU_TIME]
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::PeerRole;
    use crate::race::Placement;

    #[test]
    fn limits_are_listed_exactly_where_they_apply() {
        let says = |what| LACKING.contains(&what);
        let pins = Placement::OneCpu.cpu(PeerRole::Client).is_some();
        assert_eq!(says(PINNING), !pins);
        assert_eq!(says(REAL_NET), !cfg!(target_os = "linux"));
        assert_eq!(says(CPU_TIME), crate::race::process::ipc::ResourceUsage::now().cpu.is_none());
        assert_eq!(says(OTHERS), crate::race::process::machine::CpuBusyTime::now(&[]).is_none());
    }
}
