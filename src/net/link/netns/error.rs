//! [`NetnsError`]: why a real network could not be created, or why an end did not run a job.

use std::io;

use thiserror::Error;

use super::peer_role::PeerRole;

/// Why a real network could not be created, or why an end did not run a job.
#[derive(Debug, Error)]
pub(crate) enum NetnsError {
    /// The thread of an end could not be started.
    #[error("could not start a thread for an end of the network: {0}")]
    Thread(#[source] io::Error),
    /// The network namespace could not be created.
    #[error("a real network needs a network namespace, and that needs root (CAP_SYS_ADMIN): {0}")]
    Namespace(#[source] io::Error),
    /// The TUN device could not be created.
    #[error(
        "a real network needs a TUN device, and that needs root (CAP_NET_ADMIN) and /dev/net/tun: \
         {0}"
    )]
    TunDevice(#[source] io::Error),
    /// The relay between the devices could not be started.
    #[error("could not start the relay between the network's ends: {0}")]
    Relay(#[source] io::Error),
    /// The scope ended before the network was up.
    #[error("the network's scope has ended")]
    ScopeEnded,
    /// This system has no network namespaces.
    #[cfg_attr(target_os = "linux", allow(dead_code, reason = "Linux has them"))]
    #[error("a real network needs Linux's network namespaces; use a modelled distance here")]
    Unsupported,
    /// The queue of this end is full.
    #[error("the {}'s end has too many jobs waiting", .0.name())]
    Busy(PeerRole),
    /// This end accepts no more jobs.
    #[error("the {}'s end of the network has closed", .0.name())]
    Closed(PeerRole),
    /// This end closed, or the job panicked, before there was a result.
    #[error("the {}'s end of the network has closed before the job was done", .0.name())]
    JobLost(PeerRole),
}
