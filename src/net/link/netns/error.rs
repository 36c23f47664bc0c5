//! [`NetnsError`]: why there is no real network, or why its end did not run a job.

use std::io;

use thiserror::Error;

use super::endpoint::EndpointRole;

/// Why there is no real network, or its end did not run a job.
#[derive(Debug, Error)]
pub(crate) enum NetnsError {
    /// No thread for an end.
    #[error("no thread for an end of the network: {0}")]
    Thread(#[source] io::Error),
    /// No network namespace.
    #[error("a real network needs a network namespace, and that needs root (CAP_SYS_ADMIN): {0}")]
    Namespace(#[source] io::Error),
    /// No TUN device.
    #[error(
        "a real network needs a TUN device, and that needs root (CAP_NET_ADMIN) and /dev/net/tun: \
         {0}"
    )]
    TunDevice(#[source] io::Error),
    /// No relay between the devices.
    #[error("no relay between the network's ends: {0}")]
    Relay(#[source] io::Error),
    /// The scope ended before the network was up.
    #[error("the network's scope has ended")]
    ScopeEnded,
    /// This system has no network namespaces.
    #[cfg_attr(target_os = "linux", allow(dead_code, reason = "Linux has them"))]
    #[error("a real network is made of Linux's network namespaces; model the distance here")]
    Unsupported,
    /// Too many jobs wait at this end.
    #[error("the {}'s end has too many jobs waiting", .0.name())]
    Busy(EndpointRole),
    /// This end takes no more jobs.
    #[error("the {}'s end of the network has closed", .0.name())]
    Closed(EndpointRole),
    /// This end closed, or the job panicked, before there was a result.
    #[error("the {}'s end of the network has closed before the job was done", .0.name())]
    JobLost(EndpointRole),
}
